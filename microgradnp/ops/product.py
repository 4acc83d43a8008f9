"""Products of vectors and matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..tensor import Tensor, make
from .arithmetic import add, mul
from .comparison import where
from .indexing import getitem
from .record import Array, c_order, check_tensors, composite, derivatives, operation
from .reduction import sum, sum_to
from .shape import permute, reshape


def _rows(array):
    """An array of any number of dimensions as a matrix: its last dimension is kept."""
    return array if len(array.shape) == 2 else array.reshape((math.prod(array.shape[:-1]), array.shape[-1]))


def _left(g, input_shape, other):
    if len(other.shape) == 1:
        return g[..., None] * other
    if len(input_shape) == 1:
        return np.matmul(g[..., None, :], np.swapaxes(other, -1, -2))[..., 0, :]
    if len(input_shape) == 2 == len(other.shape):
        return np.dot(g, other.T)
    return np.matmul(g, np.swapaxes(other, -1, -2))


def _right(g, input, other_shape):
    if len(input.shape) == 1:
        return g * input if len(other_shape) == 1 else input[:, None] * g[..., None, :]
    if len(other_shape) == 1:
        return np.matmul(np.swapaxes(input, -1, -2), g[..., None])[..., 0]
    if len(other_shape) == 2:  # one product of large matrices, and nothing to sum afterwards
        return np.dot(_rows(input).T, _rows(g))
    return np.matmul(np.swapaxes(input, -1, -2), g)


def _products(make: Any) -> list[tuple[Any, ...]]:
    shapes = [((3, 4), (4, 2)), ((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 2)), ((2, 3, 4), (4, 5)), ((4,), (2, 4, 3)),
              ((2, 1, 3, 4), (5, 4, 2)), ((2, 3, 4), (4,)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
              ((2, 2, 0), (0, 3))]  # fmt: skip
    return [(make(*a), make(*b)) for a, b in shapes]


@operation(
    np.matmul, methods=("matmul", "__matmul__", "__rmatmul__", "__imatmul__"), public=("matmul", "linalg.matmul"),
    promotes=False, out=True, samples=_products,
)  # fmt: skip
@derivatives(input=_left, other=_right)
def matmul(input: Array, other: Array) -> Array:
    """The matrix product: the last dimension of ``input`` with the last but one of ``other``, leading ones broadcast.

    A vector counts as a row on the left and as a column on the right. float16 is summed in float32. Raises RuntimeError
    when sizes or dtypes differ and for numbers (0-d), NotImplementedError for bool.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.matmul.html
    """
    if input.ndim == 0 or other.ndim == 0:
        raise RuntimeError(
            f"{module_path()}matmul: both arguments need to be at least 1D, but they are {input.ndim}D and "
            f"{other.ndim}D; multiply by a number with *"
        )
    if input.dtype.char in "?e":
        return _matmul_of_small_types(input, other)
    try:
        # For small matrices np.dot takes half the time of np.matmul; for two dimensions they are the same product.
        if other.ndim == 2 <= input.ndim:
            if input.ndim == 2:
                return np.dot(input, other)
            return np.dot(_rows(input), other).reshape((*input.shape[:-1], other.shape[1]))
        return c_order(np.matmul(input, other))
    except ValueError:
        raise RuntimeError(
            f"{module_path()}matmul: shapes {tuple(input.shape)} and {tuple(other.shape)} cannot be multiplied: the "
            f"last size of the first must equal the last but one of the second, and leading sizes must broadcast"
        ) from None


_matmul = matmul.operation.forward  # type: ignore[attr-defined]


def _matmul_of_small_types(input: Any, other: Any) -> Any:
    if input.dtype.kind == "b":
        raise NotImplementedError(
            f"{module_path()}matmul: not implemented for bool; convert to integers, or use (a[..., None] & b).any(-2)"
        )
    wide = _matmul(np.positive(input, dtype=np.float32), np.positive(other, dtype=np.float32))
    return np.positive(wide, dtype=np.float16)


def check_dims(function: str, wanted: int, **tensors: Any) -> None:
    """Refuse tensors that do not have exactly this many dimensions."""
    check_tensors(function, **tensors)
    for name, tensor in tensors.items():
        if tensor.ndim != wanted:
            raise RuntimeError(
                f"{function}: '{name}' must be {wanted}D, got {tensor.ndim}D of shape {tuple(tensor.shape)}; matmul "
                "takes any number of dimensions"
            )


@composite(methods=("mm",), out=True)
def mm(input: Array, mat2: Array) -> Array:
    """The product of two matrices, without broadcasting.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.mm.html
    """
    check_dims("mm", 2, input=input, mat2=mat2)
    return matmul(input, mat2)


@composite(methods=("bmm",), out=True)
def bmm(input: Array, mat2: Array) -> Array:
    """The products of two batches of matrices: (b, n, m) and (b, m, p) give (b, n, p), without broadcasting.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bmm.html
    """
    check_dims("bmm", 3, input=input, mat2=mat2)
    if input.shape[0] != mat2.shape[0]:
        raise RuntimeError(
            f"bmm: the batches must have equal sizes, got {tuple(input.shape)} and {tuple(mat2.shape)}; matmul "
            "broadcasts them"
        )
    return matmul(input, mat2)


@composite(methods=("mv",), out=True)
def mv(input: Array, vec: Array) -> Array:
    """The product of a matrix and a vector. Source: https://docs.pytorch.org/docs/stable/generated/torch.mv.html"""
    check_dims("mv", 2, input=input)
    check_dims("mv", 1, vec=vec)
    return matmul(input, vec)


