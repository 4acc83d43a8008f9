"""The NumPy executor, in which runs of calls that Numba can do are one call of machine code.

    kernel(table, v0)
    dot(x3, x4, x5)
    kernel_1(table_1)

Large products stay with BLAS, and functions that vectorize only in NumPy with that; so does every call that is not
known here. A small step is one kernel.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence, Set
from typing import Any

import numpy as np

from .. import numpy_memory
from ..numpy_executor import Source, run_of
from ..plan.functions import is_view, makes, targets
from ..plan.rewriting import fills
from ..program import Block, Call, Program, Value
from .compiling import compiled
from .contractions import contraction_of
from .formulas import FAST, SLOW, Formula, formulas_of
from .loops import Loop
from .nests import Place
from .rows import Piece, Rows, grouped

SMALL_PRODUCT = 2048  # multiplications: a call of BLAS takes a microsecond, in which loops make about so many
SMALL_SLOW = 1024  # elements: from here on NumPy's sin, four to eight at a time, is ahead of a loop and a call less
LONGEST = 300  # calls in one kernel: compiling takes longer than in proportion to its length


def build(program: Program) -> Any:
    """A function of the arguments that returns the fresh outputs; its ``kept`` are the others, in fixed memory.

    Raises ImportError without Numba.
    """
    return run_of(KernelSource(program))


class KernelSource(Source):
    """The Python function for a program, with kernels."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._new: dict[Block, str] = {}  # memory that is made in each run: what it is called
        self.starts = {v.block: v.offset for v in reversed(program.values) if v.block.kind == "argument"}
        self._wandering = self._without_a_place()
        self._pieces = dict(self._pieces_within_reach())
        self._kernels = {calls[0][0]: grouped(calls) for calls in self._runs()}  # by the number of their first call
        self._users = self._users_of_blocks()
        self._outputs = {value.block for value in (*program.fresh, *program.kept)}
        self._private: dict[Block, tuple[int, int]] = {}
        for rows in (rows for kernel in self._kernels.values() for rows in kernel):
            self._private |= rows.private(self._users, self._outputs)
        super().__init__(program)

    def _pieces_within_reach(self) -> Iterator[tuple[int, Piece]]:
        """What kernels make, of the calls whose operands and results all have a place that a kernel can find."""
        placeless: set[Block] = set()  # what is part of memory that a call makes
        for call in self.program.calls:
            values = {*call.given, *call.results}
            within = placeless.isdisjoint(value.block for value in values) and all(map(self._findable, values))
            piece = None if is_view(call) or not within else piece_of(call)
            if piece is not None:
                yield id(call), piece
            elif not super().can_write(call) or makes(call) != call.results:
                for value in makes(call):
                    if value.shape and fills(value):
                        self._new[value.block] = f"v{value.number}"
                    else:
                        placeless.add(value.block)

    def _findable(self, value: Value) -> bool:
        """Whether it begins at a place that is known beforehand, and between whole elements."""
        aligned = not any(step % value.dtype.itemsize for step in (*value.strides, value.offset))
        return aligned and value not in self._wandering

    def _runs(self) -> Iterator[list[tuple[int, Piece]]]:
        """The runs of calls that become kernels: what is between them is made by NumPy, or is no work."""
        waiting: list[tuple[int, Piece]] = []
        for number, call in enumerate(self.program.calls):
            if id(call) in self._pieces:
                waiting.append((number, self._pieces[id(call)]))
            if len(waiting) == LONGEST or (id(call) not in self._pieces and not is_view(call)):
                yield from [waiting] if self._worthwhile(waiting) else []
                waiting = []
        yield from [waiting] if self._worthwhile(waiting) else []

    def _worthwhile(self, run: list[tuple[int, Piece]]) -> bool:
        """Not for one call that NumPy does as well."""
        call = self.program.calls[run[0][0]] if run else None
        return len(run) > 1 or (call is not None and (call.function in FAST or not super().can_write(call)))

    def can_write(self, call: Call) -> bool:
        return (id(call) in self._pieces and not targets(call)) or super().can_write(call)

    def _handed_out(self) -> set[Block]:
        """Small outputs lie in the arena and are copied, so that kernels can write them."""
        return {block for block in super()._handed_out() if block.nbytes > 4096}

    def _lay_out(self) -> None:
        made = [value for call in self.program.calls for value in makes(call)]
        self._new |= {value.block: f"v{value.number}" for value in made if value.block in self._prepared}
        order = [[[part]] if isinstance(part, int) else [rows.numbers for rows in part] for part in self._order()]
        self._place_in_arena(self._fixed - self._private.keys(), itertools.chain(*order))

    def _order(self) -> Iterator[int | Sequence[Rows]]:
        """What is made one after the other: calls, by their numbers, and kernels."""
        made = {number for kernel in self._kernels.values() for rows in kernel for number in rows.numbers}
        for number in range(len(self.program.calls)):
            if number in self._kernels:
                yield self._kernels[number]
            if number not in made:
                yield number

    def _lines_of_calls(self) -> Iterator[str]:
        for part in self._order():
            yield from self._lines_of(self.program.calls[part]) if isinstance(part, int) else self._kernel(part)

    def _kernel(self, groups: Sequence[Rows]) -> Iterator[str]:
        made = {number for rows in groups for number in rows.numbers}
        for value in (value for number in sorted(made) for value in self.program.calls[number].results):
            if value.block in self._prepared:
                yield self._making(value)
        kernel = Kernel(self, groups)
        function = compiled(kernel.source(), len(kernel.arguments))
        table = np.array(kernel.addresses, np.int64)
        self.names.setdefault("memories", []).extend(kernel.memories)  # which a table does not keep alive
        names = [self._name(function, id(function), "kernel"), self._name(table, id(table), "table")]
        yield f"{names[0]}({', '.join([names[1], *kernel.arguments])})"

    def needed(self, value: Value, formulas: Set[Any]) -> bool:
        """Whether what these have written is read by others, or is to be there after the run."""
        block = value.block
        return block.kind != "own" or block in self._outputs or not self._users[block] <= formulas

    def _users_of_blocks(self) -> dict[Block, set[Any]]:
        """For each block the calls that touch it, or what kernels make of them; making a view does not."""
        users: dict[Block, set[Any]] = {}
        for call in self.program.calls:
            piece = self._pieces.get(id(call), call)
            for user in piece if isinstance(piece, tuple) else () if is_view(call) else (piece,):
                own = (*user.reads, user.result) if isinstance(user, Formula) else (*call.given, *call.results)
                for value in [item for item in own if isinstance(item, Value)]:
                    users.setdefault(value.block, set()).add(user)
        return users


