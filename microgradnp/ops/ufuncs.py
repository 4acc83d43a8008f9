"""NumPy's ufuncs on Tensors: the calls, with ``out=``, ``where=`` and ``dtype=``, and the methods ``reduce``,
``accumulate``, ``outer`` and ``at``.

Source: NEP 13, https://numpy.org/neps/nep-0013-ufunc-overrides.html
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..dtypes import get_default_dtype, promote_types
from ..tensor import Tensor, make, tensor_method
from .face import BY_NUMPY
from .indexing import add_at, plain_index, put_at
from .inplace import write
from .protocols import ANSWERS, answers, apart, as_tensor, check_out, into, named, plain, refused, unsupported

REDUCTIONS = {  # the functions that NumPy itself defines as reductions by a ufunc
    np.sum: np.add, np.prod: np.multiply, np.max: np.maximum, np.amax: np.maximum, np.min: np.minimum,
    np.amin: np.minimum, np.all: np.logical_and, np.any: np.logical_or,
}  # fmt: skip
REDUCED_BY = {
    np.add: "sum", np.multiply: "prod", np.maximum: "amax", np.minimum: "amin", np.logical_and: "all",
    np.logical_or: "any", np.logaddexp: "logsumexp",
}  # fmt: skip
ACCUMULATED_BY = {
    np.add: "cumsum", np.multiply: "cumprod", np.maximum: "cummax", np.minimum: "cummin", np.logaddexp: "logcumsumexp",
}  # fmt: skip
ELSEWHERE = {"reduceat": "split the tensor and reduce the parts", "at": "use t[index] = ... or index_put_"}
SCIPYS = {  # ufuncs of scipy.special that no record names
    "expit": "sigmoid", "log_expit": "nn.functional.logsigmoid", "logit": "logit", "xlogy": "xlogy",
    "log_ndtr": "special.log_ndtr", "ndtr": "special.ndtr", "ndtri": "special.ndtri", "entr": "special.entr",
    "i0e": "special.i0e", "i1": "special.i1", "i1e": "special.i1e", "xlog1py": "special.xlog1py",
    "erfcx": "special.erfcx", "zeta": "special.zeta",
}  # fmt: skip
WANT_TENSORS = {np.fmax, np.fmin, np.heaviside, np.ldexp}  # as PyTorch, which takes no numbers here
NEUTRAL = {"casting": ("same_kind",), "order": ("K", "C", "A"), "subok": (True,)}


@tensor_method
def __array_ufunc__(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
    run = METHODS.get(method)
    if run is None:
        raise TypeError(f"{name} is not supported on Tensors: {ELSEWHERE[method]}, with functions of microgradnp")
    out = kwargs.pop("out", None)
    check_out(out, name)
    for key, neutral in NEUTRAL.items():
        if key in kwargs and kwargs.pop(key) not in neutral:
            raise refused(name, key, f"; only {neutral[0]!r}")
    try:
        if method == "__call__":
            return run(ufunc, name, *inputs, out=out, **kwargs)
        if method == "at":
            return run(ufunc, name, *inputs, **kwargs)
        return into(out, name, run(ufunc, *apart(inputs, out), **kwargs))
    except TypeError as error:
        if "unexpected keyword argument" in str(error):
            argument = str(error).rpartition("argument ")[2]
            raise TypeError(f"{name} on Tensors does not support the argument {argument}") from None
        raise


def _answer(ufunc: Any) -> Any:
    """What answers a call of the ufunc: a record that names it, or a function that SciPy calls otherwise."""
    name = ufunc.__name__
    found = ANSWERS.get(ufunc) or BY_NUMPY.get(ufunc) or BY_NUMPY.get(f"scipy.special.{name}")
    if found is None and name in SCIPYS and not hasattr(np, name):
        found = named(SCIPYS[name])
    if found is None:
        raise unsupported(f"np.{name}" if hasattr(np, name) else name)
    return found


# Calls


def call(
    ufunc: Any, name: str, *inputs: Any, out: Any = None, where: Any = True, dtype: Any = None, **others: Any
) -> Any:
    """The ufunc's value; where a mask leaves elements out, ``out`` keeps its own there."""
    if ufunc.nin < len(inputs):  # NumPy accepts positional outputs, and passes them on as ``out``
        raise TypeError(f"{name} takes {ufunc.nin} operands, got {len(inputs)}")
    inputs = _converted(ufunc, name, apart(inputs, out), dtype)
    if where is True:
        return into(out, name, _value(ufunc, inputs, others))
    if out is None:
        raise TypeError(
            f"{name} on Tensors does not support the argument 'where' without 'out': what would stand elsewhere? Give "
            "out=, or use where(mask, ..., ...)"
        )
    if ufunc.signature is not None or ufunc.nout > 1:
        raise refused(name, "where")
    target = out[0]
    mask = np.broadcast_to(plain(where), target.shape)
    if mask.dtype != np.bool_:
        raise TypeError(f"{name}: where must be a bool array, got {mask.dtype}")
    # Only the elements that are wanted are computed: the others may lie where there is no derivative.
    chosen = [np.broadcast_to(as_tensor(value), target.shape)[mask] for value in inputs]
    result = as_tensor(_value(ufunc, chosen, others))
    if not np.can_cast(result.dtype, target.dtype, "same_kind"):
        raise TypeError(f"{name}: the result of {result.dtype} cannot be cast to the argument 'out' of {target.dtype}")
    return write(target, name, lambda before: put_at(before, plain_index(mask), result.to(before.dtype)))


