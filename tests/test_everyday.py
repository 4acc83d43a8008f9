"""What programs touch in passing: devices that are not there, flags, assert_close, checkpoints, einops."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
from parity import check, outcome, programs, same

import microgradnp as mg
from microgradnp import nn
from microgradnp.testing import assert_close
from microgradnp.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential, set_checkpoint_early_stop

# Devices


@pytest.mark.parametrize(
    "source",
    programs("""
# the usual choice
r = str(t.device("cuda" if t.cuda.is_available() else "mps" if t.backends.mps.is_available() else "cpu"))

# the choice of today
r = str(t.accelerator.current_accelerator() if t.accelerator.is_available() else t.device("cpu"))

r = t.accelerator.device_count(), t.accelerator.current_accelerator()

# what may be told to a GPU that is not there
t.cuda.manual_seed(1)
t.cuda.manual_seed_all(1)
t.cuda.empty_cache()
r = t.cuda.memory_allocated(), t.cuda.max_memory_allocated(), t.cuda.memory_reserved(), t.cuda.is_bf16_supported()

# flags
t.backends.cudnn.benchmark = True
t.backends.cudnn.deterministic = True
t.backends.cuda.matmul.allow_tf32 = True
r = [t.backends.cudnn.benchmark, t.backends.cudnn.is_available(), t.backends.cudnn.version()]
with t.backends.cudnn.flags(enabled=False):
    r += [t.backends.cudnn.enabled, t.backends.cudnn.benchmark]
r += [t.backends.cudnn.enabled, t.backends.cudnn.benchmark]
t.backends.cudnn.benchmark = t.backends.cudnn.deterministic = t.backends.cuda.matmul.allow_tf32 = False

# on the CPU by name
with t.device("cpu"):
    r = str(t.ones(1).device)
"""),
)
def test_devices(source: str) -> None:
    check(source)


@pytest.mark.parametrize(
    "source",
    programs("""
t.ones(1).cuda()

t.ones(1).to("cuda")

t.ones(1).to("cuda:1", t.float64)

t.ones(1, device="cuda")

t.nn.Linear(1, 1).to("cuda")

t.nn.Linear(1, 1).cuda()

t.cuda.current_device()

t.cuda.get_device_name(0)

t.cuda.synchronize()
"""),
)
def test_what_is_not_there_is_named(source: str) -> None:
    check(f"try:\n    {source}\nexcept AssertionError as error:\n    r = str(error) != ''")
    with pytest.raises(AssertionError, match=r"'cuda.*' is not there"):
        exec(source, {"t": mg})


@pytest.mark.parametrize("device", ["mps", "xpu", mg.device("cuda", 1), 0])
def test_other_devices_are_named(device: Any) -> None:
    with pytest.raises(RuntimeError, match=r"not there|none is there"):
        mg.ones(1, device=device)
    with pytest.raises(RuntimeError, match="not there"), mg.device("mps"):
        pass


def test_a_misspelt_name_is_an_error() -> None:
    with pytest.raises(AttributeError, match="is_availabel"):
        mg.cuda.is_availabel()


# assert_close: the error, and what it says, as PyTorch says it. (A tensor is written ``T``.)

CLOSE = (
    """
