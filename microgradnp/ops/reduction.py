"""Operations that reduce dimensions: sums, products, means, and questions to all elements."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from .. import dtypes
from .arithmetic import div
from .comparison import where
from .conversion import cast
from .dims import HALF, SINGLE, Dim, axis_of, count_of, dims_of, restore_dims
from .record import Array, composite, derivatives, operation
from .scan import product_of_others


def reduced(ufunc: Any, input: Any, dim: Dim, keepdim: bool, function: str, dtype: Any = None) -> Any:
    """``ufunc.reduce``, with PyTorch's errors for what is no dimension of the array."""
    if dim is not None and dim.__class__ is not int:
        dim = dims_of(dim, input.ndim, function)
    try:
        return ufunc.reduce(input, axis=dim, keepdims=keepdim, dtype=dtype)
    except ValueError:
        dims_of(dim, input.ndim, function)
        raise


LARGE = 1 << 15  # elements: from here on the sums of rows are worth more than one call
CHUNK = 256


@lru_cache(maxsize=64)
def _chunk(length: int) -> int:
    """The largest divisor of ``length`` up to CHUNK, or 0 if there would be many small chunks."""
    return next((size for size in range(CHUNK, 31, -1) if length % size == 0), length if length < 32 else 0)


def row_sums(input: Any, keepdim: bool = False) -> Any:
    """The sums along the last dimension: of large arrays by einsum, which takes half the time of ``add.reduce``.

    It adds up in eight or more running sums, whose errors grow with the length. So it sums chunks of rows, and then
    their sums: thus the errors are about those of ``add.reduce``, which sums in pairs.
    """
    large = input.size >= LARGE and input.dtype.kind == "f" and input.strides[-1] == input.itemsize
    chunk = _chunk(input.shape[-1]) if large else 0
    if not chunk:
        return np.add.reduce(input, axis=-1, keepdims=keepdim)
    if chunk < input.shape[-1]:
        input = np.einsum("...i->...", input.reshape((*input.shape[:-1], input.shape[-1] // chunk, chunk)))
    sums = np.einsum("...i->...", input) if input.shape[-1] <= CHUNK else np.add.reduce(input, axis=-1)
    return sums[..., None] if keepdim else sums


def float_dtype(function: str, input: Any, dtype: Any) -> Any:
    """The type that a reduction of floating point numbers works in, or RuntimeError."""
    found = input.dtype if dtype is None else dtypes.as_dtype(dtype, f"{function}()")
    if found.kind != "f":
        what = "Input" if dtype is None else "Optional"
        raise RuntimeError(
            f"{function}(): could not infer output dtype. {what} dtype must be a floating point dtype. Got: {found}. "
            f"Give dtype=float32, or call .float() first"
        )
    return found


def _spread(g, input_shape, dim, keepdim):
    return np.broadcast_to(restore_dims(g, input_shape, dim, keepdim), input_shape)


def _reductions(make: Any) -> list[tuple[Any, ...]]:
    return [
        (make(3, 4),),
        (make(3, 4), 0),
        (make(2, 3, 4), (0, 2), True),
        (make(2, 3), -1, True),
        (make(),),
        (make(0, 3), 1),
    ]


def accumulated(ufunc: Any, input: Any, dim: Dim, keepdim: bool, function: str, dtype: Any) -> Any:
    """A sum or product in the type that PyTorch adds up in: float32 for float16, int64 for integers and bools.

    ``dtype`` is what the elements are converted to before.
    """
    wanted = input.dtype if dtype is None else dtypes.as_dtype(dtype, f"{function}()")
    if dtype is None and wanted.kind != "f":
        wanted = dtypes.int64
    if input.dtype.kind == "f" and wanted.kind != "f":
        input = input.astype(wanted)
    out = reduced(ufunc, input, dim, keepdim, function, SINGLE if wanted is HALF else wanted)
    return out.astype(HALF) if wanted is HALF else out


@operation(np.sum, (np.add, "reduce"), methods=("sum",), out=True, compact=True, samples=_reductions)
@derivatives(input=_spread)
def sum(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """The sum over all elements, or over the dimensions ``dim``. Integers and bools are summed as int64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sum.html

    >>> import microgradnp
    >>> microgradnp.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=0)
    tensor([4., 6.])
    """
    if dtype is None and input.dtype.itemsize > 2:
        if input.size >= LARGE and dim.__class__ is int and dim in (-1, input.ndim - 1):
            return row_sums(input, keepdim)
        return reduced(np.add, input, dim, keepdim, "sum")
    return accumulated(np.add, input, dim, keepdim, "sum", dtype)


@lru_cache(maxsize=64)
def _ones(count: int, dtype: Any) -> Any:
    ones = np.ones(count, dtype)
    ones.flags.writeable = False
    return ones


@operation(
    public=(),
    samples=lambda make: [(make(3, 4), (4,)), (make(2, 3, 4), (1, 4)), (make(3, 4), (3, 4)), (make(2, 0), (2, 1))],
)
@derivatives(input=lambda g, input_shape: np.broadcast_to(g, input_shape))
def sum_to(input: Array, shape: tuple[int, ...]) -> Array:
    """Sum over what broadcasting had added, so that the result has ``shape``: the transpose of ``broadcast_to``."""
    if input.dtype.itemsize == 2:  # float16 is added up in float32
        return sum_to.operation.forward(input.astype(SINGLE), shape).astype(HALF)  # type: ignore[attr-defined]
    if input.shape[1:] == shape:
        # Rows of a small matrix: a product with ones takes half the time of the reduction.
        if len(shape) == 1 and input.shape[0] <= 1024:
            return np.dot(_ones(input.shape[0], input.dtype), input)
        return np.add.reduce(input, 0)
    leading = input.ndim - len(shape)
    axes = tuple(range(leading)) + tuple(
        i for i, size in enumerate(shape, leading) if size == 1 and input.shape[i] != 1
    )
    return np.add.reduce(input, axis=axes, keepdims=True).reshape(shape)


@composite(np.mean, methods=("mean",), out=True)
def mean(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """The arithmetic mean of all elements, or over the dimensions ``dim``; of no elements at all, nan.

    Raises RuntimeError for an integer tensor: give ``dtype``, or convert it first.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.mean.html
    """
    found = float_dtype("mean", input, dtype)
    if found is HALF:  # the sum may be larger than float16 can hold
        return cast(mean(input, dim, keepdim, dtype=SINGLE), HALF)
    return sum(input, dim, keepdim, dtype=dtype) / count_of(input.shape, dim)


@composite(np.nansum, methods=("nansum",), out=True)
def nansum(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """The sum of what is not nan; the gradient of a nan is 0. Integers and bools are summed as int64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nansum.html
    """
    return sum(_without_nans(input), dim, keepdim, dtype=dtype)


@composite(np.nanmean, methods=("nanmean",), out=True)
def nanmean(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """The mean of what is not nan: nan if everything is. The gradient of a nan is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nanmean.html
    """
    float_dtype("nanmean", input, None)
    found = float_dtype("nanmean", input, dtype)
    wide = SINGLE if found is HALF else found
    total = sum(_without_nans(input), dim, keepdim, dtype=wide)
    out = div(total, sum(input == input, dim, keepdim))
    return cast(out, found) if out.dtype is not found else out


def _without_nans(input: Any) -> Any:
    return where(input == input, input, 0) if input.dtype.kind == "f" else input


def _product_of_the_others(g, input, dim, keepdim, input_shape):
    x = input if input.dtype == g.dtype else cast(input, g.dtype)
    if dim is None:
        return g.reshape((1,)) * product_of_others(x.reshape((-1,)), 0).reshape(input_shape)
    return restore_dims(g, input_shape, dim, keepdim) * product_of_others(x, dim)


@operation(
    np.prod, (np.multiply, "reduce"), methods=("prod",), out=True, opaque=True, domain=(0.5, 2.0),
    compact=True, samples=lambda make: [
        (make(3, 2),), (make(2, 3), 0), (make(2, 3, 2), -1, True), (make(),), (make(), 0), (make(0, 3), 1),
        (make(3, 0), 1),
    ],
)  # fmt: skip
@derivatives(input=_product_of_the_others)
def prod(input: Array, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """The product of all elements, or along ``dim``; of none at all, 1. Integers and bools give int64.

    Its derivative by an element is the product of the others, found without a division: right at zeros too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.prod.html
    """
    if dim is not None:
        axis_of(dim, input.ndim, "prod")
    return accumulated(np.multiply, input, dim, keepdim, "prod", dtype)


@operation(np.count_nonzero, methods=("count_nonzero",), samples=lambda make: [(make(3, 4),), (make(3, 4), 0)])
def count_nonzero(input: Array, dim: Dim = None) -> Array:
    """How many elements are not zero, of all or over the dimensions ``dim``: an int64 tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.count_nonzero.html
    """
    return np.add.reduce(input != 0, axis=dims_of(dim, input.ndim, "count_nonzero"), dtype=np.int64)


def _softmax_of(g, out, input, input_shape, dim, keepdim):
    return restore_dims(g, input_shape, dim, keepdim) * np.exp(input - restore_dims(out, input_shape, dim, keepdim))


@operation(
    methods=("logsumexp",), out=True, floats=True, compact=True, samples=lambda make: [
        (make(3, 4), 0), (make(2, 3, 2), (0, 2), True), (make(2, 3), -1, True), (make(), 0), (make(0, 3), 1),
    ],
)  # fmt: skip
@derivatives(input=_softmax_of)
def logsumexp(input: Array, dim: Dim, keepdim: bool = False) -> Array:
    """log(sum(exp(input))) over the dimensions ``dim``, without overflow: -inf of no elements, and where all are -inf.

    Its gradient is the softmax of the elements; nan where all are -inf, or where one is inf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logsumexp.html
    """
    if isinstance(dim, (tuple, list)) and not dim and input.ndim:
        raise RuntimeError("logsumexp: dim=() names no dimensions; name those to sum over")
    axes = dims_of(dim, input.ndim, "logsumexp")
    if input.dtype is HALF:
        return logsumexp.operation.forward(input.astype(SINGLE), dim, keepdim).astype(HALF)  # type: ignore[attr-defined]
    largest = np.maximum.reduce(input, axis=axes, keepdims=True, initial=-math.inf)
    largest = np.where(np.isfinite(largest), largest, np.zeros_like(largest))
    out = np.log(np.add.reduce(np.exp(input - largest), axis=axes, keepdims=True)) + largest
    return out if keepdim else out.reshape(tuple([n for i, n in enumerate(input.shape) if i not in axes]))


def _questions(make: Any) -> list[tuple[Any, ...]]:
    return [(make(3, 4),), (make(3, 4), 0), (make(2, 3, 4), (0, 2), True), (make(), 0), (make(0, 3), 0)]


@operation(np.all, (np.logical_and, "reduce"), methods=("all",), out=True, compact=True, samples=_questions)
def all(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Whether all elements (over the dimensions ``dim``) are true or not zero: a bool, but for uint8 a uint8.

    Over no dimensions, ``dim=()``, each element is asked by itself.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.all.html
    """
    return _asked(np.logical_and, input, dim, keepdim, "all")


@operation(np.any, (np.logical_or, "reduce"), methods=("any",), out=True, compact=True, samples=_questions)
def any(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Whether any element (over the dimensions ``dim``) is true or not zero: a bool, but for uint8 a uint8.

    Over no dimensions, ``dim=()``, each element is asked by itself.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.any.html
    """
    return _asked(np.logical_or, input, dim, keepdim, "any")


def _asked(ufunc: Any, input: Any, dim: Dim, keepdim: bool, function: str) -> Any:
    if isinstance(dim, (tuple, list)) and not dim:
        answer = ufunc.reduce(input, axis=(), keepdims=keepdim)
    else:
        answer = reduced(ufunc, input, dim, keepdim, function)
    return answer.astype(input.dtype) if input.dtype == np.uint8 else answer
