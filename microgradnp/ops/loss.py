"""Loss functions: how far an input is from its target.

This file holds what all losses share, and those that compare numbers with numbers. Those of probabilities and classes
are in ``classification.py``, those with a margin in ``margin.py``.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

from ..autograd.modes import no_grad
from ..autograd.scope import where as module_path
from ..dtypes import float16, float32
from ..tensor import Tensor, make
from .activation import check_floats, hardtanh
from .arithmetic import maximum
from .comparison import where
from .conversion import cast
from .record import Array, checking, composite, derivatives, operation
from .reduction import mean, sum
from .shape import unsqueeze

F = TypeVar("F", bound=Callable[..., Any])

SMALL = 1024  # up to so many elements a dot product is as accurate as a pairwise sum
REDUCTIONS = ("none", "mean", "sum")


# What all losses share


def check_reduction(reduction: str, function: str) -> None:
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"{module_path()}{function}: {reduction!r} is not a valid value for reduction; use one of {REDUCTIONS}"
        )


def reduction_of(
    function: str, size_average: bool | None, reduce: bool | None, reduction: str, stacklevel: int = 5
) -> str:
    """The reduction that a loss is asked for; ``size_average`` and ``reduce``, which came before it, win and warn."""
    if size_average is None and reduce is None:
        check_reduction(reduction, function)
        return reduction
    if not isinstance(size_average, bool | None) or not isinstance(reduce, bool | None):
        raise TypeError(
            f"size_average and reduce must be bools, got {size_average!r} and {reduce!r}; give reduction= by name"
        )
    averaged = "mean" if size_average is None or size_average else "sum"
    reduction = averaged if reduce is None or reduce else "none"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
        stacklevel=stacklevel,
    )
    return reduction


def reduced(losses: Any, reduction: str) -> Any:
    return losses if reduction == "none" else mean(losses) if reduction == "mean" else sum(losses)


def through_float32(loss: F) -> F:
    """A loss that computes in float32 what is given in float16: its sums would overflow, and every step round."""

    @wraps(loss)
    def widened(*args: Any, **kwargs: Any) -> Any:
        values = (*args, *kwargs.values())
        if {value.dtype for value in values if isinstance(value, Tensor) and value.dtype.kind == "f"} != {float16}:
            return loss(*args, **kwargs)
        result = loss(*map(_widened, args), **{name: _widened(value) for name, value in kwargs.items()})
        return cast(result, float16) if result.dtype == float32 else result

    return widened  # type: ignore[return-value]


def _widened(value: Any) -> Any:
    return cast(value, float32) if isinstance(value, Tensor) and value.dtype == float16 else value


def warn_of_broadcasting(function: str, input: Any, target: Any, stacklevel: int = 5) -> None:
    warnings.warn(
        f"{module_path()}{function}: Using a target size ({tuple(target.shape)}) that is different to the input size "
        f"({tuple(input.shape)}). This will likely lead to incorrect results due to broadcasting. Please ensure they "
        f"have the same size, for example with target.reshape({tuple(input.shape)}).",
        UserWarning,
        stacklevel=stacklevel,
    )


def _weighted(function: str, input: Tensor, weight: Tensor, losses: Tensor) -> Tensor:
    """The losses times their weights."""
    if weight.shape != input.shape:
        raise ValueError(
            f"{module_path()}{function}: weight and input must have the same size, got {tuple(weight.shape)} and "
            f"{tuple(input.shape)}; weight.expand_as(input) may do it"
        )
    return losses * weight


# Squares and absolute values of differences


def _scaled_difference(g, input, target, reduction):
    difference = input - target
    if reduction == "mean":
        g = g * (2.0 / (math.prod(difference.shape) or math.nan))
        return difference * g
    return difference * (g * 2.0)


def _mse_samples(make: Any) -> list[tuple[Any, ...]]:
    return [(make(4, 1), make(4, 1)), (make(3, 2), make(3, 2), "sum"), (make(3), make(3), "none"), (make(), make())]


# Bound once: numpy is a module in which names are found slowly, and on small arrays that shows.
_subtract, _vdot = np.subtract, np.vdot


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
        warn_of_broadcasting("mse_loss", input, target)
    if input.dtype.kind != "f":
        check_floats("mse_loss", input)
    difference = _subtract(input, target)
    if reduction == "none":
        return np.multiply(difference, difference)
    count = difference.size
    if count <= SMALL:
        total = _vdot(difference, difference)  # one call for two, where calls are what costs
    else:
        total = np.add.reduce(np.multiply(difference, difference, out=difference), axis=None)
    return total if reduction == "sum" else total / (count or math.nan)


@composite(public=("nn.functional.mse_loss",))
@through_float32
def mse_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Array = None,
) -> Array:
    """The mean squared error: (input - target) ** 2, averaged over all elements.

    ``reduction`` is "mean", "sum" or "none". With ``weight``, of the input's shape, the mean is a weighted one. Warns
    when the shapes differ, for broadcasting (4, 1) against (4,) compares every input with every target.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
    """
    reduction = reduction_of("mse_loss", size_average, reduce, reduction)
    if weight is None:
        return squared_error(input, target, reduction)
    losses = _weighted("mse_loss", input, weight, squared_error(input, target, "none"))
    return sum(losses) / sum(weight) if reduction == "mean" else reduced(losses, reduction)


@composite(public=("nn.functional.l1_loss",))
@through_float32
def l1_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Array = None,
) -> Array:
    """The mean absolute error: |input - target|, averaged over all elements; its derivative at 0 is 0.

    ``reduction`` is "mean", "sum" or "none". With ``weight``, of the input's shape, the mean is a weighted one. Warns
    when the shapes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html
    """
    reduction = reduction_of("l1_loss", size_average, reduce, reduction)
    if input.shape != target.shape:
        warn_of_broadcasting("l1_loss", input, target)
    losses = abs(input - target)
    if weight is None:
        return reduced(losses, reduction)
    losses = _weighted("l1_loss", input, weight, losses)
    return sum(losses) / sum(weight) if reduction == "mean" else reduced(losses, reduction)


def _huber(function: str, input: Tensor, target: Tensor, delta: float) -> Tensor:
    """``d ** 2 / 2`` for differences between ``-delta`` and ``delta``, and the tangent beyond.

    With the difference cut off at ``delta`` one product gives both, and squares no difference that is large.
    """
    check_floats(function, input)
    if input.shape != target.shape:
        warn_of_broadcasting(function, input, target, stacklevel=6)
    difference = input - target
    inner = hardtanh(difference, -delta, delta)
    return inner * (difference - inner * 0.5)


@composite(public=("nn.functional.huber_loss",))
@through_float32
def huber_loss(input: Array, target: Array, reduction: str = "mean", delta: float = 1.0, weight: Array = None) -> Array:
    """With d = input - target: ``d ** 2 / 2`` where ``|d| < delta``, else ``delta * (|d| - delta / 2)``.

    ``reduction`` is "mean", "sum" or "none"; ``weight``, of the input's shape, multiplies the losses. Warns when the
    shapes differ. Raises RuntimeError when ``delta`` is not positive.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
    """
    check_reduction(reduction, "huber_loss")
    if delta <= 0:
        raise RuntimeError(f"huber_loss: delta must be positive, got {delta}")
    losses = _huber("huber_loss", input, target, delta)
    return reduced(losses if weight is None else _weighted("huber_loss", input, weight, losses), reduction)


@composite(public=("nn.functional.smooth_l1_loss",))
@through_float32
def smooth_l1_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Array:
    """With d = input - target: ``d ** 2 / 2 / beta`` where ``|d| < beta``, else ``|d| - beta / 2``.

    ``reduction`` is "mean", "sum" or "none"; a ``beta`` of 0 gives ``l1_loss``. Warns when the shapes differ. Raises
    RuntimeError for a negative ``beta``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
    """
    reduction = reduction_of("smooth_l1_loss", size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss: beta must not be negative, got {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    return reduced(_huber("smooth_l1_loss", input, target, beta) / beta, reduction)


# Likelihoods of numbers


@composite(public=("nn.functional.poisson_nll_loss",))
@through_float32
def poisson_nll_loss(
    input: Array,
    target: Array,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """``exp(input) - target * input``: how unlikely ``target`` is as a count of Poisson's distribution.

    ``input`` is the logarithm of the expected count; with ``log_input=False`` the count itself, and the loss
    ``input - target * log(input + eps)``. ``full`` adds Stirling's formula for ``log(target!)`` where ``target > 1``.
    ``reduction`` is "mean", "sum" or "none".

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html
    """
    reduction = reduction_of("poisson_nll_loss", size_average, reduce, reduction)
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        many = where(target > 1, target, 1.0)  # no logarithm of 0, which would make the gradient nan
        stirling = many * many.log() - many + (many * (2 * math.pi)).log() * 0.5
        losses = losses + where(target > 1, stirling, 0.0)
    return reduced(losses, reduction)


@composite(public=("nn.functional.gaussian_nll_loss",))
@through_float32
def gaussian_nll_loss(
    input: Array,
    target: Array,
    var: Array | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Array:
    """``(log(var) + (input - target) ** 2 / var) / 2``: how unlikely ``target`` is for a mean and variance.

    ``var`` is a number, or has the shape of ``input``, or that without the last dimension, or with one of size 1. It is
    used as if it were at least ``eps``, which its gradient does not see. ``full`` adds ``log(2 * pi) / 2``.
    ``reduction`` is "mean", "sum" or "none".

    Raises ValueError for another shape of ``var``, or a negative one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
    """
    check_reduction(reduction, "gaussian_nll_loss")
    variance = _variance(input, var)
    kept = variance.clone()
    with no_grad():
        kept.copy_(maximum(kept, eps))
    losses = (kept.log() + (input - target) ** 2 / kept) * 0.5
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, reduction)


@checking
def _check_variance(var: np.ndarray) -> np.ndarray:
    if (var < 0).any():
        raise ValueError(f"{module_path()}gaussian_nll_loss: var has negative entries; a variance is at least 0")
    return var


def _variance(input: Tensor, var: Any) -> Any:
    """The variance as a tensor that broadcasts to the input."""
    if not isinstance(var, Tensor):
        if isinstance(var, bool) or not isinstance(var, (int, float)):
            raise TypeError(f"gaussian_nll_loss(): argument 'var' must be Tensor or float, not {type(var).__name__}")
        var = make(np.full(input.shape, var, input.dtype if input.dtype.kind == "f" else float32))
    _check_variance(var._array)
    shape, given = tuple(input.shape), tuple(var.shape)
    if given == shape[:-1] and shape:
        return unsqueeze(var, -1)
    other = [size for size, wanted in zip(given, shape, strict=False) if size != wanted]
    if len(given) == len(shape) and other in ([], [1]):
        return var
    raise ValueError(
        f"{module_path()}gaussian_nll_loss: var is of incorrect size {given} for an input of size {shape}: give the "
        f"same, or {shape[:-1]}, or one of its sizes as 1"
    )
