"""Normalization of channels: over the batch, over each sample, or over groups of channels.

An input is (N, C, ...): its channels are dimension 1. Here it is (N, C), or (N, C, L) with all further dimensions in
one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.modes import no_grad
from ..autograd.scope import where as module_path
from ..dtypes import float16, float32
from ..tensor import Tensor
from .activation import check_floats
from .conversion import cast
from .normalization import centered, scaled_to_one
from .record import Array, check_tensors, composite, derivatives, operation
from .reduction import mean, sum


def _sums(x):
    """The sum of each channel, (C,)."""
    return sum(x, 0) if x.ndim == 2 else sum(sum(x, -1), 0)


def _dots(x, y):
    """The sum of the products in each channel, (C,)."""
    return np.einsum("nc,nc->c", x, y) if x.ndim == 2 else sum(np.einsum("ncl,ncl->nc", x, y), 0)


def _count(x):
    """The number of elements of a channel."""
    return math.prod(x.shape) // (x.shape[1] or 1)


def _beside(values, x):
    """One value for each channel, in a shape that broadcasts to ``x``."""
    return values if x.ndim == 2 else values.reshape((x.shape[1], 1))


def _batches(make: Any) -> list[tuple[Any, ...]]:
    return [(make(4, 3),), (make(2, 3, 4),), (make(3, 1, 2),), (make(3, 0),)]


def _through_centering(g) -> Any:
    return centered_channels(g)


@operation(public=(), label="batch_norm", samples=_batches)
@derivatives(input=_through_centering)
def centered_channels(input: Array) -> Array:
    """``input``, less the mean of each channel."""
    return input - _beside(_sums(input) / _count(input), input)


def _scale(x, eps):
    """What brings the mean square of each channel to 1, (C,)."""
    return 1 / np.sqrt(_dots(x, x) / _count(x) + eps)


def _through_scale(g, input, eps):
    scale = _scale(input, eps)
    along = _dots(g, input) * (scale * scale / -_count(input))
    return (input * _beside(along, input) + g) * _beside(scale, input)


@operation(public=(), label="batch_norm", samples=lambda make: [(*x, 1e-2) for x in _batches(make)])
@derivatives(input=_through_scale)
def channels_scaled_to_one(input: Array, eps: float) -> Array:
    """``input``, divided by the square root of the mean square of each channel and ``eps``."""
    return input * _beside(_scale(input, eps), input)


@operation(
    public=(), label="affine",
    samples=lambda make: [(make(4, 3), make(3)), (make(2, 3, 4), make(3), make(3)), (make(0, 2), make(2), make(2))],
)  # fmt: skip
@derivatives(
    input=lambda g, weight: g * _beside(weight, g),
    weight=lambda g, input: _dots(g, input),
    bias=lambda g: _sums(g),
)
def weighted_channels(input: Array, weight: Array, bias: Array = None) -> Array:
    """``input * weight + bias``, with a weight and, if there is one, a bias for each channel."""
    out = np.multiply(input, _beside(weight, input))
    return out if bias is None else np.add(out, _beside(bias, input), out)


# What comes in, and what goes out


def _opened(function: str, input: Tensor, **parameters: Any) -> tuple[Any, dict[str, Any]]:
    """The input as (N, C) or (N, C, L), and what there is for each channel, in the dtype to compute in.

    That is the input's, and float32 for float16.
    """
    where = f"{module_path()}{function}"
    check_floats(function, input)
    if input.ndim < 2:
        raise RuntimeError(f"{where}: expected an input of 2 dimensions or more, (N, C, ...), got {input.ndim}")
    batch, channels, *rest = input.shape
    for name, values in parameters.items():
        if values is None:
            continue
        if values.numel() != channels:
            raise RuntimeError(
                f"{where}: {name} should contain {channels} elements, one for each channel of the input of shape "
                f"{tuple(input.shape)}, not {values.numel()}"
            )
        if values.dtype != input.dtype and not (input.dtype == float16 and values.dtype == float32):
            raise RuntimeError(
                f"{where}: mixed dtype: the input is {input.dtype}, {name} is {values.dtype}: convert one of them, as "
                "with .to(dtype)"
            )
    wanted = float32 if input.dtype == float16 else input.dtype
    x: Any = _in(wanted, input)
    x = x.reshape((batch, channels, math.prod(rest))) if len(rest) > 1 else x
    return x, {
        name: values if values is None else _in(wanted, values).reshape((channels,))
        for name, values in parameters.items()
    }


def _closed(input: Tensor, x: Any, weight: Any, bias: Any) -> Tensor:
    """The result, with weight and bias, in the shape and dtype of the input."""
    if weight is not None:
        x = weighted_channels(x, weight, bias)
    elif bias is not None:
        x = x + _beside(bias, x)
    return _in(input.dtype, x if x.ndim == input.ndim else x.reshape(input.shape))


def _in(dtype: Any, x: Any) -> Any:
    return x if x.dtype == dtype else cast(x, dtype)


def _check_statistics(function: str, mean: Any, var: Any, given: bool) -> None:
    """Running statistics come in pairs, and must be there where the input's own are not ``given``."""
    where = f"{module_path()}{function}"
    check_tensors(where, **{n: t for n, t in (("running_mean", mean), ("running_var", var)) if t is not None})
    if not given and (mean is None or var is None):
        raise RuntimeError(
            f"{where}: running_mean and running_var must be defined in evaluation mode, where they are what the input "
            "is normalized by"
        )
    if (mean is None) != (var is None):
        raise ValueError(f"{where}: running_mean and running_var must either both be None or neither be None")
    if mean is not None and (mean.requires_grad or var.requires_grad):
        raise RuntimeError(f"{where}: running_mean and running_var have no gradient: they must not require one")


