"""Comparisons, logic, and choosing between two tensors."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..tensor import Tensor, make
from .arithmetic import in_both_forms, kind_of
from .record import Array, Index, check_tensors, composite, derivatives, operation


def _choices(make: Any) -> list[tuple[Any, ...]]:
    mask = np.array([[True], [False], [True]])
    return [
        (mask, make(3, 4), make(4)),
        (mask, make(2, 3, 1), 0.5),
        (mask[0], 0.5, make()),
        (mask[0, 0], make(0, 3), make(3)),
    ]


@operation(np.where, public=(), label="where", numbers=True, samples=_choices)
@derivatives(
    input=lambda g, condition: np.where(condition, g, 0.0),
    other=lambda g, condition: np.where(condition, 0.0, g),
)
def choose(condition: Index, input: Array, other: Array) -> Array:
    """``input`` where ``condition`` is true, else ``other``; all three are broadcast together."""
    kind = getattr(condition, "dtype", BOOL)
    if kind == UINT8:
        warnings.warn(
            "where received a uint8 condition tensor: masks are bool tensors; use condition != 0", stacklevel=3
        )
        condition = condition != 0
    elif kind != BOOL:
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor with dtype {kind}")
    out = np.where(condition, input, other)
    for value in (input, other):
        if value.__class__ is int and out.dtype.kind in "iu":  # NumPy would let it wrap around
            limits = np.iinfo(out.dtype)
            if not (limits.min or -limits.max) <= value <= limits.max:
                raise OverflowError(f"{value} beside {out.dtype}")
    return out


BOOL, UINT8 = np.dtype(bool), np.dtype("uint8")


@composite(out=True)
def where(condition: Index, input: Array = None, other: Array = None) -> Array:
    """``input`` where ``condition`` is true, else ``other``; all three are broadcast together.

    The gradient goes to the one that was chosen; the other gets 0. With ``condition`` alone: the indices of its true
    elements, one tensor for each dimension, as ``nonzero(as_tuple=True)``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.where.html

    >>> import microgradnp
    >>> x = microgradnp.tensor([-1.0, 2.0])
    >>> microgradnp.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    if input is None or other is None:
        raise TypeError("where(): takes condition alone, or condition, input and other")
    return choose(condition, input, other)


@composite(methods=("where",), public=())
def _where(self: Array, condition: Index, other: Array) -> Array:
    """The tensor's elements where ``condition`` is true, else those of ``other``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.where.html
    """
    return choose(condition, self, other)


@composite(np.fmax, methods=("fmax",), out=True)
def fmax(input: Array, other: Array) -> Array:
    """The larger of two elements, or the one that is a number; of two equal ones ``input``, which gets the gradient.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.fmax.html
    """
    check_tensors("fmax", input=input, other=other)
    return choose(logical_or(ge(input, other), ne(other, other)), input, other)


@composite(np.fmin, methods=("fmin",), out=True)
def fmin(input: Array, other: Array) -> Array:
    """The smaller of two elements, or the one that is a number; of two equal ones ``input``, which gets the gradient.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.fmin.html
    """
    check_tensors("fmin", input=input, other=other)
    return choose(logical_or(le(input, other), ne(other, other)), input, other)


# Comparisons give bool tensors, and bool tensors have no derivative.


@operation(np.equal, methods=("eq", "eq_", "__eq__"), elementwise=True, out=True)
def eq(input: Array, other: Array) -> Array:
    """``input == other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.eq.html"""
    return np.equal(input, other)


@operation(
    np.not_equal, methods=("ne", "ne_", "not_equal", "not_equal_", "__ne__"),
    public=("ne", "not_equal"), elementwise=True, out=True,
)  # fmt: skip
def ne(input: Array, other: Array) -> Array:
    """``input != other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.ne.html"""
    return np.not_equal(input, other)


@operation(
    np.less, methods=("lt", "lt_", "less", "less_", "__lt__"),
    public=("lt", "less"), elementwise=True, out=True,
)  # fmt: skip
def lt(input: Array, other: Array) -> Array:
    """``input < other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.lt.html"""
    return np.less(input, other)


@operation(
    np.less_equal, methods=("le", "le_", "less_equal", "less_equal_", "__le__"),
    public=("le", "less_equal"), elementwise=True, out=True,
)  # fmt: skip
def le(input: Array, other: Array) -> Array:
    """``input <= other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.le.html"""
    return np.less_equal(input, other)


@operation(
    np.greater, methods=("gt", "gt_", "greater", "greater_", "__gt__"),
    public=("gt", "greater"), elementwise=True, out=True,
)  # fmt: skip
def gt(input: Array, other: Array) -> Array:
    """``input > other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.gt.html"""
    return np.greater(input, other)


@operation(
    np.greater_equal, methods=("ge", "ge_", "greater_equal", "greater_equal_", "__ge__"),
    public=("ge", "greater_equal"), elementwise=True, out=True,
)  # fmt: skip
def ge(input: Array, other: Array) -> Array:
    """``input >= other``, elementwise: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.ge.html"""
    return np.greater_equal(input, other)