1, 1.0 | 1, 1.0, check_dtype=False | 1, 2 | 0, 1 | 1.0, 0.0 | 1.0, 1.0 + 9e-8 | 1.0, 1.0 + 3e-7 | 1j, 1j + 1
1.0, 1 + 0j | True, True | True, False | None, None | None, 1 | nan, nan | nan, nan, equal_nan=True | inf, inf
inf, -inf | np.float64(1), 1.0 | np.float64(1), np.float64(2) | np.bool_(True), True | np.ones(2), np.ones(2)
np.ones(2), np.zeros(2) | np.ones(2), np.ones(2, 'f4') | [1.0], (1.0,) | [1.0], [1.0, 2.0] | [1.0], [[1.0]]
{'a': 1}, {'b': 1} | [], [] | {}, [] | {'a': T([1.0, 2.0])}, {'a': T([1.0, 3.0])}
[{'a': [T(1.0), T(2)]}], [{'a': [T(1.0), T(3)]}] | 'a', 'a' | 'ab', ['a', 'b'] | T([1.0, 2, 3]), T([1.0, 2, 4])
T([1, 2, 3]), T([1, 2, 4]) | T([True]), T([False]) | T([1.0]), T([[1.0]]) | T([1.0]), T([1.0], dtype=t.float64)
T([1.0]), T([1.0], dtype=t.float64), check_dtype=False | T([1.0]), T([1]), check_dtype=False | T(1.0), T(2.0)
T([1.0, nan]), T([1.0, 2.0]) | T([nan]), T([nan]) | T([nan]), T([nan]), equal_nan=True | T([inf]), T([inf])
T([inf, 1]), T([-inf, 1]) | T([1.0]), T([2.0]), rtol=1 | T([1.0]), T([2.0]), rtol=0, atol=0
T([1.0]), T([1.5]), rtol=0, atol=0.6 | T([1.0]), T([2.0]), msg='hello'
T([1.0]), T([2.0]), msg=lambda text: text[:9] + '...' | T([1.0, 0]), T([1.0, 1]) | T([]), T([])
T([1.0, 1]), T([1.0, 0]) | T([[1.0, 2], [3, 4]]), T([[1.0, 3], [2, 4]]).t()
T([[1.0, 2], [3, 4]]), T([[1.0, 3], [2, 4]]).t(), check_stride=True | T([1.0]), t.nn.Parameter(T([1.0]))
T([1.0]), t.nn.Parameter(T([1.0])), allow_subclasses=False | T([1.0]), None | T([1.0]), 1.0 | T([1.0]), [1.0]
1, T(1) | object(), object() | T([200], dtype=t.uint8), T([100], dtype=t.uint8) | T([1.0]), T([1 + 1.1e-5])
T([1.0]), T([1 + 1.2e-5]) | T([1.0]).half(), T([1.002]).half() | T([1.0]).half(), T([1.001]).half()
T([1.0]).double(), T([1 + 3e-7]).double() | T([1.0]), T([2.0]), check_device=False, check_layout=False
T([1.0]), T([1.0]), tolerance=1
""".strip()
    .replace("\n", " | ")
    .split(" | ")
)


@pytest.mark.parametrize("arguments", CLOSE)
def test_assert_close(arguments: str) -> None:
    torch = pytest.importorskip("torch")
    source = f"""
from math import inf, nan
import numpy as np
T = t.tensor
try:
    t.testing.assert_close({arguments})
    r = "close"
except AssertionError as error:
    r = str(error).replace("torch.", "")
