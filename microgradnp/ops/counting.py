"""Counting elements: histograms, and how often whole numbers occur. None has a derivative by what is counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import return_types
from ..autograd.quiet import restore, silence
from ..tensor import Tensor, make
from .conversion import cast
from .dims import HALF, SINGLE
from .record import Array, composite, operation
from .selecting import index_add


@operation(
    opaque=True, methods=("histc",), out=True,
    samples=lambda make: [(make(3, 4), 5, -3, 3), (make(4), 3, 0, 1), (make(0), 2)],
)  # fmt: skip
def histc(input: Array, bins: int = 100, min: float = 0, max: float = 0) -> Array:
    """How many elements fall into each of ``bins`` equal bins between ``min`` and ``max``, counted in the same dtype.

    Others, and nans, are not counted. When ``min`` equals ``max``, the extremes of the elements are taken; when these
    are equal too, the range is one wider on each side.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.histc.html
    """
    _check_histogram("histc", input, bins)
    if max < min:
        raise RuntimeError(f"histc(): max must be larger than min, got {min=}, {max=}")
    low, high = (float(min), float(max)) if min != max or not input.size else (input.min(), input.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"histc(): range of [{low}, {high}] is not finite")
    if low == high:
        low, high = low - 1, high + 1
    flat = np.sort(input, axis=None)
    flat = flat[(flat >= low) & (flat <= high)].astype(np.float64)
    places = np.minimum(((flat - low) * (bins / (float(high) - float(low)))).astype(np.int64), bins - 1)
    return np.bincount(places, minlength=bins).astype(input.dtype)


def _check_histogram(function: str, input: Any, bins: int) -> None:
    if input.dtype.kind != "f":
        raise NotImplementedError(f"{function}(): not implemented for {input.dtype}; convert to floating point numbers")
    if bins <= 0:
        raise RuntimeError(f"{function}(): bins must be > 0, but got {bins}")


@composite(methods=("histogram",), out=True)
def histogram(
    input: Array, bins: Any, *, range: Any = None, weight: Array = None, density: bool = False
) -> return_types.histogram:
    """How much falls between the edges of each bin, and these edges: (hist, bin_edges).

    ``bins`` is the number of equal bins in ``range`` (by default, from the smallest to the largest element), or a
    tensor of the edges. Each element counts 1, or its ``weight``; with ``density`` the area under the bins is 1. The
    last bin contains its upper edge. There is no derivative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.histogram.html
    """
    if input.dtype is HALF:
        raise NotImplementedError("histogram(): not implemented for float16; use .float()")
    if weight is not None and weight.numel() != input.numel():
        raise RuntimeError(f"histogram(): weight has shape {tuple(weight.shape)}, but input {tuple(input.shape)}")
    loud = silence()  # where nothing falls between the edges, the density is nan
    try:
        counts, edges = _histogram(input, bins, range, None if weight is None else weight._array.reshape(-1), density)
    finally:
        restore(loud)
    return return_types.histogram(make(counts.astype(input.dtype)), make(edges))


def _histogram(input: Any, bins: Any, range: Any, weights: Any, density: bool) -> tuple[Any, Any]:
    values, edges = input._array.reshape(-1), _edges(input, bins, range)
    inside = (values >= edges[0]) & (values <= edges[-1])
    places = np.minimum(np.searchsorted(edges, values[inside], "right") - 1, len(edges) - 2)
    counts = np.bincount(places, None if weights is None else weights[inside], len(edges) - 1).astype(np.float64)
    if density:
        counts = counts / (counts.sum() * np.diff(edges))
    return counts, edges


def _edges(input: Any, bins: Any, range: Any) -> Any:
    if isinstance(bins, Tensor):
        _check_histogram("histogram", input, 1)
        if bins.dtype is not input.dtype or bins.ndim != 1 or not bins.numel():
            raise RuntimeError(f"histogram(): bins must be a 1-d tensor of {input.dtype}, got {bins.dtype}")
        return bins._array.copy()
    _check_histogram("histogram", input, bins)
    array = input._array
    low, high = range or ((array.min(), array.max()) if array.size else (0.0, 1.0))
    if low > high:
        raise RuntimeError(f"histogram(): min should not exceed max, but got min {low} max {high}")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"histogram(): range of [{low}, {high}] is not finite")
    if low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1, dtype=input.dtype)


@composite(np.bincount, methods=("bincount",))
def bincount(input: Array, weights: Array = None, minlength: int = 0) -> Array:
    """How often each whole number from 0 on occurs in a 1-d integer tensor, or the sum of its ``weights``.

    Weights are summed in float64, or in float32 when they are float32.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bincount.html
    """
    array = input._array
    if array.dtype.kind not in "iu":
        raise NotImplementedError(f"bincount(): not implemented for {array.dtype}; only integers are counted")
    if array.ndim != 1 or (array.size and array.min() < 0):
        raise RuntimeError("bincount(): only supports 1-d non-negative integral inputs")
    if minlength < 0:
        raise RuntimeError(f"bincount(): minlength should be >= 0, got {minlength}")
    if weights is None or not array.size:
        return make(np.bincount(array.astype(np.int64), minlength=minlength).astype(np.int64))
    if weights.ndim != 1 or weights.shape[0] != array.size:
        raise RuntimeError("bincount(): weights should be 1-d and have the same length as input")
    size = max(minlength, int(array.max()) + 1)
    doubles = cast(weights, np.float64)
    sums = index_add(make(np.zeros(size)), 0, make(array.astype(np.int64)), doubles)
    return cast(sums, np.float32) if weights.dtype is SINGLE else sums
