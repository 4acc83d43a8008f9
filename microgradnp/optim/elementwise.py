"""What optimizers share that treat each element of a parameter for itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..tensor import Tensor, make
from .optimizer import Optimizer


class Elementwise(Optimizer):
    """The base class of these optimizers: their state is shaped like the parameters, and their memory is shared."""

    def fits(self, p: Tensor, array: Any) -> bool:
        """Tensors in the state are one number, or have their parameter's shape."""
        return array.ndim == 0 or array.shape == p.shape

    def decay(self, group: dict[str, Any]) -> tuple[float | None, float | None]:
        """What weight decay adds to the gradient, and, where it is decoupled, shrinks the parameter by."""
        decay = float(group["weight_decay"])
        if decay == 0:
            return None, None
        return (None, 1 - self.rate(group) * decay) if group.get("decoupled_weight_decay") else (decay, None)

    def each(self, params: list[Tensor], maximize: bool, added: Any = None, shrunk: Any = None) -> Iterator[Any]:
        """For each parameter: its array, gradient, state (or None), and memory for two intermediate results.

        The gradient is turned round for ``maximize``, and then has ``added`` times the parameter added; the parameter
        is multiplied by ``shrunk``. In a compiled step, which plans its own memory, there is None for intermediate
        results: as ``out`` it does no harm.
        """
        for p in params:
            array, grad = p._array, p._grad._array  # type: ignore[union-attr]
            spare, one, two = self._scratch(p) if array.__class__ is np.ndarray else (None, None, None)
            if maximize:
                grad = np.negative(grad, spare)
            if added is not None:
                grad = np.add(grad, np.multiply(array, added, one), spare)
            if shrunk is not None:
                np.multiply(array, shrunk, array)
            yield array, grad, self.state.get(p), one, two

    def _scratch(self, p: Tensor) -> Sequence[Any]:
        """Three arrays like that of a parameter. All parameters share their memory, being updated one by one."""
        place = self._places[p]
        if place.scratch is None:
            size = max(p._array.nbytes for p in self._params())
            if len(self._memory) < 3 or self._memory[0].nbytes < size:
                self._memory = [np.empty(size, np.uint8) for _ in range(3)]
            array = place.array
            place.scratch = [part[: array.nbytes].view(array.dtype).reshape(array.shape) for part in self._memory]
        return place.scratch


def kept(state: dict[str, Any], name: str, like: Any, first: float = 0) -> Any:
    """The array of a tensor in the state. It is made when it is first asked for, full of ``first``."""
    if name not in state:
        state[name] = make(np.full_like(like, first))
    return state[name]._array


def move(mean: Any, grad: Any, weight: Any, scratch: Any) -> None:
    """mean += weight * (grad - mean)"""
    np.add(mean, np.multiply(np.subtract(grad, mean, scratch), weight, scratch), mean)


def move_square(square: Any, grad: Any, keep: Any, weight: Any, scratch: Any) -> None:
    """square = keep * square + weight * grad^2"""
    np.multiply(square, keep, square)
    np.add(square, np.multiply(np.multiply(grad, grad, scratch), weight, scratch), square)
