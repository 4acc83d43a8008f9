"""Resampling: along one dimension, each element of the result is a sum of elements of the input with weights.

The gradient is the same sum with the weights transposed; so ``resampled`` is an operation that is its own derivative.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from .parts import along
from .record import Array, derivatives, operation


class Resampling:
    """Which elements go where along a dimension: ``weights[i]`` times that at ``sources[i]`` to ``targets[i]``.

    ``length`` and ``count`` are how many elements there are, before and after.
    """

    def __init__(self, sources: np.ndarray, targets: np.ndarray, weights: np.ndarray, length: int, count: int) -> None:
        self.sources, self.targets, self.weights = sources, targets, weights
        self.length, self.count = length, count

    @cached_property
    def transposed(self) -> Resampling:
        return Resampling(self.targets, self.sources, self.weights, self.count, self.length)

    @cached_property
    def terms(self) -> list[tuple[Any, ...]]:
        """The first, second, ... of the elements that go to each target: targets, sources, weights.

        All targets are a slice, and weights that are all 1 are None.
        """
        order = np.argsort(self.targets, kind="stable")
        sources, targets, weights = self.sources[order], self.targets[order], self.weights[order]
        rank = np.arange(targets.size) - np.searchsorted(targets, targets)
        terms = []
        for number in range(rank.max(initial=-1) + 1):
            part = rank == number
            everywhere = part.sum() == self.count
            factors = None if (weights[part] == 1).all() else weights[part]
            terms.append((slice(None) if everywhere else targets[part], sources[part], factors))
        return terms


def _samples(make: Any) -> list[tuple[Any, ...]]:
    return [
        (make(2, 3), 1, Resampling(np.array([0, 1, 2, 1]), np.array([0, 0, 1, 3]), np.array([0.5, 2, 1, -1]), 3, 4)),
        (make(4, 2), 0, Resampling(np.array([3, 0, 0]), np.arange(3), np.ones(3), 4, 3)),
    ]


def _resampled_back(g, dim, resampling) -> Any:
    return resampled(g, dim, resampling.transposed)


@operation(public=(), opaque=True, label="interpolate", samples=_samples)
@derivatives(input=_resampled_back)
def resampled(input: Array, dim: int, resampling: Resampling) -> Array:
    """The sums of elements along ``dim`` that ``resampling`` tells."""
    out = np.zeros((*input.shape[:dim], resampling.count, *input.shape[dim + 1 :]), input.dtype)
    for targets, sources, weights in resampling.terms:
        part = np.take(input, sources, dim)
        if weights is not None:
            part *= weights.astype(input.dtype).reshape(-1, *(1,) * (input.ndim - dim - 1))
        out[along(dim, targets)] += part
    return out
