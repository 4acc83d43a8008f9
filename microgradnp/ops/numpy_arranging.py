"""NumPy functions on Tensors that move elements about: split, roll, insert, pad and their kin, with NumPy's signatures.

Most are answered in one way: NumPy itself runs the function on the elements' *positions*, and the result is gathered
from the tensor by these. What looks into its operand's memory in NumPy (``split``, ``flip``, ``moveaxis``) does so
here, too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..tensor import Tensor, make
from .indexing import getitem
from .inplace import write
from .protocols import answers, as_tensor, name_of, named, plain, refused


class Positions:
    """Elements of several operands, numbered in one sequence from 1; 0 stands for a zero."""

    def __init__(self) -> None:
        self.parts: list[Any] = []
        self.count = 1

    def of(self, value: Any) -> Any:
        """The positions of an operand: an array of its shape. Of a list of operands, a list of them."""
        if isinstance(value, (list, tuple)) and any(_holds_tensor(item) for item in value):
            return type(value)([self.of(item) for item in value])
        part = as_tensor(value)
        self.parts.append(np.reshape(part, (-1,)))
        start, self.count = self.count, self.count + part.numel()
        return np.arange(start, self.count).reshape(part.shape)

    def gather(self, places: Any) -> Any:
        """The elements at these places, as a tensor of their shape; of a list of them, a list."""
        if isinstance(places, (list, tuple)):
            return type(places)([self.gather(item) for item in places])
        if len(self.parts) == 1 and 0 not in places:
            return self.parts[0][places - 1]
        zero = make(np.zeros(1, self.parts[0].dtype))
        return np.concatenate([zero, *self.parts])[places]


def _holds_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) or (isinstance(value, (list, tuple)) and any(map(_holds_tensor, value)))


def _numbered(func: Callable[..., Any], operands: tuple[str, ...], args: Any, kwargs: Any) -> Any:
    """A call's arguments by name with positions for operands and arrays for other tensors, and the positions."""
    signature, positions = inspect.signature(func), Positions()
    bound = signature.bind(*args, **kwargs)
    for name, value in bound.arguments.items():
        if name not in operands:
            bound.arguments[name] = plain(value)
        elif value is not None and value is not np._NoValue:
            bound.arguments[name] = positions.of(value)
    return bound, positions


def arranges(func: Callable[..., Any], *operands: str) -> None:
    """NumPy runs ``func`` on the positions of the elements of these operands; these are then gathered."""

    def arranged(*args: Any, **kwargs: Any) -> Any:
        bound, positions = _numbered(func, operands, args, kwargs)
        return positions.gather(func(*bound.args, **bound.kwargs))

    arranged.__signature__ = inspect.signature(func)  # type: ignore[attr-defined]
    answers(func)(arranged)


def arranges_in_place(func: Callable[..., Any], *operands: str) -> None:
    """The same for a function that writes into its first operand, which must then be a tensor."""

    def arranged(*args: Any, **kwargs: Any) -> None:
        bound, positions = _numbered(func, operands, args, kwargs)
        target = next(iter(inspect.signature(func).bind(*args, **kwargs).arguments.values()))
        if not isinstance(target, Tensor):
            raise TypeError(
                f"{name_of(func)} does not support a Tensor's values in a NumPy array, in which the gradient would be "
                "lost: make the target a Tensor of microgradnp"
            )
        places = next(iter(bound.arguments.values()))
        func(*bound.args, **bound.kwargs)
        positions.parts[1:] = [part.to(target.dtype) for part in positions.parts[1:]]
        write(target, name_of(func), lambda before: positions.gather(places))

    arranged.__signature__ = inspect.signature(func)  # type: ignore[attr-defined]
    answers(func)(arranged)


arranges(np.tile, "A")
arranges(np.resize, "a")
arranges(np.delete, "arr")
arranges(np.append, "arr", "values")
arranges(np.compress, "a")
arranges(np.extract, "arr")
arranges(np.choose, "choices")
arranges(np.diag, "v")
arranges(np.diagflat, "v")
arranges(np.block, "arrays")
arranges(np.column_stack, "tup")
arranges_in_place(np.fill_diagonal, "a", "val")
arranges_in_place(np.put, "a", "v")
arranges_in_place(np.place, "arr", "vals")
arranges_in_place(np.putmask, "a", "values")
arranges_in_place(np.put_along_axis, "arr", "values")


