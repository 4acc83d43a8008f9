"""Reading and writing along one dimension with an index for every element: gather and scatter.

All of these are composites: reading is ``take_along_dim``, writing ``put_at`` (the last one counts where indices
repeat), adding ``add_at``. Index tensors are copied: they may be written to before the backward pass.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..tensor import Tensor, make
from .extreme import amax, amin
from .indexing import add_at, getitem, place_along_dim, put_at, take_along_dim
from .joining import cat
from .masking import masked_fill, number_for, same_dtype
from .record import Array, Index, checking, composite
from .reduction import prod
from .shape import dim_from, reshape


def places_from(index: Tensor, function: str, int32: bool = True, error: type[Exception] = RuntimeError) -> np.ndarray:
    """A copy of an index tensor's values; it must be of int64, or where PyTorch takes both of int32."""
    if index.dtype != np.int64 and not (int32 and index.dtype == np.int32):
        wanted = "int32 or int64" if int32 else "int64"
        raise error(f"{function}(): Expected dtype {wanted} for index, but got {index.dtype}; convert it with .long()")
    return index._array.astype(np.int64)


@checking
def check_bounds(
    places: np.ndarray, size: int, function: str, what: str, error: type[Exception], negative: bool = False
) -> np.ndarray:
    """Refuse places out of bounds, before anything else is done with them."""
    low = -size if negative else 0
    if places.size and (places.min() < low or places.max() >= size):
        wrong = places[(places < low) | (places >= size)].reshape(-1)[0]
        raise error(f"{function}(): index {wrong} is out of bounds for {what} with size {size}")
    return places


# Along one dimension, an index for every element: gather and scatter


def _placement(function: str, input: Tensor, dim: int, index: Tensor, src: Any) -> Any:
    """What a scatter works with: tensors of at least one dimension, the full index, and the part of src it reads.

    An empty index may have any shape: nothing is written, but src is still part of the graph.
    """
    places = places_from(index, function)
    axis = dim_from(dim, input.ndim, function)
    if places.size == 0:
        none = getitem(reshape(src, (-1,)), slice(0, 0)) if isinstance(src, Tensor) else src
        return reshape(input, (-1,)), (places.reshape(-1),), none
    places, shape = np.atleast_1d(places), tuple(input.shape) or (1,)
    _check_ranks(function, places, shape, "self")
    whole = reshape(input, shape) if input.ndim == 0 else input
    if any(n > size for i, (n, size) in enumerate(zip(places.shape, shape, strict=True)) if i != axis):
        raise RuntimeError(
            f"{function}(): Expected index {list(places.shape)} to be no larger than self {list(shape)} apart from "
            f"dimension {axis}"
        )
    places = check_bounds(places, shape[axis], function, f"dimension {axis}", RuntimeError)
    if isinstance(src, Tensor):
        src = _read_by(function, src, places)
    return whole, place_along_dim(places, axis, places.shape, places.shape), src


def _read_by(function: str, src: Tensor, places: np.ndarray) -> Tensor:
    source = src if src.ndim else reshape(src, (1,))
    _check_ranks(function, places, tuple(source.shape), "src")
    if any(n > size for n, size in zip(places.shape, source.shape, strict=True)):
        raise RuntimeError(
            f"{function}(): Expected index {list(places.shape)} to be no larger size than src {list(source.shape)}"
        )
    return source if tuple(source.shape) == places.shape else getitem(source, tuple(map(slice, places.shape)))


def _check_ranks(function: str, places: np.ndarray, shape: tuple[int, ...], what: str) -> None:
    if places.ndim != len(shape):
        raise RuntimeError(
            f"{function}(): Index tensor must have the same number of dimensions as {what} tensor, got {places.ndim} "
            f"and {len(shape)}"
        )


def _shaped(out: Tensor, like: Tensor) -> Tensor:
    return out if out.shape == like.shape else reshape(out, tuple(like.shape))


@composite(methods=("gather",), out=True)
def gather(input: Array, dim: int, index: Index, *, sparse_grad: bool = False) -> Array:
    """The elements of ``input`` at ``index`` along ``dim``: out[i, j] = input[index[i, j], j] for dim 0.

    Unlike ``take_along_dim`` it does not broadcast: the index may be smaller than the input, not larger. Raises
    RuntimeError for indices out of bounds, and negative ones are. Gradients are dense: ``sparse_grad`` is refused.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.gather.html
    """
    if sparse_grad:
        raise NotImplementedError("gather(): sparse gradients are not supported; leave sparse_grad away")
    places, axis = places_from(index, "gather"), dim_from(dim, input.ndim, "gather")
    if places.size == 0:
        return getitem(reshape(input, (-1,)), (places,))
    whole, at = (t if t.ndim else reshape(t, (1,)) for t in (input, make(places)))
    _check_ranks("gather", at._array, tuple(whole.shape), "input")
    if any(n > size for i, (n, size) in enumerate(zip(at.shape, whole.shape, strict=True)) if i != axis):
        raise RuntimeError(
            f"gather(): Size does not match: expected index {list(at.shape)} to be no larger than self "
            f"{list(whole.shape)} apart from dimension {axis}"
        )
    at = make(check_bounds(at._array, whole.shape[axis], "gather", f"dimension {axis}", RuntimeError))
    part = tuple(slice(None) if i == axis else slice(n) for i, n in enumerate(at.shape))
    same = all(n == size for i, (n, size) in enumerate(zip(at.shape, whole.shape, strict=True)) if i != axis)
    return _shaped(take_along_dim(whole if same else getitem(whole, part), at, axis), index)