@composite(methods=("dot",), out=True)
def dot(input: Array, tensor: Array) -> Array:
    """The sum of the products of two vectors' elements.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.dot.html
    """
    check_dims("dot", 1, input=input, tensor=tensor)
    return matmul(input, tensor)


@composite(np.vdot, methods=("vdot",), out=True)
def vdot(input: Array, other: Array) -> Array:
    """``dot``, since the tensors are real. Source: https://docs.pytorch.org/docs/stable/generated/torch.vdot.html"""
    check_dims("vdot", 1, input=input, other=other)
    return matmul(input, other)


@composite(np.outer, methods=("outer", "ger"), public=("outer", "ger"), out=True)
def outer(input: Array, vec2: Array) -> Array:
    """The products of every element of one vector with every element of another: a matrix.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.outer.html
    """
    check_dims("outer", 1, input=input, vec2=vec2)
    return mul(getitem(input, (slice(None), None)), vec2)


@composite(np.vecdot, np.linalg.vecdot, public=("linalg.vecdot",), out=True)
def vecdot(x: Array, y: Array, *, dim: int = -1) -> Array:
    """The sums of ``x * y`` over the dimension ``dim``; the others broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.vecdot.html
    """
    check_floats("linalg.vecdot", x=x, y=y)
    if x.ndim == y.ndim == 1 and x.shape != y.shape:
        raise RuntimeError(f"linalg.vecdot: two vectors must have one size, got {x.shape[0]} and {y.shape[0]}")
    return sum(mul(x, y), dim)


def check_floats(function: str, **tensors: Any) -> None:
    """Refuse tensors that are not floating point, or not all of one dtype."""
    check_tensors(function, **tensors)
    dtypes = {}
    for name, tensor in tensors.items():
        if tensor.dtype.kind != "f":
            raise RuntimeError(
                f"{module_path()}{function}: expected floating point tensors, got {tensor.dtype} as '{name}': convert "
                "it, as with .float()"
            )
        dtypes[name] = tensor.dtype
    if len(set(dtypes.values())) > 1:
        text = ", ".join(f"{name} of {dtype}" for name, dtype in dtypes.items())
        raise RuntimeError(
            f"{module_path()}{function}: expected tensors of one dtype, but got {text}: convert one, as with .to(dtype)"
        )


@composite(np.trace, np.linalg.trace, methods=("trace",))
def trace(input: Array) -> Array:
    """The sum of a matrix's diagonal; integers are summed as int64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.trace.html
    """
    check_dims("trace", 2, input=input)
    if input.dtype.kind == "b":
        raise NotImplementedError("trace: not implemented for bool; convert it, as with .long()")
    along = np.arange(min(input.shape))
    return sum(getitem(input, (along, along)))


