"""Recurrent modules beside PyTorch's: the same numbers from the same seed, outputs, gradients and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import microgradnp as mg

torch: Any = pytest.importorskip("torch")

# PyTorch says so once per process.
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported")

LIBRARIES = (torch, mg)
TOLERANCES = {"float32": 2e-5, "float64": 1e-12, "float16": 2e-2}


def tensor(library: Any, shape: tuple[int, ...], seed: int, dtype: str = "float64") -> Any:
    array = np.random.default_rng(seed).uniform(-1, 1, shape)
    return library.tensor(array, dtype=getattr(library, dtype))


def arrays(results: Any) -> list[np.ndarray]:
    """The arrays of nested results."""
    if isinstance(results, (tuple, list)):
        return [array for part in results if part is not None for array in arrays(part)]
    return [np.asarray(results.detach())]


def assert_agree(program: Any, tolerance: float = 1e-12) -> None:
    theirs, ours = (arrays(program(library)) for library in LIBRARIES)
    for t, o in zip(theirs, ours, strict=True):
        assert (o.dtype, o.shape) == (t.dtype, t.shape)
        np.testing.assert_allclose(o, t, rtol=tolerance, atol=tolerance)


def weighed(library: Any, results: list[Any]) -> Any:
    """A scalar of results: the sum of their products with random numbers."""
    return sum(
        (r * tensor(library, tuple(r.shape), 90 + i, "float64").to(r.dtype)).sum() for i, r in enumerate(results)
    )


def run(
    library: Any, module: Any, form: str, with_states: bool, dtype: str, train: bool
) -> tuple[list[Any], list[Any]]:
    """The results of a call, and what their gradients are asked for."""
    directions = 2 if module.bidirectional else 1
    count, batch, steps = module.num_layers * directions, 3, 4
    x = tensor(library, (batch, steps, 3) if module.batch_first else (steps, batch, 3), 1, dtype).requires_grad_()
    states = [
        tensor(library, (count, batch, size), seed, dtype).requires_grad_()
        for seed, size in ((2, module.proj_size or module.hidden_size), (3, module.hidden_size))
    ]
    states = states if module.mode == "LSTM" else states[:1]
    hx: Any = states
    data: Any = x
    if form == "unbatched":
        data, hx = (x[0] if module.batch_first else x[:, 0]), [state[:, 0] for state in states]
    elif form != "batched":
        lengths = [4, 2, 1] if form == "packed" else [2, 4, 1]
        pack = library.nn.utils.rnn.pack_padded_sequence
        data = pack(x, lengths, batch_first=module.batch_first, enforce_sorted=form == "packed")
    hx = tuple(hx) if module.mode == "LSTM" else hx[0]
    module.train(train)
    output, last = module(data, hx) if with_states else module(data)
    results = [output.data if form.startswith("packed") else output, *(last if isinstance(last, tuple) else [last])]
    return results, [x, *(states if with_states else []), *module.parameters()]


MODULES = [
    ("RNN", {}),
    ("RNN", {"nonlinearity": "relu", "num_layers": 2, "bidirectional": True}),
    ("LSTM", {}),
    ("LSTM", {"num_layers": 2, "bidirectional": True, "dropout": 0.4, "batch_first": True}),
    ("LSTM", {"proj_size": 2, "num_layers": 2, "bias": False}),
    ("LSTM", {"proj_size": 2, "bidirectional": True}),
    ("GRU", {"bias": False, "batch_first": True}),
    ("GRU", {"num_layers": 2, "bidirectional": True, "dropout": 0.3}),
]
modules = pytest.mark.parametrize(("kind", "options"), MODULES, ids=lambda value: str(value).replace("'", ""))


@pytest.mark.parametrize("form", ["batched", "unbatched", "packed", "packed unsorted"])
@pytest.mark.parametrize("dtype", TOLERANCES)
@modules
def test_outputs_and_gradients(kind: str, options: dict[str, Any], form: str, dtype: str) -> None:
    def program(library: Any) -> Any:
        library.manual_seed(5)
        module = getattr(library.nn, kind)(3, 4, **options).to(getattr(library, dtype))
        results, inputs = run(library, module, form, dtype != "float16", dtype, train=dtype != "float64")
        return results, library.autograd.grad(weighed(library, results), inputs)

    assert_agree(program, TOLERANCES[dtype])


@pytest.mark.parametrize("form", ["batched", "packed unsorted"])
@modules
def test_gradients_of_second_order(kind: str, options: dict[str, Any], form: str) -> None:
    def program(library: Any) -> Any:
        library.manual_seed(5)
        module = getattr(library.nn, kind)(3, 4, **options).double()
        results, inputs = run(library, module, form, True, "float64", train=True)
        first = library.autograd.grad(weighed(library, [r * r for r in results]), inputs, create_graph=True)
        return first, library.autograd.grad(weighed(library, [g * g for g in first]), inputs)

    assert_agree(program)


@modules
def test_parameters_are_drawn_named_and_printed_as_pytorchs(kind: str, options: dict[str, Any]) -> None:
    made = []
    for library in LIBRARIES:
        library.manual_seed(7)
        module = getattr(library.nn, kind)(5, 6, **options)
        state = {name: value.tolist() for name, value in module.state_dict().items()}
        weights = [[w.tolist() for w in weights] for weights in module.all_weights]
        made.append((repr(module), state, weights, [name for name, _ in module.named_parameters()]))
    assert made[0] == made[1]


CELLS = [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu", "bias": False}), ("LSTMCell", {}), ("GRUCell", {})]


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize(("kind", "options"), CELLS, ids=str)
def test_cells(kind: str, options: dict[str, Any], batched: bool) -> None:
    printed = []

    def program(library: Any) -> Any:
        library.manual_seed(3)
        cell = getattr(library.nn, kind)(3, 4, dtype=library.float64, **options)
        printed.append((repr(cell), [name for name, _ in cell.named_parameters()]))
        x = tensor(library, (2, 5, 3) if batched else (2, 3), 1).requires_grad_()
        states = cell(x[0])
        states = cell(x[1], states)
        results = list(states) if isinstance(states, tuple) else [states]
        inputs = [x, *cell.parameters()]
        first = library.autograd.grad(weighed(library, results), inputs, create_graph=True)
        return results, first, library.autograd.grad(weighed(library, first), inputs)

    assert_agree(program)
    assert printed[0] == printed[1]


def test_parameters_without_a_use_for_the_result_have_zero_gradients() -> None:
    """Only the last states of the first layer are used."""

    def program(library: Any) -> Any:
        library.manual_seed(3)
        module = library.nn.LSTM(3, 4, 2, dtype=library.float64)
        _, (h, c) = module(tensor(library, (4, 2, 3), 1))
        (h[0] * 2 + c[0]).sum().backward()
        return [p.grad if p.grad is not None else library.zeros_like(p) for p in module.parameters()]

    assert_agree(program)


SEQUENCES = """
pad([x, x[:2]]); pad([x, x[:2]], True, -1.0, "left"); pad([n, n[:1]], padding_value=1.5); pad(x); pad([x, n])
pad([x[:0], x[:0]]); pack(x, [4, 2, 1]); pack(x, torch.tensor([4, 2, 1], dtype=torch.int32))
pack(x.T, [1, 4, 4], True, False); pack(n, [3, 2, 1]); R.pack_sequence([x, x[:2]]); R.pack_sequence([x[:2], x], False)
R.pack_sequence([x[:, 0], x[:1, 0]]); R.pad_packed_sequence(pack(x, [4, 2, 1]))
R.pad_packed_sequence(pack(x.T, [1, 4, 4], True, False), True, -1, 6)
R.pad_packed_sequence(pack(x[..., None], [2, 2, 1]), padding_value=0.5)
R.unpack_sequence(pack(x, [1, 4, 2], enforce_sorted=False)); R.unpad_sequence(x.clone(), torch.tensor([4, 2, 1]))
R.unpad_sequence(x.clone(), torch.tensor([1, 2, 3, 3]), batch_first=True)
R.invert_permutation(torch.tensor([2, 0, 1])); R.PackedSequence((x, torch.tensor([3, 1])))
R.PackedSequence(x, torch.tensor([3, 1]), torch.tensor([1, 0, 2])); packed.double(); packed.half(); packed.long()
packed.int(); packed.short(); packed.char(); packed.byte(); packed.float(); packed.cpu(); packed.to(torch.float64)
"""


def evaluated(library: Any, expression: str) -> Any:
    R, x = library.nn.utils.rnn, library.arange(12.0).reshape(4, 3)
    names = {"torch": library, "R": R, "x": x, "n": x.long(), "pad": R.pad_sequence, "pack": R.pack_padded_sequence}
    return eval(expression, names | {"packed": R.pack_padded_sequence(x, [2, 4, 1], enforce_sorted=False)})


def expressions(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ";").split(";") if part.strip()]


@pytest.mark.parametrize("expression", expressions(SEQUENCES))
def test_sequences(expression: str) -> None:
    assert_agree(lambda library: evaluated(library, expression), 0)
    theirs, ours = (evaluated(library, expression) for library in LIBRARIES)
    assert type(ours).__name__ == type(theirs).__name__
    assert isinstance(theirs, torch.Tensor) or str(ours) == str(theirs).replace("torch.", "")


def test_gradients_through_packing() -> None:
    def program(library: Any) -> Any:
        R, x = library.nn.utils.rnn, tensor(library, (4, 3, 2), 1).requires_grad_()
        padded = R.pad_sequence(R.unpack_sequence(R.pack_padded_sequence(x, [2, 4, 1], enforce_sorted=False)))
        return library.autograd.grad(weighed(library, [padded]), [x])

    assert_agree(program)


ERRORS = """
nn.RNN(3, 2, nonlinearity="x"); nn.LSTM(3, 2, dropout=2.0); nn.LSTM(3, 2, dropout="a"); nn.LSTM(3, 2, dropout=True)
nn.LSTM(3, 2, bias=1); nn.LSTM(3.0, 2); nn.LSTM(3, 2, 1.5); nn.LSTM(3, 2, 0); nn.LSTM(0, 2); nn.LSTM(3, 0)
nn.LSTM(3, 2, proj_size=2); nn.LSTM(3, 2, proj_size=-1); nn.LSTM(3, 2, batch_first=1); nn.LSTM(3, 2, other=1)
nn.RNNBase("X", 3, 2); nn.GRUCell(3, -2); nn.GRUCell("a", 2); nn.LSTM(3, 2, hidden_size=2); gru(x[0, 0]); gru(x[None])
gru(x[..., :2]); gru(x.double()); gru(x[:0]); gru(x, h[0]); gru(x[0], h); gru(x, h[:, :1]); gru(x, h[..., :1])
gru(x, h.double()); lstm(x, h); lstm(x, (h, h[:, :1])); lstm(x, (h, h[0])); lstm(x, (h[..., :1], h))
lstm(x[0], (h, h)); gru(pack(x[..., :2], [4, 2])); gru(pack(x[..., 0], [4, 2])); gru(pack(x, [4, 2]), h[:, :1])
nn.RNNCell(3, 2, nonlinearity="x")(x[0]); nn.LSTMCell(3, 2)(x); nn.LSTMCell(3, 2)(x[0, :, :2])
nn.LSTMCell(3, 2)(x[0], (h, h)); nn.LSTMCell(3, 2)(x[0], (h[0, :1], h[0])); nn.GRUCell(3, 2)(x[0], h)
nn.GRUCell(3, 2)(x[0].double()); pack(x, [4, 2, 1]); pack(x, [4]); pack(x, [2, 4]); pack(x, [4, 0])
pack(x[:, 0, 0], [4]); pack(x, [[4, 2]]); R.pad_packed_sequence(pack(x, [4, 2]), total_length=3); R.pad_sequence([])
R.pad_sequence(3); R.pad_sequence([x, x[..., :2]]); R.pad_sequence([x, 2]); R.pad_sequence([x], padding_side="middle")
R.unpad_sequence(x.clone(), torch.tensor([4])); R.PackedSequence(x); R.pack_sequence([x[:1], x])
"""


@pytest.mark.parametrize("expression", expressions(ERRORS))
def test_errors_have_pytorchs_types(expression: str) -> None:
    types = []
    for library in LIBRARIES:
        nn, R = library.nn, library.nn.utils.rnn
        names = {"torch": library, "nn": nn, "R": R, "pack": R.pack_padded_sequence, "gru": nn.GRU(3, 2)}
        names |= {"lstm": nn.LSTM(3, 2), "x": library.ones(4, 2, 3), "h": library.ones(1, 2, 2)}
        with pytest.raises(Exception) as raised:
            eval(expression, names)
        types.append(raised.type)
    assert types[0] is types[1]


def test_dropout_in_one_layer_warns_as_pytorchs() -> None:
    for library in LIBRARIES:
        with pytest.warns(
            UserWarning, match="num_layers greater than 1, but got dropout=0.5 and num_layers=1"
        ) as caught:
            library.nn.GRU(2, 3, dropout=0.5)
        assert len(caught) == 1
    assert caught[0].filename == __file__
