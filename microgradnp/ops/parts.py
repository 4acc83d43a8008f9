"""Views of a part of a tensor, and splitting it into several of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from operator import index as as_int
from typing import Any

import numpy as np

from ..tensor import Tensor
from .conversion import clone
from .indexing import getitem
from .record import Array, composite
from .shape import dim_from


def along(dim: int, item: Any) -> tuple[Any, ...]:
    """The index that takes ``item`` along one dimension, and everything along the others."""
    return (*(slice(None),) * dim, item, ...)


@composite(methods=("narrow",))
def narrow(input: Array, dim: int, start: Any, length: int) -> Array:
    """A view of ``length`` elements along ``dim``, from ``start`` on, which may be negative, or a 0-d integer tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.narrow.html
    """
    return getitem(input, _narrowed(input, dim, start, length))


@composite(methods=("narrow_copy",), out=True)
def narrow_copy(input: Array, dim: int, start: Any, length: int) -> Array:
    """``input.narrow(dim, start, length)``, copied.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.narrow_copy.html
    """
    return clone(getitem(input, _narrowed(input, dim, start, length)))


def _narrowed(input: Tensor, dim: int, start: Any, length: int) -> tuple[Any, ...]:
    if input.ndim == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, Tensor) and (start.ndim or start.dtype.kind not in "iu"):
        raise RuntimeError(f"narrow(): start must be an 0-dim integral Tensor, got {start.dtype} of {start.ndim} dims")
    axis, first = dim_from(dim, input.ndim, "narrow"), as_int(start)
    size = input.shape[axis]
    if length < 0:
        raise RuntimeError(f"narrow(): length must be non-negative, got {length}")
    if not -size <= first <= size:
        raise IndexError(
            f"narrow(): start out of range (expected to be in range of [{-size}, {size}], but got {first})"
        )
    first += size if first < 0 else 0
    if first + length > size:
        raise RuntimeError(f"narrow(): start ({first}) + length ({length}) exceeds dimension size ({size}).")
    return along(axis, slice(first, first + length))


@composite(methods=("select",))
def select(input: Array, dim: int, index: Any) -> Array:
    """A view of one element along ``dim``, which goes.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.select.html
    """
    if input.ndim == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis, place = dim_from(dim, input.ndim, "select"), as_int(index)
    if not -input.shape[axis] <= place < input.shape[axis]:
        raise IndexError(
            f"select(): index {place} out of range for tensor of size {list(input.shape)} at dimension {axis}"
        )
    return getitem(input, along(axis, place))


# Several views of one tensor


def _views(input: Tensor, function: str, indices: Iterable[Any]) -> tuple[Tensor, ...]:
    """The views at these indices, each marked as one of several: PyTorch refuses in-place writes to such."""
    views = tuple(getitem(input, index) for index in indices)
    for part in views:
        part._output_of = function  # type: ignore[attr-defined]
    return views


def _between(input: Tensor, function: str, axis: int, bounds: Sequence[int]) -> tuple[Tensor, ...]:
    return _views(input, function, (along(axis, slice(start, max(start, stop))) for start, stop in pairwise(bounds)))


def _axis(input: Tensor, dim: int, function: str) -> int:
    if input.ndim == 0:
        raise RuntimeError(f"{function} expects at least a 1-dimensional tensor")
    return dim_from(dim, input.ndim, function)


@composite()
def split(tensor: Array, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of pieces of one size (the last may be smaller), or of the given sizes, along ``dim``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.split.html
    """
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    axis, step = _axis(tensor, dim, "split"), as_int(split_size_or_sections)
    size = tensor.shape[axis]
    if step < 0 or (step == 0 and size):
        raise RuntimeError(
            f"split: split_size must be positive (0 only for a dimension of size 0), got {step} for size {size}"
        )
    bounds = [*range(0, size, step or 1), size] if size else [0, 0]
    return _between(tensor, "split", axis, bounds)


