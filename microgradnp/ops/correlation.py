"""What convolutions are made of: three operations, of which each has the two others as its derivatives.

They are the three ways to leave one factor out of one sum, over samples n, output channels d, input channels c of the
same group, places o, and elements k of the kernel:

    output[n, d, o] * weight[d, c, k] * input[n, c, o * stride + k * dilation - padding]

``convolution`` leaves out the output, ``transposed_convolution`` the input, ``convolution_kernels`` the weight; what
lies beyond the input counts as 0. ``Windows`` hold the numbers, for each dimension.

All of them copy what the kernel sees at each place into the columns of a matrix, so that BLAS does the work; for a few
samples or places at a time, so that the matrix stays in the cache and takes little memory, whatever the image is.

Source: Chellapilla, Puri & Simard, High performance convolutional neural networks for document processing, 2006.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .record import Array, derivatives, dispatched, operation
from .reduction import sum_to
from .sliding import Windows

COLUMNS = 2**19  # about how many numbers are in the columns at once


# What the kernel sees


def _single(array: Any) -> Any:
    """float16 is multiplied and added up in float32."""
    return array.astype(np.float32) if array.dtype.char == "e" else array


def _margins(size: Sequence[int], windows: Sequence[Windows]) -> list[tuple[int, int]]:
    """How far the windows reach beyond both ends of each dimension; negative if they do not reach that far."""
    return [(w.padding, (w.count - 1) * w.stride + w.reach - w.padding - n) for n, w in zip(size, windows, strict=True)]


def _room(size: Sequence[int], margins: Sequence[tuple[int, int]]) -> tuple[list[int], tuple[Any, ...]]:
    """The size with those margins that are positive, and where within them the array itself is."""
    around = [(max(before, 0), max(after, 0)) for before, after in margins]
    whole = [before + n + after for n, (before, after) in zip(size, around, strict=True)]
    return whole, (..., *(slice(before, before + n) for n, (before, _) in zip(size, around, strict=True)))


def _by_pixel(windows: Sequence[Windows], groups: int, channels: int) -> bool:
    """Whether columns are copied pixel by pixel or channel by channel: the longer the unbroken pieces, the faster."""
    last = windows[-1]
    return channels * (last.size if groups == last.dilation == 1 else 1) > last.count


@dispatched
def _widened(array: Any, margins: Sequence[tuple[int, int]], by_pixel: bool) -> Any:
    """An array with zeros around it, where a margin is positive; in memory perhaps all channels of a pixel together.

    A call of its own, so that a compiled step makes it once, for the result and for the gradient of the weight.
    """
    samples, channels, *size = array.shape
    whole, inside = _room(size, margins)
    if by_pixel:
        wide = np.zeros((samples, *whole, channels), array.dtype)
        wide = wide.transpose((0, wide.ndim - 1, *range(1, wide.ndim - 1)))
    elif whole != size:
        wide = np.zeros((samples, channels, *whole), array.dtype)
    else:
        return array
    wide[inside] = array
    return wide


def _seen(array: Any, windows: Sequence[Windows], groups: int) -> Any:
    """A view of all windows of an array that has its margins: (samples, groups, *kernel, channels, *places)."""
    first = array[(..., *(slice(max(-w.padding, 0), None) for w in windows))]
    samples, channels = array.shape[:2]
    sample, channel, *steps = first.strides
    within = [step * w.dilation for step, w in zip(steps, windows, strict=True)]
    between = [step * w.stride for step, w in zip(steps, windows, strict=True)]
    shape = (samples, groups, *_sizes(windows), channels // groups, *(w.count for w in windows))
    strides = (sample, channel * (channels // groups), *within, channel, *between)
    return np.lib.stride_tricks.as_strided(first, shape, strides)


def _matrices(weight: Any, groups: int) -> Any:
    """The weight as matrices, whose rows are ordered as the windows are: (groups, outputs, kernel and channels)."""
    # A copy, for BLAS takes no negative strides.
    last = np.ascontiguousarray(weight.transpose((0, *range(2, weight.ndim), 1)))
    return last.reshape((groups, weight.shape[0] // groups, math.prod(weight.shape[1:])))


def _sizes(windows: Sequence[Windows]) -> tuple[int, ...]:
    return tuple(w.size for w in windows)


def _grouped(array: Any, groups: int) -> Any:
    """A view with groups: (samples, groups, channels, *places)."""
    samples, channels, *places = array.shape
    return array.reshape((samples, groups, channels // groups, *places))


def _blocks(elements: int, samples: int, places: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Parts of the samples, and of the first dimension of the places, of so many ``elements`` to each column.

    They are indices of samples and places, with whatever is between them.
    """
    within = (slice(None),) * (len(places) - 1)
    rows = max(1, COLUMNS // max(1, elements * math.prod(places[1:])))
    together = max(1, rows // max(1, places[0]))
    for first in range(0, samples, together):
        for top in range(0, places[0], rows):
            yield (slice(first, first + together), ..., slice(top, top + rows), *within)


def _columns(part: Any, kept: int, by_pixel: bool) -> Any:
    """Windows copied into columns: (..., elements, places), after so many dimensions that are ``kept``.

    Half of the others are the elements.
    """
    middle = kept + (part.ndim - 1) // 2
    before, elements, places = part.shape[:kept], math.prod(part.shape[kept:middle]), math.prod(part.shape[middle:])
    if not by_pixel:
        return part.reshape((*before, elements, places))
    axes = range(part.ndim)
    turned = part.transpose((*axes[:kept], *axes[middle:], *axes[kept:middle]))
    return np.swapaxes(turned.reshape((*before, places, elements)), -1, -2)


def _flat(part: Any) -> Any:
    """The places of (samples, groups, channels, *places) in one dimension: of an unbroken array a view."""
    return part.reshape((*part.shape[:3], math.prod(part.shape[3:])))


# The operations


def _channel_sums(g):
    return sum_to(g, (1, g.shape[1]) + (1,) * (g.ndim - 2)).reshape((g.shape[1],))


def _input_of(g, weight, windows, groups, input_shape) -> Any:
    return transposed_convolution(g, weight, input_shape[2:], windows, groups)


def _kernels_of(g, input, windows, groups) -> Any:
    return convolution_kernels(g, input, windows, groups)


LINE, PLANE = (Windows(4, 3, 1, 1),), (Windows(2, 2, 2, 1), Windows(2, 2, 1, 0, 2))


@operation(
    public=(), promotes=False, label="convolution",
    samples=lambda make: [
        (make(2, 2, 4), make(2, 1, 3), LINE, 2, make(2)), (make(1, 2, 3, 4), make(2, 2, 2, 2), PLANE, 1),
        (make(0, 1, 4), make(1, 1, 3), LINE, 1),
    ],
)  # fmt: skip
@derivatives(input=_input_of, weight=_kernels_of, bias=_channel_sums)
def convolution(input: Array, weight: Array, windows: tuple[Windows, ...], groups: int, bias: Array = None) -> Array:
    """The weighted sum of what each window sees, plus ``bias``: (n, in, *sizes), (out, in/groups, *kernel), (out,)."""
    by_pixel = _by_pixel(windows, groups, weight.shape[1])
    wide = _widened(input, _margins(input.shape[2:], windows), by_pixel)
    return _products(wide, weight, windows, groups, by_pixel, bias)


@dispatched
def _products(wide: Any, weight: Any, windows: Sequence[Windows], groups: int, by_pixel: bool, bias: Any) -> Any:
    dtype, seen, matrices = wide.dtype, _seen(_single(wide), windows, groups), _matrices(_single(weight), groups)
    samples, channels, places = len(wide), len(weight), tuple(w.count for w in windows)
    out = np.empty((samples, channels, *places), seen.dtype)
    target = _grouped(out, groups)
    for block in _blocks(groups * matrices.shape[2], samples, places):
        part = _flat(target[block])
        np.matmul(matrices, _columns(seen[block], 2, by_pixel), out=part)
        if bias is not None:
            part += bias.reshape((groups, channels // groups, 1))
    return out.astype(dtype, copy=False)


def _output_of(g, weight, windows, groups) -> Any:
    return convolution(g, weight, windows, groups)


def _kernels_between(g, input, windows, groups) -> Any:
    return convolution_kernels(input, g, windows, groups)


@operation(
    public=(), promotes=False, opaque=True, label="convolution",
    samples=lambda make: [
        (make(2, 2, 4), make(2, 1, 3), (4,), LINE, 2, make(2)),
        (make(1, 2, 2, 2), make(2, 1, 2, 2), (3, 4), PLANE, 1),
    ],
)  # fmt: skip
@derivatives(input=_output_of, weight=_kernels_between, bias=_channel_sums)
def transposed_convolution(
    input: Array, weight: Array, size: tuple[int, ...], windows: tuple[Windows, ...], groups: int, bias: Array = None
) -> Array:
    """Each element of ``input`` times the kernel, added up where its window looks in a result of ``size``."""
    if all(w.stride == 1 for w in windows):  # gathering takes two thirds of the time of adding into windows
        return _gathered(input, weight, size, windows, groups, bias)
    dtype, input, matrices = input.dtype, _single(input), np.swapaxes(_matrices(_single(weight), groups), 1, 2)
    samples, channels, (whole, inside) = input.shape[0], groups * weight.shape[1], _room(size, _margins(size, windows))
    wide = np.zeros((samples, channels, *whole), input.dtype)
    target, given = _seen(wide, windows, groups), _grouped(input, groups)
    for block in _blocks(groups * matrices.shape[1], samples, input.shape[2:]):
        part = target[block]
        products = np.matmul(matrices, _flat(given[block])).reshape(part.shape)
        for k in np.ndindex(_sizes(windows)):
            part[:, :, *k] += products[:, :, *k]
    out = wide[inside]
    if bias is not None:
        out += bias.reshape((channels,) + (1,) * len(size))
    return np.ascontiguousarray(out, dtype)


def _gathered(input: Any, weight: Any, size: Any, windows: Any, groups: int, bias: Any) -> Any:
    """With a stride of 1 it is the convolution with the kernel backwards, and its channels exchanged."""
    outer, inner, *kernel = weight.shape
    backwards = np.flip(weight, tuple(range(2, weight.ndim)))
    turned = np.swapaxes(backwards.reshape((groups, outer // groups, inner, *kernel)), 1, 2)
    back = tuple(Windows(n, w.size, 1, w.reach - 1 - w.padding, w.dilation) for n, w in zip(size, windows, strict=True))
    return _convolution(input, turned.reshape((groups * inner, outer // groups, *kernel)), back, groups, bias)


_convolution = convolution.operation.forward  # type: ignore[attr-defined]


def _output_by_kernels(g, input, windows, groups) -> Any:
    return convolution(input, g, windows, groups)


def _input_by_kernels(g, output, windows, groups, input_shape) -> Any:
    return transposed_convolution(output, g, input_shape[2:], windows, groups)


@operation(
    public=(), promotes=False, label="convolution_backward",
    samples=lambda make: [
        (make(2, 2, 4), make(2, 2, 4), LINE, 2), (make(1, 2, 2, 2), make(1, 1, 3, 4), PLANE, 1),
    ],
)  # fmt: skip
@derivatives(output=_output_by_kernels, input=_input_by_kernels)
def convolution_kernels(output: Array, input: Array, windows: tuple[Windows, ...], groups: int) -> Array:
    """The sum over samples and places of each output times what its window sees: (out, in/groups, *kernel)."""
    by_pixel = _by_pixel(windows, groups, input.shape[1] // groups)
    wide = _widened(input, _margins(input.shape[2:], windows), by_pixel)
    return _sums_of_products(output, wide, windows, groups, by_pixel)


@dispatched
def _sums_of_products(output: Any, wide: Any, windows: Sequence[Windows], groups: int, by_pixel: bool) -> Any:
    dtype, seen, given = wide.dtype, _seen(_single(wide), windows, groups), _grouped(_single(output), groups)
    inner, places = wide.shape[1] // groups, math.prod(output.shape[2:])
    elements = inner * math.prod(_sizes(windows))
    total = np.zeros((groups, given.shape[2], elements), seen.dtype)
    for block in _blocks(groups * elements, len(output), output.shape[2:]):
        if elements < places:  # a product for each sample, and then their sum
            columns = _columns(seen[block], 2, by_pixel)
            total += np.add.reduce(np.matmul(_flat(given[block]), np.swapaxes(columns, 2, 3)), 0)
        else:  # one product, of all samples side by side
            columns = _columns(np.moveaxis(seen[block], 0, -1 - len(windows)), 1, by_pixel)
            outputs = np.moveaxis(given[block], 0, 2).reshape((*total.shape[:2], columns.shape[2]))
            total += np.matmul(outputs, np.swapaxes(columns, 1, 2))
    last = total.reshape((output.shape[1], *_sizes(windows), inner))
    return np.ascontiguousarray(np.moveaxis(last, -1, 1), dtype)
