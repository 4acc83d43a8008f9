"""Operations that run along a dimension: cumulative sums, products and extremes, differences."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from .. import dtypes, return_types
from .arithmetic import sub
from .comparison import ne
from .conversion import cast, clone
from .dims import HALF, SINGLE, axis_of
from .indexing import getitem, take_along_dim
from .joining import cat
from .parts import along
from .record import Array, c_order, check_tensors, composite, derivatives, operation
from .shape import reshape

# What rules are made of. A scan of a tensor without dimensions is the tensor; rules see it as one of one element.


def _flipped(array, dim):
    return getitem(array, along(dim, slice(None, None, -1)))


def _delayed(array, first, dim):
    """The elements one place later along ``dim``, and ``first`` before them."""
    return np.concatenate([first, array[along(dim, slice(None, -1))]], axis=dim)


def _recurred_back(g: Any, factor: Any, dim: int) -> Any:
    """t with t[k] = g[k] + factor[k + 1] * t[k + 1]: what passes back along a recurrence."""
    factors = _flipped(factor, dim)
    later = _delayed(factors, factors[along(dim, slice(None, 1))], dim)
    return _flipped(recurrence(_flipped(g, dim), later, dim), dim)


def _recurred_factor(g, out, factor, dim):
    before = _delayed(out, np.zeros_like(out[along(dim, slice(None, 1))]), dim)
    return _recurred_back(g, factor, dim) * before


@operation(
    public=(), opaque=True, samples=lambda make: [
        (make(4), make(4), 0), (make(2, 3), make(2, 3), 1), (make(3, 2), make(3, 2), 0), (make(0, 2), make(0, 2), 0),
    ],
)  # fmt: skip
@derivatives(input=lambda g, factor, dim: _recurred_back(g, factor, dim), factor=_recurred_factor)
def recurrence(input: Array, factor: Array, dim: int) -> Array:
    """s with s[k] = input[k] + factor[k] * s[k - 1] along ``dim``; the first factor is not used.

    Its derivatives are recurrences again: what is written with it has derivatives of any order, without a division.
    """
    if input.size == input.shape[dim]:
        pairs = zip(input.reshape(-1).tolist(), factor.reshape(-1).tolist(), strict=True)
        sums = itertools.accumulate(pairs, lambda before, now: (now[0] + now[1] * before[0], 0.0))
        return np.array([value for value, _ in sums], input.dtype).reshape(input.shape)
    out = np.array(input, SINGLE if input.dtype is HALF else input.dtype)
    steps, factors = np.moveaxis(out, dim, 0), np.moveaxis(factor, dim, 0)
    for before, now, times in zip(steps[:-1], steps[1:], factors[1:], strict=True):
        now += times * before
    return out.astype(HALF) if input.dtype is HALF else out


def product_of_others(input: Any, dim: Any) -> Any:
    """For each element the product of all others along ``dim``: of those before it and those behind it."""
    if not input.ndim:
        return np.ones_like(input)
    axis = dim % input.ndim
    ones = np.ones_like(input[along(axis, slice(None, 1))])
    behind = cumprod(_delayed(_flipped(input, axis), ones, axis), axis)
    return cumprod(_delayed(input, ones, axis), axis) * _flipped(behind, axis)


# Cumulative sums and products


def _scans(make: Any) -> list[tuple[Any, ...]]:
    return [(make(4), 0), (make(2, 3), -1), (make(3, 2), 0), (make(), 0), (make(0, 3), 0)]


def _accumulated(ufunc: Any, input: Any, dim: Any, function: str, dtype: Any) -> Any:
    axis = axis_of(dim, input.ndim, function)
    wanted = input.dtype if dtype is None else dtypes.as_dtype(dtype, f"{function}()")
    if dtype is None and wanted.kind != "f":
        wanted = dtypes.int64
    if wanted.kind == "b":
        raise NotImplementedError(f"{function}(): not implemented for dtype=bool; use any() or all() of parts")
    if not input.ndim:
        return input.astype(wanted)
    array = input.astype(SINGLE if wanted is HALF else wanted, copy=False)
    array = ufunc.accumulate(array, axis=axis, dtype=array.dtype)
    return array.astype(HALF) if wanted is HALF else c_order(array)


def _summed_back(g, dim):
    return _flipped(cumsum(_flipped(g, dim % g.ndim), dim), dim % g.ndim) if g.ndim else g


@operation(methods=("cumsum", "cumsum_"), out=True, opaque=True, samples=_scans)
@derivatives(input=_summed_back)
def cumsum(input: Array, dim: int, *, dtype: Any = None) -> Array:
    """The sums of the elements so far along ``dim``. Integers and bools are summed as int64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cumsum.html

    >>> import microgradnp
    >>> microgradnp.cumsum(microgradnp.tensor([1.0, 2.0, 3.0]), 0)
    tensor([1., 3., 6.])
    """
    return _accumulated(np.add, input, dim, "cumsum", dtype)


def _multiplied_back(g, out, input, dim):
    # By x[k]: the product before it, times the sum of g[i] x[k + 1] ... x[i] over what comes at it and later.
    if not g.ndim:
        return g
    axis = dim % g.ndim
    x = input if input.dtype == g.dtype else cast(input, g.dtype)
    return _delayed(out, np.ones_like(out[along(axis, slice(None, 1))]), axis) * _recurred_back(g, x, axis)


@operation(methods=("cumprod", "cumprod_"), out=True, opaque=True, samples=_scans)
@derivatives(input=_multiplied_back)
def cumprod(input: Array, dim: int, *, dtype: Any = None) -> Array:
    """The products of the elements so far along ``dim``; derivatives are right at zeros too. Integers give int64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cumprod.html
    """
    return _accumulated(np.multiply, input, dim, "cumprod", dtype)


def _shares_so_far(g, out, input, dim):
    if not g.ndim:
        return g
    axis = dim % g.ndim
    before = _delayed(out, out[along(axis, slice(None, 1))], axis)
    fading = np.exp(np.where((before == out) & (np.absolute(out) == math.inf), 0.0, before - out))
    return _recurred_back(g, fading, axis) * np.exp(input - out)


@operation(methods=("logcumsumexp",), out=True, opaque=True, samples=_scans)
@derivatives(input=_shares_so_far)
def logcumsumexp(input: Array, dim: int) -> Array:
    """log(sum(exp(...))) of the elements so far along ``dim``, without overflow.

    The gradient of an element is nan where all so far are -inf, or where one is inf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logcumsumexp.html
    """
    if input.dtype.kind != "f":
        raise NotImplementedError(f"logcumsumexp(): needs floating point numbers, not {input.dtype}; use .float()")
    return _accumulated(np.logaddexp, input, dim, "logcumsumexp", None)


# Cumulative extremes: the places are found, then the values are taken from there, with their gradients


@operation(public=(), opaque=True, samples=lambda make: [(make(4), 0, True), (make(2, 3), 1, False)])
def places_of_extremes(input: Array, dim: int, largest: bool) -> Array:
    """Where the largest (smallest) element so far stands along ``dim``: the last of equal ones, and of nans."""
    extremes = (np.maximum if largest else np.minimum).accumulate(input, axis=dim)
    places = np.arange(input.shape[dim]).reshape((-1,) + (1,) * (input.ndim - dim - 1))
    found = np.where((input == extremes) | (input != input), places, 0)
    return np.ascontiguousarray(np.maximum.accumulate(found, axis=dim)) if found.size else found


@composite(methods=("cummax",), out=True)
def cummax(input: Array, dim: int) -> return_types.cummax:
    """The largest elements so far along ``dim``, and where they stand: (values, indices).

    Of equal elements the last counts, which also takes the gradient. From a nan on all values are nan.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cummax.html
    """
    return _extremes_so_far(input, dim, "cummax", True)


@composite(methods=("cummin",), out=True)
def cummin(input: Array, dim: int) -> return_types.cummin:
    """The smallest elements so far along ``dim``, and where they stand: (values, indices).

    Of equal elements the last counts, which also takes the gradient. From a nan on all values are nan.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cummin.html
    """
    return _extremes_so_far(input, dim, "cummin", False)


def taken(input: Any, indices: Any, dim: int) -> Any:
    """The elements at ``indices`` along ``dim``; of a tensor without dimensions, itself; of none, as many."""
    if not input.ndim:
        return clone(input)
    if not (input.numel() and indices.numel()):
        return clone(getitem(input, along(dim, slice(0, indices.shape[dim]))))
    return take_along_dim(input, indices, dim)


def _extremes_so_far(input: Any, dim: Any, function: str, largest: bool) -> Any:
    axis = axis_of(dim, input.ndim, function)
    wide = input if input.ndim else reshape(input, (1,))
    indices = places_of_extremes(wide, axis, largest)
    values = taken(wide, indices, axis)
    pair = return_types.cummax if largest else return_types.cummin
    return pair(values, indices) if input.ndim else pair(reshape(values, ()), reshape(indices, ()))


# Differences, and areas


@composite(np.diff, methods=("diff",), out=True)
def diff(input: Array, n: int = 1, dim: int = -1, prepend: Array = None, append: Array = None) -> Array:
    """Each element less the one before it along ``dim``, ``n`` times; of bools, whether they differ.

    ``prepend`` and ``append`` are put before and behind the elements first.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diff.html
    """
    if not input.ndim:
        raise RuntimeError("diff(): expects input to be at least one-dimensional")
    axis = axis_of(dim, input.ndim, "diff")
    if n < 0:
        raise RuntimeError(f"diff(): order must be non-negative but got n={n}")
    for part, name in ((prepend, "prepend"), (append, "append")):
        if part is not None and part.ndim != input.ndim:
            raise RuntimeError(
                f"diff(): expects {name} to have as many dimensions as input, got {part.ndim} and {input.ndim}"
            )
    parts = [part for part in (prepend, input, append) if part is not None]
    joined = cat(parts, axis) if len(parts) > 1 else input
    if n == 0:
        return clone(joined)
    for _ in range(min(n, joined.shape[axis])):
        later, earlier = (getitem(joined, along(axis, part)) for part in (slice(1, None), slice(None, -1)))
        joined = ne(later, earlier) if joined.dtype.kind == "b" else sub(later, earlier)
    return joined


@composite(np.trapezoid)
def trapezoid(y: Array, x: Array = None, *, dx: Any = None, dim: int = -1) -> Array:
    """The area under straight lines through the points ``y`` along ``dim``, at ``x`` or ``dx`` (1) apart.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.trapezoid.html
    """
    areas, axis = _trapezoids("trapezoid", y, x, dx, dim)
    return areas.sum(axis)


@composite()
def trapz(y: Array, x: Array = None, *, dx: Any = None, dim: int = -1) -> Array:
    """The old name of ``trapezoid``. Source: https://docs.pytorch.org/docs/stable/generated/torch.trapz.html"""
    return trapezoid(y, x, dx=dx, dim=dim)


