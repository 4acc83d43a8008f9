"""How a call is written in Python so that its result goes to an array that is already there.

Each writer takes a call, the text of an argument and the text of a result, and gives a line of source, or None if
NumPy cannot do that without changing a number: then the call makes its result anew, and it has a name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .capture import astype, copied, setitem
from .plan.functions import is_elementwise, operands, side_by_side, targets, ufunc_of
from .plan.rewriting import contiguous_strides
from .program import Call, Value

Text = Callable[[Any], str]
Writer = Callable[[Call, Text], "str | None"]


def written(call: Call, text: Text) -> str | None:
    """The line for a call that returns nothing new, or whose results lie in arrays that are already there."""
    if targets(call):
        return None if call.results else _writing(call, text)
    if not call.results or any(item.dtype.hasobject for item in call.results):
        return None
    function = call.function
    if isinstance(function, np.ufunc):
        return _ufunc(call, text)
    if ufunc_of(function) is not None:
        return _REDUCERS[function.__name__](call, text) if function.__name__ in _REDUCERS else None
    writer = _WRITERS.get(function)
    return writer(call, text) if writer is not None and len(call.results) == 1 else None


def plain(call: Call, text: Text) -> str:
    """A call as it stands."""
    parts = [text(item) for item in call.args]
    parts += [f"{name}={text(item)}" for name, item in call.kwargs.items()]
    return f"{text(call.function)}({', '.join(parts)})"


def _writing(call: Call, text: Text) -> str:
    if call.function is setitem:
        array, index, value = map(text, call.args)
        return f"{array}[{index}] = {value}"
    if is_elementwise(call):
        return _into(call, targets(call), {}, text)
    return plain(call, text)


def _ufunc(call: Call, text: Text) -> str | None:
    function: Any = call.function
    if len(call.args) != function.nin or call.kwargs.keys() - {"dtype", "order"} or len(call.results) != function.nout:
        return None
    options = {name: item for name, item in call.kwargs.items() if name != "order"}  # that of the result's memory
    return _into(call, call.results, options, text)


def _into(call: Call, outs: tuple[Value, ...], options: dict[str, Any], text: Text) -> str:
    """A ufunc's call: its ``out`` by position is faster than by name, which NumPy wants for two of them."""
    by_name = call.function in (np.maximum, np.minimum)
    parts = [*map(text, operands(call))]
    parts += [f"out={text(outs[0])}"] if by_name else map(text, outs)
    return f"{text(call.function)}({', '.join([*parts, *(f'{name}={text(item)}' for name, item in options.items())])})"


def _reduce(call: Call, text: Text) -> str | None:
    """``reduce(array, axis, dtype, out, keepdims)``. NumPy computes in the dtype of ``out``: it must be the array's."""
    given = dict(zip(("array", "axis", "dtype"), call.args, strict=False)) | call.kwargs
    array, (result,) = given.pop("array"), call.results
    axis, dtype, keepdims = given.pop("axis", 0), given.pop("dtype", None), given.pop("keepdims", False)
    initial = (given.pop("initial"),) if "initial" in given else ()
    if given or dtype is not None or len(call.args) > 3 or not isinstance(array, Value) or array.dtype != result.dtype:
        return None
    return f"{text(call.function)}({', '.join(map(text, (array, axis, None, result, keepdims, *initial)))})"


def _accumulate(call: Call, text: Text) -> str | None:
    given = dict(zip(("array", "axis"), call.args, strict=False)) | call.kwargs
    array, (result,) = given.pop("array"), call.results
    axis = given.pop("axis", 0)
    if given or len(call.args) > 2 or not isinstance(array, Value) or array.dtype != result.dtype:
        return None
    return f"{text(call.function)}({', '.join(map(text, (array, axis, None, result)))})"


def _dot(call: Call, text: Text) -> str | None:
    (result,) = call.results
    values = all(isinstance(item, Value) and item.shape and item.dtype == result.dtype for item in call.args)
    if call.kwargs or len(call.args) != 2 or not values or not result.contiguous:
        return None
    return f"{text(call.function)}({', '.join(map(text, (*call.args, result)))})"


def _einsum(call: Call, text: Text) -> str | None:
    (result,) = call.results
    same = all(isinstance(item, Value) and item.dtype == result.dtype for item in call.args[1:])
    if call.kwargs or not isinstance(call.args[0], str) or not same:
        return None
    return f"{text(call.function)}({', '.join(map(text, call.args))}, out={text(result)})"


def _joined(call: Call, text: Text) -> str | None:
    given = dict(zip(("arrays", "axis"), call.args, strict=False)) | call.kwargs
    arrays, axis, (result,) = given.pop("arrays"), given.pop("axis", 0), call.results
    if given or not all(isinstance(item, Value) and item.dtype == result.dtype for item in arrays):
        return None
    return f"{text(call.function)}({text(arrays)}, {text(axis)}, {text(result)})"


def _copy(call: Call, text: Text) -> str | None:
    return f"{text(call.results[0])}[...] = {text(call.args[0])}"


def _reshape(call: Call, text: Text) -> str | None:
    """A reshape that has to copy: into the same memory, seen in the old shape."""
    array, (result,) = call.args[0], call.results
    if len(call.args) != 2 or call.kwargs or not result.contiguous:
        return None
    return f"{text(result)}.reshape({text(array.shape)})[...] = {text(array)}"


def _side_by_side(call: Call, text: Text) -> str | None:
    """Each array is copied to its place, unless it is there."""
    (result,), offset, lines = call.results, 0, []
    for array in call.args:
        strides = contiguous_strides(array.shape, array.dtype.itemsize)
        part = text(Value(-1, result.block, array.shape, result.dtype, strides, offset))
        lines += [f"{part}[...] = {text(array)}"] if part != text(array) else []
        offset += array.size * array.dtype.itemsize
    return "; ".join(lines)


def _nothing(call: Call, text: Text) -> str | None:
    return ""


def _filled(number: int) -> Writer:
    return lambda call, text: f"{text(call.results[0])}.fill({number})"


_REDUCERS: dict[str, Writer] = {"reduce": _reduce, "accumulate": _accumulate}
_WRITERS: dict[Any, Writer] = {
    np.dot: _dot,
    np.einsum: _einsum,
    np.concatenate: _joined,
    np.copy: _copy,
    copied: _copy,
    astype: _copy,
    np.ascontiguousarray: _copy,
    np.reshape: _reshape,
    side_by_side: _side_by_side,
    np.empty_like: _nothing,
    np.zeros_like: _filled(0),
    np.ones_like: _filled(1),
}
