"""Bringing the arguments of a call to one form: operands to tensors of one dtype (and Python numbers beside them),
NumPy's names of arguments to PyTorch's; and the result to the tensor that ``out=`` names.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import memory
from ..autograd.inference import refuse_writing
from ..autograd.modes import recording
from ..autograd.scope import where
from ..tensor import Tensor, make
from .conversion import cast
from .face import NotATensorError
from .record import Operation
from .reduction import sum_to


def general(record: Operation, *args: Any, **kwargs: Any) -> Any:
    """The call of an operation whose operands are not simply tensors of one dtype.

    NumPy arrays beside a tensor become tensors (copied: their owner may write to them later), NumPy scalars count as
    Python numbers, and operands are promoted by PyTorch's table. With no tensor at all it is the forward pass on
    whatever arrays it was given.
    """
    bound = record.signature.bind(*args, **kwargs)
    bound.apply_defaults()
    arguments = bound.arguments
    for name in record.list_operands:
        arguments[name] = _as_list(record, name, arguments[name])
    for name in record.operands:
        if arguments[name] is None and record.signature.parameters[name].default is not None:
            raise _not_a_tensor(record, None)
    operands = list(_each(record, arguments, record.operands))
    if not any(isinstance(value, Tensor) for value in operands):
        if not any(hasattr(value, "__array_interface__") or hasattr(value, "__array_ufunc__") for value in operands):
            raise _not_a_tensor(record, operands[0] if operands else None)
        return record.forward(*bound.args, **bound.kwargs)
    _replace(record, arguments, record.operands, lambda value: _accept(record, value))
    if not record.bools:
        _refuse_bools(record, arguments)
    beside = any(isinstance(value, Tensor) for value in _each(record, arguments, record.promoted))
    target = _common_dtype(record, arguments)
    _replace(record, arguments, record.promoted, lambda value: _convert(value, target, beside))
    try:
        return record.bare(*bound.args, **bound.kwargs)
    except OverflowError as error:
        if target is None or target.kind not in "iu":
            raise
        if len(record.operands) != 2:
            raise RuntimeError(f"{record.label}: value cannot be converted without overflow: {error}") from None
    _replace(record, arguments, record.promoted, lambda value: _wrapped(value, target))
    return record.bare(*bound.args, **bound.kwargs)


def _as_list(record: Operation, name: str, value: Any) -> list[Any]:
    if isinstance(value, (Tensor, np.ndarray)) and value.ndim:
        return list(value)
    if not isinstance(value, (list, tuple)):
        raise TypeError(
            f"{record.label}(): argument '{name}' must be a list or tuple of Tensors, got {type(value).__name__}"
        )
    if not value:
        raise EmptyListError(f"{record.label}(): expected a non-empty list of Tensors as '{name}'")
    return list(value)


class EmptyListError(ValueError, RuntimeError):
    """No tensors at all: PyTorch raises the one type from ``cat``, the other from ``stack``."""


def _each(record: Operation, arguments: dict[str, Any], names: Iterable[str]) -> Iterator[Any]:
    """The operands of these names, those of a list one by one; an absent optional operand is left out."""
    for name in names:
        if name in record.list_operands:
            yield from arguments[name]
        elif arguments[name] is not None:
            yield arguments[name]


def _replace(record: Operation, arguments: dict[str, Any], names: Iterable[str], change: Callable[[Any], Any]) -> None:
    for name in names:
        if name in record.list_operands:
            arguments[name] = [change(value) for value in arguments[name]]
        elif arguments[name] is not None:
            arguments[name] = change(arguments[name])


def _accept(record: Operation, value: Any) -> Any:
    """A tensor, or where the operation broadcasts a Python number; else a TypeError that names the operation."""
    value = _as_tensor(record.label, value)
    if isinstance(value, Tensor) or (record.numbers and isinstance(value, (bool, int, float))):
        return value
    raise _not_a_tensor(record, value)


def _as_tensor(function: str, value: Any) -> Any:
    """An array as a tensor, a NumPy scalar as a Python number; anything else as it is."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if isinstance(value, np.ma.MaskedArray):
            raise TypeError(f"{function}(): masked arrays are not supported; use .filled(...) or where(mask, ...)")
        dtypes.as_dtype(value.dtype, f"{function}()")
        return make(np.array(value, value.dtype.newbyteorder("=")))  # no subclass: np.matrix means another * and sum
    return make(value) if hasattr(value, "__array_ufunc__") else value  # a capturing array


