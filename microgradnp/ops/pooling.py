"""Pooling: the largest element, the mean or a norm of each window that slides over the last one or two dimensions."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..dtypes import float16, float32
from ..tensor import Tensor, make
from .activation import check_floats, relu
from .arithmetic import abs, div, pow, remainder, sign
from .conversion import cast
from .record import Array, composite
from .resampling import Resampling, resampled
from .selecting import take
from .shape import reshape
from .sliding import (
    Sizes,
    Windows,
    check_image,
    each,
    indices_of_largest,
    largest_of_windows,
    sum_of_windows,
    windows_of,
)

# What all of them share


@lru_cache(maxsize=256)
def _parts(length: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The parts that a dimension is divided into: where each begins, and where it ends.

    Part i of n begins at ``floor(i * length / n)`` and ends before ``ceil((i + 1) * length / n)``.
    """
    numbers = np.arange(count)
    return numbers * length // max(count, 1), -(-(numbers + 1) * length // max(count, 1))


def _output_size(function: str, input: Tensor, output_size: Any, count: int, channels: bool) -> tuple[int, ...]:
    """The sizes asked for, where None stands for the input's own; the arguments of adaptive pooling are checked."""
    check_floats(function, input)
    check_image(function, input, count, channels)
    if count > 1 and isinstance(output_size, (tuple, list)):
        if len(output_size) != count:
            raise RuntimeError(f"{function}: output_size must be an int or {count} of them, but got {output_size}")
        own = input.shape[-count:]
        output_size = [size if wanted is None else wanted for wanted, size in zip(output_size, own, strict=False)]
    sizes = each(function, "output_size", output_size, count)
    if min(sizes) < 0:
        raise RuntimeError(f"{module_path()}{function}: output_size must not be negative, but got {sizes}")
    return sizes


# The largest element


def _max_pool(
    function: str, input: Tensor, windows: tuple[Windows, ...], return_indices: bool, origins: np.ndarray | None = None
) -> Any:
    """The largest elements; and where they are in the flattened last dimensions, or what ``origins`` has there."""
    if input.dtype.kind == "b":
        raise NotImplementedError(f"{module_path()}{function}: not implemented for bool: convert it, as with .float()")
    out = largest_of_windows(input, windows)
    if not return_indices:
        return out
    indices = remainder(indices_of_largest(input, out, windows), math.prod(input.shape[-len(windows) :]))
    return out, reshape(indices if origins is None else take(make(origins), indices), out.shape)


def _max_pool_of(function: str, input: Tensor, count: int, return_indices: bool, *geometry: Any) -> Any:
    return _max_pool(function, input, windows_of(function, input, count, *geometry), return_indices)


