"""Recurrent cells over all steps of a sequence, forward and back through time, in plain NumPy.

The batch is the last dimension here: the gates of a step are (gates * H, N), so that each gate is one piece of memory,
and the weight times a state is (gates * H, H) @ (H, N). ``z`` holds the gates of all steps, (T, gates * H, N): at first
-(W_ih x + b), negative because a sigmoid is made of exp(-a), and in the end the values of the gates, which the way back
needs. ``hs`` holds the states, (T + 1, H, N), the first one included.

On the way back only what must wait for the step behind is done step by step. What each gate passes on, per unit of what
arrives at the state, is worked out for all steps at once before, and the gradients of weights after, as one product.

Sequences that are shorter than others end early: ``sizes`` tells how many are still there in each step, those that are
not stand last. Their states are 0 from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from .elementary import ONE, logistic_of_negative


class Passed(NamedTuple):
    """What a pass forward through time leaves behind."""

    hs: Any  # the states
    z: Any  # the gates
    cs: Any = None  # the states of the cells, of an LSTM
    others: tuple[Any, ...] = ()


class Arriving(NamedTuple):
    """The gradients of the results, each None if there is none: of all states, of the last one, of the last cell's."""

    states: Any
    last: Any
    last_cell: Any = None


def space(like: Any, *shape: int) -> Any:
    return np.empty_like(like, shape=shape, order="C")


def turned(array: Any) -> Any:
    """(T, N, H) as (T, H, N), or back, or (N, H) as (H, N), in new memory."""
    return array.transpose((*range(array.ndim - 2), -1, -2)).copy()


def projected(input: Any, weight: Any, bias: Any) -> Any:
    """-(W x + b) of all steps, by one product."""
    steps, batch, features = input.shape
    product = np.dot(input.reshape((steps * batch, features)), weight.T)
    product = product.reshape((steps, batch, weight.shape[0])).transpose((0, 2, 1))
    z = space(product, *product.shape)
    return np.negative(product, z) if bias is None else np.subtract(np.negative(bias)[:, None], product, z)


def _states(first: Any, z: Any, size: int) -> Any:
    """Memory for the states of all steps; the first one is there."""
    hs = space(z, z.shape[0] + 1, size, z.shape[2])
    hs[0] = 0 if first is None else first.T
    return hs


def _end(state: Any, size: int) -> None:
    """The states of sequences that are over."""
    if size < state.shape[1]:
        state[:, size:] = 0


def _ending(sizes: Sequence[int], t: int) -> slice:
    """The sequences of which step ``t`` is the last."""
    return slice(sizes[t + 1] if t + 1 < len(sizes) else 0, sizes[t])


def last_of(states: Any, sizes: Sequence[int]) -> Any:
    """The last state of each sequence, (N, H)."""
    last = turned(states[len(sizes)])
    for t in range(len(sizes) - 1):
        ending = _ending(sizes, t)
        if ending.start < ending.stop:
            last[ending] = states[t + 1][:, ending].T
    return last


def _add_last(total: Any, last: Any, sizes: Sequence[int], t: int) -> None:
    """Add the gradient of the last state, for the sequences of which step ``t`` is the last."""
    ending = _ending(sizes, t)
    if last is not None and ending.start < ending.stop:
        part = total[:, ending]
        np.add(part, last[ending].T, part)


def _backwards(total: Any, arriving: Arriving, sizes: Sequence[int]) -> Iterator[int]:
    """The steps from the last to the first; ``total`` is what comes from the step behind, and what arrives is added."""
    states = None if arriving.states is None else turned(arriving.states)
    for t in reversed(range(len(sizes))):
        if states is not None:
            np.add(total, states[t], total)
        _add_last(total, arriving.last, sizes, t)
        yield t


# Elman's network: h = tanh(W_ih x + W_hh h + b), or relu


def _elman_forward(activation: Callable[..., Any]) -> Callable[..., Passed]:
    def forward(z: Any, weight: Any, bias: Any, h: Any, c: Any, projection: Any, sizes: Sequence[int]) -> Passed:
        hs = _states(h, z, weight.shape[1])
        for t, size in enumerate(sizes):
            state = np.dot(weight, hs[t], hs[t + 1])
            np.subtract(state, z[t], state)
            activation(state, state)
            _end(state, size)
        return Passed(hs, z)

    return forward


