"""Linear algebra: inverses and solutions, decompositions, powers and chains of matrices, cross products.

A matrix is the last two dimensions; those before it are a batch. NumPy's ``linalg`` calculates; a decomposition is one
more record.
"""

from __future__ import annotations

import operator
import warnings
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..tensor import make
from .comparison import where
from .conversion import contiguous
from .face import publish
from .indexing import getitem
from .product import check_dims, check_floats, matmul
from .record import Array, Arrays, check_tensors, composite, derivatives, operation
from .shape import dim_from, reshape, transpose


class LinAlgError(RuntimeError):
    """A matrix is singular, or not positive definite, where it must not be.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.LinAlgError.html
    """


publish(LinAlgError, (), (), ("linalg.LinAlgError",))


def check_matrices(function: str, array: Any, square: bool = True) -> None:
    """Refuse what is not a (batch of) matrices of float32 or float64."""
    shape = tuple(array.shape)
    if len(shape) < 2:
        raise RuntimeError(
            f"{module_path()}{function}: the input must have at least 2 dimensions, the last two being those of the "
            f"matrices, got shape {shape}"
        )
    if square and shape[-1] != shape[-2]:
        raise RuntimeError(
            f"{module_path()}{function}: A must be batches of square matrices, but they are {shape[-2]} by "
            f"{shape[-1]} matrices"
        )
    if array.dtype.kind != "f":
        raise RuntimeError(
            f"{module_path()}{function}: expected a floating point tensor, got {array.dtype}: convert it, as with "
            ".float()"
        )
    if array.dtype.itemsize < 4:
        raise NotImplementedError(f"{module_path()}{function}: not implemented for float16: convert it, with .float()")


def regular(numbers: Any) -> Any:
    """A domain for samples: matrices with a dominating diagonal, made of numbers from 0 to 1."""
    return numbers - 0.5 + 2.0 * np.eye(*numbers.shape[-2:])


def _transposed(a):
    return np.swapaxes(a, -1, -2)


# Inverses and solutions


def _inverses(make: Any) -> list[tuple[Any, ...]]:
    return [(make(3, 3),), (make(2, 2, 2),), (make(1, 1),), (make(0, 0),), (make(0, 2, 2),)]


def _by_inverse(g, out):
    return -np.matmul(_transposed(out), np.matmul(g, _transposed(out)))


@operation(np.linalg.inv, public=("linalg.inv",), out=True, samples=_inverses, domain=regular)
@derivatives(A=_by_inverse)
def inv(A: Array) -> Array:
    """The inverse of every matrix. Raises LinAlgError for one that is singular.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.inv.html
    """
    check_matrices("linalg.inv", A)
    try:
        return np.linalg.inv(A)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            f"{module_path()}linalg.inv: the inversion could not be completed because the input matrix is singular"
        ) from None


@composite(methods=("inverse",), out=True)
def inverse(input: Array) -> Array:
    """``linalg.inv``. Source: https://docs.pytorch.org/docs/stable/generated/torch.inverse.html"""
    return inv(input)


def _by_left_side(g, A, out):
    return -np.matmul(solve_matrices(_transposed(A), g), _transposed(out))


def _by_right_side(g, A) -> Any:
    return solve_matrices(_transposed(A), g)


@operation(
    public=(), promotes=False, domain={"A": regular},
    samples=lambda make: [(make(3, 3), make(3, 2)), (make(2, 2, 2), make(2, 1)), (make(0, 0), make(0, 2))],
)  # fmt: skip
@derivatives(A=_by_left_side, B=_by_right_side)
def solve_matrices(A: Array, B: Array) -> Array:
    """The X with A X = B, all of them (batches of) matrices."""
    try:
        return np.linalg.solve(A, B)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            f"{module_path()}linalg.solve: the solver failed because the input matrix is singular"
        ) from None


@composite(np.linalg.solve, public=("linalg.solve",), out=True)
def solve(A: Array, B: Array, *, left: bool = True) -> Array:
    """The X with ``A @ X = B``; with ``left=False`` that with ``X @ A = B``.

    B counts as (a batch of) vectors when it has one dimension, or the shape of A without its last one. Batches
    broadcast. Raises LinAlgError for a singular A, RuntimeError for shapes and dtypes that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.solve.html
    """
    check_floats("linalg.solve", A=A, B=B)
    check_matrices("linalg.solve", A)
    if B.ndim == 0:
        raise RuntimeError("linalg.solve: B must have at least 1 dimension, got a number")
    vectors = B.ndim == 1 or (A.ndim - 1 == B.ndim and tuple(B.shape) == tuple(A.shape[:-1]))
    right = reshape(B, (*B.shape, 1)) if vectors else B
    if right.shape[-2 if left else -1] != A.shape[-1] or (vectors and not left):
        equation = "AX = B" if left else "XA = B"
        raise RuntimeError(
            f"{module_path()}linalg.solve: Incompatible shapes of A and B for the equation {equation} "
            f"({tuple(A.shape)} and {tuple(B.shape)})"
        )
    if not left:
        solution = transpose(solve_matrices(transpose(A, -1, -2), transpose(right, -1, -2)), -1, -2)
        return contiguous(solution)
    solution = solve_matrices(A, right)
    return reshape(solution, tuple(solution.shape[:-1])) if vectors else solution


