"""Sums, products and extremes along axes, of one array or of products of two: ``add.reduce``, ``einsum``, ``dot``.

for j in range(4): s[j] = 0      the results of all axes that are kept,
for i in range(100):             each as wide as its sum should be
    for j in range(4): s[j] += a[i, j] * b[i, j]
for j in range(4): out[j] = s[j]
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..program import Call, Value
from .formulas import NUMBERS, Formula, cast, constant, rounded
from .loops import places_read
from .nests import Element, Nest, Place, place_of

_FIRST = {"add": 0, "multiply": 1, "maximum": -math.inf, "minimum": math.inf}
_STEP = {
    "add": "{0} += {1}",
    "multiply": "{0} *= {1}",
    "maximum": "x = {1}; {0} = {0} if {0} >= x or {0} != {0} else x",
    "minimum": "x = {1}; {0} = {0} if {0} <= x or {0} != {0} else x",
}


Sums = tuple[str, int]  # the memory where sums are kept and where in it they begin, or (-1) a variable

SMALL = 4096  # summands in all: the loops over what is kept go outside then, whatever the order in memory
FEW = 4096  # summands of one result that may be added up one by one in its own dtype
SEVERAL = 16  # summands of one result, from which a function pays that adds several at a time


@dataclass(eq=False)
class Contraction:
    """``kind`` over all axes that ``result`` does not have, of ``operands`` multiplied; ``axes`` are letters.

    As for NumPy's einsum: "ij" and "ij" to "j" is the sum of products in each column.
    """

    kind: str
    operands: tuple[Value, ...]
    axes: tuple[str, ...]
    result: Value
    kept: str

    def __post_init__(self) -> None:
        self._places = [place_of(value) for value in self.operands]
        self.target = place_of(self.result)
        sizes: dict[str, int] = {}
        for place, letters in zip(self._places, self.axes, strict=True):
            sizes.update(zip(letters, place.shape, strict=True))
        if math.prod(sizes.values()) < SMALL:
            sizes = {letter: sizes[letter] for letter in sorted(sizes, key=lambda letter: letter not in self.kept)}
        steps: dict[Place, tuple[int, ...]] = {}
        for place, letters in (*zip(self._places, self.axes, strict=True), (self.target, self.kept)):
            own = dict(zip(letters, place.along(place.shape), strict=True))
            steps[place] = tuple(own.get(letter, 0) for letter in sizes)
        reduced = tuple(letter not in self.kept for letter in sizes)
        nest = Nest(tuple(sizes.values()), steps, frozenset([self.target]), reduced)
        self.nest = nest if nest.size < SMALL else nest.ordered(self._places[0])
        few = nest.size < SEVERAL * max(self.result.size, 1)
        own = self.result.dtype
        self.wide = own if few or own.kind != "f" else np.dtype(np.float64)

    def goes_over_rows(self) -> None:
        """Few summands are added up in the dtype of the result: rounding errors grow with the root of their number."""
        if self.nest.size <= FEW * self.result.size:
            self.wide = self.result.dtype

    def lets_pass(self, formula: Formula) -> bool:
        """Whether a call of another kind can be made before this as well as after it."""
        written = place_of(formula.result)
        return not any(place.meets(self.target) for place in places_read(formula)) and not any(
            written.meets(place) for place in (*self._places, self.target)
        )

    @property
    def makes_matrix(self) -> bool:
        """Whether it multiplies matrices, each number of which is used several times: BLAS is good at that."""
        return len(self.operands) > 1 and all(0 in self.nest.steps[place] for place in self._places)

    # Source: ``sums`` is room for as many numbers of type ``wide`` as a row has results

    def room(self, row: Nest, summed: bool) -> int:
        """How many results are summed up at the same time, all rows to the same ones or each to its own."""
        return 1 if _one_by_one(row) and not summed else math.prod(size for _, _, size in _kept(row))

    def lines(self, row: Nest, element: Element, sums: Sums) -> Iterator[str]:
        """One row, whose results are its own."""
        if _one_by_one(row):
            kept = row.reduced.count(False)
            variable = f"{sums[0]}0"
            names = [f"i{axis}" for axis in range(len(row.sizes))]
            for axis in range(kept):
                yield f"{'    ' * axis}for i{axis} in range({row.sizes[axis]}):"
            indent = "    " * kept
            yield f"{indent}{variable} = {self._first}"
            yield from (indent + line for line in self._steps(row, kept, names, element, variable))
            yield f"{indent}{self._stored(row, element, variable)}"
        else:
            yield from self.begin(row, sums)
            yield from self.row_lines(row, element, sums)
            yield from self.end(row, element, sums)

    def begin(self, row: Nest, sums: Sums) -> Iterator[str]:
        """Nothing summed up yet."""
        yield from _over(_kept(row), f"{_summed(row, sums)} = {self._first}")

    def row_lines(self, row: Nest, element: Element, sums: Sums) -> Iterator[str]:
        """One row is added to what is summed up."""
        yield from self._steps(row, 0, [f"i{axis}" for axis in range(len(row.sizes))], element, _summed(row, sums))

    def end(self, row: Nest, element: Element, sums: Sums) -> Iterator[str]:
        """The results are stored."""
        yield from _over(_kept(row), self._stored(row, element, _summed(row, sums)))

    @property
    def _first(self) -> str:
        return constant(_FIRST[self.kind], self.wide)

    def _stored(self, row: Nest, element: Element, total: str) -> str:
        at = element(self.target, [(name, row.steps[self.target][axis]) for axis, name, _ in _kept(row)])
        return f"{at} = {rounded(cast(total, self.wide, self.target.dtype), self.target.dtype)}"

    def _steps(self, row: Nest, first: int, names: list[str], element: Element, total: str) -> Iterator[str]:
        """The loops over the axes from ``first`` on, and the step within."""
        count = len(row.sizes)
        several = count > first and row.reduced[-1] and row.sizes[-1] >= SEVERAL and self.wide == np.float64
        inner = count - 1 if several and (self.kind, len(self.operands)) in _NAMES else count
        known: dict[Place, str] = {}
        for axis in range(first, inner + 1):
            indent = "    " * (axis - first)
            for place in self._places if inner == count else ():
                if place not in known and not any(row.steps[place][axis:]):  # the same from here on
                    known[place] = f"f{len(known)}"
                    yield f"{indent}{known[place]} = {self._at(row, place, names[:axis], element)}"
            if axis < inner:
                yield f"{indent}for i{axis} in range({row.sizes[axis]}):"
        if inner == count:
            text = " * ".join(cast(known[place], place.dtype, self.wide) for place in self._places)
        else:
            text = self._several(row, names[:inner], element)
        yield f"{'    ' * (inner - first)}{_STEP[self.kind].format(total, text)}"

    def _several(self, row: Nest, names: list[str], element: Element) -> str:
        """The call that goes along the last axis."""
        lines = []
        for place in self._places:
            memory, begin = self._at(row, place, names, element)[:-1].split("[", 1)
            lines.append(f"{memory}, {begin}, {row.steps[place][-1] // place.dtype.itemsize}")
        name = _NAMES[self.kind, len(lines)].format(self._places[0].dtype.name)
        return f"{name}({', '.join(lines)}, {row.sizes[-1]})"

    def _at(self, row: Nest, place: Place, names: list[str], element: Element) -> str:
        return element(place, list(zip(names, row.steps[place], strict=False)))


_NAMES = {("add", 1): "total", ("add", 2): "dot", ("maximum", 1): "largest_{}", ("minimum", 1): "smallest_{}"}


def _kept(row: Nest) -> list[tuple[int, str, int]]:
    return [(axis, f"i{axis}", size) for axis, size in enumerate(row.sizes) if not row.reduced[axis] and size != 1]


def _over(axes: Sequence[tuple[int, str, int]], line: str) -> Iterator[str]:
    for depth, (_, name, size) in enumerate(axes):
        yield f"{'    ' * depth}for {name} in range({size}):"
    yield "    " * len(axes) + line


def _summed(row: Nest, sums: Sums) -> str:
    """The place of a sum: numbered along the axes that are kept."""
    memory, begin = sums
    if begin < 0:
        return f"{memory}0"
    step, parts = 1, []
    for _, name, size in reversed(_kept(row)):
        parts.insert(0, name if step == 1 else f"{name} * {step}")
        step *= size
    return f"{memory}[{' + '.join([str(begin), *parts])}]"


def _one_by_one(row: Nest) -> bool:
    """Whether each result is complete before the next is begun: all reduced axes are inside the others."""
    return all(row.reduced[row.reduced.count(False) :])


# Which calls are contractions


def contraction_of(call: Call) -> Contraction | None:
    """A call as a contraction; None if it is none, or none that is known here."""
    if call.writes or len(call.results) != 1 or call.results[0].dtype.kind not in "fiu":
        return None
    found = _of_reduce(call) or _of_einsum(call) or _of_product(call)
    if found is None or any(0 in value.shape for value in found.operands):
        return None
    return found if {value.dtype for value in (*found.operands, found.result)} <= NUMBERS else None


def _of_reduce(call: Call) -> Contraction | None:
    ufunc = getattr(call.function, "__self__", None)
    if not isinstance(ufunc, np.ufunc) or call.function.__name__ != "reduce" or ufunc.__name__ not in _FIRST:
        return None
    given = dict(zip(("array", "axis", "dtype"), call.args, strict=False)) | call.kwargs
    array, result = given.pop("array", None), call.results[0]
    axis, keepdims, dtype = given.pop("axis", 0), given.pop("keepdims", False), given.pop("dtype", None)
    if given.get("initial") == _FIRST[ufunc.__name__]:
        del given["initial"]
    kinds = "bfiu" if dtype is not None else "fiu" if ufunc in (np.add, np.multiply) else "f"
    if given or not isinstance(array, Value) or array.dtype.kind not in kinds:
        return None
    if result.dtype != np.dtype(dtype or array.dtype) or (ufunc not in (np.add, np.multiply) and dtype is not None):
        return None
    letters = _letters(len(array.shape))
    axes = range(len(letters)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {a % len(letters) for a in axes} if letters else set()
    kept = "".join(letter for i, letter in enumerate(letters) if i not in gone)
    if keepdims:
        result = _without(result, gone)
    return Contraction(ufunc.__name__, (array,), (letters,), result, kept)


def _of_einsum(call: Call) -> Contraction | None:
    if call.function is not np.einsum or call.kwargs or not isinstance(call.args[0], str):
        return None
    text, *operands = call.args
    if not 1 <= len(operands) <= 2 or not all(isinstance(item, Value) for item in operands) or "->" not in text:
        return None
    inputs, _, kept = text.replace(" ", "").partition("->")
    axes, result = inputs.split(","), call.results[0]
    if len(axes) != len(operands) or any(value.dtype != result.dtype for value in operands):
        return None
    if "..." in text:
        counts = {len(value.shape) - len(own) + 3 for value, own in zip(operands, axes, strict=True) if "..." in own}
        if len(counts) != 1 or any("..." not in own for own in (*axes, kept)):
            return None
        rest = _letters(counts.pop()).upper()
        axes, kept = [own.replace("...", rest) for own in axes], kept.replace("...", rest)
    plain = all(len(set(own)) == len(own) for own in (*axes, kept))
    if not plain or any(len(own) != len(value.shape) for own, value in zip(axes, operands, strict=True)):
        return None
    return _alike("add", tuple(operands), tuple(axes), result, kept)


def _of_product(call: Call) -> Contraction | None:
    """``dot`` and ``matmul`` of matrices and vectors, ``vdot`` and ``vecdot`` of real ones."""
    if call.function not in (np.dot, np.matmul, np.vdot, np.vecdot) or call.kwargs or len(call.args) != 2:
        return None
    left, right = call.args
    result = call.results[0]
    if not isinstance(left, Value) or not isinstance(right, Value) or {left.dtype, right.dtype} != {result.dtype}:
        return None
    if call.function is np.vecdot:
        letters = _letters(len(left.shape))
        return _alike("add", (left, right), (letters, letters), result, letters[:-1]) if right.shape else None
    if call.function is np.vdot:
        flat = [_flat(value) for value in (left, right)]
        return Contraction("add", (flat[0], flat[1]), ("k", "k"), result, "") if flat[0] and flat[1] else None
    if not {len(left.shape), len(right.shape)} <= {1, 2}:
        return None
    rows, columns = "i" * (len(left.shape) - 1), "j" * (len(right.shape) - 1)
    return _alike("add", (left, right), (f"{rows}k", f"k{columns}"), result, rows + columns)


def _alike(kind: str, operands: Any, axes: tuple[str, ...], result: Value, kept: str) -> Contraction | None:
    """The contraction, if each letter has one size throughout, and nothing is broadcast."""
    sizes: dict[str, int] = {}
    for value, letters in zip((*operands, result), (*axes, kept), strict=True):
        if len(value.shape) != len(letters):
            return None
        for letter, size in zip(letters, value.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                return None
    if len(operands) == 2 and place_of(operands[0]) == place_of(operands[1]) and axes[0] != axes[1]:
        return None  # a matrix times itself: its rows and its columns at once
    return Contraction(kind, operands, axes, result, kept)


def _letters(count: int) -> str:
    return "".join(chr(ord("a") + i) for i in range(count))


def _without(value: Value, gone: set[int]) -> Value:
    """A result that kept its reduced axes, as if it had not."""
    kept = [axis for axis in range(len(value.shape)) if axis not in gone]
    shape, strides = (tuple(part[axis] for axis in kept) for part in (value.shape, value.strides))
    return Value(value.number, value.block, shape, value.dtype, strides, value.offset, value.sample)


def _flat(value: Value) -> Value | None:
    if not value.contiguous:
        return None
    step = (value.dtype.itemsize,)
    return Value(value.number, value.block, (value.size,), value.dtype, step, value.offset, value.sample)
