"""What operations with several results return: named tuples that print as PyTorch's do.

Source: https://docs.pytorch.org/docs/stable/generated/torch.max.html
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Self

from .tensor import Tensor


class Results(tuple[Tensor, ...]):
    """Several tensors, each with a name, as its class annotates them. (Making a NamedTuple takes longer.)"""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(cls.__annotations__)
        for i, name in enumerate(cls._fields):
            setattr(cls, name, property(itemgetter(i)))

    def __new__(cls, *parts: Any, **named: Any) -> Self:
        values = (*parts, *(named.pop(name) for name in cls._fields[len(parts) :] if name in named))
        if named or len(values) != len(cls._fields):
            raise TypeError(f"{cls.__name__}() takes {', '.join(cls._fields)}")
        return tuple.__new__(cls, values)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)

    def __repr__(self) -> str:
        fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"return_types.{type(self).__name__}(\n{fields})"


class max(Results):
    """The largest values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class min(Results):
    """The smallest values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class aminmax(Results):
    """The smallest and the largest values."""

    min: Tensor
    max: Tensor


class median(Results):
    """The medians along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class nanmedian(Results):
    """The medians of what is not nan along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class mode(Results):
    """The most frequent values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class sort(Results):
    """The values in order, and where each stood."""

    values: Tensor
    indices: Tensor


class topk(Results):
    """The extreme values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class kthvalue(Results):
    """The k-th smallest values along a dimension, and where they stand."""

    values: Tensor
    indices: Tensor


class cummax(Results):
    """The largest values so far, and where they stand."""

    values: Tensor
    indices: Tensor


class cummin(Results):
    """The smallest values so far, and where they stand."""

    values: Tensor
    indices: Tensor


class histogram(Results):
    """How many elements fall between the edges of each bin, and these edges."""

    hist: Tensor
    bin_edges: Tensor


class frexp(Results):
    """Numbers as mantissa * 2 ** exponent."""

    mantissa: Tensor
    exponent: Tensor


class slogdet(Results):
    """The sign of a determinant, and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


class linalg_slogdet(Results):
    """The sign of a determinant, and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor
