"""Rounding, clamping, and the parts of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from ..tensor import Tensor, make
from .arithmetic import check_kind, floor_divide, in_both_forms, mul, pow, sub
from .record import Array, composite, derivatives, operation

BETWEEN = (0.1, 0.4)  # no number of this interval is near one where rounding jumps


def _rounded(function: str, ufunc: Any, input: Any) -> Any:
    """Integers stay as they are."""
    check_kind(function, "iuf", input)
    return ufunc(input) if input.dtype.kind == "f" else np.positive(input)


@operation(np.floor, **in_both_forms("floor"), elementwise=True, out=True, domain=BETWEEN)
@derivatives(input=lambda g: np.zeros_like(g))
def floor(input: Array) -> Array:
    """The largest integer that is not above each element, in its own dtype. Its derivative is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.floor.html
    """
    return _rounded("floor", np.floor, input)


@operation(np.ceil, **in_both_forms("ceil"), elementwise=True, out=True, domain=BETWEEN)
@derivatives(input=lambda g: np.zeros_like(g))
def ceil(input: Array) -> Array:
    """The smallest integer that is not below each element, in its own dtype. Its derivative is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ceil.html
    """
    return _rounded("ceil", np.ceil, input)


@operation(np.trunc, np.fix, **in_both_forms("trunc", "fix"), elementwise=True, out=True, domain=BETWEEN)
@derivatives(input=lambda g: np.zeros_like(g))
def trunc(input: Array) -> Array:
    """Each element without its fraction, in its own dtype. Its derivative is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.trunc.html
    """
    return _rounded("trunc", np.trunc, input)


@operation(np.round, **in_both_forms("round"), elementwise=True, out=True, domain=BETWEEN)
@derivatives(input=lambda g: np.zeros_like(g))
def round(input: Array, *, decimals: int = 0) -> Array:
    """Each element rounded to ``decimals`` digits after the point (or, negative, before it). Its derivative is 0.

    What lies halfway goes to the even neighbour: 0.5 to 0, 1.5 to 2. Integers stay as they are, without ``decimals``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.round.html
    """
    check_kind("round", "f" if decimals else "iuf", input)
    return np.round(input, decimals) if input.dtype.kind == "f" else np.positive(input)


@composite(np.rint, public=())
def rint(input: Array) -> Array:
    """NumPy's name for ``round`` without decimals."""
    return round(input)


@composite(**in_both_forms("frac"), out=True)
def frac(input: Array) -> Array:
    """The fraction of each element, with its sign: ``input - trunc(input)``. Its derivative is 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.frac.html
    """
    check_kind("frac", "f", input)
    return sub(input, trunc(input))


# Bounds


def _inside(g, input, min, max):
    """The gradient of an element is that of the result where no bound is passed: at a bound too."""
    if max is None:
        return np.where(input >= min, g, 0.0)
    return np.where(input <= max if min is None else (input >= min) & (input <= max), g, 0.0)


def _below(g, input, min, max):
    return np.where(input < min if max is None else (input < min) & (min < max), g, 0.0)


def _above(g, input, min, max):
    return np.where(input > max if min is None else (input > max) | (max < min), g, 0.0)


@operation(
    np.clip, **in_both_forms("clamp", "clip"), elementwise=True, out=True,
    samples=lambda make: [
        (make(3, 2), -0.5, 0.5), (make(3, 2), None, 0.5), (make(2, 3), make(3), make(2, 1)), (make(3), make(), None),
        (make(), make(), make()), (make(0, 2), make(2), None), (make(2), None, make(3, 1)),
    ],
)  # fmt: skip
@derivatives(input=_inside, min=_below, max=_above)
def clamp(input: Array, min: Array = None, max: Array = None) -> Array:
    """Each element, but ``min`` where it is below, and ``max`` where it is above: two numbers, or two tensors.

    One of the bounds may be None. At a bound the derivative is 1. Where ``min`` is above ``max`` the result is ``max``.
    NaN, as an element or as a bound, gives nan.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.clamp.html
    """
    if min is None and max is None:
        raise RuntimeError("clamp: At least one of 'min' or 'max' must not be None")
    if not (min is None or max is None) and hasattr(min, "dtype") != hasattr(max, "dtype"):
        raise TypeError("clamp(): 'min' and 'max' must be two numbers or two tensors, not one of each")
    of_numbers = not hasattr(max if min is None else min, "dtype")
    if getattr(input, "dtype", None) == np.bool and (of_numbers or not (min is None or max is None)):
        raise NotImplementedError("clamp: not implemented for bool: convert the operands first, as with .long()")
    raised = input if min is None else np.maximum(input, min)
    return raised if max is None else np.minimum(raised, max)


