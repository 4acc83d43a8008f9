"""Cells: one step of a recurrent network at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ..autograd.scope import where as module_path
from ..ops import rnn
from ..ops.creation import zeros
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import unfilled


def draw(module: Module, hidden_size: int) -> None:
    """Draw the parameters of a recurrent layer or cell."""
    bound = 1 / math.sqrt(hidden_size) if hidden_size > 0 else 0
    for parameter in module.parameters():
        init.uniform_(parameter, -bound, bound)


class RNNCellBase(Module):
    """What ``RNNCell``, ``LSTMCell`` and ``GRUCell`` share.

    With G gates (1, 4 and 3): ``weight_ih`` is (G * hidden_size, input_size), ``weight_hh`` (G * hidden_size,
    hidden_size), ``bias_ih`` and ``bias_hh`` (G * hidden_size,) unless ``bias`` is False; all drawn from the uniform
    distribution on ±1/sqrt(hidden_size), with PyTorch's numbers. The input is (N, input_size) or (input_size,), a state
    (N, hidden_size) or (hidden_size,); states that are not given are zeros.

    Raises ValueError for other numbers of dimensions, RuntimeError for sizes and dtypes that do not fit.

    Source: https://docs.pytorch.org/docs/stable/nn.html#recurrent-layers
    """

    bias_ih: Tensor | None
    bias_hh: Tensor | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        name, rows = type(self).__name__, num_chunks * hidden_size
        self.weight_ih = unfilled(name, (rows, input_size), device, dtype)
        self.weight_hh = unfilled(name, (rows, hidden_size), device, dtype)
        for parameter in ("bias_ih", "bias_hh"):
            self.register_parameter(parameter, unfilled(name, (rows,), device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        draw(self, self.hidden_size)

    def _step(self, cell: Callable[..., Any], input: Tensor, states: Sequence[Tensor] | None, count: int) -> Any:
        """The next states, of a batch or without one."""
        name = type(self).__name__
        for what, tensor in (("input", input), *((f"hx[{i}]", state) for i, state in enumerate(states or ()))):
            if tensor.ndim not in (1, 2):
                raise ValueError(
                    f"{module_path()}{name}: expected {what} to be 1D or 2D, got {tensor.ndim}D of shape "
                    f"{tuple(tensor.shape)}"
                )
        batched = input.ndim == 2
        x: Any = input if batched else input.unsqueeze(0)  # type: ignore[attr-defined]
        if states is None:
            states = [zeros(x.shape[0], self.hidden_size, dtype=x.dtype)] * count
        elif not batched:
            states = [state.unsqueeze(0) for state in states]  # type: ignore[attr-defined]
        hx = tuple(states) if count > 1 else states[0]
        result = cell(x, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        if batched:
            return result
        return tuple(part.squeeze(0) for part in result) if count > 1 else result.squeeze(0)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        text += f", bias={self.bias}" if self.bias is not True else ""
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        return text + (f", nonlinearity={nonlinearity}" if nonlinearity != "tanh" else "")


class RNNCell(RNNCellBase):
    """One step of ``RNN``: tanh(W_ih x + b_ih + W_hh h + b_hh), or with ``nonlinearity="relu"`` max(_, 0) for tanh.

    Shapes, parameters and errors: see ``RNNCellBase``. Raises RuntimeError in a call with another ``nonlinearity``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        cells = {"tanh": rnn.rnn_tanh_cell, "relu": rnn.rnn_relu_cell}
        if self.nonlinearity not in cells:
            raise RuntimeError(
                f"{module_path()}RNNCell: unknown nonlinearity {self.nonlinearity!r}; use 'tanh' or 'relu'"
            )
        return self._step(cells[self.nonlinearity], input, None if hx is None else (hx,), 1)


class LSTMCell(RNNCellBase):
    """One step of ``LSTM``: called as ``cell(input, (h, c))``, it returns the next (h, c).

    Shapes, parameters and errors: see ``RNNCellBase``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html

    >>> import microgradnp
    >>> h, c = microgradnp.nn.LSTMCell(2, 3)(microgradnp.ones(4, 2))
    >>> h.shape, c.shape
    (Size([4, 3]), Size([4, 3]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        return self._step(rnn.lstm_cell, input, hx, 2)


class GRUCell(RNNCellBase):
    """One step of ``GRU``. Shapes, parameters and errors: see ``RNNCellBase``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        return self._step(rnn.gru_cell, input, None if hx is None else (hx,), 1)