def piece_of(call: Call) -> Piece | None:
    """What a kernel would make of a call, if it should make it."""
    formulas = formulas_of(call)
    if formulas:
        slow = call.function in SLOW and formulas[0].result.size > SMALL_SLOW
        return None if slow or any(map(_reads_elsewhere, formulas)) else formulas
    contraction = contraction_of(call)
    if contraction is None:
        return None
    large = contraction.makes_matrix and contraction.nest.size > SMALL_PRODUCT
    return None if large else contraction


def _reads_elsewhere(formula: Formula) -> bool:
    """Whether it writes where it reads, at other elements: NumPy then works on a copy."""
    target = formula.result
    return any(
        value.block is target.block
        and (value.offset, value.shape, value.strides) != (target.offset, target.shape, target.strides)
        for value in formula.reads
        if isinstance(value, Value)
    )


class Kernel:
    """The source of one kernel, and the memory that it works on."""

    def __init__(self, source: KernelSource, groups: Sequence[Rows]) -> None:
        self._source, self._groups = source, groups
        self.memories: list[Any] = []
        self.addresses: list[int] = []
        self.arguments: list[str] = []
        self._names: dict[Any, str] = {}
        self._begins: dict[str, str] = {}  # the addresses of the arguments' memory
        self._lengths: dict[tuple[str, str], int] = {}  # how far each memory is used, in each dtype
        self._scratch = 0  # bytes of memory for rows and sums
        self._rows: dict[Block, int] = {}  # where in it the row of a block lies

    def source(self) -> str:
        """The kernel as a Python function."""
        body = [line for number, group in enumerate(self._groups) for line in self._lines(group, f"s{number}")]
        if self._scratch:
            memory = numpy_memory.arena_of(self._scratch)
            self.memories.append(memory)
            self.addresses.append(memory.__array_interface__["data"][0])
            self._names["scratch"] = f"m{len(self.addresses) - 1}"
        heads = []
        for (name, dtype), length in self._lengths.items():
            index = self._names["scratch"][1:] if name == "scratch" else name[1:]
            address = self._begins.get(name) or f"table[{index}]"
            dtype_name = dtype.replace("bool", "bool_")
            heads.append(f"{name}_{dtype} = carray(pointer({address}), ({length},), np.{dtype_name})")
        given = [f"a{i}" for i in range(len(self.arguments))]
        return "\n    ".join([f"def kernel({', '.join(['table', *given])}):", *heads, *body]) + "\n"

    def _lines(self, group: Rows, name: str) -> Iterator[str]:
        """The parts of a group, in rows if there are several."""
        before, body, after = [], [], []
        for number, (part, row, steps, summed) in enumerate(group.rows()):

            def element(place: Place, inner: Any, steps: dict[Place, int] = steps) -> str:
                return self._element(place, steps[place], inner)

            if isinstance(part, Loop):
                body += part.lines(row, element, self._source.needed)
                continue
            if summed:
                part.goes_over_rows()
            sums = self._sums(part.room(row, summed), part.wide, f"{name}_{number}_")
            if summed:
                before += part.begin(row, sums)
                body += part.row_lines(row, element, sums)
                after += part.end(row, element, sums)
            else:
                body += part.lines(row, element, sums)
        if group.count > 1:
            body = [f"for r in range({group.count}):", *(f"    {line}" for line in body)]
        yield from (*before, *body, *after)

    def _sums(self, count: int, dtype: np.dtype[Any], name: str) -> tuple[str, int]:
        """Room for sums: the name of the memory and where it begins, or of a variable if there is one only."""
        if count == 1:
            return name, -1
        begin = self._room(count * dtype.itemsize)
        self._use("scratch", dtype, begin + count * dtype.itemsize)
        return f"scratch_{dtype.name}", begin // dtype.itemsize

    def _room(self, nbytes: int) -> int:
        begin, self._scratch = self._scratch, self._scratch + -(-nbytes // 64) * 64
        return begin

    def _element(self, place: Place, step: int, inner: Sequence[tuple[str, int]]) -> str:
        """The text of an element: of row ``r``, and so many steps away from its beginning."""
        itemsize = place.dtype.itemsize
        if place.block in self._source._private:
            begin, length = self._source._private[place.block]
            if place.block not in self._rows:
                self._rows[place.block] = self._room(length)
            at = self._rows[place.block]
            name, first, outer, end = "scratch", at + place.offset - begin, 0, at + length
        else:
            name, first = self._memory(place.block)
            first, outer, end = first + place.offset, step, first + place.span[1]
        self._use(name, place.dtype, end)
        terms = [("r", outer), *inner]
        parts = [f"{index} * {step // itemsize}" if step != itemsize else index for index, step in terms if step]
        begin_text = [str(first // itemsize)] if first or not parts else []
        return f"{name}_{place.dtype.name}[{' + '.join([*begin_text, *parts])}]"

    def _use(self, name: str, dtype: np.dtype[Any], end: int) -> None:
        key = name, dtype.name
        self._lengths[key] = max(self._lengths.get(key, 1), end // dtype.itemsize)

    def _memory(self, block: Block) -> tuple[str, int]:
        """The name of the memory a block lies in, and where in it the block begins: the arena is one memory."""
        if block.kind == "argument" or block in self._source._new:
            if block not in self._names:
                name = self._names[block] = f"a{len(self.arguments)}"
                self.arguments.append(self._source._new.get(block) or f"arguments[{block.index}]")
                before = self._source.starts.get(block, 0)
                self._begins[name] = f"{name}.ctypes.data{f' - {before}' * (before > 0)}"
            return self._names[block], 0
        base = self._source._bases.get(block, block.array)
        owner = base.base if block.kind == "own" and base.base is not None else base
        if id(owner) not in self._names:
            self._names[id(owner)] = f"m{len(self.addresses)}"
            self.memories.append(owner)
            self.addresses.append(np.lib.array_utils.byte_bounds(owner)[0])
        name = self._names[id(owner)]
        return name, base.__array_interface__["data"][0] - self.addresses[int(name[1:])]
