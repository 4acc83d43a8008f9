"""Windows that slide."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def each_window(shape: tuple[int, ...], windows: Any) -> Iterator[tuple[Any, list[tuple[int, Any]]]]:
    """For each window the index of its result, and the numbers and indices of those of its elements that exist."""
    lengths = shape[len(shape) - len(windows) :]
    for result in np.ndindex(*(one.count for one in windows)):
        places = [
            tuple(i * one.stride - one.padding + k * one.dilation for i, k, one in zip(result, part, windows, strict=True))
            for part in np.ndindex(*(one.size for one in windows))
        ]  # fmt: skip
        inside = [all(0 <= i < n for i, n in zip(place, lengths, strict=True)) for place in places]
        yield (..., *result), [(number, (..., *place)) for number, place in enumerate(places) if inside[number]]


def _reduced(input: np.ndarray, windows: Any, reduce: Any) -> np.ndarray:
    out = np.empty((*input.shape[: input.ndim - len(windows)], *(one.count for one in windows)))
    for result, elements in each_window(input.shape, windows):
        out[result] = reduce(np.array([input[place] for _, place in elements]), 0)
    return out


def _spread_over_windows(input: np.ndarray, windows: Any, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    for result, elements in each_window(shape, windows):
        for _, place in elements:
            out[place] += input[result]
    return out


def _indices_of_largest(input: np.ndarray, out: np.ndarray, windows: Any) -> np.ndarray:
    lengths = input.shape[input.ndim - len(windows) :]
    steps = np.append(np.cumprod(lengths[:0:-1])[::-1], 1).astype(int)
    indices = np.empty((input.size // np.prod(lengths), *out.shape[out.ndim - len(windows) :]), int)
    for number, (plane, values) in enumerate(zip(input.reshape(-1, *lengths), out.reshape(indices.shape), strict=True)):
        for result, elements in each_window(lengths, windows):
            equal = [place[1:] for _, place in elements if plane[place] == values[result]]
            last = [i * w.stride - w.padding + w.reach - 1 for i, w in zip(result[1:], windows, strict=True)]
            place = min(equal) if equal else last  # it is told to look for what is there
            indices[(number, *result[1:])] = number * plane.size + np.dot(place, steps)
    return indices.reshape(-1)


REFERENCES = {
    "largest_of_windows": lambda x, windows: _reduced(x, windows, np.max),
    "sum_of_windows": lambda x, windows: _reduced(x, windows, np.sum),
    "indices_of_largest": _indices_of_largest,
    "spread_over_windows": _spread_over_windows,
}
