"""What ``nn.functional`` does besides computing: identity, state, warnings, errors, warnings of NumPy's."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn

F = nn.functional

SMOOTH = [
    F.relu, F.relu6, F.leaky_relu, F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish, F.softplus, F.softsign, F.hardtanh,
    F.hardsigmoid, F.hardswish, F.hardshrink, F.softshrink, F.tanhshrink, F.logsigmoid, F.glu, F.rrelu,
    lambda x: F.gelu(x, approximate="tanh"), lambda x: F.softmax(x, 0), lambda x: F.log_softmax(x, 0),
    lambda x: F.softmin(x, 0), lambda x: F.normalize(x, dim=0), lambda x: F.gumbel_softmax(x, 0.1),
    lambda x: F.threshold(x, 0, 1), lambda x: F.cross_entropy(x, mg.tensor(2)), lambda x: F.cross_entropy(x, x * 0),
    lambda x: F.soft_margin_loss(x, x.detach().sign()), lambda x: F.huber_loss(x, -x), lambda x: F.l1_loss(x, -x),
    lambda x: F.binary_cross_entropy_with_logits(x, x * 0 + 1), lambda x: F.multi_margin_loss(x, mg.tensor(1)),
    lambda x: F.smooth_l1_loss(x, x * 0), lambda x: F.dropout(x, 0.9), lambda x: F.cross_entropy(x, mg.tensor(-100)),
    lambda x: F.alpha_dropout(x, 0.9, True), lambda x: F.multilabel_soft_margin_loss(x, x * 0 + 1),
    lambda x: F.hinge_embedding_loss(x, x.detach().sign()),
    lambda x: F.binary_cross_entropy((x > 0).to(x.dtype) + 0 * x, x * 0),
]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("function", SMOOTH)
def test_large_numbers_raise_no_warning_of_numpys(function: Any, dtype: str) -> None:
    """Not even where NumPy is asked to raise: forward, backward, and differentiated twice."""
    values = [-1000.0, -0.0, 1000.0, 1e-7, -30.0, 88.0]
    with np.errstate(all="raise"):
        x = mg.tensor(values, dtype=getattr(mg, dtype), requires_grad=True)
        (gradient,) = mg.autograd.grad(function(x).sum(), x, create_graph=True)
        mg.autograd.grad(gradient.sum() + (x * 0).sum(), x)
    assert gradient.dtype == x.dtype


FLOATS = [
    lambda x: F.mse_loss(x, x * 0, reduction="sum"), lambda x: F.cross_entropy(x.reshape(1, -1), mg.tensor([0])),
    lambda x: F.softmax(x, 0).max(), lambda x: F.huber_loss(x, x * 0, "sum"), lambda x: F.l1_loss(x, x * 0),
    lambda x: F.kl_div(x, x * 0 + 1, reduction="sum"), lambda x: F.poisson_nll_loss(x, x), lambda x: F.silu(x).mean(),
]  # fmt: skip


@pytest.mark.parametrize("function", FLOATS)
def test_float16_is_computed_in_float32(function: Any) -> None:
    """Its own sums would stop growing at 2048, and its logarithms of sums be wrong in the third digit."""
    half = mg.full((5000,), 1.5, dtype=mg.float16).requires_grad_()
    full = mg.full((5000,), 1.5, dtype=mg.float32).requires_grad_()
    out, expected = function(half), function(full)
    assert out.dtype == mg.float16
    np.testing.assert_allclose(out.item(), expected.item(), rtol=1e-3)
    out.backward(), expected.backward()
    np.testing.assert_allclose(half.grad.float().numpy(), full.grad.numpy(), rtol=2e-3, atol=1e-7)


def test_dropout_outside_training_is_the_input_itself() -> None:
    x = mg.ones(2, 3, 4)
    for same in (
        F.dropout(x, 0.0),
        F.dropout(x, training=False),
        F.alpha_dropout(x),
        F.dropout2d(x[None], training=False)[0],
    ):
        assert same is x or same._base is not None


def test_inplace_writes_into_the_input_and_nowhere_else() -> None:
    for function in (
        F.relu, F.relu6, F.leaky_relu, F.elu, F.selu, F.celu, F.silu, F.mish, F.hardtanh, F.hardsigmoid, F.hardswish,
        F.rrelu, F.dropout, lambda x, inplace=False: F.threshold(x, 0, 1, inplace),
    ):  # fmt: skip
        x = mg.linspace(-4, 4, 9)
        mg.manual_seed(0)
        expected = function(x)
        assert x.tolist() == list(range(-4, 5))
        mg.manual_seed(0)
        assert function(x, inplace=True) is x
        assert x.tolist() == expected.tolist()


def test_inplace_on_a_leaf_is_refused_and_changes_nothing() -> None:
    x = mg.tensor([-1.0, 2.0], requires_grad=True)
    for function in (F.relu, F.elu, F.hardswish, F.silu, F.dropout):
        with pytest.raises(RuntimeError, match="leaf"):
            function(x, inplace=True)
    assert x.tolist() == [-1.0, 2.0]


def test_a_hard_gumbel_choice_is_one_hot_and_has_the_gradient_of_the_soft_one() -> None:
    logits = mg.tensor([[0.1, 2.0, -1.0], [0.5, 0.2, 0.3]], requires_grad=True)
    weights = mg.tensor([[1.0, 2.0, 4.0], [3.0, 1.0, 5.0]])
    gradients = []
    for hard in (True, False):
        mg.manual_seed(0)
        choice = F.gumbel_softmax(logits, hard=hard)
        gradients.append(mg.autograd.grad((choice * weights).sum(), logits)[0].tolist())
        assert not hard or sorted(choice.reshape(-1).tolist()) == pytest.approx([0, 0, 0, 0, 1, 1])
    np.testing.assert_allclose(*gradients)


# Warnings come from the line of the user


WARNING = [
    lambda: F.softmax(mg.ones(2)), lambda: F.log_softmax(mg.ones(2)), lambda: F.softmin(mg.ones(2)),
    lambda: F.kl_div(mg.zeros(2), mg.ones(2)), lambda: F.l1_loss(mg.ones(2), mg.ones(1)),
    lambda: F.huber_loss(mg.ones(2), mg.ones(1)), lambda: F.smooth_l1_loss(mg.ones(2), mg.ones(1)),
    lambda: F.l1_loss(mg.ones(2), mg.ones(2), reduce=False), lambda: F.dropout2d(mg.ones(2, 2, 2)),
    lambda: F.dropout2d(mg.ones(2, 2)), lambda: F.dropout3d(mg.ones(2, 2)), lambda: nn.MSELoss(reduce=False),
    lambda: F.gumbel_softmax(mg.ones(2), eps=1.0),
    lambda: F.cross_entropy(mg.ones(2, 2), mg.tensor([0, 1]), reduce=True),
]  # fmt: skip


@pytest.mark.parametrize("call", WARNING)
def test_warnings_name_the_line_that_called(call: Any) -> None:
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        call()
    assert [warning.filename for warning in found] == [__file__]


# Errors say what to do


def test_errors_name_the_module_the_shapes_and_the_way_out() -> None:
    class Classifier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = Head()

        def forward(self, scores: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
            return self.head(scores, target)

    class Head(nn.Module):
        def forward(self, scores: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
            return F.cross_entropy(scores, target)

    model = Classifier()
    with pytest.raises(
        IndexError, match=r"^Head 'head': cross_entropy: Target 5 is out of bounds: with 3 classes .* 0 and 2"
    ):
        model(mg.ones(2, 3), mg.tensor([0, 5]))
    with pytest.raises(
        ValueError, match=r"Head 'head'.*batch_size \(2\).*batch_size \(3\).*shape \(2, 3\).*has shape \(2,\)"
    ):
        model(mg.ones(2, 3), mg.tensor([0, 1, 2]))
    with pytest.raises(RuntimeError, match=r"float32.*\.long\(\)"):
        model(mg.ones(2, 3), mg.ones(2))
    with pytest.raises(TypeError, match="give reduction= by name"):
        F.mse_loss(mg.ones(2), mg.ones(2), "sum")


def test_targets_of_classes_are_taken_over_before_the_backward_pass() -> None:
    """Writing to them afterwards does not change the gradient."""
    scores, target = mg.zeros(2, 3, requires_grad=True), mg.tensor([0, 1])
    loss = F.cross_entropy(scores, target, reduction="sum")
    target.fill_(2)
    loss.backward()
    third = 1 / 3
    np.testing.assert_allclose(scores.grad.numpy(), [[third - 1, third, third], [third, third - 1, third]], rtol=1e-6)


def test_a_weight_of_classes_has_its_gradient() -> None:
    """PyTorch refuses it: here it is a product like any other."""
    scores, target = mg.tensor([[1.0, 2.0], [0.5, 0.1]], dtype=mg.float64), mg.tensor([0, 1])
    for options in ({}, {"label_smoothing": 0.2}, {"reduction": "sum"}, {"ignore_index": 1}):
        assert gradient_is_numeric(lambda w, options=options: F.cross_entropy(scores, target, w, **options))


def gradient_is_numeric(function: Any) -> bool:
    w = mg.tensor([0.5, 2.0], dtype=mg.float64, requires_grad=True)
    (gradient,) = mg.autograd.grad(function(w), w)
    for i in range(2):
        up, down = w.detach().clone(), w.detach().clone()
        up[i] += 1e-6
        down[i] -= 1e-6
        numeric = (function(up) - function(down)).item() / 2e-6
        assert math.isclose(gradient[i].item(), numeric, rel_tol=1e-6, abs_tol=1e-9)
    return True
