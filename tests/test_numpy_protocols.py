"""NumPy code works on Tensors as it stands: it gives Tensors with derivatives, or a TypeError that names a way out."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from operations import assert_close, finite_differences, plain, tolerance

import microgradnp as mg
from microgradnp.ops.face import BY_NUMPY
from microgradnp.tensor import Tensor

rng = np.random.default_rng(0)
ARRAYS = {
    "t": rng.uniform(0.5, 2.0, (3, 4)),
    "u": rng.uniform(0.5, 2.0, (3, 4)),
    "a": rng.uniform(0.5, 2.0, (3, 4)),
    "m": rng.uniform(0.5, 2.0, (4, 2)),
    "mask": np.array([[True, False, True, False], [False, True, True, False], [True, True, False, False]]),
    "index": np.array([[0, 3], [1, 1], [2, 0]]),
    "s": np.array(1.5),
}
TENSORS = ("t", "u")  # of which t requires a gradient

SUPPORTED = """
a * t; t * a; a + t; a - t; a / t; a ** t; t ** a; t ** 2; 2 ** t; a[0] * t; s * t; t / s; 2 * t; t - 1; 1 / t; -t; +t
abs(t - a)
np.float64(2) * t; t + np.float32(1.5); np.int64(3) - t; t / np.int32(2); np.float64(2) ** t; np.float64(1) / t
np.add(t, a); np.subtract(a, t); np.multiply(t, u); np.divide(a, t); np.true_divide(t, 2); np.power(t, 3)
np.power(t, a); np.negative(t)
np.positive(t); np.absolute(t - a); np.abs(t - a); np.sign(t - a); np.exp(t); np.log(t); np.log1p(t); np.sqrt(t)
np.tanh(t)
np.maximum(t, a); np.minimum(a, t); np.maximum(t, 1.2); np.where(mask, t, 0); np.where(mask, a, t)
np.where(t > u, t, u)
np.sum(t); np.sum(t, 0); np.sum(t, axis=1); np.sum(t, axis=(0, 1)); np.sum(t, axis=-1, keepdims=True)
np.sum(t, axis=None); np.sum(t, 0, np.float64)
np.mean(t); np.mean(t, 1); np.mean(t, 0, np.float64); np.mean(t, axis=0, keepdims=True); np.max(t); np.max(t, axis=1)
np.min(t, axis=0, keepdims=True); np.min(t)
np.amax(t, 1); np.amin(t); np.add.reduce(t); np.add.reduce(t, axis=None); np.add.reduce(t, 1, keepdims=True)
np.maximum.reduce(t)
np.minimum.reduce(t, axis=1); np.concatenate([t, a]); np.concatenate((a, t), axis=1); np.concatenate([t, t], -1)
np.stack([t, a])
np.stack((t, u, a), axis=-1); np.reshape(t, (2, 6)); np.reshape(t, -1); np.reshape(t, 12); np.ravel(t); np.transpose(t)
np.transpose(t, (1, 0)); np.transpose(t, axes=(1, 0)); np.swapaxes(t, 0, 1); np.broadcast_to(t, (2, 3, 4))
np.expand_dims(t, 1)
np.expand_dims(t, axis=0); np.squeeze(np.expand_dims(t, 1)); np.squeeze(t[:1], axis=0); np.matmul(t, m); t @ m; a.T @ t
np.matmul(a.T, t)
np.dot(t, m); np.dot(a.T, t); np.dot(t, m[:, 0]); np.dot(a[0], t[1]); np.dot(t, 2.0); np.dot(s, t)
np.take_along_axis(t, index, axis=1)
np.take_along_axis(t, index, 1); t[index[:, 0]]; t[mask]; t[a > 1]; t[np.int64(1)]; t[np.array(1), np.array([0, 2])]
np.sqrt(np.sum((a - t) ** 2, axis=1)); np.exp(-t) / np.sum(np.exp(-t), axis=-1, keepdims=True)
np.mean(np.tanh(a.T @ t + 1), axis=0)
"""

NOT_DIFFERENTIABLE = """
t == a; a == t; t != a; a < t; t <= 1.0; 1.0 <= t; t > a; a >= t; np.equal(t, t); np.not_equal(t, a); np.less(a, t)
np.less_equal(t, t)
np.greater(t, a); np.greater_equal(a, t); np.argmax(t); np.argmax(t, axis=1); np.argmin(t, axis=0, keepdims=True)
np.all(t > a)
np.any(t > a, axis=0); np.logical_and.reduce(t > a); np.zeros_like(t); np.ones_like(t); (t > a) & mask; mask | (t > a)
np.invert(t > a)
np.bitwise_and(t > a, mask); np.all(t > a, axis=(0, 1)); np.bitwise_or(mask, t > a)
np.logical_or.reduce(t > 1, axis=1)
"""

UNSUPPORTED = """
np.linalg.svd(t); np.linalg.norm(t); np.linalg.inv(t); np.cumsum(t); np.cumsum(t, axis=0); np.add.outer(t, t)
np.add.accumulate(t)
np.multiply.reduce(t); np.add.at(a, 0, t); np.add.reduceat(t, [0, 1]); np.sum(t, out=a); np.sum(t, where=mask)
np.sum(t, initial=1.0)
np.add(t, a, out=a); np.exp(t, out=a); np.exp(t, where=mask); np.add(t, a, dtype=np.float32); np.max(t, initial=0.0)
np.max(t, where=mask, initial=0.0)
np.mean(t, where=mask); np.concatenate([t, a], out=a); np.concatenate([t, a], dtype=np.float32)
np.stack([t, a], out=a); np.reshape(t, (2, 6), "F")
np.reshape(t, (2, 6), order="F"); np.ravel(t, order="F"); np.ravel(t, "F"); np.matmul(t, m, out=a); np.sort(t)
np.var(t); np.where(t)
np.sum(t, 0, None, a)
np.concatenate([t, a], 0, a); np.add.reduce(t, out=a); np.add.reduce(t, where=mask); np.add.reduce(t, initial=1)
np.dot(t, m, a)
np.zeros_like(t, shape=(2,)); np.ones_like(t, order="F"); np.broadcast_to(t, (2, 3, 4), subok=True)
np.exp(t, casting="no"); np.argmax(t, out=a)
np.frexp(t); np.modf(t); np.divmod(t, a); np.cross(t, t); np.fft.fft(t); np.put_along_axis(t, index, 0, 1)
np.einsum("ij->i", t, out=a); np.dot(np.stack([t, t]), np.stack([m, m])); np.array_equal(t, t)
np.full_like(t, 1, shape=(2,))
"""

IN_PLACE = """
a.__iadd__(t); a.__imul__(t); a.__isub__(t); a.__itruediv__(t); a.__ipow__(t); np.copyto(a, t); np.add(a, a, out=t)
a.__setitem__(0, t[0])
np.put(a, 0, t[0, 0]); float(a[0, 0]).__add__(t) + np.asarray(t)
"""


def expressions(text: str) -> list[str]:
    return [e.strip() for e in text.replace("\n", ";").split(";") if e.strip()]


def evaluate(expression: str, **replaced: Any) -> Any:
    return eval(expression, {"np": np, **{name: array.copy() for name, array in ARRAYS.items()}, **replaced})


def as_tensors(dtype: Any = np.float64) -> dict[str, Tensor]:
    return {name: mg.tensor(ARRAYS[name], dtype=dtype, requires_grad=name == "t") for name in TENSORS}


@pytest.mark.parametrize("expression", expressions(SUPPORTED))
def test_value_and_gradient_are_those_of_numpy(expression: str) -> None:
    """The same line, run by NumPy on plain arrays, tells value and (by finite differences) gradient."""
    tensors = as_tensors()
    out = evaluate(expression, **tensors)
    assert type(out) is Tensor
    expected = np.asarray(evaluate(expression))
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(plain(out), expected, rtol=1e-14)
    cotangent = np.asarray(np.random.default_rng(1).uniform(-2, 2, expected.shape))
    (gradient,) = mg.autograd.grad(out, [tensors["t"]], mg.tensor(cotangent))
    numeric = finite_differences(lambda at: [evaluate(expression, t=at[0])], [ARRAYS["t"]], [0], [cotangent])
    assert_close([plain(gradient)], numeric, tolerance(cotangent), expression)


@pytest.mark.parametrize("expression", expressions(NOT_DIFFERENTIABLE))
def test_value_without_a_gradient(expression: str) -> None:
    out = evaluate(expression, **as_tensors())
    assert type(out) is Tensor
    assert not out.requires_grad
    expected = np.asarray(evaluate(expression))
    assert out.dtype == expected.dtype
    np.testing.assert_array_equal(plain(out), expected)


@pytest.mark.parametrize("expression", expressions(UNSUPPORTED))
def test_what_is_not_supported_names_a_way_out(expression: str) -> None:
    arrays = {"a": ARRAYS["a"].copy(), "mask": ARRAYS["mask"].copy()}
    with pytest.raises(TypeError) as error:
        evaluate(expression, **as_tensors(), **arrays)
    assert any(hint in str(error.value) for hint in ("microgradnp", "it takes", "use np.matmul", "argument")), (
        error.value
    )
    assert all(np.array_equal(array, ARRAYS[name]) for name, array in arrays.items()), "an array was written to"


@pytest.mark.parametrize("expression", expressions(IN_PLACE))
def test_writing_a_tensor_with_a_gradient_into_an_array_is_refused(expression: str) -> None:
    a = ARRAYS["a"].copy()
    with pytest.raises((TypeError, RuntimeError)):
        evaluate(expression, **as_tensors(), a=a)
    np.testing.assert_array_equal(a, ARRAYS["a"])


def test_everything_that_is_answered_is_tested() -> None:
    tested = SUPPORTED + NOT_DIFFERENTIABLE
    names = {f"{key[0].__name__}.{key[1]}" if isinstance(key, tuple) else key.__name__ for key in BY_NUMPY}
    assert {name for name in names if f"np.{name}(" not in tested} == set()


# Types


SINGLE = """
np.float64(2) * t; t * np.float64(2); np.int64(2) * t; t ** np.float64(2); np.where(mask, t, np.float64(0))
np.maximum(t, np.float64(1))
np.float64(2) / t; np.array(2.0) * t; t + np.array(1); 2.0 * t; np.exp(t); np.float64(2) ** t; np.sum(t, axis=0)
np.mean(t)
"""


@pytest.mark.parametrize("expression", expressions(SINGLE))
def test_float32_stays_float32_beside_numpy_scalars_and_0d_arrays(expression: str) -> None:
    tensors = as_tensors(np.float32)
    out = evaluate(expression, **tensors)
    assert type(out) is Tensor
    assert out.dtype == np.float32
    out.sum().backward()
    assert tensors["t"].grad.dtype == np.float32


def test_a_numpy_scalar_beside_integers_counts_as_a_python_number() -> None:
    n = mg.tensor([1, 2])
    assert (np.float64(1.5) * n).dtype == (n * np.float64(1.5)).dtype == np.float32
    assert (np.int8(2) * n).dtype == (n + np.uint8(2)).dtype == np.int64
    assert (np.array(1.5) * n).dtype == np.float64  # an array, even of 0-d, has a dtype of its own


def test_an_array_with_dimensions_counts_as_a_tensor_of_its_dtype() -> None:
    t = mg.ones(3, requires_grad=True)
    out = np.ones(3) * t
    assert out.dtype == np.float64
    out.sum().backward()
    assert t.grad.dtype == np.float32


# Into NumPy


def test_asarray_without_a_gradient() -> None:
    t = mg.tensor([1.0, 2.0])
    for convert in (np.asarray, np.array):
        array = convert(t)
        assert type(array) is np.ndarray
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, [1.0, 2.0])
    assert np.shares_memory(np.asarray(t), t.numpy())
    assert not np.shares_memory(np.array(t), t.numpy())
    assert np.asarray(t, dtype=np.float64).dtype == np.float64
    np.testing.assert_array_equal(np.array([t, t]), [[1.0, 2.0], [1.0, 2.0]])


@pytest.mark.parametrize(
    "convert", [np.asarray, np.array, np.ascontiguousarray, np.atleast_1d, lambda t: np.array([t, t]), list]
)
def test_asarray_with_a_gradient_is_refused(convert: Any) -> None:
    t = mg.tensor([1.0, 2.0], requires_grad=True)
    if convert is list:
        assert all(type(item) is Tensor and item.requires_grad for item in convert(t))
        return
    with pytest.raises((RuntimeError, TypeError), match=r"detach\(\)\.numpy\(\)"):
        convert(t * 2)


def test_no_object_arrays_and_no_warnings() -> None:
    """NumPy falls back to arrays of objects for what it does not know; a Tensor never lets it."""
    t = mg.tensor([1.0, 2.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for out in (np.ones(2) * t, np.ones(2, np.float32) + t, np.arange(2) - t, np.ones((2, 2)) @ t, np.ones(2) == t):
            assert type(out) is Tensor
            assert out.dtype != object
        for fails in (np.array([object(), None]), np.array(["a", "b"]), np.array([1j, 2j])):
            with pytest.raises(TypeError):
                fails * t


# Arrays that change after the forward pass


MUTATED = """
a * t; t * a; np.multiply(t, a); a / t; np.maximum(t, a); a.T @ t; t ** a; np.where(mask, t, 1); np.where(mask, 0, t)
t[mask]
np.take_along_axis(t, index, 1); t[:, index]; t[:2, index]; t * np.sqrt(a); np.dot(a.T, t); t - t * a
"""


@pytest.mark.parametrize("expression", expressions(MUTATED))
def test_an_operand_that_is_mutated_later_does_not_change_the_gradient(expression: str) -> None:
    gradients = []
    for mutate in (False, True):
        tensors, arrays = as_tensors(), {name: ARRAYS[name].copy() for name in ("a", "mask", "index")}
        out = evaluate(expression, **tensors, **arrays)
        if mutate:
            for array in arrays.values():
                array[...] = 0
        out.sum().backward()
        gradients.append(plain(tensors["t"].grad))
    np.testing.assert_array_equal(*gradients)


def test_an_array_operand_is_not_written_to() -> None:
    t, a = mg.tensor(ARRAYS["t"], requires_grad=True), ARRAYS["a"].copy()
    a.flags.writeable = False
    (a * t + a).sum().backward()
    np.testing.assert_array_equal(plain(t.grad), a)
