"""Distances and similarities between vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.scope import where as module_path
from .arithmetic import add, div, mul, sub
from .comparison import where
from .conversion import to
from .elementary import sqrt
from .indexing import getitem
from .norm import vector_norm
from .product import check_floats, matmul
from .record import Array, check_tensors, composite, derivatives, operation
from .reduction import sum
from .shape import broadcast_to, dim_from, reshape, transpose

INFINITY = math.inf
BLOCK = 2**17  # how many differences are in memory at once
MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


def _norms(d: Any, p: float) -> Any:
    """The p-norms of vectors along the last dimension."""
    if p == 0:
        return np.add.reduce(np.where(np.isnan(d), d, d != 0), -1, dtype=d.dtype)
    if p == 2:
        return np.sqrt(np.einsum("...i,...i->...", d, d))
    size = np.abs(d)
    if p == 1 or not size.shape[-1]:
        return np.add.reduce(size, -1)
    return np.maximum.reduce(size, -1) if p == INFINITY else np.add.reduce(size**p, -1) ** (1 / p)


def _pull(g, out, x1, x2, p):
    """The gradient of the distances by the differences x1 - x2; 0 where two points coincide."""
    d = x1[..., :, None, :] - x2[..., None, :, :]
    if p == 0:
        return np.zeros_like(d)
    if p == 1:
        return np.sign(d) * g[..., None]
    if p == INFINITY:
        return np.where(np.abs(d) == out[..., None], np.sign(d), 0.0) * g[..., None]
    scale = np.where(out == 0, 0.0, g * np.where(out == 0, 1.0, out) ** (1 - p))
    if p == 2:
        return d * scale[..., None]
    size = np.where(d == 0, 1.0, np.abs(d))
    return np.where(d == 0, 0.0, np.sign(d) * size ** (p - 1)) * scale[..., None]


def _by_first(g, out, x1, x2, p):
    return np.add.reduce(_pull(g, out, x1, x2, p), axis=-2)


def _by_second(g, out, x1, x2, p):
    return -np.add.reduce(_pull(g, out, x1, x2, p), axis=-3)


def _two_sets(make: Any) -> list[tuple[Any, ...]]:
    ps = (1, 2, INFINITY, 3.0, 1.5)
    return [*((make(2, 3), make(2, 3), p) for p in ps), (make(2, 1, 2), make(2, 2), 2.0), (make(0, 2), make(1, 2), 2.0)]


@operation(public=(), promotes=False, opaque=True, samples=_two_sets)
@derivatives(x1=_by_first, x2=_by_second)
def distances(x1: Array, x2: Array, p: float) -> Array:
    """The p-norm of every row of ``x1`` minus every row of ``x2``: (..., n, k) and (..., m, k) give (..., n, m)."""
    batch = np.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    n, (m, k) = x1.shape[-2], x2.shape[-2:]
    out = np.empty((*batch, n, m), x1.dtype)
    rows = max(1, BLOCK // max(1, math.prod(batch) * m * k))
    for start in range(0, n, rows):
        part = slice(start, start + rows)
        out[..., part, :] = _norms(x1[..., part, None, :] - x2[..., None, :, :], p)
    return out


def _by_products(x1: Any, x2: Any) -> Any:
    """Euclidean distances from |x - y|**2 = x x - 2 x y + y y: a product of matrices, which may cancel."""
    squares = add(sum(mul(x1, x1), -1, True), transpose(sum(mul(x2, x2), -1, True), -1, -2))
    squares = sub(squares, matmul(x1, transpose(x2, -1, -2)), alpha=2)
    none = squares <= 0
    return where(none, 0.0, sqrt(where(none, 1.0, squares)))


def _check_points(function: str, p: float, **points: Any) -> None:
    check_floats(function, **points)
    if next(iter(points.values())).dtype.itemsize < 4:
        raise NotImplementedError(f"{module_path()}{function}: not implemented for float16: convert it, with .float()")
    if not p >= 0:
        raise RuntimeError(f"{function} only supports non-negative p values, got {p}")


@composite()
def cdist(x1: Array, x2: Array, p: float = 2.0, compute_mode: str | None = None) -> Array:
    """The p-norm distance of every row of ``x1`` to every row of ``x2``: (..., n, k), (..., m, k) give (..., n, m).

    Where two rows coincide the gradient is 0. ``p`` = 0 counts the coordinates that differ. Euclidean distances between
    more than 25 rows are calculated by a product of matrices, as PyTorch does, which is fast but loses what two near
    points have in common; "donot_use_mm_for_euclid_dist" does not, "use_mm_for_euclid_dist" always does.

    Raises RuntimeError for shapes and dtypes that do not fit, ValueError for another ``compute_mode``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cdist.html
    """
    check_tensors("cdist", x1=x1, x2=x2)
    mode = MODES[0] if compute_mode is None else compute_mode
    if mode not in MODES:
        raise ValueError(f"cdist: {compute_mode!r} is not a valid value for compute_mode: use one of {MODES}")
    for name, points in (("X1", x1), ("X2", x2)):
        if points.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {points.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"{module_path()}cdist: X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: "
            f"{x2.shape[-1]}"
        )
    _check_points("cdist", p, X1=x1, X2=x2)
    many = x1.shape[-2] > 25 or x2.shape[-2] > 25
    if p == 2 and x1.shape[-1] and (mode == MODES[1] or (many and mode == MODES[0])):
        return _by_products(x1, x2)
    return distances(x1, x2, float(p))


@composite(public=("pdist", "nn.functional.pdist"))
def pdist(input: Array, p: float = 2) -> Array:
    """The p-norm distances between the rows i < j of a matrix, in the order (0, 1), (0, 2), ...: a vector.

    Where two rows coincide the gradient is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pdist.html
    """
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    _check_points("pdist", p, input=input)
    first, second = np.triu_indices(input.shape[0], 1)
    pairs = distances(getitem(input, (first, None)), getitem(input, (second, None)), float(p))
    return reshape(pairs, (-1,))


@composite(public=("pairwise_distance", "nn.functional.pairwise_distance"))
def pairwise_distance(x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Array:
    """The p-norm of ``x1 - x2 + eps`` over the last dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
    """
    check_tensors("pairwise_distance", x1=x1, x2=x2)
    if np.bool_ in (x1.dtype, x2.dtype):
        raise RuntimeError("pairwise_distance: bool tensors cannot be subtracted; convert them, as with .float()")
    return vector_norm(add(sub(x1, x2), float(eps)), float(p), -1, keepdim)


@composite(public=("cosine_similarity", "nn.functional.cosine_similarity"))
def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> Array:
    """The products of ``x1`` and ``x2`` over their norms, summed over ``dim``: the cosine of the angle between them.

    The two broadcast. A norm below ``eps`` counts as ``eps``, for its value and not for its derivative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
    """
    check_tensors("cosine_similarity", x1=x1, x2=x2)
    dtype = dtypes.promote_types(x1.dtype, x2.dtype)
    if dtype.kind != "f":
        raise RuntimeError(
            f"cosine_similarity: expected common dtype to be floating point, yet common dtype is {dtype}: convert "
            "one, as with .float()"
        )
    try:
        shape = np.broadcast_shapes(x1.shape, x2.shape)
    except ValueError:
        raise RuntimeError(
            f"{module_path()}cosine_similarity: the shapes {tuple(x1.shape)} and {tuple(x2.shape)} do not broadcast"
        ) from None
    dim_from(dim, len(shape), "cosine_similarity")
    return sum(mul(_unit(to(x1, dtype), shape, dim, eps), _unit(to(x2, dtype), shape, dim, eps)), dim)


def _unit(x: Any, shape: tuple[int, ...], dim: int, eps: float) -> Any:
    x = x if tuple(x.shape) == shape else broadcast_to(x, shape)
    norm = vector_norm(x, 2.0, dim, True)
    small = (norm < eps).detach()
    clamped = norm + (eps - norm).detach()  # PyTorch clamps the norm without recording it
    return div(x, where(small, clamped, norm))
