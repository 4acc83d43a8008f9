"""Operations that order elements: sorting, choosing the first few, unique elements, searching, where elements stand."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from ..tensor import make
from .conversion import clone
from .dims import axis_of
from .extreme import at_places
from .indexing import getitem
from .parts import along
from .record import Array, Index, composite, operation
from .scan import taken
from .shape import reshape

# Places are found first, and have no derivative; values are taken from there, with their gradients. Nans are largest.


@operation(
    methods=("argsort",), out=True, opaque=True,
    samples=lambda make: [(make(3, 4),), (make(3, 4), 0), (make(2, 3), -1), (make(4),), (make(0, 2), 0)],
)  # fmt: skip
def argsort(input: Array, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Array:
    """The indices that put the elements along ``dim`` in order: an int64 tensor. Nans count as largest.

    Equal elements keep their order, with or without ``stable``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.argsort.html
    """
    axis = axis_of(dim, input.ndim, "argsort")
    if not input.ndim:
        return np.zeros((), np.int64)
    if not descending:
        return np.ascontiguousarray(np.argsort(input, axis=axis, kind="stable"))
    backwards = along(axis, slice(None, None, -1))
    order = np.argsort(input[backwards], axis=axis, kind="stable")[backwards]
    return np.ascontiguousarray(input.shape[axis] - 1 - order)


@composite(methods=("sort",), out=True)
def sort(input: Array, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> return_types.sort:
    """The elements in order along ``dim``, and where each stood: (values, indices). Nans count as largest.

    Equal elements keep their order, with or without ``stable``. Gradients go back to where the values stood.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sort.html

    >>> import microgradnp
    >>> microgradnp.sort(microgradnp.tensor([3.0, 1.0, 2.0])).indices
    tensor([1, 2, 0])
    """
    axis = axis_of(dim, input.ndim, "sort")
    if not isinstance(descending, bool):
        raise TypeError(f"sort(): argument 'descending' must be bool, not {type(descending).__name__}")
    indices = argsort(input, axis, descending)
    return return_types.sort(taken(input, indices, axis), indices)


@composite(methods=("msort",), out=True)
def msort(input: Array) -> Array:
    """The elements in order along the first dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.msort.html
    """
    return sort(input, 0).values


@operation(public=(), opaque=True, samples=lambda make: [(make(3, 4), 2, 1, True), (make(40), 2, 0, False)])
def places_of_first(input: Array, k: int, dim: int, largest: bool) -> Array:
    """The indices of the ``k`` largest (smallest) elements along ``dim``, in that order."""
    size = input.shape[dim]
    if k * 4 > size or not k:
        return argsort.operation.forward(input, dim, largest)[along(dim, slice(None, k))].copy()  # type: ignore[attr-defined]
    chosen = along(dim, slice(size - k, None) if largest else slice(None, k))
    among = np.argpartition(input, size - k if largest else k, axis=dim)[chosen]
    order = argsort.operation.forward(np.take_along_axis(input, among, dim), dim, largest)  # type: ignore[attr-defined]
    return np.take_along_axis(among, order, dim)


def _whole_number(k: Any, function: str) -> int:
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)):
        raise TypeError(f"{function}(): argument 'k' must be int, not {type(k).__name__}")
    return int(k)


@composite(methods=("topk",), out=True)
def topk(input: Array, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> return_types.topk:
    """The ``k`` largest (or smallest) elements along ``dim`` in order, and where they stand: (values, indices).

    They are in order without ``sorted`` too. Nans count as largest.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.topk.html
    """
    axis = axis_of(dim, input.ndim, "topk")
    if input.dtype.kind == "b":
        raise RuntimeError("topk(): not supported for bool; convert to integers")
    k = _whole_number(k, "topk")
    size = input.shape[axis] if input.ndim else 1
    if not 0 <= k <= size:
        raise RuntimeError(f"topk(): selected index k out of range: k={k}, but dimension {axis} has size {size}")
    if not input.ndim:
        return return_types.topk(clone(input), argsort(input))
    indices = places_of_first(input, k, axis, bool(largest))
    return return_types.topk(taken(input, indices, axis), indices)


@composite(methods=("kthvalue",), out=True)
def kthvalue(input: Array, k: int, dim: int = -1, keepdim: bool = False) -> return_types.kthvalue:
    """The ``k``-th smallest element along ``dim``, counted from 1, and where it stands: (values, indices).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.kthvalue.html
    """
    axis, k = axis_of(dim, input.ndim, "kthvalue"), _whole_number(k, "kthvalue")
    if input.dtype.kind == "b":
        raise NotImplementedError("kthvalue(): not implemented for bool; convert to integers")
    size = input.shape[axis] if input.ndim else 1
    if size == 0:
        raise IndexError(f"kthvalue(): Expected reduction dim {axis} to have non-zero size")
    if not 1 <= k <= size:
        raise RuntimeError(f"kthvalue(): selected number k out of range: k={k}, but dimension {axis} has size {size}")
    order = argsort(input, axis)
    indices = clone(getitem(order, along(axis, k - 1))) if input.ndim else order
    return at_places(return_types.kthvalue, input, indices, axis, keepdim)


# Unique elements


@composite(methods=("unique",))
def unique(
    input: Array, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The different elements in order; or, along ``dim``, the different slices. In order without ``sorted`` too.

    Also, as a tuple: for each element the index of its like (``return_inverse``), how often each occurs
    (``return_counts``). Nans differ from one another. There is no derivative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.unique.html
    """
    rows, axis = _rows(input, dim, "unique")
    order = np.argsort(rows[:, 0], kind="stable") if rows.shape[1] == 1 else np.lexsort(rows.T[::-1])
    inverse = np.empty(len(rows), np.int64)
    new = _is_new(rows[order])
    inverse[order] = np.cumsum(new) - 1
    return _unique(input, axis, order[new], inverse, return_inverse, return_counts)


