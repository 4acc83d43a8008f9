"""Loss functions as modules."""

from __future__ import annotations

from ..ops import loss as functions
from ..tensor import Tensor
from .module import Module


class _Loss(Module):
    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        functions.check_reduction(reduction, type(self).__name__)
        self.reduction = reduction


class MSELoss(_Loss):
    """The mean squared error of ``input`` and ``target``, of one shape; ``reduction`` is "mean", "sum" or "none".

    Warns when the shapes differ. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html

    >>> import microgradnp
    >>> loss = microgradnp.nn.MSELoss()
    >>> loss(microgradnp.tensor([1.0, 2.0]), microgradnp.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functions.squared_error(input, target, self.reduction)


class BCELoss(_Loss):
    """The cross entropy of probabilities ``input`` and ``target`` in [0, 1], of one shape, times ``weight``.

    Raises ValueError when the shapes differ, RuntimeError for an input outside [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
    """

    def __init__(self, weight: Tensor | None = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functions.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """The cross entropy of ``sigmoid(input)`` and ``target``, accurate for every input; of one shape, times ``weight``.

    ``pos_weight`` multiplies the terms of positive targets. Raises ValueError when the shapes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
    """

    def __init__(self, weight: Tensor | None = None, reduction: str = "mean", pos_weight: Tensor | None = None) -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return functions.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )
