"""Variances and covariances, medians and quantiles, the most frequent element, histograms."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from .. import return_types
from ..dtypes import get_default_dtype
from ..tensor import Tensor, make
from .arithmetic import lerp
from .comparison import where
from .dims import HALF, SINGLE, Dim, axes_of, axis_of, count_of, dims_of, restore_dims
from .elementary import sqrt
from .extreme import median_of_all, nanmedian_of_all
from .indexing import getitem, take_along_dim
from .order import argsort, at_places
from .product import matmul
from .record import Array, composite, derivatives, operation
from .reduction import mean, sum
from .shape import permute, reshape, squeeze, unsqueeze

# Variances: the mean is taken away twice, so that nothing is left of a constant, and little of rounding


def _centered(input, dim, count):
    rough = input - sum(input, dim, True) / count
    return rough - sum(rough, dim, True) / count


def _free(input_shape, dim, correction):
    """The degrees of freedom, at least 0."""
    freedom = count_of(input_shape, dim) - correction
    return freedom if freedom > 0 else 0


def _count(input_shape, dim):
    return count_of(input_shape, dim) or 1


def _by_variance(g, input, dim, correction, keepdim, input_shape):
    away, free = _centered(input, dim, _count(input_shape, dim)), _free(input_shape, dim, correction)
    g = restore_dims(g, input_shape, dim, keepdim)
    if free:
        return g * (away * (2 / free))
    return g * np.where(away == 0, math.nan, math.inf * np.ones_like(away))  # as in PyTorch


def _by_deviation(g, out, input, dim, correction, keepdim, input_shape):
    away, free = _centered(input, dim, _count(input_shape, dim)), _free(input_shape, dim, correction)
    root = restore_dims(out, input_shape, dim, keepdim)
    share = np.where(root == 0, 0.0, restore_dims(g, input_shape, dim, keepdim) / np.where(root == 0, 1.0, root))
    return share * (away / free) if free else share * (away * math.inf)


def _spreads(make: Any) -> list[tuple[Any, ...]]:
    return [
        (make(3, 4), None, 1), (make(3, 2), 0, 0), (make(2, 3, 2), (0, 2), 1.5, True), (make(2, 3), -1, 1, True),
        (make(0, 3), 1, 1),
    ]  # fmt: skip


@operation(public=(), label="var", samples=_spreads)
@derivatives(input=_by_variance)
def variance(input: Array, dim: Dim, correction: float, keepdim: bool = False) -> Array:
    """The sum of the squared distances from the mean, divided by the number of elements less ``correction``."""
    return _variance(input, dim, correction, keepdim)


@operation(public=(), label="std", samples=_spreads)
@derivatives(input=_by_deviation)
def deviation(input: Array, dim: Dim, correction: float, keepdim: bool = False) -> Array:
    """The square root of the variance; its derivative where all elements are equal is 0."""
    return _variance(input, dim, correction, keepdim, np.sqrt)


def _variance(input: Any, dim: Dim, correction: float, keepdim: bool, last: Any = np.positive) -> Any:
    if input.dtype is HALF:
        return _variance(input.astype(SINGLE), dim, correction, keepdim, last).astype(HALF)
    axes, count = axes_of(dim), _count(input.shape, dim)
    away = input - np.add.reduce(input, axis=axes, keepdims=True) / count
    away -= np.add.reduce(away, axis=axes, keepdims=True) / count
    squares = np.add.reduce(np.multiply(away, away, away), axis=axes, keepdims=keepdim)
    return last(squares / _free(input.shape, dim, correction))


def _spread(function: str, input: Any, dim: Any, unbiased: Any, keepdim: bool, correction: Any) -> Any:
    """The arguments of ``std`` and ``var``, from all the forms in which PyTorch takes them."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None:
        if correction is not None or not isinstance(unbiased, bool):
            raise TypeError(f"{function}() takes unbiased=True or False, or correction=, not both")
        correction = int(unbiased)
    correction = 1 if correction is None else correction
    if input.dtype.kind != "f":
        raise RuntimeError(f"{function}(): std and var only support floating point dtypes, got {input.dtype}")
    dims = dims_of(dim, input.ndim, function)
    if count_of(tuple(input.shape), dims) <= correction:
        warnings.warn(
            f"{function}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor "
            f"(input numel divided by output numel): {count_of(tuple(input.shape), dims)} elements, {correction=}.",
            UserWarning,
            stacklevel=4,
        )
    return input, dims, correction, keepdim


