"""The largest and the smallest elements, and where they stand."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from ..tensor import Tensor
from .arithmetic import maximum, minimum
from .conversion import clone
from .dims import Dim, axes_of, axis_of, dims_of, restore_dims
from .indexing import scatter_along_dim
from .record import Array, Index, composite, derivatives, operation
from .shape import unsqueeze


def _share_of_extreme(g, out, input, input_shape, dim, keepdim):
    # Equal extremes share the gradient. They are counted in the tensor's own type: an int64 count would widen float32.
    extreme = np.where(input == restore_dims(out, input_shape, dim, keepdim), np.ones_like(input), 0.0)
    ties = np.add.reduce(extreme, axis=axes_of(dim) if input_shape else None, keepdims=True)
    return restore_dims(g, input_shape, dim, keepdim) * (extreme / ties)


def _extremes(make: Any) -> list[tuple[Any, ...]]:
    return [(make(3, 4),), (make(3, 4), 0), (make(2, 3, 2), (0, 2), True), (make(2, 3), -1), (make(),), (make(), 0)]


def check_not_empty(function: str, shape: tuple[int, ...], dim: Dim, over_all: type[Exception] = RuntimeError) -> None:
    """Refuse to look for an extreme among no elements, with PyTorch's types of errors."""
    if axes_of(dim) is None:
        raise over_all(f"{function}(): Expected reduction dim to be specified for input.numel() == 0")
    for axis in dims_of(dim, len(shape), function):
        if shape[axis] == 0:
            raise IndexError(f"{function}(): Expected reduction dim {axis} to have non-zero size, not {tuple(shape)}")


def _extreme_of(ufunc: Any, input: Any, dim: Dim, keepdim: bool, function: str) -> Any:
    if 0 in input.shape:
        check_not_empty(function, input.shape, dim)
    return ufunc.reduce(input, axis=dims_of(dim, input.ndim, function), keepdims=keepdim)


