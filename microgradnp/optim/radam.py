"""RAdam."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..tensor import Tensor
from .elementwise import Elementwise, move, move_square
from .optimizer import as_arrays


class RAdam(Elementwise):
    """Adam with a rectified second moment: while too few gradients have been seen to estimate it, it is left out.

    With m and v as in Adam, R = 2 / (1 - beta2) - 1 and r = R - 2 t beta2^t / (1 - beta2^t), step t is
    p -= lr * m / (1 - beta1^t) while r <= 5, and then that times sqrt(1 - beta2^t) / (sqrt(v) + eps) and
    sqrt((r - 4) (r - 2) R / ((R - 4) (R - 2) r)). Weight decay and ``maximize`` are Adam's.

    ``foreach`` changes nothing; ``differentiable`` and ``capturable`` are not supported. Raises as ``Adam`` does.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html; Liu et al., On the variance of the
    adaptive learning rate and beyond, 2019.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    counted: ClassVar[dict[str, float]] = {"step": 0.0}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        defaults |= {"maximize": maximize, "foreach": foreach, "capturable": capturable}
        defaults |= {"decoupled_weight_decay": decoupled_weight_decay, "differentiable": differentiable}
        super().__init__(params, defaults)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for a setting that is out of range."""
        super().check_settings(group)
        self.require(group, "eps", "epsilon value")
        self.require_betas(group)
        self.require(group, "weight_decay")

    def settings(self, group: dict[str, Any], step: Any) -> tuple[Any, ...]:  # type: ignore[override]
        """The rate of the step; with ``eps``, if v is to be used."""
        step, (beta1, beta2) = float(step) + 1, map(float, group["betas"])
        rate, eps = self.rate(group) / (1 - beta1**step), None
        most, left = 2 / (1 - beta2) - 1, 1 - beta2**step
        length = most - 2 * step * beta2**step / left
        if length > 5:
            rectification = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
            rate, eps = rate * (left * rectification) ** 0.5, float(group["eps"])
        return step, rate, eps, 1 - beta1, beta2, 1 - beta2, *self.decay(group), bool(group["maximize"])

    def update(  # type: ignore[override]
        self,
        params: list[Tensor],
        rate: float,
        eps: float | None,
        weight1: float,
        beta2: float,
        weight2: float,
        added: float | None,
        shrunk: float | None,
        maximize: bool,
    ) -> None:
        """p -= rate * m, or rate * m / (sqrt(v) + eps)"""
        numbers = as_arrays(params, rate, eps, weight1, beta2, weight2, added, shrunk)
        rate, eps, weight1, beta2, weight2, added, shrunk = numbers
        names = ("exp_avg", "exp_avg_sq")
        for array, grad, (mean, square), one, _ in self.each(params, names, maximize, added, shrunk):
            move(mean, grad, weight1, one)
            move_square(square, grad, beta2, weight2, one)
            step = mean if eps is None else np.divide(mean, np.add(np.sqrt(square, one), eps, one), one)
            np.subtract(array, np.multiply(step, rate, one), array)
