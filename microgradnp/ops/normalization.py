"""Bringing what stands along a dimension to one scale."""

from __future__ import annotations

from typing import Any

from .record import Array, composite


@composite(public=("nn.functional.normalize",), out=True)
def normalize(input: Array, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12) -> Array:
    """``input``, divided by its p-norm along ``dim``, or by ``eps`` where that is larger; zeros stay zeros.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
    """
    length: Any = input.norm(p, dim, keepdim=True)  # type: ignore[attr-defined]
    return input / length.clamp_min(eps)
