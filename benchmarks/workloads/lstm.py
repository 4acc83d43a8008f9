"""The training step of a recurrent network: many small products, each of which must wait for the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..contestants import COMPILED, EAGER, JAX, NUMBA, NUMPY, TORCH, TORCH_COMPILE, framework
from ..training import adam, torch_step
from ..workload import Builder, Case, Limit, Step, Workload

RATE, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Memory:
    """An LSTM whose last state is classified by a linear layer, cross-entropy, on made-up data; float32, Adam."""

    features: int
    hidden: int
    steps: int
    batch: int
    classes: int = 10

    def parameters(self) -> list[np.ndarray]:
        """In PyTorch's layout: the same start for everybody."""
        rng, bound = np.random.default_rng(0), 1 / np.sqrt(self.hidden)
        rows = 4 * self.hidden
        shapes = [(rows, self.features), (rows, self.hidden), (rows,), (rows,)]
        shapes += [(self.classes, self.hidden), (self.classes,)]
        return [rng.uniform(-bound, bound, shape).astype(np.float32) for shape in shapes]

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(1)
        x = rng.normal(size=(self.steps, self.batch, self.features)).astype(np.float32)
        return x, rng.integers(self.classes, size=self.batch)

    def builders(self) -> dict[str, Builder]:
        names = (EAGER, COMPILED, NUMBA, TORCH, TORCH_COMPILE)
        builders = {NUMPY: self.numpy_by_hand} | {name: partial(self.torch_like, name) for name in names}
        return builders | {JAX: self.jax}

    def numpy_by_hand(self) -> Step:
        """What a good NumPy programmer writes: one product for all gates, and outside the loops one for all steps."""
        x, y = self.data()
        parameters = self.parameters()
        update = adam(parameters, RATE, BETA1, BETA2, EPS)
        w_ih, w_hh, b_ih, b_hh, w, b = parameters
        steps, batch, size = self.steps, self.batch, self.hidden
        flat_x, rows = x.reshape(steps * batch, self.features), np.arange(batch)

        def step() -> float:
            a_x = (flat_x @ w_ih.T + (b_ih + b_hh)).reshape(steps, batch, 4 * size)
            h = c = np.zeros((batch, size), np.float32)
            states, cells, gates = [h], [c], []
            for t in range(steps):
                a = a_x[t] + h @ w_hh.T
                i, f = sigmoid(a[:, :size]), sigmoid(a[:, size : 2 * size])
                g, o = np.tanh(a[:, 2 * size : 3 * size]), sigmoid(a[:, 3 * size :])
                c = f * c + i * g
                tanh_c = np.tanh(c)
                h = o * tanh_c
                states.append(h)
                cells.append(c)
                gates.append((i, f, g, o, tanh_c))
            logits = h @ w.T + b
            logits -= logits.max(axis=1, keepdims=True)
            exps = np.exp(logits)
            totals = exps.sum(axis=1, keepdims=True)
            loss = (np.log(totals[:, 0]) - logits[rows, y]).mean()

            delta = exps / totals
            delta[rows, y] -= 1
            delta /= batch
            dh, dc = delta @ w, np.zeros((batch, size), np.float32)
            da = np.empty((steps, batch, 4 * size), np.float32)
            for t in reversed(range(steps)):
                i, f, g, o, tanh_c = gates[t]
                dc += dh * o * (1 - tanh_c * tanh_c)
                da[t, :, :size] = dc * g * i * (1 - i)
                da[t, :, size : 2 * size] = dc * cells[t] * f * (1 - f)
                da[t, :, 2 * size : 3 * size] = dc * i * (1 - g * g)
                da[t, :, 3 * size :] = dh * tanh_c * o * (1 - o)
                dc *= f
                dh = da[t] @ w_hh
            flat = da.reshape(steps * batch, 4 * size)
            db = flat.sum(axis=0)
            dw_hh = flat.T @ np.concatenate(states[:-1])
            update([flat.T @ flat_x, dw_hh, db, db, delta.T @ h, delta.sum(axis=0)])
            return loss

        return step

    def torch_like(self, name: str) -> Step:
        """The program as PyTorch users write it, for PyTorch and for microgradnp."""
        torch: Any = framework("torch" if name in (TORCH, TORCH_COMPILE) else "microgradnp")
        lstm, head = torch.nn.LSTM(self.features, self.hidden), torch.nn.Linear(self.hidden, self.classes)
        parameters = [*lstm.parameters(), *head.parameters()]
        for parameter, start in zip(parameters, self.parameters(), strict=True):
            parameter.data = torch.tensor(start)
        optimizer = torch.optim.Adam(parameters, lr=RATE, betas=(BETA1, BETA2), eps=EPS)
        cross_entropy = torch.nn.functional.cross_entropy

        def forward(x: Any, y: Any) -> Any:
            _, (h, _) = lstm(x)
            return cross_entropy(head(h[-1]), y)

        return torch_step(name, forward, optimizer, *map(torch.tensor, self.data()))

    def jax(self) -> Step:
        jax: Any = framework("jax")
        jnp, size = jax.numpy, self.hidden

        def loss(parameters: Any, x: Any, y: Any) -> Any:
            w_ih, w_hh, b_ih, b_hh, w, b = parameters

            def cell(state: Any, a_x: Any) -> Any:
                h, c = state
                i, f, g, o = jnp.split(a_x + h @ w_hh.T, 4, axis=1)
                c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
                return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

            zeros = jnp.zeros((x.shape[1], size), x.dtype)
            (h, _), _ = jax.lax.scan(cell, (zeros, zeros), x @ w_ih.T + (b_ih + b_hh))
            return -jax.nn.log_softmax(h @ w.T + b)[jnp.arange(len(y)), y].mean()

        @partial(jax.jit, donate_argnums=0)
        def train(state: Any, x: Any, y: Any) -> Any:
            t, parameters, means, squares = state
            t = t + 1
            value, grads = jax.value_and_grad(loss)(parameters, x, y)
            means = [BETA1 * m + (1 - BETA1) * g for m, g in zip(means, grads, strict=True)]
            squares = [BETA2 * v + (1 - BETA2) * g * g for v, g in zip(squares, grads, strict=True)]
            rate, root = RATE / (1 - BETA1**t), jnp.sqrt(1 - BETA2**t)
            moved = zip(parameters, means, squares, strict=True)
            return (t, [p - rate * m / (jnp.sqrt(v) / root + EPS) for p, m, v in moved], means, squares), value

        start = [jnp.array(p) for p in self.parameters()]
        state = jnp.float32(0), start, [jnp.zeros_like(p) for p in start], [jnp.zeros_like(p) for p in start]
        batch = [jnp.array(part) for part in self.data()]

        def step() -> Any:
            nonlocal state
            state, value = train(state, *batch)
            return value.block_until_ready()

        return step


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def cases() -> list[Case]:
    limits = Limit((EAGER,), NUMPY, 1.2), Limit((COMPILED, NUMBA), NUMPY, 0.8)
    return [Case("LSTM", Memory(32, 64, 32, 16).builders(), tolerance=1e-4, limits=limits)]


WORKLOAD = Workload(
    "lstm",
    "A training step of a recurrent network",
    "LSTM of 32 to 64, 32 steps, batch 16, float32, cross-entropy of the last state, Adam.",
    (NUMPY, TORCH),
    cases,
)
