"""How a tensor may lie in memory, and tensors that do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...dtypes import as_dtype, float64
from ...tensor import Tensor, make


def _fortran(array: np.ndarray) -> np.ndarray:
    return np.array(array, order="F")


def _negative(array: np.ndarray) -> np.ndarray:
    return np.asarray(np.flip(np.array(np.flip(array))))


def _strided(array: np.ndarray) -> np.ndarray:
    wide = np.zeros((*array.shape, 3), array.dtype)
    wide[...] = np.nan if array.dtype.kind == "f" else 1  # so that reading beside it does not go unnoticed
    wide[..., 1] = array
    return wide[..., 1]


def _read_only(array: np.ndarray) -> np.ndarray:
    array = np.array(array, order="C")
    array.flags.writeable = False
    return array


def _expanded(array: np.ndarray) -> np.ndarray:
    return np.broadcast_to(array[:1].copy(), array.shape) if array.ndim and array.shape[0] else _read_only(array)


#: How an array may lie in memory: by name, a function that puts a copy of an array that way.
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "C": partial(np.array, order="C"),
    "F": _fortran,  # the first dimension is the innermost
    "strided": _strided,  # a slice: every third number of its memory
    "negative": _negative,  # all strides are negative
    "readonly": _read_only,
    "expanded": _expanded,  # the stride of the first dimension is 0: its items are one; read-only, as NumPy makes it
}
ORDINARY = ("C", "F", "strided", "negative")  # those that hold any values, and can be written to


def layouts(*names: str) -> SearchStrategy[str]:
    """The name of a layout, for ``laid_out``: one of ``names``, or of all in ``LAYOUTS``."""
    return named(names or tuple(LAYOUTS))


def named(names: Sequence[str]) -> SearchStrategy[str]:
    """One of these layouts; a ValueError if there is none of such a name."""
    return st.sampled_from([_known(name) for name in names])


def _known(layout: str) -> str:
    if layout not in LAYOUTS:
        raise ValueError(f"{layout!r} is no layout; there are {', '.join(map(repr, LAYOUTS))}")
    return layout


def laid_out(
    values: Any,
    *,
    dtype: Any = float64,
    layout: str = "C",
    requires_grad: bool = True,
    shape: tuple[int, ...] | None = None,
) -> Tensor:
    """A tensor of ``values`` (nested lists, or an array) that lies in memory as ``layout`` says.

    With layout "expanded" the first item of ``values`` stands for all of them. ``shape`` is needed only where nested
    lists cannot say it: ``laid_out([], shape=(0, 3))``. It requires no gradient unless ``dtype`` is a floating one.

    >>> x = laid_out([[0.5, -1.0], [2.0, 0.0]], dtype="float32", layout="F")
    >>> x.stride()
    (1, 2)
    """
    array = np.asarray(values, as_dtype(dtype, "laid_out()"))
    if shape is not None:
        array = array.reshape(shape)
    array = LAYOUTS[_known(layout)](array)
    wants = requires_grad and array.dtype.kind == "f"
    tensor = make(array).requires_grad_(wants)
    # IPython's protocol, which Hypothesis prints examples by.
    tensor._repr_pretty_ = partial(_print, _call(array, layout, requires_grad))  # type: ignore[attr-defined]
    return tensor


def _call(array: np.ndarray, layout: str, requires_grad: bool) -> str:
    """The call of ``laid_out`` that makes such a tensor: of its values as they are now, whatever is written later."""
    values: Any = array.tolist()
    arguments = [repr(values)]
    if array.dtype != float64:
        arguments.append(f"dtype='{array.dtype}'")
    if layout != "C":
        arguments.append(f"layout={layout!r}")
    if not requires_grad and array.dtype.kind == "f":
        arguments.append("requires_grad=False")
    if np.shape(values) != array.shape:
        arguments.append(f"shape={array.shape}")
    return f"laid_out({', '.join(arguments)})"


def _print(text: str, printer: Any, cycle: bool) -> None:
    printer.text(text)
