"""Bringing what stands along a dimension to one scale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..dtypes import finfo, float16, float32
from ..tensor import Tensor, make
from .activation import check_floats
from .conversion import cast
from .joining import cat
from .record import Array, composite, derivatives, operation
from .reduction import row_sums


@composite(public=("nn.functional.normalize",), out=True)
def normalize(input: Array, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12) -> Array:
    """``input``, divided by its p-norm along ``dim``, or by ``eps`` where that is larger; zeros stay zeros.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    """
    length: Any = input.norm(p, dim, keepdim=True)  # type: ignore[attr-defined]
    return input / length.clamp_min(eps)


@composite(public=("nn.functional.local_response_norm",))
def local_response_norm(input: Array, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Array:
    """``input``, divided by ``(k + alpha * mean) ** beta``, with the mean of the squares of ``size`` channels around.

    Channels are dimension 1; beyond the first and the last there are zeros. Raises ValueError for an input of less than
    three dimensions, RuntimeError for a ``size`` below 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
    """
    if input.ndim < 3:
        raise ValueError(
            f"{module_path()}local_response_norm: expected an input of 3 dimensions or more, got {input.ndim}"
        )
    if not input.numel():
        return input
    if size < 1:
        raise RuntimeError(f"local_response_norm: size must be greater than zero, got {size}")
    before, after, count = size // 2, (size - 1) // 2, input.shape[1]
    beyond = [np.zeros((input.shape[0], n, *input.shape[2:]), input.dtype) for n in (before, after)]
    padded = cat([make(beyond[0]), input * input, make(beyond[1])], 1)
    total = padded[:, :count]
    for start in range(1, size):
        total = total + padded[:, start : start + count]
    return input / (total / size * alpha + k) ** beta


# The normalization of layers: what stands along the last dimension, as one row, has mean 0 and mean square 1


def _through_centering(g):
    return centered(g)


@operation(
    public=(), label="layer_norm", samples=lambda make: [(make(3, 4),), (make(2, 3, 4),), (make(2),), (make(0, 3),)]
)
@derivatives(input=_through_centering)
def centered(input: Array) -> Array:
    """``input``, less the mean of each row."""
    return input - row_sums(input, keepdim=True) / input.shape[-1]


def _scale(input, eps):
    """What brings the mean square of each row to 1."""
    return 1 / np.sqrt(np.vecdot(input, input)[..., None] / input.shape[-1] + eps)


def _through_scale(g, input, eps):
    scale = _scale(input, eps)
    along = np.vecdot(g, input)[..., None] * (scale * scale / -input.shape[-1])
    return (input * along + g) * scale


@operation(
    public=(), label="rms_norm",
    samples=lambda make: [(make(3, 4), 1e-2), (make(2, 3, 4), 1.0), (make(2), 1e-5), (make(0, 3), 1e-5)],
)  # fmt: skip
@derivatives(input=_through_scale)
def scaled_to_one(input: Array, eps: float) -> Array:
    """``input``, divided by the square root of the mean square of each row and ``eps``."""
    return input * _scale(input, eps)


def _as_rows(array, length):
    return array.reshape((math.prod(array.shape) // length, length))


def _through_weight(g, input, weight_shape):
    (length,) = weight_shape
    return np.einsum("ij,ij->j", _as_rows(g, length), _as_rows(input, length))


@operation(
    public=(), label="affine",
    samples=lambda make: [
        (make(3, 4), make(4), make(4)), (make(2, 3, 4), make(4)), (make(2), make(2), make(2)),
        (make(0, 3), make(3), make(3)),
    ],
)  # fmt: skip
@derivatives(input=lambda g, weight: g * weight, weight=_through_weight, bias=lambda g: g)
def weighted_and_shifted(input: Array, weight: Array, bias: Array = None) -> Array:
    """``input * weight + bias``, with a weight and, if there is one, a bias for each column."""
    out = np.multiply(input, weight)
    return out if bias is None else np.add(out, bias, out)


def _check_shape(function: str, input: Tensor, shape: Any, **parameters: Any) -> tuple[int, ...]:
    """``normalized_shape``, when it is that of the input's last dimensions, and of the parameters."""
    if not isinstance(shape, (tuple, list)) or not all(isinstance(size, (int, np.integer)) for size in shape):
        kind = type(shape).__name__
        raise TypeError(f"{function}(): argument 'normalized_shape' (position 2) must be tuple of ints, not {kind}")
    shape = tuple(shape)
    if not shape:
        raise RuntimeError(f"{module_path()}{function}: normalized_shape is empty: give the sizes to normalize over")
    for name, parameter in parameters.items():
        if parameter is not None and parameter.shape != shape:
            raise RuntimeError(
                f"{module_path()}{function}: expected {name} to be of the same shape as normalized_shape, but got "
                f"{tuple(parameter.shape)} and {shape}"
            )
    if tuple(input.shape[-len(shape) :]) != shape:
        raise RuntimeError(
            f"{module_path()}{function}: given normalized_shape={shape}, expected an input whose last sizes these are, "
            f"but got one of shape {tuple(input.shape)}"
        )
    return shape


