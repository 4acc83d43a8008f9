"""The backward sweep: from results to the tensors they depend on, newest operation first.

    collect the nodes that can be reached (and lead to what is asked for); sort them by time
    for each node, newest first: its gradient is complete, for everything that used its result is newer;
        apply its rules, which add to the gradients of its operands

Everything is a loop: the depth of a graph is limited by memory only. Gradients on their way live in one dictionary that
belongs to the sweep, so an exception, or another thread, leaves nothing behind in the graph.

Source: Griewank & Walther, Evaluating Derivatives, 2008, chapter 3;
https://docs.pytorch.org/docs/stable/notes/autograd.html
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from sys import getrefcount
from typing import Any

import numpy as np

from ..tensor import Tensor, make
from . import memory
from .modes import recording
from .node import Leaf, Node

_by_time = attrgetter("time")


def sweep(
    gradients: dict[Node, Any],
    *,
    targets: Iterable[Node] | None = None,
    collected: dict[Node, Any] | None = None,
    retain_graph: bool = False,
    create_graph: bool = False,
) -> None:
    """Carry ``gradients`` (of some nodes' results) backward through the graph.

    Without ``targets`` every leaf adds what reaches it to its tensor's ``.grad``. With targets, only the nodes on a path
    to one of them run. A target's gradient goes to ``collected`` when that is given, else to its tensor's ``.grad``.
    """
    wanted = _leading_to(gradients, frozenset(targets)) if targets is not None else None
    order = _newest_first(gradients, wanted)
    keep = frozenset(targets) if targets is not None else frozenset()
    mode = recording.set(create_graph)
    try:
        with np.errstate(all="ignore"):
            while order:
                node = order.pop()
                g = gradients.pop(node, None)
                if g is None:
                    continue
                if node.hooks:
                    g = _run_hooks(node, g)
                if node in keep and collected is not None:
                    _collect(node, g, collected)
                elif type(node) is Leaf:
                    _accumulate(node, g, create_graph)
                if type(node) is not Leaf and (wanted is None or not wanted.isdisjoint(node.edges())):
                    _run(node, g, gradients, wanted, create_graph)
                    if not retain_graph:
                        node.release()
    finally:
        recording.reset(mode)


def _newest_first(roots: Iterable[Node], wanted: set[Node] | None) -> list[Node]:
    """Every node reachable from the roots, oldest first: the sweep takes them from the end, and lets go of each."""
    order = [root for root in roots if wanted is None or root in wanted]
    seen = set(order)
    for node in order:
        for edge in node.edges():
            if edge is not None and edge not in seen and (wanted is None or edge in wanted):
                seen.add(edge)
                order.append(edge)
    order.sort(key=_by_time)
    return order


def _leading_to(roots: Iterable[Node], targets: frozenset[Node]) -> set[Node]:
    """The nodes on a path from a root to a target, both included."""
    leading = set(targets)
    for node in _newest_first(roots, None):  # oldest first: a node comes after all its operands
        if node not in leading and any(edge in leading for edge in node.edges()):
            leading.add(node)
    return leading


def _run(node: Node, g: Any, gradients: dict[Node, Any], wanted: Any, create_graph: bool) -> None:
    if node.time < memory.last_write:
        node.check_saved()
    try:
        (node.run_graph if create_graph else node.run)(g, gradients, wanted)
    except AttributeError:
        if node.is_released():
            raise RuntimeError(
                f"{node.label}: Trying to backward through the graph a second time (or directly access saved tensors "
                f"after they have already been freed). Saved intermediate values of the graph are freed when you call "
                f".backward() or autograd.grad(). Specify retain_graph=True the first time if you need to go backward "
                f"through it again."
            ) from None
        raise


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
                f"a gradient hook has changed the size of the gradient: {tuple(result.shape)}, must be {tuple(node.shape)}"
            )
        tensor = result
    return tensor if recorded else tensor._array


# Handing gradients out


def _collect(node: Node, g: Any, collected: dict[Node, Any]) -> None:
    collected[node] = _own(g)


def _accumulate(leaf: Leaf, g: Any, create_graph: bool) -> None:
    """Add to the ``.grad`` of a leaf's tensor, in place unless the sum itself must be recorded."""
    tensor = leaf.tensor()
    if tensor is None:
        return
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
    if isinstance(g, Tensor):
        return g
    if isinstance(g, np.generic) or type(g) is np.ndarray and (g.base is not None or getrefcount(g) > _SOLE):
        g = np.array(g)
    return make(g)


def _sole_owner_count() -> int:
    """What ``_own`` counts for an array that only the sweep holds: asked of this Python, not assumed."""

    def own(g: Any) -> int:
        return getrefcount(g)

    def collect(g: Any) -> int:
        return own(g)

    g = np.empty(0)
    return collect(g)


_SOLE = _sole_owner_count()
