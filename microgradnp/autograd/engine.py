"""The backward sweep: from results to the tensors they depend on, newest operation first.

    while an operation waits: take the newest one that a gradient has reached
        its gradient is complete, since whatever used its result is newer, and done
        apply its rules, which add to the gradients of its operands; those wait now

Everything is a loop: the depth of a graph is limited by memory only. Gradients on their way live in one dictionary that
belongs to the sweep, so an exception, or another thread, leaves nothing behind in the graph.

Source: Griewank & Walther, Evaluating Derivatives, 2008, chapter 3;
https://docs.pytorch.org/docs/stable/notes/autograd.html
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop
from operator import attrgetter
from sys import getrefcount
from typing import Any

import numpy as np
from numpy import ndarray

from ..tensor import Tensor, make
from . import memory
from .modes import recording
from .node import Leaf, Node
from .quiet import restore, silence


def sweep(
    gradients: dict[Node, Any],
    *,
    targets: Iterable[Node] | None = None,
    collected: dict[Node, Any] | None = None,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> None:
    """Carry ``gradients`` (of some nodes' results) backward through the graph.

    Without ``targets`` every leaf adds what reaches it to its tensor's ``.grad``. With targets, only the nodes on a
    path to one of them run. A target's gradient goes to ``collected`` when that is given, else to its tensor's
    ``.grad``.
    """
    asked: frozenset[Node] = frozenset()
    wanted = None
    if targets is not None:
        asked = frozenset(targets)
        wanted = _leading_to(gradients, asked)
        for root in gradients.keys() - wanted:
            del gradients[root]
    waiting = [(-node.time, node) for node in gradients if type(node) is not Leaf]
    heapify(waiting)
    mode, loud = recording.set(create_graph), silence()
    try:
        while waiting:
            node = heappop(waiting)[1]
            g = gradients.pop(node)
            if node.hooks:
                g = _run_hooks(node, g)
            if wanted is not None:
                if collected is not None and node in asked:
                    _collect(node, g, collected)
                if wanted.isdisjoint(node.edges()):
                    continue
            if node.time < memory.last_write:
                node.check_saved()
            try:
                if create_graph:
                    node.run_graph(g, gradients, waiting, wanted, retain_graph)
                else:
                    node.run(g, gradients, waiting, wanted, retain_graph)
            except AttributeError:
                _explain_released(node)
                raise
        _finish(gradients, collected, create_graph)
    finally:
        restore(loud)
        recording.reset(mode)


def _leading_to(roots: Iterable[Node], targets: frozenset[Node]) -> set[Node]:
    """The nodes on a path from a root to a target, both included."""
    leading = set(targets)
    for node in sorted(reachable(roots), key=attrgetter("time")):  # oldest first: a node comes after all its operands
        if not leading.isdisjoint(node.edges()):
            leading.add(node)
    return leading


def reachable(roots: Iterable[Node]) -> list[Node]:
    """Every node that can be reached from the roots, these first."""
    found = list(roots)
    seen = set(found)
    for node in found:
        for edge in node.edges():
            if edge is not None and edge not in seen:
                seen.add(edge)
                found.append(edge)
    return found


def _explain_released(node: Node) -> None:
    """Raise the error for a second sweep, if that is why a saved value is missing."""
    if node.is_released():
        raise RuntimeError(
            f"{node.label}: Trying to backward through the graph a second time (or directly access saved tensors after "
            "they have already been freed). Saved intermediate values of the graph are freed when you call "
            ".backward() or autograd.grad(). Specify retain_graph=True the first time if you need to go backward "
            "through it again."
        ) from None


def _finish(gradients: dict[Any, Any], collected: dict[Node, Any] | None, create_graph: bool) -> None:
    """Hand out what has reached the leaves."""
    while gradients:
        leaf, g = gradients.popitem()
        if leaf.hooks:
            g = _run_hooks(leaf, g)
        if collected is not None:
            _collect(leaf, g, collected)
        elif (tensor := leaf.tensor()) is not None and tensor._edge is leaf:  # else it was frozen since
            _accumulate(tensor, g, create_graph)


def _run_hooks(node: Node, g: Any) -> Any:
    """The gradient after the hooks of the tensor. They see a copy: others may hold the same array."""
    recorded = isinstance(g, Tensor)
    tensor = g if recorded else make(np.array(g))
    for _, hook in sorted((node.hooks or {}).items()):
        result = hook(tensor)
        if result is None:
            continue
        if not isinstance(result, Tensor):
            raise TypeError(f"a gradient hook must return a Tensor or None, got {type(result).__name__}")
        if result.shape != node.shape:
            raise RuntimeError(
                f"a gradient hook has changed the size of the gradient: {tuple(result.shape)}, must be "
                f"{tuple(node.shape)}"
            )
        if result.dtype != node.dtype:
            raise RuntimeError(
                f"a gradient hook has changed the type of the gradient: {result.dtype}, must be {node.dtype}"
            )
        tensor = result
    return tensor if recorded else tensor._array


# Handing gradients out


def _collect(node: Node, g: Any, collected: dict[Node, Any]) -> None:
    collected[node] = _own(g)


def _accumulate(tensor: Tensor, g: Any, create_graph: bool) -> None:
    """Add to the ``.grad`` of a leaf's tensor, in place unless the sum itself must be recorded."""
    before = tensor._grad
    if before is None:
        tensor._grad = _own(g)
    elif create_graph or before._edge is not None or type(before._array) is not np.ndarray:
        total = before + g
        tensor._grad = total if isinstance(total, Tensor) else make(total)
    else:
        np.add(before._array, g, out=before._array)
        memory.wrote(before._array, "gradient accumulation")


def _own(g: Any) -> Tensor:
    """A gradient as a tensor of its own: copied unless nothing else can see its memory, not even through a view."""
    if type(g) is ndarray:
        mine = g.base is None and getrefcount(g) <= _SOLE and (g.ndim < 2 or g.flags.c_contiguous)
        return make(g if mine else g.copy())
    if isinstance(g, Tensor):
        return g.clone()
    return make(np.array(g) if isinstance(g, np.generic) else g)


def _sole_owner_count() -> int:
    """What ``_own`` counts for an array that only the sweep holds: asked of this Python, not assumed."""

    def own(g: Any) -> int:
        return getrefcount(g)

    def collect(g: Any) -> int:
        return own(g)

    g = np.empty(0)
    return collect(g)


_SOLE = _sole_owner_count()
