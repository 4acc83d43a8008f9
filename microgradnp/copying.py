"""Copies of tensors: ``copy.copy``, ``copy.deepcopy``, pickle. What is copied is a leaf: graphs are not copied.

Tensors that share memory and are copied together (in one ``deepcopy``, in one pickle) share memory again: the block of
memory is what is copied, and each tensor is laid into the copy as it lay in the original.
"""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

import numpy as np

from .autograd.memory import owner_of
from .tensor import Tensor, make


def shallow_copy(tensor: Any) -> Any:
    """Another leaf on the same memory, with the same attributes, and a gradient of its own."""
    warn_of_hooks(tensor)
    return rebuild(type(tensor), tensor._array, tensor.requires_grad, tensor.__dict__)


def deep_copy(tensor: Any, memo: dict[int, Any]) -> Any:
    """A leaf with memory of its own and a copy of the gradient; hooks stay behind."""
    if not tensor.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment: "
            "use .detach().clone(), or .clone() to stay in the graph"
        )
    out = memo[id(tensor)] = make(_copied(tensor._array, memo), type(tensor)).requires_grad_(tensor.requires_grad)
    out._grad = deepcopy(tensor._grad, memo)
    out.__dict__.update(deepcopy(tensor.__dict__, memo))
    return out


def reduced(tensor: Any) -> tuple[Any, ...]:
    """For pickle: the class, the memory, whether gradients are wanted, and the attributes; no gradient, no hooks."""
    warn_of_hooks(tensor)
    layout = _layout(tensor._array)
    if layout is None:
        return rebuild, (type(tensor), tensor._array, tensor.requires_grad, tensor.__dict__)
    owner, *place = layout
    return rebuild, (type(tensor), owner, tensor.requires_grad, tensor.__dict__, place)


def rebuild(cls: type[Tensor], array: Any, requires_grad: bool, attributes: dict[str, Any], place: Any = None) -> Any:
    """The tensor of a pickle; ``place`` says where in the memory of ``array`` it lies, if it is not the whole."""
    out = make(array if place is None else _laid_into(array, *place), cls).requires_grad_(requires_grad)
    out.__dict__.update(attributes)
    return out


def _copied(array: Any, memo: dict[int, Any]) -> Any:
    layout = _layout(array)
    if layout is None:
        return deepcopy(array, memo)
    owner, *place = layout
    return _laid_into(deepcopy(owner, memo), *place)


def _layout(array: Any) -> tuple[Any, ...] | None:
    """For an array that looks into another's memory: that one, and shape, dtype, offset and strides in it.

    None for an array of its own, or whose memory is not in one known order.
    """
    owner = owner_of(array)
    if owner is array or type(owner) is not np.ndarray or not (owner.flags.c_contiguous or owner.flags.f_contiguous):
        return None
    offset = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    return owner, array.shape, array.dtype, offset, array.strides


def _laid_into(owner: Any, shape: tuple[int, ...], dtype: Any, offset: int, strides: tuple[int, ...]) -> Any:
    memory = owner if owner.flags.c_contiguous else owner.T
    return np.ndarray(shape, dtype, memory, offset, strides)


def warn_of_hooks(tensor: Tensor) -> None:
    hooks = getattr(tensor._edge, "hooks", None)
    for hook in hooks.tensor.values() if hooks is not None and tensor.is_leaf else ():
        warnings.warn(
            f"backward hook {hook!r} on tensor will not be serialized: register it again on the copy", stacklevel=4
        )
