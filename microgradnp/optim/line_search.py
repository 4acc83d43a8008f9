"""A line search for the strong Wolfe conditions.

Source: Nocedal and Wright, Numerical optimization, 2006, algorithms 3.5 and 3.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

LESS, FLATTER = 1e-4, 0.9  # c1 and c2: how much of the descent promised by the slope, how much less slope


class Point(NamedTuple):
    """A step size, and the function there: its value, its gradient, and its slope along the direction."""

    size: Any
    value: float
    grad: Any
    slope: Any


def strong_wolfe(
    at: Callable[[Any], Point], size: Any, start: Point, length: Any, tolerance: float, limit: int
) -> Point:
    """A point that satisfies the conditions, or the best that was found in ``limit`` steps.

    ``size`` is tried first; ``length`` is the largest element of the direction, whose steps are not to be smaller than
    ``tolerance``.
    """
    before, point, steps = start, at(size), 0
    while steps < limit:
        if _too_high(point, start) or (steps > 1 and point.value >= before.value):
            break
        if _flat(point, start):
            return point
        if point.slope >= 0:
            break
        further = (point.size + 0.01 * (point.size - before.size), point.size * 10)
        before, point, steps = point, at(_lowest(before, point, further)), steps + 1
    else:
        return start if start.value <= point.value else point
    return _zoom(at, [before, point], start, length, tolerance, limit, steps)


def _zoom(
    at: Callable[[Any], Point],
    bracket: list[Point],
    start: Point,
    length: Any,
    tolerance: float,
    limit: int,
    steps: int,
) -> Point:
    """Narrow a bracket around a point that satisfies the conditions."""
    low, high = _order(bracket)
    stuck = False
    while steps < limit and not abs(bracket[1].size - bracket[0].size) * length < tolerance:
        size, stuck = _inside(bracket, stuck)
        point, steps = at(size), steps + 1
        if _too_high(point, start) or point.value >= bracket[low].value:
            bracket[high] = point
            low, high = _order(bracket)
            continue
        if _flat(point, start):
            return point
        if point.slope * (bracket[high].size - bracket[low].size) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = point
    return bracket[low]


def _inside(bracket: list[Point], stuck: bool) -> tuple[Any, bool]:
    """Where to look next: the lowest point of a cubic, but twice in a row not close to an end of the bracket."""
    size = _lowest(bracket[0], bracket[1])
    least, most = sorted(point.size for point in bracket)
    margin = 0.1 * (most - least)
    if not min(most - size, size - least) < margin:
        return size, False
    if not (stuck or size >= most or size <= least):
        return size, True
    return (most - margin if abs(size - most) < abs(size - least) else least + margin), False


def _too_high(point: Point, start: Point) -> bool:
    return point.value > start.value + LESS * point.size * start.slope


def _flat(point: Point, start: Point) -> bool:
    return abs(point.slope) <= -FLATTER * start.slope


def _order(bracket: list[Point]) -> tuple[int, int]:
    """The place of the lower point, and that of the other."""
    return (0, 1) if bracket[0].value <= bracket[1].value else (1, 0)


def _lowest(one: Point, other: Point, bounds: tuple[Any, Any] | None = None) -> Any:
    """Where the cubic that agrees with two points, in value and slope, is lowest within bounds, or their middle."""
    a, b = (one, other) if one.size <= other.size else (other, one)
    least, most = bounds or (a.size, b.size)
    middle = a.slope + b.slope - 3 * (a.value - b.value) / (a.size - b.size)
    square = middle**2 - a.slope * b.slope
    if not square >= 0:
        return (least + most) / 2
    root = np.sqrt(square)
    size = b.size - (b.size - a.size) * ((b.slope + root - middle) / (b.slope - a.slope + 2 * root))
    return min(max(size, least), most)
