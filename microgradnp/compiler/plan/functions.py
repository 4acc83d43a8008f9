"""What is known of the functions that are called. Of any other function nothing is assumed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..capture import WRITING, astype, copied, getitem
from ..program import Call, Value, values_in

# NumPy's functions that call functions of the user, or that take memory without filling it.
_NOT_PURE = frozenset({np.apply_along_axis, np.apply_over_axes, np.piecewise, np.empty_like, *WRITING})


def is_pure(function: Any) -> bool:
    """Whether its results are new values, or views, that depend on nothing but its arguments."""
    ufunc = ufunc_of(function)
    if ufunc is not None:
        return function.__name__ != "at" and not any("O" in kinds for kinds in ufunc.types[:1])
    module = getattr(function, "__module__", None) or ""
    if module.startswith("microgradnp.ops"):
        return not getattr(function, "checks", False)
    if module.partition(".")[0] != "numpy" or module.startswith("numpy.random"):
        return function in (getitem, astype, copied, window, reinterpreted, side_by_side)
    return function not in _NOT_PURE


def ufunc_of(function: Any) -> np.ufunc | None:
    """The ufunc that a function is, or is a method of (``add.reduce``)."""
    function = function if isinstance(function, np.ufunc) else getattr(function, "__self__", None)
    return function if isinstance(function, np.ufunc) else None


def makes(call: Call) -> tuple[Value, ...]:
    """The results of a call that are new memory; the others look into that of its operands."""
    if not call.results:
        return ()
    blocks = [value.block for value in call.given]
    return tuple([value for value in call.results if value.block not in blocks])


def is_view(call: Call) -> bool:
    """Whether a call computes nothing: its results look into the memory of its operands."""
    return bool(call.results) and not getattr(call.function, "checks", False) and not makes(call)


def is_elementwise(call: Call) -> bool:
    """A ufunc with one result, called with no options but ``out``: each element comes from those at its place.

    (And ``order``, which the strides of the result tell as well.)
    """
    function = call.function
    return (
        isinstance(function, np.ufunc)
        and function.signature is None
        and function.nout == 1
        and call.kwargs.keys() <= {"out", "order"}
        and len(call.args) in (function.nin, function.nin + 1)
    )


def operands(call: Call) -> tuple[Any, ...]:
    """What the call of a ufunc computes with."""
    function: Any = call.function
    return call.args[: function.nin]


def targets(call: Call) -> tuple[Value, ...]:
    """The values that were there before and that the call writes to."""
    out = call.kwargs.get("out")
    outs = out if isinstance(out, tuple) else (out,)
    return call.writes + tuple(v for v in outs if isinstance(v, Value) and v not in call.writes)


def reads(call: Call) -> Iterator[Value]:
    """The values whose contents a call may read; what is only ``out`` is not among them."""
    if is_elementwise(call):
        yield from values_in(operands(call))
        return
    out = {id(v) for v in values_in(call.kwargs.get("out"))}
    yield from (v for v in call.given if id(v) not in out)


def loop_dtypes(call: Call) -> tuple[np.dtype[Any], ...] | None:
    """The dtypes in which an elementwise call takes its operands and gives its result; None where NumPy won't say."""
    function: Any = call.function
    kinds: list[Any] = []
    for item in operands(call):
        if isinstance(item, bool):
            kinds.append(np.dtype(bool))
        elif type(item) in (int, float, complex):
            kinds.append(type(item))
        elif isinstance(item, (Value, np.generic)):
            kinds.append(item.dtype)
        else:
            return None
    try:
        return function.resolve_dtypes((*kinds, None))
    except (TypeError, ValueError):
        return None


# What plans call besides NumPy


def window(array: np.ndarray, shape: tuple[int, ...], strides: tuple[int, ...], offset: int) -> np.ndarray:
    """The memory of an array, seen in another form."""
    return np.ndarray(shape, array.dtype, array, offset, strides)


def reinterpreted(array: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """The bits of an array, as another dtype of the same size."""
    return array.view(dtype)


def side_by_side(*arrays: np.ndarray) -> np.ndarray:
    """The elements of several arrays, one after the other."""
    return np.concatenate([np.ravel(array) for array in arrays])
