"""What the draws accept: dtypes, shapes and ranges, and the errors that say what is wrong.

Each error names the function, the argument, what it must be, what it was, and a way out.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

Shape = int | Sequence[int]

FLOATS = tuple(np.dtype(name) for name in ("float16", "float32", "float64"))
COUNTABLE = FLOATS + tuple(np.dtype(name) for name in ("uint8", "int8", "int16", "int32", "int64"))
DISCRETE = COUNTABLE + tuple(np.dtype(name) for name in ("bool", "uint16", "uint32", "uint64"))


def one_of(supported: tuple[np.dtype[Any], ...], dtype: DTypeLike, caller: str) -> np.dtype[Any]:
    """What NumPy calls *dtype*, if it is supported."""
    found = np.dtype(dtype)
    if found not in supported:
        names = ", ".join(known.name for known in supported)
        raise NotImplementedError(f"{caller}: dtype must be one of {names}, got {found}; draw in one and convert")
    return found


def integer(value: Any, caller: str, name: str) -> int:
    """An int, or what stands for one as an index does, but not a bool."""
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(
            f"{caller}: {name} must be an int, got {value!r} of type {type(value).__name__}; convert it with int()"
        ) from None


def dims(shape: Shape, caller: str) -> tuple[int, ...]:
    """A shape as a tuple of ints."""
    entries = shape if isinstance(shape, Sequence) else (shape,)
    sizes = tuple(integer(entry, caller, "shape") for entry in entries)
    if min(sizes, default=0) < 0:
        raise RuntimeError(f"{caller}: shape must have no negative dimension, got {sizes}; give sizes >= 0")
    return sizes


def _largest(dtype: np.dtype[Any]) -> int:
    """The largest m such that the dtype holds all of 0, 1, ..., m."""
    if dtype.kind == "b":
        return 1
    return 2 ** (np.finfo(dtype).nmant + 1) if dtype.kind == "f" else int(np.iinfo(dtype).max)


def largest(dtype: np.dtype[Any]) -> int:
    """The largest integer that ``random_`` draws for a dtype."""
    return min(_largest(dtype), 2**63 - 1)


def lower_bound(low: int, dtype: np.dtype[Any]) -> None:
    most = largest(dtype)
    least = {"b": 0, "u": 0, "i": -most - 1, "f": -most}[dtype.kind]
    if not least <= low <= most:
        raise RuntimeError(f"random_: from is out of bounds for {dtype}: it must lie in [{least}, {most}], got {low}")


def not_negative(value: float, caller: str, name: str) -> None:
    if not value >= 0:
        raise RuntimeError(
            f"{caller}: {name} must be >= 0, got {value}; give the standard deviation, which has no sign"
        )


def positive(value: float, caller: str, name: str) -> None:
    if not value > 0:
        raise RuntimeError(f"{caller}: {name} must be > 0, got {value}")


def uniform_bounds(low: float, high: float, dtype: np.dtype[Any]) -> None:
    top = float(np.finfo(dtype).max)
    if not (-top <= low <= top and -top <= high <= top and high - low <= top):
        raise RuntimeError(
            f"uniform: low, high and high - low must lie within {dtype}'s range of {top:.6g}, got low={low} and "
            f"high={high}; take a wider dtype or narrower bounds"
        )
    if low > high:
        raise RuntimeError(f"uniform: low must be <= high, got low={low} and high={high}; swap them")


def integer_range(low: int, high: int, dtype: np.dtype[Any]) -> None:
    if low >= high:
        raise RuntimeError(f"integers: low must be < high, got low={low} and high={high}; high itself is never drawn")
    most = min(_largest(dtype), 2**63 - 1)
    least = {"b": 0, "u": 0, "i": -most - 1, "f": -most}[dtype.kind]
    if low < least or high - 1 > most or high >= 2**63:
        raise RuntimeError(
            f"integers: [low, high) must lie within [{least}, {most}], where {dtype} is exact (and high be below "
            f"2**63), got low={low} and high={high}; take a wider dtype or a narrower range"
        )


_LONGEST_PERMUTATION = (2**32 - 1) // 20 - 1  # for longer ones torch has another algorithm


def permutation_length(n: int, dtype: np.dtype[Any]) -> None:
    if n < 0:
        raise RuntimeError(f"permutation: n must be >= 0, got {n}; 0 gives an empty array")
    if n - 1 > _largest(dtype):
        raise RuntimeError(
            f"permutation: n must be <= {_largest(dtype) + 1} for dtype {dtype}, which cannot tell more numbers apart, "
            f"got {n}; take a wider dtype"
        )
    if n > _LONGEST_PERMUTATION:
        raise NotImplementedError(
            f"permutation: n must be <= {_LONGEST_PERMUTATION}, beyond which torch has another algorithm, got {n}; "
            "permute blocks instead"
        )


def bernoulli_chances(p: float | NDArray[Any]) -> NDArray[Any]:
    """The argument *p* of bernoulli as an array of probabilities."""
    chances = p if isinstance(p, np.ndarray) else np.asarray(float(p))
    one_of(FLOATS, chances.dtype, "bernoulli of an array p")
    wrong = chances[~((chances >= 0) & (chances <= 1))]
    if wrong.size:
        raise RuntimeError(f"bernoulli: p must lie in [0, 1], got {wrong.flat[0]}; clip or normalise it")
    return chances


def multinomial_arguments(probabilities: NDArray[Any], num_samples: int, replacement: bool) -> None:
    one_of(FLOATS, probabilities.dtype, "multinomial of probabilities")
    if probabilities.ndim not in (1, 2):
        raise RuntimeError(
            f"multinomial: probabilities must have 1 or 2 dimensions, got shape {probabilities.shape}; reshape to rows"
        )
    choices = probabilities.shape[-1]
    if num_samples < 1 or not (replacement or num_samples <= choices):
        raise RuntimeError(
            f"multinomial: num_samples must be at least 1 and without replacement at most the {choices} probabilities "
            f"of a row, got {num_samples}; pass replacement=True to draw more"
        )
    positive = np.all(probabilities.any(-1) & (probabilities >= 0).all(-1))
    if not (positive and np.isfinite(probabilities).all()):
        raise RuntimeError(
            "multinomial: probabilities must be finite, >= 0 and of positive sum in each row, got "
            f"{probabilities!r}; pass logits through a softmax first"
        )
