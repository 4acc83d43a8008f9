"""L-BFGS."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.modes import enable_grad
from ..tensor import Tensor, make
from .line_search import Point, strong_wolfe
from .optimizer import Optimizer


class LBFGS(Optimizer):
    """Quasi-Newton steps, with the curvature estimated from the last ``history_size`` steps. For whole batches.

    One call of ``step(closure)`` makes up to ``max_iter`` steps, and calls ``closure``, which computes the loss anew
    and goes backward, up to ``max_eval`` times (by default 1.25 * max_iter). It ends earlier when no element of the
    gradient exceeds ``tolerance_grad``, or neither the loss nor a parameter changes by more than ``tolerance_change``.
    Steps are ``lr`` times the direction, or as long as a line search finds them, ``line_search_fn="strong_wolfe"``.

    All parameters are in one group; the state is that of the first of them. The closure is called, and its loss
    compared, in Python: such a step cannot be compiled.

    Raises ValueError for several groups and for a rate that is negative, nan or infinite, RuntimeError for another line
    search.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html; Liu and Nocedal, On the limited
    memory BFGS method for large scale optimization, 1989.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 3) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> loss = optimizer.step(closure)
    >>> w
    tensor([3.0000, 3.0000], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        defaults = {"lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval}
        defaults |= {"tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change}
        defaults |= {"history_size": history_size, "line_search_fn": line_search_fn}
        super().__init__(params, defaults)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise for a second group, and for a setting that is out of range."""
        if self.param_groups and all(group["params"] is not other["params"] for other in self.param_groups):
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups): pass one list")
        super().check_settings(group)
        for name in ("tolerance_grad", "tolerance_change"):
            self.require(group, name, least=-math.inf)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError(
                f"LBFGS: only 'strong_wolfe' is supported, got line_search_fn={group['line_search_fn']!r}"
            )

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Minimize the loss that ``closure`` computes; its value at the beginning is returned."""
        errors = np.geterr()

        def evaluate() -> Any:
            with enable_grad(), np.errstate(**errors):
                return closure()

        with np.errstate(all="ignore"):
            loss = _Loss(self, evaluate)
            first = loss.tensor
            self._minimize(loss)
        return first

    def _minimize(self, loss: _Loss) -> None:
        (group,) = self.param_groups
        rate, least, change = self.rate(group), group["tolerance_grad"], group["tolerance_change"]
        memory = _Memory(self.state[group["params"][0]])
        memory.state["func_evals"] += 1
        if np.abs(loss.grad).max() <= least:
            return
        for left in reversed(range(group["max_iter"])):
            memory.turn(loss, group["history_size"], rate)
            slope = np.dot(loss.grad, memory.direction)
            if slope > -change:
                break
            calls = self._move(loss, memory, slope, group["max_eval"] - loss.calls, left == 0)
            memory.state["func_evals"] += calls
            if (
                loss.calls >= group["max_eval"]
                or np.abs(loss.grad).max() <= least
                or np.abs(memory.direction * memory.size).max() <= change
                or abs(loss.value - memory.value) < change
            ):
                break
        memory.save()

    def _move(self, loss: _Loss, memory: _Memory, slope: Any, limit: int, last: bool) -> int:
        """Go along the direction, and find out the loss there; the number of calls of the closure."""
        group, calls = self.param_groups[0], loss.calls
        if group["line_search_fn"] is not None:
            start = Point(0, loss.value, loss.grad, slope)
            length, change = np.abs(memory.direction).max(), group["tolerance_change"]
            found = strong_wolfe(loss.along(memory.direction), memory.size, start, length, change, limit)
            memory.size, loss.value, loss.grad, _ = found
            loss.move(memory.size, memory.direction)
        else:
            loss.move(memory.size, memory.direction)
            if not last:  # nobody would use it
                loss.evaluate()
        return loss.calls - calls


class _Loss:
    """The loss as a function of all parameters in a row: its value and its gradient, where they are."""

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any]) -> None:
        self._optimizer, self._closure, self.calls = optimizer, closure, 0
        self._params: list[Tensor] = optimizer.param_groups[0]["params"]
        self.evaluate()

    def evaluate(self) -> None:
        """Call the closure."""
        self.tensor = self._closure()
        self.calls += 1
        self.value = float(self.tensor)
        grads = [np.zeros(p.shape, p.dtype) if p._grad is None else p._grad._array for p in self._params]
        self.grad = np.concatenate([grad.reshape(-1) for grad in grads])

    def move(self, size: Any, direction: Any) -> None:
        """Add to the parameters."""
        self._optimizer._stamp(self._params)
        begin = 0
        for p in self._params:
            array: Any = p._array
            array += size * direction[begin : begin + array.size].reshape(array.shape)
            begin += array.size

    def along(self, direction: Any) -> Callable[[Any], Point]:
        """The function of the step size from here, for a line search. It leaves the parameters as they are."""
        here = [np.copy(p._array) for p in self._params]

        def at(size: Any) -> Point:
            self.move(size, direction)
            self.evaluate()
            self._optimizer._stamp(self._params)
            for p, array in zip(self._params, here, strict=True):
                np.copyto(p._array, array)
            return Point(size, self.value, self.grad, np.dot(self.grad, direction))

        return at


class _Memory:
    """What is kept from step to step, under PyTorch's names in the state: of the last step its direction and size, the
    gradient and the loss before it; and of the last steps the changes of the gradient and of the parameters.
    """

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        known: dict[str, Any] = {name: _arrays(value) for name, value in state.items()}
        self.direction: Any = known.get("d")
        self.size: Any = known.get("t")
        self.grad: Any = known.get("prev_flat_grad")
        self.value: Any = known.get("prev_loss")
        self.scale: Any = known.get("H_diag", 1)
        self.turns, self.steps = known.get("old_dirs", []), known.get("old_stps", [])
        self.inverses = known.get("ro", [])

    def turn(self, loss: _Loss, most: int, rate: float) -> None:
        """Find the direction and the size of the next step, and forget all but ``most`` of those before."""
        self.state["n_iter"] += 1
        grad, self.value = loss.grad, loss.value
        if self.state["n_iter"] == 1:
            self.turns, self.steps, self.inverses, self.scale = [], [], [], 1
            self.direction, self.size = -grad, min(1.0, 1.0 / np.abs(grad).sum()) * rate
        else:
            self._note(grad - self.grad, self.direction * self.size, most)
            self.direction, self.size = self._newton(-grad), rate
        self.grad = grad

    def _note(self, turn: Any, step: Any, most: int) -> None:
        curvature = np.dot(turn, step)
        if not curvature > 1e-10:
            return
        if len(self.turns) == most:
            for values in (self.turns, self.steps, self.inverses):
                values.pop(0)
        self.turns.append(turn)
        self.steps.append(step)
        self.inverses.append(1.0 / curvature)
        self.scale = curvature / np.dot(turn, turn)

    def _newton(self, direction: Any) -> Any:
        """The product with the estimated inverse of the Hessian, by the two loops of Nocedal."""
        history = list(zip(self.turns, self.steps, self.inverses, strict=True))
        shares = []
        for turn, step, inverse in reversed(history):
            shares.append(np.dot(step, direction) * inverse)
            direction = direction - shares[-1] * turn
        direction = direction * self.scale
        for (turn, step, inverse), share in zip(history, reversed(shares), strict=True):
            direction = direction + (share - np.dot(turn, direction) * inverse) * step
        return direction

    def save(self) -> None:
        """Write all of it into the state."""
        values = {"d": self.direction, "t": self.size, "old_dirs": self.turns, "old_stps": self.steps}
        values |= {"ro": self.inverses, "H_diag": self.scale, "prev_flat_grad": self.grad, "prev_loss": self.value}
        self.state |= {name: _tensors(value) for name, value in values.items()}


def _arrays(value: Any) -> Any:
    """A value of the state to work with: arrays and NumPy numbers in place of tensors."""
    if isinstance(value, list):
        return [_arrays(item) for item in value]
    return value._array[()] if isinstance(value, Tensor) else value


def _tensors(value: Any) -> Any:
    """The same for the state."""
    if isinstance(value, list):
        return [_tensors(item) for item in value]
    return make(np.array(value)) if isinstance(value, (np.ndarray, np.generic)) else value
