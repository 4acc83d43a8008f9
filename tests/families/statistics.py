"""Variances, medians, quantiles, the most frequent element, histograms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import microgradnp as mg


def _variance(input: Any, dim: Any, correction: float, keepdim: bool = False) -> Any:
    return np.var(input, axis=dim, ddof=correction, keepdims=keepdim)


def _deviation(input: Any, dim: Any, correction: float, keepdim: bool = False) -> Any:
    return np.std(input, axis=dim, ddof=correction, keepdims=keepdim)


def _places_of_medians(input: Any, dim: int, ignore_nan: bool) -> Any:
    return np.take(np.argsort(input, axis=dim), [(input.shape[dim] - 1) // 2], dim)


REFERENCES = {
    "variance": _variance,
    "deviation": _deviation,
    "places_of_medians": _places_of_medians,
    "places_of_modes": lambda input, dim: np.argmin(input, axis=dim, keepdims=True),  # all are different
    "histc": lambda input, bins, low=0.0, high=1.0: np.histogram(input, bins, (low, high))[0].astype(input.dtype),
}

FUNCTIONS = """
torch.std(x); torch.std(x, 0); torch.std(x, (0, 1), True); x.std(); x.std(1); x.std(0, True); x.std(True); x.std(False)
x.std(unbiased=False); x.std(dim=0, unbiased=True, keepdim=True); x.std(0, False, True); x.std(correction=0); x.std(())
x.std(0, correction=2); x.std(dim=-1, keepdim=True); cube.std((0, 2)); cube.std([1], correction=0.5); x.std(axis=0)
x.half().std(0); x.T.std(1); x.std(dim=None, keepdim=True); x.std(correction=None); (x + 1000).std(0); (x * 0 + 0.1).std()
(x * 0 + 0.1).std(0); (column * 0.1 + row * 0).std(1); cube[:, ::2].std(1); x.std((0, 1), True, True)
torch.var(x); torch.var(x, 0); torch.var(x, (0, 1), True); x.var(); x.var(1); x.var(0, True); x.var(True); x.var(False)
x.var(unbiased=False); x.var(0, False, True); x.var(correction=0); x.var(0, correction=2); x.var(dim=-1, keepdim=True)
cube.var((0, 2)); cube.var([1], correction=0.5); x.half().var(); x.var([]); (x * 0 + 0.1).var(1); x.var(dim=0, unbiased=False)
torch.std_mean(x); torch.std_mean(x, 0, True); torch.std_mean(x, dim=(0, 1), correction=0, keepdim=True)
torch.std_mean(x, False); torch.std_mean(x, 1, False, True); torch.std_mean(cube, [0, -1])
torch.var_mean(x); torch.var_mean(x, 0, True); torch.var_mean(x, dim=(0, 1), correction=0, keepdim=True)
torch.var_mean(x, unbiased=False); torch.var_mean(cube, 1)
torch.cov(x); x.cov(); torch.cov(x, correction=0); torch.cov(v); torch.cov(x, fweights=torch.tensor([1, 2, 3, 4]))
torch.cov(x, aweights=p.detach()[0]); torch.cov(x, correction=0, aweights=p.detach()[0]); torch.cov(n); torch.cov(n[0])
torch.cov(x, fweights=torch.tensor([1, 2, 3, 4]), aweights=p.detach()[0]); x.T.cov(); torch.cov(x[:1])
torch.corrcoef(x[:, :3] + mask[:, :3]); x.corrcoef(); torch.corrcoef(v); x.T.corrcoef(); torch.corrcoef(x[:2])
torch.median(x); torch.median(x, 0); x.median(); x.median(1); x.median(dim=-1, keepdim=True); cube.median(1); s.median()
s.median(0); s.median(0, True); n.median(); n.median(0); often.median(); often.median(0).values; empty.median(); empty.median(1)
(x * 0 + tied).median(); (x * 0 + tied).median(1).values; v.median(0); x.half().median(); x.T.median(0)
torch.nanmedian(x); torch.nanmedian(x, 0); x.nanmedian(); x.nanmedian(dim=1, keepdim=True); s.nanmedian(0); n.nanmedian(1)
torch.where(mask, x, float("nan")).nanmedian(); torch.where(mask, x, float("nan")).nanmedian(1); empty.nanmedian()
torch.where(mask, x, float("nan")).median(0); torch.where(mask, x, float("nan")).nanmedian(0, True); often.nanmedian()
torch.mode(x); torch.mode(x, 0); x.mode(); x.mode(dim=1, keepdim=True); often.mode(); n.mode(0); s.mode(); mask.mode()
(x * 0 + tied).mode(1); tied.mode(0); empty.mode(1); pairs.mode(0, True); cube.mode(1)
torch.quantile(x, 0.3); torch.quantile(x, 0.3, 0); x.quantile(0.5, dim=1, keepdim=True); x.quantile(0.5, keepdim=True)
x.quantile(torch.tensor([0.1, 0.75], dtype=x.dtype)); x.quantile(torch.tensor([0.1, 0.75], dtype=x.dtype), 1, True)
x.quantile(torch.tensor(0.4, dtype=x.dtype), -1); x.quantile(0); x.quantile(1); x.quantile(q[0]); x.quantile(q[0, 0], dim=0)
x.quantile(0.3, 0, interpolation="lower"); x.quantile(0.3, 0, interpolation="higher"); cube.quantile(0.6, 1)
x.quantile(0.3, 0, interpolation="midpoint"); x.quantile(0.3, 0, interpolation="nearest"); s.quantile(0.5); s.quantile(0.5, 0)
x.quantile(0.4, interpolation="linear"); x.quantile(q[0], 1, True, interpolation="midpoint"); x.T.quantile(0.9, 0)
s.quantile(torch.tensor([0.5], dtype=x.dtype), 0, True); x.quantile(torch.tensor([], dtype=x.dtype)); cube.quantile(q[0], -1)
torch.nanquantile(x, 0.3); torch.nanquantile(x, 0.3, 0); torch.where(mask, x, float("nan")).nanquantile(0.4, 1)
torch.where(mask, x, float("nan")).nanquantile(q[0], dim=0, keepdim=True); torch.where(mask, x, float("nan")).quantile(0.4, 1)
torch.where(mask, x, float("nan")).nanquantile(0.4, 0, interpolation="higher"); x.nanquantile(0.5)
torch.histc(x.detach()); torch.histc(x.detach(), 5, -3, 3); x.detach().histc(bins=4); x.detach().histc(3, min=-1, max=2)
torch.histc(torch.ones(3), 4); torch.histc(torch.tensor([1.0, 2.0, 1.0]), 4, 0, 3); empty.detach().histc(3); x.detach().half().histc(3)
torch.histogram(x.detach(), 3); x.detach().histogram(torch.tensor([-2.0, 0.0, 2.5], dtype=x.dtype)); x.detach().histogram(4, range=(-1.0, 2.0))
torch.histogram(x.detach(), 3, weight=p.detach(), density=True); torch.histogram(x.detach(), bins=2, density=True); torch.histogram(torch.ones(3), 2)
torch.histogram(empty.detach(), 2); torch.histogram(x.detach(), 3, range=(2.0, 2.0)); x.detach().histogram(4, weight=p.detach())
torch.bincount(often); often.bincount(); torch.bincount(often, minlength=6); often.bincount(p.detach().reshape(-1)[:7], 5)
torch.bincount(often, weights=often); torch.bincount(often[:0]); torch.bincount(often[:0], minlength=3); often.to(torch.uint8).bincount()
torch.bincount(often, weights=p.detach().half().reshape(-1)[:7])
torch.std(x.detach(), 0, out=torch.zeros(4, dtype=x.dtype)); torch.quantile(x.detach(), 0.2, out=torch.zeros((), dtype=x.dtype))
torch.median(x.detach(), 0, out=(torch.zeros(4, dtype=x.dtype), torch.zeros(4, dtype=torch.int64)))
"""

SPECIAL = """
z.std(); z.var(); z[3:].std(); z.median(); z.median(0); z.nanmedian(); z.nanmedian(0); z[1:].median(0); b.median(1); b.nanmedian(0)
z.quantile(0.3); z.nanquantile(0.3); z[1:].quantile(0.1); z[1:].quantile(0.5); z.mode(); z[1:].mode(); b.mode(1); a.mode(1); z[3:].var()
b.nanquantile(0.5, 1); a.nanquantile(0.5, 1); z[1:].quantile(0.9, interpolation="nearest"); z.detach().histc(3, -1, 2)
"""

UNARY = """
a.std(); a.var(); a.median(); a.median(0).values; a.nanmedian(); a.mode().values; a.quantile(0.5); a.cov(); a.histc(2)
a.bincount(); torch.std_mean(a)[1]; a.nanquantile(0.5); a.histogram(2).hist; a.corrcoef()
"""

ERRORS = """
n.std(); mask.var(); x.std(2); x.std((0, 0)); x.std("a"); x.std(1.0); x.std(0, unbiased=True, correction=1); torch.std(3)
torch.std_mean(n); torch.var_mean(x, 3); torch.cov(cube); torch.corrcoef(cube); torch.cov(x, fweights=k); torch.cov(x, fweights=row)
torch.cov(x, aweights=torch.tensor([1, 2, 3, 4])); torch.cov(x, aweights=-p[0]); torch.cov(x, fweights=torch.tensor([-1, 2, 3, 4]))
torch.cov(x, aweights=p)
mask.median(); x.median(2); x.median((0, 1)); empty.median(0); empty.mode(0); empty.nanmedian(0); x.mode(2); x.median(keepdim=True)
x.mode(1.5); x.median("a")
x.quantile(2.0); x.quantile(-0.1); x.quantile([0.1]); x.quantile(torch.tensor([[0.1]])); x.quantile(0.5, 2); x.quantile(0.5, (0, 1))
x.quantile(torch.tensor(0.5).double()); x.quantile(0.5, interpolation="cubic"); empty.quantile(0.5); empty.quantile(0.5, 1)
n.quantile(0.5); x.half().quantile(0.5); x.quantile(float("nan")); x.quantile(torch.tensor([0.5, 2.0])); x.nanquantile(2.0); x.quantile()
n.histc(3); x.detach().histc(0); x.detach().histc(2, 3, 1); torch.histc(torch.tensor([float("nan"), 1.0]), 2); x.detach().histc("a")
n.histogram(3); x.detach().histogram(0); x.detach().histogram(3, range=(5.0, 2.0)); torch.histogram(x.detach(), stairs)
torch.bincount(n); torch.bincount(row.detach()); torch.bincount(mask[0]); torch.bincount(often, minlength=-1); torch.bincount(often, often[:2])
torch.bincount(torch.tensor([-1, 2]))
"""

KINKS = [
    (mg.std, [[0.1, 0.1, 0.1]], [[0.0, 0.0, 0.0]]),
    (mg.var, [[0.1, 0.1, 0.1]], [[0.0, 0.0, 0.0]]),
    (lambda x: x.std(0).sum(), [[[0.7, 1.0], [0.7, 3.0]]], [[[0.0, -(0.5**0.5)], [0.0, 0.5**0.5]]]),
    (lambda x: mg.median(x, 0).values, [[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]),
    (lambda x: mg.mode(x, 0).values, [[2.0, 1.0, 2.0]], [[0.0, 0.0, 1.0]]),
    (lambda x: mg.quantile(x, 0.5), [[2.0, 1.0, math.inf]], [[1.0, 0.0, 0.0]]),
]
