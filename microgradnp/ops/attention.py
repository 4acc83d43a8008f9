"""Attention: averages of values, weighted by how well their keys fit a query."""

from __future__ import annotations

import math
import warnings
from functools import lru_cache
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..dtypes import float16, float32
from ..tensor import Tensor, make
from .arranging import repeat_interleave
from .conversion import cast
from .dropout import dropout
from .joining import cat
from .padding import pad
from .parts import chunk
from .product import check_floats, linear, matmul
from .record import Array, Index, check_tensors, composite, derivatives, operation
from .reduction import mean, row_sums
from .shape import broadcast_to, permute, reshape, transpose
from .softmax import softmax


@operation(
    public=(), label="softmax", compact=True,
    samples=lambda make: [(make(3, 4),), (make(2, 2, 3),), (make(0, 3),), (make(2, 0),)],
)  # fmt: skip
@derivatives(input=lambda g, out: out * (g - np.vecdot(g, out)[..., None]))
def shares(input: Array) -> Array:
    """``softmax`` along the last dimension, but zeros, and not nans, where all of a row is -inf.

    It is written so that ``compile`` sees every call: as fast as in one piece, and faster when compiled.
    """
    largest = np.maximum.reduce(input, axis=-1, keepdims=True, initial=-np.inf)
    out = np.subtract(input, np.where(largest == -np.inf, 0.0, largest))
    np.exp(out, out)
    return np.true_divide(out, np.maximum(row_sums(out, keepdim=True), 1.0), out)  # the largest alone adds 1


# Masks


@lru_cache(maxsize=16)
def _causal(queries: int, keys: int, dtype: Any) -> np.ndarray:
    """What is added to scores so that each query sees the keys up to its own place only."""
    bias = np.triu(np.full((queries, keys), -np.inf, dtype), 1)
    bias.flags.writeable = False
    return bias


def _where_true(mask: Tensor, dtype: Any) -> Tensor:
    """What is added to scores so that only those count where the mask is true."""
    return make(np.where(mask._array, 0.0, -np.inf).astype(dtype))


def additive_mask(mask: Any, name: str, dtype: Any, other: Any = None, other_name: str = "") -> Any:
    """A mask of MultiheadAttention, which hides where it is true, as numbers that are added to scores."""
    if mask is None:
        return None
    if mask.dtype.kind not in "bf":
        raise AssertionError(
            f"{module_path()}only bool and floating types of {name} are supported, got {mask.dtype}: make it bool, as "
            "with mask != 0"
        )
    if other is not None and other.dtype != mask.dtype:
        warnings.warn(
            f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=5,
        )
    return mask if mask.dtype.kind == "f" else _where_true(make(~mask._array), dtype)


# Scaled dot products


@composite(public=("nn.functional.scaled_dot_product_attention",))
def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Index = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Array:
    """``softmax(query @ key.mT * scale + mask) @ value``: the values, averaged for each query.

    Shapes (..., L, E), (..., S, E), (..., S, V) give (..., L, V); leading dimensions broadcast. ``attn_mask``, which
    broadcasts to (..., L, S), is added to the scores; one of bools tells which keys a query sees. ``is_causal`` shows
    query i the keys up to i. A query that sees nothing gets zeros. ``scale`` is by default 1/sqrt(E). ``dropout_p`` is
    the part of the weights that is dropped, in evaluation too: pass 0 then. With ``enable_gqa`` several heads of the
    query, dimension -3, share one of key and value.

    float16 is computed in float32. Raises RuntimeError for shapes, dtypes and masks that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html;
    Vaswani et al., Attention is all you need, 2017, arXiv:1706.03762

    >>> import microgradnp as mg
    >>> x = mg.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> mg.nn.functional.scaled_dot_product_attention(x, x, x, is_causal=True)
    tensor([[1.0000, 0.0000],
            [0.3302, 0.6698]])
    """
    _check_operands(query, key, value)
    _check_options(is_causal, scale)
    if enable_gqa:
        key, value = _for_every_head("key", key, query), _for_every_head("value", value, query)
    if query.dtype == float16:
        query, key, value = (cast(tensor, float32) for tensor in (query, key, value))
        mask = attn_mask if attn_mask is None or attn_mask.dtype != float16 else cast(attn_mask, float32)
        return cast(_attention(query, key, value, mask, dropout_p, is_causal, scale), float16)
    return _attention(query, key, value, attn_mask, dropout_p, is_causal, scale)


