"""Every scheduler against PyTorch's: a hundred steps, states both ways, resuming, warnings and mistakes."""

import copy

import numpy as np
import pytest
from parity import outcome

import microgradnp as mg

torch = pytest.importorskip("torch")


class Halving:
    """A function with a state of its own."""

    def __init__(self, every=10):
        self.every = every

    def __call__(self, epoch):
        return 0.5 ** (epoch // self.every)


SCHEDULERS = {
    "lambda": lambda s, o: s.LambdaLR(o, lambda epoch: 0.95**epoch),
    "lambdas": lambda s, o: s.LambdaLR(o, [Halving(7), lambda epoch: 1 / (1 + epoch)]),
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, [lambda epoch: 0.95, Halving(50)]),
    "step": lambda s, o: s.StepLR(o, 7, gamma=0.5),
    "multistep": lambda s, o: s.MultiStepLR(o, [60, 3, 3, 20], gamma=0.5),
    "constant": lambda s, o: s.ConstantLR(o),
    "constant 2": lambda s, o: s.ConstantLR(o, factor=0.2, total_iters=30),
    "linear": lambda s, o: s.LinearLR(o),
    "linear 2": lambda s, o: s.LinearLR(o, start_factor=0.9, end_factor=0.1, total_iters=40),
    "exponential": lambda s, o: s.ExponentialLR(o, gamma=0.9),
    "polynomial": lambda s, o: s.PolynomialLR(o),
    "polynomial 2": lambda s, o: s.PolynomialLR(o, total_iters=50, power=2.5),
    "cosine": lambda s, o: s.CosineAnnealingLR(o, T_max=12, eta_min=0.01),
    "cosine 1": lambda s, o: s.CosineAnnealingLR(o, T_max=200),
    "restarts": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=8),
    "restarts 2": lambda s, o: s.CosineAnnealingWarmRestarts(o, T_0=5, T_mult=2, eta_min=0.01),
    "cyclic": lambda s, o: s.CyclicLR(o, 0.01, 0.2, step_size_up=6),
    "cyclic 2": lambda s, o: s.CyclicLR(o, [0.01, 0.1], [0.2, 0.4], 6, 9, mode="triangular2", base_momentum=[0.5, 0.6]),
    "cyclic 3": lambda s, o: s.CyclicLR(o, 0.01, 0.2, 6, mode="exp_range", gamma=0.97, cycle_momentum=False),
    "cyclic 4": lambda s, o: s.CyclicLR(o, 0.01, 0.2, 6, scale_fn=Halving(5), scale_mode="iterations"),
    "one cycle": lambda s, o: s.OneCycleLR(o, 0.3, total_steps=120),
    "one cycle 2": lambda s, o: s.OneCycleLR(
        o, [0.3, 0.5], epochs=12, steps_per_epoch=10, pct_start=0.25, anneal_strategy="linear", three_phase=True,
        base_momentum=0.5, max_momentum=[0.8, 0.9], div_factor=5.0, final_div_factor=50.0,
    ),
    "one cycle 3": lambda s, o: s.OneCycleLR(o, 0.3, total_steps=100, cycle_momentum=False),
    "sequential": lambda s, o: s.SequentialLR(
        o, [s.ConstantLR(o, 0.1, 5), s.ExponentialLR(o, 0.9), s.StepLR(o, 4)], milestones=[10, 40]
    ),
    "sequential 2": lambda s, o: s.SequentialLR(
        o, [s.LinearLR(o, 0.01, total_iters=20), s.CosineAnnealingLR(o, T_max=80)], milestones=[20]
    ),
    "chained": lambda s, o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 20), s.ExponentialLR(o, 0.9)], optimizer=o),
    "plateau": lambda s, o: s.ReduceLROnPlateau(o, patience=3),
    "plateau 2": lambda s, o: s.ReduceLROnPlateau(o, "max", 0.5, 2, 0.1, "abs", 4, [0.001, 0.01], 1e-3),
    "plateau 3": lambda s, o: s.ReduceLROnPlateau(o, "max", 0.7, 1, threshold_mode="rel"),
    "plateau 4": lambda s, o: s.ReduceLROnPlateau(o, "min", 0.7, 1, threshold_mode="abs", min_lr=0.02),
}  # fmt: skip
named = pytest.mark.parametrize("name", SCHEDULERS)
kinds = pytest.mark.parametrize("kind", ["SGD", "Adam"])


