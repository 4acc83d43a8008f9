"""A captured program, made to run, and what a call leaves behind: as one Python function, for every step counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..autograd import memory
from ..autograd.quiet import restore, silence
from ..tensor import Tensor, make
from . import interpreter
from .arguments import Argument, Fresh, Kept, Static, filled, shared
from .listing import program_text
from .program import Program

if TYPE_CHECKING:
    from .running import Run


OPERATION = "a compiled step"  # as which it is named when it has made a graph stale


class Replay:
    """A captured run that can be made again, for as long as its guards hold."""

    def __init__(self, run: Run, executor: str) -> None:
        self.guards, self.program = run.guards, run.program
        self._run = build(run.program, executor)
        self._numbers = [
            [(i, array.array) for i, number in update.numbers.items() for array in number.arrays.values()]
            for update in run.updates
        ]
        self._fed = run.guards.settings
        self._note_writes()
        self.again = self._function(run)

    def _note_writes(self) -> None:
        """What each run writes to: memory from outside and gradients, and arguments; and what these must not share."""
        blocks = {value.block for call in self.program.calls for value in call.writes}
        written = [*[block.array for block in blocks if block.kind == "outside"], *self._run.kept]
        self._written = list(dict.fromkeys(memory.writes_to(array) for array in written))
        self._arguments = sorted(block.index for block in blocks if block.kind == "argument")
        used = {value.block for call in self.program.calls for value in call.given}
        known = [block.array for block in used if block.kind == "outside"] if self._arguments else []
        self._apart = {id(memory.owner_of(array)) for array in (*written, *known)}

    def _function(self, run: Run) -> Callable[[list[Tensor]], Any]:
        """What makes the run again, given the tensor arguments, and returns what the function returns."""
        names: dict[str, Any] = {
            "run": self._run, "make": make, "stamp": memory.stamp, "written": self._written, "guards": self.guards,
            "feed": self._feed, "replay": self, "check": self._check, "filled": filled, "writes_to": memory.writes_to,
            "memory": memory, "silence": silence, "restore": restore,
            **{f"w{i}": writes for i, writes in enumerate(self._written)},
        }  # fmt: skip

        def named(item: Any) -> str:
            name = f"x{len(names)}"
            names[name] = item
            return name

        kept = [named(make(array)) for array in self._run.kept]

        def text(item: Any) -> str:
            if item.__class__ is Static:
                return named(item.item)
            if item.__class__ is Argument:
                return f"tensors[{int(item)}]"
            return kept[item] if item.__class__ is Kept else f"made{int(item)}"

        def structure(item: Any) -> str:
            if type(item) in (tuple, list):
                parts = ", ".join(map(structure, item))
                return f"[{parts}]" if isinstance(item, list) else f"({parts}{',' * (len(item) == 1)})"
            if isinstance(item, (Static, Fresh, Argument)):
                return text(item)
            return f"filled({named(item)}, tensors, ({''.join(f'made{i}, ' for i in range(fresh))}))"

        fresh = len(run.program.fresh)
        lines = ["if guards.settings is not replay._fed: feed()", "arrays = [tensor._array for tensor in tensors]"]
        lines += ["if arrays: check(arrays)"] if self._apart or self._arguments else []
        lines += self._running("fresh = run(arrays)")
        lines += [f"made{i} = make(fresh[{i}])" for i in range(fresh)]
        lines += [f"{text(target)}._grad = {text(grad)}" for target, grad in run.grads]
        source = "\n    ".join(["def again(tensors):", *lines, f"return {structure(run.structure)}"])
        exec(source, names)
        return names["again"]

    def _running(self, line: str) -> list[str]:
        """The line that runs the program, without NumPy's warnings. What it writes to is stamped, even if it fails."""
        if not (self._written or self._arguments):
            return ["quiet = silence()", "try:", f"    {line}", "finally:", "    restore(quiet)"]
        given = "".join(f", writes_to(arrays[{i}])" for i in self._arguments)
        stamps = [f"stamp((*written{given},), {OPERATION!r})"]
        if not given and len(self._written) <= 16:  # what stamp() does, in a third of its time
            stamps = ["memory.last_write = time = memory.tick()"]
            for i in range(len(self._written)):
                stamps.append(f"w{i}.time = time; w{i}.operation = {OPERATION!r}; w{i}.code = None; w{i}.count += 1")
        return [
            "quiet = silence()",
            "try:",
            f"    {line}",
            "finally:",
            "    restore(quiet)",
            *[f"    {stamp}" for stamp in stamps],
        ]

    def _check(self, arrays: list[Any]) -> None:
        """Raise if an argument shares memory with what is written to."""
        for array in arrays:
            if id(memory.owner_of(array)) in self._apart:
                raise shared(array)
        for i in self._arguments:
            owner = memory.owner_of(arrays[i])
            if any(memory.owner_of(array) is owner for j, array in enumerate(arrays) if j != i):
                raise shared(arrays[i])
            if not arrays[i].flags.writeable:
                raise RuntimeError("compile: the memory of an argument that is written to is read-only; clone() it")

    def _feed(self) -> None:
        """Write the settings of this call to where the program reads them."""
        settings = self.guards.settings
        for numbers, values in zip(self._numbers, settings, strict=True):
            for i, array in numbers:
                array[...] = values[i]
        self._fed = settings

    def text(self) -> str:
        """The program."""
        return program_text(self.program)


def build(program: Program, executor: str) -> Any:
    """The program, planned and made to run by an executor."""
    if executor == "reference":
        return interpreter.build(program)
    from .plan import plan

    if executor == "numba":
        from . import machine_code as chosen
    else:
        from . import numpy_executor as chosen
    run = chosen.build(plan(program))
    for value in program.values:
        if value.block.kind == "own":
            value.sample = None  # the arrays of the captured run
    return run
