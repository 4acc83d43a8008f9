"""Rounding as torch's kernels do it: a multiplication and an addition rounded once, and float16 by way of float32.

NumPy has no fused multiply-add. This one is made of exact sums and products: a result together with its rounding error.

References:
    T. J. Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik 18, 1971.
    D. E. Knuth, The Art of Computer Programming, vol. 2, 4.2.2 (the exact sum).
    S. Boldo and G. Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd",
    IEEE Transactions on Computers 57(4), 2008.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def work_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype to compute in: torch computes float16 in float32, and rounds float64 to float16 by way of it."""
    return np.dtype(np.float32) if dtype == np.float16 else dtype


def _exact_sum(a: Array, b: Any) -> tuple[Array, Array]:
    """``a + b`` as a rounded sum and its error (Knuth's TwoSum)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _exact_product(x: Array, scale: float) -> tuple[Array, Array]:
    """``x * scale`` as a rounded product and its error (Dekker 1971), from halves of at most 27 bits."""
    mantissa, exponent = math.frexp(scale)
    scale_head = math.ldexp(int(mantissa * 2**26), exponent - 26)
    scale_tail = scale - scale_head
    lifted = x * (2.0**27 + 1.0)
    head = lifted - (lifted - x)
    tail = x - head
    product = x * scale
    return product, ((head * scale_head - product) + head * scale_tail + tail * scale_head) + tail * scale_tail


def _sum_to_odd(a: Array, b: Any) -> Array:
    """``a + b`` rounded to odd: if inexact, to the neighbour whose last bit is set, which breaks all later ties."""
    total, error = _exact_sum(a, b)
    bits = total.view(np.int64)
    outward = (error > 0) == (total > 0)
    bits += ((error != 0) & (bits & 1 == 0)) * (2 * outward - 1)
    return total


def _fused_piece(x: Array, scale: float, shift: Any) -> Array:
    """The fused multiply-add itself, of finite float64 scalars (or an array of shifts) that *x*'s dtype holds.

    For float32 the product is exact in float64, and the sum may be rounded twice, if first to odd. For float64 the
    product and the sums are kept as a rounded number and its error, and again the last sum but one is rounded to odd
    (Boldo & Melquiond 2008).
    """
    if x.dtype == np.float32:
        return _sum_to_odd(x * np.float64(scale), shift).astype(np.float32)  # a Python float would be taken as float32
    product, error = _exact_product(x, scale)
    low, rest = _exact_sum(error, shift)
    high, tail = _exact_sum(product, low)
    return high + _sum_to_odd(tail, rest)


def fused_each(x: Array, scale: float, shift: Array) -> Array:
    """``x * scale + shift`` rounded once, for float64 arrays and a finite scale."""
    return _fused_piece(x, scale, shift) if x.size else x * scale + shift


_CACHED = 2**14  # numbers that fit into a processor's cache together with the temporaries made of them


def fused(x: Array, scale: Any, shift: Any) -> Array:
    """``x * scale + shift`` rounded once: a fused multiply-add for float32 or float64 *x* and scalars of its dtype.

    A large *x* goes through in pieces, since the exact arithmetic makes many temporaries.
    """
    scale, shift = float(scale), float(shift)
    if scale == 1.0 or shift == 0.0 or not math.isfinite(scale + shift):
        return x * x.dtype.type(scale) + x.dtype.type(shift)  # one of the two is exact, or nothing is
    values = np.empty_like(x)
    for start in range(0, x.size, _CACHED):
        piece = slice(start, start + _CACHED)
        values[piece] = _fused_piece(x[piece], scale, shift)
    return values
