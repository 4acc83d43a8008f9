"""Recurrent layers by their formulas: alone, packed, compiled, differentiated twice, and what they say to mistakes."""

import copy
import pickle

import numpy as np
import pytest
from modules import values

import microgradnp as mg
from microgradnp import nn
from microgradnp.autograd import gradcheck, gradgradcheck
from microgradnp.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, unpack_sequence

KINDS = [nn.RNN, nn.LSTM, nn.GRU]
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def numbers(*shape, seed=0):
    return mg.tensor(np.random.default_rng(seed).uniform(-1, 1, shape))


def made(kind, *args, **kwargs):
    mg.manual_seed(0)
    return kind(*args, dtype=mg.float64, **kwargs)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_formula(module, x):
    """The states of one layer, step by step, as its documentation has them."""
    w_ih, w_hh, b_ih, b_hh = (p.detach().numpy() for p in module.parameters())
    h = c = np.zeros((x.shape[1], w_hh.shape[1]))
    states = []
    for step in x:
        a, b = step @ w_ih.T + b_ih, h @ w_hh.T + b_hh
        if module.mode == "LSTM":
            i, f, g, o = np.split(a + b, 4, axis=1)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        elif module.mode == "GRU":
            (ar, az, an), (br, bz, bn) = np.split(a, 3, axis=1), np.split(b, 3, axis=1)
            z = sigmoid(az + bz)
            h = (1 - z) * np.tanh(an + sigmoid(ar + br) * bn) + z * h
        else:
            h = np.maximum(a + b, 0) if module.mode == "RNN_RELU" else np.tanh(a + b)
        states.append(h)
    return np.array(states)


@pytest.mark.parametrize("options", [{}, {"nonlinearity": "relu"}], ids=str)
@kinds
def test_states_are_those_of_the_formulas(kind, options):
    module = made(kind, 3, 4, **(options if kind is nn.RNN else {}))
    x = numbers(5, 2, 3)
    output, last = module(x)
    np.testing.assert_allclose(output.detach().numpy(), by_formula(module, x.numpy()), rtol=1e-12)
    assert values((last[0] if kind is nn.LSTM else last)[0]) == values(output[-1])


@kinds
def test_gradients_of_first_and_second_order(kind):
    function = {nn.RNN: mg.rnn_tanh, nn.LSTM: mg.lstm, nn.GRU: mg.gru}[kind]
    module = made(kind, 2, 2, **({"proj_size": 1} if kind is nn.LSTM else {}))

    def call(data, state, *weights):
        hx = (state[..., :1], state) if kind is nn.LSTM else state
        return function(data, mg.tensor([2, 1]), hx, weights, True, 1, 0.0, False, False)

    inputs = (numbers(3, 2).requires_grad_(), numbers(1, 2, 2, seed=1).requires_grad_(), *module.parameters())
    assert gradcheck(call, inputs, fast_mode=True)
    assert gradgradcheck(call, inputs, fast_mode=True)


@kinds
def test_a_packed_batch_is_its_sequences_one_by_one(kind):
    module = made(kind, 3, 4, num_layers=2, bidirectional=True)
    sequences = [numbers(n, 3, seed=n) for n in (2, 5, 1, 5)]
    packed, last = module(pack_sequence(sequences, enforce_sorted=False))
    last = last[1] if kind is nn.LSTM else last
    for i, (sequence, output) in enumerate(zip(sequences, unpack_sequence(packed), strict=True)):
        alone, own = module(sequence)
        np.testing.assert_allclose(output.detach(), alone.detach(), rtol=1e-12)
        np.testing.assert_allclose(last[:, i].detach(), (own[1] if kind is nn.LSTM else own).detach(), rtol=1e-12)


def test_what_stands_behind_the_end_of_a_sequence_does_not_matter():
    """Behind it there are zeros, from which Elman's network with relu may grow without limit."""
    module = made(nn.RNN, 1, 2, nonlinearity="relu")
    for p, number in zip(module.parameters(), (-1000.0, 30.0, 1.0, 1.0), strict=True):
        p.data.fill_(number)
    padded, lengths = pad_packed_sequence(module(pack_padded_sequence(mg.ones(240, 2, 1).double(), [240, 3]))[0])
    assert values(lengths) == [240, 3]
    assert not padded.any()
    padded.sum().backward()
    assert all(not p.grad.any() for p in module.parameters())  # and no nan, as of 0 times an infinity


def test_an_operand_that_is_computed_from_another_is_counted_once():
    h, parameters = numbers(2, 3).requires_grad_(), list(made(nn.LSTMCell, 4, 3).parameters())
    result, _ = mg.lstm_cell(numbers(2, 4, seed=1), (h, h * 2), *parameters)
    (expected,) = mg.autograd.grad(result.sum(), [h], retain_graph=True)
    (recorded,) = mg.autograd.grad(result.sum(), [h], create_graph=True)
    np.testing.assert_allclose(recorded.detach(), expected, rtol=1e-12)


@kinds
def test_cells_are_the_steps_of_layers(kind):
    module, cell = made(kind, 3, 4), made(getattr(nn, f"{kind.__name__}Cell"), 3, 4)
    assert [values(p) for p in cell.parameters()] == [values(p) for p in module.parameters()]
    x = numbers(3, 2, 3)
    state = None
    for step, output in zip(x, module(x)[0], strict=True):
        state = cell(step, state)
        np.testing.assert_allclose((state[0] if kind is nn.LSTM else state).detach(), output.detach(), rtol=1e-12)


