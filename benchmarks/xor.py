"""The training step of the XOR network, written for every contestant that is installed."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[], float]

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])
RATE = 0.5


def _parameters() -> list[np.ndarray]:
    """The same start for everybody: hidden weight and bias, output weight and bias, in PyTorch's layout."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in ((4, 2), (4,), (1, 4), (1,))]


def numpy_by_hand() -> Step:
    """What one writes without a framework: gradients derived by hand, updates in place."""
    w1, b1, w2, b2 = _parameters()

    def step() -> float:
        hidden = 1 / (1 + np.exp(-(X @ w1.T + b1)))
        output = 1 / (1 + np.exp(-(hidden @ w2.T + b2)))
        difference = output - Y
        loss = (difference**2).mean()
        at_output = difference * (2 / difference.size) * output * (1 - output)
        at_hidden = at_output @ w2 * hidden * (1 - hidden)
        grads = at_hidden.T @ X, at_hidden.sum(axis=0), at_output.T @ hidden, at_output.sum(axis=0)
        for parameter, grad in zip((w1, b1, w2, b2), grads, strict=True):
            parameter -= RATE * grad
        return loss

    return step


def torch_like(torch: Any) -> Step:
    """The program as PyTorch users write it, for PyTorch and for microgradnp."""

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = torch.nn.Linear(2, 4, dtype=torch.float64)
            self.output = torch.nn.Linear(4, 1, dtype=torch.float64)
            self.activation = torch.nn.Sigmoid()

        def forward(self, x: Any) -> Any:
            return self.activation(self.output(self.activation(self.hidden(x))))

    model, criterion = Network(), torch.nn.MSELoss()
    for parameter, start in zip(model.parameters(), _parameters(), strict=True):
        parameter.data = torch.tensor(start)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    x, y = torch.tensor(X), torch.tensor(Y)

    def step() -> float:
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def mygrad(mg: Any) -> Step:
    """MyGrad has no modules and no optimizers: its tensors, and updates by hand."""
    parameters = [mg.tensor(start) for start in _parameters()]
    sigmoid = mg.nnet.activations.sigmoid

    def step() -> float:
        w1, b1, w2, b2 = parameters
        output = sigmoid(mg.matmul(sigmoid(mg.matmul(X, w1.T) + b1), w2.T) + b2)
        loss = mg.mean((output - Y) ** 2)
        loss.backward()
        for parameter in parameters:
            parameter.data -= RATE * parameter.grad
        return loss.data

    return step


def contestants() -> dict[str, Step]:
    """Everybody who is installed, by name."""
    steps = {"NumPy by hand": numpy_by_hand()}
    for name, module, build in (
        ("microgradnp", "microgradnp", torch_like),
        ("torch eager", "torch", torch_like),
        ("MyGrad", "mygrad", mygrad),
    ):
        try:
            framework = importlib.import_module(module)
        except ImportError:
            print(f"({name} is not installed)")
            continue
        if module == "torch":
            framework.set_num_threads(1)
        steps[name] = build(framework)
    return steps


def check_same_losses(steps: dict[str, Step]) -> None:
    """Before anybody is timed: from the same parameters all compute the same ten losses."""
    losses = {name: [float(step()) for _ in range(10)] for name, step in steps.items()}
    expected = losses["NumPy by hand"]
    for name, own in losses.items():
        if not all(math.isclose(a, b, rel_tol=1e-12) for a, b in zip(own, expected, strict=True)):
            raise SystemExit(f"{name} computes other losses than NumPy by hand: {own} against {expected}")
