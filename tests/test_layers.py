"""Layers that are functions with their arguments kept: what tests beside PyTorch do not show."""

from __future__ import annotations

import inspect
from dataclasses import KW_ONLY
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.nn.declared import declared
from microgradnp.ops.sliding import Windows

F = nn.functional


# Declared modules


@declared
class Scale(nn.Module):
    factor: float
    inplace: bool = False
    _: KW_ONLY
    shift: float = 0.0

    def forward(self, input: mg.Tensor) -> mg.Tensor:
        return input * self.factor + self.shift


@declared
class Twice(Scale):
    times: int = 2

    def prepare(self) -> None:
        self.factor *= self.times


def test_a_declared_module_takes_its_annotations_as_arguments():
    layer = Scale(3.0, shift=1)
    assert (layer.factor, layer.inplace, layer.shift) == (3.0, False, 1)
    assert layer(mg.ones(2)).tolist() == [4.0, 4.0]
    assert repr(layer) == "Scale(factor=3.0, shift=1)"
    assert repr(Scale(1, True)) == "Scale(factor=1, inplace=True, shift=0.0)"
    assert str(inspect.signature(Scale)) == "(factor: 'float', inplace: 'bool' = False, *, shift: 'float' = 0.0)"
    assert not hasattr(Scale, "inplace")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Scale(), "Scale.*missing a required argument: 'factor'"),
        (lambda: Scale(1, False, 2), "Scale.*too many positional arguments"),
        (lambda: Scale(1, factor=2), "Scale.*multiple values for argument 'factor'"),
        (lambda: nn.MaxPool2d(2, size=3), "MaxPool2d.*unexpected keyword argument 'size'"),
    ],
)
def test_other_arguments_are_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_subclasses_of_declared_modules():
    class Plain(nn.MaxPool1d):
        note: str  # annotated, and no argument: the class is not declared

        def __init__(self) -> None:
            super().__init__(2)
            self.note = "mine"

    assert repr(Plain()) == "Plain(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"
    assert Plain()(mg.ones(1, 4)).shape == (1, 2)
    with pytest.raises(ValueError, match="non-default argument follows default argument"):

        @declared
        class Wrong(Scale):
            more: int


def test_weights_of_losses_are_buffers_and_parameters_stay_what_they_are():
    weight = nn.Parameter(mg.ones(3))
    loss = nn.CrossEntropyLoss(weight)
    assert list(loss.parameters()) == []
    assert loss.weight is weight and list(loss.state_dict()) == ["weight"]
    assert list(nn.CrossEntropyLoss().state_dict()) == []
    assert loss.double().weight.dtype == np.float64


def test_distance_functions_that_are_modules_belong_to_the_loss():
    loss = nn.TripletMarginWithDistanceLoss(distance_function=nn.PairwiseDistance(p=1))
    assert [name for name, _ in loss.named_children()] == ["distance_function"]


# Windows


@pytest.mark.parametrize("windows", [Windows(3, 2, 2), Windows(4, 3, 1, 1), Windows(2, 2, 3, 1, 4), Windows(5, 1, 1)])
@pytest.mark.parametrize("length", [0, 1, 4, 7])
def test_windows_see_what_their_positions_say(windows, length):
    positions = windows.positions()
    seen = [[] for _ in range(windows.count)]
    for results, places in windows.parts(length):
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
