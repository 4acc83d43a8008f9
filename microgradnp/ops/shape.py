"""Changing the shape of a tensor and the order of its dimensions, not its values: views where possible."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Size, Tensor, make
from .record import Array, composite, derivatives, factory, operation


def shape_from(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes given one by one, or as one tuple or list."""
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else tuple(sizes)


def dim_from(dim: int, ndim: int, function: str) -> int:
    """A dimension counted from 0; of none, 0 and -1 are allowed too."""
    count = max(ndim, 1)
    if not -count <= dim < count:
        wanted = f"[{-count}, {count - 1}]"
        raise IndexError(f"{function}: Dimension out of range (expected to be in range of {wanted}, but got {dim})")
    return dim % count


def dims_from(dims: Any, ndim: int, function: str) -> tuple[int, ...]:
    """Dimensions, one or several, counted from 0; none may be named twice."""
    found = tuple(dim_from(dim, ndim, function) for dim in ((dims,) if isinstance(dims, int) else dims))
    if len(set(found)) < len(found):
        raise RuntimeError(f"{function}: a dimension appears multiple times in the list of dims {dims}")
    return found


def several(tensors: tuple[Any, ...], function: str, lists: bool = True) -> list[Any]:
    """Tensors given one by one, or as one list; arrays among them are made tensors."""
    if lists and len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    for i, tensor in enumerate(tensors):
        if not isinstance(tensor, (Tensor, np.ndarray)):
            raise TypeError(
                f"{function}(): expected Tensor as element {i} in argument 0, but got {type(tensor).__name__}"
            )
    return [tensor if isinstance(tensor, Tensor) else make(np.array(tensor)) for tensor in tensors]


# The same elements in another shape


@operation(
    np.reshape, view=True,
    samples=lambda make: [(make(3, 4), (2, 6)), (make(3, 4), (-1,)), (make(2, 0), (0, 5)), (make(), (1, 1))],
)  # fmt: skip
@derivatives(input=lambda g, input_shape: g.reshape(input_shape))
def reshape(input: Array, shape: tuple[int, ...]) -> Array:
    """The same elements in C order with another shape, of which one size may be -1; a view where possible.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.reshape.html

    >>> import microgradnp
    >>> microgradnp.reshape(microgradnp.arange(4), (2, -1))
    tensor([[0, 1],
            [2, 3]])
    """
    try:
        out = input.reshape(shape)
    except ValueError:
        raise RuntimeError(f"reshape: shape {shape} is invalid for input of shape {tuple(input.shape)}") from None
    if out.shape != shape and isinstance(shape, (tuple, list)) and len(shape) and min(shape) < -1:  # -1 for NumPy
        raise RuntimeError(f"reshape: invalid shape {shape}: only -1, for one size that is worked out, may be negative")
    return out


@composite(methods=("reshape",))
def _reshape_method(input: Array, *shape: Any) -> Array:
    """The same elements in C order with another shape: ``t.reshape(2, -1)`` or ``t.reshape((2, -1))``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.reshape.html
    """
    return reshape(input, _given(shape, "reshape"))


def _given(sizes: tuple[Any, ...], function: str) -> tuple[int, ...]:
    if not sizes:
        raise TypeError(f"{function}() needs sizes, one by one or as a tuple (an empty tuple for a 0-d tensor)")
    return shape_from(sizes)


@composite(methods=("view",), public=())
def view(input: Array, *size: Any) -> Array:
    """The same memory with another shape; or, given a dtype, the same memory read as numbers of that type.

    Raises RuntimeError when the layout in memory does not allow it: ``reshape`` then copies. No gradient passes through
    a change of dtype.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """
    if len(size) == 1 and isinstance(size[0], (np.dtype, type)):
        return _as_dtype(input, dtypes.as_dtype(size[0], "view()"))
    out = reshape(input, _given(size, "view"))
    if out._base is None and out.numel():
        raise RuntimeError(
            f"view size is not compatible with input tensor's size and stride (shape {tuple(input.shape)}, strides "
            f"{input.stride()}): its elements do not lie in that order in memory. Use .reshape(...) instead."
        )
    return out