@composite()
def cumulative_trapezoid(y: Array, x: Array = None, *, dx: Any = None, dim: int = -1) -> Array:
    """The areas under straight lines through the points ``y`` so far along ``dim``, from the second point on.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cumulative_trapezoid.html
    """
    areas, axis = _trapezoids("cumulative_trapezoid", y, x, dx, dim)
    return cumsum(areas, axis)


def _trapezoids(function: str, y: Any, x: Any, dx: Any, dim: Any) -> tuple[Any, int]:
    """The area between each two points along ``dim``."""
    check_tensors(function, y=y, **({} if x is None else {"x": x}))
    if not y.ndim:
        raise IndexError(f"{function}(): dimension specified as {dim} but tensor has no dimensions")
    axis = axis_of(dim, y.ndim, function)
    if y.dtype.kind == "b" or (x is not None and x.dtype.kind == "b"):
        raise RuntimeError(f"{function}: received bools, which are not supported; convert them to numbers")
    if x is not None and dx is not None:
        raise TypeError(f"{function}() takes the places x or their distance dx, not both")
    if x is None:
        return _means_of_pairs(y, axis) * (1 if dx is None else dx), axis
    if x.ndim == 1 and y.ndim > 1:
        x = reshape(x, (-1,) + (1,) * (y.ndim - axis - 1))
    if x.ndim < y.ndim:
        x = reshape(x, (1,) * (y.ndim - x.ndim) + tuple(x.shape))
    if x.ndim > y.ndim or x.shape[axis] != y.shape[axis]:
        raise RuntimeError(
            f"{function}: there must be one x for each y along dim {dim}; the shapes are {tuple(x.shape)} and "
            f"{tuple(y.shape)}"
        )
    return _means_of_pairs(y, axis) * diff(x, 1, axis), axis


def _means_of_pairs(y: Any, axis: int) -> Any:
    return (getitem(y, along(axis, slice(1, None))) + getitem(y, along(axis, slice(None, -1)))) / 2