def _not_a_tensor(record: Operation, value: Any) -> NotATensorError:
    wanted = "a Tensor, a NumPy array or a number beside one" if record.numbers else "a Tensor or a NumPy array"
    return NotATensorError(
        f"{where()}{record.label}(): expected {wanted}, got {type(value).__name__}; make one with "
        "microgradnp.tensor(...)"
    )


def _refuse_bools(record: Operation, arguments: dict[str, Any]) -> None:
    for value in _each(record, arguments, record.operands):
        if isinstance(value, bool) or (isinstance(value, Tensor) and value.dtype == np.bool):
            raise RuntimeError(
                f"{where()}{record.label}: bools are not supported: use != or, to invert a mask, ~; else convert them "
                "first, as with .long()"
            )


def _common_dtype(record: Operation, arguments: dict[str, Any]) -> Any:
    """The dtype in which the promoted operands meet, by PyTorch's table; None when there are none."""
    ranks: list[Any] = [None, None, None]  # tensors with dimensions, 0-d tensors, Python numbers
    for value in _each(record, arguments, record.promoted):
        number = not isinstance(value, Tensor)
        rank, dtype = (2, dtypes.number_dtype(value)) if number else (0 if value.ndim else 1, value.dtype)
        if not (number or record.promotes) and any(known is not None and known != dtype for known in ranks[:2]):
            raise RuntimeError(
                f"{where()}{record.label}: expected all tensors to have the same dtype, but got {dtype} beside "
                f"{next(known for known in ranks[:2] if known is not None)}: convert one, as with .to(dtype)"
            )
        ranks[rank] = dtype if ranks[rank] is None else dtypes.promote_types(ranks[rank], dtype)
    if all(rank is None for rank in ranks):  # NumPy's float64 == None is True
        return None
    result = dtypes.result_type_of(*ranks)
    return dtypes.get_default_dtype() if record.floats and result.kind not in "fc" else result


def _convert(value: Any, target: Any, beside_tensor: bool) -> Any:
    if isinstance(value, Tensor):
        return value if value.dtype is target else cast(value, target)
    if not beside_tensor:
        return make(np.array(value, target))
    # NumPy keeps a Python number weak beside an array of its kind; one of a lower kind is converted here.
    return float(value) if target.kind == "f" else value


def _wrapped(value: Any, target: Any) -> Any:
    """A Python integer that the tensors' type cannot hold, modulo 2 ** bits, as PyTorch takes it."""
    return value if isinstance(value, Tensor) else int(np.array(value, object).astype(np.int64).astype(target))


# What composites share with operations

SPELLINGS = {"axis": "dim", "keepdims": "keepdim"}  # NumPy's, which PyTorch's reductions take too


