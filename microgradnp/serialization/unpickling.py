"""A reader of the pickles in PyTorch's files that executes nothing.

A pickle is a program for a machine with a stack. This machine knows the instructions that make plain values, and of
the functions that a program may name (``torch._utils._rebuild_tensor_v2``, ``collections.OrderedDict``, ...) it knows
those in ``KNOWN``: for each there is a function here that checks its arguments and makes what is meant. Any other name
is an error. The standard library takes the instructions apart (``pickletools.genops``).

Source: https://docs.python.org/3/library/pickletools.html
"""

from __future__ import annotations

import pickletools
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..devices import device, strided
from ..nn.parameter import Parameter
from ..tensor import Size, Tensor, make
from .errors import LoadError

MOST = 2_000_000  # instructions: some 40 for each tensor

_MARK = object()


@dataclass(frozen=True)
class Storage:
    """The type of the elements in a block of memory, under PyTorch's name; None where the tensors say it."""

    name: str
    dtype: np.dtype[Any]


@dataclass(frozen=True)
class Known:
    """A name that a pickle may mention: what it makes of arguments, or the value that it has."""

    make: Callable[..., Any] | None = None
    value: Any = None


class Tensors:
    """What makes tensors; ``storage`` gives the memory for a kind, a key, a location and a count of elements."""

    def __init__(self, storage: Callable[[Storage, str, str, int], np.ndarray]) -> None:
        self._storage = storage

    def storage(self, pid: Any) -> tuple[Storage, np.ndarray]:
        """The memory that a pickle refers to."""
        tag, kind, key, location, count = pid
        if tag != "storage" or type(key) is not str or type(location) is not str or not _is_size(count):
            raise LoadError("load: the pickle is damaged: it refers to something that is no storage")
        if not isinstance(kind, Storage):
            raise LoadError("load: the pickle is damaged: a storage without a type")
        return kind, self._storage(kind, key, location, count)


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**62


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, *more: Any) -> Tensor:
    """``_rebuild_tensor_v2``: a view of a storage. Offset and strides are in elements. (``more``: flags of complex.)"""
    _, memory = storage
    return _view(memory, offset, size, stride, requires_grad)


def _tensor_of_type(
    storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, kind: Any, *more: Any
) -> Tensor:
    """``_rebuild_tensor_v3``: the same of a storage of bytes."""
    _, memory = storage
    if not isinstance(kind, np.dtype):
        raise LoadError("load: the pickle is damaged: a tensor without a type")
    return _view(memory.view(kind), offset, size, stride, requires_grad)


def _view(memory: np.ndarray, offset: Any, size: Any, stride: Any, requires_grad: Any) -> Tensor:
    if len(size) != len(stride) or not all(map(_is_size, (offset, *size, *stride))):
        raise LoadError("load: the pickle is damaged: a tensor with impossible sizes or strides")
    item = memory.itemsize
    array = np.ndarray(tuple(size), memory.dtype, memory, offset * item, tuple(step * item for step in stride))
    return make(array).requires_grad_(requires_grad)


def _parameter(data: Any, requires_grad: Any, hooks: Any, state: Any = None) -> Parameter:
    """``_rebuild_parameter``, and ``_rebuild_parameter_with_state`` with attributes that it was given."""
    out = Parameter(_of(Tensor, data), requires_grad)
    out.__dict__.update(_of(dict, state if state is not None else {}))
    return out


def _of(kind: type, value: Any) -> Any:
    if not isinstance(value, kind):
        raise LoadError(f"load: the pickle is damaged: a {type(value).__name__} in the place of a {kind.__name__}")
    return value


def _encoded(text: Any, encoding: Any) -> bytes:
    """``_codecs.encode``, by which protocol 2 writes bytes."""
    if encoding != "latin1":
        raise LoadError(f"load: the pickle encodes a text as {encoding!r}")
    return _of(str, text).encode("latin1")