# Cholesky's decomposition


def _halved(g) -> Any:
    return lower_half(g)


@operation(public=(), opaque=True, samples=lambda make: [(make(3, 3),), (make(2, 2, 2),), (make(0, 0),)])
@derivatives(input=_halved)
def lower_half(input: Array) -> Array:
    """The lower triangle of every matrix, with half of the diagonal."""
    out = np.tril(input)
    diagonal = np.arange(input.shape[-1])
    out[..., diagonal, diagonal] /= 2
    return out


def _by_symmetric(g, out):
    # With P = lower_half(L' g): the symmetric part of inv(L)' P inv(L). (Murray 2016, arXiv:1602.07527.)
    inner = lower_half(np.matmul(_transposed(out), g))
    left = solve_matrices(_transposed(out), inner)
    both = _transposed(solve_matrices(_transposed(out), _transposed(left)))
    return (both + _transposed(both)) * 0.5


@operation(
    np.linalg.cholesky, public=(), label="cholesky", opaque=True, domain=(0.5, 3.0),
    samples=lambda make: [(make(1, 1),), (make(3, 1, 1),), (make(0, 0),)],
)  # fmt: skip
@derivatives(input=_by_symmetric)
def cholesky_lower(input: Array) -> Array:
    """The lower triangular L with L L.T = A, which is symmetric (only its lower triangle is read), so its gradient."""
    check_matrices("linalg.cholesky", input)
    try:
        out = np.linalg.cholesky(input)
        if np.isnan(out).any():
            raise np.linalg.LinAlgError
        return out
    except np.linalg.LinAlgError:
        raise LinAlgError(
            f"{module_path()}linalg.cholesky: the factorization could not be completed because the input is not "
            "positive-definite"
        ) from None


def _cholesky(input: Any, upper: bool) -> Any:
    return contiguous(transpose(cholesky_lower(transpose(input, -1, -2)), -1, -2)) if upper else cholesky_lower(input)


@composite(public=("linalg.cholesky",), out=True)
def linalg_cholesky(A: Array, *, upper: bool = False) -> Array:
    """The lower triangular L with ``L @ L.mT = A``, for symmetric positive-definite A; or the upper triangular L.mT.

    Only that triangle of A is read; the gradient is symmetric. Raises LinAlgError when A is not positive-definite.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.cholesky.html
    """
    check_matrices("linalg.cholesky", A)
    return _cholesky(A, upper)


@composite(methods=("cholesky",), out=True)
def cholesky(input: Array, upper: bool = False) -> Array:
    """``linalg.cholesky``. Source: https://docs.pytorch.org/docs/stable/generated/torch.cholesky.html"""
    check_matrices("cholesky", input)
    return _cholesky(input, upper)


# Powers


@composite(np.linalg.matrix_power, methods=("matrix_power",), out=True)
def matrix_power(input: Array, n: int) -> Array:
    """The matrix product of n factors ``input``: by repeated squaring; for a negative n, of its inverse.

    Raises LinAlgError for a negative power of a singular matrix.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.matrix_power.html
    """
    try:
        power = operator.index(n)
    except TypeError:
        raise TypeError(f"linalg_matrix_power(): argument 'n' must be int, not {type(n).__name__}") from None
    if input.ndim < 2 or input.shape[-1] != input.shape[-2]:
        raise RuntimeError(f"linalg.matrix_power: A must be batches of square matrices, got {tuple(input.shape)}")
    if power == 0:
        unit = make(np.eye(input.shape[-1], dtype=input.dtype))
        return where(make(np.False_), input, unit)
    base, out = (inv(input) if power < 0 else input), None
    power = abs(power)
    while True:
        if power & 1:
            out = base if out is None else matmul(out, base)
        power >>= 1
        if not power:
            return input.clone() if out is input else out
        base = matmul(base, base)


@composite(public=("linalg.matrix_power",), out=True)
def linalg_matrix_power(A: Array, n: int) -> Array:
    """``matrix_power``. Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.matrix_power.html"""
    return matrix_power(A, n)


# Chains of products