"""
    assert outcome(mg, source) == outcome(torch, source)


def test_differences_of_large_integers_are_exact() -> None:
    with pytest.raises(AssertionError, match=r"absolute difference: 9223372036854775808 at index \(0,\)"):
        assert_close(mg.tensor([2**62]), mg.tensor([-(2**62)]))


def test_negative_tolerances_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        assert_close(1.0, 1.0, rtol=-1.0, atol=0.0)


# Checkpoints

BOTH = pytest.mark.parametrize("use_reentrant", [False, True])


def network() -> Any:
    mg.manual_seed(0)
    return nn.Sequential(*(layer for _ in range(4) for layer in (nn.Linear(5, 5), nn.Tanh(), nn.Dropout(0.4)))).double()


def gradients(apply: Any, order: int = 1) -> list[Any]:
    """Everything that a network gives: loss, gradients, second derivatives, and the random numbers that come next."""
    net, x = network(), mg.arange(15.0, dtype=mg.float64).reshape(3, 5).sin().requires_grad_()
    loss = apply(net, x).square().sum()
    if order == 1:
        loss.backward()
        found = [x.grad, *(p.grad for p in net.parameters())]
    else:
        wanted = [x, *net.parameters()]
        first = mg.autograd.grad(loss, wanted, create_graph=True)
        found = [*first, *mg.autograd.grad(sum((g * g.detach().cos()).sum() for g in first), wanted)]
    return [t.detach().numpy() for t in (loss, mg.rand(2), *found)]


WAYS = {
    "whole": lambda net, x, **how: checkpoint(net, x, **how),
    "parts": lambda net, x, **how: checkpoint_sequential(net, 3, x, **how),
    "within": lambda net, x, **how: checkpoint(lambda x: net[6:](checkpoint(net[:6], x, **how)), x, **how),
    "a tuple": lambda net, x, **how: sum(checkpoint(lambda x, k: (net(x) * k, net(x)), x, 2.0, **how)),
}


@BOTH
@pytest.mark.parametrize("way", WAYS)
def test_gradients_through_a_checkpoint_are_the_same_to_the_bit(way: str, use_reentrant: bool) -> None:
    plain = (lambda net, x: net(x)) if way != "a tuple" else (lambda net, x: net(x) * 2.0 + net(x))
    expected, found = gradients(plain), gradients(lambda net, x: WAYS[way](net, x, use_reentrant=use_reentrant))
    for a, b in zip(expected, found, strict=True):
        assert np.array_equal(a, b) or (way == "a tuple" and np.allclose(a, b, rtol=1e-14))


@pytest.mark.parametrize("way", ["whole", "parts", "within"])
def test_second_derivatives_through_a_checkpoint(way: str) -> None:
    expected = gradients(lambda net, x: net(x), order=2)
    found = gradients(lambda net, x: WAYS[way](net, x, use_reentrant=False), order=2)
    for a, b in zip(expected, found, strict=True):
        assert np.allclose(a, b, rtol=1e-13, atol=1e-15)


@BOTH
def test_other_random_numbers_when_the_state_is_not_kept(use_reentrant: bool) -> None:
    x = mg.ones(1000, requires_grad=True)
    out = checkpoint(nn.Dropout(0.5), x, use_reentrant=use_reentrant, preserve_rng_state=False)
    out.sum().backward()
    assert (out.detach() == x.grad).float().mean() < 0.8


@BOTH
def test_a_checkpoint_needs_less_memory(use_reentrant: bool) -> None:
    steps = [lambda x: (x * 1.01).sin().exp().tanh()] * 16

    def peak(apply: Any) -> float:
        tracemalloc.start()
        x = mg.ones(10_000, requires_grad=True)
        apply(x).sum().backward()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    def plain(x: Any) -> Any:
        for step in steps:
            x = step(x)
        return x

    assert peak(lambda x: checkpoint_sequential(steps, 4, x, use_reentrant=use_reentrant)) < 0.6 * peak(plain)


def test_a_checkpoint_within_another_keeps_nothing() -> None:
    steps = [lambda x: x.exp().sin()] * 8
    x = mg.ones(10_000, requires_grad=True)
    tracemalloc.start()
    out = checkpoint(lambda x: checkpoint_sequential(steps, 4, x, use_reentrant=False), x, use_reentrant=False)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert out.requires_grad and held < 2 * 40_000  # the result, and no argument of the parts


def test_a_graph_through_a_checkpoint_may_be_used_twice() -> None:
    x = mg.tensor([0.5, 1.0], requires_grad=True)
    y = checkpoint(lambda x: x.exp().sin(), x, use_reentrant=False).sum()
    y.backward(retain_graph=True)
    first = x.grad.clone()
    y.backward()
    assert mg.equal(x.grad, 2 * first)
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_early_stop() -> None:
    calls: list[str] = []

    def function(x: Any) -> Any:
        y = x.exp()  # saves its result
        calls.append("after exp")
        return y.exp().sum(), calls.append("end")

    for stop, expected in ((True, 3), (False, 4)):
        for how in (lambda f, x: checkpoint(f, x, use_reentrant=False, early_stop=stop),):  # noqa: B023
            calls.clear()
            how(function, mg.ones(2, requires_grad=True))[0].backward()
            assert len(calls) == expected
    calls.clear()
    with set_checkpoint_early_stop(False):
        out = checkpoint(function, mg.ones(2, requires_grad=True), use_reentrant=False)
    out[0].backward()
    assert len(calls) == 4


@pytest.mark.parametrize(
    "second",
    [lambda x: x.exp(), lambda x: x.exp().sin().exp().exp(), lambda x: x[:1].exp().sin()],
    ids=["less", "more", "another shape"],
)
def test_a_function_that_does_something_else_the_second_time(second: Any) -> None:
    runs = iter([lambda x: x.exp().sin(), second])
    out = checkpoint(lambda x: next(runs)(x), mg.ones(2, requires_grad=True), use_reentrant=False, early_stop=False)
    with pytest.raises(CheckpointError):
        out.sum().backward()


def test_an_argument_changed_in_place_is_noticed() -> None:
    scale = mg.ones(2)
    out = checkpoint(lambda x, k: (x * k).exp(), mg.ones(2, requires_grad=True), scale, use_reentrant=False)
    scale.mul_(2)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*mul_"):
        out.sum().backward()


def test_what_only_the_graph_allows() -> None:
    x = mg.ones(2, requires_grad=True)
    out = checkpoint(lambda x, k: x * k, x, use_reentrant=False, k=3.0)
    assert mg.autograd.grad(out.sum(), x)[0].tolist() == [3, 3]
    with pytest.raises(ValueError, match="Unexpected keyword arguments: k"):
        checkpoint(lambda x, k: x * k, x, use_reentrant=True, k=3.0)
    out = checkpoint(mg.exp, x, use_reentrant=True)
    with pytest.raises(RuntimeError, match=r"incompatible with autograd\.grad"):
        mg.autograd.grad(out.sum(), x)


CHECKPOINT = (
    "from {module}.utils.checkpoint import checkpoint, checkpoint_sequential, CheckpointError, noop_context_fn\n"
)


@pytest.mark.parametrize(
    "source",
    programs("""
