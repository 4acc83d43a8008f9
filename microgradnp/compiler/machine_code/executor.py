"""The NumPy executor, in which runs of calls that Numba can do are one call of machine code.

    kernel(table, v0)
    dot(x3, x4, x5)
    kernel_1(table_1)

Large products stay with BLAS, and functions such as ``exp`` of many elements with NumPy, whose loops are vectorized; so
does every call that is not known here. A small step is one kernel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..numpy_executor import Source, run_of
from ..plan.functions import is_view, makes, targets
from ..program import Block, Call, Program, Value, values_in
from .compiling import compiled
from .formulas import SLOW, Formula, formula_of
from .loops import Loop, Place, Product, Reduction, product_of, reduction_of

SMALL_PRODUCT = 2048  # multiplications: a call of BLAS takes a microsecond, in which loops make about so many
SMALL_SLOW = 1024  # elements: from here on NumPy's exp, four to eight at a time, is ahead of a loop and a call less
LONGEST = 300  # calls in one kernel: compiling takes longer than in proportion to its length
LARGE_REDUCTION = 16384  # elements: sums along rows by NumPy are vectorized


def build(program: Program) -> Any:
    """A function of the arguments that returns the fresh outputs; its ``kept`` are the others, in fixed memory.

    Raises ImportError without Numba.
    """
    return run_of(KernelSource(program))


Piece = Formula | Reduction | Product


class KernelSource(Source):
    """The Python function for a program, with kernels."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._wandering = self._without_a_place()
        self._pieces = dict(self._pieces_within_reach())
        self._last_read = _last_reads(program)
        super().__init__(program)

    def _pieces_within_reach(self) -> Iterator[tuple[int, Piece]]:
        """What kernels make, of the calls whose operands and results all have a place that a kernel can find."""
        placeless = self._handed_out()  # and the results of calls that cannot write to a given array
        for call in self.program.calls:
            values = set(values_in((call.args, call.kwargs, call.results)))
            within = placeless.isdisjoint(value.block for value in values) and all(map(self._findable, values))
            piece = None if is_view(call) or not within else piece_of(call)
            if piece is not None:
                yield id(call), piece
            elif not super().can_write(call) or makes(call) != call.results:
                placeless |= {value.block for value in makes(call)}

    def _findable(self, value: Value) -> bool:
        """Whether it begins at a place that is known beforehand, and between whole elements."""
        aligned = not any(step % value.dtype.itemsize for step in (*value.strides, value.offset))
        return aligned and value not in self._wandering

    def can_write(self, call: Call) -> bool:
        return (id(call) in self._pieces and not targets(call)) or super().can_write(call)

    def _handed_out(self) -> set[Block]:
        """Small outputs lie in the arena and are copied, so that kernels can write them."""
        return {block for block in super()._handed_out() if block.nbytes > 4096}

    def _lines_of_calls(self) -> Iterator[str]:
        waiting: list[tuple[int, Call]] = []
        for number, call in enumerate(self.program.calls):
            if id(call) in self._pieces:
                waiting.append((number, call))
                if len(waiting) == LONGEST:
                    yield from self._kernel(waiting)
                    waiting = []
            elif lines := self._lines_of(call):
                yield from self._kernel(waiting)
                waiting = []
                yield from lines
        yield from self._kernel(waiting)

    def _kernel(self, calls: Sequence[tuple[int, Call]]) -> Iterator[str]:
        if len(calls) == 1 and super().can_write(calls[0][1]):
            yield from self._lines_of(calls[0][1])  # nothing to gain
            return
        if not calls:
            return
        kernel = Kernel(self)
        for number, call in calls:
            kernel.add(number, self._pieces[id(call)])
        function = compiled(kernel.source(), len(kernel.arguments))
        table = np.array(kernel.addresses, np.int64)
        self.names.setdefault("memories", []).extend(kernel.memories)  # which a table does not keep alive
        names = [self._name(function, id(function), "kernel"), self._name(table, id(table), "table")]
        yield f"{names[0]}({', '.join([names[1], *kernel.arguments])})"

    def needed_after(self, value: Value, number: int) -> bool:
        """Whether what a call has written is read by a later one than ``number``, or is to be there after the run."""
        return value.block.kind != "own" or self._last_read.get(value.block, -1) > number


