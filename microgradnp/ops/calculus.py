"""Derivatives of functions that are known at points only."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor
from .arithmetic import add, mul, sub, true_divide
from .joining import cat
from .record import Array, composite


@composite()
def gradient(input: Array, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The slope of ``input``, the values of a function at points, along the dimensions ``dim`` (by default all).

    Within, it is the central difference, which is right to the second order for unequal distances too; at the ends the
    difference to the neighbour, or with ``edge_order=2`` that of a parabola through three points. ``spacing`` is the
    distance of the points: one number; or for each dimension a number, or a tensor of the points' coordinates.

    Raises RuntimeError when a dimension has less than ``edge_order + 1`` points.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.gradient.html
    """
    dims = _dims(dim, input.ndim)
    spacings = list(spacing) if isinstance(spacing, (tuple, list)) else [spacing] * len(dims)
    if edge_order not in (1, 2):
        raise RuntimeError(f"gradient: only edge_order=1 and edge_order=2 are supported, got {edge_order}")
    if isinstance(spacing, Tensor):
        raise TypeError("gradient(): coordinates stand in a tuple, one tensor for each dimension: spacing=(points,)")
    if len(spacings) != len(dims):
        raise RuntimeError(
            f"gradient: expected spacing to be a number, or a list with one for each of {len(dims)} dimensions, got "
            f"{len(spacings)}"
        )
    for axis in dims:
        if input.shape[axis] < edge_order + 1:
            raise RuntimeError(
                f"gradient: expected each dimension size to be at least edge_order+1 = {edge_order + 1}, got "
                f"{input.shape[axis]} in dimension {axis}"
            )
    return tuple(_slope(input, axis, step, edge_order) for axis, step in zip(dims, spacings, strict=True))


def _dims(dim: Any, ndim: int) -> list[int]:
    dim = range(ndim) if dim is None else dim
    dims = [dim] if isinstance(dim, int) else list(dim)
    for axis in dims:
        if not -ndim <= axis < ndim:
            raise IndexError(
                f"gradient: Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {axis})"
            )
    dims = [axis % ndim for axis in dims]
    if len(set(dims)) < len(dims):
        raise RuntimeError(f"gradient: a dimension appears multiple times in dim={dim}")
    return dims


def _slope(input: Tensor, dim: int, spacing: Any, edge_order: int) -> Tensor:
    def part(tensor: Any, start: int, stop: int | None) -> Any:
        return tensor[(slice(None),) * (dim if tensor is input else 0) + (slice(start, stop),)]

    size = input.shape[dim]
    if isinstance(spacing, Tensor):
        if spacing.shape != (size,):
            raise RuntimeError(
                f"gradient: {size} coordinates are needed in dimension {dim}, not {tuple(spacing.shape)}"
            )
        steps = sub(part(spacing, 1, None), part(spacing, 0, -1)).reshape((-1,) + (1,) * (input.ndim - dim - 1))
    else:
        steps = None

    def slopes(start: int, stop: int | None) -> Any:
        """The differences of neighbours, divided by their distances."""
        rises = sub(part(input, 1, None), part(input, 0, -1))[(slice(None),) * dim + (slice(start, stop),)]
        return true_divide(rises, spacing if steps is None else steps[start:stop])

    first, last = slopes(0, 1), slopes(size - 2, None)
    if size == 2:
        return cat([first, last], dim)
    before, after = slopes(0, -1), slopes(1, None)
    # Each slope counts by the other's distance: the nearer neighbour says more.
    share: Any = 0.5 if steps is None else true_divide(steps[:-1], add(steps[:-1], steps[1:]))
    if steps is None:  # the middle does not count, be it large or nan
        within = true_divide(sub(part(input, 2, None), part(input, 0, -2)), 2 * spacing)
    else:
        within = add(before, mul(share, sub(after, before)))
    if edge_order == 2:
        ratio = 0.5 if steps is None else share[:1]
        first = sub(first, mul(ratio, sub(slopes(1, 2), first)))
        end = 0.5 if steps is None else true_divide(steps[-1:], add(steps[-2:-1], steps[-1:]))
        last = add(last, mul(end, sub(last, slopes(size - 3, size - 2))))
    return cat([first, within, last], dim)
