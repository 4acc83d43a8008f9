"""The generator: torch's stream of random words turned into numbers, number for number.

Here it is decided what a draw accepts, how many words it uses and in which order; what is then computed from them are
functions of arrays, in the files imported below.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..devices import CPU, check_device
from ..devices import device as Device
from . import box_muller, checks, choice, variates
from .rounding import fused, work_dtype
from .shuffle import swapped
from .stream import Stream

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

    from .checks import Shape

    Array = NDArray[Any]

WIDE_SPAN = 2**28  # from here on `word % span` is too uneven, and torch takes double words


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


class Generator(Stream):
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

    device: Device = CPU

    def __init__(self, device: Any = "cpu") -> None:
        check_device(device, "Generator")
        super().__init__()

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
        dtype, shape = checks.one_of(checks.FLOATS, dtype, "uniform"), checks.dims(shape, "uniform")
        checks.uniform_bounds(low, high, dtype)
        work = work_dtype(dtype)
        start, stop = work.type(low), work.type(high)
        values = fused(self._unit(math.prod(shape), work), stop - start, start).astype(dtype)
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
        dtype, shape = checks.one_of(checks.FLOATS, dtype, "normal"), checks.dims(shape, "normal")
        checks.not_negative(std, "normal", "std")
        count, work = math.prod(shape), work_dtype(dtype)
        with self._lock:
            samples = self._normal_pairs(count) if count < box_muller.BLOCK else self._normal_blocks(count, dtype)
        scale, shift = samples.dtype.type(std), samples.dtype.type(mean)
        return fused(samples, scale, shift).astype(work).astype(dtype).reshape(shape)

    def normal_one_by_one(self, shape: Shape, mean: float, std: float, dtype: DTypeLike = np.float32) -> Array:
        """``normal`` by pairs, however many: as torch fills a tensor that is not contiguous."""
        dtype, shape = checks.one_of(checks.FLOATS, dtype, "normal"), checks.dims(shape, "normal")
        checks.not_negative(std, "normal", "std")
        with self._lock:
            samples = self._normal_pairs(math.prod(shape))
        return fused(samples, float(std), float(mean)).astype(work_dtype(dtype)).astype(dtype).reshape(shape)

    def log_normal(self, shape: Shape, mean: float = 1.0, std: float = 2.0, dtype: DTypeLike = np.float32) -> Array:
        """Numbers whose logarithm is normal with this mean and standard deviation: ``Tensor.log_normal_``.

        Raises:
            RuntimeError: *std* is not above 0.
            NotImplementedError: *dtype* is not float16, float32 or float64.

        See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html
        """
        dtype, shape = checks.one_of(checks.FLOATS, dtype, "log_normal"), checks.dims(shape, "log_normal")
        checks.positive(std, "log_normal", "std")
        with self._lock:
            logarithms = fused(self._normal_pairs(math.prod(shape)), float(std), float(mean))
        values = np.array([_exp(x) for x in logarithms.tolist()], np.float64)  # the libm that torch calls
        with np.errstate(over="ignore"):
            return values.astype(work_dtype(dtype)).astype(dtype).reshape(shape)

    def cauchy(self, shape: Shape, median: float = 0.0, sigma: float = 1.0, dtype: DTypeLike = np.float32) -> Array:
        """Numbers of Cauchy's distribution: ``Tensor.cauchy_``.

        Raises:
            RuntimeError: *sigma* is not above 0.
            NotImplementedError: *dtype* is not float16, float32 or float64.

        See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html
        """
        dtype, shape = checks.one_of(checks.FLOATS, dtype, "cauchy"), checks.dims(shape, "cauchy")
        checks.positive(sigma, "cauchy", "sigma")
        values = variates.cauchy(self._unit(math.prod(shape), np.float64), median, sigma)
        with np.errstate(over="ignore"):
            return values.astype(work_dtype(dtype)).astype(dtype).reshape(shape)

    def geometric(self, shape: Shape, p: float, dtype: DTypeLike = np.float32) -> Array:
        """How many trials it takes to succeed, with probability *p* each: ``Tensor.geometric_``.

        Raises:
            RuntimeError: *p* is not within (0, 1).
            NotImplementedError: *dtype* is not a number's.

        See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html
        """
        dtype, shape = checks.one_of(checks.COUNTABLE, dtype, "geometric"), checks.dims(shape, "geometric")
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p}")
        trials = variates.geometric(self._unit(math.prod(shape), np.float64), p)
        with np.errstate(all="ignore"):
            return trials.astype(dtype).reshape(shape)

    def poisson(self, rates: Array) -> Array:
        """For each rate, how many events happen when that many are to be expected: ``torch.poisson``.

        Raises:
            RuntimeError: a rate is negative or nan.
            NotImplementedError: the rates are not floats.

        See https://docs.pytorch.org/docs/stable/generated/torch.poisson.html
        """
        checks.one_of(checks.FLOATS, rates.dtype, "poisson of an array of rates")
        if not (rates >= 0).all():
            raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
        with self._lock:
            state, pool = self._bytes(), variates.Pool(lambda n: self._unit(n, np.float64), 4 * rates.size + 16)
            counts = [variates.poisson(rate, pool) for rate in rates.reshape(-1).tolist()]
            self._go_back(state, 2 * pool.used)
        return np.array(counts, np.float64).astype(rates.dtype).reshape(rates.shape)

    def bits(self, shape: Shape, dtype: DTypeLike, low: int | None = None) -> Array:
        """Integers from *low* to the largest that *dtype* holds (exactly), from 0 by default: ``Tensor.random_``.

        Raises:
            RuntimeError: *dtype* does not hold *low*.
            NotImplementedError: *dtype* is not a real number's.

        See https://docs.pytorch.org/docs/stable/generated/torch.Tensor.random_.html
        """
        dtype, shape = checks.one_of(checks.DISCRETE, dtype, "random_"), checks.dims(shape, "random_")
        most = checks.largest(dtype)
        if low is None:
            wide, low = most >= 2**32, 0
        else:
            checks.lower_bound(low, dtype)
            wide = most - low + 1 >= WIDE_SPAN
        return self._from(low, most - low + 1, wide, shape, dtype)

    def _from(self, low: int, span: int, wide: bool, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
        """``word % span + low``, with a double word if *wide*."""
        count = math.prod(shape)
        if wide:
            words = self._double_words(count)
            if span == 2**64:
                return words.astype(np.int64).reshape(shape)
            residues = words % np.uint64(span)
        else:
            residues = self._words(count) % np.uint32(span)
        return (residues.astype(np.int64) + np.int64(low)).astype(dtype).reshape(shape)

    def _normal_pairs(self, count: int) -> NDArray[np.float64]:
        """Standard normal samples one pair at a time, the spare one first."""
        samples = [] if self._spare is None else [self._spare]
        pairs = (count - len(samples) + 1) // 2
        samples += box_muller.by_pairs(self._unit(2 * pairs, np.float64))
        self._spare = samples[count] if len(samples) > count else None
        return np.array(samples[:count], np.float64)

    def _normal_blocks(self, count: int, dtype: np.dtype[Any]) -> Array:
        """Standard normal samples by blocks of 16, the last of them counted from the end."""
        work, whole = work_dtype(dtype), count - count % box_muller.BLOCK
        # torch fills the tensor with uniforms and then turns block after block into normals, so that the uniforms of
        # an incomplete block are drawn in vain; only float16, which needs a buffer, is filled block by block.
        unit = self._unit(whole if dtype == np.float16 else count, work)
        samples = np.empty(count, work)
        samples[:whole] = box_muller.by_blocks(unit[:whole])
        if whole < count:
            samples[-box_muller.BLOCK :] = box_muller.by_blocks(self._unit(box_muller.BLOCK, work))
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
        dtype, shape = checks.one_of(checks.DISCRETE, dtype, "integers"), checks.dims(shape, "integers")
        low, high = checks.integer(low, "integers", "low"), checks.integer(high, "integers", "high")
        checks.integer_range(low, high, dtype)
        return self._from(low, high - low, high - low >= WIDE_SPAN, shape, dtype)

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
        dtype, n = checks.one_of(checks.COUNTABLE, dtype, "permutation"), checks.integer(n, "permutation", "n")
        checks.permutation_length(n, dtype)
        steps = max(n - 1, 0)
        targets = np.arange(n)
        targets[:steps] += self._words(steps) % np.arange(n, n - steps, -1, dtype=np.uint32)
        return swapped(targets).astype(dtype)

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
        chances = checks.bernoulli_chances(p)
        if dtype is None:
            dtype = chances.dtype if isinstance(p, np.ndarray) else np.float32
        dtype = checks.one_of(checks.DISCRETE, dtype, "bernoulli")
        shape = chances.shape if shape is None else checks.dims(shape, "bernoulli")
        try:
            chances = np.broadcast_to(chances, shape)
        except ValueError:
            raise RuntimeError(
                f"bernoulli: p of shape {chances.shape} does not broadcast to shape {shape}; leave out shape to get "
                "one number per probability"
            ) from None
        work = work_dtype(chances.dtype)
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
        dtype, shape = checks.one_of(checks.FLOATS, dtype, "exponential"), checks.dims(shape, "exponential")
        if not rate > 0:
            raise RuntimeError(f"exponential: rate must be > 0, got {rate}; give the inverse of the mean")
        unit = self._unit(math.prod(shape), np.float64)
        return (-1.0 / rate * np.log1p(-unit)).astype(work_dtype(dtype)).astype(dtype).reshape(shape)

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
        num_samples = checks.integer(num_samples, "multinomial", "num_samples")
        checks.multinomial_arguments(probabilities, num_samples, replacement)
        if replacement and num_samples > 1:
            size = (*probabilities.shape[:-1], num_samples)
            return choice.by_search(probabilities, self._unit(math.prod(size), np.float64).reshape(size))
        by_columns = probabilities.ndim == 2 and probabilities.strides[0] < probabilities.strides[1]
        shape = probabilities.shape[::-1] if by_columns else probabilities.shape  # in the order of the memory
        times = self.exponential(shape, dtype=probabilities.dtype)
        times = times.T if by_columns else times
        return choice.by_race(probabilities, times, num_samples)
