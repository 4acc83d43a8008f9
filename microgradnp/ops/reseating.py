"""In-place forms that change how a tensor looks at memory, and no value: ``t_``, ``unsqueeze_``, ``resize_``, ``set_``.

The tensor is given the array of the view that the out-of-place form makes, and that view's place in the graph. Other
views of the same memory keep their shapes: their positions in it are worked out from addresses (``inplace.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd import memory
from ..autograd.hooks import move_retained
from ..autograd.modes import enable_grad
from ..autograd.node import Leaf
from ..tensor import Tensor, edge_of
from .inplace import check_recordable
from .record import Array, composite
from .shape import shape_from


def reseat(target: Tensor, name: str, look: Callable[[Tensor], Tensor]) -> Tensor:
    """Make ``target`` what ``look``, which gives a view of it, would have returned.

    Under ``no_grad`` too it is recorded: the graph must know the shape of its gradients. A leaf that requires gradients
    stays one, with the new shape; graphs made before still know the old one, and give it no gradient any more.
    """
    check_recordable(target, name)
    edge = edge_of(target)
    with enable_grad():
        view = look(target)
    if view is target:
        return target
    if view._base is not target and view._base is not target._base:
        raise RuntimeError(f"{name}: the elements do not lie in memory in an order that allows it; use .clone() first")
    target._array = view._array
    if edge is not None and not isinstance(edge, Leaf):
        move_retained(edge, view._edge)
        target._edge = view._edge  # its own views need not follow: no value has changed
    forget_shape(target)
    return target


def forget_shape(tensor: Tensor) -> None:
    """Drop what was made for the tensor's former shape, and count the change as a write."""
    tensor._renew_leaf()
    if hasattr(tensor, "_constant"):
        del tensor._constant
    memory.writes_to(tensor._array).count += 1


@composite(methods=("resize_",), public=())
def resize_(self: Array, *sizes: Any) -> Array:
    """Give the tensor another shape, in place, with the elements of its memory in their order.

    More elements than it has need new memory, which its views do not share; the new elements are 0.

    Raises RuntimeError for a tensor that requires gradients.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.resize_.html
    """
    shape = shape_from(sizes)
    if any(size < 0 for size in shape):
        raise RuntimeError(f"resize_: sizes must be non-negative, got {shape}")
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad: use .reshape(), or .detach() it first")
    count, array = math.prod(shape), self._array
    order = sorted(range(array.ndim), key=lambda i: -array.strides[i])
    flat = array.transpose(order).reshape(-1)
    if count > array.size or not np.shares_memory(flat, array):
        if self._base is not None:
            raise RuntimeError(
                f"resize_: a view of {array.size} elements cannot be given the shape {shape}; clone() it"
            )
        flat = np.concatenate([flat, np.zeros(max(0, count - flat.size), array.dtype)])
    self._array = flat[:count].reshape(shape)
    forget_shape(self)
    return self


@composite(methods=("resize_as_",), public=())
def resize_as_(self: Array, the_template: Array) -> Array:
    """``resize_`` to the shape of another tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.resize_as_.html
    """
    return resize_(self, tuple(the_template.shape))


@composite(methods=("set_",), public=())
def set_(self: Array, source: Array) -> Array:
    """Look into the memory of another tensor from now on, with its shape and strides.

    Raises RuntimeError for a tensor that requires gradients, or is a view, and for a source of another dtype.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.set_.html
    """
    check_recordable(self, "set_")
    if self.requires_grad or source.requires_grad or self._base is not None:
        raise RuntimeError("set_: neither tensor may require gradients, and the first may be no view: use .detach()")
    if source.dtype != self.dtype:
        raise RuntimeError(f"set_: expected a source of dtype {self.dtype}, got {source.dtype}")
    self._array = source._array
    forget_shape(self)
    return self
