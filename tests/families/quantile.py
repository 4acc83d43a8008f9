"""Medians, quantiles, and the most frequent element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import microgradnp as mg


def _places_of_medians(input: Any, dim: int, ignore_nan: bool) -> Any:
    return np.take(np.argsort(input, axis=dim), (input.shape[dim] - 1) // 2, dim)


REFERENCES = {
    "places_of_medians": _places_of_medians,
    "places_of_modes": lambda input, dim: np.argmin(input, axis=dim),  # all are different
}

FUNCTIONS = """
torch.median(x); torch.median(x, 0); x.median(); x.median(1); x.median(dim=-1, keepdim=True); cube.median(1)
s.median(); s.median(0); s.median(0, True); n.median(); n.median(0); often.median(); often.median(0).values
empty.median(); empty.median(1); (x * 0 + tied).median(); (x * 0 + tied).median(1).values; v.median(0)
x.half().median(); x.T.median(0); torch.nanmedian(x); torch.nanmedian(x, 0); x.nanmedian()
x.nanmedian(dim=1, keepdim=True); s.nanmedian(0); n.nanmedian(1); torch.where(mask, x, float("nan")).nanmedian()
torch.where(mask, x, float("nan")).nanmedian(1); empty.nanmedian(); torch.where(mask, x, float("nan")).median(0)
torch.where(mask, x, float("nan")).nanmedian(0, True); often.nanmedian(); torch.mode(x); torch.mode(x, 0); x.mode()
x.mode(dim=1, keepdim=True); often.mode(); n.mode(0); s.mode(); mask.mode(); (x * 0 + tied).mode(1); tied.mode(0)
empty.mode(1); pairs.mode(0, True); cube.mode(1); torch.quantile(x, 0.3); torch.quantile(x, 0.3, 0)
x.quantile(0.5, dim=1, keepdim=True); x.quantile(0.5, keepdim=True)
x.quantile(torch.tensor([0.1, 0.75], dtype=x.dtype)); x.quantile(torch.tensor([0.1, 0.75], dtype=x.dtype), 1, True)
x.quantile(torch.tensor(0.4, dtype=x.dtype), -1); x.quantile(0); x.quantile(1); x.quantile(q[0])
x.quantile(q[0, 0], dim=0); x.quantile(0.3, 0, interpolation="lower"); x.quantile(0.3, 0, interpolation="higher")
cube.quantile(0.6, 1); x.quantile(0.3, 0, interpolation="midpoint"); x.quantile(0.3, 0, interpolation="nearest")
s.quantile(0.5); s.quantile(0.5, 0); x.quantile(0.4, interpolation="linear")
x.quantile(q[0], 1, True, interpolation="midpoint"); x.T.quantile(0.9, 0)
s.quantile(torch.tensor([0.5], dtype=x.dtype), 0, True); x.quantile(torch.tensor([], dtype=x.dtype))
cube.quantile(q[0], -1); torch.nanquantile(x, 0.3); torch.nanquantile(x, 0.3, 0)
torch.where(mask, x, float("nan")).nanquantile(0.4, 1)
torch.where(mask, x, float("nan")).nanquantile(q[0], dim=0, keepdim=True)
torch.where(mask, x, float("nan")).quantile(0.4, 1)
torch.where(mask, x, float("nan")).nanquantile(0.4, 0, interpolation="higher"); x.nanquantile(0.5)
torch.quantile(x.detach(), 0.2, out=torch.zeros((), dtype=x.dtype))
torch.median(x.detach(), 0, out=(torch.zeros(4, dtype=x.dtype), torch.zeros(4, dtype=torch.int64)))
"""

SPECIAL = """
z.median(); z.median(0); z.nanmedian(); z.nanmedian(0); z[1:].median(0); b.median(1); b.nanmedian(0); z.quantile(0.3)
z.nanquantile(0.3); z[1:].quantile(0.1); z[1:].quantile(0.5); z.mode(); z[1:].mode(); b.mode(1); a.mode(1)
b.nanquantile(0.5, 1); a.nanquantile(0.5, 1); z[1:].quantile(0.9, interpolation="nearest")
"""

UNARY = """
a.median(); a.median(0).values; a.nanmedian(); a.mode().values; a.quantile(0.5); a.nanquantile(0.5)
"""

ERRORS = """
mask.median(); x.median(2); x.median((0, 1)); empty.median(0); empty.mode(0); empty.nanmedian(0); x.mode(2)
x.median(keepdim=True); x.mode(1.5); x.median("a"); x.quantile(2.0); x.quantile(-0.1); x.quantile([0.1])
x.quantile(torch.tensor([[0.1]])); x.quantile(0.5, 2); x.quantile(0.5, (0, 1)); x.quantile(torch.tensor(0.5).double())
x.quantile(0.5, interpolation="cubic"); empty.quantile(0.5); empty.quantile(0.5, 1); n.quantile(0.5)
x.half().quantile(0.5); x.quantile(float("nan")); x.quantile(torch.tensor([0.5, 2.0])); x.nanquantile(2.0)
x.quantile()
"""

KINKS = [
    (lambda x: mg.median(x, 0).values, [[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]),
    (lambda x: mg.mode(x, 0).values, [[2.0, 1.0, 2.0]], [[0.0, 0.0, 1.0]]),
    (lambda x: mg.quantile(x, 0.5), [[2.0, 1.0, math.inf]], [[1.0, 0.0, 0.0]]),
]
