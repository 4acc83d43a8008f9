"""Integers: their bits, and their divisors. Of bool tensors the bitwise operations are the logical ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arithmetic import check_kind, in_both_forms, kind_of
from .record import Array, operation

BITS = range(-8, 8)


# Bits


class NoBitsError(NotImplementedError, TypeError):
    """Floats have no bits to combine: PyTorch raises the one type from functions, the other from ``~``."""


def _only_bits(function: str) -> Exception:
    return NoBitsError(f"{function}: only bool and integer tensors have bits; compare first: (x > 0) & (y > 0)")


def _check_shift(function: str, input: Any, other: Any) -> None:
    if kind_of(input, other) not in "iu":
        raise NotImplementedError(f"{function}: only the bits of integer tensors are shifted; convert with .long()")


@operation(
    np.bitwise_and, methods=("bitwise_and", "bitwise_and_", "__and__", "__rand__", "__iand__"),
    elementwise=True, out=True, domain=BITS,
)  # fmt: skip
def bitwise_and(input: Array, other: Array) -> Array:
    """``input & other``: of bool tensors the logical, of integer tensors the bitwise and.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bitwise_and.html
    """
    try:
        return np.bitwise_and(input, other)
    except TypeError:
        raise _only_bits("bitwise_and") from None


@operation(
    np.bitwise_or, methods=("bitwise_or", "bitwise_or_", "__or__", "__ror__", "__ior__"),
    elementwise=True, out=True, domain=BITS,
)  # fmt: skip
def bitwise_or(input: Array, other: Array) -> Array:
    """``input | other``: of bool tensors the logical, of integer tensors the bitwise or.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bitwise_or.html
    """
    try:
        return np.bitwise_or(input, other)
    except TypeError:
        raise _only_bits("bitwise_or") from None


@operation(np.invert, methods=("bitwise_not", "bitwise_not_", "__invert__"), elementwise=True, out=True, domain=BITS)
def bitwise_not(input: Array) -> Array:
    """``~input``: of bool tensors the logical, of integer tensors the bitwise complement.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bitwise_not.html
    """
    try:
        return np.invert(input)
    except TypeError:
        raise _only_bits("bitwise_not") from None


@operation(
    np.bitwise_xor, methods=("bitwise_xor", "bitwise_xor_", "__xor__", "__rxor__", "__ixor__"),
    elementwise=True, out=True, domain=BITS,
)  # fmt: skip
def bitwise_xor(input: Array, other: Array) -> Array:
    """``input ^ other``: of bool tensors the logical, of integer tensors the bitwise exclusive or.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bitwise_xor.html
    """
    try:
        return np.bitwise_xor(input, other)
    except TypeError:
        raise _only_bits("bitwise_xor") from None


@operation(
    np.left_shift,
    methods=("bitwise_left_shift", "bitwise_left_shift_", "__lshift__", "__rlshift__", "__ilshift__"),
    elementwise=True, out=True, domain=BITS,
)  # fmt: skip
def bitwise_left_shift(input: Array, other: Array) -> Array:
    """``input << other``, elementwise; shifted by a negative number, or by all its bits, an integer becomes 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bitwise_left_shift.html
    """
    _check_shift("bitwise_left_shift", input, other)
    return np.left_shift(input, other)


@operation(
    np.right_shift,
    methods=("bitwise_right_shift", "bitwise_right_shift_", "__rshift__", "__rrshift__", "__irshift__"),
    elementwise=True, out=True, domain=BITS,
)  # fmt: skip
def bitwise_right_shift(input: Array, other: Array) -> Array:
    """``input >> other``, elementwise; by all its bits, or a negative number, it becomes 0 (-1 below 0).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bitwise_right_shift.html
    """
    _check_shift("bitwise_right_shift", input, other)
    return np.right_shift(input, other)


# Divisors


@operation(np.gcd, **in_both_forms("gcd"), elementwise=True, out=True, domain=BITS)
def gcd(input: Array, other: Array) -> Array:
    """The greatest common divisor of integers, elementwise; gcd(0, 0) is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.gcd.html
    """
    check_kind("gcd", "iu", input, other)
    return np.gcd(input, other)


@operation(np.lcm, **in_both_forms("lcm"), elementwise=True, out=True, domain=BITS)
def lcm(input: Array, other: Array) -> Array:
    """The least common multiple of integers, elementwise; 0 where one of them is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.lcm.html
    """
    check_kind("lcm", "iu", input, other)
    return np.lcm(input, other)
