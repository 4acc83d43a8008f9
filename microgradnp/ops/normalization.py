"""Bringing what stands along a dimension to one scale."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..tensor import make
from .joining import cat
from .record import Array, composite


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
