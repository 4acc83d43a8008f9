"""Every optimizer in a compiled step: the same bits, while counts go on, rates change and states are loaded."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn, optim
from microgradnp.compiler import NotCapturable

KINDS = [
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.1}),
    ("Adam", {"weight_decay": 0.1}),
    ("AdamW", {"amsgrad": True, "maximize": True}),
    ("NAdam", {}),
    ("RAdam", {}),
    ("Adamax", {}),
    ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.1}),
    ("Adadelta", {}),
    ("RMSprop", {"centered": True, "momentum": 0.9}),
    ("Rprop", {}),
    ("ASGD", {"t0": 20, "lambd": 0.1}),
]

QUICK = ("Adam", "NAdam", "ASGD")  # what they count, and what follows from it, is most of what there is


class Training:
    """A network, its optimizer, and a step that tells how often Python has run it."""

    def __init__(self, kind: str, options: dict[str, Any], how: Any) -> None:
        mg.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
        self.optimizer = getattr(optim, kind)(self.model.parameters(), **options)
        self.x, self.y, self.runs = mg.randn(4, 2), mg.randn(4, 1), 0
        self.step = how(self._step)

    def _step(self, x: Any, y: Any) -> Any:
        self.runs += 1
        loss = (self.model(x) - y).square().mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss

    def go(self, steps: int) -> list[float]:
        return [self.step(self.x, self.y).item() for _ in range(steps)]

    def bits(self) -> list[bytes]:
        state = [value for values in self.optimizer.state.values() for value in values.values()]
        return [tensor.detach().numpy().tobytes() for tensor in (*self.model.parameters(), *state)]


def both(kind: str = "Adam", **options: Any) -> tuple[Training, Training]:
    return Training(kind, options, lambda function: function), Training(kind, options, mg.compile)


@pytest.mark.parametrize(
    ("kind", "options"),
    [pytest.param(*case, id=case[0], marks=[pytest.mark.slow] * (case[0] not in QUICK)) for case in KINDS],
)
def test_fifty_steps_with_a_scheduler(kind, options):
    eager, compiled = both(kind, **options)
    for training in (eager, compiled):
        scheduler = optim.lr_scheduler.CosineAnnealingLR(training.optimizer, 30)
        training.losses = []
        for _ in range(50):
            training.losses += training.go(1)
            scheduler.step()
    assert compiled.losses == eager.losses
    assert compiled.bits() == eager.bits()
    assert compiled.runs <= 6  # RAdam is captured anew when it begins to use the second moment, ASGD the average


def test_momentum_that_a_scheduler_changes():
    eager, compiled = both()
    for training in (eager, compiled):
        scheduler = optim.lr_scheduler.OneCycleLR(training.optimizer, 0.1, total_steps=30)
        for _ in range(30):
            training.go(1)
            scheduler.step()
    assert compiled.bits() == eager.bits() and compiled.runs == 3


def test_counts_that_are_set_or_loaded_are_seen():
    eager, compiled = both()
    for training in (eager, compiled):
        training.go(5)
        saved = copy.deepcopy(training.optimizer.state_dict())
        for state in training.optimizer.state.values():
            state["step"].fill_(100)  # in place: the replay goes on with it
        training.go(4)
        training.optimizer.load_state_dict(saved)  # other tensors: captured anew
        training.go(5)
    assert compiled.bits() == eager.bits()
    assert compiled.runs == 5
    assert [state["step"].item() for state in compiled.optimizer.state.values()] == [10.0] * 4


def test_a_count_that_is_set_for_one_of_those_updated_together_is_seen():
    eager, compiled = both()
    for training in (eager, compiled):
        training.go(5)
        training.optimizer.state[training.model[0].weight]["step"].fill_(50)
        training.go(4)
    assert compiled.bits() == eager.bits()
    assert compiled.runs == 5


def test_parameters_that_have_not_come_equally_far():
    eager, compiled = both()
    for training in (eager, compiled):
        first = training.model[0].weight
        training.go(4)
        first.requires_grad_(False)
        training.go(4)
        first.requires_grad_(True)
        training.go(4)  # two updates, with corrections of their own
        assert training.optimizer.state[first]["step"].item() == 8
        training.optimizer.state[first]["step"].fill_(12)  # they still are two
        training.go(4)
    assert compiled.bits() == eager.bits()
    assert compiled.runs < 20


def test_a_step_of_its_own_count_is_refused():
    class Counting(optim.Optimizer):
        made = 0

        def settings(self, group):
            return (self.rate(group) / (1 + self.made),)

        def update(self, params, rate):
            self.made += 1
            for p in params:
                p._array -= p._grad._array * rate

    model = nn.Linear(2, 1)
    optimizer = Counting(model.parameters(), {"lr": 0.1})

    @mg.compile
    def step(x):
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()

    with pytest.raises(NotCapturable, match="the settings of Counting change inside the function"):
        step(mg.ones(3, 2))


def test_two_steps_of_one_optimizer_are_refused():
    _, compiled = both()

    @mg.compile
    def twice(x, y):
        compiled._step(x, y)
        compiled._step(x, y)

    before = compiled.bits()
    with pytest.raises(NotCapturable, match="a second step of Adam depends on what the first counts"):
        twice(compiled.x, compiled.y)
    assert compiled.bits() == before and not compiled.optimizer.state


def test_a_rate_that_has_become_nan_is_refused_by_a_replay_which_changes_nothing():
    _, compiled = both()
    compiled.go(5)
    before = compiled.bits()
    compiled.optimizer.param_groups[0]["lr"] = float("nan")
    with pytest.raises(ValueError, match="Invalid learning rate: nan"):
        compiled.go(1)
    assert compiled.bits() == before


def test_a_run_that_fails_takes_the_counts_back():
    training = Training("Adam", {}, lambda function: function)
    training.go(3)
    before = training.bits()

    @mg.compile
    def step(x, y):
        training._step(x, y)
        return float(training.model[0].weight.sum())

    with pytest.raises(NotCapturable):
        step(training.x, training.y)
    assert training.bits() == before


def test_lbfgs_asks_for_values_and_is_refused():
    training = Training("LBFGS", {}, lambda function: function)

    @mg.compile
    def step(x, y):
        def closure():
            training.optimizer.zero_grad()
            loss = (training.model(x) - y).square().mean()
            loss.backward()
            return loss

        return training.optimizer.step(closure)

    before = training.bits()
    with pytest.raises(NotCapturable):
        step(training.x, training.y)
    assert training.bits() == before and not any(training.optimizer.state.values())


@pytest.mark.slow
def test_machine_code_agrees_to_rounding():
    pytest.importorskip("numba")
    eager = Training("Adam", {}, lambda function: function)
    compiled = Training("Adam", {}, mg.compile(executor="numba"))
    np.testing.assert_allclose(compiled.go(8), eager.go(8), rtol=1e-5)
    assert compiled.optimizer.state[compiled.model[0].weight]["step"].item() == 8
