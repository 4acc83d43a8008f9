"""Every optimizer against PyTorch's: twenty steps with each option, states both ways, mistakes, hooks."""

import copy

import numpy as np
import pytest
from parity import outcome

import microgradnp as mg

torch = pytest.importorskip("torch")

COMMON = [{}, {"maximize": True}, {"weight_decay": 0.1}, {"lr": 0.5}, {"foreach": False}]
ADAM = [
    {"betas": (0.5, 0.7), "eps": 1e-3},
    {"amsgrad": True},
    {"amsgrad": True, "weight_decay": 0.1, "maximize": True, "lr": 0.1},
]
OPTIONS = {
    "SGD": [*COMMON, {"momentum": 0.9}, {"momentum": 0.9, "dampening": 0.5}, {"momentum": 0.9, "nesterov": True}],
    "Adam": [*COMMON, *ADAM, {"decoupled_weight_decay": True, "weight_decay": 0.1}, {"fused": False}],
    "AdamW": [*COMMON, *ADAM, {"fused": False}],
    "NAdam": [
        *COMMON,
        {"betas": (0.5, 0.7), "eps": 1e-3},
        {"momentum_decay": 0.1},
        {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "RAdam": [
        *COMMON,
        {"betas": (0.5, 0.9), "eps": 1e-3},
        {"betas": (0.9, 0.5)},
        {"weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True},
    ],
    "Adamax": [*COMMON, {"betas": (0.5, 0.7), "eps": 1e-3}],
    "Adagrad": [*COMMON, {"lr_decay": 0.1}, {"initial_accumulator_value": 0.5}, {"eps": 0.1}, {"fused": False}],
    "Adadelta": [*COMMON, {"rho": 0.5}, {"rho": 1.0}, {"eps": 0.1}],
    "RMSprop": [
        *COMMON,
        {"alpha": 0.5, "eps": 0.1},
        {"momentum": 0.9},
        {"centered": True},
        {"centered": True, "momentum": 0.5, "weight_decay": 0.1, "maximize": True},
    ],
    "Rprop": [{}, {"maximize": True}, {"lr": 0.5}, {"etas": (0.3, 1.5)}, {"step_sizes": (0.01, 0.02)}],
    "ASGD": [
        *COMMON,
        {"t0": 5},
        {"t0": 5, "lambd": 0.1, "alpha": 0.5, "weight_decay": 0.1, "maximize": True},
    ],
}  # fmt: skip
CASES = [(name, options) for name, some in OPTIONS.items() for options in some]
named = pytest.mark.parametrize(("name", "options"), CASES, ids=lambda x: x if isinstance(x, str) else str(x or ""))
SHAPES = ((4, 3), (5,), ())


class Training:
    """Three parameters in two groups, one without a gradient now and then; gradients from a fixed stream."""

    def __init__(self, library, name, options, dtype="float64"):
        self.library, self.dtype, self.stream = library, getattr(library, dtype), np.random.default_rng(0)
        self.params = [self.tensor(shape).requires_grad_() for shape in SHAPES]
        groups = [{"params": self.params[:2]}, {"params": self.params[2:], "lr": 0.02}]
        self.optimizer = getattr(library.optim, name)(groups, **options)
        self.steps = 0

    def tensor(self, shape):
        return self.library.tensor(self.stream.standard_normal(shape), dtype=self.dtype)

    def run(self, steps):
        for _ in range(steps):
            for i, p in enumerate(self.params):
                grad = self.tensor(SHAPES[i])
                p.grad = None if i == 1 and self.steps in (0, 3, 4) else grad
            self.optimizer.step()
            self.steps += 1
        return self


def assert_same(ours, theirs, tolerance):
    """Parameters, groups, and every value of the state with its name, dtype and shape."""
    for o, t in zip(ours.params, theirs.params, strict=True):
        np.testing.assert_allclose(o.detach().numpy(), t.detach().numpy(), rtol=tolerance, atol=tolerance)
    one, other = ours.optimizer.state_dict(), theirs.optimizer.state_dict()
    assert [list(group) for group in one["param_groups"]] == [list(group) for group in other["param_groups"]]
    assert one["param_groups"] == other["param_groups"]
    assert sorted(one["state"]) == sorted(other["state"])
    for number, state in one["state"].items():
        assert list(state) == list(other["state"][number])
        for key, value in state.items():
            expected = other["state"][number][key]
            assert (str(value.dtype), tuple(value.shape)) == (str(expected.dtype)[6:], tuple(expected.shape)), key
            np.testing.assert_allclose(value.numpy(), expected.numpy(), rtol=tolerance, atol=tolerance)


@named
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-6)], ids=["float64", "float32"])
def test_twenty_steps(name, options, dtype, tolerance):
    ours, theirs = (Training(library, name, options, dtype).run(20) for library in (mg, torch))
    assert_same(ours, theirs, tolerance)


