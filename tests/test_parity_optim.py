"""Every optimizer against PyTorch's: twenty steps with each option, states both ways, mistakes, hooks."""

import copy

import numpy as np
import pytest

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
        saved["state"] = {n: {k: torch.tensor(v.numpy()) for k, v in s.items()} for n, s in saved["state"].items()}
    other.optimizer.load_state_dict(saved)
    for p, q in zip(other.params, one.params, strict=True):
        p.data = other.library.tensor(q.detach().numpy())
    other.steps, other.stream = one.steps, copy.deepcopy(one.stream)
    return other
