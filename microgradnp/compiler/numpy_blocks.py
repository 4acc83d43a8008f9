"""Elementwise calls on large arrays, block by block: what one call writes is in the cache when the next reads it.

    for b0, b1, b2 in blocks: multiply(b0, x1, b0); add(b0, b1, b0); subtract(b2, b0, b2)

What only these calls need is in one block's memory, used again for every block.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from .capture import astype, copied
from .numpy_writers import Text, written
from .plan.functions import is_elementwise, operands, targets
from .plan.rewriting import Facts
from .program import Call, Value

LARGE = 1 << 18  # bytes: a third of such arrays fits into the second cache
BLOCK = 1 << 17


def shape_of(call: Call, has_place: Callable[[Value], bool]) -> tuple[int, ...] | None:
    """The shape of all arrays of a call that can be made block by block, else None."""
    if not is_elementwise(call) and call.function not in (astype, np.copy, copied):
        return None
    values = _values(call)
    result = values[-1]
    same = all(value.shape == result.shape and value.contiguous for value in values if value.shape)
    if not result.shape or not same or not all(map(has_place, values)) or result.size * result.dtype.itemsize < LARGE:
        return None
    return result.shape


def _values(call: Call) -> list[Value]:
    """What an elementwise call, or a copy, reads and what it writes."""
    read = operands(call) if is_elementwise(call) else call.args[:1]
    return [item for item in (*read, *call.results, *targets(call)) if isinstance(item, Value)]


class Blocks:
    """A run of calls on arrays of one shape, and the blocks of these."""

    def __init__(self, calls: list[tuple[int, Call]], facts: Facts, array_of: Callable[[Value], np.ndarray]) -> None:
        self.calls = calls
        self._array_of = array_of
        first, last = calls[0][0], calls[-1][0]
        self._arrays: dict[Any, np.ndarray] = {}
        self._numbers: set[Any] = set()  # 0-d arrays
        lasting: set[Any] = set()
        for _, call in calls:
            for value in _values(call):
                if not value.shape:
                    self._numbers.add(self._key(value))
                else:
                    key = self._key(value)
                    self._arrays[key] = array_of(value).reshape(-1)
                    if not first <= facts.definitions.get(value.block, -1) <= facts.last_use[value.block] <= last:
                        lasting.add(key)
        self._names = {key: f"b{i}" for i, key in enumerate(self._arrays)}
        self._passing = self._arrays.keys() - lasting

    def _key(self, value: Value) -> Any:
        return self._array_of(value).__array_interface__["data"][0], value.dtype

    def worthwhile(self) -> bool:
        """Whether there are several calls, and no arrays overlap: then the order of the elements does not matter."""
        places = [(key[0], key[0] + array.nbytes) for key, array in self._arrays.items()]
        places = sorted(places + [(address, address + dtype.itemsize) for address, dtype in self._numbers])
        return len(self.calls) > 1 and all(a[1] <= b[0] for a, b in itertools.pairwise(places))

    def line(self, text: Text, name: Callable[[Any], str]) -> str:
        """The loop over the blocks."""

        def in_block(item: Any) -> str:
            return self._names[self._key(item)] if isinstance(item, Value) and item.shape else text(item)

        body = "; ".join(written(call, in_block) or "" for _, call in self.calls)
        names = ", ".join(self._names.values()) + "," * (len(self._names) == 1)
        return f"for {names} in {name(self._blocks())}: {body}"

    def _blocks(self) -> list[tuple[np.ndarray, ...]]:
        size = next(iter(self._arrays.values())).size
        length = BLOCK // max(array.itemsize for array in self._arrays.values())
        passing = {key: np.empty(length, self._arrays[key].dtype) for key in self._passing}
        return [
            tuple(
                passing[key][: size - begin] if key in passing else array[begin : begin + length]
                for key, array in self._arrays.items()
            )
            for begin in range(0, size, length)
        ]
