"""The graph as users see it: its nodes and edges, and hooks on what it saves. PyTorch's ``torch.autograd.graph``.

Source: https://docs.pytorch.org/docs/stable/autograd.html#autograd-graph
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..tensor import Tensor, edge_of, make
from . import memory
from .engine import present_sweep
from .gate import Gate
from .hooks import RemovableHandle
from .modes import Switch, fact, no_grad
from .node import Node

__all__ = [
    "GradientEdge", "Node", "disable_saved_tensors_hooks", "get_gradient_edge", "increment_version",
    "register_multi_grad_hook", "saved_tensors_hooks",
]  # fmt: skip


class GradientEdge(NamedTuple):
    """A place in the graph: a node, and which of its results. ``grad`` and ``backward`` take it for a tensor."""

    node: Node
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Tensor) -> GradientEdge:
    """The place of a tensor in the graph: it may be kept when the tensor itself need not be.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.get_gradient_edge.html
    """
    edge = edge_of(tensor)
    if edge is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(*edge.as_function(), edge)


def node_at(place: GradientEdge) -> Node:
    """The node, a passage where there are several results, that a gradient for this place is given to."""
    return place.node.passage(place.output_nr) if isinstance(place.node, Gate) else place.node


def increment_version(tensor: Tensor | Sequence[Tensor]) -> None:
    """Note a write to the memory of tensors that was made behind the library's back.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.increment_version.html
    """
    for one in (tensor,) if isinstance(tensor, Tensor) else tensor:
        memory.wrote(one._array, "increment_version")


class _MultiHandle:
    """Removes a hook from several tensors."""

    def __init__(self, handles: tuple[RemovableHandle, ...]) -> None:
        self.handles = handles

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> _MultiHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def register_multi_grad_hook(tensors: Sequence[Tensor], fn: Callable[..., None], *, mode: str = "all") -> _MultiHandle:
    """Call ``fn`` once in each backward pass: with all gradients when the last has come, or in mode "any" with the
    first of them.

    ``fn`` is given a sequence with None for a tensor that no gradient reaches; it may not return anything. In mode
    "all" it runs when the last of those tensors that this pass reaches has its gradient.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.register_multi_grad_hook.html
    """
    if mode not in ("all", "any"):
        raise ValueError(f"register_multi_grad_hook(): mode must be 'all' or 'any', got {mode!r}")
    tensors = tuple(tensors)
    if not all(isinstance(tensor, Tensor) and tensor.requires_grad for tensor in tensors):
        raise RuntimeError("register_multi_grad_hook(): every tensor must require gradients")
    watch = (_All if mode == "all" else _First)(tensors, fn)
    return _MultiHandle(tuple(tensor.register_hook(partial(watch.arrived, i)) for i, tensor in enumerate(tensors)))


class _All:
    """Waits, in each sweep, for the gradients of all tensors that it reaches."""

    def __init__(self, tensors: Sequence[Tensor], fn: Callable[..., None]) -> None:
        self.nodes = tuple(weakref.ref(edge_of(tensor)) for tensor in tensors)  # they hold the hooks
        self.fn = fn

    def arrived(self, index: int, gradient: Tensor) -> None:
        sweep = present_sweep()
        if self not in sweep.notes:
            coming = sweep.coming()
            expected = {i for i, node in enumerate(self.nodes) if node() in coming} | {index}
            sweep.notes[self] = ([None] * len(self.nodes), expected)
        gradients, expected = sweep.notes[self]
        gradients[index] = gradient
        expected.discard(index)
        if not expected:
            self.fn(gradients)


class _First:
    """Waits, in each sweep, for the first gradient."""

    def __init__(self, tensors: Sequence[Tensor], fn: Callable[..., None]) -> None:
        self.fn = fn

    def arrived(self, index: int, gradient: Tensor) -> None:
        notes = present_sweep().notes
        if self not in notes:
            notes[self] = True
            self.fn(gradient)


class _Packed:
    """What a hook has made of an array, and what the array was like."""

    __slots__ = ("dtype", "shape", "value")

    def __init__(self, shape: tuple[int, ...], dtype: Any, value: Any) -> None:
        self.shape, self.dtype, self.value = shape, dtype, value


class saved_tensors_hooks(Switch):
    """Inside the block every tensor that an operation saves is given to ``pack_hook``, and what that returns is kept
    instead; when the backward pass needs the tensor, ``unpack_hook`` makes it of that again.

    The hooks see tensors outside the graph. What ``unpack_hook`` returns must have the shape and dtype of the original.
    An in-place write to a tensor that was packed is not noticed.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.graph.saved_tensors_hooks
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Tensor]) -> None:
        def pack(array: Any) -> Any:
            with no_grad():
                return _Packed(array.shape, array.dtype, pack_hook(make(array))) if hasattr(array, "dtype") else array

        def unpack(packed: Any) -> Any:
            if not isinstance(packed, _Packed):
                return packed
            with no_grad():
                tensor = unpack_hook(packed.value)
            if not isinstance(tensor, Tensor):
                raise TypeError(f"unpack_hook must return a Tensor, got {type(tensor).__name__}")
            if tensor.shape != packed.shape or tensor.dtype != packed.dtype:
                raise RuntimeError(
                    f"unpack_hook returned a {tensor.dtype} tensor of shape {tuple(tensor.shape)} for a {packed.dtype} "
                    f"tensor of shape {tuple(packed.shape)} that was saved: both must be equal"
                )
            return tensor._array

        super().__init__(saving=(pack, unpack))

    def __enter__(self) -> None:
        forbidden = fact("saving")
        if isinstance(forbidden, str):
            raise RuntimeError(forbidden)
        super().__enter__()


class disable_saved_tensors_hooks(Switch):
    """Inside the block ``saved_tensors_hooks`` raises RuntimeError with this message.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.graph.disable_saved_tensors_hooks
    """

    def __init__(self, error_message: str) -> None:
        super().__init__(saving=str(error_message))
