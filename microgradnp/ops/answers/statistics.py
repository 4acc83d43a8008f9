"""NumPy functions on Tensors that sum up: means, moments, and what leaves nans out, with NumPy's signatures.

``np.std`` and ``np.var`` divide by n, not by n - 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...dtypes import get_default_dtype
from ...tensor import Tensor, make
from ..protocols import answers, as_tensor, named, plain
from ..ufuncs import dims_of

NOT_GIVEN = np._NoValue


def floating(a: Any, dtype: Any = None) -> Tensor:
    """The operand in ``dtype``, or, if it holds integers, in the default floating point type."""
    a = as_tensor(a)
    if dtype is not None:
        return a.to(dtype)  # type: ignore[attr-defined]
    return a if a.is_floating_point() else a.to(get_default_dtype())  # type: ignore[attr-defined]


def keeps(keepdims: Any) -> bool:
    return False if keepdims is NOT_GIVEN else bool(keepdims)


# Means and moments


@answers(np.mean)
def mean(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
    a, keep = floating(a, dtype), keeps(keepdims)
    if where is True or where is NOT_GIVEN:
        return named("mean")(a, dims_of(axis, a.ndim), keep) if a.ndim else np.positive(a)
    counted = np.broadcast_to(plain(where), a.shape)
    return np.sum(a, axis, keepdims=keep, where=counted) / _count(counted, axis, keep, a)


def _count(counted: Any, axis: Any, keep: bool, a: Any) -> Any:
    return make(np.asarray(np.sum(counted, axis, keepdims=keep), a.dtype))


@answers(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    a, keep = floating(a), keeps(keepdims)
    if weights is None:
        result = mean(a, axis, keepdims=keep)
        total = as_tensor(a.numel() / max(result.numel(), 1)).to(result.dtype)
    else:
        weights = as_tensor(weights)
        if weights.shape != a.shape:
            if axis is None:
                raise TypeError("Axis must be specified when shapes of a and weights differ.")
            dims = dims_of(axis, a.ndim)
            if tuple(weights.shape) != tuple(a.shape[dim] for dim in dims):
                raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
            weights = np.transpose(weights, np.argsort(dims).tolist())
            weights = np.reshape(weights, tuple(size if i in dims else 1 for i, size in enumerate(a.shape)))
            weights = np.broadcast_to(weights, a.shape)
        total = np.sum(weights, axis, keepdims=keep)
        if not np.all(plain(total)):
            raise ZeroDivisionError("Weights sum to zero, can't be normalized")
        result = np.sum(a * weights, axis, keepdims=keep) / total
    return (result, total.broadcast_to(result.shape).to(result.dtype)) if returned else result


@answers(np.var)
def var(
    a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False, *, where: Any = True,
    mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
) -> Any:  # fmt: skip
    return _moment("var", a, axis, dtype, ddof, keepdims, where, mean, correction)


@answers(np.std)
def std(
    a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False, *, where: Any = True,
    mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
) -> Any:  # fmt: skip
    return _moment("std", a, axis, dtype, ddof, keepdims, where, mean, correction)


def _moment(
    name: str, a: Any, axis: Any, dtype: Any, ddof: Any, keepdims: Any, where: Any, center: Any, correction: Any
) -> Any:
    if correction is not NOT_GIVEN:
        if ddof != 0:
            raise ValueError("ddof and correction can't be provided simultaneously.")
        ddof = correction
    a, keep, given = floating(a, dtype), keeps(keepdims), center is not NOT_GIVEN
    chosen = None if where is True or where is NOT_GIVEN else np.broadcast_to(plain(where), a.shape)
    if chosen is None and not given and a.ndim and axis != ():
        return named(name)(a, dims_of(axis, a.ndim), correction=ddof, keepdim=keep)
    if not given:
        center = mean(a, axis, keepdims=True, where=True if chosen is None else chosen)
    squares = (a - center) * (a - center)
    count = _count(np.ones(a.shape, bool) if chosen is None else chosen, axis, keep, a)
    result = np.sum(squares, axis, keepdims=keep, where=True if chosen is None else chosen)
    result = result / np.maximum(count - ddof, 0)
    return np.sqrt(result) if name == "std" else result


@answers(np.ptp)
def ptp(a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return np.max(a, axis, keepdims=keeps(keepdims)) - np.min(a, axis, keepdims=keeps(keepdims))


@answers(np.cov)
def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, fweights: Any = None,
    aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    if np.ndim(m) > 2 or np.ndim(y) > 2:
        raise ValueError("m or y has more than 2 dimensions")
    x = np.atleast_2d(floating(m, dtype))
    x = x if rowvar or np.ndim(m) < 2 else x.T
    if y is not None:
        other = np.atleast_2d(floating(y, dtype))
        x = np.concatenate([x, other if rowvar or np.ndim(y) < 2 else other.T], 0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    if fweights is None and aweights is None:
        d = x - np.mean(x, axis=1, keepdims=True)
        return np.squeeze(np.matmul(d, d.T) / max(x.shape[1] - ddof, 0))
    w = 1.0 if fweights is None else floating(fweights, x.dtype)
    w = w if aweights is None else w * floating(aweights, x.dtype)
    total = np.sum(w)
    d = x - np.sum(x * w, axis=1, keepdims=True) / total
    factor = total if ddof == 0 else total - ddof
    if ddof and aweights is not None:
        factor = total - ddof * np.sum(w * floating(aweights, x.dtype)) / total
    return np.squeeze(np.matmul(d * w, d.T) / factor)


@answers(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(np.diagonal(c))
    return np.clip(c / deviation[:, None] / deviation[None, :], -1, 1)


# Without nans


def _without(a: Any, value: Any) -> tuple[Any, Any]:
    a = as_tensor(a)
    missing = np.isnan(plain(a))
    return np.where(missing, value, a), missing


@answers(np.nansum)
def nansum(
    a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, initial: Any = 0, where: Any = True
) -> Any:
    return np.sum(_without(a, 0)[0], axis, dtype, keepdims=keepdims, initial=initial, where=where)


@answers(np.nanprod)
def nanprod(
    a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN, where: Any = True
) -> Any:
    return np.prod(_without(a, 1)[0], axis, dtype, keepdims=keepdims, initial=initial, where=where)


@answers(np.nancumsum)
def nancumsum(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    return np.cumsum(_without(a, 0)[0], axis, dtype)


@answers(np.nancumprod)
def nancumprod(a: Any, axis: Any = None, dtype: Any = None) -> Any:
    return np.cumprod(_without(a, 1)[0], axis, dtype)


@answers(np.nanmean)
def nanmean(a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, *, where: Any = True) -> Any:
    filled, missing = _without(a, 0)
    return mean(filled, axis, dtype, keepdims, where=~missing & plain(True if where is NOT_GIVEN else where))


@answers(np.nanvar)
def nanvar(
    a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False, *, where: Any = True,
    mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
) -> Any:  # fmt: skip
    return _nanmoment("var", a, axis, dtype, ddof, keepdims, where, mean, correction)


@answers(np.nanstd)
def nanstd(
    a: Any, axis: Any = None, dtype: Any = None, ddof: Any = 0, keepdims: Any = False, *, where: Any = True,
    mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
) -> Any:  # fmt: skip
    return _nanmoment("std", a, axis, dtype, ddof, keepdims, where, mean, correction)


def _nanmoment(name: str, a: Any, *others: Any) -> Any:
    filled, missing = _without(a, 0)
    axis, dtype, ddof, keepdims, where, center, correction = others
    chosen = ~missing & plain(True if where is NOT_GIVEN else where)
    return _moment(name, filled, axis, dtype, ddof, keepdims, chosen, center, correction)


def _nanextreme(of: Any, worst: float, a: Any, axis: Any, keepdims: Any, initial: Any, where: Any) -> Any:
    a = as_tensor(a)
    if not a.is_floating_point():
        return of(a, axis, keepdims=keepdims, initial=initial, where=where)
    filled, missing = _without(a, worst)
    result = of(filled, axis, keepdims=keepdims, initial=initial, where=where)
    return np.where(np.all(missing, axis=axis, keepdims=keeps(keepdims)), np.nan, result)


@answers(np.nanmax)
def nanmax(a: Any, axis: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN, where: Any = True) -> Any:
    return _nanextreme(np.max, -np.inf, a, axis, keepdims, initial, where)


@answers(np.nanmin)
def nanmin(a: Any, axis: Any = None, keepdims: Any = False, initial: Any = NOT_GIVEN, where: Any = True) -> Any:
    return _nanextreme(np.min, np.inf, a, axis, keepdims, initial, where)
