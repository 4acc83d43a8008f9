"""Activation functions.

Most are composites. Those of one element go through ``_activation``, which refuses what is not floating point, does
``inplace``, and computes in float32 what is given in float16, so that a chain of operations rounds once, as PyTorch's
kernels do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import random as rng
from ..autograd.scope import where as module_path
from ..dtypes import float16, float32
from ..tensor import Tensor, make
from .blocks import in_blocks
from .comparison import where
from .conversion import cast
from .elementary import logistic_of_negative, sigmoid, tanh
from .inplace import write
from .normal import MANY, normal_cdf_of_singles
from .record import Array, Index, composite, derivatives, operation
from .shape import dim_from


def check_floats(function: str, input: Any) -> None:
    if input.dtype.kind != "f":
        raise NotImplementedError(
            f"{module_path()}{function}: not implemented for {input.dtype}: convert it first, as with .float()"
        )


def _activation(name: str, input: Tensor, compute: Callable[[Tensor], Tensor], inplace: bool = False) -> Tensor:
    """``compute`` of a floating point tensor, float16 by way of float32; ``inplace`` writes over the tensor."""
    check_floats(name, input)
    if inplace:
        return write(input, f"{name}_", lambda before: _activation(name, before, compute))
    if input.dtype == float16:
        return cast(compute(cast(input, float32)), float16)
    return compute(input)


# Rectifiers: a straight line on either side of zero


BITS = {4: np.dtype(np.int32), 8: np.dtype(np.int64)}  # integers of the size of a float, by its bytes


@operation(public=(), samples=lambda make: [(make(3, 4), np.arange(12).reshape(3, 4) % 3 == 0)])
@derivatives(input=lambda g, mask: np.where(mask, 0.0, g))
def zeroed(input: Array, mask: Index) -> Array:
    """0 where ``mask`` is true, else ``input``, both of one shape.

    As integers the floats are kept or wiped out by an "and" with -1 or 0. np.where takes a branch for every element,
    and on a mask without a pattern 5 to 20 times as long; a product with the mask would make nan of an infinity.
    """
    if type(input) is not np.ndarray or input.size < 256 or input.itemsize not in BITS:
        return np.where(mask, 0.0, input)
    bits = np.subtract(mask.view(np.int8), 1).astype(BITS[input.itemsize])
    return np.bitwise_and(input.view(bits.dtype), bits, bits).view(input.dtype)


@operation(
    methods=("relu", "relu_"), public=("relu", "relu_", "nn.functional.relu_"), elementwise=True, kinks=(0.0,),
)  # fmt: skip
@derivatives(input=lambda g, out: zeroed(g, out <= 0))
def relu(input: Array) -> Array:
    """max(input, 0), elementwise; its derivative at 0 is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html
    """
    if input.dtype.kind == "b":
        raise RuntimeError("relu: bools are not supported: convert them first, as with .long()")
    return np.maximum(input, 0)


@composite(public=("nn.functional.relu",))
def _relu(input: Array, inplace: bool = False) -> Array:
    """max(input, 0), elementwise; its derivative at 0 is 0. ``inplace`` writes the result into the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html
    """
    return input.relu_() if inplace else relu(input)


@composite(public=("nn.functional.leaky_relu", "nn.functional.leaky_relu_"))
def leaky_relu(input: Array, negative_slope: float = 0.01, inplace: bool = False) -> Array:
    """``input`` where it is positive, else ``negative_slope * input``; its derivative at 0 is ``negative_slope``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html
    """
    return _activation("leaky_relu", input, lambda x: where(x > 0, x, x * negative_slope), inplace)


@composite(methods=("prelu",), public=("prelu", "nn.functional.prelu"))
def prelu(input: Array, weight: Array) -> Array:
    """``input`` where it is positive, else ``weight * input``; its derivative at 0 is ``weight``.

    ``weight`` is one number for all elements, or a vector with one for each channel (dimension 1 of ``input``).

    Raises RuntimeError when there are as many numbers as no dimension has, or of another dtype.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html
    """
    _check_slopes(input, weight)
    check_floats("prelu", input)
    shape = () if weight.numel() == 1 else (weight.numel(), *(1,) * (input.ndim - 2))
    slopes = weight.reshape(shape)
    # Without the inner where, the gradient of a product that is not shown would be 0 times an infinity.
    return _activation("prelu", input, lambda x: where(x > 0, x, where(x > 0, 0.0, x) * cast(slopes, x.dtype)))


def _check_slopes(input: Tensor, weight: Any) -> None:
    if not isinstance(weight, Tensor):
        raise TypeError(f"prelu(): argument 'weight' must be Tensor, not {type(weight).__name__}")
    if weight.dtype != input.dtype:
        raise RuntimeError(
            f"{module_path()}prelu: type promoting is not supported, got input {input.dtype} and weight "
            f"{weight.dtype}: convert one, as with .to(dtype)"
        )
    if weight.ndim > 1:
        raise RuntimeError(
            f"{module_path()}prelu: weight must be a number or a vector, got shape {tuple(weight.shape)}"
        )
    channels = input.shape[1] if input.ndim > 1 else 1
    if weight.numel() not in (1, channels):
        raise RuntimeError(
            f"{module_path()}prelu: weight has {weight.numel()} numbers and an input of shape {tuple(input.shape)} has "
            f"{channels} channels (dimension 1): give one number, or one for each channel"
        )


@composite(public=("rrelu", "rrelu_", "nn.functional.rrelu", "nn.functional.rrelu_"))
def rrelu(
    input: Array, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Array:
    """The leaky ``relu`` with random slopes: ``input`` where it is positive, else ``slope * input``.

    In training each such element has its own slope, uniform in [lower, upper), from the default generator: the numbers
    that PyTorch draws. Otherwise the slope is ``(lower + upper) / 2``. The derivative at 0 is the slope.

    Raises RuntimeError for bounds that are not finite or in the wrong order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html
    """
    for name, bound in (("lower", lower), ("upper", upper)):
        if not math.isfinite(bound):
            raise RuntimeError(f"rrelu: {name} bound must be finite, got {bound}")
    if lower > upper:
        raise RuntimeError(f"rrelu: the lower bound {lower} should be less than or equal to the upper bound {upper}")
    slope: Any = (lower + upper) / 2
    check_floats("rrelu", input)
    if training:
        slope = make(_random_slopes(input._array, lower, upper))
    return _activation("rrelu", input, lambda x: where(x <= 0, x * slope, x), inplace)


def _random_slopes(array: np.ndarray, lower: float, upper: float) -> np.ndarray:
    """A slope for each element that is not positive; nothing is drawn for the others."""
    slopes = np.ones(array.shape, float32 if array.dtype == float16 else array.dtype)
    leaking = array <= 0
    slopes[leaking] = rng.default_generator.uniform(int(leaking.sum()), lower, upper, np.float64)
    return slopes


@composite(public=("threshold", "threshold_", "nn.functional.threshold", "nn.functional.threshold_"))
def threshold(input: Array, threshold: float, value: float, inplace: bool = False) -> Array:
    """``input`` where it is greater than ``threshold``, else ``value``; its derivative at the threshold is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html
    """
    if input.dtype.kind == "b":
        raise NotImplementedError("threshold: not implemented for bool: convert it first, as with .long()")
    limit, constant = (threshold, value) if input.dtype.kind == "f" else (int(threshold), int(value))
    if inplace:
        return write(input, "threshold_", lambda before: where(before <= limit, constant, before))
    return where(input <= limit, constant, input)


# Pieces of straight lines


@composite(public=("nn.functional.hardtanh", "nn.functional.hardtanh_"))
def hardtanh(input: Array, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Array:
    """``input`` kept between ``min_val`` and ``max_val``; its derivative at the bounds is 0 (that of ``clamp`` is 1).

    Raises ValueError when ``min_val`` is greater than ``max_val``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val {min_val} cannot be greater than max_val {max_val}")
    if input.dtype.kind == "b":
        raise RuntimeError("hardtanh: bool inputs are not supported: convert it first, as with .float()")
    if input.dtype.kind == "u" and min_val < 0:
        raise RuntimeError(f"hardtanh: min_val {min_val} is negative, and the input's dtype {input.dtype} has no sign")
    low, high = (min_val, max_val) if input.dtype.kind == "f" else (int(min_val), int(max_val))
    if inplace:
        return write(input, "hardtanh_", lambda before: _between(before, low, high))
    return _between(input, low, high)


