"""What all transformations share: who uses and writes what, and new programs with values replaced."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np

from ..program import Block, Call, Program, Value, mapped
from .functions import makes, targets


class Draft:
    """A program being rewritten: calls are added one by one, with values replaced as asked for so far."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.calls: list[Call] = []
        self.values = list(program.values)
        self._replaced: dict[Value, Value] = {}
        self._moved: dict[Block, tuple[Block, int]] = {}

    def value(self, block: Block, like: Value, offset: int | None = None) -> Value:
        """A new value in a block, with the form of another, of which it may be the sample as well."""
        at = like.offset if offset is None else offset
        value = replace(like, number=self._number(), block=block, offset=at)
        self.values.append(value)
        return value

    def constant(self, array: np.ndarray) -> Value:
        """A new value that is the same in all runs."""
        block = Block("constant", array.nbytes, array)
        value = Value(self._number(), block, array.shape, array.dtype, array.strides, 0, array)
        self.values.append(value)
        return value

    def _number(self) -> int:
        return self.values[-1].number + 1 if self.values else 0

    def replace(self, old: Value, new: Value) -> None:
        """From now on, ``new`` stands for ``old``."""
        self._replaced[old] = new

    def move(self, block: Block, to: Block, by: int) -> None:
        """From now on, what lies in ``block`` is in another block, ``by`` bytes further."""
        self._moved[block] = (to, by)

    def home(self, block: Block) -> Block:
        """The block that stands for one."""
        return self.home(self._moved[block][0]) if block in self._moved else block

    def now(self, value: Value) -> Value:
        """What stands for a value."""
        if value not in self._replaced:
            if value.block not in self._moved:
                return value
            block, by = self._moved[value.block]
            self._replaced[value] = self.value(block, value, value.offset + by)
        return self.now(self._replaced[value])

    def updated(self, call: Call) -> Call:
        """A call with the values that stand for its own."""
        if not (self._replaced or self._moved):
            return call
        return replace(
            call,
            args=self.renewed(call.args),
            kwargs=self.renewed(call.kwargs),
            writes=self.renewed(call.writes),
            results=self.renewed(call.results),
        )

    def renewed(self, structure: Any) -> Any:
        """A nested structure with the values that stand for those in it."""
        return mapped(structure, lambda item: self.now(item) if isinstance(item, Value) else item)

    def finish(self) -> Program:
        """The new program."""
        return Program(self.calls, self.values, self.renewed(self.program.fresh), self.renewed(self.program.kept))


class Facts:
    """Who writes to which block, and who uses it last. The calls are numbered in order; outputs are used after all."""

    def __init__(self, program: Program) -> None:
        self.definitions: dict[Block, int] = {}  # the call that makes an own block
        self.writes: defaultdict[Block, list[int]] = defaultdict(list)  # the calls that write to what is there
        self.last_use: dict[Block, int] = {}  # the last call that touches a block
        self.outputs = {value.block for value in (*program.fresh, *program.kept)}
        for number, call in enumerate(program.calls):
            for value in call.given:
                self.last_use[value.block] = number
            for value in targets(call):
                self.writes[value.block].append(number)
            for value in makes(call):
                self.last_use[value.block] = self.definitions[value.block] = number
        self.last_use |= dict.fromkeys(self.outputs, len(program.calls))

    def written_between(self, block: Block, first: int, last: int) -> bool:
        """Whether a call after ``first``, and not after ``last``, writes to a block."""
        return any(first < number <= last for number in self.writes.get(block, ()))


def same_place(a: Value, b: Value) -> bool:
    """Whether two values are the same memory, seen in the same form."""
    return (a.block, a.offset, *form(a)) == (b.block, b.offset, *form(b))


def form(value: Value) -> tuple[Any, ...]:
    """How a value lies in memory, but not where. The strides of axes of length one do not matter."""
    strides = tuple(s for s, n in zip(value.strides, value.shape, strict=True) if n != 1)
    return value.shape, value.dtype, strides if value.size else ()


def fills(value: Value) -> bool:
    """Whether a value is all of its block, each byte once."""
    if value.offset or value.size * value.dtype.itemsize != value.block.nbytes:
        return False
    expected = value.dtype.itemsize
    for stride, length in sorted(zip(value.strides, value.shape, strict=True)):
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True


def copied_strides(value: Value) -> tuple[int, ...]:
    """The strides of a copy that keeps the order of the axes in memory."""
    like = np.lib.stride_tricks.as_strided(np.empty(0, value.dtype), value.shape, value.strides)
    return np.empty_like(like, order="K").strides


def contiguous_strides(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The strides of an unbroken array in C order."""
    strides = [itemsize]
    for length in shape[:0:-1]:
        strides.append(strides[-1] * max(length, 1))
    return tuple(strides[::-1]) if shape else ()


def extent(value: Value) -> tuple[int, int]:
    """Where in its block the memory of a value begins, and where it ends."""
    reaches = [stride * (length - 1) for stride, length in zip(value.strides, value.shape, strict=True)]
    begin = value.offset + sum(reach for reach in reaches if reach < 0)
    return begin, value.offset + sum(reach for reach in reaches if reach > 0) + value.dtype.itemsize
