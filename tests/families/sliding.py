"""Windows that slide."""

from __future__ import annotations

import math
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


def _places_of_largest(input: np.ndarray, out: np.ndarray, windows: Any) -> np.ndarray:
    places = np.empty(out.shape, np.uint8)
    for result, elements in each_window(input.shape, windows):
        equal = [number for number, place in elements if input[place] == out[result]]
        places[result] = min(equal, default=math.prod(one.size for one in windows))
    return places


def _spread_from_places(input: np.ndarray, places: np.ndarray, windows: Any, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    for result, elements in each_window(shape, windows):
        for number, place in elements:
            out[place] += np.where(places[result] == number, input[result], 0)
    return out


def _taken_at_places(input: np.ndarray, places: np.ndarray, windows: Any) -> np.ndarray:
    out = np.zeros(places.shape)
    for result, elements in each_window(input.shape, windows):
        for number, place in elements:
            out[result] += np.where(places[result] == number, input[place], 0)
    return out


REFERENCES = {
    "largest_of_windows": lambda x, windows: _reduced(x, windows, np.max),
    "sum_of_windows": lambda x, windows: _reduced(x, windows, np.sum),
    "places_of_largest": _places_of_largest,
    "spread_over_windows": _spread_over_windows,
    "spread_from_places": _spread_from_places,
    "taken_at_places": _taken_at_places,
}
