"""PyTorch's functions of recurrent networks: layers over whole sequences, and cells of one step."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..tensor import Tensor, make
from .record import Array, Arrays, composite
from .recurrence import Weights, check, in_layers, in_one_direction
from .shape import transpose, unsqueeze
from .through_time import GRU, LSTM, RNN_RELU, RNN_TANH, Cell

# Cells of one step


def _one_step(
    cell: Cell, input: Any, state: Sequence[Any], w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any
) -> tuple[Any, ...]:
    """The next states."""
    if input.ndim != 2:
        raise IndexError(f"{cell.name}_cell: expected an input of shape (N, I), got {tuple(input.shape)}")
    if (b_ih is None) != (b_hh is None):
        none = make(np.zeros(w_hh.shape[0], w_hh.dtype))
        b_ih, b_hh = (none if b_ih is None else b_ih), (none if b_hh is None else b_hh)
    weights, step = Weights(w_ih, w_hh, b_ih, b_hh), unsqueeze(input, 0)
    check(cell, step, input.shape[0], state, weights)
    return in_one_direction(cell, step, state, weights)[1:]


@composite()
def rnn_tanh_cell(input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array = None, b_hh: Array = None) -> Array:
    """One step of Elman's network: ``tanh(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh)``.

    Shapes (N, I), (N, H), (H, I), (H, H), (H,), (H,) give (N, H). Raises RuntimeError for others.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """
    return _one_step(RNN_TANH, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


@composite()
def rnn_relu_cell(input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array = None, b_hh: Array = None) -> Array:
    """``rnn_tanh_cell`` with max(x, 0) for tanh.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """
    return _one_step(RNN_RELU, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


@composite()
def gru_cell(input: Array, hx: Array, w_ih: Array, w_hh: Array, b_ih: Array = None, b_hh: Array = None) -> Array:
    """One step of a gated recurrent unit, with the gates r, z and n in this order in the rows of the weights.

    With x = input @ w_ih.T + b_ih and a = hx @ w_hh.T + b_hh: r = sigmoid(x_r + a_r), z = sigmoid(x_z + a_z),
    n = tanh(x_n + r * a_n), and the result is (1 - z) * n + z * hx. Shapes (N, I), (N, H), (3 * H, I), (3 * H, H),
    (3 * H,), (3 * H,) give (N, H). Raises RuntimeError for others.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html; Cho et al. 2014, arXiv:1406.1078
    """
    return _one_step(GRU, input, (hx,), w_ih, w_hh, b_ih, b_hh)[0]


@composite()
def lstm_cell(
    input: Array, hx: Arrays, w_ih: Array, w_hh: Array, b_ih: Array = None, b_hh: Array = None
) -> tuple[Tensor, Tensor]:
    """One step of a long short-term memory: ``(h, c)`` to the next ones.

    With the gates i, f, g and o in this order in the rows of a = input @ w_ih.T + b_ih + h @ w_hh.T + b_hh, the next c
    is sigmoid(f) * c + sigmoid(i) * tanh(g), and the next h is sigmoid(o) * tanh(c). Shapes (N, I), (N, H) twice,
    (4 * H, I), (4 * H, H), (4 * H,), (4 * H,) give (N, H) twice. Raises RuntimeError for others.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html; Hochreiter & Schmidhuber 1997
    """
    return _one_step(LSTM, input, _pair("lstm_cell", hx), w_ih, w_hh, b_ih, b_hh)  # type: ignore[return-value]


def _pair(function: str, hx: Any) -> Sequence[Any]:
    if not isinstance(hx, (tuple, list)):
        raise TypeError(f"{function}(): argument 'hx' (position 2) must be tuple of Tensors, not {type(hx).__name__}")
    if len(hx) != 2:
        raise RuntimeError(f"{module_path()}{function}: expects two hidden states, (h, c), got {len(hx)}")
    return hx


# Layers


def _padded(
    input: Any, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout: float, train: bool,
    bidirectional: bool, batch_first: bool,
) -> None: ...  # fmt: skip


def _packed(
    data: Any, batch_sizes: Any, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout: float, train: bool,
    bidirectional: bool,
) -> None: ...  # fmt: skip


def _called(cell: Cell, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """The call of a function with one of the two lists of arguments above."""
    second = args[1] if len(args) > 1 else kwargs.get("batch_sizes")
    packed = isinstance(second, Tensor) and second.dtype.kind == "i"
    try:
        given = inspect.signature(_packed if packed else _padded).bind(*args, **kwargs).arguments
    except TypeError as error:
        raise TypeError(f"{cell.name}() received an invalid combination of arguments: {error}") from None
    hx = _pair(cell.name, given["hx"]) if cell is LSTM else [given["hx"]]
    projects = cell is LSTM and hx[0].shape[-1] != hx[1].shape[-1]
    directions = 2 if given["bidirectional"] else 1
    layers = grouped(given["params"], given["num_layers"], directions, given["has_biases"], projects)
    options = layers, given["dropout"], given["train"]
    if packed:
        return in_layers(cell, given["data"], hx, *options, given["batch_sizes"].tolist())
    input = given["input"]
    if not given["batch_first"]:
        return in_layers(cell, input, hx, *options)
    output, *last = in_layers(cell, transpose(input, 0, 1), hx, *options)
    return transpose(output, 0, 1), *last


def grouped(
    params: Sequence[Any], num_layers: int, directions: int, has_biases: bool, projects: bool
) -> list[list[Weights]]:
    """The parameters of each layer and direction."""
    count = 2 + 2 * has_biases + projects
    if len(params) != count * num_layers * directions:
        raise RuntimeError(
            f"expected {count} parameters for each of {num_layers} layers in {directions} directions, got {len(params)}"
        )
    parts = [list(params[i : i + count]) for i in range(0, len(params), count)]
    each = [Weights(*(part if has_biases or not projects else (*part[:2], None, None, part[2]))) for part in parts]
    return [each[i : i + directions] for i in range(0, len(each), directions)]


@composite()
def rnn_tanh(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """Layers of Elman's network with tanh, as functions of their parameters: all states of the last one, and the last
    states of each. Arguments as for ``lstm``, but ``hx`` is one tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html
    """
    return _called(RNN_TANH, args, kwargs)  # type: ignore[return-value]


@composite()
def rnn_relu(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """``rnn_tanh`` with max(x, 0) for tanh. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html"""
    return _called(RNN_RELU, args, kwargs)  # type: ignore[return-value]


@composite()
def gru(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
    """Layers of gated recurrent units, as functions of their parameters: all states of the last one, and the last
    states of each. Arguments as for ``lstm``, but ``hx`` is one tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html
    """
    return _called(GRU, args, kwargs)  # type: ignore[return-value]


@composite()
def lstm(*args: Any, **kwargs: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Layers of long short-term memory, as functions of their parameters: all states of the last one, and the last
    states h and c of each.

    Called as ``lstm(input, (h, c), params, has_biases, num_layers, dropout, train, bidirectional, batch_first)``, or
    for packed sequences as ``lstm(data, batch_sizes, (h, c), params, has_biases, num_layers, dropout, train,
    bidirectional)``. ``params`` are the parameters of ``nn.LSTM`` in the order in which it lists them. Raises
    RuntimeError for shapes or dtypes that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
    """
    return _called(LSTM, args, kwargs)  # type: ignore[return-value]
