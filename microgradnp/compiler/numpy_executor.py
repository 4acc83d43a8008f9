"""Running a program with NumPy, at the speed of its calls: a straight line of Python, compiled once.

    dot(x0, x1, x2)
    add(x2, x3, x2)
    exp(x2, x2)

Every array in it is made when the program is built, except arguments, what is returned, and results of calls that
cannot write to a given array. A run is not undone when a call raises: what it has written to memory from outside stays.
"""

from __future__ import annotations

import itertools
import keyword
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Any

import numpy as np

from . import numpy_memory
from .capture import getitem
from .numpy_blocks import Blocks, shape_of
from .numpy_writers import plain, written
from .plan.functions import is_view, makes, ufunc_of
from .plan.rephrasing import rephrased
from .plan.rewriting import Facts
from .program import Block, Call, Program, Value, look, values_in


def build(program: Program) -> Any:
    """A function of the arguments that returns the fresh outputs; its ``kept`` are the others, in fixed memory.

    The program must have been planned: no call writes to a constant then. Arguments must have the shapes, dtypes and
    strides of the captured ones.
    """
    return run_of(Source(rephrased(program)))


def run_of(source: Source) -> Any:
    """The function that a source is the text of."""
    namespace = dict(source.names)
    exec(compile(source.text, "<replay>", "exec"), namespace)
    run = namespace["run"]
    run.kept, run.source = source.kept, source.text
    return run


