"""Hooks: functions of the user's that see, and may replace, gradients on their way.

A hook on a tensor gets the gradient of that tensor, complete. A hook on a node of the graph gets the gradients of all
its results (``register_prehook``) or those of its operands and results (``register_hook``), as tuples. A hook on a leaf
may also follow the accumulation into ``.grad``.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#backward-hooks-execution
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

_next_hook = itertools.count().__next__


class RemovableHandle:
    """What registering a hook returns: ``remove()`` takes the hook away again. Also a context manager.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
    """

    def __init__(self, hooks: dict[Any, Any], hook: Any) -> None:
        self._hooks = hooks
        self.id = _next_hook()
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook away; nothing happens if it is gone already."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


class NodeHooks:
    """The hooks of one node, by the numbers of their handles. Most nodes have none, and then no such object."""

    __slots__ = ("accumulated", "after", "before", "packed", "retain", "tensor")

    def __init__(self) -> None:
        self.tensor: dict[int, Callable[..., Any]] = {}  # on the gradient of the tensor that stands here
        self.retain: Callable[..., Any] | None = None  # keeps the gradient in the tensor's .grad: after all others
        self.before: dict[int, Callable[..., Any]] = {}  # before the node runs
        self.after: dict[int, Callable[..., Any]] = {}  # after it has run
        self.accumulated: dict[int, Callable[..., Any]] = {}  # of a leaf: after accumulation into .grad
        self.packed: PackedValues | None = None  # what a hook on saved tensors has made of them


def hooks_of(node: Any) -> NodeHooks:
    """The hooks of a node, ready to take one."""
    if node.hooks is None:
        node.hooks = NodeHooks()
    return node.hooks


def add_hook(hooks: dict[int, Any], hook: Any) -> RemovableHandle:
    if not callable(hook):
        raise TypeError(f"a hook must be callable, got {type(hook).__name__}")
    return RemovableHandle(hooks, hook)


def replaced(hook: Callable[..., Any], before: Any, result: Any) -> Any:
    """The gradient that a hook has returned instead of ``before``, a tensor of the same shape and dtype."""
    name = getattr(hook, "__name__", type(hook).__name__)
    if result is None:
        return None
    if before is None:
        raise RuntimeError(f"can't replace a None gradient with a non-None value, as hook '{name}' did")
    if not hasattr(result, "_array"):
        raise TypeError(
            f"a gradient hook must return a Tensor or None: expected Tensor, but hook '{name}' returned "
            f"'{type(result).__name__}'"
        )
    if result.dtype != before.dtype:
        raise RuntimeError(
            f"hook '{name}' has changed the type of the gradient (was {before.dtype}, got {result.dtype}): it must "
            f"return a tensor of the dtype it was given, as with .to(grad.dtype)"
        )
    if result.shape != before.shape:
        raise RuntimeError(
            f"hook '{name}' has changed the size of the gradient: {tuple(result.shape)}, must be {tuple(before.shape)}"
        )
    return result


def all_replaced(hook: Callable[..., Any], before: Sequence[Any], result: Any) -> tuple[Any, ...]:
    """The gradients that a hook on a node has returned instead of ``before``; None leaves them as they are."""
    if result is None:
        return tuple(before)
    name = getattr(hook, "__name__", type(hook).__name__)
    if not isinstance(result, tuple):
        raise TypeError(
            f"a hook on a node must return a tuple or None: expected tuple, but hook '{name}' returned "
            f"'{type(result).__name__}'"
        )
    if len(result) != len(before):
        raise RuntimeError(
            f"hook '{name}' has returned an incorrect number of values (got {len(result)}, but expected {len(before)})"
        )
    return tuple(replaced(hook, old, new) for old, new in zip(before, result, strict=True))


def move_retained(old: Any, new: Any) -> None:
    """After an in-place write: what keeps a tensor's gradient moves to the node that now stands for the tensor."""
    if old is None or new is None or old.hooks is None or old.hooks.retain is None:
        return
    hooks_of(new).retain, old.hooks.retain = old.hooks.retain, None


class PackedValues:
    """What stands for the saved arrays of a node while it waits, by slot, and the function that restores an array."""

    __slots__ = ("unpack", "values")

    def __init__(self, values: dict[str, Any], unpack: Callable[[Any], Any]) -> None:
        self.values, self.unpack = values, unpack

    def drop(self, node: Any) -> None:
        """Let the arrays go; None is not "released"."""
        for slot in self.values:
            setattr(node, slot, None)

    def restore(self, node: Any) -> None:
        for slot, value in self.values.items():
            restored = tuple(map(self.unpack, value)) if isinstance(value, tuple) else self.unpack(value)
            setattr(node, slot, restored)


def each_array(value: Any, function: Callable[[Any], Any]) -> Any:
    """``function`` of a saved array, or of each in a tuple."""
    return tuple(map(function, value)) if isinstance(value, tuple) else function(value)