def piece_of(call: Call) -> Piece | None:
    """What a kernel would make of a call, if it should make it."""
    formula = formula_of(call)
    if formula is not None:
        slow = call.function in SLOW and formula.result.size > SMALL_SLOW
        return None if slow or _reads_elsewhere(formula) else formula
    reduction = reduction_of(call)
    if reduction is not None:
        return reduction if reduction.array.size <= LARGE_REDUCTION else None
    product = product_of(call)
    if product is not None:
        work = product.left.size * (product.right.shape[1] if len(product.right.shape) > 1 else 1)
        return product if work <= SMALL_PRODUCT else None
    return None


def _reads_elsewhere(formula: Formula) -> bool:
    """Whether it writes where it reads, at other elements: NumPy then works on a copy."""
    target = formula.result
    return any(
        value.block is target.block
        and (value.offset, value.shape, value.strides) != (target.offset, target.shape, target.strides)
        for value in formula.reads
        if isinstance(value, Value)
    )


def _last_reads(program: Program) -> dict[Block, int]:
    """For each block the last call that reads it; outputs are read after all calls."""
    last: dict[Block, int] = {}
    for number, call in enumerate(program.calls):
        for value in values_in((call.args, call.kwargs)):
            last[value.block] = number
    for value in (*program.fresh, *program.kept):
        last[value.block] = len(program.calls)
    return last


class Kernel:
    """The loops of one kernel, and the memory that they work on."""

    def __init__(self, source: KernelSource) -> None:
        self._source = source
        self.memories: list[Any] = []
        self.addresses: list[int] = []
        self.arguments: list[str] = []
        self._memories: dict[Any, str] = {}
        self._types: dict[tuple[str, str], int] = {}  # how far each memory is used, in each dtype
        self._parts: list[tuple[int, Any]] = []  # the number of the last call in it, and a loop, reduction or product

    def add(self, number: int, piece: Piece) -> None:
        if not isinstance(piece, Formula):
            self._parts.append((number, piece))
            return
        last = self._parts[-1][1] if self._parts else None
        if isinstance(last, Loop) and last.takes(piece, self.where):
            self._parts[-1] = number, last
        else:
            last = Loop(piece.result.shape)
            self._parts.append((number, last))
        last.add(piece, self.where)

    def where(self, value: Value) -> Place:
        """Where a value lies within the kernel's memory."""
        if value.block.kind == "argument" and not self._source._has_place(value):
            name, offset = self._given(value.block), value.offset
        else:
            array = self._source._array(value)
            name, offset = self._fixed(value.block, array)
        place = Place(name, offset, value.dtype, value.shape, value.strides)
        key = name, value.dtype.name
        self._types[key] = max(self._types.get(key, 1), place.span[1] // value.dtype.itemsize)
        return place

    def _given(self, block: Block) -> str:
        if block not in self._memories:
            self._memories[block] = f"a{len(self.arguments)}"
            self.arguments.append(f"arguments[{block.index}]")
        return self._memories[block]

    def _fixed(self, block: Block, array: np.ndarray) -> tuple[str, int]:
        """The name of the memory an array is part of, and where in it the array begins: the arena is one memory."""
        base = self._source._bases.get(block, block.array)
        owner = base.base if block.kind == "own" and base.base is not None else base
        if id(owner) not in self._memories:
            self._memories[id(owner)] = f"m{len(self.addresses)}"
            self.memories.append(owner)
            self.addresses.append(owner.__array_interface__["data"][0])
        name = self._memories[id(owner)]
        return name, array.__array_interface__["data"][0] - self.addresses[int(name[1:])]

    def source(self) -> str:
        """The kernel as a Python function."""
        body: list[str] = []
        for number, part in self._parts:
            if isinstance(part, Loop):
                body += part.lines(self.where, lambda value, _, number=number: self._source.needed_after(value, number))
            else:
                body += part.lines(self.where)
        heads = []
        for (name, dtype), length in self._types.items():
            address = f"table[{name[1:]}]" if name[0] == "m" else f"{name}.ctypes.data"
            heads.append(
                f"{name}_{dtype} = carray(pointer({address}), ({length},), np.{dtype.replace('bool', 'bool_')})"
            )
        given = [f"a{i}" for i in range(len(self.arguments))]
        return "\n    ".join([f"def kernel({', '.join(['table', *given])}):", *heads, *body]) + "\n"