@composite(methods=("scatter", "scatter_"), out=True)
def scatter(
    input: Array, dim: int, index: Index, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Array:
    """A copy of ``input`` with the elements of ``src``, or a number, at ``index`` along ``dim``.

    Where indices repeat the last one counts, and the gradient of ``src`` is that of the place, for each of them. With
    ``reduce`` "add" or "multiply" the elements are added to, or multiplied with, what is there.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_.html
    """
    given = value if src is None else src
    if given is None or (src is not None and value is not None):
        raise TypeError("scatter(): give either src, a Tensor, or value, a number")
    if isinstance(given, np.ndarray):
        given = make(np.array(given))
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError(f"scatter(): reduce argument must be either add or multiply, got {reduce!r}")
    given = (
        same_dtype("scatter", input, given) if isinstance(given, Tensor) else number_for("scatter", given, input.dtype)
    )
    if reduce is not None:
        if isinstance(given, Tensor):
            text = "The reduce argument of scatter with Tensor src is deprecated; use scatter_add or scatter_reduce."
            warnings.warn(text, UserWarning, stacklevel=3)
        full = given if isinstance(given, Tensor) else make(np.full(tuple(index.shape), given, input.dtype))
        return scatter_reduce(input, dim, index, full, "sum" if reduce == "add" else "prod")
    return _shaped(put_at(*_placement("scatter", input, dim, index, given)), input)


@composite(methods=("scatter_add", "scatter_add_"), out=True)
def scatter_add(input: Array, dim: int, index: Index, src: Array) -> Array:
    """A copy of ``input`` with the elements of ``src`` added at ``index`` along ``dim``, repeatedly where it repeats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_add_.html
    """
    whole, at, part = _placement("scatter_add", input, dim, index, same_dtype("scatter_add", input, src))
    return _shaped(whole + add_at(part, at, tuple(whole.shape)), input)


REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


@composite(methods=("scatter_reduce", "scatter_reduce_"), out=True)
def scatter_reduce(
    input: Array, dim: int, index: Index, src: Array, reduce: str, *, include_self: bool = True
) -> Array:
    """The elements of ``src`` that go to one place along ``dim`` reduced to one: "sum", "prod", "mean", "amax", "amin".

    The element of ``input`` that is there counts among them, or with ``include_self=False`` is replaced. Equal extremes
    share the gradient; the products need no division, so their gradient is right at zeros too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.scatter_reduce_.html
    """
    if reduce not in REDUCTIONS:
        raise RuntimeError(f"reduce argument must be either {', '.join(REDUCTIONS)}, got {reduce}")
    whole, at, part = _placement("scatter_reduce", input, dim, index, same_dtype("scatter_reduce", input, src))
    return _shaped(placed_reduction(whole, at, part, reduce, include_self), input)


def placed_reduction(input: Tensor, at: Any, src: Tensor, reduce: str, include_self: bool) -> Tensor:
    """``scatter_reduce`` for a full index ``at``."""
    if input.dtype.kind == "b" and reduce == "mean":
        raise NotImplementedError('the reduction "mean" is not implemented for bool')
    counts = add_at(np.ones(src.shape, np.int64), at, tuple(input.shape))
    if reduce in ("sum", "mean"):
        kept = input if include_self else masked_fill(input, make(counts > 0), 0)
        out = kept + add_at(src, at, tuple(input.shape))
        return out if reduce == "sum" else _shared(out, np.maximum(counts + include_self, 1))
    return _grouped(input, at, src, reduce, include_self)


def _shared(total: Tensor, counts: np.ndarray) -> Tensor:
    if total.dtype.kind != "f":
        return make(np.floor_divide(total._array, counts).astype(total.dtype))
    return total / make(counts.astype(total.dtype))


def _grouped(input: Tensor, at: Any, src: Tensor, reduce: str, include_self: bool) -> Tensor:
    """The elements for each place gathered into rows, places with equally many of them together, and reduced."""
    reducer = {"prod": prod, "amax": amax, "amin": amin}[reduce]
    places = np.arange(math.prod(input.shape)).reshape(input.shape)[at].reshape(-1)
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    targets, counts = ordered[starts], np.diff(starts, append=len(order))
    flat, values, results, written = reshape(input, (-1,)), reshape(src, (-1,)), [], []
    if not places.size:
        return reshape(put_at(flat, (places,), values), tuple(input.shape))
    for count in np.unique(counts):
        those = counts == count
        rows = getitem(values, (order[starts[those][:, None] + np.arange(count)],))
        if include_self:
            rows = cat([reshape(getitem(flat, (targets[those],)), (-1, 1)), rows], 1)
        results.append(reducer(rows, 1))
        written.append(targets[those])
    joined = cat(results)
    joined = joined if joined.dtype == input.dtype else joined.to(input.dtype)
    return reshape(put_at(flat, (np.concatenate(written),), joined), tuple(input.shape))
