"""What a captured step is: values in blocks of memory, and the NumPy calls that compute them, in order.

    call 0   v4 = dot(v0, v1)          v4 in a new block
    call 1   v5 = transpose(v4)        v5 looks into the same block
    call 2        add(v4, v2, out=v4)  writes to it

A value knows where it lies (block, offset, strides), so who shares memory with whom is known exactly, without asking
any function what it does. All shapes, dtypes and strides are those of the captured run, and stay.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BESIDE = -2  # the index of memory from outside that a plain array has, beside the tensors


@dataclass(eq=False, slots=True)
class Block:
    """A piece of memory, in bytes.

    kind: "outside", memory that lives on between the runs (parameters, buffers, state), of which ``array`` is the
    owner; "argument", an array that each run is given anew, ``index`` in the list of them; "fed", a 0-d array ``array``
    that is written before each run; "constant", with the contents of ``array``; "own", memory that a call makes.
    """

    kind: str
    nbytes: int
    array: Any = None
    index: int = -1


@dataclass(eq=False, slots=True)
class Value:
    """An array of the program: part or all of a block. ``sample`` is what it was during the captured run."""

    number: int
    block: Block
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    strides: tuple[int, ...]  # in bytes
    offset: int  # of its first element from the beginning of the block, in bytes
    sample: Any = None

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def contiguous(self) -> bool:
        """Whether it is an unbroken piece of memory in C order."""
        expected = self.dtype.itemsize
        for length, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if length != 1 and stride != expected:
                return False
            expected *= length
        return True

    def __repr__(self) -> str:
        return f"v{self.number}"


@dataclass(eq=False, slots=True)
class Call:
    """One call: in ``args`` and ``kwargs`` (nested in tuples, lists, dicts, slices) a ``Value`` stands for its array.

    ``results`` are the values that it returns; empty when it only writes (``out=``, ``copyto``). ``writes`` are the
    values that were there before and that it writes to. ``structure`` says how results are returned: None for one
    array, else the type of the tuple.
    A function with the attribute ``checks`` returns its argument, or raises: it is called in every run.
    ``place`` is the user's file and line. ``update`` numbers the optimizer update it belongs to, -1 for none.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    results: tuple[Value, ...] = ()
    writes: tuple[Value, ...] = ()
    structure: type | None = None
    place: tuple[str, int] = ("", 0)
    update: int = -1
    _given: tuple[Value, ...] | None = field(default=None, init=False)

    @property
    def given(self) -> tuple[Value, ...]:
        """The values in its arguments, in order, each as often as it stands there."""
        if self._given is None:
            self._given = tuple(values_in((self.args, self.kwargs)))
        return self._given


@dataclass(eq=False, slots=True)
class Program:
    """The calls of a step, in order; ``outputs`` are what must be there when it has run.

    ``fresh`` are returned to the caller and must be new memory in every run; ``kept`` stay in one place, which is
    overwritten by the next run (gradients).
    """

    calls: list[Call] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    fresh: tuple[Value, ...] = ()
    kept: tuple[Value, ...] = ()


class Window:
    """Part of an array's memory, for NumPy to look into."""

    def __init__(self, base: np.ndarray, value: Value) -> None:
        address, readonly = base.__array_interface__["data"]
        self.base = base
        self.__array_interface__ = {
            "version": 3,
            "data": (address + value.offset, readonly),
            "shape": value.shape,
            "strides": value.strides,
            "typestr": value.dtype.str,
        }


def look(base: np.ndarray, value: Value) -> np.ndarray:
    """The array of a value, where ``base`` begins as its block does."""
    return np.asarray(Window(base, value))


def values_in(structure: Any) -> list[Value]:
    """The values in a nested structure, in order, each as often as it stands there."""
    found: list[Value] = []
    _collect(structure, found)
    return found


def _collect(structure: Any, found: list[Value]) -> None:
    kind = structure.__class__
    if kind is Value:
        found.append(structure)
    elif kind is tuple or kind is list or isinstance(structure, (tuple, list)):
        for item in structure:
            _collect(item, found)
    elif kind is dict:
        for item in structure.values():
            _collect(item, found)
    elif kind is slice:
        _collect((structure.start, structure.stop, structure.step), found)


def mapped(structure: Any, function: Callable[[Any], Any]) -> Any:
    """A nested structure of tuples, lists, dicts and slices with ``function`` applied to everything else in it."""
    if isinstance(structure, tuple):
        items = [mapped(item, function) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else tuple(items)
    if isinstance(structure, list):
        return [mapped(item, function) for item in structure]
    if isinstance(structure, dict):
        return {key: mapped(item, function) for key, item in structure.items()}
    if isinstance(structure, slice):
        return slice(*mapped((structure.start, structure.stop, structure.step), function))
    return function(structure)