def _by_running(x: Any, parameters: dict[str, Any], eps: float) -> tuple[Any, Any]:
    """The weight and the bias that normalize by the running statistics, and do what weight and bias do."""
    weight, bias = parameters["weight"], parameters["bias"]
    scale = 1 / np.sqrt(parameters["running_var"] + eps)
    scale = scale if weight is None else scale * weight
    shift = parameters["running_mean"] * -scale
    return scale, shift if bias is None else shift + bias


def _follow(running: Any, value: Any, momentum: Any) -> None:
    """Move running statistics towards those of this batch, in place."""
    running.mul_(1 - momentum).add_(value * momentum)


@composite(public=("nn.functional.batch_norm",))
def batch_norm(
    input: Array,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Array = None,
    bias: Array = None,
    training: bool = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Array:
    """``(input - mean) / sqrt(variance + eps) * weight + bias``, for each channel of an input (N, C, ...).

    While ``training``, mean and variance (without Bessel's correction) are those of the batch, and the running ones, if
    given, become ``(1 - momentum) * running + momentum * batch``, in place, with Bessel's correction. Else they are the
    running ones. All of these, weight and bias have the shape (C,).

    Raises ValueError while training with one value per channel, and for an ``eps`` that is not positive; RuntimeError
    for shapes or dtypes that do not fit, and where running statistics are missing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html;
    Ioffe & Szegedy 2015, arXiv:1502.03167

    >>> import microgradnp
    >>> x = microgradnp.tensor([[1.0, 10.0], [3.0, 50.0]])
    >>> microgradnp.nn.functional.batch_norm(x, None, None, training=True)
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    """
    _check_statistics("batch_norm", running_mean, running_var, training)
    if eps < 0 or (training and eps == 0):
        raise ValueError(f"{module_path()}batch_norm: eps must be positive, or 0 in evaluation mode, but got {eps}")
    x, parameters = _opened(
        "batch_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if not training:
        return _closed(input, x, *_by_running(x, parameters, eps))
    count = _count(x)
    if count == 1:
        raise ValueError(
            f"{module_path()}batch_norm: Expected more than 1 value per channel when training, got input size "
            f"{tuple(input.shape)}: give larger batches, or call eval()"
        )
    away = centered_channels(x)
    if running_mean is not None and count:
        with no_grad():
            _follow(running_mean, _sums(x) / count, momentum)
            _follow(running_var, _dots(away, away) / (count - 1), momentum)
    return _closed(input, channels_scaled_to_one(away, eps), parameters["weight"], parameters["bias"])


@composite(public=("nn.functional.instance_norm",))
def instance_norm(
    input: Array,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Array = None,
    bias: Array = None,
    use_input_stats: bool = True,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Array:
    """``batch_norm`` with mean and variance of each channel of each sample on its own, for an input (N, C, ...).

    With ``use_input_stats`` the running statistics, if given, follow the means over the batch; without, they are what
    the input is normalized by.

    Raises ValueError for one value per channel, RuntimeError for shapes or dtypes that do not fit, and where running
    statistics are missing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html;
    Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022
    """
    _check_statistics("instance_norm", running_mean, running_var, use_input_stats)
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(
            f"{module_path()}instance_norm: Expected more than 1 spatial element when training, got input size "
            f"{tuple(input.shape)}"
        )
    x, parameters = _opened(
        "instance_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    if not use_input_stats:
        return _closed(input, x, *_by_running(x, parameters, eps))
    away = centered(x)
    if running_mean is not None and input.numel():
        with no_grad():
            _follow(running_mean, mean(x, (0, 2)), momentum)
            _follow(running_var, _dots(away, away) / (len(x) * (x.shape[2] - 1)), momentum)
    return _closed(input, scaled_to_one(away, eps), parameters["weight"], parameters["bias"])


@composite(public=("nn.functional.group_norm",))
def group_norm(input: Array, num_groups: int, weight: Array = None, bias: Array = None, eps: float = 1e-5) -> Array:
    """``batch_norm`` with mean and variance of each of ``num_groups`` groups of channels of each sample.

    The input is (N, C, ...), weight and bias are (C,).

    Raises ValueError for one value per group, RuntimeError for shapes or dtypes that do not fit, and for a number of
    channels that ``num_groups`` does not divide.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html;
    Wu & He 2018, arXiv:1803.08494
    """
    if not hasattr(num_groups, "__index__"):
        raise TypeError(f"group_norm(): argument 'num_groups' must be int, not {type(num_groups).__name__}")
    x, parameters = _opened("group_norm", input, weight=weight, bias=bias)
    batch, channels = input.shape[:2]
    if num_groups <= 0 or channels % num_groups:
        raise RuntimeError(
            f"{module_path()}group_norm: num_groups must be greater than 0 and divide the number of channels, got "
            f"{num_groups} for an input of shape {tuple(input.shape)}"
        )
    length = math.prod(input.shape[1:]) // num_groups
    if batch * length == 1:
        raise ValueError(
            f"{module_path()}group_norm: Expected more than 1 value per channel when training, got input size "
            f"{tuple(input.shape)} for {num_groups} groups"
        )
    rows = scaled_to_one(centered(x.reshape((batch, num_groups, length))), eps)
    return _closed(input, rows.reshape(tuple(x.shape)), parameters["weight"], parameters["bias"])
