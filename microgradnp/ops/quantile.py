"""Medians, quantiles, and the most frequent element."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from ..tensor import Tensor, make
from .arithmetic import lerp
from .comparison import where
from .dims import HALF, axis_of
from .extreme import at_places, median_of_all, nanmedian_of_all
from .indexing import take_along_dim
from .order import argsort
from .record import Array, checking, composite, operation
from .shape import permute, reshape


def _ordered_places(input: Any, dim: int) -> Any:
    return np.argsort(input, axis=dim, kind="stable")


@operation(public=(), opaque=True, samples=lambda make: [(make(3, 4), 1, False), (make(3, 2), 0, True)])
def places_of_medians(input: Array, dim: int, ignore_nan: bool) -> Array:
    """Where the lower median along ``dim`` stands: the first nan if there is one and it is not to be ignored."""
    size = input.shape[dim]
    known = np.add.reduce(input == input, axis=dim, keepdims=True, dtype=np.int64)
    places = np.maximum(known - 1, 0) // 2
    if not ignore_nan:
        places = np.where(known < size, known, places)
    found = np.take_along_axis(_ordered_places(input, dim), places, dim)
    return found.reshape((*input.shape[:dim], *input.shape[dim + 1 :]))


@composite(methods=("median",), out=True)
def median(input: Array, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median, of two middle elements the lower: nan if there is one. Along ``dim``, (values, indices).

    Over all elements, those equal to the median share its gradient; along ``dim``, the one at the index takes it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.median.html
    """
    return _median(input, dim, keepdim, return_types.median, median_of_all)


