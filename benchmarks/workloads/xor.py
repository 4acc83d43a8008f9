"""The training step of the XOR network, written as each contestant's users would write it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..contestants import (
    AUTOGRAD,
    COMPILED,
    EAGER,
    JAX,
    MYGRAD,
    NUMBA,
    NUMPY,
    TINYGRAD,
    TORCH,
    TORCH_COMPILE,
    framework,
)
from ..training import autograd_step, jax_step, mygrad_step, tinygrad_step, torch_step
from ..workload import Case, Limit, Step, Workload

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])
RATE = 0.5


def parameters() -> list[np.ndarray]:
    """The same start for everybody: hidden weight and bias, output weight and bias, in PyTorch's layout."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in ((4, 2), (4,), (1, 4), (1,))]


def numpy_by_hand() -> Step:
    """What one writes without a framework: gradients derived by hand, updates in place."""
    w1, b1, w2, b2 = parameters()

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


def torch_like(name: str) -> Step:
    """The program as PyTorch users write it, for PyTorch and for microgradnp."""
    torch: Any = framework("torch" if name in (TORCH, TORCH_COMPILE) else "microgradnp")

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.hidden = torch.nn.Linear(2, 4, dtype=torch.float64)
            self.output = torch.nn.Linear(4, 1, dtype=torch.float64)
            self.activation = torch.nn.Sigmoid()

        def forward(self, x: Any) -> Any:
            return self.activation(self.output(self.activation(self.hidden(x))))

    model, criterion = Network(), torch.nn.MSELoss()
    for parameter, start in zip(model.parameters(), parameters(), strict=True):
        parameter.data = torch.tensor(start)
    x, y = torch.tensor(X), torch.tensor(Y)
    return torch_step(name, lambda: criterion(model(x), y), torch.optim.SGD(model.parameters(), lr=RATE))


def jax() -> Step:
    sigmoid = framework("jax").nn.sigmoid

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        w1, b1, w2, b2 = parameters
        return ((sigmoid(sigmoid(x @ w1.T + b1) @ w2.T + b2) - y) ** 2).mean()

    return jax_step(loss, parameters(), RATE, 0, X, Y)


def mygrad() -> Step:
    mg: Any = framework("mygrad")
    sigmoid = mg.nnet.activations.sigmoid

    def loss(parameters: Any) -> Any:
        w1, b1, w2, b2 = parameters
        output = sigmoid(mg.matmul(sigmoid(mg.matmul(X, w1.T) + b1), w2.T) + b2)
        return mg.mean((output - Y) ** 2)

    return mygrad_step(loss, parameters(), RATE, 0)


def autograd() -> Step:
    anp: Any = framework("autograd.numpy")

    def loss(parameters: Any) -> Any:
        w1, b1, w2, b2 = parameters
        hidden = 1 / (1 + anp.exp(-(anp.dot(X, w1.T) + b1)))
        output = 1 / (1 + anp.exp(-(anp.dot(hidden, w2.T) + b2)))
        return anp.mean((output - Y) ** 2)

    return autograd_step(loss, parameters(), RATE, 0)


def tinygrad() -> Step:
    def loss(parameters: Any, x: Any, y: Any) -> Any:
        w1, b1, w2, b2 = parameters
        return ((((x @ w1.T + b1).sigmoid() @ w2.T + b2).sigmoid() - y) ** 2).mean()

    return tinygrad_step(loss, parameters(), RATE, 0, X, Y)


def cases() -> list[Case]:
    builders = {NUMPY: numpy_by_hand}
    builders |= {name: partial(torch_like, name) for name in (EAGER, COMPILED, NUMBA, TORCH, TORCH_COMPILE)}
    builders |= {JAX: jax, MYGRAD: mygrad, AUTOGRAD: autograd, TINYGRAD: tinygrad}
    limits = (
        Limit((EAGER,), NUMPY, 1.7),
        Limit((EAGER,), TORCH, 0.36),
        Limit((COMPILED,), NUMPY, 0.65),
        Limit((NUMBA,), NUMPY, 0.12),
    )
    return [Case("XOR", builders, tolerance=1e-12, limits=limits)]


WORKLOAD = Workload(
    "xor",
    "A training step of the XOR network",
    "2-4-1 with sigmoids, 4 samples, float64, mean squared error, SGD: all of it is overhead.",
    (NUMPY, TORCH),
    cases,
)
