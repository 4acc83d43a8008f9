"""Special functions."""

from __future__ import annotations

import math
from typing import Any

import microgradnp as mg

inf, nan = math.inf, math.nan

OPERANDS = {"inner": ((3, 4), -0.95, 0.95), "shape_": ((3, 4), 0.5, 6)}


def _special(name: str) -> Any:
    def call(*arguments: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*arguments)

    return call


REFERENCES = {
    "lower_gamma": _special("gammainc"), "upper_gamma": _special("gammaincc"),
    "derivative_of_digamma": lambda x, n: _special("polygamma")(n, x),
    "modified_bessel": lambda x, order: _special("iv")(order, x),
}  # fmt: skip

FUNCTIONS = """
torch.erf(x); torch.erfc(x); torch.erfinv(inner); x.erf(); x.erfc(); inner.erfinv(); torch.erf(n); torch.erfc(mask); torch.erfc(x + 3); torch.erf(empty)
torch.erf(x / 1000); torch.erfinv(inner / 100)
torch.lgamma(three); torch.lgamma(n); torch.digamma(mask); p.polygamma(2); torch.polygamma(2, p); torch.polygamma(3, p); torch.polygamma(1, three)
torch.polygamma(2, shape_); torch.polygamma(1, mask); torch.mvlgamma(n.abs() + 2, 2)
torch.i0(x); x.i0(); torch.i0(n); torch.i0(s); torch.i0(5 * x)
torch.igamma(shape_.detach(), p); torch.igammac(shape_.detach(), p); shape_.detach().igamma(p); shape_.detach().igammac(p)
torch.igamma(s.detach(), p); torch.igamma(shape_.detach(), p.detach()[0])
(x * 1).erf_(); (p * 1).polygamma_(2); shape_.detach().clone().igamma_(p); shape_.detach().clone().igammac_(p)
torch.erfc_(x * 1)
"""

# PyTorch's trigamma function sums too few terms of its series.
INEXACT = """
torch.lgamma(p); torch.digamma(p); p.lgamma(); p.digamma(); torch.lgamma(shape_ * 10); torch.lgamma(-shape_ + 0.05); torch.digamma(shape_ * 5)
torch.polygamma(0, p); torch.polygamma(1, p); p.polygamma(1); p.polygamma(0); (p * 1).lgamma_(); (p * 1).polygamma_(1)
torch.mvlgamma(shape_ + 2, 3); torch.mvlgamma(shape_, 1); shape_.mvlgamma(2); torch.mvlgamma(shape_, p=2); (shape_ * 1).mvlgamma_(2)
"""

SPECIAL = """
z.erf(); z.erfc(); z.erfinv(); z.lgamma(); z.detach().digamma(); z.i0(); torch.polygamma(0, z.detach())
torch.igamma(a.detach()[1:, 1:], b.detach()[1:, 1:]); torch.igammac(a.detach()[1:, 1:], b.detach()[1:, 1:])
"""

MEETINGS = """
torch.igamma(a, b); torch.igammac(a, b)
"""

BEYOND = {"number": {"torch.igamma(a, b)", "torch.igammac(a, b)"}}

UNARY = """
a.erf(); a.erfc(); a.erfinv(); a.lgamma(); a.digamma(); a.i0(); torch.polygamma(1, a + 1); torch.polygamma(0, a); torch.polygamma(2, a + 1)
(a + 1).mvlgamma(2); torch.igamma(a, a)
"""

ERRORS = """
torch.erf("a"); torch.lgamma(2.0); torch.polygamma(-1, p); torch.polygamma(1.5, p); torch.polygamma(1, "a"); torch.mvlgamma(p, 0); torch.mvlgamma(p, 1.5)
torch.igamma(n, n); torch.igamma(x, "a"); (n * 1).erf_(); torch.igamma(shape_, p).sum().backward(); torch.igammac(shape_, p).sum().backward()
"""

KINKS = [
    (mg.erfinv, [[-1.0, 0.0, 1.0]], [[inf, math.sqrt(math.pi) / 2, inf]]),
    (mg.lgamma, [[0.0, -1.0]], [[-inf, nan]]),
    (mg.i0, [[0.0]], [[0.0]]),
    (lambda x: mg.igamma(mg.tensor(1.0, dtype=mg.float64), x), [[0.0, inf]], [[1.0, 0.0]]),
]
