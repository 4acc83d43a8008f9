"""How tensors are printed: as PyTorch prints them, except that dtypes have NumPy's names.

Source: https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from . import dtypes


class Options(NamedTuple):
    """What ``set_printoptions`` sets."""

    precision: int = 4  # digits after the point
    threshold: float = 1000  # a tensor of more elements is shown in part,
    edgeitems: int = 3  # by its first and last items in every dimension
    linewidth: int = 80
    sci_mode: bool | None = None  # whether numbers have exponents; None: when they are very large, small or different


PROFILES = {"default": Options(), "short": Options(precision=2, edgeitems=2), "full": Options(threshold=math.inf)}


class _Current:
    """The options in force; one cell that everything reads."""

    options: Options = PROFILES["default"]


def set_printoptions(
    precision: int | None = None, threshold: float | None = None, edgeitems: int | None = None,
    linewidth: int | None = None, profile: str | None = None, sci_mode: bool | None = None,
) -> None:  # fmt: skip
    """Set how tensors are printed from now on; what is not given stays, but for ``sci_mode``, which is then automatic.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_printoptions.html

    >>> import microgradnp
    >>> microgradnp.set_printoptions(precision=2)
    >>> microgradnp.tensor([1.12345])
    tensor([1.12])
    >>> microgradnp.set_printoptions(profile="default")
    """
    options = _Current.options
    if profile is not None:
        if profile not in PROFILES:
            raise ValueError(f"set_printoptions(): profile is one of {', '.join(PROFILES)}, got {profile!r}")
        options = PROFILES[profile]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in given.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0):
            raise TypeError(f"set_printoptions(): {name} must be a number that is not negative, got {value!r}")
    changed = {name: value for name, value in given.items() if value is not None}
    _Current.options = options._replace(**changed, sci_mode=sci_mode)


def tensor_repr(tensor: Any) -> str:
    """``tensor([1., 2.], dtype=float64, grad_fn=<MulBackward0>)``."""
    options = _Current.options
    classes = [c.__name__ for c in type(tensor).__mro__]
    kind = "Parameter containing:\n" if "Parameter" in classes else ""
    name = "tensor" if classes[0] in ("Tensor", "Parameter") else classes[0]  # that of a subclass is shown
    array = tensor._array
    if not isinstance(array, np.ndarray):
        return f"{kind}{name}({array!r})"
    indent = len(name) + 1
    in_part = array.size > options.threshold
    text = f"{name}(" + (_grid(array, indent, in_part, *_alignment(array, in_part)) if array.size else "[]")
    width = len(text.rpartition("\n")[2]) + 2
    for fact in _facts(tensor):
        # Lines break where PyTorch's do, whose dtypes are called "torch.float64".
        length = len(fact) + len("torch.") * fact.startswith("dtype=")
        if width + length + 2 > options.linewidth:
            text, width = f"{text},\n{' ' * indent}{fact}", indent + length
        else:
            text, width = f"{text}, {fact}", width + length + 2
    return f"{kind}{text})"


def _facts(tensor: Any) -> Iterator[str]:
    """What is said beside the values."""
    array, default = tensor._array, dtypes.get_default_dtype()
    if array.size == 0 and array.ndim != 1:
        yield f"size={tuple(array.shape)}"
    if array.dtype != default and (array.size == 0 or array.dtype not in (dtypes.int64, dtypes.bool_)):
        yield f"dtype={array.dtype}"
    try:
        grad_fn = tensor.grad_fn
    except RuntimeError:  # a view that has lost its place in the graph
        yield "grad_fn=<Invalid>"
        return
    if grad_fn is not None:
        yield f"grad_fn=<{grad_fn.name()}>"
    elif tensor.requires_grad:
        yield "requires_grad=True"


# The values


def _grid(array: Any, indent: int, in_part: bool, width: int, show: Callable[[Any], str]) -> str:
    """Nested brackets around the elements; ``indent`` is the column in which they open."""
    if array.ndim == 0:
        return show(array.item())
    edge = _Current.options.edgeitems
    cut = in_part and len(array) > 2 * edge
    shown = [*array[:edge], *array[len(array) - edge :]] if cut else array
    items = [_grid(item, indent + 1, in_part, width, show) for item in shown]
    if cut:
        items.insert(edge, " ..." if array.ndim == 1 else "...")
    if array.ndim == 1:
        count = max(1, (_Current.options.linewidth - indent) // (width + len(", ")))
        items = [", ".join(items[i : i + count]) for i in range(0, len(items), count)]
    between = "," + "\n" * max(1, array.ndim - 1) + " " * (indent + 1)
    return f"[{between.join(items)}]"


def _alignment(array: np.ndarray, in_part: bool) -> tuple[int, Callable[[Any], str]]:
    """The width of a column, and how one element is written in it. Zeros, infinities and nans do not widen it."""
    seen = _edges(array) if in_part else array
    if array.dtype.kind == "f":
        show = _float_format(seen)
        seen = seen[np.isfinite(seen) & (seen != 0)]
    else:
        show = str
    width = max((len(show(value)) for value in seen.reshape(-1).tolist()), default=1)
    return width, lambda value: show(value).rjust(width)


def _edges(array: np.ndarray) -> np.ndarray:
    edge = _Current.options.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            array = np.take(array, [*range(edge), *range(size - edge, size)], axis=axis)
    return array


def _float_format(array: np.ndarray) -> Callable[[Any], str]:
    """``1.`` if all are whole numbers, else ``1.0000``; ``1.0000e+00`` if they are very large, small or different."""
    options = _Current.options
    sizes = np.abs(array[np.isfinite(array) & (array != 0)].astype(np.float64))
    if not sizes.size:
        return _whole
    largest, smallest = sizes.max(), sizes.min()
    whole = bool((sizes == np.ceil(sizes)).all())
    exponents = options.sci_mode
    if exponents is None:
        exponents = largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4
    if exponents:
        return lambda value: f"{value:.{options.precision}e}"
    return _whole if whole else lambda value: f"{value:.{options.precision}f}"


def _whole(value: float) -> str:
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"
