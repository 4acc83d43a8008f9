"""What kernels call: exponentials and logarithms that compilers can make vector instructions of, and sums of several
elements at a time.

The polynomials and rational functions are those of Moshier's Cephes library (https://www.netlib.org/cephes); results
are within 2 units of the last place. Both branches are computed and one is chosen: a loop without branches is what
vectorizes.
"""

# pyright: reportCallIssue=false
# (an intrinsic is called without its first argument)

from __future__ import annotations

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.extending import intrinsic

# A loop over many arrays is made of vector instructions only if none overlaps another that it writes to: LLVM compares
# their addresses before the loop, but in 8 pairs at most unless it is told.
binding.set_option("microgradnp", "--runtime-memory-check-threshold=64")

_function = njit(cache=True, nogil=True, error_model="numpy")
_summing = njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc"})


@intrinsic
def _as_float32(typing_context, bits):
    return types.float32(types.int32), lambda c, builder, s, given: builder.bitcast(given[0], ir.FloatType())


@intrinsic
def _as_float64(typing_context, bits):
    return types.float64(types.int64), lambda c, builder, s, given: builder.bitcast(given[0], ir.DoubleType())


@intrinsic
def _bits_of_float32(typing_context, number):
    return types.int32(types.float32), lambda c, builder, s, given: builder.bitcast(given[0], ir.IntType(32))


@intrinsic
def _bits_of_float64(typing_context, number):
    return types.int64(types.float64), lambda c, builder, s, given: builder.bitcast(given[0], ir.IntType(64))


f, i = np.float32, np.int32


@_function
def exp_float32(x):
    y = min(max(x, f(-104.0)), f(89.0))
    n = np.floor(y * f(1.44269504088896341) + f(0.5))
    r = y - n * f(0.693359375) + n * f(2.12194440e-4)
    p = f(1.9875691500e-4)
    p = p * r + f(1.3981999507e-3)
    p = p * r + f(8.3334519073e-3)
    p = p * r + f(4.1665795894e-2)
    p = p * r + f(1.6666665459e-1)
    p = p * r + f(5.0000001201e-1)
    p = p * r * r + r + f(1.0)
    whole = i(n)
    half = whole >> i(1)  # in two steps: 2**128 and 2**-149 have no bits of their own
    p = p * _as_float32(i((half + i(127)) << i(23))) * _as_float32(i((whole - half + i(127)) << i(23)))
    return p if x == x else x


@_function
def exp_float64(x):
    y = min(max(x, -746.0), 710.0)
    n = np.floor(y * 1.4426950408889634073599 + 0.5)
    r = y - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6
    z = r * r
    p = r * ((1.26177193074810590878e-4 * z + 3.02994407707441961300e-2) * z + 9.99999999999999999910e-1)
    q = 3.00198505138664455042e-6 * z + 2.52448340349684104192e-3
    q = (q * z + 2.27265548208155028766e-1) * z + 2.00000000000000000005
    e = 1.0 + 2.0 * (p / (q - p))
    whole = i(n)
    half = whole >> i(1)
    low, high = np.int64(half + i(1023)), np.int64(whole - half + i(1023))
    e = e * _as_float64(low << np.int64(52)) * _as_float64(high << np.int64(52))
    return e if x == x else x


@_function
def tanh_float32(x):
    z = x * x
    p = f(-5.70498872745e-3)
    p = p * z + f(2.06390887954e-2)
    p = p * z + f(-5.37397155531e-2)
    p = p * z + f(1.33314422036e-1)
    p = p * z + f(-3.33332819422e-1)
    near = p * z * x + x
    size = abs(x)
    far = f(1.0) - f(2.0) / (exp_float32(size + size) + f(1.0))
    return near if size < f(0.625) else np.copysign(far, x)


@_function
def tanh_float64(x):
    z = x * x
    p = (-9.64399179425052238628e-1 * z - 9.92877231001918586564e1) * z - 1.61468768441708447952e3
    q = ((z + 1.12811678491632931402e2) * z + 2.23548839060100448583e3) * z + 4.84406305325125486048e3
    near = x * z * (p / q) + x
    size = abs(x)
    far = 1.0 - 2.0 / (exp_float64(size + size) + 1.0)
    return near if size < 0.625 else np.copysign(far, x)


