"""Single operations on a million numbers, forward and backward: memory traffic and transcendental functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..contestants import COMPILED, EAGER, NUMBA, NUMPY, TORCH, compiled, framework
from ..workload import Builder, Case, Limit, Step, Workload

SIZE = 1000


@dataclass(frozen=True)
class Operation:
    """``call(torch, *operands)`` as PyTorch has it; ``by_hand(g, *operands)`` gives the result and the gradients.

    Its operands are SIZE rows of SIZE numbers, but those of which ``vectors`` says how many are there are one row.
    """

    name: str
    call: Callable[..., Any]
    by_hand: Callable[..., tuple[Any, ...]]
    limit: Limit | None
    matrices: int = 1
    vectors: int = 0


def exp(g: Any, x: Any) -> tuple[Any, ...]:
    y = np.exp(x)
    return y, g * y


def tanh(g: Any, x: Any) -> tuple[Any, ...]:
    y = np.tanh(x)
    return y, g * (1 - y * y)


def sum_of_rows(g: Any, x: Any) -> tuple[Any, ...]:
    return x.sum(axis=1), np.broadcast_to(g[:, None], x.shape)


def sigmoid(g: Any, x: Any) -> tuple[Any, ...]:
    y = 1 / (1 + np.exp(-x))
    return y, g * y * (1 - y)


def gelu_by_tanh(g: Any, x: Any) -> tuple[Any, ...]:
    scale = math.sqrt(2 / math.pi)
    square = x * x
    t = np.tanh(scale * x * (1 + 0.044715 * square))
    slope = 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (scale * (1 + 3 * 0.044715 * square))
    return 0.5 * x * (1 + t), g * slope


def gelu_by_erf(g: Any, x: Any) -> tuple[Any, ...]:
    from scipy.special import erf

    below = 0.5 * (1 + erf(x * math.sqrt(0.5)))
    density = np.exp(-0.5 * x * x) * (1 / math.sqrt(2 * math.pi))
    return x * below, g * (below + x * density)


def layer_norm(g: Any, x: Any, weight: Any, bias: Any) -> tuple[Any, ...]:
    centred = x - x.mean(axis=1, keepdims=True)
    scale = 1 / np.sqrt((centred * centred).mean(axis=1, keepdims=True) + 1e-5)
    normal = centred * scale
    inner = g * weight
    along = (inner * normal).mean(axis=1, keepdims=True)
    grad = scale * (inner - inner.mean(axis=1, keepdims=True) - normal * along)
    return normal * weight + bias, grad, (g * normal).sum(axis=0), g.sum(axis=0)


def softmax(g: Any, x: Any) -> tuple[Any, ...]:
    y = np.exp(x - x.max(axis=1, keepdims=True))
    y /= y.sum(axis=1, keepdims=True)
    return y, y * (g - (g * y).sum(axis=1, keepdims=True))


def log_softmax(g: Any, x: Any) -> tuple[Any, ...]:
    y = x - x.max(axis=1, keepdims=True)
    y -= np.log(np.exp(y).sum(axis=1, keepdims=True))
    return y, g - np.exp(y) * g.sum(axis=1, keepdims=True)


EAGERLY = Limit((EAGER,), TORCH, 1.1)
COMPILEDLY = Limit((COMPILED, NUMBA), TORCH, 1.6)
SOFTMAX = Limit((COMPILED, NUMBA), TORCH, 2.5)

OPERATIONS = (
    Operation("add", lambda _, a, b: a + b, lambda g, a, b: (a + b, g, g), EAGERLY, matrices=2),
    Operation("mul", lambda _, a, b: a * b, lambda g, a, b: (a * b, g * b, g * a), EAGERLY, matrices=2),
    Operation("exp", lambda torch, x: torch.exp(x), exp, EAGERLY),
    Operation("tanh", lambda torch, x: torch.tanh(x), tanh, EAGERLY),
    Operation("sum over rows", lambda _, x: x.sum(1), sum_of_rows, EAGERLY),
    Operation("sigmoid", lambda torch, x: torch.sigmoid(x), sigmoid, COMPILEDLY),
    Operation(
        "gelu (tanh)", lambda torch, x: torch.nn.functional.gelu(x, approximate="tanh"), gelu_by_tanh, COMPILEDLY
    ),
    Operation("gelu (erf)", lambda torch, x: torch.nn.functional.gelu(x), gelu_by_erf, None),
    Operation(
        "layer_norm", lambda torch, x, w, b: torch.nn.functional.layer_norm(x, w.shape, w, b), layer_norm, COMPILEDLY,
        vectors=2,
    ),
    Operation("softmax", lambda torch, x: torch.softmax(x, 1), softmax, SOFTMAX),
    Operation("log_softmax", lambda torch, x: torch.log_softmax(x, 1), log_softmax, None),
)  # fmt: skip


def operands(operation: Operation, size: int) -> list[np.ndarray]:
    """What the operation is called with, and the gradient of its result as the first."""
    rng = np.random.default_rng(0)
    shapes = [(size,) if operation.by_hand is sum_of_rows else (size, size)]
    shapes += [(size, size)] * operation.matrices + [(size,)] * operation.vectors
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def numpy_by_hand(operation: Operation, size: int) -> Step:
    return partial(operation.by_hand, *operands(operation, size))


def torch_like(name: str, operation: Operation, size: int) -> Step:
    torch: Any = framework("torch" if name == TORCH else "microgradnp")
    g, *leaves = map(torch.tensor, operands(operation, size))
    for leaf in leaves:
        leaf.requires_grad_()
    call = operation.call

    def forward_and_backward() -> Any:
        for leaf in leaves:
            leaf.grad = None
        y = call(torch, *leaves)
        y.backward(g)
        return y

    run = compiled(forward_and_backward, name)
    return lambda: (run(), *(leaf.grad for leaf in leaves))


def builders(operation: Operation, size: int) -> dict[str, Builder]:
    building: dict[str, Builder] = {NUMPY: partial(numpy_by_hand, operation, size)}
    return building | {n: partial(torch_like, n, operation, size) for n in (EAGER, COMPILED, NUMBA, TORCH)}


def cases(size: int = SIZE) -> Sequence[Case]:
    return [
        Case(each.name, builders(each, size), tolerance=1e-5, checked=2, limits=(each.limit,) if each.limit else ())
        for each in OPERATIONS
    ]


WORKLOAD = Workload(
    "operations",
    "Single operations on 1000 x 1000 numbers, forward and backward",
    "float32, with a random gradient of the result; in add and mul both operands have gradients. By hand, the "
    "gradients of add and of the sum cost nothing: they are the given array, and a view of it.",
    (TORCH,),
    cases,
)
