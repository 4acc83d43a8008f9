"""Fisher & Yates' shuffle without its loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def swapped(targets: NDArray[np.int64]) -> NDArray[np.int64]:
    """The outcome of swapping, in ``arange(n)``, entries i and targets[i] >= i for i = 0, 1, ..., without a loop.

    Step i throws the value found at i onto the place targets[i], and takes what lies there. That is either what an
    earlier step threw there last, or the place's own number. So follow the thrown values: the one found at i was
    thrown there by the last earlier step aiming at i, which found it at its own place, and so on back to the start.
    """
    steps = np.arange(targets.size)
    aims = targets != steps
    found = steps.copy()
    found[targets[aims]] = steps[aims]  # of several steps aiming at one place the last is kept
    while not np.array_equal(found, found := found[found]):  # doubles the way back each time
        pass
    # By target, then by step: a radix sort by 16 bits at a time, which is what a stable argsort of uint16 is.
    order = np.argsort(targets.astype(np.uint16), kind="stable")
    order = order[np.argsort((targets >> 16).astype(np.uint16)[order], kind="stable")]
    again = np.flatnonzero(targets[order[1:]] == targets[order[:-1]])
    taken = targets.copy()
    taken[order[again + 1]] = found[order[again]]
    return taken
