"""The function under test, as numbers see it: of arrays, flat, in float64, on copies of everything it is given.

Subject.values    its outputs as one flat float64 array: what the numeric derivatives are made of
Subject.run       one recorded call (``Run``), whose ``vjp`` gives the engine's gradients
Gradient          for order 2: the function that gives the gradients of another, for inputs and cotangents
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..autograd import Function, enable_grad, grad, no_grad
from ..autograd.engine import sweep
from ..tensor import Tensor, edge_of, make

Array: TypeAlias = np.ndarray[Any, Any]
Path: TypeAlias = tuple[Any, ...]


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Tensor]]:
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
    """One recorded call: all tensors that went in, those of them that are checked, and the same for what came out."""

    __slots__ = ("given", "inputs", "outputs", "results")

    def __init__(self, given: list[Tensor], inputs: list[Tensor], results: list[Tensor], outputs: list[Tensor]) -> None:
        self.given, self.inputs, self.results, self.outputs = given, inputs, results, outputs

    def vjp(self, cotangents: Sequence[Any], create_graph: bool = False) -> list[Tensor | None]:
        """The gradient of each input, for the cotangents (arrays, tensors, or None) of the outputs; None for none."""
        edges = [edge_of(x) for x in self.inputs]
        seeds: dict[Any, Any] = {}
        for out, v in zip(self.outputs, cotangents, strict=True):
            edge = edge_of(out)
            if v is None or edge is None:
                continue
            seed = (v if isinstance(v, Tensor) else make(v)) if create_graph else v
            seeds[edge] = seeds[edge] + seed if edge in seeds else seed
        targets, found = [edge for edge in edges if edge is not None], {}
        sweep(seeds, targets=targets, collected=found, retain_graph=True, create_graph=create_graph)
        return [None if edge is None else found.get(edge) for edge in edges]

    def gradient(self, cotangents: Sequence[Any], create_graph: bool = False) -> Array:
        """The same as one flat float64 array, with zeros for None."""
        found = self.vjp(cotangents, create_graph)
        return flat([np.zeros(x.shape) if g is None else g._array for g, x in zip(found, self.inputs, strict=True)])


class Subject:
    """A function and the point at which it is checked.

    ``dtype`` is what all floating point inputs are converted to, None to leave them. ``points`` are the checked inputs
    as arrays; ``names``, what they are called. After the first ``run``: ``selected``, which
    of the tensors that come out are checked (``everything``: all of floating point, else those that require gradients).

    Raises ValueError where no input requires gradients.
    """

    def __init__(self, fn: Callable[..., Any], inputs: Any, dtype: Any = np.float64, everything: bool = False) -> None:
        self.fn, self.everything = fn, everything
        self.given: tuple[Any, ...] = (inputs,) if isinstance(inputs, (Tensor, dict)) else tuple(inputs)
        found = list(leaves(self.given))
        self.checked = [i for i, (_, t) in enumerate(found) if t.requires_grad and t._array.dtype.kind == "f"]
        if not self.checked:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of the them have "
                "requires_grad=True: there is no derivative to check"
            )
        self.arrays = [np.array(t._array, dtype if t._array.dtype.kind == "f" else None, order="C") for _, t in found]
        self.dtypes = [found[i][1]._array.dtype for i in self.checked]
        self.names = [_name(fn, found[i][0]) for i in self.checked]
        self.points = [self.arrays[i] for i in self.checked]
        self.selected: list[int] = []
        self.paths: list[Path] = []  # of the selected outputs
        self.recorded = everything  # whether the values, too, need a recorded call
        self.scattered: frozenset[int] = frozenset()  # which of all tensors are given non-contiguous
        self.low: list[float] = [-np.inf] * len(self.checked)  # where the function may be evaluated
        self.high: list[float] = [np.inf] * len(self.checked)

    @property
    def eps(self) -> float:
        """The precision of the checked inputs: that of the coarsest."""
        return max(float(np.finfo(point.dtype).eps) for point in self.points)

    def moved(self, distance: float) -> list[Array]:
        """The points moved by a relative distance, up and down, within the domain."""
        signs = [np.where(np.arange(point.size) % 2, -1.0, 1.0).reshape(point.shape) for point in self.points]
        moved = [point + distance * sign * np.abs(point) for point, sign in zip(self.points, signs, strict=True)]
        return self.inside(moved)

    def stepped(self, steps: Array) -> list[Array]:
        """The points moved by steps for all elements, in units of the elements (for 0: of the input), in the domain."""
        parts = np.split(steps, np.cumsum([point.size for point in self.points])[:-1])
        moved = []
        for point, part in zip(self.points, parts, strict=True):
            unit = np.where(point == 0, np.abs(point).max(initial=0.0) or 1.0, np.abs(point))
            moved.append(point + part.reshape(point.shape) * unit)
        return self.inside(moved)

    def inside(self, points: list[Array]) -> list[Array]:
        """The points in their own types, those outside the domain moved to its edge."""
        ends = zip(points, self.points, self.low, self.high, strict=True)
        return [np.minimum(np.maximum(moved, low), high).astype(own.dtype) for moved, own, low, high in ends]

    def arguments(self, points: Sequence[Array], requires_grad: bool) -> tuple[tuple[Any, ...], list[Tensor]]:
        """The arguments of a call, and all tensors in them; those that are checked hold ``points`` themselves."""
        tensors = [make(array.copy() if requires_grad else array) for array in self.arrays]
        for i, point in zip(self.checked, points, strict=True):
            tensors[i]._array = scattered(point) if i in self.scattered else point
            if requires_grad:
                tensors[i].requires_grad_()
        return with_leaves(self.given, iter(tensors)), tensors

    def run(self, points: Sequence[Array] | None = None, only: int | None = None) -> Run:
        """Call the function, recorded, on copies of the points; ``only`` one of them may require gradients."""
        return self.run_on([np.array(point) for point in (self.points if points is None else points)], only)

    def run_on(self, points: Sequence[Array], only: int | None = None) -> Run:
        """Call the function, recorded, on these arrays themselves."""
        arguments, given = self.arguments(points, True)
        for k in range(len(points)) if only is not None else ():
            given[self.checked[k]].requires_grad_(k == only)
        with enable_grad():
            out = self.fn(*arguments)
        found = list(leaves(out))
        results = [tensor for _, tensor in found]
        if not self.selected:
            floating = [i for i, t in enumerate(results) if t._array.dtype.kind == "f"]
            self.selected = [i for i in floating if self.everything or results[i].requires_grad]
            self.paths = [found[i][0] for i in self.selected]
        return Run(given, [given[i] for i in self.checked], results, [results[i] for i in self.selected])

    def values(self, points: Sequence[Array]) -> Array:
        """The checked outputs as one new flat array, of float64 where they are real."""
        if self.recorded:
            return flat([out._array for out in self.run(points).outputs])
        arguments, _ = self.arguments(points, False)
        with no_grad():
            out = self.fn(*arguments)
        results = [tensor for _, tensor in leaves(out)]
        return flat([results[i]._array for i in self.selected])


class Gradient:
    """The gradients of a function: of the arguments it takes and, at the end, a list of cotangents."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.__name__ = f"the gradient of {name_of(subject.fn)}"

    def __call__(self, *arguments: Any) -> list[Tensor]:
        *given, cotangents = arguments
        tensors = [tensor for _, tensor in leaves(given)]
        inputs = [tensors[i] for i in self.subject.checked]
        results = [tensor for _, tensor in leaves(self.subject.fn(*given))]
        outputs = [results[i] for i in self.subject.selected]
        found = grad(outputs, inputs, cotangents, create_graph=True, allow_unused=True)
        return [make(np.zeros(x.shape, x.dtype)) if g is None else g for g, x in zip(found, inputs, strict=True)]


