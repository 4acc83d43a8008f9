"""Adagrad."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..dtypes import get_default_dtype
from ..tensor import Tensor, make
from .elementwise import Elementwise, kept
from .optimizer import as_arrays


class Adagrad(Elementwise):
    """Steps that become smaller where there have been large gradients: divided by the root of the sum of their squares.

    With gradient g (negated for ``maximize``), g += weight_decay * p; s += g^2, from ``initial_accumulator_value`` on;
    in step t, p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps).

    The state is there from the beginning, as PyTorch's. ``foreach`` and ``fused`` change nothing; ``differentiable`` is
    not supported. Raises ValueError for a setting that is negative, nan or infinite.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html; Duchi et al., Adaptive subgradient
    methods for online learning and stochastic optimization, 2011.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000], requires_grad=True)
    """

    counted: ClassVar[dict[str, float]] = {"step": 0.0}

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        defaults |= {"initial_accumulator_value": initial_accumulator_value, "foreach": foreach}
        defaults |= {"maximize": maximize, "differentiable": differentiable, "fused": fused}
        super().__init__(params, defaults)
        for p in self._params():
            self.state[p]["step"] = make(np.zeros((), get_default_dtype()))
            kept(self.state[p], "sum", p._array, initial_accumulator_value)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for a setting that is out of range."""
        super().check_settings(group)
        for name in ("lr_decay", "weight_decay", "initial_accumulator_value"):
            self.require(group, name)
        self.require(group, "eps", "epsilon value")

    def settings(self, group: dict[str, Any], step: Any) -> tuple[Any, ...]:  # type: ignore[override]
        """The rate of the step."""
        step, (added, _) = float(step) + 1, self.decay(group)
        rate = self.rate(group) / (1 + (step - 1) * float(group["lr_decay"]))
        return step, rate, float(group["eps"]), added, bool(group["maximize"])

    def update(  # type: ignore[override]
        self, params: list[Tensor], rate: float, eps: float, added: float | None, maximize: bool
    ) -> None:
        """p -= rate * g / (sqrt(s) + eps)"""
        rate, eps, added = as_arrays(params, rate, eps, added)
        first = {"sum": self.defaults["initial_accumulator_value"]}
        for array, grad, (squares,), one, _ in self.each(params, ("sum",), maximize, added, first=first):
            np.add(squares, np.multiply(grad, grad, one), squares)
            below = np.add(np.sqrt(squares, one), eps, one)
            np.subtract(array, np.multiply(np.divide(grad, below, one), rate, one), array)
