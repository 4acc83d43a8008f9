"""Arithmetic on elements: + - * / // % ** and their kin, signs, and the larger or smaller of two."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor
from .record import Array, check_tensors, composite, derivatives, operation

POSITIVE = (0.1, 3.0)


def in_both_forms(*names: str) -> dict[str, Any]:
    """Methods and functions of these names, and the in-place form of each."""
    forms = tuple(form for name in names for form in (name, name + "_"))
    return {"methods": forms, "public": forms}


def kind_of(*operands: Any) -> str:
    """NumPy's letter for the kind of dtype in which operands (arrays, and numbers beside them) have met."""
    return next(operand.dtype.kind for operand in operands if hasattr(operand, "dtype"))


def check_kind(function: str, kinds: str, *operands: Any) -> None:
    """Refuse dtypes that PyTorch does not implement a function for."""
    if kind_of(*operands) not in kinds:
        names = {"f": "floating point", "iuf": "integer and floating point", "iu": "integer"}[kinds]
        raise NotImplementedError(
            f"{function}: not implemented for {next(o.dtype for o in operands if hasattr(o, 'dtype'))}: only for "
            f"{names} tensors; convert the operands first, for example with .float() or .long()"
        )


def _scaled(function: str, other: Any, alpha: Any, *beside: Any) -> Any:
    """``alpha * other``, in the type of both operands."""
    kind = kind_of(*beside, other)
    if not isinstance(alpha, (bool, int, float, np.number, np.bool)):
        raise TypeError(f"{function}(): argument 'alpha' must be Number, not {type(alpha).__name__}; use .item()")
    alpha = alpha.item() if isinstance(alpha, np.generic) else alpha
    if isinstance(alpha, float) and kind != "f":
        raise RuntimeError(f"{function}: for integral tensors, argument alpha must not be a floating point number")
    if isinstance(alpha, bool) and kind != "b":
        raise RuntimeError(f"{function}: Boolean alpha only supported for Boolean results")
    return np.logical_and(other, bool(alpha)) if kind == "b" else other * alpha


@operation(np.add, methods=("add", "add_", "__add__", "__radd__", "__iadd__"), elementwise=True, out=True)
@derivatives(input=lambda g: g, other=lambda g, alpha: g if alpha == 1 else g * alpha)
def add(input: Array, other: Array, *, alpha: float = 1) -> Array:
    """``input + alpha * other``, elementwise with broadcasting.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.add.html

    >>> import microgradnp
    >>> microgradnp.add(microgradnp.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """
    return np.add(input, other if alpha == 1 else _scaled("add", other, alpha, input))


@operation(
    np.subtract, methods=("sub", "sub_", "subtract", "subtract_", "__sub__", "__rsub__", "__isub__"),
    public=("sub", "subtract"), elementwise=True, out=True, bools=False,
)  # fmt: skip
@derivatives(input=lambda g: g, other=lambda g, alpha: -g if alpha == 1 else g * -alpha)
def sub(input: Array, other: Array, *, alpha: float = 1) -> Array:
    """``input - alpha * other``, elementwise with broadcasting.

    Raises RuntimeError of bools: use ``!=`` or, to invert a mask, ``~``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sub.html
    """
    scaled = other if alpha == 1 else _scaled("sub", other, alpha, input)
    try:
        return np.subtract(input, scaled)
    except TypeError:
        raise RuntimeError("sub: bools are not supported: use != or, to invert a mask, ~") from None


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
    methods=("true_divide", "true_divide_", "__truediv__", "__rtruediv__", "__itruediv__"),
    label="div", elementwise=True, floats=True, out=True, domain={"other": POSITIVE},
)  # fmt: skip
@derivatives(input=lambda g, other: g / other, other=lambda g, input, other: -g * (input / other / other))
def true_divide(input: Array, other: Array) -> Array:
    """The quotient ``input / other``, elementwise with broadcasting; integers are divided as floating point numbers.

    Dividing by zero gives an infinity or nan, without a warning.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.true_divide.html
    """
    return np.true_divide(input, other)


def _check_divisor(function: str, input: Any, other: Any) -> None:
    check_kind(function, "iuf", input, other)
    if kind_of(input, other) != "f" and np.size(input) and not np.all(other):
        raise RuntimeError(f"{function}: ZeroDivisionError: an integer is divided by zero; only floats have infinities")


# A quotient of these domains stays between 2 and 3: rounded, it does not jump.
BETWEEN_INTEGERS = {"input": (2.1, 2.4), "other": (0.85, 0.95)}


@operation(
    np.floor_divide,
    methods=("floor_divide", "floor_divide_", "__floordiv__", "__rfloordiv__", "__ifloordiv__"),
    elementwise=True, out=True, domain=BETWEEN_INTEGERS,
)  # fmt: skip
@derivatives(input=lambda g: np.zeros_like(g), other=lambda g: np.zeros_like(g))
def floor_divide(input: Array, other: Array) -> Array:
    """The largest integer that is not above ``input / other``, elementwise: what ``//`` does. Its derivative is 0.

    Raises RuntimeError when an integer is divided by zero, and NotImplementedError for two bool tensors.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.floor_divide.html
    """
    _check_divisor("floor_divide", input, other)
    return np.floor_divide(input, other)


