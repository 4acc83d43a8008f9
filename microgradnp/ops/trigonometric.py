"""Trigonometric and hyperbolic functions, and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arithmetic import POSITIVE, check_kind, in_both_forms
from .record import Array, derivatives, operation

REAL: dict[str, Any] = {"elementwise": True, "floats": True, "out": True}
INSIDE = (-0.9, 0.9)


@operation(np.sin, **in_both_forms("sin"), **REAL)
@derivatives(input=lambda g, input: g * np.cos(input))
def sin(input: Array) -> Array:
    """The sine of an angle in radians. Source: https://docs.pytorch.org/docs/stable/generated/torch.sin.html"""
    return np.sin(input)


@operation(np.cos, **in_both_forms("cos"), **REAL)
@derivatives(input=lambda g, input: -g * np.sin(input))
def cos(input: Array) -> Array:
    """The cosine of an angle in radians. Source: https://docs.pytorch.org/docs/stable/generated/torch.cos.html"""
    return np.cos(input)


@operation(np.tan, **in_both_forms("tan"), **REAL, domain=(-1.3, 1.3))
@derivatives(input=lambda g, out: g * (1 + out * out))
def tan(input: Array) -> Array:
    """The tangent of an angle in radians. Source: https://docs.pytorch.org/docs/stable/generated/torch.tan.html"""
    return np.tan(input)


# Near 1 the product (1 - x) * (1 + x) keeps the digits that 1 - x * x has lost.


@operation(np.arcsin, **in_both_forms("asin", "arcsin"), **REAL, domain=INSIDE)
@derivatives(input=lambda g, input: g / np.sqrt((1 - input) * (1 + input)))
def asin(input: Array) -> Array:
    """The arcsine, from -pi/2 to pi/2; nan outside [-1, 1]. Its derivative at -1 and 1 is inf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.asin.html
    """
    return np.arcsin(input)


@operation(np.arccos, **in_both_forms("acos", "arccos"), **REAL, domain=INSIDE)
@derivatives(input=lambda g, input: -g / np.sqrt((1 - input) * (1 + input)))
def acos(input: Array) -> Array:
    """The arccosine, from 0 to pi; nan outside [-1, 1]. Its derivative at -1 and 1 is -inf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.acos.html
    """
    return np.arccos(input)


@operation(np.arctan, **in_both_forms("atan", "arctan"), **REAL)
@derivatives(input=lambda g, input: g / (1 + input * input))
def atan(input: Array) -> Array:
    """The arctangent, from -pi/2 to pi/2. Source: https://docs.pytorch.org/docs/stable/generated/torch.atan.html"""
    return np.arctan(input)


def _by_radius(coordinate, input, other):
    """Twice divided by the radius: its square may overflow, or be no more than 0."""
    radius = np.hypot(input, other)
    radius = np.where(radius == 0, 1.0, radius)
    return coordinate / radius / radius


@operation(
    np.arctan2, methods=("atan2", "atan2_", "arctan2", "arctan2_"), public=("atan2", "arctan2"), **REAL,
    domain={"other": POSITIVE},
)  # fmt: skip
@derivatives(
    input=lambda g, input, other: g * _by_radius(other, input, other),
    other=lambda g, input, other: -g * _by_radius(input, input, other),
)
def atan2(input: Array, other: Array) -> Array:
    """The angle, from -pi to pi, of the point at ``other`` along and ``input`` up; its gradient at (0, 0) is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.atan2.html
    """
    return np.arctan2(input, other)


@operation(np.hypot, methods=("hypot", "hypot_"), elementwise=True, out=True, domain={"input": POSITIVE})
@derivatives(input=lambda g, out, input: g * (input / out), other=lambda g, out, other: g * (other / out))
def hypot(input: Array, other: Array) -> Array:
    """The length of the hypotenuse, ``sqrt(input ** 2 + other ** 2)``, without overflow; its gradient at (0, 0) is nan.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.hypot.html
    """
    check_kind("hypot", "f", input, other)
    return np.hypot(input, other)


# Hyperbolic


@operation(np.sinh, **in_both_forms("sinh"), **REAL)
@derivatives(input=lambda g, input: g * np.cosh(input))
def sinh(input: Array) -> Array:
    """The hyperbolic sine. Source: https://docs.pytorch.org/docs/stable/generated/torch.sinh.html"""
    return np.sinh(input)


@operation(np.cosh, **in_both_forms("cosh"), **REAL)
@derivatives(input=lambda g, input: g * np.sinh(input))
def cosh(input: Array) -> Array:
    """The hyperbolic cosine. Source: https://docs.pytorch.org/docs/stable/generated/torch.cosh.html"""
    return np.cosh(input)


@operation(np.arcsinh, **in_both_forms("asinh", "arcsinh"), **REAL)
@derivatives(input=lambda g, input: g / np.hypot(input, np.ones_like(input)))
def asinh(input: Array) -> Array:
    """The inverse hyperbolic sine. Source: https://docs.pytorch.org/docs/stable/generated/torch.asinh.html"""
    return np.arcsinh(input)


@operation(np.arccosh, **in_both_forms("acosh", "arccosh"), **REAL, domain=(1.2, 4.0))
@derivatives(input=lambda g, input: g / np.sqrt((input - 1) * (input + 1)))
def acosh(input: Array) -> Array:
    """The inverse hyperbolic cosine; nan below 1. Its derivative at 1 is inf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.acosh.html
    """
    return np.arccosh(input)


@operation(np.arctanh, **in_both_forms("atanh", "arctanh"), **REAL, domain=INSIDE)
@derivatives(input=lambda g, input: g / ((1 - input) * (1 + input)))
def atanh(input: Array) -> Array:
    """The inverse hyperbolic tangent; inf at 1, -inf at -1, nan outside. Its derivative at -1 and 1 is inf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.atanh.html
    """
    return np.arctanh(input)


@operation(methods=("angle",), **REAL, kinks=(0.0,))
@derivatives(input=lambda g: np.zeros_like(g))
def angle(input: Array) -> Array:
    """The angle of a real number in the complex plane: pi below 0, else 0; nan for nan. Its derivative is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.angle.html
    """
    return np.where(input < 0, input.dtype.type(math.pi), np.where(input == input, input.dtype.type(0), input))