def _rectify(input: Any, out: Any) -> None:
    np.maximum(input, 0, out=out)


def _elman_backward(slopes: Callable[..., Any]) -> Callable[..., Any]:
    def backward(passed: Passed, weight: Any, projection: Any, sizes: Sequence[int], arriving: Arriving) -> Any:
        d = slopes(passed.hs[1:], space(passed.z, *passed.z.shape))
        dh = np.zeros_like(passed.hs[0])
        for t in _backwards(dh, arriving, sizes):
            np.multiply(d[t], dh, d[t])
            np.dot(weight.T, d[t], dh)
        return d, d, dh, None, None

    return backward


def _slopes_of_tanh(states: Any, d: Any) -> Any:
    np.multiply(states, states, d)
    return np.subtract(ONE[d.dtype], d, d)


# The long short-term memory


def _blocks(array: Any, count: int) -> list[Any]:
    """The parts of all gates, along the second dimension."""
    size = array.shape[1] // count
    return [array[:, k * size : (k + 1) * size] for k in range(count)]


def _lstm_forward(z: Any, weight: Any, bias: Any, h: Any, c: Any, projection: Any, sizes: Sequence[int]) -> Passed:
    i, f, g, o = _blocks(z, 4)  # g is kept as its negative
    i_and_f, _ = _blocks(z, 2)
    hs, cs, tanhs = _states(h, z, weight.shape[1]), _states(c, z, i.shape[1]), space(z, *i.shape)
    hidden = hs[1:] if projection is None else space(z, *i.shape)
    product, added = space(z, *z.shape[1:]), space(z, *i.shape[1:])
    for t, size in enumerate(sizes):
        np.subtract(z[t], np.dot(weight, hs[t], product), z[t])
        logistic_of_negative(i_and_f[t])
        logistic_of_negative(o[t])
        np.tanh(g[t], g[t])
        cell = np.multiply(f[t], cs[t], cs[t + 1])
        np.subtract(cell, np.multiply(i[t], g[t], added), cell)
        np.tanh(cell, tanhs[t])
        np.multiply(o[t], tanhs[t], hidden[t])
        if projection is not None:
            np.dot(projection, hidden[t], hs[t + 1])
        _end(hs[t + 1], size)
    return Passed(hs, z, cs, (tanhs, hidden))


def _lstm_slopes(passed: Passed) -> tuple[Any, Any]:
    """What the gates pass on: i, f and g of what arrives at the cell, o of what arrives at the state; and the cell."""
    z, cs, (tanhs, _) = passed.z, passed.cs, passed.others
    i, f, g, o = _blocks(z, 4)
    d = np.multiply(z, z, space(z, *z.shape))
    di, df, dg, do = _blocks(d, 4)
    np.multiply(np.subtract(di, i, di), g, di)
    np.multiply(np.subtract(f, df, df), cs[:-1], df)
    np.subtract(i, np.multiply(dg, i, dg), dg)
    np.multiply(np.subtract(o, do, do), tanhs, do)
    through = np.multiply(tanhs, tanhs, space(z, *tanhs.shape))
    return d, np.subtract(o, np.multiply(through, o, through), through)


def _lstm_backward(passed: Passed, weight: Any, projection: Any, sizes: Sequence[int], arriving: Arriving) -> Any:
    d, through = _lstm_slopes(passed)
    steps, size, batch = through.shape
    _, f, _, _ = _blocks(passed.z, 4)
    by_cell, by_state = d.reshape((steps, 4, size, batch))[:, :3], _blocks(d, 4)[3]
    dh, dc = np.zeros_like(passed.hs[0]), np.zeros_like(passed.cs[0])
    added, hidden = space(dc, *dc.shape), dh
    arrived, d_projection = dh, None
    if projection is not None:
        hidden, arrived = space(dc, *dc.shape), space(dh, steps, *dh.shape)
    for t in _backwards(dh, arriving, sizes):
        if projection is not None:
            arrived[t] = dh
            np.dot(projection.T, dh, hidden)
        _add_last(dc, arriving.last_cell, sizes, t)
        np.add(dc, np.multiply(hidden, through[t], added), dc)
        np.multiply(by_cell[t], dc, by_cell[t])
        np.multiply(by_state[t], hidden, by_state[t])
        np.multiply(dc, f[t], dc)
        np.dot(weight.T, d[t], dh)
    if projection is not None:
        d_projection = np.dot(as_rows(arrived).T, as_rows(passed.others[1]))
    return d, d, dh, dc, d_projection


