"""Reading and writing elements by index."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..tensor import Tensor, array_from
from .record import Array, Index, c_order, composite, derivatives, operation

PLAIN = frozenset((int, bool, slice, type(None), type(Ellipsis)))  # what NumPy and PyTorch take alike


def plain_index(index: Any) -> tuple[Any, ...]:
    """An index as NumPy takes it: tensors and sequences become arrays, whole-number tensors of 0-d become ints.

    It ends in an Ellipsis if it has none, for then NumPy's ``array[0]`` is a 0-d view and not a scalar that is a copy.
    """
    if index.__class__ in PLAIN:
        return (index,) if index is Ellipsis else (index, ...)
    given = index if isinstance(index, tuple) else (index,)
    items = tuple([item if item.__class__ in PLAIN else _plain_item(item) for item in given])
    return items if any(item is Ellipsis for item in items) else (*items, ...)


def _plain_item(item: Any) -> Any:
    if isinstance(item, (Tensor, np.ndarray)):  # a copy: it may be written to before the backward pass needs it
        item = _plain_array(np.array(item._array if isinstance(item, Tensor) else item))
    elif isinstance(item, (list, tuple, range)):
        return array_from(list(item), None if len(item) else np.int64)
    return item.item() if isinstance(item, np.ndarray) and item.ndim == 0 else item


def _plain_array(array: Any) -> Any:
    if array.dtype.kind not in "iub":
        raise IndexError(f"tensors used as indices must be integer or bool tensors, got {array.dtype}")
    if array.dtype != np.uint8:
        return array
    text = "indexing with dtype uint8 is deprecated, please use a dtype bool instead: it counts as a mask"
    warnings.warn(text, UserWarning, stacklevel=5)
    return array.astype(bool)


def integers_first(index: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
    """Two indices that one after the other do what ``index`` does in PyTorch, where NumPy puts dimensions elsewhere.

    PyTorch takes integers before arrays; NumPy takes them together, and moves the result's dimensions to the front when
    a slice stands between them.
    """
    special = [i for i, item in enumerate(index) if _is_integer(item) or isinstance(item, np.ndarray)]
    integers = [i for i in special if _is_integer(index[i])]
    if len(integers) in (0, len(special)) or special[-1] - special[0] == len(special) - 1:
        return None
    first: list[Any] = []
    for item in index:
        if isinstance(item, np.ndarray):
            first += [slice(None)] * (item.ndim if item.dtype.kind == "b" else 1)
        elif item is not None:
            first.append(item if item is Ellipsis or _is_integer(item) else slice(None))
    return tuple(first), tuple(item for item in index if not _is_integer(item))


def _is_integer(item: Any) -> bool:
    return isinstance(item, (int, np.integer)) and not isinstance(item, bool)


def _is_view(index: Any) -> bool:
    return not any(isinstance(item, np.ndarray) for item in (index if isinstance(index, tuple) else (index,)))


def _is_basic(index: Any) -> bool:
    """Whether every element is taken at most once: no arrays of integers in the index."""
    items = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(item, np.ndarray) and item.dtype.kind in "iu" and item.ndim for item in items)


def _indexings(make: Any) -> list[tuple[Any, ...]]:
    repeated = np.array([0, 2, 0])
    mask = np.array([True, False, True])
    return [
        (make(3, 4), 1),
        (make(3, 4), (slice(None), slice(0, 4, 2))),
        (make(3, 4), (..., None, slice(None, None, -1))),
        (make(3, 4), repeated),
        (make(3, 4), (repeated, repeated)),
        (make(3, 4), mask),
        (make(0, 3), slice(0, 2)),
    ]


# Rules that come back to their own operation are functions with a result type, or type checkers would go in circles.


def _picked(g, index) -> Any:
    return getitem(g, index)


def _cleared(g, index) -> Any:
    return index_put(g, index, 0.0)


def _picked_along_dim(g, indices, dim) -> Any:
    return take_along_dim(g, indices, dim)


@operation(public=(), view=True, samples=_indexings)
@derivatives(input=lambda g, index, input_shape: scatter(g, index, input_shape))
def getitem(input: Array, index: Any) -> Array:
    """``input[index]`` with NumPy's indices: a view for slices and integers, a copy in C order for arrays."""
    return input[index] if _is_view(index) else c_order(input[index])


