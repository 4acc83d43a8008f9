"""Random numbers: PyTorch's own for the same seed.

What is drawn, and from which words of the stream, is ``microgradnp.random``'s part. Here the draws become tensors: in
the order in which PyTorch fills them, which is that of their memory. Every function also takes ``rng=``, a NumPy
generator (or the seed of one) to draw from instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from .. import random as rng_module
from ..devices import preserve_format
from ..random import Generator
from ..tensor import Tensor, make
from .comparison import where
from .creation import array_of, like
from .inplace import write
from .options import arranged, dtype_or_default, memory_order, number, shape_of, sizes_from, whole
from .record import Array, composite, factory


@factory(options=True, out=True)
def rand(*size: Any, generator: Generator | None = None, rng: Any = None, dtype: Any = None) -> Any:
    """Uniform random numbers in [0, 1), PyTorch's own for the same seed.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.rand.html

    >>> import microgradnp
    >>> _ = microgradnp.manual_seed(0)
    >>> microgradnp.rand(3)
    tensor([0.4963, 0.7682, 0.0885])
    """
    source = rng_module.source(generator, rng, "rand()")
    return source.uniform(sizes_from(size, "rand()"), dtype=dtype_or_default(dtype))


@factory(options=True, out=True)
def randn(*size: Any, generator: Generator | None = None, rng: Any = None, dtype: Any = None) -> Any:
    """Random numbers from the standard normal distribution, PyTorch's own for the same seed.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.randn.html
    """
    source = rng_module.source(generator, rng, "randn()")
    return source.normal(sizes_from(size, "randn()"), dtype=dtype_or_default(dtype))


@factory(options=True, out=True)
def randint(
    low: Any = None,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    rng: Any = None,
    dtype: Any = None,
) -> Any:
    """Random integers from ``low`` (or 0) up to, but without, ``high``: ``randint(6, (2,))``, ``randint(1, 7, (2,))``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.randint.html
    """
    source = rng_module.source(generator, rng, "randint()")
    if size is None and isinstance(high, (tuple, list)):
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    shape = shape_of(size, "randint()")
    first, last = whole(0 if low is None else low, "randint()", "low"), whole(high, "randint()", "high")
    return source.integers(first, last, shape, dtypes.int64 if dtype is None else dtype)


@factory(options=True, out=True)
def randperm(n: int, *, generator: Generator | None = None, rng: Any = None, dtype: Any = None) -> Any:
    """The integers from 0 to n - 1 in random order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.randperm.html
    """
    source = rng_module.source(generator, rng, "randperm()")
    return source.permutation(n, dtypes.int64 if dtype is None else dtype)


@factory(options=True)
def rand_like(
    input: Any,
    *,
    generator: Generator | None = None,
    rng: Any = None,
    dtype: Any = None,
    memory_format: Any = preserve_format,
) -> Any:
    """``rand`` of the shape and dtype of another tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.rand_like.html
    """
    wanted, source = dtype or array_of(input, "rand_like()").dtype, rng_module.source(generator, rng, "rand_like()")
    return like(input, "rand_like()", memory_format, lambda shape: source.uniform(shape, dtype=wanted))


@factory(options=True)
def randn_like(
    input: Any,
    *,
    generator: Generator | None = None,
    rng: Any = None,
    dtype: Any = None,
    memory_format: Any = preserve_format,
) -> Any:
    """``randn`` of the shape and dtype of another tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.randn_like.html
    """
    wanted, source = dtype or array_of(input, "randn_like()").dtype, rng_module.source(generator, rng, "randn_like()")
    target = like(input, "randn_like()", memory_format, lambda shape: np.empty(shape, wanted))
    return _normals(source, target, 0.0, 1.0)


@factory(options=True)
def randint_like(
    input: Any, low: Any = None, high: Any = None, *, generator: Generator | None = None, rng: Any = None,
    dtype: Any = None, memory_format: Any = preserve_format,
) -> Any:  # fmt: skip
    """``randint`` of the shape and dtype of another tensor: ``randint_like(t, 6)``, ``randint_like(t, 1, 7)``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.randint_like.html
    """
    if high is None:
        low, high = 0, low
    wanted = dtype or array_of(input, "randint_like()").dtype
    source = rng_module.source(generator, rng, "randint_like()")
    first, last = whole(low or 0, "randint_like()", "low"), whole(high, "randint_like()", "high")
    return like(input, "randint_like()", memory_format, lambda shape: source.integers(first, last, shape, wanted))


def _normals(source: Any, target: Any, mean: float, std: float) -> Any:
    """Normal numbers in the order of the target's memory; one by one unless it is contiguous."""
    if target.flags.c_contiguous:
        return source.normal(target.shape, mean, std, target.dtype)
    return arranged(target, lambda shape: source.normal_one_by_one(shape, mean, std, target.dtype))


