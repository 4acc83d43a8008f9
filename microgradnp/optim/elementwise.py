"""What optimizers share that treat each element of a parameter for itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..ops.blocks import BLOCK
from ..tensor import Tensor, make
from .optimizer import Optimizer


class Elementwise(Optimizer):
    """The base class of these optimizers. Tensors in their state have the shape of the parameter, or one element."""

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self._scratch: dict[Tensor, Scratch] = {}
        self._memory: list[np.ndarray] = []  # what all scratch looks into
        super().__init__(params, defaults)

    def fits(self, p: Tensor, array: Any) -> bool:
        """Whether it is one number, or of the parameter's shape."""
        return array.ndim == 0 or array.shape == p.shape

    def decay(self, group: dict[str, Any]) -> tuple[float | None, float | None]:
        """What weight decay adds to the gradient, and, where it is decoupled, shrinks the parameter by."""
        decay = float(group["weight_decay"])
        if decay == 0:
            return None, None
        return (None, 1 - self.rate(group) * decay) if group.get("decoupled_weight_decay") else (decay, None)

    def each(
        self,
        params: list[Tensor],
        names: Sequence[str],
        maximize: bool,
        added: Any = None,
        shrunk: Any = None,
        first: Mapping[str, Any] = {},
    ) -> Iterator[tuple[Any, Any, Sequence[Any], Any, Any]]:
        """For each parameter, or block of a large one: its array, its gradient, what is kept of it in the state under
        ``names``, and memory for two intermediate results.

        The gradient is turned round for ``maximize``, and then has ``added`` times the parameter added; the parameter
        is multiplied by ``shrunk``. What is kept is zeros to begin with, or what ``first`` says. In a compiled step,
        which plans its own memory, there is None for intermediate results: as ``out`` it does no harm.
        """
        for p in params:
            arrays = [p._array, p._grad._array]  # type: ignore[union-attr]
            for name in names:
                arrays.append(kept(self.state[p], name, arrays[0], first.get(name, 0)))
            scratch = self._scratch.get(p)
            known = scratch is not None and scratch.whole and scratch.array is arrays[0]
            for (array, grad, *values), (spare, one, two) in (
                ((arrays, scratch.parts),) if known else self._blocks(p, arrays)  # type: ignore[union-attr]
            ):
                if maximize:
                    grad = np.negative(grad, spare)
                if added is not None:
                    grad = np.add(grad, np.multiply(array, added, one), spare)
                if shrunk is not None:
                    np.multiply(array, shrunk, array)
                yield array, grad, values, one, two

    def _blocks(self, p: Tensor, arrays: list[Any]) -> list[tuple[list[Any], Sequence[Any]]]:
        """The arrays of a parameter, with scratch. If they are large they come block by block: what one call writes is
        then still in the cache for the next.
        """
        array = arrays[0]
        if array.__class__ is not np.ndarray:
            return [(arrays, (None, None, None))]
        whole = array.size <= BLOCK or not all(array.flags.c_contiguous for array in arrays)
        scratch = self._scratch.get(p)
        if scratch is None or scratch.array is not array or scratch.whole is not whole:
            scratch = self._scratch[p] = Scratch(array, whole, self._memory)
        if whole:
            return [(arrays, scratch.parts)]
        flat = [array.reshape(-1) for array in arrays]
        blocks = [[array[begin : begin + BLOCK] for array in flat] for begin in range(0, array.size, BLOCK)]
        return [(block, [part[: block[0].size] for part in scratch.parts]) for block in blocks]

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_scratch": {}, "_memory": []}


class Scratch:
    """Memory for three intermediate results, like an array or a block of it. All scratch of an optimizer is in the same
    memory, since parameters are updated one by one.
    """

    __slots__ = ("array", "parts", "whole")

    def __init__(self, array: np.ndarray, whole: bool, memory: list[np.ndarray]) -> None:
        self.array, self.whole = array, whole
        shape = array.shape if whole else (BLOCK,)
        nbytes = (array.size if whole else BLOCK) * array.itemsize
        if not memory or memory[0].nbytes < nbytes:
            memory[:] = [np.empty(nbytes, np.uint8) for _ in range(3)]
        self.parts = [part[:nbytes].view(array.dtype).reshape(shape) for part in memory]


def kept(state: dict[str, Any], name: str, like: Any, first: Any = 0) -> Any:
    """The array of a tensor in the state. It is made when it is first asked for, full of ``first``."""
    if state.get(name) is None:
        state[name] = make(np.full_like(like, first))
    return state[name]._array


def move(mean: Any, grad: Any, weight: Any, scratch: Any) -> None:
    """mean += weight * (grad - mean)"""
    np.add(mean, np.multiply(np.subtract(grad, mean, scratch), weight, scratch), mean)


def move_square(square: Any, grad: Any, keep: Any, weight: Any, scratch: Any) -> None:
    """square = keep * square + weight * grad^2"""
    np.multiply(square, keep, square)
    np.add(square, np.multiply(np.multiply(grad, grad, scratch), weight, scratch), square)
