"""NumPy's protocols: a NumPy function called on a Tensor is answered by the operation whose record names it.

So ``np.exp(t)``, ``ndarray * t`` and ``np.where(mask, t, 0)`` give tensors with their derivatives. What no record
answers raises TypeError: never a silent array without gradient, never an array of objects.

Source: NEP 13 and NEP 18, https://numpy.org/neps/
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..tensor import Tensor, tensor_method
from .face import BY_NUMPY

RENAMED = {"axis": "dim", "axes": "dims", "keepdims": "keepdim", "axis1": "dim0", "axis2": "dim1", "newshape": "shape"}


@tensor_method
def __array_ufunc__(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    function = BY_NUMPY.get(ufunc if method == "__call__" else (ufunc, method))
    if function is None:
        name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        raise TypeError(_unsupported(name))
    if method == "reduce":
        kwargs.setdefault("axis", 0)
    return function(*inputs, **_translated(f"np.{ufunc.__name__}", function, kwargs))


@tensor_method
def __array_function__(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    function = BY_NUMPY.get(func)
    if function is None:
        raise TypeError(_unsupported(f"np.{func.__name__}"))
    operands, named = _separated(func, function, args)
    return function(*operands, **_translated(f"np.{func.__name__}", function, {**named, **kwargs}))


def _separated(
    func: Any, function: Callable[..., Any], args: tuple[Any, ...]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Split positional arguments into operands, and those that stand elsewhere in PyTorch's order: by NumPy's names."""
    names = _parameters(func)
    known = {*RENAMED, *_parameters(function), "dtype", "out"}
    first = next((i for i, name in enumerate(names) if i and name in known), len(args))
    return args[:first], dict(zip(names[first:], args[first:], strict=False))


def _unsupported(name: str) -> str:
    return (
        f"{name} is not supported on Tensors: use the function of microgradnp that does it, or {name} on "
        "t.detach().numpy() when no gradient is needed"
    )


def _translated(name: str, function: Callable[..., Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """NumPy's keywords under PyTorch's names; those that say nothing (``out=None``) are dropped."""
    accepted = _parameters(function)
    translated: dict[str, Any] = {}
    for key, value in kwargs.items():
        target = key if key in accepted else RENAMED.get(key, key)
        if target in accepted:
            translated[target] = value
        elif value is not None and value is not np._NoValue:
            raise TypeError(f"{name} on Tensors does not support the argument '{key}'; it takes {', '.join(accepted)}")
    return translated


@cache
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(function).parameters)
    except ValueError:  # written in C, and says nothing of itself
        return ()
