"""The training step of a small GPT: products of matrices of many shapes, softmax, layer norm, and many parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..contestants import COMPILED, EAGER, JAX, NUMBA, NUMPY, TORCH, TORCH_COMPILE, framework
from ..training import adam, torch_step
from ..workload import Builder, Case, Limit, Step, Workload

RATE, BETA1, BETA2, EPS, DECAY = 1e-3, 0.9, 0.99, 1e-8, 0.1
NORM_EPS = np.float32(1e-5)
ROOT, CUBIC = np.float32(np.sqrt(2 / np.pi)), np.float32(0.044715)  # of GELU, in terms of tanh

Arrays = Sequence[np.ndarray]


@dataclass(frozen=True)
class Gpt:
    """Blocks of causal attention and a perceptron with GELU, each after a norm, on made-up text; float32, AdamW."""

    layers: int
    width: int
    heads: int
    length: int
    batch: int
    vocabulary: int

    def parameters(self) -> list[np.ndarray]:
        """In PyTorch's layout: the same start for everybody."""
        rng, c = np.random.default_rng(0), self.width

        def matrix(*shape: int) -> np.ndarray:
            return rng.normal(0, 0.02, shape).astype(np.float32)

        def norm() -> list[np.ndarray]:
            return [np.ones(c, np.float32), np.zeros(c, np.float32)]

        def linear(inputs: int, outputs: int) -> list[np.ndarray]:
            return [matrix(outputs, inputs), np.zeros(outputs, np.float32)]

        start = [matrix(self.vocabulary, c), matrix(self.length, c)]
        for _ in range(self.layers):
            start += norm() + linear(c, 3 * c) + linear(c, c) + norm() + linear(c, 4 * c) + linear(4 * c, c)
        return [*start, *norm(), matrix(self.vocabulary, c)]

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        text = np.random.default_rng(1).integers(self.vocabulary, size=(self.batch, self.length + 1))
        return text[:, :-1], text[:, 1:]

    def builders(self) -> dict[str, Builder]:
        names = (EAGER, COMPILED, NUMBA, TORCH, TORCH_COMPILE)
        builders = {NUMPY: self.numpy_by_hand} | {name: partial(self.torch_like, name) for name in names}
        return builders | {JAX: self.jax}

    def numpy_by_hand(self) -> Step:
        """What a good NumPy programmer writes: all places as rows of one matrix, in place where it is natural."""
        tokens, classes = (part.reshape(-1) for part in self.data())
        parameters = self.parameters()
        update = adam(parameters, RATE, BETA1, BETA2, EPS, DECAY)
        b, t, h, c = self.batch, self.length, self.heads, self.width
        count, scale = b * t, np.float32((c // h) ** -0.5)
        rows, later = np.arange(count), np.triu(np.full((t, t), -np.inf, np.float32), 1)

        def forward_block(x: np.ndarray, weights: Arrays) -> tuple[np.ndarray, Any]:
            w1, b1, w_in, b_in, w_out, b_out, w2, b2, w_up, b_up, w_down, b_down = weights
            x1, saved1 = layer_norm(x, w1, b1)
            q, k, v = (x1 @ w_in.T + b_in).reshape(b, t, 3, h, c // h).transpose(2, 0, 3, 1, 4)
            a = q @ k.swapaxes(-1, -2)
            a *= scale
            a += later
            a -= a.max(axis=-1, keepdims=True)
            np.exp(a, out=a)
            a /= a.sum(axis=-1, keepdims=True)
            y = (a @ v).transpose(0, 2, 1, 3).reshape(count, c)
            x = x + (y @ w_out.T + b_out)
            x2, saved2 = layer_norm(x, w2, b2)
            u = x2 @ w_up.T + b_up
            tanh = np.tanh(ROOT * (u + CUBIC * (u * u * u)))
            f = 0.5 * u * (1 + tanh)
            return x + (f @ w_down.T + b_down), (x1, saved1, q, k, v, a, y, x2, saved2, u, tanh, f)

        def backward_block(g: np.ndarray, weights: Arrays, saved: Any) -> tuple[np.ndarray, list[np.ndarray]]:
            w1, _, w_in, _, w_out, _, w2, _, w_up, _, w_down, _ = weights
            x1, saved1, q, k, v, a, y, x2, saved2, u, tanh, f = saved
            grads = [g.T @ f, g.sum(axis=0)]
            gu = g @ w_down
            gu *= 0.5 * (1 + tanh) + 0.5 * u * (1 - tanh * tanh) * (ROOT * (1 + 3 * CUBIC * (u * u)))
            g2, of_norm2 = layer_norm_backward(gu @ w_up, w2, saved2)
            grads = [*of_norm2, gu.T @ x2, gu.sum(axis=0), *grads]
            g = g + g2
            grads = [g.T @ y, g.sum(axis=0), *grads]
            gy = (g @ w_out).reshape(b, t, h, c // h).transpose(0, 2, 1, 3)
            g_in = np.empty((b, t, 3, h, c // h), np.float32)
            gq, gk, gv = g_in.transpose(2, 0, 3, 1, 4)
            gv[...] = a.swapaxes(-1, -2) @ gy
            ga = gy @ v.swapaxes(-1, -2)
            ga -= (ga * a).sum(axis=-1, keepdims=True)
            ga *= a
            ga *= scale
            gq[...] = ga @ k
            gk[...] = ga.swapaxes(-1, -2) @ q
            g_in = g_in.reshape(count, 3 * c)
            g1, of_norm1 = layer_norm_backward(g_in @ w_in, w1, saved1)
            return g + g1, [*of_norm1, g_in.T @ x1, g_in.sum(axis=0), *grads]

        def step() -> float:
            of_tokens, of_places, *rest, w, bias, head = parameters
            blocks = [rest[12 * i : 12 * i + 12] for i in range(self.layers)]
            x, saved = (of_tokens[tokens].reshape(b, t, c) + of_places).reshape(count, c), []
            for block in blocks:
                x, of_block = forward_block(x, block)
                saved.append(of_block)
            x, of_norm = layer_norm(x, w, bias)
            logits = x @ head.T
            logits -= logits.max(axis=1, keepdims=True)
            exps = np.exp(logits)
            totals = exps.sum(axis=1, keepdims=True)
            loss = (np.log(totals[:, 0]) - logits[rows, classes]).mean()

            exps /= totals
            exps[rows, classes] -= 1
            exps /= count
            g, grads = layer_norm_backward(exps @ head, w, of_norm)
            grads.append(exps.T @ x)
            for block, of_block in zip(reversed(blocks), reversed(saved), strict=True):
                g, of_weights = backward_block(g, block, of_block)
                grads = of_weights + grads
            chosen = np.zeros((count, self.vocabulary), np.float32)  # a product takes a fifth of the time of np.add.at
            chosen[rows, tokens] = 1
            update([chosen.T @ g, g.reshape(b, t, c).sum(axis=0), *grads])
            return loss

        return step

    def torch_like(self, name: str) -> Step:
        """The program as PyTorch users write it, for PyTorch and for microgradnp."""
        torch: Any = framework("torch" if name in (TORCH, TORCH_COMPILE) else "microgradnp")
        nn, heads = torch.nn, self.heads

        class Block(nn.Module):
            def __init__(self, c: int) -> None:
                super().__init__()
                self.norm1, self.project, self.output = nn.LayerNorm(c), nn.Linear(c, 3 * c), nn.Linear(c, c)
                self.norm2 = nn.LayerNorm(c)
                self.mlp = nn.Sequential(nn.Linear(c, 4 * c), nn.GELU(approximate="tanh"), nn.Linear(4 * c, c))

            def forward(self, x: Any) -> Any:
                b, t, c = x.shape
                parts = self.project(self.norm1(x)).split(c, dim=2)
                q, k, v = (part.view(b, t, heads, c // heads).transpose(1, 2) for part in parts)
                y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
                x = x + self.output(y.transpose(1, 2).reshape(b, t, c))
                return x + self.mlp(self.norm2(x))

        tokens, places = nn.Embedding(self.vocabulary, self.width), nn.Embedding(self.length, self.width)
        blocks = nn.Sequential(*(Block(self.width) for _ in range(self.layers)))
        norm, head = nn.LayerNorm(self.width), nn.Linear(self.width, self.vocabulary, bias=False)
        model = nn.ModuleList([tokens, places, blocks, norm, head])
        for parameter, start in zip(model.parameters(), self.parameters(), strict=True):
            parameter.data = torch.tensor(start)
        optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(BETA1, BETA2), eps=EPS, weight_decay=DECAY)

        def forward(x: Any, y: Any) -> Any:
            hidden = blocks(tokens(x) + places(torch.arange(x.shape[1])))
            return nn.functional.cross_entropy(head(norm(hidden)).view(-1, self.vocabulary), y.reshape(-1))

        return torch_step(name, forward, optimizer, *map(torch.tensor, self.data()))

    def jax(self) -> Step:
        jax: Any = framework("jax")
        jnp, heads = jax.numpy, self.heads

        def layer_norm(x: Any, w: Any, bias: Any) -> Any:
            return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + NORM_EPS) * w + bias

        def block(x: Any, weights: Any) -> Any:
            w1, b1, w_in, b_in, w_out, b_out, w2, b2, w_up, b_up, w_down, b_down = weights
            b, t, c = x.shape
            parts = jnp.split(layer_norm(x, w1, b1) @ w_in.T + b_in, 3, axis=-1)
            q, k, v = (part.reshape(b, t, heads, c // heads) for part in parts)
            y = jax.nn.dot_product_attention(q, k, v, is_causal=True)
            x = x + y.reshape(b, t, c) @ w_out.T + b_out
            return x + jax.nn.gelu(layer_norm(x, w2, b2) @ w_up.T + b_up) @ w_down.T + b_down

        def loss(parameters: Any, x: Any, y: Any) -> Any:
            of_tokens, of_places, *rest, w, bias, head = parameters
            hidden = of_tokens[x] + of_places
            for i in range(self.layers):
                hidden = block(hidden, rest[12 * i : 12 * i + 12])
            logarithms = jax.nn.log_softmax(layer_norm(hidden, w, bias) @ head.T)
            return -jnp.take_along_axis(logarithms, y[..., None], -1).mean()

        @partial(jax.jit, donate_argnums=0)
        def train(state: Any, x: Any, y: Any) -> Any:
            t, parameters, means, squares = state
            t = t + 1
            value, grads = jax.value_and_grad(loss)(parameters, x, y)
            means = [BETA1 * m + (1 - BETA1) * g for m, g in zip(means, grads, strict=True)]
            squares = [BETA2 * v + (1 - BETA2) * g * g for v, g in zip(squares, grads, strict=True)]
            rate, root = RATE / (1 - BETA1**t), jnp.sqrt(1 - BETA2**t)
            moved = zip(parameters, means, squares, strict=True)
            parameters = [p * (1 - RATE * DECAY) - rate * m / (jnp.sqrt(v) / root + EPS) for p, m, v in moved]
            return (t, parameters, means, squares), value

        start = [jnp.array(p) for p in self.parameters()]
        state = jnp.float32(0), start, [jnp.zeros_like(p) for p in start], [jnp.zeros_like(p) for p in start]
        batch = [jnp.array(part) for part in self.data()]

        def step() -> Any:
            nonlocal state
            state, value = train(state, *batch)
            return value.block_until_ready()

        return step


def layer_norm(x: np.ndarray, w: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, Any]:
    x = x - x.mean(axis=-1, keepdims=True)
    scale = 1 / np.sqrt((x * x).mean(axis=-1, keepdims=True) + NORM_EPS)
    x *= scale
    return x * w + bias, (x, scale)


def layer_norm_backward(g: np.ndarray, w: np.ndarray, saved: Any) -> tuple[np.ndarray, list[np.ndarray]]:
    """The gradients of the input, and of weight and bias."""
    x, scale = saved
    of_parameters = [(g * x).sum(axis=0), g.sum(axis=0)]
    g = g * w
    g -= g.mean(axis=-1, keepdims=True) + x * (g * x).mean(axis=-1, keepdims=True)
    g *= scale
    return g, of_parameters


def cases() -> list[Case]:
    limits = Limit((EAGER,), NUMPY, 1.25), Limit((COMPILED, NUMBA), NUMPY, 0.9)
    return [Case("GPT", Gpt(2, 64, 4, 64, 8, 65).builders(), tolerance=1e-4, limits=limits)]


WORKLOAD = Workload(
    "gpt",
    "A training step of a small GPT",
    "2 layers of width 64, 4 heads, 64 characters of 65 kinds, batch 8, float32, cross-entropy, AdamW.",
    (NUMPY, TORCH),
    cases,
)
