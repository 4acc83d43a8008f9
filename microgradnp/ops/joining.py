"""Joining tensors into one, and putting one into a part of another."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor, make
from .indexing import getitem, put_at
from .parts import along
from .record import Array, Arrays, c_order, composite, derivatives, operation
from .shape import atleast_1d, atleast_2d, atleast_3d, broadcast_to, dim_from, reshape, several
from .strided import diagonal_index


def _explained(function: str, error: ValueError, tensors: Any, rule: str) -> Exception:
    if isinstance(error, IndexError):
        return IndexError(f"{function}: {str(error).replace('axis', 'dimension').replace('array', 'a tensor')}")
    return RuntimeError(f"{function}: {rule}; the shapes are {', '.join(str(tuple(t.shape)) for t in tensors)}")


def _part_of_cat(g, position, tensors_shape, dim):
    own = tensors_shape[position]
    if own == (0,) and g.ndim != 1:
        return g.reshape((-1,))[:0]
    axis = dim % g.ndim
    start = sum(shape[axis] for shape in tensors_shape[:position] if len(shape) == g.ndim)
    return g[(slice(None),) * axis + (slice(start, start + own[axis]),)]


@operation(
    np.concatenate, public=("cat", "concat", "concatenate"), out=True,
    samples=lambda make: [
        ([make(2, 3), make(1, 3)],), ([make(2, 3), make(2, 1), make(2, 0)], -1), ([make(3)], 0),
        ([make(2), make(0)],),
    ],
)  # fmt: skip
@derivatives(tensors=_part_of_cat)
def cat(tensors: Arrays, dim: int = 0) -> Array:
    """The tensors joined along the dimension ``dim``; their other sizes must agree. Tensors of shape (0,) are skipped.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cat.html
    """
    joined = [t for t in tensors if t.shape != (0,)] or tensors
    try:
        return c_order(np.concatenate(joined, axis=dim))
    except ValueError as error:
        rule = f"tensors must have at least one dimension, and equal sizes except in dimension {dim}"
        raise _explained("cat", error, tensors, rule) from None


@operation(
    np.stack, out=True,
    samples=lambda make: [([make(2, 3), make(2, 3)],), ([make(2, 3)] * 3, -1), ([make(), make()], 0)],
)  # fmt: skip
@derivatives(tensors=lambda g, position, dim: g[(slice(None),) * (dim % g.ndim) + (position,)])
def stack(tensors: Arrays, dim: int = 0) -> Array:
    """The tensors, all of one shape, along a new dimension ``dim``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.stack.html
    """
    try:
        return c_order(np.stack(tensors, axis=dim))
    except ValueError as error:
        raise _explained("stack", error, tensors, "each tensor must have the same shape") from None


def _listed(tensors: Any, function: str) -> list[Any]:
    if isinstance(tensors, Tensor) or not isinstance(tensors, (tuple, list)):
        raise TypeError(f"{function}(): argument 'tensors' must be tuple of Tensors, not {type(tensors).__name__}")
    if not tensors:
        raise RuntimeError(f"{function} expects a non-empty TensorList")
    return several(tuple(tensors), function, lists=False)


@composite(np.hstack, out=True)
def hstack(tensors: Arrays) -> Array:
    """The tensors side by side: joined along dimension 1, vectors along their only one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.hstack.html
    """
    parts = [atleast_1d(t) for t in _listed(tensors, "hstack")]
    return cat(parts, 0 if parts[0].ndim == 1 else 1)


@composite(np.vstack, public=("vstack", "row_stack"), out=True)
def vstack(tensors: Arrays) -> Array:
    """The tensors one above the other: joined along dimension 0, vectors as rows.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.vstack.html
    """
    return cat([atleast_2d(t) for t in _listed(tensors, "vstack")], 0)


@composite(np.dstack, out=True)
def dstack(tensors: Arrays) -> Array:
    """The tensors one behind the other: joined along dimension 2.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.dstack.html
    """
    return cat([atleast_3d(t) for t in _listed(tensors, "dstack")], 2)


@composite(np.column_stack, out=True)
def column_stack(tensors: Arrays) -> Array:
    """The tensors side by side, vectors as columns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.column_stack.html
    """
    parts = _listed(tensors, "column_stack")
    return cat([reshape(t, (-1, 1)) if t.ndim < 2 else t for t in parts], 1)


@composite()
def block_diag(*tensors: Any) -> Array:
    """The tensors as blocks along the diagonal of a matrix of zeros; a vector is a row, a number a block of one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.block_diag.html
    """
    blocks = several(tensors, "block_diag", lists=False)
    for i, block in enumerate(blocks):
        if block.ndim > 2:
            raise RuntimeError(
                f"block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {block.ndim} dimensions"
            )
    if not blocks:
        return make(np.zeros((1, 0), np.float32))
    dtype = _meeting(blocks)
    blocks = [atleast_2d(block.to(dtype)) for block in blocks]
    width, left, rows = sum(block.shape[1] for block in blocks), 0, []
    for block in blocks:
        height, own = block.shape
        sides = [make(np.zeros((height, size), block.dtype)) for size in (left, width - left - own)]
        rows.append(cat([sides[0], block, sides[1]], 1))
        left += own
    return cat(rows, 0)


def _meeting(tensors: list[Any]) -> Any:
    """The dtype in which tensors meet: those without dimensions count less."""
    ranks: list[Any] = [None, None]
    for t in tensors:
        known = ranks[t.ndim == 0]
        ranks[t.ndim == 0] = t.dtype if known is None else dtypes.promote_types(known, t.dtype)
    return dtypes.result_type_of(ranks[0], ranks[1], None)


# Grids and combinations


@composite()
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinates of the grid spanned by vectors (0-d tensors count as vectors of one): a view for each of them.

    With ``indexing="ij"`` the i-th vector runs along dimension i; with ``"xy"`` the first two are exchanged. Without
    it, "ij" is taken and a warning given, as NumPy's default is "xy".

    Source: https://docs.pytorch.org/docs/stable/generated/torch.meshgrid.html
    """
    if indexing is None:
        text = "torch.meshgrid: in an upcoming release, it will be required to pass the indexing argument."
        warnings.warn(f"{text} Pass indexing='ij' for what it does now.", UserWarning, stacklevel=3)
    vectors = _vectors(tensors, indexing)
    shape = tuple(math.prod(t.shape) for t in vectors)
    order = list(range(len(shape)))
    if indexing == "xy" and len(shape) > 1:
        order[:2] = [1, 0]
    out = tuple(shape[i] for i in order)
    return tuple(
        broadcast_to(reshape(t, tuple(size if i == n else 1 for n, size in zip(order, out, strict=True))), out)
        for i, t in enumerate(vectors)
    )


