"""Distances and similarities between vectors, as modules."""

from __future__ import annotations

from ..ops.distance import cosine_similarity, pairwise_distance
from ..tensor import Tensor
from .declared import declared
from .module import Module


class _Distance(Module):
    def extra_repr(self) -> str:
        return ""


@declared
class CosineSimilarity(_Distance):
    """The cosine of the angle between vectors along ``dim``. A norm below ``eps`` counts as ``eps``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineSimilarity.html
    """

    dim: int = 1
    eps: float = 1e-8

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return cosine_similarity(x1, x2, self.dim, self.eps)


@declared
class PairwiseDistance(_Distance):
    """The p-norm of ``x1 - x2 + eps`` over the last dimension: (N, D) and (N, D) to (N,), or (N, 1) with ``keepdim``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.PairwiseDistance.html
    """

    p: float = 2.0
    eps: float = 1e-6
    keepdim: bool = False

    def prepare(self) -> None:
        self.norm = vars(self).pop("p")  # PyTorch's name for it

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