@composite(methods=("nanmedian",), out=True)
def nanmedian(input: Array, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median of what is not nan, of two middle elements the lower. Along ``dim``, (values, indices).

    Over all elements, those equal to the median share its gradient; along ``dim``, the one at the index takes it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nanmedian.html
    """
    return _median(input, dim, keepdim, return_types.nanmedian, nanmedian_of_all)


def _median(input: Any, dim: Any, keepdim: bool, pair: Any, of_all: Any) -> Any:
    function = pair.__name__
    if input.dtype.kind == "b":
        raise NotImplementedError(f"{function}(): not implemented for bool; convert to integers")
    if dim is None:
        if keepdim:
            raise TypeError(f"{function}(): keepdim needs a dim")
        return of_all(input)
    axis = _not_empty(input, dim, function)
    indices = places_of_medians(input, axis, function == "nanmedian") if input.ndim else argsort(input)
    return at_places(pair, input, indices, axis, keepdim)


def _not_empty(input: Any, dim: Any, function: str) -> int:
    axis = axis_of(dim, input.ndim, function)
    if input.ndim and input.shape[axis] == 0:
        raise IndexError(f"{function}(): Expected reduction dim {axis} to have non-zero size")
    return axis


@operation(public=(), opaque=True, samples=lambda make: [(make(3, 4), 1), (make(3, 2), 0)])
def places_of_modes(input: Array, dim: int) -> Array:
    """Where the most frequent element along ``dim`` stands: the smallest of equally frequent ones, its last place."""
    order = np.moveaxis(_ordered_places(input, dim), dim, -1)
    ordered = np.take_along_axis(np.moveaxis(input, dim, -1), order, -1)
    new = np.ones(ordered.shape, bool)
    new[..., 1:] = ordered[..., 1:] != ordered[..., :-1]
    places = np.arange(ordered.shape[-1])
    run = places - np.maximum.accumulate(np.where(new, places, 0), axis=-1)  # how many equal ones stand before
    longest = np.argmax(run, axis=-1, keepdims=True) if run.size else run[..., :1]
    return np.take_along_axis(order, longest, -1)[..., 0]


@composite(methods=("mode",), out=True)
def mode(input: Array, dim: int = -1, keepdim: bool = False) -> return_types.mode:
    """The most frequent element along ``dim``, and where it last stands: (values, indices).

    Of equally frequent elements the smallest counts; nans differ from one another.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.mode.html
    """
    axis = _not_empty(input, dim, "mode")
    indices = places_of_modes(input, axis) if input.ndim else argsort(input)
    return at_places(return_types.mode, input, indices, axis, keepdim)


# Quantiles


INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


@composite(methods=("quantile",), out=True)
def quantile(
    input: Array, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Array:
    """The values below which the fraction ``q`` of the elements lies, of all or along ``dim``; nan if there is one.

    For a 1-d tensor ``q`` the quantiles stand along a new first dimension. ``interpolation`` says what is taken when
    the place lies between two elements: linear, lower, higher, midpoint or nearest.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.quantile.html
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


@composite(methods=("nanquantile",), out=True)
def nanquantile(
    input: Array, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Array:
    """The quantiles of what is not nan, with the arguments of ``quantile``; nan where everything is.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nanquantile.html
    """
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


def _quantile(function: str, input: Any, q: Any, dim: Any, keepdim: bool, interpolation: str) -> Any:
    q = _checked_fractions(function, input, q, interpolation)
    rows, shape = _rows(function, input, dim, keepdim)
    order = take_along_dim(rows, argsort(rows, 1), 1)  # a row for each quantile, along which the elements lie
    size = rows.shape[1]
    known = np.add.reduce(order._array == order._array, axis=1, dtype=order.dtype)[:, None]
    ranks = reshape(q, (1, -1)) * make(known - 1 if function == "nanquantile" else np.full_like(known, size - 1))
    if function == "nanquantile":
        ranks = where(ranks < 0, 0.0, ranks)
    else:
        ranks = where(make(known < size), float(size - 1), ranks)
    values = permute(_interpolated(order, ranks, interpolation))
    return reshape(values, ((q.shape[0],) if q.ndim else ()) + shape)


def _checked_fractions(function: str, input: Any, q: Any, interpolation: str) -> Any:
    """The fractions as a tensor, once all arguments are known to be right."""
    if 0 in input.shape:
        raise RuntimeError(f"{function}() input tensor must be non-empty")
    if input.dtype.kind != "f" or input.dtype is HALF:
        raise RuntimeError(f"{function}() input tensor must be either float or double dtype, got {input.dtype}")
    if interpolation not in INTERPOLATIONS:
        raise RuntimeError(
            f"{function}() interpolation must be one of {', '.join(INTERPOLATIONS)}, but got {interpolation}"
        )
    if isinstance(q, np.ndarray):
        q = make(q.copy())
    if not isinstance(q, Tensor):
        if isinstance(q, bool) or not isinstance(q, (int, float, np.number)):
            raise TypeError(f"{function}(): argument 'q' must be float or Tensor, not {type(q).__name__}")
        q = make(np.asarray(float(q), input.dtype))
    if q.ndim > 1:
        raise RuntimeError(f"{function}() q must be a scalar or 1D tensor, got shape {tuple(q.shape)}")
    if q.dtype is not input.dtype:
        raise RuntimeError(
            f"{function}() q tensor must be same dtype as the input tensor, got {q.dtype} and {input.dtype}"
        )
    _check_levels(function, q._array)
    return q


@checking
def _check_levels(function: str, levels: np.ndarray) -> np.ndarray:
    if not ((levels >= 0) & (levels <= 1)).all():
        raise RuntimeError(f"{function}() q values must be in the range [0, 1], got {levels.tolist()}")
    return levels


def _rows(function: str, input: Any, dim: Any, keepdim: bool) -> tuple[Any, tuple[int, ...]]:
    """The elements as a matrix whose rows are reduced, and the shape of the result."""
    shape = tuple(input.shape)
    if dim is None:
        return reshape(input, (1, -1)), (1,) * len(shape) if keepdim else ()
    axis = axis_of(dim, len(shape), function)
    if not shape:
        return reshape(input, (1, 1)), ()
    last = (*range(axis), *range(axis + 1, len(shape)), axis)
    rows = reshape(permute(input, last), (-1, shape[axis]))
    return rows, (*shape[:axis], *((1,) if keepdim else ()), *shape[axis + 1 :])


def _interpolated(order: Any, ranks: Any, interpolation: str) -> Any:
    """The elements at fractional places of each row."""
    places = ranks._array
    near = {"higher": np.ceil, "nearest": np.rint}.get(interpolation, np.floor)(places)
    below = take_along_dim(order, make(near.astype(np.int64)), 1)
    if interpolation not in ("linear", "midpoint"):
        return below
    above = take_along_dim(order, make(np.ceil(places).astype(np.int64)), 1)
    weight = make(np.full_like(places, 0.5)) if interpolation == "midpoint" else ranks - make(near)
    return lerp(below, above, weight)
