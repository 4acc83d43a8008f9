"""What reductions, scans and sorts promise beside values and gradients: warnings, accuracy, refusals, memory."""

import math
import pickle

import numpy as np
import pytest

import microgradnp as mg


def half(*values):
    return mg.tensor(values, dtype=mg.float16)


# Accuracy


def test_float16_is_added_up_in_float32():
    ones = mg.ones(5000, dtype=mg.float16)  # from 2048 on, adding 1 changes nothing in float16
    assert ones.sum().item() == 5000
    assert ones.cumsum(0)[-1].item() == 5000
    assert ones.norm(1).item() == 5000
    assert (ones * 0 + 1).mean().item() == 1
    assert mg.ones(5000, 2, dtype=mg.float16).sum(0).tolist() == [5000, 5000]
    assert mg.ones(3, 5000, dtype=mg.float16).T.sum(0).tolist() == [5000, 5000, 5000]


def test_float16_means_of_sums_that_it_cannot_hold():
    large = mg.full((100,), 60000.0, dtype=mg.float16)
    assert large.mean().item() == 60000
    assert large.nanmean().item() == 60000
    assert large.var().item() == 0
    assert half(300, 400).norm().item() == 500
    assert half(1000, 1000).logsumexp(0).item() == 1000.5
    assert half(60000, 2, 0.5).prod().item() == 60000


def test_gradients_of_broadcast_float16_are_added_up_in_float32():
    b = mg.zeros(2, dtype=mg.float16, requires_grad=True)
    (mg.ones(5000, 2, dtype=mg.float16) + b).sum().backward()
    assert b.grad.tolist() == [5000, 5000]


def test_the_variance_of_large_equal_numbers_is_exactly_0():
    for value in (0.1, 1e8 + 0.1, 1e-30):
        x = mg.full((3, 7), value, dtype=mg.float64, requires_grad=True)
        for deviation in (x.std(), x.std(0).sum(), x.var(1).sum()):
            assert deviation.item() == 0
            (gradient,) = mg.autograd.grad(deviation, x)
            assert not gradient.any()


def test_variances_of_float32_far_from_0():
    x = np.random.default_rng(0).uniform(-3, 3, (200, 5)).astype(np.float32) + np.float32(10000)
    exact = x.astype(np.float64).std(0, ddof=1)
    np.testing.assert_allclose(mg.from_numpy(x).std(0).numpy(), exact, rtol=1e-6)


def test_the_fourth_derivative_of_a_norm_at_0():
    x = mg.tensor([0.0, 2.0], dtype=mg.float64, requires_grad=True)
    y = mg.norm(x, 4)
    for _ in range(4):
        y = mg.autograd.grad(y, x, create_graph=True)[0][0]
    assert y.item() == pytest.approx(6 / 8)  # of (x**4 + 2**4) ** (1/4)


@pytest.mark.parametrize("scan", [mg.cumprod, lambda x, dim: mg.prod(x, dim)])
def test_products_have_derivatives_of_any_order_at_zeros(scan):
    x = mg.tensor([2.0, 0.0, 3.0, 0.0], dtype=mg.float64, requires_grad=True)
    y = scan(x, 0).reshape(-1)[-1]
    for i in range(4):
        y = mg.autograd.grad(y, x, create_graph=True)[0][i]
    assert y.item() == 1


# Warnings


@pytest.mark.parametrize("function", [mg.std, mg.var, mg.std_mean, mg.var_mean])
def test_too_few_elements_for_a_variance(function):
    with pytest.warns(UserWarning, match="degrees of freedom"):
        result = function(mg.ones(3, 1), 1)
    values = result[0] if isinstance(result, tuple) else result
    assert values.isnan().all()
    with pytest.warns(UserWarning, match="degrees of freedom"):
        result = function(mg.tensor([1.0, 2.0]), correction=5)
    assert (result[0] if isinstance(result, tuple) else result).item() == math.inf


def test_gradients_of_variances_without_degrees_of_freedom():
    x = mg.tensor([2.0, 1.0, 4.0], requires_grad=True)
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert mg.autograd.grad(x.var(correction=3), x)[0].tolist() == [-math.inf, -math.inf, math.inf]
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert mg.autograd.grad(x.var(0, correction=3), x)[0].tolist() == [-math.inf, -math.inf, math.inf]
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert mg.autograd.grad(x.std(correction=3), x)[0].isnan().all()


def test_too_few_observations_for_a_covariance():
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert mg.cov(mg.ones(2, 1)).isnan().all()


# Refusals


def test_unique_elements_have_no_derivative_and_say_so():
    x = mg.tensor([2.0, 1.0, 2.0], requires_grad=True)
    values, counts = x.unique(return_counts=True)
    assert values.requires_grad
    assert counts.tolist() == [1, 2]
    with pytest.raises(NotImplementedError, match="unique"):
        (values * 2).sum().backward()
    assert x.grad is None


@pytest.mark.parametrize("ord", ["nuc", 2, -2])
def test_norms_that_need_singular_values_are_not_there_yet(ord):
    with pytest.raises(NotImplementedError, match="singular values"):
        mg.linalg.matrix_norm(mg.ones(2, 2), ord)


def test_integers_of_numpy_are_dimensions():
    x = mg.arange(6.0).reshape(2, 3).requires_grad_()
    for reduced in (
        x.sum(np.int64(1)),
        x.sum((np.int64(0),)),
        x.amax(np.int64(0)),
        x.logsumexp(np.int32(1)),
        x.std(np.int64(0)),
    ):
        reduced.sum().backward()
    assert x.sum(np.int64(1)).tolist() == [3, 12]


# Results


def test_results_are_new_and_in_c_order():
    x = mg.arange(12.0).reshape(3, 4).T
    for result in (x.cumsum(0), x.sort(0).values, x.argsort(1), x.cummax(0).indices, x.topk(2).values):
        assert result.is_contiguous()
    zero = mg.tensor(2.0)
    for result in (zero.sort(0).values, zero.max(0).values, zero.cumsum(0), zero.median(0).values, zero.topk(1).values):
        assert not np.shares_memory(result.numpy(), zero.numpy())


def test_named_results_can_be_unpacked_and_pickled():
    values, indices = pair = mg.tensor([3.0, 1.0]).sort()
    assert pair.values is values
    assert pair[1] is indices
    assert type(pickle.loads(pickle.dumps(pair))) is mg.return_types.sort


def test_many_columns_are_partitioned_before_the_first_are_sorted():
    x = mg.tensor(np.random.default_rng(0).permutation(1000).reshape(2, 500) * 1.0)
    for largest in (True, False):
        order = x.sort(descending=largest)
        assert (x.topk(7, largest=largest).values == order.values[:, :7]).all()
        assert (x.topk(7, largest=largest).indices == order.indices[:, :7]).all()
