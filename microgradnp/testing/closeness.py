"""``assert_close``: two results are equal but for rounding."""

from __future__ import annotations

import cmath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ops.comparison import isclose
from ..tensor import Tensor

Path = tuple[Any, ...]

# What is allowed by default: relative to the expected value, and absolute.
TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7), "complex128": (1e-7, 1e-7)}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Assert that ``|actual - expected| <= atol + rtol * |expected|``, element by element.

    Both are tensors, or both NumPy arrays, numbers, bools or None; or sequences or mappings of these, to any depth.
    Shapes must be equal, and dtypes unless ``check_dtype`` is False.

    Args:
        allow_subclasses: with False, tensors must be of the same class.
        rtol, atol: given both or neither. By default (1e-3, 1e-5) for float16, (1.3e-6, 1e-5) for float32, (1e-7, 1e-7)
            for float64, and 0 for integers and bools; of two dtypes, whichever is larger.
        equal_nan: whether nan equals nan.
        check_device, check_layout: all tensors have the same device and layout, so these change nothing.
        check_stride: whether strides must be equal.
        msg: the text of the error, or a function that makes it of the text it would have.

    Raises:
        AssertionError: they are not close; it tells how many elements differ, and where they do most.
        TypeError: they cannot be compared. ValueError: one tolerance without the other, or a negative one.

    Source: https://docs.pytorch.org/docs/stable/testing.html#torch.testing.assert_close

    >>> import microgradnp
    >>> assert_close(microgradnp.tensor([1.0, 2.0]), microgradnp.tensor([1.0, 2.000001]))
    >>> assert_close([1, 2.0], [1, 2.5])
    Traceback (most recent call last):
        ...
    AssertionError: Scalars are not close!
    <BLANKLINE>
    Expected 2.5 but got 2.0.
    Absolute difference: 0.5 (up to 1e-07 allowed)
    Relative difference: 0.2 (up to 1e-07 allowed)
    <BLANKLINE>
    The failure occurred for item [1]
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
    if rtol is not None and atol is not None and not (rtol >= 0 and atol >= 0):
        raise ValueError(f"assert_close: tolerances must not be negative, got rtol={rtol}, atol={atol}")
    given = None if rtol is None or atol is None else (rtol, atol)
    comparison = _Comparison(given, equal_nan, check_dtype, check_stride, allow_subclasses)
    try:
        comparison.compare(actual, expected, ())
    except _Different as difference:
        text = str(difference)
        raise AssertionError(text if msg is None else msg(text) if callable(msg) else msg) from None


class _Different(Exception):
    """The first difference that was found."""

    def __init__(self, text: str, path: Path) -> None:
        super().__init__(text + _place(path))


def _place(path: Path) -> str:
    where = "".join(f"[{key!r}]" for key in path)
    return f"\n\nThe failure occurred for item {where}" if path else ""