def _between(input: Tensor, low: float, high: float) -> Tensor:
    return where(input <= low, low, where(input >= high, high, input))


@composite(public=("nn.functional.relu6",))
def relu6(input: Array, inplace: bool = False) -> Array:
    """``input`` kept between 0 and 6; its derivative at 0 and at 6 is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html
    """
    return hardtanh(input, 0, 6, inplace)


@composite(public=("nn.functional.hardsigmoid",))
def hardsigmoid(input: Array, inplace: bool = False) -> Array:
    """``(input + 3) / 6`` kept between 0 and 1; its derivative at -3 and at 3 is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html
    """
    return _activation("hardsigmoid", input, _hard_sigmoid, inplace)


def _hard_sigmoid(input: Tensor) -> Tensor:
    return (_between(input, -3.0, 3.0) + 3.0) / 6.0


@composite(public=("nn.functional.hardswish",))
def hardswish(input: Array, inplace: bool = False) -> Array:
    """``input * hardsigmoid(input)``; its derivative is 0 at -3 and 1 at 3.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html
    """
    return _activation("hardswish", input, lambda x: x * _hard_sigmoid(x), inplace)


@composite(methods=("hardshrink",), public=("hardshrink", "nn.functional.hardshrink"), out=True)
def hardshrink(input: Array, lambd: float = 0.5) -> Array:
    """0 where ``input`` lies between ``-lambd`` and ``lambd``, else ``input``; its derivative at the bounds is 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html
    """
    check_floats("hardshrink", input)
    return where((input >= -lambd) & (input <= lambd), 0.0, input)


