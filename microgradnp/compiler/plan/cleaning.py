"""The transformations that make a program shorter, in the order in which each finds most."""

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


def cleaned(program: Program) -> Program:
    """The same program without what is computed twice, for nothing, or could be computed now."""
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