def _attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Any, dropout_p: float, is_causal: bool, scale: float | None
) -> Tensor:
    if scale is None:
        scale = 1 / math.sqrt(max(query.shape[-1], 1))
    scores: Any = matmul(query * scale, transpose(key, -2, -1))
    if is_causal:
        if mask is not None:
            raise RuntimeError(
                f"{module_path()}scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
            )
        scores = scores + make(_causal(*scores.shape[-2:], scores.dtype))
    elif mask is not None:
        scores = scores + _fitting(mask, scores)
    weights = shares(scores)
    return matmul(dropout(weights, dropout_p, True) if dropout_p > 0 else weights, value)


def _check_options(is_causal: Any, scale: Any) -> None:
    for name, given, kinds in (("is_causal", is_causal, bool), ("scale", scale, (int, float, type(None)))):
        if not isinstance(given, kinds):
            wanted = "bool" if kinds is bool else "float"
            raise TypeError(
                f"scaled_dot_product_attention(): argument '{name}' must be {wanted}, not {type(given).__name__}"
            )


def _check_operands(query: Tensor, key: Tensor, value: Tensor) -> None:
    function = "scaled_dot_product_attention"
    check_floats(function, query=query, key=key, value=value)
    shapes = [tuple(tensor.shape) for tensor in (query, key, value)]
    if min(map(len, shapes)) < 2:
        raise RuntimeError(
            f"{module_path()}{function}: expected query, key and value to be at least 2-dimensional, (..., length, "
            f"size), but got shapes {', '.join(map(str, shapes))}"
        )
    (*_, width), (*_, keys, same_width), (*_, values, _) = shapes
    if width != same_width or keys != values:
        raise RuntimeError(
            f"{module_path()}{function}: shapes (..., L, E), (..., S, E) and (..., S, V) are needed, but query, key "
            f"and value have {', '.join(map(str, shapes))}"
        )


