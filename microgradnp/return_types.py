"""What operations with several results return: named tuples that print as PyTorch's do.

Source: https://docs.pytorch.org/docs/stable/generated/torch.max.html
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .tensor import Tensor


def _printed(self: Any) -> str:
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
    return f"return_types.{type(self).__name__}(\n{fields})"


class max(NamedTuple):
    """The largest values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class min(NamedTuple):
    """The smallest values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class aminmax(NamedTuple):
    """The smallest and the largest values."""

    min: Tensor
    max: Tensor


class median(NamedTuple):
    """The medians along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class nanmedian(NamedTuple):
    """The medians of what is not nan along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class mode(NamedTuple):
    """The most frequent values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class sort(NamedTuple):
    """The values in order, and where each stood."""

    values: Tensor
    indices: Tensor


class topk(NamedTuple):
    """The extreme values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class kthvalue(NamedTuple):
    """The k-th smallest values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class cummax(NamedTuple):
    """The largest values so far, and where they stand."""

    values: Tensor
    indices: Tensor


class cummin(NamedTuple):
    """The smallest values so far, and where they stand."""

    values: Tensor
    indices: Tensor


class histogram(NamedTuple):
    """How many elements fall between the edges of each bin, and these edges."""

    hist: Tensor
    bin_edges: Tensor


class frexp(NamedTuple):
    """Numbers as mantissa * 2 ** exponent."""

    mantissa: Tensor
    exponent: Tensor


class slogdet(NamedTuple):
    """The sign of a determinant, and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


class linalg_slogdet(NamedTuple):
    """The sign of a determinant, and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


for _type in (
    frexp, max, min, aminmax, median, nanmedian, mode, sort, topk, kthvalue, cummax, cummin, histogram, slogdet,
    linalg_slogdet,
):  # fmt: skip
    _type.__repr__ = _printed  # type: ignore[method-assign]
