"""Stochastic gradient descent."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy import add, multiply, subtract

from ..tensor import Tensor
from .elementwise import Elementwise
from .optimizer import as_arrays


class SGD(Elementwise):
    """Stochastic gradient descent, optionally with momentum.

    With gradient g (negated for ``maximize``), g += weight_decay * p; buffer = momentum * buffer + (1 - dampening) * g
    (at first: g); g = g + momentum * buffer with ``nesterov``, else buffer; p -= lr * g.

    ``foreach`` and ``fused`` choose between PyTorch's implementations of the same update. There is one here, so they
    change nothing; their values are kept for the state dict. ``differentiable`` is not supported.

    Raises ValueError for an empty list of parameters, for duplicate or non-leaf ones, for a setting that is negative,
    nan or infinite, and for ``nesterov`` without momentum or with dampening.

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

    settings_follow_from_group = True

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        defaults |= {"nesterov": nesterov, "maximize": maximize}
        defaults |= {"foreach": foreach, "differentiable": differentiable, "fused": fused}
        super().__init__(params, defaults)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for a setting that is out of range, and for settings that exclude each other."""
        super().check_settings(group)
        self.require(group, "momentum")
        self.require(group, "dampening", least=-math.inf)
        self.require(group, "weight_decay")
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def settings(self, group: dict[str, Any]) -> tuple[Any, ...]:  # type: ignore[override]
        """Python numbers, whatever was given: a NumPy float64 would turn float32 arithmetic into float64."""
        momentum, dampening, added = float(group["momentum"]), float(group["dampening"]), float(group["weight_decay"])
        numbers = momentum or None, 1 - dampening if dampening else None, added or None
        return self.rate(group), *numbers, bool(group["nesterov"]), bool(group["maximize"])

    def update(  # type: ignore[override]
        self,
        params: list[Tensor],
        lr: float,
        momentum: float | None,
        weight: float | None,
        added: float | None,
        nesterov: bool,
        maximize: bool,
    ) -> None:
        """The formula of the class, for each parameter."""
        lr, momentum, weight, added = as_arrays(params, lr, momentum, weight, added)
        if momentum is None:
            for array, grad, _, one, _ in self.each(params, (), maximize, added):
                subtract(array, multiply(grad, lr, one), array)
            return
        parts: dict[bool, list[Tensor]] = {True: [], False: []}  # those that begin, and the others
        for p in params:
            parts[self.state[p].get("momentum_buffer") is None].append(p)
        for begins, some in parts.items():
            if not some:
                continue
            for array, grad, (buffer,), one, two in self.each(some, ("momentum_buffer",), maximize, added):
                if begins:
                    np.copyto(buffer, grad)
                else:
                    multiply(buffer, momentum, buffer)
                    add(buffer, grad if weight is None else multiply(grad, weight, one), buffer)
                step = add(grad, multiply(buffer, momentum, one), one) if nesterov else buffer
                subtract(array, multiply(step, lr, two), array)