def _for_every_head(name: str, shared: Tensor, query: Tensor) -> Tensor:
    """The heads of the key or the value, dimension -3, repeated for those of the query."""
    if min(shared.ndim, query.ndim) < 3:
        raise IndexError(
            f"{module_path()}scaled_dot_product_attention: enable_gqa needs heads in dimension -3, but query has shape "
            f"{tuple(query.shape)} and {name} {tuple(shared.shape)}"
        )
    heads, own = query.shape[-3], shared.shape[-3]
    if not own or heads % own:
        raise RuntimeError(
            f"{module_path()}scaled_dot_product_attention: Number of heads in key and value must divide the number of "
            f"heads in query: the query has {heads}, the {name} {own}"
        )
    return shared if own == heads else repeat_interleave(shared, heads // own, -3)


def _fitting(mask: Any, scores: Tensor) -> Tensor:
    """The mask as what is added to the scores: RuntimeError unless it broadcasts to them and has their dtype."""
    check_tensors("scaled_dot_product_attention", attn_mask=mask)
    if mask.dtype.kind != "b" and mask.dtype not in (scores.dtype, float32):
        raise RuntimeError(
            f"{module_path()}scaled_dot_product_attention: Expected attn_mask dtype to be bool or float or to match "
            f"query dtype, but got {mask.dtype} and {scores.dtype}"
        )
    wanted, given = tuple(scores.shape), tuple(mask.shape)
    if len(given) > len(wanted) or any(
        own not in (1, size) for own, size in zip(reversed(given), reversed(wanted), strict=False)
    ):
        raise RuntimeError(
            f"{module_path()}scaled_dot_product_attention: attn_mask of shape {given} does not broadcast to the "
            f"scores' shape {wanted}"
        )
    return _where_true(mask, scores.dtype) if mask.dtype.kind == "b" else mask


# Several heads


@composite(public=("nn.functional.multi_head_attention_forward",))
def multi_head_attention_forward(
    query: Array,
    key: Array,
    value: Array,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Array | None,
    in_proj_bias: Array | None,
    bias_k: Array | None,
    bias_v: Array | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Array,
    out_proj_bias: Array | None,
    training: bool = True,
    key_padding_mask: Index = None,
    need_weights: bool = True,
    attn_mask: Index = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Array = None,
    k_proj_weight: Array = None,
    v_proj_weight: Array = None,
    static_k: Array = None,
    static_v: Array = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """What ``nn.MultiheadAttention`` computes, of (L, N, E), (S, N, K), (S, N, V), or the same without the batch N.

    Returns the output, of the query's shape, and the weights, (N, L, S), or None without ``need_weights``.
    ``embed_dim_to_check`` is E. ``in_proj_weight`` holds the projections of query, key and value, (3E, E), or, with
    ``use_separate_proj_weight``, there is one weight for each. ``static_k`` and ``static_v``, of shape
    (N * num_heads, S, E / num_heads), stand for the projected key and value. All else as for the module.

    Raises AssertionError and RuntimeError for shapes that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """
    check_tensors("multi_head_attention_forward", query=query, key=key, value=value)
    batched = _is_batched(query, key, value, key_padding_mask, attn_mask, num_heads)
    padding = additive_mask(key_padding_mask, "key_padding_mask", query.dtype, attn_mask, "attn_mask")
    if is_causal and attn_mask is None:
        raise RuntimeError(
            f"{module_path()}Need attn_mask if specifying the is_causal hint, which says that it is causal; make it "
            "with Transformer.generate_square_subsequent_mask"
        )
    is_causal = is_causal and padding is None and not need_weights  # it then stands for the mask
    mask = None if is_causal else additive_mask(attn_mask, "attn_mask", query.dtype)
    if not batched:
        query, key, value = _with_batch(query, key, value)
        padding = None if padding is None else reshape(padding, (1, -1))
    _check_widths(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    separate = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    q, k, v = _projected(query, key, value, in_proj_weight, separate, in_proj_bias)
    if mask is not None:
        mask = _by_heads(mask, (query.shape[1], num_heads, query.shape[0], key.shape[0]))
    if (bias_k is None) != (bias_v is None):
        raise AssertionError(f"{module_path()}bias_k and bias_v must both be set, or neither")
    if bias_k is not None:
        if static_k is not None or static_v is not None:
            raise AssertionError(f"{module_path()}bias cannot be added to static key or value.")
        k, v = (cat([x, broadcast_to(b, (1, *x.shape[1:]))]) for x, b in ((k, bias_k), (v, bias_v)))
        mask, padding = _one_more(mask), _one_more(padding)
    q = _heads(q, num_heads)
    k, v = (
        _heads(own, num_heads) if static is None else _static(name, static, q)
        for name, own, static in (("static_k", k, static_k), ("static_v", v, static_v))
    )
    if add_zero_attn:
        k, v = (cat([x, make(np.zeros((*x.shape[:2], 1, x.shape[3]), x.dtype))], 2) for x in (k, v))
        mask, padding = _one_more(mask), _one_more(padding)
    if padding is not None:
        padding = _by_keys(padding, (k.shape[0], k.shape[2]))
        mask = padding if mask is None else mask + padding
    output, weights = _of_heads(q, k, v, mask, dropout_p if training else 0.0, is_causal, need_weights)
    output = reshape(permute(output, (2, 0, 1, 3)), tuple(query.shape))
    output = linear(output, out_proj_weight, out_proj_bias)
    if weights is not None and average_attn_weights:
        weights = mean(weights, 1)
    if batched:
        return output, weights
    return output[:, 0], None if weights is None else weights[0]


def _of_heads(
    q: Tensor, k: Tensor, v: Tensor, mask: Any, dropout_p: float, is_causal: bool, need_weights: bool
) -> tuple[Tensor, Tensor | None]:
    """Attention in each head. With its weights, a query that sees nothing gives nan, as in PyTorch."""
    if not need_weights:
        return scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal), None
    scores: Any = matmul(q * math.sqrt(1 / q.shape[-1]), transpose(k, -2, -1))
    weights = softmax(scores if mask is None else scores + _fitting(mask, scores), -1)
    if dropout_p > 0:
        weights = dropout(weights, dropout_p, True)
    return matmul(weights, v), weights


def _is_batched(query: Tensor, key: Tensor, value: Tensor, padding: Any, mask: Any, heads: int) -> bool:
    """Whether there is a batch, (L, N, E), or not, (L, E); AssertionError unless all agree about it."""
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"{module_path()}query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor"
        )
    batched = query.ndim == 3
    kind = "batched (3-D)" if batched else "unbatched (2-D)"
    wanted = [("key", key, (query.ndim,)), ("value", value, (query.ndim,))]
    wanted += [("key_padding_mask", padding, (query.ndim - 1,)), ("attn_mask", mask, (2, 3))]
    for name, tensor, dims in wanted:
        if tensor is not None and tensor.ndim not in dims:
            raise AssertionError(
                f"{module_path()}For {kind} `query`, expected `{name}` to be {' or '.join(f'{n}-D' for n in dims)} but "
                f"found shape {tuple(tensor.shape)}"
            )
    if not batched and mask is not None and mask.ndim == 3:
        expected = (heads, query.shape[0], key.shape[0])
        if tuple(mask.shape) != expected:
            raise AssertionError(
                f"{module_path()}Expected `attn_mask` shape to be {expected} but got {tuple(mask.shape)}"
            )
    return batched


def _with_batch(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A batch of one; what was one tensor stays one."""
    widened = {id(x): reshape(x, (x.shape[0], 1, x.shape[1])) for x in (query, key, value)}
    return widened[id(query)], widened[id(key)], widened[id(value)]


def _check_widths(query: Tensor, key: Tensor, value: Tensor, width: int, heads: int, separate: bool) -> None:
    if query.shape[-1] != width:
        raise AssertionError(
            f"{module_path()}was expecting embedding dimension of {width}, but got {query.shape[-1]}: query has shape "
            f"{tuple(query.shape)}"
        )
    if width % heads:
        raise AssertionError(f"{module_path()}embed_dim {width} not divisible by num_heads {heads}")
    alike = slice(0, 2) if separate else slice(None)
    if tuple(key.shape[alike]) != tuple(value.shape[alike]):
        raise AssertionError(
            f"{module_path()}key shape {tuple(key.shape)} does not match value shape {tuple(value.shape)}"
            + (" in sequence and batch" if separate else "")
        )


def _projected(query: Tensor, key: Tensor, value: Tensor, packed: Any, separate: Any, bias: Any) -> Any:
    """Query, key and value times their weights; what is one tensor is multiplied in one product."""
    if separate is None and packed is None:
        raise AssertionError(f"{module_path()}use_separate_proj_weight is False but in_proj_weight is None")
    if separate is None and query is key is value:
        return chunk(linear(query, packed, bias), 3, -1)
    weights = chunk(packed, 3) if separate is None else separate
    for name, x, weight in zip("qkv", (query, key, value), weights, strict=True):
        if weight is None:
            raise AssertionError(f"{module_path()}use_separate_proj_weight is True but {name}_proj_weight is None")
        wanted = (query.shape[-1], x.shape[-1])
        if separate is not None and tuple(weight.shape) != wanted:
            raise AssertionError(
                f"{module_path()}expecting {name}_proj_weight of shape {wanted}, but got {tuple(weight.shape)}"
            )
    biases = (None,) * 3 if bias is None else chunk(bias, 3)
    return tuple(map(linear, (query, key, value), weights, biases))


def _heads(x: Tensor, heads: int) -> Tensor:
    """(L, N, E) as (N, heads, L, E / heads)."""
    length, batch, width = x.shape
    return permute(reshape(x, (length, batch, heads, width // heads)), (1, 2, 0, 3))


def _static(name: str, given: Tensor, q: Tensor) -> Tensor:
    batch, heads, _, width = q.shape
    if given.shape[0] != batch * heads or given.shape[2] != width:
        raise AssertionError(
            f"{module_path()}expecting {name} of shape ({batch * heads}, S, {width}), but got {tuple(given.shape)}"
        )
    return reshape(given, (batch, heads, -1, width))


def _one_more(mask: Any) -> Any:
    """A mask with one more key, which every query sees."""
    return None if mask is None else pad(mask, (0, 1))


def _by_heads(mask: Tensor, shape: tuple[int, int, int, int]) -> Tensor:
    """A mask (L, S), or (N * heads, L, S), so that it broadcasts to (N, heads, L, S)."""
    batch, heads, *lengths = shape
    wanted = tuple(lengths) if mask.ndim == 2 else (batch * heads, *lengths)
    if tuple(mask.shape) != wanted:
        raise RuntimeError(
            f"{module_path()}The shape of the {mask.ndim}D attn_mask is {tuple(mask.shape)}, but should be {wanted}."
        )
    return mask if mask.ndim == 2 else reshape(mask, shape)


def _by_keys(padding: Tensor, shape: tuple[int, int]) -> Tensor:
    """A mask (N, S) so that it broadcasts to (N, heads, L, S)."""
    if tuple(padding.shape) != shape:
        raise AssertionError(
            f"{module_path()}Expected key_padding_mask of shape {shape}, (N, S), but got {tuple(padding.shape)}"
        )
    return reshape(padding, (shape[0], 1, 1, shape[1]))
