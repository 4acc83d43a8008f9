"""How exact a function and its gradient are: of the values, of a gradient in float64, of one in the inputs' types."""

from __future__ import annotations

from typing import Any

import numpy as np

from .conduct import filled, random_like, repairs_seen
from .report import Finding
from .subject import Array, Run, Subject

OWN = 64  # by how many eps a gradient in its own precision may differ from that in float64
SENSITIVE = 16  # and by how many times what it changes when the inputs move by one eps


class Precision:
    """How exact the values of a function are, and what may therefore be asked of its derivatives."""

    def __init__(self, eps: float, relative: float, natural: float, absolute: float = 0.0) -> None:
        self.eps, self.absolute = eps, absolute
        coarse = eps > 1e-12  # differences of values in float32 or float16 cannot be had any better
        self.relative = max(relative, min(3e3 * eps, 0.2)) if coarse else relative
        self.natural = max(natural, min(3e2 * eps, 0.1)) if coarse else natural


def coarse_type(values: Array) -> Any:
    """The coarsest type whose numbers all these values are, float16 or float32; None for float64."""
    values = values[np.isfinite(values) & (values != 0)]
    for dtype in (np.float16, np.float32):
        if values.size and np.array_equal(values.astype(dtype), values):
            return dtype
    return None


def coarse_values(subject: Subject, f0: Array) -> Any:
    """The type in which a function of float64 inputs computes, if it is a lower one, as its values show."""
    try:
        values = subject.values(subject.moved(np.pi * 2.0**-10))
    except Exception:  # outside its domain
        return None
    return coarse_type(values[values != f0]) if values.shape == f0.shape else None


def coarse_gradient(run: Run, g: Array, natural: Array) -> list[Finding]:
    """The gradient of a random float64 cotangent has the precision of float64.

    Elements that are small beside ``natural`` do not count: what is left of larger numbers has few digits.
    """
    dtype = coarse_type(g[np.abs(g) > 1e-6 * natural])
    if dtype is None or any(out._array.dtype != np.float64 for out in run.outputs):
        return []
    text = (
        f"all elements of a gradient in float64 are numbers of {np.dtype(dtype).name}: the backward pass works in a "
        "lower precision than the forward pass"
    )
    return [Finding("precision", text)]


def own_precision(own: Subject, subject: Subject, run: Run, size: Array, rng: Any) -> list[Finding]:
    """In the inputs' own types the gradient is that of float64, as far as their precision lets it.

    ``size`` is that of the terms of each element of the gradient.
    """
    findings: list[Finding] = []
    with repairs_seen(findings):
        mine = own.run()
        v = [random_like(out, rng) for out in mine.outputs]
        g = filled(mine.vjp(v), mine.inputs)
    if not all(np.isfinite(out._array).all() for out in mine.outputs):
        return findings
    wide = [array.astype(out._array.dtype) for array, out in zip(v, run.outputs, strict=True)]
    reference = run.gradient(wide)
    eps = max(own.eps, *(float(np.finfo(out._array.dtype).eps) for out in mine.outputs))
    moved = np.nan_to_num(np.abs(subject.run(subject.moved(eps)).gradient(wide) - reference), posinf=0.0)
    return findings + _apart(own, g, reference, OWN * eps * np.nan_to_num(size, posinf=0.0), SENSITIVE * moved)


def _apart(own: Subject, g: Array, reference: Array, rounding: Array, change: Array) -> list[Finding]:
    """The first element of a gradient that is further from the reference than rounding explains."""
    start = 0
    for name, point, dtype in zip(own.names, own.points, own.dtypes, strict=True):
        part = slice(start, start := start + point.size)
        if not point.size:
            continue
        limits = np.finfo(dtype)
        tolerance = rounding[part] + 1e-3 * rounding[part].max() + change[part].max() + limits.smallest_normal
        finite = np.abs(reference[part]) <= limits.max
        wrong = finite & ~(np.abs(g[part] - reference[part]) <= tolerance)
        if wrong.any():
            i = int(np.flatnonzero(wrong)[0])
            index = ", ".join(map(str, np.unravel_index(i, point.shape)))
            text = (
                f"in {dtype.name} the gradient of {name}[{index}] is {g[part][i]:.8g}, where float64 gives "
                f"{reference[part][i]:.8g}: more than rounding"
            )
            return [Finding("precision", text)]
    return []
