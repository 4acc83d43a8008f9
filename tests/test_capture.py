"""The one idea: the same forward passes, rules and updates, run on arrays that record every NumPy call."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.compiler.capture import NotCapturable, capturing
from microgradnp.compiler.interpreter import interpret

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])


def network(loss, dtype):
    mg.manual_seed(3)
    last = [nn.Sigmoid()] if not isinstance(loss, nn.BCEWithLogitsLoss) else []
    return nn.Sequential(nn.Linear(2, 4, dtype=dtype), nn.Tanh(), nn.Linear(4, 1, dtype=dtype), *last)


def training(loss, dtype, **options):
    """All tensors that a training step changes, and a function that makes one step and returns the loss."""
    model = network(loss, dtype)
    x, y = mg.tensor(X, dtype=dtype), mg.tensor(Y, dtype=dtype)
    optimizer = mg.optim.SGD(model.parameters(), lr=0.5, **options)

    def step():
        value = loss(model(x), y)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value

    def changed():
        return [*model.parameters(), *(buffer for state in optimizer.state.values() for buffer in state.values())]

    return changed, step


@pytest.mark.parametrize("loss", [nn.MSELoss(), nn.BCEWithLogitsLoss()], ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("dtype", [mg.float32, mg.float64], ids=str)
@pytest.mark.parametrize(
    "options", [{}, {"momentum": 0.9, "weight_decay": 0.01, "nesterov": True}], ids=["plain", "momentum"]
)
def test_a_replayed_training_step_is_the_eager_one_bit_for_bit(loss, dtype, options):
    eager, eager_step = training(loss, dtype, **options)
    captured, captured_step = training(loss, dtype, **options)
    for _ in range(2):  # the first step of momentum makes its buffer: what is captured is a later one
        assert eager_step().item() == captured_step().item()
    with capturing(captured()) as tape:
        output = captured_step()
    eager_step()
    assert all(isinstance(t._array, np.ndarray) for t in captured())
    for _ in range(20):
        (replayed,), _ = interpret(tape.finish((output._array,)))
        assert replayed == eager_step().item()
    for p, q in zip(eager(), captured(), strict=True):
        assert p._array.tobytes() == q._array.tobytes()


def test_the_tape_holds_nothing_but_numpy_calls():
    changed, step = training(nn.MSELoss(), mg.float64)
    step()
    with capturing(changed()) as tape:
        step()
    names = [call.function.__name__ for call in tape.program.calls]
    assert {"dot", "tanh", "subtract", "multiply"} <= set(names)
    assert all(getattr(np, name, None) is not None or name == "reduce" for name in names), names


@pytest.mark.parametrize("freeze", [float, bool, int, np.asarray, mg.Tensor.item, mg.Tensor.tolist])
def test_a_captured_value_refuses_to_be_frozen(freeze):
    w = mg.tensor(1.5, requires_grad=True)
    with capturing([w]), pytest.raises(NotCapturable, match="frozen into the replay"):
        freeze((w * 2).detach())


def test_an_exception_in_the_step_gives_the_parameters_back():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ZeroDivisionError), capturing([w]):
        (w * w).sum().backward()
        raise ZeroDivisionError
    assert isinstance(w._array, np.ndarray)
    assert w.grad is None
