"""Functions of one element: exponentials, roots, and the activation functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arithmetic import POSITIVE, check_kind, in_both_forms, mul, true_divide
from .blocks import BLOCK, in_blocks
from .record import Array, composite, derivatives, operation
from .trigonometric import REAL

LOG2 = math.log(2)
HALF = np.dtype("float16")


@operation(np.exp, **in_both_forms("exp"), **REAL)
@derivatives(input=lambda g, out: g * out)
def exp(input: Array) -> Array:
    """The exponential e ** input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.exp.html
    """
    return np.exp(input)


@operation(np.exp2, **in_both_forms("exp2"), **REAL)
@derivatives(input=lambda g, out: g * (out * math.log(2)))
def exp2(input: Array) -> Array:
    """2 ** input. Source: https://docs.pytorch.org/docs/stable/generated/torch.exp2.html"""
    return np.exp2(input)


@operation(np.expm1, **in_both_forms("expm1"), **REAL)
@derivatives(input=lambda g, input: g * np.exp(input))
def expm1(input: Array) -> Array:
    """exp(input) - 1, accurate near 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.expm1.html
    """
    return np.expm1(input)


@operation(np.log, **in_both_forms("log"), **REAL, domain=POSITIVE)
@derivatives(input=lambda g, input: g / input)
def log(input: Array) -> Array:
    """The natural logarithm: -inf at 0, nan below.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.log.html
    """
    return np.log(input)


@operation(np.log2, **in_both_forms("log2"), **REAL, domain=POSITIVE)
@derivatives(input=lambda g, input: g / (input * math.log(2)))
def log2(input: Array) -> Array:
    """The logarithm to base 2: -inf at 0, nan below.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.log2.html
    """
    return np.log2(input)


@operation(np.log10, **in_both_forms("log10"), **REAL, domain=POSITIVE)
@derivatives(input=lambda g, input: g / (input * math.log(10)))
def log10(input: Array) -> Array:
    """The logarithm to base 10: -inf at 0, nan below.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.log10.html
    """
    return np.log10(input)


@operation(np.log1p, **in_both_forms("log1p"), **REAL, domain=(-0.9, 3.0))
@derivatives(input=lambda g, input: g / (input + 1))
def log1p(input: Array) -> Array:
    """log(1 + input), accurate near 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.log1p.html
    """
    return np.log1p(input)


@operation(np.logaddexp, methods=("logaddexp",), elementwise=True, out=True)
@derivatives(
    input=lambda g, input, other: g * sigmoid(input - other),
    other=lambda g, input, other: g * sigmoid(other - input),
)
def logaddexp(input: Array, other: Array) -> Array:
    """log(exp(input) + exp(other)), without overflow; its gradient at (-inf, -inf) is nan.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logaddexp.html
    """
    check_kind("logaddexp", "f", input, other)
    return np.logaddexp(input, other)


@operation(np.logaddexp2, methods=("logaddexp2",), elementwise=True, out=True)
@derivatives(
    input=lambda g, input, other: g * sigmoid((input - other) * LOG2),
    other=lambda g, input, other: g * sigmoid((other - input) * LOG2),
)
def logaddexp2(input: Array, other: Array) -> Array:
    """log2(2 ** input + 2 ** other), without overflow; its gradient at (-inf, -inf) is nan.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logaddexp2.html
    """
    check_kind("logaddexp2", "f", input, other)
    return np.logaddexp2(input, other)


@operation(
    **in_both_forms("xlogy"), elementwise=True, floats=True, out=True, domain={"other": POSITIVE}, kinks=(0.0,),
)  # fmt: skip
@derivatives(
    input=lambda g, input, other: g * np.log(np.where((input == 0) & (other <= 0), np.ones_like(g), other)),
    other=lambda g, input, other: g * (input / other),
)
def xlogy(input: Array, other: Array) -> Array:
    """input * log(other), and 0 where ``input`` is 0 (but nan where ``other`` is nan).

    The derivative with respect to ``input`` is log(other), but 0 where ``input`` is 0 and ``other`` is not above 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.xlogy.html
    """
    # Of 0 and a nan the product is nan; of 0 and an infinity it must not be.
    log = np.log(other if hasattr(other, "dtype") else np.asarray(other, input.dtype))
    return np.where((input == 0) & (other == other), np.zeros_like(log), input * log)


@operation(np.sqrt, **in_both_forms("sqrt"), **REAL, domain=POSITIVE)
@derivatives(input=lambda g, out: g / (out + out))
def sqrt(input: Array) -> Array:
    """The square root: nan below 0. Its derivative at 0 is inf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sqrt.html
    """
    return np.sqrt(input)


@composite(**in_both_forms("rsqrt"), out=True)
def rsqrt(input: Array) -> Array:
    """1 / sqrt(input): inf at 0, nan below.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.rsqrt.html
    """
    return true_divide(1.0, sqrt(input))


@operation(
    np.tanh, methods=("tanh", "tanh_"), public=("tanh", "tanh_", "nn.functional.tanh"),
    elementwise=True, out=True, floats=True,
)  # fmt: skip
@derivatives(input=lambda g, out: g - g * (out * out))
def tanh(input: Array) -> Array:
    """The hyperbolic tangent.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tanh.html
    """
    return np.tanh(input)


# A 0-d array of the right type spares NumPy the conversion of a Python number, a third of the cost on small arrays.
ONE = {dtype: np.array(1, dtype) for dtype in (np.dtype("float16"), np.dtype("float32"), np.dtype("float64"))}


