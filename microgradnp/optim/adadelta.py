"""Adadelta."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..tensor import Tensor
from .elementwise import Elementwise, move_square
from .optimizer import as_arrays


class Adadelta(Elementwise):
    """Steps in proportion to the recent steps, so that the rate has no unit.

    With gradient g (negated for ``maximize``), g += weight_decay * p; v = rho * v + (1 - rho) * g^2;
    d = g * sqrt(u + eps) / sqrt(v + eps); u = rho * u + (1 - rho) * d^2; p -= lr * d.

    ``foreach`` changes nothing; ``differentiable`` and ``capturable`` are not supported. Raises ValueError for a
    setting that is negative, nan or infinite, and for a ``rho`` above 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html; Zeiler, ADADELTA: an adaptive
    learning rate method, 2012.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.Adadelta([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9968], requires_grad=True)
    """

    counted: ClassVar[dict[str, float]] = {"step": 0.0}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        defaults |= {"capturable": capturable, "foreach": foreach, "differentiable": differentiable}
        super().__init__(params, defaults)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for a setting that is out of range."""
        super().check_settings(group)
        self.require(group, "rho", most=1.0)
        self.require(group, "eps", "epsilon value")
        self.require(group, "weight_decay")

    def settings(self, group: dict[str, Any], step: Any) -> tuple[Any, ...]:  # type: ignore[override]
        """The numbers of the formula; only the count changes."""
        rho, (added, _) = float(group["rho"]), self.decay(group)
        return float(step) + 1, self.rate(group), rho, 1 - rho, float(group["eps"]), added, bool(group["maximize"])

    def update(  # type: ignore[override]
        self,
        params: list[Tensor],
        lr: float,
        rho: float,
        weight: float,
        eps: float,
        added: float | None,
        maximize: bool,
    ) -> None:
        """The formula of the class, for each parameter."""
        lr, rho, weight, eps, added = as_arrays(params, lr, rho, weight, eps, added)
        names = ("square_avg", "acc_delta")
        for array, grad, (square, steps), one, two in self.each(params, names, maximize, added):
            move_square(square, grad, rho, weight, one)
            above = np.sqrt(np.add(steps, eps, one), one)
            below = np.sqrt(np.add(square, eps, two), two)
            step = np.multiply(np.divide(above, below, one), grad, one)
            move_square(steps, step, rho, weight, two)
            np.subtract(array, np.multiply(step, lr, one), array)
