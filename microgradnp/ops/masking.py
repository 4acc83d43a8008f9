"""Reading and writing the elements that a mask of bools selects."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..tensor import Tensor, make
from .comparison import where
from .indexing import getitem, put_at
from .record import Array, Index, composite
from .shape import broadcast_shapes, broadcast_to, reshape

# What a source, and a number, may be


def same_dtype(function: str, input: Tensor, source: Any) -> Tensor:
    if not isinstance(source, Tensor):
        raise TypeError(f"{function}(): the source must be Tensor, not {type(source).__name__}")
    if source.dtype != input.dtype:
        raise RuntimeError(
            f"{function}(): self and source expected to have the same dtype, but got (self) {input.dtype} and (source) "
            f"{source.dtype}; convert one, as with .to(dtype)"
        )
    return source


def number_for(function: str, value: Any, dtype: Any) -> Any:
    """A Python number as one of the elements' type: for integers its whole part. RuntimeError if it is too large."""
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, (bool, int, float)):
        raise TypeError(f"{function}(): the value must be a number or a 0-d Tensor, not {type(value).__name__}")
    if dtype.kind == "b":
        return bool(value)
    if dtype.kind == "f":
        fits = not math.isfinite(value) or abs(value) <= float(np.finfo(dtype).max)
    else:
        limits = np.iinfo(dtype)
        fits = math.isfinite(value) and limits.min <= int(value) <= limits.max
    if not fits:
        raise RuntimeError(f"{function}(): value {value} cannot be converted to type {dtype} without overflow")
    return float(value) if dtype.kind == "f" else int(value)


def value_for(function: str, value: Any, dtype: Any) -> Any:
    """A number, or a 0-d tensor of the elements' type."""
    if isinstance(value, np.ndarray):
        value = make(np.array(value))
    if not isinstance(value, Tensor):
        return number_for(function, value, dtype)
    if value.ndim:
        raise RuntimeError(
            f"{function} only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)"
        )
    return value if value.dtype == dtype else value.to(dtype)


# Masks


def _mask(mask: Any, function: str) -> Tensor:
    if not isinstance(mask, Tensor):
        raise TypeError(f"{function}(): argument 'mask' must be Tensor, not {type(mask).__name__}")
    if mask.dtype.kind != "b":
        raise RuntimeError(f"{function}: expected BoolTensor for mask, but got {mask.dtype}; make one with .bool()")
    return mask


def _together(input: Tensor, mask: Tensor) -> tuple[Tensor, np.ndarray]:
    """The tensor and (a copy of) the mask, in the one shape to which they broadcast."""
    shape = tuple(broadcast_shapes(tuple(input.shape), tuple(mask.shape)))
    whole = input if tuple(input.shape) == shape else broadcast_to(input, shape)
    return whole, np.copy(np.broadcast_to(mask._array, shape))


@composite(methods=("masked_select",), out=True)
def masked_select(input: Array, mask: Index) -> Array:
    """A vector of the elements where the mask is True; the two are broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.masked_select.html
    """
    whole, chosen = _together(input, _mask(mask, "masked_select"))
    return getitem(reshape(whole, (-1,)), (chosen.reshape(-1),))


@composite(methods=("masked_fill", "masked_fill_"))
def masked_fill(input: Array, mask: Index, value: Any) -> Array:
    """A copy of ``input`` with one value, a number or a 0-d tensor, where the mask is True; the two are broadcast.

    The value is converted to the elements' type; RuntimeError if it is too large for that.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_fill_.html
    """
    chosen, filling = _mask(mask, "masked_fill"), value_for("masked_fill", value, input.dtype)
    return where(chosen, filling, input)


@composite(methods=("masked_scatter", "masked_scatter_"))
def masked_scatter(input: Array, mask: Index, source: Array) -> Array:
    """A copy of ``input`` with the first elements of ``source`` where the mask is True; the two are broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.masked_scatter_.html
    """
    whole, chosen = _together(input, _mask(mask, "masked_scatter"))
    count = int(np.count_nonzero(chosen))
    flat = reshape(same_dtype("masked_scatter", input, source), (-1,))
    if flat.shape[0] < count:
        raise RuntimeError(
            f"masked_scatter: Number of elements of source < number of ones in mask: {flat.shape[0]} and {count}"
        )
    return put_at(whole, (chosen, ...), getitem(flat, (slice(0, count),)))
