"""Windows, and what is made of them: pooling, folding, other sizes. What the tests beside PyTorch do not show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.ops.sliding import Windows, parts_along

F = nn.functional


@pytest.mark.parametrize("windows", [Windows(3, 2, 2), Windows(4, 3, 1, 1), Windows(2, 2, 3, 1, 4), Windows(5, 1, 1)])
@pytest.mark.parametrize("length", [0, 1, 4, 7])
def test_windows_see_what_their_positions_say(windows, length):
    positions = windows.positions()
    seen = [[] for _ in range(windows.count)]
    for results, places in parts_along(windows, length):
        numbers = range(windows.count)[results]
        found = range(length)[places]
        assert len(numbers) == len(found)
        for number, place in zip(numbers, found, strict=True):
            seen[number].append(place)
    assert seen == [[int(p) for p in row if 0 <= p < length] for row in positions]
    assert windows.inside(length) == bool(((positions >= 0) & (positions < length)).all())
    assert not windows.disjoint or len(np.unique(positions)) == positions.size


def test_a_window_of_more_elements_than_a_byte_counts():
    x = mg.arange(400.0).reshape(1, 20, 20).requires_grad_()
    values, indices = F.max_pool2d(x, 20, return_indices=True)
    assert (values.item(), indices.item()) == (399.0, 399)
    values.sum().backward()
    assert x.grad.flatten().argmax().item() == 399


def test_indices_take_the_values_that_pooling_gives():
    x = mg.from_numpy(np.random.default_rng(0).normal(size=(2, 3, 7, 8)))
    for pooled in (
        F.max_pool2d(x, 3, 2, 1, ceil_mode=True, return_indices=True),
        F.adaptive_max_pool2d(x, (5, 3), return_indices=True),
    ):
        values, indices = pooled
        assert not indices.requires_grad
        taken = x.flatten(2).gather(2, indices.flatten(2))
        assert mg.equal(taken, values.flatten(2))


def test_infinities_and_nans_stay_in_their_windows():
    x = mg.tensor([[1.0, float("inf"), 2.0, 3.0, float("nan"), 5.0]])
    assert F.avg_pool1d(x, 2, 2)[0, 1] == 2.5
    assert F.adaptive_avg_pool1d(x[:, :5], 4)[0, 2] == 2.5
    assert F.interpolate(x[None], scale_factor=0.5).tolist()[0][0][1] == 2.0
    g = mg.tensor([[float("inf"), 1.0, 1.0]])
    x = mg.tensor([[1.0, 2, 4, 3, 6, 5]], requires_grad=True)
    F.max_pool1d(x, 2).backward(g)
    assert x.grad.tolist() == [[0.0, float("inf"), 1.0, 0.0, 1.0, 0.0]]


def test_folding_is_the_transpose_of_unfolding():
    rng = np.random.default_rng(0)
    options: dict[str, Any] = {"kernel_size": (2, 3), "dilation": (2, 1), "padding": (1, 2), "stride": (1, 2)}
    x = mg.from_numpy(rng.normal(size=(2, 3, 5, 6)))
    columns = F.unfold(x, **options)
    y = mg.from_numpy(rng.normal(size=columns.shape))
    assert (columns * y).sum().item() == pytest.approx((x * F.fold(y, (5, 6), **options)).sum().item())


@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_integer_valued_sizes(mode):
    x = mg.ones(1, 1, 2, 2)
    for size in (np.int64(3), (np.int32(3), 3), [mg.tensor(3), 3]):
        assert F.interpolate(x, size, mode=mode).shape == (1, 1, 3, 3)


@pytest.mark.parametrize("options", [{"mode": "bicubic"}, {"mode": "bilinear", "antialias": True}])
def test_what_is_not_here_yet_says_so(options):
    with pytest.raises(NotImplementedError, match="is not here yet; the modes are"):
        F.interpolate(mg.ones(1, 1, 2, 2), 3, **options)


def test_errors_name_the_module_and_the_way_out():
    model = nn.Sequential(nn.ReLU(), nn.MaxPool2d(4))
    with pytest.raises(RuntimeError, match=r"1.*max_pool2d.*\(1, 3, 3\) is too small in dimension -2"):
        model(mg.ones(1, 3, 3))


# Compiled


class Pooled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.before = nn.Linear(8, 8)
        self.body = nn.Sequential(
            nn.PReLU(), nn.Unflatten(1, (2, 2, 2)), nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1),
            nn.MaxPool2d(3, 2, 1), nn.Upsample((5, 4), mode="bilinear"), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )  # fmt: skip
        self.after = nn.Linear(2, 3)

    def forward(self, x: Any) -> Any:
        return self.after(self.body(self.before(x)))


def test_a_compiled_step_has_the_same_bits():
    def training() -> Any:
        mg.manual_seed(0)
        model, loss = Pooled().double(), nn.CrossEntropyLoss(label_smoothing=0.1)
        optimizer = mg.optim.SGD(model.parameters(), lr=0.1)

        def step(x: Any, classes: Any) -> Any:
            value = loss(model(x), classes)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            return value

        return model, step

    rng = np.random.default_rng(1)
    (eager, step), (other, same) = training(), training()
    compiled = mg.compile(same, executor="numpy")
    for _ in range(4):
        batch = rng.normal(size=(4, 8)), rng.integers(0, 3, 4)
        assert step(*map(mg.tensor, batch)).item() == compiled(*map(mg.tensor, batch)).item()
    assert "variant" in compiled.graph()
    for one, two in zip(eager.parameters(), other.parameters(), strict=True):
        assert one.detach().numpy().tobytes() == two.detach().numpy().tobytes()
