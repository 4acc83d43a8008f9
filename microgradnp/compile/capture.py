"""A capturing array: it computes like the NumPy array it wraps, and writes every NumPy call onto a tape.

Since every forward pass, derivative rule and optimizer update is plain NumPy, tensors that hold capturing arrays turn a
whole training step into a list of NumPy calls without a second definition of anything. Replaying the tape makes the
same calls on the same memory, and so the same numbers, bit for bit, without the framework.

What a tape cannot know it refuses: turning a captured value into a Python number, a bool or a plain array would freeze
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..tensor import Tensor


@dataclass(frozen=True)
class Slot:
    """Stands in a recorded call for the value with this number."""

    number: int


@dataclass(frozen=True)
class Call:
    """One NumPy call: its arguments, in which slots stand for values, and the slot of its result."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Slot


class Tape:
    """The NumPy calls of a computation, in order, and the values they started from."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._values: list[Any] = []  # by slot; of results only the place

    def input(self, array: np.ndarray) -> CapturedArray:
        """A capturing array for memory that a replay reads, and writes, again."""
        return CapturedArray(array, self._slot(array), self)

    def _slot(self, value: Any) -> Slot:
        self._values.append(value)
        return Slot(len(self._values) - 1)

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a NumPy call on the values that the capturing arrays wrap, and record it."""
        value = function(*_each(args, _value), **_each(kwargs, _value))
        written = kwargs.get("out")
        written = written[0] if isinstance(written, tuple) else written
        result = written.slot if isinstance(written, CapturedArray) else self._slot(None)
        self.calls.append(Call(function, _each(args, _slot), _each(kwargs, _slot), result))
        return written if isinstance(written, CapturedArray) else CapturedArray(value, result, self)

    def replay(self, *outputs: CapturedArray) -> tuple[Any, ...]:
        """Make all calls again, in order; returns the new values of ``outputs``."""
        values = list(self._values)
        for call in self.calls:
            args, kwargs = (_each(part, lambda item: _look_up(item, values)) for part in (call.args, call.kwargs))
            values[call.result.number] = call.function(*args, **kwargs)
        return tuple(values[output.slot.number] for output in outputs)


class CapturedArray(NDArrayOperatorsMixin):
    """An array of a tape. It speaks NumPy's protocols and the language of derivative rules, and nothing else."""

    __slots__ = ("__weakref__", "slot", "tape", "value")

    def __init__(self, value: Any, slot: Slot, tape: Tape) -> None:
        self.value, self.slot, self.tape = value, slot, tape

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return self.tape.call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self.tape.call(func, args, kwargs)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def dtype(self) -> Any:
        return self.value.dtype

    @property
    def itemsize(self) -> int:
        return self.value.itemsize

    @property
    def ndim(self) -> int:
        return self.value.ndim

    @property
    def T(self) -> Any:
        return self.tape.call(np.transpose, (self,), {})

    def reshape(self, shape: tuple[int, ...]) -> Any:
        return self.tape.call(np.reshape, (self, shape), {})

    def __getitem__(self, index: Any) -> Any:
        return self.tape.call(_getitem, (self, index), {})

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            "a captured value cannot become a Python number, a bool or a NumPy array while a step is being captured: "
            "its value would be frozen into the replay. Keep it a tensor, or read it after the step."
        )

    __array__ = __bool__ = __float__ = __int__ = __index__ = __len__ = __iter__ = item = tolist = _refuse

    def __repr__(self) -> str:
        return f"CapturedArray(slot {self.slot.number}, {self.dtype}, shape {self.shape})"


def _getitem(array: Any, index: Any) -> Any:
    return array[index]


def _each(structure: Any, function: Callable[[Any], Any]) -> Any:
    """A nested tuple, list or dict with ``function`` applied to everything in it."""
    if isinstance(structure, (tuple, list)):
        return type(structure)(_each(item, function) for item in structure)
    if isinstance(structure, dict):
        return {key: _each(item, function) for key, item in structure.items()}
    return function(structure)


def _value(item: Any) -> Any:
    return item.value if isinstance(item, CapturedArray) else item


def _slot(item: Any) -> Any:
    return item.slot if isinstance(item, CapturedArray) else item


def _look_up(item: Any, values: list[Any]) -> Any:
    return values[item.number] if isinstance(item, Slot) else item


@contextmanager
def capturing(tensors: Iterable[Tensor]) -> Iterator[Tape]:
    """While the block lasts, these tensors hold capturing arrays; gives the tape.

    The step that is captured is also carried out. Afterwards the tensors hold their own arrays again, without
    gradients.
    """
    tape = Tape()
    held = [(tensor, tensor._array) for tensor in tensors]
    for tensor, array in held:
        tensor._array = tape.input(array)
    try:
        yield tape
    finally:
        for tensor, array in held:
            tensor._array, tensor._grad = array, None