def scattered(array: Array) -> Array:
    """The same values, otherwise in memory: the dimensions in reverse order, every second place, from the end."""
    if array.ndim == 0 or array.size == 0:
        return array.copy()
    turned = array.T
    room = np.empty((*turned.shape[:-1], 2 * turned.shape[-1]), array.dtype)
    view = room[..., ::-2]
    view[...] = turned
    return view.T


def flat(arrays: Sequence[Array]) -> Array:
    """Arrays as one new flat array: float64, or complex."""
    if len(arrays) == 1:
        array = arrays[0]
        return np.array(array, complex if array.dtype.kind == "c" else np.float64).reshape(-1)
    joined = np.concatenate([np.asarray(array).reshape(-1) for array in arrays]) if arrays else np.empty(0)
    return joined.astype(complex if joined.dtype.kind == "c" else np.float64, copy=False)


def name_of(fn: Any) -> str:
    """What a function is called: its name, that of a Function for its ``apply``, of a class for its instances."""
    name = getattr(fn, "__name__", type(fn).__name__)
    owner = getattr(fn, "__self__", None)
    return f"{owner.__name__}.{name}" if isinstance(owner, type) else name.lstrip("_")


def _name(fn: Callable[..., Any], path: Path) -> str:
    """What an input is called: after the function's parameter, if that can be told."""
    name = f"inputs[{path[0]}]"
    try:
        parameter = _parameters(fn)[path[0]]
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            name = parameter.name
    except (TypeError, ValueError, IndexError):  # no signature, or it says less than the call
        pass
    return name + "".join(f"[{key!r}]" for key in path[1:])


def _parameters(fn: Callable[..., Any]) -> list[inspect.Parameter]:
    """Those of a function; of the ``apply`` of a Function those of its ``forward``, without ``ctx``."""
    owner = getattr(fn, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, Function) and fn == owner.apply:
        takes_ctx = owner.setup_context is Function.setup_context
        return list(inspect.signature(owner.forward).parameters.values())[takes_ctx:]
    return list(inspect.signature(fn).parameters.values())
