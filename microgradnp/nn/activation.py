"""Activation functions as modules."""

from __future__ import annotations

from ..tensor import Tensor
from .functional import relu, sigmoid, tanh
from .module import Module


class Sigmoid(Module):
    """1 / (1 + exp(-x)), elementwise. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html"""

    def forward(self, input: Tensor) -> Tensor:
        return sigmoid(input)


class Tanh(Module):
    """tanh(x), elementwise. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html"""

    def forward(self, input: Tensor) -> Tensor:
        return tanh(input)


class ReLU(Module):
    """max(x, 0), elementwise; ``inplace`` writes the result into the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return relu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""
