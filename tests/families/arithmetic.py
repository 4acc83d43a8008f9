"""Arithmetic: + - * / // % ** and their kin."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

inf, nan = math.inf, math.nan

OPERANDS = {"pcolumn": ((3, 1), 0.2, 3)}
CONSTANTS = {
    "bytes_": np.array([[250, 3, 0, 17], [1, 2, 200, 4], [9, 100, 7, 255]], np.uint8),
    "nz": np.array([[3, -1, 2, 2], [5, 5, -7, 1], [2, -2, 9, 4]]),
    "nothing": np.zeros((0, 3), np.int64),
}

REFERENCES = {
    "sign": np.sign,
    "trunc_divide": lambda x, other: np.trunc(x / other),
    "interpolate": lambda x, end, weight: (1 - weight) * x + weight * end,
}

FUNCTIONS = """
torch.add(x, y); torch.add(x, row, alpha=2); torch.add(x, 2, alpha=0.5); x.add(s); x + y; x + 1; 2.5 + x; n + x; n + n
n + 1.5; torch.add(n, n, alpha=2); torch.add(2, x); torch.add(x, y, alpha=0); torch.add(mask, mask, alpha=2)
torch.add(mask, n, alpha=2); torch.add(x, n, alpha=1.5); torch.add(empty, empty, alpha=3)
torch.subtract(x, y); torch.sub(x, column, alpha=3); x.sub(s, alpha=2); x - y; x - 1; 2.5 - x; n - x; 3 - n
torch.rsub(x, y); torch.rsub(x, 2, alpha=3); torch.rsub(n, 2, alpha=3); torch.rsub(column, row, alpha=0.5)
torch.mul(x, y); torch.multiply(x, row); x.mul(s); x.multiply(column); x * y; x * 3; 0.5 * x; mask * x; n * n; x * True
mask * mask; mask + mask; mask * n
torch.div(x, p); torch.divide(x, p); torch.true_divide(x, s); x.div(p); x.divide(2); x.true_divide(p); x / p; x / 2
3 / p; n / 2; n / nz; mask / nz; torch.div(2, p); torch.div(x, -p, rounding_mode=None)
torch.div(x, p, rounding_mode="floor"); torch.div(x, p, rounding_mode="trunc"); x.div(-p, rounding_mode="trunc")
torch.divide(x, s, rounding_mode="floor"); x.divide(2, rounding_mode="floor"); torch.div(n, nz, rounding_mode="trunc")
torch.div(n, nz, rounding_mode="floor"); torch.div(n, 2, rounding_mode="trunc"); torch.div(n, 2.0, rounding_mode="floor")
torch.div(7, nz, rounding_mode="floor"); torch.div(mask, 2, rounding_mode="trunc")
torch.div(bytes_, 7, rounding_mode="trunc")
torch.floor_divide(x.detach(), p.detach()); torch.floor_divide(n, nz); x.detach().floor_divide(0.7); x.detach() // 0.7; n // nz
n // -2; 7 // nz; 7.5 // p.detach(); bytes_ // 3; n // 2.5; nothing // 0; n.floor_divide(3)
torch.remainder(x, p); torch.remainder(x, -p); torch.remainder(n, nz); x.remainder(0.7); x % p; x % -0.7; n % nz; n % -3
7 % nz; 7.5 % p.detach(); n % 2.5; torch.remainder(5, nz); bytes_ % 7; x % row.abs(); nothing % 0; column % p
torch.fmod(x, p); torch.fmod(x, -p); torch.fmod(n, nz); x.fmod(0.7); torch.fmod(n, -3); torch.fmod(bytes_, 7)
torch.fmod(column, p); n.fmod(2.5)
torch.pow(p, y); torch.pow(p, 3); torch.pow(2, x); torch.pow(p, -1.5); p.pow(s); p ** y; x ** 2; x ** 3; 2 ** x
2.5 ** x; n ** 2; n ** n.abs(); 2 ** mask; mask ** 2; torch.pow(n, nz); n ** 0; torch.pow(nz, -nz); p ** n; bytes_ ** 3
x ** 0; x ** 1; x ** -2; p ** 0.5; torch.pow(column, 2); mask ** 2.5; torch.pow(p, column)
torch.float_power(p, y); torch.float_power(x, 2); torch.float_power(2, x); torch.float_power(n, 2); p.float_power(0.5)
p.float_power(row); torch.float_power(n, nz); torch.float_power(mask, mask); torch.float_power(x.float(), 3)
torch.neg(x); torch.negative(x); x.neg(); x.negative(); -x; -n; torch.positive(x); x.positive(); +x; +n; -bytes_
torch.abs(x); torch.absolute(x); x.abs(); x.absolute(); abs(x); abs(n); torch.sign(x); x.sign(); n.sign(); bytes_.abs()
torch.sgn(x); x.sgn(); n.sgn(); bytes_.sign()
torch.square(x); x.square(); torch.square(n); torch.square(mask); torch.square(s); torch.square(empty)
torch.reciprocal(p); p.reciprocal(); torch.reciprocal(nz); torch.reciprocal(-p); s.reciprocal()
torch.maximum(x, y); torch.minimum(x, y); x.maximum(row); x.minimum(column); torch.maximum(n, three); x.maximum(s)
torch.maximum(mask, mask.T.reshape(3, 4)); torch.minimum(bytes_, n)
torch.lerp(x, y, 0.3); torch.lerp(x, y, 0.7); torch.lerp(x, y, 1); torch.lerp(x, y, q); torch.lerp(x, y, s)
x.lerp(y, 0.5); torch.lerp(column, row, q); x.lerp(row, weight=column); torch.lerp(x, y, -2.0); torch.lerp(empty, empty, 0.1)
torch.addcmul(x, y, p); torch.addcmul(x, y, p, value=2.5); x.addcmul(row, column); torch.addcmul(n, n, nz, value=3)
torch.addcmul(row, x, column, value=-1); torch.addcmul(x, n, y); torch.addcmul(s, s, s)
torch.addcdiv(x, y, p); torch.addcdiv(x, y, p, value=2.5); x.addcdiv(row, p); torch.addcdiv(x, y, pcolumn, value=-1)
torch.addcdiv(column, row, p); torch.addcdiv(s, s, s)
(x * 1).add_(y); (x * 1).sub_(row, alpha=2); (x * 1).mul_(column); (x * 1).div_(p); (p * 1).pow_(2); (x * 1).neg_()
(x * 1).subtract_(y); (x * 1).add_(n); (n * 1).add_(2); x.clone().T.add_(y.T)
(x * 1).abs_(); (x * 1).sign_(); (x * 1).divide_(p); (x * 1).div_(p, rounding_mode="floor"); (n * 1).divide_(2, rounding_mode="trunc")
(n * 1).floor_divide_(2); (x * 1).remainder_(p); (x * 1).fmod_(p); (n * 1).fmod_(2)
(x * 1).square_(); torch.square_(x * 1); (p * 1).reciprocal_(); torch.reciprocal_(p * 1); (p * 1).double().float_power_(3)
(x * 1).lerp_(y, 0.3); (x * 1).addcmul_(y, p, value=2); (x * 1).addcdiv_(y, p, value=2); (x * 1).sgn_(); torch.abs_(x * 1)
torch.neg_(x * 1); torch.negative_(x * 1); (x * 1)[0].mul_(y[0])
"""

SPECIAL = """
-z; z**2; z**0; z**-1; z**3; 2**z; 0**z; 1**z; (-1.0)**z; a + b; a * b; a / b; a - b; a ** b
torch.maximum(a, b); torch.minimum(a, b); z.abs(); z.sign(); z.sgn(); (z > 0) ** z
torch.div(a, b, rounding_mode="floor"); torch.div(a, b, rounding_mode="trunc"); a.detach() // b.detach(); torch.remainder(a, b)
torch.fmod(a, b); z % 2; z % -2; z % 0; torch.fmod(z, 2); z.square(); z.reciprocal(); torch.float_power(a, b)
torch.lerp(a, b, 0.25); torch.addcmul(a, b, a); torch.rsub(a, b)
"""

MEETINGS = """
a + b; a - b; a * b; a / b; a ** b; torch.maximum(a, b); torch.minimum(a, b); torch.add(a, b, alpha=2)
torch.mul(a, b); torch.div(a, b); torch.sub(a, b); torch.sub(a, b, alpha=3); torch.div(a, b + 1, rounding_mode="floor")
torch.div(a, b + 1, rounding_mode="trunc"); a // (b + 1); a % (b + 1); torch.fmod(a, b + 1); torch.pow(a, b)
torch.float_power(a, b); torch.rsub(a, b); torch.addcmul(a, a, b); torch.addcmul(b, a, a, value=2)
torch.lerp(a, a, b); torch.lerp(a, b, 0.5); (a + torch.tensor(False)).add_(b)
(a + torch.tensor(False)).mul_(b); (a + torch.tensor(False)).div_(b); (a + torch.tensor(False)).floor_divide_(b + 1)
"""

BEYOND = {
    "number": {
        "torch.maximum(a, b)", "torch.minimum(a, b)", "torch.fmod(a, b + 1)", "torch.gcd(a, b)", "torch.lcm(a, b)", "torch.rsub(a, b)",
    },
}  # fmt: skip

UNARY = """
-a; +a; a.abs(); a.sign(); a.sgn(); 1.5 - a; a - True; a ** 2; a / 2; a * True; 2 - a; a + 300; a * -1; a - 201; 300 - a; a // 2; a % 2; 7 // (a + 1); a % -3
torch.fmod(a, 2); a.square(); a.reciprocal(); a ** 2.5; 2 ** a; 2.5 ** a; a.float_power(2); torch.rsub(a, 1); a * 1.5; a + True
torch.maximum(a, a); torch.add(a, 2, alpha=2); torch.div(a, 2, rounding_mode="trunc"); torch.div(a, 2.5, rounding_mode="floor")
torch.addcmul(a, a, a); torch.addcdiv(a, a, a + 1); torch.lerp(a, a, 0.5)
"""

ERRORS = """
mask - mask; mask - 1; 1 - mask; x - True; mask - n; x - mask; mask ** mask; mask.abs(); torch.rsub(mask, 2)
x + torch.ones(5); x * torch.ones(2, 4); torch.maximum(x, torch.ones(5)); x + "a"; x + None; x * [1, 2]; torch.add(x)
mask - mask; -mask; torch.tensor([True]) - True; n ** -1; torch.add(n, n, alpha=1.5); torch.add(x, y, alpha="a")
torch.add(n, mask, alpha=2.5); torch.rsub(n, n, alpha=1.5); torch.sub(x, y, alpha=[2]); x.div(y, rounding_mode="up")
n // 0; n % 0; torch.fmod(n, 0); torch.div(n, 0, rounding_mode="trunc"); n // torch.zeros(4, dtype=torch.int64); 7 % (nz * 0)
mask // mask; mask % mask; torch.fmod(mask, mask); torch.div(mask, mask, rounding_mode="trunc")
(n * 1).div_(2); torch.lerp(n, n, 0.5); torch.lerp(x, y.double(), 0.5)
torch.lerp(x, y, n); torch.lerp(x, y, "a"); torch.lerp(x, y); torch.addcdiv(n, n, nz); torch.addcdiv(x, n, nz)
torch.addcmul(x, y); torch.addcmul(x, y, p, value="a"); torch.addcmul(mask, mask, mask); torch.pow(2, 3); torch.float_power(2, 3)
torch.pow(x, "a"); torch.square(2.0); torch.reciprocal("a"); torch.addcmul(x, torch.ones(5), y)
"""

KINKS = [
    (mg.abs, [[-2.0, 0.0, 2.0]], [[-1.0, 0.0, 1.0]]),
    (mg.sign, [[-2.0, 0.0, 2.0]], [[0.0, 0.0, 0.0]]),
    (mg.maximum, [[1.0, 2.0, 1.0], [1.0, 1.0, 2.0]], [[0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]),
    (mg.minimum, [[1.0, 2.0, 1.0], [1.0, 1.0, 2.0]], [[0.5, 0.0, 1.0], [0.5, 1.0, 0.0]]),
    (mg.maximum, [[nan, 1.0], [1.0, nan]], [[1.0, 1.0], [1.0, 1.0]]),
    (mg.minimum, [[nan, 1.0], [1.0, nan]], [[1.0, 1.0], [1.0, 1.0]]),
    (lambda x: x**0, [[0.0, 2.0, -1.0]], [[0.0, 0.0, 0.0]]),
    (lambda x: x**0.5, [[0.0]], [[inf]]),
    (lambda x: x**2, [[0.0, -3.0]], [[0.0, -6.0]]),
    (lambda y: 0**y, [[0.0, 2.0, -1.0]], [[0.0, 0.0, -inf]]),
    (lambda y: 0.0**y, [[0.0, 2.0]], [[0.0, 0.0]]),
    (mg.pow, [[0.0, 0.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]),
    (mg.div, [[1.0, 0.0], [0.0, 0.0]], [[inf, inf], [-inf, nan]]),
    (mg.floor_divide, [[7.0, -7.0], [2.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
    (mg.remainder, [[4.0, -1.0], [2.0, 2.0]], [[1.0, 1.0], [-2.0, 1.0]]),
    (mg.fmod, [[4.0, -1.0], [2.0, 2.0]], [[1.0, 1.0], [-2.0, 0.0]]),
    (mg.reciprocal, [[0.0, -2.0]], [[-inf, -0.25]]),
]