@dataclass(frozen=True)
class _Comparison:
    """How things are compared."""

    tolerances: tuple[float, float] | None
    equal_nan: bool
    check_dtype: bool
    check_stride: bool
    allow_subclasses: bool

    def compare(self, actual: Any, expected: Any, path: Path) -> None:
        """Raise _Different at the first difference."""
        both = (actual, expected)
        if all(isinstance(x, Sequence) and not isinstance(x, (str, bytes)) for x in both):
            if len(actual) != len(expected):
                raise _Different(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}", path)
            for i, pair in enumerate(zip(actual, expected, strict=True)):
                self.compare(*pair, (*path, i))
        elif all(isinstance(x, Mapping) for x in both):
            self._keys(actual, expected, path)
            for key in actual:
                self.compare(actual[key], expected[key], (*path, key))
        elif any(x is None for x in both):
            if actual is not expected:
                raise _Different(f"None mismatch: {actual} is not {expected}", path)
        elif all(isinstance(x, (bool, np.bool_)) for x in both):
            if bool(actual) != bool(expected):
                raise _Different(f"Booleans mismatch: {actual} is not {expected}", path)
        elif all(isinstance(x, (int, float, complex, np.number)) and not isinstance(x, bool) for x in both):
            self._numbers(_python(actual), _python(expected), path)
        elif self._are_arrays(actual, expected):
            self._arrays(actual, expected, path)
        else:
            raise TypeError(
                f"assert_close: no way to compare a {type(actual)} with a {type(expected)}: tensors go with tensors, "
                f"arrays with arrays, numbers with numbers, and sequences and mappings of these{_place(path)}"
            )

    def _keys(self, actual: Mapping[Any, Any], expected: Mapping[Any, Any], path: Path) -> None:
        missing, additional = ([key for key in a if key not in b] for a, b in ((expected, actual), (actual, expected)))
        if missing or additional:
            raise _Different(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {missing}\nAdditional keys in the actual mapping: {additional}",
                path,
            )

    def _are_arrays(self, actual: Any, expected: Any) -> bool:
        related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
        if not related or not (self.allow_subclasses or type(actual) is type(expected)):
            return False
        return isinstance(actual, Tensor) or (isinstance(actual, np.ndarray) and actual.dtype.kind in "biuf")

    def _allowed(self, *dtypes: str) -> tuple[float, float]:
        if self.tolerances is not None:
            return self.tolerances
        found = [TOLERANCES.get(name, (0.0, 0.0)) for name in dtypes]
        return max(rtol for rtol, _ in found), max(atol for _, atol in found)

    def _numbers(self, actual: Any, expected: Any, path: Path) -> None:
        if self.check_dtype and type(actual) is not type(expected):
            raise _Different(f"The (d)types do not match: {type(actual)} != {type(expected)}.", path)
        names = {int: "int64", float: "float64", complex: "complex128"}
        rtol, atol = self._allowed(names[type(actual)], names[type(expected)])
        if actual == expected or (self.equal_nan and cmath.isnan(actual) and cmath.isnan(expected)):
            return
        difference = abs(actual - expected)
        if cmath.isfinite(difference) and difference <= atol + rtol * abs(expected):
            return
        raise _Different(_scalars(actual, expected, difference, rtol, atol), path)

    def _arrays(self, actual: Any, expected: Any, path: Path) -> None:
        for name in ("shape", "dtype") if self.check_dtype else ("shape",):
            ours, theirs = getattr(actual, name), getattr(expected, name)
            if ours != theirs:
                raise _Different(f"The values for attribute {name!r} do not match: {ours} != {theirs}.", path)
        a, b = (x._array if isinstance(x, Tensor) else x for x in (actual, expected))
        if self.check_stride and a.strides != b.strides:
            ours, theirs = (tuple(step // x.itemsize for step in x.strides) for x in (a, b))
            raise _Different(f"The values for attribute 'stride()' do not match: {ours} != {theirs}.", path)
        rtol, atol = self._allowed(a.dtype.name, b.dtype.name)
        common = np.result_type(a, b) if a.dtype != b.dtype else a.dtype
        a, b = a.astype(common, copy=False), b.astype(common, copy=False)
        with np.errstate(all="ignore"):
            wrong = ~isclose(a, b, rtol=rtol, atol=atol, equal_nan=self.equal_nan)
            if not np.any(wrong):
                return
            differences = _distance(a, b)
            relative = differences / np.abs(b.astype(np.float64) if b.dtype.kind != "f" else b)
        if a.ndim == 0:
            raise _Different(_scalars(a.item(), b.item(), differences.item(), rtol, atol), path)
        count = np.count_nonzero(wrong)
        raise _Different(
            f"Tensor-likes are not {_degree(rtol, atol)}!\n\n"
            f"Mismatched elements: {count} / {a.size} ({count / a.size:.1%})\n"
            f"Greatest absolute difference: {_greatest(differences, wrong)}{_up_to(atol, rtol, atol)}\n"
            f"Greatest relative difference: {_greatest(relative, wrong)}{_up_to(rtol, rtol, atol)}",
            path,
        )


def _python(number: Any) -> Any:
    return number.item() if isinstance(number, np.number) else number


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``|a - b|``, which of integers is exact without a sign."""
    if a.dtype.kind == "f":
        return np.abs(a - b)
    a, b = a.astype(np.int64), b.astype(np.int64)
    return np.maximum(a, b).view(np.uint64) - np.minimum(a, b).view(np.uint64)


def _greatest(values: np.ndarray, where: Any) -> str:
    """The greatest of the elements that differ, and its place. nan is greater than anything."""
    position = np.argmax(np.where(where, values, values.dtype.type(0) if values.dtype.kind != "f" else -np.inf))
    index = tuple(map(int, np.unravel_index(position, values.shape)))
    return f"{values[index].item()} at index {index}"


def _scalars(actual: Any, expected: Any, difference: Any, rtol: float, atol: float) -> str:
    relative = difference / abs(expected) if expected != 0 else float("inf")
    return (
        f"Scalars are not {_degree(rtol, atol)}!\n\nExpected {expected} but got {actual}.\n"
        f"Absolute difference: {difference}{_up_to(atol, rtol, atol)}\n"
        f"Relative difference: {relative}{_up_to(rtol, rtol, atol)}"
    )


def _degree(rtol: float, atol: float) -> str:
    return "close" if rtol or atol else "equal"


def _up_to(tolerance: float, rtol: float, atol: float) -> str:
    return f" (up to {tolerance:g} allowed)" if rtol or atol else ""
