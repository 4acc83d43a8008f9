"""Hooks: functions of the user's that a module calls around its forward pass, and when gradients come back to it.

Source: https://docs.pytorch.org/docs/stable/notes/modules.html#module-hooks
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..autograd.gate import Gradients
from ..autograd.hooks import RemovableHandle
from ..tensor import Tensor, make
from .gate import through_gate

if TYPE_CHECKING:
    from .module import Module


class ForwardHook(NamedTuple):
    """A function around the forward pass; whether it takes keyword arguments, and whether it runs after an error."""

    function: Callable[..., Any]
    with_kwargs: bool
    always: bool = False


class Hooks:
    """The hooks of one module, by the numbers of their handles. Most modules have none, and then no such object."""

    CALLS = ("before", "after", "before_backward", "after_backward")
    __slots__ = (*CALLS, "before_saving", "after_saving", "before_loading", "after_loading")  # fmt: skip

    before: dict[int, ForwardHook]
    after: dict[int, ForwardHook]
    before_backward: dict[int, Callable[..., Any]]
    after_backward: dict[int, Callable[..., Any]]
    before_saving: dict[int, Callable[..., Any]]
    after_saving: dict[int, Callable[..., Any]]
    before_loading: dict[int, Callable[..., Any]]
    after_loading: dict[int, Callable[..., Any]]

    def __init__(self) -> None:
        for kind in self.__slots__:
            setattr(self, kind, {})

    def add(self, kind: str, hook: Any, prepend: bool) -> RemovableHandle:
        """Put a hook behind the others of its kind, or with ``prepend`` before them."""
        hooks = getattr(self, kind)
        handle = RemovableHandle(hooks, hook)
        if prepend:
            for other in [key for key in hooks if key != handle.id]:
                hooks[other] = hooks.pop(other)
        return handle

    def of(self, kind: str) -> list[tuple[int, Any]]:
        """The hooks of a kind with their numbers: first those of all modules, then the module's own."""
        own = list(getattr(self, kind).items())
        return own if self is EVERYWHERE else [*getattr(EVERYWHERE, kind).items(), *own]

    def call(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The forward pass of ``module`` with all hooks around it."""
        called: set[int] = set()
        result = None
        try:
            args, kwargs = self._prepared(module, args, kwargs)
            backward = _BackwardCall(module, self)
            if backward.wanted:
                args = backward.watch_inputs(args)
            result = module.forward(*args, **kwargs)
            for key, hook in self.of("after"):
                called.add(key)
                result = _after(hook, module, args, kwargs, result)
            return backward.watch_outputs(result) if backward.wanted else result
        except Exception:
            for key, hook in self.of("after"):
                if hook.always and key not in called:
                    _despite_error(hook, module, args, kwargs, result)
            raise

    def _prepared(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The arguments of the forward pass, as the hooks before it leave them."""
        for _, hook in self.of("before"):
            if not hook.with_kwargs:
                changed = hook.function(module, args)
                args = args if changed is None else changed if isinstance(changed, tuple) else (changed,)
            elif (changed := hook.function(module, args, kwargs)) is not None:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed!r}"
                    )
                args, kwargs = changed
        return args, kwargs


EVERYWHERE = Hooks()  # the hooks of all modules: what ``Module._hooks`` is for those without own, once there is one


def _after(hook: ForwardHook, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> Any:
    """The result of the forward pass, as a hook after it leaves it."""
    given = (args, kwargs) if hook.with_kwargs else (args,)
    changed = hook.function(module, *given, result)
    return result if changed is None else changed


def _despite_error(
    hook: ForwardHook, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
) -> None:
    """Call a hook although the forward pass has failed: that error is the one to report, so another one only warns."""
    try:
        _after(hook, module, args, kwargs, result)
    except Exception as error:
        warnings.warn(
            f"module forward hook with ``always_call=True`` raised an exception that was silenced as another error was "
            f"raised in forward: {error}",
            stacklevel=5,
        )


class _BackwardCall:
    """The backward hooks of one call: they run when the gradients of its results, and then of its inputs, are there."""

    def __init__(self, module: Module, hooks: Hooks) -> None:
        self.module = module
        self.before = [hook for _, hook in hooks.of("before_backward")]
        self.after = [hook for _, hook in hooks.of("after_backward")]
        self.wanted = bool(self.before or self.after)
        self.inputs: list[tuple[Any, Any] | None] = []  # shape and dtype of each argument, None for what is no tensor
        self.reaches_inputs = False
        self.grad_output: Gradients | None = None

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        watched = through_gate(args, self._at_inputs)
        self.inputs = [(arg.shape, arg.dtype) if isinstance(arg, Tensor) else None for arg in args]
        self.reaches_inputs = watched is not args
        return watched

    def watch_outputs(self, result: Any) -> Any:
        if isinstance(result, Tensor):
            return through_gate((result,), self._at_outputs)[0]
        if not isinstance(result, tuple):
            warnings.warn(
                f"For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"{type(result)}",
                stacklevel=4,
            )
            return result
        watched = through_gate(result, self._at_outputs)
        return type(result)(*watched) if hasattr(result, "_fields") else watched

    def _at_outputs(self, gradients: Gradients) -> Gradients:
        for hook in self.before:
            gradients = _replaced(gradients, hook(self.module, gradients), "Backward pre hook", "grad_output")
        self.grad_output = gradients
        if self.after and not self.reaches_inputs:
            self._without_inputs()
        return gradients

    def _without_inputs(self) -> None:
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs "
            "require gradients.",
            stacklevel=6,
        )
        for hook in self.after:
            given = hook(self.module, (None,) * len(self.inputs), self.grad_output)
            if given is not None and any(g is not None for g in _as_tuple(given)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )
        self.grad_output = None

    def _at_inputs(self, gradients: Gradients) -> Gradients:
        if self.grad_output is None:  # these gradients have come round the module's results
            return gradients
        gradients = tuple(
            make(np.zeros(*kind)) if g is None and kind is not None else g
            for g, kind in zip(gradients, self.inputs, strict=True)
        )
        for hook in self.after:
            given = hook(self.module, gradients, self.grad_output)
            gradients = _replaced(gradients, given, "Backward hook", "grad_input")
        self.grad_output = None
        return gradients


def _replaced(gradients: Gradients, given: Any, hook: str, name: str) -> Gradients:
    """The gradients after a hook that has returned ``given``."""
    if given is None:
        return gradients
    given = _as_tuple(given)
    if len(given) != len(gradients):
        raise RuntimeError(
            f"{hook} returned an invalid number of {name}, got {len(given)}, but expected {len(gradients)}"
        )
    return given


def _as_tuple(given: Any) -> tuple[Any, ...]:
    return given if isinstance(given, tuple) else tuple(given) if isinstance(given, list) else (given,)
