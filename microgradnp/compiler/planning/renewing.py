"""Memory that a run may change, and that is not its own: constants are copied at the beginning of each run."""

from __future__ import annotations

import numpy as np

from ..program import Block, Call, Program, Value
from .functions import targets
from .rewriting import Draft


def renewed(program: Program) -> Program:
    """Constants that are written to, or handed out for keeping, are copied into memory of the run's own.

    An argument that is handed out for keeping is copied at the end: it is the caller's.
    """
    draft = Draft(program)
    changed = {value.block for call in program.calls for value in targets(call)}
    changed |= {value.block for value in program.kept}
    for block in dict.fromkeys(value.block for value in program.values):
        if block.kind == "constant" and block in changed:
            whole = Value(-1, block, block.array.shape, block.array.dtype, block.array.strides, 0)
            before = draft.value(block, whole)
            before.sample = block.array
            _copied(draft, before)
            draft.move(block, draft.calls[-1].results[0].block, 0)
    draft.calls += [draft.updated(call) for call in program.calls]
    for value in dict.fromkeys(program.kept):
        if value.block.kind == "argument":
            draft.replace(value, _copied(draft, draft.now(value)))
    return draft.finish()


def _copied(draft: Draft, value: Value) -> Value:
    """A new value with the contents of another, after a call that copies them."""
    strides = np.empty_like(np.lib.stride_tricks.as_strided(np.empty(0, value.dtype), value.shape, value.strides)).strides
    block = Block("own", value.size * value.dtype.itemsize)
    copy = draft.value(block, value, 0)
    copy.strides = strides
    draft.calls.append(Call(np.copy, (value,), {"order": "K"}, results=(copy,)))
    return copy