@operation(public=(), label="div", elementwise=True, domain=BETWEEN_INTEGERS)
@derivatives(input=lambda g: np.zeros_like(g), other=lambda g: np.zeros_like(g))
def trunc_divide(input: Array, other: Array) -> Array:
    """``input / other`` without its fraction, elementwise. Its derivative is 0."""
    _check_divisor("div", input, other)
    if kind_of(input, other) == "f":
        return np.trunc(np.true_divide(input, other))
    return np.floor_divide(np.subtract(input, np.fmod(input, other)), other)


@composite(methods=("div", "div_", "divide", "divide_"), public=("div", "divide"), out=True)
def div(input: Array, other: Array, *, rounding_mode: str | None = None) -> Array:
    """The quotient ``input / other``, elementwise with broadcasting.

    Without ``rounding_mode`` integers are divided as floating point numbers, and dividing by zero gives an infinity or
    nan. "floor" rounds down, as ``//`` does, "trunc" towards zero: integers stay integers (RuntimeError when one is
    divided by zero), and the derivative is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.div.html
    """
    if rounding_mode is None:
        return true_divide(input, other)
    if rounding_mode not in ("floor", "trunc"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        )
    return floor_divide(input, other) if rounding_mode == "floor" else trunc_divide(input, other)


@operation(
    np.remainder, methods=("remainder", "remainder_", "__mod__", "__rmod__", "__imod__"),
    elementwise=True, out=True, domain=BETWEEN_INTEGERS,
)  # fmt: skip
@derivatives(input=lambda g: g, other=lambda g, input, other: -g * floor_divide(input, other))
def remainder(input: Array, other: Array) -> Array:
    """``input - other * floor(input / other)``, elementwise: it has the sign of ``other``, as Python's ``%``.

    The derivative with respect to ``other`` is ``-floor(input / other)``. An integer modulo zero raises RuntimeError, a
    floating point number modulo zero is nan.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.remainder.html
    """
    _check_divisor("remainder", input, other)
    return np.remainder(input, other)


@operation(np.fmod, methods=("fmod", "fmod_"), elementwise=True, out=True, domain=BETWEEN_INTEGERS)
@derivatives(input=lambda g: g, other=lambda g, input, other: -g * trunc_divide(input, other))
def fmod(input: Array, other: Array) -> Array:
    """``input - other * trunc(input / other)``, elementwise: it has the sign of ``input``, as C's ``fmod``.

    The derivative with respect to ``other`` is ``-trunc(input / other)``. An integer modulo zero raises RuntimeError, a
    floating point number modulo zero is nan.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.fmod.html
    """
    _check_divisor("fmod", input, other)
    return np.fmod(input, other)


def _power_of_base(g, input, exponent):
    # Where the exponent is 0 the derivative is 0, at 0 too: lowering the exponent there would divide by zero.
    return np.where(exponent == 0, 0.0, g * (exponent * np.power(input, exponent + (exponent == 0) - 1)))


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
    if kind_of(input, exponent) != "f":
        return _integer_power(input, exponent)
    return np.power(input, exponent)


def _integer_power(input: Any, exponent: Any) -> Any:
    """Of 1 and -1 there are negative powers too; those of other integers are cut to 0."""
    if kind_of(input, exponent) == "b":
        if hasattr(exponent, "dtype"):
            raise NotImplementedError("pow: not implemented for bool: convert the operands first, as with .long()")
        return np.logical_or(input, np.logical_not(exponent))
    if np.all(np.asarray(exponent) >= 0):
        return np.power(input, exponent)
    if not hasattr(exponent, "dtype"):
        raise RuntimeError("pow: Integers to negative integer powers are not allowed. Use a floating point base.")
    negative = exponent < 0
    power = np.power(input, np.where(negative, exponent & 1, exponent))
    return np.where(negative & (np.absolute(input) != 1), power.dtype.type(0), power)


@composite(np.float_power, methods=("float_power", "float_power_"), out=True)
def float_power(input: Array, exponent: Array) -> Array:
    """``input ** exponent``, computed in float64 whatever the operands are.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.float_power.html
    """
    return pow(*(value.double() if isinstance(value, Tensor) else float(value) for value in (input, exponent)))


@composite(np.square, **in_both_forms("square"), out=True)
def square(input: Array) -> Array:
    """``input * input``. Source: https://docs.pytorch.org/docs/stable/generated/torch.square.html"""
    return mul(input, input) if input.dtype.kind != "b" else pow(input, 2)


@composite(np.reciprocal, **in_both_forms("reciprocal"), out=True)
def reciprocal(input: Array) -> Array:
    """``1 / input``; integers are converted to floating point numbers first.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.reciprocal.html
    """
    return true_divide(1.0, input)


