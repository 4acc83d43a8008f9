"""Rprop."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..tensor import Tensor
from .elementwise import Elementwise
from .optimizer import as_arrays


class Rprop(Elementwise):
    """Resilient backpropagation: only the signs of the gradients count. For whole batches.

    Each element has a step size, at first ``lr``. Where the gradient g (negated for ``maximize``) has the sign that it
    had in the last step, the size is multiplied by ``etas[1]``; where it has the other, by ``etas[0]``, and g counts as
    0; ``step_sizes`` are the least and the largest size. p -= size * sign(g).

    ``foreach`` changes nothing; ``differentiable`` and ``capturable`` are not supported. Raises ValueError for a rate
    that is negative, nan or infinite, and unless 0 < etas[0] < 1 < etas[1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html; Riedmiller and Braun, A direct
    adaptive method for faster backpropagation learning: the RPROP algorithm, 1993.

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.Rprop([w], lr=0.1)
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
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        defaults = {"lr": lr, "etas": etas, "step_sizes": step_sizes, "foreach": foreach, "maximize": maximize}
        defaults |= {"differentiable": differentiable, "capturable": capturable}
        super().__init__(params, defaults)

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for a setting that is out of range."""
        super().check_settings(group)
        less, more = map(float, group["etas"])
        if not 0 < less < 1 < more:
            raise ValueError(f"Invalid eta values: {less}, {more}; they must be on both sides of 1, and positive")

    def settings(self, group: dict[str, Any], step: Any) -> tuple[Any, ...]:  # type: ignore[override]
        """A size is multiplied by 1 + s (slope + curve s), s being the sign of the product of two gradients."""
        less, more = map(float, group["etas"])
        numbers = ((more - less) / 2, (more + less) / 2 - 1, *map(float, group["step_sizes"]))
        return float(step) + 1, self.rate(group), *numbers, bool(group["maximize"])

    def update(  # type: ignore[override]
        self,
        params: list[Tensor],
        lr: float,
        slope: float,
        curve: float,
        least: float,
        most: float,
        maximize: bool,
    ) -> None:
        """The formula of the class, for each parameter."""
        lr, slope, curve, least, most = as_arrays(params, lr, slope, curve, least, most)
        names, first = ("prev", "step_size"), {"step_size": lr}
        for array, grad, (before, size), one, two in self.each(params, names, maximize, first=first):
            sign = np.sign(np.multiply(grad, before, one), one)
            factor = np.multiply(np.add(np.multiply(sign, curve, two), slope, two), sign, two)
            np.multiply(size, np.add(factor, 1, two), size)
            np.minimum(np.maximum(size, least, out=size), most, out=size)
            same = np.minimum(np.add(sign, 1, one), 1, out=one)  # 0 where the sign has changed, else 1
            np.multiply(grad, same, before)
            np.subtract(array, np.multiply(np.sign(before, one), size, one), array)
