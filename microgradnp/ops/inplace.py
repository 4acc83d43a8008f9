"""Writing into a tensor: ``add_``, ``copy_``, ``t[index] = value`` and their kin.

Every in-place operation is its out-of-place form, whose result is then written over the tensor, which takes the
result's place in the graph. All checks come before memory changes, so a refused write leaves everything as it was; and
the old values are read before the new ones are written, so source and target may overlap.

A tensor that is a view is written through its base: the base becomes "what it was, except that the result stands at the
view's positions", and every view of it is given its place in the graph anew when it is next used. Positions are worked
out from memory addresses, so that it does not matter by which chain of operations the view was made.

Source: https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-operations-with-autograd
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import tensor as tensor_module
from ..autograd import memory
from ..autograd.hooks import move_retained
from ..autograd.inference import refuse_writing
from ..autograd.modes import enable_grad, recording
from ..autograd.node import Leaf, Node
from ..autograd.quiet import restore, silence
from ..tensor import Tensor, Unrecorded, edge_of, make, tensor_method, written_edge
from .call import lift
from .conversion import cast
from .indexing import ARRAYS, getitem, integers_first, plain_index, put_at
from .record import Array, composite, derivatives, operation
from .shape import reshape


def write(target: Tensor, name: str, compute: Callable[[Tensor], Any]) -> Tensor:
    """Overwrite ``target`` with ``compute(its old values)``, in memory and in the graph.

    Raises RuntimeError, before anything has changed, for a leaf that requires gradients (or a view of one) while
    operations are being recorded, for a view that was made while they were not, for memory in which elements overlap or
    that is read-only, and for a result of another shape or kind.
    """
    refuse_writing(target, name)
    check_recordable(target, name)
    _check_memory(target, name)
    before = _before(target)
    result = compute(before)
    if not isinstance(result, Tensor):
        result = make(np.asarray(result))
    result = _fitted(target, name, result)
    if recording.get() and (result._edge is not None or before._edge is not None or _has_base_in_graph(target)):
        if result._edge is None:
            result = overwrite(before, result)  # the old values have been replaced: no gradient reaches them
        if target._base is not None and target._seen.__class__ is Unrecorded:
            raise RuntimeError(
                f"{name}: {target._seen.origin} and is being modified inplace with grad mode enabled. Given "
                "that this use case is ambiguous and error-prone, it is forbidden: make the view and write to it both "
                "inside the no_grad block, or both outside; or write to a .clone() of it"
            )
        _take_place(target, result)
    target._array[...] = result._array
    memory.wrote(target._array, name)
    return target


def check_recordable(target: Tensor, name: str) -> None:
    """Raise RuntimeError if the write would be recorded and ``target`` is a leaf that requires gradients, or a view of
    one.
    """
    if not recording.get():
        return
    if isinstance(edge_of(target), Leaf):
        raise RuntimeError(
            f"{name}: a leaf Variable that requires grad is being used in an in-place operation. Write under "
            "no_grad(), or to a .clone() of it."
        )
    if target._base is not None and isinstance(edge_of(target._base), Leaf):
        raise RuntimeError(
            f"{name}: a view of a leaf Variable that requires grad is being used in an in-place operation. Write under "
            "no_grad(), or to a .clone() of it."
        )


def _has_base_in_graph(view: Tensor) -> bool:
    """Whether the memory is known to the graph, even where the view, made under ``no_grad``, is not."""
    return view._base is not None and edge_of(view._base) is not None


def _check_memory(target: Tensor, name: str) -> None:
    array = target._array
    if _overlaps(array):
        raise RuntimeError(
            f"{name}: unsupported operation: more than one element of the written-to tensor refers to a single memory "
            f"location. Please clone() the tensor before performing the operation."
        )
    if not array.flags.writeable:
        raise RuntimeError(f"{name}: the tensor's memory is read-only; clone() it before writing to it")


def _overlaps(array: np.ndarray) -> bool:
    """Whether two elements of an array share memory."""
    if array.flags.c_contiguous or array.size < 2:
        return False
    extent = array.itemsize
    for step, size in sorted((abs(step), size) for step, size in zip(array.strides, array.shape, strict=True)):
        if size > 1:
            if step < extent:  # it may be: the dimensions do not follow one upon another
                return len(np.unique(_addresses(array))) < array.size
            extent += step * (size - 1)
    return False


def _before(target: Tensor) -> Tensor:
    """The tensor as it is now, at its place in the graph, in memory that the write will not reach."""
    array = target._array
    return lift(np.copy(array) if recording.get() else array, edge_of(target))  # else nothing will keep it


def _fitted(target: Tensor, name: str, result: Tensor) -> Tensor:
    """The result in the dtype of its target. A float cannot become an integer, nor an integer a bool."""
    if result._array.shape != target._array.shape:
        raise RuntimeError(
            f"{name}: output with shape {tuple(target.shape)} doesn't match the broadcast shape {tuple(result.shape)}: "
            "an in-place operation cannot change the shape of its tensor"
        )
    if result.dtype == target.dtype:
        return result
    kinds = "biufc"
    if kinds.index(result.dtype.kind.replace("u", "i")) > kinds.index(target.dtype.kind.replace("u", "i")):
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
        give_edge(target, result._edge)
    else:
        flat = reshape(lift(base._array, edge_of(base)), (-1,))
        changed = put_at(flat, positions_in(base, target), result)
        _take_place(base, reshape(changed, base._array.shape))
        refresh(target)


def give_edge(tensor: Tensor, edge: Node | None) -> None:
    """Put a tensor at another place in the graph, where its views will follow it."""
    move_retained(tensor._edge, edge)
    tensor._edge = tensor._written = edge  # views of it compare this with what they saw


def refresh(view: Tensor) -> None:
    """Give a view its place in the graph anew, after its base has been written to: the base's elements at its
    positions.
    """
    base = view._base
    assert base is not None
    written = written_edge(base)
    if view._seen.__class__ is Unrecorded:
        if written is view._seen.edge or not recording.get():
            return
        raise RuntimeError(
            f"{view._seen.origin} and its base or another view of its base has been modified inplace with "
            "grad mode enabled. Given that this use case is ambiguous and error-prone, it is forbidden: make the view "
            "and write to its base both inside the no_grad block, or both outside"
        )
    with enable_grad():  # whoever looks: a view's place in the graph does not depend on the mode of the moment
        flat = reshape(lift(base._array, base._edge), (-1,))
        edge = getitem(flat, positions_in(base, view))._edge
    give_edge(view, edge)
    view._seen = written


# pyright sees the function tensor():
tensor_module._refresh = refresh  # pyright: ignore[reportFunctionMemberAccess]
tensor_module._take_place = _take_place  # pyright: ignore[reportFunctionMemberAccess]


def positions_in(base: Tensor, view: Tensor) -> np.ndarray:
    """For each element of ``view`` its position among the elements of ``base``, counted in C order."""
    wanted = _addresses(view._array)
    if base._array.flags.c_contiguous:
        found, beside = np.divmod(wanted - memory.address_of(base._array), base._array.itemsize)
        inside = not beside.any() and (not found.size or (found.min() >= 0 and found.max() < base._array.size))
    else:
        known = _addresses(base._array).reshape(-1)
        order = np.argsort(known, kind="stable")
        found = order[np.searchsorted(known, wanted, sorter=order).clip(max=len(known) - 1)] if len(known) else wanted
        inside = np.array_equal(known[found], wanted)
    if not inside:
        raise RuntimeError("a view no longer looks into the memory of its base, whose .data was replaced; make it anew")
    return found


def _addresses(array: np.ndarray) -> np.ndarray:
    """The memory address of every element, in an array of the same shape."""
    addresses = np.full(array.shape, memory.address_of(array), np.int64)
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
def copy_(self: Array, src: Array | float, non_blocking: bool = False) -> Array:
    """Take over the values of ``src``, broadcast and converted; the gradient goes to ``src``.

    There is one device, and so ``non_blocking`` changes nothing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.copy_.html
    """
    return _assign(self, "copy_", src)


def _assign(target: Tensor, name: str, value: Any) -> Tensor:
    """Write a number, or a tensor broadcast, converted to the target's dtype whatever that is."""
    if not isinstance(value, Tensor):
        number = as_element(value, target.dtype, name)
        return write(target, name, lambda before: make(np.full(before._array.shape, number)))
    source = value.to(target.dtype)
    return write(target, name, lambda before: overwrite(before, source))


