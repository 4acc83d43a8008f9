"""From the nodes of a graph to a plain description of it: what a picture needs, and nothing that keeps arrays alive.

The walk is a loop with a visited set, so it takes O(operations + operands) and no recursion. Operations are put in the
order in which they were recorded, so that the same program always gives the same description.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

import numpy as np

from ..autograd.gate import Gate
from ..autograd.node import Constant, Leaf, Node
from ..nn.parameter import Parameter
from ..tensor import Tensor, edge_of
from .modules import Frame, Modules
from .text import argument_text

# The kinds of values
INPUT, FROZEN, BUFFER, NUMBER = "input", "frozen parameter", "buffer", "number"  # these take no gradient
LEAF, PARAMETER, RESULT, OUTPUT = "leaf", "parameter", "result", "output"
WITHOUT_GRADIENT = frozenset({INPUT, FROZEN, BUFFER, NUMBER})
COMPUTED = frozenset({RESULT, OUTPUT})

ROLES = frozenset({"target", "condition", "indices", "exponent"})  # operands whose name suits a constant
COMMUTATIVE = frozenset({"add", "mul", "maximum", "minimum"})  # operations whose operands need no telling apart


@dataclass(slots=True, eq=False)
class Value:
    """A tensor or a number: what it is called and, where it is still alive, what can be read from it now."""

    kind: str
    name: str
    shape: tuple[int, ...] = ()
    dtype: str = ""
    frame: Frame | None = None
    path: str = ""  # the dotted name in the model
    number: Any = None  # the only element
    norm: float | None = None  # of the gradient
    fault: str = ""  # "nan" or "inf" when an element is one
    uses: int = 0  # how many operands it is

    @property
    def broken(self) -> bool:
        """Whether there is a nan or an infinity in the values or in the gradient."""
        return bool(self.fault) or (self.norm is not None and not np.isfinite(self.norm))


@dataclass(slots=True, eq=False)
class Use:
    """A value as the operand of an operation; ``mark`` tells it from the others where that matters."""

    value: Value
    operand: str
    mark: str


@dataclass(slots=True, eq=False)
class Step:
    """One operation: its operands in order, its result, and the module that it ran in."""

    label: str
    frame: Frame | None
    arguments: tuple[str, ...]
    operands: list[Use]
    result: Value


@dataclass(slots=True, eq=False)
class Description:
    """All operations in the order in which they ran, all values in the order in which they came up, and the frames."""

    steps: list[Step] = field(default_factory=list)
    values: list[Value] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


def collect(outputs: list[Tensor], model: Any = None, names: Mapping[str, Tensor] | None = None) -> Description:
    """Describe what produced ``outputs``, which must require gradients; ``names`` are the user's for some tensors."""
    roots: list[Any] = [edge_of(output) for output in outputs]
    nodes = _reachable(roots)
    collector = _Collector(Modules(model, (node.scope for node in nodes)), names or {})
    for node in nodes:
        if not isinstance(node, (Leaf, Gate)):  # a gate is shown as its results
            collector.step(node)
    for i, (output, root) in enumerate(zip(outputs, roots, strict=True)):
        collector.output(output, root, f"output {i}" if len(outputs) > 1 else "output")
    return collector.description


def _reachable(roots: Iterable[Node]) -> list[Node]:
    """The roots and every node below them, oldest first."""
    order = list(dict.fromkeys(roots))
    seen = set(order)
    for node in order:
        for edge in node.edges():
            if edge is not None and edge not in seen:
                seen.add(edge)
                order.append(edge)
    return sorted(order, key=attrgetter("time"))


