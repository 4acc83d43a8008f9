"""Convolutional layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from ..autograd.scope import where
from ..ops.convolution import conv1d, conv2d, conv_transpose1d, conv_transpose2d
from ..ops.padding import pad
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter, unfilled

Sizes = int | tuple[int, ...]
MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What the layers share: settings with a number for each dimension, a weight and a bias."""

    dims: int
    function: Callable[..., Any]
    padding: Any
    bias: Parameter | None

    def _set_up(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes, padding: Sizes | str,
        output_padding: Sizes, dilation: Sizes, groups: int, padding_mode: str,
    ) -> None:  # fmt: skip
        name = self._get_name()
        if groups <= 0 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: groups must be positive and divide in_channels and out_channels, got groups={groups}, "
                f"in_channels={in_channels}, out_channels={out_channels}"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._each(kernel_size)
        self.stride = self._each(stride)
        self.padding = padding if isinstance(padding, str) else self._each(padding)
        self.output_padding = self._each(output_padding)
        self.dilation = self._each(dilation)
        self.groups = groups
        self.padding_mode = padding_mode

    def _each(self, value: Any) -> tuple[int, ...]:
        return tuple(value) if isinstance(value, Iterable) else (value,) * self.dims

    def _make_parameters(self, outer: int, inner: int, bias: bool, device: Any, dtype: Any) -> None:
        """A weight of shape (outer, inner / groups, *kernel_size), and a bias for each output channel."""
        name, kernels = self._get_name(), (outer, inner // self.groups, *self.kernel_size)
        self.weight = unfilled(name, kernels, device, dtype)
        self.register_parameter("bias", unfilled(name, (self.out_channels,), device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        fan_in, _ = init.fans(self.weight)
        if self.bias is not None and fan_in:
            init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def extra_repr(self) -> str:
        zeros, ones = (0,) * self.dims, (1,) * self.dims
        others = {
            "padding": (self.padding, zeros), "dilation": (self.dilation, ones),
            "output_padding": (self.output_padding, zeros), "groups": (self.groups, 1),
            "bias": (self.bias is not None, True), "padding_mode": (self.padding_mode, "zeros"),
        }  # fmt: skip
        shown = [f"{name}={value}" for name, (value, default) in others.items() if value != default]
        sizes = f"kernel_size={self.kernel_size}, stride={self.stride}"
        return ", ".join([f"{self.in_channels}, {self.out_channels}", sizes, *shown])


# Convolutions


class _Conv(_ConvNd):
    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1, padding: Sizes | str = 0,
        dilation: Sizes = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._set_up(in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups, padding_mode)
        name = self._get_name()
        if padding_mode not in MODES:
            raise ValueError(f"{name}: padding_mode must be one of {', '.join(MODES)}, got {padding_mode!r}")
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"{name}: padding must be 'same', 'valid' or numbers, got {padding!r}")
        if padding == "same" and max(self.stride) > 1:
            raise ValueError(f"{name}: padding='same' is not supported for strided convolutions, got {self.stride}")
        self._make_parameters(out_channels, in_channels, bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = pad(input, self._around(), mode=self.padding_mode), 0
        return self.function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _around(self) -> tuple[int, ...]:
        """How much is put before and after each dimension, from the last one back."""
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size, strict=True)]
            return tuple(part for total in reversed(totals) for part in (total // 2, total - total // 2))
        sizes = self._each(0) if isinstance(self.padding, str) else self.padding
        return tuple(size for size in reversed(sizes) for _ in range(2))


class Conv1d(_Conv):
    """A convolution along the last dimension: (batch, in_channels, size) to (batch, out_channels, places).

    ``nn.functional.conv1d`` with a weight of shape (out_channels, in_channels / groups, kernel_size) and a bias of
    shape (out_channels,), both drawn from the uniform distribution on ±1/sqrt(in_channels / groups * kernel_size), with
    PyTorch's own numbers for the same seed. The batch may be left away. What lies beyond the ends is 0, or with another
    ``padding_mode`` ("reflect", "replicate", "circular") what ``nn.functional.pad`` puts there.

    Raises ValueError for groups that do not divide both channels and for an unknown padding or padding mode.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv1d.html

    >>> import microgradnp
    >>> from microgradnp import nn
    >>> nn.Conv1d(2, 4, kernel_size=3, padding="same")(microgradnp.ones(8, 2, 10)).shape
    Size([8, 4, 10])
    """

    dims, function = 1, staticmethod(conv1d)


class Conv2d(_Conv):
    """A convolution of images: (batch, in_channels, h, w) to (batch, out_channels, oh, ow). See ``Conv1d``.

    A setting is one number, or a pair: for height and width. The weight's shape is (out_channels, in_channels / groups,
    *kernel_size).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Conv2d.html

    >>> import microgradnp
    >>> from microgradnp import nn
    >>> layer = nn.Conv2d(1, 16, 3, stride=2, padding=1)
    >>> layer
    Conv2d(1, 16, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))
    >>> layer(microgradnp.ones(8, 1, 28, 28)).shape
    Size([8, 16, 14, 14])
    """

    dims, function = 2, staticmethod(conv2d)


# Transposed ones


class _ConvTransposeNd(_ConvNd):
    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: Sizes, stride: Sizes = 1, padding: Sizes = 0,
        output_padding: Sizes = 0, groups: int = 1, bias: bool = True, dilation: Sizes = 1, padding_mode: str = "zeros",
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._set_up(
            in_channels, out_channels, kernel_size, stride, padding, output_padding, dilation, groups, padding_mode
        )
        if padding_mode != "zeros" or isinstance(padding, str):
            raise ValueError(
                f"{self._get_name()}: padding must be numbers, and its mode 'zeros', got {padding!r}, {padding_mode!r}"
            )
        self._make_parameters(in_channels, out_channels, bias, device, dtype)

    def forward(self, input: Tensor, output_size: Iterable[int] | None = None) -> Tensor:
        more = self.output_padding if output_size is None else self._more(input, tuple(output_size))
        return self.function(input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)

    def _more(self, input: Tensor, wanted: tuple[int, ...]) -> tuple[int, ...]:
        """The output padding that makes a result of the wanted size; which may be the whole shape."""
        if len(wanted) not in (self.dims, input.ndim):
            raise ValueError(
                f"{where()}output_size must have {self.dims} or {input.ndim} numbers for an input of shape "
                f"{tuple(input.shape)}, got {wanted}"
            )
        settings = (input.shape[-self.dims :], self.stride, self.padding, self.dilation, self.kernel_size)
        least = [(n - 1) * s - 2 * p + d * (k - 1) + 1 for n, s, p, d, k in zip(*settings, strict=True)]
        most = [size + s - 1 for size, s in zip(least, self.stride, strict=True)]
        sizes = wanted[-self.dims :]
        if any(not low <= size <= high for low, size, high in zip(least, sizes, most, strict=True)):
            raise ValueError(
                f"{where()}an output of size {sizes} was asked for, but an input of shape "
                f"{tuple(input.shape)} gives sizes from {least} to {most}"
            )
        return tuple(size - low for size, low in zip(sizes, least, strict=True))


class ConvTranspose1d(_ConvTransposeNd):
    """A transposed convolution: (batch, in_channels, places) to (batch, out_channels, size).

    ``nn.functional.conv_transpose1d`` with a weight of shape (in_channels, out_channels / groups, kernel_size) and a
    bias of shape (out_channels,), both drawn from the uniform distribution on ±1/sqrt(out_channels / groups *
    kernel_size), with PyTorch's own numbers for the same seed. With a stride several sizes are possible: by default the
    smallest and ``output_padding`` more, or that which ``layer(input, output_size)`` asks for.

    Raises ValueError for groups that do not divide both channels, and for a size that is not possible.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html

    >>> import microgradnp
    >>> from microgradnp import nn
    >>> layer, x = nn.ConvTranspose1d(4, 2, kernel_size=3, stride=2, padding=1), microgradnp.ones(8, 4, 5)
    >>> layer(x).shape, layer(x, output_size=(10,)).shape
    (Size([8, 2, 9]), Size([8, 2, 10]))
    """

    dims, function = 1, staticmethod(conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """A transposed convolution of images: (batch, in_channels, oh, ow) to (batch, out_channels, h, w).

    See ``ConvTranspose1d``. A setting is one number, or a pair: for height and width.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html

    >>> import microgradnp
    >>> from microgradnp import nn
    >>> nn.ConvTranspose2d(4, 1, kernel_size=4, stride=2, padding=1)(microgradnp.ones(8, 4, 14, 14)).shape
    Size([8, 1, 28, 28])
    """

    dims, function = 2, staticmethod(conv_transpose2d)