@operation(public=(), opaque=True, samples=lambda make: [(make(4), 1, (3, 4)), (make(3), np.array([0, 2, 0]), (4,))])
@derivatives(input=_picked)
def scatter(input: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape`` with ``input`` added at ``[index]``, repeatedly where it repeats: ``getitem`` transposed."""
    out = np.zeros(shape, input.dtype)
    if _is_basic(index):
        out[index] = input
    else:
        np.add.at(out, index, input)
    return out


@operation(
    public=(),
    opaque=True,
    numbers=True,
    samples=lambda make: [(make(3, 4), 1, make(4)), (make(3), np.array([0, 2]), make())],
)
@derivatives(input=_cleared, values=_picked)
def index_put(input: Array, index: Any, values: Array) -> Array:
    """A copy of ``input`` in which ``values``, broadcast, stand at ``[index]``."""
    out = np.array(input)
    out[index] = values
    return out


@composite(methods=("__getitem__",))
def _getitem_method(input: Array, index: Any) -> Array:
    """``t[index]``: integers, slices, None, Ellipsis, bool and integer tensors, and tuples of them."""
    plain = plain_index(index)
    if len(plain) > 2 and (two := integers_first(plain)):
        return getitem(getitem(input, two[0]), two[1])
    return getitem(input, plain)


def _on_dim(indices: Any, dim: int | None, shape: tuple[int, ...], taken: tuple[int, ...]) -> tuple[Any, ...]:
    """The full index of what ``take_along_dim`` takes from an array of ``shape`` for a result of shape ``taken``.

    It is ``indices`` along ``dim``, and its own position along every other dimension, or 0 where that was broadcast.
    """
    if dim is None:
        return np.unravel_index(indices, shape)
    grid = list(np.ogrid[tuple(slice(size) for size in taken)])
    grid = [places if places.size == size else 0 for places, size in zip(grid, shape, strict=True)]
    grid[dim] = indices
    return tuple(grid)


@operation(
    np.take_along_axis, methods=("take_along_dim",), out=True,
    samples=lambda make: [
        (make(3, 4), np.array([[0], [3], [1]]), 1),
        (make(3, 2), np.array([[2, 0], [2, 1]]), 0),
        (make(3, 2), np.array([[2], [0], [2]]), 0),
        (make(1, 4), np.array([[3, 3], [0, 1]]), -1),
        (make(2, 3), np.array([5, 0, 5]), None),
    ],
)  # fmt: skip
@derivatives(input=lambda g, indices, dim, input_shape: scatter_along_dim(g, indices, dim, input_shape))
def take_along_dim(input: Array, indices: Index, dim: int | None = None) -> Array:
    """The elements of ``input`` at ``indices`` along ``dim``, or of all; the other dimensions are broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.take_along_dim.html
    """
    if indices.dtype.kind not in "iu":
        raise RuntimeError(f"take_along_dim: dtype of indices should be int64 but got {indices.dtype}")
    if dim is not None and indices.ndim != input.ndim:
        raise RuntimeError(
            f"take_along_dim: input and indices should have the same number of dimensions, got {input.ndim} and "
            f"{indices.ndim}"
        )
    return np.take_along_axis(input, indices, axis=dim)


@operation(
    public=(), opaque=True,
    samples=lambda make: [
        (make(3, 1), np.array([[0], [3], [1]]), 1, (3, 4)),
        (make(3, 2), np.array([[2], [0], [2]]), 0, (3, 2)),
        (make(2, 2), np.array([[3, 3], [0, 1]]), -1, (1, 4)),
        (make(3), np.array([5, 0, 5]), None, (2, 3)),
    ],
)  # fmt: skip
@derivatives(input=_picked_along_dim)
def scatter_along_dim(input: Array, indices: Index, dim: int | None, shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape`` with ``input`` added at ``indices`` along ``dim``: the transpose of ``take_along_dim``."""
    out = np.zeros(shape, input.dtype)
    np.add.at(out, _on_dim(indices, dim, shape, input.shape), input)
    return out
