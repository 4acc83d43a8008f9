"""Before anybody is timed: do all compute the same?"""

from __future__ import annotations

from typing import Any

import numpy as np

from .contestants import CONTESTANTS
from .workload import Case, Step


class Disagreement(Exception):
    """A contestant computes something else than the one it is compared with."""


def arrays(result: Any) -> list[np.ndarray]:
    """What a step has returned, whosever arrays these are, as float64."""
    if isinstance(result, (tuple, list)):
        return [array for part in result for array in arrays(part)]
    if hasattr(result, "detach"):
        result = result.detach()
    if hasattr(result, "numpy"):
        result = result.numpy()
    return [np.array(result, np.float64)]


def trace(case: Case, step: Step) -> list[np.ndarray]:
    """What the first steps return."""
    return [array for _ in range(case.checked) for array in arrays(step())]


def check(case: Case, name: str, own: list[np.ndarray], expected: list[np.ndarray]) -> None:
    """Raise Disagreement unless every array is the expected one, within the case's tolerance of its norm."""
    per_step = len(expected) // case.checked
    for position, (a, b) in enumerate(zip(own, expected, strict=True)):
        size = a.size == b.size
        error = float(np.linalg.norm(a.ravel() - b.ravel())) if size else float("inf")
        if not error <= case.tolerance * float(np.linalg.norm(b)):
            raise Disagreement(
                f"{case.name}: {CONTESTANTS[name].title} disagrees at step {position // per_step}, result "
                f"{position % per_step}: {a.ravel()[:3]}... of shape {a.shape}, expected {b.ravel()[:3]}... of shape "
                f"{b.shape}; the difference has norm {error:.3g}, allowed is {case.tolerance:g} "
                f"of {np.linalg.norm(b):.3g}"
            )
