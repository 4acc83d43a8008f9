"""Running a program call by call: slow, and plain enough to be the reference for everything that is faster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .program import Block, Program, Value, look, mapped


def interpret(program: Program, arguments: Sequence[np.ndarray] = ()) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Run a program; returns its fresh and its kept outputs."""
    arrays: dict[int, Any] = {}
    renewed: dict[Block, np.ndarray] = {}

    def array_of(item: Any) -> Any:
        if not isinstance(item, Value):
            return item
        if item.number not in arrays:
            arrays[item.number] = given(item)
        return arrays[item.number]

    def given(value: Value) -> Any:
        """A value that no call makes."""
        block = value.block
        if block.kind == "argument":
            return arguments[block.index]
        if block.kind == "constant":
            renewed.setdefault(block, block.array.copy("K"))
            return look(renewed[block], value)
        return value.sample

    for call in program.calls:
        result = call.function(*mapped(call.args, array_of), **mapped(call.kwargs, array_of))
        results = result if call.structure is not None else (result,)
        for value, array in zip(call.results, results, strict=False):
            arrays[value.number] = array
    return tuple(map(array_of, program.fresh)), tuple(map(array_of, program.kept))


def build(program: Program) -> Any:
    """As every executor's: a function of the arguments that returns the fresh outputs; its ``kept`` are the others."""

    def run(arguments: Sequence[np.ndarray]) -> tuple[Any, ...]:
        fresh, kept = interpret(program, arguments)
        for array, now in zip(run.kept, kept, strict=True):  # type: ignore[attr-defined]
            array[...] = now
        return tuple(np.copy(array) for array in fresh)

    run.kept = tuple(np.copy(value.sample) for value in program.kept)  # type: ignore[attr-defined]
    return run
