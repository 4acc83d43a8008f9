"""How tensors are printed: as PyTorch prints them, except that dtypes have NumPy's names.

Source: https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import dtypes

PRECISION = 4  # digits after the point
LINE_WIDTH = 80
THRESHOLD = 1000  # a tensor of more elements is shown in part,
EDGE_ITEMS = 3  # by its first and last items in every dimension


def tensor_repr(tensor: Any) -> str:
    """``tensor([1., 2.], dtype=float64, grad_fn=<MulBackward0>)``."""
    kind = "Parameter containing:\n" if type(tensor).__name__ == "Parameter" else ""
    array = tensor._array
    if not isinstance(array, np.ndarray):
        return f"{kind}tensor({array!r})"
    indent = len("tensor(")
    text = "tensor(" + (_grid(array, indent, array.size > THRESHOLD, *_alignment(array)) if array.size else "[]")
    width = len(text.rpartition("\n")[2]) + 2
    for fact in _facts(tensor):
        if width + len(fact) + 2 > LINE_WIDTH:
            text, width = f"{text},\n{' ' * indent}{fact}", indent + len(fact)
        else:
            text, width = f"{text}, {fact}", width + len(fact) + 2
    return f"{kind}{text})"


def _facts(tensor: Any) -> Iterator[str]:
    """What is said beside the values."""
    array, default = tensor._array, dtypes.get_default_dtype()
    if array.size == 0 and array.ndim != 1:
        yield f"size={tuple(array.shape)}"
    if array.dtype != default and (array.size == 0 or array.dtype not in (dtypes.int64, dtypes.bool_)):
        yield f"dtype={array.dtype}"
    if tensor.grad_fn is not None:
        yield f"grad_fn=<{tensor.grad_fn.name()}>"
    elif tensor.requires_grad:
        yield "requires_grad=True"


# The values


def _grid(array: Any, indent: int, in_part: bool, width: int, show: Callable[[Any], str]) -> str:
    """Nested brackets around the elements; ``indent`` is the column in which they open."""
    if array.ndim == 0:
        return show(array.item())
    cut = in_part and len(array) > 2 * EDGE_ITEMS
    shown = [*array[:EDGE_ITEMS], *array[-EDGE_ITEMS:]] if cut else array
    items = [_grid(item, indent + 1, in_part, width, show) for item in shown]
    if cut:
        items.insert(EDGE_ITEMS, " ..." if array.ndim == 1 else "...")
    if array.ndim == 1:
        count = max(1, (LINE_WIDTH - indent) // (width + len(", ")))
        items = [", ".join(items[i : i + count]) for i in range(0, len(items), count)]
    between = "," + "\n" * max(1, array.ndim - 1) + " " * (indent + 1)
    return f"[{between.join(items)}]"


def _alignment(array: np.ndarray) -> tuple[int, Callable[[Any], str]]:
    """The width of a column, and how one element is written in it. Zeros, infinities and nans do not widen it."""
    seen = array if array.size <= THRESHOLD else _edges(array)
    if array.dtype.kind == "f":
        show = _float_format(seen)
        seen = seen[np.isfinite(seen) & (seen != 0)]
    else:
        show = str
    width = max((len(show(value)) for value in seen.reshape(-1).tolist()), default=1)
    return width, lambda value: show(value).rjust(width)


def _edges(array: np.ndarray) -> np.ndarray:
    for axis, size in enumerate(array.shape):
        if size > 2 * EDGE_ITEMS:
            array = np.take(array, [*range(EDGE_ITEMS), *range(size - EDGE_ITEMS, size)], axis=axis)
    return array


def _float_format(array: np.ndarray) -> Callable[[Any], str]:
    """``1.`` if all are whole numbers, else ``1.0000``; ``1.0000e+00`` if they are very large, small or different."""
    sizes = np.abs(array[np.isfinite(array) & (array != 0)].astype(np.float64))
    if not sizes.size:
        return _whole
    largest, smallest = sizes.max(), sizes.min()
    whole = bool((sizes == np.ceil(sizes)).all())
    if largest / smallest > 1000 or largest > 1e8 or (smallest < 1e-4 and not whole):
        return lambda value: f"{value:.{PRECISION}e}"
    return _whole if whole else lambda value: f"{value:.{PRECISION}f}"


def _whole(value: float) -> str:
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"
