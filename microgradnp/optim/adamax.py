"""Adamax."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..tensor import Tensor
from .elementwise import Elementwise, move
from .optimizer import as_arrays


class Adamax(Elementwise):
    """Adam with the largest recent gradient in place of the root of the mean square.

    With gradient g (negated for ``maximize``), g += weight_decay * p; m = beta1 * m + (1 - beta1) * g;
    u = max(beta2 * u, abs(g) + eps); in step t, p -= lr * m / (1 - beta1^t) / u.

    ``foreach`` changes nothing; ``differentiable`` and ``capturable`` are not supported. Raises as ``Adam`` does.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html; Kingma and Ba, Adam: a method for
    stochastic optimization, 2014.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    counted: ClassVar[dict[str, float]] = {"step": 0.0}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "foreach": foreach}
        defaults |= {"maximize": maximize, "differentiable": differentiable, "capturable": capturable}
        super().__init__(params, defaults)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for a setting that is out of range."""
        super().check_settings(group)
        self.require(group, "eps", "epsilon value")
        self.require_betas(group)
        self.require(group, "weight_decay")

    def settings(self, group: dict[str, Any], step: Any) -> tuple[Any, ...]:  # type: ignore[override]
        """The correction of m is moved to the rate."""
        step, (beta1, beta2), (added, _) = float(step) + 1, map(float, group["betas"]), self.decay(group)
        rate = self.rate(group) / (1 - beta1**step)
        return step, rate, 1 - beta1, beta2, float(group["eps"]), added, bool(group["maximize"])

    def update(  # type: ignore[override]
        self,
        params: list[Tensor],
        rate: float,
        weight1: float,
        beta2: float,
        eps: float,
        added: float | None,
        maximize: bool,
    ) -> None:
        """p -= rate * m / u"""
        rate, weight1, beta2, eps, added = as_arrays(params, rate, weight1, beta2, eps, added)
        names = ("exp_avg", "exp_inf")
        for array, grad, (mean, largest), one, _ in self.each(params, names, maximize, added):
            move(mean, grad, weight1, one)
            np.multiply(largest, beta2, largest)
            np.maximum(largest, np.add(np.abs(grad, one), eps, one), out=largest)
            np.subtract(array, np.multiply(np.divide(mean, largest, one), rate, one), array)
