"""Layers that multiply by a matrix, and the one that does nothing."""

from __future__ import annotations

import math
from typing import Any

from ..ops.einsum import bilinear
from ..ops.product import linear
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter, unfilled


class Identity(Module):
    """Its input, unchanged; whatever arguments it is made with have no meaning, so it can stand for any layer.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Linear(Module):
    """``y = x @ weight.T + bias``: (..., in_features) to (..., out_features).

    weight: (out_features, in_features), bias: (out_features,), both drawn from the uniform distribution on
    ±1/sqrt(in_features), with PyTorch's own numbers for the same seed.

    Raises RuntimeError when the last size of the input is not ``in_features``; it names the module and both shapes.
    Warns for a size of 0, as there is nothing to draw.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html

    >>> import microgradnp
    >>> from microgradnp import nn
    >>> nn.Linear(2, 4)(microgradnp.ones(3, 2)).shape
    Size([3, 4])
    """

    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = _size(in_features, "in_features")
        self.out_features = _size(out_features, "out_features")
        self.weight = unfilled("Linear", (out_features, in_features), device, dtype)
        self.register_parameter("bias", unfilled("Linear", (out_features,), device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init.fans(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """``y[k] = x1 @ weight[k] @ x2 + bias[k]``: (..., in1_features) and (..., in2_features) to (..., out_features).

    weight: (out_features, in1_features, in2_features), bias: (out_features,), both drawn from the uniform distribution
    on ±1/sqrt(in1_features).

    Raises ValueError for ``in1_features`` below 1, RuntimeError for inputs that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
    """

    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = unfilled("Bilinear", (out_features, in1_features, in2_features), device, dtype)
        self.register_parameter("bias", unfilled("Bilinear", (out_features,), device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        if self.in1_features <= 0:
            raise ValueError(f"Bilinear: in1_features must be > 0, but got in1_features={self.in1_features}")
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


def _size(value: Any, name: str) -> int:
    if not hasattr(value, "__index__"):
        raise TypeError(f"Linear: {name} must be an int, got {type(value).__name__}")
    if value < 0:
        raise RuntimeError(f"Linear: {name} must not be negative, got {value}")
    return value
