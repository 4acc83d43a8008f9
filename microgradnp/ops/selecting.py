"""Reading and writing with vectors of indices: along one dimension, in the flattened tensor, or as ``x[i]`` does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.modes import no_grad
from ..tensor import Tensor, make
from .call import lift
from .comparison import where
from .indexing import add_at, explained_index, getitem, plain_index, put_at
from .masking import number_for, same_dtype, value_for
from .parts import along
from .record import Array, Index, checking, composite
from .scattering import REDUCTIONS, check_bounds, placed_reduction, places_from
from .shape import dim_from, reshape

# Along one dimension


def _on(function: str, input: Tensor, dim: int, places: np.ndarray, error: Any, negative: bool = False) -> Any:
    """For indices along one dimension: the tensor with at least one dimension, that dimension, the full index."""
    axis = dim_from(dim, input.ndim, function)
    whole = input if input.ndim else reshape(input, (1,))
    places = check_bounds(places, whole.shape[axis], function, f"dimension {axis}", error, negative)
    return whole, axis, along(axis, places.reshape(-1))[:-1]


def _vector(function: str, places: np.ndarray, error: type[Exception]) -> np.ndarray:
    if places.ndim > 1:
        raise error(f"{function}(): Index is supposed to be a vector, got one of shape {places.shape}")
    return places


def _like(out: Tensor, input: Tensor) -> Tensor:
    return out if out.ndim == input.ndim else reshape(out, tuple(input.shape))


@composite(methods=("index_select",), out=True)
def index_select(input: Array, dim: int, index: Index) -> Array:
    """The elements at ``index`` (a vector of int32 or int64, not negative) along ``dim``, in a copy.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.index_select.html
    """
    places = _vector("index_select", places_from(index, "index_select"), IndexError)
    if input.ndim == 0 and places.size != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {places.size} value(s)")
    whole, _, at = _on("index_select", input, dim, places, RuntimeError)
    return _like(getitem(whole, at), input)


def _source(function: str, whole: Tensor, axis: int, places: np.ndarray, source: Tensor) -> Tensor:
    """The source with as many dimensions as the tensor; its sizes must be those of what the index selects."""
    wanted = tuple(places.size if i == axis else n for i, n in enumerate(whole.shape))
    found = reshape(source, (1,)) if source.ndim == 0 and wanted == (1,) else source
    if tuple(found.shape) != wanted:
        raise RuntimeError(
            f"{function}(): source tensor shape must match self tensor shape, and the number of indices along dim "
            f"{axis}: expected {list(wanted)}, got {list(source.shape)}"
        )
    return found


@composite(methods=("index_add", "index_add_"), out=True)
def index_add(input: Array, dim: int, index: Index, source: Array, *, alpha: float = 1) -> Array:
    """A copy of ``input`` with ``alpha * source`` added at ``index`` along ``dim``, repeatedly where it repeats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_add_.html
    """
    places = _vector("index_add", places_from(index, "index_add"), IndexError)
    whole, axis, at = _on("index_add", input, dim, places, RuntimeError)
    added = same_dtype("index_add", input, source)
    if whole.ndim and source.ndim == 0 and input.ndim:
        raise RuntimeError(f"index_add(): source of shape [] does not match self of shape {list(input.shape)}")
    added = _source("index_add", whole, axis, places, added)
    factor = number_for("index_add", alpha, input.dtype)
    added = added if factor == 1 else added * factor
    return _like(whole + add_at(added, at, tuple(whole.shape)), input)


@composite(methods=("index_copy", "index_copy_"), out=True)
def index_copy(input: Array, dim: int, index: Index, source: Array) -> Array:
    """A copy of ``input`` with the elements of ``source`` at ``index`` along ``dim``; the last one where it repeats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_copy_.html
    """
    places = _vector("index_copy", places_from(index, "index_copy", int32=False), IndexError)
    whole, axis, at = _on("index_copy", input, dim, places, IndexError)
    copied = _source("index_copy", whole, axis, places, same_dtype("index_copy", input, source))
    return _like(put_at(whole, at, copied), input)


@composite(methods=("index_fill", "index_fill_"))
def index_fill(input: Array, dim: int, index: Index, value: Any) -> Array:
    """A copy of ``input`` with one value, a number or a 0-d tensor, at ``index`` along ``dim``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_fill_.html
    """
    places = _vector("index_fill", places_from(index, "index_fill", int32=False, error=IndexError), RuntimeError)
    whole, axis, _ = _on("index_fill", input, dim, places, IndexError, negative=True)
    filling = value_for("index_fill", value, input.dtype)
    once = np.unique(np.where(places < 0, places + whole.shape[axis], places))  # each takes its gradient once
    return _like(put_at(whole, along(axis, once)[:-1], filling), input)


@composite(methods=("index_reduce", "index_reduce_"), out=True)
def index_reduce(
    input: Array, dim: int, index: Index, source: Array, reduce: str, *, include_self: bool = True
) -> Array:
    """The elements of ``source`` for one index along ``dim`` reduced to one: "prod", "mean", "amax", "amin".

    The element of ``input`` that is there counts among them, or with ``include_self=False`` is replaced.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_reduce_.html
    """
    if reduce not in REDUCTIONS[1:]:
        raise RuntimeError(
            f"index_reduce(): Expected reduce to be one of {', '.join(REDUCTIONS[1:])} but got {reduce}."
        )
    places = _vector("index_reduce", places_from(index, "index_reduce"), IndexError)
    whole, axis, at = _on("index_reduce", input, dim, places, IndexError)
    reduced = _source("index_reduce", whole, axis, places, same_dtype("index_reduce", input, source))
    return _like(placed_reduction(whole, at, reduced, reduce, include_self), input)


# In the flattened tensor


def _flat_places(function: str, input: Tensor, index: Tensor) -> np.ndarray:
    places = places_from(index, function, int32=False)
    count = math.prod(input.shape)
    if places.size and not count:
        raise IndexError(f"{function}(): tried to take from an empty tensor")
    return check_bounds(places, count, function, "the flattened tensor", IndexError, negative=True)


@composite(methods=("take",), out=True)
def take(input: Array, index: Index) -> Array:
    """The elements at ``index`` in the flattened tensor, in the shape of ``index``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.take.html
    """
    return getitem(reshape(input, (-1,)), (_flat_places("take", input, index),))


@composite(methods=("put", "put_"))
def put(input: Array, index: Index, source: Array, accumulate: bool = False) -> Array:
    """A copy of ``input`` with the elements of ``source`` at ``index`` in the flattened tensor, or added there.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.put_.html
    """
    places = _flat_places("put", input, index).reshape(-1)
    values = reshape(same_dtype("put", input, source), (-1,))
    if values.shape[0] != places.size:
        raise IndexError(
            f"put(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{values.shape[0]}, index.numel() = {places.size}"
        )
    flat = reshape(input, (-1,))
    out = flat + add_at(values, (places,), tuple(flat.shape)) if accumulate else put_at(flat, (places,), values)
    return reshape(out, tuple(input.shape))


@composite()
def unravel_index(indices: Array, shape: Any) -> tuple[Tensor, ...]:
    """For places in the flattened tensor the index along each dimension of ``shape``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.unravel_index.html
    """
    if indices.dtype.kind not in "iu":
        raise TypeError(f"unravel_index(): expected 'indices' to be integer dtype, but got {indices.dtype}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    if min(sizes, default=1) < 0:
        raise ValueError(f"unravel_index(): 'shape' cannot have negative values, but got {sizes}")
    if 0 in sizes and indices.numel():
        raise RuntimeError(f"unravel_index(): a tensor of shape {sizes} has no elements")
    places = indices._array.astype(np.int64)
    strides = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    return tuple(
        make(np.asarray(places // max(stride, 1) % max(size, 1))) for size, stride in zip(sizes, strides, strict=True)
    )


# As x[index] does


def _indices(function: str, indices: Any) -> tuple[Any, ...]:
    if not isinstance(indices, (tuple, list)):
        raise TypeError(f"{function}(): argument 'indices' must be tuple of Tensors, not {type(indices).__name__}")
    if not indices:
        raise RuntimeError(f"{function}(): indices must be non-empty")
    for i, index in enumerate(indices):
        if not isinstance(index, (Tensor, np.ndarray)):
            raise TypeError(
                f"{function}(): expected Tensor as element {i} in argument 1, but got {type(index).__name__}"
            )
    return plain_index(tuple(indices))


@composite(methods=("index_put", "index_put_"), public=("index_put", "index_put_"))
def index_put(input: Array, indices: Any, values: Array, accumulate: bool = False) -> Array:
    """A copy of ``input`` with ``values``, broadcast, at ``[indices]``; or with ``accumulate`` added there.

    ``indices`` is a tuple of integer tensors, and masks, for the first dimensions. Where indices repeat, the last value
    counts; with ``accumulate`` each is added.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.index_put_.html
    """
    index = _indices("index_put", indices)
    if not isinstance(values, Tensor):
        raise TypeError(f"index_put(): argument 'values' must be Tensor, not {type(values).__name__}")
    if values.dtype != input.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype} for the destination and "
            f"{values.dtype} for the source."
        )
    try:
        wanted = np.broadcast_to(np.empty((), bool), tuple(input.shape))[index].shape
    except IndexError as error:
        raise explained_index(index, tuple(input.shape), error) from None
    try:
        fits = np.broadcast_shapes(tuple(values.shape), wanted) == wanted
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(values.shape)} cannot be broadcast to indexing result of "
            f"shape {list(wanted)}"
        )
    return input + add_at(values, index, tuple(input.shape)) if accumulate else put_at(input, index, values)


# Classes


@composite(public=("nn.functional.one_hot",))
def one_hot(tensor: Array, num_classes: int = -1) -> Array:
    """For each class, an int64 from 0 on, a vector that is 1 there and 0 elsewhere, of ``num_classes`` elements.

    Without it the largest class says how many there are.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
    """
    if tensor.dtype != np.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type int64, got {tensor.dtype}")
    classes = _checked_classes(tensor._array, num_classes)
    if not classes.size and num_classes <= 0:
        raise RuntimeError("one_hot: Can not infer total number of classes from empty tensor.")
    count = int(classes.max()) + 1 if num_classes == -1 else num_classes
    return make((classes[..., None] == np.arange(count)).astype(np.int64))


@checking
def _checked_classes(classes: np.ndarray, num_classes: int) -> np.ndarray:
    if classes.size and classes.min() < 0:
        raise RuntimeError("one_hot: Class values must be non-negative.")
    if num_classes != -1 and classes.size and classes.max() >= num_classes:
        raise RuntimeError(f"one_hot: Class values must be smaller than num_classes={num_classes}.")
    return classes


@composite(public=("nn.functional.embedding",))
def embedding(
    input: Index,
    weight: Array,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Array:
    """The rows of ``weight`` at the indices ``input``: shape (*input, width).

    No gradient reaches the row ``padding_idx``. With ``max_norm`` rows that are used and whose ``norm_type``-norm is
    larger are first scaled down, in place. With ``scale_grad_by_freq`` the gradient of a row is divided by the number
    of times that it is used. Raises NotImplementedError for ``sparse``: gradients are dense.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    if sparse:
        raise NotImplementedError("embedding(): sparse=True is not there: gradients are dense; leave it away")
    if weight.ndim != 2:
        raise RuntimeError(f"embedding(): 'weight' must be 2-D, got {weight.ndim}-D")
    places = places_from(input, "embedding")
    count = weight.shape[0]
    if padding_idx is not None and not -count <= padding_idx < count:
        raise AssertionError(f"embedding(): Padding_idx must be within num_embeddings, got {padding_idx} for {count}")
    places = check_bounds(places, count, "embedding", "the rows of weight", IndexError)
    if max_norm is not None:
        _renormalize(weight, places, max_norm, norm_type)
    rows = getitem(weight, (places,))
    if scale_grad_by_freq:
        uses = add_at(make(np.ones(places.shape, rows.dtype)), (places,), (count,))
        rows = lift(rows._array, (rows / getitem(uses, (places,))[..., None])._edge)
    padded = None if padding_idx is None else places == padding_idx % count
    if padded is None or (isinstance(padded, np.ndarray) and not padded.any()):
        return rows
    return where(make(padded[..., None]), rows.detach(), rows)


def _renormalize(weight: Tensor, places: np.ndarray, max_norm: float, norm_type: float) -> None:
    from .inplace import write

    used = places.reshape(-1)  # some of them twice: both times the row becomes the same
    with no_grad():
        rows: Any = getitem(weight, (used,))
        norms = rows.double().norm(norm_type, 1, keepdim=True)
        changed = where(norms > max_norm, rows * (max_norm / (norms + 1e-7)), rows).to(rows.dtype)
        write(weight, "embedding_renorm_", lambda before: put_at(before, (used,), changed))
