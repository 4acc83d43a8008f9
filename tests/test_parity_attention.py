"""Attention and Transformers, from PyTorch's state: outputs, weights, gradients and gradients of those."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import microgradnp as mg

torch: Any = pytest.importorskip("torch")

rng = np.random.default_rng(0)
# Three queries, five keys, a batch of two, four heads at most.
ARRAYS = {
    "x": (3, 2, 8), "y": (5, 2, 8), "z": (5, 2, 8), "k": (5, 2, 3), "v": (5, 2, 6), "first": (2, 3, 8),
    "second": (2, 5, 8), "one": (3, 8), "bias": (3, 5), "square": (3, 3), "pads": (2, 5), "each": (8, 3, 5),
}  # fmt: skip
FLOATS = {name: rng.normal(size=shape) for name, shape in ARRAYS.items()}
MASKS = {
    "hidden": np.arange(15).reshape(3, 5) % 4 == 0,
    "all_of_one": np.arange(3)[:, None] * np.ones(5) == 1,
    "of_heads": np.arange(120).reshape(8, 3, 5) % 3 == 0,
    "padded": np.array([[False] * 5, [False] * 3 + [True] * 2]),
    "padding": np.array([[False] * 3, [False] * 2 + [True]]),
    "after": np.triu(np.ones((3, 3), bool), 1),
    "after_five": np.triu(np.ones((5, 5), bool), 1),
}
SMALL = "nhead=2, dim_feedforward=5"

CALLS = [  # a module, a call of it, and whether PyTorch has second derivatives (its fused kernel has none)
    ("MultiheadAttention(8, 2)", "m(x, x, x)", 2),
    ("MultiheadAttention(8, 4)", "m(x, y, z, average_attn_weights=False)", 2),
    ("MultiheadAttention(8, 2, bias=False)", "m(x, y, y, need_weights=False)", 1),
    ("MultiheadAttention(8, 2, 0.5, add_bias_kv=True, add_zero_attn=True)", "m(x, y, y, padded, attn_mask=hidden)", 2),
    ("MultiheadAttention(8, 4, add_bias_kv=True)", "m(x, y, y, pads, False, of_heads.to(x.dtype))", 1),
    ("MultiheadAttention(8, 2, add_zero_attn=True)", "m(x, y, y, need_weights=False, attn_mask=all_of_one)", 1),
    ("MultiheadAttention(8, 2, kdim=3, vdim=6)", "m(x, k, v, pads, attn_mask=bias)", 2),
    ("MultiheadAttention(8, 2, kdim=3)", "m(x, k, y)", 2),
    ("MultiheadAttention(8, 2, batch_first=True)", "m(first, first, first)", 2),
    ("MultiheadAttention(8, 4, batch_first=True, dropout=0.3)", "m(first, second, second, pads, False, each)", 1),
    ("MultiheadAttention(8, 1, batch_first=True)", "m(one, one, one, attn_mask=after, is_causal=True)", 2),
    ("MultiheadAttention(8, 2)", "m(x, x, x, need_weights=False, attn_mask=after, is_causal=True)", 1),
    ("MultiheadAttention(8, 2)", "m(x[:, 0], y[:, 0], z[:, 0], padded[1], attn_mask=of_heads[:2])", 2),
    (f"TransformerEncoderLayer(8, {SMALL})", "m(x)", 1),
    (f"TransformerEncoderLayer(8, {SMALL}, activation='gelu', norm_first=True)", "m(x, after, padding)", 1),
    (f"TransformerEncoderLayer(8, {SMALL}, batch_first=True, layer_norm_eps=0.1)",
     "m(first, after, is_causal=True)", 1),
    (f"TransformerEncoderLayer(8, {SMALL}, dropout=0.0, bias=False, activation=torch.tanh)", "m(x[:, 0])", 1),
    (f"TransformerDecoderLayer(8, {SMALL})", "m(x, y)", 1),
    (f"TransformerDecoderLayer(8, {SMALL}, norm_first=True)", "m(x, y, after, hidden, padding, padded)", 1),
    (f"TransformerDecoderLayer(8, {SMALL}, batch_first=True, activation='gelu')",
     "m(first, second, after, None, None, pads, True)", 1),
    (f"TransformerEncoder(nn.TransformerEncoderLayer(8, {SMALL}), 2, nn.LayerNorm(8), False)",
     "m(x, after, padding)", 1),
    (f"TransformerEncoder(nn.TransformerEncoderLayer(8, {SMALL}), 1, enable_nested_tensor=False)",
     "m(x, is_causal=False)", 1),
    (f"TransformerDecoder(nn.TransformerDecoderLayer(8, {SMALL}), 2, nn.LayerNorm(8))",
     "m(x, y, after, hidden, memory_key_padding_mask=padded)", 1),
    ("Transformer(8, 2, 1, 2, 5)", "m(y, x, after_five, after, None, padded, padding, padded)", 1),
    ("Transformer(8, 2, 1, 1, 5, batch_first=True, norm_first=True, activation='gelu')", "m(second, first)", 1),
    ("Transformer(8, 2, 1, 1, 5, custom_encoder=nn.Linear(8, 8, bias=False), dropout=0.0)",
     "m.decoder(x, m.encoder(y), tgt_mask=m.generate_square_subsequent_mask(3).to(x.dtype), tgt_is_causal=True)", 1),
]  # fmt: skip
MADE = list(dict.fromkeys(made for made, _, _ in CALLS))


def make(library: Any, made: str) -> Any:
    """The module, drawn from the seed 0."""
    library.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's of what keeps it from nested tensors
        return eval(f"nn.{made}", {"nn": library.nn, "torch": library})


def run(library: Any, module: Any, call: str, dtype: Any, order: int) -> list[np.ndarray]:
    """The outputs and the gradients of a random combination of them, to the given order."""
    numbers = np.random.default_rng(1)
    names = {name: library.tensor(mask) for name, mask in MASKS.items()}
    names |= {name: library.tensor(a.astype(dtype), requires_grad=True) for name, a in FLOATS.items()}
    library.manual_seed(5)
    out = eval(call, {"m": module, "torch": library, **names})
    outputs = [t for t in (out if isinstance(out, tuple) else (out,)) if t is not None]
    inputs = [*module.parameters(), *(names[name] for name in FLOATS)]
    weights = [library.tensor(numbers.normal(size=t.shape).astype(dtype)) for t in outputs]
    grads = library.autograd.grad(outputs, inputs, weights, create_graph=order > 1, allow_unused=True)
    found = [*outputs, *grads]
    if order > 1:
        weights = [library.tensor(numbers.normal(size=t.shape).astype(dtype)) for t in inputs]
        total = sum((g * w).sum() for g, w in zip(grads, weights, strict=True) if g is not None)
        found += library.autograd.grad(total, inputs, allow_unused=True)
    return [np.zeros(0) if t is None else np.asarray(t.detach()) for t in found]


def assert_close(ours: list[np.ndarray], theirs: list[np.ndarray], tolerance: float) -> None:
    for o, t in zip(ours, theirs, strict=True):
        if o.size != t.size:  # one of them has zeros where the other has no gradient
            assert not o.any() and not t.any()
            continue
        assert (o.dtype, o.shape) == (t.dtype, t.shape)
        np.testing.assert_allclose(o, t, rtol=tolerance, atol=tolerance * max(np.nanmax(np.abs(t), initial=1.0), 1.0))


@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
@pytest.mark.parametrize(("made", "call", "order"), CALLS, ids=[f"{made}: {call}" for made, call, _ in CALLS])
def test_outputs_and_gradients(made: str, call: str, order: int, training: bool) -> None:
    theirs, ours = make(torch, made).train(training), make(mg, made).train(training)
    ours.load_state_dict(theirs.state_dict())
    for dtype, tolerance, orders in ((np.float64, 1e-12, order), (np.float32, 2e-5, 1)):
        module = [m.double() if dtype is np.float64 else m.float() for m in (ours, theirs)]
        results = [run(library, m, call, dtype, orders) for library, m in zip((mg, torch), module, strict=True)]
        assert_close(*results, tolerance)


@pytest.mark.parametrize("made", MADE)
def test_state_printed_form_and_initial_numbers(made: str) -> None:
    theirs, ours = make(torch, made), make(mg, made)
    assert repr(ours) == repr(theirs)
    one, other = ours.state_dict(), theirs.state_dict()
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_allclose(one[name].numpy(), other[name].numpy(), rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize(
    "expression",
    [
        "nn.MultiheadAttention(8, 3)",
        "nn.MultiheadAttention(0, 1)",
        "nn.MultiheadAttention(8, 0)",
        "nn.MultiheadAttention(8, 2)(x, y, x)",
        "nn.MultiheadAttention(8, 2)(x[..., :4], y, y)",
        "nn.MultiheadAttention(8, 2)(x, x, x, is_causal=True)",
        "nn.MultiheadAttention(8, 2)(x, y, y, attn_mask=after)",
        "nn.MultiheadAttention(8, 2)(x, y, y, padding)",
        "nn.MultiheadAttention(8, 2)(x, y, y, padded.long())",
        "nn.MultiheadAttention(8, 2)(x[0, 0], y, y)",
        "nn.MultiheadAttention(8, 2, kdim=3)(x, y, y)",
        "nn.TransformerEncoderLayer(8, 2, activation='tanh')",
        "nn.TransformerEncoderLayer(8, 3)",
        "nn.Transformer(8, 2, 1, 1, 5)(x, y[:, :1])",
        "nn.Transformer(8, 2, 1, 1, 5)(k, v)",
        "nn.Transformer(8, 2, 1, 1, 5, batch_first=True)(first, second[:1])",
        "nn.Transformer.generate_square_subsequent_mask(3, 'cuda')",
        "nn.Transformer.generate_square_subsequent_mask('a')",
    ],
)
def test_errors(expression: str) -> None:
    raised = []
    for library in (torch, mg):
        names = {n: library.tensor(a) for n, a in MASKS.items()}
        names |= {n: library.tensor(a.astype(np.float32)) for n, a in FLOATS.items()}
        with warnings.catch_warnings(), pytest.raises(Exception) as error:
            warnings.simplefilter("ignore")
            eval(expression, {"nn": library.nn, **names})
        raised.append(error.type)
    assert issubclass(raised[1], raised[0])


def test_a_mask_of_another_kind_than_that_of_the_padding_warns() -> None:
    for library in (torch, mg):
        x, module = library.ones(5, 2, 8), library.nn.MultiheadAttention(8, 2)
        with pytest.warns(UserWarning, match="mismatched key_padding_mask and attn_mask"):
            module(x, x, x, library.tensor(MASKS["padded"]), attn_mask=library.zeros(5, 5))


@pytest.mark.parametrize("options", [{}, {"dtype": "float64"}], ids=str)
def test_mask_of_what_comes_after(options: dict[str, str]) -> None:
    masks = [
        library.nn.Transformer.generate_square_subsequent_mask(
            3, **{k: getattr(library, v) for k, v in options.items()}
        )
        for library in (torch, mg)
    ]
    assert masks[0].tolist() == masks[1].tolist()
    assert str(masks[0].dtype).removeprefix("torch.") == str(masks[1].dtype)
