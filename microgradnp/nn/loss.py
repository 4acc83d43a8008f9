"""Loss functions as modules.

``reduction`` is "mean", "sum" or "none" (one loss for each element). ``size_average`` and ``reduce`` are what PyTorch
had before it: they still work, with a warning.
"""

from __future__ import annotations

from ..ops.loss import reduction_of, squared_error
from ..tensor import Tensor
from .functional import binary_cross_entropy, binary_cross_entropy_with_logits
from .module import Module


class _Loss(Module):
    def __init__(self, size_average: bool | None, reduce: bool | None, reduction: str) -> None:
        super().__init__()
        reduction = reduction_of(type(self).__name__, size_average, reduce, reduction, stacklevel=4)
        self.reduction = reduction


class MSELoss(_Loss):
    """The mean of (input - target)², for ``input`` and ``target`` of one shape.

    Warns (UserWarning) when the shapes differ, as they are then broadcast: (4, 1) against (4,) gives (4, 4).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html

    >>> import microgradnp
    >>> loss = microgradnp.nn.MSELoss()
    >>> loss(microgradnp.tensor([1.0, 2.0]), microgradnp.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__(size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return squared_error(input, target, self.reduction)


class BCELoss(_Loss):
    """The mean of -weight * (target * log(input) + (1 - target) * log(1 - input)), logarithms not below -100.

    ``input`` holds probabilities and ``target`` numbers in [0, 1], in one shape; ``weight`` is broadcast to it.

    Raises ValueError when the shapes differ, RuntimeError for an input outside [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """The ``BCELoss`` of ``sigmoid(input)``, accurate for every input; ``pos_weight`` multiplies the first term.

    ``input`` holds any numbers and ``target`` numbers in [0, 1], in one shape; the weights are broadcast to it.

    Raises ValueError when the shapes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html

    >>> import microgradnp
    >>> loss = microgradnp.nn.BCEWithLogitsLoss()
    >>> loss(microgradnp.tensor([0.0, 1000.0]), microgradnp.tensor([1.0, 1.0]))
    tensor(0.3466)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )
