"""Variances, standard deviations, covariances and correlations."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..dtypes import get_default_dtype
from ..tensor import Tensor
from .comparison import where
from .dims import HALF, SINGLE, Dim, axes_of, count_of, dims_of, restore_dims
from .elementary import sqrt
from .indexing import getitem
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
    away = _centered(input, dim, _count(input_shape, dim))
    free = _free(input_shape, dim, correction)
    g = restore_dims(g, input_shape, dim, keepdim)
    return g * (away * (2 / free if free else math.inf))  # of one element nan, as in PyTorch


def _by_deviation(g, out, input, dim, correction, keepdim, input_shape):
    away = _centered(input, dim, _count(input_shape, dim))
    free = _free(input_shape, dim, correction)
    root = restore_dims(out, input_shape, dim, keepdim)
    share = np.where(root == 0, 0.0, restore_dims(g, input_shape, dim, keepdim) / np.where(root == 0, 1.0, root))
    return share * (away / free) if free else share * (away * math.inf)


def _spreads(make: Any) -> list[tuple[Any, ...]]:
    return [
        (make(3, 4), None, 1), (make(3, 2), 0, 0), (make(2, 3, 2), (0, 2), 1.5, True), (make(2, 3), -1, 1, True),
        (make(0, 3), 1, 1),
    ]  # fmt: skip


@operation(public=(), label="var", compact=True, samples=_spreads)
@derivatives(input=_by_variance)
def variance(input: Array, dim: Dim, correction: float, keepdim: bool = False) -> Array:
    """The sum of the squared distances from the mean, divided by the number of elements less ``correction``."""
    return _variance(input, dim, correction, keepdim)


@operation(public=(), label="std", compact=True, samples=_spreads)
@derivatives(input=_by_deviation)
def deviation(input: Array, dim: Dim, correction: float, keepdim: bool = False) -> Array:
    """The square root of the variance; its derivative where all elements are equal is 0."""
    return _variance(input, dim, correction, keepdim, np.sqrt)


def _variance(input: Any, dim: Dim, correction: float, keepdim: bool, last: Any = np.positive) -> Any:
    if input.dtype is HALF:
        return _variance(input.astype(SINGLE), dim, correction, keepdim, last).astype(HALF)
    axes, count = axes_of(dim), _count(input.shape, dim)
    away = input - np.add.reduce(input, axis=axes, keepdims=True) / count
    away = away - np.add.reduce(away, axis=axes, keepdims=True) / count
    squares = np.add.reduce(away * away, axis=axes, keepdims=keepdim)
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
    if input.dtype.kind == "b":
        raise RuntimeError("cov(): bool dtype is not supported for input; convert it to numbers")
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
