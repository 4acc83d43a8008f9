"""Attention and Transformers: what is seen and what is not, identities, shapes, errors, compiling."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.testing import assert_grads

F: Any = nn.functional


def randn(*shape: int, seed: int = 0) -> Any:
    return mg.tensor(np.random.default_rng(seed).normal(size=shape), requires_grad=True)


def slowly(q: np.ndarray, k: np.ndarray, v: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Attention of one head, query by query."""
    out = np.zeros((len(q), v.shape[1]))
    for i, query in enumerate(q):
        scores = np.array([query @ key for key in k]) / np.sqrt(q.shape[1])
        weights = np.where(seen[i], np.exp(scores), 0)
        if seen[i].any():
            out[i] = weights @ v / weights.sum()
    return out


@pytest.mark.parametrize("kind", ["all", "causal", "bools", "numbers"])
def test_each_query_averages_the_values_of_the_keys_that_it_sees(kind: str) -> None:
    q, k, v = randn(4, 3), randn(6, 3, seed=1), randn(6, 2, seed=2)
    seen = np.ones((4, 6), bool)
    options: dict[str, Any] = {}
    if kind == "causal":
        seen, options = np.tril(seen), {"is_causal": True}
    elif kind != "all":
        seen = np.arange(24).reshape(4, 6) % 5 > 2
        seen[1] = False
        mask = mg.tensor(seen) if kind == "bools" else mg.tensor(np.where(seen, 0.0, -np.inf))
        options = {"attn_mask": mask}
    out = F.scaled_dot_product_attention(q, k, v, **options)
    expected = slowly(*(t.detach().numpy() for t in (q, k, v)), seen)
    np.testing.assert_allclose(out.detach().numpy(), expected, rtol=1e-12, atol=1e-15)


def test_gradients_of_every_operand_the_mask_included() -> None:
    operands = randn(2, 2), randn(3, 2, seed=1), randn(3, 1, seed=2)
    assert_grads(F.scaled_dot_product_attention, *operands, randn(2, 3, seed=3))
    hidden = mg.tensor([[False] * 3, [True, False, True]])
    assert_grads(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, hidden), *operands)


def test_large_scores_do_not_overflow() -> None:
    q = mg.tensor([[1e4, 0.0]])
    k = mg.tensor([[1e4, 0.0], [-1e4, 0.0]])
    assert F.scaled_dot_product_attention(q, k, k).tolist() == [[1e4, 0.0]]


@pytest.mark.parametrize("layout", ["heads first", "heads last", "reversed"])
def test_the_layout_in_memory_does_not_matter(layout: str) -> None:
    x = randn(2, 3, 5, 4)
    same = {
        "heads first": x * 1,
        "heads last": x.transpose(1, 2).contiguous().transpose(1, 2),
        "reversed": x.flip(3).contiguous().flip(3),
    }[layout]
    one, other = (F.scaled_dot_product_attention(t, t, t, is_causal=True) for t in (x, same))
    np.testing.assert_allclose(one.tolist(), other.tolist(), rtol=1e-13)
    assert other.is_contiguous()


