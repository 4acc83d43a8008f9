"""Reading and writing elements by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .record import Array, Index, composite, derivatives, operation


def plain_index(index: Any) -> Any:
    """An index as NumPy takes it: tensors and lists become arrays.

    It ends in an Ellipsis if it has none, for then NumPy's ``array[0]`` is a 0-d view and not a scalar that is a copy.
    """
    items = tuple(_plain_item(item) for item in (index if isinstance(index, tuple) else (index,)))
    return items if any(item is Ellipsis for item in items) else (*items, ...)


def _plain_item(item: Any) -> Any:
    if isinstance(item, Tensor):
        if item.dtype.kind not in "iub":
            raise IndexError(f"tensors used as indices must be integer or bool tensors, got {item.dtype}")
        return item._array
    return np.array(item) if isinstance(item, list) else item


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


@operation(view=True, samples=_indexings)
@derivatives(input=lambda g, index, input_shape: scatter(g, index, input_shape))
def getitem(input: Array, index: Any) -> Array:
    """``input[index]`` with NumPy's indices: a view for slices and integers, a copy for arrays."""
    return input[index]


@operation(opaque=True, samples=lambda make: [(make(4), 1, (3, 4)), (make(3), np.array([0, 2, 0]), (4,))])
@derivatives(input=lambda g, index: getitem(g, index))
def scatter(input: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape`` with ``input`` added at ``[index]``, as often as an element is named: the transpose of ``getitem``."""
    out = np.zeros(shape, input.dtype)
    if _is_basic(index):
        out[index] = input
    else:
        np.add.at(out, index, input)
    return out


@operation(opaque=True, numbers=True, samples=lambda make: [(make(3, 4), 1, make(4)), (make(3), np.array([0, 2]), make())])
@derivatives(
    input=lambda g, index: index_put(g, index, 0.0),
    values=lambda g, index: getitem(g, index),
)
def index_put(input: Array, index: Any, values: Array) -> Array:
    """A copy of ``input`` in which ``values``, broadcast, stand at ``[index]``."""
    out = np.array(input)
    out[index] = values
    return out


@composite(methods=("__getitem__",))
def _getitem_method(input: Array, index: Any) -> Array:
    """``t[index]``: integers, slices, None, Ellipsis, bool and integer tensors, and tuples of them."""
    return getitem(input, plain_index(index))


def _on_dim(indices: Any, dim: int, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """The full index that takes ``indices`` along ``dim`` and its own position along every other dimension."""
    grid = list(np.ogrid[tuple(slice(size) for size in indices.shape)])
    grid[dim] = indices
    return tuple(grid)


@operation(
    np.take_along_axis, methods=("take_along_dim",),
    samples=lambda make: [(make(3, 4), np.array([[0], [3], [1]]), 1), (make(3, 2), np.array([[2, 0]]), 0)],
)  # fmt: skip
@derivatives(input=lambda g, indices, dim, input_shape: scatter_along_dim(g, indices, dim, input_shape))
def take_along_dim(input: Array, indices: Index, dim: int) -> Array:
    """The elements of ``input`` at ``indices`` along ``dim``, of the shape of ``indices``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.take_along_dim.html
    """
    return np.take_along_axis(input, indices, axis=dim)


@operation(opaque=True, samples=lambda make: [(make(3, 1), np.array([[0], [3], [1]]), 1, (3, 4))])
@derivatives(input=lambda g, indices, dim: take_along_dim(g, indices, dim))
def scatter_along_dim(input: Array, indices: Index, dim: int, shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape`` with ``input`` added at ``indices`` along ``dim``: the transpose of ``take_along_dim``."""
    out = np.zeros(shape, input.dtype)
    np.add.at(out, _on_dim(indices, dim, shape), input)
    return out
