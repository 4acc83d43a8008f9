"""The kinds of attributes that a module registers, the names that they cannot have, and hooks that see each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.hooks import RemovableHandle
from ..tensor import Tensor
from .parameter import Parameter

PARAMETER, BUFFER, MODULE = "parameter", "buffer", "module"
ACCEPTED = {PARAMETER: "nn.Parameter", BUFFER: "Tensor", MODULE: "nn.Module"}
NEEDED = frozenset((  # methods that others call on every module: an attribute of another kind would break them
    "forward", "parameters", "named_parameters", "buffers", "named_buffers", "modules", "named_modules", "children",
    "named_children", "state_dict", "load_state_dict", "apply", "eval", "zero_grad", "requires_grad_",
))  # fmt: skip
HIDABLE = frozenset(("summary",))  # a method that PyTorch's modules do not have, so that programs may use its name

_hooks: dict[str, dict[int, Callable[..., Any]]] = {PARAMETER: {}, BUFFER: {}, MODULE: {}}


def register_module_parameter_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, parameter)`` whenever any module gets a parameter.

    What it returns, if not None, takes the parameter's place.
    """
    return RemovableHandle(_hooks[PARAMETER], hook)


def register_module_buffer_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` whenever any module gets a buffer; see those of parameters."""
    return RemovableHandle(_hooks[BUFFER], hook)


def register_module_module_registration_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(module, name, submodule)`` whenever any module gets a submodule; see those of parameters."""
    return RemovableHandle(_hooks[MODULE], hook)


def through_hooks(module: Any, kind: str, name: str, value: Any) -> Any:
    """What is to be registered, after the hooks have seen it."""
    if not _hooks[kind] or (kind == PARAMETER and value is None):
        return value
    for hook in list(_hooks[kind].values()):
        changed = hook(module, name, value)
        if changed is None:
            continue
        fits = isinstance(changed, Tensor if kind == BUFFER else Parameter) if kind != MODULE else _is_module(changed)
        if not fits:
            raise TypeError(
                f"a registration hook returned {type(changed).__name__} for {kind} '{name}' of "
                f"{type(module).__name__}: {ACCEPTED[kind]} expected"
            )
        value = changed
    return value


def _is_module(value: Any) -> bool:
    return hasattr(value, "_registered")
