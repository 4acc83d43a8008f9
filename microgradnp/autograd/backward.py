"""Asking for gradients: ``Tensor.backward``, ``autograd.backward``, ``autograd.grad``, and hooks on tensors."""

from __future__ import annotations

import math
import warnings
import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, overload

import numpy as np

from ..tensor import Tensor, edge_of, make, tensor_method
from .engine import sweep
from .graph import GradientEdge, node_at
from .hooks import RemovableHandle, add_hook, hooks_of
from .node import Leaf, Node

Places: TypeAlias = "Tensor | GradientEdge | Sequence[Tensor] | Sequence[GradientEdge]"


def backward(
    tensors: Places,
    grad_tensors: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Tensor | Sequence[Tensor | None] | None = None,
    inputs: Places | dict[str, Tensor] | None = None,
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
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise RuntimeError("backward(): both grad_tensors and the deprecated grad_variables were given")
        grad_tensors = grad_variables
    targets = None
    if inputs is not None:
        inputs = _inputs(inputs)
        if not inputs:
            raise RuntimeError("`inputs` argument to `backward()` cannot be empty; leave it out to reach every leaf")
        targets = [_target(tensor, "backward") for tensor in inputs]
    gradients = _seeds(_sequence(tensors), grad_tensors, create_graph)
    for tensor in inputs or ():
        if isinstance(tensor, Tensor):
            retain_grad(tensor)
    sweep(gradients, targets=targets, retain_graph=_retain(retain_graph, create_graph), create_graph=create_graph)


# The types are PyTorch's: with allow_unused there may be None too.
@overload
def grad(
    outputs: Places, inputs: Places, grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None, create_graph: bool = False, only_inputs: bool = True,
    allow_unused: bool | None = None, is_grads_batched: bool = False, materialize_grads: bool = False,
) -> tuple[Tensor, ...]: ...  # fmt: skip
@overload
def grad(
    outputs: Places, inputs: dict[str, Tensor], grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None, create_graph: bool = False, only_inputs: bool = True,
    allow_unused: bool | None = None, is_grads_batched: bool = False, materialize_grads: bool = False,
) -> dict[str, Tensor]: ...  # fmt: skip
def grad(
    outputs: Places,
    inputs: Places | dict[str, Tensor],
    grad_outputs: Tensor | Sequence[Tensor | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """The gradients of ``outputs`` with respect to ``inputs``, one for each, without touching any ``.grad``.

    Only operations on a path from an input to an output run. Arguments as in ``backward``; an input that the outputs do
    not depend on raises RuntimeError unless ``allow_unused`` (then None) or ``materialize_grads`` (then zeros). The
    result is a tuple, or for a dict of inputs a dict. ``is_grads_batched`` is not supported yet; ``only_inputs`` is
    deprecated and always true.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html

    >>> import microgradnp
    >>> x = microgradnp.tensor(2.0, requires_grad=True)
    >>> (first,) = microgradnp.autograd.grad(x**3, x, create_graph=True)
    >>> microgradnp.autograd.grad(first, x)
    (tensor(12.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError("grad(): materialize_grads=True needs allow_unused=True, or leave allow_unused out")
    if is_grads_batched:
        raise NotImplementedError("grad(): is_grads_batched=True is not supported yet: call it once for each gradient")
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To add to the .grad of other "
            "leaves, use autograd.backward.",
            FutureWarning,
            stacklevel=2,
        )
    places = _inputs(inputs)
    if not places:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    targets = [_target(place, "grad") for place in places]
    gradients = _seeds(_sequence(outputs), grad_outputs, create_graph)
    collected: dict[Node, Tensor] = {}
    retain = _retain(retain_graph, create_graph)
    sweep(gradients, targets=targets, collected=collected, retain_graph=retain, create_graph=create_graph)
    found = _distinct([collected.get(target) for target in targets])
    if materialize_grads:
        found = tuple(_zeros(t, create_graph) if g is None else g for g, t in zip(found, targets, strict=True))
    for i, g in enumerate(found):
        if g is None and not allow_unused:
            raise RuntimeError(
                f"grad(): One of the differentiated Tensors, inputs[{i}], appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior; its gradient is then None."
            )
    return dict(zip(inputs, found, strict=True)) if isinstance(inputs, dict) else found


def _zeros(node: Node, requires_grad: bool) -> Tensor:
    return make(np.zeros(node.shape, node.dtype)).requires_grad_(requires_grad)


def _distinct(gradients: list[Tensor | None]) -> tuple[Tensor | None, ...]:
    """An input that was asked for twice gets a gradient of its own each time."""
    seen: set[int] = set()
    out: list[Tensor | None] = []
    for g in gradients:
        out.append(g.clone() if g is not None and id(g) in seen else g)
        seen.add(id(g))
    return tuple(out)


def _sequence(tensors: Any) -> tuple[Any, ...]:
    """Tensors, or edges, as a tuple: one counts as a tuple of one."""
    return (tensors,) if isinstance(tensors, (Tensor, GradientEdge)) else tuple(tensors)


def _inputs(inputs: Any) -> tuple[Any, ...]:
    return _sequence(inputs.values() if isinstance(inputs, dict) else inputs)


def _retain(retain_graph: bool | None, create_graph: bool) -> bool:
    return create_graph if retain_graph is None else retain_graph


def _target(place: Any, function: str) -> Node:
    if isinstance(place, GradientEdge):
        return node_at(place)
    if not isinstance(place, Tensor):
        raise RuntimeError(f"{function}(): all inputs have to be Tensors or GradientEdges, got {type(place).__name__}")
    edge = edge_of(place)
    if edge is None:
        raise RuntimeError(
            f"{function}(): One of the differentiated Tensors does not require grad: the input of shape "
            f"{tuple(place.shape)} is no result of recorded operations; set requires_grad=True on it before it is used"
        )
    return edge


def _seeds(places: Sequence[Any], grad_tensors: Any, create_graph: bool) -> dict[Node, Any]:
    """The gradient that each root starts with; a root that is given twice starts with the sum."""
    given = (None,) * len(places) if grad_tensors is None else _given(grad_tensors)
    if len(given) != len(places):
        raise RuntimeError(f"backward: got {len(places)} tensors and {len(given)} gradients; give one for each")
    gradients: dict[Node, Any] = {}
    for i, (place, g) in enumerate(zip(places, given, strict=True)):
        root = _root(place, i)
        seed = _seed(root, g, create_graph)
        gradients[root] = gradients[root] + seed if root in gradients else seed
    return gradients


def _given(grad_tensors: Any) -> tuple[Any, ...]:
    """The gradients that the user gives, as a tuple."""
    several = isinstance(grad_tensors, Sequence) and not isinstance(grad_tensors, str)
    given = tuple(grad_tensors) if several else (grad_tensors,)
    for g in given:
        if g is not None and not isinstance(g, Tensor):
            raise TypeError(f"backward: gradient must be a Tensor or None, got {type(g).__name__}")
    return given


def _root(place: Any, index: int = 0) -> Node:
    if isinstance(place, Tensor):
        edge = edge_of(place)
    elif isinstance(place, GradientEdge):
        return node_at(place)
    else:
        raise TypeError(f"backward: element {index} of tensors must be a Tensor, got {type(place).__name__}")
    if edge is None:
        raise RuntimeError(
            f"backward: element {index} of tensors does not require grad and does not have a grad_fn: nothing that "
            f"made this {place.dtype} tensor of shape {tuple(place.shape)} was recorded. Set requires_grad=True on a "
            "tensor it is computed from, and compute it outside no_grad()"
        )
    return edge


def _seed(root: Node, g: Any, create_graph: bool) -> Any:
    shape, dtype = root.shape, root.dtype
    if g is None:
        if shape and math.prod(shape) != 1:
            raise RuntimeError(
                f"backward: grad can be implicitly created only for scalar outputs, and this tensor has shape "
                f"{tuple(shape)}. Reduce it first (.sum() or .mean()), or pass gradient= of the same shape"
            )
        if not (shape or create_graph):  # a scalar, with which NumPy calculates ten times as fast as with a 0-d array
            return dtype.type(1)
        ones = np.ones(shape, dtype)
        return make(ones) if create_graph else ones
    if g.shape != shape:
        raise RuntimeError(
            f"backward: Mismatch in shape: the gradient has shape {tuple(g.shape)} and the tensor has shape "
            f"{tuple(shape)}; they must be equal"
        )
    if g.dtype != dtype:
        g = g.to(dtype)
    return g if create_graph else g._array


def _backward_method(
    self: Tensor,
    gradient: Tensor | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Places | dict[str, Tensor] | None = None,
) -> None:
    """Add the gradient of this tensor to the ``.grad`` of every leaf it depends on. See ``autograd.backward``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
    """
    if gradient is None and inputs is None:
        root = self._edge if self._base is None and self._edge is not None else _root(self)
        seed = {root: _seed(root, None, create_graph)}
        retain_graph = create_graph if retain_graph is None else retain_graph
        sweep(seed, retain_graph=retain_graph, create_graph=create_graph)
    else:
        backward(self, gradient, retain_graph, create_graph, inputs=inputs)


Tensor.backward = _backward_method


# Hooks


def _node_for_hook(tensor: Tensor, refusal: str) -> Node:
    edge = edge_of(tensor)
    if edge is None:
        raise RuntimeError(f"{refusal}: set requires_grad=True on it, or on what it is computed from")
    return edge


@tensor_method
def register_hook(self: Tensor, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
    """Call ``hook(grad)`` whenever the gradient of this tensor is complete; what it returns, if not None, replaces it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html
    """
    node = _node_for_hook(self, "cannot register a hook on a tensor that doesn't require gradient")
    return add_hook(hooks_of(node).tensor, hook)


@tensor_method
def register_post_accumulate_grad_hook(self: Tensor, hook: Callable[[Tensor], None]) -> RemovableHandle:
    """Call ``hook(tensor)`` whenever a backward pass has added to the ``.grad`` of this leaf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_post_accumulate_grad_hook.html
    """
    node = _node_for_hook(self, "cannot register a hook on a tensor that doesn't require gradient")
    if not isinstance(node, Leaf):
        raise RuntimeError(
            "post accumulate grad hooks cannot be registered on non-leaf tensors: this one is the result of "
            f"{node.label}; use register_hook"
        )
    return add_hook(hooks_of(node).accumulated, hook)


@tensor_method
def retain_grad(self: Tensor) -> None:
    """Keep the gradient of this result of an operation in its ``.grad`` too; on a leaf it changes nothing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.retain_grad.html
    """
    node = _node_for_hook(self, "can't retain_grad on Tensor that has requires_grad=False")
    if isinstance(node, Leaf):
        return
    reference = weakref.ref(self)

    def keep(g: Tensor) -> None:
        tensor = reference()
        if tensor is not None:
            tensor._grad = g.clone() if tensor._grad is None else tensor._grad + g

    hooks_of(node).retain = keep
