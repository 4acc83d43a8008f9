"""What is computed twice is computed once."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..program import Block, Call, Program, Value, mapped
from .functions import is_pure, is_view, targets
from .rewriting import Draft, Facts, form


def without_repetitions(program: Program) -> Program:
    """A call that has been made before, of the same function on the same contents, gives what it gave then.

    Only where nobody writes to the results: then one of them can stand for both. Two that are both kept stay two.
    """
    draft, facts = Draft(program), Facts(program)
    made: dict[Any, Call] = {}
    version: dict[Block, int] = {}  # how often a block has been written to so far
    kept = {value.block for value in program.kept}
    for call in program.calls:
        new = draft.updated(call)
        key = _key(new, version)
        before = made.get(key) if key is not None else None
        if before is not None and _interchangeable(before, new, facts, kept):
            for value, earlier in zip(new.results, before.results, strict=True):
                draft.replace(value, earlier)
                if not is_view(call):
                    draft.move(value.block, earlier.block, 0)
                    kept |= {earlier.block} if value.block in kept else set()
            continue
        draft.calls.append(new)
        if key is not None:
            made[key] = new
        for value in targets(new):
            version[value.block] = version.get(value.block, 0) + 1
    return draft.finish()


def _interchangeable(before: Call, call: Call, facts: Facts, kept: set[Block]) -> bool:
    if is_view(call):
        return all(form(a) == form(b) for a, b in zip(before.results, call.results, strict=True))
    return all(
        form(a) == form(b)
        and not facts.writes.get(a.block)
        and not facts.writes.get(b.block)
        and not (a.block in kept and b.block in kept)
        for a, b in zip(before.results, call.results, strict=True)
    )


_PLAIN = (type, np.dtype, int, float, complex, str, np.generic, type(None), type(...))


def _key(call: Call, version: dict[Block, int]) -> Any:
    """What decides the results of a pure call; None if they may differ every time, or cannot be told."""
    if targets(call) or not call.results or not is_pure(call.function):
        return None
    parts: list[Any] = []

    def note(item: Any) -> None:
        if isinstance(item, Value):
            parts.append((item.block, item.offset, form(item), version.get(item.block, 0)))
        elif isinstance(item, _PLAIN):
            parts.append((type(item), repr(item)))
        else:
            parts.append(object())  # equal to nothing

    structure = mapped((call.args, call.kwargs), lambda item: note(item) or type(item))
    return call.function, repr(structure), tuple(parts), call.structure