@composite(public=("nn.functional.max_pool1d",))
def max_pool1d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window along the last dimension: (..., C, L) to (..., C, L_out).

    A window has ``kernel_size`` elements that lie ``dilation`` apart. The first begins ``padding`` (at most half a
    window) before the input, where nothing counts; the others follow every ``stride`` elements, by default
    ``kernel_size``: L_out = floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1. With ``ceil_mode`` it
    is rounded up, unless the last window would begin beyond the input and the padding before it. Of equal elements the
    first takes the gradient, and a nan is the largest of all. With ``return_indices`` the result is a pair: the
    elements, and where they are in the last dimension (int64).

    Raises RuntimeError for sizes out of these bounds, TypeError for what is no int.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html

    >>> import microgradnp
    >>> x = microgradnp.tensor([[1.0, 3.0, 2.0, 5.0, 4.0]])
    >>> microgradnp.nn.functional.max_pool1d(x, 2, return_indices=True)
    (tensor([[3., 5.]]), tensor([[1, 3]]))
    """
    return _max_pool_of("max_pool1d", input, 1, return_indices, kernel_size, stride, padding, dilation, ceil_mode)


@composite(public=("nn.functional.max_pool2d",))
def max_pool2d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """``max_pool1d`` in two dimensions: (..., C, H, W) to (..., C, H_out, W_out); the indices count row by row.

    Every size is an int, or a pair of them.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html

    >>> import microgradnp
    >>> x = microgradnp.arange(16.0).reshape(1, 4, 4)
    >>> microgradnp.nn.functional.max_pool2d(x, 2)
    tensor([[[ 5.,  7.],
             [13., 15.]]])
    """
    return _max_pool_of("max_pool2d", input, 2, return_indices, kernel_size, stride, padding, dilation, ceil_mode)


def _adaptive_max_pool(function: str, count: int, input: Tensor, output_size: Any, return_indices: bool) -> Any:
    sizes = _output_size(function, input, output_size, count, channels=True)
    windows, origins = [], np.zeros((), np.int64)
    for dim, (length, size) in enumerate(zip(input.shape[-count:], sizes, strict=True), input.ndim - count):
        places = _places(length, size)
        windows.append(Windows(size, places.shape[1], places.shape[1]))
        origins = np.add.outer(origins * length, places.reshape(-1))
        if places.size != length:
            input = resampled(input, dim, _gathered(length, size))
    return _max_pool(function, input, tuple(windows), return_indices, origins)


@lru_cache(maxsize=256)
def _places(length: int, count: int) -> np.ndarray:
    """Where the elements of all parts are: (parts, elements). What a shorter part lacks is its last element again."""
    begins, ends = _parts(length, count)
    return np.minimum(begins[:, None] + np.arange((ends - begins).max(initial=1)), ends[:, None] - 1)


@lru_cache(maxsize=256)
def _gathered(length: int, count: int) -> Resampling:
    """The elements of all parts, one part after the other."""
    places = _places(length, count).reshape(-1)
    return Resampling(places, np.arange(places.size), np.ones(places.size), length, places.size)


@composite(public=("nn.functional.adaptive_max_pool1d",))
def adaptive_max_pool1d(input: Array, output_size: Sizes, return_indices: bool = False) -> Any:
    """The largest element of each of ``output_size`` parts of the last dimension.

    Part i of n begins at ``floor(i * L / n)`` and ends before ``ceil((i + 1) * L / n)``. The rest as in ``max_pool1d``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
    """
    return _adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size, return_indices)


@composite(public=("nn.functional.adaptive_max_pool2d",))
def adaptive_max_pool2d(input: Array, output_size: int | tuple[int | None, ...], return_indices: bool = False) -> Any:
    """``adaptive_max_pool1d`` in two dimensions; where ``output_size`` has None the size stays as it is.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
    """
    return _adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size, return_indices)


# The mean


def _avg_pool(
    function: str, input: Tensor, windows: tuple[Windows, ...], count_include_pad: bool, divisor_override: int | None
) -> Tensor:
    if input.dtype.kind != "f" and input.dtype != np.int64:
        raise NotImplementedError(f"{module_path()}{function}: not implemented for {input.dtype}: use .float()")
    divisor: Any = divisor_override
    if divisor is None:
        divisor = _counted(windows, tuple(input.shape)[-len(windows) :], bool(count_include_pad))
    elif isinstance(divisor, bool) or not isinstance(divisor, int):
        raise TypeError(f"{function}(): argument 'divisor_override' must be int, not {type(divisor).__name__}")
    elif not divisor:
        raise RuntimeError(f"{function}: divisor_override must not be zero")
    return _mean_of_windows(input, windows, divisor)


@lru_cache(maxsize=256)
def _counted(windows: tuple[Windows, ...], lengths: tuple[int, ...], with_padding: bool) -> Any:
    """How many elements of each window count: a number if they are the same in all windows, else an array."""
    counts: Any = 1
    for one, length in zip(windows, lengths, strict=True):
        begins = one.positions()[:, 0]
        ends = np.minimum(begins + one.size, length + one.padding)
        own = ends - begins if with_padding else np.minimum(ends, length) - np.maximum(begins, 0)
        counts = np.multiply.outer(counts, own)
    return counts.item(0) if (counts == counts.flat[0]).all() else counts


def _mean_of_windows(input: Tensor, windows: tuple[Windows, ...], divisor: Any) -> Tensor:
    """The sums divided by a number, or by an array with one for each window; those of integers are rounded to 0."""
    if input.dtype == float16:  # rounded once
        return cast(_mean_of_windows(cast(input, float32), windows, divisor), float16)
    divisor = make(divisor.astype(input.dtype)) if isinstance(divisor, np.ndarray) else divisor
    return div(sum_of_windows(input, windows), divisor, rounding_mode="trunc" if input.dtype.kind == "i" else None)


@composite(public=("avg_pool1d", "nn.functional.avg_pool1d"))
def avg_pool1d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """The mean of each window along the last dimension: (..., C, L) to (..., C, L_out), sizes as in ``max_pool1d``.

    What lies in the padding is 0, and counts as an element of its window unless ``count_include_pad`` is False. Means
    of int64 are rounded towards 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html

    >>> import microgradnp
    >>> microgradnp.nn.functional.avg_pool1d(microgradnp.tensor([[1.0, 3.0, 2.0, 6.0]]), 2)
    tensor([[2., 4.]])
    """
    windows = windows_of("avg_pool1d", input, 1, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool("avg_pool1d", input, windows, count_include_pad, None)


@composite(public=("nn.functional.avg_pool2d",))
def avg_pool2d(
    input: Array,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """``avg_pool1d`` in two dimensions: (..., C, H, W) to (..., C, H_out, W_out).

    ``divisor_override`` is what the sum is divided by instead of the number of elements.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
    """
    windows = windows_of("avg_pool2d", input, 2, kernel_size, stride, padding, 1, ceil_mode)
    return _avg_pool("avg_pool2d", input, windows, count_include_pad, divisor_override)


def _adaptive_avg_pool(function: str, count: int, input: Tensor, output_size: Any) -> Tensor:
    sizes = _output_size(function, input, output_size, count, channels=False)
    lengths = input.shape[-count:]
    if all(size and not length % size for length, size in zip(lengths, sizes, strict=True)):
        elements = [length // size for length, size in zip(lengths, sizes, strict=True)]
        windows = tuple([Windows(size, n, n) for size, n in zip(sizes, elements, strict=True)])
        return _mean_of_windows(input, windows, math.prod(elements))
    out = cast(input, float32) if input.dtype == float16 else input
    for dim in range(-1, -count - 1, -1):
        out = resampled(out, input.ndim + dim, _means(lengths[dim], sizes[dim]))
    return cast(out, input.dtype)


@lru_cache(maxsize=256)
def _means(length: int, count: int) -> Resampling:
    """The means of all parts."""
    begins, ends = _parts(length, count)
    targets = np.repeat(np.arange(count), ends - begins)
    sources = np.concatenate([np.arange(*part) for part in zip(begins, ends, strict=True)] or [targets])
    return Resampling(sources, targets, 1 / (ends - begins)[targets], length, count)


@composite(public=("adaptive_avg_pool1d", "nn.functional.adaptive_avg_pool1d"))
def adaptive_avg_pool1d(input: Array, output_size: Sizes) -> Array:
    """The mean of each of ``output_size`` parts of the last dimension, which are those of ``adaptive_max_pool1d``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


