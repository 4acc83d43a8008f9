"""The lines along which a function is measured: one for each element of its inputs, or random directions."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..tensor import Tensor
from .conduct import spread
from .numeric import Line
from .subject import Array, Subject, leaves


def confine(subject: Subject, domain: Any) -> None:
    """Set where the function may be evaluated.

    ``domain`` is an interval (low, high) for all inputs, or a list with an interval or None for each argument. Raises
    ValueError where it is none of these, or an input lies outside.
    """
    if domain is None:
        return
    one = len(domain) == 2 and all(np.isscalar(end) for end in domain)
    intervals = [domain] * len(subject.given) if one else list(domain)
    if len(intervals) != len(subject.given):
        raise ValueError(
            f"gradcheck: domain must be an interval (low, high), or a list of {len(subject.given)} intervals (or "
            f"None), one for each input, got {domain!r}"
        )
    paths = [path for path, _ in leaves(subject.given)]
    for k, i in enumerate(subject.checked):
        interval = intervals[paths[i][0]]
        if interval is None:
            continue
        low, high = (float(end) for end in interval)
        point = subject.points[k]
        if not low < high or (point.size and not (low <= point.min() and point.max() <= high)):
            raise ValueError(
                f"gradcheck: input {subject.names[k]} has values outside its domain [{low:g}, {high:g}]"
                if low < high
                else f"gradcheck: a domain is (low, high) with low < high, got {interval!r}"
            )
        subject.low[k], subject.high[k] = low, high


def attempt(subject: Subject, points: list[Array], outputs: int) -> Array:
    """The values; nan where the function refuses such inputs, as it may outside its domain."""
    try:
        values = subject.values(points)
    except (ArithmeticError, AssertionError, RuntimeError, ValueError):
        return np.full(outputs, np.nan)
    return values if values.size == outputs else np.full(outputs, np.nan)


def typical(point: Array) -> float:
    """The size of the elements of an input: the root of their mean square; 1 where all are 0."""
    finite = point[np.isfinite(point)]
    largest = float(np.abs(finite).max(initial=0.0))
    return float(largest * np.sqrt(np.mean((finite / largest) ** 2))) if largest else 1.0


def sizes(point: Array) -> Array:
    """For each element of an input, how far it may be expected to matter that it moves."""
    return np.where(np.isfinite(point), np.maximum(np.abs(point), typical(point)), 1.0)


def coordinates(subject: Subject, outputs: int) -> Iterator[Line | None]:
    """A line for each element of each input; None for one that is not finite and so cannot be moved."""
    for k, point in enumerate(subject.points):
        scale = typical(point)
        for element, here in enumerate(point.reshape(-1).tolist()):
            yield _coordinate(subject, subject.points, k, element, outputs, scale) if np.isfinite(here) else None


def line_of(subject: Subject, points: list[Array], row: int, outputs: int) -> Line:
    """The line of one of all elements, at other points."""
    for k, point in enumerate(points):
        if row < point.size:
            return _coordinate(subject, points, k, row, outputs, typical(point))
        row -= point.size
    raise IndexError(row)


def _coordinate(subject: Subject, points: list[Array], which: int, element: int, outputs: int, scale: float) -> Line:
    points, point = list(points), points[which]
    here = float(point.reshape(-1)[element])

    def at(t: float) -> tuple[Array, float]:
        moved = points[which] = point.copy()
        moved.reshape(-1)[element] = here + t
        return attempt(subject, points, outputs), float(moved.reshape(-1)[element]) - here

    low, high = subject.low[which] - here, subject.high[which] - here
    return Line(at, max(abs(here), scale), abs(here), low, high)


def imaginary(subject: Subject, outputs: int) -> Iterator[Line | None]:
    """The same for imaginary steps. Raises ValueError where the function cannot do with complex numbers."""

    def moved(line: Line, k: int, element: int) -> Line:
        points, point = list(subject.points), subject.points[k]

        def at(t: Any) -> tuple[Array, Any]:
            points[k] = point.astype(complex)
            points[k].reshape(-1)[element] += t
            return complex_values(subject, points), t

        return Line(at, line.scale)

    places = [(k, element) for k, point in enumerate(subject.points) for element in range(point.size)]
    for line, place in zip(coordinates(subject, outputs), places, strict=True):
        yield None if line is None else moved(line, *place)


def complex_values(subject: Subject, points: list[Array]) -> Array:
    """The values for complex inputs, if all are complex."""
    reason = "it needs a recorded call" if subject.recorded else "its result is real, as that of abs() or a comparison"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of numbers that lose their imaginary parts
            values = np.empty(0) if subject.recorded else subject.values(points)
    except Exception as error:
        values, reason = np.empty(0), f"{type(error).__name__}: {error}"
    if values.dtype.kind != "c":
        raise ValueError(
            "gradcheck: method='complex' is for analytic functions that can be evaluated for complex numbers, and this "
            f"one cannot: {reason}. Use the default, method='richardson'"
        )
    return values


def directions(subject: Subject, outputs: int, rng: Any, count: int) -> Iterator[tuple[int, Array, Line]]:
    """For each input, random directions that move every element by about its size: which input, where to, the line."""
    for k, point in enumerate(subject.points):
        if not point.size:
            continue
        size = np.where(np.isfinite(point), np.maximum(np.abs(point), typical(point)), 0.0)
        for _ in range(count):
            direction = size * spread(rng, 0.5, 1.0, point.shape)
            low, high = _reach(point, direction, subject.low[k], subject.high[k])
            yield k, direction, Line(_walker(subject, k, direction, outputs), 1.0, 0.0, low, high)


def _reach(point: Array, direction: Array, low: float, high: float) -> tuple[float, float]:
    """How far one can go along a direction and stay in the domain."""
    if low == -np.inf and high == np.inf:
        return low, high
    ends = np.array([(low - point) / direction, (high - point) / direction])
    return float(np.nanmax(ends.min(0))), float(np.nanmin(ends.max(0)))


def _walker(subject: Subject, which: int, direction: Array, outputs: int) -> Any:
    points = list(subject.points)

    def at(t: float) -> tuple[Array, float]:
        points[which] = (subject.points[which] + t * direction).astype(subject.points[which].dtype)
        return attempt(subject, points, outputs), t

    return at


def differentiable(tensor: Tensor) -> bool:
    """Whether a tensor takes part in a check."""
    return tensor.requires_grad and tensor._array.dtype.kind == "f"
