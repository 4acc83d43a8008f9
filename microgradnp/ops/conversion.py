"""Changing the type of a tensor, and copying it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor, make
from .record import Array, c_order, composite, derivatives, operation


def _cast_back(g, input_dtype) -> Any:  # with a result type: a lambda would send type checkers in circles
    return cast(g, input_dtype)


@operation(
    public=(), opaque=True,
    samples=lambda make: [(make(3, 4), np.dtype("float32")), (make(0, 2), np.dtype("float64"))],
)  # fmt: skip
@derivatives(input=_cast_back)
def cast(input: Array, dtype: Any) -> Array:
    """The same values as floating point numbers of another type."""
    return input.astype(dtype)


@operation(methods=("clone",), samples=lambda make: [(make(3, 4),), (make(),), (make(0, 2),)])
@derivatives(input=lambda g: g)
def clone(input: Array) -> Array:
    """The same values in memory of their own; the gradient passes through.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.clone.html
    """
    return np.positive(input) if input.dtype.kind != "b" else np.logical_or(input, False)


@operation(public=(), label="contiguous", samples=lambda make: [(make(3, 4),), (make(),), (make(0, 2),)])
@derivatives(input=lambda g: g)
def in_c_order(input: Array) -> Array:
    """The same values, in C order."""
    return c_order(np.positive(input) if input.dtype.kind != "b" else np.logical_or(input, False))


@composite(methods=("contiguous",), public=())
def contiguous(input: Array) -> Array:
    """The tensor itself when its elements lie in C order, else a copy in which they do.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.contiguous.html
    """
    return input if input.is_contiguous() else in_c_order(input)


@composite(methods=("to",), public=())
def to(input: Array, *target: Any, dtype: Any = None, device: Any = None, copy: bool = False, **ignored: Any) -> Array:
    """The tensor as another dtype (or that of another tensor); itself when nothing changes and ``copy`` is not set.

    The only device is "cpu". Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
    """
    for value in target:
        if isinstance(value, Tensor):
            dtype = value.dtype
        elif isinstance(value, str) and value.partition(":")[0] in ("cpu", "cuda", "mps", "meta", "xpu"):
            device = value
        else:
            dtype = value
    if ignored.keys() - {"non_blocking", "memory_format"}:
        raise TypeError(f"to(): unexpected arguments {', '.join(ignored)}")
    if device is not None and str(device) != "cpu":
        raise RuntimeError(f"to(): device {device!r} is not there; the only device is 'cpu'")
    try:
        wanted = input.dtype if dtype is None else dtypes.as_dtype(dtype, "to()")
    except TypeError as error:
        if isinstance(dtype, str):
            raise RuntimeError(f"{error}; the only device is 'cpu'") from None
        raise
    if wanted == input.dtype:
        return clone(input) if copy else input
    if wanted.kind == "f":
        return cast(input, wanted)
    return make(input._array.astype(wanted))


def _converter(name: str, dtype: Any) -> None:
    def convert(self: Tensor) -> Tensor:
        return to(self, dtype)

    convert.__name__ = name
    convert.__doc__ = f"The tensor as {dtype}; itself when it is that already."
    setattr(Tensor, name, convert)


for _name, _dtype in (
    ("float", dtypes.float32), ("double", dtypes.float64), ("half", dtypes.float16), ("long", dtypes.int64),
    ("int", dtypes.int32), ("short", dtypes.int16), ("bool", dtypes.bool_),
):  # fmt: skip
    _converter(_name, _dtype)
