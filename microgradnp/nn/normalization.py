"""Layers that bring each sample, or groups of its channels, to one scale. Those of whole batches: ``batchnorm.py``."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from ..ops.channels import group_norm
from ..ops.normalization import layer_norm, local_response_norm, rms_norm
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter, unfilled


def add_scales(
    module: Module, shape: tuple[int, ...], weight: bool, bias: bool, device: Any = None, dtype: Any = None
) -> None:
    """Give a layer a weight and a bias of this shape, or None in their place."""
    for name, wanted in (("weight", weight), ("bias", bias)):
        module.register_parameter(name, unfilled(type(module).__name__, shape, device, dtype) if wanted else None)


def reset_scales(module: Any) -> None:
    """Weights of 1 and biases of 0, with which the layer only normalizes."""
    if module.weight is not None:
        init.ones_(module.weight)
    if module.bias is not None:
        init.zeros_(module.bias)


def _shape_of(normalized_shape: Any) -> tuple[int, ...]:
    return tuple(normalized_shape) if isinstance(normalized_shape, Sequence) else (operator.index(normalized_shape),)


class LayerNorm(Module):
    """``(x - mean) / sqrt(variance + eps) * weight + bias``, over the last dimensions, ``normalized_shape``.

    An int stands for the last dimension. Without ``elementwise_affine`` there is neither weight nor bias; both are of
    the normalized shape, in the beginning 1 and 0. Raises RuntimeError for inputs that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html;
    Ba, Kiros & Hinton 2016, arXiv:1607.06450

    >>> import microgradnp
    >>> microgradnp.nn.LayerNorm(2)(microgradnp.tensor([[1.0, 3.0]])).detach()
    tensor([[-1.0000,  1.0000]])
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape_of(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        add_scales(self, self.normalized_shape, elementwise_affine, elementwise_affine and bias, device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights of 1 and biases of 0."""
        reset_scales(self)

    def forward(self, input: Tensor) -> Tensor:
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """``x / sqrt(mean(x ** 2) + eps) * weight``, over the last dimensions, ``normalized_shape``.

    An int stands for the last dimension; ``eps`` is by default ``finfo(dtype).eps``. Raises RuntimeError for inputs
    that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html;
    Zhang & Sennrich 2019, arXiv:1910.07467
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _shape_of(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        weight = unfilled("RMSNorm", self.normalized_shape, device, dtype) if elementwise_affine else None
        self.register_parameter("weight", weight)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights of 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """``(x - mean) / sqrt(variance + eps) * weight + bias``, over groups of channels of each sample of (N, C, ...).

    weight and bias have the shape (num_channels,), in the beginning 1 and 0.

    Raises ValueError when ``num_groups`` does not divide ``num_channels``, RuntimeError for inputs that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html; Wu & He 2018, arXiv:1803.08494
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(f"GroupNorm: num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups, self.num_channels, self.eps, self.affine = num_groups, num_channels, eps, affine
        add_scales(self, (num_channels,), affine, affine and bias, device, dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weights of 1 and biases of 0."""
        reset_scales(self)

    def forward(self, input: Tensor) -> Tensor:
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """The input (N, C, ...), divided by ``(k + alpha * mean) ** beta``: the mean of the squares of ``size`` channels.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html;
    Krizhevsky, Sutskever & Hinton, ImageNet classification with deep convolutional neural networks, 2012
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        return local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
