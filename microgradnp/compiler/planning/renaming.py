"""A call that overwrites a whole piece of memory makes a new value: after that, most blocks are written to once."""

from __future__ import annotations

from dataclasses import replace

from ..program import Block, Call, Program, Value, values_in
from .functions import is_elementwise, loop_dtypes, operands, targets
from .rewriting import Draft, fills, same_place


def renamed(program: Program) -> Program:
    """``exp(v, out=v)`` becomes ``w = exp(v)`` in a new block, and ``w`` stands for ``v`` from there on.

    Where the result is put is decided when memory is laid out: in the same place again, if nobody needs what was there.
    """
    draft = Draft(program)
    uses = _uses(program)
    for number, call in enumerate(program.calls):
        target = _overwritten(call)
        later = [] if target is None else [v for v, last in uses.get(target.block, {}).items() if last > number]
        if target is None or not all(same_place(value, target) for value in later):
            draft.calls.append(draft.updated(call))
            continue
        new = draft.value(Block("own", target.block.nbytes), target)
        args = draft.renewed(operands(call))
        draft.calls.append(replace(call, args=args, kwargs={}, writes=(), results=(new,)))
        for value in later:
            draft.replace(value, new)
    return draft.finish()


def _overwritten(call: Call) -> Value | None:
    """The value that is all of an own block, and that a call gives new contents, of the dtype that it computes in."""
    if len(targets(call)) != 1 or not is_elementwise(call):
        return None
    target = targets(call)[0]
    dtypes = loop_dtypes(call)
    if target.block.kind != "own" or not fills(target) or dtypes is None or dtypes[-1] != target.dtype:
        return None
    return target


def _uses(program: Program) -> dict[Block, dict[Value, int]]:
    """For each block, its values, and the last call that uses each; outputs are used after all calls."""
    uses: dict[Block, dict[Value, int]] = {}
    for number, call in enumerate(program.calls):
        for value in values_in((call.args, call.kwargs, call.results)):
            uses.setdefault(value.block, {})[value] = number
    for value in (*program.fresh, *program.kept):
        uses.setdefault(value.block, {})[value] = len(program.calls)
    return uses


