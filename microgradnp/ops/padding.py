"""Padding: more elements at the ends of dimensions."""

from __future__ import annotations

from operator import index as as_int
from typing import Any

import numpy as np

from ..tensor import Tensor, make
from .arranging import flip
from .conversion import clone
from .indexing import add_at, getitem, put_at
from .joining import cat
from .parts import along
from .record import Array, composite
from .shape import broadcast_to

MODES = ("constant", "reflect", "replicate", "circular")
Pairs = list[tuple[int, int]]  # for each dimension, how much before and after; negative numbers take away


@composite(public=("nn.functional.pad",))
def pad(input: Array, pad: Any, mode: str = "constant", value: float | None = None) -> Array:
    """More elements at the ends of the last dimensions: ``pad`` has two sizes for each, from the last dimension back.

    "constant" fills with ``value`` (0 by default); "reflect" mirrors at the border, which is not repeated; "replicate"
    repeats the border; "circular" goes on at the other end. Negative sizes take elements away. All modes but "constant"
    are for 1, 2 or 3 dimensions with channels, and perhaps a batch, before them.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """
    sizes = _sizes(pad)
    if len(sizes) % 2:
        raise RuntimeError(f"pad: Padding length must be divisible by 2, got {len(sizes)}")
    if len(sizes) > 2 * input.ndim:
        raise RuntimeError(
            f"pad: Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(sizes)} and input of dimension {input.ndim}"
        )
    if mode not in MODES:
        raise NotImplementedError(f"pad: Unrecognised padding mode {mode}; the modes are {', '.join(MODES)}")
    pairs = [(0, 0)] * (input.ndim - len(sizes) // 2) + [
        (sizes[i], sizes[i + 1]) for i in range(len(sizes) - 2, -1, -2)
    ]
    if mode == "constant":
        return _constant(input, pairs, 0 if value is None else value)
    if value not in (None, 0):
        raise RuntimeError(f'pad: Padding mode "{mode}" doesn\'t take in value argument')
    if input.dtype.kind == "b" and mode != "circular":
        raise NotImplementedError(f'pad: mode "{mode}" is not implemented for bool: convert it first, as with .long()')
    _check(input, pairs, len(sizes) // 2, mode)
    for dim, (before, after) in enumerate(pairs):
        if before or after:
            input = _extended(input, dim, before, after, mode)
    return input if any(map(any, pairs)) else clone(input)


@composite()
def constant_pad_nd(input: Array, pad: Any, value: float = 0) -> Array:
    """``nn.functional.pad`` with a constant.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
    """
    return pad_with(input, pad, "constant", value)


pad_with = pad  # under a name that no argument hides


def _sizes(given: Any) -> list[int]:
    if not isinstance(given, (tuple, list)):
        raise TypeError(f"pad(): argument 'pad' must be tuple of ints, not {type(given).__name__}")
    return [as_int(size) for size in given]


def _constant(input: Tensor, pairs: Pairs, value: float) -> Tensor:
    sizes = [size + before + after for size, (before, after) in zip(input.shape, pairs, strict=True)]
    kept = [
        slice(max(-before, 0), size - max(-after, 0)) for size, (before, after) in zip(input.shape, pairs, strict=True)
    ]
    if any(size < 0 for size in sizes) or any(part.stop < part.start for part in kept):
        raise RuntimeError(f"pad: the padding {pairs} takes more away than shape {tuple(input.shape)} has")
    inside = input if not any(min(pair) < 0 for pair in pairs) else getitem(input, tuple(kept))
    place = tuple(
        slice(max(before, 0), size - max(after, 0)) for size, (before, after) in zip(sizes, pairs, strict=True)
    )
    if not value:
        return add_at(inside, (*place, ...), tuple(sizes))
    return put_at(make(np.full(sizes, value, input.dtype)), (*place, ...), inside)


def _check(input: Tensor, pairs: Pairs, count: int, mode: str) -> None:
    """What PyTorch refuses: other than 1 to 3 dimensions with channels, empty ones, and too much padding."""
    if not 1 <= count <= 3 or input.ndim not in (count + 1, count + 2):
        raise NotImplementedError(
            f"pad: mode {mode!r} pads the last 1, 2 or 3 dimensions of a tensor that has one dimension more (channels) "
            f"or two (a batch of them); got padding of {count} dimensions for shape {tuple(input.shape)}"
        )
    batch = input.ndim - count - 1
    if mode != "circular" and 0 in tuple(input.shape)[batch:]:
        raise RuntimeError(f"pad: in mode {mode!r} only the batch may be of size 0, got shape {tuple(input.shape)}")
    for dim, (size, pair) in enumerate(zip(input.shape, pairs, strict=True)):
        if mode == "reflect" and max(pair) >= max(size, 1):
            raise RuntimeError(
                f"pad: Padding size should be less than the corresponding input dimension, but got: padding {pair} at "
                f"dimension {dim} of input {list(input.shape)}"
            )
        if mode == "circular" and max(pair) > size - sum(max(-part, 0) for part in pair):
            raise RuntimeError(
                f"pad: Padding value causes wrapping around more than once: {pair} at dimension {dim} of size {size}"
            )
        if size + sum(pair) < 0:
            raise RuntimeError(f"pad: the padding {pair} takes more away than dimension {dim} of size {size} has")


def _extended(input: Tensor, dim: int, before: int, after: int, mode: str) -> Tensor:
    if min(before, after) < 0 and mode != "circular":
        return _extended_by_index(input, dim, before, after, mode)
    if min(before, after) < 0:  # what is left goes round
        input = getitem(input, along(dim, slice(max(-before, 0), input.shape[dim] - max(-after, 0))))
    left, right = (
        _border(input, dim, max(count, 0), at_start, mode) for count, at_start in ((before, True), (after, False))
    )
    return cat([part for part in (left, input, right) if part is not None], dim)


def _border(input: Tensor, dim: int, count: int, at_start: bool, mode: str) -> Tensor | None:
    """What is put before, or after, the elements of a dimension: slices, whose gradient needs no sorting by index."""
    if not count:
        return None
    size = input.shape[dim]
    if mode == "circular":
        return getitem(input, along(dim, slice(size - count, size) if at_start else slice(0, count)))
    if mode == "replicate":
        edge = getitem(input, along(dim, slice(0, 1) if at_start else slice(size - 1, size)))
        return broadcast_to(edge, tuple(count if i == dim else n for i, n in enumerate(input.shape)))
    return flip(
        getitem(input, along(dim, slice(1, count + 1) if at_start else slice(size - 1 - count, size - 1))), (dim,)
    )


def _extended_by_index(input: Tensor, dim: int, before: int, after: int, mode: str) -> Tensor:
    """The same for negative sizes: the positions of the longer dimension, folded back into the one there is."""
    size = input.shape[dim]
    places = np.arange(-before, size + after)
    if mode == "replicate":
        places = places.clip(0, size - 1)
    else:
        places = np.abs(places)
        places = np.where(places >= size, 2 * (size - 1) - places, places)
    return getitem(input, (*(slice(None),) * dim, places))