# without a choice
x = L(1.0)
y = checkpoint(t.exp, x)
y.sum().backward()
r = y, x.grad

# nothing requires gradients
r = checkpoint(t.exp, C(1.0), use_reentrant=True)

# nothing requires gradients, with the graph
r = checkpoint(t.exp, C(1.0), use_reentrant=False)

checkpoint(t.exp, L(1.0), use_reentrant=True, k=1)

checkpoint(t.exp, L(1.0), use_reentrant=False, determinism_check="strict")

checkpoint(t.exp, L(1.0), use_reentrant=True, context_fn=lambda: noop_context_fn())

# no graph
with t.no_grad():
    r = checkpoint(t.exp, L(1.0), use_reentrant=False), checkpoint(t.exp, L(1.0), use_reentrant=True)

# results that are no tensors
r = checkpoint(lambda x: (x.exp(), 3, None), L(1.0), use_reentrant=True)

# a result that needs no gradient
a, b = checkpoint(lambda x: (x.exp(), x.detach()), L(1.0), use_reentrant=True)
a.sum().backward()
r = a.requires_grad, b.requires_grad

# contexts
seen = []
class Note:
    def __init__(self, name): self.name = name
    def __enter__(self): seen.append(self.name)
    def __exit__(self, *e): seen.append("/" + self.name)
x = L(1.0)
y = checkpoint(t.exp, x, use_reentrant=False, context_fn=lambda: (Note("first"), Note("second")))
y.sum().backward()
r = seen

# a parameter only
w = L(2.0)
y = checkpoint(lambda x: x * w, C(3.0), use_reentrant=False)
y.sum().backward()
r = w.grad

# in place on an intermediate
x = L(1.0, 2.0)
y = checkpoint(lambda x: (x * 2).exp_().mul_(x), x, use_reentrant=False)
y.sum().backward()
r = y, x.grad