@composite(public=("nn.functional.softshrink",), out=True)
def softshrink(input: Array, lambd: float = 0.5) -> Array:
    """``input`` brought nearer to 0 by ``lambd``, and 0 from there on; its derivative at ``-lambd`` and ``lambd`` is 0.

    Raises RuntimeError for a negative ``lambd``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html
    """
    check_floats("softshrink", input)
    if not 0 <= lambd < math.inf:
        raise RuntimeError(f"softshrink: lambd must not be negative, and finite, but found {lambd}")
    return where(input > lambd, input - lambd, where(input < -lambd, input + lambd, input * 0.0))


# Smooth ones


@operation(public=(), label="elu", elementwise=True, samples=lambda make: [(make(3, 4), 2.0, 1.5, 0.5), (make(),)])
@derivatives(
    input=lambda g, input, alpha, scale, input_scale: g * np.where(
        input > 0, scale, np.exp(np.where(input < 0, input * input_scale, 0.0)) * (alpha * scale * input_scale)
    )
)  # fmt: skip
def exponential_unit(input: Array, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Array:
    """``scale * input`` where it is positive, else ``scale * alpha * (exp(input_scale * input) - 1)``."""
    below = np.expm1(np.minimum(input, 0) * input_scale) * (alpha * scale)
    return np.where(input > 0, input * scale, below)


@composite(public=("nn.functional.elu", "nn.functional.elu_"))
def elu(input: Array, alpha: float = 1.0, inplace: bool = False) -> Array:
    """``input`` where it is positive, else ``alpha * (exp(input) - 1)``; its derivative at 0 is ``alpha``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.elu.html
    """
    return _activation("elu", input, lambda x: exponential_unit(x, alpha), inplace)


SELU_ALPHA = 1.6732632423543772848170429916717  # the fixed point of Klambauer et al. 2017, arXiv:1706.02515
SELU_SCALE = 1.0507009873554804934193349852946


@composite(public=("selu", "selu_", "nn.functional.selu", "nn.functional.selu_"))
def selu(input: Array, inplace: bool = False) -> Array:
    """``elu`` with the scales that keep mean 0 and variance 1 from layer to layer; its derivative at 0 is 1.7581.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.selu.html
    """
    return _activation("selu", input, lambda x: exponential_unit(x, SELU_ALPHA, SELU_SCALE), inplace)


@composite(public=("celu", "celu_", "nn.functional.celu", "nn.functional.celu_"))
def celu(input: Array, alpha: float = 1.0, inplace: bool = False) -> Array:
    """``input`` where it is positive, else ``alpha * (exp(input / alpha) - 1)``; its derivative at 0 is 1.

    Raises RuntimeError for an ``alpha`` of 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.celu.html
    """
    if alpha == 0:
        raise RuntimeError("celu: alpha cannot be 0")
    return _activation("celu", input, lambda x: exponential_unit(x, alpha, 1.0, 1.0 / alpha), inplace)


@operation(public=(), elementwise=True, opaque=True)
@derivatives(input=lambda g, input: g * (np.exp(input * input * -0.5) * (1 / math.sqrt(2 * math.pi))))
def normal_cdf(input: Array) -> Array:
    """The cumulative distribution function of the standard normal distribution."""
    if input.dtype == float32 and input.size >= MANY:
        return normal_cdf_of_singles(input)
    import scipy.special

    return scipy.special.ndtr(input)


LINEAR, CUBIC = 2 * math.sqrt(2 / math.pi), 2 * math.sqrt(2 / math.pi) * 0.044715


@operation(public=(), elementwise=True)
@derivatives(input=lambda g, input, out: g * (out * (1 - out) * (input * input * (3 * CUBIC) + LINEAR)))
def normal_cdf_by_tanh(input: Array) -> Array:
    """Nearly ``normal_cdf``: (1 + tanh(sqrt(2 / pi) * (input + 0.044715 * input ** 3))) / 2.

    It is the sigmoid of twice tanh's argument, which does not cancel for negative input.
    """
    if not input.ndim:
        return sigmoid(input * (input * input * CUBIC + LINEAR))
    return in_blocks(_normal_cdf_by_tanh, input)


def _normal_cdf_by_tanh(input: Any, out: Any) -> Any:
    out = np.multiply(input, input, out)
    np.multiply(out, -CUBIC, out)
    np.subtract(out, LINEAR, out)
    np.multiply(out, input, out)
    return logistic_of_negative(out)


@composite(public=("nn.functional.gelu",), out=True)
def gelu(input: Array, *, approximate: str = "none") -> Array:
    """``input`` times the probability that a standard normal number is smaller.

    ``approximate="tanh"`` takes ``(1 + tanh(sqrt(2 / pi) * (input + 0.044715 * input ** 3))) / 2`` for it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    probability = normal_cdf if approximate == "none" else normal_cdf_by_tanh
    return _activation("gelu", input, lambda x: x * probability(x))


@composite(public=("nn.functional.silu",))
def silu(input: Array, inplace: bool = False) -> Array:
    """``input * sigmoid(input)``, also called swish.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.silu.html
    """
    return _activation("silu", input, lambda x: x * sigmoid(x), inplace)


@operation(public=(), label="softplus", samples=lambda make: [(make(3, 4), 2.0, 3.0), (make(), 0.5), (make(0, 2),)])
@derivatives(
    input=lambda g, input, beta, threshold: np.where(input * beta > threshold, g, g * sigmoid(input * beta))
)  # fmt: skip
def smooth_rectifier(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """``log(1 + exp(beta * input)) / beta``, or ``input`` where ``beta * input`` is greater than ``threshold``."""
    scaled = input * beta
    smooth = (np.maximum(scaled, 0) + np.log1p(np.exp(-np.absolute(scaled)))) / beta
    return np.where(scaled > threshold, input, smooth)


@composite(public=("nn.functional.softplus",), out=True)
def softplus(input: Array, beta: float = 1.0, threshold: float = 20.0) -> Array:
    """``log(1 + exp(beta * input)) / beta``, and ``input`` itself where ``beta * input`` is greater than ``threshold``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html
    """
    return _activation("softplus", input, lambda x: smooth_rectifier(x, beta, threshold))


@operation(compact=True, public=("nn.functional.logsigmoid",), elementwise=True, out=True)
@derivatives(input=lambda g, input: g * sigmoid(-input))
def logsigmoid(input: Array) -> Array:
    """log(sigmoid(input)), accurate for large negative input: min(input, 0) - log(1 + exp(-|input|)).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html
    """
    check_floats("logsigmoid", input)
    return np.minimum(input, 0) - np.log1p(np.exp(-np.absolute(input)))


@composite(public=("nn.functional.mish",))
def mish(input: Array, inplace: bool = False) -> Array:
    """``input * tanh(log(1 + exp(input)))``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mish.html
    """
    return _activation("mish", input, lambda x: x * tanh(smooth_rectifier(x)), inplace)


@composite(public=("nn.functional.softsign",))
def softsign(input: Array) -> Array:
    """``input / (1 + |input|)``; its derivative at 0 is 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html
    """
    return input / (abs(input) + 1)


@composite(public=("nn.functional.tanhshrink",))
def tanhshrink(input: Array) -> Array:
    """``input - tanh(input)``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html
    """
    return input - tanh(input)


@composite(public=("nn.functional.glu",), out=True)
def glu(input: Array, dim: int = -1) -> Array:
    """The gated linear unit: the first half of ``input`` along ``dim``, times the ``sigmoid`` of the second half.

    Raises RuntimeError for a dimension that cannot be halved.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
    """
    if not input.ndim:
        raise RuntimeError(f"{module_path()}glu: a tensor without dimensions cannot be halved")
    before = (slice(None),) * dim_from(dim, input.ndim, "glu")
    size = input.shape[dim]
    if size % 2:
        raise RuntimeError(
            f"{module_path()}glu: the halved dimension must be even, but dimension {dim} of shape {tuple(input.shape)} "
            f"is {size}"
        )
    first, second = (*before, slice(0, size // 2)), (*before, slice(size // 2, size))
    return _activation("glu", input, lambda x: x[first] * sigmoid(x[second]))