@composite(methods=("split",), public=())
def _split_method(input: Array, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of pieces along ``dim``. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.split.html"""
    return split(input, split_size, dim)


@composite(methods=("split_with_sizes",))
def split_with_sizes(input: Array, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Views of pieces of the given sizes, which fill the dimension ``dim``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.split.html
    """
    axis, sizes = _axis(input, dim, "split_with_sizes"), [as_int(size) for size in split_sizes]
    if min(sizes, default=0) < 0 or sum(sizes) != input.shape[axis]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to be non-negative and to sum exactly to {input.shape[axis]} (input "
            f"tensor's size at dimension {axis}), but got split_sizes={sizes}"
        )
    bounds = [0]
    for size in sizes:
        bounds.append(bounds[-1] + size)
    return _between(input, "split_with_sizes", axis, bounds)


@composite(methods=("chunk",))
def chunk(input: Array, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of at most ``chunks`` pieces along ``dim``, all of one size except perhaps the last.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.chunk.html
    """
    axis = _axis(input, dim, "chunk")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = input.shape[axis]
    step = -(-size // chunks)
    return _between(input, "chunk", axis, [*range(0, size, step), size] if size else [0] * (chunks + 1))


@composite(methods=("unbind",))
def unbind(input: Array, dim: int = 0) -> tuple[Tensor, ...]:
    """Views of all elements along ``dim``, which goes.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.unbind.html
    """
    if input.ndim == 0:
        raise IndexError("unbind: Dimension specified as 0 but tensor has no dimensions")
    axis = dim_from(dim, input.ndim, "unbind")
    return _views(input, "unbind", (along(axis, i) for i in range(input.shape[axis])))


@composite(methods=("tensor_split",))
def tensor_split(
    input: Array, indices_or_sections: Any = None, dim: int = 0, *, indices: Any = None, sections: Any = None
) -> tuple[Tensor, ...]:
    """Views of so many pieces along ``dim``, of sizes that differ by 1 at most; or of those between the given indices.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tensor_split.html
    """
    given = [value for value in (indices_or_sections, indices, sections) if value is not None]
    if len(given) != 1:
        raise TypeError("tensor_split(): give one of indices_or_sections, indices and sections")
    where = given[0]
    if isinstance(where, Tensor):
        if where.ndim > 1 or where.dtype != np.int64:
            raise RuntimeError(
                f"tensor_split expected tensor_indices_or_sections to be a 0-d or 1-d int64 tensor, got {where.dtype} "
                f"of {where.ndim} dims"
            )
        where = where.tolist()
    return _parted(input, "tensor_split", _axis(input, dim, "tensor_split"), where)


def _parted(input: Tensor, function: str, axis: int, where: Any) -> tuple[Tensor, ...]:
    size = input.shape[axis]
    if isinstance(where, (tuple, list)):
        inner = [min(max(i + size if i < 0 else i, 0), size) for i in map(as_int, where)]
        return _between(input, function, axis, [0, *inner, size])
    count = as_int(where)
    if count <= 0:
        raise RuntimeError(f"{function}: number of sections must be larger than 0, got {count}")
    small, longer = divmod(size, count)
    return _between(input, function, axis, [i * small + min(i, longer) for i in range(count + 1)])


def _split_evenly(input: Tensor, function: str, at_least: int, axis: int, where: Any) -> tuple[Tensor, ...]:
    if input.ndim < at_least:
        raise RuntimeError(
            f"{function} requires a tensor with at least {at_least} dimension, but got a tensor with {input.ndim} "
            "dimensions"
        )
    size = input.shape[axis]
    if not isinstance(where, (tuple, list)) and (where <= 0 or size % where):
        raise RuntimeError(
            f"torch.{function} attempted to split along dimension {axis}, but the size of the dimension {size} is not "
            f"divisible by the split_size {where}!"
        )
    return _parted(input, function, axis, where)


@composite(methods=("hsplit",))
def hsplit(input: Array, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views of equal pieces, or of those between indices, along dimension 1, or of a vector along its only one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.hsplit.html
    """
    return _split_evenly(input, "hsplit", 1, 0 if input.ndim == 1 else 1, indices_or_sections)


@composite(methods=("vsplit",))
def vsplit(input: Array, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views of equal pieces, or of those between indices, along dimension 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.vsplit.html
    """
    return _split_evenly(input, "vsplit", 2, 0, indices_or_sections)


@composite(methods=("dsplit",))
def dsplit(input: Array, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Views of equal pieces, or of those between indices, along dimension 2.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.dsplit.html
    """
    return _split_evenly(input, "dsplit", 3, 2, indices_or_sections)
