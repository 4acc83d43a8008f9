"""Where the values of a program lie when NumPy runs it.

Most have a fixed place, made once: memory from outside as it is, constants, and what the run computes in one arena, in
which pieces are used again when nobody needs their contents any more. The others are made in each run: arguments,
outputs that are new memory, and the results of calls that cannot write to a given array.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator, Sequence, Set

import numpy as np

from .plan.functions import is_elementwise, is_view, makes, operands, side_by_side, targets
from .plan.rewriting import Facts, fills, form
from .program import Block, Call, Program, values_in

ALIGNMENT = 64  # bytes: a cache line, and as much as any vector instruction likes


def places(
    program: Program, fixed: Set[Block], order: Iterable[Sequence[int]] | None = None
) -> tuple[dict[Block, int], int]:
    """Where in an arena each of these blocks lies, in bytes, and how long the arena is.

    A block may take the place of an operand that is not needed after the call that makes the block, if the call
    computes element by element and both have the same form: NumPy works in place then. What is put side by side later
    is computed there.

    ``order`` is that in which the calls are made, several of them together or parts of one at different times; that of
    the program without it. What calls made together use is needed until they are done.
    """
    facts, steps = Facts(program), list(order or [(number,) for number in range(len(program.calls))])
    parts = _parts(program, facts, fixed)
    wholes = {block: parts.get(block, (block, 0))[0] for block in fixed}
    arena, offsets = Arena(), {}
    for block in dict.fromkeys(value.block for value in program.kept):
        if block in fixed and wholes[block] not in offsets:  # nobody else may ever write there
            offsets[wholes[block]] = arena.take(wholes[block].nbytes)
    last_use: dict[Block, int] = {}
    for time, block in _uses(program, steps):
        if block in wholes and block not in facts.outputs:
            last_use[wholes[block]] = time
    ending: dict[int, list[Block]] = {}
    lasting = {wholes[block] for block in facts.outputs & wholes.keys()} | offsets.keys()
    for whole, time in last_use.items():
        if whole not in lasting:
            ending.setdefault(time, []).append(whole)
    for time, numbers in enumerate(steps):
        ended = ending.get(time, [])
        made = [(call, value) for call in map(program.calls.__getitem__, numbers) for value in makes(call)]
        for call, value in made:
            whole = wholes.get(value.block)
            if whole is None or whole in offsets:
                continue
            over = _overwritable(call, ended, offsets) if whole is value.block and len(numbers) == 1 else None
            if over is None:
                offsets[whole] = arena.take(whole.nbytes)
            else:
                offsets[whole] = offsets[over]
                ended.remove(over)
        for block in ended:
            arena.give_back(offsets[block], block.nbytes)
    offsets |= {block: offsets[whole] + offset for block, (whole, offset) in parts.items()}
    return offsets, arena.length


def _uses(program: Program, steps: Iterable[Sequence[int]]) -> Iterator[tuple[int, Block]]:
    """When blocks are used; making a view does not."""
    for time, numbers in enumerate(steps):
        for call in map(program.calls.__getitem__, numbers):
            used = () if is_view(call) else (*call.given, *call.results)
            yield from ((time, value.block) for value in used)


def _parts(program: Program, facts: Facts, fixed: Set[Block]) -> dict[Block, tuple[Block, int]]:
    """The blocks that can be part of another from the beginning, in which their contents are put side by side later."""
    parts: dict[Block, tuple[Block, int]] = {}
    for call in program.calls:
        if call.function is not side_by_side or call.results[0].block not in fixed:
            continue
        whole, offset = call.results[0].block, 0
        for value in call.args:
            block = value.block
            alone = block in fixed and block not in parts and fills(value) and value.contiguous
            if alone and not facts.writes.get(block) and not facts.writes.get(whole) and whole not in parts:
                parts[block] = whole, offset
            offset += value.size * value.dtype.itemsize
    return parts


def _overwritable(call: Call, ended: list[Block], offsets: dict[Block, int]) -> Block | None:
    """The block of an operand that the result may take the place of."""
    if not is_elementwise(call) or targets(call):
        return None
    result, values = call.results[0], tuple(values_in(operands(call)))
    for block in dict.fromkeys(value.block for value in values):
        if block in ended and block in offsets and block.nbytes == result.block.nbytes:
            seen = [value for value in values if value.block is block]
            if all(form(value) == form(result) and value.offset == result.offset == 0 for value in seen):
                return block
    return None


class Arena:
    """Memory given out piece by piece, and taken back."""

    def __init__(self) -> None:
        self.length = 0
        self._free: list[tuple[int, int]] = []  # (begin, length) of each hole, in order

    def take(self, nbytes: int) -> int:
        """Where a piece of so many bytes is free: in the smallest hole that it fits in, or at the end."""
        length = _rounded(nbytes)
        fitting = [hole for hole in self._free if hole[1] >= length]
        if not fitting:
            self.length += length
            return self.length - length
        begin, free = hole = min(fitting, key=lambda hole: hole[1])
        self._free.remove(hole)
        if free > length:
            insort(self._free, (begin + length, free - length))
        return begin

    def give_back(self, begin: int, nbytes: int) -> None:
        """The piece is free again; it is joined with the holes beside it."""
        end = begin + _rounded(nbytes)
        for hole in [hole for hole in self._free if hole[0] + hole[1] == begin or hole[0] == end]:
            self._free.remove(hole)
            begin, end = min(begin, hole[0]), max(end, hole[0] + hole[1])
        insort(self._free, (begin, end - begin))


def _rounded(nbytes: int) -> int:
    return max(-(-nbytes // ALIGNMENT), 1) * ALIGNMENT


def arena_of(length: int) -> np.ndarray:
    """So many bytes, aligned."""
    memory = np.empty(length + ALIGNMENT, np.uint8)
    begin = -memory.__array_interface__["data"][0] % ALIGNMENT
    return memory[begin : begin + length]
