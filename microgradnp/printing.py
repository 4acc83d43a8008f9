"""How tensors are printed: as PyTorch prints them."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import dtypes

PRECISION = 4
LINE_WIDTH = 80
THRESHOLD = 1000
EDGE_ITEMS = 3


def tensor_repr(tensor: Any) -> str:
    """``tensor([1., 2.], dtype=float64, grad_fn=<MulBackward0>)``."""
    kind = "Parameter containing:\n" if type(tensor).__name__ == "Parameter" else ""
    array = tensor._array
    if not isinstance(array, np.ndarray):
        return f"{kind}tensor({array!r})"
    facts = []
    if array.size == 0 and array.ndim != 1:
        facts.append(f"size={tuple(array.shape)}")
    if array.dtype not in (dtypes.get_default_dtype(), dtypes.int64, dtypes.bool_) or (
        array.size == 0 and array.dtype != dtypes.get_default_dtype()
    ):
        facts.append(f"dtype={array.dtype}")
    if tensor.grad_fn is not None:
        facts.append(f"grad_fn=<{tensor.grad_fn.name()}>")
    elif tensor.requires_grad:
        facts.append("requires_grad=True")
    text = _values(array) if array.size else "[]"
    last_line = text.rpartition("\n")[2]
    width = len(last_line) + sum(len(fact) + 2 for fact in facts) + (0 if "\n" in text else len("tensor("))
    separator = ", " if width < LINE_WIDTH else ",\n       "
    return f"{kind}tensor({separator.join([text, *facts[:1]])}{''.join(', ' + fact for fact in facts[1:])})"


def _values(array: np.ndarray) -> str:
    formatter: dict[str, Any] = {"float_kind": _float_format(array)} if array.dtype.kind == "f" else {"bool": str}
    text = np.array2string(
        array, separator=", ", prefix="tensor(", max_line_width=LINE_WIDTH,
        threshold=THRESHOLD, edgeitems=EDGE_ITEMS, formatter=_padded(array, formatter),
    )  # fmt: skip
    return text


def _padded(array: np.ndarray, formatter: dict[str, Any]) -> dict[str, Any]:
    """The same formatter with every element as wide as the widest."""
    if array.ndim == 0:
        return formatter
    ((kind, format_one),) = formatter.items() if array.dtype.kind in "fb" else [("int_kind", str)]
    shown = array if array.size <= THRESHOLD else _edges(array)
    width = max(len(format_one(value)) for value in shown.reshape(-1))
    return {kind: lambda value: format_one(value).rjust(width)}


def _edges(array: np.ndarray) -> np.ndarray:
    for axis, size in enumerate(array.shape):
        if size > 2 * EDGE_ITEMS:
            array = np.take(array, [*range(EDGE_ITEMS), *range(size - EDGE_ITEMS, size)], axis=axis)
    return array


def _float_format(array: np.ndarray) -> Any:
    shown = array if array.size <= THRESHOLD else _edges(array)
    finite = np.abs(shown[np.isfinite(shown) & (shown != 0)].astype(np.float64))
    if not finite.size:
        return lambda value: f"{value:.0f}." if np.isfinite(value) else str(value)
    largest, smallest = finite.max(), finite.min()
    if (finite == np.ceil(finite)).all():
        if largest / smallest > 1000 or largest > 1e8:
            return lambda value: f"{value:.{PRECISION}e}"
        return lambda value: f"{value:.0f}." if np.isfinite(value) else str(value)
    if largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4:
        return lambda value: f"{value:.{PRECISION}e}"
    return lambda value: f"{value:.{PRECISION}f}"