def _independent(input: Any, drawn: Any) -> Any:
    """What was drawn for a tensor, as a function of it whose derivative is 0."""
    drawn = drawn if isinstance(drawn, Tensor) else make(drawn)
    return where(make(np.False_), input, drawn) if input.requires_grad else drawn


@composite(out=True)
def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None, rng: Any = None,
    dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Array:  # fmt: skip
    """Normal random numbers: of a mean and a standard deviation for each, which broadcast, or of ``size``.

    Numbers and tensors may be mixed; ``size`` goes with two numbers, and so do the arguments of ``randn``. The
    derivatives by ``mean`` and ``std`` are 0. Raises RuntimeError for a negative ``std``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.normal.html
    """
    source, tensors = rng_module.source(generator, rng, "normal()"), [t for t in (mean, std) if isinstance(t, Tensor)]
    options = {
        "dtype": dtype, "layout": layout, "device": device, "pin_memory": pin_memory, "requires_grad": requires_grad,
    }  # fmt: skip
    if not tensors:
        if size is None:
            raise TypeError("normal(): two numbers need a size: normal(mean, std, (2, 3))")
        return _normal_of_size(size, source, mean, std, **options)
    if size is not None or any(options.values()):
        raise TypeError("normal(): tensors determine shape and dtype; size, dtype and the like go with two numbers")
    dtype = tensors[0].dtype
    if dtype.kind != "f":
        raise NotImplementedError(f"normal(): not implemented for {dtype}; convert it, as with .float()")
    if not isinstance(std, Tensor):
        with np.errstate(all="ignore"):
            drawn = mean._array + source.normal(tuple(mean.shape), 0.0, number(std, "normal()", "std"), dtype)
        return _independent(mean, drawn)
    if not (std._array >= 0).all():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    shape = np.broadcast_shapes(*(t.shape for t in tensors))
    with np.errstate(all="ignore"):
        spread = source.normal(shape, 0.0, 1.0, dtype) * std._array.astype(dtype)
        out = make(spread + (mean._array if isinstance(mean, Tensor) else dtype.type(mean)))
    for tensor in tensors:
        out = _independent(tensor, out)
    return out


@factory(public=(), options=True)
def _normal_of_size(size: Any, source: Any, mean: Any, std: Any, *, dtype: Any = None) -> Any:
    numbers = number(mean, "normal()", "mean"), number(std, "normal()", "std")
    return source.normal(shape_of(size, "normal()"), *numbers, dtype_or_default(dtype))


@composite(methods=("bernoulli",), out=True)
def bernoulli(input: Array, p: Any = None, *, generator: Generator | None = None, rng: Any = None) -> Array:
    """1 with the probability that stands in ``input``, else 0; with the number ``p``, that probability everywhere.

    The derivative is 0. Raises RuntimeError for what is no probability.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bernoulli.html
    """
    source, array = rng_module.source(generator, rng, "bernoulli()"), array_of(input, "bernoulli()")
    if p is None:
        return _independent(input, source.bernoulli(array, dtype=array.dtype))
    return _independent(input, source.bernoulli(number(p, "bernoulli()", "p"), array.shape, array.dtype))


@composite(methods=("multinomial",), out=True)
def multinomial(
    input: Array, num_samples: int, replacement: bool = False, *, generator: Generator | None = None, rng: Any = None
) -> Array:
    """Indices, of each row, drawn with the probabilities that stand there, which need not add up to 1: an int64 tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.multinomial.html
    """
    source = rng_module.source(generator, rng, "multinomial()")
    return make(source.multinomial(input._array, num_samples, replacement))


@composite()
def poisson(input: Array, generator: Generator | None = None, *, rng: Any = None) -> Array:
    """For each rate in ``input``, how many events happen when that many are to be expected. The derivative is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.poisson.html
    """
    source = rng_module.source(generator, rng, "poisson()")
    return _independent(input, source.poisson(array_of(input, "poisson()")))


# In place


def _fill(self: Any, name: str, draw: Callable[[Any], Any]) -> Any:
    """Fill a tensor with what ``draw`` makes for its array."""

    def compute(before: Any) -> Any:
        with np.errstate(all="ignore"):
            return make(draw(self._array))

    return write(self, name, compute)


def _keyword_from(kwargs: dict[str, Any], value: Any, name: str) -> Any:
    """PyTorch's argument ``from``, which in Python can only come by ``**``."""
    if "from" in kwargs:
        value = kwargs.pop("from")
    if kwargs:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(kwargs))}'")
    return value


@composite(methods=("uniform_",), public=())
def uniform_(
    self: Array, from_: float = 0, to: float = 1, *, generator: Generator | None = None, rng: Any = None, **named: Any
) -> Array:
    """Fill with uniform random numbers from [from_, to).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html
    """
    start, source = _keyword_from(named, from_, "uniform_"), rng_module.source(generator, rng, "uniform_()")
    draw = lambda shape: source.uniform(shape, start, to, self.dtype)  # noqa: E731
    return _fill(self, "uniform_", lambda array: arranged(array, draw))


