"""Constants that a run writes to are copied at its beginning."""

from __future__ import annotations

from ..capture import copied
from ..program import Block, Call, Program, Value, values_in
from .functions import targets, window
from .rewriting import Draft, same_place


def renewed(program: Program) -> Program:
    """A constant that calls write to is, in every run, memory of its own, that begins as a copy."""
    draft = Draft(program)
    changed = dict.fromkeys(value.block for call in program.calls for value in targets(call))
    made = {value for call in program.calls for value in call.results}
    used = [*values_in([(call.args, call.kwargs) for call in program.calls]), *program.fresh, *program.kept]
    for block in [block for block in changed if block.kind == "constant"]:
        before = draft.constant(block.array)
        copy = draft.value(Block("own", block.nbytes), before)
        draft.calls.append(Call(copied, (before,), {}, (copy,)))
        draft.move(block, copy.block, 0)
        for value in dict.fromkeys(used):
            if value.block is block and value not in made:
                draft.replace(value, _seen(draft, copy, value))
    draft.calls += [draft.updated(call) for call in program.calls]
    return draft.finish()


def _seen(draft: Draft, whole: Value, value: Value) -> Value:
    """A value as part of the copy."""
    part = draft.value(whole.block, value)
    if same_place(part, whole):
        return whole
    draft.calls.append(Call(window, (whole, value.shape, value.strides, value.offset), {}, (part,)))
    return part
