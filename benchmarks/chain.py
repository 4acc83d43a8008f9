"""A chain of tiny operations, forward and backward: what one operation costs when there is nothing to compute."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from time import perf_counter
from typing import Any

LENGTH = 10_000
LONG = 1_000_000


def chain(framework: Any, length: int) -> float:
    """``length`` operations on one number, and their backward pass; returns the gradient."""
    x = framework.tensor([0.5], requires_grad=True)
    y = x
    for _ in range(length // 2):
        y = y * 0.999
        y = y + x
    y.sum().backward()
    return x.grad.item()


def contestants() -> dict[str, Callable[[], float]]:
    """The chain of LENGTH operations, for everybody who is installed and has PyTorch's interface."""
    steps: dict[str, Callable[[], float]] = {}
    for name, module in (("microgradnp", "microgradnp"), ("torch eager", "torch")):
        try:
            framework = importlib.import_module(module)
        except ModuleNotFoundError:
            continue
        if module == "torch":
            framework.set_num_threads(1)
        steps[name] = lambda framework=framework: chain(framework, LENGTH)
    return steps


def growth(rounds: int = 3) -> float:
    """What an operation costs in a graph of LONG operations, beside one in a graph of LENGTH: the least of each."""
    import microgradnp

    def cost(length: int) -> float:
        start = perf_counter()
        chain(microgradnp, length)
        return (perf_counter() - start) / length

    short = min(cost(LENGTH) for _ in range(20 * rounds))
    return min(cost(LONG) for _ in range(rounds)) / short
