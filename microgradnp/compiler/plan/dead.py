"""What nobody asks for is not computed."""

from __future__ import annotations

from ..program import Block, Call, Program, Value
from .functions import is_pure, is_view, makes, reads, targets


def without_dead_calls(program: Program) -> Program:
    """Calls whose results nobody reads, and that write to nothing that lives on, are left out."""
    outputs = (*program.fresh, *program.kept)
    needed: set[Block] = {value.block for value in outputs}  # their contents are read later
    used: set[Value] = set(outputs)
    calls: list[Call] = []
    for call in reversed(program.calls):
        if not _is_needed(call, needed, used):
            continue
        calls.append(call)
        if not is_view(call):
            needed -= {value.block for value in makes(call)}
            needed |= {value.block for value in reads(call)}
        used |= set(call.given)
    return Program(calls[::-1], program.values, program.fresh, program.kept)


def _is_needed(call: Call, needed: set[Block], used: set[Value]) -> bool:
    if is_view(call):
        return not used.isdisjoint(call.results)
    written = targets(call)
    if not written:
        return not is_pure(call.function) or any(value.block in needed or value in used for value in call.results)
    return any(value.block in needed or value.block.kind not in ("own", "constant") for value in written)