@lru_cache(maxsize=256)
def _cheapest_order(sizes: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """Where to split the product of matrices i to j, so that all take the fewest multiplications.

    Matrix i has shape (sizes[i], sizes[i + 1]). Cormen et al., Introduction to Algorithms, 15.2.
    """
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    split: dict[tuple[int, int], int] = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return split


@composite(np.linalg.multi_dot, public=("linalg.multi_dot",), out=True)
def multi_dot(tensors: Arrays) -> Array:
    """The product of two or more matrices, in the order that takes the fewest multiplications.

    The first and the last may be vectors: a row and a column.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.multi_dot.html
    """
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    for place, tensor, allowed in (("first", tensors[0], (1, 2)), ("last", tensors[-1], (1, 2))):
        if tensor.ndim not in allowed:
            raise RuntimeError(f"multi_dot(): the {place} tensor must be 1D or 2D but got {tensor.ndim}D")
    if any(tensor.ndim != 2 for tensor in tensors[1:-1]):
        raise RuntimeError("multi_dot(): the tensors between the first and the last must be 2D")
    matrices = list(tensors)
    if matrices[0].ndim == 1:
        matrices[0] = reshape(matrices[0], (1, -1))
    if matrices[-1].ndim == 1:
        matrices[-1] = reshape(matrices[-1], (-1, 1))
    for left, right in pairwise(matrices):
        if left.shape[1] != right.shape[0]:
            shapes = " and ".join(str(tuple(t.shape)) for t in (left, right))
            raise RuntimeError(f"multi_dot(): tensors with shapes {shapes} cannot be multiplied")
    split = _cheapest_order((*(t.shape[0] for t in matrices), matrices[-1].shape[1]))

    def product(i: int, j: int) -> Any:
        return matrices[i] if i == j else matmul(product(i, split[i, j]), product(split[i, j] + 1, j))

    shape = tensors[0].shape[:-1] + (tensors[-1].shape[1:] if len(tensors) > 1 else ())
    out = product(0, len(matrices) - 1)
    return out if tuple(out.shape) == tuple(shape) else reshape(out, tuple(shape))


@composite(out=True)
def chain_matmul(*matrices: Any) -> Array:
    """``linalg.multi_dot`` of the matrices, which replaces it; of one, that itself. Deprecated, with a warning.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.chain_matmul.html
    """
    warnings.warn("chain_matmul is deprecated; use linalg.multi_dot([...])", UserWarning, stacklevel=3)
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for matrix in matrices:
        check_dims("chain_matmul", 2, matrices=matrix)
    return matrices[0] if len(matrices) == 1 else multi_dot(list(matrices))


# Vectors of three components


def _cross(function: str, input: Any, other: Any, dim: int) -> Any:
    check_tensors(function, input=input, other=other)
    if input.ndim != other.ndim:
        raise RuntimeError(
            f"{function}: inputs must have the same number of dimensions, got {input.ndim} and {other.ndim}"
        )
    axis = dim_from(dim, input.ndim, function)
    if input.ndim == 0 or input.shape[axis] != 3 or other.shape[axis] != 3:
        raise RuntimeError(
            f"{function}: dimension {dim} must have size 3 in both inputs, got the shapes {tuple(input.shape)} and "
            f"{tuple(other.shape)}"
        )
    if input.dtype != other.dtype:
        raise RuntimeError(f"{function}: expected tensors of one dtype, but got {input.dtype} and {other.dtype}")
    if input.dtype.kind == "b":
        raise NotImplementedError(f"{function}: not implemented for bool")
    before = (slice(None),) * axis
    after, last = ((*before, np.array(order)) for order in ([1, 2, 0], [2, 0, 1]))
    return getitem(input, after) * getitem(other, last) - getitem(input, last) * getitem(other, after)


@composite(np.cross, np.linalg.cross, public=("linalg.cross",), out=True)
def linalg_cross(input: Array, other: Array, *, dim: int = -1) -> Array:
    """The cross product of vectors of 3 components, which lie along ``dim``; the other dimensions broadcast.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linalg.cross.html
    """
    return _cross("linalg.cross", input, other, dim)


@composite(methods=("cross",), out=True)
def cross(input: Array, other: Array, dim: int | None = None) -> Array:
    """``linalg.cross`` along ``dim``, which should be given: the default, with a warning, is the first of size 3.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cross.html
    """
    if dim is None:
        dim = next((i for i, size in enumerate(input.shape) if size == 3), None)
        if dim is None:
            raise RuntimeError(f"cross: no dimension of size 3 in input of shape {tuple(input.shape)}")
        warnings.warn(
            f"cross() without dim takes the first dimension of size 3, here {dim}: pass dim, or use linalg.cross, "
            "which takes the last",
            UserWarning,
            stacklevel=3,
        )
    return _cross("cross", input, other, dim)
