"""Pieces of a kernel that go through large arrays row by row, together: what one has computed of a row is in the cache
when the next reads it, and what nobody else reads has memory for one row only.

    for r in range(1024):
        mean of row r of x
        row r of x, less the mean      kept in memory for one row
        its mean square
        ...

Two pieces can do so if each touches, in its row, only what the other touches in the same row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..program import Block
from .contractions import Contraction
from .formulas import Formula
from .loops import Loop
from .nests import Nest, Place

Part = Loop | Contraction
Piece = tuple[Formula, ...] | Contraction

LARGE = 4096  # elements: from here on arrays may leave the first cache
LONG = 16  # elements of a row, at least: what is done for each row should not count


class Rows:
    """Parts that are made together, in ``count`` rows; in one go if that is 1."""

    def __init__(self, part: Part, numbers: list[int]) -> None:
        self.parts: list[Part] = []
        self.numbers = list(numbers)  # of the calls in it
        self._nests: list[Nest] = []
        self._counts: dict[int, list[int]] = {}  # for each number of rows, of how many axes they are made in each nest
        self._take(part, part.nest, {count: [axes] for count, axes in part.nest.heads().items()})

    def _take(self, part: Part, nest: Nest, counts: dict[int, list[int]]) -> None:
        self.parts.append(part)
        self._nests.append(nest)
        self._counts = counts

    def joined_by(self, part: Part, numbers: list[int]) -> bool:
        """Whether a part can join, which it then has."""
        nest, heads = part.nest, part.nest.heads()
        largest = max(other.size for other in (*self._nests, nest))
        counts = {
            count: [*axes, heads[count]]
            for count, axes in self._counts.items()
            if count > 1 and count in heads and self._goes_along(nest, count, heads[count])
        }
        if largest >= LARGE:
            counts = {count: axes for count, axes in counts.items() if largest >= LONG * count}
        if not counts:
            return False
        self._take(part, nest, counts)
        self.numbers += numbers
        return True

    def _goes_along(self, nest: Nest, count: int, axes: int) -> bool:
        """Whether a piece touches in each of so many rows only what the others touch in the same row."""
        for other, own in zip(self._nests, self._counts[count], strict=True):
            for place in nest.steps:
                for met in other.steps:
                    written = place in nest.wrote or met in other.wrote
                    if written and place.meets(met) and not _in_one_row(nest, place, axes, other, met, own):
                        return False
        return True

    @property
    def count(self) -> int:
        """In how many rows the parts are made: as many as leave rows long enough."""
        largest = max(nest.size for nest in self._nests)
        if len(self.parts) == 1 or largest < LARGE:
            return 1
        return max((count for count in self._counts if largest >= LONG * count), default=1)

    def rows(self) -> Iterator[tuple[Part, Nest, dict[Place, int], bool]]:
        """Each part with the nest of one row, the steps from row to row, and whether rows are summed up."""
        count = self.count
        for i, (part, nest) in enumerate(zip(self.parts, self._nests, strict=True)):
            axes = self._counts[count][i] if count > 1 else 0
            steps = {place: nest.row_step(place, axes) for place in nest.steps}
            summed = any(nest.reduced[axis] and nest.sizes[axis] != 1 for axis in range(axes))
            yield part, nest.row(axes), steps, summed

    def private(self, users: dict[Block, set[Any]], outputs: set[Block]) -> dict[Block, tuple[int, int]]:
        """The blocks that need memory for one row only: the first byte of it, and how many."""
        if self.count == 1:
            return {}
        own = {each for part in self.parts for each in (part.formulas if isinstance(part, Loop) else [part])}
        found = {}
        seen: dict[Block, list[tuple[int, tuple[int, int]]]] = {}
        for nest, axes in zip(self._nests, self._counts[self.count], strict=True):
            for place in nest.steps:
                steps = nest.row_step(place, axes), nest.row_span(place, axes)
                seen.setdefault(place.block, []).append(steps)
        for block, uses in seen.items():
            begin, end = min(span[0] for _, span in uses), max(span[1] for _, span in uses)
            (step, *others) = {step for step, _ in uses}
            local = not others and 0 < end - begin <= step
            if block.kind == "own" and block not in outputs and users[block] <= own and local:
                found[block] = begin, end - begin
        return found


def _in_one_row(nest: Nest, place: Place, axes: int, other: Nest, met: Place, own: int) -> bool:
    """Whether two places meet only in rows of the same number."""
    step = nest.row_step(place, axes)
    if not step or step != other.row_step(met, own):
        return False
    spans = nest.row_span(place, axes), other.row_span(met, own)
    return max(end for _, end in spans) - min(begin for begin, _ in spans) <= abs(step)


def grouped(pieces: Iterable[tuple[int, Piece]]) -> list[Rows]:
    """The pieces of a kernel as parts that are made together: formulas in loops, these and contractions in rows."""
    parts: list[tuple[list[int], Part]] = []
    for number, piece in pieces:
        if isinstance(piece, Contraction):
            parts.append(([number], piece))
            continue
        for formula in piece:
            numbers, loop = _loop_for(formula, parts)
            numbers.append(number)
            loop.add(formula)
    groups: list[Rows] = []
    for numbers, part in parts:
        if groups and groups[-1].joined_by(part, numbers):
            continue
        groups.append(Rows(part, numbers))
    return groups


def _loop_for(formula: Formula, parts: list[tuple[list[int], Part]]) -> tuple[list[int], Loop]:
    """The latest loop that takes a formula, if all after it let it pass, else a new one."""
    for numbers, part in reversed(parts):
        if isinstance(part, Loop) and part.takes(formula):
            return numbers, part
        if not part.lets_pass(formula):
            break
    numbers, loop = [], Loop(formula.result.shape)
    parts.append((numbers, loop))
    return numbers, loop
