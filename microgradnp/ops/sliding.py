"""Windows that slide over the last dimensions: the largest element of each, the sum of its elements, and back.

A window is seen element by element: the first elements of all windows are one strided slice of the input, the second
ones another, and so on. So a reduction over windows is a few NumPy calls on large slices; and as these reductions may
be taken along one dimension after the other, windows of 3 x 3 elements need 3 + 3 of them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache
from operator import index as as_int
from typing import Any, NamedTuple

import numpy as np

from ..autograd.scope import where as module_path
from .indexing import scatter_along_dim
from .parts import along
from .record import Array, derivatives, dispatched, operation

Sizes = int | tuple[int, ...]  # one for each dimension, or one for all


class Windows(NamedTuple):
    """The windows along one dimension: one every ``stride`` elements, of which the first begins ``padding`` before it.

    Each sees ``size`` elements that lie ``dilation`` apart.
    """

    count: int  # pyright: ignore[reportIncompatibleMethodOverride]
    size: int
    stride: int
    padding: int = 0
    dilation: int = 1

    @property
    def reach(self) -> int:
        """How far it is from the first element of a window to the end of its last."""
        return (self.size - 1) * self.dilation + 1

    @property
    def disjoint(self) -> bool:
        """Whether each window ends before the next begins, so that no element lies in two."""
        return self.stride >= self.reach

    def inside(self, length: int) -> bool:
        """Whether no window reaches beyond the ``length`` elements there are."""
        return not self.padding and (self.count - 1) * self.stride + self.reach <= length

    def positions(self) -> np.ndarray:
        """Where the elements lie: (count, size)."""
        begins = np.arange(self.count) * self.stride - self.padding
        return begins[:, None] + np.arange(self.size) * self.dilation


@lru_cache(maxsize=1024)
def parts_along(windows: Windows, length: int) -> list[tuple[slice, slice]]:
    """Of the first, second, ... element of all windows: which windows have it inside ``length``, and where."""
    parts = []
    for i in range(windows.size):
        shift = i * windows.dilation - windows.padding
        first = max(0, -(shift // windows.stride))
        count = max(0, min(windows.count, (length - 1 - shift) // windows.stride + 1) - first)
        begin = first * windows.stride + shift
        parts.append((slice(first, first + count), slice(begin, begin + count * windows.stride, windows.stride)))
    return parts


def parts_of(windows: tuple[Windows, ...], shape: tuple[int, ...]) -> list[tuple[Any, Any]]:
    """``parts_along`` several dimensions, the last of ``shape``, as indices: of results, and of the input."""
    return _parts_of(windows, shape[len(shape) - len(windows) :])


@lru_cache(maxsize=1024)
def _parts_of(windows: tuple[Windows, ...], lengths: tuple[int, ...]) -> list[tuple[Any, Any]]:
    parts = itertools.product(*map(parts_along, windows, lengths))
    return [((..., *(result for result, _ in pairs)), (..., *(place for _, place in pairs))) for pairs in parts]


# From arguments to windows


def each(function: str, name: str, value: Any, count: int, default: Sequence[int] | None = None) -> tuple[int, ...]:
    """An argument with a number for each of ``count`` dimensions, or one for all; ``default`` if it is None or ()."""
    if default is not None and (value is None or (isinstance(value, (tuple, list)) and not value)):
        return tuple(default)
    numbers = value if isinstance(value, (tuple, list)) else (value,)
    try:
        found = tuple([as_int(number) for number in numbers])
    except TypeError:
        raise TypeError(f"{function}(): argument '{name}' must be int or a tuple of ints, not {value!r}") from None
    if len(found) not in (1, count):
        raise RuntimeError(f"{function}(): {name} must be one int{' or two' * (count == 2)}, but got {value!r}")
    return found if len(found) == count else found * count


def check_image(function: str, input: Any, count: int, channels: bool = True) -> None:
    """Refuse what has not ``count`` dimensions after channels, and perhaps a batch before; only the batch may be empty.

    Without ``channels`` there may be none of these either.
    """
    shape = tuple(input.shape)
    if len(shape) not in (count + 1, count + 2):
        raise RuntimeError(
            f"{module_path()}{function}: expected {count + 1} dimensions, or {count + 2} with a batch, but got an "
            f"input of shape {shape}; unsqueeze() adds one"
        )
    if 0 in shape[len(shape) - count - channels :]:
        raise RuntimeError(f"{module_path()}{function}: only the batch may be of size 0, but got shape {shape}")


def windows_of(
    function: str, input: Any, count: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[Windows, ...]:
    """The windows in the last ``count`` dimensions, by PyTorch's rules."""
    sizes = each(function, "kernel_size", kernel_size, count)
    strides = each(function, "stride", stride, count, sizes)
    paddings, dilations = each(function, "padding", padding, count), each(function, "dilation", dilation, count)
    for name, numbers in (("kernel_size", sizes), ("stride", strides), ("dilation", dilations)):
        if min(numbers) <= 0:
            raise RuntimeError(f"{module_path()}{function}: {name} must be greater than zero, but got {numbers}")
    check_image(function, input, count)
    return _windows_in(function, tuple(input.shape), sizes, strides, paddings, dilations, ceil_mode)


