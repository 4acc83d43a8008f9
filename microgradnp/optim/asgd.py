"""Averaged stochastic gradient descent."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from ..dtypes import get_default_dtype
from ..tensor import Tensor
from .elementwise import Elementwise, move
from .optimizer import as_arrays


class ASGD(Elementwise):
    """Stochastic gradient descent that also keeps the average of the parameters, in the state as ``"ax"``.

    With gradient g (negated for ``maximize``), g += weight_decay * p; p = (1 - lambd * eta) * p - eta * g;
    ax += mu * (p - ax). After step t, eta = lr / (1 + lambd * lr * t)^alpha (at first lr) and mu = 1 / max(1, t - t0).

    ``foreach`` changes nothing; ``differentiable`` and ``capturable`` are not supported. Raises ValueError for a rate
    or weight decay that is negative, nan or infinite.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.ASGD.html; Polyak and Juditsky, Acceleration of
    stochastic approximation by averaging, 1992.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.ASGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    counted: ClassVar[dict[str, float]] = {"step": 0.0, "eta": 0.0, "mu": 1.0}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0, "weight_decay": weight_decay}
        defaults |= {"foreach": foreach, "maximize": maximize}
        defaults |= {"differentiable": differentiable, "capturable": capturable}
        super().__init__(params, defaults)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for a setting that is out of range."""
        super().check_settings(group)
        self.require(group, "weight_decay")
        for name in ("lambd", "alpha", "t0"):
            self.require(group, name, least=-math.inf)

    def settings(  # type: ignore[override]
        self, group: dict[str, Any], step: Any, eta: Any, mu: Any
    ) -> tuple[Any, ...]:
        """``eta`` and ``mu`` were worked out in the step before, and rounded as in PyTorch."""
        lr, decay, (added, _) = self.rate(group), float(group["lambd"]), self.decay(group)
        rate = float(type(eta)(lr) if step == 0 else eta)
        step = float(step) + 1
        next_eta = lr / (1 + decay * lr * step) ** float(group["alpha"])
        next_mu = 1 / max(1.0, step - float(group["t0"]))
        counts = (float(get_default_dtype().type(number)) for number in (next_eta, next_mu))
        return step, *counts, rate, None if mu == 1 else float(mu), added, 1 - decay * rate, bool(group["maximize"])

    def update(  # type: ignore[override]
        self,
        params: list[Tensor],
        rate: float,
        weight: float | None,
        added: float | None,
        shrunk: float,
        maximize: bool,
    ) -> None:
        """p = shrunk * p - rate * g; without a weight the average is the parameter itself."""
        rate, weight, added, shrunk = as_arrays(params, rate, weight, added, shrunk)
        for array, grad, (mean,), one, _ in self.each(params, ("ax",), maximize, added, shrunk):
            np.subtract(array, np.multiply(grad, rate, one), array)
            if weight is None:
                np.copyto(mean, array)
            else:
                move(mean, array, weight, one)
