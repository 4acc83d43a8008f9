"""The words of a NumPy generator, for the same draws."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from .generator import Generator

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Borrowed(Generator):
    """Draws that take their words from a ``numpy.random.Generator``, which they move on.

    Its numbers are not PyTorch's, nor those of NumPy's own methods, but the same for the same NumPy generator.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng, self._lock, self._spare, self._seed = rng, threading.RLock(), None, 0

    def _words(self, count: int) -> NDArray[np.uint32]:
        return self._rng.integers(0, 2**32, count, dtype=np.uint32)

    def _go_back(self, state: Any, words: int) -> None:
        """What was drawn too much is lost: nothing else depends on this stream's place."""

    def _bytes(self) -> Any:
        return None


def borrowed(rng: Any, caller: str) -> Borrowed:
    """The draws of an ``rng=`` argument: a NumPy generator, or the seed of a new one."""
    if isinstance(rng, np.random.Generator):
        return Borrowed(rng)
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool):
        return Borrowed(np.random.default_rng(int(rng)))
    raise TypeError(
        f"{caller}: argument 'rng' must be a numpy.random.Generator or an int, its seed, not {type(rng).__name__}; "
        "numpy.random.default_rng() makes one"
    )
