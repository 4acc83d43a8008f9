"""Sample calls of the operations, as their records declare them, filled with numbers."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import microgradnp as mg
from microgradnp.ops.record import OPERATIONS, REALS, Operation

DIFFERENTIABLE = {name: record for name, record in OPERATIONS.items() if record.rules}
Arrays = list[np.ndarray]
CLEARANCE = 0.1  # how far sample values stay away from an operation's kinks


class Place:
    """Where an array of this shape goes: what a record's ``samples`` are given as ``make``."""

    def __init__(self, *shape: int) -> None:
        self.shape = shape

    def __repr__(self) -> str:
        return f"make{self.shape}"


class Number(Place):
    """Where a Python number goes, beside a tensor."""


@dataclass(frozen=True, repr=False)
class Call:
    """A call of an operation: its positional arguments, with a ``Place`` where an array or a number is to stand."""

    record: Operation
    layout: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"{self.record.name}{self.layout}"

    @property
    def places(self) -> list[tuple[str, Place]]:
        """The places in order, each with the name of the operand it belongs to."""
        named = zip(self.record.signature.parameters, self.layout, strict=False)
        return [(name, place) for name, argument in named for place in _as_list(argument) if isinstance(place, Place)]

    @property
    def wanted(self) -> list[int]:
        """Which of the places hold an array that has a derivative."""
        rules = self.record.rules
        return [i for i, (name, place) in enumerate(self.places) if name in rules and type(place) is Place]

    def fill(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments with ``values`` in their places."""
        rest = iter(values)

        def put(argument: Any) -> Any:
            if isinstance(argument, list):
                return [put(item) for item in argument]
            return next(rest) if isinstance(argument, Place) else argument

        return tuple(put(argument) for argument in self.layout)

    def values(self, rng: np.random.Generator, dtype: Any = np.float64) -> list[Any]:
        """Numbers for every place, from the operands' domains.

        All of them lie on one lattice, in random order and slightly displaced: so no two are equal, or close, and the
        largest is always larger than the rest by more than a finite difference.
        """
        places = self.places
        sizes = [math.prod(place.shape) for _, place in places]
        count = sum(sizes)
        lattice = (rng.permutation(count) + rng.uniform(0.25, 0.75, count)) / max(count, 1)
        parts = np.split(lattice, np.cumsum(sizes)[:-1])
        arrays = [
            _in_domain(self.record, name, part.reshape(place.shape), dtype)
            for (name, place), part in zip(places, parts, strict=True)
        ]
        return [
            array.item() if isinstance(place, Number) else array
            for (_, place), array in zip(places, arrays, strict=True)
        ]


def _as_list(argument: Any) -> list[Any]:
    return argument if isinstance(argument, list) else [argument]


def _in_domain(record: Operation, operand: str, lattice: np.ndarray, dtype: Any) -> np.ndarray:
    """Numbers from 0 to 1, carried to an operand's domain: a range of integers, or an interval without the kinks."""
    domain = record.domain.get(operand, REALS) if isinstance(record.domain, dict) else record.domain
    if callable(domain):
        return np.asarray(domain(lattice), dtype)
    if isinstance(domain, range):
        return np.asarray(np.array(domain)[(lattice * len(domain)).astype(int)])
    low, high = domain
    values = low + lattice * (high - low - 2 * CLEARANCE * len(record.kinks))
    for kink in sorted(record.kinks):
        values = values + 2 * CLEARANCE * (values > kink - CLEARANCE)
    return np.asarray(values, dtype)


def calls(record: Operation) -> st.SearchStrategy[list[Call]]:
    """The sample calls of an operation: those that its record declares, or shapes that broadcast, some of them drawn.

    Zero-size and 0-d arrays are among them.
    """
    if record.samples is not None:
        return st.just([Call(record, layout) for layout in record.samples(Place)])
    count = len(record.operands)
    fixed = list(_broadcasting(record, [(2, 3, 1), (3, 2)] if count == 2 else [(2, 3)] * count))
    shapes = hnp.mutually_broadcastable_shapes(num_shapes=count, min_side=0, max_side=3, max_dims=3)
    return shapes.map(lambda drawn: [*fixed, *_broadcasting(record, drawn.input_shapes)])


def _broadcasting(record: Operation, shapes: Sequence[tuple[int, ...]]) -> Iterator[Call]:
    """Arrays that broadcast and, of two operands, each as a Python number beside the other."""
    places = [Place(*shape) for shape in shapes]
    yield Call(record, tuple(places))
    if len(places) == 2 and not isinstance(record.domain, range):
        yield Call(record, (places[0], Number()))
        yield Call(record, (Number(), places[1]))


seeds = st.integers(0, 2**32 - 1)


def examples(count: int) -> Any:
    """How many examples a test draws for each operation: few by default; EXAMPLES=5 makes them five times as many."""
    return settings(max_examples=count * int(os.environ.get("EXAMPLES", "1")))


def drawn(record: Operation, data: st.DataObject, seed: int, dtype: Any = np.float64) -> Iterator[tuple[Any, ...]]:
    """For each sample call of an operation: the call, values for it, and a cotangent."""
    for i, call in enumerate(data.draw(calls(record))):
        rng = np.random.default_rng((seed, i))
        values = call.values(rng, dtype)
        yield call, values, _cotangent(call, values, rng)


def _cotangent(call: Call, values: Sequence[Any], rng: np.random.Generator) -> np.ndarray:
    """A random gradient for the result: rules that are right only for ones do not get away with it."""
    out = np.asarray(call.record.forward(*call.fill(values)))
    return np.asarray(rng.uniform(0.5, 2.0, out.shape) * rng.choice([-1.0, 1.0], out.shape), out.dtype)


# Running a call on tensors


def tensors_of(call: Call, values: Sequence[Any]) -> list[Any]:
    """Tensors that share the arrays' memory; those with a derivative require a gradient."""
    tensors = [mg.from_numpy(value) if isinstance(value, np.ndarray) else value for value in values]
    for i in call.wanted:
        tensors[i].requires_grad_()
    return tensors


def apply(call: Call, tensors: Sequence[Any]) -> mg.Tensor:
    return call.record.public(*call.fill(tensors))


def outcome(call: Call, values: Sequence[Any], cotangent: np.ndarray, **options: Any) -> tuple[np.ndarray, Arrays]:
    """The result and the gradients of the wanted operands, as arrays that share the tensors' memory."""
    tensors = tensors_of(call, values)
    out = apply(call, tensors)
    gradients = mg.autograd.grad(out, [tensors[i] for i in call.wanted], mg.from_numpy(cotangent), **options)
    return plain(out), [plain(g) for g in gradients]


def plain(tensor: mg.Tensor) -> np.ndarray:
    return tensor.detach().numpy()


def assert_close(actual: Arrays, expected: Arrays, rtol: float, call: Any) -> None:
    """Equal within ``rtol``, relative to the largest number of each array."""
    for one, other in zip(actual, expected, strict=True):
        assert one.shape == other.shape, f"{call}: shape {one.shape}, expected {other.shape}"
        scale = np.abs(other).max(initial=1.0)
        np.testing.assert_allclose(one / scale, other / scale, rtol=0, atol=rtol, err_msg=str(call))
