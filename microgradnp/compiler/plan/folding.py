"""What follows from constants alone is computed now."""

from __future__ import annotations

import numpy as np

from ..program import Program, Value, look, mapped, values_in
from .functions import is_pure, is_view, targets
from .rewriting import Draft, Facts


def folded(program: Program) -> Program:
    """Pure calls on constants, whose results nobody writes to or is given to keep, become constants."""
    draft, facts = Draft(program), Facts(program)
    for call in program.calls:
        new = draft.updated(call)
        draft.calls.append(new)
        if is_view(call) or targets(call) or not call.results or not is_pure(call.function):
            continue
        if any(facts.writes.get(value.block) or value.block in facts.outputs for value in call.results):
            continue
        if not all(value.block.kind == "constant" for value in values_in((new.args, new.kwargs))):
            continue
        draft.calls.pop()
        results = call.function(*mapped(new.args, _array), **mapped(new.kwargs, _array))
        for value, result in zip(new.results, results if call.structure else (results,), strict=True):
            constant = draft.constant(np.asarray(result).copy("K"))
            draft.move(value.block, constant.block, -value.offset)
            draft.replace(value, constant)
    return draft.finish()


def _array(item: object) -> object:
    """A constant as an array: what was a NumPy scalar is one again."""
    if not isinstance(item, Value):
        return item
    array = look(item.block.array, item)
    return array[()] if isinstance(item.sample, np.generic) else array
