"""What a case is: a function and inputs, written once, for every framework that has PyTorch's names.

``t`` is the framework: ``torch``, ``microgradnp``, or a namespace that gives NumPy's functions in JAX. So every checker
judges the same text on the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Case:
    """One function to check.

    A *rule* is given by ``forward(t, *inputs)`` and ``backward(t, g, *inputs)``: it becomes an ``autograd.Function``
    (in JAX a ``custom_vjp``) that saves its inputs. What needs more than that gives ``build(t)``, which returns the
    function; a plain function has a ``forward`` alone. ``jax`` says why JAX has no such function, or is its twin.
    """

    name: str
    why: str  # for a wrong rule what is wrong with it, for a right one what is hard about it
    inputs: Sequence[Array]  # those of floating type are differentiated
    forward: Callable[..., Any] | None = None
    backward: Callable[..., Any] | None = None
    build: Callable[[Any], Callable[..., Any]] | None = None
    order: int = 1
    jax: str | Callable[..., Any] | None = None

    def function(self, t: Any) -> Callable[..., Any]:
        """The function in the framework ``t``."""
        if self.build is not None:
            return self.build(t)
        forward, backward = self.forward, self.backward
        assert forward is not None
        return lambda *xs: forward(t, *xs) if backward is None else rule(t, forward, backward).apply(*xs)

    def tensors(self, t: Any) -> tuple[Any, ...]:
        """Fresh inputs in the framework ``t``; those of floating type require gradients."""
        return tuple(tensor(t, array) for array in self.inputs)

    def sibling(self) -> Case | None:
        """The same function with right derivatives, where the framework can find them by itself."""
        if self.backward is None or self.forward is None:
            return None
        return Case(self.name, f"the right rule beside: {self.why}", self.inputs, self.forward, order=self.order)


def rule(t: Any, forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    """An ``autograd.Function`` that saves its inputs, computes ``forward`` and derives by ``backward``."""

    class Rule(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *xs: Any) -> Any:
            ctx.save_for_backward(*xs)
            return forward(t, *xs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return backward(t, g, *ctx.saved_tensors)

    return Rule


def tensor(t: Any, array: Array) -> Any:
    """The array as a leaf, in its own memory order."""
    turned = array.flags.f_contiguous and not array.flags.c_contiguous
    made = t.tensor(array.T).permute(*reversed(range(array.ndim))) if turned else t.tensor(array)
    made = made if array.size else t.zeros(array.shape, dtype=made.dtype)  # PyTorch gives an empty array no strides
    return made.detach().requires_grad_() if array.dtype.kind == "f" else made


def numbers(*shape: int, low: float = -2.0, high: float = 2.0, seed: int = 0) -> Array:
    """Random numbers, the same in every run."""
    return np.random.default_rng(seed).uniform(low, high, shape)


def array(*values: Any, dtype: str = "float64") -> Array:
    """A list of numbers; ``array(2.0)[0]`` has no axes."""
    return np.array(values, dtype=dtype)


def cast(x: Any, dtype: Any) -> Any:
    """``x`` in another type, in PyTorch's language and in NumPy's."""
    return x.to(dtype) if hasattr(x, "to") else x.astype(dtype)