@_function
def log_float32(x):
    tiny = x < f(1.17549435e-38)
    bits = _bits_of_float32(x * f(8388608.0) if tiny else x)
    exponent = f((bits >> i(23)) - i(126)) - (f(23.0) if tiny else f(0.0))
    m = _as_float32(i((bits & i(0x7FFFFF)) | i(0x3F000000)))
    low = m < f(0.707106781186547524)
    exponent = exponent - f(1.0) if low else exponent
    r = m + m - f(1.0) if low else m - f(1.0)
    z = r * r
    p = f(7.0376836292e-2)
    p = p * r + f(-1.1514610310e-1)
    p = p * r + f(1.1676998740e-1)
    p = p * r + f(-1.2420140846e-1)
    p = p * r + f(1.4249322787e-1)
    p = p * r + f(-1.6668057665e-1)
    p = p * r + f(2.0000714765e-1)
    p = p * r + f(-2.4999993993e-1)
    p = p * r + f(3.3333331174e-1)
    y = p * r * z + exponent * f(-2.12194440e-4) - f(0.5) * z
    y = r + y + exponent * f(0.693359375)
    y = y if x < f(np.inf) else x  # and nan
    return y if x > f(0.0) else (f(-np.inf) if x == f(0.0) else f(np.nan))


@_function
def log_float64(x):
    tiny = x < 2.2250738585072014e-308
    bits = _bits_of_float64(x * 4503599627370496.0 if tiny else x)
    exponent = np.float64(i(bits >> np.int64(52)) - i(1022)) - (52.0 if tiny else 0.0)
    m = _as_float64((bits & np.int64(0xFFFFFFFFFFFFF)) | np.int64(0x3FE0000000000000))
    low = m < 0.70710678118654752440
    exponent = exponent - 1.0 if low else exponent
    r = m + m - 1.0 if low else m - 1.0
    z = r * r
    p = 1.01875663804580931796e-4 * r + 4.97494994976747001425e-1
    p = (p * r + 4.70579119878881725854) * r + 1.44989225341610930846e1
    p = (p * r + 1.79368678507819816313e1) * r + 7.70838733755885391666
    q = (r + 1.12873587189167450590e1) * r + 4.52279145837532221105e1
    q = ((q * r + 8.29875266912776603211e1) * r + 7.11544750618563894466e1) * r + 2.31251620126765340583e1
    y = r * (z * p / q) - exponent * 2.121944400546905827679e-4 - 0.5 * z
    y = r + y + exponent * 0.693359375
    y = y if x < np.inf else x
    return y if x > 0.0 else (-np.inf if x == 0.0 else np.nan)


# Sums of ``count`` elements of an array, the first at ``begin``, in the order that suits the machine


@_summing
def total(array, begin, step, count):
    s = 0.0
    if step == 1:
        for k in range(count):
            s += np.float64(array[begin + k])
    else:
        for k in range(count):
            s += np.float64(array[begin + k * step])
    return s


@_summing
def dot(a, begin_a, step_a, b, begin_b, step_b, count):
    s = 0.0
    if step_a == 1 and step_b == 1:
        for k in range(count):
            s += np.float64(a[begin_a + k]) * np.float64(b[begin_b + k])
    else:
        for k in range(count):
            s += np.float64(a[begin_a + k * step_a]) * np.float64(b[begin_b + k * step_b])
    return s


# Extremes, in which nan is the most extreme: of the bits of numbers, as integers that are ordered like them


@_function
def _order_float32(x):
    bits = _bits_of_float32(x)
    return bits ^ ((bits >> i(31)) & i(0x7FFFFFFF))


@_function
def _order_float64(x):
    bits = _bits_of_float64(x)
    return bits ^ ((bits >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF))


@_function
def largest_float32(array, begin, step, count):
    s = i(-0x80000000)
    for k in range(count):
        x = array[begin + k * step]
        s = max(s, _order_float32(x) if x == x else i(0x7FFFFFFF))
    return _as_float32(i(s ^ ((s >> i(31)) & i(0x7FFFFFFF))))


@_function
def smallest_float32(array, begin, step, count):
    s = i(0x7FFFFFFF)
    for k in range(count):
        x = array[begin + k * step]
        s = min(s, _order_float32(x) if x == x else i(-0x80000000))
    return _as_float32(i(s ^ ((s >> i(31)) & i(0x7FFFFFFF))))


@_function
def largest_float64(array, begin, step, count):
    s = np.int64(-0x8000000000000000)
    for k in range(count):
        x = array[begin + k * step]
        s = max(s, _order_float64(x) if x == x else np.int64(0x7FFFFFFFFFFFFFFF))
    return _as_float64(s ^ ((s >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF)))


@_function
def smallest_float64(array, begin, step, count):
    s = np.int64(0x7FFFFFFFFFFFFFFF)
    for k in range(count):
        x = array[begin + k * step]
        s = min(s, _order_float64(x) if x == x else np.int64(-0x8000000000000000))
    return _as_float64(s ^ ((s >> np.int64(63)) & np.int64(0x7FFFFFFFFFFFFFFF)))