# Bound once: numpy is a module in which names are found slowly, and on small arrays that shows.
_negative, _exp, _add, _divide = np.negative, np.exp, np.add, np.true_divide


@operation(
    methods=("sigmoid", "sigmoid_"), public=("sigmoid", "sigmoid_", "nn.functional.sigmoid"),
    elementwise=True, out=True, floats=True,
)  # fmt: skip
@derivatives(input=lambda g, out: g * (out * (ONE[out.dtype] - out)))  # a 0-d array: faster than a Python number
def sigmoid(input: Array) -> Array:
    """The logistic function 1 / (1 + exp(-input)), accurate for every input: where exp overflows the result is 0.

    (Not through tanh: (1 + tanh(x / 2)) / 2 cancels for negative x, and is 0 for x = -20 in float32, where the truth is
    2e-9.)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sigmoid.html
    """
    dtype = input.dtype
    if dtype is HALF:
        return (1 / (1 + np.exp(-input.astype(np.float32)))).astype(HALF)
    if not input.ndim:
        return 1 / (1 + np.exp(-input))
    if input.size > BLOCK:
        return in_blocks(_sigmoid, input)
    one = ONE[dtype]
    out = _negative(input)  # what follows is written out: on small arrays a call costs a twentieth of it
    _exp(out, out)
    _add(out, one, out)
    return _divide(one, out, out)


def _sigmoid(input: Any, out: Any) -> Any:
    return logistic_of_negative(np.negative(input, out))


def logistic_of_negative(array: Any) -> Any:
    """sigmoid(-array), written over it."""
    one = ONE[array.dtype]
    np.exp(array, array)
    np.add(array, one, array)
    return np.true_divide(one, array, array)


def _slope_of_logit(g, input, eps):
    inside = (input >= 0) & (input <= 1) if eps is None or eps < 0 else (input >= eps) & (input <= 1 - eps)
    return np.where(inside, g / (input * (1 - input)), math.nan if eps is None or eps < 0 else 0.0)


@operation(
    **in_both_forms("logit"), **REAL, domain=(0.1, 0.9),
    samples=lambda make: [(make(2, 3),), (make(2), 1e-3), (make(),), (make(0, 2),)],
)  # fmt: skip
@derivatives(input=_slope_of_logit)
def logit(input: Array, eps: float | None = None) -> Array:
    """log(input / (1 - input)), the inverse of the sigmoid: -inf at 0, inf at 1, nan outside.

    With ``eps`` the input is clamped to [eps, 1 - eps] first, and the derivative is 0 where it lies outside.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logit.html
    """
    if eps is not None and eps >= 0:
        input = np.minimum(np.maximum(input, eps), 1 - eps)
    return np.log(input / (1 - input))


@composite(np.deg2rad, np.radians, **in_both_forms("deg2rad"), out=True)
def deg2rad(input: Array) -> Array:
    """An angle in degrees as one in radians.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.deg2rad.html
    """
    return mul(input, math.pi / 180)


@composite(np.rad2deg, np.degrees, **in_both_forms("rad2deg"), out=True)
def rad2deg(input: Array) -> Array:
    """An angle in radians as one in degrees.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.rad2deg.html
    """
    return mul(input, 180 / math.pi)


# sin(pi x) / (pi x), and its derivatives of all orders


@operation(np.sinc, **in_both_forms("sinc"), **REAL)
@derivatives(input=lambda g, input: g * derivative_of_sinc(input, 1))
def sinc(input: Array) -> Array:
    """sin(pi input) / (pi input), and 1 at 0, where it has derivatives of every order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sinc.html
    """
    return np.sinc(input) if input.dtype != HALF else np.sinc(input.astype(np.float32)).astype(HALF)


def _further_of_sinc(g: Any, input: Any, n: int) -> Any:
    return g * derivative_of_sinc(input, n + 1)


@operation(
    public=(), label="sinc", elementwise=True, opaque=True,
    samples=lambda make: [(make(2, 3), 1), (make(2), 2), (make(), 1), (make(0, 2), 1)],
)  # fmt: skip
@derivatives(input=_further_of_sinc)
def derivative_of_sinc(input: Array, n: int) -> Array:
    """The n-th derivative of sinc."""
    x = np.asarray(input, np.float64)
    small = np.absolute(x) * math.pi < n + 2  # here the recurrence from order to order would lose digits
    series = _sinc_series(np.where(small, x, 0.0) * math.pi, n)
    out = np.where(small, series, _sinc_recurrence(np.where(small, 1.0, x), n)) * math.pi**n
    return np.asarray(out, input.dtype)


def _sinc_recurrence(x: Any, n: int) -> Any:
    """Of f(t) = sin(t) / t, t = pi x: t f[k] + k f[k - 1] is the k-th derivative of the sine."""
    t, angle = x * math.pi, (x - 2 * np.round(x / 2)) * math.pi  # the same angle, less whole turns
    out = np.sin(angle) / t
    for k in range(1, n + 1):
        out = ((np.cos if k % 2 else np.sin)(angle) * (1 if k % 4 < 2 else -1) - k * out) / t
    return out


def _sinc_series(t: Any, n: int) -> Any:
    """The sum of (-1)**k t**(2k - n) / ((2k + 1) (2k - n)!)."""
    out = np.zeros_like(t)
    for k in range((n + 1) // 2, n // 2 + 16 + 2 * n):
        out = out + (-1) ** k * t ** (2 * k - n) / ((2 * k + 1) * math.factorial(2 * k - n))
    return out
