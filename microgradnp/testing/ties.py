"""Kinks in several elements at once, as where several elements of a maximum are equal.

There each derivative for itself may lie between the slopes on its two sides, and all together still be no gradient: two
equal maxima that both get 1. A generalised gradient is an average of gradients nearby; so along any direction its slope
lies between theirs. The directions to look at are those in which all these elements move.

Source: F. H. Clarke, Optimization and Nonsmooth Analysis, 1983, section 2.2, https://doi.org/10.1137/1.9781611971309
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compare import FAIL, PASS, Comparison
from .lines import line_of
from .numeric import KINK, Goal, measure
from .report import Finding
from .subject import Array, Run, Subject

AWAY = 1e-6  # how far away the gradients nearby are taken, relative to each input
CLOSE = 1e-8  # and slopes, which are noisier: so close that those of a smooth function hardly differ
RANDOM, ALONG = 8, 2  # how many at random places, and how many on each side along a direction
NEARBY = 24  # at how many places the slope by one element is taken
OUTPUTS, LINES = 4, 8  # how many outputs, and how many lines, are looked at
LOOSE = 1e-4  # relative tolerance


def uncover(subject: Subject, comparison: Comparison, f0: Array, eps: float, rng: Any) -> bool:
    """Find kinks that no element shows alone: where the slopes nearby are not that at the point. Says whether it has.

    So it is with the median of three equal numbers: moving one of them does not move it.
    """
    found = False
    for line in np.flatnonzero((comparison.verdict == FAIL).any(1))[:LINES]:
        row = int(comparison.rows[line])
        slopes, errors = np.array([_slope(subject, row, f0.size, eps, rng) for _ in range(NEARBY)]).swapaxes(0, 1)
        low, high, noise = slopes.min(0), slopes.max(0), errors.max(0)
        value = comparison.slopes.value[line]
        low, high = np.minimum(low, value), np.maximum(high, value)
        size = np.maximum(np.abs(low), np.abs(high))
        here = (comparison.verdict[line] == FAIL) & (high - low > 100 * LOOSE * size + 8 * noise)
        low, high = low - noise - LOOSE * size, high + noise + LOOSE * size
        here &= (low <= comparison.analytic[line]) & (comparison.analytic[line] <= high)
        for ends, end in ((comparison.slopes.low, low), (comparison.slopes.high, high)):
            ends[line] = np.where(here, end, ends[line])
        comparison.slopes.state[line] = np.where(here, KINK, comparison.slopes.state[line])
        found |= bool(here.any())
    return found


def _slope(subject: Subject, row: int, outputs: int, eps: float, rng: Any) -> tuple[Array, Array]:
    """The slopes by one element at a point nearby, and their errors."""
    total = sum(point.size for point in subject.points)
    points = subject.stepped(CLOSE * rng.uniform(-1, 1, total))
    line = line_of(subject, points, row, outputs)
    f0 = subject.values(points)
    unknown = Goal(np.full((1, outputs), np.nan), LOOSE, np.zeros((1, 1)))
    slopes = measure([line], f0, eps, unknown, CLOSE / 256 * line.scale)
    return slopes.value[0], slopes.error[0]


def together(subject: Subject, run: Run, comparison: Comparison, rng: Any) -> list[Finding]:
    """Find an output at a kink of several elements whose derivatives together are no generalised gradient."""
    kinks = (comparison.slopes.state == KINK) & (comparison.verdict == PASS)
    for column in np.flatnonzero(kinks.sum(0) > 1)[:OUTPUTS]:
        elements = comparison.rows[kinks[:, column]]
        gradient = np.zeros(sum(point.size for point in subject.points))
        gradient[comparison.rows] = comparison.analytic[:, column]
        around = [_gradient(subject, run, int(column), rng.uniform(-1, 1, gradient.shape)) for _ in range(RANDOM)]
        for signs in _signs(len(elements), rng):
            direction = np.zeros_like(gradient)
            direction[elements] = signs
            steps = [sign * direction + 0.1 * rng.uniform(-1, 1, direction.shape) for sign in (1, -1) * ALONG]
            nearby = [*around, *(_gradient(subject, run, int(column), step) for step in steps)]
            slope, slopes = gradient @ direction, [other @ direction for other in nearby]
            size = np.abs(gradient[elements]).sum() + np.abs(slopes).max()
            if not min(slopes) - LOOSE * size <= slope <= max(slopes) + LOOSE * size:
                text = (
                    f"{len(elements)} elements are at a kink together. Where all of them move, the function's slope is "
                    f"between {min(slopes):.6g} and {max(slopes):.6g}, and their gradients give {slope:.6g}"
                )
                return [Finding("value", text)]
    return []


def _signs(elements: int, rng: Any) -> list[Array]:
    """In which directions the elements move: all alike, every second one against the others, and some at random."""
    return [np.ones(elements), (-1.0) ** np.arange(elements), *rng.choice([-1.0, 1.0], (2, elements))]


def _gradient(subject: Subject, run: Run, column: int, step: Array) -> Array:
    """The gradient of one element of the outputs at a point nearby."""
    cotangents: list[Any] = [None] * len(run.outputs)
    for k, out in enumerate(run.outputs):
        if column < out._array.size:
            cotangents[k] = np.zeros(out.shape, out._array.dtype)
            cotangents[k].reshape(-1)[column] = 1
            break
        column -= out._array.size
    return subject.run(subject.stepped(AWAY * step)).gradient(cotangents)
