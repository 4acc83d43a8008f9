"""Loops over elements: calls of one shape that come one after the other become one loop, reductions and small products
loops of their own.

Everything about the arrays is known (address, dtype, shape, strides), so an element is a place in a flat piece of
memory, and whether two calls get in each other's way is decided by comparing addresses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..program import Call, Value
from .formulas import Formula, cast, constant, rounded

Strides = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where a value lies: in which memory, from which byte on. Two are equal when they show the same elements."""

    memory: str  # the name of its base within the kernel
    offset: int  # in bytes
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    strides: Strides  # in bytes

    @property
    def span(self) -> tuple[int, int]:
        """The first byte, and the first after it."""
        if 0 in self.shape:
            return self.offset, self.offset
        steps = [stride * (size - 1) for stride, size in zip(self.strides, self.shape, strict=True)]
        low, high = sum(min(step, 0) for step in steps), sum(max(step, 0) for step in steps)
        return self.offset + low, self.offset + high + self.dtype.itemsize

    def meets(self, other: Place) -> bool:
        """Whether they may share a byte."""
        (a, b), (c, d) = self.span, other.span
        return self.memory == other.memory and a < d and c < b

    def along(self, shape: tuple[int, ...]) -> Strides:
        """Strides in elements, when broadcast to a shape."""
        added = len(shape) - len(self.shape)
        own = zip(self.strides, self.shape, strict=True)
        return (0,) * added + tuple(0 if size == 1 else stride // self.dtype.itemsize for stride, size in own)

    def element(self, strides: Strides, indices: Sequence[str]) -> str:
        """The text of an element."""
        parts = [
            f"{name} * {stride}" if stride != 1 else name
            for name, stride in zip(indices, strides, strict=True)
            if stride
        ]
        begin = self.offset // self.dtype.itemsize
        return f"{self.memory}_{self.dtype.name}[{' + '.join([*([str(begin)] if begin or not parts else []), *parts])}]"


Where = Callable[[Value], Place]


@dataclass
class Loop:
    """Calls that are made together, element by element."""

    shape: tuple[int, ...]
    formulas: list[Formula] = field(default_factory=list)
    read: list[Place] = field(default_factory=list)
    wrote: list[Place] = field(default_factory=list)

    def takes(self, formula: Formula, where: Where) -> bool:
        """Whether a call can join: what it touches is the loop's at the same element, or nothing of the loop's."""
        target = where(formula.result)
        reads = [where(item) for item in formula.reads if isinstance(item, Value)]
        if formula.result.shape != self.shape:
            return False
        clear = all(place == other or not place.meets(other) for place in reads for other in self.wrote)
        return clear and all(target == other or not target.meets(other) for other in (*self.read, *self.wrote, *reads))

    def add(self, formula: Formula, where: Where) -> None:
        self.formulas.append(formula)
        self.read += [where(item) for item in formula.reads if isinstance(item, Value)]
        self.wrote.append(where(formula.result))

    def lines(self, where: Where, needed: Callable[[Value, Loop], bool]) -> Iterator[str]:
        """The loop as source; what nobody ``needed`` reads afterwards is not stored."""
        places = list(dict.fromkeys((*self.read, *self.wrote)))
        strides = [place.along(self.shape) for place in places]
        shape, strides = _merged(self.shape, strides)
        along = dict(zip(places, strides, strict=True))
        indices = [f"i{axis}" for axis in range(len(shape))]
        for axis, size in enumerate(shape):
            yield f"{'    ' * axis}for i{axis} in range({size}):"
        indent = "    " * len(shape)
        known: dict[Place, str] = {}
        for number, formula in enumerate(self.formulas):
            terms = [self._term(item, dtype, where, along, indices, known) for item, dtype in _operands(formula)]
            target = where(formula.result)
            text = cast(f"({formula.text.format(*terms)})", formula.dtype, target.dtype)
            yield f"{indent}t{number} = {rounded(text, target.dtype)}"
            known[target] = f"t{number}"
            last = all(where(other.result) != target for other in self.formulas[number + 1 :])
            if last and needed(formula.result, self):
                yield f"{indent}{target.element(along[target], indices)} = t{number}"

    def _term(
        self,
        item: Any,
        dtype: Any,
        where: Where,
        along: dict[Place, Strides],
        indices: list[str],
        known: dict[Place, str],
    ) -> str:
        if not isinstance(item, Value):
            return constant(item, dtype)
        place = where(item)
        text = known.get(place) or place.element(along[place], indices)
        return cast(text, place.dtype, dtype)


def _operands(formula: Formula) -> Iterator[tuple[Any, Any]]:
    return zip(formula.reads, formula.dtypes, strict=True)


def _merged(shape: tuple[int, ...], strides: list[Strides]) -> tuple[tuple[int, ...], list[Strides]]:
    """Fewer dimensions for the same elements: without those of size 1, neighbours that follow on one another as one."""
    axes = [axis for axis, size in enumerate(shape) if size != 1]
    sizes, steps = [shape[axis] for axis in axes], [[own[axis] for axis in axes] for own in strides]
    axis = 0
    while axis + 1 < len(sizes):
        if all(own[axis] == own[axis + 1] * sizes[axis + 1] for own in steps):
            sizes[axis : axis + 2] = [sizes[axis] * sizes[axis + 1]]
            for own in steps:
                del own[axis]
        else:
            axis += 1
    return tuple(sizes), [tuple(own) for own in steps]


# Reductions


@dataclass
class Reduction:
    """``add.reduce``, ``maximum.reduce`` and their kin."""

    kind: str
    array: Value
    axes: tuple[int, ...]
    result: Value

    def lines(self, where: Where) -> Iterator[str]:
        source, target = where(self.array), where(self.result)
        kept = [axis for axis in range(len(source.shape)) if axis not in self.axes]
        names = {axis: f"i{axis}" for axis in range(len(source.shape))}
        for depth, axis in enumerate(kept):
            yield f"{'    ' * depth}for {names[axis]} in range({source.shape[axis]}):"
        indent = "    " * len(kept)
        wide = np.dtype(np.float64) if source.dtype.kind == "f" else source.dtype
        yield f"{indent}s = {_FIRST[self.kind](wide, source.dtype)}"
        for depth, axis in enumerate(self.axes):
            yield f"{indent}{'    ' * depth}for {names[axis]} in range({source.shape[axis]}):"
        element = source.element(source.along(source.shape), [names[axis] for axis in range(len(source.shape))])
        yield f"{indent}{'    ' * len(self.axes)}{_STEP[self.kind].format(element)}"
        strides = _without_ones(target, len(kept))
        yield f"{indent}{target.element(strides, [names[axis] for axis in kept])} = {rounded('s', target.dtype)}"


def _without_ones(target: Place, count: int) -> Strides:
    """The strides of a result along the kept dimensions, whether or not the others have stayed as 1."""
    strides = tuple(stride // target.dtype.itemsize for stride in target.strides)
    return strides if len(strides) == count else ()


_FIRST: dict[str, Callable[[Any, Any], str]] = {
    "add": lambda wide, own: constant(0, wide),
    "multiply": lambda wide, own: constant(1, wide),
    "maximum": lambda wide, own: constant(-math.inf, wide),
    "minimum": lambda wide, own: constant(math.inf, wide),
}
_STEP = {
    "add": "s += {}",
    "multiply": "s *= {}",
    "maximum": "s = s if s >= {0} or s != s else {0}",
    "minimum": "s = s if s <= {0} or s != s else {0}",
}


def reduction_of(call: Call) -> Reduction | None:
    """A call that reduces an array of numbers along some of its dimensions; None if it is none."""
    ufunc = getattr(call.function, "__self__", None)
    if not isinstance(ufunc, np.ufunc) or call.function.__name__ != "reduce" or call.writes or len(call.results) != 1:
        return None
    given = dict(zip(("array", "axis", "dtype"), call.args, strict=False)) | call.kwargs
    array, result = given.pop("array", None), call.results[0]
    axis, keepdims, dtype = given.pop("axis", 0), given.pop("keepdims", False), given.pop("dtype", None)
    kinds = "fiu" if ufunc in (np.add, np.multiply) else "f"
    if given or ufunc.__name__ not in _FIRST or not isinstance(array, Value) or array.dtype.kind not in kinds:
        return None
    if array.dtype != result.dtype or (dtype is not None and np.dtype(dtype) != array.dtype) or 0 in array.shape:
        return None
    ndim = len(array.shape)
    axes = tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(sorted(a % ndim for a in axes)) if ndim else ()
    if keepdims:
        result = _squeezed(result, axes)
    return Reduction(ufunc.__name__, array, axes, result)


def _squeezed(value: Value, axes: tuple[int, ...]) -> Value:
    kept = [axis for axis in range(len(value.shape)) if axis not in axes]
    shape, strides = (tuple(part[axis] for axis in kept) for part in (value.shape, value.strides))
    return Value(value.number, value.block, shape, value.dtype, strides, value.offset, value.sample)


# Products


@dataclass
class Product:
    """``dot`` and ``matmul`` of matrices and vectors, ``vdot`` of real ones."""

    left: Value
    right: Value
    result: Value

    def lines(self, where: Where) -> Iterator[str]:
        left, right, target = where(self.left), where(self.right), where(self.result)
        rows, columns = left.shape[:-1], right.shape[1:]
        (a, ak), (bk, b) = (_ends(left, True), _ends(right, False))
        i, j = (["i"] if rows else []), (["j"] if columns else [])
        indent = ""
        for name, sizes in (("i", rows), ("j", columns)):
            if sizes:
                yield f"{indent}for {name} in range({sizes[0]}):"
                indent += "    "
        yield f"{indent}s = {constant(0, target.dtype)}"
        yield f"{indent}for k in range({left.shape[-1]}):"
        x = left.element((*a, ak), [*i, "k"])
        y = right.element((bk, *b), ["k", *j])
        yield f"{indent}    s += {x} * {y}"
        yield f"{indent}{target.element(target.along(target.shape), [*i, *j])} = s"


def _ends(place: Place, last: bool) -> tuple[Any, Any]:
    strides = tuple(stride // place.dtype.itemsize for stride in place.strides)
    return (strides[:-1], strides[-1]) if last else (strides[0], strides[1:])


def product_of(call: Call) -> Product | None:
    """A product of at most two dimensions on each side; None if a call is none."""
    if call.function not in (np.dot, np.matmul, np.vdot) or call.kwargs or call.writes or len(call.results) != 1:
        return None
    left, right = call.args[:2]
    result = call.results[0]
    if len(call.args) != 2 or not isinstance(left, Value) or not isinstance(right, Value):
        return None
    if {left.dtype, right.dtype} != {result.dtype} or result.dtype.kind != "f":
        return None
    if call.function is np.vdot:
        left, right = _flat(left), _flat(right)
    if left is None or right is None or not {len(left.shape), len(right.shape)} <= {1, 2}:
        return None
    return Product(left, right, result) if left.shape[-1] == right.shape[0] else None


def _flat(value: Value) -> Value | None:
    if not value.contiguous:
        return None
    return Value(
        value.number, value.block, (value.size,), value.dtype, (value.dtype.itemsize,), value.offset, value.sample
    )