@operation(np.max, np.amax, (np.maximum, "reduce"), methods=("amax",), out=True, compact=True, samples=_extremes)
@derivatives(input=_share_of_extreme)
def amax(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """The largest element, of all or over the dimensions ``dim``; equal ones share the gradient. NaN if there is one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.amax.html
    """
    return _extreme_of(np.maximum, input, dim, keepdim, "amax")


@operation(np.min, np.amin, (np.minimum, "reduce"), methods=("amin",), out=True, compact=True, samples=_extremes)
@derivatives(input=_share_of_extreme)
def amin(input: Array, dim: Dim = None, keepdim: bool = False) -> Array:
    """The smallest element, of all or over the dimensions ``dim``; equal ones share the gradient. NaN if there is one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.amin.html
    """
    return _extreme_of(np.minimum, input, dim, keepdim, "amin")


def _place_of(argument: Any, input: Any, dim: Any, keepdim: bool, function: str) -> Any:
    if dim is not None:
        dim = axis_of(dim, input.ndim, function)
    if 0 in input.shape:
        check_not_empty(function, input.shape, dim, IndexError)
    return argument(input, axis=dim, keepdims=keepdim) if input.ndim else np.zeros((), np.int64)


def _places(make: Any) -> list[tuple[Any, ...]]:
    return [(make(3, 4),), (make(3, 4), 1, True), (make(2, 3), -2), (make(2, 3), None, True)]


@operation(np.argmax, methods=("argmax",), out=True, samples=_places)
def argmax(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """The index of the first largest element, of all (flattened) or along ``dim``: an int64 tensor. A nan is largest.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.argmax.html
    """
    return _place_of(np.argmax, input, dim, keepdim, "argmax")


@operation(np.argmin, methods=("argmin",), out=True, samples=_places)
def argmin(input: Array, dim: int | None = None, keepdim: bool = False) -> Array:
    """The index of the first smallest element, of all (flattened) or along ``dim``: an int64 tensor. A nan is smallest.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.argmin.html
    """
    return _place_of(np.argmin, input, dim, keepdim, "argmin")


def _share_of_value(g, out, input):
    # A nan stands for all nans.
    own = np.where((input == out) | ((input != input) & (out != out)), np.ones_like(input), 0.0)
    return g * (own / np.add.reduce(own, axis=None))


def _whole(make: Any) -> list[tuple[Any, ...]]:
    return [(make(2, 3),), (make(4),), (make(),)]


@operation(public=(), label="max", samples=_whole)
@derivatives(input=_share_of_value)
def max_of_all(input: Array) -> Array:
    """The largest element of all; those equal to it, or the nans if there are any, share the gradient."""
    if 0 in input.shape:
        check_not_empty("max", input.shape, None)
    return np.maximum.reduce(input, axis=None)


@operation(public=(), label="min", samples=_whole)
@derivatives(input=_share_of_value)
def min_of_all(input: Array) -> Array:
    """The smallest element of all; those equal to it, or the nans if there are any, share the gradient."""
    if 0 in input.shape:
        check_not_empty("min", input.shape, None)
    return np.minimum.reduce(input, axis=None)


@operation(public=(), label="median", opaque=True, samples=_whole)
@derivatives(input=_share_of_value)
def median_of_all(input: Array) -> Array:
    """The lower median of all elements, nan if there is one; those equal to it share the gradient."""
    ordered = np.sort(input, axis=None)
    return _at(ordered, -1 if ordered.size and ordered[-1] != ordered[-1] else (ordered.size - 1) // 2)


@operation(public=(), label="nanmedian", opaque=True, samples=_whole)
@derivatives(input=_share_of_value)
def nanmedian_of_all(input: Array) -> Array:
    """The lower median of all elements that are not nan; those equal to it share the gradient."""
    ordered = np.sort(input, axis=None)
    count = np.count_nonzero(ordered == ordered)
    return _at(ordered, np.maximum(count - 1, 0) // 2)


def _at(ordered: Any, place: int) -> Any:
    if not ordered.size:  # as in PyTorch
        return np.array(np.nan if ordered.dtype.kind == "f" else np.iinfo(ordered.dtype).min, ordered.dtype)
    return np.array(ordered[place])


def with_one(shape: Any, dim: int) -> tuple[int, ...]:
    """The shape with a dimension of size 1 at ``dim``, counted from 0."""
    return (*shape[:dim], 1, *shape[dim:])


def _put_back(g, indices, dim, input_shape):
    kept = with_one(g.shape, dim)
    return scatter_along_dim(g.reshape(kept), indices.reshape(kept), dim, input_shape)


@operation(public=(), samples=lambda make: [(make(3, 4), np.array([0, 3, 0]), 1), (make(3), np.array(2), 0)])
@derivatives(input=_put_back)
def one_along_dim(input: Array, indices: Index, dim: int) -> Array:
    """Of each line along ``dim``, counted from 0, the element at the index given for it."""
    return np.take_along_axis(input, indices.reshape(with_one(indices.shape, dim)), dim).reshape(indices.shape)


def at_places(pair: Any, input: Any, indices: Any, dim: int, keepdim: bool) -> Any:
    """The result (values, indices) of a reduction along ``dim`` that takes an element of each line."""
    if not input.ndim:
        return pair(clone(input), indices)
    values = one_along_dim(input, indices, dim)
    return pair(unsqueeze(values, dim), unsqueeze(indices, dim)) if keepdim else pair(values, indices)


@composite(methods=("max",), out=True)
def max(input: Array, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; along ``dim`` the pair (values, indices); of two tensors the elementwise maximum.

    Over all elements, equal ones (or, if there are any, the nans) share the gradient; along ``dim`` the first takes it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.max.html
    """
    return _extreme(input, dim if other is None else other, keepdim, return_types.max, max_of_all, argmax, maximum)


@composite(methods=("min",), out=True)
def min(input: Array, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; along ``dim`` the pair (values, indices); of two tensors the elementwise minimum.

    Over all elements, equal ones (or, if there are any, the nans) share the gradient; along ``dim`` the first takes it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.min.html
    """
    return _extreme(input, dim if other is None else other, keepdim, return_types.min, min_of_all, argmin, minimum)


def _extreme(input: Any, dim: Any, keepdim: bool, pair: Any, of_all: Any, place: Any, of_two: Any) -> Any:
    function = pair.__name__
    if dim is None:
        if keepdim:
            raise TypeError(f"{function}(): keepdim needs a dim; over all elements, use a{function}(keepdim=True)")
        return of_all(input)
    if isinstance(dim, (Tensor, np.ndarray)):
        return of_two(input, dim)
    axis = axis_of(dim, input.ndim, function)
    if 0 in input.shape:
        check_not_empty(function, tuple(input.shape), axis)
    return at_places(pair, input, place(input, axis), axis, keepdim)


@composite(methods=("aminmax",), out=True)
def aminmax(input: Array, *, dim: int | None = None, keepdim: bool = False) -> return_types.aminmax:
    """The smallest and the largest element, of all or along ``dim``: (min, max). Equal ones share the gradient.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.aminmax.html
    """
    if dim is None and 0 in input.shape:
        raise RuntimeError("aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity")
    axis = dim if dim is None else axis_of(dim, input.ndim, "aminmax")
    return return_types.aminmax(amin(input, axis, keepdim), amax(input, axis, keepdim))
