"""What is computed in another way for large arrays: in blocks, in chunks of rows, by other formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

import microgradnp as mg
from microgradnp.ops.blocks import BLOCK, in_blocks
from microgradnp.ops.elementary import _sigmoid
from microgradnp.ops.normal import MANY, normal_cdf_of_singles
from microgradnp.ops.reduction import LARGE, row_sums

F = mg.nn.functional
SHAPE = (70, 1000)
EPS = float(np.finfo(np.float32).eps)
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": mg.sigmoid,
    "gelu": F.gelu,
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "sum of rows": lambda x: x.sum(1),
    "sum of rows, kept": lambda x: x.sum(-1, keepdim=True),
    "mean of rows": lambda x: x.mean(1),
    "softmax": lambda x: x.softmax(1),
    "log_softmax": lambda x: x.log_softmax(1),
    "layer_norm": lambda x: F.layer_norm(x, (x.shape[1],)),
}
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "C": lambda array: array,
    "F": np.asfortranarray,
    "every other": lambda array: np.repeat(array, 2, 1)[:, ::2],
}
each_function = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).normal(0, 3, shape).astype(np.float32)


def test_these_arrays_are_large() -> None:
    assert np.prod(SHAPE) > max(BLOCK, LARGE, MANY)


def value_and_gradient(function: Callable[[Any], Any], array: np.ndarray) -> list[np.ndarray]:
    x = mg.from_numpy(array).requires_grad_()
    out = function(x)
    cotangent = np.random.default_rng(6).normal(0, 1, out.shape)
    (gradient,) = mg.autograd.grad(out, [x], mg.tensor(cotangent, dtype=x.dtype))
    return [out.detach().numpy(), gradient.numpy()]


def row_by_row(function: Callable[[Any], Any], array: np.ndarray) -> list[np.ndarray]:
    """The same in float64, where no row is large."""
    cotangent = np.random.default_rng(6).normal(0, 1, function(mg.from_numpy(array)).shape)
    parts = []
    for row, g in zip(array.astype(np.float64), cotangent, strict=True):
        x = mg.from_numpy(row[None]).requires_grad_()
        out = function(x)
        parts.append((out.detach().numpy()[0], mg.autograd.grad(out, [x], mg.from_numpy(g[None]))[0].numpy()[0]))
    return [np.array(part) for part in zip(*parts, strict=True)]


@each_function
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_values_and_gradients(function: Callable[[Any], Any], layout: Callable[[np.ndarray], np.ndarray]) -> None:
    array = layout(numbers(*SHAPE))
    before = array.copy()
    for found, expected in zip(value_and_gradient(function, array), row_by_row(function, before), strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=0, atol=20 * EPS * np.abs(expected).max())
    np.testing.assert_array_equal(array, before)


@each_function
def test_a_captured_step_computes_the_same_bits(function: Callable[[Any], Any]) -> None:
    array = numbers(*SHAPE)
    eager = function(mg.from_numpy(array))
    compiled = mg.compile(lambda x: function(x), executor="reference")
    for _ in range(3):
        np.testing.assert_array_equal(compiled(mg.from_numpy(array)).numpy(), eager.numpy())
    assert compiled.graph().startswith("variant 0")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_have_the_bits_of_the_whole(dtype: type) -> None:
    array = np.asarray(numbers(3 * BLOCK + 17), dtype)
    blocks = in_blocks(_sigmoid, array)
    assert blocks.dtype == dtype
    np.testing.assert_array_equal(blocks, _sigmoid(array, None))


# Accuracy


def relative_error(found: Any, expected: Any) -> Any:
    return np.abs(found - expected) / np.abs(expected)


def test_sigmoid_is_accurate_for_both_signs() -> None:
    x = np.linspace(-87, 87, BLOCK + 1001, dtype=np.float32)  # beyond -87.3 float32 has no full precision
    found = mg.sigmoid(mg.from_numpy(x)).numpy()
    assert relative_error(found, scipy.special.expit(x.astype(np.float64))).max() < 4 * EPS


@pytest.mark.parametrize("low, high, error", [(-1, 8, 5e-7), (-5, -1, 1e-6), (-13, -5, 5e-6)])
def test_normal_cdf_is_accurate_relative_to_itself(low: float, high: float, error: float) -> None:
    x = np.linspace(low, high, 200_001, dtype=np.float32)
    assert relative_error(normal_cdf_of_singles(x), scipy.special.ndtr(x.astype(np.float64))).max() < error


def test_normal_cdf_at_special_numbers() -> None:
    x = np.array([-np.inf, -1e30, -40, -0.0, 0, 1e-40, 40, 1e30, np.inf, np.nan], np.float32)
    with np.errstate(over="ignore"):
        assert str(normal_cdf_of_singles(x)) == "[0.  0.  0.  0.5 0.5 0.5 1.  1.  1.  nan]"


@pytest.mark.parametrize(
    "shape", [(40_000, 1), (5000, 10), (200, 256), (100, 1000), (97, 1021), (3, 65_537), (2, 1 << 19)]
)
@pytest.mark.parametrize("around", [0, 1000])
def test_sums_of_rows_are_as_accurate_as_those_in_pairs(shape: tuple[int, int], around: float) -> None:
    array = (np.random.default_rng(7).random(shape) + around).astype(np.float32)
    exact = array.sum(1, dtype=np.float64)
    error = relative_error(row_sums(array), exact).max()
    assert error < 4 * EPS
    assert error < 2 * relative_error(np.add.reduce(array, 1), exact).max() + EPS / 2


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8])
@pytest.mark.parametrize("shape", [(3, 40, 700), (50_000,), (0, 40_000), (40_000, 0)])
def test_sums_of_rows_keep_shape_and_dtype(dtype: type, shape: tuple[int, ...]) -> None:
    array = np.ones(shape, dtype)
    for keepdim in (False, True):
        expected = array.sum(-1, keepdims=keepdim)
        found = mg.from_numpy(array).sum(-1, keepdim).numpy()
        assert (found.shape, found.dtype) == (expected.shape, np.int64 if expected.dtype.kind in "iu" else dtype)
        np.testing.assert_array_equal(found, expected)