def _vectors(tensors: tuple[Any, ...], indexing: str | None) -> list[Any]:
    vectors = several(tensors, "meshgrid")
    if not vectors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for t in vectors:
        if t.ndim > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got one of shape {tuple(t.shape)}"
            )
        if t.dtype != vectors[0].dtype:
            raise RuntimeError(
                f"meshgrid expects all tensors to have the same dtype, got {vectors[0].dtype}, {t.dtype}"
            )
    return vectors


@composite()
def cartesian_prod(*tensors: Any) -> Array:
    """Every choice of one element from each vector, a row for each; of a single vector the vector itself.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cartesian_prod.html
    """
    vectors = several(tensors, "cartesian_prod")
    for t in vectors:
        if t.ndim != 1:
            raise RuntimeError(f"cartesian_prod: Expect a 1D vector, but got shape {list(t.shape)}")
    if len(vectors) == 1:
        return vectors[0]
    return stack([reshape(grid, (-1,)) for grid in meshgrid(*vectors, indexing="ij")], 1)


@composite()
def combinations(input: Array, r: int = 2, with_replacement: bool = False) -> Array:
    """Every choice of ``r`` elements of a vector, in their order, a row for each, as itertools has them.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.combinations.html
    """
    if input.ndim != 1:
        raise RuntimeError(f"combinations: Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"combinations: Expect a non-negative number, but got {r}")
    if r == 0:
        return make(np.zeros(0, input.dtype))
    choose: Callable[..., Any] = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    chosen = list(choose(range(input.shape[0]), r))
    return getitem(input, (np.array(chosen, np.int64).reshape(len(chosen), r),))


# One tensor put into a part of another


def _put(function: str, input: Tensor, index: Any, src: Tensor) -> Tensor:
    """A copy of ``input`` with ``src``, which has exactly the shape of what ``index`` selects, at ``index``."""
    wanted = np.broadcast_to(np.empty((), bool), tuple(input.shape))[index].shape
    if tuple(src.shape) != wanted:
        raise RuntimeError(
            f"{function}: expected src to have a size equal to the slice of self. src size = {list(src.shape)}, "
            f"slice size = {list(wanted)}"
        )
    return put_at(input, index, src if src.dtype == input.dtype else src.to(input.dtype))


@composite(methods=("select_scatter",))
def select_scatter(input: Array, src: Array, dim: int, index: int) -> Array:
    """A copy of ``input`` with ``src`` in place of ``input.select(dim, index)``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.select_scatter.html
    """
    axis = dim_from(dim, input.ndim, "select_scatter")
    if not -input.shape[axis] <= index < input.shape[axis]:
        raise IndexError(
            f"select_scatter(): index {index} out of range for tensor of size {list(input.shape)} at dimension {dim}"
        )
    return _put("select_scatter", input, along(axis, index), src)


@composite(methods=("slice_scatter",))
def slice_scatter(
    input: Array, src: Array, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Array:
    """A copy of ``input`` with ``src`` in place of the slice ``start:end:step`` along ``dim``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.slice_scatter.html
    """
    if step <= 0:
        raise RuntimeError(f"slice_scatter: slice step must be positive, got {step}")
    axis = dim_from(dim, input.ndim, "slice_scatter")
    return _put("slice_scatter", input, along(axis, slice(start, end, step)), src)


@composite(methods=("diagonal_scatter",))
def diagonal_scatter(input: Array, src: Array, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Array:
    """A copy of ``input`` with ``src`` in place of ``input.diagonal(offset, dim1, dim2)``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.diagonal_scatter.html
    """
    index, back = diagonal_index(tuple(input.shape), offset, dim1, dim2, "diagonal_scatter")
    turned = input.permute(back)
    changed = _put("diagonal_scatter", turned, index, src)
    return np.transpose(changed, tuple(back.index(i) for i in range(input.ndim)))
