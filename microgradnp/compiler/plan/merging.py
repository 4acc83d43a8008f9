"""The updates of many small parameters as one: the same calls on memory that lies side by side.

An optimizer makes the same elementwise calls for each parameter. Where their memory is joined, one call serves all.
Gradients are joined by ``side_by_side``, which costs nothing where memory is laid out accordingly; parameters and state
are where they are, and are merged only if they are neighbours.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..program import Block, Call, Program, Value
from .functions import is_elementwise, operands, side_by_side, targets, window
from .rewriting import Draft, Facts, extent, fills, same_place

LIMIT = 1 << 16  # bytes of one operand: above, the work takes longer than the call


@dataclass(eq=False)
class Strand:
    """The calls that update one parameter, by the values that they share: ``roles`` numbers these."""

    calls: list[int] = field(default_factory=list)
    roles: list[Value] = field(default_factory=list)
    pattern: list[Any] = field(default_factory=list)

    def role(self, value: Value) -> int:
        for number, known in enumerate(self.roles):
            if same_place(known, value):
                return number
        self.roles.append(value)
        return len(self.roles) - 1


def merged(program: Program) -> Program:
    """Each group of strands that differ only in their arrays becomes one, as far as the arrays can be joined."""
    groups = list(bundles(program))
    taken = {number for group in groups for strand in group for number in strand.calls}
    ends = {max(number for strand in group for number in strand.calls): group for group in groups}
    draft = Draft(program)
    for number, call in enumerate(program.calls):
        if number not in taken:
            draft.calls.append(draft.updated(call))
        if number in ends:
            _Bundle(draft, ends[number]).merge()
    return draft.finish()


def bundles(program: Program) -> Iterator[list[Strand]]:
    """Groups of at least two strands of one update with the same pattern."""
    facts = Facts(program)
    updates: defaultdict[int, list[int]] = defaultdict(list)
    for number, call in enumerate(program.calls):
        if call.update >= 0:
            updates[call.update].append(number)
    for numbers in updates.values():
        if numbers[-1] - numbers[0] + 1 != len(numbers):
            continue  # something else happens in between
        groups: defaultdict[Any, list[Strand]] = defaultdict(list)
        for strand in _strands(program, numbers):
            if _describe(strand, program, facts, numbers):
                groups[tuple(strand.pattern)].append(strand)
        yield from (group for group in groups.values() if len(group) > 1)


def _strands(program: Program, numbers: list[int]) -> list[Strand]:
    """The calls of an update, parted by the arrays that they share; numbers are shared by all."""
    found: dict[Any, Strand] = {}  # by where an array begins
    extents: dict[Block, list[tuple[int, int, Any]]] = {}
    for number in numbers:
        call = program.calls[number]
        arrays = [value for value in (*call.given, *call.results) if value.shape]
        keys = [(value.block, value.offset) for value in arrays]
        strands = {id(found[key]): found[key] for key in keys if key in found}
        strand = Strand([number])
        for other in strands.values():
            strand.calls += other.calls
        found |= dict.fromkeys(keys, strand)
        found |= {key: strand for key, other in found.items() if id(other) in strands}
        for value, key in zip(arrays, keys, strict=True):
            extents.setdefault(value.block, []).append((*extent(value), key))
    for pieces in extents.values():
        pieces.sort(key=lambda piece: piece[:2])
        for (_, end, one), (begin, _, other) in itertools.pairwise(pieces):
            if begin < end and found[one] is not found[other]:
                return []  # two that begin elsewhere, and overlap
    strands = {id(strand): strand for strand in found.values()}
    for strand in strands.values():
        strand.calls.sort()
    return sorted(strands.values(), key=lambda strand: strand.calls)


def _describe(strand: Strand, program: Program, facts: Facts, update: list[int]) -> bool:
    """Fill in the roles and the pattern of a strand; False if it is not one that can be merged."""
    for number in strand.calls:
        call = program.calls[number]
        if not is_elementwise(call):
            return False
        result = (*call.results, *targets(call))[0]
        if not _is_plain(result) or not (fills(result) if call.results else result.block.kind == "outside"):
            return False
        parts: list[Any] = [call.function, bool(call.results), result.dtype]
        for item in (*operands(call), result):
            if isinstance(item, Value) and item.shape:
                if item.shape != result.shape:
                    return False
                parts.append((strand.role(item), item.dtype))
            elif isinstance(item, Value):
                if facts.written_between(item.block, update[0] - 1, update[-1]):
                    return False
                parts.append((item.block, item.offset, item.dtype))
            else:
                parts.append((type(item), repr(item)))
        strand.pattern.append(tuple(parts))
    return True


def _is_plain(value: Value) -> bool:
    return bool(value.shape) and value.contiguous and 0 < value.size * value.dtype.itemsize <= LIMIT


class _Bundle:
    """Strands with one pattern, being merged. ``joined`` holds what stands for all arrays of a role."""

    def __init__(self, draft: Draft, strands: list[Strand]) -> None:
        self.draft, self.strands = draft, strands
        self.sizes = [strand.roles[0].size for strand in strands]
        self.joined: dict[int, Value | None] = {}

    def merge(self) -> None:
        calls = self.draft.program.calls
        for numbers in zip(*(strand.calls for strand in self.strands), strict=True):
            together = [calls[number] for number in numbers]
            if not self._as_one(together):
                self.draft.calls += [self.draft.updated(call) for call in together]

    def _as_one(self, calls: list[Call]) -> bool:
        """Add one call for all of these, if their operands and the memory for their results can be joined."""
        first = calls[0]
        target = next(iter(targets(first)), None)
        whole = None if target is None else self._whole(target)
        args = [self._whole(item) if isinstance(item, Value) and item.shape else item for item in operands(first)]
        if any(item is None for item in args) or (target is not None and whole is None):
            return False
        if whole is not None:
            new = replace(first, args=tuple(args), kwargs={"out": (whole,)}, writes=(whole,))
            self.draft.calls.append(self.draft.updated(new))
            return True
        result = self._new(first.results[0].dtype)
        self.draft.calls.append(self.draft.updated(replace(first, args=tuple(args), results=(result,))))
        self._part(result, [call.results[0] for call in calls])
        self.joined[self.strands[0].role(first.results[0])] = result
        return True

    def _whole(self, value: Value) -> Value | None:
        """What stands for all arrays of the role that a value has in the first strand."""
        role = self.strands[0].role(value)
        if role not in self.joined:
            self.joined[role] = self._join([self.draft.now(strand.roles[role]) for strand in self.strands])
        return self.joined[role]

    def _join(self, values: list[Value]) -> Value | None:
        first, end = values[0], values[0].offset
        for value in values:
            if value.block is not first.block or value.offset != end or not value.contiguous:
                break
            end += value.size * value.dtype.itemsize
        else:
            return self._flat(first.block, first.dtype, first.offset)
        if any(value.block.kind == "outside" for value in values):
            return None
        result = self._new(first.dtype)
        self.draft.calls.append(Call(side_by_side, tuple(values), {}, (result,), update=-1))
        return result

    def _new(self, dtype: np.dtype[Any]) -> Value:
        return self._flat(Block("own", sum(self.sizes) * dtype.itemsize), dtype, 0)

    def _flat(self, block: Block, dtype: np.dtype[Any], offset: int) -> Value:
        like = Value(-1, block, (sum(self.sizes),), dtype, (dtype.itemsize,), offset)
        value = self.draft.value(block, like)
        if block.kind == "outside":
            value.sample = np.ndarray(value.shape, dtype, block.array, offset)
        return value

    def _part(self, whole: Value, values: list[Value]) -> None:
        """Let the results of the separate calls be parts of the one that stands for them."""
        offset = 0
        for value in values:
            self.draft.move(value.block, whole.block, offset - value.offset)
            part = self.draft.now(value)
            arguments = (whole, part.shape, part.strides, part.offset)
            self.draft.calls.append(Call(window, arguments, {}, (part,)))
            offset += value.size * value.dtype.itemsize
