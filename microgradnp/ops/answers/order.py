"""NumPy functions on Tensors that order, scan and subtract neighbours, with NumPy's signatures and meaning.

``np.median`` of an even count is the mean of two; ``np.cumsum`` flattens by default.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...tensor import make
from ..protocols import answers, as_tensor, named, plain, refused, wrapped
from ..ufuncs import dims_of
from .statistics import NOT_GIVEN, floating, keeps

# Order


def _flat(a: Any, axis: Any) -> tuple[Any, int]:
    """The operand, flattened if no axis is given, and the axis."""
    a = as_tensor(a)
    return (np.reshape(a, (-1,)), 0) if axis is None else (a, dims_of(axis, a.ndim)[0])


@answers(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    a, axis = _flat(a, axis)
    return np.take_along_axis(a, np.argsort(plain(a), axis, kind="stable"), axis)


@answers(np.partition)
def partition(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect") -> Any:
    a, axis = _flat(a, axis)
    return np.take_along_axis(a, np.argpartition(plain(a), plain(kth), axis, kind), axis)


@answers(np.quantile)
def quantile(
    a: Any, q: Any, axis: Any = None, overwrite_input: bool = False, method: str = "linear", keepdims: Any = False, *,
    weights: Any = None,
) -> Any:  # fmt: skip
    return _quantile("np.quantile", a, plain(q), axis, method, keepdims, weights, False)


@answers(np.nanquantile)
def nanquantile(
    a: Any, q: Any, axis: Any = None, overwrite_input: bool = False, method: str = "linear", keepdims: Any = False, *,
    weights: Any = None,
) -> Any:  # fmt: skip
    return _quantile("np.nanquantile", a, plain(q), axis, method, keepdims, weights, True)


@answers(np.percentile)
def percentile(
    a: Any, q: Any, axis: Any = None, overwrite_input: bool = False, method: str = "linear", keepdims: Any = False, *,
    weights: Any = None,
) -> Any:  # fmt: skip
    return _quantile("np.percentile", a, np.true_divide(plain(q), 100), axis, method, keepdims, weights, False)


@answers(np.nanpercentile)
def nanpercentile(
    a: Any, q: Any, axis: Any = None, overwrite_input: bool = False, method: str = "linear", keepdims: Any = False, *,
    weights: Any = None,
) -> Any:  # fmt: skip
    return _quantile("np.nanpercentile", a, np.true_divide(plain(q), 100), axis, method, keepdims, weights, True)


@answers(np.median)
def median(a: Any, axis: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
    return _quantile("np.median", a, 0.5, axis, "midpoint", keepdims, None, False)


@answers(np.nanmedian)
def nanmedian(a: Any, axis: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
    return _quantile("np.nanmedian", a, 0.5, axis, "midpoint", keepdims, None, True)


def _quantile(name: str, a: Any, q: Any, axis: Any, method: str, keepdims: Any, weights: Any, skip_nans: bool) -> Any:
    if method not in ("linear", "lower", "higher", "midpoint"):
        raise refused(name, "method", ": it is 'linear', 'lower', 'higher' or 'midpoint'")
    if weights is not None:
        raise refused(name, "weights")
    q = np.asarray(q)
    if q.ndim > 1 or not np.all((q >= 0) & (q <= 1)):
        raise ValueError(f"{name}: q must be a number, or a list of numbers, within the range")
    a = floating(a)
    dims = dims_of(axis, a.ndim)
    kept = [i for i in range(a.ndim) if i not in dims]
    count = math.prod([a.shape[i] for i in dims])
    rows = np.reshape(np.transpose(a, (*kept, *dims)), (*(a.shape[i] for i in kept), count))
    rows = sort(rows, -1)
    result = _between(rows, np.atleast_1d(q), method, skip_nans)
    result = result[..., 0] if q.ndim == 0 else np.moveaxis(result, -1, 0)
    if keeps(keepdims):
        shape = tuple(1 if i in dims else size for i, size in enumerate(a.shape))
        result = np.reshape(result, shape if q.ndim == 0 else (q.size, *shape))
    return result


def _between(rows: Any, q: Any, method: str, skip_nans: bool) -> Any:
    """The quantiles ``q`` of sorted rows, whose nans stand last."""
    if rows.shape[-1] == 0:
        return make(np.full((*rows.shape[:-1], q.size), np.nan, rows.dtype))
    missing = np.isnan(plain(rows))
    count = np.sum(~missing, axis=-1, keepdims=True) if skip_nans else rows.shape[-1]
    place = q * (count - 1)  # for each row and q: among the sorted elements, and between two of them
    place = np.broadcast_to(place, (*rows.shape[:-1], q.size)).clip(0)
    below = np.floor(place).astype(np.int64)
    above = np.ceil(place).astype(np.int64)
    if method in ("lower", "higher"):
        result = np.take_along_axis(rows, below if method == "lower" else above, -1)
    else:
        part = np.where(below == above, 0, 0.5) if method == "midpoint" else place - below
        low, high = (np.take_along_axis(rows, at, -1) for at in (below, above))
        part = part.astype(rows.dtype)
        result = np.where(below == above, low, low * (1 - part) + high * part)
    if skip_nans:
        return result
    return np.where(missing.any(-1, keepdims=True), np.nan, result) if missing.any() else result


@answers(np.unique)
def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, axis: Any = None, *,
    equal_nan: bool = True, sorted: bool = True,
) -> Any:  # fmt: skip
    ar = as_tensor(ar)
    flat, dim = _flat(ar, axis)
    array = plain(ar)
    _, index, inverse, counts = np.unique(array, True, True, True, axis=axis, equal_nan=equal_nan)
    found = (np.take(flat, index, axis=dim), wrapped(index), wrapped(inverse), wrapped(counts))
    wanted = (True, return_index, return_inverse, return_counts)
    result = tuple(part for part, want in zip(found, wanted, strict=True) if want)
    return result[0] if len(result) == 1 else result


@answers(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    x = plain(x)
    if weights is None:
        return wrapped(np.bincount(x, minlength=minlength))
    count = len(np.bincount(x, minlength=minlength))
    result = make(np.zeros(count, np.float64))
    np.add.at(result, np.asarray(x), as_tensor(weights).to(np.float64))
    return result


# Scans and differences


@answers(np.cumsum)
def cumsum(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    a, axis = _flat(a, axis)
    return named("cumsum")(a if dtype is None else a.to(dtype), axis)


@answers(np.cumprod)
def cumprod(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    a, axis = _flat(a, axis)
    return named("cumprod")(a if dtype is None else a.to(dtype), axis)


def _cumulative(scan: Any, start: int, x: Any, axis: Any, dtype: Any, include_initial: bool) -> Any:
    if axis is None and x.ndim > 1:
        raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
    axis = 0 if axis is None else dims_of(axis, x.ndim)[0]
    result = scan(x, axis, dtype)
    if not include_initial:
        return result
    first = tuple(1 if i == axis else size for i, size in enumerate(x.shape))
    return np.concatenate([make(np.full(first, start, result.dtype)), result], axis)


def cumulative_sum(x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: bool = False) -> Any:
    return _cumulative(cumsum, 0, x, axis, dtype, include_initial)


def cumulative_prod(x: Any, /, *, axis: Any = None, dtype: Any = None, include_initial: bool = False) -> Any:
    return _cumulative(cumprod, 1, x, axis, dtype, include_initial)


if hasattr(np, "cumulative_sum"):  # from NumPy 2.1
    answers(np.cumulative_sum)(cumulative_sum)
    answers(np.cumulative_prod)(cumulative_prod)


def _steps(a: Any, axis: int) -> Any:
    before = (slice(None),) * axis
    high, low = a[(*before, slice(1, None))], a[(*before, slice(None, -1))]
    return np.not_equal(high, low) if a.dtype.kind == "b" else high - low


@answers(np.diff)
def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = NOT_GIVEN, append: Any = NOT_GIVEN) -> Any:
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n}")
    a, axis = _flat(a, axis)
    edge = tuple(1 if i == axis else size for i, size in enumerate(a.shape))
    ends = [None if e is NOT_GIVEN else as_tensor(e) for e in (prepend, append)]
    ends = [np.broadcast_to(e, edge) if e is not None and e.ndim == 0 else e for e in ends]
    parts = [part for part in (ends[0], a, ends[1]) if part is not None]
    a = np.concatenate(parts, axis) if len(parts) > 1 and n else a
    for _ in range(n):
        a = _steps(a, axis)
    return a


@answers(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    parts = [to_begin, _steps(np.reshape(ary, (-1,)), 0), to_end]
    return np.concatenate([as_tensor(p).reshape(-1).to(parts[1].dtype) for p in parts if p is not None])


@answers(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = as_tensor(y)
    axis = dims_of(axis, y.ndim)[0]
    if x is None:
        widths = dx
    else:
        x = as_tensor(x)
        widths = _steps(x, 0 if x.ndim == 1 else axis)
        if x.ndim == 1:
            widths = np.reshape(widths, tuple(-1 if i == axis else 1 for i in range(y.ndim)))
    before = (slice(None),) * axis
    return np.sum(widths * (y[(*before, slice(1, None))] + y[(*before, slice(None, -1))]) / 2.0, axis)


@answers(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    if edge_order not in (1, 2):
        raise ValueError("'edge_order' greater than 2 not supported")
    f = floating(f)
    axes = dims_of(axis, f.ndim)
    spacings = list(varargs) if len(varargs) > 1 else (list(varargs) or [1.0]) * len(axes)
    if len(spacings) != len(axes):
        raise TypeError("invalid number of arguments")
    results = [_slope(f, h, dim, edge_order) for h, dim in zip(spacings, axes, strict=True)]
    return results[0] if len(axes) == 1 else tuple(results)


def _slope(f: Any, h: Any, dim: int, edge_order: int) -> Any:
    """The slope along one dimension, through the values on both sides; at the ends through the nearest."""
    size = f.shape[dim]
    if size < edge_order + 1:
        raise ValueError(f"Shape of array too small to calculate a numerical gradient: {edge_order + 1} are needed")
    f = np.moveaxis(f, dim, -1)
    steps = (
        np.diff(as_tensor(h).to(f.dtype))
        if np.ndim(plain(h))
        else np.broadcast_to(as_tensor(h).to(f.dtype), (size - 1,))
    )
    if steps.shape != (size - 1,):
        raise ValueError("when 1d, distances must match the length of the corresponding dimension")
    rises = np.diff(f) / steps
    left, right = steps[:-1], steps[1:]
    if np.ndim(plain(h)):
        inner = (rises[..., :-1] * right + rises[..., 1:] * left) / (left + right)
    else:
        inner = (f[..., 2:] - f[..., :-2]) / (left + right)
    first, last = rises[..., :1], rises[..., -1:]
    if edge_order == 2:
        first = first - (rises[..., 1:2] - first) * (steps[0] / (steps[0] + steps[1]))
        last = last + (last - rises[..., -2:-1]) * (steps[-1] / (steps[-1] + steps[-2]))
    return np.moveaxis(np.concatenate([first, inner, last], -1), -1, dim)


# Along an axis


@answers(np.apply_along_axis)
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    moved = np.moveaxis(arr, axis, -1)
    lead = tuple(moved.shape[:-1])
    parts = [as_tensor(func1d(moved[place], *args, **kwargs)) for place in np.ndindex(*lead)]
    if not parts:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    result = np.reshape(np.stack(parts), (*lead, *parts[0].shape))
    own = list(range(len(lead), result.ndim))
    dim = dims_of(axis, arr.ndim)[0]
    return np.transpose(result, (*range(dim), *own, *range(dim, len(lead))))


@answers(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    for axis in np.atleast_1d(axes).tolist():
        reduced = func(a, axis)
        a = reduced if reduced.ndim == a.ndim else np.expand_dims(reduced, axis)
    return a
