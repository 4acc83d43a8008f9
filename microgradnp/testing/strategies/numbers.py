"""Numbers for tensors: few, simple, exact in every floating dtype, and away from where a function is not smooth."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...dtypes import bool_

# One number at a time, or from how many are needed all of them together.
Elements: TypeAlias = "SearchStrategy[float] | Callable[[int], SearchStrategy[list[float]]]"

BOUND = 4.0  # the magnitude below which numbers are drawn, unless another interval is asked for
CLEARANCE = 0.25


@lru_cache
def _grid(low: float, high: float) -> tuple[float, ...]:
    """Between 16 and 64 dyadic fractions between ``low`` and ``high``, both excluded; the simplest ones first."""
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"within({low}, {high}): low must be less than high, and both finite")
    step = 2.0 ** math.floor(math.log2((high - low) / 32))
    points = [k * step for k in range(math.floor(low / step), math.ceil(high / step) + 1)]
    return tuple(sorted((x for x in points if low < x < high), key=_complexity))


def _complexity(x: float) -> tuple[Any, ...]:
    """What failing examples are shrunk by: integers before fractions, small before large, positive before negative."""
    return x.as_integer_ratio()[1], abs(x), x < 0


def within(low: float, high: float) -> SearchStrategy[float]:
    """Numbers between ``low`` and ``high``, which are excluded: a coarse grid of dyadic fractions.

    The step of the grid is the power of two that makes 32 to 64 of them. They are exact in float16 as long as neither
    bound is more than 32 times the width of the interval.

    Raises: ValueError if ``low`` is not less than ``high``, or one of them is infinite.

    >>> from hypothesis import find
    >>> find(within(2, 3), lambda x: True)
    2.5
    """
    return st.sampled_from(_grid(float(low), float(high)))


def positive(high: float = BOUND) -> SearchStrategy[float]:
    """Numbers greater than 0 and less than ``high``: for logarithms, roots and denominators."""
    return within(0.0, high)


def away_from(
    *points: float, clearance: float = CLEARANCE, low: float = -BOUND, high: float = BOUND
) -> SearchStrategy[float]:
    """Numbers between ``low`` and ``high`` that are at least ``clearance`` away from each of ``points``.

    For functions with kinks or poles there: ``away_from(0)`` for ``abs`` and ``1 / x``, ``away_from(-1, 1)`` for a
    function clipped to [-1, 1].

    Raises: ValueError if no number is left.
    """
    left = [x for x in _grid(float(low), float(high)) if all(abs(x - point) >= clearance for point in points)]
    if not left:
        raise ValueError(
            f"away_from{points}: no number between {low} and {high} is {clearance} away from all of them; "
            "lower clearance or widen the interval"
        )
    return st.sampled_from(left)


def spaced(gap: float = CLEARANCE, low: float | None = None) -> Callable[[int], SearchStrategy[list[float]]]:
    """Numbers no two of which are closer than ``gap``: for ``max``, ``sort``, ``median``, and whatever compares.

    Give it as ``elements``. The numbers of *all* tensors of a group then are one grid in random order, so that
    ``maximum(a, b)`` meets no tie either. They begin at ``low``, or lie around 0: n numbers within ± ``gap * n / 2``.

    >>> from hypothesis import find
    >>> find(spaced()(3), lambda numbers: True)
    [-0.25, 0.0, 0.25]
    """
    if not gap > 0:
        raise ValueError(f"spaced(): gap must be positive, got {gap}")

    def numbers(count: int) -> SearchStrategy[list[float]]:
        first = -gap * (count // 2) if low is None else low
        return st.permutations([first + gap * k for k in range(count)])

    return numbers


@lru_cache
def default_for(dtype: np.dtype[Any]) -> SearchStrategy[Any]:
    """Numbers that a dtype can hold: what ``elements`` is when it is left out."""
    if dtype == bool_:
        return st.booleans()
    if dtype.kind == "f":
        return within(-BOUND, BOUND)
    return st.integers(0 if dtype.kind == "u" else -int(BOUND), int(BOUND))
