"""The same numbers by calls that NumPy makes faster. What others make faster is another matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..capture import astype
from ..program import Block, Call, Program, Value
from .common import without_repetitions
from .dead import without_dead_calls
from .functions import reinterpreted, window
from .rewriting import Draft, contiguous_strides
from .scalars import hoisted

BRANCHING = 1024  # elements: from here on, branches that are predicted wrongly cost more than further calls


def rephrased(program: Program) -> Program:
    """Calls that NumPy makes slowly, for no good reason, as others that give the same bits."""
    draft = Draft(program)
    for call in program.calls:
        new = draft.updated(call)
        rephrase = _REPHRASINGS.get(new.function)
        if rephrase is None or not rephrase(draft, new):
            draft.calls.append(new)
    return without_dead_calls(without_repetitions(hoisted(draft.finish())))


def _where(draft: Draft, call: Call) -> bool:
    """``where`` branches at every element: large ones are put together from bits, ``b ^ ((a ^ b) & -condition)``."""
    if len(call.args) != 3 or call.kwargs or call.results[0].size < BRANCHING:
        return False
    (condition, *choices), (result,) = call.args, call.results
    whole = [item for item in (condition, *choices) if _is_whole(item, result)]
    if condition not in whole or len(whole) < 2 or condition.dtype != np.bool_ or not _is_whole(result, result):
        return False
    if result.dtype.kind not in "fiu" or result.dtype.itemsize not in (4, 8):
        return False
    if not all(
        _is_number(item) or (item.dtype == result.dtype and (item in whole or not item.shape)) for item in choices
    ):
        return False
    integer = np.dtype(f"i{result.dtype.itemsize}")
    one, other = (_bits(draft, item, result.dtype, integer) for item in choices)

    def make(function: Any, *args: Any) -> Value:
        return _made(draft, call, function, args, integer)

    mask = make(astype, condition, integer)
    if _is_zero(one):
        made = make(np.bitwise_and, other, make(np.subtract, mask, 1))
    elif _is_zero(other):
        made = make(np.bitwise_and, one, make(np.negative, mask))
    else:
        differing = make(np.bitwise_and, make(np.bitwise_xor, one, other), make(np.negative, mask))
        made = make(np.bitwise_xor, differing, other)
    draft.move(result.block, made.block, 0)
    draft.calls.append(Call(reinterpreted, (made, result.dtype), {}, (draft.now(result),), place=call.place))
    return True


def _is_whole(item: Any, result: Value) -> bool:
    return isinstance(item, Value) and item.shape == result.shape and item.contiguous


def _is_number(item: Any) -> bool:
    return isinstance(item, (bool, int, float, np.generic))


def _is_zero(bits: Any) -> bool:
    return isinstance(bits, np.generic) and bits == 0


def _bits(draft: Draft, item: Any, dtype: np.dtype[Any], integer: np.dtype[Any]) -> Any:
    """A value, or a number, as integers."""
    if not isinstance(item, Value):
        return np.asarray(item).astype(dtype).view(integer)[()]
    if item.block.kind == "constant" and not item.shape:
        return np.ndarray((), integer, item.block.array, item.offset)[()]
    value = draft.value(item.block, item)
    value.dtype = integer
    draft.calls.append(Call(reinterpreted, (item, integer), {}, (value,)))
    return value


def _made(draft: Draft, call: Call, function: Any, args: tuple[Any, ...], dtype: np.dtype[Any]) -> Value:
    """The result of a new call, of the shape of the result of the old one."""
    shape = call.results[0].shape
    block = Block("own", call.results[0].size * dtype.itemsize)
    like = Value(-1, block, shape, dtype, contiguous_strides(shape, dtype.itemsize), 0)
    value = draft.value(block, like)
    draft.calls.append(Call(function, args, {}, (value,), place=call.place, update=call.update))
    return value


def _vdot(draft: Draft, call: Call) -> bool:
    """``vdot`` of real arrays is ``dot`` of them in one dimension, which can write its result to a given place."""
    (result,) = call.results
    if len(call.args) != 2 or call.kwargs or result.dtype.kind != "f":
        return False
    if not all(isinstance(v, Value) and v.contiguous and v.size > 1 and v.dtype == result.dtype for v in call.args):
        return False
    flat = []
    for array in call.args:
        itemsize = array.dtype.itemsize
        like = Value(-1, array.block, (array.size,), array.dtype, (itemsize,), array.offset)
        flat.append(draft.value(array.block, like))
        arguments = (array, (array.size,), (itemsize,), 0)
        draft.calls.append(Call(window, arguments, {}, (flat[-1],)))
    draft.calls.append(Call(np.dot, tuple(flat), {}, (result,), place=call.place, update=call.update))
    return True


def _reduction(reduce: Any) -> Callable[[Draft, Call], bool]:
    """``sum`` and its like are Python functions, which call the ``reduce`` of a ufunc in the end."""

    def rephrase(draft: Draft, call: Call) -> bool:
        given = dict(zip(("array", "axis"), call.args, strict=False)) | call.kwargs
        array = given.pop("array", None)
        if len(call.args) > 2 or given.keys() - {"axis", "keepdims"} or not isinstance(array, Value):
            return False
        draft.calls.append(replace(call, function=reduce, args=(array,), kwargs={"axis": None, **given}))
        return True

    return rephrase


_REPHRASINGS: dict[Any, Callable[[Draft, Call], bool]] = {
    np.where: _where,
    np.vdot: _vdot,
    np.sum: _reduction(np.add.reduce),
    np.prod: _reduction(np.multiply.reduce),
    np.max: _reduction(np.maximum.reduce),
    np.min: _reduction(np.minimum.reduce),
}
