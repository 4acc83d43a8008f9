"""The vertices of the computation graph.

A ``Node`` is one recorded operation: where its operands came from, and what its derivative rule needs. Every
operation's record generates its own subclass (``MulBackward0``) with flat slots, so that one operation costs the
garbage collector one object. A ``Leaf`` is where gradients end up: a tensor made by the user that requires one. A
``Constant`` stands in pictures for an operand that needs no gradient; no sweep ever reaches it.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, ClassVar

from . import memory
from .hooks import NodeHooks, PackedValues, RemovableHandle, add_hook, each_array, hooks_of
from .scope import Scope


class Node:
    """One recorded operation: an edge to the node of each operand, the saved values, and how to go backward.

    Attributes: ``time``, when it was recorded; ``shape`` and ``dtype`` of its result; ``scope``, the module call that
    it was recorded in; ``hooks``, functions run on its gradient; ``_metadata``, unset until somebody asks for it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.html
    """

    __slots__ = ("__weakref__", "_metadata", "dtype", "hooks", "scope", "shape", "time")

    operation: ClassVar[Any] = None  # the record
    label: ClassVar[str] = ""  # the operation's name, for pictures and errors
    operands: ClassVar[tuple[str, ...]] = ()  # the names of the operands, one for each edge
    saved: ClassVar[tuple[str, ...]] = ()  # the slots that hold saved arrays
    transparent: ClassVar[bool] = False  # only hands gradients to another node, which stands for both

    time: int
    shape: tuple[int, ...]
    dtype: Any
    scope: Scope | None
    hooks: NodeHooks | None

    def edges(self) -> tuple[Node | None, ...]:
        """The node of each operand, None where no gradient is wanted."""
        return ()

    def sources(self) -> tuple[Any, ...]:
        """For a picture: for each operand its node, or the ``Constant`` or Python number that took no gradient."""
        return ()

    def arguments(self) -> dict[str, Any]:
        """For a picture: the saved static arguments, such as ``dim`` or ``shape``."""
        return {}

    def run(self, g: Any, grads: dict[Node, Any], waiting: list[Any], wanted: Any, retain: bool) -> None:
        """Apply the derivative rules to the gradient ``g``, on plain arrays, and add each result to ``grads``.

        A node that had no gradient so far is put on the heap ``waiting``. Unless ``retain``, the saved values are
        dropped; the edges stay, for pictures.
        """
        raise NotImplementedError

    def run_graph(self, g: Any, grads: dict[Node, Any], waiting: list[Any], wanted: Any, retain: bool) -> None:
        """The same on tensors, so that the rules record themselves (``create_graph=True``)."""
        raise NotImplementedError

    def is_released(self) -> bool:
        """Whether the saved values are gone: a released slot is unset."""
        return bool(self.saved) and not any(hasattr(self, slot) for slot in self.saved)

    def check_saved(self) -> None:
        """Raise if the memory of a saved array has been written to since this node was recorded."""
        for slot in self.saved:
            value = getattr(self, slot, None)
            for array in value if isinstance(value, (tuple, list)) else (value,):
                if hasattr(array, "dtype") and (writes := memory.writes_since(array, self.time)):
                    raise RuntimeError(self._stale_message(slot, array, writes))

    def _stale_message(self, slot: str, array: Any, writes: memory.Writes) -> str:
        name = slot.removeprefix("_saved_")
        role = "its result" if name == "out" else f"its operand '{name}'"
        module = self.scope.describe() if self.scope is not None else ""
        return (
            f"{self.label}{f' in {module}' if module else ''}: one of the variables needed for gradient computation "
            f"has been modified by an inplace operation: {role}, a {array.dtype} tensor of shape {tuple(array.shape)}, "
            f"was changed by {writes.describe()} after the forward pass had saved it. Use the out-of-place form of "
            "that operation, or call .clone() on the tensor before changing it."
        )

    # For hooks, which see tensors: what has arrived at the node, as a tuple, and back

    def arrived(self, g: Any, as_tensor: Callable[[Any], Any]) -> tuple[Any, ...]:
        """The gradients of all results."""
        return (as_tensor(g),)

    def to_run_on(self, gradients: tuple[Any, ...], from_tensor: Callable[[Any], Any]) -> Any:
        """What ``run`` takes for these gradients; None if there is nothing to run on."""
        return None if gradients[0] is None else from_tensor(gradients[0])

    def pack(self, pack: Callable[[Any], Any], unpack: Callable[[Any], Any]) -> None:
        """Keep, instead of each saved array, what ``pack`` makes of it, until ``unpack`` restores it."""
        values = {slot: each_array(getattr(self, slot), pack) for slot in self.saved if hasattr(self, slot)}
        if values:
            hooks_of(self).packed = packed = PackedValues(values, unpack)
            packed.drop(self)

    # What PyTorch programs read from a grad_fn

    def as_function(self) -> tuple[Node, int]:
        """The node that PyTorch would show, and which of its results this is."""
        return self, 0

    @classmethod
    def name(cls) -> str:
        """The name of its class: ``MulBackward0``."""
        return cls.__name__

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The operands' nodes, and which of their results each operand is; None for one without gradient."""
        return tuple((None, 0) if edge is None else edge.as_function() for edge in self.edges())

    @property
    def metadata(self) -> dict[str, Any]:
        """A dictionary for whatever is to be kept with the node."""
        if not hasattr(self, "_metadata"):
            self._metadata: dict[str, Any] = {}
        return self._metadata

    def register_hook(self, fn: Callable[..., Any]) -> RemovableHandle:
        """Call ``fn(grad_inputs, grad_outputs)`` after the node has run; a tuple that it returns replaces the first.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_hook.html
        """
        return add_hook(hooks_of(self).after, fn)

    def register_prehook(self, fn: Callable[..., Any]) -> RemovableHandle:
        """Call ``fn(grad_outputs)`` before the node runs; a tuple that it returns replaces the gradients.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_prehook.html
        """
        return add_hook(hooks_of(self).before, fn)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"


class Leaf(Node):
    """Where a gradient ends: adds it to the ``.grad`` of a tensor, which it holds weakly."""

    __slots__ = ("tensor",)
    label = "leaf"

    def __init__(self, tensor: Any) -> None:
        self.tensor = weakref.ref(tensor)
        self.shape, self.dtype = tensor._array.shape, tensor._array.dtype
        self.time, self.scope, self.hooks = memory.tick(), None, None

    @property
    def variable(self) -> Any:
        """The tensor; None once it is gone."""
        return self.tensor()


Leaf.__name__ = Leaf.__qualname__ = "AccumulateGrad"  # what PyTorch programs expect to read


class Constant:
    """An operand that took no gradient, for pictures: its shape and dtype, and the tensor for as long as it lives."""

    __slots__ = ("dtype", "shape", "tensor")

    def __init__(self, tensor: Any) -> None:
        self.tensor = weakref.ref(tensor)
        self.shape, self.dtype = tensor._array.shape, tensor._array.dtype
