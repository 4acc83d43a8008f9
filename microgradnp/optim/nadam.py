"""NAdam."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..tensor import Tensor
from .elementwise import Elementwise, move, move_square
from .optimizer import as_arrays


class NAdam(Elementwise):
    """Adam with Nesterov momentum: the step takes into account the momentum of the step to come.

    With m and v as in Adam and mu_t = beta1 * (1 - 0.96^(t * momentum_decay) / 2), whose product up to t is M_t, step t
    is p -= lr * ((1 - mu_t) * g / (1 - M_t) + mu_{t+1} * m / (1 - M_t * mu_{t+1})) / (sqrt(v / (1 - beta2^t)) + eps).
    Weight decay and ``maximize`` are Adam's.

    ``foreach`` changes nothing; ``differentiable`` and ``capturable`` are not supported. Raises as ``Adam`` does.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html; Dozat, Incorporating Nesterov
    momentum into Adam, 2016.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944], requires_grad=True)
    """

    counted: ClassVar[dict[str, float]] = {"step": 0.0, "mu_product": 1.0}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        defaults |= {"momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay}
        defaults |= {"maximize": maximize, "foreach": foreach}
        defaults |= {"capturable": capturable, "differentiable": differentiable}
        super().__init__(params, defaults)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for a setting that is out of range."""
        super().check_settings(group)
        self.require(group, "eps", "epsilon value")
        self.require_betas(group)
        self.require(group, "weight_decay")
        self.require(group, "momentum_decay")

    def settings(self, group: dict[str, Any], step: Any, product: Any) -> tuple[Any, ...]:  # type: ignore[override]
        """The correction of v is moved to the other numbers; ``product`` keeps its dtype, as PyTorch's does."""
        step, lr, (beta1, beta2) = float(step) + 1, self.rate(group), map(float, group["betas"])
        mu, following = (beta1 * (1 - 0.5 * 0.96 ** (t * float(group["momentum_decay"]))) for t in (step, step + 1))
        product = float(product * mu)
        root = (1 - beta2**step) ** 0.5
        rate = lr * root * (1 - mu) / (1 - product)
        ahead = lr * root * following / (1 - product * following)
        numbers = (rate, ahead, 1 - beta1, beta2, 1 - beta2, float(group["eps"]) * root)
        return step, product, *numbers, *self.decay(group), bool(group["maximize"])

    def update(  # type: ignore[override]
        self,
        params: list[Tensor],
        rate: float,
        ahead: float,
        weight1: float,
        beta2: float,
        weight2: float,
        eps: float,
        added: float | None,
        shrunk: float | None,
        maximize: bool,
    ) -> None:
        """p -= (rate * g + ahead * m) / (sqrt(v) + eps)"""
        numbers = as_arrays(params, rate, ahead, weight1, beta2, weight2, eps, added, shrunk)
        rate, ahead, weight1, beta2, weight2, eps, added, shrunk = numbers
        names = ("exp_avg", "exp_avg_sq")
        for array, grad, (mean, square), one, two in self.each(params, names, maximize, added, shrunk):
            move(mean, grad, weight1, one)
            move_square(square, grad, beta2, weight2, one)
            step = np.add(np.multiply(grad, rate, one), np.multiply(mean, ahead, two), one)
            below = np.add(np.sqrt(square, two), eps, two)
            np.subtract(array, np.divide(step, below, one), array)