@answers(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    positions = Positions()
    return positions.gather(np.roll(positions.of(a), plain(shift), axis))


@answers(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    positions, arr = Positions(), as_tensor(arr)
    of_arr, of_values = positions.of(arr), positions.of(values)
    positions.parts[1] = positions.parts[1].to(arr.dtype)
    return positions.gather(np.insert(of_arr, plain(obj), of_values, axis))


@answers(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    positions = Positions()
    return positions.gather(np.repeat(positions.of(a), plain(repeats), axis))


@answers(np.take)
def take(a: Any, indices: Any, axis: Any = None, mode: str = "raise") -> Any:
    positions = Positions()
    return positions.gather(np.asarray(np.take(positions.of(a), plain(indices), axis, mode=mode)))


@answers(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    indices = indices if isinstance(indices, Tensor) else np.asarray(indices)
    if axis is not None:
        return named("take_along_dim")(arr, indices, axis)
    return np.reshape(arr, -1)[plain(indices)]


@answers(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    result = default
    for condition, choice in zip(reversed(list(condlist)), reversed(list(choicelist)), strict=True):
        result = np.where(condition, choice, result)
    return result


@answers(np.where)
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None and y is None:
        return np.nonzero(condition)
    if x is None or y is None:
        raise ValueError("np.where: either both or neither of x and y should be given")
    return named("where")(condition, x, y)


@answers(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    masks = [plain(condlist)] if np.ndim(plain(condlist)) == x.ndim and not isinstance(condlist, list) else condlist
    masks = [np.asarray(plain(mask), bool) for mask in masks]
    if len(funclist) == len(masks) + 1:
        masks.append(~np.any(masks, axis=0))
    result = np.zeros_like(x)
    for mask, function in zip(masks, funclist, strict=True):
        value = function(x[mask], *args, **kw) if callable(function) else function
        result[mask] = as_tensor(value).to(x.dtype)
    return result


# Padding


@answers(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    if mode not in ("constant", "edge", "reflect", "symmetric", "wrap"):
        raise refused("np.pad", "mode", ": it is 'constant', 'edge', 'reflect', 'symmetric' or 'wrap'")
    if kwargs.get("reflect_type", "even") != "even":
        raise refused("np.pad", "reflect_type", ": it is 'even'")
    positions = Positions()
    places = positions.of(array)
    if mode == "constant":
        kwargs["constant_values"] = positions.of(kwargs.get("constant_values", 0))
        positions.parts[1] = positions.parts[1].to(array.dtype)
    return positions.gather(np.pad(places, plain(pad_width), mode, **kwargs))


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
    grids = [
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


# Copies and likenesses


@answers(np.copy)
def copy(a: Any) -> Any:
    return a.clone()


@answers(np.astype)
def astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
    return x.to(dtype, copy=copy)


@answers(np.copyto)
def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    if not isinstance(dst, Tensor):
        raise TypeError(
            "np.copyto does not support a Tensor's values in a NumPy array, in which the gradient would be lost: use "
            "t.detach().numpy(), or make the target a Tensor of microgradnp"
        )
    if casting != "same_kind":
        raise refused("np.copyto", "casting", ": only 'same_kind'")
    source = as_tensor(src)
    if not np.can_cast(source.dtype, dst.dtype, "same_kind"):
        raise TypeError(f"np.copyto: the argument 'src' of {source.dtype} cannot be cast to {dst.dtype}")
    write(dst, "np.copyto", lambda before: np.where(where, source.to(before.dtype), before))


# Likenesses


def _shaped(a: Any, shape: Any) -> Any:
    return a if shape is None else make(np.empty(shape, a.dtype))


@answers(np.zeros_like)
def zeros_like(a: Any, dtype: Any = None, shape: Any = None) -> Any:
    return named("zeros_like")(_shaped(a, shape), dtype=dtype)


@answers(np.ones_like)
def ones_like(a: Any, dtype: Any = None, shape: Any = None) -> Any:
    return named("ones_like")(_shaped(a, shape), dtype=dtype)


@answers(np.empty_like)
def empty_like(prototype: Any, /, dtype: Any = None, shape: Any = None) -> Any:
    return named("zeros_like")(_shaped(prototype, shape), dtype=dtype)


@answers(np.full_like)
def full_like(a: Any, fill_value: Any, dtype: Any = None, shape: Any = None) -> Any:
    filled = zeros_like(a, dtype, shape)
    return np.broadcast_to(as_tensor(fill_value), filled.shape).to(filled.dtype).clone()
