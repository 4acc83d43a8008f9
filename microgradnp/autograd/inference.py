"""Inference mode: nothing is recorded, and what is made can never be recorded later.

A tensor made in inference mode is marked; a view is an inference tensor exactly when its base is one. An operation asks
``used.ever`` before it marks its result or looks at marks, so a program that never enters the mode pays nothing for it.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#inference-mode
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .modes import Switch, fact


class _Used:
    """Whether inference mode has been entered, ever, in any thread."""

    __slots__ = ("ever",)

    def __init__(self) -> None:
        self.ever = False


used = _Used()


class inference_mode(Switch):
    """Record nothing, and mark what is made as inference tensors. A context manager and a decorator.

    An inference tensor cannot be saved for a backward pass, nor be made to require gradients, nor be written to,
    outside inference mode; ``clone()`` makes an ordinary tensor of it. ``inference_mode(False)`` ends the mode inside
    its block, where operations are recorded again.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html

    >>> import microgradnp
    >>> x = microgradnp.ones(2, requires_grad=True)
    >>> with microgradnp.inference_mode():
    ...     y = x * 2
    >>> y.requires_grad, y.is_inference()
    (False, True)
    """

    def __new__(cls, mode: bool | Callable[..., Any] = True) -> Any:
        return object.__new__(cls) if isinstance(mode, bool) else cls()(mode)

    def __init__(self, mode: bool = True) -> None:
        super().__init__(inference=mode, enabled=not mode)

    def __enter__(self) -> None:
        used.ever = True
        super().__enter__()


def is_inference_mode_enabled() -> bool:
    """Whether inference mode is on."""
    return bool(fact("inference"))


def mark(tensor: Any) -> None:
    """To be called with every tensor that is made, once the mode has been used."""
    if fact("inference"):
        tensor._inference = True


def is_inference(tensor: Any) -> bool:
    """Whether a tensor was made in inference mode; for a view, whether its base was."""
    while tensor._base is not None:
        tensor = tensor._base
    return getattr(tensor, "_inference", False)


def refuse_saving(value: Any) -> None:
    """Raise RuntimeError if a node is about to save an inference tensor."""
    if hasattr(value, "_array") and is_inference(value):
        raise RuntimeError(
            "Inference tensors cannot be saved for backward, and this operation needs its operand of shape "
            f"{tuple(value.shape)} for the backward pass. Make an ordinary tensor of it with .clone(), or make it "
            "under no_grad() instead of inference_mode()"
        )


def refuse_writing(tensor: Any, operation: str) -> None:
    """Raise RuntimeError if an inference tensor is about to be written to outside the mode."""
    if used.ever and is_inference(tensor) and not is_inference_mode_enabled():
        raise RuntimeError(
            f"{operation}: Inplace update to inference tensor outside InferenceMode is not allowed. Make an ordinary "
            "tensor of it with .clone(), and write to that"
        )
