"""``compile``: a replay does what the function does, bit for bit, and whatever it cannot do it refuses."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnp as mg
from microgradnp import nn
from microgradnp.compiler import NotCapturable

EXECUTORS = ["reference", "numpy"]
executors = pytest.mark.parametrize("executor", EXECUTORS)
F = nn.functional


class Training:
    """A network in training: ``step(x, y)`` makes one step and returns the loss."""

    def __init__(self, layers: Any, loss: Any, optimizer: Any, dtype: Any = mg.float64, seed: int = 0) -> None:
        mg.manual_seed(seed)
        self.model = nn.Sequential(*layers()).to(dtype)
        self.loss, self.optimizer = loss, optimizer(self.model.parameters())

    def step(self, x: Any, y: Any) -> Any:
        loss = self.loss(self.model(x), y)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss

    def memory(self) -> list[bytes]:
        """Every bit that training has changed."""
        tensors = [*self.model.parameters(), *self.model.buffers()]
        tensors += [p.grad for p in self.model.parameters() if p.grad is not None]
        tensors += [t for state in self.optimizer.state.values() for t in state.values() if isinstance(t, mg.Tensor)]
        return [t.detach().numpy().tobytes() for t in tensors]


class Apply(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


class Dropout(nn.Module):
    def forward(self, x: Any) -> Any:
        return F.dropout(x, 0.5, self.training)


def small(activation: Any = nn.Sigmoid) -> Any:
    return lambda: [nn.Linear(3, 4), activation(), nn.Linear(4, 2)]


def sgd(**options: Any) -> Any:
    return lambda parameters: mg.optim.SGD(parameters, **{"lr": 0.1, **options})


def batches(count: int, shape: tuple[int, ...] = (5, 3), dtype: Any = np.float64) -> list[tuple[Any, Any]]:
    rng = np.random.default_rng(1)
    return [
        (mg.tensor(rng.normal(size=shape).astype(dtype)), mg.tensor(rng.random((shape[0], 2)).astype(dtype)))
        for _ in range(count)
    ]


def twins(executor: str, *args: Any, **kwargs: Any) -> tuple[Training, Training, Any]:
    """The same training twice, and the compiled step of the second."""
    eager, other = Training(*args, **kwargs), Training(*args, **kwargs)
    return eager, other, mg.compile(other.step, executor=executor)


def assert_same_steps(eager: Training, compiled: Training, step: Any, data: list[tuple[Any, Any]]) -> None:
    for x, y in data:
        one, other = eager.step(x, y), step(x, y)
        assert one.detach().numpy().tobytes() == other.detach().numpy().tobytes()
        assert eager.memory() == compiled.memory()


def captured(step: Any) -> int:
    """How many variants a compiled function replays."""
    return 0 if "variant" not in step.graph() else step.graph().count("\n\nvariant") + 1


# The same numbers

LAYERS = {
    "sigmoid": F.sigmoid, "tanh": F.tanh, "relu": F.relu, "gelu": F.gelu, "silu": F.silu, "elu": F.elu,
    "softmax": lambda x: F.softmax(x, 1),
    "dropout": lambda x: F.dropout(x, 0.3),
}  # fmt: skip
LOSSES = {
    "mse": lambda out, y: F.mse_loss(out, y), "bce": lambda out, y: F.binary_cross_entropy_with_logits(out, y),
    "huber": lambda out, y: F.huber_loss(out, y, delta=0.5), "l1": lambda out, y: F.l1_loss(out, y),
    "classes": lambda out, y: F.cross_entropy(out, (y[:, 0] > 0.5).long()),
    "own": lambda out, y: ((out - y) ** 2).sum(1).sqrt().mean() + 1e-3 * out.abs().max(),
}  # fmt: skip


@executors
@settings(max_examples=15)
@given(
    names=st.lists(st.sampled_from(sorted(LAYERS)), min_size=1, max_size=3),
    loss=st.sampled_from(sorted(LOSSES)),
    options=st.sampled_from(
        [{}, {"momentum": 0.9}, {"weight_decay": 0.1}, {"momentum": 0.5, "nesterov": True}, {"maximize": True}]
    ),
    batch=st.integers(1, 7),
    width=st.integers(1, 5),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_a_replayed_step_is_the_eager_one_bit_for_bit(executor, names, loss, options, batch, width, dtype):
    def layers() -> list[Any]:
        found: list[Any] = [nn.Linear(3, width)]
        for name in names:
            found += [Apply(LAYERS[name]), nn.Linear(width, width)]
        return [*found, nn.Linear(width, 2)]

    data = batches(6, (batch, 3), dtype)
    eager, other, step = twins(executor, layers, LOSSES[loss], sgd(**options), mg.tensor(np.zeros(0, dtype)).dtype)
    mg.manual_seed(7)
    losses = [eager.step(x, y).item() for x, y in data]
    mg.manual_seed(7)
    assert losses == [step(x, y).item() for x, y in data]
    assert eager.memory() == other.memory()
    assert captured(step) == 1


@executors
def test_the_learning_rate_is_read_in_every_call(executor):
    eager, other, step = twins(executor, small(), F.mse_loss, sgd(momentum=0.9))
    for i, batch in enumerate(batches(8)):
        for training in (eager, other):
            training.optimizer.param_groups[0]["lr"] = 0.1 / (i + 1)
        assert_same_steps(eager, other, step, [batch])
    assert captured(step) == 1


@executors
def test_a_learning_rate_that_comes_back(executor):
    eager, other, step = twins(executor, small(), F.mse_loss, sgd())
    data = batches(4)
    for rate in (0.1, 0.5, 0.1, 0.1, 0.5):
        for training in (eager, other):
            training.optimizer.param_groups[0]["lr"] = rate
        assert_same_steps(eager, other, step, data)


@executors
def test_settings_that_change_the_formula_are_captured_anew(executor):
    eager, other, step = twins(executor, small(), F.mse_loss, sgd())
    assert_same_steps(eager, other, step, batches(4))
    for training in (eager, other):
        training.optimizer.param_groups[0]["weight_decay"] = 0.5
    assert_same_steps(eager, other, step, batches(4))
    assert captured(step) == 2


@executors
def test_random_numbers_are_drawn_anew(executor):
    @mg.compile(executor=executor)
    def noise(x):
        return F.dropout(x, 0.25, True), mg.rand(2), mg.randn(3) * x.mean()

    x = mg.ones(40, 50)
    mg.manual_seed(3)
    kept = [noise(x) for _ in range(6)]
    mg.manual_seed(3)
    for drops, uniform, normal in kept:
        assert drops.tolist() == F.dropout(x, 0.25, True).tolist()
        assert uniform.tolist() == mg.rand(2).tolist()
        assert normal.tolist() == (mg.randn(3) * x.mean()).tolist()
    assert abs(np.mean([(drops == 0).double().mean().item() for drops, _, _ in kept]) - 0.25) < 0.02


@executors
def test_buffers_and_in_place_writes(executor):
    mean = mg.zeros(3)

    @mg.compile(executor=executor)
    def track(x):
        mean.mul_(0.5).add_(x.mean(0))
        y = x.clone()
        y[0] = mean
        y[:, 1].add_(1)
        return y

    expected = np.zeros(3, np.float32)
    for x, _ in batches(5, (4, 3), np.float32):
        expected = expected * np.float32(0.5) + x.numpy().mean(0)
        y = track(x)
        np.testing.assert_allclose(mean.numpy(), expected, rtol=1e-6)
        np.testing.assert_array_equal(y[0].numpy(), mean.numpy() + np.array([0, 1, 0], np.float32))
        np.testing.assert_array_equal(y[1:, 1].numpy(), x[1:, 1].numpy() + 1)


@executors
def test_second_derivatives(executor):
    w = mg.tensor([0.5, -1.5], dtype=mg.float64, requires_grad=True)

    @mg.compile(executor=executor)
    def curvature(x):
        (first,) = mg.autograd.grad((w * x).sin().sum(), w, create_graph=True)
        (second,) = mg.autograd.grad((first * first).sum(), w)
        return first.detach(), second

    for x, _ in batches(4, (2,)):
        first, second = curvature(x)
        np.testing.assert_allclose(first, np.cos(w.detach() * x) * x, rtol=1e-12)
        np.testing.assert_allclose(second, -2 * np.cos(w.detach() * x) * np.sin(w.detach() * x) * x**3, rtol=1e-12)


@executors
def test_structures_of_arguments_and_results(executor):
    @mg.compile(executor=executor)
    def swap(pair, *, scale, names=("a", "b")):
        return {names[1]: pair[0] * scale, names[0]: [pair[1], 3, (pair[1] + 1,)]}

    for i in range(4):
        a, b = mg.full((2,), float(i)), mg.full((3,), -float(i))
        out = swap((a, b), scale=2.0)
        assert out["b"].tolist() == [2.0 * i] * 2
        assert out["a"][0] is b
        assert out["a"][1] == 3
        assert out["a"][2][0].tolist() == [1.0 - i] * 3


@executors
def test_gradients_of_arguments(executor):
    @mg.compile(executor=executor)
    def go(x):
        (x * x).sum().backward()

    for i in range(5):
        x = mg.full((2,), float(i), requires_grad=True)
        go(x)
        assert x.grad.tolist() == [2.0 * i] * 2
    assert x.grad is not None


@executors
def test_gradients_add_up_when_they_are_not_cleared(executor):
    w = mg.tensor([1.0, 2.0], requires_grad=True)

    @mg.compile(executor=executor)
    def go(x):
        (w * x).sum().backward()

    for i in range(1, 6):
        go(mg.ones(2))
        assert w.grad.tolist() == [i, i]


# What is guarded


@executors
def test_shapes_dtypes_and_numbers_are_captured_anew(executor):
    @mg.compile(executor=executor)
    def f(x, power):
        return x**power

    for _ in range(3):
        for x in (mg.full((2,), 3.0), mg.full((3,), 3.0), mg.full((2,), 3.0, dtype=mg.float64), mg.full((2, 1), 3.0)):
            for power in (2, 3):
                out = f(x, power)
                assert out.shape == x.shape
                assert out.dtype == x.dtype
                assert (out == 3.0**power).all().item()
    assert captured(f) == 8


@executors
def test_training_and_evaluation(executor):
    model = nn.Sequential(nn.Linear(2, 2), Dropout())
    run = mg.compile(model, executor=executor)
    x = mg.ones(50, 2)
    with mg.no_grad():
        for _ in range(2):
            model.train()
            for _ in range(4):
                assert (run(x) == 0).any().item()
            model.eval()
            for _ in range(4):
                assert run(x).tolist() == model(x).tolist()
    assert captured(run) == 2


@executors
def test_a_frozen_parameter_stays_as_it_is(executor):
    eager, other, step = twins(executor, small(), F.mse_loss, sgd())
    assert_same_steps(eager, other, step, batches(4))
    for training in (eager, other):
        training.model[0].weight.requires_grad_(False)
    assert_same_steps(eager, other, step, batches(4))


@executors
@pytest.mark.parametrize("change", ["load", "copy", "data", "module", "parameter", "hook"])
def test_what_is_changed_between_calls_is_seen(executor, change):
    eager, other, step = twins(executor, small(), F.mse_loss, sgd(momentum=0.9))
    assert_same_steps(eager, other, step, batches(4))
    state = Training(small(), F.mse_loss, sgd(), seed=5).model.state_dict()
    for training in (eager, other):
        first = training.model[0]
        if change == "load":
            training.model.load_state_dict(state)
        elif change == "copy":
            first.weight.data.copy_(state["0.weight"])
        elif change == "data":
            first.weight.data = state["0.weight"].clone()
        elif change == "module":
            training.model[1] = nn.Tanh()
        elif change == "parameter":
            first.bias = nn.Parameter(mg.ones(4, dtype=mg.float64))
        else:
            first.register_forward_hook(lambda module, args, out: out * 2)
    assert_same_steps(eager, other, step, batches(4))


@executors
def test_the_grad_mode(executor):
    w = mg.tensor([1.0, 2.0], requires_grad=True)

    @mg.compile(executor=executor)
    def f(x):
        return (w * x).detach() if mg.is_grad_enabled() else w * x + 1

    for _ in range(3):
        assert f(mg.ones(2)).tolist() == [1.0, 2.0]
        with mg.no_grad():
            assert f(mg.ones(2)).tolist() == [2.0, 3.0]


def test_too_many_variants():
    f = mg.compile(lambda x: x * 2, variants=2)
    for n in (1, 2):
        for _ in range(3):
            f(mg.ones(n))
    f(mg.ones(3))
    with pytest.raises(NotCapturable, match="captured for 2 variants"):
        f(mg.ones(3))


# What is refused, and what it leaves behind


def branches(x):
    return x * 2 if x.sum() > 0 else x


def reads(x):
    return x * x.sum().item()


def masks(x):
    return x[x > 0]


def seeds(x):
    mg.manual_seed(0)
    return x + mg.rand(3)


@pytest.mark.parametrize("function", [branches, reads, masks, seeds])
def test_what_cannot_be_captured_names_file_and_line(function):
    step = mg.compile(function)
    line = function.__code__.co_firstlineno + 1
    with pytest.raises(NotCapturable, match=rf"test_compile.py, line {line}: "):
        for _ in range(3):
            step(mg.ones(3))


@pytest.mark.parametrize("freeze", [float, bool, int, np.asarray, mg.Tensor.item, mg.Tensor.tolist])
def test_a_captured_value_refuses_to_be_frozen(freeze):
    step = mg.compile(lambda w: freeze((w * 2).detach()))
    with pytest.raises(NotCapturable, match="frozen into the replay"):
        step(mg.tensor(1.5, requires_grad=True))


def test_what_differs_from_call_to_call_is_refused():
    count = [0]

    @mg.compile
    def step(x):
        count[0] += 1
        return x * count[0]

    with pytest.raises(NotCapturable, match=r"test_compile.py, line \d+: multiply\(\): an argument is"):
        for _ in range(4):
            step(mg.ones(3))


@executors
def test_variables_around_the_function_are_guarded(executor):
    factor, x = 2.0, mg.ones(2)
    f = mg.compile(lambda: x * factor, executor=executor)
    for _ in range(3):
        assert f().tolist() == [2.0, 2.0]
    factor = 3.0
    for _ in range(3):
        assert f().tolist() == [3.0, 3.0]
    x = mg.zeros(2)
    for _ in range(3):
        assert f().tolist() == [0.0, 0.0]
    assert captured(f) == 3


def test_surroundings_that_never_stay_are_refused():
    with pytest.raises(NotCapturable, match="the variable 'i', which the function uses, has another value"):
        f = mg.compile(lambda x: x * i)
        for i in range(100):  # noqa: B007, the function uses it
            f(mg.ones(2))


def test_a_constant_that_differs_is_refused():
    rng = np.random.default_rng(0)
    step = mg.compile(lambda x: x + mg.tensor(rng.random(3)))
    with pytest.raises(NotCapturable, match="a constant of shape"):
        for _ in range(4):
            step(mg.ones(3))


def test_a_graph_that_is_needed_afterwards_is_refused():
    w = mg.ones(2, requires_grad=True)
    with pytest.raises(NotCapturable, match="requires a gradient"):
        mg.compile(lambda x: (w * x).sum())(mg.ones(2))
    with pytest.raises(NotCapturable, match="outside"):
        y = w * 2
        mg.compile(lambda: y.sum().backward())()


def test_a_tensor_that_outlives_the_call_is_refused():
    kept = []

    @mg.compile
    def step(x):
        kept.append(x * 2)

    step(mg.ones(2))
    with pytest.raises(NotCapturable, match=r"shape \(2,\) that the function makes outlives the call"):
        step(mg.ones(2))


def test_a_scheduler_inside_is_refused():
    training = Training(small(), F.mse_loss, sgd())

    def step(x, y):
        loss = training.step(x, y)
        training.optimizer.param_groups[0]["lr"] *= 0.9
        return loss

    with pytest.raises(NotCapturable, match="settings of SGD change inside"):
        mg.compile(step)(*batches(1)[0])


def test_an_exception_leaves_everything_as_it_was():
    training = Training(lambda: [nn.Linear(3, 2), Dropout()], F.mse_loss, sgd(momentum=0.9))
    x, y = batches(1)[0]
    training.step(x, y)
    before, state = training.memory(), mg.get_rng_state().tolist()

    def step(x, y):
        training.step(x, y)
        training.model[0].bias.data.zero_()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        mg.compile(step)(x, y)
    assert training.memory() == before
    assert mg.get_rng_state().tolist() == state
    assert all(isinstance(p._array, np.ndarray) for p in training.model.parameters())
    training.step(x, y)


@pytest.mark.parametrize("executor", ["numpy"])
def test_a_replay_checks_what_the_function_checks(executor):
    table = mg.arange(12.0).reshape(4, 3)
    lookup = mg.compile(lambda k: F.embedding(k, table), executor=executor)
    for _ in range(3):
        lookup(mg.tensor([0, 3]))
    with pytest.raises(IndexError, match="index 4 is out of bounds"):
        lookup(mg.tensor([0, 4]))


# Between calls


@executors
def test_returned_tensors_are_safe_to_keep(executor):
    eager, _, step = twins(executor, small(), F.mse_loss, sgd())
    data = batches(6)
    kept = [step(x, y) for x, y in data]
    assert [loss.item() for loss in kept] == [eager.step(x, y).item() for x, y in data]


def test_a_graph_from_before_a_replay_is_stale():
    training = Training(small(), F.mse_loss, sgd())
    step = mg.compile(training.step)
    for x, y in batches(3):
        step(x, y)
    loss = training.loss(training.model(x), y)
    step(x, y)
    with pytest.raises(RuntimeError, match="a compiled step"):
        loss.backward()


def test_ten_thousand_replays_leave_nothing_behind():
    training = Training(small(), F.mse_loss, sgd(momentum=0.9))
    step = mg.compile(training.step)
    x, y = batches(1)[0]
    for _ in range(5):
        step(x, y)
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(10_000):
            step(x, y)
        assert len(gc.get_objects()) <= before + 5
    finally:
        gc.enable()


def test_other_threads_are_not_captured():
    import threading

    seen = []

    def other():
        w = mg.ones(2, requires_grad=True)
        (w * 2).sum().backward()
        seen.append((type(w._array), w.grad.tolist()))

    @mg.compile
    def step(x):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        return x * 2

    step(mg.ones(2))
    assert seen == [(np.ndarray, [2.0, 2.0])]


def test_it_is_a_decorator_and_a_module():
    @mg.compile
    def doubled(x):
        """Twice."""
        return x * 2

    assert doubled.__name__ == "doubled"
    assert doubled.__doc__ == "Twice."
    model = nn.Linear(2, 2)
    assert len(list(mg.compile(model).parameters())) == 2
    assert mg.compile(model, disable=True) is model


@pytest.mark.parametrize(
    "arguments, error, text",
    [
        ({"executor": "cuda"}, ValueError, "executor must be one of"),
        ({"variants": 0}, ValueError, "at least 1"),
        ({"model": 3}, TypeError, "expected a function"),
        ({"fullgraph": True}, TypeError, "fullgraph"),
    ],
)
def test_bad_arguments(arguments, error, text):
    with pytest.raises(error, match=text):
        mg.compile(**{"model": lambda: None, **arguments})


def test_a_numpy_argument_is_refused():
    with pytest.raises(NotCapturable, match="pass a tensor"):
        mg.compile(lambda x: mg.tensor(x))(np.ones(2))
