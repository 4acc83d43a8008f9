"""Bringing the operands of an operation to one form: tensors of one dtype, and Python numbers beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.scope import where
from ..tensor import Tensor, make
from .conversion import cast
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
    beside = any(isinstance(value, Tensor) for value in _each(record, arguments, record.promoted))
    target = _common_dtype(record, arguments)
    _replace(record, arguments, record.promoted, lambda value: _convert(value, target, beside))
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
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (bool, int, float)) and record.numbers:
        return value
    if isinstance(value, np.ndarray):
        if isinstance(value, np.ma.MaskedArray):
            raise TypeError(f"{record.label}(): masked arrays are not supported; use .filled(...) or where(mask, ...)")
        dtypes.as_dtype(value.dtype, f"{record.label}()")
        return make(np.array(value, value.dtype.newbyteorder("=")))  # no subclass: np.matrix means another * and sum
    if hasattr(value, "__array_ufunc__"):  # a capturing array
        return make(value)
    raise _not_a_tensor(record, value)


def _not_a_tensor(record: Operation, value: Any) -> TypeError:
    wanted = "a Tensor, a NumPy array or a number beside one" if record.numbers else "a Tensor or a NumPy array"
    return TypeError(
        f"{where()}{record.label}(): expected {wanted}, got {type(value).__name__}; make one with "
        "microgradnp.tensor(...)"
    )


def _common_dtype(record: Operation, arguments: dict[str, Any]) -> Any:
    """The dtype in which the promoted operands meet, by PyTorch's table; None when there are none."""
    ranks: list[Any] = [None, None, None]  # tensors with dimensions, 0-d tensors, Python numbers
    for value in _each(record, arguments, record.promoted):
        number = not isinstance(value, Tensor)
        rank, dtype = (2, dtypes.number_dtype(value)) if number else (0 if value.ndim else 1, value.dtype)
        ranks[rank] = dtype if ranks[rank] is None else dtypes.promote_types(ranks[rank], dtype)
    if ranks == [None, None, None]:
        return None
    result = dtypes.result_type_of(*ranks)
    return dtypes.get_default_dtype() if record.floats and result.kind != "f" else result


def _convert(value: Any, target: Any, beside_tensor: bool) -> Any:
    if isinstance(value, Tensor):
        return value if value.dtype is target else cast(value, target)
    if not beside_tensor:
        return make(np.array(value, target))
    # NumPy keeps a Python number weak beside an array of its kind; one of a lower kind is converted here.
    return float(value) if target.kind == "f" else value


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
