"""Normalization layers: their formulas, running statistics, gradients of any order, and replays of them."""

from __future__ import annotations

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.testing import check_module

F = nn.functional


def sample(*shape):
    return mg.from_numpy(np.random.default_rng(0).normal(1, 2, shape)).requires_grad_()


LAYERS = {
    "BatchNorm1d": (lambda: nn.BatchNorm1d(3), (4, 3)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(2, momentum=None), (2, 2, 2, 2)),
    "BatchNorm3d": (lambda: nn.BatchNorm3d(2, affine=False, track_running_stats=False), (2, 2, 1, 2, 1)),
    "InstanceNorm1d": (lambda: nn.InstanceNorm1d(2, affine=True, track_running_stats=True), (2, 2, 3)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4, 2)),
    "LayerNorm": (lambda: nn.LayerNorm((2, 3)), (2, 2, 3)),
    "RMSNorm": (lambda: nn.RMSNorm(3), (2, 3)),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(2), (1, 3, 2)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_derivatives_of_two_orders(name):
    make, shape = LAYERS[name]
    assert check_module(make(), sample(*shape), order=2).verdict == "pass"


def test_third_derivatives_of_batch_norm_in_training():
    """Nothing that the backward pass keeps is a constant in disguise: a finite difference of the second derivative."""
    weights = [mg.from_numpy(np.random.default_rng(i).normal(size=(4, 2))) for i in range(3)]

    def second(x):
        y = F.batch_norm(x, None, None, training=True)
        (first,) = mg.autograd.grad((y**3 * weights[0]).sum(), x, create_graph=True)
        return mg.autograd.grad((first * weights[1]).sum(), x, create_graph=True)[0]

    x = sample(4, 2)
    (third,) = mg.autograd.grad((second(x) * weights[2]).sum(), x)
    step, direction = 1e-5, np.random.default_rng(5).normal(size=(4, 2))
    ends = [(second((x + step * sign * direction).detach().requires_grad_()) * weights[2]).sum() for sign in (1, -1)]
    slope = (ends[0] - ends[1]).item() / (2 * step)
    assert slope == pytest.approx((third * direction).sum().item(), rel=1e-6)


def test_batch_norm_by_its_formula_and_its_running_statistics():
    x = np.random.default_rng(0).normal(3, 2, (4, 3, 2, 2))
    layer = nn.BatchNorm2d(3, eps=0.1, momentum=0.25, dtype=mg.float64)
    y = layer(mg.tensor(x))
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    column = (slice(None), None, None)
    np.testing.assert_allclose(y.detach(), (x - mean[column]) / np.sqrt(var[column] + 0.1), rtol=1e-12)
    np.testing.assert_allclose(layer.running_mean, 0.25 * mean, rtol=1e-12)
    np.testing.assert_allclose(layer.running_var, 0.75 + 0.25 * var * 16 / 15, rtol=1e-12)
    assert layer.num_batches_tracked.item() == 1
    before = layer.state_dict()["running_mean"].clone()
    np.testing.assert_allclose(
        layer.eval()(mg.tensor(x)).detach(),
        (x - layer.running_mean.numpy()[column]) / np.sqrt(layer.running_var.numpy()[column] + 0.1),
        rtol=1e-12,
    )
    assert layer.running_mean.tolist() == before.tolist() and layer.num_batches_tracked.item() == 1


def test_without_momentum_the_running_statistics_are_means_over_all_batches():
    layer, data = nn.BatchNorm1d(2, momentum=None, dtype=mg.float64), np.random.default_rng(0).normal(size=(3, 5, 2))
    for batch in data:
        layer(mg.tensor(batch))
    np.testing.assert_allclose(layer.running_mean, data.mean((0, 1)), rtol=1e-12)
    np.testing.assert_allclose(layer.running_var, data.var(1, ddof=1).mean(0), rtol=1e-12)
    layer.reset_running_stats()
    assert layer.running_mean.tolist() == [0, 0] and layer.num_batches_tracked.item() == 0


def test_statistics_are_buffers_of_the_same_memory_before_and_after():
    layer = nn.BatchNorm1d(2)
    held = layer.running_mean
    layer(mg.ones(3, 2))
    assert layer.running_mean is held and held.tolist() != [0, 0]
    assert not held.requires_grad


