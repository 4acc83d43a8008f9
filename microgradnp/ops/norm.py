"""Norms of vectors and matrices, and distances that are norms of a difference."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor
from .arithmetic import abs
from .comparison import where
from .conversion import cast
from .dims import HALF, SINGLE, Dim, axes_of, axis_of, dims_of, restore_dims
from .extreme import amax, amin
from .record import Array, composite, derivatives, operation
from .reduction import sum

# The derivative by x of the norm n is sign(x) * (|x| / n) ** (ord - 1), and 0 where that is none: where n is 0, where x
# is 0 for orders below 1. Whole powers are taken of x itself, so that derivatives of any order are right at 0.


def _power(ratio, input, ord):
    """sign(input) * ratio ** (ord - 1), which is 0 where the input is 0, of whatever order."""
    if ord == int(ord) and ord > 2:
        whole = int(ord) - 1
        return np.power(ratio, whole) if whole % 2 else np.sign(input) * np.power(ratio, whole)
    zero = (input == 0) & (ratio == ratio)  # a nan stays visible
    return np.where(zero, 0.0, np.sign(input) * np.power(np.where(zero, 1.0, np.absolute(ratio)), ord - 1))


def _among_extremes(g, norm, input, dim):
    extreme = np.absolute(input) == norm
    ties = np.add.reduce(np.where(extreme, np.ones_like(input), 0.0), axis=axes_of(dim), keepdims=True)
    return np.where(extreme, g * (np.sign(input) / np.where(ties == 0, 1.0, ties)), 0.0)


def _by_norm(g, out, input, ord, dim, keepdim, input_shape):
    g, norm = restore_dims(g, input_shape, dim, keepdim), restore_dims(out, input_shape, dim, keepdim)
    if ord == 0:
        return np.zeros_like(g) * np.zeros_like(input)
    if ord == 1:
        return g * np.where(input == input, np.sign(input), 0.0)
    if ord in (math.inf, -math.inf):
        return _among_extremes(g, norm, input, dim)
    zero = norm == 0
    positive = np.where(zero, 1.0, norm)
    if ord == 2:
        return np.where(zero, 0.0, g) * (input / positive)  # in this order nothing overflows where the norm is small
    return np.where(zero, 0.0, g) * _power(input / positive, input, ord)


def _vectors(make: Any) -> list[tuple[Any, ...]]:
    orders = (2, 0, 1, math.inf, -math.inf, 3, 4, 0.5, 2.5, -1)
    return [(make(2, 2), ord) for ord in orders] + [
        (make(2, 3), 2, 1, True),
        (make(2, 2, 2), 3, (0, 2)),
        (make(), 2, 0),
    ]


@operation(public=(), label="linalg_vector_norm", kinks=(0.0,), compact=True, samples=_vectors)
@derivatives(input=_by_norm)
def vector_norm_of(input: Array, ord: float = 2, dim: Dim = None, keepdim: bool = False) -> Array:
    """sum(|x| ** ord) ** (1 / ord); the largest (smallest) |x| for inf (-inf); how many are not 0 for 0.

    The derivative of the zero vector is 0. Equal extremes share the gradient.
    """
    if input.dtype is HALF:
        return vector_norm_of.operation.forward(input.astype(SINGLE), ord, dim, keepdim).astype(HALF)  # type: ignore[attr-defined]
    axes = axes_of(dim)
    if ord == 2 and (axes is None or (isinstance(axes, tuple) and len(axes) == input.ndim)):
        flat = input.reshape((-1,))
        out = np.sqrt(np.dot(flat, flat))
        return out.reshape((1,) * input.ndim) if keepdim else out
    if ord == 2:
        return np.sqrt(np.add.reduce(input * input, axis=axes, keepdims=keepdim))
    if ord == 0:
        return np.add.reduce(input != 0, axis=axes, keepdims=keepdim, dtype=input.dtype)
    sizes = np.absolute(input)
    if ord == 1:
        return np.add.reduce(sizes, axis=axes, keepdims=keepdim)
    if ord in (math.inf, -math.inf):
        start = 0.0 if ord > 0 else math.inf
        return (np.maximum if ord > 0 else np.minimum).reduce(sizes, axis=axes, keepdims=keepdim, initial=start)
    return np.power(np.add.reduce(np.power(sizes, ord), axis=axes, keepdims=keepdim), 1 / ord)


@composite(np.linalg.vector_norm, public=("linalg.vector_norm",), out=True)
def vector_norm(input: Array, ord: float = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """The norm of all elements, or over the dimensions ``dim``, as of one vector: sum(|x| ** ord) ** (1 / ord).

    ``ord`` is any number: inf and -inf give the largest and smallest |x|, 0 counts what is not 0. ``dtype`` is what the
    elements are converted to first. The gradient of the zero vector is 0; for inf and -inf equal extremes share it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.vector_norm.html
    """
    name = "linalg.vector_norm"
    if isinstance(ord, (Tensor, np.ndarray)) and not ord.ndim:
        ord = ord.item()
    if not isinstance(ord, (int, float, np.number)):
        raise TypeError(f"{name}(): argument 'ord' must be Number, not {type(ord).__name__}")
    dims = dims_of(dim, input.ndim, name)
    input = _floats(name, input, dtype)
    if ord < 0 or ord == math.inf:
        for axis in dims:
            if input.shape[axis] == 0:
                raise RuntimeError(
                    f"{name} cannot compute the {ord} norm over the empty dimension {axis}: it has no neutral element"
                )
    return vector_norm_of(input, float(ord), dims, keepdim)


def _floats(function: str, input: Any, dtype: Any) -> Any:
    """The input as what the norm is computed in."""
    if input.dtype.kind != "f":
        raise RuntimeError(f"{function}: Expected a floating point tensor as input. Got {input.dtype}; use .float()")
    if dtype is None:
        return input
    wanted = dtypes.as_dtype(dtype, function)
    if wanted.kind != "f":
        raise RuntimeError(f"{function}: dtype should be floating point, but got {wanted}")
    if wanted.itemsize < input.dtype.itemsize:
        raise RuntimeError(
            f"{function}: the dtype of the input ({input.dtype}) should be convertible without narrowing to the "
            f"specified dtype ({wanted}); convert the result"
        )
    return cast(input, wanted) if wanted is not input.dtype else input


@composite(np.linalg.matrix_norm, public=("linalg.matrix_norm",), out=True)
def matrix_norm(
    input: Array, ord: Any = "fro", dim: tuple[int, int] = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Array:
    """The norm of matrices that lie in the dimensions ``dim``.

    "fro" is the root of the sum of squares; 1 and -1 the largest and smallest sum of |x| in a column, inf and -inf in a
    row. "nuc", 2 and -2 need singular values and are not there yet.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_norm.html
    """
    name = "linalg.matrix_norm"
    if input.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions, got {input.ndim}")
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {dim}")
    rows, columns = (axis_of(axis, input.ndim, name) for axis in dim)
    if rows == columns:
        raise RuntimeError(f"{name}: dims must be different. Got {tuple(dim)}")
    if not isinstance(ord, (str, int, float)):
        raise TypeError(f"{name}(): argument 'ord' must be a number or a text, not {type(ord).__name__}")
    input = _floats(name, input, dtype)
    if ord == "fro":
        return vector_norm(input, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        raise NotImplementedError(f"{name}: ord={ord!r} needs the singular values, which are not there yet")
    if ord not in (1, -1, math.inf, -math.inf):
        raise RuntimeError(f"{name}: Order {ord} not supported; use 'fro', 1, -1, inf or -inf")
    within, across = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = sum(abs(input), within, True)
    if input.shape[across] == 0:
        if ord < 0:
            raise RuntimeError(f"{name}: ord={ord} of matrices without elements: the shape is {tuple(input.shape)}")
        out = sum(sums, across, True)
    else:
        out = (amax if ord > 0 else amin)(sums, across, True)
    return out if keepdim else out.reshape([n for i, n in enumerate(out.shape) if i not in (rows, columns)])


@composite(np.linalg.norm, public=("linalg.norm",), out=True)
def _linalg_norm(input: Array, ord: Any = None, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """The norm of a vector, or of a matrix: ``linalg.vector_norm`` or ``linalg.matrix_norm``.

    Without ``ord``, the 2-norm of all elements, or over ``dim``. With it, a tensor of one dimension (or one ``dim``)
    is a vector; one of two (or two) a matrix.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.norm.html
    """
    name = "linalg.norm"
    if dim is not None:
        dims = (dim,) if isinstance(dim, int) else tuple(dim)
        if len(dims) not in (1, 2):
            raise RuntimeError(f"{name}: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    elif ord is None:
        dims = ()
    elif input.ndim not in (1, 2):
        raise RuntimeError(
            f"{name}: If dim is not specified but ord is, the input must be 1D or 2D. Got {input.ndim}D."
        )
    else:
        dims = tuple(range(input.ndim))
    if ord is None or (len(dims) == 1 and not isinstance(ord, str)):
        return vector_norm(input, 2 if ord is None else ord, dims, keepdim, dtype=dtype)
    pair: Any = dims if len(dims) == 2 or dim is not None else (-2, -1)  # of another length it is refused
    return matrix_norm(input, ord, pair, keepdim, dtype=dtype)


@composite(methods=("norm",), out=True)
def norm(input: Array, p: Any = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None) -> Array:
    """The p-norm of all elements, or over the dimensions ``dim``, as of one vector; "fro" is the 2-norm.

    The gradient of the zero vector is 0. "nuc" needs singular values, and is not there yet.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.norm.html
    """
    if p is None or p == "fro":
        p = 2
    if not isinstance(p, str):
        return vector_norm(input, p, dim, keepdim, dtype=dtype)
    return matrix_norm(input, p, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)  # type: ignore[arg-type]


@composite(methods=("dist",), out=True)
def dist(input: Array, other: Array, p: float = 2) -> Array:
    """The p-norm of ``input - other``, broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.dist.html
    """
    return vector_norm(input - other, p)


@composite(methods=("renorm", "renorm_"), out=True)
def renorm(input: Array, p: float, dim: int, maxnorm: float) -> Array:
    """The parts along ``dim``, those whose p-norm is larger than ``maxnorm`` scaled down to it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.renorm.html
    """
    if input.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {input.ndim} dimensions")
    axis = axis_of(dim, input.ndim, "renorm")
    if p <= 0:
        raise RuntimeError(f"renorm: non-positive-norm not supported, got p={p}")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    others = tuple(i for i in range(input.ndim) if i != axis)
    large = vector_norm(input.detach(), p, others, True) > maxnorm
    norms = vector_norm(where(large, input, 0.0), p, others, True)  # of no nan, whose gradient would spread
    return input * where(large, maxnorm / (norms + 1e-7), 1.0)


@composite()
def norm_except_dim(v: Array, pow: int = 2, dim: int = 0) -> Array:
    """The ``pow``-norm of each part along ``dim``, the other dimensions kept with size 1; of all of v if it is -1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html
    """
    if dim == -1:
        return vector_norm(v, pow)
    axis = axis_of(dim, v.ndim, "norm_except_dim")
    others = tuple(i for i in range(v.ndim) if i != axis)
    return vector_norm(v, pow, others, True) if others else abs(v)
