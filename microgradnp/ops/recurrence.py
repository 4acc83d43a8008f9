"""Recurrent layers over whole sequences. PyTorch's functions made of them are in ``rnn.py``.

A layer in one direction is one node of the graph, whose passes through time are in ``through_time.py``. Its derivative
of first order is written there; those of higher order are derivatives of ``_step_by_step``, which computes the same
with operations on tensors.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..autograd.backward import grad
from ..autograd.function import Function
from ..autograd.modes import is_grad_enabled
from ..autograd.quiet import restore, silence
from ..autograd.scope import where as module_path
from ..dtypes import float16, float32
from ..tensor import Tensor, make
from . import through_time
from .activation import relu
from .arranging import flip
from .conversion import cast
from .dropout import dropout as drop
from .elementary import sigmoid, tanh
from .indexing import getitem
from .joining import cat, stack
from .parts import chunk, unbind
from .product import linear
from .shape import reshape
from .through_time import GRU, LSTM, Arriving, Cell, as_rows, last_of, projected, turned

Optional = Tensor | None


class Weights(NamedTuple):
    """The parameters of a layer in one direction. Those of all gates are one array: their first size is gates * H."""

    ih: Any
    hh: Any
    bias_ih: Any = None
    bias_hh: Any = None
    hr: Any = None  # the projection of an LSTM


# One layer in one direction, as a node


class Recurrence(Function):
    """Input (T, N, I) and first states (N, H) to all states (T, N, H) and the last one; of an LSTM, the last cell too.

    A first state may be None: zeros. ``sizes`` tells how many sequences are still there in each step.
    """

    @staticmethod
    def forward(ctx: Any, cell: Cell, sizes: Sequence[int], *operands: Optional) -> Any:
        input, h, c, w_ih, w_hh, b_ih, b_hh, w_hr = arrays = [None if t is None else t._array for t in operands]
        loud = silence()
        try:
            z = projected(input, w_ih, _outer_bias(cell, b_ih, b_hh))
            passed = cell.forward(z, w_hh, b_hh, h, c, w_hr, sizes)
            results = [turned(passed.hs[1:]), last_of(passed.hs, sizes)]
            results += [last_of(passed.cs, sizes)] if passed.cs is not None else []
        finally:
            restore(loud)
        ctx.set_materialize_grads(False)
        ctx.cell, ctx.sizes, ctx.count = cell, sizes, len(arrays)
        inner = (passed.hs, passed.z, passed.cs, *passed.others)
        ctx.save_for_backward(*operands, *(None if array is None else make(array) for array in inner))
        return tuple(map(make, results))

    @staticmethod
    def backward(ctx: Any, *gradients: Optional) -> Any:
        saved = ctx.saved_tensors
        operands, inner = saved[: ctx.count], saved[ctx.count :]
        wanted = ctx.needs_input_grad[2:]
        if is_grad_enabled():
            return None, None, *_through_steps(ctx.cell, ctx.sizes, operands, wanted, gradients)
        hs, z, cs, *others = (None if t is None else t._array for t in inner)
        arrays = [None if t is None else t._array for t in operands]
        arriving = Arriving(*(None if g is None else g._array for g in gradients))
        passed = through_time.Passed(hs, z, cs, tuple(others))
        found = _through_time(ctx.cell, ctx.sizes, arrays, wanted, passed, arriving)
        return None, None, *(None if array is None else make(array) for array in found)


def _outer_bias(cell: Cell, bias_ih: Any, bias_hh: Any) -> Any:
    """What is added to W_ih x: both biases, but for the part of the GRU's hidden one that its reset gate multiplies."""
    if bias_ih is None:
        return None
    if cell is not GRU:
        return bias_ih + bias_hh
    before = 2 * bias_ih.shape[0] // 3
    return np.concatenate([bias_ih[:before] + bias_hh[:before], bias_ih[before:]])


def _through_time(
    cell: Cell, sizes: Sequence[int], arrays: Sequence[Any], wanted: Sequence[bool], passed: Any, arriving: Arriving
) -> list[Any]:
    """The gradients of all operands, each None that is not wanted."""
    input, _, _, w_ih, w_hh, _, _, w_hr = arrays
    outer, hidden, dh, dc, d_projection = cell.backward(passed, w_hh, w_hr, sizes, arriving)
    steps, batch, features = input.shape
    d_outer = as_rows(outer)
    d_hidden = d_outer if hidden is outer else as_rows(hidden)
    makers: list[Callable[[], Any]] = [
        lambda: np.dot(d_outer, w_ih).reshape(input.shape),
        lambda: dh.T,
        lambda: dc.T,
        lambda: np.dot(d_outer.T, input.reshape((steps * batch, features))),
        lambda: np.dot(d_hidden.T, as_rows(passed.hs[:-1])),
        lambda: np.add.reduce(d_outer, 0),
        lambda: np.add.reduce(d_hidden, 0),
        lambda: d_projection,
    ]
    return [make_gradient() if is_wanted else None for make_gradient, is_wanted in zip(makers, wanted, strict=True)]


