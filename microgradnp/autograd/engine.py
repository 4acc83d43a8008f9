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

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from contextvars import ContextVar
from heapq import heapify, heappop, heappush
from operator import attrgetter
from sys import getrefcount
from typing import Any

import numpy as np
from numpy import ndarray

from ..tensor import Tensor, make
from . import memory
from .hooks import NodeHooks, all_replaced, replaced
from .inference import refuse_writing, used
from .modes import Mode, fact, mode_with, recording
from .node import Leaf, Node
from .quiet import restore, silence

_mode, _set_mode, _reset_mode = recording.get, recording.set, recording.reset  # bound once


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
    waiting = [(-node.time, node) for node in gradients if node.__class__ is not Leaf]
    heapify(waiting)
    before, create_graph = _mode(), bool(create_graph)
    if before.__class__ is bool:
        mode, watch = _set_mode(create_graph), False
    else:
        mode = _set_mode(mode_with(before, enabled=create_graph))
        watch = isinstance(before, Mode) and before.anomaly is not None
    loud = silence()
    here: Sweep | None = None
    try:
        while waiting:
            node = heappop(waiting)[1]
            g = gradients.pop(node)
            hooks = node.hooks
            if hooks is not None:
                here = here or Sweep(gradients, wanted)
                g = _run_hooks(node, hooks, g, here)
            if wanted is not None:
                if collected is not None and node in asked:
                    collected[node] = _own(g)
                if wanted.isdisjoint(node.edges()):
                    continue
            if node.time < memory.last_write:
                node.check_saved()
            try:
                if watch or hooks is not None:
                    _run_watched(node, g, gradients, waiting, wanted, retain_graph, create_graph)
                elif create_graph:
                    node.run_graph(g, gradients, waiting, wanted, retain_graph)
                else:
                    node.run(g, gradients, waiting, wanted, retain_graph)
            except AttributeError:
                _explain_released(node)
                raise
        _finish(gradients, collected, create_graph, wanted, here)
    finally:
        restore(loud)
        _reset_mode(mode)


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


# Hooks, and what else watches a node


class Sweep:
    """A sweep as its hooks may see it: what is on its way, and notes that hooks leave for one another."""

    __slots__ = ("gradients", "node", "notes", "wanted")

    def __init__(self, gradients: dict[Node, Any], wanted: set[Node] | None) -> None:
        self.gradients, self.wanted = gradients, wanted
        self.notes: dict[Any, Any] = {}
        self.node: Node | None = None  # the one whose hooks are running

    def coming(self) -> set[Node]:
        """Every node that a gradient will still reach."""
        roots = [*self.gradients, *(edge for edge in self.node.edges() if edge is not None)] if self.node else []
        found = set(reachable(roots))
        return found if self.wanted is None else found & self.wanted


_present: ContextVar[Sweep] = ContextVar("microgradnp.sweep")


def present_sweep() -> Sweep:
    """The sweep that runs the hook which asks."""
    return _present.get()


def _run_hooks(node: Node, hooks: NodeHooks, g: Any, here: Sweep) -> Any:
    """The gradient after the hooks of the tensor. They see a copy: others may hold the same array."""
    if not hooks.tensor and hooks.retain is None:
        return g
    recorded = isinstance(g, Tensor)
    tensor = g if recorded else make(np.copy(g))
    here.node, token = node, _present.set(here)
    try:
        for hook in tuple(hooks.tensor.values()):
            result = hook(tensor)
            if result is not None:
                tensor = replaced(hook, tensor, result)
        if hooks.retain is not None:
            hooks.retain(tensor)
    finally:
        _present.reset(token)
    return tensor if recorded else tensor._array


class _Parts(dict[Any, Any]):
    """What ``run`` may take for the gradients so far: it keeps each contribution apart, in the order of the edges."""

    def __init__(self) -> None:
        self.parts: list[tuple[Node, Any]] = []

    def __contains__(self, edge: object) -> bool:
        return False

    def __setitem__(self, edge: Node, gradient: Any) -> None:
        self.parts.append((edge, gradient))


def _run_watched(
    node: Node, g: Any, gradients: dict[Node, Any], waiting: list[Any], wanted: Any, retain: bool, create_graph: bool
) -> None:
    """Run a node that has hooks, or while anomalies are being looked for."""
    run = node.run_graph if create_graph else node.run
    hooks, anomaly = node.hooks, fact("anomaly")
    if node.transparent or not (anomaly or (hooks and (hooks.before or hooks.after or hooks.packed))):
        run(g, gradients, waiting, wanted, retain)
        return
    outputs = node.arrived(g, _copied) if hooks and (hooks.before or hooks.after) else ()
    for hook in tuple(hooks.before.values()) if hooks else ():
        outputs = all_replaced(hook, outputs, hook(outputs))
        g = node.to_run_on(outputs, _identity if create_graph else _array_of)
        if g is None:
            return
    if hooks and hooks.packed and not node.is_released():
        hooks.packed.restore(node)
    parts = _Parts()
    with anomaly.watching(node) if anomaly else nullcontext():
        run(g, parts, [], wanted, retain)
    if hooks and hooks.packed and retain:
        hooks.packed.drop(node)
    arriving = iter(parts.parts)
    edges = node.edges()
    inputs = tuple(_next_for(edge, arriving, wanted) for edge in edges)
    if anomaly:
        anomaly.check(node, inputs)
    if hooks and hooks.after:
        seen = tuple(None if part is None else _copied(part) for part in inputs)
        for hook in tuple(hooks.after.values()):
            seen = all_replaced(hook, seen, hook(seen, outputs))
        inputs = seen if create_graph else tuple(None if part is None else part._array for part in seen)
    for edge, part in zip(edges, inputs, strict=True):
        if edge is not None and part is not None:
            add_gradient(edge, part, gradients, waiting)