def respelled(function: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments under PyTorch's names."""
    if not any(name in SPELLINGS for name in arguments):
        return arguments
    known, spelled = _parameters(function), {}
    for name, value in arguments.items():
        target = name if name in known else SPELLINGS.get(name, name)
        if target in spelled or (target != name and target in arguments):
            raise TypeError(f"{function.__name__}() got both '{target}' and NumPy's name for it, '{name}'")
        spelled[target] = value
    return spelled


@cache
def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


def respelled_call(record: Operation, spelled: dict[str, Any], **named: Any) -> Any:
    """The call of an operation that was given NumPy's names of arguments, which are not parameters of it."""
    translated = respelled(record.forward, spelled)
    parameters = record.signature.parameters
    for name in translated:
        if name not in parameters:
            raise TypeError(f"{record.name}() got an unexpected keyword argument '{name}'")
        if name in named and named[name] is not parameters[name].default:
            raise TypeError(f"{record.name}() got both '{name}' and NumPy's name for it")
    return record.public(**{**named, **translated})


def as_tensors(
    function: str, operands: dict[int, str], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a composite with arrays among its operands made tensors. One of them must be a tensor."""
    first = next(iter(operands), None)
    if first is None or (args and isinstance(args[first], Tensor) and len(operands) == 1 and operands[first][0] != "*"):
        return args, kwargs
    if args and isinstance(args[0], Tensor) and first == 0 and all(map(_stays, (*args, *kwargs.values()))):
        return args, kwargs
    given = list(args)
    found: list[Any] = []
    for i, name in operands.items():
        if name[0] == "*":
            found += given[i:]
            given[i:] = [_all_as_tensors(function, value) for value in given[i:]]
        elif i < len(given):
            found.append(given[i])
            given[i] = _all_as_tensors(function, given[i])
        elif name in kwargs:
            found.append(kwargs[name])
            kwargs[name] = _all_as_tensors(function, kwargs[name])
    if found and not _has_tensor((*found, *given)) and not any(isinstance(v, (list, tuple)) and not v for v in found):
        raise TypeError(
            f"{where()}{function}(): expected a Tensor, got {type(found[0]).__name__}; make one with "
            "microgradnp.tensor(...)"
        )
    return tuple(given), kwargs


_PLAIN = frozenset((bool, int, float, str, type(None)))


def _stays(value: Any) -> bool:
    """Whether an argument is what a composite is given: a tensor, or a plain Python value."""
    return isinstance(value, Tensor) or value.__class__ in _PLAIN


def _has_tensor(values: Iterable[Any]) -> bool:
    return any(
        isinstance(value, Tensor) or (isinstance(value, (list, tuple)) and _has_tensor(value)) for value in values
    )


def _all_as_tensors(function: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)([_all_as_tensors(function, item) for item in value])
    return _as_tensor(function, value)


def into(out: Any, function: str, result: Any) -> Any:
    """Write a result into the tensor given as ``out=``, which is returned; of several results, each into its own.

    Raises RuntimeError, with ``out`` unchanged, when a gradient would be lost or the dtype does not fit. A tensor of
    another shape is given new memory, with a warning unless it is empty.

    Source: https://docs.pytorch.org/docs/stable/notes/broadcasting.html
    """
    if isinstance(result, tuple):
        if not isinstance(out, (tuple, list)) or len(out) != len(result):
            raise TypeError(f"{function}(): out must be a tuple of {len(result)} Tensors")
        written = [into(one, function, part) for one, part in zip(out, result, strict=True)]
        return type(result)(*written) if hasattr(result, "_fields") else tuple(written)
    if not isinstance(out, Tensor):
        raise TypeError(f"{function}(): argument 'out' must be Tensor, not {type(out).__name__}")
    refuse_writing(out, function)
    if recording.get() and (out.requires_grad or result.requires_grad):
        raise RuntimeError(
            f"{where()}{function}(): functions with out=... arguments don't support automatic differentiation, but one "
            "of the arguments requires grad. Leave out= away, or write under no_grad()."
        )
    if not dtypes.can_cast(result.dtype, out.dtype):
        raise RuntimeError(
            f"{where()}{function}(): result type {result.dtype} can't be cast to the desired output type {out.dtype}"
        )
    if out._array.shape != result._array.shape:
        _resize(out, function, result._array.shape)
    np.copyto(out._array, result._array, casting="unsafe")
    memory.wrote(out._array, function)
    return out


def _resize(out: Tensor, function: str, shape: tuple[int, ...]) -> None:
    if out._array.size:
        warnings.warn(
            f"{function}(): An output with one or more elements was resized since it had shape {tuple(out.shape)}, "
            f"which does not match the required output shape {tuple(shape)}. This behavior is deprecated; make 'out' "
            "of that shape, or of no elements.",
            UserWarning,
            stacklevel=5,
        )
    if out._base is not None:
        raise RuntimeError(f"{function}(): 'out' is a view, which cannot take the shape {tuple(shape)} of the result")
    out._array = np.empty(shape, out._array.dtype)


# Errors, and gradients


def explained(record: Operation, error: ValueError, operands: list[Any]) -> Exception:
    """NumPy's error for shapes that do not broadcast, in PyTorch's type and words; any other error as it is."""
    if "broadcast" not in str(error):
        return error
    shapes = [tuple(value.shape) for value in operands if hasattr(value, "shape")]
    longest = max(map(len, shapes), default=0)
    for axis in range(-longest, 0):
        sizes = list(dict.fromkeys(shape[axis] for shape in shapes if len(shape) >= -axis and shape[axis] != 1))
        if len(sizes) > 1:
            return RuntimeError(
                f"{where()}{record.label}: The size of tensor a ({sizes[0]}) must match the size of tensor b "
                f"({sizes[1]}) at non-singleton dimension {axis + longest}: the shapes "
                f"{' and '.join(map(str, shapes))} do not broadcast; sizes must be equal, or 1, or absent, counted "
                "from the right"
            )
    return RuntimeError(f"{where()}{record.label}: {error}")


def fit(gradient: Any, edge: Any) -> Any:
    """Give a gradient the shape and dtype of what it is the gradient of: the one place that undoes broadcasting."""
    if gradient.shape != edge.shape:
        gradient = (sum_to if isinstance(gradient, Tensor) else _sum_to)(gradient, edge.shape)
    if gradient.dtype is not edge.dtype:
        gradient = (cast if isinstance(gradient, Tensor) else _cast)(gradient, edge.dtype)
    return gradient


_sum_to, _cast = sum_to.operation.forward, cast.operation.forward  # type: ignore[attr-defined]
