"""Writing into a tensor: ``add_``, ``copy_``, ``t[index] = value`` and their kin.

Every in-place operation is its out-of-place form, whose result is then written over the tensor, which takes the
result's place in the graph. All checks come before memory changes, so a refused write leaves everything as it was.

A tensor that is a view is written through its base: the base becomes "what it was, except that the result stands at the
view's positions", and every view of it is given its place in the graph anew when it is next used. Positions are worked
out from memory addresses, so that it does not matter by which chain of operations the view was made.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-operations-with-autograd
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import random as rng
from .. import tensor as tensor_module
from ..autograd import memory
from ..autograd.backward import move_retained
from ..autograd.modes import enable_grad, recording
from ..autograd.node import Leaf, Node
from ..tensor import Tensor, edge_of, make, tensor_method, written_edge
from .call import lift
from .conversion import cast
from .indexing import getitem, index_put, integers_first, plain_index
from .record import Array, composite, derivatives, operation
from .shape import reshape


def write(target: Tensor, name: str, compute: Callable[[Tensor], Any]) -> Tensor:
    """Overwrite ``target`` with ``compute(its old values)``, in memory and in the graph.

    Raises RuntimeError, before anything has changed, for a leaf that requires gradients (or a view of one) while
    operations are being recorded, for memory in which elements overlap, and for a result of another shape or kind.
    """
    _check_writable(target, name)
    before = _before(target)
    result = compute(before)
    if not isinstance(result, Tensor):
        result = make(np.asarray(result))
    result = _fitted(target, name, result)
    if recording.get() and (result._edge is not None or before._edge is not None):
        if result._edge is None:
            result = overwrite(before, result)  # the old values have been replaced: no gradient reaches them
        _take_place(target, result)
    target._array[...] = result._array
    memory.wrote(target._array, name)
    return target


def _check_writable(target: Tensor, name: str) -> None:
    if recording.get():
        edge = edge_of(target)
        if isinstance(edge, Leaf):
            raise RuntimeError(
                f"{name}: a leaf Variable that requires grad is being used in an in-place operation. Write under "
                "no_grad(), or to a .clone() of it."
            )
        if target._base is not None and isinstance(target._base._edge, Leaf):
            raise RuntimeError(
                f"{name}: a view of a leaf Variable that requires grad is being used in an in-place operation. Write "
                "under no_grad(), or to a .clone() of it."
            )
    array = target._array
    if (
        isinstance(array, np.ndarray)
        and array.size
        and any(step == 0 and size > 1 for step, size in zip(array.strides, array.shape, strict=True))
    ):
        raise RuntimeError(
            f"{name}: unsupported operation: more than one element of the written-to tensor refers to a single memory "
            f"location. Please clone() the tensor before performing the operation."
        )
    if isinstance(array, np.ndarray) and not array.flags.writeable:
        raise RuntimeError(f"{name}: the tensor's memory is read-only; clone() it before writing to it")


def _before(target: Tensor) -> Tensor:
    """The tensor as it is now, at its place in the graph, in memory that the write will not reach."""
    return lift(np.array(target._array) if isinstance(target._array, np.ndarray) else target._array, edge_of(target))


def _fitted(target: Tensor, name: str, result: Tensor) -> Tensor:
    if result._array.shape != target._array.shape:
        raise RuntimeError(
            f"{name}: output with shape {tuple(target.shape)} doesn't match the broadcast shape {tuple(result.shape)}: "
            "an in-place operation cannot change the shape of its tensor"
        )
    if result.dtype == target.dtype:
        return result
    if not np.can_cast(result.dtype, target.dtype, "same_kind"):
        raise RuntimeError(
            f"{name}: result type {result.dtype} can't be cast to the desired output type {target.dtype}"
        )
    return cast(result, target.dtype) if target.dtype.kind == "f" else make(result._array.astype(target.dtype))


def _take_place(target: Tensor, result: Tensor) -> None:
    """Give ``target`` the edge of ``result``; if it is a view, give its base the edge that says what was written
    where.
    """
    base = target._base
    if base is None:
        _give_edge(target, result._edge)
    else:
        flat = reshape(lift(base._array, base._edge), (-1,))
        changed = index_put(flat, positions_in(base, target), result)
        _give_edge(base, reshape(changed, base._array.shape)._edge)
        refresh(target)


def _give_edge(tensor: Tensor, edge: Node | None) -> None:
    move_retained(tensor._edge, edge)
    tensor._edge = tensor._written = edge  # views of it compare this with what they saw


def refresh(view: Tensor) -> None:
    """Give a view its place in the graph anew, after its base has been written to: the base's elements at its
    positions.
    """
    base = view._base
    assert base is not None
    with enable_grad():  # whoever looks: a view's place in the graph does not depend on the mode of the moment
        flat = reshape(lift(base._array, base._edge), (-1,))
        edge = getitem(flat, positions_in(base, view))._edge
    move_retained(view._edge, edge)
    view._edge, view._seen = edge, written_edge(base)


tensor_module._refresh = refresh  # pyright: ignore[reportFunctionMemberAccess]  # it sees the function tensor()


def positions_in(base: Tensor, view: Tensor) -> np.ndarray:
    """For each element of ``view`` its position among the elements of ``base``, counted in C order."""
    wanted, known = _addresses(view._array), _addresses(base._array).reshape(-1)
    order = np.argsort(known, kind="stable")
    found = order[np.searchsorted(known, wanted, sorter=order).clip(max=len(known) - 1)] if len(known) else wanted
    if not np.array_equal(known[found], wanted):
        raise RuntimeError("a view no longer looks into the memory of its base, whose .data was replaced; make it anew")
    return found


def _addresses(array: np.ndarray) -> np.ndarray:
    """The memory address of every element, in an array of the same shape."""
    addresses = np.full(array.shape, array.__array_interface__["data"][0], np.int64)
    for axis, (size, step) in enumerate(zip(array.shape, array.strides, strict=True)):
        addresses += (np.arange(size) * step).reshape((-1,) + (1,) * (array.ndim - axis - 1))
    return addresses


@operation(public=(), samples=lambda make: [(make(3, 4), make(3, 4)), (make(3, 4), make(4)), (make(2), make())])
@derivatives(input=lambda g: np.zeros_like(g), other=lambda g: g)
def overwrite(input: Array, other: Array) -> Array:
    """The values of ``other``, broadcast to the shape of ``input``, which they replace."""
    return np.where(True, other, input)


# The methods


@composite(methods=("copy_",), public=())
def copy_(self: Array, src: Array) -> Array:
    """Take over the values of ``src``, broadcast and converted; the gradient goes to ``src``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
    """
    source = src.to(self.dtype) if isinstance(src, Tensor) else src
    return write(self, "copy_", lambda before: overwrite(before, source))


@composite(methods=("fill_",), public=("fill_",))
def fill_(self: Array, value: Any) -> Array:
    """Set every element to one number.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.fill_.html
    """
    if isinstance(value, Tensor):
        return copy_(self, value)
    return write(self, "fill_", lambda before: make(np.full(before._array.shape, value, before._array.dtype)))


@composite(methods=("zero_",), public=("zero_",))
def zero_(self: Array) -> Array:
    """Set every element to 0. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.zero_.html"""
    return write(self, "zero_", lambda before: make(np.zeros_like(before._array)))


@composite(methods=("uniform_",), public=())
def uniform_(self: Array, from_: float = 0, to: float = 1, *, generator: rng.Generator | None = None) -> Array:
    """Fill with uniform random numbers from [from_, to).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.uniform_.html
    """
    source = rng.default_generator if generator is None else generator
    return write(
        self, "uniform_", lambda before: make(source.uniform(before._array.shape, from_, to, before._array.dtype))
    )


@composite(methods=("normal_",), public=())
def normal_(self: Array, mean: float = 0, std: float = 1, *, generator: rng.Generator | None = None) -> Array:
    """Fill with random numbers from the normal distribution.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.normal_.html
    """
    source = rng.default_generator if generator is None else generator
    return write(
        self, "normal_", lambda before: make(source.normal(before._array.shape, mean, std, before._array.dtype))
    )


@tensor_method
def __setitem__(self: Tensor, index: Any, value: Any) -> None:
    plain = plain_index(index)
    if two := integers_first(plain):
        getitem(self, two[0])[two[1]] = value  # through a view
        return
    value = value if isinstance(value, Tensor) else make(np.asarray(value, self.dtype))
    write(self, "__setitem__", lambda before: index_put(before, plain, value))