def _as_dtype(input: Tensor, dtype: Any) -> Tensor:
    if dtype == input.dtype:
        return reshape(input, tuple(input.shape))
    if input.ndim == 0 and dtype.itemsize != input.element_size():
        raise RuntimeError(f"view: a 0-d tensor of {input.dtype} cannot be viewed as {dtype}, whose size is another")
    try:
        return make(input._array.view(dtype))
    except ValueError as error:
        raise RuntimeError(f"view: shape {tuple(input.shape)} of {input.dtype} as {dtype}: {error}") from None


@composite(methods=("view_as",), public=())
def view_as(input: Array, other: Array) -> Array:
    """``input.view(other.shape)``. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view_as.html"""
    return view(input, tuple(other.shape))


@composite(methods=("reshape_as",), public=())
def reshape_as(input: Array, other: Array) -> Array:
    """``input.reshape(other.shape)``. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.reshape_as.html"""
    return reshape(input, tuple(other.shape))


@composite(np.expand_dims, methods=("unsqueeze", "unsqueeze_"), view=True)
def unsqueeze(input: Array, dim: int) -> Array:
    """A view with a dimension of size 1 inserted at ``dim``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.unsqueeze.html
    """
    shape = list(input.shape)
    shape.insert(dim_from(dim, input.ndim + 1, "unsqueeze"), 1)
    return reshape(input, tuple(shape))


@composite(np.squeeze, methods=("squeeze", "squeeze_"), view=True)
def squeeze(input: Array, dim: int | tuple[int, ...] | None = None) -> Array:
    """A view without its dimensions of size 1, or without those of ``dim`` that have size 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.squeeze.html
    """
    gone = range(input.ndim) if dim is None else dims_from(dim, input.ndim, "squeeze")
    return reshape(input, tuple(size for i, size in enumerate(input.shape) if size != 1 or i not in gone))


