"""From arrays of verdicts to words: which derivative, and what about it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .compare import FAIL, INCONCLUSIVE, Comparison
from .numeric import JUMP, KINK, STEEP
from .report import Worst
from .subject import Run, Subject


def located(comparison: Comparison, subject: Subject, run: Run, order: int, mode: str) -> Worst | None:
    """The derivative that agrees least."""
    where = comparison.worst()
    if where is None:
        return None
    line, output = where
    name, index = place_of_input(subject, int(comparison.rows[line]))
    slopes = comparison.slopes
    return Worst(
        order=order,
        input=name,
        index=None if mode == "fast" else index,
        output=None if mode == "fast" else place_of_output(subject, run, output),
        analytic=float(comparison.analytic[where]),
        numeric=float(slopes.value[where]),
        error=float(slopes.error[where]),
        tolerance=float(comparison.tolerance[where]),
        ratio=float(comparison.ratio()[where]),
    )


def place_of_input(subject: Subject, row: int) -> tuple[str, tuple[int, ...]]:
    """The name of an input and the index in it, from a position among all elements."""
    for name, point in zip(subject.names, subject.points, strict=True):
        if row < point.size:
            return name, tuple(map(int, np.unravel_index(row, point.shape)))
        row -= point.size
    raise IndexError(row)


def place_of_output(subject: Subject, run: Run, column: int) -> tuple[Any, ...]:
    """Where an element of the outputs is: the way to its tensor, and the index in that."""
    for path, out in zip(subject.paths, run.outputs, strict=True):
        if column < out._array.size:
            return (*path, *map(int, np.unravel_index(column, out.shape)))
        column -= out._array.size
    raise IndexError(column)


def explained(comparison: Comparison, order: int) -> str:
    """What a failure is like, as far as it can be told."""
    wrong = comparison.verdict == FAIL
    count, of = int(wrong.sum()), wrong.size
    where = comparison.worst()
    assert where is not None
    state, analytic, slopes = comparison.slopes.state[where], comparison.analytic[where], comparison.slopes
    if np.isnan(analytic):
        return (
            "the gradient is nan where the function is finite. Does it multiply an infinite derivative by 0, as behind "
            "where()? Then replace the argument before the function, not its result after"
        )
    if state == KINK:
        return (
            f"there is a kink here, with slopes {slopes.low[where]:.6g} and {slopes.high[where]:.6g} on its sides, and "
            "the gradient is not between them"
        )
    ratios = (comparison.analytic / slopes.value)[wrong & (slopes.value != 0)]
    by = ""
    if ratios.size == count > 1 and np.ptp(ratios) <= 1e-2 * np.abs(ratios - 1).min():
        by = f", by a factor of {float(np.median(ratios)):.6g}"
    return f"{count} of {of} derivatives{' of the gradient' if order == 2 else ''} are wrong{by}"


def undecided(comparison: Comparison) -> str:
    """Why a check could not decide."""
    open_ = comparison.verdict == INCONCLUSIVE
    if not open_.any():
        return "nothing was compared: all derivatives lie at kinks, or at inputs that are not finite"
    states = comparison.slopes.state[open_]
    of = f"{int(open_.sum())} of {open_.size} derivatives could not be decided"
    if (states == JUMP).any():
        return f"{of}: the function jumps here"
    if (states == STEEP).any():
        return f"{of}: the slope grows without bound here"
    if not np.isfinite(comparison.slopes.size[open_]).all():
        return f"{of}: the function is not finite here"
    return f"{of}: the numeric value is not exact enough (noise, or the function changes too fast)"


def neighbours(comparison: Comparison, subject: Subject, run: Run, order: int) -> list[str]:
    """Up to three derivatives beside the worst one."""
    where = comparison.worst()
    if where is None:
        return []
    line, output = where
    lines, outputs = comparison.verdict.shape
    beside = [(line + 1, output), (line - 1, output), (line, output + 1), (line, output - 1), (line + 1, output + 1)]
    texts = []
    for i, j in [(i, j) for i, j in beside if 0 <= i < lines and 0 <= j < outputs][:3]:
        name, index = place_of_input(subject, int(comparison.rows[i]))
        entry = Worst(order, name, index, place_of_output(subject, run, j), 0, 0, 0, 0, 0)
        words = {FAIL: "wrong", INCONCLUSIVE: "undecided"}.get(int(comparison.verdict[i, j]), "right")
        numbers = f"analytic {comparison.analytic[i, j]:.8g}, numeric {comparison.slopes.value[i, j]:.8g}"
        texts.append(f"    beside it, {entry.place()}: {numbers} ({words})")
    return texts