@composite(methods=("unique_consecutive",))
def unique_consecutive(
    input: Array, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements without those that equal the one before them; or, along ``dim``, the slices.

    Results as for ``unique``. There is no derivative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.unique_consecutive.html
    """
    rows, axis = _rows(input, dim, "unique_consecutive")
    new = _is_new(rows)
    return _unique(input, axis, np.flatnonzero(new), np.cumsum(new) - 1, return_inverse, return_counts)


def _rows(input: Any, dim: int | None, function: str) -> tuple[Any, int | None]:
    """What is compared, as the rows of a matrix."""
    array = input.detach()._array
    if dim is None:
        return array.reshape(-1, 1), None
    if not array.ndim:
        raise IndexError(f"{function}(): dimension specified as {dim} but tensor has no dimensions")
    axis = axis_of(dim, array.ndim, function)
    if 0 in array.shape[:axis] + array.shape[axis + 1 :]:
        raise RuntimeError(
            f"{function}(): there are 0 sized dimensions besides dim={dim}, so unique cannot be applied: "
            f"the shape is {array.shape}"
        )
    size = array.shape[axis]
    return np.moveaxis(array, axis, 0).reshape(size, array.size // size if size else 1), axis


def _is_new(rows: Any) -> Any:
    """Which rows differ from the one before them."""
    new = np.ones(len(rows), bool)
    new[1:] = (rows[1:] != rows[:-1]).any(1)
    return new


def _unique(input: Any, axis: Any, places: Any, inverse: Any, return_inverse: bool, return_counts: bool) -> Any:
    flat = reshape(input, (-1,)) if axis is None else input
    values = getitem(flat, along(axis or 0, places))
    if values.requires_grad:
        values.register_hook(_no_derivative)
    found = [values]
    if return_inverse:
        found.append(make(inverse.reshape(tuple(input.shape)) if axis is None else inverse))
    if return_counts:
        found.append(make(np.bincount(inverse, minlength=len(places)).astype(np.int64)))
    return tuple(found) if len(found) > 1 else found[0]


def _no_derivative(g: Any) -> Any:
    raise NotImplementedError("the derivative of unique() is not implemented: detach() its result, or use sort()")


# Searching


@operation(
    out=True, opaque=True, samples=lambda make: [(np.array([0.0, 1.0, 2.0]), make(2, 3))],
    numbers=True,
)  # fmt: skip
def searchsorted(
    sorted_sequence: Array,
    input: Array,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Index | None = None,
) -> Array:
    """Where each element of ``input`` would be put into ``sorted_sequence``: before equal elements (or behind them).

    A sequence of several dimensions has one row for each row of ``input``. ``sorter`` puts an unsorted sequence in
    order. A nan goes to the end.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.searchsorted.html
    """
    if side not in (None, "left", "right"):
        raise RuntimeError(f"searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            "searchsorted(): side and right can't be set to opposites, got side of left while right=True"
        )
    values = np.asarray(input)
    sequence = _in_sorted_order(np.asarray(sorted_sequence), sorter)
    _check_searchable(sequence, values)
    found = np.empty(values.shape, np.int32 if out_int32 else np.int64)
    behind = "right" if right or side == "right" else "left"
    if sequence.ndim == 1:
        found[...] = _places_in(sequence, values, behind)
    else:
        for row in np.ndindex(sequence.shape[:-1]):
            found[row] = _places_in(sequence[row], values[row], behind)
    return found


def _places_in(row: Any, values: Any, side: Any) -> Any:
    # NumPy takes nans for the largest numbers; PyTorch puts them behind everything.
    found = np.searchsorted(row, values, side)
    return np.where(values == values, found, len(row)) if values.dtype.kind == "f" else found


def _in_sorted_order(sequence: Any, sorter: Any) -> Any:
    if sorter is None:
        return sequence
    if sorter.dtype != np.int64:
        raise RuntimeError(f"searchsorted(): sorter must be a tensor of int64 but got dtype {sorter.dtype}")
    if sorter.shape != sequence.shape:
        raise RuntimeError(
            f"searchsorted(): sorted_sequence and sorter must have the same shape, got {sequence.shape} and "
            f"{sorter.shape}"
        )
    if sorter.size and not (sorter.min() >= 0 and sorter.max() < sequence.shape[-1]):
        raise RuntimeError("searchsorted(): sorter index out of range")
    return np.take_along_axis(sequence, sorter, -1)


def _check_searchable(sequence: Any, values: Any) -> None:
    if "b" in (sequence.dtype.kind, values.dtype.kind):
        raise NotImplementedError("searchsorted(): not implemented for bool; convert to integers")
    if not sequence.ndim:
        raise RuntimeError("searchsorted(): sorted_sequence should have at least one dimension")
    if sequence.ndim > 1 and (values.ndim != sequence.ndim or values.shape[:-1] != sequence.shape[:-1]):
        raise RuntimeError(
            "searchsorted(): sorted_sequence should have 1 dimension, or all but the last as input; the shapes "
            f"are {sequence.shape} and {values.shape}"
        )


@composite(out=True)
def bucketize(input: Array, boundaries: Array, *, out_int32: bool = False, right: bool = False) -> Array:
    """For each element the index of the bucket between sorted ``boundaries`` that it falls into.

    With ``right`` a bucket contains its lower boundary, without it its upper one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.bucketize.html
    """
    if boundaries.ndim != 1:
        raise RuntimeError(f"bucketize(): boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


@operation(
    out=True, numbers=True, bools=False, opaque=True,
    samples=lambda make: [(make(2, 3), make(2)), (make(1), np.array([[2.0], [5.0]])), (make(0), make(2))],
)  # fmt: skip
def isin(elements: Array, test_elements: Array, *, assume_unique: bool = False, invert: bool = False) -> Array:
    """Which ``elements`` are among ``test_elements`` (or, with ``invert``, are not). A nan is not.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.isin.html
    """
    if getattr(elements, "dtype", None) == np.bool:
        raise RuntimeError("isin(): not supported for bool; convert to integers")
    return np.isin(elements, test_elements, assume_unique=assume_unique, invert=invert)


# Where elements stand


@operation(opaque=True, methods=("argwhere",), samples=lambda make: [(make(2, 3),), (make(0, 2),)])
def argwhere(input: Array) -> Array:
    """The indices of the elements that are not zero: a row for each, an int64 tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.argwhere.html
    """
    return np.argwhere(input)


@composite(methods=("nonzero",), out=True)
def nonzero(input: Array, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not zero: a row for each; or, ``as_tuple``, an index for each dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nonzero.html
    """
    if not as_tuple:
        return argwhere(input)
    places = argwhere(input if input.ndim else reshape(input, (1,)))
    return tuple(getitem(places, (slice(None), i)).clone() for i in range(places.shape[1]))
