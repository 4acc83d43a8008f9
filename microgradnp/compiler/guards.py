"""What must still be as it was when a run was captured, for the captured program to do what the function would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..nn import tree
from .session import Session
from .surroundings import Surroundings

_IGNORED = frozenset({"_scope"})  # rewritten by calls, and of no consequence


class Guards:
    """Asks before each replay: memory and place in the graph of tensors, gradients, modules, variables, settings."""

    def __init__(self, function: Callable[..., Any], session: Session, arguments: Iterable[Any]) -> None:
        self._surroundings = Surroundings(function)
        given = {id(tensor) for tensor in arguments}
        self._tensors = [(s.tensor, s.array, s.edge) for key, s in session.sources.items() if key not in given]
        self._grads = [(tensor, grad) for key, (tensor, grad) in session.grads_found.items() if key not in given]
        self._modules = [(module, _ids(module)) for module in session.modules.values()]
        self._hooked = any(module._hooks is not None for module in session.modules.values())
        self._module_time = tree.changes()
        self._updates = [(u.optimizer, u.group, u.settings) for u in session.updates]
        self._kinds = [tuple(map(_still, u.settings)) for u in session.updates]

    def broken(self) -> str | None:
        """What is no longer as it was, for an error; None if everything is."""
        for tensor, array, edge in self._tensors:
            if tensor._array is not array or tensor._edge is not edge:
                return f"a tensor of shape {tuple(array.shape)} has other memory, or requires_grad has changed"
        for tensor, grad in self._grads:
            if tensor._grad is not grad:
                return f"the .grad of a tensor of shape {tuple(tensor.shape)}, which the function reads, is another one"
        if self._hooked or self._module_time != tree.changes():
            for module, ids in self._modules:
                if _ids(module) != ids:
                    return f"an attribute of module {type(module).__name__} has changed"
            self._module_time = tree.changes()
        if name := self._surroundings.changed():
            return f"the variable {name!r}, which the function uses, has another value"
        for i, (optimizer, group, before) in enumerate(self._updates):
            settings = optimizer.settings(group)
            if settings != before:
                if tuple(map(_still, settings)) != self._kinds[i]:
                    return f"a setting of {type(optimizer).__name__} has changed"
                self._updates[i] = (optimizer, group, settings)
        return None

    def settings(self) -> list[tuple[Any, ...]]:
        """The settings that ``broken`` has found, for each update."""
        return [settings for _, _, settings in self._updates]


def _still(setting: Any) -> Any:
    """What of a setting must stay: a float may change."""
    return float if setting.__class__ is float else setting


def _ids(module: Any) -> tuple[Any, ...]:
    """By which it is told whether an attribute, or a hook, of a module is another one."""
    hooks = module._hooks
    kinds = (hooks.before, hooks.after, hooks.before_backward, hooks.after_backward) if hooks is not None else ()
    attributes = [(name, id(value)) for name, value in vars(module).items() if name not in _IGNORED]
    return (*attributes, *(tuple(kind) for kind in kinds))
