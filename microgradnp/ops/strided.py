"""Views that step through several dimensions at once, or see elements more than once: diagonals and windows.

All of them are one operation, ``strided``, and its transpose, ``add_strided``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.memory import address_of
from ..tensor import Tensor, edge_of
from .conversion import clone
from .indexing import getitem
from .record import Array, composite, derivatives, operation
from .shape import dim_from, permute, reshape


def _look(array: Any, size: Sequence[int], start: Sequence[int], steps: Sequence[Sequence[int]]) -> Any:
    first = array[tuple(slice(place, None) for place in start)]
    strides = [sum(s * own for s, own in zip(step, array.strides, strict=True)) for step in steps]
    return np.lib.stride_tricks.as_strided(first, size, strides, writeable=array.flags.writeable)


def _overlaps(size: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether a view of this layout may see an element twice."""
    reach = 0
    for step, count in sorted((step, count) for step, count in zip(strides, size, strict=True) if count > 1):
        if step <= reach:
            return True
        reach += step * (count - 1)
    return False


@operation(
    public=(), view=True, opaque=True, label="as_strided",
    samples=lambda make: [
        (make(3, 4), (3,), (0, 1), ((1, 1),)), (make(2, 3), (2, 2, 2), (0, 0), ((1, 0), (0, 1), (0, 1))),
        (make(5), (2, 3), (1,), ((1,), (1,))), (make(2, 0), (2, 0), (0, 0), ((1, 0), (0, 1))),
    ],
)  # fmt: skip
@derivatives(input=lambda g, start, steps, input_shape: add_strided(g, input_shape, start, steps))
def strided(input: Array, size: tuple[int, ...], start: tuple[int, ...], steps: tuple[tuple[int, ...], ...]) -> Array:
    """A view of shape ``size`` whose element i is that of ``input`` at start + i[0] steps[0] + i[1] steps[1] + ..."""
    return _look(input, size, start, steps)


def _strided(g, input_shape, start, steps) -> Any:
    return strided(g, input_shape, start, steps)


@operation(
    public=(), opaque=True, label="add_strided",
    samples=lambda make: [
        (make(3), (3, 4), (0, 1), ((1, 1),)), (make(2, 2, 2), (2, 3), (0, 0), ((1, 0), (0, 1), (0, 1))),
        (make(2, 3), (5,), (1,), ((1,), (1,))), (make(2, 3), (3,), (0,), ((0,), (1,))),
    ],
)  # fmt: skip
@derivatives(input=_strided)
def add_strided(
    input: Array, shape: tuple[int, ...], start: tuple[int, ...], steps: tuple[tuple[int, ...], ...]
) -> Array:
    """Zeros of ``shape`` with ``input`` added where ``strided`` looks: its transpose."""
    out = np.zeros(shape, np.float32 if input.dtype == np.float16 else input.dtype)
    view = _look(out, input.shape, start, steps)
    if not _overlaps(view.shape, view.strides):
        view[...] = input
    elif not _overlaps(view.shape[:-1], view.strides[:-1]):  # windows: one element of each at a time
        for i in range(view.shape[-1]):
            view[..., i] += input[..., i]
    else:
        places = _look(np.arange(out.size).reshape(shape), input.shape, start, steps)
        np.add.at(out.reshape(-1), places.reshape(-1), input.reshape(-1))
    return out.astype(input.dtype, copy=False)


def _unit(dim: int, ndim: int, length: int = 1) -> tuple[int, ...]:
    return tuple(length if i == dim else 0 for i in range(ndim))


