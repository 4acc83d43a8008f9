"""Numeric derivatives with error estimates: of functions of one real number, at 0, for many outputs at once.

Everything here is about *lines*: ``line.at(t)`` gives the values of a function at the distance ``t`` along some
direction, as a flat array. What the function is, and what a tensor is, nobody here knows.

    measure   four evaluations for each line, all lines at once: central differences at h and h/2, extrapolated once
              (Richardson), and for nothing the slopes on the two sides, since the value at 0 is known
    refine    one line again, where that was not good enough: six evaluations at each step of a ladder, extrapolated
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
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]
SMOOTH, KINK, STEEP, JUMP, UNKNOWN = range(5)

RATIO = 2.0**-5  # of each step of the ladder to the one before
STEPS = 10  # of the ladder
FINEST = 2.0**-30  # to which a kink must persist, relative to the scale: else it is only near
AROUND = 0.2  # how far to look for what size a function has that vanishes at the point, relative to the scale
HIDDEN = 2e-4  # the size that its terms have at least, for all we know, if it vanishes there too: relative to the scale

CERTAIN = 4.0  # how many estimated errors beyond the tolerance a difference must be to count
SMALL = 100.0  # how many times the natural tolerance the error of a derivative may be

TINY = 2.0**-32  # the step, relative to the scale, with which noise is measured

# The rounding errors of the estimates below, in eps * |f| / h.
MEASURED, CENTRAL, ONE_SIDED = 4.0, 8.0, 32.0


class Goal:
    """What is asked of the derivatives: how exact they must be, and which values are expected.

    The tolerance is ``relative`` to the larger of the expected and the found value, plus ``natural`` times the size of
    the function, plus ``absolute``. All arrays are (n, m), or broadcast to that.
    """

    __slots__ = ("absolute", "expected", "natural", "relative")

    def __init__(self, expected: Array, relative: float, natural: Any, absolute: float = 0.0) -> None:
        self.expected, self.relative, self.natural, self.absolute = expected, relative, natural, absolute

    def row(self, row: int) -> Goal:
        """What is asked of one line."""
        return Goal(self.expected[row], self.relative, self.natural[row], self.absolute)

    def tolerance(self, value: Array, size: Array) -> Array:
        """By how much a derivative of this value, if there is one, may differ from the expected one."""
        expected = np.where(np.isfinite(self.expected), np.abs(self.expected), 0.0)
        return self.relative * np.fmax(expected, np.abs(value)) + self.natural * size + self.absolute

    def enough(self, value: Array, size: Array) -> Array:
        """The estimated error with which a derivative of this value counts as known.

        It may be a little larger than the tolerance where the value is small beside what the function's values tell.
        """
        return self.tolerance(value, SMALL * size)

    def met(self, value: Array, error: Array, size: Array) -> Array:
        """Whether a value is exact enough, and what was expected."""
        allowed = self.tolerance(value, size) + CERTAIN * error
        return (error <= self.enough(value, size)) & (np.abs(value - self.expected) <= allowed)


class Line:
    """A function of one number ``t``.

    ``at(t)`` returns its values as a flat float64 array, and the ``t`` that was realised after rounding. ``scale`` is
    the distance over which the function may be expected to change; ``near``, how far it may be to the next special
    point (the size of the coordinate: the distance to 0). It is not evaluated outside [``low``, ``high``].
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

    def realised(self, h: float) -> float:
        """The largest step up to ``h`` of which even a quarter changes the coordinate without rounding, up and down."""
        unit = 2 * (self.near + h)
        quarter = (unit + h / 4) - unit
        if 4 * quarter > h:
            quarter -= math.ulp(unit)
        return 4 * quarter or h


class Slopes:
    """What is known of the derivatives of n lines of m outputs: arrays of shape (n, m).

    ``value`` and ``error``, the estimate and that of its error; ``state``, one of SMOOTH ... UNKNOWN; ``low`` and
    ``high``, the slopes on the two sides of a kink; ``size``, that of f in whose units a value of about 0 is judged;
    ``grain``, what all values of f are multiples of, where that is more than their last bit.
    """

    __slots__ = ("error", "grain", "high", "low", "size", "state", "value")

    def __init__(self, lines: int, f0: Array) -> None:
        shape = (lines, len(f0))
        self.value, self.error = np.full(shape, np.nan), np.full(shape, np.inf)
        self.low, self.high = np.full(shape, np.nan), np.full(shape, np.nan)
        self.state = np.full(shape, UNKNOWN, np.int8)
        self.size = np.empty(shape)
        self.size[:] = np.abs(f0)
        self.grain = np.zeros(shape)


