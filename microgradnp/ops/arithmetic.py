"""Arithmetic on elements: + - * / ** and their kin, comparisons, and choosing between two tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from .record import Array, Index, derivatives, operation

POSITIVE = (0.1, 3.0)
BITS = range(-8, 8)


@operation(np.add, methods=("add", "add_", "__add__", "__radd__", "__iadd__"), elementwise=True, out=True)
@derivatives(input=lambda g: g, other=lambda g, alpha: g if alpha == 1 else g * alpha)
def add(input: Array, other: Array, *, alpha: float = 1) -> Array:
    """``input + alpha * other``, elementwise with broadcasting.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.add.html

    >>> import microgradnp
    >>> microgradnp.add(microgradnp.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """
    return np.add(input, other if alpha == 1 else other * alpha)


@operation(
    np.subtract, methods=("sub", "sub_", "subtract", "subtract_", "__sub__", "__rsub__", "__isub__"),
    public=("sub", "subtract"), elementwise=True, out=True,
)  # fmt: skip
@derivatives(input=lambda g: g, other=lambda g, alpha: -g if alpha == 1 else g * -alpha)
def sub(input: Array, other: Array, *, alpha: float = 1) -> Array:
    """``input - alpha * other``, elementwise with broadcasting.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sub.html
    """
    try:
        return np.subtract(input, other if alpha == 1 else other * alpha)
    except TypeError:
        raise RuntimeError(
            "sub: Subtraction of two bool tensors is not supported; use != or, to invert a mask, ~"
        ) from None


@operation(
    np.multiply, methods=("mul", "mul_", "multiply", "multiply_", "__mul__", "__rmul__", "__imul__"),
    public=("mul", "multiply"), elementwise=True, out=True,
)  # fmt: skip
@derivatives(input=lambda g, other: g * other, other=lambda g, input: g * input)
def mul(input: Array, other: Array) -> Array:
    """The product ``input * other``, elementwise with broadcasting.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.mul.html
    """
    return np.multiply(input, other)


@operation(
    np.true_divide,
    methods=(
        "div", "div_", "divide", "divide_", "true_divide", "true_divide_",
        "__truediv__", "__rtruediv__", "__itruediv__",
    ),
    public=("div", "divide", "true_divide"), elementwise=True, floats=True, out=True, domain={"other": POSITIVE},
)  # fmt: skip
@derivatives(input=lambda g, other: g / other, other=lambda g, input, other: -g * (input / other / other))
def div(input: Array, other: Array) -> Array:
    """The quotient ``input / other``, elementwise with broadcasting; integers are divided as floating point numbers.

    Dividing by zero gives an infinity or nan, without a warning.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.div.html
    """
    return np.true_divide(input, other)


def _power_of_base(g, input, exponent):
    # Where the exponent is 0 the derivative is 0, at 0 too: lowering the exponent there would divide by zero.
    return np.where(exponent == 0, 0.0, g * (exponent * np.power(input, exponent - (exponent != 0))))


def _power_of_exponent(g, out, input, exponent):
    # 0 ** y does not change with y > 0 (and by convention not at 0): the logarithm is kept away from those zeros.
    still = (input == 0) & (exponent >= 0)
    return g * (out * np.log(np.where(still, np.ones_like(out), input)))


@operation(
    np.power, methods=("pow", "pow_", "__pow__", "__rpow__", "__ipow__"),
    elementwise=True, out=True, domain={"input": POSITIVE},
)  # fmt: skip
@derivatives(input=_power_of_base, exponent=_power_of_exponent)
def pow(input: Array, exponent: Array) -> Array:
    """``input ** exponent``, elementwise with broadcasting.

    The derivative of ``x ** 0`` is 0 everywhere, and that of ``0 ** y`` with respect to ``y >= 0`` is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.pow.html
    """
    try:
        return np.power(input, exponent)
    except ValueError as error:
        if "negative" in str(error):
            raise RuntimeError(f"pow: {error} Use a floating point base.") from None
        raise


@operation(
    np.negative, methods=("neg", "neg_", "negative", "negative_", "__neg__"), public=("neg", "negative"),
    elementwise=True, out=True,
)  # fmt: skip
@derivatives(input=lambda g: -g)
def neg(input: Array) -> Array:
    """``-input``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.neg.html
    """
    try:
        return np.negative(input)
    except TypeError:
        raise RuntimeError("neg: Negation of a bool tensor is not supported; use ~ to invert a mask") from None


@operation(np.positive, methods=("positive", "__pos__"), elementwise=True)
@derivatives(input=lambda g: g)
def positive(input: Array) -> Array:
    """``+input``: the values as they are, in memory of their own.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.positive.html
    """
    return np.positive(input)


@operation(
    np.absolute, methods=("abs", "abs_", "absolute", "absolute_", "__abs__"), public=("abs", "absolute"),
    elementwise=True, out=True, kinks=(0.0,),
)  # fmt: skip
@derivatives(input=lambda g, input: g * np.sign(input))
def abs(input: Array) -> Array:
    """The absolute value; its derivative at 0 is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.abs.html
    """
    return np.absolute(input)


@operation(np.sign, methods=("sign", "sign_"), elementwise=True, out=True, kinks=(0.0,))
@derivatives(input=lambda g: np.zeros_like(g))
def sign(input: Array) -> Array:
    """-1, 0 or 1, the sign of each element; its derivative is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sign.html
    """
    return np.sign(input)


# Of two equal elements each gets half of the gradient, and beside a nan both get all of it, as in PyTorch.


@operation(np.maximum, methods=("maximum",), elementwise=True, out=True)
@derivatives(
    input=lambda g, input, other: np.where(input == other, g * 0.5, np.where(input < other, 0.0, g)),
    other=lambda g, input, other: np.where(input == other, g * 0.5, np.where(other < input, 0.0, g)),
)
def maximum(input: Array, other: Array) -> Array:
    """The larger of two elements; where they are equal each gets half of the gradient. NaN if either is.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.maximum.html
    """
    return np.maximum(input, other)


@operation(np.minimum, methods=("minimum",), elementwise=True, out=True)
@derivatives(
    input=lambda g, input, other: np.where(input == other, g * 0.5, np.where(input > other, 0.0, g)),
    other=lambda g, input, other: np.where(input == other, g * 0.5, np.where(other > input, 0.0, g)),
)
def minimum(input: Array, other: Array) -> Array:
    """The smaller of two elements; where they are equal each gets half of the gradient. NaN if either is.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.minimum.html
    """
    return np.minimum(input, other)


def _choices(make: Any) -> list[tuple[Any, ...]]:
    mask = np.array([[True], [False], [True]])
    return [
        (mask, make(3, 4), make(4)),
        (mask, make(2, 3, 1), 0.5),
        (mask[0], 0.5, make()),
        (mask[0, 0], make(0, 3), make(3)),
    ]


@operation(np.where, numbers=True, out=True, samples=_choices)
@derivatives(
    input=lambda g, condition: np.where(condition, g, 0.0),
    other=lambda g, condition: np.where(condition, 0.0, g),
)
def where(condition: Index, input: Array, other: Array) -> Array:
    """``input`` where ``condition`` is true, else ``other``; all three are broadcast together.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.where.html

    >>> import microgradnp
    >>> x = microgradnp.tensor([-1.0, 2.0])
    >>> microgradnp.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    return np.where(condition, input, other)


# Comparisons give bool tensors, and bool tensors have no derivative.


@operation(np.equal, methods=("eq", "eq_", "__eq__"), elementwise=True, out=True)
def eq(input: Array, other: Array) -> Array:
    """``input == other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.eq.html"""
    return np.equal(input, other)


@operation(np.not_equal, methods=("ne", "ne_", "__ne__"), elementwise=True, out=True)
def ne(input: Array, other: Array) -> Array:
    """``input != other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.ne.html"""
    return np.not_equal(input, other)


@operation(np.less, methods=("lt", "lt_", "__lt__"), elementwise=True, out=True)
def lt(input: Array, other: Array) -> Array:
    """``input < other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.lt.html"""
    return np.less(input, other)


@operation(np.less_equal, methods=("le", "le_", "__le__"), elementwise=True, out=True)
def le(input: Array, other: Array) -> Array:
    """``input <= other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.le.html"""
    return np.less_equal(input, other)


@operation(np.greater, methods=("gt", "gt_", "__gt__"), elementwise=True, out=True)
def gt(input: Array, other: Array) -> Array:
    """``input > other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.gt.html"""
    return np.greater(input, other)


@operation(np.greater_equal, methods=("ge", "ge_", "__ge__"), elementwise=True, out=True)
def ge(input: Array, other: Array) -> Array:
    """``input >= other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.ge.html"""
    return np.greater_equal(input, other)


def _only_bits(function: str) -> Exception:
    return NotImplementedError(f"{function}: only bool and integer tensors have bits; compare first: (x > 0) & (y > 0)")


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
    return np.invert(input)
