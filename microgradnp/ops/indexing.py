"""Reading elements by index, and the operations by which all writing of elements is made.

``getitem`` and ``add_at`` are each other's transposes, as are ``take_along_dim`` and ``scatter_along_dim``; ``put_at``
is a copy in which some elements are others. Everything that gathers or scatters is made of these.
"""

from __future__ import annotations

import math
import warnings
from operator import index as as_int
from typing import Any

import numpy as np

from ..tensor import Tensor, array_from
from .record import Array, Index, c_order, composite, derivatives, operation

PLAIN = frozenset((int, bool, type(None), type(Ellipsis)))  # what NumPy and PyTorch take alike
ARRAYS: set[type] = {np.ndarray, bool}  # what makes the result a copy; the compiler adds its arrays


# From PyTorch's index to NumPy's


def plain_index(index: Any) -> tuple[Any, ...]:
    """An index as NumPy takes it: tensors and sequences become arrays, whole-number tensors of 0-d become ints.

    It ends in an Ellipsis if it has none, for then NumPy's ``array[0]`` is a 0-d view and not a scalar that is a copy.
    """
    if index.__class__ is int:
        return (index, ...)
    given = index if isinstance(index, tuple) else _as_tuple(index)
    items = tuple([item if item.__class__ in PLAIN else _plain_item(item) for item in given])
    dots = [i for i, item in enumerate(items) if item is Ellipsis]
    if not dots:
        return (*items, ...)
    return items if len(dots) == 1 else tuple(item for i, item in enumerate(items) if i not in dots[1:])


def _as_tuple(index: Any) -> tuple[Any, ...]:
    """The items of an index that is no tuple: itself, or those of a list that holds more than numbers."""
    if not isinstance(index, (list, range)) or len(index) >= 32 or not any(map(_is_no_number, index)):
        return (index,)
    text = (
        "Using a non-tuple sequence for multidimensional indexing is deprecated: use x[tuple(seq)] for what this does"
    )
    warnings.warn(f"{text}, or x[microgradnp.tensor(seq)].", UserWarning, stacklevel=5)
    return tuple(index)


def _is_no_number(item: Any) -> bool:
    return item is None or item is Ellipsis or isinstance(item, (list, tuple, range, slice, Tensor))


def _plain_item(item: Any) -> Any:
    if isinstance(item, slice):
        return _plain_slice(item)
    if isinstance(item, Tensor) or _is_array(item):  # a copy: it may be written to before the backward pass needs it
        item = _plain_array(np.copy(item._array if isinstance(item, Tensor) else item))
        return item.item() if item.ndim == 0 else item
    if isinstance(item, (list, tuple, range)):
        array = array_from(list(item), None if len(item) else np.int64)
        return array.astype(np.int64) if array.dtype.kind == "f" else _plain_array(array)
    if isinstance(item, np.bool_):
        return bool(item)
    if isinstance(item, str):
        raise TypeError(f"a tensor cannot be indexed by the text {item!r}")
    try:
        return as_int(item)
    except TypeError:
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and int64, int32 or bool Tensors are valid indices "
            f"(got {type(item).__name__})"
        ) from None


def _plain_slice(item: slice) -> slice:
    start, stop, step = (part if part is None else as_int(part) for part in (item.start, item.stop, item.step))
    if step is not None and step <= 0:
        raise ValueError(f"slice step must be greater than zero, got {step}: use flip() for the reverse order")
    return slice(start, stop, step)


def _plain_array(array: Any) -> Any:
    if array.dtype == np.uint8:
        if array.ndim:
            text = "indexing with dtype uint8 is deprecated, please use a dtype bool instead: it counts as a mask"
            warnings.warn(text, UserWarning, stacklevel=5)
        return array.astype(bool)
    if array.dtype.name not in ("int64", "int32", "bool"):
        raise IndexError(f"tensors used as indices must be long, int, byte or bool tensors, got {array.dtype}")
    return array


