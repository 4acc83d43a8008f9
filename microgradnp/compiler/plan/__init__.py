"""Making a program shorter, without changing a bit of what it computes: one transformation per file."""

from __future__ import annotations

from ..program import Program
from .cleaning import cleaned
from .dead import without_dead_calls
from .merging import merged

__all__ = ["plan"]


def plan(program: Program) -> Program:
    """The same program with fewer calls: what an executor runs."""
    return without_dead_calls(merged(cleaned(program)))
