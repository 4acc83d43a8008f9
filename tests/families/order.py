"""Sorting, choosing the first few, unique elements, searching, where elements stand."""

from __future__ import annotations

from typing import Any

import numpy as np


def _places_of_first(input: Any, k: int, dim: int, largest: bool) -> Any:
    return np.take(np.argsort(-input if largest else input, axis=dim), range(k), dim)


def _argsort(input: Any, dim: int = -1, descending: bool = False) -> Any:
    return np.argsort(-input if descending else input, axis=dim)


REFERENCES = {
    "places_of_first": _places_of_first,
    "argsort": _argsort,
    "searchsorted": np.searchsorted,
    "isin": np.isin,
    "argwhere": np.argwhere,
}

CONSTANTS = {
    "often": np.array([3, 1, 3, 2, 2, 1, 3]),
    "pairs": np.array([[3, 1], [2, 2], [3, 1], [0, 5], [2, 2]]),
    "stairs": np.array([-2.0, -1.0, 0.5, 0.5, 2.0]),
    "backwards": np.array([4, 3, 2, 1, 0]),
}

FUNCTIONS = """
torch.sort(x); torch.sort(x, 0); torch.sort(x, dim=-1, descending=True); x.sort(); x.sort(0, True); cube.sort(1); s.sort()
x.sort(stable=True); x.sort(stable=True, dim=0, descending=True); n.sort(); n.sort(descending=True); mask.sort(1); s.sort(0)
x.sort(0).values; x.sort(1, True).values[:, :2]; empty.sort(0); empty.sort(1); (x * 0 + n.sign()).sort(dim=1, stable=True)
(x * 0 + n.sign()).sort(dim=1, descending=True, stable=True); x.T.sort(0); x.half().sort(); often.sort(); often.sort(stable=True)
often.sort(descending=True, stable=True); cube[:, ::2].sort(-1); x.sort(axis=0)
torch.argsort(x); torch.argsort(x, 0, True); x.argsort(); x.argsort(dim=0, descending=True, stable=True); s.argsort()
often.argsort(stable=True); often.argsort(descending=True, stable=True); cube.argsort(1); empty.argsort(0)
torch.msort(x); x.msort(); cube.msort(); s.msort(); n.msort()
torch.topk(x, 2); torch.topk(x, 2, 0); x.topk(2, 0, False, True); x.topk(k=3, dim=1, largest=False); x.topk(4); x.topk(0)
s.topk(1); s.topk(0); cube.topk(2, 1); x.topk(2).values; row.topk(1); torch.topk(x, 1, largest=False)
torch.arange(40.0).sin().topk(3); torch.arange(40.0).sin().topk(3, largest=False); empty.topk(0); x.T.topk(2, 0)
(x.reshape(1, 12) * y.reshape(12, 1)).topk(2, 0); (x.reshape(1, 12) * y.reshape(12, 1)).topk(2, 1, False)
torch.kthvalue(x, 2); torch.kthvalue(x, 1, 0, True); x.kthvalue(3); x.kthvalue(2, dim=0, keepdim=True); s.kthvalue(1)
cube.kthvalue(2, 1); n.kthvalue(1); empty.kthvalue(1, 1) if False else x.kthvalue(4).values; row.kthvalue(2)
torch.unique(often); often.unique(); torch.unique(often, return_inverse=True); torch.unique(often, True, True, True)
torch.unique(often, return_counts=True); often.unique(sorted=True, return_inverse=True); n.unique(return_inverse=True)
torch.unique(pairs, dim=0); torch.unique(pairs, dim=0, return_inverse=True, return_counts=True); pairs.unique(dim=1)
pairs.unique(dim=-1, return_counts=True); mask.unique(dim=0); mask.unique(); three.unique(return_inverse=True)
x.detach().unique(); x.detach().unique(dim=0); empty.detach().unique(return_inverse=True, return_counts=True)
empty.detach().unique(dim=0, return_inverse=True, return_counts=True); n.unique(dim=1, return_inverse=True)
torch.stack([pairs, pairs + 1, pairs], 1).unique(dim=1); torch.stack([pairs, pairs], 2).unique(dim=2)
torch.unique_consecutive(often); often.unique_consecutive(return_inverse=True, return_counts=True); n.unique_consecutive()
torch.unique_consecutive(often.sort().values, True, True); torch.unique_consecutive(pairs[[0, 2, 1, 4]], dim=0)
pairs[[0, 2, 1, 4]].unique_consecutive(True, True, 0); three.unique_consecutive(True, True); mask.unique_consecutive(dim=1)
empty.detach().unique_consecutive(True, True); empty.detach().unique_consecutive(dim=0)
torch.searchsorted(stairs.detach(), x.to(stairs.dtype)); torch.searchsorted(stairs.detach(), 0.5); torch.searchsorted(often.sort().values, often)
torch.searchsorted(stairs.detach(), stairs.detach(), right=True); torch.searchsorted(stairs.detach(), stairs.detach(), side="right", out_int32=True)
torch.searchsorted(x.sort().values, x); torch.searchsorted(cube.sort().values, cube[..., :2].contiguous(), right=True)
torch.searchsorted(stairs.detach()[backwards], stairs.detach(), sorter=backwards, side="left"); torch.searchsorted(often.sort().values, 2)
torch.searchsorted(stairs.detach()[:0], stairs.detach()); torch.searchsorted(stairs.detach(), three); torch.searchsorted(x.sort().values, empty[:, :0].reshape(3, 0))
torch.bucketize(x.to(stairs.dtype), stairs.detach()); torch.bucketize(stairs.detach(), stairs.detach(), right=True); torch.bucketize(0.5, stairs.detach())
torch.bucketize(often, often.sort().values, out_int32=True); torch.bucketize(n, stairs.detach())
torch.isin(often, torch.tensor([1, 2])); torch.isin(n, 2); torch.isin(2, n); torch.isin(n, often, invert=True)
torch.isin(often, n, assume_unique=False); torch.isin(pairs, pairs[0]); torch.isin(x, x[0]); torch.isin(n, 2.0)
torch.isin(torch.tensor([1, 2, 3]), torch.tensor([2, 5]), assume_unique=True, invert=True); torch.isin(n, stairs.detach())
torch.nonzero(x); x.nonzero(); n.nonzero(); mask.nonzero(as_tuple=True); torch.nonzero(mask, as_tuple=True); s.nonzero()
s.nonzero(as_tuple=True); (s * 0).nonzero(); empty.nonzero(); cube.gt(0).nonzero(); (n == 5).nonzero(as_tuple=False)
torch.argwhere(x); mask.argwhere(); s.argwhere(); n.argwhere(); empty.argwhere()
torch.sort(x.detach(), out=(torch.zeros(3, 4, dtype=x.dtype), torch.zeros(3, 4, dtype=torch.int64)))
torch.searchsorted(stairs.detach(), stairs.detach(), out=torch.zeros(5, dtype=torch.int64)); torch.nonzero(mask, out=torch.zeros(0, dtype=torch.int64))
"""

