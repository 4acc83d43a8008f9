"""Softmax and its kin: numbers along a dimension turned into probabilities."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .. import random as rng
from ..dtypes import as_dtype, float16, float32
from ..tensor import Tensor, make
from .activation import check_floats
from .conversion import cast
from .extreme import argmax
from .record import Array, composite, derivatives, operation
from .reduction import LARGE, row_sums, sum
from .shape import dim_from


def _along(make: Any) -> list[tuple[Any, ...]]:
    return [(make(3, 4), 1), (make(3, 2), 0), (make(2, 1, 3), -1), (make(0, 3), 1), (make(2, 0), 0)]


def less_the_largest(input, dim):
    """The input minus its largest number along ``dim``, in C order: no exponential overflows then."""
    largest = np.maximum.reduce(input, axis=dim, keepdims=True, initial=-np.inf)
    return np.subtract(input, largest, order="C")


def _sum(input, dim):
    if input.size >= LARGE and dim == input.ndim - 1:
        return row_sums(input, keepdim=True)
    return np.add.reduce(input, axis=dim, keepdims=True)


@operation(public=(), label="softmax", samples=_along)
@derivatives(input=lambda g, out, dim: out * (g - sum(g * out, dim, True)))
def softmax_along(input: Array, dim: int) -> Array:
    """``exp(input)``, divided by its sum along ``dim``."""
    out = less_the_largest(input, dim)
    np.exp(out, out)
    return np.true_divide(out, _sum(out, dim), out)


@operation(public=(), label="log_softmax", samples=_along)
@derivatives(input=lambda g, out, dim: np.exp(out) * -sum(g, dim, True) + g)  # as written, in one new array
def log_softmax_along(input: Array, dim: int) -> Array:
    """``input``, less the logarithm of the sum of ``exp(input)`` along ``dim``."""
    out = less_the_largest(input, dim)
    return np.subtract(out, np.log(_sum(np.exp(out), dim)), out)


def _softened(record: Any, name: str, input: Tensor, dim: Any, dtype: Any) -> Tensor:
    """The record's result for an input brought to ``dtype``; float16 is computed in float32."""
    if not isinstance(dim, int) or isinstance(dim, bool):
        raise TypeError(f"{name}(): argument 'dim' must be int, not {type(dim).__name__}")
    if dtype is not None:
        dtype = as_dtype(dtype, f"{name}()")
        input = cast(input, dtype) if dtype.kind == "f" else input.to(dtype)  # type: ignore[attr-defined]
    check_floats(name, input)
    dim = dim_from(dim, input.ndim, name)
    if input.dtype == float16:
        return cast(_softened(record, name, cast(input, float32), dim, None), float16)
    return record(input, dim) if input.ndim else record(input.reshape((1,)), 0).reshape(())


def _implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    """The dimension that is meant when none is given."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel + 1,
    )
    return 0 if ndim in (0, 1, 3) else 1


@composite(methods=("softmax",), public=("softmax",), out=True)
def softmax(input: Array, dim: int, dtype: Any = None) -> Array:
    """``exp(input)``, divided by its sum along ``dim``: positive numbers whose sum is 1.

    Accurate for every finite input; nan for a row of -inf, and for one with inf. ``dtype`` converts the input first.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.softmax.html

    >>> import microgradnp
    >>> microgradnp.softmax(microgradnp.tensor([1000.0, 1000.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _softened(softmax_along, "softmax", input, dim, dtype)


@composite(methods=("log_softmax",), public=("log_softmax",), out=True)
def log_softmax(input: Array, dim: int, dtype: Any = None) -> Array:
    """The logarithm of ``softmax``, accurate where that is 0 or 1: ``input - log(sum(exp(input)))`` along ``dim``.

    Nan for a row of -inf, and for one with inf. ``dtype`` converts the input first.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.log_softmax.html
    """
    return _softened(log_softmax_along, "log_softmax", input, dim, dtype)


@composite(public=("nn.functional.softmax",))
def _softmax(input: Array, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Array:
    """``exp(input)``, divided by its sum along ``dim``. Without ``dim`` it warns, and takes 0 or 1 as PyTorch does.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
    """
    return softmax(input, _implicit_dim("softmax", input.ndim, _stacklevel) if dim is None else dim, dtype)


@composite(public=("nn.functional.log_softmax",))
def _log_softmax(input: Array, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Array:
    """The logarithm of ``softmax``. Without ``dim`` it warns, and takes 0 or 1 as PyTorch does.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
    """
    return log_softmax(input, _implicit_dim("log_softmax", input.ndim, _stacklevel) if dim is None else dim, dtype)


@composite(public=("nn.functional.softmin",))
def softmin(input: Array, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Array:
    """``softmax(-input)``. Without ``dim`` it warns, and takes 0 or 1 as PyTorch does.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html
    """
    return softmax(-input, _implicit_dim("softmin", input.ndim, _stacklevel) if dim is None else dim, dtype)


@composite(public=("nn.functional.gumbel_softmax",))
def gumbel_softmax(logits: Array, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Array:
    """A random choice that has a derivative: ``softmax((logits + noise) / tau)``, with noise of Gumbel's distribution.

    With ``hard`` the result is 1 at the largest and 0 elsewhere, and its derivative that of the soft one. The noise is
    what PyTorch draws, from the default generator. ``eps`` does nothing, and setting it warns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
    """
    if eps != 1e-10:
        warnings.warn("gumbel_softmax: the argument eps is deprecated and has no effect.", UserWarning, stacklevel=3)
    if logits.dtype.kind != "f":
        raise RuntimeError(f"gumbel_softmax: logits must be floating point numbers, got {logits.dtype}")
    times = make(rng.default_generator.exponential(tuple(logits.shape), dtype=logits.dtype))
    soft = softmax((logits - times.log()) / tau, dim)  # type: ignore[attr-defined]
    if not hard:
        return soft
    chosen = np.zeros(soft.shape, soft.dtype)
    np.put_along_axis(np.atleast_1d(chosen), np.atleast_1d(argmax(soft, dim, True)._array), 1, dim)
    return make(chosen) - soft.detach() + soft
