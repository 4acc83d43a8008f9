"""What NumPy's functions compute from one element of each operand, as Numba is to be told."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..capture import astype, copied
from ..plan.functions import is_elementwise, loop_dtypes, operands, side_by_side, targets
from ..plan.rewriting import contiguous_strides
from ..program import Call, Value

OPERATORS = {
    np.add: "{} + {}", np.subtract: "{} - {}", np.multiply: "{} * {}", np.divide: "{} / {}", np.negative: "-{}",
    np.positive: "{}", np.square: "{0} * {0}", np.greater: "{} > {}", np.greater_equal: "{} >= {}", np.less: "{} < {}",
    np.less_equal: "{} <= {}", np.equal: "{} == {}", np.not_equal: "{} != {}", np.absolute: "abs({})",
    np.logical_not: "not {}", np.logical_and: "({} != 0) & ({} != 0)", np.logical_or: "({} != 0) | ({} != 0)",
    np.bitwise_and: "{} & {}", np.bitwise_or: "{} | {}", np.bitwise_xor: "{} ^ {}", np.isnan: "{0} != {0}",
    np.maximum: "{0} if {0} >= {1} or {0} != {0} else {1}", np.minimum: "{0} if {0} <= {1} or {0} != {0} else {1}",
}  # fmt: skip
# By calls of the same name; these take many times as long as NumPy's vectorized ones.
FAST = {np.exp: "exp", np.log: "log", np.tanh: "tanh"}  # by functions of ``elementary.py``, named after their dtypes
SLOW = frozenset({
    np.exp2, np.expm1, np.log2, np.log10, np.log1p, np.sin, np.cos, np.tan, np.sinh, np.cosh,
    np.arcsin, np.arccos, np.arctan, np.arctan2, np.arcsinh, np.arccosh, np.arctanh, np.power, np.float_power,
    np.logaddexp, np.hypot,
})  # fmt: skip
CALLS = (
    SLOW
    | FAST.keys()
    | {
        np.sqrt,
        np.reciprocal,
        np.sign,
        np.floor,
        np.ceil,
        np.trunc,
        np.rint,
        np.copysign,
        np.isfinite,
        np.isinf,
    }
)
FUNCTIONS = frozenset(OPERATORS) | CALLS
COPIES = (np.copy, copied, astype, np.ascontiguousarray)
NUMBERS = frozenset(map(np.dtype, ("bool", "int8", "int16", "int32", "int64", "uint8", "float32", "float64")))
# Where Numba computes something else than NumPy, or nothing at all: the dtypes in which a function is right.
_FLOATS = frozenset(map(np.dtype, ("float32", "float64")))
_TAKEN = {
    np.exp2: {np.dtype("float64")},
    np.log2: {np.dtype("float64")},
    np.power: _FLOATS,
    np.reciprocal: _FLOATS,
    np.sign: NUMBERS - {np.dtype("uint8")},
}


class Formula:
    """One call as a formula for each element: what it reads, in which dtypes, the text, and what it gives."""

    def __init__(self, reads: tuple[Any, ...], dtypes: tuple[Any, ...], text: str, result: Value, dtype: Any) -> None:
        self.reads, self.dtypes, self.text, self.result, self.dtype = reads, dtypes, text, result, dtype


def formulas_of(call: Call) -> tuple[Formula, ...]:
    """A call element by element; nothing if it is none, or none that is known here."""
    found = _of_ufunc(call) or _of_copy(call) or _of_where(call)
    formulas = (found,) if found is not None else _of_joining(call)
    return formulas if all(map(_known, formulas)) else ()


def _known(formula: Formula) -> bool:
    kinds = [item.dtype for item in formula.reads if isinstance(item, (Value, np.generic))]
    return {*kinds, *formula.dtypes, formula.dtype, formula.result.dtype} <= NUMBERS


def _of_ufunc(call: Call) -> Formula | None:
    if not is_elementwise(call) or call.function not in FUNCTIONS:
        return None
    dtypes, result = loop_dtypes(call), (*targets(call), *call.results)
    if dtypes is None or len(result) != 1 or dtypes[0] not in _TAKEN.get(call.function, NUMBERS):
        return None
    function: Any = call.function
    name = f"{FAST[function]}_{dtypes[-1].name}" if function in FAST else f"np.{function.__name__}"
    text = OPERATORS.get(function) or f"{name}({', '.join(['{}'] * function.nin)})"
    return Formula(operands(call), dtypes[:-1], text, result[0], dtypes[-1])


def _of_copy(call: Call) -> Formula | None:
    if call.function is np.copyto and len(call.args) == 2 and not call.kwargs:
        result, value = call.args
    elif call.function in COPIES and len(call.results) == 1 and not call.writes:
        result, value = call.results[0], call.args[0]
    else:
        return None
    if not isinstance(value, Value):
        return None
    return Formula((value,), (value.dtype,), "{}", result, value.dtype)


def _of_where(call: Call) -> Formula | None:
    if call.function is not np.where or len(call.args) != 3 or call.kwargs or len(call.results) != 1:
        return None
    if not all(isinstance(item, (Value, int, float)) for item in call.args):
        return None
    result = call.results[0]
    return Formula(call.args, (np.dtype(bool), result.dtype, result.dtype), "{1} if {0} else {2}", result, result.dtype)


def _of_joining(call: Call) -> tuple[Formula, ...]:
    """Each array is copied to its place, which costs nothing if it is there."""
    if call.function is not side_by_side:
        return ()
    formulas, (whole,), offset = [], call.results, 0
    for array in call.args:
        strides = contiguous_strides(array.shape, array.dtype.itemsize)
        part = Value(whole.number, whole.block, array.shape, array.dtype, strides, whole.offset + offset)
        formulas.append(Formula((array,), (array.dtype,), "{}", part, array.dtype))
        offset += array.size * array.dtype.itemsize
    return tuple(formulas)


def constant(number: Any, dtype: np.dtype[Any]) -> str:
    """A number of a dtype, as text."""
    if dtype.kind == "f":
        value = float(number)
        text = repr(value) if math.isfinite(value) else "np.nan" if value != value else f"{'-' * (value < 0)}np.inf"
        return f"np.{dtype.name}({text})"
    return f"np.{_name(dtype)}({int(number)})"


def cast(text: str, have: np.dtype[Any], want: np.dtype[Any]) -> str:
    """An expression converted to another dtype."""
    if have == want:
        return text
    return f"({text} != 0)" if want.kind == "b" else f"np.{_name(want)}({text})"


def rounded(text: str, dtype: np.dtype[Any]) -> str:
    """An expression in exactly this dtype, where Numba might compute in a wider one."""
    return text if dtype.itemsize == 8 else f"np.{_name(dtype)}({text})"


def _name(dtype: np.dtype[Any]) -> str:
    return "bool_" if dtype.kind == "b" else dtype.name
