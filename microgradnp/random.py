"""Random numbers: PyTorch's CPU generator on NumPy arrays, number for number.

After ``manual_seed(s)`` every draw here returns what torch 2.13 returns on a CPU after ``torch.manual_seed(s)``, and
uses up the same amount of the stream, so that the two stay in step over any sequence of calls.

The stream is the 32-bit Mersenne Twister MT19937 (Matsumoto & Nishimura 1998). A *word* below is one of its outputs; a
*double word* is two in a row, the first one on top. Everything else is arithmetic on words:

===============  =======================================  ======================================================
draw             words used                               agreement with torch
===============  =======================================  ======================================================
``uniform``      1 per number, 2 in float64               bit for bit
``normal``       n < 16: 4 per pair of numbers, half a    bit for bit, given the same C library
                 pair being kept for the next time
``normal``       n >= 16: 1 per number, 2 in float64,     float32 within a few ulp (torch has logarithm, sine
                 for n numbers and 16 more if n % 16 > 0  and cosine of its own); float64 within 1e-15
                 (in float16 for n - n % 16 and these)
``integers``     1 per number, 2 if high - low >= 2**28   bit for bit
``permutation``  n - 1                                    bit for bit
``bernoulli``    2 per number, or 1 if *p* is an array    bit for bit
                 of float16 or float32
``exponential``  2 per number                             within 1 ulp; in float32 nearly always bit for bit
``multinomial``  2 per probability, or with replacement   the same indices, except among equal scores
                 2 per sample
===============  =======================================  ======================================================

"Bit for bit" means torch on x86-64 with AVX2, whose kernels fuse multiplication and addition. Where torch runs without
a fused multiply-add it differs from itself, and so from us, in last bits of ``uniform(low, high)``.

References:
    M. Matsumoto and T. Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
    generator", ACM Transactions on Modeling and Computer Simulation 8(1), 1998.
    G. E. P. Box and M. E. Muller, "A note on the generation of random normal deviates", Annals of Mathematical
    Statistics 29(2), 1958.
    https://docs.pytorch.org/docs/stable/random.html
    https://docs.pytorch.org/docs/stable/generated/torch.Generator.html
"""

from __future__ import annotations

import contextlib
import math
import operator
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    Array = NDArray[Any]
    Shape = int | Sequence[int]

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]

DEFAULT_SEED = 67280421310721  # torch's; a prime factor of 2**64 + 1

_BLOCK = 16  # torch's Box-Muller works on blocks of 16: 8 radii, then 8 angles
_CACHED = 2**14  # numbers that fit into a processor's cache together with the temporaries made of them
_WIDE_SPAN = 2**28  # from here on `word % span` is too uneven, and torch takes double words
_LONGEST_PERMUTATION = (2**32 - 1) // 20 - 1  # for longer ones torch has another algorithm

_FLOATS = tuple(np.dtype(name) for name in ("float16", "float32", "float64"))
_COUNTABLE = _FLOATS + tuple(np.dtype(name) for name in ("uint8", "int8", "int16", "int32", "int64"))
_DISCRETE = _COUNTABLE + tuple(np.dtype(name) for name in ("bool", "uint16", "uint32", "uint64"))

_STATE = np.dtype([("tag", "S8"), ("seed", "<u8"), ("spare", "<f8"), ("position", "<u4"), ("key", "<u4", 624)])
_TAG = b"mt19937"


