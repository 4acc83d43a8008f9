"""Making tensors: from data, filled with a number, evenly spaced, or random."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from .. import random as rng
from ..autograd import memory
from ..tensor import Tensor, array_from, make
from .record import factory
from .shape import shape_from


@factory()
def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of ``data``: a number, nested lists of numbers, a NumPy array or a tensor.

    Python floats become the default floating point type (float32); a NumPy array keeps its dtype.

    Raises TypeError or ValueError for data that are no array of numbers, RuntimeError for an integer tensor that is to
    require gradients.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html

    >>> import microgradnp
    >>> microgradnp.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    array = array_from(data, None if dtype is None else dtypes.as_dtype(dtype, "tensor()"))
    return make(array).requires_grad_(requires_grad)


@factory()
def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """``data`` as a tensor, without a copy where none is needed: a tensor as it is, a NumPy array by its memory.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
    """
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    wanted = None if dtype is None else dtypes.as_dtype(dtype, "as_tensor()")
    if isinstance(data, np.ndarray) and wanted in (None, data.dtype):
        return from_numpy(data)
    return tensor(data, dtype=wanted)


@factory()
def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the memory of a NumPy array.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__}); for lists use microgradnp.tensor(...)")
    dtypes.as_dtype(ndarray.dtype, "from_numpy()")
    if not ndarray.dtype.isnative:
        raise ValueError(
            "from_numpy(): the array's byte order is not this machine's; use .astype(dtype.newbyteorder('='))"
        )
    memory.share(ndarray)
    return make(np.asarray(ndarray))  # no subclass: np.matrix means another * and sum


def _dtype(dtype: Any, function: str) -> Any:
    return dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype, function)


def _sizes(size: tuple[Any, ...], function: str) -> tuple[int, ...]:
    shape = shape_from(size)
    if any(isinstance(n, int) and n < 0 for n in shape):
        raise RuntimeError(f"{function}: Dimension size must be non-negative, got {shape}")
    return shape


@factory()
def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of zeros. Source: https://docs.pytorch.org/docs/stable/generated/torch.zeros.html"""
    return make(np.zeros(_sizes(size, "zeros()"), _dtype(dtype, "zeros()"))).requires_grad_(requires_grad)


@factory()
def ones(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of ones. Source: https://docs.pytorch.org/docs/stable/generated/torch.ones.html"""
    return make(np.ones(_sizes(size, "ones()"), _dtype(dtype, "ones()"))).requires_grad_(requires_grad)


@factory()
def empty(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor whose values are whatever the memory held.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.empty.html
    """
    return make(np.empty(_sizes(size, "empty()"), _dtype(dtype, "empty()"))).requires_grad_(requires_grad)


@factory()
def full(size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor filled with one number, whose type it takes. Source: https://docs.pytorch.org/docs/stable/generated/torch.full.html"""
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): size must be a tuple of ints, got {size!r}")
    if not isinstance(fill_value, (bool, int, float, np.generic)):
        raise TypeError(f"full(): fill_value must be a number, got {fill_value!r}")
    wanted = dtypes.number_dtype(fill_value) if dtype is None else dtypes.as_dtype(dtype, "full()")
    return make(np.full(_sizes((size,), "full()"), fill_value, wanted)).requires_grad_(requires_grad)


@factory()
def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones on the diagonal of an n x m matrix, zeros elsewhere.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.eye.html
    """
    _sizes((n, n if m is None else m), "eye()")
    return make(np.eye(n, m, dtype=_dtype(dtype, "eye()"))).requires_grad_(requires_grad)


@factory()
def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """The numbers from ``start`` (or 0) in steps up to, but without, ``end``; int64 when all arguments are integers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.arange.html
    """
    start, end = (0, start) if end is None else (start, end)
    if step == 0:
        raise RuntimeError("arange(): step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError(
            f"arange(): upper bound and lower bound inconsistent with step sign: {start}, {end}, step {step}"
        )
    integers = all(isinstance(value, int) for value in (start, end, step))
    wanted = (
        (dtypes.int64 if integers else dtypes.get_default_dtype())
        if dtype is None
        else dtypes.as_dtype(dtype, "arange()")
    )
    count = math.ceil((end - start) / step)
    return make((start + np.arange(count) * step).astype(wanted)).requires_grad_(requires_grad)


@factory()
def linspace(start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """``steps`` numbers, evenly spaced from ``start`` to ``end``, both included.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linspace.html
    """
    if steps < 0:
        raise RuntimeError(f"linspace(): number of steps must be non-negative, got {steps}")
    return make(np.linspace(start, end, steps).astype(_dtype(dtype, "linspace()"))).requires_grad_(requires_grad)


def _array_of(input: Any, function: str) -> Any:
    if not isinstance(input, Tensor):
        raise TypeError(f"{function}: input must be a Tensor, got {type(input).__name__}")
    return input._array


@factory(np.zeros_like)
def zeros_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the shape and dtype of another tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.zeros_like.html
    """
    return make(np.zeros_like(_array_of(input, "zeros_like()"), dtype=dtype)).requires_grad_(requires_grad)


@factory(np.ones_like)
def ones_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the shape and dtype of another tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ones_like.html
    """
    return make(np.ones_like(_array_of(input, "ones_like()"), dtype=dtype)).requires_grad_(requires_grad)


# Random numbers: torch's own for the same seed


def _generator(generator: rng.Generator | None) -> rng.Generator:
    return rng.default_generator if generator is None else generator


@factory()
def rand(*size: Any, generator: rng.Generator | None = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Uniform random numbers in [0, 1), PyTorch's own for the same seed.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.rand.html

    >>> import microgradnp
    >>> _ = microgradnp.manual_seed(0)
    >>> microgradnp.rand(3)
    tensor([0.4963, 0.7682, 0.0885])
    """
    array = _generator(generator).uniform(shape_from(size), dtype=_dtype(dtype, "rand()"))
    return make(array).requires_grad_(requires_grad)


@factory()
def randn(*size: Any, generator: rng.Generator | None = None, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Random numbers from the standard normal distribution, PyTorch's own for the same seed.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.randn.html
    """
    array = _generator(generator).normal(shape_from(size), dtype=_dtype(dtype, "randn()"))
    return make(array).requires_grad_(requires_grad)


@factory()
def randint(
    low: int, high: Any = None, size: Any = None, *, generator: rng.Generator | None = None, dtype: Any = None
) -> Tensor:
    """Random integers from ``low`` (or 0) up to, but without, ``high``: ``randint(6, (2,))``, ``randint(1, 7, (2,))``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.randint.html
    """
    if size is None:
        low, high, size = 0, low, high
    wanted = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype, "randint()")
    return make(_generator(generator).integers(low, high, shape_from((size,)), wanted))


@factory()
def randperm(n: int, *, generator: rng.Generator | None = None, dtype: Any = None) -> Tensor:
    """The integers from 0 to n - 1 in random order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.randperm.html
    """
    wanted = dtypes.int64 if dtype is None else dtypes.as_dtype(dtype, "randperm()")
    return make(_generator(generator).permutation(n, wanted))
