"""Switches that say whether operations are recorded. They live in one context variable.

A context variable belongs to a thread and to an asyncio task, so ``no_grad`` in one of them never reaches another. Its
value is True or False; only where more than that is set (inference mode, anomaly detection, hooks on saved tensors) is
it a ``Mode``, which is true or false likewise. So an operation asks one question, and the rest is free until used.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any


class Mode:
    """Everything that is set, where that is more than whether operations are recorded. True if they are."""

    __slots__ = ("anomaly", "enabled", "inference", "saving")

    def __init__(self, enabled: bool, inference: bool = False, anomaly: Any = None, saving: Any = None) -> None:
        self.enabled = enabled  # what no_grad and its kin have set
        self.inference = inference
        self.anomaly = anomaly  # an AnomalyDetection, or None
        self.saving = saving  # a pair of hooks on saved tensors, a text that forbids them, or None

    def __bool__(self) -> bool:
        return self.enabled and not self.inference

    def recorded(self, node: Any) -> None:
        """Called with every node that has been recorded in this mode."""
        if self.anomaly is not None:
            self.anomaly.remember(node)
        if self.saving.__class__ is tuple:
            node.pack(*self.saving)


recording: ContextVar[bool | Mode] = ContextVar("microgradnp.recording", default=True)


def mode_with(mode: bool | Mode, **changes: Any) -> bool | Mode:
    """The same mode with some facts changed."""
    facts = {"enabled": mode} if mode.__class__ is bool else {name: getattr(mode, name) for name in Mode.__slots__}
    changed = Mode(**{**facts, **changes})  # type: ignore[arg-type]
    special = changed.inference or changed.anomaly is not None or changed.saving is not None
    return changed if special else changed.enabled


def fact(name: str) -> Any:
    """One fact of the present mode; None where nothing special is set."""
    mode = recording.get()
    return getattr(mode, name) if mode.__class__ is Mode else None


def note(node: Any) -> None:
    """To be called with a node that was made outside the compiled call of an operation."""
    mode = recording.get()
    if mode.__class__ is Mode:
        mode.recorded(node)  # type: ignore[union-attr]


def is_grad_enabled() -> bool:
    """Whether operations on tensors that require gradients are being recorded.

    >>> import microgradnp
    >>> microgradnp.is_grad_enabled()
    True
    """
    mode = recording.get()
    return mode if mode.__class__ is bool else mode.enabled  # type: ignore[return-value, union-attr]


class Switch:
    """Sets some facts of the mode for a ``with`` block, or for every call of a function that it decorates."""

    def __init__(self, **facts: Any) -> None:
        self._facts = facts
        self._before: list[dict[str, Any]] = []

    def clone(self) -> Switch:
        """Another manager that sets the same."""
        other = object.__new__(type(self))
        Switch.__init__(other, **self._facts)
        return other

    def __enter__(self) -> None:
        self._before.append({name: is_grad_enabled() if name == "enabled" else fact(name) for name in self._facts})
        recording.set(mode_with(recording.get(), **self._facts))

    def __exit__(self, *exception: object) -> None:
        recording.set(mode_with(recording.get(), **self._before.pop()))

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(function):
            raise TypeError(f"{type(self).__name__} decorates functions, got {type(function).__name__}")
        if inspect.isasyncgenfunction(function):
            return self._around_async_generator(function)
        if inspect.iscoroutinefunction(function):
            return self._around_coroutine(function)
        if inspect.isgeneratorfunction(function):
            return self._around_generator(function)
        if inspect.isclass(function):
            warnings.warn(
                "Decorating classes is deprecated: what the decorator returns is a function. Decorate the methods, "
                "__init__ if nothing else.",
                FutureWarning,
                stacklevel=2,
            )

        @wraps(function, updated=() if inspect.isclass(function) else ("__dict__",))
        def in_mode(*args: Any, **kwargs: Any) -> Any:
            with self.clone():  # one manager for each call: recursion and threads share no state
                return function(*args, **kwargs)

        return in_mode

    def _around_coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        async def in_mode(*args: Any, **kwargs: Any) -> Any:
            with self.clone():  # other tasks that run meanwhile have contexts of their own
                return await function(*args, **kwargs)

        return in_mode

    def _around_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator that runs in the mode, while its caller, between two values, does not."""

        @wraps(function)
        def in_mode(*args: Any, **kwargs: Any) -> Any:
            source = function(*args, **kwargs)
            resume, sent = source.send, None
            while True:
                try:
                    with self.clone():
                        value = resume(sent)
                except StopIteration as stop:
                    return stop.value
                try:
                    resume, sent = source.send, (yield value)
                except GeneratorExit:
                    with self.clone():
                        source.close()
                    raise
                except BaseException as error:
                    resume, sent = source.throw, error

        return in_mode

    def _around_async_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        async def in_mode(*args: Any, **kwargs: Any) -> Any:
            source = function(*args, **kwargs)
            resume, sent = source.asend, None
            while True:
                try:
                    with self.clone():
                        value = await resume(sent)
                except StopAsyncIteration:
                    return
                try:
                    resume, sent = source.asend, (yield value)
                except GeneratorExit:
                    with self.clone():
                        await source.aclose()
                    raise
                except BaseException as error:
                    resume, sent = source.athrow, error

        return in_mode


class _GradSwitch(Switch):
    """A switch of recording alone: where nothing special is set it costs two calls of the context variable."""

    def __init__(self, enabled: bool) -> None:
        super().__init__(enabled=enabled)

    def __enter__(self) -> None:
        mode, enabled = recording.get(), self._facts["enabled"]
        self._before.append(mode if mode.__class__ is bool else mode.enabled)  # type: ignore[arg-type, union-attr]
        recording.set(enabled if mode.__class__ is bool else mode_with(mode, enabled=enabled))

    def __exit__(self, *exception: object) -> None:
        mode, before = recording.get(), self._before.pop()
        recording.set(before if mode.__class__ is bool else mode_with(mode, enabled=before))  # type: ignore[arg-type]


class no_grad(_GradSwitch):
    """Record nothing: results inside do not require gradients. A context manager and a decorator.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html

    >>> import microgradnp
    >>> x = microgradnp.ones(2, requires_grad=True)
    >>> with microgradnp.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __new__(cls, orig_func: Callable[..., Any] | None = None) -> Any:
        return object.__new__(cls) if orig_func is None else cls()(orig_func)

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(_GradSwitch):
    """Record again, inside a ``no_grad`` block. A context manager and a decorator.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html
    """

    def __new__(cls, orig_func: Callable[..., Any] | None = None) -> Any:
        return object.__new__(cls) if orig_func is None else cls()(orig_func)

    def __init__(self) -> None:
        super().__init__(True)


class set_grad_enabled(_GradSwitch):
    """Set the mode at once; used as a context manager, restore the former mode at the end of the block.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_grad_enabled.html

    >>> import microgradnp
    >>> with microgradnp.set_grad_enabled(False):
    ...     microgradnp.is_grad_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled(): argument 'mode' must be bool, not {type(mode).__name__}")
        super().__init__(mode)
        super().__enter__()  # at once; what the block must restore is the mode before that

    def __enter__(self) -> None:
        if self._before:
            recording.set(mode_with(recording.get(), **self._facts))
        else:  # a second block of the same manager
            super().__enter__()

    def clone(self) -> Switch:
        other = object.__new__(_GradSwitch)
        _GradSwitch.__init__(other, self._facts["enabled"])
        return other

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        self.__exit__()  # as a decorator it governs the function's calls, not the code around it
        return super().__call__(function)

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__qualname__}(mode={self._facts['enabled']})"