@composite(methods=("var",), out=True)
def var(
    input: Array, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Array:
    """The variance of all elements, or over the dimensions ``dim``: sum((x - mean)**2) / (count - correction).

    ``correction`` is 1 unless given; the older ``unbiased`` stands for 1 or 0, and may be given in place of ``dim``.
    With too few elements the result is nan or inf, with a warning.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.var.html
    """
    return variance(*_spread("var", input, dim, unbiased, keepdim, correction))


@composite(methods=("std",), out=True)
def std(
    input: Array, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Array:
    """The standard deviation, the square root of ``var``, with the same arguments.

    Its derivative where all elements are equal is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.std.html
    """
    return deviation(*_spread("std", input, dim, unbiased, keepdim, correction))


@composite()
def var_mean(
    input: Array, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """The variance and the mean, with the arguments of ``var``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.var_mean.html
    """
    arguments = _spread("var_mean", input, dim, unbiased, keepdim, correction)
    return variance(*arguments), mean(input, arguments[1], keepdim)


@composite()
def std_mean(
    input: Array, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean, with the arguments of ``var``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.std_mean.html
    """
    arguments = _spread("std_mean", input, dim, unbiased, keepdim, correction)
    return deviation(*arguments), mean(input, arguments[1], keepdim)


@composite(np.cov, methods=("cov",))
def cov(input: Array, *, correction: int = 1, fweights: Array = None, aweights: Array = None) -> Array:
    """The covariance matrix of variables in rows and observations in columns; of one variable, its variance.

    ``fweights`` say how often each observation counts, ``aweights`` how much it weighs.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cov.html
    """
    if input.ndim > 2:
        raise RuntimeError(f"cov(): expected input to have two or fewer dimensions but got {input.ndim} dimensions")
    rows = reshape(input, (1, -1)) if input.ndim < 2 else input
    rows = rows if rows.dtype.kind == "f" else rows.to(get_default_dtype())
    weights, free = _weights(rows, correction, fweights, aweights)
    heavy = rows if weights is None else rows * weights
    total = rows.shape[1] if weights is None else sum(weights)
    away = rows - sum(heavy, 1, True) / total
    if free <= 0:
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
            UserWarning,
            stacklevel=3,
        )
    products = matmul(away, permute(away if weights is None else away * weights))
    return squeeze(products / (free if free > 0 else 0))


def _weights(rows: Any, correction: int, fweights: Any, aweights: Any) -> tuple[Any, Any]:
    """The weight of each observation (None when all are alike), and what the sums are divided by."""
    for weights, name, kinds in ((fweights, "fweights", "iu"), (aweights, "aweights", "f")):
        if weights is None:
            continue
        if weights.ndim != 1 or weights.shape[0] != rows.shape[1]:
            raise RuntimeError(f"cov(): expected {name} to have one dimension, of {rows.shape[1]} observations")
        if weights.dtype.kind not in kinds:
            wanted = "an integer" if kinds == "iu" else "a floating point"
            raise RuntimeError(f"cov(): expected {name} to have {wanted} dtype, got {weights.dtype}")
        if (weights._array < 0).any():
            raise RuntimeError(f"cov(): {name} cannot be negative")
    if fweights is None and aweights is None:
        return None, rows.shape[1] - correction
    weights = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    total = sum(weights)
    if aweights is None or correction == 0:
        return weights, total - correction
    return weights, total - correction * sum(weights * aweights) / total


@composite(np.corrcoef, methods=("corrcoef",))
def corrcoef(input: Array) -> Array:
    """The correlation coefficients of variables in rows and observations in columns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.corrcoef.html
    """
    if input.ndim > 2:
        raise RuntimeError(f"corrcoef(): expected input to have two or fewer dimensions, got {input.ndim} dimensions")
    c = cov(input)
    if not c.ndim:
        return c / c
    places = np.arange(c.shape[0])
    deviations = sqrt(getitem(c, (places, places)))
    r = c / unsqueeze(deviations, 1) / deviations
    return where(r > 1, 1.0, where(r < -1, -1.0, r))


# Medians, and the most frequent


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
    return np.take_along_axis(_ordered_places(input, dim), places, dim)


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
    return np.ascontiguousarray(np.moveaxis(np.take_along_axis(order, longest, -1), -1, dim))


@composite(methods=("mode",), out=True)
def mode(input: Array, dim: int = -1, keepdim: bool = False) -> Any:
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
    if not ((q._array >= 0) & (q._array <= 1)).all():
        raise RuntimeError(f"{function}() q values must be in the range [0, 1], got {q.tolist()}")
    return q


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


# Counting


@operation(
    opaque=True, methods=("histc",), out=True,
    samples=lambda make: [(make(3, 4), 5, -3, 3), (make(4), 3, 0, 1), (make(0), 2)],
)  # fmt: skip
def histc(input: Array, bins: int = 100, min: float = 0, max: float = 0) -> Array:
    """How many elements fall into each of ``bins`` equal bins between ``min`` and ``max``, counted in the same dtype.

    Others, and nans, are not counted. When ``min`` equals ``max``, the extremes of the elements are taken; when these
    are equal too, the range is one wider on each side.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.histc.html
    """
    _check_histogram("histc", input, bins)
    if max < min:
        raise RuntimeError(f"histc(): max must be larger than min, got {min=}, {max=}")
    low, high = (float(min), float(max)) if min != max or not input.size else (input.min(), input.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"histc(): range of [{low}, {high}] is not finite")
    if low == high:
        low, high = low - 1, high + 1
    flat = np.sort(input, axis=None)
    flat = flat[(flat >= low) & (flat <= high)].astype(np.float64)
    places = np.minimum(((flat - low) * (bins / (float(high) - float(low)))).astype(np.int64), bins - 1)
    return np.bincount(places, minlength=bins).astype(input.dtype)


def _check_histogram(function: str, input: Any, bins: int) -> None:
    if input.dtype.kind != "f":
        raise NotImplementedError(f"{function}(): not implemented for {input.dtype}; convert to floating point numbers")
    if bins <= 0:
        raise RuntimeError(f"{function}(): bins must be > 0, but got {bins}")


@composite(methods=("histogram",))
def histogram(input: Array, bins: Any, *, range: Any = None, weight: Array = None, density: bool = False) -> Any:
    """How much falls between the edges of each bin, and these edges: (hist, bin_edges).

    ``bins`` is the number of equal bins in ``range`` (by default, from the smallest to the largest element), or a
    tensor of the edges. Each element counts 1, or its ``weight``; with ``density`` the area under the bins is 1. The
    last bin contains its upper edge. There is no derivative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.histogram.html
    """
    values, edges = input._array.reshape(-1), _edges(input, bins, range)
    weights = None if weight is None else weight._array.reshape(-1)
    if weights is not None and weights.size != values.size:
        raise RuntimeError(f"histogram(): weight has shape {tuple(weight.shape)}, but input {tuple(input.shape)}")
    inside = (values >= edges[0]) & (values <= edges[-1])
    places = np.minimum(np.searchsorted(edges, values[inside], "right") - 1, len(edges) - 2)
    counts = np.bincount(places, None if weights is None else weights[inside], len(edges) - 1).astype(np.float64)
    if density:
        counts = counts / (counts.sum() * np.diff(edges))
    return return_types.histogram(make(counts.astype(input.dtype)), make(edges))


def _edges(input: Any, bins: Any, range: Any) -> Any:
    if isinstance(bins, Tensor):
        _check_histogram("histogram", input, 1)
        if bins.dtype is not input.dtype or bins.ndim != 1 or not bins.numel():
            raise RuntimeError(f"histogram(): bins must be a 1-d tensor of {input.dtype}, got {bins.dtype}")
        return bins._array.copy()
    _check_histogram("histogram", input, bins)
    array = input._array
    low, high = range or ((array.min(), array.max()) if array.size else (0.0, 1.0))
    if low > high:
        raise RuntimeError(f"histogram(): min should not exceed max, but got min {low} max {high}")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"histogram(): range of [{low}, {high}] is not finite")
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1, dtype=input.dtype)


@composite(np.bincount, methods=("bincount",))
def bincount(input: Array, weights: Array = None, minlength: int = 0) -> Array:
    """How often each whole number from 0 on occurs in a 1-d integer tensor, or the sum of its ``weights``.

    Weights are summed in float64, or in float32 when they are float32. There is no derivative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bincount.html
    """
    array = input._array
    if array.dtype.kind not in "iu":
        raise NotImplementedError(f"bincount(): not implemented for {array.dtype}; only integers are counted")
    if array.ndim != 1 or (array.size and array.min() < 0):
        raise RuntimeError("bincount(): only supports 1-d non-negative integral inputs")
    if minlength < 0:
        raise RuntimeError(f"bincount(): minlength should be >= 0, got {minlength}")
    if weights is None or not array.size:
        return make(np.bincount(array.astype(np.int64), minlength=minlength).astype(np.int64))
    if weights.ndim != 1 or weights.shape[0] != array.size:
        raise RuntimeError("bincount(): weights should be 1-d and have the same length as input")
    sums = np.bincount(array, weights._array, minlength)
    return make(sums.astype(SINGLE) if weights.dtype is SINGLE else sums)
