"""Numeric derivatives with error estimates: of a function of one real number, at 0, for many outputs at once.

Everything here is about *lines*: ``line.at(t)`` gives the values of a function at the distance ``t`` along some
direction, as a flat array. What the function is, and what a tensor is, nobody here knows.

    measure   four evaluations for each line, all lines at once: central differences at h and h/2, extrapolated once
              (Richardson), and for nothing the slopes to the left and to the right, since the value at 0 is known
    refine    one line again, where that was not good enough: six evaluations for each of a ladder of steps, extrapolated
              twice (Romberg), until the estimate is good, or the line has shown what it has: a kink, a jump, a slope
              without bound, one side only, or noise

Each estimate comes with its error: how much the last extrapolation has changed it, and how much of it is rounding.

Sources: L. F. Richardson, "The approximate arithmetical solution by finite differences", 1911,
https://doi.org/10.1098/rsta.1911.0009; C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)", 1982,
https://doi.org/10.1016/S0141-1195(82)80057-0; W. Squire and G. Trapp, "Using complex variables to estimate derivatives
of real functions", 1998, https://doi.org/10.1137/S003614459631241X.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]

SMOOTH, KINK, STEEP, JUMP, UNKNOWN = range(5)
WORDS = ("smooth", "a kink", "a slope without bound", "a jump", "no reliable value")

RATIO = 32.0  # of one step of the ladder to the next
LEVELS = 9  # of the ladder, downwards
ROUNDING = 4.0  # the rounding error of measure(), in eps * |f| / h
ROMBERG_ROUNDING = 8.0  # that of a central value of refine()
ONE_SIDED_ROUNDING = 32.0  # and of a one-sided one


class Line:
    """A function of one number ``t``.

    ``at(t)`` returns its values as a flat float64 array, and the ``t`` that was realised after rounding. ``scale`` is
    the distance over which the function is expected to change; ``near`` the distance to the next point where it may be
    special (the size of the coordinate itself), 0 if that is unknown. It is not evaluated outside [low, high].
    """

    __slots__ = ("at", "high", "low", "near", "scale")

    def __init__(
        self,
        at: Callable[[float], tuple[Array, float]],
        scale: float,
        near: float = 0.0,
        low: float = -math.inf,
        high: float = math.inf,
    ) -> None:
        self.at, self.scale, self.near, self.low, self.high = at, scale, near, low, high


class Slopes:
    """What is known of the derivatives of n lines of m outputs each: arrays of shape (n, m).

    ``value`` and ``error``, the estimate and that of its error; ``state``, one of SMOOTH ... UNKNOWN; ``low`` and
    ``high``, the slopes on both sides, where they differ; ``size``, the largest |f| that was seen nearby.
    """

    __slots__ = ("error", "high", "low", "size", "state", "value")

    def __init__(self, lines: int, outputs: int) -> None:
        shape = (lines, outputs)
        self.value, self.error = np.full(shape, np.nan), np.full(shape, np.inf)
        self.low, self.high = np.full(shape, np.nan), np.full(shape, np.nan)
        self.state = np.full(shape, UNKNOWN, np.int8)
        self.size = np.zeros(shape)


def first_step(eps: float) -> float:
    """The step that balances the two errors of a difference that was extrapolated once, relative to the scale."""
    return eps**0.2


def measure(lines: Sequence[Line], f0: Array, eps: float, step: float | None = None) -> Slopes:
    """The derivatives of all lines, from four evaluations each. ``f0`` are the values at 0, ``eps`` their precision.

    Where the slopes on the two sides do not agree, or a value is not finite, the state stays UNKNOWN.
    """
    slopes = Slopes(len(lines), len(f0))
    rows, values, steps = [], [], []
    for row, line in enumerate(lines):
        h = min(line.scale * first_step(eps) if step is None else step, line.high, -line.low)
        if h > 0:
            results = [line.at(t) for t in (h, -h, h / 2, -h / 2)]
            rows.append(row)
            values.append([value for value, _ in results])
            steps.append([t for _, t in results])
    if not rows:
        return slopes
    at, t = np.array(values), np.array(steps)[:, :, None]
    with np.errstate(all="ignore"):
        quotient = (at - f0) / t  # (rows, 4, m): right, left, right half, left half
        wide = (at[:, 0] - at[:, 1]) / (t[:, 0] - t[:, 1])
        half = (at[:, 2] - at[:, 3]) / (t[:, 2] - t[:, 3])
        value = (4 * half - wide) / 3
        size = np.maximum(np.abs(at).max(1), np.abs(f0))
        rounding = ROUNDING * eps * size / t[:, 0]
        error = np.abs(value - half) + rounding
        right, left = 2 * quotient[:, 2] - quotient[:, 0], 2 * quotient[:, 3] - quotient[:, 1]
        apart = np.abs(right - left)
        fine = np.isfinite(value) & np.isfinite(apart)
        slopes.value[rows], slopes.error[rows] = value, np.where(fine, error, np.inf)
        slopes.low[rows], slopes.high[rows] = np.minimum(left, right), np.maximum(left, right)
        slopes.size[rows] = size
        slopes.state[rows] = np.where(fine & (apart <= 8 * rounding), SMOOTH, UNKNOWN)
    return slopes
