"""NumPy's protocols: a NumPy function called on a Tensor is answered by the operation whose record names it.

So ``np.exp(t)``, ``ndarray * t`` and ``np.where(mask, t, 0)`` give tensors with their derivatives: NumPy code is
differentiable as it stands. Arguments mean what they mean in NumPy; where that is not what they mean in PyTorch, a
function in ``answers/`` comes before the record. What nobody answers raises TypeError: never a
silent array without gradient, never an array of objects.

``out=`` may be a tensor: it is written to in place, and takes its place in the graph.

Source: NEP 13 and NEP 18, https://numpy.org/neps/
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from ..devices import check_device
from ..tensor import Tensor, make, tensor_method
from .face import BY_NUMPY, PUBLIC
from .inplace import write

ANSWERS: dict[Any, Callable[..., Any]] = {}  # what answers a NumPy function, with NumPy's own signature

RENAMED = {
    "axis": "dim", "axes": "dims", "keepdims": "keepdim", "axis1": "dim0", "axis2": "dim1", "newshape": "shape",
    "ddof": "correction", "repeats": "repeats", "k": "diagonal", "indices": "indices",
}  # fmt: skip
NOTHING = inspect.Parameter.empty
UNNAMED = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)


def answers(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a function with NumPy's signature (without ``out``, ``order`` and the like) answer for NumPy functions."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for key in functions:
            ANSWERS[key] = function
        return function

    return register


@cache
def load_answers() -> None:
    """Import what is registered in ``answers/``: at the first call that may need it, for it takes its time."""
    import_module(f"{__package__}.answers")


def named(name: str) -> Callable[..., Any]:
    """The function of the package with this name: "sum", "linalg.inv"."""
    path, _, last = name.rpartition(".")
    try:
        return PUBLIC[path][last]
    except KeyError:
        text = f"what needs {name}, which does not exist in microgradnp, is not supported on Tensors"
        raise TypeError(text) from None


def unsupported(name: str) -> TypeError:
    return TypeError(
        f"{name} is not supported on Tensors: use the function of microgradnp that does it, or {name} on "
        "t.detach().numpy() when no gradient is needed"
    )


def refused(name: str, argument: str, reason: str = "") -> TypeError:
    return TypeError(f"{name} on Tensors does not support this value of the argument '{argument}'{reason}")


def as_tensor(value: Any) -> Tensor:
    """A tensor as it is; an array, a number, or nested lists as a tensor, of the dtype that NumPy gives them."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, (list, tuple)) and any(isinstance(item, Tensor) for item in value):
        return named("stack")([as_tensor(item) for item in value])
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError("masked arrays beside Tensors are not supported; use .filled(...) or where(mask, ...)")
    return named("tensor")(np.asarray(value))


def plain(value: Any) -> Any:
    """An argument without its tensors: their arrays in their places."""
    if isinstance(value, Tensor):
        return value._array
    if isinstance(value, (list, tuple)):
        return type(value)([plain(item) for item in value])
    return value


def wrapped(value: Any) -> Any:
    """What NumPy has computed from plain arrays, with tensors for its arrays."""
    if isinstance(value, (np.ndarray, np.generic)):
        return make(np.asarray(value))
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)([wrapped(item) for item in value])
    return value


def into(out: Any, name: str, result: Any) -> Any:
    """The result, or the tensor that ``out=`` names with the result written into it."""
    if out is None:
        return result
    several = isinstance(result, tuple)
    if isinstance(out, tuple) and len(out) == 1 and not several:
        out = out[0]
    if isinstance(out, tuple):
        parts = zip(out, result, strict=True)
        return tuple([into(one, name, part) for one, part in parts])
    if not isinstance(out, Tensor):
        raise TypeError(
            f"{name} on Tensors does not support the argument 'out' as a NumPy array, in which the gradient would be "
            "lost: leave it away, or give a Tensor"
        )
    if not np.can_cast(result.dtype, out.dtype, "same_kind"):
        raise TypeError(f"{name}: the result of {result.dtype} cannot be cast to the argument 'out' of {out.dtype}")
    if result.shape != out.shape:
        result = np.broadcast_to(result, out.shape)
    return write(out, name, lambda before: result.to(before.dtype))


def check_out(out: Any, name: str) -> None:
    """Refuse an ``out=`` that is no tensor, before anything is computed."""
    for one in out if isinstance(out, tuple) else (out,):
        if one is not None and not isinstance(one, Tensor):
            into(one, name, None)


def apart(values: Any, out: Any) -> Any:
    """The operands, with copies of those into whose memory the result is to be written: a rule may need them."""
    outs = [one._array for one in (out if isinstance(out, tuple) else (out,)) if one is not None]

    def copied(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)([copied(item) for item in value])
        if isinstance(value, Tensor) and any(np.may_share_memory(value._array, one) for one in outs):
            return named("positive")(value) if value.dtype.kind != "b" else value
        return value

    return copied(tuple(values)) if outs else values


# Functions