@kinds
def test_any_memory_layout_an_empty_batch_and_no_mutation(kind):
    module = made(kind, 3, 4, bidirectional=True)
    x = numbers(2, 5, 3)
    before, expected = values(x), module(x)[0]
    assert values(x) == before
    assert values(module(mg.tensor(np.asfortranarray(x.numpy())))[0]) == values(expected)
    assert values(module(numbers(4, 5, 6)[::2, :, ::2].copy_(x))[0]) == values(expected)
    assert expected.is_contiguous()
    output, _ = module(mg.zeros(2, 0, 3, dtype=mg.float64))
    assert output.shape == (2, 0, 8)
    output.sum().backward()
    assert all(not p.grad.any() for p in module.parameters())


def test_large_numbers_give_no_warning():
    h, c = mg.lstm_cell(mg.full((1, 2), 1e4), (mg.zeros(1, 1), mg.zeros(1, 1)), -mg.ones(4, 2), mg.ones(4, 1))
    assert values(h) == [[0.0]]
    assert values(c) == [[0.0]]


@kinds
def test_a_graph_can_be_gone_through_twice_and_knows_what_was_changed(kind):
    module = made(kind, 3, 4)
    output, last = module(numbers(3, 2, 3))
    output.sum().backward(retain_graph=True)
    once = [values(p.grad) for p in module.parameters()]
    module.zero_grad()
    (last[0] if kind is nn.LSTM else last).detach().fill_(7.0)  # the results have memory of their own
    output.sum().backward(retain_graph=True)
    assert [values(p.grad) for p in module.parameters()] == once
    with mg.no_grad():
        module.weight_hh_l0.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


@kinds
def test_only_what_is_asked_for_has_a_gradient(kind):
    module = made(kind, 3, 4).requires_grad_(False)
    x = numbers(3, 2, 3).requires_grad_()
    module(x)[0].sum().backward()
    assert x.grad.any()
    assert all(p.grad is None for p in module.parameters())


@kinds
def test_copies_and_state_dicts(kind):
    module = made(kind, 3, 4, num_layers=2, bidirectional=True)
    x = numbers(3, 2, 3)
    other = kind(3, 4, num_layers=2, bidirectional=True, dtype=mg.float64)
    other.load_state_dict(module.state_dict())
    for copied in (copy.deepcopy(module), pickle.loads(pickle.dumps(module)), other):
        assert values(copied(x)[0]) == values(module(x)[0])
    packed = pack_padded_sequence(x, [3, 2])
    assert values(pickle.loads(pickle.dumps(packed)).data) == values(copy.deepcopy(packed).data) == values(packed.data)


@pytest.mark.parametrize("executor", ["numpy", pytest.param("numba", marks=pytest.mark.slow)])
@kinds
def test_a_compiled_step_is_the_eager_one(kind, executor):
    if executor == "numba":
        pytest.importorskip("numba")
    deep = {"num_layers": 2, "dropout": 0.3} if executor == "numpy" else {}
    x, y = numbers(2, 2, 3), numbers(2, 4, seed=1)

    def training(compiled):
        module = made(kind, 3, 4, **deep)
        optimizer = mg.optim.SGD(module.parameters(), lr=0.1)

        def step(x, y):
            output, _ = module(x)
            loss = ((output[-1] - y) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        step = mg.compile(step, executor=executor) if compiled else step
        mg.manual_seed(1)
        return [step(x, y).item() for _ in range(4)], [values(p) for p in module.parameters()]

    eager, compiled = training(False), training(True)
    if executor == "numpy":
        assert compiled == eager
    np.testing.assert_allclose(compiled[0], eager[0], rtol=1e-12)


def test_errors_name_the_module_and_what_to_do():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.LSTM(3, 2)

        def forward(self, x, hx=None):
            return self.encoder(x, hx)

    model = Model()
    with pytest.raises(RuntimeError, match=r"LSTM 'encoder': .*Expected 3, got 5"):
        model(mg.ones(4, 2, 5))
    with pytest.raises(ValueError, match=r"LSTM 'encoder': .*convert model: model.to\(float64\)"):
        model(mg.ones(4, 2, 3, dtype=mg.float64))
    with pytest.raises(RuntimeError, match=r"Expected hidden\[1\] size \(1, 2, 2\), got \[1, 1, 2\]"):
        model(mg.ones(4, 2, 3), (mg.ones(1, 2, 2), mg.ones(1, 1, 2)))
    with pytest.raises(RuntimeError, match="the only device is"):
        nn.GRU(3, 2, device="cuda")
    with pytest.raises(RuntimeError, match="between 1 and the 4 steps"):
        pack_padded_sequence(mg.ones(4, 2), [5, 1])
    with pytest.raises(RuntimeError, match="expected 2 parameters for each of 1 layers in 1 directions, got 3"):
        mg.gru(
            mg.ones(4, 2, 3),
            mg.ones(1, 2, 2),
            [mg.ones(6, 3), mg.ones(6, 2), mg.ones(6)],
            False,
            1,
            0.0,
            False,
            False,
            False,
        )