@named
def test_training_goes_on_from_pytorchs_state_and_back(name, options):
    start = Training(torch, name, options).run(7)
    ours, theirs = (hand_over(start, Training(library, name, options)) for library in (mg, torch))
    assert_same(ours, theirs, 0)
    assert_same(ours.run(5), theirs.run(5), 1e-12)
    back = hand_over(ours, Training(torch, name, options))
    assert_same(ours.run(5), back.run(5), 1e-12)


def hand_over(one, other):
    """The parameters and the optimizer's state of one library, as they are, to the other's."""
    saved = one.optimizer.state_dict()
    if other.library is torch:
        saved["state"] = as_torch(saved["state"])
    other.optimizer.load_state_dict(saved)
    for p, q in zip(other.params, one.params, strict=True):
        p.data = other.library.tensor(q.detach().numpy())
    other.steps, other.stream = one.steps, copy.deepcopy(one.stream)
    return other


def as_torch(value):
    """Tensors of the other library, wherever they are."""
    if isinstance(value, (dict, list)):
        return {k: as_torch(v) for k, v in value.items()} if isinstance(value, dict) else [*map(as_torch, value)]
    return torch.tensor(value.numpy()) if isinstance(value, mg.Tensor) else value


# L-BFGS

LBFGS = [
    {},
    {"lr": 0.5},
    {"history_size": 3},
    {"max_iter": 4, "max_eval": 3},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "lr": 0.01, "max_iter": 7, "history_size": 2},
    {"line_search_fn": "strong_wolfe", "lr": 50.0, "max_eval": 9},
    {"line_search_fn": "strong_wolfe", "tolerance_change": 1e-3},
    {"line_search_fn": "strong_wolfe", "tolerance_grad": 10.0},
]


def valley(u, v):
    """The function of Rosenbrock, of two parameters in three dimensions."""
    x = u.sum() * 0.5
    return ((1 - x) ** 2 + 100 * (v - x**2) ** 2).sum()


def hill(u, v):
    """Steep and flat, with minima far away, so that a line search has to look for them."""
    return (u.sin() + 0.01 * u**2).sum() + (v**2 + 1).log().sum() + (u.sum() * v.sum()).tanh()


class Minimizing(Training):
    def __init__(self, library, function, options, dtype="float64"):
        self.library, self.dtype, self.stream = library, getattr(library, dtype), np.random.default_rng(0)
        self.params = [self.tensor(shape).requires_grad_() for shape in ((2, 2), (3,))]
        self.optimizer = library.optim.LBFGS(self.params, **options)
        self.steps, self.function, self.losses = 0, function, []

    def closure(self):
        self.optimizer.zero_grad()
        loss = self.function(*self.params)
        loss.backward()
        self.losses.append(loss.item())
        return loss

    def run(self, steps):
        return [self.optimizer.step(self.closure).item() for _ in range(steps)]


@pytest.mark.parametrize("function", [valley, hill], ids=["valley", "hill"])
@pytest.mark.parametrize("options", LBFGS, ids=str)
def test_lbfgs(function, options):
    ours, theirs = (Minimizing(library, function, options) for library in (mg, torch))
    with np.errstate(all="ignore"):
        assert ours.run(6) == pytest.approx(theirs.run(6), rel=1e-7, abs=1e-9, nan_ok=True)
    assert ours.losses == pytest.approx(theirs.losses, rel=1e-7, abs=1e-9, nan_ok=True)  # each call of the closure
    for o, t in zip(ours.params, theirs.params, strict=True):
        np.testing.assert_allclose(o.detach().numpy(), t.detach().numpy(), rtol=1e-6, atol=1e-8)
    one, other = (x.optimizer.state_dict()["state"][0] for x in (ours, theirs))
    assert {*one} == {*other} - {"al"}  # PyTorch also keeps what it only needs during a step
    assert (one["n_iter"], one["func_evals"]) == (other["n_iter"], other["func_evals"])


@pytest.mark.parametrize("options", LBFGS[4:6], ids=str)
def test_lbfgs_goes_on_from_pytorchs_state_and_back(options):
    theirs, ours = Minimizing(torch, hill, options), Minimizing(mg, hill, options)
    theirs.run(2)
    hand_over(theirs, ours)
    assert ours.run(1) == pytest.approx(theirs.run(1), rel=1e-9)
    back = Minimizing(torch, hill, options)
    hand_over(ours, back)
    assert ours.run(2) == pytest.approx(back.run(2), rel=1e-9)


# Programs

