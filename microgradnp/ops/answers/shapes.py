"""NumPy functions on Tensors that give another shape: split, flip, stack and their kin, with NumPy's signatures.

What looks into its operand's memory in NumPy (``split``, ``flip``, ``moveaxis``) does so here, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..indexing import getitem
from ..protocols import answers, as_tensor, named, plain, refused

# Views


def _axis(axis: int, ndim: int) -> int:
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis % ndim


def _cut(a: Any, axis: int, part: slice) -> Any:
    return a[(slice(None),) * axis + (part,)]


@answers(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    axis = _axis(axis, ary.ndim)
    parts = np.array_split(np.arange(ary.shape[axis]), plain(indices_or_sections))
    ends = [(int(part[0]), int(part[-1]) + 1) if len(part) else (0, 0) for part in parts]
    return [_cut(ary, axis, slice(start, stop)) for start, stop in ends]


@answers(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    sections = plain(indices_or_sections)
    if isinstance(sections, (int, np.integer)) and ary.shape[axis] % sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, sections, axis)


@answers(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    if ary.ndim == 0:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@answers(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    if ary.ndim < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


@answers(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    if ary.ndim < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


@answers(*[getattr(np, name) for name in ("unstack",) if hasattr(np, name)])
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    if x.ndim == 0:
        raise ValueError("Input array must be at least 1-d.")
    return tuple(np.moveaxis(x, axis, 0)[i] for i in range(x.shape[axis]))


@answers(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return np.transpose(a, _order(a, np.moveaxis, source, destination))


@answers(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    return np.transpose(a, _order(a, np.rollaxis, axis, start))


def _order(a: Any, func: Any, *args: Any) -> tuple[int, ...]:
    """The order in which ``func`` puts the dimensions: those of an empty array whose sizes tell them apart."""
    return tuple(size - 1 for size in func(np.empty(tuple(range(1, a.ndim + 1)), np.bool_), *args).shape)


@answers(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    if x.ndim < 2:
        raise ValueError(f"Input array must be at least 2-dimensional, but it is {x.ndim}")
    return np.swapaxes(x, -1, -2)


@answers(np.transpose, np.permute_dims)
def transpose(a: Any, axes: Any = None) -> Any:
    axes = None if axes is None else tuple(_axis(axis, a.ndim) for axis in np.atleast_1d(plain(axes)).tolist())
    if axes is not None and sorted(axes) != list(range(a.ndim)):
        raise ValueError("axes don't match array" if len(axes) != a.ndim else "repeated axis in transpose")
    return a.T if axes is None else named("permute")(a, axes)


@answers(np.swapaxes)
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    return named("swapaxes")(a, axis1, axis2)


@answers(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    axes = range(m.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = [_axis(i, m.ndim) for i in axes]
    if not m.ndim:
        return m
    return getitem(m, (*(slice(None, None, -1 if i in axes else None) for i in range(m.ndim)), ...))


@answers(np.fliplr)
def fliplr(m: Any) -> Any:
    if m.ndim < 2:
        raise ValueError("Input must be >= 2-d.")
    return flip(m, 1)


@answers(np.flipud)
def flipud(m: Any) -> Any:
    if m.ndim < 1:
        raise ValueError("Input must be >= 1-d.")
    return flip(m, 0)


@answers(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    first, second = (_axis(axis, m.ndim) for axis in axes)
    if len(axes) != 2 or first == second:
        raise ValueError("len(axes) must be 2, and the axes must be different.")
    if k % 2 == 0:
        return m if k % 4 == 0 else flip(m, (first, second))
    return np.swapaxes(flip(m, second), first, second) if k % 4 == 1 else flip(np.swapaxes(m, first, second), second)


@answers(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    return np.reshape(a, np.expand_dims(np.empty(a.shape, np.bool_), tuple(axes)).shape)


@answers(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    return np.reshape(a, np.squeeze(np.empty(a.shape, np.bool_), axis).shape)


@answers(np.reshape)
def reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    if order not in ("C", "A") or (order == "A" and not a.is_contiguous()):
        raise refused("np.reshape", "order", ": it is 'C'; for 'F' use .T.reshape(...).T")
    sizes = tuple(plain(shape)) if np.ndim(plain(shape)) else (int(shape),)
    try:
        result = named("reshape")(a, sizes)
    except RuntimeError as error:
        raise ValueError(f"np.reshape: {error}") from None
    if copy is False and not np.shares_memory(result._array, a._array):
        raise ValueError("np.reshape: unable to avoid creating a copy while reshaping")
    return result.clone() if copy else result


@answers(np.ravel)
def ravel(a: Any, order: str = "C") -> Any:
    if order not in ("C", "A", "K") or (order != "C" and not a.is_contiguous()):
        raise refused("np.ravel", "order", ": it is 'C'; for 'F' use .T.ravel()")
    return np.reshape(a, (-1,))


@answers(np.broadcast_to)
def broadcast_to(array: Any, shape: Any) -> Any:
    sizes = tuple(plain(shape)) if np.ndim(plain(shape)) else (int(shape),)
    return named("broadcast_to")(array, sizes)


@answers(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*(np.shape(plain(value)) for value in args))
    return tuple(np.broadcast_to(as_tensor(value), shape) for value in args)


def _at_least(func: Any) -> None:
    def at_least(*arys: Any) -> Any:
        tensors = [as_tensor(value) for value in arys]
        results = tuple(np.reshape(t, func(np.empty(t.shape, np.bool_)).shape) for t in tensors)
        return results[0] if len(results) == 1 else results

    answers(func)(at_least)


for _func in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    _at_least(_func)


# Joining


@answers(np.concatenate, np.concat)
def concatenate(arrays: Any, axis: int | None = 0, *, out: Any = None, dtype: Any = None, casting: Any = None) -> Any:
    if casting not in (None, "same_kind"):
        raise refused("np.concatenate", "casting", ": only 'same_kind'")
    tensors = [as_tensor(value) for value in arrays]
    if axis is None:
        tensors, axis = [np.reshape(t, (-1,)) for t in tensors], 0
    result = named("cat")(tensors, _axis(axis, tensors[0].ndim) if tensors and tensors[0].ndim else axis)
    return result if dtype is None else result.to(dtype)


@answers(np.stack)
def stack(arrays: Any, axis: int = 0, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    if casting != "same_kind":
        raise refused("np.stack", "casting", ": only 'same_kind'")
    result = named("stack")([as_tensor(value) for value in arrays], axis)
    return result if dtype is None else result.to(dtype)


@answers(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    return concatenate([np.atleast_2d(as_tensor(value)) for value in tup], 0, dtype=dtype, casting=casting)


@answers(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    tensors = [np.atleast_1d(as_tensor(value)) for value in tup]
    return concatenate(tensors, 0 if tensors and tensors[0].ndim == 1 else 1, dtype=dtype, casting=casting)


@answers(np.dstack)
def dstack(tup: Any) -> Any:
    return concatenate([np.atleast_3d(as_tensor(value)) for value in tup], 2)


@answers(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    count = len(xi)
    order = [1, 0, *range(2, count)] if indexing == "xy" and count > 1 else list(range(count))
    grids: list[Any] = [
        np.reshape(as_tensor(x), tuple(-1 if j == order[i] else 1 for j in range(count))) for i, x in enumerate(xi)
    ]
    if not sparse:
        grids = list(np.broadcast_arrays(*grids)) if grids else []
    return tuple(grid.clone() if copy else grid for grid in grids)


# Diagonals and triangles


@answers(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    moved = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = moved.shape[-2:]
    count = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    i = np.arange(count)
    return moved[..., i - min(offset, 0), i + max(offset, 0)]


@answers(np.linalg.diagonal)
def linalg_diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return diagonal(x, offset, -2, -1)


@answers(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@answers(np.linalg.trace)
def linalg_trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    return trace(x, offset, -2, -1, dtype)


@answers(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    return _triangle(m, np.tri(*m.shape[-2:], k=k, dtype=bool) if m.ndim > 1 else np.tri(m.shape[0], k=k, dtype=bool))


@answers(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    below = np.tri(*m.shape[-2:], k=k - 1, dtype=bool) if m.ndim > 1 else np.tri(m.shape[0], k=k - 1, dtype=bool)
    return _triangle(m, ~below)


def _triangle(m: Any, kept: Any) -> Any:
    return np.where(kept, m, np.zeros_like(m))