def test_two_calls_before_one_backward_pass_do_not_disturb_one_another():
    """As the discriminator of a GAN is called: the first call's gradients must not be stale."""
    layer, (a, b) = nn.BatchNorm1d(3).double(), (sample(4, 3), sample(5, 3))
    alone = mg.autograd.grad((layer(a) ** 3).sum(), a)[0]
    both = mg.autograd.grad((layer(a) ** 3).sum() + (layer.eval()(b) ** 3).sum(), a)[0]
    assert alone.tolist() == both.tolist()


@pytest.mark.parametrize("mean", [0.0, 1e4])
def test_float32_is_exact_far_from_zero(mean):
    x = np.random.default_rng(0).normal(mean, 1, (64, 3, 40)).astype(np.float32)
    wide = x.astype(np.float64)
    wanted = (wide - wide.mean((0, 2), keepdims=True)) / wide.std((0, 2), keepdims=True)
    y = F.batch_norm(mg.tensor(x), None, None, training=True, eps=1e-12)
    np.testing.assert_allclose(y, wanted, atol=2e-3 if mean else 1e-5)


@pytest.mark.parametrize(
    ("mistake", "error", "text"),
    [
        (lambda: nn.BatchNorm2d(3)(mg.ones(2, 3)), ValueError, "BatchNorm2d: expected 4D input, .N, C, H, W., got 2D"),
        (lambda: nn.BatchNorm1d(3)(mg.ones(1, 3)), ValueError, "more than 1 value per channel .* call eval"),
        (lambda: nn.BatchNorm1d(3)(mg.ones(2, 4)), RuntimeError, "running_mean should contain 4 elements"),
        (lambda: nn.BatchNorm1d(3)(mg.ones(2, 3).double()), RuntimeError, "input is float64, running_mean is float32"),
        (lambda: nn.Sequential(nn.GroupNorm(2, 4))(mg.ones(2, 3)), RuntimeError, "GroupNorm '0': .*weight should"),
        (lambda: nn.GroupNorm(2, 3), ValueError, r"num_channels \(3\) must be divisible by num_groups \(2\)"),
        (lambda: nn.InstanceNorm1d(3, affine=True)(mg.ones(2, 4, 2)), ValueError, "dim=1 does not match num_features"),
        (lambda: nn.LayerNorm(3, device="cuda"), RuntimeError, "LayerNorm: device 'cuda' is not there"),
        (lambda: nn.BatchNorm1d(-3), RuntimeError, "sizes must not be negative"),
        (lambda: nn.BatchNorm1d(3, foreach=True), TypeError, "foreach"),
    ],
)  # fmt: skip
def test_mistakes(mistake, error, text):
    with pytest.raises(error, match=text):
        mistake()


def test_an_instance_norm_that_does_not_use_its_size_warns():
    with pytest.warns(UserWarning, match="does not match num_features"):
        nn.InstanceNorm1d(3)(mg.ones(2, 4, 2))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(6, 4, padding_idx=0, max_norm=1.5, scale_grad_by_freq=True)
        self.layers = nn.Sequential(
            nn.BatchNorm1d(4, momentum=None), nn.GroupNorm(2, 4), nn.Dropout1d(0.3), nn.InstanceNorm1d(4, affine=True),
            nn.Flatten(), nn.BatchNorm1d(12), nn.LayerNorm(12), nn.AlphaDropout(0.2), nn.Linear(12, 2),
        )  # fmt: skip

    def forward(self, places):
        return self.layers(self.table(places).transpose(1, 2))


def test_a_compiled_training_step_does_the_same_bit_for_bit():
    def train(compiled):
        mg.manual_seed(1)
        model = Net()
        optimizer = mg.optim.SGD(model.parameters(), lr=0.1)

        def step(places):
            loss = (model(places) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        run = mg.compile(step, executor="numpy") if compiled else step
        rng = np.random.default_rng(0)
        losses = [run(mg.tensor(rng.integers(0, 6, (5, 3)))).item() for _ in range(5)]
        if compiled:
            assert run.graph().count("variant") == 1  # it was replayed
        return losses, {name: value.tolist() for name, value in model.state_dict().items()}

    assert train(True) == train(False)