def _layout(name: Any) -> Any:
    if name != "torch.strided":
        raise LoadError(f"load: the layout {name!r} does not exist here; the one layout is strided")
    return strided


def _hashable(value: Any, depth: int = 0) -> Any:
    """A key of a dict: not tuples of tuples of tuples, whose hash could take forever."""
    if type(value) is tuple and depth < 3 and len(value) <= 64:
        for item in value:
            _hashable(item, depth + 1)
    elif value is not None and type(value) not in (str, int, float, bool, bytes, complex, Size, device):
        raise LoadError(f"load: the pickle has a {type(value).__name__} as a key")
    return value


def _elements(items: Any = ()) -> list[Any]:
    return [_hashable(item) for item in _of(list, items)]


_STORAGES = {
    "DoubleStorage": ("float64", "f8"), "FloatStorage": ("float32", "f4"), "HalfStorage": ("float16", "f2"),
    "BFloat16Storage": ("bfloat16", "u2"), "LongStorage": ("int64", "i8"), "IntStorage": ("int32", "i4"),
    "ShortStorage": ("int16", "i2"), "CharStorage": ("int8", "i1"), "ByteStorage": ("uint8", "u1"),
    "BoolStorage": ("bool", "b1"),
}  # fmt: skip
_DTYPES = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool")

KNOWN: dict[str, Known] = {
    **{f"torch.{name}": Known(value=Storage(kind, np.dtype(text))) for name, (kind, text) in _STORAGES.items()},
    **{f"torch.{name}": Known(value=np.dtype(name)) for name in _DTYPES},
    "torch.storage.UntypedStorage": Known(value=Storage("bytes", np.dtype("u1"))),
    "torch._utils._rebuild_tensor_v2": Known(_tensor),
    "torch._utils._rebuild_tensor_v3": Known(_tensor_of_type),
    "torch._utils._rebuild_parameter": Known(_parameter),
    "torch._utils._rebuild_parameter_with_state": Known(_parameter),
    "torch.serialization._get_layout": Known(_layout),
    "torch.Size": Known(Size),
    "torch.device": Known(device),
    "collections.OrderedDict": Known(lambda: OrderedDict()),
    "collections.Counter": Known(lambda counts: Counter(_of(dict, counts))),
    "_codecs.encode": Known(_encoded),
    "builtins.set": Known(lambda items=None: set(_elements([] if items is None else items))),
    "builtins.complex": Known(lambda real, imag: complex(_of(float, real), _of(float, imag))),
    "builtins.bytes": Known(lambda: b""),
    "builtins.bytearray": Known(lambda data=b"": bytearray(_of(bytes, data))),
}


def unpickled(data: bytes, tensors: Tensors) -> Any:
    """The object that a pickle makes."""
    machine = _Machine(tensors)
    for count, (instruction, argument, _) in enumerate(pickletools.genops(data)):
        if count == MOST:
            raise LoadError(f"load: the pickle has more than {MOST} instructions")
        if instruction.name == "STOP":
            return machine.pop()
        step = getattr(machine, instruction.name, None)
        if step is None:
            raise LoadError(f"load: the pickle has an instruction that PyTorch does not write: {instruction.name}")
        step(argument)
    raise LoadError("load: the pickle is truncated")


