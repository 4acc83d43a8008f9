"""What holds for every operation, tested from its record: values, derivatives, dtypes, memory, spellings."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from operations import (
    DIFFERENTIABLE,
    Call,
    apply,
    assert_close,
    calls,
    cotangent_of,
    finite_differences,
    outcome,
    plain,
    seeds,
    tensors_of,
    tolerance,
)

import microgradnp as mg
from microgradnp.ops.protocols import RENAMED
from microgradnp.ops.record import COMPOSITES, OPERATIONS, Operation
from microgradnp.tensor import Tensor

EXACT = 4e-15  # what a different order of summation may change

every_operation = pytest.mark.parametrize("record", OPERATIONS.values(), ids=OPERATIONS)
every_derivative = pytest.mark.parametrize("record", DIFFERENTIABLE.values(), ids=DIFFERENTIABLE)
sampled = given(data=st.data(), seed=seeds)


def drawn(record: Operation, data: st.DataObject, seed: int) -> Iterator[tuple[Call, np.random.Generator]]:
    """The sample calls of an operation, each with a random generator of its own."""
    for i, call in enumerate(data.draw(calls(record))):
        yield call, np.random.default_rng((seed, i))


# Values


def _by_position(shape: tuple[int, ...], index: Any) -> np.ndarray:
    return np.arange(math.prod(shape)).reshape(shape)[index]


def _index_put(input: Any, index: Any, values: Any) -> np.ndarray:
    places = _by_position(input.shape, index)
    changed = dict(zip(places.reshape(-1), np.broadcast_to(values, places.shape).reshape(-1), strict=True))
    return np.array([changed.get(i, x) for i, x in enumerate(input.reshape(-1))]).reshape(input.shape)


def _scatter(input: Any, index: Any, shape: tuple[int, ...]) -> np.ndarray:
    places = _by_position(shape, index).reshape(-1)
    return np.bincount(places, np.broadcast_to(input, places.shape), math.prod(shape)).reshape(shape)


def _scatter_along_dim(input: Any, indices: Any, dim: int, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    for place in np.ndindex(input.shape):
        target = list(place)
        target[dim] = indices[place]
        out[tuple(target)] += input[place]
    return out


def _sum_to(input: Any, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    for place in np.ndindex(input.shape):
        own = place[input.ndim - len(shape) :]
        out[tuple(0 if size == 1 else i for i, size in zip(own, shape, strict=True))] += input[place]
    return out


def _squared_error(input: Any, target: Any, reduction: str = "mean") -> Any:
    return {"none": np.asarray, "sum": np.sum, "mean": np.mean}[reduction]((input - target) ** 2)


REFERENCES = {  # for the operations that no NumPy function is
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.where(x > 0, x, 0.0),
    "logsigmoid": lambda x: -np.log(1 + np.exp(-x)),
    "cast": lambda x, dtype: np.array(x, dtype),
    "clone": lambda x: x,
    "overwrite": lambda x, other: np.broadcast_to(other, x.shape),
    "getitem": lambda x, index: x.reshape(-1)[_by_position(x.shape, index)],
    "scatter": _scatter,
    "index_put": _index_put,
    "scatter_along_dim": _scatter_along_dim,
    "sum_to": _sum_to,
    "squared_error": _squared_error,
    "cross_entropy_of_bits": lambda p, target: -(target * np.log(p) + (1 - target) * np.log(1 - p)),
    "linear": lambda x, weight, bias=0.0: np.einsum("...i,oi->...o", x, weight) + bias,
}


def test_every_operation_has_a_numpy_function_or_a_reference() -> None:
    assert {name for name, record in OPERATIONS.items() if not record.numpy} == set(REFERENCES)


@every_operation
@settings(max_examples=5)
@sampled
def test_value(record: Operation, data: st.DataObject, seed: int) -> None:
    for call, rng in drawn(record, data, seed):
        values = call.values(rng)
        arguments = call.fill(values)
        expected = REFERENCES[record.name](*arguments) if record.name in REFERENCES else _numpy_call(record, 0, arguments)
        out = apply(call, tensors_of(call, values))
        assert type(out) is Tensor
        assert out.requires_grad == bool(call.wanted)
        assert plain(out).dtype == np.asarray(expected).dtype
        assert_close([plain(out)], [np.asarray(expected)], EXACT, call)
        np.testing.assert_array_equal(plain(out), record.forward(*arguments), err_msg=str(call))


# Derivatives


@every_derivative
@settings(max_examples=4)
@sampled
def test_gradient_is_that_of_finite_differences(record: Operation, data: st.DataObject, seed: int) -> None:
    for call, rng in drawn(record, data, seed):
        values = call.values(rng)
        cotangent = cotangent_of(call, values, rng)
        _, gradients = outcome(call, values, cotangent)
        numeric = finite_differences(lambda at: [record.forward(*call.fill(at))], values, call.wanted, [cotangent])
        assert_close(gradients, numeric, tolerance(cotangent), call)


@every_derivative
@settings(max_examples=2)
@sampled
def test_second_gradient_is_that_of_finite_differences(record: Operation, data: st.DataObject, seed: int) -> None:
    """The gradients are themselves functions of the operands and of the cotangent: differentiate them by all of these."""
    for call, rng in drawn(record, data, seed):
        values = [*call.values(rng)]
        cotangent = cotangent_of(call, values, rng)
        leaves = [*tensors_of(call, values), mg.from_numpy(cotangent).requires_grad_()]
        wanted = [*call.wanted, len(values)]
        out = apply(call, leaves[:-1])
        firsts = mg.autograd.grad(out, [leaves[i] for i in call.wanted], leaves[-1], create_graph=True)
        seconds = [np.asarray(rng.uniform(0.5, 2.0, g.shape), g.dtype) for g in firsts]

        # A gradient that depends on nothing (that of sign) was not recorded: it adds nothing.
        terms = [(g * mg.from_numpy(c)).sum() for g, c in zip(firsts, seconds, strict=True)] + [leaves[i].sum() * 0 for i in wanted]
        exact = mg.autograd.grad(functools.reduce(mg.add, terms), [leaves[i] for i in wanted])
        numeric = finite_differences(lambda at: outcome(call, at[:-1], at[-1])[1], [*values, cotangent], wanted, seconds)
        assert_close([plain(g) for g in exact], numeric, tolerance(cotangent), call)


@every_derivative
@settings(max_examples=4)
@sampled
def test_recorded_backward_pass_gives_the_same_gradient(record: Operation, data: st.DataObject, seed: int) -> None:
    for call, rng in drawn(record, data, seed):
        values = call.values(rng)
        cotangent = cotangent_of(call, values, rng)
        _, fast = outcome(call, values, cotangent)
        _, recorded = outcome(call, values, cotangent, create_graph=True)
        assert_close(recorded, fast, EXACT, call)
        assert [g.dtype for g in recorded] == [g.dtype for g in fast]


# Spellings


def _numpy_call(record: Operation, i: int, arguments: tuple[Any, ...]) -> Any:
    """The same call by the i-th NumPy function that the record names."""
    name = record.numpy[i]
    function = getattr(*name) if isinstance(name, tuple) else name
    bound = record.signature.bind(*arguments)
    if record.samples is not None:
        bound.apply_defaults()
    spelled = {NUMPY_NAMES.get(key, key): value for key, value in bound.arguments.items()}
    keywords = {key: spelled.pop(key) for key in ("axis", "keepdims") if key in spelled}
    spelled.pop("dtype", None)
    return function(*spelled.values(), **keywords)


NUMPY_NAMES = {"dim": "axis", "keepdim": "keepdims"}
