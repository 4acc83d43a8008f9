"""Rounding, clamping, and the parts of floating point numbers."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

inf, nan = math.inf, math.nan

CONSTANTS = {
    "halves": np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.125, 2.675]),
    "extremes": np.array([inf, -inf, nan, 0.0, -0.0, 5e-324, 1e300, -3.0, 1.7976931348623157e308]),
    "powers": np.array([3, 0, 2, 1]), "negative": np.array([-3, -130, 2, -1]),
    "low": np.array([[-1.0], [0.5], [2.0]]),
}  # fmt: skip

FUNCTIONS = """
torch.real(x); torch.conj(x); torch.conj_physical(x); x.conj_physical(); torch.resolve_conj(x); torch.resolve_neg(n); (x * 1).conj_physical_(); torch.conj_physical_(x * 1)
torch.floor(x); torch.ceil(x); torch.trunc(x); torch.fix(x); torch.round(x); torch.frac(x); x.floor(); x.ceil(); x.trunc(); x.fix()
x.round(); x.frac(); torch.floor(n); torch.ceil(n); torch.trunc(n); torch.round(n); torch.round(halves); torch.floor(halves)
torch.round(x, decimals=1); x.round(decimals=2); torch.round(100 * x, decimals=-1); torch.round(halves, decimals=2); torch.frac(halves)
(x * 1).floor_(); (x * 1).round_(decimals=1); (x * 1).frac_(); torch.frac_(x * 1); torch.floor(s); torch.round(empty)
torch.clamp(x, -1, 1); torch.clamp(x, min=0); torch.clamp(x, max=0.5); torch.clamp(x, 1, -1); x.clamp(-1); x.clamp(max=row)
x.clamp(min=column); torch.clamp(x, y - 1, y + 1); torch.clamp(x, y + 1, y - 1); torch.clip(x, 0, 1); x.clip(row, None)
torch.clip(x, low, low + 1); torch.clamp(s, 0, 1); torch.clamp(x, s, None); torch.clamp(x, None, s); torch.clamp(n, 0, 3); torch.clamp(n, 0.5)
torch.clamp(n, x); torch.clamp(mask, 0); torch.clamp(column, row, row + 1); torch.clamp(empty, 0, 1); torch.clamp(x, min=n, max=n + 1)
torch.clamp(x, True); torch.clamp(x, -1, s.item())
torch.clamp_min(x, 0); torch.clamp_min(x, y); x.clamp_min(0.5); torch.clamp_max(x, 0); torch.clamp_max(x, y); x.clamp_max(row)
torch.clamp_min(n, 1.5); torch.clamp_max(n, 1); (x * 1).clamp_(-1, 1); (x * 1).clamp_(y); (x * 1).clip_(min=0); (x * 1).clamp_min_(0)
(x * 1).clamp_max_(y); torch.clamp_min_(x * 1, 0); torch.clamp_max_(x * 1, 0); torch.clamp_(x * 1, 0); (n * 1).clamp_(0, 3)
torch.copysign(x, y); torch.copysign(x, -1); x.copysign(row); torch.copysign(n, -1); torch.copysign(n, x.detach()); x.copysign(-0.0)
(x * 1).copysign_(y); torch.copysign(column, row); torch.copysign(mask, -1)
torch.nextafter(x, y); x.nextafter(row); torch.nextafter(x, x.detach()); torch.nextafter(x.float(), y.float())
torch.ldexp(x, y); torch.ldexp(x, powers); x.ldexp(three); torch.ldexp(n, n); torch.ldexp(x.detach(), negative); torch.ldexp(x.detach().float() * 1e-30, powers * 50); (x * 1).ldexp_(powers); torch.ldexp_(x * 1, powers)
torch.frexp(x); x.frexp(); torch.frexp(x).mantissa; torch.frexp(x)[1]; torch.frexp(s); torch.frexp(extremes.detach()); torch.frexp(x.half())
torch.frexp(x.float()).exponent; torch.frexp(empty)
"""

SPECIAL = """
z.floor(); z.ceil(); z.trunc(); z.round(); z.frac(); torch.round(z, decimals=2); torch.clamp(z, -1, 1); torch.clamp(z, min=0); torch.clamp(z, max=0)
torch.clamp(a, b); torch.clamp(a, max=b); torch.clamp(z, min=float("nan")); torch.clamp(z, 0, float("nan")); torch.clamp(a, b, b + 1)
torch.clamp(a, b + 1, b); torch.clamp_min(a, b); torch.clamp_max(a, b); torch.copysign(a[:, 3:], b[:, 3:]); torch.ldexp(a, b); torch.nextafter(a, b)
torch.frexp(z.detach()).mantissa; z.clamp(-1, 2.5)
"""

MEETINGS = """
torch.clamp(a, b); torch.clamp(a, max=b); torch.clamp(a, b, b); torch.clamp_min(a, b); torch.clamp_max(a, b); torch.copysign(a, b)
torch.nextafter(a, b); (a + torch.tensor(False)).clamp_(b); (a + torch.tensor(False)).copysign_(b)
"""

BEYOND = {
    "number": {"torch.copysign(a, b)", "torch.nextafter(a, b)", "torch.clamp(a, b)", "torch.clamp(a, max=b)", "torch.clamp(a, b, b)",
        "torch.clamp_min(a, b)", "torch.clamp_max(a, b)",},
}  # fmt: skip

UNARY = """
a.floor(); a.ceil(); a.trunc(); a.fix(); a.round(); a.frac(); torch.round(a, decimals=1); a.clamp(0, 1); a.clamp(0.5); a.clamp(max=0.5)
a.clamp(min=a); a.clip(a, a); a.copysign(-1); a.copysign(a); a.ldexp(a); torch.frexp(a)[0]; torch.frexp(a)[1]; torch.nextafter(a, a)
a.clamp(True)
"""

ERRORS = """
torch.real(2.0); torch.conj("a")
torch.floor(mask); torch.round(mask); torch.frac(n); torch.round(n, decimals=1); torch.round(x, 1); torch.round(x, decimals="a"); torch.floor("a")
torch.clamp(x); torch.clamp(x, None, None); torch.clamp(x, y, 2); torch.clamp(x, 2, y); torch.clamp(x, "a"); torch.clamp(x, torch.ones(5))
(n * 1).clamp_(0.5); (n * 1).clamp_min_(0.5); torch.frexp(n); torch.nextafter(n, n); torch.copysign(x, "a"); torch.ldexp(x, "a"); torch.frac(mask); torch.clamp(n.to(torch.uint8), 300)
"""

KINKS = [
    (lambda x: mg.clamp(x, -1, 1), [[-2.0, -1.0, 0.0, 1.0, 2.0, nan]], [[0.0, 1.0, 1.0, 1.0, 0.0, 0.0]]),
    (lambda x: mg.clamp(x, min=0), [[-1.0, 0.0, -0.0]], [[0.0, 1.0, 1.0]]),
    (mg.clamp, [[0.0, 1.0, 2.0], [1.0, 1.0, 1.0], [1.5, 1.5, 1.5]], [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]),
    (mg.clamp_min, [[1.0, 2.0, 0.0], [1.0, 1.0, 1.0]], [[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (lambda x: mg.ldexp(x, mg.tensor([-3, 2])), [[0.0, 1.0]], [[0.125, 4.0]]),  # in PyTorch the first is 0
    (mg.round, [[0.5, 1.5]], [[0.0, 0.0]]),
    (mg.frac, [[1.0, -2.5]], [[1.0, 1.0]]),
    (mg.copysign, [[0.0, -2.0, 2.0], [1.0, 3.0, -0.0]], [[0.0, -1.0, -1.0], [0.0, 0.0, 0.0]]),
]  # fmt: skip
