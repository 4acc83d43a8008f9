"""Histograms, and how often whole numbers occur."""

from __future__ import annotations

import numpy as np

REFERENCES = {
    "histc": lambda input, bins, low=0.0, high=1.0: np.histogram(input, bins, (low, high))[0].astype(input.dtype),
}

FUNCTIONS = """
torch.histogram(x.detach(), 2, out=(torch.zeros(2, dtype=x.dtype), torch.zeros(3, dtype=x.dtype))).hist; torch.histc(x.detach()); torch.histc(x.detach(), 5, -3, 3); x.detach().histc(bins=4)
x.detach().histc(3, min=-1, max=2); torch.histc(torch.ones(3), 4); torch.histc(torch.tensor([1.0, 2.0, 1.0]), 4, 0, 3)
empty.detach().histc(3); x.detach().half().histc(3); torch.histogram(x.detach(), 3)
x.detach().histogram(torch.tensor([-2.0, 0.0, 2.5], dtype=x.dtype)); x.detach().histogram(4, range=(-1.0, 2.0))
torch.histogram(x.detach(), 3, weight=p.detach(), density=True); torch.histogram(x.detach(), bins=2, density=True)
torch.histogram(x.detach(), 3, range=(5.0, 6.0), density=True)
torch.histogram(torch.ones(3), 2); torch.histogram(empty.detach(), 2)
torch.histogram(x.detach(), 3, range=(2.0, 2.0)); x.detach().histogram(4, weight=p.detach()); torch.bincount(often)
often.bincount(); torch.bincount(often, minlength=6); often.bincount(p.detach().reshape(-1)[:7], 5)
torch.bincount(often, weights=often); torch.bincount(often[:0]); torch.bincount(often[:0], minlength=3)
often.to(torch.uint8).bincount(); torch.bincount(often, weights=p.detach().half().reshape(-1)[:7])
"""

SPECIAL = """
z.detach().histc(3, -1, 2)
"""

UNARY = """
a.histc(2); a.bincount(); a.histogram(2).hist
"""

ERRORS = """
n.histc(3); x.detach().histc(0); x.detach().histc(2, 3, 1); torch.histc(torch.tensor([float("nan"), 1.0]), 2)
x.detach().histc("a"); n.histogram(3); x.detach().histogram(0); x.detach().histogram(3, range=(5.0, 2.0))
torch.histogram(x.detach(), stairs); torch.bincount(n); torch.bincount(row.detach()); torch.bincount(mask[0])
torch.bincount(often, minlength=-1); torch.bincount(often, often[:2]); torch.bincount(torch.tensor([-1, 2]))
"""
