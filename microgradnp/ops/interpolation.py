"""Interpolation: signals, images and volumes in another size."""

from __future__ import annotations

import math
import warnings
from functools import lru_cache
from operator import index as as_int
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..dtypes import float16, float32
from ..tensor import Tensor
from .conversion import cast
from .pooling import adaptive_avg_pool1d, adaptive_avg_pool2d
from .record import Array, composite
from .resampling import Resampling, resampled
from .sliding import Windows, spread_over_windows

NEAREST = ("nearest", "nearest-exact")
LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}  # by the dimensions of the input


@lru_cache(maxsize=256)
def _resampling(
    mode: str, length: int, count: int, factor: float | None, align_corners: bool, dtype: Any
) -> Resampling:
    """How ``length`` elements become ``count``. Positions are rounded as PyTorch rounds them, for the same choices."""
    number = dtype.type
    targets = np.arange(count)
    if align_corners:
        scale = number(length - 1) / number(count - 1) if count > 1 else number(0)
    else:
        scale = number(length) / number(count) if factor is None else number(1 / factor)
    if mode == "nearest" or align_corners:
        positions = targets.astype(dtype) * scale
    else:  # the centers of elements lie at halves; product and sum are rounded once
        positions = ((targets + 0.5) * float(scale) - 0.5).astype(dtype)
    if mode in NEAREST:
        positions = positions + number(0.5) if mode == "nearest-exact" else positions
        sources = np.floor(positions.astype(float32)).astype(np.int64).clip(0, length - 1)
        return Resampling(sources, targets, np.ones(count), length, count)
    positions = np.maximum(positions, 0)
    below = np.floor(positions).astype(np.int64).clip(0, length - 1)
    above = np.minimum(below + 1, length - 1)
    part = np.clip(positions - below, 0, 1)
    return Resampling(
        np.concatenate([below, above]), np.tile(targets, 2), np.concatenate([1 - part, part]), length, count
    )