# segments
x = L(1.0)
y = checkpoint_sequential([t.exp, t.sin, t.cos, t.tanh, t.exp], 2, x, use_reentrant=False)
y.sum().backward()
r = y, x.grad

# hooks
x = L(1.0)
seen = []
y = checkpoint(lambda x: x.exp(), x, use_reentrant=False)
y.register_hook(lambda g: g * 2)
x.register_hook(lambda g: seen.append(g.item()))
y.sum().backward()
r = seen, x.grad
"""),
)
def test_programs_with_checkpoints(source: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (outcome(library, CHECKPOINT.format(module=library.__name__) + source) for library in (mg, torch))
    assert same(ours, theirs)


def test_a_log_of_operations_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="debug"):
        checkpoint(mg.exp, mg.ones(1, requires_grad=True), use_reentrant=False, debug=True)


@BOTH
def test_a_compiled_step_with_a_checkpoint(use_reentrant: bool) -> None:
    def run(wrap: Any) -> list[Any]:
        mg.manual_seed(0)
        layer = nn.Linear(3, 3)
        optimizer = mg.optim.SGD(layer.parameters(), lr=0.1)

        def step(x: Any) -> Any:
            optimizer.zero_grad()
            out = checkpoint(lambda x: layer(x).tanh(), x, use_reentrant=use_reentrant, preserve_rng_state=False)
            loss = out.square().sum()
            loss.backward()
            optimizer.step()
            return loss

        step = wrap(step)
        return [step(mg.ones(2, 3, requires_grad=True)).item() for _ in range(5)]

    assert run(mg.compile) == run(lambda function: function)


# einops


def test_einops() -> None:
    einops = pytest.importorskip("einops")
    array = np.arange(24.0).reshape(2, 3, 4)
    x = mg.tensor(array, requires_grad=True)
    results = {
        "rearrange": lambda x: einops.rearrange(x, "b (h c) w -> b c (w h)", h=3),
        **{op: lambda x, op=op: einops.reduce(x, "b c w -> c", op) for op in ("min", "max", "sum", "mean", "prod")},
        "repeat": lambda x: einops.repeat(x, "b c w -> b c (w r) k", r=2, k=3),
        "einsum": lambda x: einops.einsum(x, x, "b c w, b d w -> b c d"),
        "of a list": lambda x: einops.rearrange([x, x + 1], "n b c w -> b (n c) w"),
        "pack": lambda x: einops.pack([x, x[:, 0]], "b * w")[0],
        "unpack": lambda x: einops.unpack(x, [(1,), (2,)], "b * w")[1],
    }
    for name, function in results.items():
        ours = function(x)
        assert ours.requires_grad and np.allclose(ours.detach().numpy(), function(array), rtol=1e-14), name
    (einops.rearrange(x, "b c w -> w c b") * mg.arange(24.0).reshape(4, 3, 2)).sum().backward()
    assert np.array_equal(x.grad.numpy(), np.arange(24.0).reshape(4, 3, 2).transpose(2, 1, 0))
    assert einops.reduce(x > 3, "b c w -> c", "all").tolist() == [False, True, True]
    assert einops.parse_shape(x, "b _ w") == {"b": 2, "w": 4}
    assert isinstance(einops.asnumpy(x), np.ndarray)
    assert einops.rearrange(nn.Parameter(mg.ones(2, 3)), "a b -> b a").shape == (3, 2)
    with pytest.raises(einops.EinopsError, match="expected 2 dims"):
        einops.rearrange(x, "a b -> b a")


@pytest.mark.parametrize("order", ["microgradnp, einops", pytest.param("einops, microgradnp", marks=pytest.mark.slow)])
def test_einops_knows_tensors_whichever_is_imported_first(order: str) -> None:
    pytest.importorskip("einops")
    program = f"""
