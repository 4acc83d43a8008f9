"""Products of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.scope import where
from .arithmetic import mul
from .record import Array, composite, derivatives, operation


def _left(g, input_shape, other):
    if len(other.shape) == 1:
        return g[..., None] * other
    if len(input_shape) == 1:
        return np.matmul(g[..., None, :], np.swapaxes(other, -1, -2))[..., 0, :]
    if len(input_shape) == 2 == len(other.shape):
        return np.dot(g, other.T)
    return np.matmul(g, np.swapaxes(other, -1, -2))


def _right(g, input, other_shape):
    if len(input.shape) == 1:
        return g * input if len(other_shape) == 1 else input[:, None] * g[..., None, :]
    if len(other_shape) == 1:
        return np.matmul(np.swapaxes(input, -1, -2), g[..., None])[..., 0]
    if len(input.shape) == 2 == len(other_shape):
        return np.dot(input.T, g)
    return np.matmul(np.swapaxes(input, -1, -2), g)


def _products(make: Any) -> list[tuple[Any, ...]]:
    shapes = [((3, 4), (4, 2)), ((4,), (4,)), ((3, 4), (4,)), ((4,), (4, 2)), ((2, 3, 4), (4, 5)), ((4,), (2, 4, 3)),
              ((2, 1, 3, 4), (5, 4, 2)), ((2, 3, 4), (4,)), ((0, 3), (3, 2))]  # fmt: skip
    return [(make(*a), make(*b)) for a, b in shapes]


@operation(
    np.matmul, methods=("matmul", "__matmul__", "__rmatmul__", "__imatmul__"), promotes=False, out=True,
    samples=_products,
)  # fmt: skip
@derivatives(input=_left, other=_right)
def matmul(input: Array, other: Array) -> Array:
    """The matrix product: the last dimension of ``input`` with the last but one of ``other``, leading ones broadcast.

    A vector counts as a row on the left and as a column on the right. Raises RuntimeError when the sizes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.matmul.html
    """
    if input.ndim == 0 or other.ndim == 0:
        raise RuntimeError(
            f"{where()}matmul: both arguments need to be at least 1D, but they are {input.ndim}D and {other.ndim}D"
        )
    try:
        # For small matrices np.dot takes half the time of np.matmul; for two dimensions they are the same product.
        return np.dot(input, other) if input.ndim == 2 == other.ndim else np.matmul(input, other)
    except ValueError:
        raise RuntimeError(
            f"{where()}matmul: shapes {tuple(input.shape)} and {tuple(other.shape)} cannot be multiplied: the last "
            f"size of the first must equal the last but one of the second, and leading sizes must broadcast"
        ) from None


@composite(methods=("mm",), out=True)
def mm(input: Array, mat2: Array) -> Array:
    """The product of two matrices, without broadcasting.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.mm.html
    """
    if input.ndim != 2 or mat2.ndim != 2:
        raise RuntimeError(f"mm: both arguments must be matrices, got {input.ndim}D and {mat2.ndim}D; use matmul")
    return matmul(input, mat2)


@composite(np.dot)
def _numpy_dot(a: Array, b: Array) -> Array:
    """``np.dot`` of Tensors: as in NumPy for numbers, vectors and matrices; for more dimensions there is matmul.

    Source: https://numpy.org/doc/stable/reference/generated/numpy.dot.html
    """
    dims = getattr(a, "ndim", 0), getattr(b, "ndim", 0)
    if 0 in dims:
        return mul(a, b)
    if dims[0] > 1 and dims[1] > 2:
        raise TypeError(
            "np.dot of a Tensor of more than 2 dimensions is not supported: use np.matmul, which broadcasts them"
        )
    return matmul(a, b)


def _rows(array):
    """An array of any number of dimensions as a matrix: its last dimension is kept."""
    return array if len(array.shape) == 2 else array.reshape((math.prod(array.shape[:-1]), array.shape[-1]))


def _by_input(g, weight):
    if len(weight.shape) == 1:
        return g[..., None] * weight
    return np.dot(g, weight) if len(g.shape) == 2 else np.matmul(g, weight)


def _by_weight(g, input, weight_shape):
    if len(weight_shape) == 1:
        return np.dot(g.reshape((-1,)), _rows(input))
    return np.dot(g.T, input) if len(g.shape) == 2 else np.dot(_rows(g).T, _rows(input))


def _linears(make: Any) -> list[tuple[Any, ...]]:
    with_bias = [((4, 3), (2, 3), (2,)), ((2, 5, 3), (4, 3), (4,)), ((2, 4, 3), (3,), ())]
    without = [((3,), (2, 3)), ((0, 3), (2, 3)), ((4, 3), (3,)), ((3,), (3,)), ((2, 2, 0), (3, 0))]
    return [tuple(make(*shape) for shape in shapes) for shapes in (*with_bias, *without)]


@operation(public=("nn.functional.linear",), promotes=False, samples=_linears)
@derivatives(input=_by_input, weight=_by_weight, bias=lambda g: g)
def linear(input: Array, weight: Array, bias: Array = None) -> Array:
    """``input @ weight.T + bias``: shapes (..., in), (out, in), (out,) give (..., out); (..., in), (in,) give (...).

    Raises RuntimeError when the last dimension of ``input`` is not the second of ``weight``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    try:
        out = np.dot(input, weight.T) if input.ndim == 2 else np.matmul(input, weight.T)
        return out if bias is None else np.add(out, bias, out=out if out.ndim else None)
    except ValueError:
        raise RuntimeError(_misfit(input, weight, bias)) from None


def _misfit(input: Any, weight: Any, bias: Any) -> str:
    features = input.shape[-1] if input.ndim else "no"
    if features == weight.shape[-1]:
        shapes = f"shape {tuple(bias.shape)} does not fit a weight of shape {tuple(weight.shape)}"
        return f"{where() or 'linear: '}a bias of {shapes}"
    return (
        f"{where() or 'linear: '}input has {features} features, weight expects {weight.shape[-1]} (input "
        f"{tuple(input.shape)}, weight {tuple(weight.shape)}): the last dimension of the input must equal in_features"
    )
