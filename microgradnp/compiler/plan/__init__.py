"""Making a program shorter, without changing a bit of what it computes: one transformation per file."""

from __future__ import annotations

from ..program import Program
from .common import without_repetitions
from .copies import without_copies
from .dead import without_dead_calls
from .folding import folded
from .keeping import kept_apart
from .renaming import renamed
from .renewing import renewed
from .scalars import hoisted
from .viewing import located


def plan(program: Program) -> Program:
    """The same program with fewer calls: what an executor runs."""
    for transformation in (
        located,
        renewed,
        kept_apart,
        renamed,
        hoisted,
        folded,
        without_repetitions,
        without_copies,
        without_dead_calls,
    ):
        program = transformation(program)
    return program
