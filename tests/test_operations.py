"""What holds for every operation, tested from its record: values, derivatives, dtypes, memory, spellings."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from families import listed, merged
from hypothesis import given, note
from hypothesis import strategies as st
from operations import (
    DIFFERENTIABLE,
    Call,
    Place,
    apply,
    assert_close,
    drawn,
    examples,
    outcome,
    plain,
    seeds,
    tensors_of,
)

import microgradnp as mg
from microgradnp.ops.face import BY_NUMPY, REFLECTED, is_in_place
from microgradnp.ops.record import COMPOSITES, FACTORIES, OPERATIONS, Operation
from microgradnp.tensor import Tensor
from microgradnp.testing import assert_grads
from microgradnp.testing.strategies import LAYOUTS

EXACT = 4e-15  # what a different order of summation may change
RTOL = 3e-7  # of derivatives; where they are not that good in random directions, the whole Jacobian is compared


def family_and_name(record: Operation) -> str:
    return f"{record.forward.__module__.rpartition('.')[2]}.{record.name}"


REFERENCES, KINKS = merged("REFERENCES"), listed("KINKS")

every_operation = pytest.mark.parametrize("record", OPERATIONS.values(), ids=map(family_and_name, OPERATIONS.values()))
every_derivative = pytest.mark.parametrize(
    "record", DIFFERENTIABLE.values(), ids=map(family_and_name, DIFFERENTIABLE.values())
)
sampled = given(data=st.data(), seed=seeds)


# Values


def test_every_operation_has_a_numpy_function_or_a_reference() -> None:
    assert {name for name, record in OPERATIONS.items() if not record.numpy} == set(REFERENCES)


@every_operation
@examples(3)
@sampled
def test_value(record: Operation, data: st.DataObject, seed: int) -> None:
    reference = REFERENCES.get(record.name, lambda *arguments: _numpy_call(record, 0, arguments))
    for call, values, _ in drawn(record, data, seed):
        arguments = call.fill(values)
        expected = np.asarray(reference(*arguments))
        out = apply(call, tensors_of(call, values))
        assert type(out) is Tensor
        assert out.requires_grad == bool(call.wanted)
        assert plain(out).dtype == expected.dtype
        assert_close([plain(out)], [expected], EXACT, call)
        np.testing.assert_array_equal(plain(out), record.forward(*arguments), err_msg=str(call))


# Derivatives


@every_derivative
@examples(2)
@sampled
def test_derivatives(record: Operation, mode: str, data: st.DataObject, seed: int) -> None:
    """Of the first and second order, and whatever else a gradient owes: all that ``microgradnp.testing`` looks at.

    Those of float32 are compared with those of float64, and these with finite differences.
    """
    for call, values, _ in drawn(record, data, seed, np.float32):
        note(str(call))
        assert_grads(record.public, *call.fill(tensors_of(call, values)), mode=mode, kinks="error", rtol=RTOL, rng=seed)


# Types


@every_derivative
@examples(1)
@sampled
def test_float32_stays_float32(record: Operation, data: st.DataObject, seed: int) -> None:
    for call, values, g in drawn(record, data, seed, np.float32):
        doubles = [v.astype(np.float64) if isinstance(v, np.ndarray) else v for v in values]
        for options in ({}, {"create_graph": True}):
            out, gradients = outcome(call, values, g, **options)
            assert out.dtype == np.float32 or record.name == "cast"
            assert all(gradient.dtype == np.float32 for gradient in gradients), f"{call} {options}"
            assert_close([out], [np.asarray(record.forward(*call.fill(doubles)))], 1e-5, call)


def rules_alone(call: Call, values: list[Any], g: np.ndarray, out: np.ndarray) -> Iterator[tuple[int, Any]]:
    """What each rule gives when it is called on plain arrays, with the index of the value whose gradient it is."""
    record = call.record
    bound = record.signature.bind(*call.fill(values))
    bound.apply_defaults()
    known = {**bound.arguments, "g": g, "out": out}
    for operand in record.operands:
        value = known[operand]
        for attribute in ("shape", "dtype", "ndim"):
            known[f"{operand}_{attribute}"] = (
                [getattr(v, attribute) for v in value] if isinstance(value, list) else getattr(value, attribute, None)
            )
    seen: dict[str, int] = {}
    for i, (operand, _) in enumerate(call.places):
        known["position"] = seen[operand] = seen.get(operand, -1) + 1
        if i in call.wanted:
            rule = record.rules[operand]
            yield i, rule(*(known[name] for name in inspect.signature(rule).parameters))


@every_derivative
@examples(1)
@sampled
def test_rules_alone_keep_the_dtype_and_warn_of_nothing(record: Operation, data: st.DataObject, seed: int) -> None:
    """Before the engine fits a gradient to its operand: it may have more dimensions, but no other dtype."""
    for call, values, g in drawn(record, data, seed, np.float32):
        with np.errstate(all="raise"):
            out = np.asarray(record.forward(*call.fill(values)))
            results = list(rules_alone(call, values, g, out))
        assert [i for i, _ in results] == call.wanted
        for i, result in results:
            assert result.dtype == np.float32, f"{call}: the rule of operand {i} gives {result.dtype}"
            assert np.broadcast_shapes(result.shape, values[i].shape) == result.shape, str(call)


# Memory


@every_derivative
@examples(1)
@sampled
def test_layout_in_memory_does_not_matter(record: Operation, data: st.DataObject, seed: int) -> None:
    for call, values, g in drawn(record, data, seed):
        out, gradients = outcome(call, values, g)
        for layout in ("F", "negative", "strided", "readonly"):
            arranged = [LAYOUTS[layout](v) if isinstance(v, np.ndarray) else v for v in values]
            same, sames = outcome(call, arranged, LAYOUTS[layout](g))
            assert_close([same, *sames], [out, *gradients], EXACT, f"{call} {layout}")


@every_derivative
@examples(1)
@sampled
def test_gradients_own_their_memory(record: Operation, data: st.DataObject, seed: int) -> None:
    """Writing to one reaches no other, no operand, cotangent or result, and nothing that is saved.

    So further backward passes give the same, to the last digit if they run on arrays.
    """
    for call, values, g in drawn(record, data, seed):
        tensors = tensors_of(call, values)
        out, wanted, cotangent = apply(call, tensors), [tensors[i] for i in call.wanted], mg.from_numpy(g)
        others = [plain(out), *(array for array in (*values, g) if isinstance(array, np.ndarray))]
        before = [array.tobytes() for array in others]
        expected = None
        for options in ({"retain_graph": True}, {"create_graph": True}, {"retain_graph": True}, {}):
            found = [plain(gradient) for gradient in mg.autograd.grad(out, wanted, cotangent, **options)]
            for i, gradient in enumerate(found):
                for other in (*others, *found[:i]):
                    assert not np.shares_memory(gradient, other), f"{call} {options}: gradient {i} shares memory"
            expected = expected or [gradient.copy() for gradient in found]
            assert [gradient.dtype for gradient in found] == [gradient.dtype for gradient in expected]
            assert_close(found, expected, EXACT if "create_graph" in options else 0.0, f"{call} {options}")
            for gradient in found:
                gradient[...] = np.nan
        assert [array.tobytes() for array in others] == before, f"{call}: something else was written to"


@every_operation
@examples(1)
@sampled
def test_result_is_a_view_only_where_the_record_says_so(record: Operation, data: st.DataObject, seed: int) -> None:
    for call, values, _ in drawn(record, data, seed):
        out = plain(apply(call, tensors_of(call, values)))
        shared = any(np.shares_memory(out, v) for v in values if isinstance(v, np.ndarray))
        assert not shared or record.view, f"{call}: the result shares memory with an operand"


# Spellings

NUMPY_NAMES = {"dim": "axis", "keepdim": "keepdims"}


def _numpy_call(record: Operation, i: int, arguments: tuple[Any, ...]) -> Any:
    """The same call by the i-th NumPy function that the record names."""
    name = record.numpy[i]
    function = getattr(*name) if isinstance(name, tuple) else name
    if isinstance(name, str):  # of SciPy
        function = getattr(importlib.import_module(name.rpartition(".")[0]), name.rpartition(".")[2])
    bound = record.signature.bind(*arguments)
    bound.apply_defaults()
    spelled = {NUMPY_NAMES.get(k, k): v for k, v in bound.arguments.items() if k not in ("alpha", "dtype")}
    keywords = {k: spelled.pop(k) for k in ("axis", "keepdims") if k in spelled}
    return function(*spelled.values(), **keywords)


def _method_call(method: str, arguments: tuple[Any, ...]) -> Any:
    """The same call as a method of the first operand, or of the second if it is reflected; None for a number."""
    self, *others = (arguments[1], arguments[0]) if method in REFLECTED else arguments
    return getattr(self, method)(*others) if isinstance(self, Tensor) else None


@every_operation
@examples(1)
@sampled
def test_method_function_and_numpy_call_agree(record: Operation, data: st.DataObject, seed: int) -> None:
    for call, values, _ in drawn(record, data, seed):
        arguments = call.fill(tensors_of(call, values))
        out = record.public(*arguments)
        spellings = {method: _method_call(method, arguments) for method in record.methods if not is_in_place(method)}
        spellings |= {record.numpy[i]: _numpy_call(record, i, arguments) for i in range(len(record.numpy))}
        for name, other in spellings.items():
            if other is not None:
                assert type(other) is Tensor, f"{call} as {name}"
                assert other.dtype == out.dtype, f"{call} as {name}"
                assert type(other.grad_fn) is type(out.grad_fn), f"{call} as {name}"
                np.testing.assert_array_equal(plain(other), plain(out), err_msg=f"{call} as {name}")


WRITING = [  # but for views: transpose_ writes nothing
    record for record in OPERATIONS.values() if any(map(is_in_place, record.methods)) and not record.view
]


@pytest.mark.parametrize("record", WRITING, ids=family_and_name)
@examples(1)
@sampled
def test_in_place_forms_write_into_the_first_operand(record: Operation, data: st.DataObject, seed: int) -> None:
    for call, values, g in drawn(record, data, seed):
        for method in filter(is_in_place, record.methods):
            tensors = tensors_of(call, values)
            arguments = call.fill(tensors)
            if not isinstance(arguments[0], Tensor):
                continue
            expected = record.public(*arguments)
            target = arguments[0].clone()
            before = target.tolist()
            if expected.shape != target.shape:
                with pytest.raises(RuntimeError, match="shape"):
                    getattr(target, method)(*arguments[1:])
                assert target.tolist() == before
                continue
            assert getattr(target, method)(*arguments[1:]) is target
            np.testing.assert_array_equal(plain(target), plain(expected).astype(plain(target).dtype))
            if call.wanted:
                wanted, cotangent = [tensors[i] for i in call.wanted], mg.from_numpy(g)
                one, other = (mg.autograd.grad(out, wanted, cotangent) for out in (target, expected))
                assert_close([plain(t) for t in one], [plain(t) for t in other], EXACT, call)


@pytest.mark.parametrize("record", [r for r in OPERATIONS.values() if r.out], ids=family_and_name)
@examples(1)
@sampled
def test_out_takes_the_result(record: Operation, data: st.DataObject, seed: int) -> None:
    for call, values, _ in drawn(record, data, seed):
        arguments = call.fill([mg.from_numpy(v) if isinstance(v, np.ndarray) else v for v in values])
        expected = record.public(*arguments)
        for out in (mg.zeros_like(expected), mg.empty(0, dtype=expected.dtype)):
            assert record.public(*arguments, out=out) is out
            np.testing.assert_array_equal(plain(out), plain(expected))
        if call.wanted:
            with pytest.raises(RuntimeError, match="automatic differentiation"):
                record.public(*call.fill(tensors_of(call, values)), out=out)


# Completeness


def public_functions() -> dict[str, Any]:
    """Every function on tensors that users find in ``microgradnp``, its ``linalg`` and ``nn.functional``."""
    places = {"": mg, "linalg.": mg.linalg, "nn.functional.": mg.nn.functional}
    found = {path + name: f for path, module in places.items() for name, f in vars(module).items()}
    own = {name: f for name, f in found.items() if inspect.isfunction(f) and name.rpartition(".")[2][0] != "_"}
    return {name: f for name, f in own.items() if f.__module__.startswith("microgradnp.ops.")}


def test_every_public_function_is_an_operation_a_composite_or_makes_tensors() -> None:
    known = [*(record.public for record in OPERATIONS.values()), *COMPOSITES.values(), *FACTORIES.values()]
    unknown = {name for name, f in public_functions().items() if getattr(f, "form_of", f) not in known}
    assert unknown == set()


def test_every_composite_is_a_public_function_a_method_or_answers_for_numpy() -> None:
    """So each of them is called by the tests that compare these with PyTorch and with NumPy."""
    reachable = [*public_functions().values(), *vars(Tensor).values(), *BY_NUMPY.values()]
    assert [name for name, function in COMPOSITES.items() if function not in reachable] == []


def test_every_public_function_says_where_it_comes_from() -> None:
    for name, function in public_functions().items():
        assert function.__doc__, name
        assert hasattr(function, "form_of") or "Source: https://" in function.__doc__, name


@every_operation
def test_every_record_is_complete(record: Operation) -> None:
    assert record.forward.__doc__, "a record has a docstring"
    assert record.samples is not None or record.elementwise, "only elementwise operations have samples by default"
    assert set(record.rules) <= set(record.operands), "rules belong to operands"
    assert not record.kinks or record.public in [function for function, *_ in KINKS], "kinks have an exact test below"
    domains = record.domain if isinstance(record.domain, dict) else {}
    assert set(domains) <= set(record.operands)


def test_samples_reach_every_rule() -> None:
    for record in DIFFERENTIABLE.values():
        layouts = record.samples(Place) if record.samples else [tuple(Place() for _ in record.operands)]
        reached = [Call(record, layout) for layout in layouts]
        assert {call.places[i][0] for call in reached for i in call.wanted} == set(record.rules), record.name


# At kinks and singular points: PyTorch's conventions


def gradients(function: Any, *values: Any) -> list[Any]:
    """The gradients of the sum of ``function`` at float64 tensors, as lists."""
    tensors = [mg.tensor(value, dtype=mg.float64, requires_grad=True) for value in values]
    return [g.tolist() for g in mg.autograd.grad(function(*tensors).sum(), tensors)]


@pytest.mark.parametrize("function, values, expected", KINKS)
def test_gradient_at_kinks_and_singular_points(function: Any, values: Any, expected: Any) -> None:
    np.testing.assert_array_equal(gradients(function, *values), expected)


def test_values_at_singular_points() -> None:
    x = mg.tensor([-1.0, 0.0])
    assert str(mg.log(x)) == "tensor([nan, -inf])"
    assert str(mg.sqrt(x)) == "tensor([nan, 0.])"
    assert str(x / 0) == "tensor([-inf, nan])"
    assert str(0 / x) == "tensor([-0., nan])"
    assert str(x**-1) == "tensor([-1., inf])"
    assert str(mg.exp(x * -1000)) == "tensor([inf, 1.])"
    assert mg.nn.functional.binary_cross_entropy(mg.tensor([0.0, 1.0]), mg.tensor([1.0, 1.0])).item() == 50.0


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_rectified_gradients_are_kept_bit_for_bit_or_zero(dtype: Any) -> None:
    rng = np.random.default_rng(0)
    values, g = rng.normal(size=(2, 40, 30)).astype(dtype)
    g[::3, ::2] = rng.choice([np.inf, -np.inf, np.nan, -0.0], size=(14, 15))
    values[::5, ::7] = np.nan
    x = mg.tensor(values.T, requires_grad=True)
    x.relu().backward(mg.tensor(g).T)
    assert x.grad is not None
    np.testing.assert_array_equal(x.grad.numpy(), np.where(values <= 0, 0, g).T)
    assert not np.signbit(x.grad.numpy()[(values <= 0).T]).any()
