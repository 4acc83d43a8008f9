"""The function under test: evaluated on copies of its inputs, in float64, and differentiated by the engine.

A function of tensors becomes two of arrays: its values as one flat float64 array, and its vector-Jacobian product.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..autograd import enable_grad, grad, no_grad
from ..tensor import Tensor, make

Array: TypeAlias = np.ndarray[Any, Any]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Tensor]]:
    """The tensors in nested tuples, lists and dicts, each with the keys that lead to it."""
    if isinstance(value, Tensor):
        yield path, value
    elif isinstance(value, (tuple, list)):
        for i, item in enumerate(value):
            yield from leaves(item, (*path, i))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))


def with_leaves(value: Any, tensors: Iterator[Tensor]) -> Any:
    """The same nest with other tensors in it."""
    if isinstance(value, Tensor):
        return next(tensors)
    if isinstance(value, (tuple, list)):
        items = [with_leaves(item, tensors) for item in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        return {key: with_leaves(item, tensors) for key, item in value.items()}
    return value


class Run:
    """One recorded evaluation: the leaves, all tensors that came out, and those of them that are differentiated."""

    __slots__ = ("inputs", "outputs", "results")

    def __init__(self, inputs: list[Tensor], results: list[Tensor], outputs: list[Tensor]) -> None:
        self.inputs, self.results, self.outputs = inputs, results, outputs

    def vjp(self, cotangents: Sequence[Array | None], create_graph: bool = False) -> list[Tensor | None]:
        """The gradient of every input for a cotangent of every output; None where the engine gives none."""
        seeded = [(out, make(v)) for out, v in zip(self.outputs, cotangents, strict=True) if v is not None]
        outputs, seeds = [out for out, _ in seeded], [v for _, v in seeded]
        return list(grad(outputs, self.inputs, seeds, retain_graph=True, create_graph=create_graph, allow_unused=True))


class Subject:
    """A function and the point at which it is checked.

    ``points`` are the checked inputs as float64 arrays (or in ``dtype`` None as they are), ``names`` what to call them.
    """

    def __init__(self, fn: Callable[..., Any], inputs: Any, dtype: Any = np.float64) -> None:
        self.fn = fn
        self.given: tuple[Any, ...] = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
        found = list(leaves(self.given))
        self.checked = [i for i, (_, t) in enumerate(found) if t.requires_grad and t._array.dtype.kind == "f"]
        if not self.checked:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of them have "
                "requires_grad=True: there is no derivative to check"
            )
        self.arrays = [_copied(t._array, dtype) for _, t in found]
        self.own = [found[i][1]._array.dtype for i in self.checked]
        self.names = [_name(fn, found[i][0]) for i in self.checked]
        self.points = [self.arrays[i] for i in self.checked]
        self.selected: list[int] | None = None
        self.recorded = False

    def arguments(self, points: Sequence[Array], requires_grad: bool) -> tuple[tuple[Any, ...], list[Tensor]]:
        """The arguments of a call at these points, and those tensors among them that are checked."""
        tensors = [make(array) for array in self.arrays]
        for i, point in zip(self.checked, points, strict=True):
            tensors[i]._array = point
        checked = [tensors[i] for i in self.checked]
        if requires_grad:
            for tensor in checked:
                tensor.requires_grad_()
        return with_leaves(self.given, iter(tensors)), checked

    def run(self, points: Sequence[Array] | None = None) -> Run:
        """Evaluate and record, at copies of the points."""
        points = [np.array(point) for point in (self.points if points is None else points)]
        arguments, inputs = self.arguments(points, True)
        with enable_grad():
            results = [tensor for _, tensor in leaves(self.fn(*arguments))]
        if self.selected is None:
            self.selected = [i for i, t in enumerate(results) if t.requires_grad]
        return Run(inputs, results, [results[i] for i in self.selected])

    def values(self, points: Sequence[Array]) -> Array:
        """The checked outputs as one flat float64 array."""
        if self.recorded:
            return flat([out._array for out in self.run(points).outputs])
        arguments, _ = self.arguments(points, False)
        with no_grad():
            results = [tensor for _, tensor in leaves(self.fn(*arguments))]
        return flat([results[i]._array for i in self.selected or ()])


def flat(arrays: Sequence[Array]) -> Array:
    """Arrays as one new flat float64 array."""
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays]) if arrays else np.empty(0)


def _copied(array: Array, dtype: Any) -> Array:
    return np.array(array, dtype if array.dtype.kind == "f" else None)


def _name(fn: Callable[..., Any], path: tuple[Any, ...]) -> str:
    """What an input is called: by the function's parameter, if that can be told."""
    try:
        parameters = list(inspect.signature(fn).parameters.values())
        parameter = parameters[path[0]]
        first = parameter.name if parameter.kind in (0, 1) else f"inputs[{path[0]}]"
    except (TypeError, ValueError, IndexError):
        first = f"inputs[{path[0]}]"
    return first + "".join(f"[{key!r}]" for key in path[1:])