import sys
before = list(sys.meta_path)
import {order.split(", ")[0]}
assert "einops" not in sys.modules or {order.startswith("einops")}
import {order.split(", ")[1]}
assert einops.rearrange(microgradnp.ones(2, 3), "a b -> b a").shape == (3, 2)
assert sys.meta_path == before
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_einops_in_a_compiled_function() -> None:
    einops = pytest.importorskip("einops")
    function = mg.compile(lambda x: einops.rearrange(x * 2, "a b -> (b a)"))
    for _ in range(4):
        assert function(mg.tensor([[1.0, 2.0], [3.0, 4.0]])).tolist() == [2, 6, 4, 8]


# Mixed precision that is off


@pytest.mark.parametrize(
    "source",
    programs("""
# a step that would be mixed on a GPU
use = t.cuda.is_available()
w = L(1.0, 2.0)
optimizer = t.optim.SGD([w], lr=0.1)
scaler = t.amp.GradScaler("cuda", enabled=use)
with t.autocast("cuda", dtype=t.float16, enabled=use):
    loss = (w * w).sum()
scaler.scale(loss).backward()
scaler.unscale_(optimizer)
r = [scaler.step(optimizer), scaler.update(), w, scaler.get_scale(), scaler.is_enabled(), scaler.state_dict()]
scaler.load_state_dict({"scale": 2.0})

# without asking
scaler = t.amp.GradScaler()
with t.amp.autocast(device_type="cuda"):
    r = C(1.0) @ C(2.0), scaler.is_enabled()

# a closure
w = L(1.0)
r = t.GradScaler(enabled=False).step(t.optim.SGD([w], lr=0.1), closure=lambda: 7)

# as a decorator
@t.autocast("cpu", enabled=False)
def double(x):
    return 2 * x
r = double(L(1.0))

# under its old names
with t.cuda.amp.autocast(enabled=False):
    r = t.cuda.amp.GradScaler(enabled=False).scale(C(1.0))

t.autocast("nonsense")

t.autocast(3)
"""),
)
def test_mixed_precision(source: str) -> None:
    check(source)


def test_mixed_precision_on_the_cpu_is_refused() -> None:
    with pytest.raises(RuntimeError, match="autocast: on the CPU"):
        mg.autocast("cpu")
    with pytest.raises(RuntimeError, match="GradScaler: on the CPU"):
        mg.amp.GradScaler("cpu")


# What programs take from PyTorch's insides


@pytest.mark.parametrize(
    "source",
    programs("""
# Variable
memory = t.zeros(2)
x = t.autograd.Variable(memory, requires_grad=True)
(3 * x).sum().backward()
t.autograd.Variable(memory)[0] = 5
r = x, x.grad, isinstance(memory, t.autograd.Variable), isinstance(3, t.autograd.Variable)

# a Variable of what was computed has no history
r = t.autograd.Variable(2 * L(1.0)), t.autograd.Variable(2 * L(1.0), requires_grad=True).is_leaf

t.autograd.Variable(3)

t.autograd.Variable(t.arange(3), requires_grad=True)

# settings for each dimension
each = t.nn.modules.utils
r = each._single(4), each._pair(2), each._pair([1, 2]), each._triple(range(3)), each._quadruple("same")

# a prefix that a wrapper has left
model = t.nn.Sequential()
model.add_module("module", t.nn.Sequential(t.nn.Linear(1, 1), t.nn.BatchNorm1d(1)))
state = model.state_dict()
t.nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
r = list(state), sorted(state._metadata.items()), str(model.module.load_state_dict(state))

# a prefix that not all names have
r = {"module.b": 1, "a": 2, "module.": 3, "module": 4}
t.nn.modules.utils.consume_prefix_in_state_dict_if_present(r, "module.")

# classes of convolutions
layers = t.nn.Conv1d(1, 1, 1), t.nn.ConvTranspose2d(1, 1, 1), t.nn.Linear(1, 1)
r = [isinstance(layer, t.nn.modules.conv._ConvNd) for layer in layers]

r = t.nn.init._calculate_fan_in_and_fan_out(t.empty(2, 3, 5)), t.version.cuda, t.version.hip, t.version.debug
"""),
)
def test_insides(source: str) -> None:
    check(source)
