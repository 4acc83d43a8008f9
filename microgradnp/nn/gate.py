"""Where a module's backward hooks stand in the graph: on a gate, which waits for the gradients of all its tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.gate import Gate, Gradients, through
from ..autograd.modes import recording
from ..tensor import Tensor, edge_of


def through_gate(values: tuple[Any, ...], function: Callable[[Gradients], Gradients]) -> tuple[Any, ...]:
    """The same values, but the gradients of the tensors among them pass through ``function``, all at once.

    ``function`` takes and returns one gradient for each value; None is no gradient. When nothing is recorded, or no
    value requires gradients, ``values`` itself is returned and ``function`` is never called.

    A tensor that has passed is a view of the one that came: a write to it in place reaches both.
    """
    edges = tuple(edge_of(value) if isinstance(value, Tensor) else None for value in values)
    if not any(edges) or not recording.get():
        return values
    gate = _HookGate()
    gate.function = function
    gate.open(edges, values)
    passed = zip(values, edges, strict=True)
    return tuple(value if edge is None else through(value, gate.passage(i)) for i, (value, edge) in enumerate(passed))


class _HookGate(Gate):
    """Gives the gradients that have arrived to a function."""

    __slots__ = ("function",)
    label = "backward_hook"

    function: Callable[[Gradients], Gradients]

    def gradients(self, arrived: Gradients) -> Gradients:
        gradients = self.function(arrived)
        for edge, gradient in zip(self.operand_edges, gradients, strict=True):
            if edge is None or gradient is None:
                continue
            if not isinstance(gradient, Tensor):
                raise TypeError(f"a backward hook must return Tensors or None, got {type(gradient).__name__}")
            if gradient.shape != edge.shape:
                raise RuntimeError(
                    f"a backward hook has changed the size of a gradient: {tuple(gradient.shape)}, must be "
                    f"{tuple(edge.shape)}"
                )
        return gradients

    def sources_of(self, index: int) -> tuple[Any, ...]:
        return (self.operand_edges[index],)


_HookGate.__name__ = _HookGate.__qualname__ = "BackwardHookFunctionBackward"  # what PyTorch programs expect to read