def first_step(eps: float) -> float:
    """The step that balances the two errors of a difference that was extrapolated once, relative to the scale."""
    return eps**0.2


def measure(lines: Sequence[Line], f0: Array, eps: float, goal: Goal, step: float | None = None) -> Slopes:
    """The derivatives of all lines, from four evaluations each.

    ``f0`` are the values at 0 and ``eps`` their precision; ``step`` is the largest step, which else is made from the
    scale. What is not exact enough, or whose two sides differ by more than that, stays UNKNOWN.
    """
    slopes = Slopes(len(lines), f0)
    rows, values, steps = [], [], []
    for row, line in enumerate(lines):
        h = min(line.scale * first_step(eps) if step is None else step, line.high, -line.low)
        if h > 0:
            h = line.realised(h)
            results = [line.at(t) for t in (h, -h, h / 2, -h / 2)]
            rows.append(row)
            values.append([value for value, _ in results])
            steps.append([t for _, t in results])
    if not rows:
        return slopes
    at, t = np.array(values), np.array(steps)[:, :, None]
    wide = (at[:, 0] - at[:, 1]) / (t[:, 0] - t[:, 1])
    half = (at[:, 2] - at[:, 3]) / (t[:, 2] - t[:, 3])
    value = (4 * half - wide) / 3
    grain = slopes.grain[rows] = grains(at, eps)
    rounding = MEASURED * np.maximum(eps * np.maximum(np.abs(at).max(1), np.abs(f0)), grain) / t[:, 0]
    error = np.abs(value - half) + rounding
    quotient = (at - f0) / t
    right, left = 2 * quotient[:, 2] - quotient[:, 0], 2 * quotient[:, 3] - quotient[:, 1]
    slopes.value[rows], slopes.error[rows] = value, np.where(np.isfinite(error), error, np.inf)
    target = goal.enough(slopes.value, slopes.size)[rows]
    good = (error <= target) & (np.abs(right - left) <= target + MEASURED * rounding)
    slopes.low[rows], slopes.high[rows] = np.minimum(left, right), np.maximum(left, right)
    slopes.state[rows] = np.where(good, SMOOTH, UNKNOWN)
    return slopes


def grains(values: Array, eps: float) -> Array:
    """What the values along axis 1 are all multiples of, if it is much more than the last bit of the largest; else 0.

    They are when they are what is left of larger numbers; so they are no more exact than these.
    """
    mantissa, exponent = np.frexp(np.nan_to_num(values, posinf=0.0, neginf=0.0))
    digits = (mantissa * 2.0**53).astype(np.int64)
    last = np.ldexp((digits & -digits).astype(float), exponent - 53)
    grain = np.where(values == 0, np.inf, last).min(1)
    ordered = np.sort(values, axis=1)
    varying = (ordered[:, 1:] > ordered[:, :-1]).all(1)  # no two are equal, as on the steps of a staircase
    telling = (grain > 64 * eps * np.abs(values).max(1)) & varying & np.isfinite(grain)
    return np.where(telling, grain, 0.0)


class _Side:
    """One side of a line at the distances h, h/2 and h/4 (h may be negative): the quotients, and the slope at 0."""

    __slots__ = ("at", "error", "moved", "noise", "quotient", "size", "slope", "t")

    def __init__(self, line: Line, f0: Array, h: float, eps: float, noise: Array) -> None:
        results = [line.at(h / k) for k in (1, 2, 4)]
        self.at = np.array([value for value, _ in results])
        self.t = np.array([t for _, t in results])[:, None]
        self.moved = self.at - f0
        wide, half, quarter = self.quotient = self.moved / self.t
        once, again = 2 * half - wide, 2 * quarter - half
        self.slope = (4 * again - once) / 3
        self.noise = np.maximum(noise, eps * np.maximum(np.abs(self.at).max(0), np.abs(f0)))
        self.error = np.abs(self.slope - again) + ONE_SIDED * self.noise / abs(h)


