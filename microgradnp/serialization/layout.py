"""How tensors lie in memory: what a file has of each, and how those that share memory share it again.

A tensor alone on its memory becomes an array of the file under its own name. Of those that look into the same memory
the first that covers all of it does; if none covers it, the block of memory itself goes into the file. The others are
described by where they lie in there (``Fact``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypedDict

import numpy as np

from ..autograd.memory import owner_of

BLOCK = "#memory"  # ends the name of a block of memory that no tensor covers


class Fact(TypedDict, total=False):
    """What the file says of a tensor beside its values; nothing of an ordinary one."""

    strides: list[int]  # in bytes, where they are not those of C order
    within: str  # the name of the array in whose memory it lies,
    offset: int  # from this byte on,
    shape: list[int]
    dtype: str
    requires_grad: bool
    parameter: bool
    attributes: Any


class _Extent:
    """A tensor's array, and the bytes from the first to the last that it reaches."""

    def __init__(self, name: str, array: np.ndarray) -> None:
        self.name, self.array = name, array
        self.low, self.high = np.lib.array_utils.byte_bounds(array)

    def covers(self, low: int, high: int) -> bool:
        return (self.low, self.high) == (low, high) and _is_dense(self.array)

    def overlaps_itself(self) -> bool:
        return self.array.nbytes > self.high - self.low

    def fact(self, within: str, low: int) -> Fact:
        """Where it lies in a block of memory that begins at the address ``low``."""
        array = self.array
        offset = array.__array_interface__["data"][0] - low
        return Fact(
            within=within, offset=offset, shape=list(array.shape), strides=list(array.strides), dtype=array.dtype.name
        )


def free_name(name: str, taken: set[str]) -> str:
    """The name, with a number if it is taken; from now on it is."""
    stem, count = name, 1
    while name in taken:
        count += 1
        name = f"{stem}#{count}"
    taken.add(name)
    return name


def laid_out(arrays: dict[str, np.ndarray], taken: set[str]) -> tuple[dict[str, np.ndarray], dict[str, Fact]]:
    """The arrays that the file gets, each in C order, and what it says beside them, for the arrays of tensors."""
    stored: dict[str, np.ndarray] = {}
    facts: dict[str, Fact] = {}
    for group in _sharing(arrays):
        low, high = min(e.low for e in group), max(e.high for e in group)
        holder = next((extent for extent in group if extent.covers(low, high)), None)
        if holder is None and len(group) == 1 and not group[0].overlaps_itself():
            stored[group[0].name] = np.asarray(group[0].array, order="C")  # what lies between its elements is left out
            continue
        if holder is None:
            name = free_name(group[0].name + BLOCK, taken)
            stored[name] = _block(group, low, high)
        else:
            name = holder.name
            stored[name] = np.asarray(holder.array, order="C")
            if not holder.array.flags.c_contiguous:
                facts[name] = Fact(strides=list(holder.array.strides))
        facts.update({extent.name: extent.fact(name, low) for extent in group if extent is not holder})
    return stored, facts


def _sharing(arrays: dict[str, np.ndarray]) -> Iterator[list[_Extent]]:
    """Groups of arrays that reach into the same bytes; in each, the order of ``arrays``."""
    by_owner: dict[int, list[_Extent]] = {}
    for name, array in arrays.items():
        by_owner.setdefault(id(owner_of(array)) if array.size else id(array), []).append(_Extent(name, array))
    order = {name: i for i, name in enumerate(arrays)}
    for extents in by_owner.values():
        group: list[_Extent] = []
        reached = 0
        for extent in sorted(extents, key=lambda e: e.low):
            if group and extent.low >= reached:
                yield sorted(group, key=lambda e: order[e.name])
                group = []
            group.append(extent)
            reached = max(reached, extent.high)
        yield sorted(group, key=lambda e: order[e.name])


def _is_dense(array: np.ndarray) -> bool:
    """Whether its elements fill its memory, one each, in whatever order of its dimensions."""
    expected = array.itemsize
    for stride, size in sorted(zip(array.strides, array.shape, strict=True)):
        if size != 1:
            if stride != expected:
                return False
            expected *= size
    return True


def _block(group: Iterable[_Extent], low: int, high: int) -> np.ndarray:
    """The bytes of a block of memory, as far as the group knows them."""
    block = np.zeros(high - low, np.uint8)
    for extent in group:
        once = extent.array[tuple(slice(0, 1) if step == 0 else slice(None) for step in extent.array.strides)]
        offset = once.__array_interface__["data"][0] - low
        np.ndarray(once.shape, once.dtype, block, offset, once.strides)[...] = once
    return block


def in_order(array: np.ndarray, strides: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """A copy of an array whose elements lie ``strides`` bytes apart, and its memory."""
    memory = np.empty(array.size, array.dtype)
    out = np.ndarray(array.shape, array.dtype, memory, 0, tuple(strides))
    if not _is_dense(out):
        raise ValueError(f"strides {strides} of an array of shape {array.shape} leave gaps")
    out[...] = array
    return out, memory


def laid_into(memory: np.ndarray, fact: Mapping[str, Any], dtype: np.dtype[Any]) -> np.ndarray:
    """The array that a fact describes, in the memory that it names."""
    return np.ndarray(tuple(fact["shape"]), dtype, memory, fact["offset"], tuple(fact["strides"]))
