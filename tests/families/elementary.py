"""Exponentials, logarithms, roots."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

inf, nan = math.inf, math.nan

OPERANDS = {"steep": ((3, 4), -30, 30), "tiny": ((3, 4), -1e-4, 1e-4)}


def _derivative_of_sinc(x: np.ndarray, n: int) -> np.ndarray:
    """By its power series, with more digits than are asked for."""
    pi = np.longdouble("3.14159265358979323846")
    t = np.asarray(x, np.longdouble) * pi
    terms = [(-1) ** k * t ** (2 * k - n) / (2 * k + 1) / math.factorial(2 * k - n) for k in range((n + 1) // 2, 30)]
    return np.asarray(sum(terms) * pi**n, np.float64)


REFERENCES = {
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "xlogy": lambda x, other: x * np.log(other),
    "logit": lambda x, eps=None: -np.log(1 / x - 1),
    "derivative_of_sinc": _derivative_of_sinc,
}

FUNCTIONS = """
torch.exp(x); torch.log(p); torch.log1p(p); torch.sqrt(p); torch.tanh(x); torch.sigmoid(x); x.exp(); p.log(); p.log1p(); p.sqrt(); x.tanh(); x.sigmoid()
torch.exp(n); torch.log(three); torch.sigmoid(mask); F.sigmoid(x); F.tanh(x); torch.sigmoid(40 * x); torch.tanh(10 * x)
torch.exp2(x); torch.expm1(x); torch.log2(p); torch.log10(p); x.exp2(); x.expm1(); p.log2(); p.log10(); torch.exp2(n); torch.log2(three); torch.log10(mask)
torch.expm1(tiny); torch.log1p(tiny); torch.expm1(steep); torch.exp(empty); torch.log(s)
torch.rsqrt(p); p.rsqrt(); torch.rsqrt(three); s.rsqrt()
torch.logaddexp(x, y); x.logaddexp(row); torch.logaddexp(column, row); torch.logaddexp(x, s); torch.logaddexp(steep, y); torch.logaddexp(x, n)
torch.logaddexp2(x, y); x.logaddexp2(row); torch.logaddexp2(steep, y); torch.logaddexp2(x, n); torch.logaddexp2(x, x)
torch.xlogy(x, p); torch.xlogy(2, p); torch.xlogy(x, 2.5); x.xlogy(p); torch.xlogy(n, p); torch.xlogy(n, three); torch.xlogy(column, p); torch.xlogy(mask, mask)
torch.logit(q); q.logit(); torch.logit(q, 0.2); torch.logit(x, eps=0.1); torch.logit(q, eps=None); q.logit(eps=1e-6); torch.logit(0.5 + tiny)
torch.deg2rad(x); torch.rad2deg(x); x.deg2rad(); x.rad2deg(); torch.deg2rad(n); torch.rad2deg(mask)
torch.sinc(x); x.sinc(); torch.sinc(steep); torch.sinc(mask); torch.sinc(s)
(x * 1).exp_(); (p * 1).log_(); (p * 1).log1p_(); (p * 1).sqrt_(); (x * 1).tanh_(); (x * 1).sigmoid_(); (p * 1).rsqrt_(); torch.rsqrt_(p * 1)
(x * 1).deg2rad_(); torch.deg2rad_(x * 1); (x * 1).rad2deg_(); torch.rad2deg_(x * 1); torch.exp_(x * 1); torch.sinc_(x * 1); (x * 1).xlogy_(p)
(q * 1).logit_(0.1); torch.exp(-x ** 2).sum(1).log()
"""

# PyTorch's second derivatives lose digits here: sigmoid's 1 - out near saturation, sinc's difference of two nearly equal terms near 0.
FIRST_ORDER = """
torch.sigmoid(20 * x); torch.log1p(q / 5000); torch.sinc(x / 10)
"""

SPECIAL = """
torch.exp(z); torch.log(z); torch.log1p(z); torch.sqrt(z); torch.tanh(z); torch.sigmoid(z); z.exp2(); z.expm1(); z.log2(); z.log10(); z.rsqrt()
torch.logaddexp(a, b); torch.logaddexp2(a, b); torch.xlogy(a, b); torch.logit(z); torch.logit(z, 0.1); torch.logit(z / 4, 0.25); torch.logit(1 - z / 4, 0.25); z[4:].abs().logit(0); z.sinc(); z.deg2rad(); torch.xlogy(z, 0.0)
torch.logit(z / 2); torch.xlogy(0.0, z)
"""

MEETINGS = """
torch.logaddexp(a, b); torch.logaddexp2(a, b); torch.xlogy(a, b); torch.exp(a * b)
"""

BEYOND = {"number": {"torch.logaddexp(a, b)", "torch.logaddexp2(a, b)"}}

UNARY = """
a.exp(); a.sqrt(); a.sigmoid(); a.tanh(); a.log1p(); a.exp2(); a.expm1(); a.log(); a.log2(); a.log10(); a.rsqrt(); a.logit(); a.logit(0.1); a.sinc()
a.deg2rad(); a.rad2deg(); torch.logaddexp(a, a); torch.xlogy(a, a); torch.xlogy(a, 2); torch.xlogy(2, a)
"""

DEFAULT_DTYPE = """
torch.exp(torch.tensor([1, 2])); torch.sigmoid(torch.tensor([True])); torch.deg2rad(torch.tensor([1, 2])); torch.xlogy(torch.tensor([1, 2]), 2)
torch.rsqrt(torch.tensor([1, 2])); torch.sin(torch.tensor(True)); torch.logit(torch.tensor([0, 1]), 0.25); torch.sinc(torch.tensor([1, 2]))
"""

ERRORS = """
torch.exp("a"); torch.exp(); torch.exp(2.0); x.exp(1); (n * 1).exp_(); (n * 1).rsqrt_(); torch.logaddexp(n, n); torch.logaddexp2(mask, mask)
torch.xlogy(2, 3); torch.xlogy(x, "a"); torch.logit(x, "a"); torch.sinc(None); torch.deg2rad("a"); torch.logaddexp(x, torch.ones(5))
"""

KINKS = [
    (mg.sqrt, [[0.0, 4.0]], [[inf, 0.25]]),
    (mg.log, [[0.0]], [[inf]]),
    (mg.sigmoid, [[0.0, -1000.0, 1000.0]], [[0.25, 0.0, 0.0]]),
    (mg.rsqrt, [[0.0, 4.0]], [[-inf, -0.0625]]),
    (mg.xlogy, [[0.0, 0.0, 1.0], [0.0, 2.0, 1.0]], [[0.0, math.log(2.0), 0.0], [nan, 0.0, 1.0]]),
    (mg.logaddexp, [[-inf, 1.0, 1000.0], [-inf, 1.0, -1000.0]], [[nan, 0.5, 1.0], [nan, 0.5, 0.0]]),
    (mg.logit, [[0.0, 1.0, 0.5, -1.0]], [[inf, inf, 4.0, nan]]),
    (lambda x: mg.logit(x, 0.25), [[0.0, 0.5, 0.75]], [[0.0, 4.0, 1 / 0.1875]]),
    (mg.sinc, [[0.0, 1.0]], [[0.0, -1.0]]),
]
