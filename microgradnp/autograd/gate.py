"""A gate: a place in the graph where the gradients of several tensors wait for one another.

A node of the graph has one result. What has several (a custom ``Function``), or is given the gradients of several
tensors at once (a module's backward hook), gives each tensor a ``Passage``, and all passages stand on one ``Gate``. A
sweep takes the newest operation first, and the gate is the oldest of them: when its turn comes, every gradient that
will arrive has arrived. To the user gate and passages are one node, the gate: the ``grad_fn`` of all its results.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextvars import ContextVar
from heapq import heappush
from typing import Any, TypeAlias

import numpy as np

from ..tensor import Tensor, look_into, make
from .engine import add_gradient
from .memory import tick
from .modes import note
from .node import Node
from .scope import current as scope

Gradients: TypeAlias = tuple[Tensor | None, ...]

# Where set, a list that hears of gradients that did not fit: (name, index, shape, dtype, and those of the operand).
repairs: ContextVar[list[Any] | None] = ContextVar("microgradnp.repairs", default=None)


class Passage(Node):
    """Hands the gradient of one result to its gate."""

    __slots__ = ("gate", "index")
    transparent = True

    def __init__(self, gate: Gate, index: int, shape: tuple[int, ...], dtype: Any) -> None:
        self.gate, self.index, self.shape, self.dtype = gate, index, shape, dtype
        self.time, self.scope, self.hooks = tick(), gate.scope, None

    @property
    def label(self) -> str:  # type: ignore[override]
        return self.gate.label

    def edges(self) -> tuple[Node | None, ...]:
        return (self.gate,)

    def sources(self) -> tuple[Any, ...]:
        return self.gate.sources_of(self.index)

    def as_function(self) -> tuple[Node, int]:
        return self.gate, self.index

    def run(self, g: Any, grads: dict[Node, Any], waiting: list[Any], wanted: Any, retain: bool) -> None:
        arrived = grads.get(self.gate)
        if arrived is None:
            arrived = grads[self.gate] = {}
            heappush(waiting, (-self.gate.time, self.gate))
        arrived[self.index] = g

    run_graph = run


class Gate(Node):
    """Gives what its passages have collected to ``gradients``, and the results to the nodes of its operands.

    A subclass says what ``gradients`` does. The operands are those of the forward call that were tensors.
    """

    __slots__ = ("operand_edges", "passages", "results")
    operand_edges: tuple[Node | None, ...]
    results: tuple[Any, ...]  # shape and dtype of each result; None for what is no tensor
    passages: dict[int, weakref.ref[Passage]]

    def open(self, operand_edges: tuple[Node | None, ...], results: tuple[Any, ...]) -> None:
        """Take its place in the graph: operands before it, passages to it from now on."""
        self.operand_edges = operand_edges
        self.results = tuple((r._array.shape, r._array.dtype) if isinstance(r, Tensor) else None for r in results)
        self.passages = {}
        self.time, self.scope, self.hooks = tick(), scope.get(), None
        note(self)

    def passage(self, index: int) -> Passage:
        """The edge of one result. There is one at a time, or what is asked of one would miss what comes by another."""
        found = self.passages[index]() if index in self.passages else None
        if found is None:
            shape, dtype = self.results[index]  # type: ignore[misc]
            found = Passage(self, index, shape, dtype)
            self.passages[index] = weakref.ref(found)
        return found

    def gradients(self, arrived: Gradients) -> Gradients:
        """The gradient of each operand, from those of the results; None is no gradient."""
        raise NotImplementedError

    def edges(self) -> tuple[Node | None, ...]:
        return self.operand_edges

    def sources_of(self, index: int) -> tuple[Any, ...]:
        """For a picture: what a result has been made of."""
        return self.operand_edges

    def arrived(self, g: Any, as_tensor: Callable[[Any], Any]) -> Gradients:
        return tuple(as_tensor(g[i]) if i in g else None for i in range(len(self.results)))

    def to_run_on(self, gradients: Gradients, from_tensor: Callable[[Any], Any]) -> Any:
        return {i: from_tensor(g) for i, g in enumerate(gradients) if g is not None}

    def run(self, g: Any, grads: dict[Node, Any], waiting: list[Any], wanted: Any, retain: bool) -> None:
        arrived = self.arrived(g, lambda array: make(np.copy(array)))  # others may hold the same arrays
        self._deliver(self.gradients(arrived), grads, waiting, wanted, lambda gradient: gradient._array)
        if not retain:
            self.release()

    def run_graph(self, g: Any, grads: dict[Node, Any], waiting: list[Any], wanted: Any, retain: bool) -> None:
        self._deliver(self.gradients(self.arrived(g, lambda t: t)), grads, waiting, wanted, lambda gradient: gradient)
        if not retain:
            self.release()

    def release(self) -> None:
        """Let go of what was saved."""

    def _deliver(
        self, gradients: Gradients, grads: dict[Node, Any], waiting: list[Any], wanted: Any, native: Callable[..., Any]
    ) -> None:
        for i, (edge, gradient) in enumerate(zip(self.operand_edges, gradients, strict=True)):
            if edge is None or (wanted is not None and edge not in wanted):
                continue
            if gradient is not None:
                add_gradient(edge, native(self._fitted(i, edge, gradient)), grads, waiting)
            elif grads.__class__ is not dict:
                grads[edge] = None  # whoever watches wants to hear of every edge

    def _fitted(self, index: int, edge: Node, gradient: Any) -> Tensor:
        """A gradient in the shape and dtype of its operand."""
        if not isinstance(gradient, Tensor):
            raise RuntimeError(
                f"{self.name()}: expected a Tensor or None as gradient {index}, but got {type(gradient).__name__}"
            )
        if gradient.shape == edge.shape and gradient.dtype == edge.dtype:
            return gradient
        told = repairs.get()
        if told is not None:
            told.append((self.name(), index, tuple(gradient.shape), gradient.dtype, edge.shape, edge.dtype))
        if gradient.shape != edge.shape:
            gradient = self._summed(index, edge, gradient)
        return gradient if gradient.dtype == edge.dtype else gradient.to(edge.dtype)

    def _summed(self, index: int, edge: Node, gradient: Tensor) -> Tensor:
        """A gradient of a larger shape, summed where the operand would broadcast to it."""
        shape, given = edge.shape, gradient.shape
        extra = len(given) - len(shape)
        if extra < 0 or any(size not in (1, own) for size, own in zip(shape, given[extra:], strict=True)):
            raise RuntimeError(
                f"Function {self.name()} returned an invalid gradient at index {index} - got {list(given)} but "
                f"expected shape compatible with {list(shape)}"
            )
        ones = tuple(i + extra for i, size in enumerate(shape) if size == 1 and given[i + extra] != 1)
        return gradient.sum((*range(extra), *ones)).reshape(shape)


def through(tensor: Tensor, passage: Passage | None) -> Tensor:
    """A view of the whole tensor that stands at a passage, or outside the graph."""
    out = make(tensor._array)
    out._edge = passage
    look_into(out, tensor)
    return out
