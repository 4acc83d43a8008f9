"""Windows for signals: weights that fall off towards both ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .options import dtype_or_default, whole
from .record import factory


def _window(name: str, length: Any, periodic: bool, dtype: Any, shape: Callable[[Any, int], Any]) -> Any:
    """``shape(i, last)`` at i = 0, 1, ..., where ``last`` is the last index; a periodic window lacks that one."""
    count, wanted = whole(length, name, "window_length"), dtype_or_default(dtype)
    if count < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={count}")
    if wanted.kind != "f":
        raise RuntimeError(f"{name} expects floating point dtypes, got {wanted}")
    if count < 2:
        return np.ones(count, wanted)
    return shape(np.arange(count, dtype=np.float64), count if periodic else count - 1).astype(wanted)


@factory(options=True)
def hann_window(window_length: int, periodic: bool = True, *, dtype: Any = None) -> Any:
    """(1 - cos(2 pi i / last)) / 2. Source: https://docs.pytorch.org/docs/stable/generated/torch.hann_window.html"""
    wave = lambda i, last: 0.5 - 0.5 * np.cos(2 * math.pi * i / last)  # noqa: E731
    return _window("hann_window()", window_length, periodic, dtype, wave)


@factory(options=True)
def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: Any = None
) -> Any:
    """alpha - beta cos(2 pi i / last).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.hamming_window.html
    """
    wave = lambda i, last: alpha - beta * np.cos(2 * math.pi * i / last)  # noqa: E731
    return _window("hamming_window()", window_length, periodic, dtype, wave)


@factory(options=True)
def bartlett_window(window_length: int, periodic: bool = True, *, dtype: Any = None) -> Any:
    """A triangle: 1 - abs(2 i / last - 1).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bartlett_window.html
    """
    triangle = lambda i, last: 1 - np.abs(2 * i / last - 1)  # noqa: E731
    return _window("bartlett_window()", window_length, periodic, dtype, triangle)


@factory(options=True)
def blackman_window(window_length: int, periodic: bool = True, *, dtype: Any = None) -> Any:
    """0.42 - 0.5 cos(2 pi i / last) + 0.08 cos(4 pi i / last).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.blackman_window.html
    """
    wave = lambda i, last: 0.42 - 0.5 * np.cos(2 * math.pi * i / last) + 0.08 * np.cos(4 * math.pi * i / last)  # noqa: E731
    return _window("blackman_window()", window_length, periodic, dtype, wave)


@factory(options=True)
def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: Any = None) -> Any:
    """I0(beta sqrt(1 - (2 i / last - 1) ** 2)) / I0(beta), where I0 is the modified Bessel function.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.kaiser_window.html
    """
    bessel = lambda i, last: np.i0(beta * np.sqrt(np.maximum(1 - (2 * i / last - 1) ** 2, 0))) / np.i0(beta)  # noqa: E731
    return _window("kaiser_window()", window_length, periodic, dtype, bessel)