@operation(
    np.negative, methods=("neg", "neg_", "negative", "negative_", "__neg__"),
    public=("neg", "neg_", "negative", "negative_"), elementwise=True, out=True,
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
    np.absolute, methods=("abs", "abs_", "absolute", "absolute_", "__abs__"),
    public=("abs", "abs_", "absolute"),
    elementwise=True, out=True, kinks=(0.0,),
)  # fmt: skip
@derivatives(input=lambda g, input: g * np.where(input == input, np.sign(input), 0.0))
def abs(input: Array) -> Array:
    """The absolute value; its derivative at 0 and at nan is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.abs.html
    """
    if input.dtype.kind == "b":
        raise NotImplementedError("abs: not implemented for bool, which is never negative")
    return np.absolute(input)


@operation(np.sign, public=(), label="sign", elementwise=True)
@derivatives(input=lambda g: np.zeros_like(g))
def sign_or_nan(input: Array) -> Array:
    """-1, 0 or 1, the sign of each element, as NumPy has it: nan for nan. Its derivative is 0."""
    return np.sign(input)


@operation(
    methods=("sign", "sign_", "sgn", "sgn_"), public=("sign", "sgn"), elementwise=True, out=True, kinks=(0.0,),
)  # fmt: skip
@derivatives(input=lambda g: np.zeros_like(g))
def sign(input: Array) -> Array:
    """-1, 0 or 1, the sign of each element, 0 for nan; its derivative is 0. ``sgn`` is the same for real numbers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sign.html
    """
    if input.dtype.kind == "b":
        return np.logical_or(input, input)
    signs = np.sign(input)
    return signs if input.dtype.kind != "f" else np.where(signs == signs, signs, np.zeros_like(signs))


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


# Combined


@composite()
def rsub(input: Array, other: Array, *, alpha: float = 1) -> Array:
    """``other - alpha * input``: ``sub`` with the operands exchanged.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sub.html
    """
    return sub(other, input, alpha=alpha)


@operation(
    public=(), label="lerp", elementwise=True,
    samples=lambda make: [
        (make(3, 2), make(2), make(3, 1)), (make(2, 2), make(2, 2), 0.3), (make(2), make(2), 0.7),
        (make(), make(), make()), (make(0, 2), make(2), 0.5),
    ],
)  # fmt: skip
@derivatives(
    input=lambda g, weight: g * (1 - weight),
    end=lambda g, weight: g * weight,
    weight=lambda g, input, end: g * (end - input),
)
def interpolate(input: Array, end: Array, weight: Array) -> Array:
    """``input + weight * (end - input)``, from the nearer end."""
    difference = np.subtract(end, input)
    if hasattr(weight, "dtype"):
        near = np.absolute(weight) < 0.5
        return np.where(near, input + difference * weight, end - difference * (1 - weight))
    return input + difference * weight if -0.5 < weight < 0.5 else end - difference * (1 - weight)


@composite(methods=("lerp", "lerp_"), out=True)
def lerp(input: Array, end: Array, weight: Array) -> Array:
    """``input + weight * (end - input)``: from ``input`` at weight 0 to ``end``, exactly, at weight 1.

    All have one floating point dtype; ``weight`` may also be a number, or a tensor without dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.lerp.html
    """
    check_tensors("lerp", input=input, end=end)
    for name, value in (("end", end), ("weight", weight)):
        number = name == "weight" and not getattr(value, "ndim", 0)
        if not number and value.dtype != input.dtype:
            raise RuntimeError(f"lerp: expected dtype {input.dtype} for `{name}` but got dtype {value.dtype}")
    if not (isinstance(weight, Tensor) and weight.is_floating_point()):  # beside which integers are promoted
        check_kind("lerp", "f", input)
    return interpolate(input, end, weight)


@composite(methods=("addcmul", "addcmul_"), out=True)
def addcmul(input: Array, tensor1: Array, tensor2: Array, *, value: float = 1) -> Array:
    """``input + value * tensor1 * tensor2``, elementwise with broadcasting.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.addcmul.html
    """
    check_tensors("addcmul", input=input, tensor1=tensor1, tensor2=tensor2)
    product = mul(tensor1, tensor2)
    if input.dtype.kind == product.dtype.kind == "b":
        check_kind("addcmul", "iuf", input)
    return add(input, product, alpha=_number("addcmul", value))


@composite(methods=("addcdiv", "addcdiv_"), out=True)
def addcdiv(input: Array, tensor1: Array, tensor2: Array, *, value: float = 1) -> Array:
    """``input + value * tensor1 / tensor2``, elementwise with broadcasting.

    Raises RuntimeError when both ``tensor1`` and ``tensor2`` are integers: convert one with ``.float()``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.addcdiv.html
    """
    check_tensors("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    if "f" not in (tensor1.dtype.kind, tensor2.dtype.kind):
        raise RuntimeError(
            f"addcdiv: Integer division with addcdiv is not supported (tensor1 is {tensor1.dtype}, tensor2 is "
            f"{tensor2.dtype}): convert one of them with .float()"
        )
    return add(input, true_divide(tensor1, tensor2), alpha=_number("addcdiv", value))


def _number(function: str, value: Any) -> Any:
    if isinstance(value, (bool, int, float, np.number, np.bool)):
        return value
    raise TypeError(f"{function}(): argument 'value' must be Number, not {type(value).__name__}; use .item()")
