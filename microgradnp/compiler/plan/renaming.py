"""A call that overwrites a whole piece of memory makes a new value: after that, most blocks are written to once."""

from __future__ import annotations

from dataclasses import replace

from ..program import Block, Call, Program, Value
from .functions import is_elementwise, loop_dtypes, operands, targets
from .rewriting import Draft, fills, same_place


def renamed(program: Program) -> Program:
    """``exp(v, out=v)`` becomes ``w = exp(v)`` in a new block, and ``w`` stands for ``v`` from there on.

    Where the result is put is decided when memory is laid out: in the same place again, if nobody needs what was there.
    Not so if other values that look into the memory, such as ``v[0]``, are used before and after.
    """
    draft = Draft(program)
    lives = _lives(program)
    for number, call in enumerate(program.calls):
        target = _overwritten(call)
        across = [v for v, (first, last) in lives[target.block].items() if first <= number < last] if target else []
        if target is None or not all(same_place(value, target) for value in across):
            draft.calls.append(draft.updated(call))
            continue
        new = draft.value(Block("own", target.block.nbytes), target)
        draft.calls.append(replace(call, args=draft.renewed(operands(call)), kwargs={}, writes=(), results=(new,)))
        for value in across:
            draft.replace(value, new)
        draft.move(target.block, new.block, 0)
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


def _lives(program: Program) -> dict[Block, dict[Value, tuple[int, int]]]:
    """For each block, its values, and the first and the last call of each; outputs are used after all calls."""
    lives: dict[Block, dict[Value, tuple[int, int]]] = {}
    used = [(*call.given, *call.results) for call in program.calls]
    for number, values in enumerate([*used, (*program.fresh, *program.kept)]):
        for value in values:
            of_block = lives.setdefault(value.block, {})
            of_block[value] = (of_block.get(value, (number, number))[0], number)
    return lives
