"""A second engine, slow and obviously right: what ``test_stateful.py`` believes where PyTorch is absent, or is wrong.

Everything is a number: the graph is one of single numbers, as in micrograd, and each number is made once and never
changes. A tensor is a grid of positions in a block of memory. What is read from memory is the number that the graph
last put there; if memory holds something else (written by NumPy, under ``no_grad``, or through ``detach``), it is that
number plus a constant. A write that is recorded puts new numbers in the graph's place for those positions, and nothing
else does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

recording = True


class Refused(Exception):
    """What PyTorch would not do either."""


class Number:
    """A number, and for each number that it was computed from: how to carry a derivative back to that."""

    def __init__(self, data: float, *parents: tuple[Number, Callable[[Number], Number]]) -> None:
        self.data = data
        self.parents = parents

    def __add__(self, other: Number) -> Number:
        return Number(self.data + other.data, (self, lambda g: g), (other, lambda g: g))

    def __mul__(self, other: Number) -> Number:
        return Number(self.data * other.data, (self, lambda g: g * other), (other, lambda g: g * self))

    def sin(self) -> Number:
        return Number(math.sin(self.data), (self, lambda g: g * self.cos()))

    def cos(self) -> Number:
        return Number(math.cos(self.data), (self, lambda g: g * self.sin() * Number(-1.0)))

    def tanh(self) -> Number:
        out = Number(math.tanh(self.data), (self, lambda g: g * (Number(1.0) + out * out * Number(-1.0))))
        return out


def derivatives(root: Number) -> dict[Number, Number]:
    """The derivative of ``root`` by every number it was computed from."""
    order: list[Number] = []
    seen: set[Number] = set()
    stack = [(root, False)]
    while stack:
        number, done = stack.pop()
        if done:
            order.append(number)
        elif number not in seen:
            seen.add(number)
            stack.append((number, True))
            stack += [(parent, False) for parent, _ in number.parents]
    found = {root: Number(1.0)}
    for number in reversed(order):
        for parent, back in number.parents:
            part = back(found[number])
            found[parent] = found[parent] + part if parent in found else part
    return found


class Graph:
    """What the graph knows of a block of memory: the number at each position, None where it knows of none."""

    def __init__(self, memory: list[float], requires_grad: bool = False) -> None:
        self.memory = memory
        self.numbers: list[Number | None] = [None] * len(memory)
        self.requires_grad = requires_grad
        self.is_leaf = True
        self.writes = 0  # that were recorded

    def read(self, position: int) -> Number:
        data, known = self.memory[position], self.numbers[position]
        if known is None:
            return Number(data)
        if known.data != data:  # somebody wrote past the graph
            known = self.numbers[position] = Number(data, (known, lambda g: g))
        return known


class Tensor:
    """A grid of positions in a block of memory."""

    def __init__(self, graph: Graph, positions: np.ndarray, origin: tuple[Graph, int] | None = None) -> None:
        self.graph = graph
        self.positions = positions
        self.origin = origin  # of a view made under no_grad: whose view it is, and how often that had been written to
        self.grad: np.ndarray | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.positions.shape

    @property
    def requires_grad(self) -> bool:
        return self.graph.requires_grad

    def tolist(self) -> Any:
        return np.vectorize(self.graph.memory.__getitem__, otypes=[float])(self.positions).tolist()

    def read(self) -> np.ndarray:
        if recording and self.origin is not None and self.origin[0].writes != self.origin[1]:
            raise Refused("a view that was made under no_grad, whose base was written to")
        numbers = np.empty(self.shape, object)
        for index in np.ndindex(self.shape):
            number = self.graph.read(self.positions[index])
            numbers[index] = number if recording and self.requires_grad else Number(number.data)
        return numbers

    # New tensors

    def sin(self) -> Tensor:
        return new(each(Number.sin, self.read()), self)

    def tanh(self) -> Tensor:
        return new(each(Number.tanh, self.read()), self)

    def clone(self) -> Tensor:
        return new(self.read(), self)

    def sum(self, *dims: int) -> Tensor:
        numbers = self.read()
        rows = numbers.reshape(-1, *numbers.shape[1:]) if dims and numbers.ndim else numbers.reshape(-1)
        total = np.empty(rows.shape[1:], object)
        for index in np.ndindex(total.shape):
            total[index] = sum(rows[(slice(None), *index)], start=Number(0.0))
        return new(total, self)

    def __add__(self, other: Any) -> Tensor:
        return new(each(Number.__add__, self.read(), numbers_of(other)), self, other)

    def __mul__(self, other: Any) -> Tensor:
        return new(each(Number.__mul__, self.read(), numbers_of(other)), self, other)

    def __matmul__(self, other: Tensor) -> Tensor:
        one, two = self.read(), other.read()
        if not one.ndim or not two.ndim or one.shape[-1] != two.shape[0]:
            raise Refused("shapes that cannot be multiplied")
        grid = each(Number.__mul__, one.reshape(-1, two.shape[0], 1), two.reshape(1, two.shape[0], -1))
        total = np.empty((grid.shape[0], grid.shape[2]), object)
        for i, j in np.ndindex(total.shape):
            total[i, j] = sum(grid[i, :, j], start=Number(0.0))
        return new(total.reshape(one.shape[:-1] + two.shape[1:]), self, other)

    # Views, and copies where an index holds a list

    def __getitem__(self, index: Any) -> Tensor:
        items = index if isinstance(index, tuple) else (index,)
        positions = self.positions[(*items, ...)]
        if any(isinstance(item, list) for item in items):
            numbers = self.read()[(*items, ...)]
            return new(numbers, self)
        return self._looking(positions)

    @property
    def T(self) -> Tensor:
        return self._looking(self.positions.T)

    def unsqueeze(self, dim: int) -> Tensor:
        return self._looking(np.expand_dims(self.positions, dim))

    def squeeze(self) -> Tensor:
        return self._looking(np.squeeze(self.positions))

    def expand(self, *shape: int) -> Tensor:
        return self._looking(np.broadcast_to(self.positions, shape))

    def _looking(self, positions: np.ndarray) -> Tensor:
        if recording:
            return Tensor(self.graph, positions, self.origin)
        whose, count = self.origin or (self.graph, self.graph.writes)
        return Tensor(Graph(self.graph.memory), positions, (whose, count))

    def detach(self) -> Tensor:
        return Tensor(Graph(self.graph.memory), self.positions)

    def requires_grad_(self) -> Tensor:
        if not self.requires_grad:
            self.graph.requires_grad = True
            for position in self.positions.reshape(-1):
                self.graph.numbers[position] = Number(self.graph.memory[position])
        return self

    # Writes

    def write(self, numbers: np.ndarray, *operands: Any) -> Tensor:
        graph = self.graph
        recorded = recording and any(isinstance(t, Tensor) and t.requires_grad for t in (self, *operands))
        if recording and self.origin is not None and (recorded or self.origin[0].requires_grad):
            raise Refused("a view that was made under no_grad")
        if recorded and graph.requires_grad and graph.is_leaf:
            raise Refused("a leaf")
        if self.positions.size != np.unique(self.positions).size:
            raise Refused("overlapping memory")
        if np.broadcast_shapes(numbers.shape, self.shape) != self.shape:
            raise Refused("another shape")
        numbers = np.broadcast_to(numbers, self.shape)
        for index in np.ndindex(self.shape):
            graph.memory[self.positions[index]] = numbers[index].data
            if recorded:
                graph.numbers[self.positions[index]] = numbers[index]
        if recorded:
            graph.requires_grad, graph.is_leaf = True, False
            graph.writes += 1
        return self

    def sin_(self) -> Tensor:
        return self.write(each(Number.sin, self.read()))

    def tanh_(self) -> Tensor:
        return self.write(each(Number.tanh, self.read()))

    def add_(self, other: Any) -> Tensor:
        return self.write(each(Number.__add__, self.read(), numbers_of(other)), other)

    def mul_(self, other: Any) -> Tensor:
        return self.write(each(Number.__mul__, self.read(), numbers_of(other)), other)

    def copy_(self, other: Any) -> Tensor:
        return self.write(numbers_of(other), other)

    def fill_(self, value: float) -> Tensor:
        once = tuple(slice(0, 1) if step == 0 else slice(None) for step in self.positions.strides)
        Tensor(self.graph, self.positions[once], self.origin).write(np.array(Number(value)))
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        part = self.positions[(*index, ...) if isinstance(index, tuple) else (index, ...)]
        numbers = numbers_of(value)
        while numbers.ndim > part.ndim and numbers.shape[0] == 1:
            numbers = numbers.reshape(numbers.shape[1:])
        Tensor(self.graph, part, self.origin).write(numbers, value)

    def unsqueeze_(self, dim: int) -> Tensor:
        return self._become(np.expand_dims(self.positions, dim))

    def squeeze_(self) -> Tensor:
        return self._become(np.squeeze(self.positions))

    def t_(self) -> Tensor:
        return self._become(self.positions.T)

    def _become(self, positions: np.ndarray) -> Tensor:
        if recording and self.requires_grad and self.graph.is_leaf:
            raise Refused("a leaf")
        self.positions = positions
        return self

    # Others' writes

    def numpy(self) -> Memory:
        return Memory(self.graph.memory, self.positions)

    # Derivatives

    def backward(self, retain_graph: bool = False) -> None:
        found = derivatives(self.read()[()])
        for leaf in LEAVES:
            g = gradient_of(leaf, found)
            if g is not None:
                data = np.array([number.data for number in g.reshape(-1)]).reshape(leaf.shape)
                leaf.grad = data if leaf.grad is None else leaf.grad + data


LEAVES: list[Tensor] = []  # those that the program has made


class Memory:
    """An array that shares a tensor's memory."""

    def __init__(self, memory: list[float], positions: np.ndarray) -> None:
        self.memory = memory
        self.positions = positions

    @property
    def strides(self) -> tuple[int, ...]:
        return self.positions.strides

    def __setitem__(self, index: Any, value: Any) -> None:
        positions = self.positions[index]
        for position, data in zip(positions.reshape(-1), np.broadcast_to(value, positions.shape).flat, strict=True):
            self.memory[position] = float(data)