def noise(line: Line, f0: Array) -> Array:
    """The rounding noise of the values close to 0: third differences of tiny steps, if they do not depend on the step.

    Points on one side only, not to take a kink for noise. After J. Moré and S. Wild, "Estimating computational noise",
    2011, https://doi.org/10.1137/100786125.
    """
    found = []
    sign = 1 if line.high >= -line.low else -1
    largest = min(TINY * min(line.near or line.scale, line.scale), max(line.high, -line.low) / 7)
    for step in (largest, largest / 256):
        values = np.array([line.at(sign * k * step)[0] for k in range(1, 8)])
        found.append(np.nan_to_num(np.abs(np.diff(values, 3, axis=0)).max(0) / 4, nan=0.0, posinf=0.0))
    large, small = found
    return np.where(large > 6 * small, 0.0, np.maximum(large, small))


class Refinement:
    """One line, as it is approached on a ladder of steps."""

    value: Array
    error: Array

    def __init__(self, line: Line, f0: Array, eps: float, goal: Goal, slopes: Slopes, row: int) -> None:
        self.line, self.f0, self.eps, self.goal = line, f0, eps, goal
        self.value, self.error, self.size = slopes.value[row], slopes.error[row], slopes.size[row]
        apart = (
            np.abs(slopes.high[row] - slopes.low[row]) / 16
        )  # what lies between two sides is worth no more than that
        unsure = slopes.state[row] == UNKNOWN
        self.error = np.where(unsure, np.where(np.isfinite(apart), np.maximum(self.error, apart), np.inf), self.error)
        outputs = len(f0)
        self.confirmed = np.zeros(outputs, bool)  # by an estimate at another step
        self.step = np.full(outputs, min(line.scale * first_step(eps), line.high, -line.low))  # that it was made with
        self.right, self.left = _Trend(outputs), _Trend(outputs)
        self.kinked = np.zeros(outputs, int)  # for how many steps the two sides have had each its own slope
        self.low, self.high = np.full(outputs, np.nan), np.full(outputs, np.nan)
        self.aside = np.array([np.full(outputs, np.nan), np.full(outputs, np.inf)])  # the best of one side alone
        self.stuck = 0
        self.noise = np.maximum(noise(line, f0), slopes.grain[row])

    def run(self, step: float | None) -> None:
        """Go down the ladder until everything is settled, or only gets worse; then look at larger steps."""
        self.look_around(~(np.abs(self.value) > 8 * self.error))
        start = self.line.scale * first_step(self.eps) if step is None else step
        for h in _ladder(start, self.line.near):
            self.approach(h)
            if self.settled(h).all() or self.stuck > 1:
                break
        if step is None and not self.settled(0.0).all():  # what a coarse or noisy function needs
            for h in (4 * start, 16 * start, 128 * start):
                self.approach(h, closer=False)
        self.look_around(~self.settled(0.0))
        self.trust_one_side()

    def trust_one_side(self) -> None:
        """Where the central value is good only roughly, and one side agrees with it and is exact enough, take that.

        So it is close to a jump or a kink, in whose neighbourhood the steps of a central difference are too small.
        """
        value, error = self.aside
        good = (error <= self.goal.enough(value, self.size)) & np.isfinite(self.error) & (self.kinked < 2)
        good &= ~self.exact() & (np.abs(value - self.value) <= CERTAIN * (error + self.error))
        self.value, self.error = np.where(good, value, self.value), np.where(good, error, self.error)
        self.confirmed |= good

    def look_around(self, where: Array) -> None:
        """Where the slope is 0 for all that is known, judge it in units of the function's size around the point."""
        where = where & ~self.goal.met(self.value, self.error, self.size)
        if not where.any():
            return
        far, line = AROUND * self.line.scale, self.line
        sizes = [np.abs(line.at(t)[0]) for t in (min(far, line.high), max(-far, line.low)) if t]
        size = np.nan_to_num(np.max(sizes, 0), nan=0.0, posinf=0.0)
        size = np.where(size < 1e3 * self.eps * line.scale, HIDDEN * line.scale, size)
        self.size = np.where(where, np.maximum(self.size, size), self.size)

    def approach(self, h: float, closer: bool = True) -> None:
        """Take the values at one step of the ladder into account; only ``closer`` ones tell of kinks and jumps."""
        h = self.line.realised(h)
        right = _Side(self.line, self.f0, h, self.eps, self.noise) if h <= self.line.high else None
        left = _Side(self.line, self.f0, -h, self.eps, self.noise) if -h >= self.line.low else None
        if closer:
            self.right.follow(right)
            self.left.follow(left)
        if right is not None and left is not None:
            agree = self.between(right, left, h)
            if closer:
                self.compare(right, left, agree)
        for side, other in ((right, left), (left, right)):
            if side is not None:
                alone = other is None or ~np.isfinite(other.moved).all(0)
                self.take(side.slope, side.error, alone, h)
                better = np.isfinite(side.slope) & (side.error < self.aside[1])
                self.aside = np.where(better, (side.slope, side.error), self.aside)
        rounded = [ONE_SIDED * side.noise > 0.3 * h * side.error for side in (right, left) if side is not None]
        done = self.settled(h) | np.any(rounded, axis=0)  # smaller steps would only be rounded more
        self.stuck = self.stuck + 1 if done.all() and not self.busy() else 0

    def between(self, right: _Side, left: _Side, h: float) -> Array:
        """Take the central value, where the two sides agree. Returns where."""
        gap = np.abs(right.slope - left.slope)
        doubt = right.error + left.error
        agree = gap <= 8 * doubt + self.goal.enough(self.value, self.size)
        wide, half, quarter = (right.at - left.at) / (right.t - left.t)
        once, again = (4 * half - wide) / 3, (4 * quarter - half) / 3
        value = (16 * again - once) / 15
        error = np.abs(value - again) + CENTRAL * np.maximum(right.noise, left.noise) / h
        error = np.where(gap > 2 * doubt, np.maximum(error, gap / 16), error)
        sides = np.maximum(right.error, left.error) + gap / 2
        apart = sides < error  # where the curvature jumps, as of relu(x)**2, each side alone is better
        value, error = np.where(apart, (right.slope + left.slope) / 2, value), np.where(apart, sides, error)
        self.take(value, error, agree, h)
        return agree

    def compare(self, right: _Side, left: _Side, agree: Array) -> None:
        """Where the two sides do not agree: do they keep to their slopes, as at a kink?"""
        gap, doubt = np.abs(right.slope - left.slope), right.error + left.error
        low, high = np.minimum(left.slope, right.slope), np.maximum(left.slope, right.slope)
        same = np.maximum(np.abs(low - self.low), np.abs(high - self.high)) <= 0.1 * gap + doubt
        apart = gap > 8 * doubt
        self.kinked = np.where(apart & ~agree, np.where(same, self.kinked + 1, 1), 0)
        self.low, self.high = np.where(apart, low, self.low), np.where(apart, high, self.high)

    def take(self, value: Array, error: Array, valid: Any, h: float) -> None:
        """Keep the better of two estimates that are consistent; of others the new one, until a third confirms it.

        But what is exact enough is not given up for what a larger step says: there the function may be another.
        """
        valid = valid & np.isfinite(value) & np.isfinite(error)
        known = np.isfinite(self.error)
        consistent = known & (np.abs(value - self.value) <= 4 * (error + self.error))
        valid &= consistent | (h <= self.step) | ~self.exact()
        better = valid & ~(consistent & (error >= self.error))
        telling = valid & (~consistent | (error <= self.goal.enough(value, self.size)))
        self.confirmed = np.where(telling, consistent, self.confirmed)
        self.value, self.error = np.where(better, value, self.value), np.where(better, error, self.error)
        self.step = np.where(better, h, self.step)

    def busy(self) -> bool:
        """Whether something is being found out although no estimate gets better."""
        return bool((self.kinked + self.right.steep + self.left.steep + self.right.jumps + self.left.jumps > 1).any())

    def exact(self) -> Array:
        """Where an estimate is exact enough, and either confirmed or what was expected."""
        enough = self.error <= self.goal.enough(self.value, self.size)
        return enough & (self.confirmed | self.goal.met(self.value, self.error, self.size))

    def settled(self, h: float) -> Array:
        """Where there is nothing more to find out: exact enough, or at the end of what is no smooth function."""
        other = np.maximum(np.maximum(self.right.steep, self.left.steep), np.maximum(self.right.jumps, self.left.jumps))
        rough = ((self.kinked > 3) & (h <= FINEST * (self.line.near or self.line.scale))) | (other > 4)
        return self.exact() | rough

    def write(self, slopes: Slopes, row: int) -> None:
        """Say what has been found."""
        jump = (self.right.jumps > 2) | (self.left.jumps > 2)
        state = np.where(self.exact(), SMOOTH, np.where(jump, JUMP, np.where(self.kinked > 2, KINK, UNKNOWN)))
        low, high = self.low.copy(), self.high.copy()
        steep = (self.right.steep > 2) | (self.left.steep > 2)
        for i in np.flatnonzero(steep & ((state == KINK) | (state == UNKNOWN))).tolist():
            ends = [end for end in (self.left.end(i), self.right.end(i)) if not math.isnan(end)]
            low[i], high[i] = min(ends), max(ends)
            state[i] = STEEP if low[i] == high[i] else KINK
        error = np.where(self.confirmed | (state != UNKNOWN), self.error, np.inf)
        slopes.value[row], slopes.error[row], slopes.size[row] = self.value, error, self.size
        slopes.state[row], slopes.low[row], slopes.high[row] = state, low, high


