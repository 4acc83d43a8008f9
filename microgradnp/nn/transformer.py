"""Transformers: layers of attention and a perceptron, and stacks of them.

Masks hide where they are true, as in ``MultiheadAttention``; those of numbers are added to the scores. ``is_causal``
says that a mask hides what comes after each place. With ``batch_first`` tensors are (N, length, d_model), else (length,
N, d_model); both may lack N.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.scope import where as module_path
from ..devices import check_device
from ..ops.attention import additive_mask
from ..tensor import Tensor, make
from . import functional as F
from . import init
from .attention import MultiheadAttention
from .container import ModuleList
from .dropout import Dropout
from .linear import Linear
from .module import Module
from .normalization import LayerNorm

ACTIVATIONS = ("relu", "gelu")


def _activation(given: str | Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    if not isinstance(given, str):
        return given
    if given not in ACTIVATIONS:
        raise RuntimeError(f"activation should be relu/gelu, not {given}; any other is given as a function")
    return getattr(F, given)


class _Layer(Module):
    """What encoder and decoder layers share: attention to themselves, a perceptron, and a norm for each part."""

    self_attn: MultiheadAttention
    multihead_attn: MultiheadAttention
    attentions: tuple[str, ...] = ("self_attn",)

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,  # type: ignore[attr-defined]
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        for name in self.attentions:
            attention = MultiheadAttention(
                d_model, nhead, dropout, bias, batch_first=batch_first, device=device, dtype=dtype
            )
            self.add_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, device, dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, device, dtype)
        self.norm_first = norm_first
        parts = range(1, len(self.attentions) + 2)
        for i in parts:
            self.add_module(f"norm{i}", LayerNorm(d_model, layer_norm_eps, True, bias, device, dtype))
        for i in parts:
            self.add_module(f"dropout{i}", Dropout(dropout))
        self.activation = _activation(activation)

    def _added(self, x: Tensor, part: Callable[[Tensor], Tensor], i: int) -> Tensor:
        """``x`` plus what a part makes of it, with the i-th norm before or after, and the i-th dropout."""
        norm, drop = getattr(self, f"norm{i}"), getattr(self, f"dropout{i}")
        return x + drop(part(norm(x))) if self.norm_first else norm(x + drop(part(x)))

    def _perceptron(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


def _attended(attention: Any, query: Tensor, memory: Tensor, mask: Any, padding: Any, causal: bool) -> Tensor:
    return attention(
        query, memory, memory, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=causal
    )[0]


class TransformerEncoderLayer(_Layer):
    """Attention of a sequence to itself, then a perceptron; each is added to its input, and normalized.

    dim_feedforward: the width of the perceptron; activation: its "relu" or "gelu", or a function.
    dropout: of the weights of attention, within the perceptron, and of what is added.
    norm_first: normalize what goes into a part, not the sum.
    layer_norm_eps, bias: of the norms, and whether these and the linear layers have one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html;
    Vaswani et al., Attention is all you need, 2017, arXiv:1706.03762; norm_first: Xiong et al. 2020, arXiv:2002.04745

    >>> import microgradnp as mg
    >>> layer = mg.nn.TransformerEncoderLayer(d_model=8, nhead=2, dim_feedforward=16, batch_first=True)
    >>> layer(mg.randn(3, 5, 8)).shape
    Size([3, 5, 8])
    """

    def forward(
        self, src: Tensor, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Tensor:
        """``src`` (S, N, d_model), with masks (S, S) or (N * nhead, S, S), and (N, S)."""
        padding = additive_mask(src_key_padding_mask, "src_key_padding_mask", src.dtype, src_mask, "src_mask")
        mask = additive_mask(src_mask, "src_mask", src.dtype)
        x = self._added(src, lambda x: _attended(self.self_attn, x, x, mask, padding, is_causal), 1)
        return self._added(x, self._perceptron, 2)


class TransformerDecoderLayer(_Layer):
    """Attention of a sequence to itself, then to a memory, then a perceptron, each added to its input and normalized.

    The arguments are those of ``TransformerEncoderLayer``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
    """

    attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """``tgt`` (T, N, d_model) and ``memory`` (S, N, d_model), with masks (T, T), (T, S), (N, T) and (N, S)."""

        def to_itself(x: Tensor) -> Tensor:
            return _attended(self.self_attn, x, x, tgt_mask, tgt_key_padding_mask, tgt_is_causal)

        def to_memory(x: Tensor) -> Tensor:
            return _attended(self.multihead_attn, x, memory, memory_mask, memory_key_padding_mask, memory_is_causal)

        x = self._added(tgt, to_itself, 1)
        x = self._added(x, to_memory, 2)
        return self._added(x, self._perceptron, 3)


class _Stack(Module):
    """Copies of one layer, one after the other, and a norm, if there is one: all copies begin with the same numbers."""

    def __init__(self, layer: Module, num_layers: int, norm: Module | None) -> None:
        super().__init__()
        self.layers = ModuleList([deepcopy(layer) for _ in range(num_layers)])
        self.num_layers = num_layers
        self.norm = norm

    def _through(self, x: Tensor, *args: Any, **masks: Any) -> Tensor:
        for layer in self.layers:
            x = layer(x, *args, **masks)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """``num_layers`` copies of an encoder layer, and ``norm``.

    ``enable_nested_tensor`` and ``mask_check`` choose how PyTorch computes the same; here they change nothing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__(encoder_layer, num_layers, norm)
        self.enable_nested_tensor, self.mask_check = enable_nested_tensor, mask_check

    def forward(
        self, src: Tensor, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Tensor:
        """``src`` (S, N, d_model) through all layers, each with these masks."""
        padding = additive_mask(src_key_padding_mask, "src_key_padding_mask", src.dtype, mask, "mask")
        mask = additive_mask(mask, "mask", src.dtype)
        return self._through(src, src_mask=mask, src_key_padding_mask=padding, is_causal=bool(is_causal))


class TransformerDecoder(_Stack):
    """``num_layers`` copies of a decoder layer, and ``norm``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__(decoder_layer, num_layers, norm)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """``tgt`` (T, N, d_model) through all layers, each with this memory and these masks."""
        return self._through(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=bool(tgt_is_causal),
            memory_is_causal=memory_is_causal,
        )  # fmt: skip


class Transformer(Module):
    """An encoder and a decoder, both with a norm at the end; all matrices are drawn as by ``xavier_uniform_``.

    ``custom_encoder`` and ``custom_decoder`` take their places; all else as for the layers. Raises RuntimeError for
    sequences whose batches differ, or whose width is not ``d_model``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html

    >>> import microgradnp as mg
    >>> model = mg.nn.Transformer(8, 2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16)
    >>> model(mg.randn(5, 3, 8), mg.randn(4, 3, 8)).shape
    Size([4, 3, 8])
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = F.relu,  # type: ignore[attr-defined]
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()

        def stack(kind: Any, layer: Any, count: int) -> Any:
            copied = layer(
                d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias,
                device, dtype,
            )  # fmt: skip
            return kind(copied, count, LayerNorm(d_model, layer_norm_eps, True, bias, device, dtype))

        if custom_encoder is None:
            custom_encoder = stack(TransformerEncoder, TransformerEncoderLayer, num_encoder_layers)
        self.encoder = custom_encoder
        if custom_decoder is None:
            custom_decoder = stack(TransformerDecoder, TransformerDecoderLayer, num_decoder_layers)
        self.decoder = custom_decoder
        self._reset_parameters()
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first

    def _reset_parameters(self) -> None:
        """Draw all matrices anew."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """``src`` (S, N, d_model) through the encoder, and ``tgt`` (T, N, d_model) with it through the decoder."""
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(
                f"{module_path()}the batch number of src and tgt must be equal, got {src.shape[batch]} and "
                f"{tgt.shape[batch]}: shapes {tuple(src.shape)} and {tuple(tgt.shape)}, batch_first={self.batch_first}"
            )
        if not src.shape[-1] == tgt.shape[-1] == self.d_model:
            raise RuntimeError(
                f"{module_path()}the feature number of src and tgt must be equal to d_model, {self.d_model}, got "
                f"shapes {tuple(src.shape)} and {tuple(tgt.shape)}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask, tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """A mask (sz, sz) that hides what comes after each place: -inf above the diagonal, else 0."""
        check_device(device, "generate_square_subsequent_mask")
        wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype, "Transformer")
        return make(np.triu(np.full((sz, sz), -np.inf, wanted), 1))
