"""Calls of one shape that are made together, element by element: one loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from typing import Any

from ..program import Value
from .formulas import Formula, cast, constant, rounded
from .nests import Element, Nest, Place, place_of


class Loop:
    """Formulas that are worked out for one element after the other."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.formulas: list[Formula] = []
        self._read: list[Place] = []
        self._wrote: list[Place] = []

    def takes(self, formula: Formula) -> bool:
        """Whether a call can join: what it touches is the loop's at the same element, or nothing of the loop's."""
        reads, target = places_read(formula), place_of(formula.result)
        if formula.result.shape != self.shape:
            return False
        clear = all(place == other or not place.meets(other) for place in reads for other in self._wrote)
        return clear and all(
            target == other or not target.meets(other) for other in (*self._read, *self._wrote, *reads)
        )

    def lets_pass(self, formula: Formula) -> bool:
        """Whether a call can be made before this as well as after it."""
        return _apart(places_read(formula), place_of(formula.result), self._read, self._wrote)

    def add(self, formula: Formula) -> None:
        self.formulas.append(formula)
        self._read += places_read(formula)
        self._wrote.append(place_of(formula.result))

    @property
    def nest(self) -> Nest:
        places = dict.fromkeys((*self._read, *self._wrote))
        steps = {place: place.along(self.shape) for place in places}
        nest = Nest(self.shape, steps, frozenset(self._wrote), (False,) * len(self.shape))
        return nest.ordered(self._wrote[-1])

    def lines(self, row: Nest, element: Element, needed: Callable[[Value, Set[Any]], bool]) -> Iterator[str]:
        """One row of it as source; what nobody else needs is not stored."""
        row = row.merged()
        indices = [f"i{axis}" for axis in range(len(row.sizes))]
        known: dict[Place, str] = {}

        def at(place: Place) -> str:
            return element(place, list(zip(indices, row.steps[place], strict=True)))

        def term(item: Any, dtype: Any) -> str:
            if not isinstance(item, Value):
                return constant(item, dtype)
            place = place_of(item)
            return cast(known.get(place) or at(place), place.dtype, dtype)

        constants = {} if 0 in row.sizes else self._constants(row)  # an array of no elements has none to read
        for axis in range(len(row.sizes)):
            for place in constants.get(axis, ()):
                known[place] = f"c{len(known)}"
                yield f"{'    ' * axis}{known[place]} = {at(place)}"
            yield f"{'    ' * axis}for i{axis} in range({row.sizes[axis]}):"
        indent = "    " * len(row.sizes)
        for number, formula in enumerate(self.formulas):
            terms = [term(item, dtype) for item, dtype in zip(formula.reads, formula.dtypes, strict=True)]
            target = place_of(formula.result)
            text = cast(f"({formula.text.format(*terms)})", formula.dtype, target.dtype)
            yield f"{indent}t{number} = {rounded(text, target.dtype)}"
            known[target] = f"t{number}"
            last = all(place_of(other.result) != target for other in self.formulas[number + 1 :])
            if last and needed(formula.result, set(self.formulas)):
                yield f"{indent}{at(target)} = t{number}"

    def _constants(self, row: Nest) -> dict[int, list[Place]]:
        """What is only read, and stays the same in the loops over some axis and all within: by that axis.

        A compiler cannot know that nobody writes there, and would read it again for each element.
        """
        found: dict[int, list[Place]] = {}
        for place in dict.fromkeys(self._read):
            if place not in row.wrote:
                axis = max((axis for axis, step in enumerate(row.steps[place]) if step), default=-1) + 1
                found.setdefault(axis, []).append(place)
        return found


def places_read(formula: Formula) -> list[Place]:
    return [place_of(item) for item in formula.reads if isinstance(item, Value)]


def _apart(reads: list[Place], target: Place, read: list[Place], wrote: list[Place]) -> bool:
    """Whether neither writes where the other reads or writes."""
    clear = not any(place.meets(other) for place in reads for other in wrote)
    return clear and not any(target.meets(other) for other in (*read, *wrote))
