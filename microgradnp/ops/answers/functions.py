"""NumPy functions on Tensors, with NumPy's signatures: elementwise ones, products, polynomials, interpolation.

Those whose results are integers, bools or Python values NumPy computes itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from ...dtypes import promote_types
from ...tensor import Tensor, make
from ..protocols import answers, as_tensor, named, plain, refused, signature_of, wrapped
from ..ufuncs import dims_of
from .statistics import NOT_GIVEN, floating

# What NumPy computes itself

WITHOUT_DERIVATIVE = """
allclose argmax argmin argpartition argsort argwhere array2string array_equal array_equiv array_repr array_str can_cast
common_type diag_indices_from digitize einsum_path flatnonzero isclose iscomplex iscomplexobj isin
isneginf isposinf isreal isrealobj ix_ lexsort may_share_memory min_scalar_type nanargmax nanargmin ndim nonzero
packbits ravel_multi_index result_type searchsorted shape shares_memory size tril_indices_from triu_indices_from
unpackbits unravel_index
"""


def _computed_by_numpy(func: Callable[..., Any]) -> Callable[..., Any]:
    def computed(*args: Any, **kwargs: Any) -> Any:
        args = tuple(plain(value) for value in args)
        kwargs = {key: plain(value) for key, value in kwargs.items() if value is not NOT_GIVEN}
        return wrapped(func(*args, **kwargs))

    computed.__signature__ = _without_out(signature_of(func))  # type: ignore[attr-defined]
    return computed


def _without_out(signature: inspect.Signature) -> inspect.Signature:
    return signature.replace(parameters=[p for p in signature.parameters.values() if p.name != "out"])


for _name in WITHOUT_DERIVATIVE.split():
    answers(getattr(np, _name))(_computed_by_numpy(getattr(np, _name)))


@answers(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    return make(np.asarray(np.sum(plain(as_tensor(a)) != 0, axis, keepdims=keepdims)))


# Elementwise


@answers(np.clip)
def clip(a: Any, a_min: Any = NOT_GIVEN, a_max: Any = NOT_GIVEN, *, min: Any = NOT_GIVEN, max: Any = NOT_GIVEN) -> Any:
    low, high = (_bound(one, other) for one, other in ((a_min, min), (a_max, max)))
    a = as_tensor(a)
    if low is None and high is None:
        return np.positive(a)
    if any(isinstance(value, (np.ndarray, Tensor, list, tuple)) for value in (low, high)):
        low, high = (None if value is None else as_tensor(value) for value in (low, high))
    return named("clamp")(a, low, high)


def _bound(one: Any, other: Any) -> Any:
    if one is not NOT_GIVEN and other is not NOT_GIVEN:
        raise ValueError("Passing `min` or `max` keyword argument when `a_min` and `a_max` are provided is forbidden.")
    given = other if one is NOT_GIVEN else one
    return None if given is NOT_GIVEN else given.item() if isinstance(given, np.generic) else given


@answers(np.round, np.around)
def round(a: Any, decimals: int = 0) -> Any:
    if not a.is_floating_point():
        return wrapped(np.round(plain(a), decimals))
    return named("round")(a, decimals=decimals) if decimals else named("round")(a)


@answers(np.fix)
def fix(x: Any) -> Any:
    return np.trunc(x)


@answers(np.real)
def real(val: Any) -> Any:
    return val


@answers(np.real_if_close)
def real_if_close(a: Any, tol: float = 100) -> Any:
    return a


@answers(np.imag)
def imag(val: Any) -> Any:
    return np.zeros_like(val)


@answers(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    half_turn = 180.0 if deg else np.pi
    z = floating(z)
    return make(np.where(np.signbit(plain(z)), half_turn, 0.0).astype(z.dtype)) + z * 0


@answers(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    if not copy:
        raise refused("np.nan_to_num", "copy", ": use nan_to_num_")
    return named("nan_to_num")(x, nan, posinf, neginf)


@answers(np.sinc)
def sinc(x: Any) -> Any:
    return named("sinc")(x)


@answers(np.i0)
def i0(x: Any) -> Any:
    return named("i0")(x)


@answers(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: Any = 2 * np.pi) -> Any:
    p = floating(p)
    turns = np.unwrap(plain(p), discont, axis, period=period) - plain(p)
    return p + make(np.asarray(turns, p.dtype))


# Interpolation and polynomials


@answers(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    x, xp, fp = floating(x), floating(xp), floating(fp)
    if period is not None:
        if period == 0:
            raise ValueError("period must be a non-zero value")
        period = abs(period)
        x, xp = np.remainder(x, period), np.remainder(xp, period)
        order = np.argsort(plain(xp), kind="stable")
        xp, fp = xp[order], fp[order]
        xp = np.concatenate([xp[-1:] - period, xp, xp[:1] + period])
        fp = np.concatenate([fp[-1:], fp, fp[:1]])
        left = right = None
    count = xp.shape[0]
    if count == 0:
        raise ValueError("array of sample points is empty")
    at = (np.searchsorted(plain(xp), plain(x), "right") - 1).clip(0, max(count - 2, 0))
    after = np.minimum(at + 1, count - 1)
    below, above = plain(x) < plain(xp)[0], plain(x) >= plain(xp)[-1]
    inside = ~(below | above)
    width = np.where(inside, xp[after] - xp[at], 1.0)
    result = fp[at] + np.where(inside, x - xp[at], 0.0) * (fp[after] - fp[at]) / width
    result = np.where(above, fp[-1], np.where(below, fp[0] if left is None else left, result))
    return result if right is None else np.where(plain(x) > plain(xp)[-1], right, result)


@answers(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    if isinstance(x, np.poly1d) or isinstance(p, np.poly1d):
        raise refused("np.polyval", "x" if isinstance(x, np.poly1d) else "p", ": no poly1d")
    p, x = as_tensor(p), as_tensor(x)
    result = np.zeros_like(x) * np.sum(p[:0])
    for i in range(p.shape[0]):
        result = result * x + p[i]
    return result


@answers(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    x = as_tensor(x)
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    powers = list(range(x.shape[0] if N is None else N))
    if not powers:
        return np.reshape(x[:0], (x.shape[0], 0)) if x.shape[0] == 0 else np.reshape(x, (-1, 1))[:, :0]
    columns = [x**k for k in powers]
    return np.stack(columns if increasing else columns[::-1], -1)


@answers(np.linspace)
def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    start, stop = floating(start), floating(stop)
    count = num - 1 if endpoint else num
    step = (stop - start) / max(count, 1)
    places = np.arange(num).reshape((num,) + (1,) * step.ndim).astype(step.dtype)
    result = start + step * places
    result = np.moveaxis(result if dtype is None else result.to(dtype), 0, axis)
    return (result, step) if retstep else result


@answers(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    return _sliding(as_tensor(a), np.flip(as_tensor(v)), mode, False)


@answers(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    return _sliding(as_tensor(a), as_tensor(v), mode, len(v) > len(a))


def _sliding(a: Any, v: Any, mode: str, exchanged: bool) -> Any:
    """The products of ``v`` with ``a`` at every place where they overlap."""
    if a.ndim > 1 or v.ndim > 1 or 0 in (*a.shape, *v.shape):
        raise ValueError("object too deep for desired array, or empty: a and v are one-dimensional")
    a, v = np.atleast_1d(a), np.atleast_1d(v)
    longer, shorter = max(len(a), len(v)), min(len(a), len(v))
    places = np.arange(len(a) + len(v) - 1)[:, None] + np.arange(len(v)) - (len(v) - 1)
    inside = (places >= 0) & (places < len(a))
    full = np.sum(np.where(inside, a[np.where(inside, places, 0)] * v, 0), -1)
    if mode == "full":
        return full
    if mode == "valid":
        return full[shorter - 1 : longer]
    if mode != "same":
        raise ValueError(f"mode must be one of 'valid', 'same', or 'full' (got {mode!r})")
    first = shorter // 2 if exchanged else (shorter - 1) // 2
    return full[first : first + longer]


# Products


@answers(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    if b.ndim == 1 or (a.ndim <= 2 and b.ndim <= 2):
        return np.matmul(a, b)
    return tensordot(a, b, (-1, -2))


@answers(np.inner)
def inner(a: Any, b: Any) -> Any:
    a, b = as_tensor(a), as_tensor(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, (-1, -1))


@answers(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    return np.dot(np.reshape(as_tensor(a), (-1,)), np.reshape(as_tensor(b), (-1,)))


@answers(np.outer)
def outer(a: Any, b: Any) -> Any:
    return np.reshape(as_tensor(a), (-1, 1)) * np.reshape(as_tensor(b), (1, -1))


@answers(np.linalg.outer)
def linalg_outer(x1: Any, x2: Any, /) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError("Input arrays must be one-dimensional")
    return outer(x1, x2)


@answers(np.linalg.tensordot)
def linalg_tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return tensordot(x1, x2, axes)


@answers(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = as_tensor(a), as_tensor(b)
    if isinstance(axes, (int, np.integer)):
        of_a, of_b = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    else:
        of_a, of_b = (list(part) if isinstance(part, (list, tuple)) else [part] for part in axes)
    of_a, of_b = [i % a.ndim for i in of_a], [i % b.ndim for i in of_b]
    if [a.shape[i] for i in of_a] != [b.shape[i] for i in of_b]:
        raise ValueError("shape-mismatch for sum")
    rows = [i for i in range(a.ndim) if i not in of_a]
    columns = [i for i in range(b.ndim) if i not in of_b]
    count = int(np.prod([a.shape[i] for i in of_a], dtype=int))
    left = np.reshape(np.transpose(a, (*rows, *of_a)), (int(np.prod([a.shape[i] for i in rows], dtype=int)), count))
    right = np.reshape(
        np.transpose(b, (*of_b, *columns)), (count, int(np.prod([b.shape[i] for i in columns], dtype=int)))
    )
    return np.reshape(np.matmul(left, right), (*(a.shape[i] for i in rows), *(b.shape[i] for i in columns)))


@answers(np.kron)
def kron(a: Any, b: Any) -> Any:
    a, b = as_tensor(a), as_tensor(b)
    ndim = max(a.ndim, b.ndim)
    a, b = (np.reshape(x, (*(1,) * (ndim - x.ndim), *x.shape)) for x in (a, b))
    spread = [np.reshape(x, tuple(s for n in x.shape for s in ((n, 1) if x is a else (1, n)))) for x in (a, b)]
    return np.reshape(spread[0] * spread[1], tuple(m * n for m, n in zip(a.shape, b.shape, strict=True)))


@answers(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = as_tensor(a).moveaxis(axisa, -1), as_tensor(b).moveaxis(axisb, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ValueError(
            "np.cross on Tensors: both operands must hold 3-dimensional vectors; use microgradnp for others"
        )
    first, second = [1, 2, 0], [2, 0, 1]
    result = a[..., first] * b[..., second] - a[..., second] * b[..., first]
    return np.moveaxis(result, -1, axisc)


@answers(np.linalg.cross)
def linalg_cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return cross(x1, x2, axis=axis)


@answers(np.linalg.matmul)
def linalg_matmul(x1: Any, x2: Any, /) -> Any:
    return np.matmul(x1, x2)


@answers(np.linalg.vecdot)
def linalg_vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    return np.sum(np.multiply(x1, x2), axis=axis)


@answers(np.einsum)
def einsum(*operands: Any, optimize: Any = False, dtype: Any = None) -> Any:
    if dtype is not None:
        operands = tuple(as_tensor(x).to(dtype) if isinstance(x, (Tensor, np.ndarray)) else x for x in operands)
    return named("einsum")(*operands)


# Linear algebra


@answers(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = floating(x)
    if axis is None and (ord is None or (ord == 2 and x.ndim == 1)):
        result = named("linalg.vector_norm")(np.reshape(x, (-1,)))
        return np.reshape(result, (1,) * x.ndim) if keepdims else result
    dims = dims_of(axis, x.ndim)
    if len(dims) == 1:
        return named("linalg.vector_norm")(x, 2 if ord is None else ord, dims, keepdims)
    if len(dims) != 2:
        raise ValueError("Improper number of dimensions to norm.")
    return _matrix_norm(x, "fro" if ord is None else ord, dims, keepdims)


def _matrix_norm(x: Any, ord: Any, dims: Any, keepdims: bool) -> Any:
    if isinstance(ord, str) and ord in ("fro", "f"):
        return named("linalg.vector_norm")(x, 2, dims, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        summed, over = dims if abs(ord) == 1 else dims[::-1]
        sums = np.sum(np.abs(x), summed, keepdims=True)
        initial = {} if sums.numel() else {"initial": 0.0}
        result = getattr(np, "max" if ord > 0 else "min")(sums, over, keepdims=True, **initial)
        shape = tuple(size for i, size in enumerate(x.shape) if i not in dims)
        return result if keepdims else np.reshape(result, shape)
    raise refused("np.linalg.norm of a matrix", "ord", ": it is 'fro', 1, -1, inf or -inf")


@answers(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    return named("linalg.vector_norm")(floating(x), ord, None if axis is None else dims_of(axis, x.ndim), keepdims)


@answers(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return _matrix_norm(floating(x), ord, (x.ndim - 2, x.ndim - 1), keepdims)


def _from_linalg(func: Any, name: str) -> None:
    def answer(*args: Any, **kwargs: Any) -> Any:
        arrays = [value for value in args if isinstance(value, (Tensor, np.ndarray))]
        if name == "matrix_power" and all(value.dtype.kind != "f" for value in arrays):
            return wrapped(func(*plain(args), **kwargs))
        dtype = reduce(promote_types, [floating(value).dtype for value in arrays]) if arrays else None
        args = tuple(floating(value, dtype) if isinstance(value, (Tensor, np.ndarray)) else value for value in args)
        return named(f"linalg.{name}")(*args, **kwargs)

    answer.__signature__ = signature_of(func)  # type: ignore[attr-defined]
    answers(func)(answer)


for _name in ("inv", "solve", "det", "slogdet", "matrix_power", "multi_dot"):
    _from_linalg(getattr(np.linalg, _name), _name)


@answers(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    factor = named("linalg.cholesky")(floating(a))
    return np.swapaxes(factor, -1, -2) if upper else factor