@composite(**in_both_forms("clamp_min"), out=True)
def clamp_min(input: Array, min: Array) -> Array:
    """Each element, but ``min`` where it is below; the derivative at the bound is 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.clamp.html
    """
    return clamp(input, min)


@composite(**in_both_forms("clamp_max"), out=True)
def clamp_max(input: Array, max: Array) -> Array:
    """Each element, but ``max`` where it is above; the derivative at the bound is 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.clamp.html
    """
    return clamp(input, None, max)


# The parts of floating point numbers


@operation(np.copysign, methods=("copysign", "copysign_"), elementwise=True, floats=True, out=True, kinks=(0.0,))
@derivatives(
    input=lambda g, input, other: g * (np.sign(input) * np.copysign(np.ones_like(input), other)),
    other=lambda g: np.zeros_like(g),
)
def copysign(input: Array, other: Array) -> Array:
    """The magnitude of ``input`` with the sign of ``other`` (-0.0 has one); the derivative at 0 is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.copysign.html
    """
    return np.copysign(input, other)


@operation(np.nextafter, methods=("nextafter", "nextafter_"), elementwise=True, out=True)
@derivatives(
    input=lambda g, input, other: np.where(input == other, 0.0, g),
    other=lambda g: np.zeros_like(g),
)
def nextafter(input: Array, other: Array) -> Array:
    """The floating point number next to ``input``, in the direction of ``other``.

    The derivative with respect to ``input`` is 1, or 0 where the two are equal; that with respect to ``other`` is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nextafter.html
    """
    check_kind("nextafter", "f", input, other)
    return np.nextafter(input, other)


@composite(np.ldexp, **in_both_forms("ldexp"), out=True)
def ldexp(input: Array, other: Array) -> Array:
    """``input * 2 ** other``, elementwise.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ldexp.html
    """
    if not (isinstance(input, Tensor) and isinstance(other, Tensor)):
        raise TypeError("ldexp(): argument 'input' and argument 'other' must be Tensor")
    if other.dtype.kind == "f" or input.dtype.kind != "f":
        return mul(input, pow(2.0, other))
    half = floor_divide(other.to(input.dtype), 2)  # in two steps: 2 ** other may be too large where the result is not
    return mul(mul(input, pow(2.0, half)), pow(2.0, sub(other, half)))


@composite(np.frexp, methods=("frexp",), out=True)
def frexp(input: Array) -> return_types.frexp:
    """Each element as mantissa * 2 ** exponent, with 0.5 <= |mantissa| < 1 and an int32 exponent; both 0 for 0.

    The derivative of the mantissa is ``2 ** -exponent``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.frexp.html
    """
    if input.dtype.kind != "f":
        raise RuntimeError(f"frexp() only supports floating-point dtypes, not {input.dtype}: convert with .float()")
    exponent = np.asarray(np.frexp(input._array)[1], np.int32)
    half = exponent // 2  # of the largest exponents 2 ** -exponent is no longer a number, but its root is
    first, second = (make(np.ldexp(np.ones((), input.dtype), -part)) for part in (half, exponent - half))
    return return_types.frexp(mul(mul(input, first), second), make(exponent))


# Real numbers as complex ones


@composite()
def real(input: Array) -> Array:
    """The tensor itself: its elements are real.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.real.html
    """
    return input


@composite(public=("conj", "resolve_conj", "resolve_neg"))
def conj(input: Array) -> Array:
    """The tensor itself: its elements are real.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.conj.html
    """
    return input


@composite(**in_both_forms("conj_physical"), out=True)
def conj_physical(input: Array) -> Array:
    """The tensor itself: its elements are real.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.conj_physical.html
    """
    return input
