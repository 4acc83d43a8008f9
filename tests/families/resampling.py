"""Resampling."""

from __future__ import annotations

from typing import Any

import numpy as np


def _resampled(input: np.ndarray, dim: int, resampling: Any) -> np.ndarray:
    matrix = np.zeros((resampling.count, resampling.length))
    np.add.at(matrix, (resampling.targets, resampling.sources), resampling.weights)
    return np.moveaxis(np.moveaxis(input, dim, -1) @ matrix.T, -1, dim)


REFERENCES = {"resampled": _resampled}