def _value(ufunc: Any, inputs: Any, others: Any) -> Any:
    if not any(isinstance(value, Tensor) for value in inputs):  # arrays alone: only out is a tensor
        result = ufunc(*inputs, **others)
        return tuple(make(np.asarray(part)) for part in result) if ufunc.nout > 1 else make(np.asarray(result))
    answer = _answer(ufunc)
    if _wants_floats(ufunc):
        inputs = [_floating(value) if isinstance(value, (Tensor, np.ndarray)) else value for value in inputs]
    if ufunc in WANT_TENSORS:
        inputs = [as_tensor(value) if isinstance(value, (np.ndarray, list)) else value for value in inputs]
        dtype = named("result_type")(*[value.item() if isinstance(value, np.generic) else value for value in inputs])
        inputs = [as_tensor(value).to(dtype) for value in inputs]
    return answer(*inputs, **{key: value for key, value in others.items() if value is not None})


@cache
def _wants_floats(ufunc: Any) -> bool:
    """Whether NumPy converts integers to floating point numbers before it computes."""
    return not any(set(kinds.partition("->")[0]) <= set("?bBhHiIlLqQ") for kinds in ufunc.types)


def _converted(ufunc: Any, name: str, inputs: tuple[Any, ...], dtype: Any) -> tuple[Any, ...]:
    """The operands in the dtype in which NumPy is to compute."""
    if dtype is None:
        return inputs
    dtype = np.dtype(dtype)
    if "dd->?" in ufunc.types or "d->?" in ufunc.types:  # a comparison: the dtype is that of its result
        if dtype != np.bool_:
            raise refused(name, "dtype", "; the result is bool")
        return inputs
    for value in inputs:
        if hasattr(value, "dtype") and not np.can_cast(value.dtype, dtype, "same_kind"):
            raise TypeError(
                f"{name} on Tensors: the argument 'dtype' would have an operand cast from {value.dtype} to {dtype}, "
                "which is another kind: convert it first"
            )
    return tuple(as_tensor(value).to(dtype) for value in inputs)


# Methods


