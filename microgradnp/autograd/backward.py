"""Asking for gradients: ``Tensor.backward``, ``autograd.backward``, ``autograd.grad``, and hooks on tensors."""

from __future__ import annotations

import itertools
import math
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor, edge_of, make, tensor_method
from .engine import sweep
from .node import Leaf, Node


def backward(
    tensors: Tensor | Sequence[Tensor],
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradient of ``tensors`` to the ``.grad`` of every leaf they depend on, or only of ``inputs``.

    For each tensor of more than one element ``grad_tensors`` gives the vector of the vector-Jacobian product, of its
    shape. ``create_graph`` records the backward pass itself, for higher derivatives; ``retain_graph`` (by default equal
    to it) keeps the saved values for another pass.

    Raises RuntimeError when a tensor requires no gradient, when a gradient is missing or has the wrong shape, when the
    graph was freed, or when a saved value was changed in place.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html

    >>> import microgradnp
    >>> w = microgradnp.tensor(3.0, requires_grad=True)
    >>> microgradnp.autograd.backward(w * w)
    >>> w.grad
    tensor(6.)
    """
    gradients = _seeds(_sequence(tensors), grad_tensors, create_graph)
    targets = None
    if inputs is not None:
        inputs = _sequence(inputs)
        if not inputs:
            raise RuntimeError("backward(): 'inputs' cannot be empty; leave it out to reach every leaf")
        targets = [_target(tensor, "backward") for tensor in inputs]
        for tensor in inputs:
            if not tensor.is_leaf:
                retain_grad(tensor)
    sweep(gradients, targets=targets, retain_graph=_retain(retain_graph, create_graph), create_graph=create_graph)


def grad(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor | Sequence[Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``, one for each, without touching any ``.grad``.

    Only operations on a path from an input to an output run. Arguments as in ``backward``; an input that the outputs do
    not depend on raises RuntimeError unless ``allow_unused`` (then None) or ``materialize_grads`` (then zeros).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html

    >>> import microgradnp
    >>> x = microgradnp.tensor(2.0, requires_grad=True)
    >>> (first,) = microgradnp.autograd.grad(x**3, x, create_graph=True)
    >>> microgradnp.autograd.grad(first, x)
    (tensor(12.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError("grad(): materialize_grads=True needs allow_unused=True, or leave allow_unused out")
    inputs = _sequence(inputs)
    gradients = _seeds(_sequence(outputs), grad_outputs, create_graph)
    targets = [_target(tensor, "grad") for tensor in inputs]
    collected: dict[Node, Tensor] = {}
    retain = _retain(retain_graph, create_graph)
    sweep(gradients, targets=targets, collected=collected, retain_graph=retain, create_graph=create_graph)
    found = [collected.get(target) for target in targets]
    if materialize_grads:
        return tuple(make(np.zeros_like(t._array)) if g is None else g for g, t in zip(found, inputs, strict=True))
    for i, g in enumerate(found):
        if g is None and not allow_unused:
            raise RuntimeError(
                f"grad(): One of the differentiated Tensors, inputs[{i}], appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior; its gradient is then None."
            )
    return _distinct(found)


def _distinct(gradients: list[Tensor | None]) -> tuple[Tensor | None, ...]:
    """An input that was asked for twice gets a gradient of its own each time."""
    seen: set[int] = set()
    out: list[Tensor | None] = []
    for g in gradients:
        out.append(g.clone() if g is not None and id(g) in seen else g)
        seen.add(id(g))
    return tuple(out)


def _sequence(tensors: Any) -> Sequence[Tensor]:
    return (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)


def _retain(retain_graph: bool | None, create_graph: bool) -> bool:
    return create_graph if retain_graph is None else retain_graph


def _target(tensor: Tensor, function: str) -> Node:
    edge = edge_of(tensor)
    if edge is None:
        raise RuntimeError(
            f"{function}(): One of the differentiated Tensors does not require grad: the input of shape "
            f"{tuple(tensor.shape)} is no result of recorded operations; set requires_grad=True on it before it is used"
        )
    return edge


def _seeds(tensors: Sequence[Tensor], grad_tensors: Any, create_graph: bool) -> dict[Node, Any]:
    """The gradient that each root starts with; a root that is given twice starts with the sum."""
    if grad_tensors is None or isinstance(grad_tensors, Tensor):
        given: Sequence[Any] = (grad_tensors,) * len(tensors) if grad_tensors is None else (grad_tensors,)
    else:
        given = tuple(grad_tensors)
    if len(given) != len(tensors):
        raise RuntimeError(
            f"backward: got {len(tensors)} tensors and {len(given)} gradients; give one gradient for each"
        )
    gradients: dict[Node, Any] = {}
    for tensor, g in zip(tensors, given, strict=True):
        root, seed = _root(tensor), _seed(tensor, g, create_graph)
        gradients[root] = gradients[root] + seed if root in gradients else seed
    return gradients


def _root(tensor: Tensor) -> Node:
    edge = edge_of(tensor)
    if edge is None:
        raise RuntimeError(
            f"backward: element 0 of tensors does not require grad and does not have a grad_fn: nothing that made this "
            f"{tensor.dtype} tensor of shape {tuple(tensor.shape)} was recorded. Set requires_grad=True on a tensor it "
            "is computed from, and compute it outside no_grad()"
        )
    return edge


def _seed(tensor: Tensor, g: Any, create_graph: bool) -> Any:
    if g is None:
        if math.prod(tensor._array.shape) != 1:
            raise RuntimeError(
                f"backward: grad can be implicitly created only for scalar outputs, and this tensor has shape "
                f"{tuple(tensor.shape)}. Reduce it first (.sum() or .mean()), or pass gradient= of the same shape"
            )
        array = tensor._array
        ones = np.array(1, array.dtype) if array.ndim == 0 else np.ones_like(array)
        return make(ones) if create_graph else ones
    if not isinstance(g, Tensor):
        raise TypeError(f"backward: gradient must be a Tensor or None, got {type(g).__name__}")
    if g.shape != tensor.shape:
        raise RuntimeError(
            f"backward: Mismatch in shape: the gradient has shape {tuple(g.shape)} and the tensor has shape "
            f"{tuple(tensor.shape)}; they must be equal"
        )
    if g.dtype != tensor.dtype:
        g = g.to(tensor.dtype)
    return g if create_graph else g._array


def _backward_method(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:
    """Add the gradient of this tensor to the ``.grad`` of every leaf it depends on. See ``autograd.backward``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
    """
    if gradient is None and inputs is None:
        seed = {_root(self): _seed(self, None, create_graph)}
        sweep(seed, retain_graph=_retain(retain_graph, create_graph), create_graph=create_graph)
    else:
        backward(self, (gradient,), retain_graph, create_graph, inputs)


Tensor.backward = _backward_method


# Hooks

_next_hook = itertools.count().__next__
_LAST = float("inf")  # the key of the hook that keeps a gradient: it runs after all others


class RemovableHandle:
    """What registering a hook returns: ``remove()`` takes the hook away again. Also a context manager.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
    """

    def __init__(self, hooks: dict[Any, Any], hook: Any) -> None:
        self._hooks = hooks
        self.id = _next_hook()
        hooks[self.id] = hook

    def remove(self) -> None:
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def _hooks_of(tensor: Tensor, function: str) -> dict[Any, Any]:
    edge = edge_of(tensor)
    if edge is None:
        raise RuntimeError(
            f"cannot {function} on a tensor that doesn't require gradient: set requires_grad=True on it, or on what it "
            "is computed from"
        )
    if edge.hooks is None:
        edge.hooks = {}
    return edge.hooks


@tensor_method
def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Call ``hook(grad)`` whenever the gradient of this tensor is complete; what it returns, if not None, replaces it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
    """
    return RemovableHandle(_hooks_of(self, "register a hook"), hook)


@tensor_method
def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this result of an operation in its ``.grad`` too; on a leaf it changes nothing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.retain_grad.html
    """
    hooks = _hooks_of(self, "retain_grad")
    if isinstance(edge_of(self), Leaf):
        return
    reference = weakref.ref(self)

    def keep(g: Tensor) -> None:
        tensor = reference()
        if tensor is not None:
            tensor._grad = g.clone() if tensor._grad is None else tensor._grad + g

    hooks[_LAST] = keep


def move_retained(old: Node | None, new: Node | None) -> None:
    """After an in-place write: what keeps a tensor's gradient moves to the node that now stands for the tensor."""
    if old is None or new is None or not old.hooks or _LAST not in old.hooks:
        return
    if new.hooks is None:
        new.hooks = {}
    new.hooks[_LAST] = old.hooks.pop(_LAST)