class _Trend:
    """How one side of a line goes on while the steps get smaller: towards a slope, without bound, or with a jump.

    A slope without bound is one whose changes from step to step do not shrink, while f still approaches its value; a
    jump is where f does not.
    """

    def __init__(self, outputs: int) -> None:
        self.steep, self.jumps = np.zeros(outputs, int), np.zeros(outputs, int)
        self.quotient = self.change = self.moved = np.full(outputs, np.nan)
        self.slope = np.full(outputs, np.nan)

    def follow(self, side: _Side | None) -> None:
        """Take the values at the next step into account."""
        if side is None:
            return
        quotient, distance = side.quotient[2], np.abs(side.moved)
        change, moved = quotient - self.quotient, distance[2]
        rounding = ONE_SIDED * side.noise
        stays = moved >= 0.8 * self.moved
        grows = (change * quotient > 0) & (np.abs(change) >= 0.5 * np.abs(self.change)) & ~stays
        self.steep = np.where(grows & (moved > rounding), self.steep + 1, 0)
        level = distance.max(0) - distance.min(0) <= 0.1 * distance.max(0)
        self.jumps = np.where(level & (stays | np.isnan(self.moved)) & (moved > 8 * rounding), self.jumps + 1, 0)
        self.quotient, self.change, self.moved, self.slope = quotient, change, moved, side.slope

    def end(self, i: int) -> float:
        """The slope to which one output tends."""
        return math.copysign(math.inf, self.quotient[i]) if self.steep[i] > 2 else float(self.slope[i])


