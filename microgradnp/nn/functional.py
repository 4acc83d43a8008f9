"""Layers as functions, under PyTorch's names."""

from ..ops.elementary import logsigmoid, relu, sigmoid, tanh
from ..ops.loss import binary_cross_entropy, binary_cross_entropy_with_logits, mse_loss
from ..ops.product import linear

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
