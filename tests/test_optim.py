"""SGD: what a step computes, what groups and state hold, and what is refused before anything changes."""

import copy
import gc
import math
import pickle

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn, optim


def parameter(*values, dtype=mg.float64):
    return mg.tensor(list(values), dtype=dtype, requires_grad=True)


def with_gradient(p, *values):
    p.grad = mg.tensor(list(values), dtype=p.dtype)
    return p


def values(tensor):
    return tensor.detach().tolist()


# A step


def sgd_by_hand(p, gradients, lr, momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False):
    """The formula of the docstring, in Python numbers."""
    buffer = None
    for g in gradients:
        g = -g if maximize else g
        g = g + weight_decay * p
        if momentum:
            buffer = g if buffer is None else momentum * buffer + (1 - dampening) * g
            g = g + momentum * buffer if nesterov else buffer
        p = p - lr * g
    return p


OPTIONS = [
    {},
    {"maximize": True},
    {"weight_decay": 0.1},
    {"momentum": 0.9},
    {"momentum": 0.9, "dampening": 0.5},
    {"momentum": 0.9, "dampening": -0.5, "maximize": True, "weight_decay": 0.1},
    {"momentum": 0.9, "nesterov": True},
    {"momentum": 0.9, "nesterov": True, "maximize": True, "weight_decay": 0.1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options) or "plain")
def test_steps_follow_the_formula(options):
    p, gradients = parameter(2.0), (1.0, -3.0, 0.5, 4.0)
    optimizer = optim.SGD([p], lr=0.1, **options)
    for g in gradients:
        with_gradient(p, g)
        optimizer.step()
    assert p.item() == pytest.approx(sgd_by_hand(2.0, gradients, 0.1, **options), rel=1e-12)


@pytest.mark.parametrize("way", [{"foreach": True}, {"fused": True}, {"foreach": False, "fused": False}], ids=str)
def test_foreach_and_fused_change_nothing(way):
    results = []
    for options in ({}, way):
        p = with_gradient(parameter(1.0, 2.0), 0.3, 0.7)
        optim.SGD([p], lr=0.1, momentum=0.9, **options).step()
        results.append(values(p))
    assert results[0] == results[1]


def test_groups_have_settings_of_their_own_and_may_be_changed():
    a, b, c = (with_gradient(parameter(1.0), 1.0) for _ in range(3))
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5, "name": "bias"}], lr=0.1)
    optimizer.add_param_group({"params": iter([c]), "maximize": True})
    optimizer.step()
    assert [values(p) for p in (a, b, c)] == [[0.9], [0.5], [1.1]]
    optimizer.param_groups[0]["lr"] = 1.0
    optimizer.step()
    assert values(a) == pytest.approx([-0.1])
    assert optimizer.param_groups[1]["name"] == "bias"
    assert [group["momentum"] for group in optimizer.param_groups] == [0, 0, 0]


def test_a_parameter_without_gradient_is_left_alone_and_gets_no_state():
    used, unused = with_gradient(parameter(1.0), 1.0), parameter(1.0)
    optimizer = optim.SGD([used, unused], lr=0.1, momentum=0.9, weight_decay=0.1)
    optimizer.step()
    assert values(unused) == [1.0]
    assert list(optimizer.state) == [used]


@pytest.mark.parametrize(
    "rate", [np.float64(0.1), np.float32(0.1), mg.tensor(0.1, dtype=mg.float64), mg.tensor([0.1])], ids=repr
)
def test_a_rate_of_any_kind_leaves_float32_alone(rate):
    p = with_gradient(parameter(1.0, dtype=mg.float32), 1.0)
    optimizer = optim.SGD([p], lr=rate, momentum=np.float64(0.9), weight_decay=np.float64(0.5))
    optimizer.step()
    assert p.item() == pytest.approx(0.85)
    assert p.dtype == optimizer.state[p]["momentum_buffer"].dtype == mg.float32


def test_a_group_may_mix_dtypes():
    single, double = with_gradient(parameter(1.0, dtype=mg.float32), 1.0), with_gradient(parameter(1.0), 1.0)
    optimizer = optim.SGD([single, double, with_gradient(parameter(1.0, dtype=mg.float32), 1.0)], lr=0.1)
    optimizer.step()
    assert [values(p) for p in optimizer.param_groups[0]["params"]] == [[np.float32(0.9)], [0.9], [np.float32(0.9)]]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: ",".join(options) or "plain")