@composite(methods=("normal_",), public=())
def normal_(
    self: Array, mean: float = 0, std: float = 1, *, generator: Generator | None = None, rng: Any = None
) -> Array:
    """Fill with random numbers from the normal distribution.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.normal_.html
    """
    source = rng_module.source(generator, rng, "normal_()")
    return _fill(self, "normal_", lambda array: _normals(source, array, mean, std))


@composite(methods=("log_normal_",), public=())
def log_normal_(
    self: Array, mean: float = 1, std: float = 2, *, generator: Generator | None = None, rng: Any = None
) -> Array:
    """Fill with random numbers whose logarithms are from the normal distribution of this ``mean`` and ``std``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.log_normal_.html
    """
    source = rng_module.source(generator, rng, "log_normal_()")
    draw = lambda shape: source.log_normal(shape, mean, std, self.dtype)  # noqa: E731
    return _fill(self, "log_normal_", lambda array: arranged(array, draw))


@composite(methods=("cauchy_",), public=())
def cauchy_(
    self: Array, median: float = 0, sigma: float = 1, *, generator: Generator | None = None, rng: Any = None
) -> Array:
    """Fill with random numbers from Cauchy's distribution.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.cauchy_.html
    """
    source = rng_module.source(generator, rng, "cauchy_()")
    draw = lambda shape: source.cauchy(shape, median, sigma, self.dtype)  # noqa: E731
    return _fill(self, "cauchy_", lambda array: arranged(array, draw))


@composite(methods=("exponential_",), public=())
def exponential_(self: Array, lambd: float = 1, *, generator: Generator | None = None, rng: Any = None) -> Array:
    """Fill with random numbers from the exponential distribution of rate ``lambd``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.exponential_.html
    """
    source = rng_module.source(generator, rng, "exponential_()")
    draw = lambda shape: source.exponential(shape, lambd, self.dtype)  # noqa: E731
    return _fill(self, "exponential_", lambda array: arranged(array, draw))


@composite(methods=("geometric_",), public=())
def geometric_(self: Array, p: float, *, generator: Generator | None = None, rng: Any = None) -> Array:
    """Fill with how many trials it takes to succeed, with probability ``p`` each.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.geometric_.html
    """
    source = rng_module.source(generator, rng, "geometric_()")
    return _fill(
        self, "geometric_", lambda array: arranged(array, lambda shape: source.geometric(shape, p, self.dtype))
    )


@composite(methods=("bernoulli_",), public=())
def bernoulli_(self: Array, p: Any = 0.5, *, generator: Generator | None = None, rng: Any = None) -> Array:
    """Fill with 1, with probability ``p`` (a number, or a tensor of them that broadcasts), else 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.bernoulli_.html
    """
    source = rng_module.source(generator, rng, "bernoulli_()")
    if not isinstance(p, (Tensor, np.ndarray)):
        chance = number(p, "bernoulli_()", "p")
        return _fill(
            self, "bernoulli_", lambda array: arranged(array, lambda s: source.bernoulli(chance, s, self.dtype))
        )
    chances = np.asarray(p._array if isinstance(p, Tensor) else p)

    def draw(array: Any) -> Any:
        try:
            in_place = np.broadcast_to(chances, array.shape)
        except ValueError:
            raise RuntimeError(
                f"bernoulli_: p of shape {chances.shape} does not broadcast to the tensor's shape {array.shape}"
            ) from None
        in_order = in_place if array.flags.c_contiguous else np.transpose(in_place, memory_order(array))
        return arranged(array, lambda shape: source.bernoulli(in_order, dtype=self.dtype))

    return _fill(self, "bernoulli_", draw)


@composite(methods=("random_",), public=())
def random_(self: Array, *limits: Any, generator: Generator | None = None, rng: Any = None, **named: Any) -> Array:
    """Fill with random integers: from [0, to) for ``random_(to)``, from [from, to) for ``random_(from, to)``.

    Without ``to``, or where it is None, up to the largest that the dtype holds exactly.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.random_.html
    """
    source, low, high = rng_module.source(generator, rng, "random_()"), None, named.pop("to", None)
    if len(limits) == 1 and high is None and "from" not in named:
        (high,) = limits
    elif limits:
        low, high = (*limits, high) if len(limits) == 1 else limits
    low = _keyword_from(named, low, "random_")
    if high is None:
        first = None if low is None else whole(low, "random_()", "from")
        draw = lambda shape: source.bits(shape, self.dtype, first)  # noqa: E731
    else:
        first, last = whole(0 if low is None else low, "random_()", "from"), whole(high, "random_()", "to")
        if first >= last:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={first} >= to={last}")
        draw = lambda shape: source.integers(first, last, shape, self.dtype)  # noqa: E731
    return _fill(self, "random_", lambda array: arranged(array, draw))