# The gated recurrent unit


def _gru_forward(z: Any, weight: Any, bias: Any, h: Any, c: Any, projection: Any, sizes: Sequence[int]) -> Passed:
    r, u, n = _blocks(z, 3)
    size, r_and_u = r.shape[1], z[:, : 2 * r.shape[1]]
    hs, inner = _states(h, z, size), space(z, *r.shape)  # inner: what r lets through, W_hn h + b_hn
    product = space(z, *z.shape[1:])
    inner_bias = np.zeros_like(inner[0])
    if bias is not None:
        inner_bias[...] = bias[2 * size :, None]
    for t, count in enumerate(sizes):
        np.dot(weight, hs[t], product)
        np.subtract(r_and_u[t], product[: 2 * size], r_and_u[t])
        logistic_of_negative(r_and_u[t])
        np.add(product[2 * size :], inner_bias, inner[t])
        state = np.multiply(r[t], inner[t], hs[t + 1])
        np.tanh(np.subtract(state, n[t], n[t]), n[t])
        np.subtract(hs[t], n[t], state)
        np.add(n[t], np.multiply(state, u[t], state), state)
        _end(state, count)
    return Passed(hs, z, None, (inner,))


def _gru_slopes(passed: Passed) -> Any:
    """What r, u, the inner part of n and n itself pass on of what arrives at the state."""
    hs, z, (inner,) = passed.hs, passed.z, passed.others
    r, u, n = _blocks(z, 3)
    one = ONE[z.dtype]
    steps, size, batch = r.shape
    d = space(z, steps, 4 * size, batch)
    dr, du, d_inner, dn = _blocks(d, 4)
    np.subtract(u, np.multiply(u, u, du), du)
    np.multiply(du, np.subtract(hs[:-1], n, d_inner), du)
    np.subtract(one, np.multiply(n, n, dn), dn)
    np.multiply(dn, np.subtract(one, u, d_inner), dn)
    np.multiply(dn, r, d_inner)
    np.subtract(one, r, dr)
    np.multiply(dr, d_inner, dr)
    np.multiply(dr, inner, dr)
    return d


def _gru_backward(passed: Passed, weight: Any, projection: Any, sizes: Sequence[int], arriving: Arriving) -> Any:
    d = _gru_slopes(passed)
    _, u, _ = _blocks(passed.z, 3)
    steps, size, batch = u.shape
    by_state, hidden = d.reshape((steps, 4, size, batch)), d[:, : 3 * size]
    dh = np.zeros_like(passed.hs[0])
    past = space(dh, *dh.shape)  # what goes past the gates
    for t in _backwards(dh, arriving, sizes):
        np.multiply(by_state[t], dh, by_state[t])
        np.multiply(dh, u[t], past)
        np.add(np.dot(weight.T, hidden[t], dh), past, dh)
    outer = np.concatenate([d[:, : 2 * size], d[:, 3 * size :]], axis=1)
    return outer, hidden, dh, None, None


# All of them


class Cell(NamedTuple):
    """A kind of cell.

    forward: of z, W_hh, b_hh, the first states (or None), W_hr (or None) and ``sizes``, gives what has ``Passed``.
    backward: the gradients of all W_ih x + b_ih, of all W_hh h + b_hh, of the first states, and of W_hr.
    """

    name: str
    gates: int
    forward: Callable[..., Passed]
    backward: Callable[..., Any]


RNN_TANH = Cell("rnn_tanh", 1, _elman_forward(np.tanh), _elman_backward(_slopes_of_tanh))
RNN_RELU = Cell("rnn_relu", 1, _elman_forward(_rectify), _elman_backward(np.sign))
LSTM = Cell("lstm", 4, _lstm_forward, _lstm_backward)
GRU = Cell("gru", 3, _gru_forward, _gru_backward)


def as_rows(array: Any) -> Any:
    """(T, H, N) as a matrix (T * N, H), in new memory."""
    steps, size, batch = array.shape
    return array.transpose((0, 2, 1)).reshape((steps * batch, size))