SPECIAL = """
z.sort(); z.sort(descending=True, stable=True); z.sort(stable=True); z.argsort(stable=True); z.topk(3).values; z[[1, 2, 5, 6, 7]].kthvalue(3)
z.topk(8, largest=False).values; z.kthvalue(8); b.sort(dim=1, stable=True); b.sort(dim=1, descending=True, stable=True)
z.detach().unique(); z.detach().unique(return_counts=True); z.detach().unique_consecutive(); z.nonzero(); z.argwhere()
torch.isin(z.detach(), z.detach()); torch.searchsorted(z.detach()[[2, 6, 3, 5, 7, 1]], z.detach()); b.detach().unique(dim=1)
torch.searchsorted(z.detach()[[2, 6, 3, 5, 7, 1]], z.detach(), right=True); a.detach().unique(dim=0, return_inverse=True)
torch.bucketize(z.detach(), z.detach()[[2, 6, 3, 5, 7, 1]]); z[1:].sort().values; z[1:].topk(2).values
"""

UNARY = """
a.topk(1).values; a.kthvalue(1).values; a.sort().values; a.argsort(); a.msort(); a.topk(1).values; a.kthvalue(1).values; a.unique(); a.nonzero(); a.argwhere()
a.unique_consecutive(); torch.isin(a, a); torch.searchsorted(a, a); torch.bucketize(a, a); a.sort(descending=True).indices
"""
MEETINGS = "torch.isin(a, b)"

ERRORS = """
torch.isin(mask, mask); torch.isin(n, True); torch.isin(mask, 1); torch.isin(1, mask); mask.topk(1); mask.kthvalue(1)
x.sort(2); s.sort(1); x.sort("a"); x.sort(descending=1); torch.sort([1]); x.argsort(2); x.argsort((0,)); x.sort(0, 1)
x.topk(5); x.topk(-1); x.topk(2, 3); x.topk(2.0); x.topk(True); s.topk(2); x.topk(); x.kthvalue(0); x.kthvalue(5); s.kthvalue(2)
x.kthvalue(1, 2); empty.kthvalue(1, 0); x.kthvalue(1.5); x.kthvalue("a"); empty.topk(4)
x.unique(dim=2); s.unique(dim=0); empty.unique(dim=1); x.unique_consecutive(dim=3); empty.unique_consecutive(dim=1)
often.unique(dim=1); (x * 1).unique().sum().backward(); x.unique(dim=0).sum().backward(); x.unique_consecutive().sum().backward()
torch.searchsorted(s, x); torch.searchsorted(x, row[:2]); torch.searchsorted(x, 2.0); torch.searchsorted(row, x, side="q")
torch.searchsorted(row, x, side="left", right=True); torch.searchsorted(row, x, sorter=k); torch.searchsorted(row, x, sorter=row)
torch.searchsorted(row[:2], x, sorter=torch.tensor([1, 2])); torch.searchsorted(x, x[:2]); torch.searchsorted(mask[0], mask)
torch.bucketize(x, x); torch.bucketize("a", row); torch.isin(2.0, 3.0); torch.isin(x, "a")
torch.nonzero(3); x.nonzero(1); torch.sort(x.detach(), out=torch.zeros(3)); torch.argwhere(2)
"""
