"""The training step of a perceptron of some layers: the size at which products of matrices begin to count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from ..training import autograd_step, descend, jax_step, mygrad_step, tinygrad_step, torch_step
from ..workload import Builder, Case, Limit, Step, Workload

RATE, MOMENTUM = 0.01, 0.9


@dataclass(frozen=True)
class Perceptron:
    """Linear layers with ReLU between them, and cross-entropy, on made-up data; float32, SGD with momentum."""

    sizes: Sequence[int]
    batch: int

    def parameters(self) -> list[np.ndarray]:
        """Weight and bias of each layer, in PyTorch's layout: the same start for everybody."""
        rng, start = np.random.default_rng(0), []
        for inputs, outputs in zip(self.sizes, self.sizes[1:], strict=False):
            start.append(rng.normal(0, np.sqrt(2 / inputs), (outputs, inputs)).astype(np.float32))
            start.append(np.zeros(outputs, np.float32))
        return start

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(1)
        x = rng.normal(size=(self.batch, self.sizes[0])).astype(np.float32)
        return x, rng.integers(self.sizes[-1], size=self.batch)

    def builders(self) -> dict[str, Builder]:
        names = (EAGER, COMPILED, NUMBA, TORCH, TORCH_COMPILE)
        builders = {NUMPY: self.numpy_by_hand} | {name: partial(self.torch_like, name) for name in names}
        return builders | {JAX: self.jax, MYGRAD: self.mygrad, AUTOGRAD: self.autograd, TINYGRAD: self.tinygrad}

    def numpy_by_hand(self) -> Step:
        """What a good NumPy programmer writes: in place where it is natural, no buffers kept from step to step."""
        x, y = self.data()
        parameters = self.parameters()
        velocities = [np.zeros_like(p) for p in parameters]
        weights, biases = parameters[::2], parameters[1::2]
        rows = np.arange(self.batch)

        def step() -> float:
            activations = [x]
            for w, b in zip(weights[:-1], biases[:-1], strict=True):
                activations.append(np.maximum(activations[-1] @ w.T + b, 0))
            logits = activations[-1] @ weights[-1].T + biases[-1]
            logits -= logits.max(axis=1, keepdims=True)
            exps = np.exp(logits)
            totals = exps.sum(axis=1, keepdims=True)
            loss = (np.log(totals[:, 0]) - logits[rows, y]).mean()
            delta = exps / totals
            delta[rows, y] -= 1
            delta /= self.batch
            grads: list[np.ndarray] = []
            for w, h in zip(reversed(weights), reversed(activations), strict=True):
                grads[:0] = delta.T @ h, delta.sum(axis=0)
                if h is not x:
                    delta = delta @ w
                    delta *= h > 0
            descend(parameters, grads, velocities, RATE, MOMENTUM)
            return loss

        return step

    def torch_like(self, name: str) -> Step:
        """The program as PyTorch users write it, for PyTorch and for microgradnp."""
        torch: Any = framework("torch" if name in (TORCH, TORCH_COMPILE) else "microgradnp")
        layers: list[Any] = []
        for inputs, outputs in zip(self.sizes, self.sizes[1:], strict=False):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
        for parameter, start in zip(model.parameters(), self.parameters(), strict=True):
            parameter.data = torch.tensor(start)
        optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM)
        cross_entropy = torch.nn.functional.cross_entropy
        return torch_step(name, lambda x, y: cross_entropy(model(x), y), optimizer, *map(torch.tensor, self.data()))

    def jax(self) -> Step:
        jax: Any = framework("jax")

        def loss(parameters: Any, x: Any, y: Any) -> Any:
            for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
                x = jax.nn.relu(x @ w.T + b)
            logarithms = jax.nn.log_softmax(x @ parameters[-2].T + parameters[-1])
            return -logarithms[jax.numpy.arange(len(y)), y].mean()

        return jax_step(loss, self.parameters(), RATE, MOMENTUM, *self.data())

    def mygrad(self) -> Step:
        mg: Any = framework("mygrad")

        def loss(parameters: Any, x: Any, y: Any) -> Any:
            for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
                x = mg.nnet.activations.relu(mg.matmul(x, w.T) + b)
            logits = mg.matmul(x, parameters[-2].T) + parameters[-1]
            return mg.nnet.losses.softmax_crossentropy(logits, y)

        return mygrad_step(loss, self.parameters(), RATE, MOMENTUM, *self.data())

    def autograd(self) -> Step:
        anp: Any = framework("autograd.numpy")
        rows = np.arange(self.batch)

        def loss(parameters: Any, x: Any, y: Any) -> Any:
            for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
                x = anp.maximum(anp.dot(x, w.T) + b, 0)
            logits = anp.dot(x, parameters[-2].T) + parameters[-1]
            logits = logits - anp.max(logits, axis=1, keepdims=True)
            return anp.mean(anp.log(anp.sum(anp.exp(logits), axis=1)) - logits[rows, y])

        return autograd_step(loss, self.parameters(), RATE, MOMENTUM, *self.data())

    def tinygrad(self) -> Step:
        def loss(parameters: Any, x: Any, y: Any) -> Any:
            for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
                x = (x @ w.T + b).relu()
            return (x @ parameters[-2].T + parameters[-1]).sparse_categorical_crossentropy(y)

        return tinygrad_step(loss, self.parameters(), RATE, MOMENTUM, *self.data())


def cases() -> list[Case]:
    limits = (
        Limit((EAGER,), NUMPY, 1.15),
        Limit((EAGER,), TORCH, 0.8),
        Limit((COMPILED, NUMBA), NUMPY, 0.8),
    )
    return [Case("MLP", Perceptron((784, 256, 128, 10), 128).builders(), tolerance=2e-5, limits=limits)]


WORKLOAD = Workload(
    "mlp",
    "A training step of a perceptron for images of digits",
    "784-256-128-10 with ReLU, batch 128, float32, cross-entropy, SGD with momentum.",
    (NUMPY, TORCH),
    cases,
)