def _next_for(edge: Node | None, arriving: Iterator[tuple[Node, Any]], wanted: Any) -> Any:
    """What has come for an edge; None for one that wants nothing."""
    return None if edge is None or (wanted is not None and edge not in wanted) else next(arriving)[1]


def _copied(g: Any) -> Tensor:
    return g if isinstance(g, Tensor) else make(np.copy(g))


def _identity(g: Any) -> Any:
    return g


def _array_of(g: Tensor) -> Any:
    return g._array


def add_gradient(edge: Node, gradient: Any, grads: dict[Node, Any], waiting: list[Any]) -> None:
    """What the generated ``run`` of an operation does with each result of a rule."""
    if edge in grads:
        grads[edge] = grads[edge] + gradient
        return
    grads[edge] = gradient
    if edge.__class__ is not Leaf:
        heappush(waiting, (-edge.time, edge))


# Handing gradients out


def _finish(
    gradients: dict[Any, Any], collected: dict[Node, Any] | None, create_graph: bool, wanted: Any, here: Sweep | None
) -> None:
    """Hand out what has reached the leaves, in the order in which it did."""
    for leaf in tuple(gradients):
        g = gradients.pop(leaf)
        hooks = leaf.hooks
        if hooks is not None:
            here = here or Sweep(gradients, wanted)
            g = _run_hooks(leaf, hooks, g, here)
        if collected is not None:
            collected[leaf] = _own(g)
        elif (tensor := leaf.tensor()) is not None and tensor._edge is leaf:  # else it was frozen since
            if hooks is not None:
                _accumulate_watched(tensor, g, hooks, create_graph)
            elif tensor._grad is None:
                tensor._grad = _own(g)
            else:
                _accumulate(tensor, g, create_graph)
        elif tensor is not None and isinstance(tensor._edge, Leaf):
            raise RuntimeError(
                f"backward: the graph was recorded when this leaf was a {leaf.dtype} tensor of shape "
                f"{tuple(leaf.shape)}; it is now a {tensor._array.dtype} tensor of shape {tuple(tensor._array.shape)}, "
                "for its .data was replaced, or it was turned in place: compute the result anew"
            )


def _accumulate_watched(tensor: Tensor, g: Any, hooks: NodeHooks, create_graph: bool) -> None:
    """Add to the ``.grad`` of a leaf's tensor, with the hooks of its node before and after."""
    outputs: tuple[Any, ...] = (_copied(g),) if hooks.before or hooks.after else ()
    for hook in tuple(hooks.before.values()):
        outputs = all_replaced(hook, outputs, hook(outputs))
        if outputs[0] is None:
            return
        g = outputs[0] if create_graph else outputs[0]._array
    _accumulate(tensor, g, create_graph)
    for hook in tuple(hooks.accumulated.values()):
        result = hook(tensor)
        if result is not None and not isinstance(result, Tensor):  # a Tensor: ``lambda p: p.zero_()``
            raise TypeError(f"a post accumulate grad hook must return None or a Tensor, got '{type(result).__name__}'")
    for hook in tuple(hooks.after.values()):
        all_replaced(hook, (), hook((), outputs))


def _accumulate(tensor: Tensor, g: Any, create_graph: bool) -> None:
    """Add to the ``.grad`` of a leaf's tensor, in place unless the sum itself must be recorded."""
    before = tensor._grad
    if before is None:
        tensor._grad = _own(g)
    elif create_graph or not before._array.flags.writeable:
        total = before + g
        tensor._grad = total if isinstance(total, Tensor) else make(total)
    else:
        if used.ever:
            refuse_writing(before, "gradient accumulation")
        np.add(before._array, g, out=before._array)
        memory.wrote(before._array, "gradient accumulation")


def _own(g: Any) -> Tensor:
    """A gradient as a tensor of its own: copied unless nothing else can see its memory, not even through a view.

    The caller is allowed one reference of its own: ``g`` is a variable there.
    """
    if g.__class__ is ndarray:
        if g.base is None and getrefcount(g) <= _SOLE and g.flags.c_contiguous:
            return make(g)
        return make(g.copy())
    if isinstance(g, Tensor):
        return g.clone()
    return make(np.copy(g))


def _sole_owner_count() -> int:
    """What ``_own`` counts for an array that only the sweep holds: asked of this Python, not assumed."""

    def own(g: Any) -> int:
        return getrefcount(g)

    g = np.empty(0)
    return own(g)


_SOLE = _sole_owner_count()