def _as_row(parameter: Any, dtype: Any) -> Any:
    if parameter is None or (parameter.ndim == 1 and parameter.dtype == dtype):
        return parameter
    return cast(parameter, dtype).reshape((parameter.numel(),))


def _normalized(input: Tensor, shape: tuple[int, ...], eps: float, weight: Any, bias: Any, center: bool) -> Tensor:
    """All that is along the dimensions of ``shape`` as one row; float16 is computed in float32."""
    length = math.prod(shape)
    x: Any = cast(input, float32) if input.dtype == float16 else input
    x = x if len(shape) == 1 else x.reshape((*input.shape[: -len(shape)], length))
    x = scaled_to_one(centered(x) if center else x, eps)
    weight, bias = (_as_row(parameter, x.dtype) for parameter in (weight, bias))
    if weight is not None:
        x = weighted_and_shifted(x, weight, bias)
    elif bias is not None:
        x = x + bias
    x = x if len(shape) == 1 else x.reshape(input.shape)
    return cast(x, float16) if input.dtype == float16 else x


@composite(public=("nn.functional.layer_norm",))
def layer_norm(
    input: Array, normalized_shape: Any, weight: Array = None, bias: Array = None, eps: float = 1e-5
) -> Array:
    """``(input - mean) / sqrt(variance + eps) * weight + bias``, over the last dimensions, ``normalized_shape``.

    The variance is the mean squared deviation, without Bessel's correction; ``weight`` and ``bias`` have the normalized
    shape. Raises RuntimeError for shapes or dtypes that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html;
    Ba, Kiros & Hinton 2016, arXiv:1607.06450

    >>> import microgradnp
    >>> microgradnp.nn.functional.layer_norm(microgradnp.tensor([1.0, 3.0]), [2])
    tensor([-1.0000,  1.0000])
    """
    shape = _check_shape("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    check_floats("layer_norm", input)
    types = {parameter.dtype for parameter in (weight, bias) if parameter is not None}
    if types - {input.dtype} and not (input.dtype == float16 and types == {float32}):
        raise RuntimeError(
            f"{module_path()}layer_norm: mixed dtype: the input is {input.dtype}, weight or bias are "
            f"{', '.join(map(str, types))}: convert them, as with .to(dtype)"
        )
    return _normalized(input, shape, eps, weight, bias, center=True)


@composite(public=("nn.functional.rms_norm", "rms_norm"))
def rms_norm(input: Array, normalized_shape: Any, weight: Array = None, eps: float | None = None) -> Array:
    """``input / sqrt(mean(input ** 2) + eps) * weight``, over the last dimensions, ``normalized_shape``.

    ``weight`` has the normalized shape; ``eps`` is by default that of the type computed in, ``finfo(dtype).eps``.
    Raises RuntimeError for shapes that do not fit, ValueError for too few dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html;
    Zhang & Sennrich 2019, arXiv:1910.07467
    """
    if isinstance(normalized_shape, (tuple, list)) and input.ndim < len(normalized_shape):
        raise ValueError(
            f"{module_path()}rms_norm: the input must have at least {len(normalized_shape)} dimensions, as "
            f"normalized_shape={tuple(normalized_shape)}, but got shape {tuple(input.shape)}"
        )
    shape = _check_shape("rms_norm", input, normalized_shape, weight=weight)
    check_floats("rms_norm", input)
    if eps is None:
        eps = finfo(float32 if input.dtype == float16 else input.dtype).eps
    return _normalized(input, shape, eps, weight, None, center=False)
