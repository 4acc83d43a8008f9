"""Attention."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

F = mg.nn.functional
inf = math.inf


def _shares(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x)
    return powers / powers.sum(-1, keepdims=True)


REFERENCES = {"shares": _shares}

OPERANDS = {
    "queries": ((2, 4, 3, 5), -3, 3), "keys": ((2, 4, 6, 5), -3, 3), "values": ((2, 4, 6, 2), -3, 3),
    "scores": ((3, 6), -3, 3), "packed": ((12, 4), -1, 1), "packed_bias": ((12,), -1, 1),
    "square": ((4, 4), -1, 1), "tokens": ((3, 2, 4), -2, 2), "others": ((5, 2, 4), -2, 2),
    "slim": ((5, 2, 3), -2, 2), "by_slim": ((4, 3), -1, 1), "extra": ((1, 1, 4), -1, 1), "other_extra": ((1, 1, 4), -1, 1),
    "statics": ((4, 5, 2), -2, 2), "other_statics": ((4, 5, 2), -2, 2),
}  # fmt: skip

CONSTANTS = {
    "seen": np.arange(18).reshape(3, 6) % 4 > 0,
    "blind": np.array([[True] * 6, [False] * 6, [False, True] * 3]),
    "bans": np.array([[0.0] * 6, [-inf] * 6, [-inf, 0.5, 1.0] * 2]),
    "hidden": np.arange(15).reshape(3, 5) % 4 == 0,
    "each": np.arange(60).reshape(4, 3, 5) % 5 == 0,
    "pads": np.array([[False] * 5, [False] * 3 + [True] * 2]),
    "after": np.array([[0.0, -inf, -inf], [0.0, 0.0, -inf], [0.0, 0.0, 0.0]]),
}

SDPA = "F.scaled_dot_product_attention"
MHA = "F.multi_head_attention_forward"

FUNCTIONS = f"""
{SDPA}(queries, keys, values); {SDPA}(queries, keys, values, seen); {SDPA}(queries, keys, values, is_causal=True); {SDPA}(queries, keys, values, scores)
{SDPA}(queries, keys, values, blind); {SDPA}(queries, keys, values, bans.to(queries.dtype)); {SDPA}(queries, keys, values, scores[0]); {SDPA}(queries, keys, values, scale=0.3)
{SDPA}(queries, keys, values, scale=-2); {SDPA}(queries[0], keys[0], values[0]); {SDPA}(queries[0, 0], keys[0, 0], values[0, 0], seen)
{SDPA}(queries, keys[:1], values[:1]); {SDPA}(queries[:, :1], keys, values, attn_mask=scores[None, :1]); {SDPA}(queries, keys[0], values, seen[:, :1])
{SDPA}(queries, keys[:, :2], values[:, 2:], enable_gqa=True); {SDPA}(queries, keys[:, :1], values[:, :2], is_causal=True, enable_gqa=True)
{SDPA}(queries[:, :, :0], keys, values); {SDPA}(queries, keys[:, :, :0], values[:, :, :0])
{SDPA}(queries[:0], keys[:0], values[:0]); {SDPA}(queries, keys, values[..., :0]); {SDPA}(queries[..., :0], keys[..., :0], values)
[torch.manual_seed(3), {SDPA}(queries, keys, values, None, 0.4), torch.rand(2)][1]; [torch.manual_seed(3), {SDPA}(queries, keys, values, None, 0.4), torch.rand(2)][2]
[torch.manual_seed(3), {SDPA}(queries, keys, values, seen, dropout_p=0.4)][1]; {SDPA}(queries, keys, values, dropout_p=1.0); {SDPA}(queries, keys, values, dropout_p=-1.0)
{SDPA}(queries.half(), keys.half(), values.half(), is_causal=True).detach(); {SDPA}(queries.half(), keys.half(), values.half(), scores.half()).detach()
{SDPA}(queries.mT, queries.mT, keys.mT[:, :, :, :3].mT.mT[:, :, :5]); {SDPA}(queries.permute(1, 0, 2, 3), keys.transpose(0, 1), values.transpose(0, 1), seen)
{MHA}(tokens, tokens, tokens, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row)[0]
{MHA}(tokens, tokens, tokens, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row)[1]
{MHA}(tokens, others, others, 4, 2, packed, None, extra, other_extra, True, 0.0, square, None, attn_mask=hidden, key_padding_mask=pads)[0]
{MHA}(tokens, others, others, 4, 2, packed, None, extra, other_extra, True, 0.0, square, None, attn_mask=each, average_attn_weights=False)[1]
{MHA}(tokens, slim, others, 4, 2, None, packed_bias, None, None, False, 0.0, square, row, use_separate_proj_weight=True, q_proj_weight=square, k_proj_weight=by_slim, v_proj_weight=square.T)[0]
{MHA}(tokens[:, 0], others[:, 0], others[:, 0], 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, key_padding_mask=pads[1])[0]
{MHA}(tokens[:, 0], others[:, 0], others[:, 0], 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, attn_mask=each[:2])[1]
{MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, static_k=statics, static_v=other_statics)[0]
{MHA}(tokens, tokens, tokens, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, attn_mask=after.to(tokens.dtype), is_causal=True)[1]
[torch.manual_seed(3), {MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.5, square, row)[0]][1]
[torch.manual_seed(3), {MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.5, square, row, need_weights=False)[0]][1]
{MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.5, square, row, training=False)[0]
"""

# PyTorch's fused kernel, which it takes where all sizes are alike, has no second derivative.
FIRST_ORDER = f"""
{SDPA}(keys, queries, queries, is_causal=True)
{MHA}(tokens, others, others * 2, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, True, pads, False, each)[0]
{MHA}(tokens, tokens, tokens, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, need_weights=False, attn_mask=after, is_causal=True)[0]
"""

WARNS = f"""
{MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, key_padding_mask=pads, attn_mask=hidden.to(tokens.dtype))[0]
"""

ERRORS = f"""
{SDPA}(queries[0, 0, 0], keys[0, 0], values[0, 0]); {SDPA}(queries, keys[..., :4], values); {SDPA}(queries, keys, values[:, :, :5]); {SDPA}(queries, keys[:, :3], values[:, :3])
{SDPA}(queries, keys[:, :3], values[:, :3], enable_gqa=True); {SDPA}(queries[0, 0], keys[0, 0], values[0, 0], enable_gqa=True); {SDPA}(queries[:, :2], keys, values, enable_gqa=True)
{SDPA}(queries, keys, values, seen, is_causal=True); {SDPA}(queries, keys, values, seen.long()); {SDPA}(queries, keys, values, scores.double()); {SDPA}(queries, keys, values, scores[:2])
{SDPA}(queries, keys, values, scores[None, None, None]); {SDPA}(queries[:1], keys[:1], values[:1], queries[:, :1, :, :1]); {SDPA}(queries, keys, values, dropout_p=2.0)
{SDPA}(queries.long(), keys.long(), values.long()); {SDPA}(queries, keys.double(), values); {SDPA}(queries, keys, values.double()); {SDPA}([1.0], keys, values); {SDPA}(queries, keys, values, "a")
{SDPA}(None, keys, values); {SDPA}(queries, keys, values, is_causal=1); {SDPA}(queries, keys, values, scale="a"); {SDPA}(queries, keys, values, None, 0.0, False, 2.0); {SDPA}(queries, keys)
{MHA}(tokens, tokens, tokens, 5, 2, packed, packed_bias, None, None, False, 0.0, square, row); {MHA}(tokens, tokens, tokens, 4, 3, packed, packed_bias, None, None, False, 0.0, square, row)
{MHA}(tokens, others, tokens, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row); {MHA}(tokens, tokens, tokens, 4, 2, None, packed_bias, None, None, False, 0.0, square, row)
{MHA}(tokens, tokens, tokens, 4, 2, packed, packed_bias, extra, None, False, 0.0, square, row); {MHA}(tokens[0, 0], tokens, tokens, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row)
{MHA}(tokens, tokens[0], tokens, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row); {MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, attn_mask=hidden[:, :4])
{MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, attn_mask=each[:2]); {MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, key_padding_mask=pads[:, :4])
{MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, key_padding_mask=pads[0]); {MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, attn_mask=hidden.long())
{MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, is_causal=True); {MHA}(tokens, others, others, 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, static_k=statics[:2])
{MHA}(tokens, others, others, 4, 2, packed, packed_bias, extra, other_extra, False, 0.0, square, row, static_k=statics); {MHA}(tokens, others, others, 4, 2, None, packed_bias, None, None, False, 0.0, square, row, use_separate_proj_weight=True)
{MHA}(tokens, slim, others, 4, 2, None, packed_bias, None, None, False, 0.0, square, row, use_separate_proj_weight=True, q_proj_weight=square, k_proj_weight=square, v_proj_weight=square)
{MHA}(tokens[:, 0], others[:, 0], others[:, 0], 4, 2, packed, packed_bias, None, None, False, 0.0, square, row, attn_mask=each)
"""

KINKS = [
    (lambda x: F.scaled_dot_product_attention(x, x, x, mg.tensor([[False]])), [[[2.0]]], [[[0.0]]]),
    (lambda x: F.scaled_dot_product_attention(x, x, x, mg.tensor([[-inf]]).double()), [[[2.0]]], [[[0.0]]]),
]
