"""Switches that say whether operations are recorded. They live in context variables.

A context variable belongs to a thread and to an asyncio task, so ``no_grad`` in one of them never reaches another.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextlib import ContextDecorator
from contextvars import ContextVar
from functools import wraps
from typing import Any

recording: ContextVar[bool] = ContextVar("microgradnp.recording", default=True)


def is_grad_enabled() -> bool:
    """Whether operations on tensors that require gradients are being recorded.

    >>> import microgradnp
    >>> microgradnp.is_grad_enabled()
    True
    """
    return recording.get()


class _Switch(ContextDecorator):
    """Sets the mode for a ``with`` block, or for every call of a function that it decorates."""

    def __init__(self, mode: bool) -> None:
        self._mode = mode
        self._before: list[bool] = []

    def _recreate_cm(self) -> _Switch:
        # One manager for each call of a decorated function: recursion and threads share no state.
        return _Switch(self._mode)

    def __enter__(self) -> None:
        self._before.append(recording.get())
        recording.set(self._mode)

    def __exit__(self, *exception: object) -> None:
        recording.set(self._before.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(function):
            return self._decorated_generator(function)
        return super().__call__(function)

    def _decorated_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator that runs in the mode, while its caller, between two values, does not."""

        @wraps(function)
        def generator(*args: Any, **kwargs: Any) -> Any:
            source = function(*args, **kwargs)
            resume, sent = source.send, None
            while True:
                try:
                    with self._recreate_cm():
                        value = resume(sent)
                except StopIteration as stop:
                    return stop.value
                try:
                    resume, sent = source.send, (yield value)
                except GeneratorExit:
                    source.close()
                    raise
                except BaseException as error:
                    resume, sent = source.throw, error

        return generator


class no_grad(_Switch):
    """Record nothing: results inside do not require gradients. A context manager and a decorator.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.no_grad.html

    >>> import microgradnp
    >>> x = microgradnp.ones(2, requires_grad=True)
    >>> with microgradnp.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __init__(self) -> None:
        super().__init__(False)


class enable_grad(_Switch):
    """Record again, inside a ``no_grad`` block. A context manager and a decorator.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.enable_grad.html
    """

    def __init__(self) -> None:
        super().__init__(True)


class set_grad_enabled(_Switch):
    """Set the mode at once; used as a context manager, restore the former mode at the end of the block.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_grad_enabled.html

    >>> import microgradnp
    >>> with microgradnp.set_grad_enabled(False):
    ...     microgradnp.is_grad_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled(mode): mode must be True or False, got {type(mode).__name__}")
        super().__init__(mode)
        self._outside = recording.get()
        recording.set(mode)

    def __enter__(self) -> None:
        # The constructor has already switched; what the block must restore is the mode before it.
        self._before.append(self._outside)
        recording.set(self._mode)

    def __call__(self, function):
        recording.set(self._outside)  # as a decorator it governs the function's calls, not the code around it
        return super().__call__(function)