@operation(np.isclose, methods=("isclose",), elementwise=True, promotes=False)
def isclose(input: Array, other: Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """Whether ``|input - other| <= atol + rtol * |other|``, elementwise; infinities are close when they are equal.

    NaN is close to nothing, or with ``equal_nan`` to nan. Both have one dtype.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.isclose.html
    """
    for name, value in (("rtol", rtol), ("atol", atol)):
        if value < 0:
            raise RuntimeError(f"isclose: {name} must be greater than or equal to zero, but got {value}")
    if kind_of(input, other) != "f":
        input, other = np.asarray(input, np.float64), np.asarray(other, np.float64)
    difference = np.absolute(np.subtract(input, other))
    close = (difference <= atol + np.absolute(rtol * other)) & np.isfinite(difference) | np.equal(input, other)
    return close | (np.isnan(input) & np.isnan(other)) if equal_nan else close


@composite(np.allclose, methods=("allclose",))
def allclose(input: Array, other: Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements are close, as ``isclose`` says: a Python bool.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.allclose.html
    """
    return bool(np.all(isclose(input, other, rtol, atol, equal_nan)._array))


@composite(np.array_equal, methods=("equal",))
def equal(input: Array, other: Array) -> bool:
    """Whether two tensors have the same shape and the same elements (nan equals nothing): a Python bool.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.equal.html
    """
    if not (isinstance(input, Tensor) and isinstance(other, Tensor)):
        raise TypeError(f"equal(): both arguments must be Tensor, not {type(input).__name__}, {type(other).__name__}")
    return input.shape == other.shape and bool(np.all(eq(input, other)._array))


# Kinds of numbers


@operation(np.isnan, methods=("isnan",), elementwise=True)
def isnan(input: Array) -> Array:
    """Whether each element is nan: a bool tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.isnan.html"""
    return np.isnan(input)


@operation(np.isinf, methods=("isinf",), elementwise=True)
def isinf(input: Array) -> Array:
    """Whether each element is inf or -inf: a bool tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.isinf.html
    """
    return np.isinf(input)


@operation(np.isfinite, methods=("isfinite",), elementwise=True)
def isfinite(input: Array) -> Array:
    """Whether each element is neither infinite nor nan: a bool tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.isfinite.html
    """
    return np.isfinite(input)


@operation(np.isposinf, methods=("isposinf",), elementwise=True, out=True)
def isposinf(input: Array) -> Array:
    """Whether each element is inf: a bool tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.isposinf.html
    """
    return np.equal(input, np.inf)


@operation(np.isneginf, methods=("isneginf",), elementwise=True, out=True)
def isneginf(input: Array) -> Array:
    """Whether each element is -inf: a bool tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.isneginf.html
    """
    return np.equal(input, -np.inf)


@composite(np.isreal, methods=("isreal",))
def isreal(input: Array) -> Array:
    """Whether each element is a real number, which here all are: a bool tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.isreal.html
    """
    return make(np.ones(input._array.shape, bool))


@operation(np.signbit, methods=("signbit",), elementwise=True, out=True)
def signbit(input: Array) -> Array:
    """Whether the sign bit of each element is set, as it is of -0.0: a bool tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.signbit.html
    """
    return np.signbit(input) if input.dtype.kind == "f" else np.less(input, 0)


@composite(np.nan_to_num, **in_both_forms("nan_to_num"), out=True)
def nan_to_num(
    input: Array, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """nan, inf and -inf replaced by numbers: by default 0, the largest and the smallest number of the dtype.

    Where an element was replaced its gradient is 0. Integers stay as they are.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nan_to_num.html
    """
    if input.dtype.kind != "f":
        return input.clone()
    largest = float(np.finfo(input.dtype).max)
    out = choose(isnan(input), 0.0 if nan is None else float(nan), input)
    out = choose(isposinf(input), largest if posinf is None else float(posinf), out)
    return choose(isneginf(input), -largest if neginf is None else float(neginf), out)


@composite(np.heaviside, methods=("heaviside", "heaviside_"), out=True)
def heaviside(input: Array, values: Array) -> Array:
    """0 below 0, ``values`` at 0, 1 above, elementwise; 0 for nan. Both have one dtype.

    The gradient goes to ``values``, where ``input`` is 0; the derivative with respect to ``input`` is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.heaviside.html
    """
    if isinstance(values, Tensor) and isinstance(input, Tensor) and values.dtype != input.dtype:
        raise RuntimeError(
            f"heaviside: not implemented for tensors with different dtypes ({input.dtype} and {values.dtype}): convert "
            "one, as with .to(dtype)"
        )
    return choose(eq(input, 0), values, gt(input, 0).to(input.dtype))


# Logic: every number but 0 is true


@operation(np.logical_and, methods=("logical_and", "logical_and_"), elementwise=True, out=True)
def logical_and(input: Array, other: Array) -> Array:
    """Whether both elements are true (not 0): a bool tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logical_and.html
    """
    return np.logical_and(input, other)


@operation(np.logical_or, methods=("logical_or", "logical_or_"), elementwise=True, out=True)
def logical_or(input: Array, other: Array) -> Array:
    """Whether one of the elements, or both, are true (not 0): a bool tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logical_or.html
    """
    return np.logical_or(input, other)


@operation(np.logical_xor, methods=("logical_xor", "logical_xor_"), elementwise=True, out=True)
def logical_xor(input: Array, other: Array) -> Array:
    """Whether exactly one of the elements is true (not 0): a bool tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logical_xor.html
    """
    return np.logical_xor(input, other)


@operation(np.logical_not, methods=("logical_not", "logical_not_"), elementwise=True, out=True)
def logical_not(input: Array) -> Array:
    """Whether each element is 0: a bool tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logical_not.html
    """
    return np.logical_not(input)