def reduce(
    ufunc: Any, array: Any, axis: Any = 0, dtype: Any = None, keepdims: Any = False, initial: Any = np._NoValue,
    where: Any = True,
) -> Any:  # fmt: skip
    """The elements along ``axis`` combined by the ufunc: those where ``where`` is true, and ``initial``."""
    if ufunc not in REDUCED_BY:
        raise unsupported(f"np.{ufunc.__name__}.reduce")
    function = named(REDUCED_BY[ufunc])
    keepdims = False if keepdims is np._NoValue else bool(keepdims)
    given = initial is not np._NoValue and initial is not None
    array = as_tensor(array)
    if where is not True and where is not np._NoValue:
        if not given and ufunc.identity is None:
            raise ValueError(
                f"reduction operation '{ufunc.__name__}' does not have an identity, so to use a where mask one has to "
                "specify 'initial'"
            )
        left_out = as_tensor(initial if ufunc.identity is None else ufunc.identity)
        array = np.where(where, array, left_out.to(array.dtype))
    if dtype is not None:
        array = array.to(dtype)
    dims = dims_of(axis, array.ndim)
    if not dims and array.ndim:
        result = np.positive(array) if array.dtype.kind != "b" else array.clone()
    elif given and array.ndim and 0 in [array.shape[dim] for dim in dims]:
        result = np.add.reduce(array, axis, keepdims=keepdims).to(array.dtype)
    else:
        result = over_dims(function, array, dims, keepdims)
    return _answer(ufunc)(result, as_tensor(initial).to(result.dtype)) if given else result


def dims_of(axis: Any, ndim: int) -> tuple[int, ...]:
    axes = range(ndim) if axis is None else (axis,) if not isinstance(axis, (tuple, list)) else axis
    for dim in axes:
        if not -max(ndim, 1) <= dim < max(ndim, 1):
            raise np.exceptions.AxisError(int(dim), ndim)
    dims = tuple(int(dim) % max(ndim, 1) for dim in axes)
    if len(set(dims)) < len(dims):
        raise ValueError("duplicate value in 'axis'")
    return dims


def over_dims(function: Any, array: Any, dims: tuple[int, ...], keepdims: bool) -> Any:
    """A reduction over several dimensions by a function that may take only one, as PyTorch's ``prod``."""
    if len(dims) == 1:
        return function(array, dims[0], keepdims)
    if function.__name__ != "prod":
        return function(array, dims, keepdims) if array.ndim else function(array)
    kept = [i for i in range(array.ndim) if i not in dims]
    shape = [array.shape[i] for i in kept]
    result = function(np.reshape(np.transpose(array, (*kept, *dims)), (*shape, -1 if 0 not in shape else 1)), -1)
    full = tuple(1 if i in dims else size for i, size in enumerate(array.shape))
    return np.reshape(result, full) if keepdims else result


def accumulate(ufunc: Any, array: Any, axis: int = 0, dtype: Any = None) -> Any:
    """All partial results of a reduction."""
    array = as_tensor(array)
    if array.ndim == 0:
        raise TypeError("cannot accumulate on a scalar: the argument must have a dimension")
    array = array if dtype is None else array.to(dtype)
    if ufunc not in ACCUMULATED_BY:
        raise unsupported(f"np.{ufunc.__name__}.accumulate")
    result = named(ACCUMULATED_BY[ufunc])(array, axis)
    return result[0] if isinstance(result, tuple) else result


def outer(ufunc: Any, first: Any, second: Any, **kwargs: Any) -> Any:
    """The ufunc of every pair of elements."""
    first, second = as_tensor(first), as_tensor(second)
    spread = np.reshape(first, (*first.shape, *(1,) * second.ndim))
    return call(ufunc, f"np.{ufunc.__name__}.outer", spread, second, **kwargs)


