"""Schedulers: rates are those of the optimizer; warnings, states, schedulers of one's own."""

import copy
import math
import pickle

import pytest

import microgradnp as mg
from microgradnp import optim
from microgradnp.optim import lr_scheduler as schedulers

MAKERS = {
    "lambda": lambda o: schedulers.LambdaLR(o, lambda epoch: 0.9**epoch),
    "multiplicative": lambda o: schedulers.MultiplicativeLR(o, lambda epoch: 0.9),
    "step": lambda o: schedulers.StepLR(o, 2),
    "multistep": lambda o: schedulers.MultiStepLR(o, [2, 4]),
    "constant": lambda o: schedulers.ConstantLR(o),
    "linear": lambda o: schedulers.LinearLR(o),
    "exponential": lambda o: schedulers.ExponentialLR(o, 0.9),
    "polynomial": lambda o: schedulers.PolynomialLR(o, 9),
    "cosine": lambda o: schedulers.CosineAnnealingLR(o, 7),
    "restarts": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 3, 2),
    "cyclic": lambda o: schedulers.CyclicLR(o, 0.01, 0.1, 3),
    "one cycle": lambda o: schedulers.OneCycleLR(o, 0.1, 20),
    "sequential": lambda o: schedulers.SequentialLR(
        o, [schedulers.LinearLR(o), schedulers.ExponentialLR(o, 0.9)], milestones=[4]
    ),
    "chained": lambda o: schedulers.ChainedScheduler([schedulers.LinearLR(o), schedulers.StepLR(o, 2)]),
}
every = pytest.mark.parametrize("name", MAKERS)


def made(name, **options):
    optimizer = optim.SGD([mg.ones(1, requires_grad=True)], **{"lr": 0.1, "momentum": 0.9, **options})
    return optimizer, MAKERS[name](optimizer)


def go(optimizer, scheduler, steps):
    rates = []
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        rates.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
    return rates


@every
def test_a_state_shares_nothing_and_goes_on(name):
    optimizer, scheduler = made(name)
    go(optimizer, scheduler, 5)
    saved, rates = (scheduler.state_dict(), optimizer.state_dict()), optimizer.param_groups[0]["lr"]
    frozen = copy.deepcopy(saved)
    assert scheduler.get_last_lr() == [rates] and "optimizer" not in saved[0]
    mutable = [name for name, value in saved[0].items() if isinstance(value, (list, dict))]
    assert mutable and all(saved[0][name] is not vars(scheduler)[name] for name in mutable)
    expected = go(optimizer, scheduler, 8)
    assert saved == frozen
    other, other_scheduler = made(name)
    other_scheduler.load_state_dict(saved[0])
    other.load_state_dict(saved[1])
    assert go(other, other_scheduler, 8) == expected
    assert saved == frozen


@every
def test_rates_are_plain_numbers_and_never_bad(name):
    optimizer, scheduler = made(name)
    for rate, momentum in go(optimizer, scheduler, 18):
        assert type(rate) is float and 0 <= rate < math.inf and type(momentum) is float


@pytest.mark.parametrize("function", [math.exp, lambda epoch: 0.5, "abc".index], ids=["builtin", "lambda", "method"])
def test_functions_have_no_state(function):
    optimizer = optim.SGD([mg.ones(1, requires_grad=True)], lr=0.1)
    scheduler = schedulers.MultiplicativeLR(optimizer, function)
    saved = scheduler.state_dict()
    assert saved["lr_lambdas"] == [None]
    scheduler.load_state_dict(saved)
    assert scheduler.lr_lambdas == [function]


def test_milestones_come_back_from_a_file():
    optimizer, scheduler = made("multistep")
    saved = scheduler.state_dict()
    scheduler.load_state_dict({**saved, "milestones": dict(saved["milestones"])})
    with pytest.warns(UserWarning, match="epoch parameter"):
        optimizer.step(), scheduler.step(3)
    assert scheduler.get_last_lr() == pytest.approx([0.01])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_an_optimizer_and_its_scheduler_are_copied_together(copied):
    optimizer, scheduler = made("one cycle")
    go(optimizer, scheduler, 5)
    other, other_scheduler = copied((optimizer, scheduler))
    assert other_scheduler.optimizer is other
    assert go(other, other_scheduler, 5) == go(optimizer, scheduler, 5)


def test_rounding_does_not_make_a_rate_negative():
    for steps in range(1, 60):
        optimizer = optim.SGD([mg.ones(1, requires_grad=True)], lr=0.1)
        scheduler = schedulers.LinearLR(optimizer, 1 / 3, 0.0, total_iters=steps)
        for _ in range(steps + 1):
            optimizer.step()
            scheduler.step()
        assert scheduler.get_last_lr()[0] == pytest.approx(0, abs=1e-15)


def test_the_order_of_steps():
    optimizer, scheduler = made("step")
    with pytest.warns(UserWarning, match=r"lr_scheduler.step\(\) before optimizer.step\(\)") as caught:
        scheduler.step()
    assert caught[0].filename == __file__
    optimizer, scheduler = made("step")
    optimizer.step = lambda: None
    optimizer.step()
    with pytest.warns(UserWarning, match=r"optimizer.step has been replaced"):
        scheduler.step()
    with pytest.warns(UserWarning, match="epoch parameter"):
        scheduler.step(7)
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()


def test_a_rate_that_is_a_tensor_is_filled():
    rate = mg.tensor(0.5)
    optimizer = optim.SGD([mg.ones(1, requires_grad=True)], lr=rate)
    scheduler = schedulers.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    (last,) = scheduler.get_last_lr()
    assert optimizer.param_groups[0]["lr"] is rate and rate.item() == last.item() == 0.25
    assert last is not rate and scheduler.base_lrs[0].item() == 0.5


def test_a_bad_rate_of_a_users_is_refused_by_the_optimizer():
    p = mg.ones(1, requires_grad=True)
    p.grad = mg.ones(1)
    optimizer = optim.SGD([p], lr=0.1)
    scheduler = schedulers.LambdaLR(optimizer, lambda epoch: 1.0 - epoch)
    for _ in range(2):
        optimizer.step()
        scheduler.step()
    with pytest.raises(ValueError, match=r"Invalid learning rate: -0\.1"):
        optimizer.step()


def test_a_scheduler_of_ones_own():
    class Root(schedulers.LRScheduler):
        def get_lr(self):
            return [base / math.sqrt(self.last_epoch + 1) for base in self.base_lrs]

    optimizer = optim.Adam([mg.ones(1, requires_grad=True)], lr=1.0)
    scheduler = Root(optimizer)
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    assert scheduler.get_last_lr() == [0.5]
    with pytest.raises(NotImplementedError, match=r"LRScheduler must define get_lr\(\)"):
        schedulers.LRScheduler(optimizer)


def test_plateau_waits_and_cools_down():
    optimizer = optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0)
    scheduler = schedulers.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1, min_lr=0.2)
    rates = []
    for loss in (3.0, mg.tensor(2.0), 2.0, 2.0, 2.0, 2.0, 2.0, math.nan, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0):
        scheduler.step(loss)
        rates += scheduler.get_last_lr()
    assert rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2]
    assert scheduler.best == 1.0
