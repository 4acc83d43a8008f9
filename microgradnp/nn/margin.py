"""Loss functions with a margin, as modules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY

from ..tensor import Tensor
from . import functional as F
from .declared import declared
from .distance import PairwiseDistance
from .loss import _Loss, _Reducing, _WeightedLoss


@declared
class MultiMarginLoss(_WeightedLoss):
    """The sum over the other classes i of max(0, margin - input[target] + input[i]) ** p, divided by C.

    ``input`` (N, C) or (C,) are scores of C classes, ``target`` (N,) or () the numbers of classes; ``p`` is 1 or 2.
    ``weight`` (C,) has a number for each class.

    Raises ValueError for another ``p``, or another shape of ``weight``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html
    """

    p: int = 1
    margin: float = 1.0
    weight: Tensor | None = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def prepare(self) -> None:
        super().prepare()
        if self.p not in (1, 2):
            raise ValueError(f"MultiMarginLoss: p must be 1 or 2, got {self.p}")
        if self.weight is not None and self.weight.ndim != 1:
            raise ValueError(f"MultiMarginLoss: weight must have one dimension, got shape {tuple(self.weight.shape)}")

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


@declared
class MultiLabelMarginLoss(_Loss):
    """The sum of max(0, 1 - input[j] + input[i]) over classes j of the target and i of the others, over C.

    ``target``, of the shape of ``input`` (N, C) or (C,), holds the numbers of classes, and -1 after the last of them.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


@declared
class HingeEmbeddingLoss(_Loss):
    """For a distance: the mean of ``input`` where ``target`` is 1, and of max(0, margin - input) where it is -1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
    """

    margin: float = 1.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


@declared
class CosineEmbeddingLoss(_Loss):
    """The mean of 1 - cos(input1, input2) where ``target`` is 1, and of max(0, cos(...) - margin) where it is -1.

    The inputs are (N, D) and the target (N,), or (D,) and a number.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
    """

    margin: float = 0.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


@declared
class MarginRankingLoss(_Loss):
    """The mean of max(0, -target * (input1 - input2) + margin).

    ``target`` is 1 where ``input1`` should be larger, and -1 where ``input2`` should.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html
    """

    margin: float = 0.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


@declared
class TripletMarginLoss(_Loss):
    """The mean of max(0, d(anchor, positive) - d(anchor, negative) + margin), with the distance d of the p-norm.

    With ``swap`` the positive's distance to the negative is taken where that is smaller than the anchor's.

    Raises ValueError when ``margin`` is not positive.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html
    """

    margin: float = 1.0
    p: float = 2.0
    eps: float = 1e-6
    swap: bool = False
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def prepare(self) -> None:
        super().prepare()
        if self.margin <= 0:
            raise ValueError(f"TripletMarginLoss: margin must be greater than 0, got {self.margin}")

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction
        )


@declared
class TripletMarginWithDistanceLoss(_Reducing):
    """``TripletMarginLoss`` with any function of two tensors for the distance; by default ``PairwiseDistance()``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html
    """

    _: KW_ONLY
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None
    margin: float = 1.0
    swap: bool = False
    reduction: str = "mean"

    def prepare(self) -> None:
        super().prepare()
        if self.margin <= 0:
            raise ValueError(f"TripletMarginWithDistanceLoss: margin must be greater than 0, got {self.margin}")
        function = vars(self).pop("distance_function")
        self.distance_function = PairwiseDistance() if function is None else function

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function, margin=self.margin, swap=self.swap,
            reduction=self.reduction,
        )  # fmt: skip