def test_a_parameter_may_be_a_single_number(options):
    p, q = mg.tensor(2.0, requires_grad=True), parameter(2.0, dtype=mg.float32)
    optimizer = optim.SGD([p, q], lr=0.1, **options)
    for _ in range(3):
        p.grad, q.grad = mg.tensor(0.5), mg.tensor([0.5])
        optimizer.step()
    assert [p.item()] == values(q)
    assert isinstance(p.detach().numpy(), np.ndarray)


def test_a_closure_is_evaluated_with_gradients_and_its_value_returned():
    p = parameter(3.0)
    optimizer = optim.SGD([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with mg.no_grad():
        assert optimizer.step(closure).item() == 9
    assert values(p) == [0]
    assert optimizer.step() is None


def test_a_step_is_seen_through_every_alias_and_makes_older_graphs_stale():
    p = parameter(1.0, 2.0)
    alias, optimizer = p.detach(), optim.SGD([p], lr=0.1)
    for _ in range(2):  # the second time the optimizer knows the memory already
        loss = (p * p).sum()
        loss.backward(retain_graph=True)
        optimizer.step()
        assert values(alias) == values(p)
        with pytest.raises(RuntimeError, match=r"changed by SGD\.step"):
            loss.backward()


def test_a_parameter_may_get_other_memory_between_steps():
    p = parameter(1.0)
    optimizer = optim.SGD([p], lr=0.5)
    for start in (1.0, 8.0):
        p.data = mg.tensor([start], dtype=mg.float64)
        loss = (p * p).sum()
        optimizer.zero_grad()
        loss.backward(retain_graph=True)
        optimizer.step()
        assert values(p) == [0.0]
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


def test_zero_grad_forgets_gradients_or_fills_them_with_zeros():
    p = with_gradient(parameter(1.0), 5.0)
    optimizer, gradient = optim.SGD([p], lr=0.1), p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is gradient and values(gradient) == [0]
    optimizer.zero_grad()
    assert p.grad is None
    p.grad = parameter(2.0) * 3  # a gradient with a graph of its own
    optimizer.zero_grad(set_to_none=False)
    assert not p.grad.requires_grad and values(p.grad) == [0]


# What is refused


def result_of_an_operation():
    return parameter(1.0) * 2


REFUSED = [
    (lambda p: optim.SGD([], lr=0.1), ValueError, "SGD: optimizer got an empty parameter list"),
    (
        lambda p: optim.SGD(nn.Tanh().parameters(), lr=0.1),
        ValueError,
        "used up before, or are the layers in a plain Python",
    ),
    (lambda p: optim.SGD([{"params": []}], lr=0.1), ValueError, "empty parameter list"),
    (
        lambda p: optim.SGD([p, p], lr=0.1),
        ValueError,
        r"duplicate parameters: params\[1\], of shape \(1,\), is also params\[0\]",
    ),
    (lambda p: optim.SGD([{"params": [p]}, {"params": p}]), ValueError, r"params\[0\].*is also in parameter group 0"),
    (
        lambda p: optim.SGD([p * 2], lr=0.1),
        ValueError,
        r"can't optimize a non-leaf Tensor: params\[0\], of shape \(1,\)",
    ),
    (lambda p: optim.SGD(p, lr=0.1), TypeError, "iterable of Tensors or dicts, but got Tensor: put it into a list"),
    (lambda p: optim.SGD(nn.Linear(1, 1)), TypeError, r"but got Linear: pass its .parameters\(\)"),
    (lambda p: optim.SGD([p, 3.0]), TypeError, r"can only optimize Tensors, but params\[1\] is float"),
    (lambda p: optim.SGD([{"params": {p}}]), TypeError, "organized in ordered collections"),
    (lambda p: optim.SGD([("p", p), parameter(1.0)]), ValueError, "Some param names are missing"),
    (lambda p: optim.SGD([p], lr=-0.1), ValueError, "Invalid learning rate: -0.1; it must be finite and at least 0"),
    (lambda p: optim.SGD([p], lr=math.nan), ValueError, "Invalid learning rate: nan"),
    (lambda p: optim.SGD([p], lr=math.inf), ValueError, "Invalid learning rate: inf"),
    (lambda p: optim.SGD([p], lr=mg.tensor(math.nan)), ValueError, "Invalid learning rate: nan"),
    (lambda p: optim.SGD([p], lr=mg.ones(2)), ValueError, "Tensor lr must be 1-element"),
    (lambda p: optim.SGD([p], lr="0.1"), TypeError, "SGD: lr must be a number, got str"),
    (lambda p: optim.SGD([p], momentum=-1), ValueError, "Invalid momentum value: -1.0"),
    (lambda p: optim.SGD([p], dampening=math.nan), ValueError, "Invalid dampening value: nan; it must be finite$"),
    (lambda p: optim.SGD([p], weight_decay=math.inf), ValueError, "Invalid weight_decay value: inf"),
    (lambda p: optim.SGD([p], nesterov=True), ValueError, "Nesterov momentum requires a momentum and zero dampening"),
    (lambda p: optim.SGD([p], momentum=0.9, dampening=0.1, nesterov=True), ValueError, "Nesterov"),
    (lambda p: optim.SGD([p], differentiable=True), NotImplementedError, "differentiable=True is not supported"),
    (lambda p: optim.SGD([p], foreach=True, fused=True), RuntimeError, "cannot be `True` together"),
    (lambda p: optim.SGD([p], learning_rate=0.1), TypeError, "learning_rate"),
]


@pytest.mark.parametrize(("mistake", "error", "text"), REFUSED, ids=[text[:45] for _, _, text in REFUSED])
def test_arguments_that_make_no_sense(mistake, error, text):
    with pytest.raises(error, match=text):
        mistake(parameter(1.0))


BAD_GROUPS = [
    ({"params": [parameter(1.0)], "lr": math.nan}, ValueError, "Invalid learning rate: nan"),
    ({"params": [parameter(1.0)], "momentum": -1}, ValueError, "Invalid momentum"),
    ({"params": [parameter(1.0)], "nesterov": True, "momentum": 0}, ValueError, "Nesterov"),
    ({"params": [parameter(1.0)], "differentiable": True}, NotImplementedError, "differentiable"),
    ({"params": [result_of_an_operation()]}, ValueError, "non-leaf"),
    ({"params": [("name", parameter(1.0))]}, ValueError, "all optimizer param groups should be with/without names"),
    ({"lr": 0.1}, KeyError, "params"),
    ([parameter(1.0)], TypeError, "param_group must be a dict, but got list"),
]


@pytest.mark.parametrize(("group", "error", "text"), BAD_GROUPS, ids=[text for _, _, text in BAD_GROUPS])
def test_a_bad_group_leaves_the_optimizer_as_it_was(group, error, text):
    optimizer = optim.SGD([parameter(1.0)], lr=0.1, momentum=0.9)
    before = optimizer.state_dict()
    with pytest.raises(error, match=text):
        optimizer.add_param_group(group)
    assert optimizer.state_dict() == before


# State


def trained(steps=3, **options):
    """A parameter, its optimizer, and a function that takes a step."""
    p = parameter(1.0, 2.0)
    optimizer = optim.SGD([p], lr=0.1, **(options or {"momentum": 0.9}))

    def step():
        optimizer.zero_grad()
        (p * p).sum().backward()
        optimizer.step()

    for _ in range(steps):
        step()
    return p, optimizer, step


def test_the_state_dict_has_pytorchs_layout():
    layer = nn.Linear(1, 1)
    optimizer = optim.SGD(layer.named_parameters(), lr=0.1)
    assert optimizer.state_dict() == {
        "state": {},
        "param_groups": [
            {
                "lr": 0.1, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False, "maximize": False,
                "foreach": None, "differentiable": False, "fused": None,
                "param_names": ["weight", "bias"], "params": [0, 1],
            }
        ],
    }  # fmt: skip
    p, optimizer, _ = trained(1)
    assert values(optimizer.state_dict()["state"][0]["momentum_buffer"]) == [2.0, 4.0]
    assert not np.shares_memory(optimizer.state[p]["momentum_buffer"].numpy(), p.grad.numpy())


def test_training_goes_on_from_a_state_dict_which_shares_nothing():
    p, optimizer, step = trained()
    saved = optimizer.state_dict()
    buffer = values(saved["state"][0]["momentum_buffer"])
    other, other_optimizer, other_step = trained(1, momentum=0.1)
    other.data = p.detach().clone()
    other_optimizer.load_state_dict(saved)
    step()
    assert values(saved["state"][0]["momentum_buffer"]) == buffer
    other_step()
    assert values(other) == values(p)
    assert values(saved["state"][0]["momentum_buffer"]) == buffer
    assert other_optimizer.param_groups[0]["momentum"] == 0.9
    assert other_optimizer.param_groups[0]["params"][0] is other


def test_settings_in_a_state_dict_are_copies_too():
    _, optimizer, _ = trained()
    optimizer.param_groups[0]["betas"] = [0.9, 0.99]
    saved = optimizer.state_dict()
    saved["param_groups"][0]["betas"][0] = 0.0
    assert optimizer.param_groups[0]["betas"] == [0.9, 0.99]
    optimizer.load_state_dict(saved)
    saved["param_groups"][0]["betas"][0] = 1.0
    assert optimizer.param_groups[0]["betas"] == [0.0, 0.99]


def test_loaded_state_takes_the_dtype_of_its_parameter():
    _, optimizer, _ = trained()
    p = parameter(1.0, 2.0, dtype=mg.float32)
    other = optim.SGD([p], lr=0.1)
    other.load_state_dict(optimizer.state_dict())
    assert other.state[p]["momentum_buffer"].dtype == mg.float32
    arrays = {
        "state": {0: {"momentum_buffer": np.ones(2, np.float32)}},
        "param_groups": optimizer.state_dict()["param_groups"],
    }
    other.load_state_dict(arrays)
    arrays["state"][0]["momentum_buffer"][:] = 7
    assert values(other.state[p]["momentum_buffer"]) == [1, 1]


def spoiled(change):
    state = trained()[1].state_dict()
    change(state)
    return state


BAD_STATES = [
    (
        lambda s: s["param_groups"].append({"params": []}),
        r"parameter groups of sizes \[1, 0\], this optimizer has \[1\]",
    ),
    (lambda s: s["param_groups"][0].update(params=[0, 1]), r"sizes \[2\], this optimizer has \[1\]"),
    (lambda s: s["param_groups"][0].update(lr=math.nan), "Invalid learning rate: nan"),
    (lambda s: s["state"].update({5: {}}), "state for parameter 5, which is in no group"),
    (
        lambda s: s["state"][0].update(momentum_buffer=mg.ones(3)),
        r"of parameter 0 has shape \(3,\), the parameter has shape \(2,\)",
    ),
    (lambda s: s["state"][0].update(momentum_buffer=mg.ones(1)), r"has shape \(1,\)"),
]


@pytest.mark.parametrize(("change", "text"), BAD_STATES, ids=[text for _, text in BAD_STATES])
def test_a_bad_state_dict_leaves_the_optimizer_as_it_was(change, text):
    _, optimizer, _ = trained(momentum=0.5)
    before, groups, state = repr(optimizer), [dict(g) for g in optimizer.param_groups], dict(optimizer.state)
    with pytest.raises(ValueError, match=text):
        optimizer.load_state_dict(spoiled(change))
    assert (repr(optimizer), [dict(g) for g in optimizer.param_groups]) == (before, groups)
    assert optimizer.state == state


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))], ids=["deepcopy", "pickle"]
)
def test_a_copied_model_and_optimizer_belong_together(copied):
    mg.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def step(model, optimizer):
        optimizer.zero_grad()
        model(mg.ones(3, 2)).sum().backward()
        optimizer.step()

    step(model, optimizer)
    other_model, other_optimizer = copied((model, optimizer))
    step(other_model, other_optimizer)
    assert values(other_model.weight) != values(model.weight)
    step(model, optimizer)
    assert values(other_model.weight) == values(model.weight)