def at(ufunc: Any, name: str, target: Any, index: Any, values: Any = None) -> None:
    """Add to, or subtract from, ``target[index]`` in place, repeatedly where the index repeats."""
    if ufunc not in (np.add, np.subtract):
        raise TypeError(f"{name} is not supported on Tensors: {ELSEWHERE['at']}, with functions of microgradnp")
    if not isinstance(target, Tensor):
        raise TypeError(
            f"{name} with a Tensor of values does not support a NumPy array as its target, in which the gradient "
            "would be lost: make the target a Tensor of microgradnp"
        )
    place = plain_index(plain(index))
    shape = np.empty(target.shape, np.bool_)[place].shape
    added = as_tensor(values).broadcast_to(shape).to(target.dtype)
    write(target, name, lambda before: ufunc(before, add_at(added, place, tuple(target.shape))))


METHODS = {"__call__": call, "reduce": reduce, "accumulate": accumulate, "outer": outer, "at": at}


def _register_reductions() -> None:
    for function, ufunc in REDUCTIONS.items():

        def reduction(
            a: Any, axis: Any = None, dtype: Any = None, keepdims: Any = False, initial: Any = np._NoValue,
            where: Any = True, ufunc: Any = ufunc,
        ) -> Any:  # fmt: skip
            return reduce(ufunc, a, axis, dtype, keepdims, initial, where)

        ANSWERS[function] = reduction


_register_reductions()


# Ufuncs that PyTorch lacks, or that give two results


def _floating(x: Any) -> Any:
    return x if x.dtype.kind == "f" else as_tensor(x).to(get_default_dtype())


def _there(name: str) -> tuple[Any, ...]:
    """The NumPy function of this name, if this NumPy has it."""
    return (getattr(np, name),) if hasattr(np, name) else ()


@answers(np.divmod)
def divmod(x1: Any, x2: Any) -> tuple[Any, Any]:
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


@answers(np.modf)
def modf(x: Any) -> tuple[Any, Any]:
    x = _floating(x)
    whole = np.trunc(x)
    return np.where(np.isinf(x), 0.0, x - np.where(np.isinf(x), 0.0, whole)), whole


@answers(np.frexp)
def frexp(x: Any) -> tuple[Any, Any]:
    return tuple(named("frexp")(x))  # type: ignore[return-value]


@answers(np.cbrt)
def cbrt(x: Any) -> Any:
    return np.sign(x) * np.abs(x) ** (1 / 3)


@answers(np.fabs)
def fabs(x: Any) -> Any:
    return np.abs(_floating(x))


@answers(np.conjugate)
def conjugate(x: Any) -> Any:
    return np.positive(x) if x.dtype.kind != "b" else x.clone()


@answers(np.bitwise_count)
def bitwise_count(x: Any) -> Any:
    return make(np.asarray(np.bitwise_count(x._array)))


@answers(np.spacing)
def spacing(x: Any) -> Any:
    return make(np.asarray(np.spacing(x._array)))


@answers(np.isnat)
def isnat(x: Any) -> Any:
    raise TypeError("np.isnat is only defined for datetime, which Tensors of microgradnp cannot hold")


@answers(np.matmul)
def matmul(x1: Any, x2: Any) -> Any:
    first, second = as_tensor(x1), as_tensor(x2)
    if first.dtype.kind == second.dtype.kind == "b":  # which PyTorch's product refuses
        return make(np.asarray(np.matmul(first._array, second._array)))
    dtype = promote_types(first.dtype, second.dtype)  # PyTorch's product refuses operands of different dtypes
    return named("matmul")(first.to(dtype), second.to(dtype))


@answers(np.vecdot)
def vecdot(x1: Any, x2: Any, axis: int = -1, keepdims: bool = False) -> Any:
    return np.sum(np.multiply(x1, x2), axis=axis, keepdims=keepdims)


@answers(*_there("matvec"))
def matvec(x1: Any, x2: Any) -> Any:
    return np.squeeze(np.matmul(x1, np.expand_dims(as_tensor(x2), -1)), -1)


@answers(*_there("vecmat"))
def vecmat(x1: Any, x2: Any) -> Any:
    return np.squeeze(np.matmul(np.expand_dims(as_tensor(x1), -2), x2), -2)
