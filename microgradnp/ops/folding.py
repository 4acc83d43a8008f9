"""Unfolding images into their windows, column by column, and folding columns back into images."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..tensor import Tensor
from .record import Array, composite, derivatives, operation
from .shape import reshape
from .sliding import Sizes, Windows, check_image, each, parts_of


def _numbered(windows: tuple[Windows, ...], shape: tuple[int, ...]) -> Any:
    """Of each element of a window: where it goes among the unfolded, and where it is in an array of ``shape``."""
    elements = np.ndindex(*(one.size for one in windows))
    for element, (result, place) in zip(elements, parts_of(windows, shape), strict=True):
        yield (..., *element, *result[1:]), place


_SAMPLES = ((Windows(2, 2, 1, 0, 2), Windows(2, 3, 2, 1)), (2, 4, 5), (2, 2, 3, 2, 2))


@operation(
    public=(), opaque=True, label="unfold", samples=lambda make: [(make(*_SAMPLES[1]), _SAMPLES[0])],
)  # fmt: skip
@derivatives(input=lambda g, windows, input_shape: fold_windows(g, windows, input_shape))
def unfold_windows(input: Array, windows: tuple[Windows, ...]) -> Array:
    """The elements of all windows: (..., sizes of a window, counts of windows); 0 where they lie in the padding."""
    sizes, counts = [one.size for one in windows], [one.count for one in windows]
    out = np.zeros((*input.shape[: input.ndim - len(windows)], *sizes, *counts), input.dtype)
    for result, place in _numbered(windows, input.shape):
        out[result] = input[place]
    return out


def _unfolded(g, windows) -> Any:
    return unfold_windows(g, windows)


@operation(
    public=(), opaque=True, label="fold", samples=lambda make: [(make(*_SAMPLES[2]), _SAMPLES[0], _SAMPLES[1])],
)  # fmt: skip
@derivatives(input=_unfolded)
def fold_windows(input: Array, windows: tuple[Windows, ...], shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape`` to which all elements of all windows are added: the transpose of ``unfold_windows``."""
    out = np.zeros(shape, input.dtype)
    for result, place in _numbered(windows, shape):
        out[place] += input[result]
    return out


def _windows(
    function: str, lengths: tuple[int, ...], kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> tuple[Windows, ...]:
    """The windows of an image of size ``lengths``."""
    given = {"kernel_size": kernel_size, "dilation": dilation, "padding": padding, "stride": stride}
    pairs = {name: _pair(function, name, value) for name, value in given.items()}
    for name, numbers in pairs.items():
        least = 0 if name == "padding" else 1
        if min(numbers) < least:
            raise RuntimeError(f"{function}: {name} must not be less than {least}, but got {numbers}")
    windows = []
    for length, size, spacing, border, step in zip(lengths, *pairs.values(), strict=True):
        count = (length + 2 * border - spacing * (size - 1) - 1) // step + 1
        windows.append(Windows(count, size, step, border, spacing))
    if min(one.count for one in windows) <= 0:
        raise RuntimeError(
            f"{module_path()}{function}: an image of size {lengths} has no window with "
            + ", ".join(f"{name}={numbers}" for name, numbers in pairs.items())
        )
    return tuple(windows)


def _pair(function: str, name: str, value: Any) -> tuple[int, ...]:
    if isinstance(value, (tuple, list)) and len(value) != 2:
        raise RuntimeError(f"{function}: {name} must be an int or two of them, but got {value}")
    return each(function, name, value, 2)


def _check_dtype(function: str, input: Tensor) -> None:
    if input.dtype.kind in "iu":
        raise NotImplementedError(f"{module_path()}{function}: not implemented for {input.dtype}: use .float()")


@composite(public=("nn.functional.unfold",))
def unfold(input: Array, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Array:
    """The windows that slide over an image, as columns: (N, C, H, W) or (C, H, W) to (..., C * elements, windows).

    A window has ``kernel_size`` elements that lie ``dilation`` apart; it moves by ``stride``, from ``padding`` before
    the image to as far behind it. Every size is an int, or a pair of them.

    Raises RuntimeError for sizes that leave no window.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html

    >>> import microgradnp
    >>> microgradnp.nn.functional.unfold(microgradnp.arange(6.0).reshape(1, 2, 3), 2)
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])
    """
    if input.ndim not in (3, 4):
        raise IndexError(f"{module_path()}unfold: expected (N, C, H, W) or (C, H, W), got shape {tuple(input.shape)}")
    check_image("unfold", input, 2)
    _check_dtype("unfold", input)
    *batch, channels, height, width = input.shape
    windows = _windows("unfold", (height, width), kernel_size, dilation, padding, stride)
    size, count = (math.prod(numbers) for numbers in zip(*((one.size, one.count) for one in windows), strict=True))
    return reshape(unfold_windows(input, windows), (*batch, channels * size, count))


@composite(public=("nn.functional.fold",))
def fold(
    input: Array,
    output_size: Sizes,
    kernel_size: Sizes,
    dilation: Sizes = 1,
    padding: Sizes = 0,
    stride: Sizes = 1,
) -> Array:
    """Columns added up to the image that they are windows of: (N, C * elements, windows) to (N, C, *output_size).

    It is the transpose of ``unfold``, which has the other arguments too: where windows overlap their elements add up.

    Raises RuntimeError when the windows are not as many as fit, or the columns not of the length of ``kernel_size``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.fold.html

    >>> import microgradnp
    >>> microgradnp.nn.functional.fold(microgradnp.ones(4, 2), (2, 3), 2)
    tensor([[[1., 2., 1.],
             [1., 2., 1.]]])
    """
    check_image("fold", input, 1)
    _check_dtype("fold", input)
    *batch, rows, columns = input.shape
    lengths = _pair("fold", "output_size", output_size)
    windows = _windows("fold", lengths, kernel_size, dilation, padding, stride)
    sizes, counts = zip(*((one.size, one.count) for one in windows), strict=True)
    if rows % math.prod(sizes) or columns != math.prod(counts):
        raise RuntimeError(
            f"{module_path()}fold: an image of size {lengths} has {counts[0]} x {counts[1]} windows of {sizes[0]} x "
            f"{sizes[1]} elements, so the input must have (C * {math.prod(sizes)}, {math.prod(counts)}) as its last "
            f"sizes, but its shape is {tuple(input.shape)}"
        )
    channels = rows // math.prod(sizes)
    return fold_windows(reshape(input, (*batch, channels, *sizes, *counts)), windows, (*batch, channels, *lengths))