def _resized(input: Tensor, sizes: list[int], factors: list[Any], mode: str, align_corners: bool) -> Tensor:
    if input.dtype == float16:  # rounded once
        return cast(_resized(cast(input, float32), sizes, factors, mode, align_corners), float16)
    dtype = input.dtype if input.dtype.kind == "f" else float32
    lengths = tuple(input.shape)[2:]
    plans = [_resampling(mode, *numbers, align_corners, dtype) for numbers in zip(lengths, sizes, factors, strict=True)]
    if mode in NEAREST and all(map(_repeats, plans)):
        windows = tuple(Windows(plan.length, plan.count // plan.length, plan.count // plan.length) for plan in plans)
        return spread_over_windows(input, windows, (*input.shape[:2], *sizes))
    for dim in range(input.ndim - 1, 1, -1):
        input = resampled(input, dim, plans[dim - 2])
    return input


@lru_cache(maxsize=256)
def _repeats(plan: Resampling) -> bool:
    """Whether each element is repeated, all of them equally often."""
    times = plan.count // plan.length
    return times > 0 and np.array_equal(plan.sources, plan.targets // times)


# From arguments to sizes


def _each(name: str, value: Any, lengths: tuple[int, ...], kind: Any) -> list[Any]:
    """The numbers for each dimension."""
    if not isinstance(value, (tuple, list)):
        values = [value] * len(lengths)
    elif len(value) != len(lengths):
        raise ValueError(
            f"interpolate: {name} must be a number, or one for each of the {len(lengths)} dimensions {lengths} after "
            f"batch and channels, but got {value}"
        )
    else:
        values = list(value)
    try:
        if isinstance(value, (Tensor, str)):
            raise TypeError
        return [kind(one) for one in values]
    except TypeError:
        raise TypeError(f"interpolate(): {name} must be a number or a tuple of them, not {value!r}") from None


def _sizes_and_factors(
    lengths: tuple[int, ...], size: Any, scale_factor: Any, recompute: bool | None
) -> tuple[list[int], list[float | None]]:
    """The sizes of the result; and the factors, where these and not the sizes tell which places are compared."""
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: give either size or scale_factor, and not both")
    if size is not None:
        if recompute:
            raise ValueError("interpolate: recompute_scale_factor has no meaning beside a size")
        return _each("size", size, lengths, as_int), [None] * len(lengths)
    factors = _each("scale_factor", scale_factor, lengths, float)
    sizes = [math.floor(length * factor) for length, factor in zip(lengths, factors, strict=True)]
    return sizes, [None] * len(lengths) if recompute else list(factors)


def _check_mode(mode: str, shape: tuple[int, ...], align_corners: bool | None, antialias: bool) -> None:
    if mode in ("bicubic", "lanczos") or (antialias and mode == "bilinear"):
        wanted = f"{mode!r} with antialias" if antialias else repr(mode)
        raise NotImplementedError(
            f"interpolate: mode {wanted} is not here yet; the modes are {(*NEAREST, 'area', *LINEAR.values())}"
        )
    if antialias:
        raise ValueError("interpolate: antialias is for the modes 'bilinear' and 'bicubic' of images only")
    if mode in (*NEAREST, "area"):
        if align_corners is not None:
            raise ValueError(f"interpolate: align_corners has no meaning in mode {mode!r}")
        fits = len(shape) in ((3, 4) if mode == "area" else LINEAR)
    else:
        fits = LINEAR.get(len(shape)) == mode
    if not fits:
        raise NotImplementedError(
            f"{module_path()}interpolate: mode {mode!r} is not for an input of shape {shape}: after batch and channels "
            "one dimension may be 'linear', two 'bilinear', three 'trilinear', one or two 'area', and all 'nearest' or "
            "'nearest-exact'"
        )


@composite(public=("nn.functional.interpolate",))
def interpolate(
    input: Array,
    size: int | tuple[int, ...] | None = None,
    scale_factor: float | tuple[float, ...] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Array:
    """The input (N, C, L), (N, C, H, W) or (N, C, D, H, W) in another size, given as ``size`` or by ``scale_factor``.

    "nearest" repeats or leaves out elements, as many image libraries do; "nearest-exact" takes the one whose center is
    nearest. "linear", "bilinear" and "trilinear" (in 1, 2 and 3 dimensions) interpolate between the two nearest
    elements in each dimension; "area" is adaptive average pooling. The elements are taken for intervals, or with
    ``align_corners`` for points, the first and the last of which stay in place.
    The sizes are ``floor(scale_factor * size)``. Positions follow from the factor that was given, or with
    ``recompute_scale_factor`` from the two sizes.

    Raises ValueError for arguments that contradict each other, NotImplementedError for a mode that is not for this
    number of dimensions, and for "bicubic" and ``antialias``, which are not here yet.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html

    >>> import microgradnp
    >>> x = microgradnp.tensor([[[0.0, 4.0]]])
    >>> microgradnp.nn.functional.interpolate(x, scale_factor=2)
    tensor([[[0., 0., 4., 4.]]])
    >>> microgradnp.nn.functional.interpolate(x, 5, mode="linear", align_corners=True)
    tensor([[[0., 1., 2., 3., 4.]]])
    """
    shape = tuple(input.shape)
    _check_mode(mode, shape, align_corners, antialias)
    sizes, factors = _sizes_and_factors(shape[2:], size, scale_factor, recompute_scale_factor)
    if min(*sizes, *shape[1:]) <= 0:
        raise RuntimeError(
            f"{module_path()}interpolate: only the batch may be of size 0, but got an input of shape {shape} and "
            f"output sizes {sizes}"
        )
    if mode == "area":
        return (adaptive_avg_pool1d if len(sizes) == 1 else adaptive_avg_pool2d)(input, tuple(sizes))
    if input.dtype.kind != "f" and not (input.dtype == np.uint8 and mode in NEAREST):
        raise NotImplementedError(
            f"{module_path()}interpolate: mode {mode!r} is not implemented for {input.dtype}: convert it, with .float()"
        )
    return _resized(input, sizes, factors, mode, bool(align_corners))


def _deprecated(old: str, new: str) -> None:
    warnings.warn(f"`nn.functional.{old}` is deprecated. Use `nn.functional.{new}` instead.", stacklevel=4)


@composite(public=("nn.functional.upsample",))
def upsample(
    input: Array,
    size: int | tuple[int, ...] | None = None,
    scale_factor: float | tuple[float, ...] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Array:
    """The former name of ``interpolate``; it warns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample.html
    """
    _deprecated("upsample", "interpolate")
    return interpolate(input, size, scale_factor, mode, align_corners)


@composite(public=("nn.functional.upsample_nearest",))
def upsample_nearest(
    input: Array, size: int | tuple[int, ...] | None = None, scale_factor: float | tuple[float, ...] | None = None
) -> Array:
    """The former name of ``interpolate``; it warns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample_nearest.html
    """
    _deprecated("upsample_nearest", "interpolate")
    return interpolate(input, size, scale_factor)


@composite(public=("nn.functional.upsample_bilinear",))
def upsample_bilinear(
    input: Array, size: int | tuple[int, ...] | None = None, scale_factor: float | tuple[float, ...] | None = None
) -> Array:
    """The former name of ``interpolate`` with mode "bilinear" and ``align_corners``; it warns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.upsample_bilinear.html
    """
    _deprecated("upsample_bilinear", "interpolate")
    return interpolate(input, size, scale_factor, "bilinear", True)
