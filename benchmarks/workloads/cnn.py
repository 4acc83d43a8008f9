"""The training step of a small convolutional network: where the time goes into products and into moving memory."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import numpy as np

from ..contestants import COMPILED, EAGER, JAX, NUMBA, NUMPY, TORCH, TORCH_COMPILE, framework
from ..training import descend, jax_step, torch_step
from ..workload import Builder, Case, Limit, Step, Workload

RATE, MOMENTUM = 0.01, 0.9
BATCH, SIZE, CHANNELS, CLASSES = 64, 28, (1, 16, 32), 10
FEATURES = CHANNELS[-1] * (SIZE // 4) ** 2


def builders() -> dict[str, Builder]:
    names = (EAGER, COMPILED, NUMBA, TORCH, TORCH_COMPILE)
    return {NUMPY: numpy_by_hand} | {name: partial(torch_like, name) for name in names} | {JAX: jax}


def parameters() -> list[np.ndarray]:
    """Weight and bias of each layer, in PyTorch's layout: the same start for everybody."""
    rng, start = np.random.default_rng(0), []
    kernels = [(o, i, 3, 3) for i, o in itertools.pairwise(CHANNELS)]
    for shape in (*kernels, (CLASSES, FEATURES)):
        start.append(rng.normal(0, np.sqrt(2 / np.prod(shape[1:])), shape).astype(np.float32))
        start.append(np.zeros(shape[0], np.float32))
    return start


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(BATCH, CHANNELS[0], SIZE, SIZE)).astype(np.float32)
    return x, rng.integers(CLASSES, size=BATCH)


# NumPy by hand


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


def blocks(x: np.ndarray) -> np.ndarray:
    """A view of 2 x 2 pixels each: (n, channels, height / 2, 2, width / 2, 2)."""
    n, channels, height, width = x.shape
    return x.reshape(n, channels, height // 2, 2, width // 2, 2)


def numpy_by_hand() -> Step:
    """What a good NumPy programmer writes: columns that both passes use, in place where it is natural."""
    x, y = data()
    start = parameters()
    velocities = [np.zeros_like(p) for p in start]
    *kernels, (head, head_bias) = zip(start[::2], start[1::2], strict=True)
    rows = np.arange(BATCH)

    def step() -> float:
        pooled, seen, activations = [x], [], []
        for w, b in kernels:
            seen.append(columns(pooled[-1]))
            out = w.reshape(len(w), -1) @ seen[-1]
            out += b[:, None]
            np.maximum(out, 0, out=out)
            activations.append(out.reshape(BATCH, len(w), *pooled[-1].shape[2:]))
            tall = np.maximum(activations[-1][:, :, ::2], activations[-1][:, :, 1::2])
            pooled.append(np.maximum(tall[..., ::2], tall[..., 1::2]))
        features = pooled[-1].reshape(BATCH, -1)
        logits = features @ head.T + head_bias
        logits -= logits.max(axis=1, keepdims=True)
        exps = np.exp(logits)
        totals = exps.sum(axis=1, keepdims=True)
        loss = (np.log(totals[:, 0]) - logits[rows, y]).mean()
        delta = exps / totals
        delta[rows, y] -= 1
        delta /= BATCH
        grads = [delta.T @ features, delta.sum(axis=0)]
        delta = (delta @ head).reshape(pooled[-1].shape)
        for i in reversed(range(len(kernels))):
            w, _ = kernels[i]
            delta *= pooled[i + 1] > 0  # where the largest is 0, ReLU has cut it off
            largest = blocks(activations[i]) == pooled[i + 1][:, :, :, None, :, None]
            out = (largest * delta[:, :, :, None, :, None]).reshape(BATCH, len(w), -1)
            grads[:0] = (out @ seen[i].transpose(0, 2, 1)).sum(axis=0).reshape(w.shape), out.sum(axis=(0, 2))
            if i:
                delta = summed(w.reshape(len(w), -1).T @ out, pooled[i].shape)
        descend(start, grads, velocities, RATE, MOMENTUM)
        return loss

    return step


# Frameworks


def torch_like(name: str) -> Step:
    """The program as PyTorch users write it, for PyTorch and for microgradnp."""
    torch: Any = framework("torch" if name in (TORCH, TORCH_COMPILE) else "microgradnp")
    nn, layers = torch.nn, []
    for inputs, outputs in itertools.pairwise(CHANNELS):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(FEATURES, CLASSES))
    for parameter, start in zip(model.parameters(), parameters(), strict=True):
        parameter.data = torch.tensor(start)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM)
    return torch_step(
        name, lambda x, y: nn.functional.cross_entropy(model(x), y), optimizer, *map(torch.tensor, data())
    )


def jax() -> Step:
    jax: Any = framework("jax")

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        for w, b in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
            x = jax.nn.relu(jax.lax.conv(x, w, (1, 1), "SAME") + b[:, None, None])
            x = jax.lax.reduce_window(x, -jax.numpy.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")
        logarithms = jax.nn.log_softmax(x.reshape(len(x), -1) @ parameters[-2].T + parameters[-1])
        return -logarithms[jax.numpy.arange(len(y)), y].mean()

    return jax_step(loss, parameters(), RATE, MOMENTUM, *data())


def cases() -> list[Case]:
    limits = (Limit((EAGER,), NUMPY, 1.1), Limit((COMPILED, NUMBA), NUMPY, 0.85))
    return [Case("CNN", builders(), tolerance=1e-4, limits=limits)]


WORKLOAD = Workload(
    "cnn",
    "A training step of a convolutional network for images of digits",
    "Two 3x3 convolutions, 1-16-32 channels, each with ReLU and 2x2 max pooling, and a linear layer; 28x28 images, "
    "batch 64, float32, cross-entropy, SGD with momentum.",
    (NUMPY, TORCH),
    cases,
)
