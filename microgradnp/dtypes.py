"""Data types, which are NumPy's own, and the rule by which operands of different types meet (PyTorch's)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

dtype = np.dtype

float16 = np.dtype("float16")
float32 = np.dtype("float32")
float64 = np.dtype("float64")
int8 = np.dtype("int8")
int16 = np.dtype("int16")
int32 = np.dtype("int32")
int64 = np.dtype("int64")
uint8 = np.dtype("uint8")
bool_ = np.dtype("bool")

SUPPORTED = frozenset((float16, float32, float64, int8, int16, int32, int64, uint8, bool_))
_CATEGORIES = "biufc"  # NumPy's kinds; signed and unsigned integers are one category


class _Default:
    """The default floating point type; one cell that everything reads."""

    dtype: np.dtype[Any] = float32


def get_default_dtype() -> np.dtype[Any]:
    """The type of floating point tensors made from Python numbers: float32 unless changed.

    >>> import microgradnp
    >>> microgradnp.get_default_dtype()
    dtype('float32')
    """
    return _Default.dtype


def set_default_dtype(d: Any) -> None:
    """Set the type of floating point tensors made from Python numbers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_default_dtype.html
    """
    chosen = as_dtype(d)
    if chosen.kind != "f":
        raise TypeError(f"set_default_dtype(d): d must be a floating point type such as float64, got {chosen}")
    _Default.dtype = chosen


def as_dtype(value: Any, function: str = "dtype") -> np.dtype[Any]:
    """The supported dtype that ``value`` (a dtype, a NumPy type, a name, a Python type) stands for, or a TypeError."""
    if value is int:
        return int64
    try:
        found = np.dtype(value)
    except TypeError:
        found = None
    if found is not None and not found.isnative:
        found = found.newbyteorder("=")
    if value is None or found is None or found not in SUPPORTED:
        names = ", ".join(sorted(str(d) for d in SUPPORTED))
        raise TypeError(f"{function}: {value!r} is not a supported dtype; use one of {names}")
    return found


def _category(d: np.dtype[Any]) -> int:
    return _CATEGORIES.index(d.kind if d.kind != "u" else "i")


@cache
def promote_types(type1: np.dtype[Any], type2: np.dtype[Any]) -> np.dtype[Any]:
    """The smallest type that both convert to, by PyTorch's table: an integer and a float give that float.

    Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc

    >>> import microgradnp
    >>> microgradnp.promote_types(microgradnp.int64, microgradnp.float32)
    dtype('float32')
    """
    first, second = as_dtype(type1), as_dtype(type2)
    if _category(first) != _category(second):
        return max(first, second, key=_category)
    return np.result_type(first, second)


def can_cast(from_: np.dtype[Any], to: np.dtype[Any]) -> bool:
    """Whether a result of one type may be written into a tensor of another: into any of its category, or a higher one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.can_cast.html
    """
    return _category(as_dtype(from_)) <= _category(as_dtype(to))


def result_type_of(dimensioned: Any, zero_dim: Any, number: Any) -> np.dtype[Any]:
    """The common type of operands in PyTorch's three ranks: tensors with dimensions, 0-d tensors, Python numbers.

    Each argument is a dtype or None. A lower rank counts only when its category (bool, integer, float) is higher.
    """
    result = None
    for candidate in (dimensioned, zero_dim, number):
        if candidate is None:
            continue
        if result is None or (_category(candidate) > _category(result)):
            result = candidate if result is None else promote_types(result, candidate)
    assert result is not None
    return result


def number_dtype(value: Any) -> np.dtype[Any]:
    """The type that a Python number stands for: bool, int64, or the default floating point type."""
    if isinstance(value, bool):
        return bool_
    return int64 if isinstance(value, int) else _Default.dtype


# Values that change their type


def check_range(values: Any, dtype: np.dtype[Any]) -> None:
    """Refuse Python numbers that an integer type cannot hold; one without sign takes negative integers, and wraps them.

    Raises RuntimeError.
    """
    if dtype.kind not in "iu" or not np.size(values):
        return
    array, limits = np.asarray(values), np.iinfo(dtype)
    if array.dtype.kind == "b":
        return
    lowest = -int(limits.max) if dtype.kind == "u" and array.dtype.kind != "f" else int(limits.min)
    low, high = array.min(), array.max()
    if not (lowest <= low and high <= limits.max):
        value = high if lowest <= low else low
        raise RuntimeError(f"value cannot be converted to type {dtype} without overflow: {value}")


def converted(array: Any, dtype: np.dtype[Any] | None, copy: bool = False) -> Any:
    """An array in another dtype, without warnings; what an integer type cannot hold is converted as in PyTorch."""
    if dtype is None or array.dtype == dtype:
        return array.copy() if copy else array
    with np.errstate(all="ignore"):
        if dtype.kind == "u" and array.dtype.kind == "f":
            array = array.astype(np.int64)
        return array.astype(dtype, order="C" if 0 in array.strides else "K")


# What a type can hold


class finfo:
    """The limits of a floating point type: ``bits``, ``eps``, ``max``, ``min``, ``tiny``, ``smallest_normal``,
    ``resolution``, as Python numbers; without ``type``, of the default one.

    Source: https://docs.pytorch.org/docs/stable/type_info.html
    """

    def __init__(self, type: Any = None) -> None:
        wanted = _Default.dtype if type is None else as_dtype(type, "finfo()")
        if wanted.kind != "f":
            raise TypeError(f"finfo() requires a floating point input type, got {wanted}: use iinfo()")
        info = np.finfo(wanted)
        self.bits = int(info.bits)
        self.eps, self.max, self.min = float(info.eps), float(info.max), float(info.min)
        self.tiny = self.smallest_normal = float(info.smallest_normal)
        self.resolution = float(str(info.resolution))
        self.dtype = str(wanted)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in names)}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


class iinfo:
    """The limits of an integer type: ``bits``, ``max``, ``min``.

    Source: https://docs.pytorch.org/docs/stable/type_info.html
    """

    def __init__(self, type: Any) -> None:
        wanted = as_dtype(type, "iinfo()")
        if wanted.kind not in "iu":
            raise TypeError(f"iinfo() requires an integer input type, got {wanted}")
        info = np.iinfo(wanted)
        self.bits, self.max, self.min, self.dtype = int(info.bits), int(info.max), int(info.min), str(wanted)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)
