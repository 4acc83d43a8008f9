"""Attention with several heads."""

from __future__ import annotations

from typing import Any

from ..ops.attention import multi_head_attention_forward
from ..ops.shape import transpose
from ..tensor import Tensor
from . import init
from .linear import Linear
from .module import Module
from .parameter import Parameter, unfilled


class NonDynamicallyQuantizableLinear(Linear):
    """A ``Linear``; the printed form of the projection after attention has PyTorch's name for it."""


class MultiheadAttention(Module):
    """Attention in several heads: each takes its part of the projected query, key and value; the results are projected.

    In: query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim); with ``batch_first`` N comes first; or all three
    without N. Out: the output, of the query's shape, and the weights, (N, L, S), averaged over the heads.

    embed_dim: the width of all heads together, which ``num_heads`` divides.
    dropout: the part of the weights that is dropped in training mode.
    bias: whether the projections have one.
    add_bias_kv: one more key and value, which are learned; ``add_zero_attn``: one more, of zeros.
    kdim, vdim: by default ``embed_dim``; then the weights of the three projections are one parameter, of shape
    (3 * embed_dim, embed_dim). Weights are drawn as by ``xavier_uniform_``, that after attention as by ``Linear``;
    biases are 0.

    Raises ValueError for sizes that are not positive, AssertionError when ``num_heads`` does not divide ``embed_dim``,
    and for inputs that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html;
    Vaswani et al., Attention is all you need, 2017, arXiv:1706.03762

    >>> import microgradnp as mg
    >>> attention = mg.nn.MultiheadAttention(8, num_heads=2, batch_first=True)
    >>> x = mg.randn(3, 5, 8)
    >>> output, weights = attention(x, x, x)
    >>> output.shape, weights.shape
    (Size([3, 5, 8]), Size([3, 5, 5]))
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads}"
            )
        if embed_dim % num_heads:
            raise AssertionError(
                f"embed_dim must be divisible by num_heads, got embed_dim={embed_dim} and num_heads={num_heads}"
            )
        super().__init__()
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        together = self.kdim == self.vdim == embed_dim
        shapes = {
            "q_proj_weight": None if together else (embed_dim, embed_dim),
            "k_proj_weight": None if together else (embed_dim, self.kdim),
            "v_proj_weight": None if together else (embed_dim, self.vdim),
            "in_proj_weight": (3 * embed_dim, embed_dim) if together else None,
            "in_proj_bias": (3 * embed_dim,) if bias else None,
            "bias_k": (1, 1, embed_dim) if add_bias_kv else None,
            "bias_v": (1, 1, embed_dim) if add_bias_kv else None,
        }
        for name, shape in shapes.items():
            parameter = None if shape is None else unfilled("MultiheadAttention", shape, device, dtype)
            self.register_parameter(name, parameter)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw all but the output's weight anew."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)  # type: ignore[arg-type]
        for extra in (self.bias_k, self.bias_v):
            if extra is not None:
                init.xavier_normal_(extra)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The output and, with ``need_weights``, the weights, of all heads if they are not to be averaged.

        ``key_padding_mask``, (N, S), and ``attn_mask``, (L, S) or (N * num_heads, L, S), hide keys where they are true;
        those of numbers are added to the scores. ``is_causal`` says that ``attn_mask`` hides what comes after a query.
        """
        swapped = self.batch_first and query.ndim == 3
        if swapped:  # what is one tensor stays one: it is then projected in one product
            turned = {id(x): transpose(x, 0, 1) for x in (query, key, value)}
            query, key, value = turned[id(query)], turned[id(key)], turned[id(value)]
        output, weights = multi_head_attention_forward(
            query, key, value, self.embed_dim, self.num_heads, self.in_proj_weight, self.in_proj_bias, self.bias_k,
            self.bias_v, self.add_zero_attn, self.dropout, self.out_proj.weight, self.out_proj.bias, self.training,
            key_padding_mask, need_weights, attn_mask, self.in_proj_weight is None, self.q_proj_weight,
            self.k_proj_weight, self.v_proj_weight, None, None, average_attn_weights, is_causal,
        )  # fmt: skip
        return transpose(output, 0, 1) if swapped else output, weights