# A product added to something


def _plus(function: str, input: Any, product: Any, beta: float, alpha: float) -> Any:
    """``beta * input + alpha * product``, in the product's shape; what ``beta`` = 0 hides may be nan."""
    _check_added(function, input, product, beta, alpha)
    if alpha != 1:
        product = mul(product, alpha)
    if beta == 0:
        return where(make(np.False_), input, product)  # the input's gradient is then 0
    return add(input if beta == 1 else mul(input, beta), product)


def _check_added(function: str, input: Any, product: Any, beta: float, alpha: float) -> None:
    check_tensors(function, input=input)
    fits = input.ndim <= product.ndim and all(
        own in (1, size) for own, size in zip(reversed(input.shape), reversed(product.shape), strict=False)
    )
    if not fits:
        raise RuntimeError(
            f"{module_path()}{function}: input of shape {tuple(input.shape)} cannot be expanded to the product's shape "
            f"{tuple(product.shape)}: counted from the right, each size must be equal or 1"
        )
    if product.dtype.kind != "f" and (isinstance(beta, float) or isinstance(alpha, float)):
        raise RuntimeError(
            f"{function}: for integral input tensors, beta and alpha must not be floating point numbers, got "
            f"beta={beta}, alpha={alpha}"
        )


def _same_dtype(function: str, input: Any, product: Any) -> None:
    if isinstance(input, Tensor) and input.dtype != product.dtype:
        raise RuntimeError(
            f"{module_path()}{function}: input and product must have the same dtype, but got {input.dtype} and "
            f"{product.dtype}: convert one, as with .to(dtype)"
        )


