"""A capturing array: it computes like the NumPy array it wraps, and writes every NumPy call onto a tape.

Since every forward pass, derivative rule and optimizer update is plain NumPy, tensors that hold capturing arrays turn a
whole training step into a list of NumPy calls, without a second definition of anything. What a tape cannot know it
refuses: turning a captured value into a Python number, a bool or a plain array would freeze it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from ..autograd.memory import owner_of
from ..ops import indexing
from .program import BESIDE, Block, Call, Program, Value, mapped

# What these tell of an array is known from the captured run, and stays.
ABOUT_ARRAYS = frozenset(
    {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj, np.common_type,
     np.shares_memory, np.may_share_memory, np.min_scalar_type}
)  # fmt: skip
# The shapes of their results depend on the values.
OF_UNKNOWN_SHAPE = frozenset(
    {"nonzero", "flatnonzero", "argwhere", "unique", "unique_all", "unique_counts", "unique_inverse", "unique_values",
     "extract", "compress", "trim_zeros", "union1d", "intersect1d", "setdiff1d", "bincount", "histogram_bin_edges"}
)  # fmt: skip
# Functions that write to their first argument, and those that take ``out`` by position too.
WRITING = frozenset({np.copyto, np.put, np.putmask, np.place, np.put_along_axis, np.fill_diagonal})
OUT_POSITION = {np.dot: 2, np.clip: 3, np.concatenate: 2, np.take: 3, np.cumsum: 3, np.cumprod: 3, np.stack: 2}


class NotCapturable(RuntimeError):
    """Something in a compiled function that a replay could not repeat."""


class Tape:
    """The NumPy calls of a computation, in order, as a ``Program``."""

    def __init__(self) -> None:
        self.program = Program()
        self.update = -1  # which optimizer update is running
        self.before_writing: Callable[[np.ndarray], None] = lambda array: None  # told of memory from outside
        self._blocks: dict[int, Block] = {}  # by the id of the memory's owner
        self._bases: dict[int, int] = {}  # the addresses of the same
        self._alive: list[Any] = []  # so that no id is given to another array
        self._arguments: list[tuple[np.ndarray, np.ndarray]] = []  # what was given, and the copy that is captured

    # Where values come from

    def outside(self, array: np.ndarray) -> CapturedArray:
        """Memory that lives on between the runs: a run reads what it holds then, and writes to it."""
        if isinstance(array, np.generic):  # nobody can write to it
            return self.constant(array)
        return self._known(array, lambda owner: Block("outside", owner.nbytes, owner))

    def beside(self, array: np.ndarray) -> CapturedArray:
        """A plain array: if the next run finds the same one, it is memory from outside, else it must hold the same."""
        return self._known(array, lambda owner: Block("outside", owner.nbytes, owner, BESIDE))

    def argument(self, array: np.ndarray, index: int) -> CapturedArray:
        """An array that every run is given anew, and which shares memory with no other.

        The captured run works on a copy in a block of its own: the array may be part of a larger one, of which the next
        run is given another part. ``give_back`` tells what was written to it.
        """
        low, high = np.lib.array_utils.byte_bounds(array)
        memory = np.empty(high - low, np.uint8)
        copy = np.ndarray(array.shape, array.dtype, memory, _address(array) - low, array.strides)
        copy[...] = array
        copy.flags.writeable = array.flags.writeable
        self._arguments.append((array, copy))
        return self._known(copy, lambda owner: Block("argument", owner.nbytes, owner, index))

    def give_back(self) -> None:
        """Write into arguments what the captured run has written into its copies of them."""
        for array, copy in self._arguments:
            if array.flags.writeable:
                np.copyto(array, copy)

    def arguments_written(self) -> list[np.ndarray]:
        """The arguments whose copies a call has written to."""
        blocks = {value.block for call in self.program.calls for value in call.writes}
        indices = {block.index for block in blocks if block.kind == "argument"}
        return [array for i, (array, _) in enumerate(self._arguments) if i in indices]

    def fed(self, array: np.ndarray) -> CapturedArray:
        """A 0-d array that is written to before every run."""
        return self._known(array, lambda owner: Block("fed", owner.nbytes, owner))

    def constant(self, array: Any) -> CapturedArray:
        """An array that holds in every run, to begin with, what it holds now."""
        return self._known(array, lambda owner: Block("constant", owner.nbytes, np.array(owner, order="K")))

    def _known(self, array: Any, make: Callable[[Any], Block]) -> CapturedArray:
        """The value for an array, in the block of its memory, which is made when it is new."""
        owner = _owner(array)
        block = self._blocks.get(id(owner))
        if block is None:
            block = self._blocks[id(owner)] = make(owner)
            self._bases[id(owner)] = _address(owner)
            self._alive.append(owner)
        return CapturedArray(array, self._value(block, array, _address(array) - self._bases[id(owner)]), self)

    def _value(self, block: Block, array: Any, offset: int) -> Value:
        strides = getattr(array, "strides", ())
        value = Value(len(self.program.values), block, array.shape, array.dtype, strides, offset, array)
        self.program.values.append(value)
        return value

    # Calls

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Make a NumPy call on the arrays that the capturing arrays wrap, and record it."""
        if getattr(function, "__name__", "") in OF_UNKNOWN_SHAPE:
            raise NotCapturable(
                f"{place_text()}: {function.__name__}() gives a result whose shape depends on the values, and a "
                "compiled function has fixed shapes. Keep the shape and mask the values, for example with where()"
            )
        if function in ABOUT_ARRAYS:
            return function(*mapped(args, _array), **mapped(kwargs, _array))
        args, kwargs = mapped(args, self._taken), mapped(kwargs, self._taken)
        call = Call(function, mapped(args, _to_value), mapped(kwargs, _to_value), place=_place(), update=self.update)
        target = self._target(function, args, kwargs)
        if target is not None:
            call.writes = (target.value,)
            if target.value.block.kind == "outside":
                self.before_writing(target.array)
        result = function(*mapped(args, _array), **mapped(kwargs, _array))
        self.program.calls.append(call)
        if target is not None and (result is None or result is target.array):
            return None if result is None else target
        if isinstance(result, (tuple, list)):
            call.structure = type(result)
            parts = [self._result(call, part) for part in result]
            return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
        return self._result(call, result)

    def _result(self, call: Call, result: Any) -> CapturedArray:
        if not isinstance(result, (np.ndarray, np.generic)):
            raise NotCapturable(f"{place_text()}: {call.function} gives a {type(result).__name__}, not an array")
        if isinstance(result, np.generic):
            captured = CapturedArray(result, self._value(Block("own", result.nbytes), result, 0), self)
        else:
            captured = self._known(result, lambda owner: Block("own", owner.nbytes))
        call.results += (captured.value,)
        return captured

    def _target(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The array that a call writes to: a capturing or a plain one, or None."""
        if function is setitem or function in WRITING or getattr(function, "__name__", "") == "at":
            return args[0]
        out = kwargs.get("out")
        if out is None and len(args) > (position := OUT_POSITION.get(function, len(args))):
            out = args[position]
        return out[0] if isinstance(out, tuple) else out

    def _taken(self, item: Any) -> Any:
        """An argument of a call, as the tape knows it: plain arrays are constants."""
        if isinstance(item, CapturedArray):
            if item.tape is not self:
                raise NotCapturable(f"{place_text()}: an array of another captured run has survived it")
            return item
        return self.constant(item) if isinstance(item, np.ndarray) else item

    def finish(self, fresh: tuple[CapturedArray, ...] = (), kept: tuple[CapturedArray, ...] = ()) -> Program:
        """The program, with what must be there when it has run."""
        self.program.fresh = tuple(array.value for array in fresh)
        self.program.kept = tuple(array.value for array in kept)
        return self.program


class CapturedArray(NDArrayOperatorsMixin):
    """An array of a tape: it speaks NumPy's protocols and the language of derivative rules."""

    __slots__ = ("__weakref__", "array", "tape", "value")

    def __init__(self, array: Any, value: Value, tape: Tape) -> None:
        self.array, self.value, self.tape = array, value, tape

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        inputs = tuple([item.as_dtype(self.dtype) if isinstance(item, Number) else item for item in inputs])
        return self.tape.call(ufunc if method == "__call__" else getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self.tape.call(func, args, kwargs)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> Any:
        return self.array.dtype

    @property
    def itemsize(self) -> int:
        return self.array.itemsize

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def size(self) -> int:
        return self.array.size

    @property
    def nbytes(self) -> int:
        return self.array.nbytes

    @property
    def strides(self) -> tuple[int, ...]:
        return self.array.strides if isinstance(self.array, np.ndarray) else ()

    @property
    def flags(self) -> Any:
        return self.array.flags

    @property
    def base(self) -> Any:
        """By which the owner of its memory is found."""
        return self.array

    @property
    def T(self) -> Any:
        return self.tape.call(np.transpose, (self,), {})

    def reshape(self, *shape: Any) -> Any:
        return self.tape.call(np.reshape, (self, shape[0] if len(shape) == 1 else shape), {})

    def transpose(self, *axes: Any) -> Any:
        given = axes[0] if len(axes) == 1 else axes or None
        order = given if given is None else tuple(int(axis) for axis in given)
        return self.tape.call(np.transpose, (self, order), {})

    def all(self, *args: Any, **kwargs: Any) -> Any:
        return np.all(self, *args, **kwargs)

    def any(self, *args: Any, **kwargs: Any) -> Any:
        return np.any(self, *args, **kwargs)

    def max(self, *args: Any, **kwargs: Any) -> Any:
        return np.max(self, *args, **kwargs)

    def min(self, *args: Any, **kwargs: Any) -> Any:
        return np.min(self, *args, **kwargs)

    def view(self, dtype: Any) -> Any:
        raise NotCapturable(f"{place_text()}: view(dtype) cannot be captured: convert the values with .to(dtype)")

    def astype(self, dtype: Any, order: str = "K", copy: bool = True) -> Any:
        return self.tape.call(astype, (self, dtype), {"order": order, "copy": copy})

    def copy(self, order: str = "C") -> Any:
        return self.tape.call(np.copy, (self,), {"order": order})

    def __getitem__(self, index: Any) -> Any:
        if any(getattr(item, "dtype", None) == np.bool_ for item in (index if isinstance(index, tuple) else (index,))):
            raise NotCapturable(
                f"{place_text()}: indexing with a mask gives a result whose shape depends on the values, and a "
                "compiled function has fixed shapes. Use where(), or multiply by the mask"
            )
        return self.tape.call(getitem, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self.tape.call(setitem, (self, index, value), {})

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise NotCapturable(
            f"{place_text()}: a captured value cannot become a Python number, a bool or a NumPy array while a step is "
            "being captured: its value would be frozen into the replay. Keep it a tensor (where() instead of if), or "
            "read it after the step"
        )

    __array__ = __bool__ = __float__ = __int__ = __index__ = __len__ = __iter__ = __contains__ = _refuse
    __complex__ = item = tolist = tobytes = _refuse

    def __repr__(self) -> str:
        return f"CapturedArray({self.value}, {self.dtype}, shape {self.shape})"


indexing.ARRAYS.add(CapturedArray)


class Number:
    """A number that each run computes anew: beside an array it is a 0-d array of that type."""

    def __init__(self, value: float, tape: Tape) -> None:
        self.value, self.tape = value, tape
        self.arrays: dict[Any, CapturedArray] = {}

    def as_dtype(self, dtype: np.dtype[Any]) -> CapturedArray:
        if dtype not in self.arrays:
            self.arrays[dtype] = self.tape.fed(np.array(self.value, dtype))
        return self.arrays[dtype]

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return next(item for item in inputs if isinstance(item, CapturedArray)).__array_ufunc__(
            ufunc, method, *inputs, **kwargs
        )

    def _refuse(self, other: Any = None) -> Any:
        if isinstance(other, CapturedArray):
            return NotImplemented  # its own operator will do
        raise NotCapturable(
            f"{place_text()}: an optimizer's update does Python arithmetic with one of its settings, or asks for its "
            "value, which would be frozen: compute what it needs in settings(), and let it branch on bools"
        )

    __bool__ = __float__ = __int__ = __index__ = __array__ = __neg__ = __abs__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __eq__ = __ne__ = _refuse  # type: ignore[assignment]
    __hash__ = object.__hash__


def getitem(array: Any, index: Any) -> Any:
    return array[index]


def setitem(array: Any, index: Any, value: Any) -> None:
    array[index] = value


def astype(array: Any, dtype: Any, order: Any = "K", copy: bool = True) -> Any:
    return array.astype(dtype, order=order, copy=copy)


def _array(item: Any) -> Any:
    return item.array if isinstance(item, CapturedArray) else item


def _to_value(item: Any) -> Any:
    return item.value if isinstance(item, CapturedArray) else item


def copied(array: Any) -> Any:
    """A copy with the same strides."""
    return array.copy("K")


def _owner(array: Any) -> Any:
    """Whose memory an array looks into, if that is an array in one piece, else the array itself."""
    owner = owner_of(array)
    whole = isinstance(owner, np.ndarray) and (owner.flags.c_contiguous or owner.flags.f_contiguous)
    return owner if whole else array


def _address(array: Any) -> int:
    return array.__array_interface__["data"][0] if isinstance(array, np.ndarray) else 0


def _place() -> tuple[str, int]:
    """The user's file and line: the innermost frame outside this package and the libraries that run its code."""
    frame = sys._getframe(1)
    while frame is not None and _is_of_the_library(frame):
        frame = frame.f_back
    return (frame.f_code.co_filename, frame.f_lineno) if frame is not None else ("", 0)


def _is_of_the_library(frame: Any) -> bool:
    module = frame.f_globals.get("__name__", "").partition(".")[0]
    generated = frame.f_code.co_filename.startswith("<microgradnp")
    return generated or module in ("microgradnp", "contextlib", "numpy", "functools")


def place_text() -> str:
    file, line = _place()
    return f"{file}, line {line}" if file else "compile"
