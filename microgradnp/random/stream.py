"""The stream of random words: how it is started, kept, continued, and read.

The words are the outputs of the 32-bit Mersenne Twister MT19937. NumPy has it in ``RandomState``, whose stream is
frozen by the compatibility policy of NumPy (NEP 19).
"""

from __future__ import annotations

import math
import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from .checks import integer

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import DTypeLike, NDArray

    from ..tensor import Tensor

DEFAULT_SEED = 67280421310721  # torch's; a prime factor of 2**64 + 1

STATE = np.dtype([("tag", "S8"), ("seed", "<u8"), ("spare", "<f8"), ("position", "<u4"), ("key", "<u4", 624)])
TAG = b"mt19937"


def _record_of(state: Any) -> Any:
    """The bytes of a state as a record, once they are known to be one."""
    if not isinstance(state, np.ndarray) or state.dtype != np.uint8:
        kind = state.dtype if isinstance(state, np.ndarray) else type(state).__name__
        raise TypeError(f"set_state: new_state must be a uint8 tensor, got {kind}; pass what get_state() returned")
    if state.shape != (STATE.itemsize,):
        raise RuntimeError(
            f"set_state: new_state must have shape ({STATE.itemsize},), got {state.shape}; pass what get_state() of "
            "this library returned (torch's states have another layout)"
        )
    record = np.ascontiguousarray(state).view(STATE)[0]
    if record["tag"] != TAG or record["position"] > 624 or not record["key"].any() or np.isinf(record["spare"]):
        raise RuntimeError(
            "set_state: new_state must be the bytes of an MT19937 state, got others of the same size; pass what "
            "get_state() returned, unchanged"
        )
    return record


class Stream:
    """A twister and its seed, with a lock around them. :class:`~microgradnp.random.Generator` adds the draws."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._twister: np.random.RandomState | None = None
        self.manual_seed(DEFAULT_SEED)

    def _made(self) -> np.random.RandomState:
        """The twister, to be asked for with the lock held.

        It is made when first needed, for importing numpy.random takes as long as importing the rest of this library.
        """
        if self._twister is None:
            self._twister = np.random.RandomState(self._seed % 2**32)
        return self._twister

    def manual_seed(self, seed: int) -> Self:
        """Start the stream that belongs to *seed* and return this generator.

        A negative seed stands for ``2**64 + seed``. The twister itself has a 32-bit seed, so that seeds equal modulo
        ``2**32`` give one stream; only :meth:`initial_seed` tells them apart.

        Args:
            seed: an int in ``[-2**63, 2**64 - 1]``.

        Raises:
            TypeError: *seed* is not an int (a bool is not).
            ValueError: *seed* is out of range.

        >>> from microgradnp.random import Generator
        >>> Generator().manual_seed(-1).initial_seed() == 2**64 - 1
        True
        """
        value = integer(seed, "manual_seed", "seed")
        if not -(2**63) <= value < 2**64:
            raise ValueError(
                f"manual_seed: seed must lie in [-2**63, 2**64 - 1], got {value}; reduce it, e.g. modulo 2**64"
            )
        with self._lock:
            self._seed = value % 2**64
            self._spare: float | None = None  # the second of a pair of normal samples, waiting for its turn
            if self._twister is not None:
                self._twister.seed(self._seed % 2**32)
        return self

    def seed(self) -> int:
        """Seed with 64 bits of the operating system's randomness and return that seed.

        >>> from microgradnp.random import Generator
        >>> generator = Generator()
        >>> generator.seed() == generator.initial_seed()
        True
        """
        return self.manual_seed(int.from_bytes(os.urandom(8), "little")).initial_seed()

    def initial_seed(self) -> int:
        """The seed the stream was started with, in ``[0, 2**64 - 1]``.

        >>> from microgradnp.random import Generator
        >>> Generator().manual_seed(7).initial_seed()
        7
        """
        return self._seed

    def get_state(self) -> Tensor:
        """The whole state as bytes: a uint8 tensor of shape ``(2524,)``, to be given to :meth:`set_state`.

        It holds the seed, the twister's 624 words and position, and the normal sample kept for the next draw. The
        layout is this library's own: torch's 5056 bytes do not fit here, nor these there.

        >>> from microgradnp.random import Generator
        >>> generator = Generator().manual_seed(1)
        >>> state = generator.get_state()
        >>> a = generator.normal(3)
        >>> generator.set_state(state)
        >>> bool((generator.normal(3) == a).all())
        True
        """
        from ..tensor import make

        return make(self._bytes())

    def _bytes(self) -> NDArray[np.uint8]:
        """The state as an array."""
        record = np.zeros(1, STATE)
        with self._lock:
            twister = self._made().get_state(legacy=False)["state"]
            spare = math.nan if self._spare is None else self._spare  # a sample is never NaN
            record[0] = (TAG, self._seed, spare, twister["pos"], twister["key"])
        return record.view(np.uint8)

    def set_state(self, new_state: Any) -> None:
        """Continue from a state returned by :meth:`get_state`.

        Args:
            new_state: uint8 tensor (or array) of shape ``(2524,)``; it is copied.

        Raises:
            TypeError: *new_state* is not a uint8 tensor.
            RuntimeError: its size or its contents are not those of a state; this generator is then unchanged.
        """
        record = _record_of(getattr(new_state, "_array", new_state))  # a tensor holds one, too
        with self._lock:
            self._seed = int(record["seed"])
            self._spare = None if math.isnan(record["spare"]) else float(record["spare"])
            twister = {"key": record["key"].astype(np.uint32), "pos": int(record["position"])}
            self._made().set_state({"bit_generator": "MT19937", "state": twister})

    def clone_state(self) -> Self:
        """A new generator at the same place of the same stream.

        >>> from microgradnp.random import Generator
        >>> generator = Generator().manual_seed(3)
        >>> generator.clone_state().uniform(()) == generator.uniform(())
        np.True_
        """
        clone = type(self)()
        clone.set_state(self._bytes())
        return clone

    def _go_back(self, state: NDArray[np.uint8], words: int) -> None:
        """Return to ``state``, and from there over so many words."""
        self.set_state(state)
        self._words(words)

    def __getstate__(self) -> NDArray[np.uint8]:
        return self._bytes()

    def __setstate__(self, state: NDArray[np.uint8]) -> None:
        Stream.__init__(self)  # for the lock, which cannot be pickled
        self.set_state(state)

    def _words(self, count: int) -> NDArray[np.uint32]:
        """The next *count* outputs of the twister."""
        with self._lock:
            return self._made().randint(0, 2**32, count, dtype=np.uint32)

    def _double_words(self, count: int) -> NDArray[np.uint64]:
        """The next *count* pairs of outputs as 64-bit numbers, the first of each pair on top."""
        words = self._words(2 * count).astype(np.uint64)
        return words[::2] << np.uint64(32) | words[1::2]

    def _unit(self, count: int, dtype: DTypeLike) -> NDArray[Any]:
        """Uniform numbers in [0, 1): the low 24 bits of a word in float32, 53 of a double word in float64."""
        if dtype == np.float32:
            return (self._words(count) & np.uint32(2**24 - 1)).astype(dtype) * np.float32(2.0**-24)
        return (self._double_words(count) & np.uint64(2**53 - 1)).astype(dtype) * 2.0**-53
