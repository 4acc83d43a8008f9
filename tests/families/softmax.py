"""Softmax and its kin."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

F = mg.nn.functional
inf, nan = math.inf, math.nan


def _softmax(x: np.ndarray, dim: int) -> np.ndarray:
    powers = np.exp(x)
    return powers / powers.sum(dim, keepdims=True)


REFERENCES = {"softmax_along": _softmax, "log_softmax_along": lambda x, dim: np.log(_softmax(x, dim))}

FUNCTIONS = """
torch.softmax(x, 0); torch.softmax(x, -1); torch.softmax(cube, dim=1); x.softmax(1); x.softmax(dim=0); x.softmax(-1, torch.float64)
x.softmax(0, dtype=torch.float16).detach(); torch.softmax(n, 0, torch.float32); torch.softmax(n, 1, dtype=torch.float64); s.softmax(0)
s.softmax(-1); empty.softmax(0); empty.softmax(1); F.softmax(x, 1); F.softmax(x, dim=0, dtype=torch.float64); F.softmax(x.T, 0)
F.softmax(x, 1, 3); F.softmax(x, -1, 3, torch.float64); F.softmax(300 * x, 1)
torch.log_softmax(x, 0); torch.log_softmax(x, -1); torch.log_softmax(cube, dim=1); x.log_softmax(1); x.log_softmax(dim=0)
x.log_softmax(-1, torch.float64); torch.log_softmax(n, 0, torch.float32); s.log_softmax(0); empty.log_softmax(0)
F.log_softmax(x, 1); F.log_softmax(x, dim=0, dtype=torch.float64); F.log_softmax(x.T, 0)
F.log_softmax(30 * x, 1); F.log_softmax(x * row, 1)[:, 2]; F.softmin(x, 1); F.softmin(x, dim=0)
F.softmin(x, 1, dtype=torch.float64); torch.softmax(x * column, 1) @ m; F.softmax(x, 1).log(); x.half().softmax(1).detach()
x.half().log_softmax(1).detach(); F.softmax(x.transpose(0, 1), 1)
[torch.manual_seed(5), F.gumbel_softmax(x)][1]; [torch.manual_seed(5), F.gumbel_softmax(x, 0.5, dim=0)][1]
[torch.manual_seed(5), F.gumbel_softmax(x, tau=2.0, hard=True)][1]; [torch.manual_seed(5), F.gumbel_softmax(cube, hard=True, dim=1)][1]
[torch.manual_seed(5), F.gumbel_softmax(x), torch.rand(2)][2]; [torch.manual_seed(5), F.gumbel_softmax(s, hard=True, dim=0)][1]
[torch.manual_seed(5), F.gumbel_softmax(v, hard=True)][1]
"""

SPECIAL = """
z.softmax(0); z.log_softmax(0); z[3:].softmax(0); z[2:].softmax(0); z[2:].log_softmax(0); z[2:3].softmax(0); z[2:3].log_softmax(0)
a.softmax(1); a.log_softmax(0); z[1:2].softmax(0); z[1:2].log_softmax(0); (1000 * z[3:]).softmax(0); (1000 * z[3:]).log_softmax(0)
F.softmin(z[3:] * 1000, 0)
"""

UNARY = """
a.softmax(0); a.log_softmax(0); F.softmax(a, 0, dtype=torch.float32); F.log_softmax(a, 0, dtype=torch.float64); F.softmin(a, 0)
a.softmax(0, torch.int64)
"""

WARNS = """
F.softmax(x); F.softmax(v); F.softmax(cube); F.log_softmax(x); F.log_softmax(cube); F.softmin(v); F.softmin(cube); F.softmax(s)
[torch.manual_seed(5), F.gumbel_softmax(x.T, eps=1e-3)][1]
"""

ERRORS = """
torch.softmax(x); torch.softmax(x, 2); torch.softmax(x, -3); x.softmax((0,)); x.softmax("a"); x.softmax(None); x.softmax()
n.softmax(0); n.log_softmax(0); mask.softmax(0); F.softmax(x, 2); F.log_softmax(x, 2); F.softmin(x, 2); F.softmax(n, 0)
F.softmax(x, 0, dtype=torch.int64); torch.log_softmax(x); s.softmax(1); torch.softmax(2.0, 0)
F.gumbel_softmax(n); F.gumbel_softmax(x, dim=2); F.gumbel_softmax(x, hard=True, dim=3); F.softmax(x, 1.0)
"""

KINKS = [
    (lambda x: mg.log_softmax(x, 0)[:1], [[-1000.0, 0.0]], [[1.0, -1.0]]),
    (lambda x: mg.log_softmax(x, 0)[1:], [[-inf, 0.0]], [[0.0, 0.0]]),
    (lambda x: mg.softmax(x, 0)[:1], [[1000.0, 1000.0]], [[0.25, -0.25]]),
    (lambda x: mg.softmax(x, 0)[1:2], [[-inf, 0.0, 0.0]], [[0.0, 0.25, -0.25]]),
    (lambda x: mg.softmax(x, 0)[:1], [[-inf, -inf]], [[nan, nan]]),
]
