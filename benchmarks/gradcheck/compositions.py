"""Random functions: compositions of a framework's own operations, at points where they are differentiable.

As they are, all are right. ``spoiled`` makes the derivative wrong in one element.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from .case import Array, Case

UNARY: dict[str, Callable[..., Any]] = {
    "sin": lambda t, x: t.sin(x),
    "tanh": lambda t, x: t.tanh(x),
    "sigmoid": lambda t, x: t.sigmoid(x),
    "bell": lambda t, x: t.exp(-x * x),
    "root": lambda t, x: t.sqrt(1 + x * x),
    "log": lambda t, x: t.log1p(x * x),
    "arctan": lambda t, x: t.arctan(x),
    "erf": lambda t, x: t.erf(x),
    "softplus": lambda t, x: t.logaddexp(x, 0 * x),
    "relu": lambda t, x: t.relu(x),
    "abs": lambda t, x: abs(x),
    "clip": lambda t, x: t.clip(x, -0.7, 1.1),
    "square": lambda t, x: 0.1 * x * x,
    "transpose": lambda t, x: x.T,
    "flip": lambda t, x: t.flip(x, (0,)),
    "cumsum": lambda t, x: t.cumsum(x, 0),
    "sort": lambda t, x: t.msort(x),
    "centre": lambda t, x: x - t.mean(x, 1, keepdims=True),
    "below-max": lambda t, x: x - t.amax(x, 0, keepdims=True),
    "softmax": lambda t, x: t.softmax(x, 1),
    "logsumexp": lambda t, x: x - t.logsumexp(x, 1)[:, None],
    "join": lambda t, x: t.concatenate([x[:, 1:], x[:, :1]], 1),
}
BINARY: dict[str, Callable[..., Any]] = {
    "add": lambda t, x, y: x + y,
    "mul": lambda t, x, y: x * y,
    "ratio": lambda t, x, y: x / (1 + y * y),
    "maximum": lambda t, x, y: t.maximum(x, y),
    "where": lambda t, x, y: t.where(x > y, 2 * x, x + y),
    "matmul": lambda t, x, y: x @ y,
    "arctan2": lambda t, x, y: t.arctan2(x, 2 + y * y),
}


def composition(seed: int) -> Case:
    """A function of one to three square matrices or rows, of four to twelve operations."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 4))
    inputs: list[Array] = [
        rng.normal(size=[(n, n), (1, n), (n, 1)][0 if i == 0 else rng.integers(3)]) * 10 ** rng.uniform(-3, 3)
        for i in range(rng.integers(1, 4))
    ]
    steps: list[tuple[str, int, int]] = []
    for _ in range(rng.integers(4, 13)):
        known = len(inputs) + len(steps)
        name = str(rng.choice([*UNARY, *BINARY, *BINARY]))
        steps.append((name, int(rng.integers(known)), int(rng.integers(known))))

    def forward(t: Any, *xs: Any) -> Any:
        values = [x + t.zeros((n, n), dtype=t.float64) for x in xs]
        for name, i, j in steps:
            values.append(UNARY[name](t, values[i]) if name in UNARY else BINARY[name](t, values[i], values[j]))
        return sum(values[len(xs) :])

    return Case(f"composition-{seed}", ", ".join(name for name, _, _ in steps), inputs, forward)


def spoiled(case: Case, factor: float) -> Case | None:
    """The same function, and of its gradient the element that has most influence times ``factor``.

    None where no element has any to speak of, as where everything saturates.
    """
    import microgradnp

    which, element, influence = largest(microgradnp, case)
    if influence < 1e-5:
        return None

    def build(t: Any) -> Any:
        right = case.function(t)

        class Spoiled(t.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *xs: Any) -> Any:
                ctx.save_for_backward(*xs)
                return right(*xs)

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                xs = [x.detach().requires_grad_() for x in ctx.saved_tensors]
                with t.enable_grad():
                    out = right(*xs)
                found = list(t.autograd.grad(out, xs, g, allow_unused=True))
                mask = t.ones_like(found[which]).reshape(-1)
                mask[element] = factor
                found[which] = found[which] * mask.reshape(found[which].shape)
                return tuple(found)

        return Spoiled.apply

    return replace(
        case,
        forward=None,
        build=build,
        jax="written in PyTorch's language alone",
        why=f"{case.why}; one element times {factor}",
    )


def largest(t: Any, case: Case) -> tuple[int, int, float]:
    """Which input, and which element of it, has the most influence: gradient times size, beside the function's."""
    xs = case.tensors(t)
    out = case.function(t)(*xs)
    v = t.tensor(np.random.default_rng(0).normal(size=tuple(out.shape)))
    found = t.autograd.grad(out, xs, v, allow_unused=True)
    influence = [
        np.zeros(1) if d is None else abs(d.detach().numpy() * x.detach().numpy()).reshape(-1)
        for d, x in zip(found, xs, strict=True)
    ]
    which = int(np.argmax([part.max() for part in influence]))
    element = int(np.argmax(influence[which]))
    size = float(abs(out.detach().numpy()).max())
    return which, element, float(influence[which][element]) / size if size else 0.0


COMPOSITIONS = [composition(seed) for seed in range(200)]
