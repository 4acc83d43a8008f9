"""The base class of modules, and the hooks that all modules have.

Source: https://github.com/pytorch/pytorch/blob/main/torch/nn/modules/module.py, for the names
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...autograd.hooks import RemovableHandle
from ..hooks import EVERYWHERE, ForwardHook, Hooks
from ..module import Module
from ..registration import (
    register_module_buffer_registration_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from ..tree import note_change

__all__ = [
    "Module",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]


class _HandleOfAll(RemovableHandle):
    """When the last hook of all modules is gone, their calls cost what they did before."""

    def __init__(self, kind: str, hook: Any) -> None:
        super().__init__(getattr(EVERYWHERE, kind), hook)
        self._tell()

    def remove(self) -> None:
        super().remove()
        self._tell()

    def _tell(self) -> None:
        Module._hooks = EVERYWHERE if any(getattr(EVERYWHERE, kind) for kind in Hooks.CALLS) else None
        note_change()


def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, args)`` before every forward pass of every module, before the module's own hooks."""
    return _HandleOfAll("before", ForwardHook(hook, with_kwargs=False))


def register_module_forward_hook(
    hook: Callable[..., Any], *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after every forward pass of every module, before the module's own hooks.

    The arguments are those of ``Module.register_forward_hook``.
    """
    return _HandleOfAll("after", ForwardHook(hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """``Module.register_full_backward_pre_hook`` for every module; before the module's own hooks."""
    return _HandleOfAll("before_backward", hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """``Module.register_full_backward_hook`` for every module; before the module's own hooks."""
    return _HandleOfAll("after_backward", hook)
