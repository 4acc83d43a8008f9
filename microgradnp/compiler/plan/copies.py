"""Copies of what nobody changes afterwards are left out."""

from __future__ import annotations

import numpy as np

from ..capture import astype, copied
from ..program import Block, Call, Program, Value
from .functions import makes
from .rewriting import Draft, Facts, fills, form


def without_copies(program: Program) -> Program:
    """``b = copy(a)``: ``a`` stands for ``b``, if nobody writes to either while ``b`` is used, or uses ``a`` any more.

    Not so when the copy is what is handed out, and the original is something that lives on, or is handed out as well.
    """
    draft, facts = Draft(program), Facts(program)
    for number, call in enumerate(program.calls):
        new = draft.updated(call)
        if _copies(new) and _needless(new.args[0], new.results[0], number, facts):
            original, copy = new.args[0], new.results[0]
            draft.move(copy.block, original.block, original.offset - copy.offset)
            draft.replace(copy, original)
            _become_one(original.block, copy.block, facts)
        else:
            draft.calls.append(new)
    return draft.finish()


def _become_one(original: Block, copy: Block, facts: Facts) -> None:
    """What is known of the copy holds for the original, which stands for it."""
    facts.last_use[original] = max(facts.last_use[original], facts.last_use[copy])
    facts.writes[original] += facts.writes[copy]
    if copy in facts.outputs:
        facts.outputs.add(original)


def _copies(call: Call) -> bool:
    """Whether a call makes a copy of an array, of the same dtype and in the same form."""
    if call.function not in (np.copy, copied, astype, np.positive) or len(makes(call)) != 1:
        return False
    original, copy = call.args[0], call.results[0]
    return isinstance(original, Value) and form(original) == form(copy) and fills(copy) and not call.writes


def _needless(original: Value, copy: Value, number: int, facts: Facts) -> bool:
    handed_out = copy.block in facts.outputs
    if handed_out and (original.block.kind != "own" or original.block in facts.outputs):
        return False
    if original.block.kind == "own" and facts.last_use[original.block] == number:
        return True
    end = facts.last_use[copy.block]
    return not facts.written_between(copy.block, number, end) and not facts.written_between(original.block, number, end)
