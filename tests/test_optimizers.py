"""What all optimizers owe, whatever their formula: memory, layout, counts, states, what is refused."""

import copy
import math
import pickle
import tracemalloc

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import optim
from microgradnp.ops.blocks import BLOCK

KINDS = {
    "SGD": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1},
    "Adam": {"amsgrad": True, "weight_decay": 0.1, "maximize": True},
    "AdamW": {},
    "NAdam": {"weight_decay": 0.1, "decoupled_weight_decay": True},
    "RAdam": {"betas": (0.5, 0.9)},
    "Adamax": {"maximize": True},
    "Adagrad": {"initial_accumulator_value": 0.1},
    "Adadelta": {"weight_decay": 0.1},
    "RMSprop": {"centered": True, "momentum": 0.9},
    "Rprop": {"maximize": True},
    "ASGD": {"t0": 1, "weight_decay": 0.1},
}
every = pytest.mark.parametrize("kind", KINDS)


def trained(kind, array, steps=3, dtype=mg.float64, **options):
    """A parameter with these values, and its optimizer, after steps along fixed gradients."""
    p = mg.from_numpy(array).to(dtype) if isinstance(array, np.ndarray) else array
    p = p.detach().requires_grad_()
    optimizer = getattr(optim, kind)([p], **{**KINDS[kind], **options})
    step(optimizer, p, steps)
    return p, optimizer


def step(optimizer, p, steps=1, seed=1):
    stream = np.random.default_rng(seed)
    for _ in range(steps):
        p.grad = mg.tensor(stream.normal(size=tuple(p.shape)), dtype=p.dtype)
        optimizer.step()


def values(size=6):
    return np.random.default_rng(0).normal(size=size)


def tensors(optimizer):
    return [value for state in optimizer.state.values() for value in state.values()]


# A step


