"""Analytic derivatives beside numeric ones, each judged on its own.

In full mode that is the whole Jacobian. In fast mode it is one number for each input and random direction: what a
random combination of the outputs does along it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import numeric
from .lines import coordinates, directions, imaginary
from .numeric import CERTAIN, JUMP, KINK, SMOOTH, STEEP, Goal, Line, Slopes
from .precision import Precision
from .subject import Array, Run, Subject, flat

PASS, INCONCLUSIVE, FAIL, SKIPPED = range(4)

LOST = 2.0**14  # by how many eps of the largest value a slope may be off where its function is nothing but rounding
VAGUE = 0.02  # the estimated error, relative to a slope, with which it may be such
ENOUGH = 8  # so many lines with wrong derivatives, and the others need not be looked at closely
LARGE = 4_000_000  # entries of a Jacobian that is not set up to explain what random directions leave open
DIRECTIONS = 2  # for each input, in fast mode; of order 2 one


class Comparison:
    """Derivatives of m outputs along n lines: arrays of shape (n, m).

    ``verdict`` is PASS ... SKIPPED for each; ``rows`` are the lines' positions among all elements of the inputs.
    """

    def __init__(self, rows: Array, analytic: Array, slopes: Slopes, goal: Goal, kinks: str, skip_jumps: bool) -> None:
        self.rows, self.analytic, self.slopes = rows, analytic, slopes
        self.tolerance = goal.tolerance(slopes.value, slopes.size)
        self.difference = np.abs(analytic - slopes.value)
        self.how = (kinks, skip_jumps)
        self.judge()

    def judge(self) -> None:
        """Give the verdicts, again if more is known of the slopes."""
        self.verdict = judged(self.analytic, self.slopes, self.tolerance, *self.how)

    @property
    def compared(self) -> int:
        """How many derivatives have been compared."""
        return int((self.verdict != SKIPPED).sum())

    @property
    def kinks(self) -> int:
        """How many lay at kinks."""
        return int(((self.slopes.state == KINK) | (self.slopes.state == STEEP)).sum())

    def ratio(self) -> Array:
        """The difference in units of the tolerance; at a kink, how far outside of it; inf where there is no number."""
        s = self.slopes
        outside = np.maximum(np.maximum(s.low - self.analytic, self.analytic - s.high), 0)
        off = np.where((s.state == KINK) | (s.state == STEEP), outside, self.difference)
        off = np.where(self.verdict == PASS, np.where(np.isfinite(off), off, 0), off)
        ratio = np.divide(off, self.tolerance, out=np.where(off == 0, 0.0, np.inf), where=self.tolerance > 0)
        return np.where(np.isnan(ratio), np.inf, ratio)

    def worst(self) -> tuple[int, int] | None:
        """Where the derivatives agree least: among the wrong ones if there are any, else among the undecided."""
        for verdict in (FAIL, INCONCLUSIVE, PASS):
            here = self.verdict == verdict
            if here.any():
                ratio = np.where(here, self.ratio(), -1.0)
                line, output = np.unravel_index(int(np.argmax(ratio)), ratio.shape)
                return int(line), int(output)
        return None


def judged(analytic: Array, slopes: Slopes, tolerance: Array, kinks: str, skip_jumps: bool) -> Array:
    """A verdict for each derivative."""
    state, difference = slopes.state, np.abs(analytic - slopes.value)
    verdict = np.full(state.shape, INCONCLUSIVE, np.int8)
    known = np.isfinite(slopes.error)
    verdict[known & ~(difference <= tolerance + CERTAIN * slopes.error)] = FAIL
    verdict[(state == SMOOTH) & (difference <= tolerance + CERTAIN * slopes.error)] = PASS
    verdict[state == JUMP] = SKIPPED if skip_jumps else INCONCLUSIVE
    rough = (state == KINK) | (state == STEEP)
    if kinks == "subgradient":
        between = (slopes.low - tolerance <= analytic) & (analytic <= slopes.high + tolerance)
        verdict[rough] = np.where(between, PASS, np.where(state == KINK, FAIL, INCONCLUSIVE))[rough]
    else:
        verdict[rough] = SKIPPED if kinks == "skip" else FAIL
    nan = np.isnan(analytic) & np.isfinite(slopes.size) & (verdict != SKIPPED)
    endless = (np.isinf(analytic) & (verdict == PASS)).any(1, keepdims=True)
    verdict[nan] = FAIL
    verdict[nan & endless & (np.abs(slopes.value) <= tolerance)] = SKIPPED  # 0 times a slope that rightly is infinite
    return verdict


def full(subject: Subject, run: Run, f0: Array, precision: Precision, options: Any) -> Comparison:
    """The whole Jacobian."""
    analytic_steps = options.method == "complex"
    every = list((imaginary if analytic_steps else coordinates)(subject, f0.size))
    rows = np.array([i for i, line in enumerate(every) if line is not None], int)
    lines = [line for line in every if line is not None]
    analytic = jacobian(run, len(every))[rows]
    scale = np.array([line.scale for line in lines])[:, None]
    goal = Goal(analytic, precision.relative, precision.natural / scale, precision.absolute)
    if analytic_steps:
        slopes = numeric.complex_step(lines, f0, precision.eps)
    else:
        slopes = closely(lines, f0, precision.eps, goal, options.step)
        leave_noise(slopes, LOST * precision.eps * np.abs(f0[np.isfinite(f0)]).max(initial=0.0) / scale)
    return Comparison(rows, analytic, slopes, goal, options.kinks, options.kinks == "skip" and subject.everything)


def leave_noise(slopes: Slopes, noise: Array) -> None:
    """Slopes that are not exact, and no more than ``noise``, may be any such number.

    Where a function is 0 but for rounding, its values do not tell what they were made of: the larger ones beside do.
    The best of many estimates then looks better than it is.
    """
    lost = (slopes.error > VAGUE * np.abs(slopes.value)) & (np.abs(slopes.value) <= noise)
    slopes.error[lost] = np.broadcast_to(noise, lost.shape)[lost]


def closely(lines: Sequence[Line], f0: Array, eps: float, goal: Goal, step: float | None) -> Slopes:
    """The slopes of all lines; those that are not as expected are looked at again."""
    slopes = numeric.measure(lines, f0, eps, goal, step)
    doubtful = ~((slopes.state == SMOOTH) & goal.met(slopes.value, slopes.error, slopes.size))
    wrong = 0
    for row in np.flatnonzero(doubtful.any(1)).tolist():
        numeric.refine(lines[row], f0, eps, goal.row(row), slopes, row, step)
        off = np.abs(slopes.value[row] - goal.expected[row]) > CERTAIN * slopes.error[row] + goal.row(row).tolerance(
            slopes.value[row], slopes.size[row]
        )
        wrong += bool((off & (slopes.state[row] == SMOOTH)).any())
        if wrong >= ENOUGH:
            break
    return slopes


def jacobian(run: Run, inputs: int) -> Array:
    """The analytic Jacobian, transposed: a row for each element of the inputs, a column for each of the outputs."""
    columns = []
    zeros = [np.zeros(out.shape, out._array.dtype) for out in run.outputs]
    for k, basis in enumerate(zeros):
        alone: list[Any] = [None] * len(zeros)
        alone[k] = basis
        flat = basis.reshape(-1)
        for element in range(basis.size):
            flat[element] = 1
            try:
                columns.append(run.gradient(alone))
            except Exception:  # of a rule that cannot do without one of several cotangents, which is told elsewhere
                if len(zeros) == 1:
                    raise
                alone = list(zeros)
                columns.append(run.gradient(alone))
            flat[element] = 0
    return np.array(columns).reshape(len(columns), inputs).T


def fast(
    subject: Subject, run: Run, v: list[Array], g: Array, f0: Array, precision: Precision, options: Any, rng: Any
) -> Comparison:
    """Random directions, for a random combination ``v`` of the outputs: one number for each."""
    chosen = list(directions(subject, f0.size, rng, 1 if subject.everything else DIRECTIONS))
    starts = np.cumsum([0, *(point.size for point in subject.points)])
    parts = [g[starts[k] : starts[k + 1]] @ direction.reshape(-1) for k, direction, _ in chosen]
    analytic, weights = np.array(parts).reshape(-1, 1), flat(v)
    natural = np.full((len(chosen), 1), precision.natural)
    unknown = Goal(np.full((len(chosen), f0.size), np.nan), precision.relative, natural, precision.absolute)
    each = numeric.measure([line for *_, line in chosen], f0, precision.eps, unknown, options.step)
    terms = weights * each.value
    slopes = Slopes(len(chosen), np.array([np.abs(weights) @ np.abs(f0)]))
    slopes.value[:, 0], slopes.error[:, 0] = terms.sum(1), each.error @ np.abs(weights)
    slopes.error[~np.isfinite(slopes.error)] = np.inf
    # Where terms of both signs leave little, what is left is judged by them.
    typical = np.maximum(np.abs(analytic), 0.1 * np.sqrt((terms**2).sum(1, keepdims=True)))
    goal = Goal(typical, precision.relative, natural, precision.absolute)
    tolerance = goal.tolerance(slopes.value, slopes.size)
    kink = (np.abs(each.high - each.low) @ np.abs(weights))[:, None]
    slopes.state[(slopes.error <= tolerance) & (kink <= tolerance)] = SMOOTH
    slopes.error[slopes.state != SMOOTH] = np.inf
    return Comparison(np.array([starts[k] for k, *_ in chosen], int), analytic, slopes, goal, options.kinks, False)
