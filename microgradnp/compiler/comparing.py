"""Whether two captured runs are the same: what differs from run to run would be frozen by a replay."""

from __future__ import annotations

from typing import Any

import numpy as np

from .arguments import value_key
from .program import BESIDE, Block, Call, Program, Value


def difference(one: Program, other: Program) -> str | None:
    """Where two programs differ, for an error; None if they do the same."""
    known: dict[Block, Block] = {}
    for a, b in zip(one.calls, other.calls, strict=False):
        if text := _between(a, b, known):
            file, line = b.place
            return f"{file}, line {line}: {text}"
    if len(one.calls) != len(other.calls):
        file, line = max(one.calls, other.calls, key=len)[min(len(one.calls), len(other.calls))].place
        return f"{file}, line {line}: {len(one.calls)} NumPy calls in one run and {len(other.calls)} in the next"
    for a, b in zip((*one.fresh, *one.kept), (*other.fresh, *other.kept), strict=False):
        if text := _value(a, b, known):
            return f"an output: {text}"
    if len(one.fresh) != len(other.fresh) or len(one.kept) != len(other.kept):
        return "the runs leave different numbers of tensors and gradients behind"
    for before, block in known.items():
        if block.kind == "outside" and before.array is not block.array:  # made inside, with the same values
            block.kind, block.array = "constant", block.array.copy("K")
    return None


def _between(a: Call, b: Call, known: dict[Block, Block]) -> str | None:
    if a.function != b.function:
        return f"{_name(a.function)}() in one run, {_name(b.function)}() in the next"
    if text := _structure((a.args, a.kwargs), (b.args, b.kwargs), known):
        return f"{_name(b.function)}(): {text}"
    for x, y in zip(a.results, b.results, strict=False):
        if text := _value(x, y, known):
            return f"{_name(b.function)}(): {text}"
    return None if len(a.results) == len(b.results) else f"{_name(b.function)}(): other results"


def _name(function: Any) -> str:
    return getattr(function, "__name__", str(function))


def _structure(a: Any, b: Any, known: dict[Block, Block]) -> str | None:
    if type(a) is not type(b):
        return f"an argument is {a!r} in one run and {b!r} in the next"
    if isinstance(a, Value):
        return _value(a, b, known)
    if isinstance(a, (tuple, list)) and len(a) == len(b):
        return next((text for x, y in zip(a, b, strict=True) if (text := _structure(x, y, known))), None)
    if isinstance(a, dict) and a.keys() == b.keys():
        return _structure(list(a.values()), list(b.values()), known)
    if isinstance(a, slice):
        return _structure((a.start, a.stop, a.step), (b.start, b.stop, b.step), known)
    same = value_key(a) == value_key(b) if isinstance(a, float) else a is b or a == b
    return None if same else f"an argument is {a!r} in one run and {b!r} in the next"


def _value(a: Value, b: Value, known: dict[Block, Block]) -> str | None:
    if (a.shape, a.dtype) != (b.shape, b.dtype):
        return f"{a.dtype} array of shape {a.shape} in one run, {b.dtype} of shape {b.shape} in the next"
    if (a.strides, a.offset, a.block.kind) != (b.strides, b.offset, b.block.kind):
        return f"an array of shape {a.shape} lies elsewhere in memory in the next run"
    if a.block in known:
        return None if known[a.block] is b.block else f"another array of shape {a.shape} in the next run"
    known[a.block] = b.block
    if a.block.kind == "outside" and a.block.array is not b.block.array:
        if a.block.index == b.block.index == BESIDE:
            return None if _same_contents(a.block.array, b.block.array) else _other_values(a)
        return f"another tensor of shape {a.shape} from outside in the next run"
    if a.block.kind == "argument" and a.block.index != b.block.index:
        return "another argument in the next run"
    if a.block.kind == "constant" and not _same_contents(a.block.array, b.block.array):
        return _other_values(a)
    return None


def _other_values(value: Value) -> str:
    return (
        f"a constant of shape {value.shape} has other values in the next run: pass what changes as a tensor argument, "
        "or keep it in a tensor"
    )


def _same_contents(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes("K") == b.tobytes("K")