class Generator:
    """A stream of random numbers: torch's ``Generator`` for the CPU, with the drawing done by its methods.

    Every draw takes a *shape* (an int or a sequence of ints, ``()`` for one number) and returns a new C-ordered
    ``ndarray`` of that shape. One lock per generator keeps draws from several threads apart: each is whole, though
    which thread comes first is up to them.

    A generator can be pickled and copied; the copy continues the same stream on its own.

    Args:
        device: only ``"cpu"``, there for torch's signature.

    Raises:
        RuntimeError: *device* is not ``"cpu"``.

    See https://docs.pytorch.org/docs/stable/generated/torch.Generator.html

    >>> generator = Generator().manual_seed(0)
    >>> generator.uniform(3)
    array([0.4962566 , 0.7682218 , 0.08847743], dtype=float32)
    >>> generator.integers(0, 10, (2, 3))
    array([[0, 3, 9],
           [7, 3, 7]])
    """

    device: str = "cpu"

    def __init__(self, device: str = "cpu") -> None:
        if device != "cpu":
            raise RuntimeError(f"Generator: device must be 'cpu', the only one here, got {device!r}; leave it out")
        self._lock = threading.RLock()
        self._twister = np.random.RandomState()  # its stream is frozen by NumPy's compatibility policy (NEP 19)
        self.manual_seed(DEFAULT_SEED)

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream that belongs to *seed* and return this generator.

        A negative seed stands for ``2**64 + seed``. The twister itself has a 32-bit seed, so that seeds equal modulo
        ``2**32`` give one stream; only :meth:`initial_seed` tells them apart.

        Args:
            seed: an int in ``[-2**63, 2**64 - 1]``.

        Raises:
            TypeError: *seed* is not an int (a bool is not).
            ValueError: *seed* is out of range.

        >>> Generator().manual_seed(-1).initial_seed() == 2**64 - 1
        True
        """
        value = _integer(seed, "manual_seed", "seed")
        if not -(2**63) <= value < 2**64:
            raise ValueError(
                f"manual_seed: seed must lie in [-2**63, 2**64 - 1], got {value}; reduce it, e.g. modulo 2**64"
            )
        with self._lock:
            self._seed = value % 2**64
            self._twister.seed(self._seed % 2**32)
            self._spare: float | None = None  # the second of a pair of normal samples, waiting for its turn
        return self

    def seed(self) -> int:
        """Seed with 64 bits of the operating system's randomness and return that seed.

        >>> generator = Generator()
        >>> generator.seed() == generator.initial_seed()
        True
        """
        return self.manual_seed(int.from_bytes(os.urandom(8), "little")).initial_seed()

    def initial_seed(self) -> int:
        """The seed the stream was started with, in ``[0, 2**64 - 1]``.

        >>> Generator().manual_seed(7).initial_seed()
        7
        """
        return self._seed

    def get_state(self) -> NDArray[np.uint8]:
        """The whole state as bytes: a uint8 array of shape ``(2524,)``, to be given to :meth:`set_state`.

        It holds the seed, the twister's 624 words and position, and the normal sample kept by :meth:`normal`. The
        layout is this library's own: torch's 5056 bytes do not fit here, nor these there.

        >>> generator = Generator().manual_seed(1)
        >>> state = generator.get_state()
        >>> a = generator.normal(3)
        >>> generator.set_state(state)
        >>> bool((generator.normal(3) == a).all())
        True
        """
        record = np.zeros(1, _STATE)
        with self._lock:
            twister = self._twister.get_state(legacy=False)["state"]
            spare = math.nan if self._spare is None else self._spare  # a sample is never NaN
            record[0] = (_TAG, self._seed, spare, twister["pos"], twister["key"])
        return record.view(np.uint8)

    def set_state(self, new_state: NDArray[np.uint8]) -> None:
        """Continue from a state returned by :meth:`get_state`.

        Args:
            new_state: uint8 array of shape ``(2524,)``; it is copied.

        Raises:
            TypeError: *new_state* is not a uint8 array.
            RuntimeError: its size or its contents are not those of a state; this generator is then unchanged.
        """
        record = _state_record(new_state)
        with self._lock:
            self._seed = int(record["seed"])
            self._spare = None if math.isnan(record["spare"]) else float(record["spare"])
            twister = {"key": record["key"].astype(np.uint32), "pos": int(record["position"])}
            self._twister.set_state({"bit_generator": "MT19937", "state": twister})

    def clone_state(self) -> Generator:
        """A new generator at the same place of the same stream.

        >>> generator = Generator().manual_seed(3)
        >>> generator.clone_state().uniform(()) == generator.uniform(())
        np.True_
        """
        clone = Generator()
        clone.set_state(self.get_state())
        return clone

    def __getstate__(self) -> NDArray[np.uint8]:
        return self.get_state()

    def __setstate__(self, state: NDArray[np.uint8]) -> None:
        Generator.__init__(self)  # for the lock, which cannot be pickled
        self.set_state(state)

    # -------------------------------------------------------------------------------------------------- words and units

    def _words(self, count: int) -> NDArray[np.uint32]:
        """The next *count* outputs of the twister."""
        with self._lock:
            return self._twister.randint(0, 2**32, count, dtype=np.uint32)

    def _double_words(self, count: int) -> NDArray[np.uint64]:
        """The next *count* pairs of outputs as 64-bit numbers, the first of each pair on top."""
        words = self._words(2 * count).astype(np.uint64)
        return words[::2] << np.uint64(32) | words[1::2]

    def _unit(self, count: int, dtype: np.dtype[Any]) -> Array:
        """Uniform numbers in [0, 1): the low 24 bits of a word in float32, 53 of a double word in float64."""
        if dtype == np.float32:
            return (self._words(count) & np.uint32(2**24 - 1)).astype(dtype) * np.float32(2.0**-24)
        return (self._double_words(count) & np.uint64(2**53 - 1)).astype(dtype) * 2.0**-53

    # ------------------------------------------------------------------------------------------------------------ draws

    def uniform(self, shape: Shape, low: float = 0.0, high: float = 1.0, dtype: DTypeLike = np.float32) -> Array:
        """Uniform numbers in ``[low, high)``: ``torch.rand``, ``Tensor.uniform_``.

        ``u * (high - low) + low``, rounded once (a fused multiply-add, as in torch's kernels), with *u* of 24 random
        bits in float32 and 53 in float64. float16 is computed in float32 and then rounded; a number rounded up to
        *high* becomes *low*.

        Args:
            shape: shape of the result.
            low, high: the bounds; equal bounds give *low*.
            dtype: float16, float32 or float64.

        Raises:
            RuntimeError: the bounds are not ``low <= high``, or they or their distance exceed *dtype*'s range.
            NotImplementedError: *dtype* is none of the three.

        See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html

        >>> Generator().manual_seed(0).uniform((2, 2), -1.0, 1.0)
        array([[-0.00748682,  0.5364436 ],
               [-0.82304513, -0.735939  ]], dtype=float32)
        """
        dtype, shape = _one_of(_FLOATS, dtype, "uniform"), _dims(shape, "uniform")
        _check_bounds(low, high, dtype)
        work = _work_dtype(dtype)
        start, stop = work.type(low), work.type(high)
        values = _fused(self._unit(math.prod(shape), work), stop - start, start).astype(dtype)
        values[values == dtype.type(stop)] = dtype.type(start)
        return values.reshape(shape)

    def normal(self, shape: Shape, mean: float = 0.0, std: float = 1.0, dtype: DTypeLike = np.float32) -> Array:
        """Normal numbers by Box & Muller (1958): ``torch.randn``, ``Tensor.normal_``.

        Two uniform numbers make two samples, ``sqrt(-2 log(1 - u)) * (cos, sin)(2 pi v)``. Fewer than 16 numbers are
        computed in float64, pair by pair, and of an odd number the last sine is kept for the next such call. From 16
        numbers on, they are computed in *dtype* (float16 in float32) by blocks of 16; the last block then reaches back
        over numbers already made, with fresh uniforms.

        Args:
            shape: shape of the result.
            mean, std: the mean and the standard deviation.
            dtype: float16, float32 or float64.

        Raises:
            RuntimeError: *std* is negative or NaN.
            NotImplementedError: *dtype* is none of the three.

        See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.normal_.html

        >>> Generator().manual_seed(0).normal(3, dtype=np.float64).round(6)
        array([ 1.540996, -0.293429, -2.178789])
        """
        dtype, shape = _one_of(_FLOATS, dtype, "normal"), _dims(shape, "normal")
        if not std >= 0:
            raise RuntimeError(f"normal: std must be >= 0, got {std}; give the standard deviation, which has no sign")
        count, work = math.prod(shape), _work_dtype(dtype)
        with self._lock:
            samples = self._normal_pairs(count) if count < _BLOCK else self._normal_blocks(count, dtype)
        scale, shift = samples.dtype.type(std), samples.dtype.type(mean)
        return _fused(samples, scale, shift).astype(work).astype(dtype).reshape(shape)

    def _normal_pairs(self, count: int) -> NDArray[np.float64]:
        """Standard normal samples one pair at a time, the spare one first."""
        samples = [] if self._spare is None else [self._spare]
        pairs = (count - len(samples) + 1) // 2
        # At most 8 pairs: the libm that torch calls, rather than NumPy's vector functions, which differ in last bits.
        for angle, depth in self._unit(2 * pairs, np.dtype(np.float64)).reshape(-1, 2).tolist():
            radius, theta = math.sqrt(-2.0 * math.log1p(-depth)), 2.0 * math.pi * angle
            samples += [radius * math.cos(theta), radius * math.sin(theta)]
        self._spare = samples[count] if len(samples) > count else None
        return np.array(samples[:count], np.float64)

    def _normal_blocks(self, count: int, dtype: np.dtype[Any]) -> Array:
        """Standard normal samples by blocks of 16, the last of them counted from the end."""
        work, whole = _work_dtype(dtype), count - count % _BLOCK
        # torch fills the tensor with uniforms and then turns block after block into normals, so that the uniforms of
        # an incomplete block are drawn in vain; only float16, which needs a buffer, is filled block by block.
        unit = self._unit(whole if dtype == np.float16 else count, work)
        samples = np.empty(count, work)
        samples[:whole] = _box_muller(unit[:whole])
        if whole < count:
            samples[-_BLOCK:] = _box_muller(self._unit(_BLOCK, work))
        return samples

    def integers(self, low: int, high: int, shape: Shape, dtype: DTypeLike = np.int64) -> Array:
        """Integers in ``[low, high)``: ``torch.randint``, ``Tensor.random_``.

        ``word % (high - low) + low``, with a double word from ``high - low = 2**28`` on.

        Args:
            low, high: ints with ``low < high``, at most ``2**63 - 1``.
            shape: shape of the result.
            dtype: any bool, integer or float dtype that holds all of ``[low, high)`` exactly.

        Raises:
            TypeError: *low* or *high* is not an int.
            RuntimeError: the range is empty, or *dtype* cannot hold it. (For a float dtype torch only warns of that.)
            NotImplementedError: *dtype* is not a real number's.

        See https://docs.pytorch.org/docs/stable/generated/torch.randint.html

        >>> Generator().manual_seed(0).integers(-3, 4, 8)
        array([ 1,  0, -3, -1, -2, -1,  3,  0])
        """
        dtype, shape = _one_of(_DISCRETE, dtype, "integers"), _dims(shape, "integers")
        low, high = _integer(low, "integers", "low"), _integer(high, "integers", "high")
        _check_integer_range(low, high, dtype)
        span, count = high - low, math.prod(shape)
        if span < _WIDE_SPAN:
            residues = self._words(count) % np.uint32(span)
        else:
            residues = self._double_words(count) % np.uint64(span)
        return (residues.astype(np.int64) + np.int64(low)).astype(dtype).reshape(shape)

    def permutation(self, n: int, dtype: DTypeLike = np.int64) -> Array:
        """The numbers 0 to n - 1 in random order, shape ``(n,)``: ``torch.randperm``.

        Fisher and Yates' shuffle from the front: for each *i* but the last, entry *i* trades places with entry
        ``i + word % (n - i)``.

        Args:
            n: an int >= 0, below 214748364 (where torch turns to another algorithm, not done here).
            dtype: uint8, int8, int16, int32, int64, float16, float32 or float64, holding n - 1 exactly.

        Raises:
            TypeError: *n* is not an int.
            RuntimeError: *n* is negative, or too large for *dtype*.
            NotImplementedError: *n* is 214748364 or more, or *dtype* is none of those.

        See https://docs.pytorch.org/docs/stable/generated/torch.randperm.html

        >>> Generator().manual_seed(0).permutation(8)
        array([4, 0, 7, 3, 2, 5, 1, 6])
        """
        dtype, n = _one_of(_COUNTABLE, dtype, "permutation"), _integer(n, "permutation", "n")
        _check_permutation(n, dtype)
        steps = max(n - 1, 0)
        targets = np.arange(n)
        targets[:steps] += self._words(steps) % np.arange(n, n - steps, -1, dtype=np.uint32)
        return _shuffle(targets).astype(dtype)

    def bernoulli(self, p: float | Array, shape: Shape | None = None, dtype: DTypeLike | None = None) -> Array:
        """Ones with probability *p*, else zeros: ``torch.bernoulli``, ``Tensor.bernoulli_``.

        ``u < p``, with *u* of 53 random bits if *p* is a number or a float64 array, and of 24 if it is a float16 or
        float32 array. So ``bernoulli(0.5, n)`` and ``bernoulli(np.full(n, 0.5, np.float32))`` are different draws,
        as in torch. (On Intel processors, torch releases before 2.7 drew the first from MKL's own generator; 2.13 does
        not, nor do we.)

        Args:
            p: a probability, or a float array of them.
            shape: shape of the result, to which an array *p* is broadcast; by default that of *p*.
            dtype: any bool, integer or float dtype; by default that of *p*, float32 for a number.

        Raises:
            RuntimeError: *p* is not within [0, 1], or its shape does not broadcast to *shape*.
            NotImplementedError: *p* is an array of another dtype than the three floats, or *dtype* is not a real
                number's.

        See https://docs.pytorch.org/docs/stable/generated/torch.bernoulli.html

        >>> Generator().manual_seed(0).bernoulli(0.5, 6)
        array([0., 0., 1., 0., 0., 0.], dtype=float32)
        >>> Generator().manual_seed(0).bernoulli(np.array([0.0, 0.9, 0.9, 1.0]), dtype=np.int64)
        array([0, 1, 1, 1])
        """
        chances = _chances(p)
        if dtype is None:
            dtype = chances.dtype if isinstance(p, np.ndarray) else np.float32
        dtype = _one_of(_DISCRETE, dtype, "bernoulli")
        shape = chances.shape if shape is None else _dims(shape, "bernoulli")
        try:
            chances = np.broadcast_to(chances, shape)
        except ValueError:
            raise RuntimeError(
                f"bernoulli: p of shape {chances.shape} does not broadcast to shape {shape}; leave out shape to get "
                "one number per probability"
            ) from None
        work = _work_dtype(chances.dtype)
        return (self._unit(chances.size, work).reshape(shape) < chances.astype(work)).astype(dtype)

    def exponential(self, shape: Shape, rate: float = 1.0, dtype: DTypeLike = np.float32) -> Array:
        """Exponential numbers of density ``rate * exp(-rate * x)``: ``Tensor.exponential_``.

        The distribution function inverted, ``-log(1 - u) / rate``, in float64 and then rounded to *dtype*.

        Args:
            shape: shape of the result.
            rate: torch's *lambd*, the inverse of the mean.
            dtype: float16, float32 or float64.

        Raises:
            RuntimeError: *rate* is not above 0.
            NotImplementedError: *dtype* is none of the three.

        See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html

        >>> Generator().manual_seed(0).exponential(3, rate=2.0, dtype=np.float64).round(6)
        array([1.754163, 0.615192, 0.307522])
        """
        dtype, shape = _one_of(_FLOATS, dtype, "exponential"), _dims(shape, "exponential")
        if not rate > 0:
            raise RuntimeError(f"exponential: rate must be > 0, got {rate}; give the inverse of the mean")
        unit = self._unit(math.prod(shape), np.dtype(np.float64))
        return (-1.0 / rate * np.log1p(-unit)).astype(_work_dtype(dtype)).astype(dtype).reshape(shape)

    def multinomial(self, probabilities: Array, num_samples: int, replacement: bool = False) -> NDArray[np.int64]:
        """Indices drawn with the given probabilities: ``torch.multinomial``.

        Without replacement, or for one sample: the indices of the largest ``p / e``, largest first, with *e*
        exponential numbers. With replacement: the cumulated probabilities searched for float64 uniforms.

        Args:
            probabilities: float array of shape ``(k,)`` or ``(rows, k)``, of any positive sum per row.
            num_samples: how many indices per row.
            replacement: whether an index may come up again.

        Returns:
            int64 array of shape ``(num_samples,)`` or ``(rows, num_samples)``.

        Raises:
            TypeError: *num_samples* is not an int.
            RuntimeError: the shape, the probabilities or *num_samples* are not as above.
            NotImplementedError: *probabilities* are not floats.

        See https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html

        >>> Generator().manual_seed(0).multinomial(np.array([0.0, 10.0, 3.0, 0.0], np.float32), 4, replacement=True)
        array([2, 1, 1, 2])
        """
        num_samples = _integer(num_samples, "multinomial", "num_samples")
        _check_multinomial(probabilities, num_samples, replacement)
        if replacement and num_samples > 1:
            return self._search(probabilities, num_samples)
        races = self.exponential(probabilities.shape, dtype=probabilities.dtype)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            scores = probabilities / races
        if num_samples == 1:
            return scores.argmax(-1, keepdims=True)
        return np.argsort(-scores, axis=-1, kind="stable")[..., :num_samples]

    def _search(self, probabilities: Array, num_samples: int) -> NDArray[np.int64]:
        """Inverse transform sampling: where do uniform numbers fall among the cumulated probabilities?"""
        work = _work_dtype(probabilities.dtype)
        cumulated = probabilities.cumsum(-1, dtype=work)
        cumulated /= cumulated[..., -1:].copy()  # so that the last is 1, above all uniforms
        size = (*probabilities.shape[:-1], num_samples)
        unit = self._unit(math.prod(size), np.dtype(np.float64)).reshape(-1, num_samples)
        rows = zip(np.atleast_2d(cumulated), unit, strict=True)
        return np.array([np.searchsorted(row, u) for row, u in rows], np.int64).reshape(size)


# ----------------------------------------------------------------------------------------------------------- algorithms


def _box_muller(unit: Array) -> Array:
    """Turn blocks of 16 uniforms, 8 for radii and 8 for angles, into normal samples: 8 cosines, 8 sines."""
    depth, angle = unit.reshape(-1, 2, _BLOCK // 2).swapaxes(0, 1)
    radius, theta = np.sqrt(-2.0 * np.log(1.0 - depth)), 2.0 * math.pi * angle
    return np.stack([radius * np.cos(theta), radius * np.sin(theta)], axis=1).ravel()


def _shuffle(targets: NDArray[np.int64]) -> NDArray[np.int64]:
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


def _fused(x: Array, scale: Any, shift: Any) -> Array:
    """``x * scale + shift`` rounded once: a fused multiply-add for float32 or float64 *x* and scalars of its dtype.

    A large *x* goes through in pieces, since the exact arithmetic makes many temporaries.
    """
    scale, shift = float(scale), float(shift)
    if scale == 1.0 or shift == 0.0 or not math.isfinite(scale + shift):
        return x * x.dtype.type(scale) + x.dtype.type(shift)  # rounds but once as it is
    values = np.empty_like(x)
    for start in range(0, x.size, _CACHED):
        piece = slice(start, start + _CACHED)
        values[piece] = _fused_piece(x[piece], scale, shift)
    return values


def _fused_piece(x: Array, scale: float, shift: float) -> Array:
    """The fused multiply-add itself, of finite float64 scalars that *x*'s dtype holds.

    For float32 the product is exact in float64, and the sum may be rounded twice, if first to odd. For float64 the
    product and the sums are kept as a rounded number and its error, and again the last sum but one is rounded to odd
    (Boldo & Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
    """
    if x.dtype == np.float32:
        return _sum_to_odd(x * np.float64(scale), shift).astype(np.float32)
    product, error = _exact_product(x, scale)
    low, rest = _exact_sum(error, shift)
    high, tail = _exact_sum(product, low)
    return high + _sum_to_odd(tail, rest)


def _exact_product(x: Array, scale: float) -> tuple[Array, Array]:
    """``x * scale`` as a rounded product and its error (Dekker 1971), from halves of at most 27 bits."""
    mantissa, exponent = math.frexp(scale)
    scale_head = math.ldexp(int(mantissa * 2**26), exponent - 26)
    scale_tail = scale - scale_head
    lifted = x * (2.0**27 + 1.0)
    head = lifted - (lifted - x)
    tail = x - head
    product = x * scale
    return product, ((head * scale_head - product) + head * scale_tail + tail * scale_head) + tail * scale_tail


def _exact_sum(a: Array, b: Any) -> tuple[Array, Array]:
    """``a + b`` as a rounded sum and its error (Knuth's TwoSum)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _sum_to_odd(a: Array, b: Any) -> Array:
    """``a + b`` rounded to odd: if inexact, to the neighbour whose last bit is set, which breaks all later ties."""
    total, error = _exact_sum(a, b)
    bits = total.view(np.int64)
    outward = (error > 0) == (total > 0)
    bits += ((error != 0) & (bits & 1 == 0)) * (2 * outward - 1)
    return total


# --------------------------------------------------------------------------------------------------------------- checks


def _work_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype to compute in: torch computes float16 in float32, and rounds float64 to float16 by way of it."""
    return np.dtype(np.float32) if dtype == np.float16 else dtype


def _one_of(supported: tuple[np.dtype[Any], ...], dtype: DTypeLike, caller: str) -> np.dtype[Any]:
    found = np.dtype(dtype)
    if found not in supported:
        names = ", ".join(known.name for known in supported)
        raise NotImplementedError(f"{caller}: dtype must be one of {names}, got {found}; draw in one and convert")
    return found


def _integer(value: Any, caller: str, name: str) -> int:
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(
            f"{caller}: {name} must be an int, got {value!r} of type {type(value).__name__}; convert it with int()"
        ) from None


def _dims(shape: Shape, caller: str) -> tuple[int, ...]:
    entries = shape if isinstance(shape, Sequence) else (shape,)
    dims = tuple(_integer(entry, caller, "shape") for entry in entries)
    if min(dims, default=0) < 0:
        raise RuntimeError(f"{caller}: shape must have no negative dimension, got {dims}; give sizes >= 0")
    return dims


def _largest(dtype: np.dtype[Any]) -> int:
    """The largest m such that the dtype holds all of 0, 1, ..., m."""
    if dtype.kind == "b":
        return 1
    return 2 ** (np.finfo(dtype).nmant + 1) if dtype.kind == "f" else int(np.iinfo(dtype).max)


def _check_bounds(low: float, high: float, dtype: np.dtype[Any]) -> None:
    top = float(np.finfo(dtype).max)
    if not (-top <= low <= top and -top <= high <= top and high - low <= top):
        raise RuntimeError(
            f"uniform: low, high and high - low must lie within {dtype}'s range of {top:.6g}, got low={low} and "
            f"high={high}; take a wider dtype or narrower bounds"
        )
    if low > high:
        raise RuntimeError(f"uniform: low must be <= high, got low={low} and high={high}; swap them")


def _check_integer_range(low: int, high: int, dtype: np.dtype[Any]) -> None:
    if low >= high:
        raise RuntimeError(f"integers: low must be < high, got low={low} and high={high}; high itself is never drawn")
    most = min(_largest(dtype), 2**63 - 1)
    least = {"b": 0, "u": 0, "i": -most - 1, "f": -most}[dtype.kind]
    if low < least or high - 1 > most or high >= 2**63:
        raise RuntimeError(
            f"integers: [low, high) must lie within [{least}, {most}], where {dtype} is exact (and high be below "
            f"2**63), got low={low} and high={high}; take a wider dtype or a narrower range"
        )


def _check_permutation(n: int, dtype: np.dtype[Any]) -> None:
    if n < 0:
        raise RuntimeError(f"permutation: n must be >= 0, got {n}; 0 gives an empty array")
    if n - 1 > _largest(dtype):
        raise RuntimeError(
            f"permutation: n must be <= {_largest(dtype) + 1} for dtype {dtype}, which cannot tell more numbers apart, "
            f"got {n}; take a wider dtype"
        )
    if n > _LONGEST_PERMUTATION:
        raise NotImplementedError(
            f"permutation: n must be <= {_LONGEST_PERMUTATION}, beyond which torch has another algorithm, got {n}; "
            "permute blocks instead"
        )


def _chances(p: float | Array) -> Array:
    """The argument *p* of bernoulli as an array of probabilities."""
    chances = p if isinstance(p, np.ndarray) else np.asarray(float(p))
    _one_of(_FLOATS, chances.dtype, "bernoulli of an array p")
    wrong = chances[~((chances >= 0) & (chances <= 1))]
    if wrong.size:
        raise RuntimeError(f"bernoulli: p must lie in [0, 1], got {wrong.flat[0]}; clip or normalise it")
    return chances


def _check_multinomial(probabilities: Array, num_samples: int, replacement: bool) -> None:
    _one_of(_FLOATS, probabilities.dtype, "multinomial of probabilities")
    if probabilities.ndim not in (1, 2):
        raise RuntimeError(
            f"multinomial: probabilities must have 1 or 2 dimensions, got shape {probabilities.shape}; reshape to rows"
        )
    choices = probabilities.shape[-1]
    if num_samples < 1 or not (replacement or num_samples <= choices):
        raise RuntimeError(
            f"multinomial: num_samples must be at least 1 and without replacement at most the {choices} probabilities "
            f"of a row, got {num_samples}; pass replacement=True to draw more"
        )
    totals = probabilities.sum(-1, dtype=_work_dtype(probabilities.dtype))
    if not (np.all(probabilities >= 0) and np.all(totals > 0) and np.all(np.isfinite(probabilities))):
        raise RuntimeError(
            "multinomial: probabilities must be finite, >= 0 and of positive sum in each row, got "
            f"{probabilities!r}; pass logits through a softmax first"
        )


def _state_record(state: Any) -> Any:
    """The bytes of a state as a record, once they are known to be one."""
    if not isinstance(state, np.ndarray) or state.dtype != np.uint8:
        kind = state.dtype if isinstance(state, np.ndarray) else type(state).__name__
        raise TypeError(f"set_state: new_state must be a uint8 ndarray, got {kind}; pass what get_state() returned")
    if state.shape != (_STATE.itemsize,):
        raise RuntimeError(
            f"set_state: new_state must have shape ({_STATE.itemsize},), got {state.shape}; pass what get_state() of "
            "this library returned (torch's states have another layout)"
        )
    record = np.ascontiguousarray(state).view(_STATE)[0]
    if record["tag"] != _TAG or record["position"] > 624 or not record["key"].any() or np.isinf(record["spare"]):
        raise RuntimeError(
            "set_state: new_state must be the bytes of an MT19937 state, got others of the same size; pass what "
            "get_state() returned, unchanged"
        )
    return record


# ------------------------------------------------------------------------------------------------------ the default one

default_generator = Generator()
"""The generator used where none is given. As in torch it starts from a random seed; see :func:`manual_seed`."""

default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Seed the default generator and return it: ``torch.manual_seed``.

    Args:
        seed: a number in ``[-2**63, 2**64 - 1]``, converted by ``int()``; see :meth:`Generator.manual_seed`.

    Raises:
        ValueError: *seed* is out of range.

    See https://docs.pytorch.org/docs/stable/generated/torch.manual_seed.html

    >>> manual_seed(0).uniform(2)
    array([0.4962566, 0.7682218], dtype=float32)
    """
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """Seed the default generator with the operating system's randomness and return the seed: ``torch.seed``."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed of the default generator: ``torch.initial_seed``."""
    return default_generator.initial_seed()


def get_rng_state() -> NDArray[np.uint8]:
    """The state of the default generator, see :meth:`Generator.get_state`: ``torch.get_rng_state``."""
    return default_generator.get_state()


def set_rng_state(new_state: NDArray[np.uint8]) -> None:
    """Set the state of the default generator, see :meth:`Generator.set_state`: ``torch.set_rng_state``."""
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(devices: Iterable[Any] | None = None, enabled: bool = True) -> Iterator[None]:
    """Draw inside the ``with`` block, and leave the default generator as it was before: ``torch.random.fork_rng``.

    Args:
        devices: accelerators whose generators to fork as well; there are none, so None or empty.
        enabled: False makes the block an ordinary one.

    Raises:
        RuntimeError: *devices* names any.

    See https://docs.pytorch.org/docs/stable/random.html

    >>> _ = manual_seed(0)
    >>> with fork_rng():
    ...     a = default_generator.uniform(2)
    >>> bool((default_generator.uniform(2) == a).all())
    True
    """
    named = list(devices or ())
    if enabled and named:
        raise RuntimeError(f"fork_rng: devices must be empty, for there is only the CPU, got {named}; leave it out")
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)
