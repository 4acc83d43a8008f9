"""What the layers of a module compute and hold, as a table: ``Module.summary``.

One forward pass is watched. What a module returns is seen at its call. Multiply-adds are counted where they are made,
in the operations that multiply matrices, and belong to the module that runs at that moment. Nothing of this costs
anything while no summary is made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from .. import random as rng
from ..autograd import memory
from ..autograd.modes import no_grad
from ..autograd.scope import current
from ..ops.call import compile_call
from ..ops.record import OPERATIONS
from ..ops.recurrence import Recurrence
from ..tensor import Tensor
from .module import Module
from .tree import note_change


def _of_contraction(out: Any, input: Any, other: Any, equation: str) -> int:
    labels, result = equation.replace(",", "").split("->")
    sizes = dict(zip(labels, (*input.shape, *other.shape), strict=True))
    return prod(sizes.values()) if len(sizes) > len(result) else 0


MULTIPLY_ADDS: dict[str, Callable[..., int]] = {  # of an operation: from its result and its arguments
    "matmul": lambda out, input, other: out.size * input.shape[-1],
    "linear": lambda out, input, weight, bias=None: out.size * weight.shape[1],
    "contract": _of_contraction,
    "convolution": lambda out, input, weight, *options: out.size * prod(weight.shape[1:]),
    "transposed_convolution": lambda out, input, weight, *options: input.size * prod(weight.shape[1:]),
}


def _of_recurrence(cell: Any, sizes: Any, *tensors: Any) -> int:
    matrices = [tensor for tensor in tensors[3:] if tensor is not None and tensor.ndim == 2]
    return sum(sizes) * sum(matrix.numel() for matrix in matrices)


@dataclass
class Row:
    """One module: its dotted name, its class, how deep it lies, and what its calls have come to.

    output: the shapes of what the first call returned, nested as that; None if it was not called.
    parameters: the number of elements of its own parameters, without those of submodules, and of rows above.
    mult_adds: multiply-adds that were made while it was the innermost module, in all calls.
    activation_bytes: the memory of what it returned, unless a row below has returned it, or it was there before.
    """

    name: str
    kind: str
    depth: int
    output: Any = None
    calls: int = 0
    parameters: int = 0
    mult_adds: int = 0
    activation_bytes: int = 0


@dataclass
class Summary:
    """A row for each module, and totals; ``str()`` of it is a table."""

    rows: list[Row]
    total_params: int = 0
    trainable_params: int = 0
    param_bytes: int = 0
    mult_adds: int = field(init=False)
    activation_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.mult_adds = sum(row.mult_adds for row in self.rows)
        self.activation_bytes = sum(row.activation_bytes for row in self.rows)

    def __str__(self) -> str:
        head = ("Layer", "Output", "Parameters", "Multiply-adds", "Activations")
        lines = [head, *map(_cells, self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        table = ["  ".join(_aligned(i, cell, widths[i]) for i, cell in enumerate(line)).rstrip() for line in lines]
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        totals = (
            f"Parameters: {self.total_params:,}, of which {self.trainable_params:,} are trained; "
            f"{_bytes(self.param_bytes)}",
            f"Multiply-adds: {self.mult_adds:,}",
            f"Activations: {_bytes(self.activation_bytes)}",
        )
        return "\n".join((table[0], rule, *table[1:], rule, *totals))

    __repr__ = __str__


def summarize(module: Module, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Summary:
    """What ``Module.summary`` does."""
    rows = {
        id(m): Row(name, type(m).__name__, name.count(".") + 1 if name else 0) for name, m in module.named_modules()
    }
    parameters = dict.fromkeys(p for m in module.modules() for p in m._parameters.values() if p is not None)
    counted: set[Any] = set()
    for m in module.modules():
        own = {p for p in m._parameters.values() if p is not None} - counted
        rows[id(m)].parameters = sum(p.numel() for p in own)
        counted |= own
    inputs, kwargs = _cloned(inputs), _cloned(kwargs)
    known = [*parameters, *module.buffers(), *_tensors((inputs, kwargs))]
    watch = _Watch(rows, {id(owner): owner for owner in (memory.owner_of(tensor._array) for tensor in known)})
    with no_grad(), _left_as_it_was(module), watch.open():
        for m in module.modules():
            vars(m)["training"] = False
        module(*inputs, **kwargs)
    return Summary(
        list(rows.values()),
        sum(p.numel() for p in parameters),
        sum(p.numel() for p in parameters if p.requires_grad),
        sum(p.numel() * p.element_size() for p in parameters),
    )


class _Watch:
    """Fills the rows while a forward pass runs in this thread."""

    def __init__(self, rows: dict[int, Row], memories: dict[int, Any]) -> None:
        self.rows = rows
        self.memories = memories  # what has been counted, by id, and so kept from being reused
        self.thread = threading.get_ident()

    @contextmanager
    def open(self) -> Iterator[None]:
        """While it is open, calls of modules and products of matrices are seen."""
        with ExitStack() as doors:
            for name, work in MULTIPLY_ADDS.items():
                record = OPERATIONS[name]
                if not hasattr(record, "bare"):
                    compile_call(record)
                namespace = record.public.__globals__
                doors.callback(namespace.__setitem__, "forward", namespace["forward"])
                namespace["forward"] = self._counting(namespace["forward"], work)
            for owner, name, watched in (
                (Module, "__call__", self._seeing(Module.__call__)),
                (Recurrence, "apply", self._counting(Recurrence.apply, lambda _, *args: _of_recurrence(*args))),
            ):
                if name in vars(owner):
                    doors.callback(setattr, owner, name, vars(owner)[name])
                else:
                    doors.callback(delattr, owner, name)
                setattr(owner, name, watched)
            yield

    def _seeing(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def seeing(module: Any, *args: Any, **kwargs: Any) -> Any:
            result = call(module, *args, **kwargs)
            if threading.get_ident() == self.thread and id(module) in self.rows:
                self._see(self.rows[id(module)], result)
            return result

        return seeing

    def _see(self, row: Row, result: Any) -> None:
        row.calls += 1
        if row.calls == 1:
            row.output = _shapes(result)
        for tensor in _tensors(result):
            owner = memory.owner_of(tensor._array)
            if id(owner) not in self.memories:
                self.memories[id(owner)] = owner
                row.activation_bytes += tensor._array.nbytes

    def _counting(self, compute: Callable[..., Any], work: Callable[..., int]) -> Callable[..., Any]:
        def counting(*args: Any) -> Any:
            result = compute(*args)
            if threading.get_ident() == self.thread:
                row = self._running()
                if row is not None:
                    row.mult_adds += work(result, *args)
            return result

        return counting

    def _running(self) -> Row | None:
        """The row of the innermost module that has one."""
        scope = current.get()
        while scope is not None and id(scope.module()) not in self.rows:
            scope = scope.parent
        return None if scope is None else self.rows[id(scope.module())]


@contextmanager
def _left_as_it_was(module: Module) -> Iterator[None]:
    """Whatever is done to the module meanwhile, and to the stream of random numbers, is undone at the end."""
    attributes = [
        (m, {**vars(m), "_registered": {**m._registered}, "_transient": {*m._transient}}) for m in module.modules()
    ]
    tensors = [(t, t._array, t._array.copy()) for t in (*module.parameters(), *module.buffers())]
    stream = rng.default_generator.get_state()
    try:
        yield
    finally:
        rng.default_generator.set_state(stream)
        for m, before in attributes:
            vars(m).clear()
            vars(m).update(before)
        note_change()
        for tensor, array, values in tensors:
            tensor._array = array
            if not np.array_equal(array, values, equal_nan=True):
                np.copyto(array, values)
                memory.wrote(array, "summary")


# What modules take and return


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _tensors(item)


def _cloned(value: Any) -> Any:
    """The same with copies of its tensors, as a module may write to them."""
    if isinstance(value, Tensor):
        return value.detach().clone()  # type: ignore[attr-defined]
    if isinstance(value, dict):
        return {key: _cloned(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        items = [_cloned(item) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def _shapes(value: Any) -> Any:
    if isinstance(value, Tensor):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {key: _shapes(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_shapes(item) for item in value]
    return None if value is None else type(value).__name__


# The table


def _cells(row: Row) -> tuple[str, ...]:
    name = row.name.rpartition(".")[2]
    label = "  " * row.depth + (f"{name}: {row.kind}" if name else row.kind)
    return (
        f"{label} (called {row.calls} times)" if row.calls > 1 else label,
        _written(row.output) if row.calls else "-",
        f"{row.parameters:,}" if row.parameters else "-",
        f"{row.mult_adds:,}" if row.mult_adds else "-",
        _bytes(row.activation_bytes) if row.activation_bytes else "-",
    )


def _written(shapes: Any) -> str:
    if isinstance(shapes, list):
        return "[" + ", ".join(map(_written, shapes)) + "]"
    if isinstance(shapes, dict):
        return "{" + ", ".join(f"{key}: {_written(item)}" for key, item in shapes.items()) + "}"
    return str(shapes)


def _aligned(column: int, cell: str, width: int) -> str:
    return cell.ljust(width) if column < 2 else cell.rjust(width)


def _bytes(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.3g} GB"