def _ladder(start: float, near: float) -> Iterator[float]:
    """Steps from the one after ``start`` downwards; first of all one that stays well away from the special point."""
    if 0 < near * RATIO < start:
        yield near * RATIO
    if 0 < near < start:
        yield math.nextafter(near, 0.0)
    for k in range(1, STEPS + 1):
        yield start * RATIO**k


def refine(line: Line, f0: Array, eps: float, goal: Goal, slopes: Slopes, row: int, step: float | None = None) -> None:
    """Look at one line again, closely, and write what is found to its row of ``slopes``."""
    refinement = Refinement(line, f0, eps, goal, slopes, row)
    refinement.run(step)
    refinement.write(slopes, row)


def complex_step(lines: Sequence[Line], f0: Array, eps: float) -> Slopes:
    """The derivatives of analytic functions: ``imag f(x + ih) / h``, in which no difference is taken.

    Each line's ``at`` must take an imaginary ``t`` and give complex values.
    """
    slopes = Slopes(len(lines), f0)
    for row, line in enumerate(lines):
        h = 2.0**-80 * line.scale
        values, t = line.at(1j * h)  # type: ignore[arg-type]
        same = np.abs(np.real(values) - f0) <= 1e3 * eps * np.abs(f0)  # else it is another function for such numbers
        slopes.value[row] = np.where(same, np.imag(values) / np.imag(t), np.nan)
        slopes.error[row] = 64 * eps * np.abs(slopes.value[row])
    slopes.error[~np.isfinite(slopes.error)] = np.inf
    slopes.state[:] = np.where(np.isfinite(slopes.value), SMOOTH, UNKNOWN)
    return slopes