@composite(public=("nn.functional.adaptive_avg_pool2d",))
def adaptive_avg_pool2d(input: Array, output_size: int | tuple[int | None, ...]) -> Array:
    """``adaptive_avg_pool1d`` in two dimensions; where ``output_size`` has None the size stays as it is.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)


# Norms


def _norm_of_means(means: Tensor, norm_type: float, elements: int) -> Tensor:
    return pow(sign(means) * relu(abs(means)) * elements, 1.0 / norm_type)


@composite(public=("nn.functional.lp_pool1d",))
def lp_pool1d(
    input: Array, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Array:
    """The root of each window's sum of powers: ``sum(x ** norm_type) ** (1 / norm_type)``, without absolute values.

    A negative sum counts as its absolute value with its sign, whose root is nan. Windows as in ``avg_pool1d``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool1d.html
    """
    means = avg_pool1d(pow(input, norm_type), kernel_size, stride, 0, ceil_mode)
    return _norm_of_means(means, norm_type, math.prod(each("lp_pool1d", "kernel_size", kernel_size, 1)))


@composite(public=("nn.functional.lp_pool2d",))
def lp_pool2d(
    input: Array, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Array:
    """``lp_pool1d`` in two dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.lp_pool2d.html
    """
    means = avg_pool2d(pow(input, norm_type), kernel_size, stride, 0, ceil_mode)
    return _norm_of_means(means, norm_type, math.prod(each("lp_pool2d", "kernel_size", kernel_size, 2)))
