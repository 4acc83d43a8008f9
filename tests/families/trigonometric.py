"""Trigonometric and hyperbolic functions, and their inverses."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

inf, nan = math.inf, math.nan

OPERANDS = {"unit": ((3, 4), -0.95, 0.95), "tail": ((3, 4), -60, 60)}

REFERENCES = {"angle": np.angle}

FUNCTIONS = """
torch.angle(x); x.angle(); torch.angle(n); torch.angle(mask); torch.angle(s)
torch.sin(x); torch.cos(x); torch.tan(x / 2.5); x.sin(); x.cos(); x.tan(); torch.sin(n); torch.cos(mask); torch.sin(s); torch.cos(empty); torch.sin(tail)
torch.asin(unit); torch.acos(unit); torch.atan(x); torch.arcsin(unit); torch.arccos(unit); torch.arctan(x); unit.asin(); unit.acos(); x.atan()
unit.arcsin(); unit.arccos(); x.arctan(); torch.atan(tail); torch.atan(n); torch.asin(mask); torch.asin(unit / 1000)
torch.sinh(x); torch.cosh(x); torch.asinh(x); torch.acosh(p + 1); torch.atanh(unit); x.sinh(); x.cosh(); x.asinh(); (p + 1).acosh(); unit.atanh()
torch.arcsinh(x); torch.arccosh(p + 1); torch.arctanh(unit); x.arcsinh(); (p + 1).arccosh(); unit.arctanh(); torch.sinh(x / 1000); torch.sinh(n)
torch.asinh(tail); torch.asinh(x / 1000); torch.atanh(unit / 1000); torch.acosh(1 + p / 100)
torch.atan2(x, y); torch.arctan2(x, row); x.atan2(column); x.arctan2(s); torch.atan2(n, n); torch.atan2(x, n); torch.atan2(x * 1e-3, y)
torch.hypot(x, y); x.hypot(row); torch.hypot(column, row); torch.hypot(s, x); torch.hypot(1e-3 * x, y)
(x * 1).sin_(); (x * 1).sinh_(); (x * 1).atan2_(y); (x * 1).arctan2_(y); (x * 1).hypot_(y); torch.arccos_(unit * 1); torch.sinh_(x * 1)
"""

SPECIAL = """
z.angle(); z.sin(); z.cos(); z.tan(); z.asin(); z.acos(); z.atan(); z.sinh(); z.cosh(); z.asinh(); z[:6].acosh(); z.atanh(); torch.hypot(a, b); torch.atan2(a, b)
"""

MEETINGS = """
torch.atan2(a, b); torch.hypot(a, b); (a + torch.tensor(False)).atan2_(b)
"""

BEYOND = {"number": {"torch.atan2(a, b)", "torch.hypot(a, b)", "(a + torch.tensor(False)).atan2_(b)"}}

UNARY = """
a.angle(); a.sin(); a.cos(); a.tan(); a.asin(); a.acos(); a.atan(); a.sinh(); a.cosh(); a.asinh(); a.acosh(); a.atanh(); a.atan2(a); a.hypot(a)
"""

ERRORS = """
torch.sin("a"); torch.sin(2.0); (n * 1).sin_(); torch.atan2(x, "a"); torch.atan2(x, torch.ones(5)); torch.hypot(n, n); torch.hypot(mask, mask)
torch.atan2(x); torch.sin(x, x)
"""

KINKS = [
    (mg.angle, [[-1.0, 0.0, 1.0]], [[0.0, 0.0, 0.0]]),
    (mg.asin, [[-1.0, 0.0, 1.0]], [[inf, 1.0, inf]]),
    (mg.acos, [[-1.0, 0.0, 1.0]], [[-inf, -1.0, -inf]]),
    (mg.acosh, [[1.0, 0.0]], [[inf, nan]]),
    (mg.atanh, [[-1.0, 0.0, 1.0]], [[inf, 1.0, inf]]),
    (mg.hypot, [[0.0, 3.0], [0.0, 0.0]], [[nan, 1.0], [nan, 0.0]]),
    (mg.atan2, [[0.0, 1e-200], [0.0, 0.0]], [[0.0, 0.0], [0.0, -1e200]]),
    (mg.asinh, [[1e200, -1e200]], [[1e-200, 1e-200]]),
]