BEGIN = """
import sys
from copy import deepcopy
o = t.optim
a, b = L(1.0, 2.0), L(3.0)
a.grad, b.grad = C(0.5, -1.0), C(2.0)
sgd, module = o.SGD([a], lr=1.0), sys.modules[t.__name__ + ".optim.optimizer"]
"""
MISTAKES = """
o.{}([a], lr=-0.1)
o.{}([a], weight_decay=-0.1)
o.{}([a], eps=-1.0)
o.{}([a], betas=(1.0, 0.9))
o.{}([a], betas=(0.9, 1.5))
o.{}([a], lr=t.ones(2))
o.{}([a], lr="x")
o.{}([a], unknown=1)
o.{}([a], 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
o.{}([])
o.{}([a], fused=True, foreach=True)
x = o.{}([a], lr=t.tensor(0.25)); x.step(); r = a
x = o.{}([a]); r = (repr(x), sorted(x.defaults))
x = o.{}([("a", a), ("b", b)]); x.step(); r = [x.param_groups[0]["param_names"], a, b, list(x.state_dict())]
x = o.{}([a]); r = x.step(lambda: 3.0)
x = o.{}([a]); x.zero_grad(); x.step(); r = [a, a.grad]
x = o.{}([a]); x.step(); x.add_param_group({{"params": [b], "lr": 0.5}}); x.step(); r = [a, b]
x = o.{}([a]); x.step(); y = deepcopy(x); y.step(); r = [a, y.param_groups[0]["params"][0], len(y.state)]
x = o.{}([a]); x.step(); x.load_state_dict(x.state_dict()); x.step(); r = a
x = o.{}([a, b]); x.load_state_dict(o.{}([a]).state_dict())
x = o.{}([a, b]); x.load_state_dict(o.{}([{{"params": [a]}}, {{"params": [b]}}]).state_dict())
"""
OTHERS = """
o.Adam([a], betas=(t.tensor(0.5), t.tensor(0.75))).step(); r = a
o.NAdam([a], momentum_decay=-0.1)
o.Adagrad([a], lr_decay=-0.1)
o.Adagrad([a], initial_accumulator_value=-0.1)
o.Adadelta([a], rho=1.5)
o.Adadelta([a], rho=-0.5)
o.RMSprop([a], alpha=-0.5)
o.RMSprop([a], momentum=-0.5)
o.Rprop([a], etas=(0.5, 0.75))
o.Rprop([a], etas=(1.5, 1.75))
o.Rprop([a], etas=(0.0, 1.75))
o.LBFGS([a], lr=-1.0)
o.LBFGS([{"params": [a]}, {"params": [b]}])
o.LBFGS([a]).step()
o.LBFGS([a], line_search_fn="weak").step(lambda: (a * a).sum())
r = repr(o.LBFGS([a]))
x = o.LBFGS([a]); a.grad = C(0.0, 0.0); r = [x.step(lambda: (a * a).sum()), x.state_dict()["state"]]
x = o.Adagrad([a]); r = [[*v.items()] for v in x.state_dict()["state"].values()]
h = sgd.register_step_pre_hook(lambda *a: (1, 2, 3)); sgd.step()
h = sgd.register_step_pre_hook(lambda *a: 3); sgd.step()
r = []; sgd.register_step_post_hook(lambda *a: r.append(len(a[1]))); sgd.step(); sgd.step(closure=lambda: 1)
r = []; sgd.register_step_post_hook(lambda *a: r.extend(a[2])); sgd.step(); sgd.step(closure=lambda: 1)
sgd.register_step_pre_hook(lambda s, args, kwargs: ((s, lambda: 5), kwargs)); r = sgd.step()
sgd.register_step_pre_hook(lambda s, args, kwargs: ((lambda: 5,), kwargs)); r = sgd.step()
r = []; h = sgd.register_step_pre_hook(lambda *a: r.append(1)); h.remove(); sgd.step()
sgd.register_state_dict_post_hook(lambda s, d: {"new": 1}); r = sgd.state_dict()
sgd.register_state_dict_post_hook(lambda s, d: d.update(new=1)); r = sgd.state_dict()["new"]
sgd.register_load_state_dict_pre_hook(lambda s, d: {}); sgd.load_state_dict(sgd.state_dict())
r = []; sgd.register_load_state_dict_post_hook(lambda s: r.append(1)); sgd.load_state_dict(sgd.state_dict())
r = []; sgd.register_state_dict_pre_hook(lambda s: r.append(1)); sgd.state_dict()
r = []; h = module.register_optimizer_step_pre_hook(lambda *a: r.append(1)); sgd.step(); h.remove(); sgd.step()
r = []; h = module.register_optimizer_step_post_hook(lambda *a: r.append(1)); sgd.step(); h.remove()
x = o.Adam([a], amsgrad=True); x.step(); s = x.state_dict(); r = [[k, v] for k, v in s["state"][0].items()]
x = o.Adam([a, b]); b.grad = None; x.step(); r = [a, b, list(x.state_dict()["state"])]
"""
PER_KIND = [line.format(kind, kind) for kind in OPTIONS for line in MISTAKES.strip().splitlines()]


@pytest.mark.parametrize("program", [*PER_KIND, *OTHERS.strip().splitlines()])
def test_programs(program):
    ours, theirs = outcome(mg, BEGIN + program), outcome(torch, BEGIN + program)
    assert close(ours, theirs), (ours, theirs)


def close(ours, theirs):
    """Compare nested results, numbers to rounding."""
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(close(a, b) for a, b in zip(ours, theirs, strict=True))
    return ours == pytest.approx(theirs, rel=1e-6) if isinstance(ours, float) else ours == theirs