@lru_cache(maxsize=1024)
def _windows_in(function: str, shape: tuple[int, ...], *geometry: Any) -> tuple[Windows, ...]:
    *numbers, ceil_mode = geometry
    dims = range(-len(numbers[0]), 0)
    return tuple([_windows_along(function, shape, ceil_mode, *of_one) for of_one in zip(dims, *numbers, strict=True)])


def _windows_along(
    function: str,
    shape: tuple[int, ...],
    ceil_mode: bool,
    dim: int,
    size: int,
    stride: int,
    padding: int,
    dilation: int,
) -> Windows:
    reach = (size - 1) * dilation + 1
    if not 0 <= padding <= reach // 2:
        raise RuntimeError(
            f"{module_path()}{function}: padding must not be negative, and at most half of the kernel, but got padding "
            f"{padding} with kernel_size {size} and dilation {dilation}"
        )
    room = shape[dim] + 2 * padding - reach
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (count - 1) * stride >= shape[dim] + padding:  # no window begins in the padding at the end
        count -= 1
    if count <= 0:
        raise RuntimeError(
            f"{module_path()}{function}: an input of shape {shape} is too small in dimension {dim} for a kernel that "
            f"reaches over {reach} elements, with padding {padding}"
        )
    return Windows(count, size, stride, padding, dilation)


# Reductions


def _combined(combine: np.ufunc, input: Any, windows: Sequence[Windows], neutral: Any) -> Any:
    """The elements of each window combined by a ufunc; what lies beyond the input counts as ``neutral``."""
    for dim, one in enumerate(windows, input.ndim - len(windows)):
        if one.inside(input.shape[dim]):
            input = _combined_along(combine, input, dim, one)
        else:
            input = _combined_inside(combine, input, dim, one, neutral)
    return input


def _combined_along(combine: np.ufunc, input: Any, dim: int, windows: Windows) -> Any:
    first, *others = [input[along(dim, place)] for _, place in parts_along(windows, input.shape[dim])]
    if not others:
        return first.copy()
    out = combine(first, others[0])
    for part in others[1:]:
        combine(out, part, out=out)
    return out


@dispatched
def _combined_inside(combine: np.ufunc, input: Any, dim: int, windows: Windows, neutral: Any) -> Any:
    out = np.full((*input.shape[:dim], windows.count, *input.shape[dim + 1 :]), neutral, input.dtype)
    for result, place in parts_along(windows, input.shape[dim]):
        seen = out[along(dim, result)]
        combine(seen, input[along(dim, place)], out=seen)
    return out


def _sliding(make: Any) -> list[tuple[Any, ...]]:
    return [
        (make(2, 4, 6), (Windows(2, 2, 2), Windows(3, 2, 2))), (make(5), (Windows(3, 3, 2, 1),)),
        (make(3, 4), (Windows(2, 2, 2, 1), Windows(2, 2, 1, 0, 2))), (make(0, 2), (Windows(1, 2, 2),)),
    ]  # fmt: skip


