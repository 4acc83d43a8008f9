"""Modules that are declared by their arguments, and losses, which are."""

from __future__ import annotations

import inspect
from dataclasses import KW_ONLY

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.nn.declared import declared


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


def test_a_declared_subclass_takes_the_arguments_of_its_base_first():
    layer = Twice(3.0, True, 4, shift=1)
    assert (layer.factor, layer.inplace, layer.times, layer.shift) == (12.0, True, 4, 1)
    assert list(inspect.signature(Twice).parameters) == ["factor", "inplace", "times", "shift"]


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


def test_losses_of_programs_begin_with_pytorchs_base_class():
    from microgradnp.nn.modules.loss import _Loss, _WeightedLoss

    class Distance(_Loss):
        def __init__(self, power: int, size_average=None, reduce=None, reduction: str = "mean") -> None:
            super().__init__(size_average, reduce, reduction)
            self.power = power

        def forward(self, input: mg.Tensor, target: mg.Tensor) -> mg.Tensor:
            distances = (input - target).abs() ** self.power
            return distances.sum() if self.reduction == "sum" else distances.mean()

    assert Distance(2, reduction="sum")(mg.ones(3), mg.zeros(3)) == 3
    assert list(_WeightedLoss(mg.ones(2)).state_dict()) == ["weight"]
    assert isinstance(nn.CrossEntropyLoss(), _WeightedLoss) and isinstance(nn.L1Loss(), _Loss)
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert Distance(1, False).reduction == "sum"
