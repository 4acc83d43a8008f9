"""Kinks in several elements at once, as where several elements of a maximum are equal.

There each derivative for itself may lie between the slopes on its two sides, and all together still be no gradient: two
equal maxima that both get 1. A generalised gradient is an average of gradients nearby; so along any direction its slope
lies between theirs. The direction to look at is the one in which all those elements move alike.

Source: F. H. Clarke, Optimization and Nonsmooth Analysis, 1983, section 2.2, https://doi.org/10.1137/1.9781611971309
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .compare import PASS, Comparison
from .numeric import KINK
from .report import Finding
from .subject import Array, Run, Subject

AWAY = 1e-6  # how far away the gradients nearby are taken, relative to each input
RANDOM, ALONG = 8, 2  # how many at random places, and how many on each side along the direction
OUTPUTS = 4  # how many outputs are looked at
LOOSE = 1e-4  # relative tolerance


def together(subject: Subject, run: Run, comparison: Comparison, rng: Any) -> list[Finding]:
    """Find an output at a kink of several elements whose derivatives together are no generalised gradient."""
    kinks = (comparison.slopes.state == KINK) & (comparison.verdict == PASS)
    for column in np.flatnonzero(kinks.sum(0) > 1)[:OUTPUTS]:
        elements = np.flatnonzero(kinks[:, column])
        direction = np.zeros(sum(point.size for point in subject.points))
        direction[comparison.rows[elements]] = 1
        slope = comparison.analytic[elements, column].sum()
        slopes = [nearby @ direction for nearby in _gradients(subject, run, int(column), direction, rng)]
        size = np.abs(comparison.analytic[elements, column]).sum() + np.abs(slopes).max()
        if not min(slopes) - LOOSE * size <= slope <= max(slopes) + LOOSE * size:
            text = (
                f"{len(elements)} elements are at a kink together. Where all of them move alike, the slope is between "
                f"{min(slopes):.6g} and {max(slopes):.6g}, and their gradients add up to {slope:.6g}"
            )
            return [Finding("value", text)]
    return []


def _gradients(subject: Subject, run: Run, column: int, direction: Array, rng: Any) -> list[Array]:
    """The gradients of one element of the outputs at points nearby."""
    cotangents: list[Any] = [None] * len(run.outputs)
    for k, out in enumerate(run.outputs):
        if column < out._array.size:
            cotangents[k] = np.zeros(out.shape, out._array.dtype)
            cotangents[k].reshape(-1)[column] = 1
            break
        column -= out._array.size
    steps = [rng.uniform(-1, 1, direction.shape) for _ in range(RANDOM)]
    steps += [sign * direction + 0.1 * rng.uniform(-1, 1, direction.shape) for sign in (1, -1) for _ in range(ALONG)]
    return [subject.run(subject.stepped(AWAY * step)).gradient(cotangents) for step in steps]