@tensor_method
def __array_function__(self: Tensor, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    load_answers()
    answer = ANSWERS.get(func)
    if answer is not None and not kwargs and len(args) <= _alike(func, answer):
        return answer(*args)  # the common case, in rules: nothing to translate
    name = name_of(func)
    answer = answer or BY_NUMPY.get(func)
    if answer is None:
        raise unsupported(name)
    bound = _signature(func, answer).bind(*args, **kwargs)
    bound.apply_defaults()
    out = bound.arguments.pop("out", None)
    check_out(out, name)
    if out is not None:
        for key, value in bound.arguments.items():
            bound.arguments[key] = apart((value,), out)[0]
    return into(out, name, _call(name, answer, func in ANSWERS, bound))


@cache
def _alike(func: Any, answer: Any) -> int:
    """How many arguments a NumPy function and what answers for it take alike, by position."""
    pairs = zip(_signature(func, answer).parameters.values(), _parameters(answer).values(), strict=False)
    count = 0
    for one, other in pairs:
        if one.name != other.name or one.kind is one.KEYWORD_ONLY or one.name == "out":
            break
        if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD):
            return 1000 if one.kind is one.VAR_POSITIONAL else count
        count += 1
    return count


def name_of(func: Any) -> str:
    """``np.linalg.norm``, as users call it."""
    module = getattr(func, "__module__", None) or "numpy"
    return module.replace("numpy", "np", 1) + f".{getattr(func, '__name__', func)}"


UNDESCRIBED: dict[Any, Callable[..., Any]] = {  # functions in C, which before NumPy 2.4 say nothing of themselves
    np.can_cast: lambda from_, to, casting="safe": None,
    np.lexsort: lambda keys, axis=-1: None,
    np.may_share_memory: lambda a, b, max_work=None: None,
    np.min_scalar_type: lambda a: None,
    np.packbits: lambda a, axis=None, bitorder="big": None,
    np.putmask: lambda a, mask, values: None,
    np.ravel_multi_index: lambda multi_index, dims, mode="raise", order="C": None,
    np.result_type: lambda *arrays_and_dtypes: None,
    np.shares_memory: lambda a, b, max_work=None: None,
    np.unpackbits: lambda a, axis=None, count=None, bitorder="big": None,
    np.unravel_index: lambda indices, shape, order="C": None,
}


@cache
def signature_of(func: Any) -> inspect.Signature:
    """The signature of a NumPy function."""
    try:
        return inspect.signature(func)
    except ValueError:
        return inspect.signature(UNDESCRIBED[func])


@cache
def _signature(func: Any, answer: Any) -> inspect.Signature:
    try:
        return signature_of(func)
    except KeyError:
        return inspect.signature(answer)


@cache
def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(function).parameters)


def _call(name: str, answer: Callable[..., Any], by_numpys_names: bool, bound: inspect.BoundArguments) -> Any:
    """Call what answers, with NumPy's arguments under the names that it knows.

    NumPy's defaults are passed on, for they are not always PyTorch's. What cannot be passed on must say nothing.
    """
    accepted = _parameters(answer)
    leading: list[Any] = []
    passed: dict[str, Any] = {}
    arguments = dict(bound.arguments)
    for key, parameter in bound.signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD and key not in accepted:
            arguments.update(arguments.pop(key, {}))
    for key, value in arguments.items():
        parameter = bound.signature.parameters.get(key, UNNAMED)
        target = key if key in accepted else RENAMED.get(key, key)
        if target in accepted:
            if value is not np._NoValue:
                passed[target] = value
        elif not by_numpys_names and parameter.default is NOTHING and not passed:
            leading.append(value)  # an operand, which PyTorch calls by another name
        else:
            _check_neutral(name, key, value, parameter.default, accepted)
    if leading:
        return answer(*leading, **passed)
    call = inspect.BoundArguments(_signature(answer, answer), {key: passed[key] for key in accepted if key in passed})
    return answer(*call.args, **call.kwargs)


def _check_neutral(name: str, key: str, value: Any, default: Any, accepted: Any) -> None:
    """Refuse an argument that cannot be passed on, unless it says nothing."""
    if value is default or value is None or value is np._NoValue:
        return
    if key == "device":
        check_device(value, name)
        return
    if key == "order" and value in ("C", "K", "A"):
        return  # results are in C order, or in that of the operand
    if isinstance(value, (bool, int, str)) and type(value) is type(default) and value == default:
        return
    raise TypeError(f"{name} on Tensors does not support the argument '{key}'; it takes {', '.join(accepted)}")


def translated(func: Any) -> Callable[..., Any]:
    """A NumPy function as the record that names it answers, past the function that ``answers`` for it."""

    def call(*args: Any, **kwargs: Any) -> Any:
        answer = BY_NUMPY.get(func)
        if answer is None:
            raise unsupported(name_of(func))
        bound = _signature(func, answer).bind(*args, **kwargs)
        bound.apply_defaults()
        bound.arguments.pop("out", None)
        return _call(name_of(func), answer, False, bound)

    return call
