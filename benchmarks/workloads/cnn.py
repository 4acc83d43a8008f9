"""The training step of a small convolutional network: where the time goes into products and into moving memory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..contestants import COMPILED, EAGER, JAX, NUMBA, NUMPY, TORCH, TORCH_COMPILE, framework
from ..training import descend, jax_step, torch_step
from ..workload import Builder, Case, Limit, Step, Workload

RATE, MOMENTUM = 0.01, 0.9
CLASSES = 10


def columns(x: np.ndarray) -> np.ndarray:
    """The 3 x 3 neighbourhoods of all pixels, as columns: (n, channels * 9, pixels)."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    seen = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    return seen.transpose(0, 1, 4, 5, 2, 3).reshape(len(x), -1, x.shape[2] * x.shape[3])


def summed(seen: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The transpose of ``columns``: each column added to the pixels that it was taken from."""
    n, channels, height, width = shape
    seen = seen.reshape(n, channels, 3, 3, height, width)
    padded = np.zeros((n, channels, height + 2, width + 2), seen.dtype)
    for i in range(3):
        for j in range(3):
            padded[:, :, i : i + height, j : j + width] += seen[:, :, i, j]
    return padded[:, :, 1:-1, 1:-1]


def doubled(x: np.ndarray) -> np.ndarray:
    """Each pixel as 2 x 2 pixels."""
    return x.repeat(2, axis=2).repeat(2, axis=3)


@dataclass(frozen=True)
class Convolutional:
    """3 x 3 convolutions with ReLU and 2 x 2 max pooling, a linear layer, and cross-entropy; float32, SGD, momentum."""

    channels: Sequence[int]
    size: int
    batch: int

    @property
    def features(self) -> int:
        """What the linear layer is given: the channels of all pixels that are left."""
        return self.channels[-1] * (self.size // 2 ** (len(self.channels) - 1)) ** 2

    def parameters(self) -> list[np.ndarray]:
        """Weight and bias of each layer, in PyTorch's layout: the same start for everybody."""
        rng, start = np.random.default_rng(0), []
        kernels = [(outputs, inputs, 3, 3) for inputs, outputs in itertools.pairwise(self.channels)]
        for shape in (*kernels, (CLASSES, self.features)):
            start.append(rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32))
            start.append(np.zeros(shape[0], np.float32))
        return start

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(1)
        x = rng.normal(size=(self.batch, self.channels[0], self.size, self.size)).astype(np.float32)
        return x, rng.integers(CLASSES, size=self.batch)

    def builders(self) -> dict[str, Builder]:
        names = (EAGER, COMPILED, NUMBA, TORCH, TORCH_COMPILE)
        frameworks = {name: partial(self.torch_like, name) for name in names}
        return {NUMPY: self.numpy_by_hand} | frameworks | {JAX: self.jax}

    def numpy_by_hand(self) -> Step:
        """What a good NumPy programmer writes: columns that both passes use, in place where it is natural."""
        x, y = self.data()
        parameters = self.parameters()
        velocities = [np.zeros_like(p) for p in parameters]
        *kernels, (head, head_bias) = zip(parameters[::2], parameters[1::2], strict=True)
        n, rows = self.batch, np.arange(self.batch)

        def step() -> float:
            pooled, seen, activations = [x], [], []
            for w, b in kernels:
                seen.append(columns(pooled[-1]))
                out = w.reshape(len(w), -1) @ seen[-1]
                out += b[:, None]
                np.maximum(out, 0, out=out)
                activations.append(out.reshape(n, len(w), *pooled[-1].shape[2:]))
                tall = np.maximum(activations[-1][:, :, ::2], activations[-1][:, :, 1::2])
                pooled.append(np.maximum(tall[..., ::2], tall[..., 1::2]))
            features = pooled[-1].reshape(n, -1)
            logits = features @ head.T + head_bias
            logits -= logits.max(axis=1, keepdims=True)
            exps = np.exp(logits)
            totals = exps.sum(axis=1, keepdims=True)
            loss = (np.log(totals[:, 0]) - logits[rows, y]).mean()
            delta = exps / totals
            delta[rows, y] -= 1
            delta /= n
            grads = [delta.T @ features, delta.sum(axis=0)]
            delta = (delta @ head).reshape(pooled[-1].shape)
            for i, (w, _) in reversed(list(enumerate(kernels))):
                delta *= pooled[i + 1] > 0  # where the largest is 0, ReLU has cut it off
                out = doubled(delta)
                out *= activations[i] == doubled(pooled[i + 1])
                out = out.reshape(n, len(w), -1)
                grads[:0] = (out @ seen[i].transpose(0, 2, 1)).sum(axis=0).reshape(w.shape), out.sum(axis=(0, 2))
                if i:
                    delta = summed(w.reshape(len(w), -1).T @ out, pooled[i].shape)
            descend(parameters, grads, velocities, RATE, MOMENTUM)
            return loss

        return step

    def torch_like(self, name: str) -> Step:
        """The program as PyTorch users write it, for PyTorch and for microgradnp."""
        torch: Any = framework("torch" if name in (TORCH, TORCH_COMPILE) else "microgradnp")
        nn, layers = torch.nn, []
        for inputs, outputs in itertools.pairwise(self.channels):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(self.features, CLASSES))
        for parameter, start in zip(model.parameters(), self.parameters(), strict=True):
            parameter.data = torch.tensor(start)
        optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM)
        cross_entropy = nn.functional.cross_entropy
        return torch_step(name, lambda x, y: cross_entropy(model(x), y), optimizer, *map(torch.tensor, self.data()))

    def jax(self) -> Step:
        jax: Any = framework("jax")
        largest, square = jax.lax.max, (1, 1, 2, 2)

        def loss(parameters: Any, x: Any, y: Any) -> Any:
            for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
                x = jax.nn.relu(jax.lax.conv(x, w, (1, 1), "SAME") + b[:, None, None])
                x = jax.lax.reduce_window(x, -jax.numpy.inf, largest, square, square, "VALID")
            logarithms = jax.nn.log_softmax(x.reshape(len(x), -1) @ parameters[-2].T + parameters[-1])
            return -logarithms[jax.numpy.arange(len(y)), y].mean()

        return jax_step(loss, self.parameters(), RATE, MOMENTUM, *self.data())


def cases() -> list[Case]:
    limits = (Limit((EAGER,), NUMPY, 1.1), Limit((COMPILED, NUMBA), NUMPY, 0.85))
    return [Case("CNN", Convolutional((1, 16, 32), 28, 64).builders(), tolerance=1e-4, limits=limits)]


WORKLOAD = Workload(
    "cnn",
    "A training step of a convolutional network for images of digits",
    "Two 3x3 convolutions, 1-16-32 channels, each with ReLU and 2x2 max pooling, and a linear layer; 28x28 images, "
    "batch 64, float32, cross-entropy, SGD with momentum.",
    (NUMPY, TORCH),
    cases,
)
