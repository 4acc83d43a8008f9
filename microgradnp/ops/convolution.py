"""Convolutions, and transposed ones, of one and two dimensions, as PyTorch calls them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.scope import where as module_path
from ..tensor import Tensor
from . import correlation
from .record import Array, check_tensors, composite
from .shape import squeeze, unsqueeze
from .sliding import Windows, each

Sizes = int | tuple[int, ...]


@composite(public=("conv1d", "nn.functional.conv1d"))
def conv1d(
    input: Array, weight: Array, bias: Array = None, stride: Sizes = 1, padding: Sizes | str = 0, dilation: Sizes = 1,
    groups: int = 1,
) -> Array:  # fmt: skip
    """A kernel slides over the last dimension: (n, in, size), (out, in/groups, kernel), (out,) give (n, out, places).

    out[n, d, o] = bias[d] + sum over c, k of weight[d, c, k] * input[n, c, o * stride + k * dilation - padding], where
    the input counts as 0 outside, and c runs over the channels of d's group; places = (size + 2 * padding - dilation *
    (kernel - 1) - 1) // stride + 1. ``padding`` "valid" is 0, "same" what makes as many places as there are elements.
    The batch may be left away.

    Raises RuntimeError for shapes, groups and sizes that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html

    >>> import microgradnp
    >>> microgradnp.conv1d(microgradnp.tensor([[1.0, 2.0, 4.0]]), microgradnp.tensor([[[-1.0, 1.0]]]))
    tensor([[1., 2.]])
    """
    return _convolved("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@composite(public=("conv2d", "nn.functional.conv2d"))
def conv2d(
    input: Array, weight: Array, bias: Array = None, stride: Sizes = 1, padding: Sizes | str = 0, dilation: Sizes = 1,
    groups: int = 1,
) -> Array:  # fmt: skip
    """``conv1d`` in the last two dimensions: (n, in, h, w), (out, in/groups, kh, kw), (out,) give (n, out, oh, ow).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
    """
    return _convolved("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@composite(public=("conv_transpose1d", "nn.functional.conv_transpose1d"))
def conv_transpose1d(
    input: Array, weight: Array, bias: Array = None, stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0,
    groups: int = 1, dilation: Sizes = 1,
) -> Array:  # fmt: skip
    """The transpose of ``conv1d``: (n, in, places), (in, out/groups, kernel), (out,) give (n, out, size).

    out[n, d, o * stride + k * dilation - padding] += weight[c, d, k] * input[n, c, o]; size = (places - 1) * stride -
    2 * padding + dilation * (kernel - 1) + output_padding + 1. The batch may be left away.

    Raises RuntimeError for shapes, groups and sizes that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html

    >>> import microgradnp
    >>> microgradnp.conv_transpose1d(microgradnp.tensor([[1.0, 2.0]]), microgradnp.tensor([[[1.0, 1.0]]]), stride=2)
    tensor([[1., 1., 2., 2.]])
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composite(public=("conv_transpose2d", "nn.functional.conv_transpose2d"))
def conv_transpose2d(
    input: Array, weight: Array, bias: Array = None, stride: Sizes = 1, padding: Sizes = 0, output_padding: Sizes = 0,
    groups: int = 1, dilation: Sizes = 1,
) -> Array:  # fmt: skip
    """``conv_transpose1d`` in two dimensions: (n, in, oh, ow), (in, out/groups, kh, kw), (out,) give (n, out, h, w).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _convolved(
    name: str, dims: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    _check_shapes(name, dims, input, weight, bias)
    strides, dilations = _numbers(name, dims, "stride", stride, 1), _numbers(name, dims, "dilation", dilation, 1)
    _check_channels(name, input, weight, bias, groups, weight.shape[1] * groups, weight.shape[0])
    size, kernel = input.shape[-dims:], weight.shape[2:]
    before, around = _paddings(name, dims, padding, kernel, strides, dilations)
    windows = []
    for n, k, s, d, start, zeros in zip(size, kernel, strides, dilations, before, around, strict=True):
        reach = d * (k - 1) + 1
        if n + zeros < reach:
            raise RuntimeError(
                f"{_where(name)}the kernel reaches over {reach} elements (kernel_size {k}, dilation {d}), the padded "
                f"input has {n + zeros} (input {tuple(input.shape)}, weight {tuple(weight.shape)}): enlarge the padding"
            )
        windows.append(Windows((n + zeros - reach) // s + 1, k, s, start, d))
    batch = input if input.ndim == dims + 2 else unsqueeze(input, 0)
    out = correlation.convolution(batch, weight, tuple(windows), groups, bias)
    return out if batch is input else squeeze(out, 0)


def _transposed(
    name: str, dims: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any,
    groups: int, dilation: Any,
) -> Tensor:  # fmt: skip
    _check_shapes(name, dims, input, weight, bias)
    strides, dilations = _numbers(name, dims, "stride", stride, 1), _numbers(name, dims, "dilation", dilation, 1)
    paddings = _numbers(name, dims, "padding", padding, 0)
    more = _numbers(name, dims, "output_padding", output_padding, 0)
    _check_channels(name, input, weight, bias, groups, weight.shape[0], weight.shape[1] * groups)
    windows = tuple(map(Windows, input.shape[-dims:], weight.shape[2:], strides, paddings, dilations))
    size = tuple((w.count - 1) * w.stride - 2 * w.padding + w.reach + n for w, n in zip(windows, more, strict=True))
    if any(n >= max(w.stride, w.dilation) for w, n in zip(windows, more, strict=True)):
        raise RuntimeError(
            f"{_where(name)}output_padding must be smaller than either stride or dilation, but got {more} with stride "
            f"{strides} and dilation {dilations}"
        )
    if min(size) < 1:
        raise RuntimeError(
            f"{_where(name)}the result of input {tuple(input.shape)} and weight {tuple(weight.shape)} would have the "
            f"size {size}, too small: take less padding than {paddings}"
        )
    batch = input if input.ndim == dims + 2 else unsqueeze(input, 0)
    out = correlation.transposed_convolution(batch, weight, size, windows, groups, bias)
    return out if batch is input else squeeze(out, 0)


# Arguments


def _where(name: str) -> str:
    return module_path() or f"{name}: "


def _numbers(name: str, dims: int, argument: str, value: Any, least: int) -> tuple[int, ...]:
    """An argument with a number, at least ``least``, for each dimension."""
    found = each(name, argument, value, dims)
    if min(found) < least:
        raise RuntimeError(f"{_where(name)}{argument} must be at least {least}, got {value!r}")
    return found


def _paddings(
    name: str, dims: int, padding: Any, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How many zeros come before each dimension, and how many before and after it together."""
    if padding == "same":
        if max(strides) > 1:
            raise RuntimeError(f"{_where(name)}padding='same' is not supported for strided convolutions: {strides}")
        around = tuple(d * (k - 1) for d, k in zip(dilations, kernel, strict=True))
        return tuple(zeros // 2 for zeros in around), around
    if isinstance(padding, str) and padding != "valid":
        raise RuntimeError(f"{_where(name)}invalid padding {padding!r}: there are 'same', 'valid' and numbers")
    before = _numbers(name, dims, "padding", 0 if padding == "valid" else padding, 0)
    return before, tuple(2 * zeros for zeros in before)


def _check_shapes(name: str, dims: int, input: Any, weight: Any, bias: Any) -> None:
    check_tensors(name, input=input, weight=weight, **({} if bias is None else {"bias": bias}))
    if input.dtype.kind == "b":
        raise NotImplementedError(f"{_where(name)}not implemented for bool; convert it, as with .float()")
    if input.ndim not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"{_where(name)}expected an input of {dims + 2} dimensions, or of {dims + 1} without the batch, got shape "
            f"{tuple(input.shape)}"
        )
    if weight.ndim != dims + 2 or 0 in weight.shape[2:] or not weight.shape[0]:
        raise RuntimeError(
            f"{_where(name)}expected a weight of {dims + 2} dimensions, none of size 0, got shape {tuple(weight.shape)}"
        )


def _check_channels(name: str, input: Any, weight: Any, bias: Any, groups: int, expected: int, outputs: int) -> None:
    """Whether the channels of input, weight and bias go together; ``expected`` are those of the input."""
    dims = weight.ndim - 2
    if groups < 1 or weight.shape[0] % groups:
        raise RuntimeError(
            f"{_where(name)}groups must be positive and divide the first size of the weight, got groups={groups} and "
            f"weight {tuple(weight.shape)}"
        )
    channels = input.shape[-1 - dims]
    if channels != expected:
        raise RuntimeError(
            f"{_where(name)}input has {channels} channels, weight expects {expected} (input {tuple(input.shape)}, "
            f"weight {tuple(weight.shape)}, groups={groups}): dimension {input.ndim - dims - 1} of the input must "
            "equal in_channels"
        )
    if bias is not None and tuple(bias.shape) != (outputs,):
        raise RuntimeError(
            f"{_where(name)}expected a bias of shape {(outputs,)} beside a weight of shape {tuple(weight.shape)}, got "
            f"{tuple(bias.shape)}"
        )
    if 0 in input.shape[-dims:] and channels:
        raise RuntimeError(
            f"{_where(name)}only the batch or the channels may be of size 0, got input {tuple(input.shape)}"
        )
