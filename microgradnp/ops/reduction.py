"""Operations that reduce dimensions: sums, means, extremes."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from ..tensor import Tensor
from .arithmetic import maximum, minimum
from .indexing import take_along_dim
from .record import Array, composite, derivatives, operation
from .shape import squeeze

UINT8 = np.dtype("uint8")
Dim = int | tuple[int, ...] | list[int] | None


def axes_of(dim: Dim) -> Any:
    """A ``dim`` argument as NumPy's ``axis``: lists become tuples, and no dimension at all means every one."""
    if dim is None or isinstance(dim, int):
        return dim
    return tuple(dim) or None


def restore_dims(reduced: Any, shape: tuple[int, ...], dim: Dim, keepdim: bool) -> Any:
    """Put the dimensions back, with size 1, that a reduction of an array of ``shape`` over ``dim`` has taken away."""
    axes = axes_of(dim)
    if keepdim or axes is None:
        return reduced
    gone = {axis % len(shape) for axis in (axes if isinstance(axes, tuple) else (axes,))} if shape else set()
    return reduced.reshape(tuple(1 if i in gone else size for i, size in enumerate(shape)))


def count_of(shape: tuple[int, ...], dim: Dim) -> int:
    """How many elements a reduction over ``dim`` puts into one."""
    axes = axes_of(dim)
    if axes is None:
        return math.prod(shape)
    return math.prod(shape[axis] for axis in (axes if isinstance(axes, tuple) else (axes,))) if shape else 1


def check_not_empty(function: str, shape: tuple[int, ...], dim: Dim, over_all: type[Exception] = RuntimeError) -> None:
    """Refuse to look for an extreme among no elements, with PyTorch's types of errors."""
    axes = axes_of(dim)
    if axes is None:
        raise over_all(f"{function}(): Expected reduction dim to be specified for input.numel() == 0")
    for axis in axes if isinstance(axes, tuple) else (axes,):
        if shape[axis] == 0:
            raise IndexError(f"{function}(): Expected reduction dim {axis} to have non-zero size, not {tuple(shape)}")


def _reduced(ufunc: Any, input: Any, dim: Dim, keepdim: bool, dtype: Any = None) -> Any:
    try:
        return ufunc.reduce(input, axis=axes_of(dim), keepdims=keepdim, dtype=dtype)
    except ValueError as error:
        if isinstance(error, IndexError):
            raise
        raise RuntimeError(f"a dimension appears multiple times in dim={dim}") from None


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


