"""Indices drawn with given probabilities, by the two ways in which ``torch.multinomial`` does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .rounding import work_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray


def by_race(probabilities: NDArray[Any], exponentials: NDArray[Any], num_samples: int) -> NDArray[np.int64]:
    """Without replacement: the indices of the largest ``p / e`` of each row, largest first.

    ``e / p`` is an exponential number of rate p: the time at which a runner arrives. Each index is the first to arrive
    with the probability wanted, and again among those who remain.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        scores = probabilities / exponentials
    if num_samples == 1:
        return scores.argmax(-1, keepdims=True)
    return np.argsort(-scores, axis=-1, kind="stable")[..., :num_samples]


def by_search(probabilities: NDArray[Any], unit: NDArray[np.float64]) -> NDArray[np.int64]:
    """With replacement: where the uniforms of each row fall among its cumulated probabilities."""
    cumulated = probabilities.cumsum(-1, dtype=work_dtype(probabilities.dtype))
    cumulated /= cumulated[..., -1:]  # so that the last is 1, above all uniforms
    rows = zip(np.atleast_2d(cumulated), np.atleast_2d(unit), strict=True)
    return np.array([np.searchsorted(row, u) for row, u in rows], np.int64).reshape(unit.shape)