class Source:
    """The Python function for a program, and what its names mean."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names: dict[str, Any] = {"empty": np.empty, "array": np.array}
        self._named: dict[Any, str] = {}
        self._counts: dict[str, int] = {"run": 0, "arguments": 0, "slice": 0}  # taken
        self._bases: dict[Block, Any] = {}  # of the blocks in the arena
        self._writable = {id(call) for call in program.calls if makes(call) == call.results and self.can_write(call)}
        writable = {value.block for call in program.calls if id(call) in self._writable for value in call.results}
        new = self._handed_out()
        self._prepared = new & writable  # new in each run, made just before their contents are computed
        self._fixed = writable - new
        self._wandering = self._without_a_place()
        self._lay_out()
        self.kept, self._copied = self._kept_arrays()
        self.text = "\n    ".join(["def run(arguments):", *self._lines()]) + "\n"

    def can_write(self, call: Call) -> bool:
        """Whether a call can put its results into arrays that are there already."""
        return written(call, lambda item: "") is not None

    # What has a place

    def _handed_out(self) -> set[Block]:
        """The blocks that a fresh output is all of."""
        blocks = [value.block for value in self.program.fresh]
        kept = {value.block for value in self.program.kept}
        return {
            value.block
            for value in self.program.fresh
            if value.block.kind == "own" and value.block not in kept and blocks.count(value.block) == 1
            if value.contiguous and value.size * value.dtype.itemsize == value.block.nbytes
        }

    def _without_a_place(self) -> set[Value]:
        """Views that begin where a computed index says."""
        wandering: set[Value] = set()
        for call in self.program.calls:
            if is_view(call) and (any(values_in(call.args[1:])) or wandering & set(values_in(call.args))):
                wandering |= set(call.results)
        return wandering

    def _lay_out(self) -> None:
        self._place_in_arena(self._fixed)

    def _place_in_arena(self, blocks: Set[Block], order: Iterable[Sequence[int]] | None = None) -> None:
        offsets, length = numpy_memory.places(self.program, blocks, order)
        arena = numpy_memory.arena_of(length)
        for block, begin in offsets.items():
            self._bases[block] = arena[begin : begin + max(block.nbytes, 1)]

    def _kept_arrays(self) -> tuple[tuple[np.ndarray, ...], dict[str, Value]]:
        """The arrays for kept outputs, and those of them that are copied at the end, from what is new in each run."""
        arrays, copied = [], {}
        for value in self.program.kept:
            if self._has_place(value):
                arrays.append(self._array(value))
            else:
                arrays.append(np.empty(value.shape, value.dtype))
                copied[self._name(arrays[-1], id(arrays[-1]), "kept")] = value
        return tuple(arrays), copied

    def _has_place(self, value: Value) -> bool:
        fixed = value.block in self._fixed or value.block.kind in ("outside", "fed", "constant")
        return fixed and value not in self._wandering

    def _array(self, value: Value) -> np.ndarray:
        return look(self._bases.get(value.block, value.block.array), value)

    # Lines

    def _lines(self) -> list[str]:
        used = [value for call in self.program.calls for value in call.given]
        made = {value for call in self.program.calls for value in call.results}
        given = [
            value
            for value in dict.fromkeys((*used, *self.program.fresh, *self.program.kept))
            if value.block.kind == "argument"
        ]
        lines = [f"{self._text(value)} = arguments[{value.block.index}]" for value in given if value not in made]
        lines += self._lines_of_calls()
        lines += [f"{name}[...] = {self._text(value)}" for name, value in self._copied.items()]
        outputs = [self._output(value) for value in self.program.fresh]
        return [*lines, f"return ({', '.join(outputs)}{',' * (len(outputs) == 1)})"]

    def _lines_of_calls(self) -> Iterator[str]:
        """The lines of the calls in order; several on large arrays of one shape are made block by block."""
        facts = Facts(self.program)
        left = [(number, call) for number, call in enumerate(self.program.calls) if not self._is_made_once(call)]
        for shape, group in itertools.groupby(left, lambda pair: shape_of(pair[1], self._has_place)):
            calls = list(group)
            blocks = Blocks(calls, facts, self._array) if shape is not None else None
            if blocks is not None and blocks.worthwhile():
                yield blocks.line(self._text, lambda item: self._name(item, id(item), "blocks"))
            else:
                yield from (line for _, call in calls for line in self._lines_of(call))

    def _is_made_once(self, call: Call) -> bool:
        return is_view(call) and all(map(self._has_place, call.results))

    def _lines_of(self, call: Call) -> list[str]:
        if self._is_made_once(call):
            return []
        if call.results and not makes(call) and all(map(self._has_place, call.results)):
            return [plain(call, self._text)]  # it looks at its argument, and returns it
        if id(call) in self._writable:
            making = [self._making(value) for value in call.results if value.block in self._prepared]
            return [*making, *filter(None, [written(call, self._text)])]
        text = self._text if ufunc_of(call.function) is not None else self._exact_text
        made = plain(call, text) if call.function is not getitem else "{}[{}]".format(*map(text, call.args))
        names = [self._text(value) for value in call.results]
        if not names:
            return [made]
        return [f"{', '.join(names)}{',' * (call.structure is not None and len(names) == 1)} = {made}"]

    def _making(self, value: Value) -> str:
        """Memory for a value, with its axes in their order."""
        order = sorted(range(len(value.shape)), key=lambda axis: -value.strides[axis])
        if value.contiguous:
            return f"{self._text(value)} = empty({self._text(value.shape)}, {self._text(value.dtype)})"
        lengths, axes = tuple(value.shape[axis] for axis in order), tuple(map(order.index, range(len(order))))
        return f"{self._text(value)} = empty({lengths}, {self._text(value.dtype)}).transpose({axes})"

    def _output(self, value: Value) -> str:
        """What is returned: new memory."""
        name = self._text(value)
        return name if value.block in self._prepared else f"array({name})"

    # Names

    def _text(self, item: Any) -> str:
        """The text of an argument, or of what a result is assigned to."""
        if isinstance(item, Value):
            return self._value(item)
        if item is None or item is ... or type(item) in (bool, int, str):
            return repr(item) if item is not ... else "..."
        if type(item) in (tuple, list):
            inside = ", ".join(map(self._text, item))
            return f"[{inside}]" if type(item) is list else f"({inside}{',' * (len(item) == 1)})"
        if isinstance(item, slice) and any(values_in(item)):
            return f"slice({', '.join(map(self._text, (item.start, item.stop, item.step)))})"
        ufunc = ufunc_of(item)  # whose methods are made anew whenever they are asked for
        return self._name(item, id(item) if ufunc is None else (id(ufunc), _called(item)), _called(item))

    def _exact_text(self, item: Any) -> str:
        """The same, where it matters whether a number is a NumPy scalar or a 0-d array."""
        if type(item) in (tuple, list):
            inside = ", ".join(map(self._exact_text, item))
            return f"[{inside}]" if type(item) is list else f"({inside}{',' * (len(item) == 1)})"
        scalar = isinstance(item, Value) and isinstance(item.sample, np.generic)
        return f"{self._text(item)}[()]" if scalar and self._has_place(item) else self._text(item)

    def _value(self, value: Value) -> str:
        if not self._has_place(value):
            return f"v{value.number}"
        array = self._array(value)
        key = array.__array_interface__["data"], value.shape, value.dtype, value.strides
        return self._name(array, key, "x")

    def _name(self, item: Any, key: Any, stem: str) -> str:
        if key not in self._named:
            number = self._counts[stem] = self._counts.get(stem, -1) + 1
            name = self._named[key] = f"{stem}_{number}" if number or stem in self.names else stem
            self.names[name] = item
        return self._named[key]


def _called(item: Any) -> str:
    """What to call an object in the source."""
    ufunc = getattr(item, "__self__", None)
    prefix = f"{ufunc.__name__}_" if isinstance(ufunc, np.ufunc) else ""
    name = getattr(item, "__name__", "")
    return prefix + name if name.isidentifier() and not keyword.iskeyword(name) else "c"
