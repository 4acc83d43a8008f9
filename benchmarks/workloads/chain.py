"""A chain of tiny operations, forward and backward: what one operation costs when there is nothing to compute."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..contestants import AUTOGRAD, EAGER, MYGRAD, NUMPY, TORCH, framework
from ..workload import Builder, Case, Limit, Step, Workload

LENGTH = 10_000
START = np.array([0.5], np.float32)


def numpy_by_hand(length: int) -> Step:
    x = START.copy()

    def step() -> np.ndarray:
        y = x
        for _ in range(length // 2):
            y = y * 0.999
            y = y + x
        g, grad = np.ones_like(y), np.zeros_like(x)
        for _ in range(length // 2):
            grad += g
            g = g * 0.999
        return grad + g

    return step


def torch_like(name: str, length: int) -> Step:
    """``length`` operations on one number, and their backward pass."""
    torch: Any = framework("torch" if name == TORCH else "microgradnp")
    x = torch.tensor(START, requires_grad=True)

    def forward_and_backward() -> Any:
        x.grad = None
        y = x
        for _ in range(length // 2):
            y = y * 0.999
            y = y + x
        loss = y.sum()
        loss.backward()
        return loss

    def step() -> Any:
        forward_and_backward()
        return x.grad

    return step


def mygrad(length: int) -> Step:
    mg: Any = framework("mygrad")
    x = mg.tensor(START)

    def step() -> np.ndarray:
        y = x
        for _ in range(length // 2):
            y = y * 0.999
            y = y + x
        y.sum().backward()
        return x.grad

    return step


def autograd(length: int) -> Step:
    anp: Any = framework("autograd.numpy")

    def total(x: Any) -> Any:
        y = x
        for _ in range(length // 2):
            y = y * 0.999
            y = y + x
        return anp.sum(y)

    gradient = framework("autograd").grad(total)
    return lambda: gradient(START)


def builders(length: int) -> dict[str, Builder]:
    building: dict[str, Builder] = {NUMPY: partial(numpy_by_hand, length)}
    building |= {name: partial(torch_like, name, length) for name in (EAGER, TORCH)}  # compiling takes minutes
    return building | {MYGRAD: partial(mygrad, length), AUTOGRAD: partial(autograd, length)}


def cases(length: int = LENGTH) -> list[Case]:
    limits = (Limit((EAGER,), TORCH, 0.65),)
    return [Case("chained operation", builders(length), tolerance=1e-3, limits=limits, per=length, checked=2)]


WORKLOAD = Workload(
    "chain",
    "One of 10,000 chained operations, forward and backward",
    "Products and sums in turn, of one number in float32: what is measured is a framework's own work. JAX, "
    "torch.compile and tinygrad are not asked: to compile a program of so many operations takes them minutes.",
    (NUMPY, TORCH),
    cases,
)
