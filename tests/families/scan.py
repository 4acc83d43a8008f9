"""Cumulative sums, products and extremes, differences, areas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import microgradnp as mg

nan, inf = math.nan, math.inf


def _recurrence(input: Any, factor: Any, dim: int) -> Any:
    out = np.array(input)
    for place in np.ndindex(input.shape):
        if place[dim]:
            before = tuple(i - (axis == dim) for axis, i in enumerate(place))
            out[place] += factor[place] * out[before]
    return out


def _places_of_extremes(input: Any, dim: int, largest: bool) -> Any:
    out = np.zeros(input.shape, np.int64)
    for place in np.ndindex(input.shape):
        line = input[tuple(slice(None) if axis == dim else i for axis, i in enumerate(place))][: place[dim] + 1]
        out[place] = max(range(len(line)), key=lambda i: (line[i] if largest else -line[i], i))
    return out


def _logcumsumexp(input: Any, dim: int) -> Any:
    return np.log(np.cumsum(np.exp(input), dim if input.ndim else None)).reshape(input.shape)


REFERENCES = {
    "recurrence": _recurrence,
    "places_of_extremes": _places_of_extremes,
    "cumsum": lambda input, dim: np.cumsum(input, dim if input.ndim else None).reshape(input.shape),
    "cumprod": lambda input, dim: np.cumprod(input, dim if input.ndim else None).reshape(input.shape),
    "logcumsumexp": _logcumsumexp,
}

FUNCTIONS = """
torch.cumsum(x, 0); torch.cumsum(x, dim=-1); x.cumsum(1); cube.cumsum(1); s.cumsum(0); s.cumsum(-1); n.cumsum(0)
mask.cumsum(1); x.cumsum(0, dtype=torch.float64); n.cumsum(0, dtype=torch.float32); x.detach().half().cumsum(0); empty.cumsum(0)
empty.cumsum(1); x.T.cumsum(0); cube[:, ::2].cumsum(1); (x * 1).cumsum_(0); (x * 1).cumsum_(dim=1); (n * 1).cumsum_(1)
n.int().cumsum(0); n.int().cumsum_(0); x.detach().cumsum(0, dtype=torch.int64); n.cumsum(0, dtype=torch.int8); x.cumsum(axis=1); x.cumprod(axis=0); x.logcumsumexp(axis=1)
torch.cumprod(x, 0); torch.cumprod(x, dim=-1); x.cumprod(1); cube.cumprod(1); s.cumprod(0); n.cumprod(0); mask.cumprod(1)
x.cumprod(0, dtype=torch.float64); n.cumprod(0, dtype=torch.float32); empty.cumprod(0); empty.cumprod(1); v.cumprod(0)
(x * mask).cumprod(0); (x * mask).cumprod(1); (v * mask[0]).cumprod(0); (v * mask[1]).cumprod(-1); x.T.cumprod(0)
(x * 1).cumprod_(0); (n * 1).cumprod_(1); x.detach().half().cumprod(0); v[:1].cumprod(0); (v * mask[0])[:, None].cumprod(0)
torch.logcumsumexp(x, 0); torch.logcumsumexp(x, dim=-1); x.logcumsumexp(1); cube.logcumsumexp(1); s.logcumsumexp(0)
v.logcumsumexp(0); empty.logcumsumexp(1); x.detach().half().logcumsumexp(0)
empty.logcumsumexp(0); x.T.logcumsumexp(0)
torch.cummax(x, 0); torch.cummax(x, dim=-1); x.cummax(1); cube.cummax(1); s.cummax(0); n.cummax(0); mask.cummax(1)
torch.cummin(x, 0); torch.cummin(x, dim=-1); x.cummin(1); cube.cummin(1).values; s.cummin(-1); n.cummin(0).indices
empty.cummax(0); empty.cummin(1); (x * 0 + n.sign()).cummax(1); (x * 0 + n.sign()).cummin(0); x.T.cummax(0); mask.cummin(0)
torch.diff(x); torch.diff(x, 2); torch.diff(x, dim=0); x.diff(); x.diff(n=2, dim=0); x.diff(3); x.diff(9); x.diff(0)
torch.diff(n); mask.diff(); torch.diff(x, prepend=column); torch.diff(x, append=x, dim=0); v.diff(); empty.diff()
torch.diff(x, 2, -1, prepend=column, append=column * 2); n.diff(prepend=column); cube.diff(1, 1); v[:1].diff(); x.diff(dim=-2)
torch.trapezoid(x); torch.trapezoid(x, y); torch.trapezoid(x, dx=2); torch.trapezoid(x, row, dim=1); torch.trapezoid(x, dim=0)
torch.trapezoid(x, v[:3], dim=0); torch.trapezoid(cube, y); torch.trapezoid(n); torch.trapezoid(no_columns.detach()); torch.trapezoid(v)
torch.trapz(x); torch.trapz(x, y); torch.trapz(x, dx=0.5, dim=0); torch.cumulative_trapezoid(x)
torch.cumulative_trapezoid(x, y, dim=0); torch.cumulative_trapezoid(x, dx=3.0); torch.cumulative_trapezoid(v, v * 2)
torch.cumulative_trapezoid(x, row); torch.cumulative_trapezoid(x[:, :1]); torch.cumulative_trapezoid(n, dim=0)
torch.cumsum(x.detach(), 0, out=torch.zeros(3, 4, dtype=x.dtype))
torch.cummax(x.detach(), 0, out=(torch.zeros(3, 4, dtype=x.dtype), torch.zeros(3, 4, dtype=torch.int64)))
"""

# In PyTorch the second derivatives of what has faded away are noise.
FIRST_ORDER = """
(100 * x).logcumsumexp(0); (100 * x).logcumsumexp(1)
"""

SPECIAL = """
z.cumsum(0); z[3:].cumprod(0); z.cummax(0); z.cummin(0); z[1:].cummax(0); z[1:].cummin(0); a.cummax(1); b.cummax(1); b.cummin(0)
z.logcumsumexp(0); z[2:].logcumsumexp(0); z[1:].logcumsumexp(0); z.diff(); b[:, 2:].logcumsumexp(1); z.cumprod(0).detach()
torch.cummax(torch.tensor([1.0, float("nan"), 2.0, float("nan")]), 0); b.cumsum(1)
"""

UNARY = """
a.cumsum(0); a.cumprod(0); a.cummax(0).values; a.cummin(0).indices; a.diff(); a.logcumsumexp(0); a.cumsum(0, dtype=torch.int8)
a.cumprod(0, dtype=torch.float16); torch.trapezoid(a); torch.cumulative_trapezoid(a)
"""

ERRORS = """
torch.trapezoid(x, 1.0); torch.trapz(x, 2)
x.cumsum(2); n.cumsum(0, dtype=torch.bool); x.cumsum(); x.cumsum((0, 1)); x.cumsum(None); s.cumsum(1); x.cumsum("a"); x.cumprod(2); x.cumprod(-3); x.cummax(2)
x.cummin(); x.cummax((0,)); n.logcumsumexp(0); x.logcumsumexp(2); torch.cumsum(3, 0); torch.cummax([1.0], 0)
(n * 1).cumprod_(0, dtype=torch.float32); x.cumsum(1.0); x.cumsum(True)
s.diff(); x.diff(-1); x.diff(1, 2); x.diff(prepend=row); x.diff(append=s); torch.diff(3); x.diff(1.5)
torch.trapezoid(s); torch.trapezoid(mask); torch.trapezoid(x, y, dx=2); torch.trapezoid(x, v[:2]); torch.trapezoid(x, dim=2)
torch.cumulative_trapezoid(x, m); torch.trapezoid(x, dx="a")
"""

KINKS = [
    (lambda x: mg.cumprod(x, 0), [[2.0, 0.0, 3.0, 0.0, 4.0]], [[1.0, 8.0, 0.0, 0.0, 0.0]]),
    (lambda x: mg.cummax(x, 0).values, [[1.0, 1.0, 0.0, 1.0, 2.0]], [[1.0, 2.0, 0.0, 1.0, 1.0]]),
    (lambda x: mg.cummin(x, 0).values, [[1.0, 1.0, 0.0, 0.0, nan, 2.0]], [[1.0, 1.0, 1.0, 1.0, 2.0, 0.0]]),
    (lambda x: mg.logcumsumexp(x, 0), [[-inf, 1.0]], [[nan, 1.0]]),
]
