"""A table of vectors, looked up by number."""

from __future__ import annotations

from typing import Any

from ..autograd.modes import no_grad
from ..ops.selecting import embedding
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter, unfilled


class Embedding(Module):
    """The rows of ``weight`` at the indices of the input, integers of any shape: (*) to (*, embedding_dim).

    weight: (num_embeddings, embedding_dim), drawn from the standard normal distribution.

    padding_idx: the row that is 0 in the beginning and gets no gradient.
    max_norm: rows that are used and whose ``norm_type``-norm is larger are first scaled down to it, in place.
    scale_grad_by_freq: the gradient of a row is divided by how often it is used in the input.
    sparse: True raises NotImplementedError: there are no sparse gradients.

    Raises AssertionError for a ``padding_idx`` outside the table, IndexError for an index outside it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html

    >>> import microgradnp
    >>> table = microgradnp.nn.Embedding(10, 3, padding_idx=0)
    >>> table(microgradnp.tensor([[1, 2], [4, 0]])).shape
    Size([2, 2, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if sparse:
            raise NotImplementedError("Embedding: sparse=True is not there: gradients are dense; leave it away")
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings and padding_idx != 0:
                raise AssertionError(
                    f"Embedding: Padding_idx must be within num_embeddings, got {padding_idx} for {num_embeddings}"
                )
            padding_idx = padding_idx + num_embeddings if padding_idx < 0 else padding_idx
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        if _weight is None:
            self.weight = unfilled("Embedding", (num_embeddings, embedding_dim), device, dtype)
            self.weight.requires_grad_(not _freeze)
            self.reset_parameters()
        elif tuple(_weight.shape) != (num_embeddings, embedding_dim):
            raise AssertionError(
                "Embedding: Shape of weight does not match num_embeddings and embedding_dim: "
                f"{tuple(_weight.shape)} and {(num_embeddings, embedding_dim)}"
            )
        else:
            self.weight = Parameter(_weight, requires_grad=not _freeze)

    def reset_parameters(self) -> None:
        """Draw the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx] = 0

    def forward(self, input: Tensor) -> Tensor:
        return embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        for name, usual in (("padding_idx", None), ("max_norm", None), ("norm_type", 2), ("scale_grad_by_freq", False)):
            if getattr(self, name) != usual:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """An embedding of a given table, whose memory it shares; with ``freeze`` it is not trained."""
        if embeddings.ndim != 2:
            raise AssertionError(
                f"Embedding: Embeddings parameter is expected to be 2-dimensional, got {embeddings.ndim} dimensions"
            )
        return cls(
            *embeddings.shape,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
            _weight=embeddings,
            _freeze=freeze,
        )
