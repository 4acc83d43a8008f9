"""Hooks: functions of the user's around the steps of optimizers, and around saving and loading their state.

Source: https://docs.pytorch.org/docs/stable/optim.html
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ..autograd.hooks import RemovableHandle

_before_every_step: dict[int, Callable[..., Any]] = {}
_after_every_step: dict[int, Callable[..., Any]] = {}


def register_optimizer_step_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before the step of any optimizer, before the optimizer's own hooks.

    ``args`` begins with the optimizer, as in PyTorch. The hook may return other arguments, ``(args, kwargs)``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_step_pre_hook.html
    """
    return RemovableHandle(_before_every_step, hook)


def register_optimizer_step_post_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after the step of any optimizer, after the optimizer's own hooks.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.Optimizer.register_step_post_hook.html
    """
    return RemovableHandle(_after_every_step, hook)


class Hooked:
    """An object with hooks around its ``step``, ``state_dict`` and ``load_state_dict``."""

    _hooks: defaultdict[str, dict[int, Callable[..., Any]]]
    _opt_called = False  # whether there has been a step since the first scheduler was made
    _scheduled_step: Any = None  # what stood in place of the method then

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in vars(cls):
            cls.step = _with_hooks(vars(cls)["step"])  # type: ignore[attr-defined]

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return ``(new_args, new_kwargs)``."""
        return self._add("before step", hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return self._add("after step", hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before ``state_dict``; before the other hooks, with ``prepend``."""
        return self._add("before state_dict", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` after ``state_dict``; it may change or return another one."""
        return self._add("after state_dict", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before ``load_state_dict``; it may return another one.

        What it is given is a shallow copy.
        """
        return self._add("before load_state_dict", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` after ``load_state_dict``."""
        return self._add("after load_state_dict", hook, prepend)

    def _add(self, kind: str, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        hooks = self._hooks[kind]
        handle = RemovableHandle(hooks, hook)
        for other in [key for key in hooks if key != handle.id] if prepend else ():
            hooks[other] = hooks.pop(other)
        return handle

    def _call_hooks(self, kind: str, *given: Any) -> Any:
        """Call the hooks of a kind in order. The last of ``given`` is what a hook returns, if it returns something."""
        for hook in [*self._hooks[kind].values()] if self._hooks else ():
            changed = hook(self, *given)
            if changed is not None and given:
                given = (*given[:-1], changed)
        return given[-1] if given else None


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """The method ``step`` of an optimizer, with hooks around it. (``super().step()`` is only a part of the step.)"""

    @functools.wraps(step)
    def hooked(*args: Any, **kwargs: Any) -> Any:
        self = args[0]
        if type(self).step is not hooked:
            return step(*args, **kwargs)
        own: Any = self._hooks
        if own or _before_every_step:
            args, kwargs = _arguments(self, (*_before_every_step.values(), *own["before step"].values()), args, kwargs)
        result = step(*args, **kwargs)
        self._opt_called = True
        if own or _after_every_step:
            for hook in (*own["after step"].values(), *_after_every_step.values()):
                hook(self, args, kwargs)
        return result

    return hooked


def _arguments(optimizer: Any, hooks: Iterable[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The arguments of a step, as the hooks before it leave them."""
    for hook in hooks:
        changed = hook(optimizer, args, kwargs)
        if changed is not None and not (isinstance(changed, tuple) and len(changed) == 2):
            raise RuntimeError(
                f"a hook before {type(optimizer).__name__}.step must return None or (new_args, new_kwargs), but "
                f"returned {changed!r}"
            )
        args, kwargs = (args, kwargs) if changed is None else changed
    return args, kwargs
