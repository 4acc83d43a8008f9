"""Operations that change the shape and the order of elements, not their values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tensor import Tensor
from .record import Array, Arrays, c_order, composite, derivatives, operation


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
    if out.shape != shape and isinstance(shape, (tuple, list)) and min(shape) < -1:  # which NumPy takes for -1
        raise RuntimeError(f"reshape: invalid shape {shape}: only -1, for one size that is worked out, may be negative")
    return out


@composite(methods=("reshape",))
def _reshape_method(input: Array, *shape: Any) -> Array:
    """The same elements in C order with another shape: ``t.reshape(2, -1)`` or ``t.reshape((2, -1))``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.reshape.html
    """
    return reshape(input, shape_from(shape))


@composite(methods=("view",), public=())
def view(input: Array, *shape: Any) -> Array:
    """The same memory with another shape.

    Raises RuntimeError when the layout in memory does not allow it: ``reshape`` then copies.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html
    """
    out = reshape(input, shape_from(shape))
    if out._base is None and out.numel():
        raise RuntimeError(
            f"view size is not compatible with input tensor's size and stride (shape {tuple(input.shape)}, strides "
            f"{input.stride()}): its elements do not lie in that order in memory. Use .reshape(...) instead."
        )
    return out


@composite(methods=("view_as",), public=())
def view_as(input: Array, other: Array) -> Array:
    """``input.view(other.shape)``. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view_as.html"""
    return view(input, tuple(other.shape))


@composite(methods=("reshape_as",), public=())
def reshape_as(input: Array, other: Array) -> Array:
    """``input.reshape(other.shape)``. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.reshape_as.html"""
    return reshape(input, tuple(other.shape))


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
    return permute(input, shape_from(dims))


@operation(
    np.swapaxes, methods=("transpose", "swapaxes", "swapdims"), public=("transpose", "swapaxes", "swapdims"), view=True,
    samples=lambda make: [(make(3, 4), 0, 1), (make(2, 3, 4), -1, 0)],
)  # fmt: skip
@derivatives(input=lambda g, dim0, dim1: np.swapaxes(g, dim0, dim1))
def transpose(input: Array, dim0: int, dim1: int) -> Array:
    """A view with two dimensions exchanged.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.transpose.html
    """
    return np.swapaxes(input, dim0, dim1)


@composite(methods=("t",))
def t(input: Array) -> Array:
    """The transpose of a matrix; a tensor of fewer dimensions as it is.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.t.html
    """
    if input.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {input.ndim}D; use .mT or .permute()"
        )
    return permute(input)


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
        return np.broadcast_to(input, shape)
    except ValueError:
        raise RuntimeError(
            f"broadcast_to: shape {tuple(input.shape)} cannot be expanded to {shape}: counted from the right, each "
            f"size must be equal or 1"
        ) from None


@composite(methods=("expand",), public=())
def expand(input: Array, *sizes: Any) -> Array:
    """A view with dimensions of size 1 repeated; -1 keeps a size.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand.html
    """
    shape = shape_from(sizes)
    new = len(shape) - input.ndim
    if new < 0 or -1 in shape[:new]:
        raise RuntimeError(
            f"expand: cannot expand shape {tuple(input.shape)} to {shape}: it takes a size for every "
            f"dimension; new ones, which come first, cannot be -1"
        )
    old = zip(shape[new:], input.shape, strict=True)
    return broadcast_to(input, shape[:new] + tuple(own if size == -1 else size for size, own in old))


@composite(methods=("expand_as",), public=())
def expand_as(input: Array, other: Array) -> Array:
    """``input.expand(other.shape)``. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand_as.html"""
    return broadcast_to(input, tuple(other.shape))


@composite(np.expand_dims, methods=("unsqueeze",))
def unsqueeze(input: Array, dim: int) -> Array:
    """A view with a dimension of size 1 inserted at ``dim``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.unsqueeze.html
    """
    shape = list(input.shape)
    shape.insert(dim_from(dim, input.ndim + 1, "unsqueeze"), 1)
    return reshape(input, tuple(shape))


@composite(np.squeeze, methods=("squeeze",))
def squeeze(input: Array, dim: int | tuple[int, ...] | None = None) -> Array:
    """A view without its dimensions of size 1, or without those of ``dim`` that have size 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.squeeze.html
    """
    among = range(input.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    gone = [dim_from(axis, input.ndim, "squeeze") for axis in among]
    if len(set(gone)) < len(gone):
        raise RuntimeError(f"squeeze: a dimension appears more than once in dim={dim}")
    return reshape(input, tuple(size for i, size in enumerate(input.shape) if size != 1 or i not in gone))


@composite(methods=("flatten",))
def flatten(input: Array, start_dim: int = 0, end_dim: int = -1) -> Array:
    """The dimensions from ``start_dim`` to ``end_dim`` merged into one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.flatten.html
    """
    start, end = dim_from(start_dim, input.ndim, "flatten"), dim_from(end_dim, input.ndim, "flatten")
    if start > end:
        raise RuntimeError(f"flatten: start_dim={start_dim} comes after end_dim={end_dim}")
    shape = tuple(input.shape)
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@composite(np.ravel, methods=("ravel",))
def ravel(input: Array) -> Array:
    """All elements in one dimension. Source: https://docs.pytorch.org/docs/stable/generated/torch.ravel.html"""
    return reshape(input, (-1,))


def _explained(function: str, error: ValueError, tensors: Any) -> Exception:
    if isinstance(error, IndexError):
        return error
    return RuntimeError(f"{function}: {error} (the shapes are {', '.join(str(tuple(t.shape)) for t in tensors)})")


def _part_of_cat(g, position, tensors_shape, dim):
    axis = dim % len(tensors_shape[position])
    start = sum(shape[axis] for shape in tensors_shape[:position])
    stop = start + tensors_shape[position][axis]
    return g[(slice(None),) * axis + (slice(start, stop),)]


@operation(
    np.concatenate, public=("cat", "concat", "concatenate"), out=True,
    samples=lambda make: [([make(2, 3), make(1, 3)],), ([make(2, 3), make(2, 1), make(2, 0)], -1), ([make(3)], 0)],
)  # fmt: skip
@derivatives(tensors=_part_of_cat)
def cat(tensors: Arrays, dim: int = 0) -> Array:
    """The tensors joined along the dimension ``dim``; their other sizes must agree.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cat.html
    """
    try:
        return c_order(np.concatenate(tensors, axis=dim))
    except ValueError as error:
        raise _explained("cat", error, tensors) from None


@operation(
    np.stack, out=True,
    samples=lambda make: [([make(2, 3), make(2, 3)],), ([make(2, 3)] * 3, -1), ([make(), make()], 0)],
)  # fmt: skip
@derivatives(tensors=lambda g, position, dim: g[(slice(None),) * (dim % g.ndim) + (position,)])
def stack(tensors: Arrays, dim: int = 0) -> Array:
    """The tensors, all of one shape, along a new dimension ``dim``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.stack.html
    """
    try:
        return c_order(np.stack(tensors, axis=dim))
    except ValueError as error:
        raise _explained("stack", error, tensors) from None


Tensor.T = property(permute, doc="A view with the dimensions in reverse order.")  # type: ignore[attr-defined]
Tensor.mT = property(  # type: ignore[attr-defined]
    lambda self: transpose(self, -2, -1), doc="A view with the last two dimensions exchanged."
)
