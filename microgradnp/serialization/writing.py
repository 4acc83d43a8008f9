"""What is saved, as a tree of plain values (for JSON) and the arrays that it names.

None, bools, ints of 64 bits, floats, strings and lists stand for themselves; everything else is ``{kind: content}``.
A dict is a list of pairs, since its keys may be of other types than strings and have an order.
"""

from __future__ import annotations

import base64
import math
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np

from ..copying import warn_of_hooks
from ..devices import device
from ..nn.parameter import Parameter
from ..tensor import Size, Tensor
from .errors import Path, refuse
from .layout import Fact, free_name, laid_out
from .scalars import FACTORIES, KEYS, NUMBERS

MANY = 256  # numbers in a list are stored as an array
DEEPEST = 100  # containers in one another; whoever loads them needs four calls for each


class Writer:
    """Turns an object into ``node(obj, ())``, and keeps the arrays that the file gets beside it."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}  # of NumPy arrays
        self.tensors: dict[str, np.ndarray] = {}  # of tensors, which may share memory
        self.facts: dict[str, Fact] = {}
        self._names: dict[int, str] = {}  # of tensors and arrays by their id: each is saved once
        self._kept: list[Any] = []  # so that no other object is given such an id
        self._taken = {"__metadata__"}
        self._open: set[int] = set()  # the containers around the present place

    def laid_out(self) -> tuple[dict[str, np.ndarray], dict[str, Fact]]:
        """All arrays of the file, and what is to be said of the tensors."""
        stored, facts = laid_out(self.tensors, self._taken)
        for name, fact in self.facts.items():
            facts.setdefault(name, Fact()).update(fact)
        return {**stored, **self.arrays}, facts

    def node(self, obj: Any, path: Path) -> Any:
        """The tree of an object that was found at ``path``."""
        kind = type(obj)
        if obj is None or kind is bool or kind is str or (kind is float and math.isfinite(obj)):
            return obj
        if kind in _CONTAINERS:
            if id(obj) in self._open:
                raise refuse(path, obj, "it contains itself; save what is in it without the circle")
            if len(path) == DEEPEST:
                raise refuse(path[:8], obj, f"it is nested more than {DEEPEST} deep")
            self._open.add(id(obj))
            out = _CONTAINERS[kind](self, obj, path)
            self._open.discard(id(obj))
            return out
        if kind in _LEAVES:
            return _LEAVES[kind](obj)
        if isinstance(obj, Tensor):
            return {"tensor": self._tensor(obj, path)}
        if kind is np.ndarray:
            return self._array(obj, path)
        if isinstance(obj, np.dtype) and obj.str[1:] in NUMBERS:
            return {"dtype": obj.str}
        if isinstance(obj, np.generic) and obj.dtype.str[1:] in NUMBERS:
            return {"number": [obj.dtype.str, self.node(obj.item(), path)]}
        raise refuse(path, obj, _remedy(obj))

    def nodes(self, items: Iterable[Any], path: Path) -> list[Any]:
        return [self.node(item, (*path, i)) for i, item in enumerate(items)]

    def list(self, items: list[Any], path: Path) -> Any:
        """A list; a long one of ints or of floats goes into an array."""
        kinds = set(map(type, items)) if len(items) >= MANY else set()
        if kinds == {float} or (kinds == {int} and min(items) >= -(2**63) and max(items) < 2**63):
            return {"list": self._store(np.array(items), path)}
        return self.nodes(items, path)

    def pairs(self, mapping: dict[Any, Any], path: Path) -> list[Any]:
        return [[self._key(key, path), self.node(value, (*path, key))] for key, value in mapping.items()]

    def ordered(self, mapping: OrderedDict[Any, Any], path: Path) -> Any:
        """An OrderedDict with its ``_metadata``, which a state dict has."""
        attributes = dict(vars(mapping))
        node = {"OrderedDict": self.pairs(mapping, path)}
        if "_metadata" in attributes:
            node["_metadata"] = self.node(attributes.pop("_metadata"), (*path, "_metadata"))
        if attributes:
            raise refuse(path, mapping, f"it has attributes of its own: {', '.join(attributes)}")
        return node

    def default(self, mapping: defaultdict[Any, Any], path: Path) -> Any:
        factory = mapping.default_factory
        if factory is not None and factory not in FACTORIES.values():
            raise refuse(path, mapping, f"it calls {factory!r} for missing keys; save dict(...) of it")
        return {"defaultdict": self.pairs(mapping, path), "factory": None if factory is None else factory.__name__}

    def _key(self, key: Any, path: Path) -> Any:
        if type(key) not in KEYS:
            raise refuse(path, key, "as a key; keys are strings, numbers, bools, None, or tuples of these")
        for part in key if type(key) is tuple else ():
            self._key(part, path)
        return self.node(key, path)

    # Arrays

    def _tensor(self, tensor: Tensor, path: Path) -> str:
        if id(tensor) in self._names:
            return self._names[id(tensor)]
        if type(tensor) not in (Tensor, Parameter):
            raise refuse(path, tensor, "save .as_subclass(Tensor) of it")
        array = tensor._array
        if not isinstance(array, np.ndarray):
            raise refuse(path, tensor, "its values are only known when the compiled function runs; save outside of it")
        warn_of_hooks(tensor)
        name = self._name(path, "tensor")
        self._names[id(tensor)] = name
        self._kept.append(tensor)
        self.tensors[name] = array
        fact = Fact()
        if tensor.requires_grad:
            fact["requires_grad"] = True
        if isinstance(tensor, Parameter):
            fact["parameter"] = True
        if tensor.__dict__:
            fact["attributes"] = self.pairs(tensor.__dict__, path)
        if fact:
            self.facts[name] = fact
        return name

    def _array(self, array: np.ndarray, path: Path) -> Any:
        if array.dtype.str[1:] not in NUMBERS:
            raise refuse(path, array, f"its dtype is {array.dtype}; save numbers or bools, or .tolist() of it")
        name = self._names.get(id(array))
        if name is None:
            name = self._names[id(array)] = self._store(array, path)
            self._kept.append(array)
        return {"array": name, "dtype": array.dtype.str}

    def _store(self, array: np.ndarray, path: Path) -> str:
        name = self._name(path, "array")
        array = np.asarray(array, order="C")
        if array.dtype.kind == "c":  # the real and the imaginary part
            array = array.reshape(*array.shape, 1).view(f"{array.dtype.str[0]}f{array.itemsize // 2}")
        self.arrays[name] = array
        return name

    def _name(self, path: Path, alone: str) -> str:
        """A name in the file: the keys on the way. In a dict of tensors these are its own keys."""
        name = "/".join(map(str, path)) if path else alone
        return free_name(name.encode("utf-8", "replace").decode(), self._taken)


def _integer(value: int) -> Any:
    """Beyond 64 bits as hexadecimal digits, which are read in linear time."""
    return value if -(2**63) <= value < 2**64 else {"int": hex(value)}


# fmt: off
_LEAVES: dict[type, Callable[[Any], Any]] = {
    int: _integer,
    float: lambda x: {"float": str(x)},  # inf and nan, which JSON does not have
    complex: lambda x: {"complex": [str(x.real), str(x.imag)]},
    bytes: lambda x: {"bytes": base64.b64encode(x).decode()},
    bytearray: lambda x: {"bytearray": base64.b64encode(x).decode()},
    Size: lambda x: {"Size": list(x)},
    device: lambda x: {"device": str(x)},
}
_CONTAINERS: dict[type, Callable[[Writer, Any, Path], Any]] = {
    list: Writer.list,
    tuple: lambda w, x, path: {"tuple": w.nodes(x, path)},
    set: lambda w, x, path: {"set": [w._key(item, path) for item in x]},
    frozenset: lambda w, x, path: {"frozenset": [w._key(item, path) for item in x]},
    dict: lambda w, x, path: {"dict": w.pairs(x, path)},
    Counter: lambda w, x, path: {"Counter": w.pairs(x, path)},
    OrderedDict: Writer.ordered,
    defaultdict: Writer.default,
}
# fmt: on


def _remedy(obj: Any) -> str:
    """What to save instead of an object."""
    if isinstance(obj, (type, FunctionType, BuiltinFunctionType, MethodType)):
        return "no code is ever stored in a file; save a name that your program knows it by"
    if callable(getattr(obj, "state_dict", None)):
        return "save its state_dict(), make the object anew when you load, and give it to load_state_dict()"
    if callable(getattr(obj, "get_state", None)):
        return "save its get_state(), and give it to set_state() when you have loaded it"
    if hasattr(obj, "_fields"):
        return "named tuples are classes; save tuple(...) or ._asdict() of it"
    if hasattr(obj, "__fspath__"):
        return "save str(...) of it"
    if hasattr(obj, "read") or hasattr(obj, "write"):
        return "it is open; save its name, or what is in it"
    if isinstance(obj, np.generic):
        return (
            "of NumPy's numbers those of up to 64 bits are saved (complex ones of 128); save .item() or str(...) of it"
        )
    if hasattr(obj, "__array__"):
        return "save numpy.asarray(...) of it"
    for plain in (int, float, complex, str, bytes, list, dict, tuple, set):
        if isinstance(obj, plain):
            return f"a subclass would be lost; save {plain.__name__}(...) of it"
    return "save what is in it: tensors, arrays, numbers, strings, and lists, tuples, sets and dicts of them"