@operation(np.sum, (np.add, "reduce"), methods=("sum",), out=True, samples=_reductions)
@derivatives(input=_spread)
def sum(input: Array, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Array:
    """The sum over all elements, or over the dimensions ``dim``. Integers and bools are summed as int64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sum.html

    >>> import microgradnp
    >>> microgradnp.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=0)
    tensor([4., 6.])
    """
    if dtype is None and input.dtype is UINT8:
        dtype = np.int64
    return _reduced(np.add, input, dim, keepdim, dtype)


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
    if (input.dtype if dtype is None else np.dtype(dtype)).kind != "f":
        raise RuntimeError(
            f"mean(): could not infer output dtype. Input dtype must be a floating point dtype. Got: {input.dtype}. "
            f"Give dtype=float32, or call .float() first"
        )
    return sum(input, dim, keepdim, dtype=dtype) / count_of(input.shape, dim)


def _share_of_extreme(g, out, input, input_shape, dim, keepdim):
    # Equal extremes share the gradient. They are counted in the tensor's own type: an int64 count would widen float32.
    extreme = np.where(input == restore_dims(out, input_shape, dim, keepdim), np.ones_like(input), 0.0)
    ties = np.add.reduce(extreme, axis=axes_of(dim), keepdims=True)
    return restore_dims(g, input_shape, dim, keepdim) * (extreme / ties)


def _extremes(make: Any) -> list[tuple[Any, ...]]:
    return [(make(3, 4),), (make(3, 4), 0), (make(2, 3, 4), (0, 2), True), (make(2, 3), -1), (make(),)]


@operation(np.max, np.amax, (np.maximum, "reduce"), methods=("amax",), out=True, samples=_extremes)
@derivatives(input=_share_of_extreme)
def amax(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """The largest element, of all or over the dimensions ``dim``; equal ones share the gradient. NaN if there is one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.amax.html
    """
    if 0 in input.shape:
        check_not_empty("amax", input.shape, dim)
    return _reduced(np.maximum, input, dim, keepdim)


@operation(np.min, np.amin, (np.minimum, "reduce"), methods=("amin",), out=True, samples=_extremes)
@derivatives(input=_share_of_extreme)
def amin(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """The smallest element, of all or over the dimensions ``dim``; equal ones share the gradient. NaN if there is one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.amin.html
    """
    if 0 in input.shape:
        check_not_empty("amin", input.shape, dim)
    return _reduced(np.minimum, input, dim, keepdim)


@operation(np.argmax, methods=("argmax",), out=True, samples=lambda make: [(make(3, 4),), (make(3, 4), 1, True)])
def argmax(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """The index of the first largest element, of all (flattened) or along ``dim``: an int64 tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.argmax.html
    """
    if 0 in input.shape:
        check_not_empty("argmax", input.shape, dim, IndexError)
    return np.argmax(input, axis=dim, keepdims=keepdim)


@operation(np.argmin, methods=("argmin",), out=True, samples=lambda make: [(make(3, 4),), (make(3, 4), 1, True)])
def argmin(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """The index of the first smallest element, of all (flattened) or along ``dim``: an int64 tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.argmin.html
    """
    if 0 in input.shape:
        check_not_empty("argmin", input.shape, dim, IndexError)
    return np.argmin(input, axis=dim, keepdims=keepdim)


@operation(
    np.all, (np.logical_and, "reduce"), methods=("all",), out=True,
    samples=lambda make: [(make(3, 4),), (make(3, 4), 0)],
)  # fmt: skip
def all(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Whether all elements (over the dimensions ``dim``) are true or not zero: always bool, also of uint8.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.all.html
    """
    return _reduced(np.logical_and, input, dim, keepdim)


@operation(
    np.any, (np.logical_or, "reduce"), methods=("any",), out=True,
    samples=lambda make: [(make(3, 4),), (make(3, 4), 0)],
)  # fmt: skip
def any(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """Whether any element (over the dimensions ``dim``) is true or not zero: always bool, also of uint8.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.any.html
    """
    return _reduced(np.logical_or, input, dim, keepdim)


class Extreme(NamedTuple):
    """Extreme values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


@composite(methods=("max",), out=True)
def max(input: Array, dim: Any = None, keepdim: bool = False) -> Any:
    """The largest element; along ``dim`` the pair (values, indices); of two tensors the elementwise maximum.

    Over all elements, equal ones share the gradient; along ``dim`` the first takes it, as in PyTorch.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.max.html
    """
    return _extreme(input, dim, keepdim, amax, argmax, maximum)


@composite(methods=("min",), out=True)
def min(input: Array, dim: Any = None, keepdim: bool = False) -> Any:
    """The smallest element; along ``dim`` the pair (values, indices); of two tensors the elementwise minimum.

    Over all elements, equal ones share the gradient; along ``dim`` the first takes it, as in PyTorch.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.min.html
    """
    return _extreme(input, dim, keepdim, amin, argmin, minimum)


def _extreme(input: Any, dim: Any, keepdim: bool, over_all: Any, where: Any, of_two: Any) -> Any:
    if dim is None:
        return over_all(input)
    if not isinstance(dim, int):
        return of_two(input, dim)
    if input.ndim == 0:
        return Extreme(over_all(input, dim), where(input, dim))
    indices = where(input, dim, True)
    values = take_along_dim(input, indices, dim)
    if keepdim:
        return Extreme(values, indices)
    return Extreme(squeeze(values, dim), squeeze(indices, dim))
