"""A gate: a place in the graph where the gradients of several tensors wait for one another.

A backward hook of a module is given the gradients of all its inputs (or results) at once, but a node of the graph has
one result. So each tensor gets a ``Passage``, and all passages stand on one ``Gate``. A sweep takes the newest
operation first, and the gate is the oldest of them: when its turn comes, every gradient that will arrive has arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any, TypeAlias

import numpy as np

from ..autograd.memory import tick
from ..autograd.modes import recording
from ..autograd.node import Leaf, Node
from ..autograd.scope import current as scope
from ..ops.operands import fit
from ..tensor import Tensor, edge_of, make, written_edge

Gradients: TypeAlias = tuple[Tensor | None, ...]


def through_gate(values: tuple[Any, ...], function: Callable[[Gradients], Gradients]) -> tuple[Any, ...]:
    """The same values, but the gradients of the tensors among them pass through ``function``, all at once.

    ``function`` takes and returns one gradient for each value; None is no gradient. When nothing is recorded, or no
    value requires gradients, ``values`` itself is returned and ``function`` is never called.

    A tensor that has passed is a view of the one that came: a write to it in place reaches both.
    """
    edges = tuple(edge_of(value) if isinstance(value, Tensor) else None for value in values)
    if not any(edges) or not recording.get():
        return values
    gate = Gate(edges, function)
    passed = zip(values, edges, strict=True)
    return tuple(value if edge is None else _passed(value, gate, i) for i, (value, edge) in enumerate(passed))


def _passed(tensor: Tensor, gate: Gate, index: int) -> Tensor:
    out = make(tensor._array)
    out._edge = Passage(gate, index, tensor)
    out._base = tensor if tensor._base is None else tensor._base
    out._seen = written_edge(out._base)
    return out


class Passage(Node):
    """Hands the gradient of a tensor to its gate."""

    __slots__ = ("gate", "index")
    label = "backward_hook"

    def __init__(self, gate: Gate, index: int, tensor: Tensor) -> None:
        self.gate, self.index = gate, index
        self.time, self.scope, self.hooks = tick(), scope.get(), None
        self.shape, self.dtype = tensor._array.shape, tensor._array.dtype

    def edges(self) -> tuple[Node | None, ...]:
        return (self.gate,)

    def run(self, g: Any, grads: dict[Node, Any], waiting: list[Any], wanted: Any, retain: bool) -> None:
        if self.gate not in grads:
            grads[self.gate] = {}
            heappush(waiting, (-self.gate.time, self.gate))
        grads[self.gate][self.index] = g

    run_graph = run


Passage.__name__ = Passage.__qualname__ = "BackwardHookFunctionBackward"  # what PyTorch programs expect to read


class Gate(Node):
    """Gives the gradients that its passages have collected to a function, and its results to the tensors' nodes."""

    __slots__ = ("function", "tensors")
    label = "backward_hook"

    def __init__(self, tensors: tuple[Node | None, ...], function: Callable[[Gradients], Gradients]) -> None:
        self.tensors, self.function = tensors, function
        self.time, self.scope, self.hooks = tick(), scope.get(), None
        self.shape, self.dtype = (), next(edge.dtype for edge in tensors if edge is not None)

    def edges(self) -> tuple[Node | None, ...]:
        return self.tensors

    def run(self, g: Any, grads: dict[Node, Any], waiting: list[Any], wanted: Any, retain: bool) -> None:
        copies = {i: make(np.array(array)) for i, array in g.items()}  # others may hold the same arrays
        for edge, gradient in self._results(copies):
            _add(edge, gradient._array, grads, waiting, wanted)

    def run_graph(self, g: Any, grads: dict[Node, Any], waiting: list[Any], wanted: Any, retain: bool) -> None:
        for edge, gradient in self._results(g):
            _add(edge, gradient, grads, waiting, wanted)

    def _results(self, arrived: dict[int, Tensor]) -> list[tuple[Node, Tensor]]:
        gradients = self.function(tuple(arrived.get(i) for i in range(len(self.tensors))))
        pairs = [(e, g) for e, g in zip(self.tensors, gradients, strict=True) if e is not None and g is not None]
        for edge, gradient in pairs:
            if not isinstance(gradient, Tensor):
                raise TypeError(f"a backward hook must return Tensors or None, got {type(gradient).__name__}")
            if gradient.shape != edge.shape:
                raise RuntimeError(
                    f"a backward hook has changed the size of a gradient: {tuple(gradient.shape)}, must be "
                    f"{tuple(edge.shape)}"
                )
        return pairs


def _add(edge: Node, gradient: Any, grads: dict[Node, Any], waiting: list[Any], wanted: Any) -> None:
    """What the generated ``run`` of an operation does with each result of a rule."""
    if wanted is not None and edge not in wanted:
        return
    gradient = fit(gradient, edge)
    if edge in grads:
        grads[edge] = grads[edge] + gradient
        return
    grads[edge] = gradient
    if not isinstance(edge, Leaf):
        heappush(waiting, (-edge.time, edge))