def _to_largest(g, input, out, windows, input_shape):
    return scatter_along_dim(g.reshape((-1,)), indices_of_largest(input, out, windows), None, input_shape)


@operation(public=(), label="max_pool", compact=True, samples=_sliding)
@derivatives(input=_to_largest)
def largest_of_windows(input: Array, windows: tuple[Windows, ...]) -> Array:
    """The largest element of each window, or nan if there is one. The gradient goes to the first of equal elements."""
    return _combined(np.maximum, input, windows, -np.inf if input.dtype.kind == "f" else np.iinfo(input.dtype).min)


@operation(public=(), label="sum_pool", compact=True, samples=_sliding)
@derivatives(input=lambda g, windows, input_shape: spread_over_windows(g, windows, input_shape))
def sum_of_windows(input: Array, windows: tuple[Windows, ...]) -> Array:
    """The sum of each window's elements."""
    return _combined(np.add, input, windows, 0)


def _summed(g, windows) -> Any:
    return sum_of_windows(g, windows)


@operation(
    public=(), opaque=True, label="sum_pool_backward",
    samples=lambda make: [
        (make(2, 2), (Windows(2, 2, 2),), (2, 5)), (make(1, 3, 2), (Windows(3, 3, 1, 1), Windows(2, 2, 1)), (1, 3, 3)),
    ],
)  # fmt: skip
@derivatives(input=_summed)
def spread_over_windows(input: Array, windows: tuple[Windows, ...], shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape`` with ``input`` added to all elements of its window: the transpose of ``sum_of_windows``."""
    for dim in range(len(shape) - 1, len(shape) - len(windows) - 1, -1):
        input = _spread_along(input, dim, windows[dim - len(shape)], shape[dim])
    return input


def _spread_along(input: Any, dim: int, windows: Windows, length: int) -> Any:
    out = np.zeros((*input.shape[:dim], length, *input.shape[dim + 1 :]), input.dtype)
    for result, place in parts_along(windows, length):
        if windows.disjoint:
            out[along(dim, place)] = input[along(dim, result)]
        else:
            out[along(dim, place)] += input[along(dim, result)]
    return out


# Which element of a window


@operation(
    public=(), opaque=True, domain=range(3),
    samples=lambda make: [
        (make(8), make(4), (Windows(4, 4, 2, 1),)), (make(2, 2, 2), make(2, 1, 1), (Windows(1, 2, 1),) * 2),
    ],
)  # fmt: skip
def indices_of_largest(input: Array, out: Array, windows: tuple[Windows, ...]) -> Array:
    """Where in the flattened input each window has the element of ``out``: the first of equal ones, the last nan.

    The indices are a vector. It is counted how many elements of a window come before the one that is looked for.
    """
    places = np.zeros(out.shape, np.min_scalar_type(math.prod(one.size for one in windows)))
    missing = np.ones(out.shape, bool)
    for result, place in parts_of(windows, input.shape):
        missing[result] &= input[place] != out[result]
        places += missing
    if missing.any():
        for number, (result, place) in enumerate(parts_of(windows, input.shape)):
            np.copyto(places[result], number, where=np.isnan(input[place]))
    first = input.ndim - len(windows)
    planes, lengths = math.prod(input.shape[:first]), input.shape[first:]
    begins, steps = _flat(windows, lengths)
    indices = steps.take(places.reshape(planes, *begins.shape), mode="clip")
    indices += begins
    indices += np.arange(planes).reshape(planes, *(1,) * begins.ndim) * math.prod(lengths)
    return indices.reshape(-1)


@lru_cache(maxsize=1024)
def _flat(windows: tuple[Windows, ...], lengths: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Where windows begin in their flattened dimensions, and how far from there each of their elements is."""
    begins, steps = np.zeros((), np.int64), np.zeros((), np.int64)
    for one, length in zip(windows, lengths, strict=True):
        begins = np.add.outer(begins * length, one.positions()[:, 0])
        steps = np.add.outer(steps * length, np.arange(one.size) * one.dilation)
    return begins, steps.reshape(-1)