def in_two_steps(index: tuple[Any, ...], ndim: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What ``plain_index`` gives as PyTorch reads it: one index after the other, the second of arrays and full slices.

    PyTorch applies integers, slices and None first, and arrays to what is then left; NumPy takes integers and arrays
    together, and so moves the result's dimensions elsewhere when something stands between them.
    """
    first: list[Any] = []
    second: list[Any] = []
    for item in index:
        if item is Ellipsis:
            rest = ndim - sum(map(_consumed, index))
            first += [slice(None)] * rest
            second += [slice(None)] * rest
        elif _is_array(item):
            first += [slice(None)] * _consumed(item)
            second.append(item)
        elif item is True or item is False:
            first.append(None)
            second.append(np.zeros(int(item), np.int64))
        else:
            first.append(item)
            if not _is_integer(item):
                second.append(slice(None))
    return (*first, ...), tuple(second)


def _consumed(item: Any) -> int:
    """How many dimensions of the tensor an item of an index stands for."""
    if _is_array(item):
        return item.ndim if item.dtype.kind == "b" else 1
    return 0 if item is None or item is Ellipsis or item.__class__ is bool else 1


def integers_first(index: tuple[Any, ...], ndim: int) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
    """``in_two_steps`` where NumPy would read the whole index otherwise than PyTorch; else None."""
    special = [i for i, item in enumerate(index) if item.__class__ in ARRAYS or _is_integer(item)]
    kinds = {index[i].__class__ for i in special}
    if not kinds & ARRAYS:
        return None
    between = index[special[0] : special[-1] + 1]
    if bool not in kinds and kinds <= ARRAYS and not any(item is Ellipsis for item in between):
        return None  # arrays alone: both put their dimensions in front when something stands between them
    if bool not in kinds and len(between) == len(special):
        return None
    return in_two_steps(index, ndim)


def _is_array(item: Any) -> bool:
    return item.__class__ in ARRAYS and item.__class__ is not bool


def _is_integer(item: Any) -> bool:
    return isinstance(item, (int, np.integer)) and not isinstance(item, bool)


# Reading and its transpose


def _is_view(index: Any) -> bool:
    return not any(item.__class__ in ARRAYS for item in (index if isinstance(index, tuple) else (index,)))


def _takes_once(index: Any) -> bool:
    """Whether every element is taken at most once, as far as the types tell: no arrays of integers in the index."""
    items = index if isinstance(index, tuple) else (index,)
    return not any(_is_array(item) and item.dtype.kind in "iu" and item.ndim for item in items)


def _indexings(make: Any) -> list[tuple[Any, ...]]:
    repeated = np.array([0, 2, 0])
    mask = np.array([True, False, True])
    return [
        (make(3, 4), 1),
        (make(3, 4), (slice(None), slice(0, 4, 2))),
        (make(3, 4), (..., None, slice(None, None, -1))),
        (make(3, 4), repeated),
        (make(3, 4), (repeated, repeated)),
        (make(2, 4), (slice(None), repeated)),
        (make(3, 4), mask),
        (make(0, 3), slice(0, 2)),
    ]


# Rules that come back to their own operation are functions with a result type, or type checkers would go in circles.


def _picked(g, index) -> Any:
    return getitem(g, index)


def _cleared(g, index) -> Any:
    return put_at(g, index, 0.0)


def _picked_along_dim(g, indices, dim) -> Any:
    return take_along_dim(g, indices, dim)


@operation(public=(), view=True, samples=_indexings)
@derivatives(input=lambda g, index, input_shape: add_at(g, index, input_shape))
def getitem(input: Array, index: Any) -> Array:
    """``input[index]`` with NumPy's indices: a view for slices and integers, a copy in C order for arrays."""
    return input[index] if _is_view(index) else c_order(input[index])


@operation(
    public=(), opaque=True,
    samples=lambda make: [
        (make(4), 1, (3, 4)), (make(3), np.array([0, 2, 0]), (4,)), (make(3, 2), np.array([1, 1, -1]), (3, 2)),
        (make(2, 3), (slice(None), np.array([0, 2, 0])), (2, 4)),
    ],
)  # fmt: skip
@derivatives(input=_picked)
def add_at(input: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape`` with ``input`` added at ``[index]``, repeatedly where it repeats: ``getitem`` transposed."""
    if _takes_once(index):
        out = np.zeros(shape, input.dtype)
        out[index] = input
        return out
    places = places_of(index, shape)
    return added_up(places, np.broadcast_to(input, places.shape), shape)


def added_up(places: np.ndarray, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros of ``shape`` with the values added at these places, counted in C order."""
    # Flat, np.add.at is 2 to 40 times as fast as on rows, and faster than sorting and np.add.reduceat.
    out = np.zeros(math.prod(shape), np.float32 if values.dtype == np.float16 else values.dtype)
    np.add.at(out, places.reshape(-1), values.reshape(-1).astype(out.dtype, copy=False))
    return out.reshape(shape).astype(values.dtype, copy=False)


def places_of(index: Any, shape: tuple[int, ...]) -> np.ndarray:
    """For each element of ``array[index]`` its place in an array of this shape, counted in C order."""
    items = index if isinstance(index, tuple) else (index,)
    items = items[:-1] if items[-1] is Ellipsis else items
    before = next((i for i, item in enumerate(items) if item.__class__ is not slice or item != slice(None)), 0)
    arrays = items[before:]
    if not all(_is_integer(item) or (isinstance(item, np.ndarray) and item.dtype.kind == "i") for item in arrays):
        return np.arange(math.prod(shape)).reshape(shape)[index]
    after = before + len(arrays)  # arrays side by side: no array of all places is needed
    places: Any = 0
    for i, item in enumerate(arrays, before):
        array, step = from_the_front(np.asarray(item, np.int64), shape[i]), math.prod(shape[i + 1 :])
        places = places + (array if step == 1 else array * step)
    rest, row = math.prod(shape[after:]), math.prod(shape[before:])
    if rest != 1:
        places = np.add.outer(places, np.arange(rest))
    if before:
        places = (
            np.add.outer(np.arange(0, math.prod(shape[:before]) * row, row), places) if row else np.zeros(0, np.int64)
        )
    taken = np.broadcast_shapes(*(np.shape(item) for item in arrays))
    return np.asarray(places).reshape(*shape[:before], *taken, *shape[after:])


def from_the_front(places: np.ndarray, size: int) -> np.ndarray:
    """Indices along a dimension of this size without negative ones."""
    return np.where(places < 0, places + size, places) if places.size and places.min() < 0 else places


@operation(
    public=(), opaque=True, numbers=True, label="index_put",
    samples=lambda make: [(make(3, 4), 1, make(4)), (make(3), np.array([0, 2]), make())],
)  # fmt: skip
@derivatives(input=_cleared, values=_picked)
def put_at(input: Array, index: Any, values: Array) -> Array:
    """A copy of ``input`` in which ``values``, broadcast, stand at ``[index]``."""
    out = np.array(input, order="C")
    out[index] = values
    return out


@composite(methods=("__getitem__",))
def _getitem_method(input: Array, index: Any) -> Array:
    """``t[index]``: integers, slices, None, Ellipsis, bool and integer tensors, and tuples of them.

    Integers, slices and None are applied first, and give a view; arrays of integers and masks are applied to that, and
    give a copy. Where several arrays stand side by side their common dimensions take their place, else the front.

    Source: https://docs.pytorch.org/cppdocs/notes/tensor_indexing.html
    """
    plain = plain_index(index)
    try:
        for item in plain:
            if item.__class__ in ARRAYS:
                return _read_arrays(input, plain)
        return getitem(input, plain)
    except IndexError as error:
        raise explained_index(plain, tuple(input.shape), error) from None


def _read_arrays(input: Tensor, index: tuple[Any, ...]) -> Tensor:
    if len(index) == 2 and _is_array(index[0]):  # and an Ellipsis: x[k], x[mask]
        return getitem(input, index)
    first, second = in_two_steps(index, input.ndim)
    plain = all(item.__class__ is slice and item == slice(None) for item in first[:-1])
    return getitem(input if plain else getitem(input, first), second)


def explained_index(index: tuple[Any, ...], shape: tuple[int, ...], error: IndexError) -> IndexError:
    """NumPy's error for an index, as ``plain_index`` gives it, in words of tensors: which item is wrong, and why."""
    if sum(map(_consumed, index)) > len(shape):
        return IndexError(f"too many indices for tensor of dimension {len(shape)}: its shape is {shape}")
    dim = 0
    for position, item in enumerate(index):
        if item is Ellipsis:
            dim = len(shape) - sum(map(_consumed, index[position + 1 :]))
        elif isinstance(item, np.ndarray) and item.dtype.kind == "b":
            own = shape[dim : dim + item.ndim]
            if item.shape != own:
                return IndexError(
                    f"The shape of the mask {list(item.shape)} does not match the shape {list(shape)} of the indexed "
                    f"tensor, from dimension {dim} on"
                )
        elif _is_integer(item) or isinstance(item, np.ndarray):
            places = np.asarray(item)
            wrong = places[(places < -shape[dim]) | (places >= shape[dim])]
            if wrong.size:
                return IndexError(
                    f"index {wrong.flat[0]} is out of bounds for dimension {dim} with size {shape[dim]}: the tensor's "
                    f"shape is {shape}"
                )
        dim += _consumed(item)
    return IndexError(str(error).replace("indexing arrays", "indexing tensors"))


# Along one dimension, an index for every element


def place_along_dim(indices: Any, dim: int, shape: tuple[int, ...], taken: tuple[int, ...]) -> tuple[Any, ...]:
    """The full index of what ``take_along_dim`` takes from an array of ``shape`` for a result of shape ``taken``.

    It is ``indices`` along ``dim``, and its own position along every other dimension, or 0 where that was broadcast.
    """
    grid: list[Any] = list(np.ogrid[tuple(slice(size) for size in taken)])
    grid = [0 if size == 1 and places.size != 1 else places for places, size in zip(grid, shape, strict=True)]
    grid[dim] = indices
    return tuple(grid)


@operation(
    methods=("take_along_dim",), out=True,
    samples=lambda make: [
        (make(3, 4), np.array([[0], [3], [1]]), 1),
        (make(3, 2), np.array([[2, 0], [2, 1]]), 0),
        (make(3, 2), np.array([[2], [0], [2]]), 0),
        (make(1, 4), np.array([[3, 3], [0, 1]]), -1),
        (make(2, 3), np.array([5, 0, 5]), None),
    ],
)  # fmt: skip
@derivatives(input=lambda g, indices, dim, input_shape: scatter_along_dim(g, indices, dim, input_shape))
def take_along_dim(input: Array, indices: Index, dim: int | None = None) -> Array:
    """The elements of ``input`` at ``indices`` along ``dim``, or of all; the other dimensions are broadcast.

    Raises RuntimeError for indices that are not int64, or of another number of dimensions; IndexError out of bounds.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.take_along_dim.html
    """
    if indices.dtype != np.int64:
        raise RuntimeError(f"take_along_dim: dtype of indices should be int64 but got {indices.dtype}")
    if dim is not None and indices.ndim != input.ndim:
        raise RuntimeError(
            f"take_along_dim: input and indices should have the same number of dimensions, got {input.ndim} and "
            f"{indices.ndim}"
        )
    try:
        return np.take_along_axis(input, indices, axis=dim)
    except IndexError as error:
        if "out of bounds" in str(error):
            raise IndexError(f"take_along_dim: {error}; the input has shape {tuple(input.shape)}") from None
        raise RuntimeError(
            f"take_along_dim: indices of shape {tuple(indices.shape)} do not broadcast against an input of shape "
            f"{tuple(input.shape)}: but for dimension {dim}, sizes must be equal, or 1"
        ) from None


@operation(
    public=(), opaque=True,
    samples=lambda make: [
        (make(3, 1), np.array([[0], [3], [1]]), 1, (3, 4)),
        (make(3, 2), np.array([[2], [0], [2]]), 0, (3, 2)),
        (make(2, 2), np.array([[3, 3], [0, 1]]), -1, (1, 4)),
        (make(3), np.array([5, 0, 5]), None, (2, 3)),
    ],
)  # fmt: skip
@derivatives(input=_picked_along_dim)
def scatter_along_dim(input: Array, indices: Index, dim: int | None, shape: tuple[int, ...]) -> Array:
    """Zeros of ``shape`` with ``input`` added at ``indices`` along ``dim``: the transpose of ``take_along_dim``."""
    if dim is None:
        return added_up(from_the_front(indices, math.prod(shape)), input, shape)
    index = place_along_dim(from_the_front(indices, shape[dim]), dim % len(shape), shape, input.shape)
    if input.shape[dim] == 1 and not any(item.__class__ is int for item in index):  # one each, as of a maximum
        out = np.zeros(shape, input.dtype)
        out[index] = input
        return out
    return added_up(np.broadcast_to(places_of(index, shape), input.shape), input, shape)
