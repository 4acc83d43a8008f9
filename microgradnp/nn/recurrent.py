"""Recurrent layers over whole sequences, and the cells that make one step of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from ..autograd.scope import where as module_path
from ..ops import rnn
from ..ops.recurrence import Weights, in_layers
from ..ops.through_time import GRU as GRU_CELL
from ..ops.through_time import LSTM as LSTM_CELL
from ..ops.through_time import RNN_RELU, RNN_TANH, Cell
from ..tensor import Tensor
from .module import Module
from .parameter import unfilled
from .recurrent_cells import GRUCell, LSTMCell, RNNCell, RNNCellBase, draw
from .utils.rnn import PackedSequence

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

CELLS: dict[str, Cell] = {"RNN_TANH": RNN_TANH, "RNN_RELU": RNN_RELU, "LSTM": LSTM_CELL, "GRU": GRU_CELL}


class RNNBase(Module):
    """What ``RNN``, ``LSTM`` and ``GRU`` share.

    With G gates (1, 4 and 3) and D directions, layer k has the parameters

    - ``weight_ih_l{k}``: (G * hidden_size, input_size), or (G * hidden_size, D * H) for k > 0
    - ``weight_hh_l{k}``: (G * hidden_size, H)
    - ``bias_ih_l{k}``, ``bias_hh_l{k}``: (G * hidden_size,), unless ``bias`` is False
    - ``weight_hr_l{k}``: (proj_size, hidden_size), with ``proj_size``

    and with ``bidirectional`` the same again under names that end in ``_reverse``. H is ``proj_size`` if there is one,
    else ``hidden_size``. All are drawn from the uniform distribution on ±1/sqrt(hidden_size), with PyTorch's numbers.

    The input is (T, N, input_size), with ``batch_first`` (N, T, input_size), without a batch (T, input_size), or a
    ``PackedSequence``. Returned are the states of the last layer in all steps, (T, N, D * H) or as the input, and the
    last state of each layer and direction, (num_layers * D, N, H). First states have that shape too, and are zeros when
    they are not given. In training, ``dropout`` is the probability with which elements of what one layer hands to the
    next are dropped.

    Raises ValueError for settings out of range, for an input of another number of dimensions and for one of another
    dtype than the parameters, RuntimeError for sizes that do not fit. Warns for ``dropout`` in a single layer.

    Source: https://docs.pytorch.org/docs/stable/nn.html#recurrent-layers
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self._check_settings(dropout)
        for names in self._names():
            for name, shape in names.items():
                setattr(self, name, unfilled(type(self).__name__, shape, device, dtype))
        self.reset_parameters()

    def _check_settings(self, dropout: Any) -> None:
        name = type(self).__name__
        if self.mode not in CELLS:
            raise ValueError(f"{name}: unrecognized RNN mode {self.mode!r}; there are {', '.join(CELLS)}")
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                f"{name}: dropout should be a number in range [0, 1] representing the probability of an element being "
                f"zeroed, got {dropout!r}"
            )
        if dropout > 0 and self.num_layers == 1:
            warnings.warn(
                f"{name}: dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers=1",
                stacklevel=4,
            )
        for argument, kind in (("bias", bool), ("batch_first", bool), ("input_size", int), ("hidden_size", int),
                               ("num_layers", int), ("proj_size", int)):  # fmt: skip
            if not isinstance(value := getattr(self, argument), kind):
                raise TypeError(f"{name}: {argument} should be of type {kind.__name__}, got {type(value).__name__}")
        for argument in ("input_size", "hidden_size", "num_layers"):
            if getattr(self, argument) <= 0:
                raise ValueError(f"{name}: {argument} must be greater than zero, got {getattr(self, argument)}")
        if not 0 <= self.proj_size < self.hidden_size:
            raise ValueError(
                f"{name}: proj_size should be zero, for no projection, or positive and smaller than hidden_size, got "
                f"{self.proj_size} and {self.hidden_size}"
            )
        if self.proj_size and self.mode != "LSTM":
            raise ValueError(f"{name}: proj_size is only supported for LSTM, not RNN or GRU")

    def _names(self) -> list[dict[str, tuple[int, ...]]]:
        """The names and shapes of the parameters of each layer and direction."""
        directions, rows = 1 + bool(self.bidirectional), CELLS[self.mode].gates * self.hidden_size
        width = self.proj_size or self.hidden_size
        names = []
        for layer in range(self.num_layers):
            features = directions * width if layer else self.input_size
            for suffix in (f"l{layer}", f"l{layer}_reverse")[:directions]:
                shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, features), "weight_hh": (rows, width)}
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if self.bias else {}
                shapes |= {"weight_hr": (width, self.hidden_size)} if self.proj_size else {}
                names.append({f"{name}_{suffix}": shape for name, shape in shapes.items()})
        return names

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        draw(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Nothing: on the CPU parameters need not lie side by side."""

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._names()]

    def _layers(self) -> list[list[Weights]]:
        directions = 1 + bool(self.bidirectional)
        return rnn.grouped(
            [weight for weights in self.all_weights for weight in weights],
            self.num_layers, directions, self.bias, bool(self.proj_size),
        )  # fmt: skip

    # A call

    def forward(self, input: Any, hx: Any = None) -> Any:
        packed = isinstance(input, PackedSequence)
        data, states = input.data if packed else input, self._first_states(hx)
        batched = packed or self._is_batched(input, states)
        if not batched:
            data, states = data.unsqueeze(0 if self.batch_first else 1), [state.unsqueeze(1) for state in states]
        sideways = self.batch_first and not packed
        data = data.transpose(0, 1) if sideways else data
        sizes = input.batch_sizes.tolist() if packed else None
        self._check(data, states, sizes)
        if packed:
            states = _in_order(states, input.sorted_indices)
        output, *last = in_layers(CELLS[self.mode], data, states, self._layers(), self.dropout, self.training, sizes)
        output = output.transpose(0, 1) if sideways else output
        if packed:
            output = PackedSequence(output, *input[1:])
            return output, self._last_states(_in_order(last, input.unsorted_indices))
        if not batched:
            return output.squeeze(0 if self.batch_first else 1), self._last_states([part.squeeze(1) for part in last])
        return output, self._last_states(last)

    def _first_states(self, hx: Any) -> list[Tensor]:
        return [] if hx is None else [hx]

    def _last_states(self, last: Sequence[Tensor]) -> Any:
        return last[0]

    def _is_batched(self, input: Tensor, states: Sequence[Tensor]) -> bool:
        if input.ndim not in (2, 3):
            raise ValueError(
                f"{module_path()}{type(self).__name__}: expected input to be 2D, (T, {self.input_size}), or 3D, with a "
                f"batch, got {input.ndim}D of shape {tuple(input.shape)}"
            )
        for state in states:
            if state.ndim != input.ndim:
                raise RuntimeError(
                    f"{module_path()}for {'batched 3-D' if input.ndim == 3 else 'unbatched 2-D'} input, hx should also "
                    f"be {input.ndim}-D but got {state.ndim}-D of shape {tuple(state.shape)}"
                )
        return input.ndim == 3

    def _check(self, data: Tensor, states: Sequence[Tensor], sizes: Sequence[int] | None) -> None:
        """Raise for data of another dtype, and for sizes that do not fit; the batch is the second dimension here."""
        dtype = self.weight_ih_l0.dtype  # type: ignore[union-attr]
        if data.dtype != dtype:
            raise ValueError(
                f"{module_path()}RNN input dtype ({data.dtype}) does not match weight dtype ({dtype}). Convert input: "
                f"input.to({dtype}), or convert model: model.to({data.dtype})"
            )
        if data.ndim != (dims := 3 if sizes is None else 2):
            raise RuntimeError(f"{module_path()}input must have {dims} dimensions, got {data.ndim}")
        if data.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{module_path()}input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{data.shape[-1]}"
            )
        count, batch = self.num_layers * (1 + bool(self.bidirectional)), data.shape[1] if sizes is None else sizes[0]
        for number, state in enumerate(states):
            wanted = (count, batch, self.hidden_size if number else self.proj_size or self.hidden_size)
            if tuple(state.shape) != wanted:
                raise RuntimeError(f"{module_path()}Expected hidden[{number}] size {wanted}, got {list(state.shape)}")

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        for name, default in (("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False),
                              ("dropout", 0), ("bidirectional", False)):  # fmt: skip
            text += f", {name}={getattr(self, name)}" if getattr(self, name) != default else ""
        return text


def _in_order(states: Sequence[Tensor], order: Tensor | None) -> list[Tensor]:
    return [state if order is None else state.index_select(1, order) for state in states]


class RNN(RNNBase):
    """Elman's network: h = tanh(W_ih x + b_ih + W_hh h + b_hh), or with ``nonlinearity="relu"`` max(_, 0) for tanh.

    Shapes, parameters and errors: see ``RNNBase``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html; Elman 1990

    >>> import microgradnp
    >>> output, last = microgradnp.nn.RNN(2, 3)(microgradnp.ones(5, 1, 2))
    >>> output.shape, last.shape
    (Size([5, 1, 3]), Size([1, 1, 3]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"RNN: unknown nonlinearity {nonlinearity!r}. Select from 'tanh' or 'relu'.")
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, 0, device, dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory. Its states are pairs (h, c): of the first ones, if given, and of the last ones.

    With the gates i, f, g and o in this order in the rows of a = W_ih x + b_ih + W_hh h + b_hh:
    c = sigmoid(f) * c + sigmoid(i) * tanh(g), h = sigmoid(o) * tanh(c), and with ``proj_size`` W_hr h for h. ``c`` has
    always ``hidden_size`` elements.

    Shapes, parameters and errors: see ``RNNBase``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html; Hochreiter & Schmidhuber 1997;
    Sak et al. 2014, arXiv:1402.1128

    >>> import microgradnp
    >>> output, (h, c) = microgradnp.nn.LSTM(2, 3, bidirectional=True)(microgradnp.ones(5, 1, 2))
    >>> output.shape, h.shape, c.shape
    (Size([5, 1, 6]), Size([2, 1, 3]), Size([2, 1, 3]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device,
            dtype,
        )  # fmt: skip

    def _first_states(self, hx: Any) -> list[Tensor]:
        if hx is None:
            return []
        if len(hx) != 2:
            raise IndexError(f"{module_path()}LSTM: hx must be a pair (h, c), got {len(hx)} of shape {hx[0].shape}")
        return [hx[0], hx[1]]

    def _last_states(self, last: Sequence[Tensor]) -> Any:
        return last[0], last[1]


class GRU(RNNBase):
    """Gated recurrent units: with r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z likewise, and
    n = tanh(W_in x + b_in + r * (W_hn h + b_hn)), the next h is (1 - z) * n + z * h.

    The gates are in the order r, z, n in the rows of the weights. Shapes, parameters and errors: see ``RNNBase``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html; Cho et al. 2014, arXiv:1406.1078

    >>> import microgradnp
    >>> output, last = microgradnp.nn.GRU(2, 3, num_layers=2)(microgradnp.ones(5, 1, 2))
    >>> output.shape, last.shape
    (Size([5, 1, 3]), Size([2, 1, 3]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype
        )
