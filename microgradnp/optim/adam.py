"""Adam and AdamW."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy import add, divide, multiply, sqrt, subtract

from ..tensor import Tensor
from .elementwise import Elementwise, move, move_square
from .optimizer import as_arrays


class Adam(Elementwise):
    """Adaptive moment estimation: steps of about ``lr``, whatever the size of the gradients.

    With gradient g (negated for ``maximize``), g += weight_decay * p, or p *= 1 - lr * weight_decay with
    ``decoupled_weight_decay``; m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g^2; in step t,
    p -= lr * m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps), with the largest v so far for ``amsgrad``.

    ``foreach`` and ``fused`` choose between PyTorch's implementations of the same update. There is one here, so they
    change nothing; their values are kept for the state dict. ``differentiable`` and ``capturable`` are not supported.

    Raises ValueError for an empty list of parameters, for duplicate or non-leaf ones, for a setting that is negative,
    nan or infinite, and for a beta that is not in [0, 1).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html; Kingma and Ba, Adam: a method for
    stochastic optimization, 2014; Reddi et al., On the convergence of Adam and beyond, 2018.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    counted: ClassVar[dict[str, float]] = {"step": 0.0}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad}
        defaults |= {"maximize": maximize, "foreach": foreach, "capturable": capturable}
        defaults |= {"differentiable": differentiable, "fused": fused}
        defaults |= {"decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, defaults)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for a setting that is out of range."""
        super().check_settings(group)
        self.require(group, "eps", "epsilon value")
        self.require_betas(group)
        self.require(group, "weight_decay")

    def settings(self, group: dict[str, Any], step: Any) -> tuple[Any, ...]:  # type: ignore[override]
        """The two corrections are moved from m and sqrt(v), which are arrays, to the numbers lr and eps."""
        step, lr, (beta1, beta2) = float(step) + 1, self.rate(group), map(float, group["betas"])
        root = (1 - beta2**step) ** 0.5
        numbers = (lr * root / (1 - beta1**step), 1 - beta1, beta2, 1 - beta2, float(group["eps"]) * root)
        return step, *numbers, *self.decay(group), bool(group["maximize"]), bool(group["amsgrad"])

    def update(  # type: ignore[override]
        self,
        params: list[Tensor],
        rate: float,
        weight1: float,
        beta2: float,
        weight2: float,
        eps: float,
        added: float | None,
        shrunk: float | None,
        maximize: bool,
        amsgrad: bool,
    ) -> None:
        """p -= rate * m / (sqrt(v) + eps), where ``rate`` and ``eps`` hold the corrections."""
        numbers = as_arrays(params, rate, weight1, beta2, weight2, eps, added, shrunk)
        rate, weight1, beta2, weight2, eps, added, shrunk = numbers
        names = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")[: 3 if amsgrad else 2]
        for array, grad, (mean, square, *largest), one, _ in self.each(params, names, maximize, added, shrunk):
            move(mean, grad, weight1, one)
            move_square(square, grad, beta2, weight2, one)
            if amsgrad:
                square = np.maximum(largest[0], square, out=largest[0])
            below = add(sqrt(square, one), eps, one)
            subtract(array, multiply(divide(mean, below, one), rate, one), array)


class AdamW(Adam):
    """Adam with decoupled weight decay: p *= 1 - lr * weight_decay, whatever the gradients. See ``Adam``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html; Loshchilov and Hutter, Decoupled
    weight decay regularization, 2017.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8500], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize, capturable=capturable,
            differentiable=differentiable, fused=fused, decoupled_weight_decay=True,
        )  # fmt: skip