@composite(methods=("flatten",))
def flatten(input: Array, start_dim: int = 0, end_dim: int = -1) -> Array:
    """The dimensions from ``start_dim`` to ``end_dim`` merged into one; the tensor itself if that changes nothing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.flatten.html
    """
    start, end = dim_from(start_dim, input.ndim, "flatten"), dim_from(end_dim, input.ndim, "flatten")
    if start > end:
        raise RuntimeError(f"flatten: start_dim={start_dim} comes after end_dim={end_dim}")
    if start == end and input.ndim:
        return input
    shape = tuple(input.shape)
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@composite(methods=("unflatten",))
def unflatten(input: Array, dim: int, sizes: Iterable[int]) -> Array:
    """The dimension ``dim`` split into several of the given sizes, of which one may be -1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.unflatten.html
    """
    axis, shape, parts = dim_from(dim, input.ndim, "unflatten"), tuple(input.shape), tuple(sizes)
    if not parts:
        raise RuntimeError("unflatten: sizes must be non-empty")
    if parts.count(-1) > 1:
        raise RuntimeError(f"unflatten: only one of the sizes {parts} can be inferred")
    known = math.prod(size for size in parts if size != -1)
    if known != shape[axis] and (-1 not in parts or known == 0 or shape[axis] % known):
        raise RuntimeError(
            f"unflatten: Provided sizes {list(parts)} don't multiply up to the size of dim {dim} ({shape[axis]})"
        )
    sizes = tuple(shape[axis] // known if size == -1 and known else size for size in parts)
    return reshape(input, (*shape[:axis], *sizes, *shape[axis + 1 :]))


@composite(np.ravel, methods=("ravel",))
def ravel(input: Array) -> Array:
    """All elements in one dimension, side by side in memory: a view when they are so already, else a copy.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ravel.html
    """
    from .conversion import contiguous

    return reshape(contiguous(input), (-1,))


def _at_least(tensors: tuple[Any, ...], ndim: int) -> Any:
    listed = len(tensors) == 1 and isinstance(tensors[0], (tuple, list))
    found = several(tensors, f"atleast_{ndim}d")
    shaped = tuple(t if t.ndim >= ndim else reshape(t, _enlarged(tuple(t.shape), ndim)) for t in found)
    return shaped[0] if len(tensors) == 1 and not listed else shaped


def _enlarged(shape: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    """One row, as NumPy and PyTorch have it: for three dimensions the new ones stand on both sides."""
    return {0: (1,) * ndim, 1: (1, *shape, 1)[: ndim if ndim > 1 else 1], 2: (*shape, 1)}[len(shape)]


@composite(np.atleast_1d)
def atleast_1d(*tensors: Any) -> Any:
    """Each tensor with at least 1 dimension; of several (or a list) a tuple.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.atleast_1d.html
    """
    return _at_least(tensors, 1)


@composite(np.atleast_2d)
def atleast_2d(*tensors: Any) -> Any:
    """Each tensor with at least 2 dimensions, new ones first; of several (or a list) a tuple.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.atleast_2d.html
    """
    return _at_least(tensors, 2)


@composite(np.atleast_3d)
def atleast_3d(*tensors: Any) -> Any:
    """Each tensor with at least 3 dimensions: (n) becomes (1, n, 1), (m, n) becomes (m, n, 1); of several a tuple.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.atleast_3d.html
    """
    return _at_least(tensors, 3)


# The order of dimensions


@operation(
    np.transpose, view=True,
    samples=lambda make: [(make(3, 4),), (make(2, 3, 4), (2, 0, 1)), (make(2, 3, 4), (0, -1, 1)), (make(0, 3),)],
)  # fmt: skip
@derivatives(input=lambda g, dims: np.transpose(g, _inverse(dims)))
def permute(input: Array, dims: tuple[int, ...] | None = None) -> Array:
    """A view with the dimensions in the order ``dims``; without it, in reverse order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.permute.html
    """
    try:
        return np.transpose(input, dims)
    except ValueError as error:
        if isinstance(error, IndexError):
            raise
        raise RuntimeError(f"permute: dims {dims} do not name each of the {input.ndim} dimensions once") from None


def _inverse(dims: tuple[int, ...] | None) -> tuple[int, ...] | None:
    if dims is None:
        return None
    positive = [dim % len(dims) for dim in dims]
    return tuple(positive.index(i) for i in range(len(dims)))


@composite(methods=("permute",))
def _permute_method(input: Array, *dims: Any) -> Array:
    """A view with the dimensions in another order: ``t.permute(2, 0, 1)``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.permute.html
    """
    return permute(input, _given(dims, "permute"))


def _exchanged(g, dim0, dim1) -> Any:  # with a result type: a lambda would send type checkers in circles
    return transpose(g, dim0, dim1)


@operation(
    np.swapaxes,
    methods=("transpose", "swapaxes", "swapdims", "transpose_", "swapaxes_", "swapdims_"),
    public=("transpose", "swapaxes", "swapdims"), view=True,
    samples=lambda make: [(make(3, 4), 0, 1), (make(2, 3, 4), -1, 0)],
)  # fmt: skip
@derivatives(input=_exchanged)
def transpose(input: Array, dim0: int, dim1: int) -> Array:
    """A view with two dimensions exchanged.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.transpose.html
    """
    first, second = dim_from(dim0, input.ndim, "transpose"), dim_from(dim1, input.ndim, "transpose")
    return np.swapaxes(input, first, second) if input.ndim else input.reshape(())


@composite(methods=("t", "t_"), view=True)
def t(input: Array) -> Array:
    """The transpose of a matrix; a tensor of fewer dimensions as it is.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.t.html
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D; use .mT or .permute()"
        )
    return permute(input)


@composite(methods=("adjoint",))
def adjoint(input: Array) -> Array:
    """The last two dimensions exchanged: of real numbers that is the adjoint.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.adjoint.html
    """
    return _matrix_transpose(input, "adjoint()")


def _matrix_transpose(input: Tensor, name: str) -> Tensor:
    if input.ndim == 0:
        return permute(input)
    if input.ndim == 1:
        raise RuntimeError(
            f"tensor.{name} is only supported on matrices or batches of matrices. Got {input.ndim}-D tensor."
        )
    return transpose(input, -2, -1)


def _hermitian(input: Tensor) -> Tensor:
    if input.ndim not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {input.ndim}-D tensor. For batches of matrices "
            "there is tensor.mH"
        )
    return permute(input)


Tensor.T = property(permute, doc="A view with the dimensions in reverse order.")  # type: ignore[attr-defined]
Tensor.H = property(_hermitian, doc="The transpose of a matrix: of real numbers its adjoint.")  # type: ignore[attr-defined]
Tensor.mT = property(  # type: ignore[attr-defined]
    lambda self: _matrix_transpose(self, "mT"), doc="A view with the last two dimensions exchanged."
)
Tensor.mH = property(  # type: ignore[attr-defined]
    lambda self: _matrix_transpose(self, "mH"), doc="The adjoint of each matrix: of real numbers the transpose."
)


@composite(np.moveaxis, methods=("movedim", "moveaxis"), public=("movedim", "moveaxis"))
def movedim(input: Array, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> Array:
    """A view with the dimensions ``source`` at the places ``destination``, the others in their order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.movedim.html
    """
    moved, places = dims_from(source, input.ndim, "movedim"), dims_from(destination, input.ndim, "movedim")
    if len(moved) != len(places):
        raise RuntimeError(f"movedim: source {source} and destination {destination} name different numbers of dims")
    if input.ndim == 0:
        return reshape(input, ())
    rest = iter([dim for dim in range(input.ndim) if dim not in moved])
    at = dict(zip(places, moved, strict=True))
    return permute(input, tuple(at[place] if place in at else next(rest) for place in range(input.ndim)))


# Repeating without copies


@operation(
    np.broadcast_to, view=True,
    samples=lambda make: [(make(4), (3, 4)), (make(3, 1), (2, 3, 4)), (make(), (2,)), (make(1, 3), (0, 3))],
)  # fmt: skip
@derivatives(input=lambda g: g)
def broadcast_to(input: Array, shape: tuple[int, ...]) -> Array:
    """A view in which dimensions of size 1, and new leading ones, are repeated to ``shape``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.broadcast_to.html
    """
    try:
        out = np.broadcast_to(input, shape)
    except ValueError:
        raise RuntimeError(
            f"broadcast_to: shape {tuple(input.shape)} cannot be expanded to {shape}: counted from the right, each "
            f"size must be equal or 1"
        ) from None
    if input.flags.writeable:
        out.flags.writeable = True  # one row of an expanded matrix may be written to
    return out


@composite(methods=("broadcast_to",), public=())
def _broadcast_to_method(input: Array, *size: Any) -> Array:
    """``broadcast_to`` with the sizes one by one, or as one tuple.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.broadcast_to.html
    """
    return broadcast_to(input, shape_from(size))


@composite(methods=("expand",), public=())
def expand(input: Array, *size: Any) -> Array:
    """A view with dimensions of size 1 repeated; -1 keeps a size.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand.html
    """
    shape = shape_from(size)
    new = len(shape) - input.ndim
    if new < 0 or -1 in shape[:new]:
        raise RuntimeError(
            f"expand: cannot expand shape {tuple(input.shape)} to {shape}: it takes a size for every "
            f"dimension; new ones, which come first, cannot be -1"
        )
    old = zip(shape[new:], input.shape, strict=True)
    return broadcast_to(input, shape[:new] + tuple(own if wanted == -1 else wanted for wanted, own in old))


@composite(methods=("expand_as",), public=())
def expand_as(input: Array, other: Array) -> Array:
    """``input.expand(other.shape)``. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand_as.html"""
    return broadcast_to(input, tuple(other.shape))


@composite()
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Views of the tensors in the one shape to which they broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.broadcast_tensors.html
    """
    found = several(tensors, "broadcast_tensors", lists=False)
    shape = tuple(broadcast_shapes(*(t.shape for t in found)))
    return tuple(t if tuple(t.shape) == shape else broadcast_to(t, shape) for t in found)


@factory()
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape to which these shapes (tuples, or numbers for one dimension) broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.broadcast_shapes.html
    """
    each = [(shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes]
    if any(size < 0 for shape in each for size in shape):
        raise ValueError(f"broadcast_shapes: a dimension of negative length in {each}")
    try:
        return Size(np.broadcast_shapes(*each))
    except ValueError:
        raise RuntimeError(
            f"broadcast_shapes: the shapes {each} do not broadcast: counted from the right, sizes must be equal, or 1, "
            "or absent"
        ) from None


@composite(methods=("sum_to_size",), public=())
def sum_to_size(input: Array, *size: Any) -> Array:
    """The sum over those dimensions that broadcasting from ``size`` to this shape would have repeated.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.sum_to_size.html
    """
    from .reduction import sum_to  # which imports this module

    target, own = _given(size, "sum_to_size"), tuple(input.shape)
    if len(target) > len(own) or any(
        want not in (1, have) for want, have in zip(target, own[len(own) - len(target) :], strict=True)
    ):
        raise RuntimeError(f"sum_to_size: size {list(target)} is not expandable to size {list(own)}")
    return input if target == own else sum_to(input, target)