class _Collector:
    """Builds a description, operation by operation."""

    def __init__(self, modules: Modules, names: Mapping[str, Tensor]) -> None:
        self.description = Description(frames=modules.outermost)
        self._modules = modules
        self._values: dict[Any, Value] = {}  # by node or constant
        self._names = {place: name for name, tensor in names.items() for place in _places(tensor)}

    def step(self, node: Node) -> None:
        frame = self._modules.running(node.scope)
        operands = []
        for source, operand, mark in _operands(node):
            value = self._value(source, operand, frame)
            value.uses += 1
            operands.append(Use(value, operand, mark if mark != value.name else ""))
        result = self._values[node] = self._add(RESULT, self._names.get(node, ""), node, frame)
        self.description.steps.append(Step(node.label, frame, tuple(_arguments(node)), operands, result))

    def output(self, tensor: Tensor, root: Node, name: str) -> None:
        value = self._value(root, "", None)
        if value.kind == RESULT:
            value.kind, value.name, value.frame = OUTPUT, value.name or name, None
            _read(value, tensor)

    def _value(self, source: Any, operand: str, frame: Frame | None) -> Value:
        """The value of an operand. Every tensor has one, however often it is used; a number has one for each use."""
        if isinstance(source, (Node, Constant)):
            if source not in self._values:
                self._values[source] = self._tensor(source, operand)
            return self._values[source]
        if hasattr(source, "shape") and hasattr(source, "dtype"):
            return self._add(INPUT, "input", source, None)
        return self._add(NUMBER, argument_text(source), None, frame)

    def _tensor(self, source: Any, operand: str) -> Value:
        """The value of a ``Leaf`` or a ``Constant``: a tensor that no operation made."""
        tensor = source.tensor()
        path, frame = self._modules.owner(tensor)
        kind = _kind(source, tensor, path)
        word = operand if kind == INPUT and operand in ROLES else kind
        value = self._add(kind, self._names.get(source) or path.rpartition(".")[2] or word, source, frame)
        value.path = path
        if tensor is not None:
            _read(value, tensor)
        return value

    def _add(self, kind: str, name: str, source: Any, frame: Frame | None) -> Value:
        value = Value(kind, name, frame=frame)
        if source is not None:
            value.shape, value.dtype = tuple(source.shape), str(source.dtype)
        self.description.values.append(value)
        return value


def _kind(source: Any, tensor: Tensor | None, path: str) -> str:
    parameter = isinstance(tensor, Parameter)
    if isinstance(source, Leaf):
        return PARAMETER if parameter or path else LEAF
    return FROZEN if parameter else BUFFER if path else INPUT


def _places(tensor: Tensor) -> tuple[Any, ...]:
    """What may stand for a tensor in the graph: its node, and the constant that it was where it took no gradient."""
    return edge_of(tensor), getattr(tensor, "_constant", None)


def _operands(node: Node) -> Iterator[tuple[Any, str, str]]:
    """For each operand its source, its name and what to mark it with; an absent optional operand is left out."""
    sources = node.sources() or node.edges()
    for source, (name, mark) in zip(sources, _operand_names(node, len(sources)), strict=True):
        if source is not None:
            yield source, name, mark


def _operand_names(node: Node, count: int) -> list[tuple[str, str]]:
    """The name of each operand, and the mark on its edge where the picture alone would not tell which one it is."""
    lists = node.operation.list_operands if node.operation is not None else ()
    if node.operands == ("input", "other"):
        marks = ("", "") if node.label in COMMUTATIVE else ("left", "right")
        return list(zip(node.operands, marks, strict=True))
    names: list[tuple[str, str]] = []
    for i, name in enumerate(node.operands):
        if name in lists:  # an operation has one such operand: all that the others leave
            names += [(f"{name}[{k}]", str(k)) for k in range(count - len(node.operands) + 1)]
        else:
            goes_without_saying = len(node.operands) == 1 or (i, name) == (0, "input")
            names.append((name, "" if goes_without_saying else name))
    return names if len(names) == count else [("", "")] * count


def _arguments(node: Node) -> Iterator[str]:
    """The static arguments that are not at their defaults: ``dim=1``."""
    for name, value in node.arguments().items():
        default = node.operation.signature.parameters[name].default
        if type(value) is not type(default) or value != default:
            yield f"{name}={argument_text(value)}"


def _read(value: Value, tensor: Tensor) -> None:
    """Read from a tensor what is to be shown of its elements and of its gradient."""
    array = tensor._array
    if isinstance(array, np.ndarray):
        value.number = array.item() if array.size == 1 else None
        value.fault = _fault(array)
    grad = tensor._grad
    if grad is not None and isinstance(grad._array, np.ndarray):
        value.norm = _norm(grad._array)


def _fault(array: np.ndarray) -> str:
    if array.dtype.kind not in "fc" or np.isfinite(array).all():
        return ""
    return "nan" if np.isnan(array).any() else "inf"


def _norm(array: np.ndarray) -> float:
    """The Euclidean norm, infinite only if an element is: the largest is divided out before squaring."""
    magnitudes = np.abs(array.astype(np.float64))
    largest = magnitudes.max(initial=0.0)
    if largest == 0 or not np.isfinite(largest):
        return float(largest)
    return float(largest * np.sqrt(np.square(magnitudes / largest).sum()))
