"""The argument ``dim`` of reductions, scans and sorts: which dimensions it names, and putting them back."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .shape import dim_from

HALF, SINGLE = np.dtype("float16"), np.dtype("float32")
Dim = int | tuple[int, ...] | list[int] | None


def axes_of(dim: Dim) -> Any:
    """A ``dim`` argument as NumPy's ``axis``: lists become tuples, and no dimension at all means every one."""
    return tuple(dim) or None if isinstance(dim, (tuple, list)) else dim


def _whole(dim: Any) -> int:
    try:
        if isinstance(dim, bool):
            raise TypeError
        return operator.index(dim)
    except TypeError:
        raise TypeError(f"argument 'dim' must be int or a tuple of ints, not {type(dim).__name__}: {dim!r}") from None


def dims_of(dim: Dim, ndim: int, function: str) -> tuple[int, ...]:
    """The dimensions that ``dim`` names, counted from 0; all of them for None and ().

    Raises TypeError for what is no int, IndexError for a dimension that is not there, RuntimeError for a repeated one.
    """
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    axes = dim if isinstance(dim, (tuple, list)) else (dim,)
    found = tuple([dim_from(_whole(axis), ndim, f"{function}()") for axis in axes])
    if len(set(found)) < len(found):
        raise RuntimeError(f"{function}(): a dimension appears multiple times in dim={dim}")
    return found if ndim else ()


def restore_dims(reduced: Any, shape: tuple[int, ...], dim: Dim, keepdim: bool) -> Any:
    """Put the dimensions back, with size 1, that a reduction of an array of ``shape`` over ``dim`` has taken away."""
    axes = axes_of(dim)
    if keepdim or axes is None:
        return reduced
    gone = {axis % len(shape) for axis in (axes if isinstance(axes, tuple) else (axes,))} if shape else set()
    return reduced.reshape(tuple(1 if i in gone else size for i, size in enumerate(shape)))


def count_of(shape: tuple[int, ...], dim: Dim) -> int:
    """How many elements a reduction over ``dim`` puts into one."""
    axes = axes_of(dim)
    if axes is None:
        return math.prod(shape)
    return math.prod(shape[axis] for axis in (axes if isinstance(axes, tuple) else (axes,))) if shape else 1


def axis_of(dim: Any, ndim: int, function: str) -> int:
    """The one dimension that ``dim`` names, counted from 0; TypeError for what is no int."""
    if dim is None or isinstance(dim, (tuple, list)):
        raise TypeError(f"{function}(): argument 'dim' must be int, not {type(dim).__name__}")
    return dim_from(_whole(dim), ndim, f"{function}()")
