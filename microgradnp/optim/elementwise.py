"""What optimizers share that treat each element of a parameter for itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

import numpy as np
from numpy import add, multiply, subtract

from ..ops.blocks import BLOCK
from ..tensor import Tensor, make
from .optimizer import Optimizer, same

# A parameter, or a part of it (as a slice of all its elements in a row): its array, what is kept of it, and scratch.
Block: TypeAlias = "tuple[Tensor, slice | None, Any, Sequence[Any], Sequence[Any]]"


class Elementwise(Optimizer):
    """The base class of these optimizers. Tensors in their state have the shape of the parameter, or one element."""

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
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
        names: tuple[str, ...],
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
        for p, part, array, values, (spare, one, two) in self._blocks(params, names, first):
            grad = p._grad._array  # type: ignore[union-attr]
            if part is not None:
                grad = grad.reshape(-1)[part]
            if maximize:
                grad = np.negative(grad, spare)
            if added is not None:
                grad = add(grad, multiply(array, added, one), spare)
            if shrunk is not None:
                multiply(array, shrunk, array)
            yield array, grad, values, one, two

    def _blocks(self, params: list[Tensor], names: tuple[str, ...], first: Mapping[str, Any]) -> Sequence[Block]:
        """What ``each`` goes through: found once, and known for as long as the arrays are the same."""
        batch = self._batch(params)
        values = [kept(self.state[p], name, p._array, first.get(name, 0)) for name in names for p in params]
        before, blocks = batch.blocks.get(names, (None, []))
        if before is None or (values and not same(values, before)):
            of_each = [values[i :: len(params)] for i in range(len(params))]
            blocks = [*chain.from_iterable(map(self._cut, params, batch.arrays, of_each))]
            batch.blocks[names] = values, blocks
        return blocks

    def _cut(self, p: Tensor, array: Any, values: list[Any]) -> list[Block]:
        """The arrays of a parameter, with scratch. If they are large they come block by block: what one call writes is
        then still in the cache for the next.
        """
        if array.__class__ is not np.ndarray:
            return [(p, None, array, values, (None, None, None))]
        if array.size <= BLOCK or not all(a.flags.c_contiguous for a in (array, *values)):
            return [(p, None, array, values, self._scratch(array))]
        array, *values = [a.reshape(-1) for a in (array, *values)]
        parts = [slice(begin, begin + BLOCK) for begin in range(0, array.size, BLOCK)]
        return [(p, part, array[part], [v[part] for v in values], self._scratch(array[part])) for part in parts]

    def _scratch(self, array: np.ndarray) -> list[np.ndarray]:
        """Memory for three intermediate results like an array. It is the same for all, since they are updated one by
        one.
        """
        if not self._memory or self._memory[0].nbytes < array.nbytes:
            self._memory[:] = [np.empty(array.nbytes, np.uint8) for _ in range(3)]
        return [part[: array.nbytes].view(array.dtype).reshape(array.shape) for part in self._memory]

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_memory": []}


def kept(state: dict[str, Any], name: str, like: Any, first: Any = 0) -> Any:
    """The array of a tensor in the state. It is made when it is first asked for, full of ``first``."""
    if state.get(name) is None:
        state[name] = make(np.full_like(like, first))
    return state[name]._array


def move(mean: Any, grad: Any, weight: Any, scratch: Any) -> None:
    """mean += weight * (grad - mean)"""
    add(mean, multiply(subtract(grad, mean, scratch), weight, scratch), mean)


def move_square(square: Any, grad: Any, keep: Any, weight: Any, scratch: Any) -> None:
    """square = keep * square + weight * grad^2"""
    multiply(square, keep, square)
    add(square, multiply(multiply(grad, grad, scratch), weight, scratch), square)