def each(function: Callable[..., Number], *grids: np.ndarray) -> np.ndarray:
    """A function of numbers, at every place of grids that broadcast."""
    try:
        grids = tuple(np.broadcast_arrays(*grids))
    except ValueError:
        raise Refused("shapes that do not broadcast") from None
    out = np.empty(grids[0].shape, object)
    for index in np.ndindex(out.shape):
        out[index] = function(*(grid[index] for grid in grids))
    return out


def numbers_of(value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        return value.read()
    out = np.empty(np.shape(value), object)
    for index in np.ndindex(out.shape):
        out[index] = Number(float(np.asarray(value)[index]))
    return out


def new(numbers: np.ndarray, *operands: Any) -> Tensor:
    """A tensor of numbers just computed."""
    flat = list(numbers.reshape(-1))
    graph = Graph([number.data for number in flat])
    graph.requires_grad = recording and any(isinstance(t, Tensor) and t.requires_grad for t in operands)
    if graph.requires_grad:
        graph.numbers, graph.is_leaf = list(flat), False
    return Tensor(graph, np.arange(len(flat)).reshape(numbers.shape))


def tensor(values: Any) -> Tensor:
    return new(numbers_of(values))


def from_numpy(values: Any) -> tuple[Tensor, Memory]:
    """A tensor, and what plays the array whose memory it shares."""
    out = tensor(values)
    return out, out.numpy()


@contextmanager
def no_grad() -> Iterator[None]:
    global recording
    before, recording = recording, False
    try:
        yield
    finally:
        recording = before


def gradient_of(leaf: Tensor, found: dict[Number, Number]) -> np.ndarray | None:
    """The derivatives by a leaf's numbers as they were made, or None if nothing was computed from any."""
    numbers = [leaf_number(leaf.graph, position) for position in leaf.positions.reshape(-1)]
    if not any(number in found for number in numbers):
        return None
    out = np.empty(len(numbers), object)
    out[:] = [found.get(number, Number(0.0)) for number in numbers]
    return out.reshape(leaf.shape)


def leaf_number(graph: Graph, position: int) -> Number:
    """The first number at a leaf's position: later ones are that plus what was written past the graph."""
    number = graph.numbers[position]
    assert number is not None
    while number.parents:
        number = number.parents[0][0]
    return number


def grad(root: Tensor, leaf: Tensor) -> Tensor | None:
    """The derivative of a 0-d tensor by a leaf, with its own graph (``create_graph``)."""
    g = gradient_of(leaf, derivatives(root.read()[()]))
    return None if g is None else new(g, root)