@composite(methods=("addmm", "addmm_"), out=True)
def addmm(input: Array, mat1: Array, mat2: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """``beta * input + alpha * (mat1 @ mat2)``; with ``beta`` = 0 the input counts as 0, even where it is nan.

    ``input`` broadcasts to the product's shape. Raises RuntimeError when it does not, and for float factors of
    integers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.addmm.html
    """
    product = mm(mat1, mat2)
    _same_dtype("addmm", input, product)
    return _plus("addmm", input, product, beta, alpha)


@composite(methods=("addmv", "addmv_"), public=("addmv", "addmv_"), out=True)
def addmv(input: Array, mat: Array, vec: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """``beta * input + alpha * (mat @ vec)``, as ``addmm`` does it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.addmv.html
    """
    product = mv(mat, vec)
    _same_dtype("addmv", input, product)
    return _plus("addmv", input, product, beta, alpha)


@composite(methods=("addr", "addr_"), out=True)
def addr(input: Array, vec1: Array, vec2: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """``beta * input + alpha * outer(vec1, vec2)``, as ``addmm`` does it; dtypes are promoted.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.addr.html
    """
    return _plus("addr", input, outer(vec1, vec2), beta, alpha)


@composite(methods=("baddbmm", "baddbmm_"), out=True)
def baddbmm(input: Array, batch1: Array, batch2: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """``beta * input + alpha * bmm(batch1, batch2)``, as ``addmm`` does it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.baddbmm.html
    """
    product = bmm(batch1, batch2)
    _same_dtype("baddbmm", input, product)
    return _plus("baddbmm", input, product, beta, alpha)


@composite(methods=("addbmm", "addbmm_"), out=True)
def addbmm(input: Array, batch1: Array, batch2: Array, *, beta: float = 1, alpha: float = 1) -> Array:
    """``beta * input + alpha * bmm(batch1, batch2).sum(0)``, as ``addmm`` does it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.addbmm.html
    """
    check_dims("addbmm", 3, batch1=batch1, batch2=batch2)
    b, n, m = batch1.shape
    if tuple(batch2.shape[:2]) != (b, m):
        raise RuntimeError(
            f"addbmm: batch2 must have shape ({b}, {m}, p) beside batch1 of shape {(b, n, m)}, got "
            f"{tuple(batch2.shape)}"
        )
    # The sum over the batch is part of one product: (n, b * m) @ (b * m, p).
    wide = reshape(permute(batch1, (1, 0, 2)), (n, b * m))
    product = matmul(wide, reshape(batch2, (b * m, batch2.shape[2])))
    _same_dtype("addbmm", input, product)
    return _plus("addbmm", input, product, beta, alpha)


@composite(np.dot)
def _numpy_dot(a: Array, b: Array) -> Array:
    """``np.dot`` of Tensors: as in NumPy for numbers, vectors and matrices; for more dimensions there is matmul.

    Source: https://numpy.org/doc/stable/reference/generated/numpy.dot.html
    """
    dims = getattr(a, "ndim", 0), getattr(b, "ndim", 0)
    if 0 in dims:
        return mul(a, b)
    if dims[0] > 1 and dims[1] > 2:
        raise TypeError(
            "np.dot of a Tensor of more than 2 dimensions is not supported: use np.matmul, which broadcasts them"
        )
    return matmul(a, b)


# Layers as functions

# Bound once: numpy is a module in which names are found slowly, and on small arrays that shows.
_dot, _add, _add_up = np.dot, np.add, np.add.reduce


def _by_input(g, weight):
    if weight.ndim == 1:
        return g[..., None] * weight
    if g.ndim == 2:
        return _dot(g, weight)
    return _dot(_rows(g), weight).reshape((*g.shape[:-1], weight.shape[1]))  # one product is faster than a batch


def _by_weight(g, input, weight_shape):
    if len(weight_shape) == 1:
        return _dot(g.reshape((-1,)), _rows(input))
    return _dot(g.T, input) if g.ndim == 2 else _dot(_rows(g).T, _rows(input))


def _by_bias(g, bias_shape):
    # Otherwise the engine adds up what broadcasting has repeated; here, where that is simple, it takes half the time.
    if g.shape[1:] == bias_shape and g.dtype.itemsize > 2:
        return _add_up(g, 0)
    return sum_to(_rows(g), bias_shape) if g.ndim > 2 and g.shape[-1:] == bias_shape else g


def _linears(make: Any) -> list[tuple[Any, ...]]:
    with_bias = [((4, 3), (2, 3), (2,)), ((2, 5, 3), (4, 3), (4,)), ((2, 4, 3), (3,), ())]
    without = [((3,), (2, 3)), ((0, 3), (2, 3)), ((4, 3), (3,)), ((3,), (3,)), ((2, 2, 0), (3, 0))]
    return [tuple(make(*shape) for shape in shapes) for shapes in (*with_bias, *without)]


@operation(public=("nn.functional.linear",), promotes=False, samples=_linears)
@derivatives(input=_by_input, weight=_by_weight, bias=_by_bias)
def linear(input: Array, weight: Array, bias: Array = None) -> Array:
    """``input @ weight.T + bias``: shapes (..., in), (out, in), (out,) give (..., out); (..., in), (in,) give (...).

    Raises RuntimeError when the last dimension of ``input`` is not the second of ``weight``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    try:
        ndim = input.ndim
        if input.dtype.char in "?e":
            out = _matmul_of_small_types(input, weight.T)
        elif ndim == 2:
            out = _dot(input, weight.T)
        elif ndim > 2 == weight.ndim:
            out = _dot(_rows(input), weight.T).reshape((*input.shape[:-1], weight.shape[0]))
        else:
            out = np.matmul(input, weight.T)
        if bias is None:
            return out
        return _add(out, bias, out) if ndim > 1 or out.ndim else _add(out, bias)
    except ValueError:
        raise RuntimeError(_misfit(input, weight, bias)) from None


def _misfit(input: Any, weight: Any, bias: Any) -> str:
    features = input.shape[-1] if input.ndim else "no"
    if features == weight.shape[-1]:
        shapes = f"shape {tuple(bias.shape)} does not fit a weight of shape {tuple(weight.shape)}"
        return f"{module_path() or 'linear: '}a bias of {shapes}"
    return (
        f"{module_path() or 'linear: '}input has {features} features, weight expects {weight.shape[-1]} (input "
        f"{tuple(input.shape)}, weight {tuple(weight.shape)}): the last dimension of the input must equal in_features"
    )