def test_several_queries_share_the_heads_of_key_and_value() -> None:
    q, k, v = randn(2, 4, 3, 5), randn(2, 2, 6, 5, seed=1), randn(2, 2, 6, 2, seed=2)
    shared = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    for head in range(4):
        alone = F.scaled_dot_product_attention(q[:, head], k[:, head // 2], v[:, head // 2])
        np.testing.assert_allclose(shared[:, head].tolist(), alone.tolist(), rtol=1e-12)


def test_an_own_mask_beside_is_causal_is_refused_with_the_modules_path() -> None:
    class Wrong(nn.Module):
        def forward(self, x: Any) -> Any:
            return F.scaled_dot_product_attention(x, x, x, x > 0, is_causal=True)

    with pytest.raises(RuntimeError, match=r"Wrong '0'.*attn_mask should not be set when is_causal"):
        nn.Sequential(Wrong())(mg.ones(2, 2))


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        (((2, 3), (4, 5), (4, 2)), {}, r"\(2, 3\), \(4, 5\), \(4, 2\)"),
        (((2, 3), (4, 3), (5, 2)), {}, r"\(2, 3\), \(4, 3\), \(5, 2\)"),
        (((3,), (4, 3), (4, 2)), {}, "at least 2-dimensional"),
        (((4, 2, 3), (3, 2, 3), (3, 2, 3)), {"enable_gqa": True}, "the query has 4, the key 3"),
        (((2, 3), (4, 3), (4, 2)), {"attn_mask": mg.ones(3, 4)}, r"\(3, 4\) does not broadcast .* \(2, 4\)"),
        (((2, 3), (4, 3), (4, 2)), {"attn_mask": mg.ones(2, 4).long()}, "got int64 and float64"),
    ],
)
def test_errors_name_the_shapes(shapes: Any, options: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        F.scaled_dot_product_attention(*(randn(*shape) for shape in shapes), **options)


def test_dropout_of_weights_keeps_their_mean() -> None:
    mg.manual_seed(0)
    q, v = mg.zeros(200, 50, 1), mg.ones(200, 50, 1)
    out = F.scaled_dot_product_attention(q, q, v, dropout_p=0.5)
    assert out.std() > 0.1
    assert abs(out.mean().item() - 1) < 0.01


def test_weights_of_padding_are_zero_and_rows_sum_to_one() -> None:
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    x, padding = randn(2, 5, 8).float(), mg.tensor([[False] * 5, [False] * 3 + [True] * 2])
    _, weights = attention(x, x, x, key_padding_mask=padding)
    assert weights.shape == (2, 5, 5)
    assert not weights[1, :, 3:].any()
    np.testing.assert_allclose(weights.sum(-1).tolist(), np.ones((2, 5)), rtol=1e-6)


def test_what_a_decoder_gives_does_not_depend_on_what_comes_later() -> None:
    mg.manual_seed(0)
    layer = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True).double().eval()
    decoder, mask = nn.TransformerDecoder(layer, 2), nn.Transformer.generate_square_subsequent_mask(5)
    x, memory = randn(1, 5, 8), randn(1, 4, 8, seed=1)
    (grad,) = mg.autograd.grad(decoder(x, memory, mask.double())[0, 2].square().sum(), x)
    assert grad[0, :3].abs().amin(1).gt(0).all()
    assert not grad[0, 3:].any()


def test_copies_of_a_layer_begin_alike_and_learn_apart() -> None:
    layer = nn.TransformerEncoderLayer(4, 2, 8)
    stack = nn.TransformerEncoder(layer, 2)
    first, second = stack.layers
    assert first.linear1.weight is not second.linear1.weight is not layer.linear1.weight
    assert first.linear1.weight.tolist() == second.linear1.weight.tolist()
    assert copy.deepcopy(stack).state_dict().keys() == stack.state_dict().keys()


def test_a_custom_encoder_draws_no_numbers_for_the_one_it_replaces() -> None:
    model = nn.Transformer(4, 2, 1, 1, 8, custom_encoder=nn.Sequential())
    assert list(model.encoder.parameters()) == []


@pytest.mark.parametrize("kind", ["encoder", pytest.param("both", marks=pytest.mark.slow)])
def test_a_compiled_step_with_dropout_and_masks_is_that_of_the_function_bit_for_bit(kind: str) -> None:
    def trained(compile: Any) -> list[bytes]:
        mg.manual_seed(0)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True)
        model: Any = nn.TransformerEncoder(layer, 1) if kind == "encoder" else nn.Transformer(8, 2, 1, 1, 16)
        optimizer = mg.optim.SGD(model.parameters(), lr=0.1)
        padding = mg.tensor([[False] * 3, [False, False, True]])

        @compile
        def step(x: Any) -> Any:
            after = model.generate_square_subsequent_mask(3) if kind == "both" else None
            y = model(x, src_key_padding_mask=padding) if after is None else model(x, x, tgt_mask=after)
            loss = (y**3).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        shape = (2, 3, 8) if kind == "encoder" else (3, 2, 8)
        losses = [step(randn(*shape, seed=i).float().detach()) for i in range(4)]
        return [t.detach().numpy().tobytes() for t in (*losses, *model.parameters())]

    assert trained(mg.compile) == trained(lambda function: function)
