"""What goes into a compiled function and what comes out: which arguments find which program, where its results go."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.modes import recording
from ..autograd.node import Leaf
from ..tensor import Tensor
from .capture import NotCapturable


class Same:
    """An object that is no value: only itself will do. It is kept, so that no other gets its identity."""

    __slots__ = ("item",)

    def __init__(self, item: Any) -> None:
        self.item = item

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.item is other.item

    def __hash__(self) -> int:
        return id(self.item)


def signature(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, list[Tensor]]:
    """What of a call's arguments, and of the modes, a captured program depends on, and the tensors among them."""
    tensors: list[Tensor] = []
    modes = recording.get(), dtypes.get_default_dtype()
    if not args and not kwargs:
        return modes, tensors
    return (modes, _key(args, tensors), _key(kwargs, tensors)), tensors


def _key(item: Any, tensors: list[Tensor]) -> Any:
    if isinstance(item, Tensor):
        return _tensor_key(item, tensors)
    if isinstance(item, (tuple, list)):
        return (type(item), *[_key(part, tensors) for part in item])
    if isinstance(item, dict):
        return (type(item), *[(name, _key(part, tensors)) for name, part in item.items()])
    if isinstance(item, (set, frozenset)):
        return type(item), frozenset(item)
    if isinstance(item, slice):
        return slice, *[_key(part, tensors) for part in (item.start, item.stop, item.step)]
    if isinstance(item, np.ndarray):
        raise NotCapturable("compile: an argument is a NumPy array, whose values would be frozen: pass a tensor")
    return value_key(item)


def _tensor_key(tensor: Tensor, tensors: list[Tensor]) -> Any:
    known = next((i for i, other in enumerate(tensors) if other is tensor), None)
    if known is not None:
        return known
    tensors.append(tensor)
    array, edge = tensor._array, tensor._edge
    place = edge if edge is None else (isinstance(edge, Leaf), edge.hooks is None)
    return tensor.__class__, array.shape, array.dtype, array.strides, place, tensor._grad is None


def value_key(item: Any) -> Any:
    """By which it is told whether another object means the same: numbers, texts and the like need not be one object."""
    kind = type(item)
    if kind in (float, complex):
        return kind, item if item == item else None, repr(item)  # 0.0 == -0.0, and nan != nan
    if isinstance(item, np.generic):
        return kind, item.tobytes()
    if isinstance(item, (int, float, complex, str, bytes, type(None), np.dtype)):
        return kind, item
    return Same(item)


def holders(item: Any) -> list[Any]:
    """All that lies in the tuples, lists and dicts among arguments, and these: a function may change them."""
    parts = item.values() if isinstance(item, dict) else item if isinstance(item, (tuple, list)) else ()
    return [item, *[held for part in parts for held in holders(part)]]


def shared(array: Any) -> NotCapturable:
    """The error for an argument that shares memory with what is written to."""
    return NotCapturable(
        f"compile: an argument of shape {tuple(array.shape)} shares memory with a tensor that the function changes: "
        "pass a .clone() of it"
    )


# Results


class Static:
    """Something that is the same after every run."""

    def __init__(self, item: Any) -> None:
        self.item = item


class Fresh(int):
    """The number of a fresh output."""


class Kept(int):
    """The number of a kept output."""


class Argument(int):
    """The number of a tensor argument."""


def mapped(structure: Any, function: Callable[[Any], Any]) -> Any:
    """A nested tuple, list or dict with ``function`` applied to everything in it."""
    kind = type(structure)
    if kind is tuple or kind is list:
        return kind([mapped(item, function) for item in structure])
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return kind(*[mapped(item, function) for item in structure])
    if isinstance(structure, list):
        changed = copy.copy(structure)
        changed[:] = [mapped(item, function) for item in structure]
        return changed
    if isinstance(structure, dict):
        changed = copy.copy(structure)  # of its type
        changed.update({key: mapped(item, function) for key, item in structure.items()})
        return changed
    return function(structure)


def filled(structure: Any, tensors: list[Tensor], made: list[Tensor]) -> Any:
    """The results of a replay: what ``mapped`` has left out is put back."""
    kind = structure.__class__
    if kind is Fresh:
        return made[structure]
    if kind is Static:
        return structure.item
    if kind is Argument:
        return tensors[structure]
    return mapped(structure, lambda item: filled(item, tensors, made))


def differs(one: Any, other: Any) -> str | None:
    """Where the results of two runs differ in what is no tensor that they made; None if nowhere."""
    if type(one) is not type(other):
        return f"{_described(one)} in one run, {_described(other)} in the next"
    if isinstance(one, Static):
        same = one.item is other.item or value_key(one.item) == value_key(other.item)
        same = same or (isinstance(one.item, tuple) and one.item == other.item)
        return None if same else f"{_described(one)} in one run, {_described(other)} in the next"
    if isinstance(one, int):
        return None if one == other else "another tensor in the next run"
    if isinstance(one, dict):
        if list(one) != list(other):
            return f"a dict of {list(one)} in one run, of {list(other)} in the next"
        one, other = one.values(), other.values()
    if len(one) != len(other):
        return f"{len(one)} results in one run, {len(other)} in the next"
    return next((text for a, b in zip(one, other, strict=True) if (text := differs(a, b))), None)


def _described(item: Any) -> str:
    if not isinstance(item, Static):
        return f"a {type(item).__name__}" if isinstance(item, (tuple, list, dict)) else "a tensor"
    if isinstance(item.item, Tensor):
        return f"a tensor of shape {tuple(item.item.shape)} from outside"
    return f"{item.item!r}"[:100]
