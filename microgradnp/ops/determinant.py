"""Determinants, and their derivatives, which do not need an inverse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import return_types
from ..tensor import make
from .comparison import where
from .linalg import check_matrices, regular
from .record import Array, composite, derivatives, operation


def _transposed(a):
    return np.swapaxes(a, -1, -2)


def _dets(make: Any) -> list[tuple[Any, ...]]:
    return [(make(3, 3),), (make(2, 2, 2),), (make(1, 1),), (make(0, 0),), (make(0, 2, 2),)]


@operation(np.linalg.det, methods=("det",), public=("det",), samples=_dets)
@derivatives(input=lambda g, input: g[..., None, None] * cofactors(input))
def det(input: Array) -> Array:
    """The determinant of every matrix; of one without elements, 1. Its derivatives are right for singular ones too.

    (From the third order on, for regular ones only.)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.det.html
    """
    check_matrices("linalg.det", input)
    return np.linalg.det(input)


@composite(public=("linalg.det",), out=True)
def linalg_det(A: Array) -> Array:
    """``det``. Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.det.html"""
    return det(A)


def _decomposed(input: Any) -> Any:
    """Singular values and vectors, and the determinant of the vectors: 1 or -1."""
    u, s, v = np.linalg.svd(input)
    return u, s, v, np.sign(np.linalg.det(u) * np.linalg.det(v))[..., None, None]


def _products_without(s: Any) -> tuple[Any, Any]:
    """The products of all numbers before, and of all after each."""
    ones = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([ones, s[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([ones, s[..., :0:-1]], -1), -1)[..., ::-1]
    return before, after


def _along(g, input) -> Any:
    return cofactors_along(input, g)


@operation(public=(), opaque=True, domain=regular, samples=_dets)
@derivatives(input=_along)
def cofactors(input: Array) -> Array:
    """The derivative of the determinant by each element: det(A) inv(A).T, and its limit where A is singular.

    With A = U diag(s) V it is det(U) det(V) U diag(p) V, where p has the products of all but one of s.
    """
    if input.size == 0 or not np.isfinite(input).all():
        return np.full(input.shape, np.nan, input.dtype)
    u, s, v, sign = _decomposed(input)
    before, after = _products_without(s)
    return sign * np.matmul(u * (before * after)[..., None, :], v)


_cofactors = cofactors.operation.forward  # type: ignore[attr-defined]


def _along_other(g, input, direction):
    # Of regular matrices: the derivative of (<g, C> <h, C> - <g, C h' C>) / d, the second derivative along g and h,
    # where C are the cofactors, which depend on the input, and d is the determinant.
    c, d = cofactors(input), det(input)[..., None, None]
    along_g = np.add.reduce(g * c, axis=(-2, -1), keepdims=True)
    along_h = np.add.reduce(direction * c, axis=(-2, -1), keepdims=True)
    crossed = np.matmul(np.matmul(c, _transposed(direction)), c)
    value = (along_g * along_h - np.add.reduce(g * crossed, axis=(-2, -1), keepdims=True)) / d
    mixed = np.matmul(np.matmul(direction, _transposed(c)), g) + np.matmul(np.matmul(g, _transposed(c)), direction)
    return cofactors_along(input, (along_g * direction + along_h * g - mixed) / d) - value / d * c


@operation(
    public=(), opaque=True, domain={"input": regular},
    samples=lambda make: [(make(3, 3), make(3, 3)), (make(1, 2, 2), make(1, 2, 2)), (make(0, 0), make(0, 0))],
)  # fmt: skip
@derivatives(input=_along_other, direction=_along)
def cofactors_along(input: Array, direction: Array) -> Array:
    """The derivative of the cofactors along a direction.

    With A = U diag(s) V, G = U.T direction V.T and q[i, j] the product of all but two of s (0 for i = j), it is
    det(U) det(V) U (diag(q @ diag(G)) - q * G.T) V.
    """
    if input.size == 0 or not np.isfinite(input).all():
        return np.full(input.shape, np.nan, input.dtype)
    u, s, v, sign = _decomposed(input)
    before, after = _products_without(s)
    n = s.shape[-1]
    pairs = np.zeros_like(input)
    for i in range(n - 1):
        between = np.cumprod(np.concatenate([np.ones_like(s[..., :1]), s[..., i + 1 : n - 1]], -1), -1)
        pairs[..., i, i + 1 :] = before[..., i, None] * between * after[..., i + 1 :]
    pairs = pairs + _transposed(pairs)
    rotated = np.matmul(np.matmul(_transposed(u), direction), _transposed(v))
    inner = -pairs * _transposed(rotated)
    diagonal = np.matmul(pairs, np.diagonal(rotated, 0, -2, -1)[..., None])[..., 0]
    inner[..., np.arange(n), np.arange(n)] = diagonal
    return sign * np.matmul(np.matmul(u, inner), v)


def _by_inverse(g, out):
    return -np.matmul(_transposed(out), np.matmul(g, _transposed(out)))


@operation(public=(), opaque=True, domain=regular, samples=_dets)
@derivatives(input=_by_inverse)
def inverse_or_infinite(input: Array) -> Array:
    """The inverse of every matrix; a singular one's has infinities, with the signs of the cofactors."""
    try:
        return np.linalg.inv(input)
    except np.linalg.LinAlgError:
        out = _transposed(_cofactors(input)) / np.linalg.det(input)[..., None, None]
        regular = np.linalg.det(input) != 0
        out[regular] = np.linalg.inv(input[regular])
        return out


@operation(public=(), domain=regular, samples=_dets)
@derivatives(input=lambda g, input: g[..., None, None] * _transposed(inverse_or_infinite(input)))
def logabsdet(input: Array) -> Array:
    """The logarithm of the determinant's absolute value; of a singular matrix -inf, as are its derivatives."""
    check_matrices("linalg.slogdet", input)
    return np.linalg.slogdet(input)[1]


@operation(public=(), domain=regular, samples=_dets)
@derivatives(input=lambda g, input: np.zeros_like(input))
def sign_of_det(input: Array) -> Array:
    """The sign of the determinant: 1, 0 or -1. Its derivative is 0."""
    check_matrices("linalg.slogdet", input)
    return np.linalg.slogdet(input)[0]


@composite(np.linalg.slogdet, public=("linalg.slogdet",), out=True)
def linalg_slogdet(A: Array) -> return_types.linalg_slogdet:
    """The determinant as (sign, logabsdet): its sign, and the logarithm of its absolute value, which does not overflow.

    A singular matrix has the sign 0 and the logarithm -inf, whose derivatives are infinite or nan.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.slogdet.html
    """
    return return_types.linalg_slogdet(sign_of_det(A), logabsdet(A))


@composite(methods=("slogdet",), out=True)
def slogdet(input: Array) -> return_types.slogdet:
    """``linalg.slogdet``. Source: https://docs.pytorch.org/docs/stable/generated/torch.slogdet.html"""
    return return_types.slogdet(sign_of_det(input), logabsdet(input))


@composite(methods=("logdet",))
def logdet(input: Array) -> Array:
    """The logarithm of the determinant: -inf where that is 0, nan where it is negative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logdet.html
    """
    sign = sign_of_det(input)
    return where(make(sign._array < 0), math.nan, logabsdet(input))