# The same, step by step, in operations on tensors: for derivatives of higher order


def _through_steps(
    cell: Cell, sizes: Sequence[int], operands: Sequence[Optional], wanted: Sequence[bool], gradients: Sequence[Any]
) -> list[Optional]:
    # One operand may have been computed from another: of these views none is computed from another one.
    views: list[Any] = [None if t is None else reshape(t, t.shape) for t in operands]
    results = zip(_step_by_step(cell, sizes, *views), gradients, strict=True)
    outputs, arrived = zip(*((result, g) for result, g in results if g is not None), strict=True)
    asked = [view for view, is_wanted in zip(views, wanted, strict=True) if is_wanted]
    found = iter(grad(outputs, asked, arrived, create_graph=True, allow_unused=True))
    return [next(found) if is_wanted else None for is_wanted in wanted]


def _step_by_step(cell: Cell, sizes: Sequence[int], input: Any, h: Any, c: Any, *parameters: Any) -> tuple[Any, ...]:
    weights, batch = Weights(*parameters), input.shape[1]
    state = [
        make(np.zeros((batch, size), input.dtype)) if given is None else given
        for given, size in zip((h, c), (weights.hh.shape[1], weights.hh.shape[0] // cell.gates), strict=True)
    ]
    state = state if cell is LSTM else state[:1]
    outputs, finished = [], []
    for x, size in zip(unbind(input), sizes, strict=True):
        finished.append([part[size:] for part in state])
        state = STEPS[cell.name](x[:size], [part[:size] for part in state], weights)
        ended = make(np.zeros((batch - size, state[0].shape[1]), input.dtype))
        outputs.append(cat([state[0], ended]))
    finished.append(state)
    return stack(outputs), *(cat(parts) for parts in zip(*reversed(finished), strict=True))


def _elman_step(activation: Callable[[Any], Any]) -> Callable[..., Any]:
    def step(x: Any, state: list[Any], weights: Weights) -> list[Any]:
        return [activation(linear(x, weights.ih, weights.bias_ih) + linear(state[0], weights.hh, weights.bias_hh))]

    return step


def _lstm_step(x: Any, state: list[Any], weights: Weights) -> list[Any]:
    h, c = state
    gates = linear(x, weights.ih, weights.bias_ih) + linear(h, weights.hh, weights.bias_hh)
    i, f, g, o = chunk(gates, 4, 1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    return [h if weights.hr is None else linear(h, weights.hr), c]


def _gru_step(x: Any, state: list[Any], weights: Weights) -> list[Any]:
    (h,) = state
    outer = chunk(linear(x, weights.ih, weights.bias_ih), 3, 1)
    inner = chunk(linear(h, weights.hh, weights.bias_hh), 3, 1)
    r, u = sigmoid(outer[0] + inner[0]), sigmoid(outer[1] + inner[1])
    n = tanh(outer[2] + r * inner[2])
    return [n + u * (h - n)]


STEPS = {"rnn_tanh": _elman_step(tanh), "rnn_relu": _elman_step(relu), "lstm": _lstm_step, "gru": _gru_step}


# Layers, one upon another, in one direction or two


class Ragged:
    """Where the rows of a packed batch stand in a padded one, (T, N, ...), and the other way round.

    Direction 0 is that of time, in direction 1 each sequence runs backwards.
    """

    def __init__(self, sizes: Any, length: int = 0) -> None:
        counts = np.asarray(sizes, np.int64)
        steps, place = max(length, len(counts)), np.arange(counts[0])
        time = np.broadcast_to(np.arange(steps)[:, None], (steps, len(place)))
        self.lengths = (counts[:, None] > place).sum(0)
        there = time < self.lengths
        begins = np.cumsum(counts) - counts
        times = [np.where(there, t, 0) for t in (time, self.lengths - 1 - time)]
        self.sources = [np.where(there, begins[t] + place, counts.sum()) for t in times]
        self.times, self.places = [t[there] for t in times], np.broadcast_to(place, there.shape)[there]

    def padded(self, data: Any, direction: int = 0, value: float = 0) -> Any:
        """The rows of a packed batch as a padded one, with ``value`` where there is none."""
        padding = make(np.full((1, *data.shape[1:]), value, data.dtype))
        return getitem(cat([data, padding]), (self.sources[direction],))

    def packed(self, batch: Any, direction: int = 0) -> Any:
        """The rows of a padded batch, (T, N, ...), as a packed one."""
        return getitem(batch, (self.times[direction], self.places))


def in_one_direction(
    cell: Cell,
    input: Any,
    first: Sequence[Any],
    weights: Weights,
    sizes: Sequence[int] | None = None,
    direction: int = 0,
) -> tuple[Any, ...]:
    """All states, and the last ones. With ``sizes`` input and states are packed: (rows, I), not (T, N, I)."""
    if input.dtype == float16:
        wide = Weights(*map(_widened, weights))
        results = in_one_direction(cell, _widened(input), [*map(_widened, first)], wide, sizes, direction)
        return tuple(cast(result, float16) for result in results)
    ragged = None if sizes is None else Ragged(sizes)
    x = ragged.padded(input, direction) if ragged else flip(input, (0,)) if direction else input
    each = (x.shape[1],) * x.shape[0] if sizes is None else tuple(sizes)
    h, c = (*first, None, None)[:2]
    states, *last = Recurrence.apply(cell, each, x, h, c, *weights)
    states = ragged.packed(states, direction) if ragged else flip(states, (0,)) if direction else states
    return states, *last


def _widened(tensor: Any) -> Any:
    return None if tensor is None else cast(tensor, float32)


def in_layers(
    cell: Cell,
    input: Any,
    first: Sequence[Any],
    layers: Sequence[Sequence[Weights]],
    dropout: float = 0.0,
    train: bool = False,
    sizes: Sequence[int] | None = None,
) -> tuple[Any, ...]:
    """Layer upon layer, each of one direction or two: all states of the last one, and the last states of each.

    ``first`` are tensors of (layers * directions, N, H), or nothing, for zeros.
    """
    batch = input.shape[1] if sizes is None else sizes[0]
    begins = zip(*map(unbind, first), strict=True) if first else itertools.repeat(())
    ends = []
    for depth, directions in enumerate(layers):
        outputs = []
        for direction, weights in enumerate(directions):
            begin = next(begins)
            check(cell, input, batch, begin, weights)
            output, *last = in_one_direction(cell, input, begin, weights, sizes, direction)
            outputs.append(output)
            ends.append(last)
        input = outputs[0] if len(outputs) == 1 else cat(outputs, -1)
        if dropout and depth + 1 < len(layers):
            input = drop(input, dropout, train)
    return input, *(stack(parts) for parts in zip(*ends, strict=True))


def check(cell: Cell, input: Any, batch: int, state: Sequence[Any], weights: Weights) -> None:
    """Raise RuntimeError unless the tensors of a layer fit together."""
    where = f"{module_path()}{cell.name}"
    if not input.shape[0]:
        raise RuntimeError(f"{where}: expected a sequence length larger than 0, got shape {tuple(input.shape)}")
    size, features = weights.hh.shape[0] // cell.gates, input.shape[-1]
    width, rows = size if weights.hr is None else weights.hr.shape[0], cell.gates * size
    shapes = {"weight_ih": (rows, features), "weight_hh": (rows, width), "weight_hr": (width, size)}
    given = {f"weight_{name}": getattr(weights, name) for name in ("ih", "hh", "hr")}
    given |= {"bias_ih": weights.bias_ih, "bias_hh": weights.bias_hh}
    for number, part in enumerate(state):
        given[f"hidden[{number}]"], shapes[f"hidden[{number}]"] = part, (batch, size if number else width)
    for name, tensor in given.items():
        if tensor is not None and tuple(tensor.shape) != (wanted := shapes.get(name, (rows,))):
            raise RuntimeError(
                f"{where}: expected {name} of shape {wanted}, got {tuple(tensor.shape)}, for an input of {features} "
                f"features, a batch of {batch} and a hidden size of {size}"
            )
        if tensor is not None and tensor.dtype != input.dtype:
            raise RuntimeError(
                f"{where}: expected {name} to have the same dtype as the input, got {tensor.dtype} and {input.dtype}: "
                "convert one, as with .to(dtype)"
            )
