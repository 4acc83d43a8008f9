"""The same elements in another arrangement: turned, shifted, repeated; and triangles of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..tensor import Tensor, make
from .comparison import where
from .conversion import clone
from .indexing import getitem, put_at
from .inplace import write
from .masking import number_for
from .parts import along
from .record import Array, c_order, composite, derivatives, factory, operation
from .shape import broadcast_to, dim_from, dims_from, permute, reshape, shape_from, transpose, unsqueeze


def _flipped(g, dims) -> Any:  # with a result type: a lambda would send type checkers in circles
    return flip(g, dims)


@operation(
    samples=lambda make: [(make(3, 4), (0,)), (make(2, 3), (0, -1)), (make(2, 0), (1,)), (make(3), ())],
)  # fmt: skip
@derivatives(input=_flipped)
def flip(input: Array, dims: tuple[int, ...]) -> Array:
    """A copy with the order of the elements reversed along ``dims``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.flip.html
    """
    if not isinstance(dims, (tuple, list)):
        raise TypeError(f"flip(): argument 'dims' must be tuple of ints, not {type(dims).__name__}")
    axes = dims_from(dims, input.ndim, "flip") if input.ndim else dims_from(dims, 0, "flip")[:0]
    out = np.flip(input, axes)
    return out.copy()


@composite(methods=("flip",))
def _flip_method(input: Array, *dims: Any) -> Array:
    """``flip`` with the dimensions one by one, or as one tuple.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.flip.html
    """
    return flip(input, shape_from(dims))


@composite(np.fliplr, methods=("fliplr",))
def fliplr(input: Array) -> Array:
    """A copy with the columns (dimension 1) in reverse order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.fliplr.html
    """
    if input.ndim < 2:
        raise RuntimeError(f"fliplr: Input must be >= 2-d, got {input.ndim}-d")
    return flip(input, (1,))


@composite(np.flipud, methods=("flipud",))
def flipud(input: Array) -> Array:
    """A copy with the rows (dimension 0) in reverse order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.flipud.html
    """
    if input.ndim < 1:
        raise RuntimeError("flipud: Input must be >= 1-d, got 0-d")
    return flip(input, (0,))


def _rolled_back(g, shifts, dims) -> Any:
    return rolled(g, tuple(-shift for shift in shifts), dims)


@operation(
    public=(), label="roll",
    samples=lambda make: [(make(3, 4), (1, -2), (0, 1)), (make(5), (7,), (0,)), (make(0, 2), (1,), (0,))],
)  # fmt: skip
@derivatives(input=_rolled_back)
def rolled(input: Array, shifts: tuple[int, ...], dims: tuple[int, ...]) -> Array:
    """The elements moved by ``shifts`` along ``dims``; those that leave at one end come in at the other."""
    return c_order(np.roll(input, shifts, dims))


@composite(methods=("roll",))
def roll(input: Array, shifts: int | tuple[int, ...], dims: int | tuple[int, ...] = ()) -> Array:
    """The elements moved along ``dims``, those that leave at one end coming in at the other; without dims, as if flat.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.roll.html
    """
    steps, axes = (tuple(v) if isinstance(v, (tuple, list)) else (v,) for v in (shifts, dims))
    if not axes and len(steps) == 1:
        return reshape(rolled(reshape(input, (-1,)), steps, (0,)), tuple(input.shape))
    if len(steps) != len(axes) or not axes:
        raise RuntimeError(f"roll: shifts and dimensions must align. shifts: {len(steps)}, dims:{len(axes)}")
    if input.ndim == 0:
        raise IndexError(f"roll: Dimension specified as {axes[0]} but tensor has no dimensions")
    return rolled(input, steps, tuple(dim_from(dim, input.ndim, "roll") for dim in axes))


@composite(np.rot90, methods=("rot90",))
def rot90(input: Array, k: int = 1, dims: tuple[int, ...] = (0, 1)) -> Array:
    """A copy turned ``k`` times by 90 degrees in the plane of two dimensions, from the first towards the second.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.rot90.html
    """
    if len(dims) != 2:
        raise RuntimeError(f"rot90: expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.ndim < 2:
        raise RuntimeError(f"rot90: expected total dims >= 2, but got total dims = {input.ndim}")
    one, two = (dim_from(dim, input.ndim, "rot90") for dim in dims)
    if one == two:
        raise RuntimeError(
            f"rot90: expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    if k % 4 == 0:
        return clone(input)
    if k % 4 == 2:
        return flip(input, (one, two))
    return flip(transpose(input, one, two), (one if k % 4 == 1 else two,))


# Repeating


@composite(methods=("repeat",), public=())
def repeat(input: Array, *repeats: Any) -> Array:
    """A copy repeated along each dimension; more numbers than dimensions add new ones in front. NumPy's ``tile``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
    """
    counts = shape_from(repeats)
    if not repeats:
        raise TypeError("repeat() missing its argument 'repeats'")
    if len(counts) < input.ndim:
        raise RuntimeError(
            f"repeat: Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: got "
            f"{counts} for shape {tuple(input.shape)}"
        )
    if min(counts, default=0) < 0:
        raise RuntimeError(f"repeat: Trying to create tensor with negative dimension, repeats are {counts}")
    own = (1,) * (len(counts) - input.ndim) + tuple(input.shape)
    apart = reshape(input, tuple(size for n in own for size in (1, n)))
    spread = broadcast_to(apart, tuple(size for pair in zip(counts, own, strict=True) for size in pair))
    out = reshape(spread, tuple(count * n for count, n in zip(counts, own, strict=True)))
    return out if out._base is None else clone(out)


@composite(np.tile)
def tile(input: Array, dims: tuple[int, ...]) -> Array:
    """A copy repeated along each dimension; fewer numbers than dimensions count for the last ones.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tile.html
    """
    counts = (dims,) if isinstance(dims, int) else tuple(dims)
    return repeat(input, (1,) * (input.ndim - len(counts)) + counts)


@composite(methods=("tile",), public=())
def _tile_method(input: Array, *dims: Any) -> Array:
    """``tile`` with the numbers one by one, or as one tuple.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.tile.html
    """
    return tile(input, shape_from(dims))


@composite(np.repeat, methods=("repeat_interleave",))
def repeat_interleave(
    input: Array, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Array:
    """Each element along ``dim`` (of all, without it) repeated: as often as a number says, or a tensor for each.

    With one argument it holds the repeats, and the result is the positions repeated.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.repeat_interleave.html
    """
    if repeats is None:
        places = np.arange(input.numel())
        return make(np.repeat(places, _repeats(input, len(places))).astype(input.dtype, copy=False))
    if dim is None:
        input, dim = reshape(input, (-1,)), 0
    axis = dim_from(dim, input.ndim, "repeat_interleave")
    if input.ndim == 0:
        raise IndexError(f"repeat_interleave: Dimension out of range: a 0-d tensor has no dimension {dim}")
    if isinstance(repeats, (int, np.integer)) and not isinstance(repeats, bool):
        return _repeated_evenly(input, int(repeats), axis, output_size)
    counts = _repeats(repeats, input.shape[axis])
    total = int(counts.sum())
    _check_size(output_size, total)
    return getitem(input, along(axis, np.repeat(np.arange(input.shape[axis]), counts))[:-1])


def _repeated_evenly(input: Tensor, count: int, axis: int, output_size: int | None) -> Tensor:
    if count < 0:
        raise RuntimeError(f"repeat_interleave: Repeats must be non-negative, got {count}")
    shape = tuple(input.shape)
    _check_size(output_size, shape[axis] * count)
    apart = reshape(input, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
    spread = broadcast_to(apart, (*shape[: axis + 1], count, *shape[axis + 1 :]))
    out = reshape(spread, (*shape[:axis], shape[axis] * count, *shape[axis + 1 :]))
    return out if out._base is None else clone(out)


def _check_size(output_size: int | None, total: int) -> None:
    if output_size not in (None, total):
        raise RuntimeError(f"repeat_interleave: Invalid output_size, expected {total} but got {output_size}")


def _repeats(repeats: Any, size: int) -> np.ndarray:
    if not isinstance(repeats, (Tensor, np.ndarray)):
        raise TypeError(f"repeat_interleave(): argument 'repeats' must be int or Tensor, not {type(repeats).__name__}")
    counts = repeats._array if isinstance(repeats, Tensor) else repeats
    if counts.dtype.name not in ("int64", "int32"):
        raise NotImplementedError(f"repeat_interleave: repeats must be int64 or int32, got {counts.dtype}")
    if counts.ndim > 1 or counts.size not in (1, size):
        raise RuntimeError(
            f"repeat_interleave: repeats must have the same size as input along dim ({size}), or 1, got shape "
            f"{tuple(counts.shape)}"
        )
    if (counts < 0).any():
        raise RuntimeError("repeat_interleave: repeats can not be negative")
    return np.broadcast_to(counts.reshape(-1), (size,))


# Triangles


@composite(np.tril, methods=("tril", "tril_"), out=True)
def tril(input: Array, diagonal: int = 0) -> Array:
    """The lower triangle of each matrix, zeros above: up to the ``diagonal``-th diagonal (0 the main one, above > 0).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tril.html
    """
    return where(make(_lower(input, diagonal, "tril")), input, input.dtype.type(0).item())


@composite(np.triu, methods=("triu", "triu_"), out=True)
def triu(input: Array, diagonal: int = 0) -> Array:
    """The upper triangle of each matrix, zeros below: from the ``diagonal``-th diagonal on (0 the main one, above > 0).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.triu.html
    """
    return where(make(_lower(input, diagonal - 1, "triu")), input.dtype.type(0).item(), input)


def _lower(input: Tensor, diagonal: int, function: str) -> np.ndarray:
    if input.ndim < 2:
        raise RuntimeError(f"{function}: input tensor must have at least 2 dimensions, got {input.ndim}")
    return np.tri(input.shape[-2], input.shape[-1], diagonal, dtype=bool)


def _triangle(name: str, row: int, col: int, dtype: Any, lower: Any) -> Tensor:
    wanted = dtypes.as_dtype(dtype, f"{name}()")
    if row < 0 or col < 0:
        raise RuntimeError(f"{name}: row and col must be non-negative, got {row} and {col}")
    if wanted.kind != "i":
        raise NotImplementedError(f'"{name}" not implemented for {wanted}: indices are integers')
    return make(np.array(np.nonzero(lower(np.empty((row, col)))), wanted).reshape(2, -1))


@factory()
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64) -> Tensor:
    """The rows and the columns of the elements of a lower triangle, row by row.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tril_indices.html
    """
    return _triangle("tril_indices", row, col, dtype, lambda grid: np.tri(*grid.shape, k=offset, dtype=bool))


@factory()
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64) -> Tensor:
    """The rows and the columns of the elements of an upper triangle, row by row.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.triu_indices.html
    """
    return _triangle("triu_indices", row, col, dtype, lambda grid: ~np.tri(*grid.shape, k=offset - 1, dtype=bool))


# Pixels and channels


def _multiple(function: str, what: str, size: int, of: int) -> int:
    if of <= 0 or size % of:
        raise RuntimeError(f"{function} expects {what} to be divisible by {of}, but it is {size}")
    return size // of


def _at_least(input: Tensor, ndim: int, function: str) -> None:
    if input.ndim < ndim:
        raise RuntimeError(f"{function} expects input to have at least {ndim} dimensions, but got {input.ndim}")


@composite(public=("pixel_shuffle", "nn.functional.pixel_shuffle"))
def pixel_shuffle(input: Array, upscale_factor: int) -> Array:
    """Channels become pixels: (*, C r r, H, W) becomes (*, C, H r, W r).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
    """
    _at_least(input, 3, "pixel_shuffle")
    r, (*batch, channels, high, wide) = upscale_factor, input.shape
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    c, n = _multiple("pixel_shuffle", "the number of channels", channels, r * r), len(batch)
    apart = reshape(input, (*batch, c, r, r, high, wide))
    turned = permute(apart, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return _new(input, reshape(turned, (*batch, c, high * r, wide * r)))


@composite(public=("pixel_unshuffle", "nn.functional.pixel_unshuffle"))
def pixel_unshuffle(input: Array, downscale_factor: int) -> Array:
    """Pixels become channels: (*, C, H r, W r) becomes (*, C r r, H, W), as ``pixel_shuffle`` undone.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html
    """
    _at_least(input, 3, "pixel_unshuffle")
    r, (*batch, channels, high, wide) = downscale_factor, input.shape
    h, w = _multiple("pixel_unshuffle", "height", high, r), _multiple("pixel_unshuffle", "width", wide, r)
    n = len(batch)
    apart = reshape(input, (*batch, channels, h, r, w, r))
    turned = permute(apart, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return _new(input, reshape(turned, (*batch, channels * r * r, h, w)))


def _new(input: Tensor, out: Tensor) -> Tensor:
    """The result in memory of its own, where only sizes of 1 were turned."""
    return clone(out) if np.may_share_memory(out._array, input._array) else out


@composite(public=("channel_shuffle", "nn.functional.channel_shuffle"))
def channel_shuffle(input: Array, groups: int) -> Array:
    """The channels (dimension 1) of ``groups`` groups taken in turn, as cards are shuffled.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.channel_shuffle.html
    """
    if input.ndim < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(input.shape)}")
    shape = tuple(input.shape)
    each = _multiple("channel_shuffle", "the number of channels", shape[1], groups)
    apart = reshape(input, (shape[0], groups, each, math.prod(shape[2:])))
    return reshape(clone(transpose(apart, 1, 2)), shape)


@composite(np.vander)
def vander(x: Array, N: int | None = None, increasing: bool = False) -> Array:
    """The Vandermonde matrix: powers of a vector as columns, from the highest to 0, or from 0 up if ``increasing``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.vander.html
    """
    if x.ndim != 1:
        raise RuntimeError(f"vander: x must be a one-dimensional tensor, got {x.ndim} dimensions")
    count = x.shape[0] if N is None else N
    if count < 0:
        raise RuntimeError(f"vander: N must be non-negative, got {N}")
    powers = np.arange(count) if increasing else np.arange(count)[::-1].copy()
    return reshape(x, (-1, 1)) ** make(powers)


@composite(public=("linalg.vander",))
def vander_along(x: Array, *, N: int | None = None) -> Array:
    """Vandermonde matrices of vectors along the last dimension: their powers from 0 up, ``N`` of them, as columns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.vander.html
    """
    if x.dtype.kind == "b":
        raise RuntimeError("linalg.vander: not supported for bool; convert to integers")
    count = N if N is not None else x.shape[-1] if x.ndim else 1
    if count <= 1:
        raise RuntimeError(f"linalg.vander: N must be greater than 1, got {count}")
    return unsqueeze(x if x.ndim else reshape(x, (1,)), -1) ** make(np.arange(count))


@composite(methods=("fill_diagonal_",), public=())
def fill_diagonal_(self: Array, fill_value: Any, wrap: bool = False) -> Array:
    """Set the main diagonal to one number, in place; with ``wrap`` it begins anew below a tall matrix's end.

    Of more than two dimensions, which must then be equal, all indices along the diagonal are equal.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.fill_diagonal_.html
    """
    shape = tuple(self.shape)
    if self.ndim < 2:
        raise RuntimeError(f"fill_diagonal_: dimensions must larger than 1, got {self.ndim}")
    if self.ndim > 2 and len(set(shape)) > 1:
        raise RuntimeError(f"fill_diagonal_: all dimensions of input must be of equal length, got {shape}")
    number = number_for("fill_diagonal_", fill_value, self.dtype)
    if self.ndim == 2 and wrap:
        places = np.arange(0, math.prod(shape), shape[1] + 1)
        index = np.unravel_index(places, shape)
    else:
        index = (np.arange(min(shape)),) * self.ndim
    return write(self, "fill_diagonal_", lambda before: put_at(before, index, number))
