"""Variances, standard deviations, covariances and correlations."""

from __future__ import annotations

from typing import Any

import numpy as np

import microgradnp as mg


def _variance(input: Any, dim: Any, correction: float, keepdim: bool = False) -> Any:
    return np.var(input, axis=dim, ddof=correction, keepdims=keepdim)


def _deviation(input: Any, dim: Any, correction: float, keepdim: bool = False) -> Any:
    return np.std(input, axis=dim, ddof=correction, keepdims=keepdim)


REFERENCES = {
    "variance": _variance,
    "deviation": _deviation,
}

FUNCTIONS = """
cube.permute(2, 1, 0).std(0).view(-1); cube.permute(2, 1, 0).var(1).view(-1)
torch.std(x); torch.std(x, 0); torch.std(x, (0, 1), True); x.std(); x.std(1); x.std(0, True); x.std(True); x.std(False)
x.std(unbiased=False); x.std(dim=0, unbiased=True, keepdim=True); x.std(0, False, True); x.std(correction=0); x.detach().std(())
x.std(0, correction=2); x.std(dim=-1, keepdim=True); cube.std((0, 2)); cube.std([1], correction=0.5); x.std(axis=0)
x.detach().half().std(0); x.T.std(1); x.std(dim=None, keepdim=True); x.std(correction=None); (x + 10).std(0); (x * 0 + 0.5).std()
(x * 0 + 0.1).std(0); (column * 0.1 + row * 0).std(1); cube[:, ::2].std(1); x.std((0, 1), True, True)
torch.var(x); torch.var(x, 0); torch.var(x, (0, 1), True); x.var(); x.var(1); x.var(0, True); x.var(True); x.var(False)
x.var(unbiased=False); x.var(0, False, True); x.var(correction=0); x.var(0, correction=2); x.var(dim=-1, keepdim=True)
cube.var((0, 2)); cube.var([1], correction=0.5); x.detach().half().var(); x.detach().var([]); (x * 0 + 0.1).var(1); x.var(dim=0, unbiased=False)
torch.std_mean(x); torch.std_mean(x, 0, True); torch.std_mean(x, dim=(0, 1), correction=0, keepdim=True)
torch.std_mean(x, False); torch.std_mean(x, 1, False, True); torch.std_mean(cube, [0, -1])
torch.var_mean(x); torch.var_mean(x, 0, True); torch.var_mean(x, dim=(0, 1), correction=0, keepdim=True)
torch.var_mean(x, unbiased=False); torch.var_mean(cube, 1)
torch.cov(x); x.cov(); torch.cov(x, correction=0); torch.cov(v); torch.cov(x, fweights=torch.tensor([1, 2, 3, 4]))
torch.cov(x, aweights=p.detach()[0]); torch.cov(x, correction=0, aweights=p.detach()[0]); torch.cov(n); torch.cov(n[0])
torch.cov(x, fweights=torch.tensor([1, 2, 3, 4]), aweights=p.detach()[0]); x.T.cov(); torch.cov(x[:1])
torch.corrcoef(x[:, :3] + mask[:, :3]); x.corrcoef(); torch.corrcoef(v); x.T.corrcoef(); torch.corrcoef(x[:2])
torch.std(x.detach(), 0, out=torch.zeros(4, dtype=x.dtype))
"""

SPECIAL = """
z.std(); z.var(); z[3:].std()
z[3:].var()
"""

# No degrees of freedom.
WARNS = """
x[:, :1].var(1); x[:, :1].std(1); x.std(0, correction=3); x.var(0, correction=3)
"""

UNARY = """
a.std(); a.var(); a.cov()
torch.std_mean(a)[1]; a.corrcoef()
"""

ERRORS = """
n.std(); mask.var(); x.std(2); x.std((0, 0)); x.std("a"); x.std(1.0); x.std(0, unbiased=True, correction=1); torch.std(3)
torch.std_mean(n); torch.var_mean(x, 3); torch.cov(cube); torch.corrcoef(cube); torch.cov(x, fweights=k); torch.cov(x, fweights=row)
torch.cov(x, aweights=torch.tensor([1, 2, 3, 4])); torch.cov(x, aweights=-p[0]); torch.cov(x, fweights=torch.tensor([-1, 2, 3, 4]))
torch.cov(x, aweights=p)
"""

KINKS = [
    (mg.std, [[0.1, 0.1, 0.1]], [[0.0, 0.0, 0.0]]),
    (mg.var, [[0.1, 0.1, 0.1]], [[0.0, 0.0, 0.0]]),
    (lambda x: x.var(0), [[[0.7, 1.0], [0.7, 3.0]]], [[[0.0, -2.0], [0.0, 2.0]]]),
]