class Training:
    """An optimizer of two groups with a scheduler, and what there is to see of the groups after each step."""

    def __init__(self, library, kind, name):
        params = [library.ones(1, requires_grad=True) for _ in range(2)]
        options = {"momentum": 0.9} if kind == "SGD" else {}
        self.optimizer = getattr(library.optim, kind)(
            [{"params": params[0]}, {"params": params[1], "lr": 0.05}], lr=0.1, **options
        )
        self.scheduler = SCHEDULERS[name](library.optim.lr_scheduler, self.optimizer)
        self.losses, self.plateau = np.random.default_rng(0), name.startswith("plateau")

    def run(self, steps):
        seen = []
        for _ in range(steps):
            self.optimizer.step()
            self.scheduler.step(*[abs(self.losses.standard_normal())] * self.plateau)
            seen += [*self.scheduler.get_last_lr(), *settings(self.optimizer)]
        return seen


def settings(optimizer):
    numbers = ("lr", "initial_lr", "momentum", "betas", "max_lr", "min_lr", "max_momentum", "base_momentum")
    found = [group[name] for group in optimizer.param_groups for name in numbers if name in group]
    return [number for value in found for number in (value if isinstance(value, tuple) else (value,))]


@named
@kinds
def test_a_hundred_steps(name, kind):
    ours, theirs = (Training(library, kind, name) for library in (mg, torch))
    assert settings(ours.optimizer) == pytest.approx(settings(theirs.optimizer), rel=1e-12)
    assert ours.run(100) == pytest.approx(theirs.run(100), rel=1e-12, abs=1e-15)
    assert ours.optimizer.param_groups[0].keys() == theirs.optimizer.param_groups[0].keys()


@named
def test_states_have_the_same_names_and_are_taken_over_both_ways(name):
    ours, theirs = Training(mg, "SGD", name), Training(torch, "SGD", name)
    theirs.run(23)
    assert {*ours.scheduler.state_dict()} == {*theirs.scheduler.state_dict()}
    hand_over(theirs, ours)
    rates = theirs.run(20)
    assert ours.run(20) == pytest.approx(rates, rel=1e-12)
    back = Training(torch, "SGD", name)
    hand_over(ours, back)
    rates = theirs.run(20)
    assert back.run(20) == pytest.approx(rates, rel=1e-12)


def hand_over(one, other):
    saved = copy.deepcopy(one.scheduler.state_dict())
    other.scheduler.load_state_dict(saved)
    other.optimizer.load_state_dict({**one.optimizer.state_dict(), "state": {}})
    other.losses = copy.deepcopy(one.losses)


# Programs

