"""RMSprop."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..tensor import Tensor
from .elementwise import Elementwise, move, move_square
from .optimizer import as_arrays


class RMSprop(Elementwise):
    """Steps divided by the root of the mean square of recent gradients.

    With gradient g (negated for ``maximize``), g += weight_decay * p; v = alpha * v + (1 - alpha) * g^2, from which,
    if ``centered``, the square of the mean gradient is taken; g = g / (sqrt(v) + eps); with momentum,
    g = buffer = momentum * buffer + g; p -= lr * g.

    ``foreach`` changes nothing; ``differentiable`` and ``capturable`` are not supported. Raises ValueError for a
    setting that is negative, nan or infinite.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html; Tieleman and Hinton, Lecture 6.5,
    2012; Graves, Generating sequences with recurrent neural networks, 2013 (centered).

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.RMSprop([w], lr=0.01)
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
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps, "centered": centered}
        defaults |= {"weight_decay": weight_decay, "capturable": capturable, "foreach": foreach}
        defaults |= {"maximize": maximize, "differentiable": differentiable}
        super().__init__(params, defaults)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for a setting that is out of range."""
        super().check_settings(group)
        self.require(group, "eps", "epsilon value")
        for name in ("momentum", "weight_decay", "alpha"):
            self.require(group, name)

    def settings(self, group: dict[str, Any], step: Any) -> tuple[Any, ...]:  # type: ignore[override]
        """The numbers of the formula; only the count changes."""
        alpha, (added, _) = float(group["alpha"]), self.decay(group)
        numbers = (self.rate(group), alpha, 1 - alpha, float(group["eps"]), float(group["momentum"]) or None, added)
        return float(step) + 1, *numbers, bool(group["centered"]), bool(group["maximize"])

    def update(  # type: ignore[override]
        self,
        params: list[Tensor],
        lr: float,
        alpha: float,
        weight: float,
        eps: float,
        momentum: float | None,
        added: float | None,
        centered: bool,
        maximize: bool,
    ) -> None:
        """The formula of the class, for each parameter."""
        lr, alpha, weight, eps, momentum, added = as_arrays(params, lr, alpha, weight, eps, momentum, added)
        names = ("square_avg", *("momentum_buffer",) * (momentum is not None), *("grad_avg",) * centered)
        for array, grad, (square, *more), one, _ in self.each(params, names, maximize, added):
            move_square(square, grad, alpha, weight, one)
            if centered:
                mean = more[-1]
                move(mean, grad, weight, one)
                square = np.subtract(square, np.multiply(mean, mean, one), one)
            step = np.divide(grad, np.add(np.sqrt(square, one), eps, one), one)
            if momentum is not None:
                buffer = more[0]
                np.multiply(buffer, momentum, buffer)
                step = np.add(buffer, step, buffer)
            np.subtract(array, np.multiply(step, lr, one), array)