def as_element(value: Any, dtype: np.dtype[Any], name: str) -> np.ndarray:
    """A Python number as an element of a tensor: truncated for integers.

    Raises TypeError for anything else, RuntimeError for a number that the dtype cannot hold.
    """
    if not isinstance(value, (bool, int, float, np.generic)):
        raise TypeError(f"{name}: expected a number or a Tensor, got {type(value).__name__}")
    number = value.item() if isinstance(value, np.generic) else value
    loud = silence()
    try:
        whole = int(number) if dtype.kind in "iu" else number  # an error for nan and infinity
        negative = dtype.kind == "u" and isinstance(whole, int) and whole < 0  # PyTorch wraps these
        element = np.array(whole, np.int64).astype(dtype) if negative else np.array(whole, dtype)
    except (OverflowError, ValueError):
        element = np.array(np.inf)
    finally:
        restore(loud)
    if np.isinf(element) and not (isinstance(number, float) and np.isinf(number) and dtype.kind == "f"):
        raise RuntimeError(f"{name}: value {value} cannot be converted to type {dtype} without overflow")
    return element


@composite(methods=("fill_",), public=("fill_",))
def fill_(self: Array, value: Any) -> Array:
    """Set every element to one number, or to that of a 0-d tensor, which the gradient then goes to.

    The tensor may be expanded: its memory is set once.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.fill_.html
    """
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions.")
    _assign(_once(self), "fill_", value)
    return self


