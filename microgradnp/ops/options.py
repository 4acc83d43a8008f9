"""The keyword arguments that PyTorch's factory functions share, handled once: where and how a new tensor is made.

``dtype``, ``layout``, ``device``, ``pin_memory``, ``requires_grad`` and ``out`` are checked here, before anything is
made (or any random number drawn). The function itself gets its own arguments and a dtype, or None, and gives an array.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.quiet import restore, silence
from ..devices import check_device, check_layout
from ..tensor import Tensor, make

SHARED = {"dtype": None, "layout": None, "device": None, "pin_memory": False, "requires_grad": False}


def with_options(function: Callable[..., Any], out: bool) -> Callable[..., Any]:
    """The public function of one that makes an array: it takes the shared arguments, and gives a tensor."""
    name = f"{function.__name__}()"
    own = inspect.signature(function).parameters
    sized = "size" in own and own["size"].kind is inspect.Parameter.VAR_POSITIONAL

    @wraps(function)
    def made(
        *args: Any, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
        requires_grad: bool = False, **kwargs: Any,
    ) -> Any:  # fmt: skip
        target = kwargs.pop("out", None) if out else None
        if sized:
            args = _with_size(name, args, kwargs)
        if layout is not None or device is not None or pin_memory:
            _check_place(name, layout, device, pin_memory)
        if requires_grad.__class__ is not bool:
            raise TypeError(f"{name}: argument 'requires_grad' must be bool, not {type(requires_grad).__name__}")
        wanted = None if dtype is None else dtypes.as_dtype(dtype, name)
        if target is not None:
            wanted = _dtype_of_out(name, target, wanted)
        loud = silence()  # infinities and nans are values, and no reason for a warning
        try:
            tensor = function(*args, dtype=wanted, **kwargs)
        finally:
            restore(loud)
        if not isinstance(tensor, Tensor):
            tensor = make(tensor)
        if target is not None:
            tensor = _written(target, function.__name__, tensor)
        return tensor.requires_grad_() if requires_grad else tensor

    del made.__wrapped__  # type: ignore[attr-defined]  # or its signature would be taken for that of this one
    made.written = function  # type: ignore[attr-defined]
    made.__signature__ = _signature(own, out)  # type: ignore[attr-defined]
    return made


def _signature(own: Mapping[str, inspect.Parameter], out: bool) -> inspect.Signature:
    """The function's own parameters, and the shared ones as keyword arguments."""
    mine = [parameter for name, parameter in own.items() if name != "dtype"]
    return inspect.Signature([*mine, *(_KEYWORDS if out else _KEYWORDS[1:])], return_annotation="Tensor")


def _keyword(name: str, default: Any) -> inspect.Parameter:
    kind = "bool" if default is False else "Any"
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


_KEYWORDS = [_keyword(name, default) for name, default in {"out": None, **SHARED}.items()]


def _with_size(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    if "size" in kwargs:
        if args:
            raise TypeError(f"{name} got multiple values for argument 'size'")
        return (kwargs.pop("size"),)
    if not args:
        raise TypeError(f"{name} missing 1 required positional argument: 'size'")
    return args


def _check_place(name: str, layout: Any, device: Any, pin_memory: Any) -> None:
    check_layout(layout, name)
    check_device(device, name)
    if not isinstance(pin_memory, bool):
        raise TypeError(f"{name}: argument 'pin_memory' must be bool, not {type(pin_memory).__name__}")
    if pin_memory:
        raise RuntimeError(f"{name}: pin_memory=True needs an accelerator, and none is there; leave it out")


def _dtype_of_out(name: str, out: Any, dtype: Any) -> Any:
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}: argument 'out' must be Tensor, not {type(out).__name__}")
    if dtype is not None and dtype != out.dtype:
        raise RuntimeError(f"{name}: dtype {dtype} does not match dtype of out parameter ({out.dtype})")
    return out.dtype


def _written(out: Tensor, name: str, made: Tensor) -> Tensor:
    from .operands import into

    if out._array.shape != made._array.shape and out._base is None and not out.requires_grad:
        out._array = np.empty(made._array.shape, out._array.dtype)  # without a warning: its values are new anyway
    return into(out, name, made)


# Sizes and numbers


def sizes_from(size: Any, name: str) -> tuple[int, ...]:
    """Sizes given one by one, or as one sequence, checked."""
    given = size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    return tuple([one_size(n, name) for n in given])


def shape_of(size: Any, name: str) -> tuple[int, ...]:
    """A size that must be a sequence."""
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"{name}: argument 'size' must be tuple of ints, not {type(size).__name__}")
    return tuple([one_size(n, name) for n in size])


def one_size(n: Any, name: str) -> int:
    value = whole(n, name, "size")
    if value < 0:
        raise RuntimeError(f"{name}: Dimension size must be non-negative, got {value}")
    return value


def whole(value: Any, name: str, argument: str) -> int:
    """An int, or what stands for one as an index does, but no bool."""
    if value.__class__ is int:
        return value
    if isinstance(value, (bool, np.bool_)) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: argument '{argument}' must be int, not {type(value).__name__}: {value!r}")
    return value.__index__()


def number(value: Any, name: str, argument: str) -> Any:
    """A Python number: also what a NumPy scalar, or a tensor of no dimensions, holds."""
    if isinstance(value, (Tensor, np.generic)) and value.ndim == 0:
        value = value.item()
    if not isinstance(value, (bool, int, float)):
        raise TypeError(f"{name}: argument '{argument}' must be Number, not {type(value).__name__}")
    return value


def dtype_or_default(dtype: Any) -> Any:
    return dtypes.get_default_dtype() if dtype is None else dtype


# The order of elements in memory


def memory_order(array: Any) -> list[int]:
    """The dimensions from the outermost in memory to the innermost, as PyTorch sees them.

    Dimensions without a step (expanded ones) stay where they are among the others.
    """
    steps, inner = [abs(step) for step in array.strides], list(reversed(range(array.ndim)))
    for i in range(1, len(inner)):
        here = i
        for other in range(i - 1, -1, -1):
            a, b = inner[other], inner[here]
            if 0 in (steps[a], steps[b]):
                continue
            if steps[a] < steps[b] or (steps[a] == steps[b] and array.shape[a] <= array.shape[b]):
                if steps[a] < steps[b]:
                    break
                continue
            inner[other], inner[here] = b, a
            here = other
    return inner[::-1]


def arranged(like: Any, make_array: Callable[[tuple[int, ...]], Any]) -> Any:
    """An array of the shape of ``like`` from one that lies in memory in C order, in the order in which ``like`` lies.

    That is the order in which PyTorch fills a tensor, and how it lays out what it makes like another one.
    """
    if like.flags.c_contiguous:
        return make_array(like.shape)
    order = memory_order(like)
    return np.transpose(make_array(tuple(like.shape[i] for i in order)), np.argsort(order))
