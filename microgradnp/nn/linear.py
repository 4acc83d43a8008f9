"""Layers that multiply by a matrix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..ops.product import linear
from ..tensor import Tensor, make
from . import init
from .module import Module
from .parameter import Parameter


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

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        if device is not None and str(device) != "cpu":
            raise RuntimeError(f"Linear: device {device!r} is not there; the only device is 'cpu'")
        wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype, "Linear")
        self.in_features = _size(in_features, "in_features")
        self.out_features = _size(out_features, "out_features")
        self.weight = Parameter(make(np.empty((out_features, in_features), wanted)))
        if bias:
            self.bias = Parameter(make(np.empty(out_features, wanted)))
        else:
            self.register_parameter("bias", None)
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


def _size(value: Any, name: str) -> int:
    if not hasattr(value, "__index__"):
        raise TypeError(f"Linear: {name} must be an int, got {type(value).__name__}")
    if value < 0:
        raise RuntimeError(f"Linear: {name} must not be negative, got {value}")
    return value
