"""Loops around loops: what a piece of a kernel walks over, and how it is taken apart row by row.

for r in range(1024):            all pieces that go row by row, together:
    for i in range(256): ...     the first does its row,
    for i in range(256): ...     then the next, while the row is in the cache
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..program import Block, Value

Strides = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where a value lies: in which block, from which byte on. Two are equal when they show the same elements."""

    block: Block
    offset: int  # in bytes
    dtype: np.dtype
    shape: tuple[int, ...]
    strides: Strides  # in bytes

    @property
    def span(self) -> tuple[int, int]:
        """The first byte, and the first after it."""
        if 0 in self.shape:
            return self.offset, self.offset
        return reach(self, zip(self.shape, self.strides, strict=True))

    def meets(self, other: Place) -> bool:
        """Whether they may share a byte."""
        if self.block is not other.block:
            return False
        (a, b), (c, d) = self.span, other.span
        return a < d and c < b

    def along(self, shape: Sequence[int]) -> Strides:
        """Strides in bytes, when broadcast to a shape; 0 along axes of length 1, of which it may have more in front."""
        added = len(shape) - len(self.shape)
        own = list(zip(self.strides, self.shape, strict=True))[max(-added, 0) :]
        return (0,) * added + tuple(0 if size == 1 else stride for stride, size in own)


def place_of(value: Value) -> Place:
    return Place(value.block, value.offset, value.dtype, value.shape, value.strides)


def reach(place: Place, steps: Iterator[tuple[int, int]]) -> tuple[int, int]:
    """The first byte, and the first after it, of so many steps of so many bytes from the beginning of a place."""
    steps_of = [stride * (size - 1) for size, stride in steps]
    low, high = sum(min(step, 0) for step in steps_of), sum(max(step, 0) for step in steps_of)
    return place.offset + low, place.offset + high + place.dtype.itemsize


# How the source calls an element: of a place, a step in bytes for each of these indices away from its beginning.
Element = Callable[[Place, Sequence[tuple[str, int]]], str]


@dataclass(frozen=True)
class Nest:
    """The axes that are walked over, outermost first; for each place the bytes that a step along each axis makes.

    ``reduced`` tells of each axis whether the results are the same for all of it.
    """

    sizes: tuple[int, ...]
    steps: dict[Place, Strides]
    wrote: frozenset[Place]
    reduced: tuple[bool, ...]

    @property
    def size(self) -> int:
        return math.prod(self.sizes)

    def heads(self) -> dict[int, int]:
        """In how many rows it can be taken apart, and of how many axes these are made."""
        found = {}
        for count in range(1, len(self.sizes) + 1):
            if self._one(count):
                found.setdefault(math.prod(self.sizes[:count]), count)
        return found

    def _one(self, count: int) -> bool:
        """Whether the first axes are like one: the steps follow on one another, and all are reduced or none is."""
        axes = [axis for axis in range(count) if self.sizes[axis] != 1]
        if len({self.reduced[axis] for axis in axes}) > 1:
            return False
        return all(
            steps[a] == steps[b] * self.sizes[b] for a, b in itertools.pairwise(axes) for steps in self.steps.values()
        )

    def row_step(self, place: Place, count: int) -> int:
        """From one row to the next, where the rows are made of the first axes."""
        steps = self.steps[place]
        return next((steps[axis] for axis in reversed(range(count)) if self.sizes[axis] != 1), 0)

    def row(self, count: int) -> Nest:
        """One row."""
        steps = {place: own[count:] for place, own in self.steps.items()}
        return Nest(self.sizes[count:], steps, self.wrote, self.reduced[count:])

    def row_span(self, place: Place, count: int) -> tuple[int, int]:
        """The bytes of a place that the first row touches."""
        return reach(place, zip(self.sizes[count:], self.steps[place][count:], strict=True))

    def merged(self) -> Nest:
        """Fewer axes for the same elements: without those of length 1, neighbours that are like one as one."""
        axes = [axis for axis, size in enumerate(self.sizes) if size != 1]
        sizes, reduced = [self.sizes[a] for a in axes], [self.reduced[a] for a in axes]
        steps = [[own[a] for a in axes] for own in self.steps.values()]
        axis = 0
        while axis + 1 < len(sizes):
            follows = all(own[axis] == own[axis + 1] * sizes[axis + 1] for own in steps)
            if follows and reduced[axis] == reduced[axis + 1]:
                sizes[axis : axis + 2] = [sizes[axis] * sizes[axis + 1]]
                for own in (*steps, reduced):
                    del own[axis]
            else:
                axis += 1
        found = {place: tuple(own) for place, own in zip(self.steps, steps, strict=True)}
        return Nest(tuple(sizes), found, self.wrote, tuple(reduced))

    def ordered(self, leader: Place) -> Nest:
        """The same with the axes in the order in which one of the places lies in memory."""
        steps = self.steps[leader]
        order = sorted(range(len(self.sizes)), key=lambda axis: -abs(steps[axis]) if self.sizes[axis] != 1 else 0)
        if any(steps[axis] == 0 and self.sizes[axis] != 1 for axis in order):
            return self
        found = {place: tuple(own[axis] for axis in order) for place, own in self.steps.items()}
        sizes, reduced = tuple(self.sizes[axis] for axis in order), tuple(self.reduced[axis] for axis in order)
        return Nest(sizes, found, self.wrote, reduced)