BEGIN = """
s = t.optim.lr_scheduler
a, b = t.ones(1, requires_grad=True), t.ones(1, requires_grad=True)
o = t.optim.SGD([{"params": [a]}, {"params": [b], "lr": 0.05}], lr=0.1, momentum=0.9)
def go(scheduler, steps):
    seen = []
    for _ in range(steps): o.step(); scheduler.step(); seen.append(rates())
    return seen
def rates(): return [group["lr"] for group in o.param_groups]
def resume():
    for group in o.param_groups: group["initial_lr"] = 0.7
def run(scheduler, epochs):
    rates = []
    for epoch in epochs:
        o.step(); scheduler.step(epoch); rates.append(scheduler.get_last_lr())
    return [rates, [g["lr"] for g in o.param_groups]]
"""
PROGRAMS = """
r = run(s.StepLR(o, 3, 0.5), [None, 5, None, 2, None])
r = run(s.MultiStepLR(o, [2, 5], 0.5), [None, 5, None, 2, None])
r = run(s.ConstantLR(o), [None, 7, None, 2, None])
r = run(s.LinearLR(o), [None, 7, None, 2, None])
r = run(s.ExponentialLR(o, 0.5), [None, 7, None, 2])
r = run(s.PolynomialLR(o), [None, 2, None, 3])
r = run(s.CosineAnnealingLR(o, 5), [None, 7, None, 2])
r = run(s.LambdaLR(o, lambda e: 0.5**e), [None, 7, None, 2])
r = run(s.CosineAnnealingWarmRestarts(o, 3), [0, 0.25, 1.5, 4.75, None])
r = run(s.CosineAnnealingWarmRestarts(o, 3, 2), [0, 0.25, 4.5, 22, None])
x = s.ReduceLROnPlateau(o, patience=0); x.step(1.0, 4); x.step(2.0, 6); r = [x.last_epoch, x.get_last_lr()]
x = s.ReduceLROnPlateau(o, patience=0); [x.step(t.tensor(l)) for l in [1.0, 2.0, float("nan")]]; r = x.get_last_lr()
x = s.StepLR(o, 1); x.step()
x = s.StepLR(o, 1); o.step(); x.step(); x.step()
o.step(); x = s.StepLR(o, 1); x.step()
x = s.StepLR(o, 1); y = s.ExponentialLR(o, 0.5); x.step(); y.step(); r = y.get_last_lr()
x = s.StepLR(o, 1); o.step = lambda: None; o.step(); x.step()
o.step = lambda: None; o.step(); r = 1
x = s.ExponentialLR(o, 0.5); r = x.get_lr()
x = s.CyclicLR(o, 0.1, 0.2); r = x.get_lr()
s.StepLR(o, 1, last_epoch=3)
resume(); x = s.StepLR(o, 2, 0.5, last_epoch=3); r = x.get_last_lr()
resume(); x = s.LinearLR(o, last_epoch=3); r = run(x, [None] * 4)
resume(); x = s.ExponentialLR(o, 0.5, last_epoch=3); r = run(x, [None] * 4)
resume(); x = s.PolynomialLR(o, last_epoch=2); r = run(x, [None] * 4)
resume(); x = s.CosineAnnealingLR(o, 9, last_epoch=3); r = run(x, [None] * 4)
resume(); x = s.MultiplicativeLR(o, lambda e: 0.5, last_epoch=3); r = run(x, [None])
resume(); x = s.CyclicLR(o, 0.1, 0.4, 5, last_epoch=3, cycle_momentum=False); r = run(x, [None])
s.StepLR(3, 1)
s.CyclicLR(3, 1, 2)
s.OneCycleLR(3, 1, 2)
s.ReduceLROnPlateau(3)
s.StepLR(o, 1, verbose=True)
s.LRScheduler(o)
s._LRScheduler(o)
s.LambdaLR(o, [lambda e: 1])
s.LambdaLR(o, 3)
s.MultiplicativeLR(o, 3)
s.MultiplicativeLR(o, [lambda e: 1])
s.ConstantLR(o, 1.5)
s.ConstantLR(o, -0.5)
s.LinearLR(o, 0.0)
s.LinearLR(o, 1.5)
s.LinearLR(o, end_factor=1.5)
s.LinearLR(o, end_factor=-0.5)
s.CosineAnnealingWarmRestarts(o, 0)
s.CosineAnnealingWarmRestarts(o, 1.5)
s.CosineAnnealingWarmRestarts(o, 1, 0)
s.CosineAnnealingWarmRestarts(o, 1, 1, "0")
s.CosineAnnealingWarmRestarts(o, 3).step(-1)
s.CyclicLR(o, [0.1], 0.2)
s.CyclicLR(o, 0.1, [0.2])
s.CyclicLR(o, 0.1, 0.2, mode="square")
s.CyclicLR(o, 0.1, 0.2, base_momentum=[0.5])
s.CyclicLR(t.optim.Adagrad([a]), 0.1, 0.2)
s.CyclicLR(t.optim.Adagrad([a]), 0.1, 0.2, cycle_momentum=False)
s.OneCycleLR(o, 0.1)
s.OneCycleLR(o, 0.1, epochs=3)
s.OneCycleLR(o, 0.1, 0)
s.OneCycleLR(o, 0.1, 3.0)
s.OneCycleLR(o, 0.1, epochs=0, steps_per_epoch=3)
s.OneCycleLR(o, 0.1, epochs=3, steps_per_epoch=0)
s.OneCycleLR(o, 0.1, 10, pct_start=1)
s.OneCycleLR(o, 0.1, 10, pct_start=1.5)
s.OneCycleLR(o, 0.1, 10, anneal_strategy="square")
s.OneCycleLR(o, [0.1], 10)
s.OneCycleLR(t.optim.Adagrad([a]), 0.1, 10)
x = s.OneCycleLR(o, 0.1, 10); r = run(x, [None] * 10)
x = s.OneCycleLR(o, 0.1, 10); r = run(x, [None] * 11)
s.ReduceLROnPlateau(o, factor=1.0)
s.ReduceLROnPlateau(o, mode="least")
s.ReduceLROnPlateau(o, threshold_mode="least")
s.ReduceLROnPlateau(o, min_lr=[0.1])
x = s.ReduceLROnPlateau(o, patience=0, min_lr=[0, 0]); o.add_param_group({"params": [t.ones(1)]}); x.step(1); x.step(2)
x = s.ReduceLROnPlateau(o, patience=0); o.add_param_group({"params": [t.ones(1)]}); x.step(1); x.step(2); r = rates()
x = s.StepLR(o, 1); o.add_param_group({"params": [t.ones(1)]}); o.step(); x.step(); r = x.get_last_lr()
x = s.ExponentialLR(o, 0.5); o.add_param_group({"params": [t.ones(1)]}); o.step(); x.step(); r = x.get_last_lr()
s.SequentialLR(o, [], [])
s.SequentialLR(o, [s.StepLR(o, 1)], [3])
s.SequentialLR(o, [s.StepLR(o, 1), 3], [3])
s.SequentialLR(o, [s.StepLR(o, 1), s.ReduceLROnPlateau(o)], [3])
s.SequentialLR(o, [s.StepLR(t.optim.SGD([a], lr=1.0), 1)], [])
s.ChainedScheduler([])
s.ChainedScheduler([s.StepLR(o, 1), 3])
s.ChainedScheduler([s.StepLR(o, 1), s.ReduceLROnPlateau(o)])
s.ChainedScheduler([s.StepLR(t.optim.SGD([a], lr=1.0), 1)], o)
r = s.ChainedScheduler([s.StepLR(o, 1)]).get_last_lr()
x = s.ChainedScheduler([s.LinearLR(o), s.StepLR(o, 5)]); x = s.SequentialLR(o, [x, s.StepLR(o, 3)], [9]); r = go(x, 15)
x = s.SequentialLR(o, [s.LinearLR(o), s.StepLR(o, 2)], [3]); r = go(s.SequentialLR(o, [x, s.StepLR(o, 3)], [9]), 9)
l = t.tensor(0.5); o = t.optim.SGD([a], l); x = s.ExponentialLR(o, 0.5); o.step(); x.step(); r = [l, x.base_lrs]
l = t.tensor(0.5); o = t.optim.SGD([a], lr=l); x = s.LambdaLR(o, lambda e: 0.5**e); r = run(x, [None] * 3); r.append(l)
l = t.tensor(0.5); o = t.optim.SGD([a], lr=l); x = s.ReduceLROnPlateau(o, patience=0); x.step(1); x.step(1); r = l
class Own(s.LRScheduler):
    def get_lr(self): return [g["initial_lr"] / (self.last_epoch + 1) for g in self.optimizer.param_groups]
r = run(Own(o), [None, None, 7])
class Own(s._LRScheduler):
    def get_lr(self): return [1 / (self._step_count + self.last_epoch) for base in self.base_lrs]
    def _get_closed_form_lr(self): return [7.0 for base in self.base_lrs]
r = run(Own(o), [None, None, 7]) + [isinstance(Own(o), s.LRScheduler)]
class Own(s.LRScheduler):
    def get_lr(self): return [0.1]
Own(o)
"""


def programs():
    found = []
    for line in PROGRAMS.strip().splitlines():
        if line.startswith(("    ", "r = run(Own", "Own(")):
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


@pytest.mark.parametrize("program", programs())
def test_programs(program):
    ours, theirs = outcome(mg, BEGIN + program), outcome(torch, BEGIN + program)
    assert close(ours, theirs), (ours, theirs)


def close(ours, theirs):
    """Compare nested results, numbers to rounding."""
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(close(a, b) for a, b in zip(ours, theirs, strict=True))
    return ours == pytest.approx(theirs, rel=1e-6) if isinstance(ours, float) else ours == theirs