def test_repr():
    _, optimizer, _ = trained()
    assert repr(optimizer) == (
        "SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n    foreach: None\n    fused: None\n"
        "    lr: 0.1\n    maximize: False\n    momentum: 0.9\n    nesterov: False\n    weight_decay: 0\n)"
    )


def test_an_optimizer_in_pytorchs_manner():
    class SignDescent(optim.Optimizer):
        def __init__(self, params, size):
            super().__init__(params, {"size": size})

        def step(self):
            for group in self.param_groups:
                for p in group["params"]:
                    state = self.state[p]
                    state["step"] = state.get("step", 0) + 1
                    p.data.add_(p.grad.sign() * -group["size"])

    p = with_gradient(parameter(1.0, 2.0), 5.0, -5.0)
    optimizer = SignDescent([p], size=0.5)
    optimizer.step()
    assert values(p) == [0.5, 2.5]
    optimizer.load_state_dict(optimizer.state_dict())
    assert optimizer.state[p] == {"step": 1}


# Memory


def test_training_xor_leaves_no_cycles():
    model = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid())
    x, y = mg.tensor([[0.0, 0], [0, 1], [1, 0], [1, 1]]), mg.tensor([[0.0], [1], [1], [0]])
    loss, optimizer = (
        nn.MSELoss(),
        optim.SGD(model.parameters(), lr=0.5, momentum=0.9, weight_decay=0.01, nesterov=True),
    )

    def train(steps):
        for _ in range(steps):
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()

    gc.collect()
    gc.disable()
    try:
        train(10)
        before = len(gc.get_objects())
        train(2000)
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()
