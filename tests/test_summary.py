"""``Module.summary``: what it counts, that it leaves no trace, and that it costs nothing where it is not used."""

from __future__ import annotations

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.ops.record import OPERATIONS

F = nn.functional


class Model(nn.Module):
    """Everything at once: a layer that is called twice, one that never is, ties, and changes of its own state."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(6, 4, max_norm=1.0)
        self.body = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Dropout(0.5))
        self.head = nn.Linear(4, 6, bias=False)
        self.head.weight = self.table.weight
        self.unused = nn.Linear(3, 3).requires_grad_(False)
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("calls", mg.zeros(()))

    def forward(self, places, scale=1.0):
        self.calls += 1
        self.cache = self.head.extra = mg.rand(3)
        x = self.table(places)
        x = self.norm(self.body(self.body(x)).transpose(1, 2)).transpose(1, 2) * scale
        return self.head(x), {"mean": x.mean(), "parts": [x, x]}


PLACES = mg.tensor([[0, 1, 2], [3, 4, 5]])


def rows_of(summary):
    return {row.name: row for row in summary.rows}


def test_rows_and_totals():
    summary = Model().summary(PLACES, scale=2.0)
    rows = rows_of(summary)
    assert list(rows) == ["", "table", "body", "body.0", "body.1", "body.2", "head", "unused", "norm"]
    assert [row.depth for row in summary.rows] == [0, 1, 1, 2, 2, 2, 1, 1, 1]
    assert rows[""].output == [(2, 3, 6), {"mean": (), "parts": [(2, 3, 4), (2, 3, 4)]}]
    assert (rows["table"].output, rows["norm"].output, rows["unused"].output) == ((2, 3, 4), (2, 4, 3), None)
    assert [rows[name].calls for name in ("", "body.0", "unused")] == [1, 2, 0]
    assert [rows[name].parameters for name in ("", "table", "body.0", "head", "unused", "norm")] == [
        0,
        24,
        20,
        0,
        12,
        8,
    ]
    assert (summary.total_params, summary.trainable_params, summary.param_bytes) == (64, 52, 256)
    assert (rows["body.0"].mult_adds, rows["head"].mult_adds) == (2 * 6 * 4 * 4, 6 * 4 * 6)
    assert summary.mult_adds == 192 + 144
    # The linear layers' own results, once for each call; ReLU and Dropout return the same memory; the last product of
    # the model by its scale, and the mean.
    assert (rows["body.0"].activation_bytes, rows["body.1"].activation_bytes) == (2 * 96, 0)
    assert (rows["table"].activation_bytes, rows["norm"].activation_bytes, rows[""].activation_bytes) == (96, 96, 100)
    assert summary.activation_bytes == sum(row.activation_bytes for row in summary.rows)


def test_the_table():
    text = str(Model().summary(PLACES))
    lines = text.splitlines()
    assert lines[0].split() == ["Layer", "Output", "Parameters", "Multiply-adds", "Activations"]
    assert "  body: Sequential (called 2 times)" in text and "    0: Linear (called 2 times)" in text
    assert lines[2].startswith("Model ") and "[(2, 3, 6), {mean: (), parts: [(2, 3, 4), (2, 3, 4)]}]" in lines[2]
    assert lines[-3:] == [
        "Parameters: 64, of which 52 are trained; 256 B", "Multiply-adds: 336", "Activations: 628 B",
    ]  # fmt: skip
    assert all(line == line.rstrip() for line in lines)


def test_it_leaves_no_trace():
    model = Model()
    model.body[2].eval()
    x, failing = mg.tensor([[-1.0, 2.0]]), nn.Sequential(nn.Dropout(), nn.Linear(3, 1))
    state = {name: value.clone() for name, value in model.state_dict().items()}
    attributes = {name: dict(vars(m)) for name, m in model.named_modules()}
    stream, call = mg.get_rng_state().tolist(), nn.Module.__call__
    forwards = {name: OPERATIONS[name].public.__globals__.get("forward") for name in ("linear", "matmul")}
    model.summary(PLACES)
    nn.Sequential(nn.ReLU(inplace=True)).summary(x)
    with pytest.raises(RuntimeError, match="Linear"):
        failing.summary(x)
    assert {name: value.tolist() for name, value in model.state_dict().items()} == {
        k: v.tolist() for k, v in state.items()
    }
    assert [m.training for m in model.body] == [True, True, False]
    for name, m in model.named_modules():
        now = {key: value for key, value in vars(m).items() if key != "_scope"}
        assert now.keys() == attributes[name].keys() - {"_scope"}
        assert all(now[key] is value or now[key] == value for key, value in attributes[name].items() if key in now)
    assert mg.get_rng_state().tolist() == stream
    assert x.tolist() == [[-1.0, 2.0]]
    assert nn.Module.__call__ is call
    for name, forward in forwards.items():
        assert forward is None or OPERATIONS[name].public.__globals__["forward"] is forward
    assert all(p.grad is None for p in model.parameters())


COUNTS = [
    (nn.Linear(3, 5), [(2, 7, 3)], 2 * 7 * 3 * 5),
    (nn.Bilinear(2, 3, 4), [(5, 2), (5, 3)], 5 * 4 * 2 * 3 + 5 * 4 * 3),
    (nn.Conv2d(4, 6, 3, groups=2), [(2, 4, 5, 6)], 2 * 6 * 3 * 4 * 2 * 9),
    (nn.ConvTranspose1d(2, 3, 4, stride=2), [(2, 2, 5)], 2 * 2 * 5 * 3 * 4),
    (nn.LSTM(3, 4, 2, bidirectional=True), [(5, 2, 3)], 10 * 2 * 16 * (3 + 4 + 8 + 4)),
    (nn.GRU(3, 4), [(5, 2, 3)], 10 * 12 * 7),
    (nn.RNNCell(3, 4), [(2, 3)], 2 * 4 * 7),
    (nn.BatchNorm1d(3), [(4, 3)], 0),
]


@pytest.mark.parametrize(("layer", "shapes", "wanted"), COUNTS, ids=[type(row[0]).__name__ for row in COUNTS])
def test_multiply_adds(layer, shapes, wanted):
    inputs = [mg.from_numpy(np.ones(shape, np.float32)) for shape in shapes]
    assert layer.summary(*inputs).mult_adds == wanted


def test_products_belong_to_the_innermost_module():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.query = nn.Linear(4, 4, bias=False)

        def forward(self, x):
            weights = F.softmax(self.query(x) @ x.mT, -1)
            return mg.einsum("nij,njk->nik", weights, x)

    rows = rows_of(Attention().summary(mg.ones(2, 3, 4)))
    assert (rows["query"].mult_adds, rows[""].mult_adds) == (2 * 3 * 4 * 4, 2 * (2 * 3 * 3 * 4))


def test_a_model_may_have_a_layer_of_this_name():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.summary = nn.Linear(2, 1)

    assert [name for name, _ in Named().named_parameters()] == ["summary.weight", "summary.bias"]
    assert nn.Module.summary(Named().summary, mg.ones(1, 2)).total_params == 3
