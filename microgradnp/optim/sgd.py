"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..tensor import Tensor, make
from .optimizer import Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with momentum.

    With gradient g (negated for ``maximize``), g += weight_decay * p; buffer = momentum * buffer + (1 - dampening) * g
    (at first: g); g = g + momentum * buffer with ``nesterov``, else buffer; p -= lr * g.

    Raises ValueError for an empty list of parameters, for duplicate or non-leaf ones, for a setting that is negative, nan
    or infinite, and for ``nesterov`` without momentum or with dampening.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html; Sutskever et al., On the importance of
    initialization and momentum in deep learning, 2013.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        defaults = dict(lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay)
        super().__init__(params, {**defaults, "nesterov": nesterov, "maximize": maximize})

    def check_settings(self, group: dict[str, Any]) -> None:
        for name in ("lr", "momentum", "weight_decay"):
            self.require(group, name)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: Nesterov momentum requires a momentum and zero dampening")

    def settings(self, group: dict[str, Any]) -> tuple[Any, ...]:
        lr = -group["lr"] if group["maximize"] else group["lr"]
        decay = -group["weight_decay"] if group["maximize"] else group["weight_decay"]
        return lr, group["momentum"], group["dampening"], decay, group["nesterov"]

    def update(
        self, params: list[Tensor], lr: float, momentum: float, dampening: float, decay: float, nesterov: bool
    ) -> None:
        for p in params:
            array, grad = p._array, p._grad._array  # type: ignore[union-attr]
            if decay:
                grad = grad + array * decay
            if momentum:
                grad = self._with_momentum(self.state[p], grad, momentum, 1 - dampening, nesterov)
            np.subtract(array, grad * lr, array)

    @staticmethod
    def _with_momentum(state: dict[str, Any], grad: Any, momentum: float, weight: float, nesterov: bool) -> Any:
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = make(np.positive(grad))
            buffer = state["momentum_buffer"]._array
        else:
            buffer = state["momentum_buffer"]._array
            np.multiply(buffer, momentum, out=buffer)
            np.add(buffer, grad if weight == 1 else grad * weight, out=buffer)
        return grad + buffer * momentum if nesterov else buffer