def adam_by_hand(p, gradients, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
        p -= lr * (m / (1 - beta1**t)) / (math.sqrt(v / (1 - beta2**t)) + eps)
    return p


def test_adam_follows_its_formula():
    p = mg.tensor([2.0], dtype=mg.float64, requires_grad=True)
    optimizer, gradients = optim.Adam([p], lr=0.1), (1.0, -3.0, 0.5, 4.0)
    for g in gradients:
        p.grad = mg.tensor([g], dtype=mg.float64)
        optimizer.step()
    assert p.item() == pytest.approx(adam_by_hand(2.0, gradients, lr=0.1), rel=1e-14)


@every
def test_numbers_do_not_depend_on_layout_or_on_the_block(kind):
    """A large parameter is updated block by block, one that is not contiguous as a whole, a small one by itself."""
    size = BLOCK + 6
    whole, _ = trained(kind, values(size))
    strided, _ = trained(kind, mg.from_numpy(np.repeat(values(size), 2))[::2])
    assert not strided.is_contiguous()
    stream, gradients = np.random.default_rng(1), []
    for _ in range(3):
        gradients.append(stream.normal(size=size))
    ends = mg.tensor(values(size)[[0, BLOCK - 1, BLOCK, -1]], requires_grad=True)
    optimizer = getattr(optim, kind)([ends], **KINDS[kind])
    for gradient in gradients:
        ends.grad = mg.tensor(gradient[[0, BLOCK - 1, BLOCK, -1]])
        optimizer.step()
    assert whole.tolist() == strided.tolist()
    assert whole[[0, BLOCK - 1, BLOCK, -1]].tolist() == ends.tolist()


@every
def test_any_shape_and_precision(kind):
    number, _ = trained(kind, np.array(values(1)[0]))
    row, _ = trained(kind, values(1))
    assert number.shape == () and [number.item()] == row.tolist()
    empty, optimizer = trained(kind, np.zeros((0, 3)))
    assert empty.shape == (0, 3) and all(t.shape in ((0, 3), ()) for t in tensors(optimizer))
    single, optimizer = trained(kind, values(), dtype=mg.float32)
    assert {t.dtype for t in tensors(optimizer)} | {single.dtype} == {mg.float32}
    np.testing.assert_allclose(single.detach().numpy(), trained(kind, values())[0].detach().numpy(), rtol=1e-4)


@every
def test_gradients_are_only_read(kind):
    p, optimizer = trained(kind, values())
    p.grad = gradient = mg.tensor(values())
    before = gradient.tolist()
    optimizer.step()
    assert p.grad is gradient and gradient.tolist() == before
    assert not any(np.shares_memory(gradient.numpy(), t.numpy()) for t in tensors(optimizer))


@every
@pytest.mark.parametrize("together", [False, True])
def test_a_step_allocates_nothing(kind, together):
    p, optimizer = trained(kind, values(3 * BLOCK), dtype=mg.float32)
    small = mg.ones(50, 40, requires_grad=True)
    if together:  # in one group, with other dtypes
        others = [small, mg.ones(50, 40, dtype=mg.float64, requires_grad=True), mg.ones(3, requires_grad=True)]
    else:
        others = [small]
    optimizer.add_param_group({"params": others})
    for other in others:
        other.grad = mg.ones_like(other)
    optimizer.step()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(3):
            optimizer.step()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 8000  # as much as one row of the small one's elements: views, numbers
    assert after - before < 4000
    assert p.grad is not None


@every
def test_arrays_may_be_replaced_between_steps(kind):
    """What a step remembers from the one before must not show: here every step is also made by a fresh optimizer."""
    rng = np.random.default_rng(5)
    params = _, a, b = [mg.tensor(rng.normal(size=(3, 2)), requires_grad=True) for _ in range(3)]
    optimizer = getattr(optim, kind)(params, **KINDS[kind])
    for i in range(8):
        for p in params:
            p.grad = mg.tensor(rng.normal(size=(3, 2)))
        if i == 2:
            a.data = mg.tensor(rng.normal(size=(3, 2)))
        if i == 3:
            for name, value in optimizer.state[b].items():
                optimizer.state[b][name] = value.clone() + 0.25 if value.ndim else value
        if i in (4, 5):
            (a, b)[i - 4].grad = None
        if i == 5:
            a.data = b.data  # the array that was updated in the last step, as another parameter's
        if i == 6:
            b.data = mg.tensor(rng.normal(size=(2, 3))).T
            optimizer.param_groups[0]["lr"] = 0.03
        others, fresh = copy.deepcopy((params, optimizer))
        for p, other in zip(params, others, strict=True):
            other.grad = None if p.grad is None else p.grad.clone()
        fresh.step()
        optimizer.step()
        for p, other in zip(params, others, strict=True):
            assert p.detach().numpy().tobytes() == other.detach().numpy().tobytes()


@every
def test_infinities_and_nans_warn_of_nothing(kind):
    p, optimizer = trained(kind, values(3))
    p.grad = mg.tensor([math.inf, math.nan, 1e300], dtype=mg.float64)
    optimizer.step()
    optimizer.step()


# Counts


def test_parameters_count_their_own_steps():
    late, early = (mg.ones(2, dtype=mg.float64, requires_grad=True) for _ in range(2))
    optimizer = optim.Adam([late, early], lr=0.1)
    for i in range(5):
        early.grad, late.grad = mg.ones_like(early), mg.ones_like(late) if i > 2 else None
        optimizer.step()
    assert [optimizer.state[p]["step"].item() for p in (early, late)] == [5, 2]
    assert late.tolist() == pytest.approx([adam_by_hand(1.0, [1.0] * 2, lr=0.1)] * 2)
    assert early.tolist() == pytest.approx([adam_by_hand(1.0, [1.0] * 5, lr=0.1)] * 2)


def test_a_group_may_mix_dtypes_and_steps():
    params = [mg.ones(2, dtype=dtype, requires_grad=True) for dtype in (mg.float32, mg.float64, mg.float32)]
    optimizer = optim.Adam(params, lr=0.1)
    for _ in range(3):
        for p in params:
            p.grad = mg.ones_like(p)
        optimizer.step()
    assert [p.dtype for p in params] == [mg.float32, mg.float64, mg.float32]
    assert params[0].tolist() == params[2].tolist() == pytest.approx(params[1].tolist())


def test_amsgrad_may_begin_later():
    p, optimizer = trained("AdamW", values())
    optimizer.param_groups[0]["amsgrad"] = True
    step(optimizer, p)
    assert "max_exp_avg_sq" in optimizer.state[p]


def test_adagrads_state_is_there_from_the_beginning():
    p, q = (mg.ones(2, requires_grad=True) for _ in range(2))
    optimizer = optim.Adagrad([p], initial_accumulator_value=0.5)
    assert {name: value.tolist() for name, value in optimizer.state[p].items()} == {"step": 0, "sum": [0.5, 0.5]}
    optimizer.add_param_group({"params": [q], "initial_accumulator_value": 7.0})
    q.grad = mg.ones(2)
    optimizer.step()
    assert optimizer.state[q]["sum"].tolist() == [1.5, 1.5]  # as PyTorch's: from the default


# State


@every
def test_training_goes_on_from_a_state_dict_which_shares_nothing(kind):
    p, optimizer = trained(kind, values())
    saved = optimizer.state_dict()
    frozen = pickle.dumps(saved)
    other = p.detach().clone().requires_grad_()
    other_optimizer = getattr(optim, kind)([other])
    other_optimizer.load_state_dict(saved)
    for a, b in zip(tensors(optimizer), tensors(other_optimizer), strict=True):
        assert not any(np.shares_memory(x.numpy(), b.numpy()) for x in (a, *saved["state"][0].values()))
    step(optimizer, p, seed=5), step(other_optimizer, other, seed=5)
    assert p.tolist() == pytest.approx(other.tolist(), rel=1e-9)  # the numbers in the state have got its dtype
    assert pickle.dumps(saved) == frozen


@every
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies_go_on_alone(kind, copied):
    p, optimizer = trained(kind, values())
    q, other = copied((p, optimizer))
    step(other, q, seed=5)
    assert p.tolist() != q.tolist()
    step(optimizer, p, seed=5)
    assert p.tolist() == q.tolist()


def test_counts_that_were_plain_numbers_become_tensors():
    p, optimizer = trained("Adam", values())
    saved = optimizer.state_dict()
    saved["state"][0]["step"] = 3
    optimizer.load_state_dict(saved)
    assert isinstance(optimizer.state[p]["step"], mg.Tensor) and optimizer.state[p]["step"].item() == 3
    step(optimizer, p)


def test_a_users_state_may_have_any_shape():
    class Rows(optim.Optimizer):
        def step(self):
            for p in self.param_groups[0]["params"]:
                self.state[p]["rows"] = mg.ones(7)
                self.state[p]["more"] = {"pair": [mg.ones(3, dtype=mg.float64), 5]}

    p = mg.ones(2, 2, requires_grad=True)
    optimizer = Rows([p], {})
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    assert optimizer.state[p]["rows"].shape == (7,)
    assert optimizer.state[p]["more"]["pair"][0].dtype == mg.float32  # its parameter's
    with pytest.raises(ValueError, match=r"'exp_avg' of parameter 0 has shape \(7,\)"):
        saved = trained("Adam", values())[1].state_dict()
        saved["state"][0]["exp_avg"] = mg.ones(7)
        trained("Adam", values())[1].load_state_dict(saved)


# What is refused

REFUSED = [
    *[(kind, {"lr": bad}, f"Invalid learning rate: {bad}") for kind in KINDS for bad in (-0.1, math.nan, math.inf)],
    *[(kind, {"weight_decay": -1.0}, "Invalid weight_decay value: -1.0") for kind in KINDS if kind != "Rprop"],
    *[(kind, {"eps": math.nan}, "Invalid epsilon value") for kind in KINDS if kind not in ("SGD", "Rprop", "ASGD")],
    *[
        (kind, {"betas": betas}, f"Invalid beta parameter at index {i}: .*; it must be in")
        for kind in ("Adam", "AdamW", "NAdam", "RAdam", "Adamax")
        for i, betas in enumerate([(1.0, 0.9), (0.9, -0.1)])
    ],
    ("Adam", {"betas": (0.9, math.nan)}, "Invalid beta parameter at index 1: nan"),
    ("NAdam", {"momentum_decay": -1}, "Invalid momentum_decay value"),
    ("Adagrad", {"lr_decay": -1}, "Invalid lr_decay value"),
    ("Adagrad", {"initial_accumulator_value": -1}, "Invalid initial_accumulator_value value"),
    ("Adadelta", {"rho": 1.5}, "Invalid rho value: 1.5; it must be finite and at least 0 and at most 1"),
    ("RMSprop", {"alpha": -1}, "Invalid alpha value"),
    ("RMSprop", {"momentum": -1}, "Invalid momentum value"),
    ("Rprop", {"etas": (0.5, 0.9)}, "Invalid eta values: 0.5, 0.9"),
    ("ASGD", {"t0": math.nan}, "Invalid t0 value"),
    ("LBFGS", {"lr": -1}, "Invalid learning rate"),
    ("LBFGS", {"tolerance_grad": math.nan}, "Invalid tolerance_grad value"),
]


@pytest.mark.parametrize(("kind", "options", "text"), REFUSED)
def test_settings_out_of_range_are_refused_in_groups_too(kind, options, text):
    p, q = (mg.ones(1, requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match=text):
        getattr(optim, kind)([p], **options)
    if kind != "LBFGS":
        optimizer = getattr(optim, kind)([p])
        with pytest.raises(ValueError, match=text):
            optimizer.add_param_group({"params": [q], **options})
        assert len(optimizer.param_groups) == 1


@every
@pytest.mark.parametrize("rate", [math.nan, math.inf, -1.0, mg.tensor(math.nan)], ids=str)
def test_a_rate_that_has_gone_bad_is_refused_before_anything_changes(kind, rate):
    p, optimizer = trained(kind, values())
    before = p.tolist(), [t.tolist() for t in tensors(optimizer)]
    other = mg.ones(1, requires_grad=True)
    optimizer.add_param_group({"params": [other]})
    optimizer.param_groups[1]["lr"], other.grad = rate, mg.ones(1)
    with pytest.raises(ValueError, match="Invalid learning rate"):
        optimizer.step()
    assert (p.tolist(), [t.tolist() for t in tensors(optimizer)][: len(before[1])]) == before


@every
def test_options_for_other_machines(kind):
    p = mg.ones(1, requires_grad=True)
    with pytest.raises(NotImplementedError, match="differentiable=True is not supported"):
        getattr(optim, kind)([p], differentiable=True)
    if "capturable" in getattr(optim, kind)([p]).defaults:
        with pytest.raises(NotImplementedError, match="capturable=True is for CUDA graphs"):
            getattr(optim, kind)([p], capturable=True)
    if "fused" in getattr(optim, kind)([p]).defaults:
        with pytest.raises(RuntimeError, match="cannot be `True` together"):
            getattr(optim, kind)([p], fused=True, foreach=True)


# L-BFGS


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_lbfgs_finds_the_bottom_of_a_bowl(search):
    p = mg.tensor([[3.0, -2.0], [0.5, 7.0]], dtype=mg.float64, requires_grad=True)
    q = mg.tensor(4.0, dtype=mg.float64, requires_grad=True)
    optimizer = optim.LBFGS([p, q], line_search_fn=search)

    def closure():
        optimizer.zero_grad()
        loss = (mg.tensor([[1.0, 2.0], [3.0, 4.0]]) * (p - 1) ** 2).sum() + (q - p.detach().mean()) ** 2 * 0 + q**2
        loss.backward()
        return loss

    with mg.no_grad():  # the closure has gradients all the same
        first = optimizer.step(closure)
    optimizer.step(closure)
    assert first.item() == pytest.approx(closure.__call__().item() + 4 + 18 + 0.75 + 144 + 16, abs=1e-3)
    np.testing.assert_allclose(p.detach().numpy(), 1, atol=1e-5)
    assert q.item() == pytest.approx(0, abs=1e-5)


def test_lbfgs_makes_older_graphs_stale_and_leaves_unused_parameters():
    p, unused = (mg.ones(2, dtype=mg.float64, requires_grad=True) for _ in range(2))
    optimizer = optim.LBFGS([p, unused], max_iter=2)
    graph = (p * p).sum()

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert unused.tolist() == [1, 1] and p.tolist() != [1, 1]
    with pytest.raises(RuntimeError, match=r"changed by LBFGS\.step"):
        graph.backward()


def test_lbfgs_is_silent_and_its_closure_is_not():
    p = mg.tensor([1e200], dtype=mg.float64, requires_grad=True)
    optimizer = optim.LBFGS([p], lr=1e200)

    def closure():
        with pytest.warns(RuntimeWarning, match="divide by zero"):
            np.log(np.zeros(1))
        loss = (p**4).sum()  # infinite, and so is its gradient
        loss.backward()
        return loss

    assert math.isinf(optimizer.step(closure).item())


def test_lbfgs_has_one_group_and_one_line_search():
    p, q = (mg.ones(1, requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="parameter groups"):
        optim.LBFGS([{"params": [p]}, {"params": [q]}])
    optimizer = optim.LBFGS([p])
    with pytest.raises(ValueError, match="parameter groups"):
        optimizer.add_param_group({"params": [q]})
    with pytest.raises(RuntimeError, match="only 'strong_wolfe' is supported, got line_search_fn='weak'"):
        optim.LBFGS([p], line_search_fn="weak")
    with pytest.raises(TypeError, match="closure"):
        optimizer.step()
    assert optimizer.defaults["max_eval"] == 25
