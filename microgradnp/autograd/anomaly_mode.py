"""Anomaly detection: errors and nans of a backward pass are reported with the line and module of the forward pass.

While it is on, every recorded node keeps a few frames of the stack in its metadata, and the sweep looks at what each
node returns. While it is off, nothing is kept and nothing is looked at.

Source: https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
"""

from __future__ import annotations

import linecache
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from .modes import Switch, fact

__all__ = ["detect_anomaly", "set_detect_anomaly"]

FRAMES = 5  # of the forward stack, innermost last, that are kept and shown
OWN = ("microgradnp", "contextlib")  # packages whose frames say nothing to the user

_running: ContextVar[Any] = ContextVar("microgradnp.running_node", default=None)


class AnomalyDetection:
    """What the mode holds while anomaly detection is on."""

    __slots__ = ("check_nan",)

    def __init__(self, check_nan: bool) -> None:
        self.check_nan = check_nan

    def remember(self, node: Any) -> None:
        """Keep where a node was recorded and, if it was during a backward pass, by which node."""
        node.metadata["traceback_"] = _stack()
        if (parent := _running.get()) is not None:
            node.metadata["parent_"] = parent

    @contextmanager
    def watching(self, node: Any) -> Iterator[None]:
        """While a node runs: an error is given the place where the node was recorded."""
        token = _running.set(node)
        try:
            yield
        except Exception as error:
            error.add_note(f"Error detected in {node.name()}. {_origin(node)}")
            raise
        finally:
            _running.reset(token)

    def check(self, node: Any, gradients: tuple[Any, ...]) -> None:
        """Raise RuntimeError if one of the gradients that a node has returned holds a nan."""
        if not self.check_nan:
            return
        for i, gradient in enumerate(gradients):
            array = getattr(gradient, "_array", gradient)
            if isinstance(array, (np.ndarray, np.generic)) and array.dtype.kind == "f" and np.isnan(array).any():
                raise RuntimeError(
                    f"Function '{node.name()}' returned nan values in its {i}th output, the gradient of its operand "
                    f"of shape {tuple(array.shape)}. {_origin(node)}"
                )


def _stack() -> tuple[tuple[str, int, str], ...]:
    """File, line and function of the innermost frames outside this package, innermost last."""
    frames: list[tuple[str, int, str]] = []
    frame = sys._getframe(2)
    while frame is not None and len(frames) < FRAMES:
        compiled = frame.f_code.co_filename.startswith("<microgradnp")
        if not compiled and frame.f_globals.get("__name__", "").partition(".")[0] not in OWN:
            frames.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(reversed(frames))


def _origin(node: Any) -> str:
    """Where a node was recorded: its operation, its module, and the lines of the forward pass."""
    stack = node.metadata.get("traceback_")
    if stack is None:
        return (
            "No forward pass information available: enable anomaly detection during the forward pass too, to see where "
            "it was recorded."
        )
    module = node.scope.describe() if node.scope is not None else ""
    text = f"It is the derivative of {node.label}{f' in {module}' if module else ''}, recorded at:\n{_listed(stack)}"
    parent = node.metadata.get("parent_")
    return text if parent is None else f"{text}\nwhich was the backward pass of {parent.name()}. {_origin(parent)}"


def _listed(stack: tuple[tuple[str, int, str], ...]) -> str:
    lines = []
    for file, number, function in stack:
        lines.append(f'  File "{file}", line {number}, in {function}')
        if source := linecache.getline(file, number).strip():
            lines.append(f"    {source}")
    return "\n".join(lines)


class _AnomalySwitch(Switch):
    def __init__(self, mode: bool, check_nan: bool) -> None:
        super().__init__(anomaly=AnomalyDetection(check_nan) if mode else None)

    __call__ = None  # type: ignore[assignment]  # no decorator, as in PyTorch


class detect_anomaly(_AnomalySwitch):
    """For a ``with`` block: name the forward line and the module of an error in a backward pass, and raise at a nan.

    The forward pass should run inside the block too, else only the operation is known. It makes everything slower.
    Raises RuntimeError when a backward rule returns a nan, unless ``check_nan=False``.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.detect_anomaly
    """

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )


class set_detect_anomaly(_AnomalySwitch):
    """Switch anomaly detection on or off at once; as a context manager, for the block.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.set_detect_anomaly
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        super().__init__(mode, check_nan)
        super().__enter__()

    def __enter__(self) -> None:
        """The block: the constructor has switched already."""


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on."""
    return fact("anomaly") is not None


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly detection, if it is on, raises at a nan."""
    anomaly = fact("anomaly")
    return True if anomaly is None else anomaly.check_nan
