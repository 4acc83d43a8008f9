"""Loss functions: how far an input is from its target."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..autograd.scope import where
from .activation import logsigmoid
from .record import Array, composite, derivatives, operation
from .reduction import mean, sum

SMALL = 1024  # up to so many elements a dot product is as accurate as a pairwise sum
REDUCTIONS = ("none", "mean", "sum")


def check_reduction(reduction: str, function: str) -> None:
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"{where()}{function}: {reduction!r} is not a valid value for reduction; use one of {REDUCTIONS}"
        )


def reduce(loss: Any, reduction: str) -> Any:
    return loss if reduction == "none" else mean(loss) if reduction == "mean" else sum(loss)


def _scaled_difference(g, input, target, reduction):
    difference = input - target
    if reduction == "mean":
        g = g * (2.0 / (math.prod(difference.shape) or math.nan))
        return difference * g
    return difference * (g * 2.0)


def _mse_samples(make: Any) -> list[tuple[Any, ...]]:
    return [(make(4, 1), make(4, 1)), (make(3, 2), make(3, 2), "sum"), (make(3), make(3), "none"), (make(), make())]


@operation(public=(), samples=_mse_samples, label="mse_loss")
@derivatives(
    input=_scaled_difference,
    target=lambda g, input, target, reduction: -_scaled_difference(g, input, target, reduction),
)
def squared_error(input: Array, target: Array, reduction: str = "mean") -> Array:
    """(input - target) ** 2, broadcast, then averaged, summed or left as it is."""
    if reduction not in REDUCTIONS:
        check_reduction(reduction, "mse_loss")
    if input.shape != target.shape:
        _warn_of_broadcasting("mse_loss", input, target)
    difference = np.subtract(input, target)
    if difference.dtype.kind != "f":
        raise NotImplementedError(
            f"mse_loss: not implemented for {difference.dtype}: convert it first, as with .float()"
        )
    if reduction == "none":
        return np.multiply(difference, difference)
    count = math.prod(difference.shape)
    if count <= SMALL:
        total = np.vdot(difference, difference)  # one call for two, where calls are what costs
    else:
        total = np.add.reduce(np.multiply(difference, difference, out=difference), axis=None)
    return total if reduction == "sum" else total / (count or math.nan)


@composite(public=("nn.functional.mse_loss",))
def mse_loss(input: Array, target: Array, *, reduction: str = "mean", weight: Array = None) -> Array:
    """The mean squared error: (input - target) ** 2, averaged over all elements.

    ``reduction`` is "mean", "sum" or "none". Warns when the shapes differ, for broadcasting (4, 1) against (4,)
    compares every input with every target.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
    """
    if weight is None:
        return squared_error(input, target, reduction)
    squares = squared_error(input, target, "none") * weight
    return sum(squares) / sum(weight) if reduction == "mean" else reduce(squares, reduction)


def _warn_of_broadcasting(function: str, input: Any, target: Any) -> None:
    warnings.warn(
        f"{where()}{function}: Using a target size ({tuple(target.shape)}) that is different to the input size "
        f"({tuple(input.shape)}). This will likely lead to incorrect results due to broadcasting. Please ensure they "
        f"have the same size, for example with target.reshape({tuple(input.shape)}).",
        UserWarning,
        stacklevel=5,
    )


def _probabilities(make: Any) -> list[tuple[Any, ...]]:
    return [(make(4, 1), make(4, 1)), (make(3), make(3))]


@operation(public=(), samples=_probabilities, domain=(0.1, 0.9), label="binary_cross_entropy")
@derivatives(
    input=lambda g, input, target: g * ((input - target) / np.maximum(input * (1 - input), 1e-12)),
    target=lambda g, input: g * (np.log(1 - input) - np.log(input)),
)
def cross_entropy_of_bits(input: Array, target: Array) -> Array:
    """-(target * log(input) + (1 - target) * log(1 - input)), elementwise, logarithms not below -100."""
    return (target - 1) * _log_of(1 - input) - target * _log_of(input)


def _log_of(probability):
    return np.maximum(np.log(probability), -100.0)


@composite(public=("nn.functional.binary_cross_entropy",))
def binary_cross_entropy(input: Array, target: Array, weight: Array = None, *, reduction: str = "mean") -> Array:
    """The cross entropy between probabilities ``input`` and ``target`` in [0, 1], of one shape.

    -(target * log(input) + (1 - target) * log(1 - input)), where logarithms are not taken below -100, times ``weight``;
    ``reduction`` is "mean", "sum" or "none". Raises ValueError when the shapes differ, RuntimeError when an input lies
    outside [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
    """
    check_reduction(reduction, "binary_cross_entropy")
    if input.shape != target.shape:
        raise ValueError(
            f"{where()}binary_cross_entropy: Using a target size ({tuple(target.shape)}) that is different to the "
            f"input size ({tuple(input.shape)}); they must be the same, as by target.reshape({tuple(input.shape)})"
        )
    if input.dtype.kind != "f":
        raise NotImplementedError(f"binary_cross_entropy: not implemented for {input.dtype}: probabilities are floats")
    _check_probabilities("input", input)
    _check_probabilities("target", target)
    loss = cross_entropy_of_bits(input, target)
    return reduce(loss if weight is None else loss * weight, reduction)


def _check_probabilities(name: str, values: Any) -> None:
    array = values._array if hasattr(values, "_array") else values
    if isinstance(array, np.ndarray) and not ((array >= 0) & (array <= 1)).all():
        raise RuntimeError(
            f"{where()}binary_cross_entropy: all elements of {name} should be between 0 and 1, got values from "
            f"{array.min()} to {array.max()}; apply a sigmoid first, or use binary_cross_entropy_with_logits"
        )


@composite(public=("nn.functional.binary_cross_entropy_with_logits",))
def binary_cross_entropy_with_logits(
    input: Array, target: Array, weight: Array = None, *, reduction: str = "mean", pos_weight: Array = None
) -> Array:
    """The cross entropy between ``sigmoid(input)`` and ``target``, accurate for every input.

    -(pos_weight * target * log sigmoid(input) + (1 - target) * log(1 - sigmoid(input))), times ``weight``;
    ``reduction`` is "mean", "sum" or "none". Raises ValueError when the shapes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
    """
    check_reduction(reduction, "binary_cross_entropy_with_logits")
    if input.shape != target.shape:
        raise ValueError(
            f"{where()}binary_cross_entropy_with_logits: Target size ({tuple(target.shape)}) must be the same as "
            f"input size ({tuple(input.shape)}), for example by target.reshape({tuple(input.shape)})"
        )
    positive = logsigmoid(input) if pos_weight is None else logsigmoid(input) * ((pos_weight - 1) * target + 1)
    loss = (1 - target) * input - positive
    return reduce(loss if weight is None else loss * weight, reduction)
