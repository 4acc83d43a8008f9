"""Layers as functions, under PyTorch's names."""

from __future__ import annotations

from ..ops import elementary
from ..ops.elementary import logsigmoid, sigmoid, tanh
from ..ops.loss import binary_cross_entropy, binary_cross_entropy_with_logits, mse_loss
from ..ops.product import linear
from ..tensor import Tensor

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "linear",
    "logsigmoid",
    "mse_loss",
    "relu",
    "sigmoid",
    "tanh",
]


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0), elementwise; its derivative at 0 is 0. ``inplace`` writes the result into the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html
    """
    return input.relu_() if inplace else elementary.relu(input)  # type: ignore[attr-defined]