def _diagonal(
    shape: tuple[int, ...], offset: int, dim1: int, dim2: int, function: str
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """The diagonal's size, start and steps, and the other dimensions."""
    ndim = len(shape)
    one, two = dim_from(dim1, ndim, function), dim_from(dim2, ndim, function)
    if one == two:
        raise RuntimeError(f"{function}: diagonal dimensions cannot be identical {dim1}, {dim2}")
    down, right = max(-offset, 0), max(offset, 0)
    length = max(min(shape[one] - down, shape[two] - right), 0)
    rest = tuple(i for i in range(ndim) if i not in (one, two))
    start = tuple(down if i == one else right if i == two else 0 for i in range(ndim))
    steps = (*(_unit(i, ndim) for i in rest), tuple(int(i in (one, two)) for i in range(ndim)))
    return (*(shape[i] for i in rest), length), start, steps, rest


@composite(np.diagonal, methods=("diagonal",))
def diagonal(input: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """A view of the diagonal of the matrices in ``dim1`` and ``dim2``, as the last dimension; offsets > 0 lie above.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diagonal.html
    """
    size, start, steps, _ = _diagonal(tuple(input.shape), offset, dim1, dim2, "diagonal")
    return strided(input, size, start, steps)


@composite(public=("linalg.diagonal",))
def _linalg_diagonal(A: Array, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """``diagonal`` of the last two dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.diagonal.html
    """
    return diagonal(A, offset, dim1, dim2)


def diagonal_index(
    shape: tuple[int, ...], offset: int, dim1: int, dim2: int, function: str
) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """The diagonal as an index of arrays, into a tensor whose dimensions have been put into the order given with it."""
    size, start, _, rest = _diagonal(shape, offset, dim1, dim2, function)
    one, two = dim_from(dim1, len(shape), function), dim_from(dim2, len(shape), function)
    places = np.arange(size[-1])
    return (..., places + start[one], places + start[two]), (*rest, one, two)


@composite(methods=("diag_embed",))
def diag_embed(input: Array, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Array:
    """Matrices of zeros, in the dimensions ``dim1`` and ``dim2`` of the result, with the last dimension as diagonal.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diag_embed.html
    """
    ndim = input.ndim + 1
    one, two = dim_from(dim1, ndim, "diag_embed"), dim_from(dim2, ndim, "diag_embed")
    if one == two:
        raise RuntimeError(f"diag_embed: diagonal dimensions cannot be identical {dim1}, {dim2}")
    rest = iter(input.shape[:-1])
    side = input.shape[-1] + abs(offset)
    shape = tuple(side if i in (one, two) else next(rest) for i in range(ndim))
    _, start, steps, _ = _diagonal(shape, offset, one, two, "diag_embed")
    return add_strided(input, shape, start, steps)


@composite(np.diag, methods=("diag",), out=True)
def diag(input: Array, diagonal: int = 0) -> Array:
    """The matrix with this vector on its diagonal; or, of a matrix, a copy of its diagonal.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diag.html
    """
    if input.ndim not in (1, 2):
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    if input.ndim == 1:
        return diag_embed(input, diagonal)
    size, start, steps, _ = _diagonal(tuple(input.shape), diagonal, 0, 1, "diag")
    return clone(strided(input, size, start, steps))


@composite(np.diagflat, methods=("diagflat",))
def diagflat(input: Array, offset: int = 0) -> Array:
    """The matrix with all elements of ``input`` on its diagonal.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diagflat.html
    """
    return diag_embed(reshape(input, (-1,)), offset)


@composite(methods=("unfold",), public=())
def unfold(input: Array, dimension: int, size: int, step: int) -> Array:
    """A view of all windows of ``size`` elements along a dimension, one every ``step``; they are the last dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.unfold.html
    """
    axis = dim_from(dimension, input.ndim, "unfold")
    whole = input if input.ndim else reshape(input, (1,))
    length = whole.shape[axis]
    if size < 0 or step <= 0:
        raise RuntimeError(f"unfold: size must be >= 0 and step > 0, got size={size}, step={step}")
    if size > length:
        raise RuntimeError(f"unfold: maximum size for tensor at dimension {axis} is {length} but size is {size}")
    shape = list(whole.shape)
    shape[axis] = (length - size) // step + 1
    steps = [_unit(i, whole.ndim, step if i == axis else 1) for i in range(whole.ndim)]
    if input.ndim == 0:
        return getitem(whole, slice(0, size))
    return strided(whole, (*shape, size), (0,) * whole.ndim, (*steps, _unit(axis, whole.ndim)))


@composite(methods=("as_strided", "as_strided_"), view=True)
def as_strided(
    input: Array, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int | None = None
) -> Array:
    """A view of the tensor's memory with any shape and strides: element i lies at storage_offset + i . stride.

    Offsets and strides count elements. The memory is that of the tensor, or if it is a view that of its base; without
    an offset the view begins where the tensor does. Every element that is read gathers its gradients.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.as_strided.html
    """
    shape, steps = tuple(size), tuple(stride)
    if len(shape) != len(steps):
        raise RuntimeError(f"as_strided: mismatch in length of strides {steps} and shape {shape}")
    if any(number < 0 for number in (*shape, *steps, storage_offset or 0)):
        raise RuntimeError(
            f"as_strided: negative sizes, strides and offsets are not supported, got {shape}, {steps}, {storage_offset}"
        )
    root = input if input._base is None else input._base
    own = (_address(input) - _address(root)) // input.element_size()
    first = own if storage_offset is None else storage_offset
    last = first + sum((count - 1) * step for count, step in zip(shape, steps, strict=True))
    if 0 in shape:
        first, last = 0, -1
    elif last >= root.numel():
        raise RuntimeError(f"as_strided: element {last} of a memory of {root.numel()} elements is out of bounds")
    if (within := _in_memory_order(input)) is not None and own <= first and last < own + input.numel():
        return strided(within, shape, (first - own,), tuple((step,) for step in steps))
    whole = _in_memory_order(root)
    if whole is None or (edge_of(input) is not None and edge_of(root) is None):
        raise RuntimeError(
            "as_strided: the tensor's elements do not fill a block of memory; take a .clone() of it first"
        )
    return strided(whole, shape, (first,), tuple((step,) for step in steps))


def _address(tensor: Tensor) -> int:
    return address_of(tensor._array)


def _in_memory_order(tensor: Tensor) -> Tensor | None:
    """A view with all elements in the order in which they lie in memory; None when there are gaps, or overlaps."""
    strides = tensor.stride()
    order = tuple(sorted(range(tensor.ndim), key=lambda i: (-strides[i], -tensor.shape[i])))
    turned = permute(tensor, order)
    return reshape(turned, (-1,)) if turned.is_contiguous() else None
