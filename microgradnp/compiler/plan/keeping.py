"""What is handed out for keeping is memory of the run's own, not a constant or an argument."""

from __future__ import annotations

from ..capture import copied
from ..program import Block, Call, Program
from .rewriting import Draft, copied_strides


def kept_apart(program: Program) -> Program:
    """Kept outputs that lie in constants or arguments are copied at the end: whoever holds them may write to them."""
    draft = Draft(program)
    draft.calls += program.calls
    for value in dict.fromkeys(program.kept):
        if value.block.kind in ("argument", "constant"):
            copy = draft.value(Block("own", value.size * value.dtype.itemsize), value, 0)
            copy.strides = copied_strides(value)
            draft.calls.append(Call(copied, (value,), {}, (copy,)))
            draft.replace(value, copy)
    return Program(draft.calls, draft.values, program.fresh, draft.renewed(program.kept))
