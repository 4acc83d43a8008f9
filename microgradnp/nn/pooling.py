"""Pooling layers: the functions of the same names, with their arguments kept."""

from __future__ import annotations

from typing import Any

from ..ops import pooling
from ..ops.sliding import Sizes, each
from ..tensor import Tensor
from .declared import declared, shown
from .module import Module


class _Sliding(Module):
    """``stride`` is ``kernel_size`` unless it is given."""

    kernel_size: Any
    stride: Any

    def prepare(self) -> None:
        if self.stride is None:
            self.stride = self.kernel_size


class _MaxPool(_Sliding):
    def extra_repr(self) -> str:
        return shown(self, "kernel_size", "stride", "padding", "dilation", "ceil_mode")


class _AvgPool(_Sliding):
    def extra_repr(self) -> str:
        return shown(self, "kernel_size", "stride", "padding")


@declared
class MaxPool1d(_MaxPool):
    """The largest element of each window along the last dimension: (N, C, L) or (C, L) to (..., C, L_out).

    The arguments are those of ``nn.functional.max_pool1d``, where ``stride`` is ``kernel_size`` by default. With
    ``return_indices`` the result is a pair: the elements, and where they are (int64).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html

    >>> import microgradnp
    >>> microgradnp.nn.MaxPool1d(2)(microgradnp.tensor([[1.0, 3.0, 2.0, 5.0]]))
    tensor([[3., 5.]])
    """

    kernel_size: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0
    dilation: Sizes = 1
    return_indices: bool = False
    ceil_mode: bool = False

    def forward(self, input: Tensor) -> Any:
        return pooling.max_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


@declared
class MaxPool2d(_MaxPool):
    """``MaxPool1d`` in two dimensions: (N, C, H, W) or (C, H, W) to (..., C, H_out, W_out).

    Every size is an int, or a pair of them.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
    """

    kernel_size: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0
    dilation: Sizes = 1
    return_indices: bool = False
    ceil_mode: bool = False

    def forward(self, input: Tensor) -> Any:
        return pooling.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


@declared
class AvgPool1d(_AvgPool):
    """The mean of each window along the last dimension: (N, C, L) or (C, L) to (..., C, L_out).

    The arguments are those of ``nn.functional.avg_pool1d``, where ``stride`` is ``kernel_size`` by default.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
    """

    kernel_size: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0
    ceil_mode: bool = False
    count_include_pad: bool = True

    def prepare(self) -> None:
        super().prepare()
        for name in ("kernel_size", "stride", "padding"):
            setattr(self, name, each("AvgPool1d", name, getattr(self, name), 1))

    def forward(self, input: Tensor) -> Tensor:
        return pooling.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )


@declared
class AvgPool2d(_AvgPool):
    """``AvgPool1d`` in two dimensions: (N, C, H, W) or (C, H, W) to (..., C, H_out, W_out).

    ``divisor_override`` is what sums are divided by instead of the number of elements.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
    """

    kernel_size: Sizes
    stride: Sizes | None = None
    padding: Sizes = 0
    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None

    def forward(self, input: Tensor) -> Tensor:
        return pooling.avg_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip


class _Adaptive(Module):
    def extra_repr(self) -> str:
        return shown(self, "output_size")


@declared
class AdaptiveMaxPool1d(_Adaptive):
    """The largest element of each of ``output_size`` parts of the last dimension: (N, C, L) to (N, C, output_size).

    With ``return_indices`` the result is a pair: the elements, and where they are (int64).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
    """

    output_size: Sizes
    return_indices: bool = False

    def forward(self, input: Tensor) -> Any:
        return pooling.adaptive_max_pool1d(input, self.output_size, self.return_indices)


@declared
class AdaptiveMaxPool2d(_Adaptive):
    """``AdaptiveMaxPool1d`` in two dimensions: (N, C, H, W) to (N, C, *output_size).

    ``output_size`` is an int or a pair; where it has None the size stays as it is.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
    """

    output_size: int | tuple[int | None, ...]
    return_indices: bool = False

    def forward(self, input: Tensor) -> Any:
        return pooling.adaptive_max_pool2d(input, self.output_size, self.return_indices)


@declared
class AdaptiveAvgPool1d(_Adaptive):
    """The mean of each of ``output_size`` parts of the last dimension: (N, C, L) to (N, C, output_size).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html
    """

    output_size: Sizes

    def forward(self, input: Tensor) -> Tensor:
        return pooling.adaptive_avg_pool1d(input, self.output_size)


@declared
class AdaptiveAvgPool2d(_Adaptive):
    """``AdaptiveAvgPool1d`` in two dimensions: (N, C, H, W) to (N, C, *output_size).

    ``output_size`` is an int or a pair; where it has None the size stays as it is.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool2d.html

    >>> import microgradnp
    >>> microgradnp.nn.AdaptiveAvgPool2d(1)(microgradnp.arange(4.0).reshape(1, 2, 2))
    tensor([[[1.5000]]])
    """

    output_size: int | tuple[int | None, ...]

    def forward(self, input: Tensor) -> Tensor:
        return pooling.adaptive_avg_pool2d(input, self.output_size)


@declared
class LPPool1d(Module):
    """The root of each window's sum of powers: ``sum(x ** norm_type) ** (1 / norm_type)``, without absolute values.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
    """

    norm_type: float
    kernel_size: Sizes
    stride: Sizes | None = None
    ceil_mode: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return pooling.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


@declared
class LPPool2d(Module):
    """``LPPool1d`` in two dimensions. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html"""

    norm_type: float
    kernel_size: Sizes
    stride: Sizes | None = None
    ceil_mode: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return pooling.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