class _Machine:
    """The stack, the memo, and a method for each instruction, under the name that ``pickletools`` has for it."""

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = tensors
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise LoadError("load: the pickle is damaged: a mark in the place of a value")
        return value

    def since_mark(self) -> list[Any]:
        items = []
        while (value := self.stack.pop()) is not _MARK:
            items.append(value)
        return items[::-1]

    def top(self, kind: type) -> Any:
        return _of(kind, self.stack[-1])

    # Constants

    def push(self, value: Any) -> None:
        self.stack.append(value)

    BININT = BININT1 = BININT2 = LONG1 = LONG4 = BINFLOAT = BINUNICODE = SHORT_BINUNICODE = push
    BINBYTES = SHORT_BINBYTES = push

    def PROTO(self, version: int) -> None:
        if version > 5:
            raise LoadError(f"load: the pickle is of protocol {version}")

    def FRAME(self, _: int) -> None: ...

    def NONE(self, _: None) -> None:
        self.push(None)

    def NEWTRUE(self, _: None) -> None:
        self.push(True)

    def NEWFALSE(self, _: None) -> None:
        self.push(False)

    def MARK(self, _: None) -> None:
        self.push(_MARK)

    # Containers

    def EMPTY_TUPLE(self, _: None) -> None:
        self.push(())

    def EMPTY_LIST(self, _: None) -> None:
        self.push([])

    def EMPTY_DICT(self, _: None) -> None:
        self.push({})

    def EMPTY_SET(self, _: None) -> None:
        self.push(set())

    def TUPLE(self, _: None) -> None:
        self.push(tuple(self.since_mark()))

    def TUPLE1(self, _: None) -> None:
        self.push((self.pop(),))

    def TUPLE2(self, _: None) -> None:
        second, first = self.pop(), self.pop()
        self.push((first, second))

    def TUPLE3(self, _: None) -> None:
        third, second, first = self.pop(), self.pop(), self.pop()
        self.push((first, second, third))

    def APPEND(self, _: None) -> None:
        item = self.pop()
        self.top(list).append(item)

    def APPENDS(self, _: None) -> None:
        items = self.since_mark()
        self.top(list).extend(items)

    def ADDITEMS(self, _: None) -> None:
        items = self.since_mark()
        self.top(set).update(_elements(items))

    def FROZENSET(self, _: None) -> None:
        self.push(frozenset(_elements(self.since_mark())))

    def SETITEM(self, _: None) -> None:
        value, key = self.pop(), self.pop()
        self.top(dict)[_hashable(key)] = value

    def SETITEMS(self, _: None) -> None:
        items = self.since_mark()
        self.top(dict).update(zip(map(_hashable, items[::2]), items[1::2], strict=True))

    # The memo

    def BINPUT(self, index: int) -> None:
        if self.stack[-1] is _MARK:
            raise LoadError("load: the pickle is damaged: a mark is remembered")
        self.memo[index] = self.stack[-1]

    LONG_BINPUT = BINPUT

    def MEMOIZE(self, _: None) -> None:
        self.BINPUT(len(self.memo))

    def BINGET(self, index: int) -> None:
        self.push(self.memo[index])

    LONG_BINGET = BINGET

    # Names, and what is made by them

    def GLOBAL(self, path: str) -> None:
        self._name(path.replace(" ", "."))

    def STACK_GLOBAL(self, _: None) -> None:
        name, module = _of(str, self.pop()), _of(str, self.pop())
        self._name(f"{module}.{name}")

    def _name(self, path: str) -> None:
        path = path.replace("__builtin__.", "builtins.", 1) if path.startswith("__builtin__.") else path
        if path not in KNOWN:
            raise LoadError(
                f"load: the file wants {path[:200]!r}, which is not read: nothing in a file is executed. Of PyTorch's "
                "files tensors and plain containers are read: save a state_dict() in PyTorch, not a whole module"
            )
        known = KNOWN[path]
        self.push(known if known.make is not None else known.value)

    def REDUCE(self, _: None) -> None:
        arguments, function = _of(tuple, self.pop()), _of(Known, self.pop())
        self.push(function.make(*arguments))

    NEWOBJ = REDUCE

    def BUILD(self, _: None) -> None:
        """Attributes of an OrderedDict: a state dict's ``_metadata``."""
        state = _of(dict, self.pop())
        target = self.top(OrderedDict)
        if set(state) - {"_metadata"}:
            raise LoadError(f"load: the pickle gives an OrderedDict the attributes {', '.join(map(str, state))[:200]}")
        vars(target).update(state)

    def BINPERSID(self, _: None) -> None:
        self.push(self.tensors.storage(_of(tuple, self.pop())))
