"""The way back from the tree and the arrays of a file (``writing.py``) to what was saved.

Whatever the tree may hold, the only things made are the types listed here.
"""

from __future__ import annotations

import base64
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from ..devices import device
from ..dtypes import as_dtype
from ..nn.parameter import Parameter
from ..tensor import Size, Tensor, make
from .errors import LoadError
from .layout import in_order, laid_into
from .scalars import FACTORIES, KEYS, NUMBERS


class Reader:
    """Makes objects of the nodes of a tree, with arrays by name from ``array``, and the ``Fact`` of each tensor."""

    def __init__(self, array: Callable[[str], np.ndarray], facts: dict[str, dict[str, Any]]) -> None:
        self._read, self._facts = array, facts
        self._memory: dict[str, np.ndarray] = {}
        self._whole: dict[str, np.ndarray] = {}
        self._made: dict[str, Any] = {}  # what has been in two places is one object again

    def object(self, node: Any) -> Any:
        """The object that a node stands for."""
        if isinstance(node, list):
            return [self.object(item) for item in node]
        if not isinstance(node, dict):
            return node
        kind, *_ = node
        return _KINDS[kind](self, node[kind], node)

    def objects(self, nodes: list[Any]) -> list[Any]:
        return [self.object(node) for node in nodes]

    def pairs(self, nodes: list[Any]) -> list[tuple[Any, Any]]:
        return [(self.key(key), self.object(value)) for key, value in nodes]

    def key(self, node: Any) -> Any:
        """A key of a dict, or an element of a set."""
        key = self.object(node)
        if type(key) not in KEYS:
            raise LoadError(f"load: the file is damaged: a {type(key).__name__} as a key")
        return key

    def keys(self, nodes: list[Any]) -> list[Any]:
        return [self.key(node) for node in nodes]

    def ordered(self, nodes: list[Any], node: dict[str, Any]) -> OrderedDict[Any, Any]:
        out = OrderedDict(self.pairs(nodes))
        if "_metadata" in node:
            out._metadata = self.object(node["_metadata"])  # type: ignore[attr-defined]
        return out

    def default(self, nodes: list[Any], node: dict[str, Any]) -> defaultdict[Any, Any]:
        factory = node["factory"]
        return defaultdict(None if factory is None else FACTORIES[factory], self.pairs(nodes))

    def list(self, name: str) -> list[Any]:
        return self._read(name).tolist()

    # Arrays

    def numpy(self, name: str, node: dict[str, Any]) -> np.ndarray:
        if name not in self._made:
            array, dtype = self._read(name), number_dtype(node["dtype"])
            if dtype.kind == "c":
                array = array.view(dtype.newbyteorder("<")).reshape(array.shape[:-1])
            self._made[name] = array if array.dtype == dtype else array.astype(dtype)
        return self._made[name]

    def tensor(self, name: str) -> Tensor:
        if name not in self._made:
            fact = self._facts.get(name, {})
            if "within" in fact:
                dtype = as_dtype(fact["dtype"], "load")
                array = laid_into(self.memory(fact["within"]), fact, dtype)
            else:
                array = self.whole(name)
            out = self._made[name] = tensor_of(array, name, fact.get("parameter", False))
            if fact.get("requires_grad", False):
                out.requires_grad_()
            out.__dict__.update(self.pairs(fact.get("attributes", [])))
        return self._made[name]

    def whole(self, name: str) -> np.ndarray:
        """An array of the file, laid out as its tensor was."""
        self.memory(name)
        return self._whole[name]

    def memory(self, name: str) -> np.ndarray:
        """The memory of an array of the file: those that lie in it share it."""
        if name not in self._memory:
            whole = memory = self._read(name)
            strides = self._facts.get(name, {}).get("strides")
            if strides is not None:
                whole, memory = in_order(whole, strides)
            self._whole[name], self._memory[name] = whole, memory
        return self._memory[name]


def tensor_of(array: np.ndarray, name: str, parameter: bool = False) -> Tensor:
    """A tensor, or a parameter without gradients so far, around an array."""
    try:
        as_dtype(array.dtype)
    except TypeError:
        raise LoadError(f"load: {name!r} is of type {array.dtype}, of which there are no tensors here") from None
    return make(array, Parameter if parameter else Tensor)


def number_dtype(text: str) -> np.dtype[Any]:
    """A dtype of numbers from its text, such as ``<f4``."""
    if text[1:] not in NUMBERS:
        raise LoadError(f"load: the file is damaged: {text!r} is no dtype of numbers")
    return np.dtype(text)


def _number(reader: Reader, content: Any, _: Any) -> np.generic:
    text, value = content
    return number_dtype(text).type(reader.object(value))


# fmt: off
_KINDS: dict[str, Callable[[Reader, Any, dict[str, Any]], Any]] = {
    "tensor": lambda r, name, _: r.tensor(name),
    "array": lambda r, name, node: r.numpy(name, node),
    "number": _number,
    "dtype": lambda r, text, _: number_dtype(text),
    "dict": lambda r, pairs, _: dict(r.pairs(pairs)),
    "OrderedDict": Reader.ordered,
    "Counter": lambda r, pairs, _: Counter(dict(r.pairs(pairs))),
    "defaultdict": Reader.default,
    "list": lambda r, name, _: r.list(name),
    "tuple": lambda r, nodes, _: tuple(r.objects(nodes)),
    "set": lambda r, nodes, _: set(r.keys(nodes)),
    "frozenset": lambda r, nodes, _: frozenset(r.keys(nodes)),
    "int": lambda r, text, _: int(text, 16),
    "float": lambda r, text, _: float(text),
    "complex": lambda r, texts, _: complex(*map(float, texts)),
    "bytes": lambda r, text, _: base64.b64decode(text),
    "bytearray": lambda r, text, _: bytearray(base64.b64decode(text)),
    "Size": lambda r, sizes, _: Size(sizes),
    "device": lambda r, text, _: device(text),
}
# fmt: on