@composite(methods=("zero_",), public=("zero_",))
def zero_(self: Array) -> Array:
    """Set every element to 0; the tensor may be expanded.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.zero_.html
    """
    _assign(_once(self), "zero_", 0)
    return self


def _once(tensor: Tensor) -> Tensor:
    """A view in which what was expanded is there once; the tensor itself if nothing was."""
    repeated = [step == 0 and size > 1 for step, size in zip(tensor.stride(), tensor.shape, strict=True)]
    if not any(repeated):
        return tensor
    return getitem(tensor, tuple([slice(0, 1) if again else slice(None) for again in repeated]))


@tensor_method
def __setitem__(self: Tensor, index: Any, value: Any) -> None:
    """``t[index] = value``: a number, or a tensor or array that broadcasts to ``t[index]``.

    Raises RuntimeError, besides what ``write`` does, when an index of arrays meets a tensor of another dtype.
    """
    plain = plain_index(index)
    if two := integers_first(plain, self.ndim):
        getitem(self, two[0])[two[1]] = value  # through a view
        return
    arrays = [item for item in plain if item.__class__ in ARRAYS]
    if isinstance(value, Tensor):
        _check_dtypes(self, arrays, value)
    elif isinstance(value, np.ndarray):
        value = make(np.array(value, self.dtype))  # a copy, as of any array beside a tensor
    else:
        value = make(as_element(value, self.dtype, "__setitem__"))
    source = value.to(self.dtype)
    recorded = recording.get() and (edge_of(self) is not None or edge_of(source) is not None)
    if arrays or (recorded and not _overlaps(self._array)):
        shown = np.broadcast_to(np.empty((), bool), self._array.shape)[plain]
        write(self, "__setitem__", lambda before: put_at(before, plain, _without_ones(source, shown)))
    else:
        view = getitem(self, plain)  # so that only what it shows is copied
        write(view, "__setitem__", lambda before: overwrite(before, _without_ones(source, before)))


def _without_ones(source: Tensor, target: Any) -> Tensor:
    """The source without leading dimensions of size 1 that the target does not have."""
    extra = source.ndim - target.ndim
    if extra > 0 and source.shape[:extra] == (1,) * extra:
        return reshape(source, tuple(source.shape[extra:]))
    return source


def _check_dtypes(target: Tensor, arrays: list[Any], value: Tensor) -> None:
    """PyTorch converts what it copies into a view, or one number to where a mask is, and nothing else."""
    one_number = value.numel() == 1 and all(item.__class__ is bool or item.dtype.kind == "b" for item in arrays)
    if arrays and not one_number and value.dtype != target.dtype:
        raise RuntimeError(
            f"__setitem__: Index put requires the source and destination dtypes match, got {target.dtype} for the "
            f"destination and {value.dtype} for the source: convert it with .to({target.dtype})"
        )
