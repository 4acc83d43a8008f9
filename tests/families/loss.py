"""Losses that compare numbers with numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import microgradnp as mg

F = mg.nn.functional
inf, nan = math.inf, math.nan

OPERANDS = {
    "var": ((3, 4), 0.1, 2),
    "var_row": ((3,), 0.1, 2),
    "var_column": ((3, 1), 0.1, 2),
    "var_first": ((1, 4), 0.1, 2),
}


def _squared_error(input: Any, target: Any, reduction: str = "mean") -> Any:
    return {"none": np.asarray, "sum": np.sum, "mean": np.mean}[reduction]((input - target) ** 2)


REFERENCES = {"squared_error": _squared_error}

FUNCTIONS = """
F.mse_loss(x, y); F.mse_loss(x, y, reduction="sum"); F.mse_loss(x, y, reduction="none"); F.mse_loss(s, s * 2); F.mse_loss(x, n)
F.mse_loss(x, y, weight=p.detach()); F.mse_loss(x, y, weight=p.detach(), reduction="sum"); F.mse_loss(empty, empty)
F.mse_loss(n * 1.0, x); F.mse_loss(x, y, weight=p, reduction="none"); F.mse_loss(x, y, weight=p)
F.mse_loss(x.double(), y.float()).detach(); F.mse_loss(x.half(), y.half()).detach()
F.l1_loss(x, y); F.l1_loss(x, y, reduction="sum"); F.l1_loss(x, y, reduction="none"); F.l1_loss(x, y, weight=p)
F.l1_loss(x, y, weight=p, reduction="sum"); F.l1_loss(x, y, weight=p, reduction="none")
F.l1_loss(n, n + 1, reduction="none"); F.l1_loss(empty, empty); F.l1_loss(x.half(), y.half()).detach()
F.l1_loss(x.double(), y.float()).detach(); F.l1_loss(n, n, reduction="sum"); F.l1_loss(s, s * 2)
F.smooth_l1_loss(x, y); F.smooth_l1_loss(x, y, reduction="sum"); F.smooth_l1_loss(x, y, reduction="none", beta=2.5)
F.smooth_l1_loss(x, y, beta=0.1); F.smooth_l1_loss(x, y, beta=0.0); F.smooth_l1_loss(empty, empty)
F.smooth_l1_loss(x.half(), y.half()).detach()
F.smooth_l1_loss(x.double(), y.float()).detach(); F.smooth_l1_loss(x, n)
F.huber_loss(x, y); F.huber_loss(x, y, "sum"); F.huber_loss(x, y, reduction="none", delta=2.5); F.huber_loss(x, y, delta=0.1)
F.huber_loss(x, y, weight=p.detach()); F.huber_loss(x, y, "sum", weight=p); F.huber_loss(x, y, "none", 0.7, p)
F.huber_loss(empty, empty); F.huber_loss(x.half(), y.half()).detach(); F.huber_loss(s, s * 3)
F.poisson_nll_loss(x, p); F.poisson_nll_loss(x, p, full=True); F.poisson_nll_loss(p, q, False); F.poisson_nll_loss(p, p + 1, False, True)
F.poisson_nll_loss(x, p, reduction="sum"); F.poisson_nll_loss(x, 3 * p, True, True, reduction="none"); F.poisson_nll_loss(x, row)
F.poisson_nll_loss(p, p, log_input=False, eps=0.5); F.poisson_nll_loss(x, n)
F.poisson_nll_loss(x.half(), p.half()).detach()
F.gaussian_nll_loss(x, y, var); F.gaussian_nll_loss(x, y, var_row); F.gaussian_nll_loss(x, y, var_column); F.gaussian_nll_loss(x, y, 2.0)
F.gaussian_nll_loss(x, y, var_first); F.gaussian_nll_loss(x, y, var, full=True); F.gaussian_nll_loss(x, y, var, eps=0.7); F.gaussian_nll_loss(x, y, var, True, 0.7, "sum")
F.gaussian_nll_loss(x, y, var, reduction="none"); F.gaussian_nll_loss(x, row, var); F.gaussian_nll_loss(x, y, var * 0)
F.gaussian_nll_loss(x, y, 0.0, reduction="sum"); F.gaussian_nll_loss(x.half(), y.half(), var.half()).detach()
"""

SPECIAL = """
F.mse_loss(z, z); F.mse_loss(z, z * 0, reduction="none"); F.l1_loss(z[1:], torch.ones(7).double(), reduction="none")
F.smooth_l1_loss(z[3:], z[3:] * 0, reduction="none"); F.huber_loss(z[3:], z[3:] * 0, reduction="none")
F.poisson_nll_loss(z, z * 0 + 1, reduction="none"); F.smooth_l1_loss(z, z * 0 + 1, reduction="none").detach()
"""

WARNS = """
F.mse_loss(x, row); F.mse_loss(x, y, False); F.mse_loss(x, y, None, False); F.mse_loss(x, y, True, True, "none")
F.mse_loss(x, y, reduce=False); F.mse_loss(column, row); F.l1_loss(x, row); F.l1_loss(x, y, size_average=False)
F.l1_loss(x, y, reduce=False); F.smooth_l1_loss(x, row); F.smooth_l1_loss(x, y, False); F.smooth_l1_loss(x, y, reduce=False)
F.huber_loss(x, row); F.poisson_nll_loss(x, p, size_average=False); F.poisson_nll_loss(x, p, reduce=False)
"""

ERRORS = """
F.mse_loss(mask, mask); F.l1_loss(mask, mask)
F.mse_loss(n, n); F.mse_loss(x, y, reduction="max"); F.mse_loss(x, torch.ones(5)); F.mse_loss(x, y, weight=row); F.mse_loss(x)
F.mse_loss(x, y, weight=p, reduction="max"); F.l1_loss(x, y, reduction="max"); F.l1_loss(x, torch.ones(5))
F.l1_loss(x, y, weight=row); F.l1_loss(n, n); F.smooth_l1_loss(x, y, beta=-1); F.smooth_l1_loss(x, y, reduction=None)
F.smooth_l1_loss(n, n); F.smooth_l1_loss(x, torch.ones(5)); F.huber_loss(x, y, delta=0); F.huber_loss(x, y, delta=-1.0)
F.huber_loss(x, y, "max"); F.huber_loss(n, n); F.huber_loss(x, torch.ones(5)); F.huber_loss(x, y, weight=row)
F.poisson_nll_loss(x, p, reduction="max"); F.poisson_nll_loss(x, torch.ones(5)); F.gaussian_nll_loss(x, y, row)
F.gaussian_nll_loss(x, y, -var); F.gaussian_nll_loss(x, y, -2.0); F.gaussian_nll_loss(x, y, var, reduction="max")
F.gaussian_nll_loss(x, y, s); F.gaussian_nll_loss(x, y, one[0, :1]); F.gaussian_nll_loss(s, s, row[:1]); F.gaussian_nll_loss(x, y, "a"); F.gaussian_nll_loss(x, y); F.gaussian_nll_loss(x, torch.ones(5), var)
"""


def _sum(loss: Any, **options: Any) -> Any:
    return lambda *arguments: loss(*arguments, reduction="sum", **options)


KINKS = [
    (F.l1_loss, [[1.0, 2.0], [1.0, 1.0]], [[0.0, 0.5], [0.0, -0.5]]),
    (_sum(F.smooth_l1_loss, beta=0.0), [[1.0, 2.0], [1.0, 1.0]], [[0.0, 1.0], [0.0, -1.0]]),
    (_sum(F.smooth_l1_loss), [[1.0, -1.0, 0.0, 1e300], [0.0] * 4], [[1.0, -1.0, 0.0, 1.0], [-1.0, 1.0, 0.0, -1.0]]),
    (_sum(F.smooth_l1_loss), [[inf, nan], [0.0, 0.0]], [[1.0, nan], [-1.0, nan]]),
    (
        _sum(F.huber_loss, delta=2.0),
        [[2.0, -2.0, 0.0, 9.0], [0.0] * 4],
        [[2.0, -2.0, 0.0, 2.0], [-2.0, 2.0, 0.0, -2.0]],
    ),
    (_sum(F.gaussian_nll_loss), [[1.0], [0.0], [2.0]], [[0.5], [-0.5], [0.125]]),
    (_sum(F.gaussian_nll_loss), [[0.0], [0.0], [0.0]], [[0.0], [0.0], [500000.0]]),
    # PyTorch's gradient of the target is nan where Stirling's formula is not used, and the target 0.
    (_sum(F.poisson_nll_loss, full=True), [[0.0], [0.0]], [[1.0], [0.0]]),
]
