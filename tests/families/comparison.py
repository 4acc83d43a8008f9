"""Comparisons, logic, bits, choosing."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

inf, nan = math.inf, math.nan

CONSTANTS = {
    "other_mask": np.array([[True, True, False, False], [True, False, True, False], [False, True, False, True]]),
    "shifts": np.array([[0, 1, 2, 3], [63, 64, 70, -1], [1, 1, 8, 2]]),
    "with_nans": np.array([[nan, 1.0, inf, -inf], [0.0, -0.0, 2.0, nan], [1.0, 1.0 + 1e-9, -1.0, 3.0]]),
    "near": np.array([[nan, 1.0 + 1e-7, inf, inf], [1e-9, 0.0, 2.1, 1.0], [1.0, 1.0, -1.0, 3.0]]),
}  # fmt: skip

FUNCTIONS = """
torch.where(mask); torch.where(n); torch.where(s > 0); torch.where(empty > 0)
torch.where(mask, x, y); torch.where(mask, x, 0.5); torch.where(mask, row, column); torch.where(x > 0, 1.0, x)
torch.where(mask, 1, n); torch.where(mask, x, n); torch.where(mask, s, x); torch.where(mask, 1.0, 0.0)
torch.where(mask, 1, 0.5); torch.where(mask, True, False); torch.where(mask, 1, 0); x.where(mask, y); x.where(mask, 2)
x.where(mask[0], column); n.where(mask, 0); torch.where(x > 0, x, -x)
torch.where(mask[0, 0], x, y); torch.where(mask, empty.sum(), x); torch.where(mask[:, :1], x, row)
torch.eq(x, y); torch.ne(x, y); torch.lt(x, y); torch.le(x, y); torch.gt(x, y); torch.ge(x, y); x.eq(1); x.ne(y)
x.lt(row); x.le(s); x.gt(0); x.ge(0); x == x; x != y; x < y; x <= 1; x > n; x >= y; n == 5; 2 < x
torch.not_equal(x, y); torch.less(x, y); torch.less_equal(x, y); torch.greater(x, y); torch.greater_equal(x, y)
x.not_equal(y); x.less(0); x.less_equal(row); x.greater(y); x.greater_equal(column); n == x; mask == 1; mask > 0.5
torch.equal(x, x); torch.equal(x, y); x.equal(x * 1); x.equal(row); torch.equal(n, n.double()); torch.equal(with_nans, with_nans)
torch.equal(empty, empty); torch.equal(s, s.reshape(1))
torch.isclose(x, x); torch.isclose(with_nans, near); torch.isclose(with_nans, near, equal_nan=True); x.isclose(row, 0.5, 0.5)
torch.isclose(with_nans, near, rtol=0, atol=0); torch.isclose(n, n + 1, atol=1); torch.isclose(mask, mask); x.isclose(y, rtol=1.0)
torch.isclose(n, n, rtol=0, atol=0); torch.isclose(n * 10**6, n * 10**6 + 1)
torch.allclose(x, x); torch.allclose(x, y); x.allclose(x + 1e-9); torch.allclose(with_nans, near, 1.0, 1.0, True); torch.allclose(n, n)
torch.allclose(empty, empty)
torch.isnan(with_nans); torch.isinf(with_nans); torch.isfinite(with_nans); torch.isposinf(with_nans); torch.isneginf(with_nans)
torch.isreal(x); torch.signbit(with_nans); with_nans.isnan(); with_nans.isinf(); with_nans.isfinite(); with_nans.isposinf()
with_nans.isneginf(); x.isreal(); with_nans.signbit(); torch.isnan(n); torch.isfinite(mask); torch.isposinf(n); torch.signbit(n)
torch.nan_to_num(with_nans); torch.nan_to_num(with_nans, 1.5, 2.5, -2.5); torch.nan_to_num(x); torch.nan_to_num(n); torch.nan_to_num(mask)
x.nan_to_num(nan=0.0); torch.nan_to_num(with_nans, posinf=9); torch.nan_to_num(with_nans.float()); torch.nan_to_num(with_nans.half())
with_nans.clone().nan_to_num_(1.0); torch.nan_to_num_(with_nans.clone(), neginf=3.0); torch.nan_to_num(x / 0); torch.nan_to_num(n, 0.5)
torch.heaviside(x.detach(), y.detach()); torch.heaviside(n, n + 1); n.heaviside(three); torch.heaviside(with_nans.detach(), near.detach())
(x * 1).detach().heaviside_(y.detach()); torch.heaviside(x.detach() * 0, row.detach())
torch.logical_and(x, n); torch.logical_or(mask, n); torch.logical_xor(x, n); torch.logical_not(n); x.logical_and(y); n.logical_or(mask)
mask.logical_xor(other_mask); mask.logical_not(); torch.logical_not(x); torch.logical_and(mask, mask[0]); n.clone().logical_xor_(mask)
(x * 1).detach().logical_not_(); (n * 1).logical_and_(x)
torch.fmax(x, y); torch.fmin(x, y); x.fmax(row); x.fmin(column); torch.fmax(n, three); torch.fmin(mask, n); torch.fmax(with_nans, near)
torch.fmin(with_nans, near); torch.fmax(x, s); torch.fmin(x, x)
"""

CREATION = """
torch.ones(2) == None; torch.ones(2) != None; torch.ones(2) == "a"; torch.ones(2) != [1]; None in [torch.ones(2)]; torch.tensor(1) == object()
"""

SPECIAL = """
torch.where(a > b, a, b); a == b; a != b; a < b; a >= b; torch.fmax(a, b); torch.fmin(a, b); torch.nan_to_num(z)
torch.nan_to_num(z, 1.0, 2.0, 3.0); torch.isclose(a, b); torch.isclose(a, b, equal_nan=True); torch.signbit(z)
torch.heaviside(a.detach(), b.detach()); torch.logical_and(a, b); torch.logical_xor(a, b); z.isfinite(); z.logical_not()
"""

MEETINGS = """
torch.where(mask, a, b); a == b; a != b; a < b; a <= b; a > b; a >= b
torch.logical_and(a, b); torch.logical_or(a, b); torch.logical_xor(a, b); torch.fmax(a, b); torch.fmin(a, b); torch.heaviside(a, b)
torch.isclose(a, b); torch.eq(a, b); (a + torch.tensor(False)).eq_(b); (a + torch.tensor(False)).logical_and_(b)
"""

BEYOND = {
    "bool": set(),
    "number": {
        "torch.logical_and(a, b)", "torch.logical_or(a, b)", "torch.logical_xor(a, b)", "torch.fmax(a, b)", "torch.fmin(a, b)",
        "torch.heaviside(a, b)", "torch.isclose(a, b)", "torch.eq(a, b)", "(a + torch.tensor(False)).logical_and_(b)",
    },
}  # fmt: skip

UNARY = """
a.isnan(); a.isinf(); a.isfinite(); a.isposinf(); a.isneginf(); a.isreal(); a.signbit(); a.logical_not(); a.nan_to_num()
a == 1; a < 300; a == 300; a > 0; a != 0.5; a <= True
torch.where(a > 0, a, 300.5); torch.where(a > 0, a, -1); a.isclose(a); a.isclose(a, rtol=0, atol=0)
torch.logical_and(a, a); torch.fmax(a, a); torch.heaviside(a, a)
"""

ERRORS = """
torch.fmax(x, 1.0); torch.fmin(1.0, x)
torch.where(mask, x, torch.ones(5)); torch.where(n, x, y); torch.where(x, x, y); torch.where(x, x); torch.where(mask, x, "a"); torch.where(mask, n.to(torch.int8), 300); torch.where()
x == torch.ones(5); x.eq("a"); x.lt(None); torch.eq(x); torch.equal(x, 2); torch.equal(x, "a"); torch.isclose(x, y.double())
torch.isclose(x, y, -1.0); torch.isclose(x, y, atol=-1.0); torch.allclose(x, torch.ones(5)); torch.allclose(x, y.double()); torch.isclose(x, "a")
torch.isnan(2.0); torch.isinf("a"); torch.nan_to_num("a"); torch.heaviside(x, n); torch.logical_and(x, "a"); torch.logical_not(True)
torch.fmax(x, "a")
"""

KINKS = [
    (mg.fmax, [[1.0, nan, 1.0, 2.0], [1.0, 1.0, nan, 1.0]], [[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 0.0]]),
    (mg.fmin, [[1.0, nan, 1.0, 2.0], [1.0, 1.0, nan, 1.0]], [[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]]),
    (mg.nan_to_num, [[nan, inf, -inf, 2.0]], [[0.0, 0.0, 0.0, 1.0]]),
    (lambda v: mg.heaviside(mg.tensor([-1.0, 0.0, 1.0], dtype=mg.float64), v), [[5.0, 5.0, 5.0]], [[0.0, 1.0, 0.0]]),
]
