"""Anomaly detection: which operation, in which module, recorded on which line."""

import traceback
import warnings

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import autograd, nn


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Anomaly Detection")
        yield


class Root(nn.Module):
    def forward(self, x):
        return x.sqrt()  # the line to be named


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.root = Root()

    def forward(self, x):
        return self.root(x * 2).sum()


def test_a_nan_is_reported_with_operation_module_and_lines():
    x, net = mg.tensor([1.0, -1.0], requires_grad=True), Net()
    with autograd.detect_anomaly():
        loss = net(x)
        with pytest.raises(RuntimeError) as caught:
            loss.backward()
    text = str(caught.value)
    assert text.startswith("Function 'SqrtBackward0' returned nan values in its 0th output")
    assert "the derivative of sqrt in Root 'root'" in text
    assert "return x.sqrt()  # the line to be named" in text
    assert "loss = net(x)" in text
    assert "microgradnp/nn" not in text
    assert x.grad is None


def test_without_the_forward_pass_only_the_operation_is_known():
    x = mg.tensor([-1.0], requires_grad=True)
    y = x.sqrt()
    with (
        autograd.detect_anomaly(),
        pytest.raises(RuntimeError, match=r"(?s)SqrtBackward0.*No forward pass information.*during the forward pass"),
    ):
        y.backward()


def test_the_error_of_a_rule_is_given_the_line_of_the_forward_pass():
    class Broken(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise KeyError("oops")

    x = mg.tensor([1.0], requires_grad=True)
    with autograd.detect_anomaly(), pytest.raises(KeyError, match="oops") as caught:
        y = Broken.apply(x)  # recorded here
        y.backward()
    text = "".join(traceback.format_exception(caught.value))
    assert "Error detected in BrokenBackward" in text
    assert "y = Broken.apply(x)  # recorded here" in text


def test_a_nan_of_a_second_derivative_names_the_backward_pass_that_it_comes_from():
    x = mg.tensor([0.0], requires_grad=True)
    with autograd.detect_anomaly(check_nan=False):
        y = x.abs().sqrt()  # the first forward pass
        (g,) = autograd.grad(y, x, mg.tensor([0.0]), create_graph=True)
    with autograd.detect_anomaly(), pytest.raises(RuntimeError) as caught:
        g.backward()
    text = str(caught.value)
    assert "which was the backward pass of AbsBackward0" in text
    assert "y = x.abs().sqrt()  # the first forward pass" in text
    assert "run_graph" not in text


def test_a_nan_in_one_of_several_gradients_is_counted():
    x, y = mg.tensor([1.0], requires_grad=True), mg.tensor([0.0], requires_grad=True)
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match="in its 1th output"):
        (x * 0 / y).backward()


def test_nothing_is_kept_while_it_is_off():
    x = mg.tensor([1.0], requires_grad=True)
    assert not hasattr((x * 2).grad_fn, "_metadata")
    with autograd.detect_anomaly():
        assert (x * 2).grad_fn.metadata["traceback_"]
    assert not hasattr((x * 2).grad_fn, "_metadata")


def test_gradients_are_the_same_while_it_is_on():
    def gradients():
        mg.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        x = mg.rand(5, 3, requires_grad=True)
        (g,) = autograd.grad(model(x).sum(), x, create_graph=True)
        ((g * g).sum() + mg.cat([x, x]).std()).backward()
        return [x.grad.numpy(), *(p.grad.numpy() for p in model.parameters() if p.grad is not None)]

    plain = gradients()
    with autograd.detect_anomaly():
        watched = gradients()
    assert all(map(np.array_equal, plain, watched))
