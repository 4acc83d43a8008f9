"""Numbers of further distributions, computed from uniform and normal ones as PyTorch computes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def cauchy(unit: NDArray[np.float64], median: float, sigma: float) -> NDArray[np.float64]:
    """The distribution function inverted: the tangent of a random angle."""
    return median + sigma * np.tan(math.pi * (unit - 0.5))


def geometric(unit: NDArray[np.float64], p: float) -> NDArray[np.float64]:
    """How many trials it takes to succeed, with probability p each: the distribution function inverted."""
    with np.errstate(divide="ignore"):
        return np.ceil(np.log(unit) / math.log1p(-p))


def poisson(rate: float, uniform: Callable[[], float]) -> int:
    """How many events happen when ``rate`` are to be expected.

    Below 10 the times between the events are added up (as a product of uniforms); from 10 on the transformed rejection
    with squeeze PTRS of W. Hoermann, "The transformed rejection method for generating Poisson random variables",
    Insurance: Mathematics and Economics 12(1), 1993.
    """
    if rate == 0:
        return 0
    if rate < 10:
        events, product, end = 0, uniform(), math.exp(-rate)
        while product > end:
            product *= uniform()
            events += 1
        return events
    root, log_rate = math.sqrt(rate), math.log(rate)
    b = 0.931 + 2.53 * root
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    squeeze = 0.9277 - 3.6224 / (b - 2)
    while True:
        u, v = uniform() - 0.5, uniform()
        distance = 0.5 - abs(u)
        if distance == 0:
            continue
        k = math.floor((2 * a / distance + b) * u + rate + 0.43)
        if distance >= 0.07 and v <= squeeze:
            return k
        if k < 0 or (distance < 0.013 and v > distance):
            continue
        left = math.log(v) + math.log(inverse_alpha) - math.log(a / (distance * distance) + b) if v > 0 else -math.inf
        if left <= -rate + k * log_rate - math.lgamma(k + 1):
            return k


class Pool:
    """Uniform numbers of a generator one by one, drawn many at a time; ``used`` says how many were taken."""

    def __init__(self, draw: Callable[[int], Any], size: int) -> None:
        self.used, self._draw, self._size, self._numbers = 0, draw, size, iter(())

    def __call__(self) -> float:
        self.used += 1
        for number in self._numbers:
            return number
        self._numbers = iter(self._draw(self._size).tolist())
        return next(self._numbers)
