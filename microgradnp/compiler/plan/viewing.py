"""Every value in the block whose memory it looks into."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...autograd.memory import address_of
from ..program import Call, Program, Value
from .functions import makes
from .rewriting import Draft


def located(program: Program) -> Program:
    """Results that look into the memory of an operand are put into its block.

    The tape knows memory by the array that owns it, and so not that of a file, a buffer or another library.
    """
    draft = Draft(program)
    for call in program.calls:
        new = draft.updated(call)
        seen = _operand_seen(new) if len(makes(new)) == len(new.results) == 1 else None
        if seen is not None:
            result = new.results[0]
            draft.move(result.block, seen.block, seen.offset + _apart(seen, result) - result.offset)
            new = replace(new, results=(draft.now(result),))
        draft.calls.append(new)
    return draft.finish()


def _operand_seen(call: Call) -> Value | None:
    """The operand in whose memory the result lies, or could lie, of those that the tape may have missed."""
    result = call.results[0]
    if call.function is np.broadcast_to and isinstance(call.args[0], Value) and _is_scalar(call.args[0]):
        return call.args[0]
    if not isinstance(result.sample, np.ndarray) or result.block.kind != "own":
        return None
    for value in call.given:
        other = value.block is not result.block and isinstance(value.sample, np.ndarray)
        if other and np.may_share_memory(result.sample, value.sample):
            return value
    return None


def _is_scalar(value: Value) -> bool:
    """Whether it was a NumPy scalar in the captured run: nobody writes to one, and it has memory in a program only."""
    return isinstance(value.sample, np.generic)


def _apart(seen: Value, result: Value) -> int:
    """How many bytes lie between the beginnings of two arrays."""
    return 0 if _is_scalar(seen) else address_of(result.sample) - address_of(seen.sample)
