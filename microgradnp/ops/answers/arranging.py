"""NumPy functions on Tensors that move elements about: roll, insert, pad and their kin, with NumPy's signatures.

Most are answered in one way: NumPy itself runs the function on the elements' *positions*, and the result is gathered
from the tensor by these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...tensor import Tensor, make
from ..inplace import write
from ..protocols import answers, as_tensor, name_of, named, plain, refused, signature_of


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
    signature, positions = signature_of(func), Positions()
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

    arranged.__signature__ = signature_of(func)  # type: ignore[attr-defined]
    answers(func)(arranged)


def arranges_in_place(func: Callable[..., Any], *operands: str) -> None:
    """The same for a function that writes into its first operand, which must then be a tensor."""

    def arranged(*args: Any, **kwargs: Any) -> None:
        bound, positions = _numbered(func, operands, args, kwargs)
        target = next(iter(signature_of(func).bind(*args, **kwargs).arguments.values()))
        if not isinstance(target, Tensor):
            raise TypeError(
                f"{name_of(func)} does not support a Tensor's values in a NumPy array, in which the gradient would be "
                "lost: make the target a Tensor of microgradnp"
            )
        places = next(iter(bound.arguments.values()))
        func(*bound.args, **bound.kwargs)
        positions.parts[1:] = [part.to(target.dtype) for part in positions.parts[1:]]
        write(target, name_of(func), lambda before: positions.gather(places))

    arranged.__signature__ = signature_of(func)  # type: ignore[attr-defined]
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
def take(a: Any, indices: Any, axis: Any = None, mode: Any = "raise") -> Any:
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
    return as_tensor(fill_value).broadcast_to(filled.shape).to(filled.dtype).clone()
