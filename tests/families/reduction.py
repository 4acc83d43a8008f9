"""Sums, products, means, logsumexp, any and all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.special

import microgradnp as mg


def _sum_to(input: Any, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    for place in np.ndindex(input.shape):
        own = place[input.ndim - len(shape) :]
        out[tuple(0 if size == 1 else i for i, size in zip(own, shape, strict=True))] += input[place]
    return out


def _logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    return scipy.special.logsumexp(input, axis=dim if input.ndim else None, keepdims=keepdim)


REFERENCES = {"sum_to": _sum_to, "logsumexp": _logsumexp}

OPERANDS = {
    "holes": ((3, 4), -3, 3), "row_of_5": ((5,), 0.5, 2), "no_columns": ((3, 0), 0, 1), "far": ((3, 4), 995, 1005),
}  # fmt: skip

FUNCTIONS = """
cube.permute(2, 1, 0).sum(0).view(-1); cube.permute(2, 1, 0).mean(1).view(-1); cube.permute(2, 1, 0).prod(2).view(-1); cube.permute(2, 1, 0).logsumexp(0).view(-1); cube.gt(0).permute(2, 1, 0).any(0).view(-1); cube.gt(0).permute(2, 1, 0).all(0, keepdim=True).view(-1)
torch.sum(x); torch.sum(cube, (0, 2), True); x.sum(dim=1); x.sum(0, keepdim=True); x.sum(-1); n.sum(); mask.sum(0)
s.sum(); s.sum(0); s.sum(-1); s.sum((0,)); x.sum(axis=0); x.sum(axis=(0, 1), keepdims=True)
cube.sum([0, -1]); x.sum(dtype=torch.float64); n.sum(dtype=torch.float32); empty.sum(0); empty.sum(); x.sum(())
x.sum(dim=None); x.sum([]); x.sum(dtype=torch.float16); x.sum(0, dtype=torch.float32); n.sum(dtype=torch.bool)
x.detach().sum(dtype=torch.int64); n.sum(1, dtype=torch.int8); x.half().sum(0); x.T.sum(1); cube[:, ::2].sum(1); x.sum(0, True)
torch.mean(x); torch.mean(cube, (0, 1)); x.mean(1); x.mean(0, True); x.mean(dim=-1, keepdim=True); x.mean(())
n.mean(dtype=torch.float32); s.mean(); x.mean(dtype=torch.float64); cube.mean([0, 2]); empty.mean(1); x.detach().half().mean(0)
empty.mean(); empty.mean(0); x.mean(axis=0); n.mean(0, dtype=torch.float64); s.mean(0); no_columns.mean(0)
torch.nansum(x); torch.nansum(x, 0); x.nansum((0, 1), True); n.nansum(); mask.nansum(0); x.nansum(dtype=torch.float64)
torch.nansum(torch.where(mask, x, float("nan"))); torch.where(mask, x, float("nan")).nansum(1, keepdim=True)
torch.nanmean(x); torch.nanmean(x, 0); x.nanmean((0, 1), True); torch.where(mask, x, float("nan")).nanmean(1)
torch.where(mask, x, float("nan")).nanmean(dim=0, keepdim=True); x.nanmean(dtype=torch.float64); x.detach().half().nanmean()
torch.nanmean(x * float("nan"), 0); x.nansum(dim=-1); empty.nanmean(0)
torch.prod(x); torch.prod(x, 0); x.prod(1); x.prod(dim=-1, keepdim=True); cube.prod(1); s.prod(); s.prod(0); n.prod()
n.prod(0); mask.prod(1); x.prod(dtype=torch.float64); x.prod(0, dtype=torch.float64); n.prod(dtype=torch.float32)
empty.prod(); empty.prod(0); empty.prod(1); (x * mask).prod(0); (x * mask).prod(); (x * mask).prod(1, True)
(x[:, :3] * mask[:, :3]).prod(); x.detach().half().prod(0); x.T.prod(0); cube[:, :, ::2].prod(-1); v[:1].prod(); x.prod(0, True)
(row_of_5 * torch.tensor([1, 0, 1, 1, 1])).prod(); (row_of_5 * torch.tensor([1, 0, 0, 1, 1])).prod(0)
(row_of_5 * torch.tensor([0, 0, 0, 1, 1])).prod(); n.to(torch.uint8).prod(); x.detach().prod(dtype=torch.int64)
torch.count_nonzero(x); torch.count_nonzero(n, 0); n.count_nonzero((0, 1)); n.count_nonzero(dim=-1); mask.count_nonzero(1)
n.count_nonzero(()); empty.count_nonzero(); s.count_nonzero(0); x.count_nonzero([0])
torch.logsumexp(x, 0); torch.logsumexp(x, (0, 1)); x.logsumexp(1); x.logsumexp(-1, True); x.logsumexp(dim=0, keepdim=True)
cube.logsumexp((0, -1)); cube.logsumexp([1], True); s.logsumexp(0); n.logsumexp(0); far.logsumexp(0); (-far).logsumexp(1)
(far * 10).logsumexp((0, 1)); empty.logsumexp(1); empty.logsumexp(0); x.detach().half().logsumexp(0); x.T.logsumexp(1)
three.logsumexp(0); torch.logsumexp(torch.where(mask, x, -float("inf")), 1)
torch.all(mask); torch.all(mask, 1); torch.any(mask, dim=0); mask.all(); mask.any(1, keepdim=True); (x > 0).all(0)
n.any(); x.all(); cube.gt(0).any((0, 1)); mask.any(()); n.all([]); mask.all((0, 1), True); n.any(keepdim=True)
mask.all(keepdim=True); empty.all(); empty.any(0); empty.all(0); s.any(0); three.all(0); mask.any([0, -1])
"""

SPECIAL = """
z.sum(); z.mean(); z.all(); z.any(); z.nansum(); z.nanmean(); z[1:].nansum(); z[3:].prod()
z.count_nonzero(); z.logsumexp(0); z[1:].logsumexp(0); z[2:].logsumexp(0); z[2:3].logsumexp(0); a[:, 2:].logsumexp(1)
a.logsumexp((0, 1)); a[2:, 2:].logsumexp(0); a[3:, 3:].prod(1); a.nansum(0); a.nanmean(1)
"""

UNARY = """
a.all(); a.any(); a.all(0); a.any((0,), True); a.any(()); a.sum(); a.mean(); a.sum(dtype=torch.float64); a.sum(dtype=torch.int64); a.sum(dtype=torch.float32); a.nansum(); a.prod()
a.nanmean(); a.prod(0); a.prod(dtype=torch.int64); a.prod(dtype=torch.float16); a.count_nonzero(); a.logsumexp(0)
a.sum(0, dtype=torch.uint8); a.sum(dtype=torch.bool); a.nansum(dtype=torch.float64); a.mean(dtype=torch.float16)
a.mean(dtype=torch.int64); a.sum(dtype=torch.float16); a.nanmean(dtype=torch.float32)
"""

ERRORS = """
x.logsumexp(()); x.logsumexp([])
x.sum(2); x.sum(-3); x.mean(5); x.sum((0, 0)); x.sum((0, -2)); x.sum("a"); s.sum(1); x.sum(True); x.sum((True,))
x.sum(1.0); x.mean(True); x.sum([0, 0]); x.mean((0, 0)); x.sum(0, dtype="nope"); s.sum((0, 0)); x.sum(dtype=3)
n.mean(); mask.mean(); n.mean(0); n.nanmean(); x.mean(dtype=torch.int64); x.nanmean(dtype=torch.int64); x.nansum(2)
x.prod((0, 1)); x.prod(2); x.prod(True); s.prod(1); x.prod(1.5); x.prod("a"); x.count_nonzero(2); x.count_nonzero((0, 0))
x.logsumexp(); x.logsumexp(2); x.logsumexp((0, 0)); x.logsumexp("a"); x.all(2); x.any((0, 0)); x.any(True); x.all(1.0)
torch.sum(3); torch.mean([1.0]); torch.prod(2.0); torch.logsumexp("a", 0); x.sum(out=3); x.sum(dims=0); x.nansum("a")
"""

KINKS = [
    (mg.prod, [[0.0, 2.0, 3.0]], [[6.0, 0.0, 0.0]]),
    (mg.prod, [[0.0, 0.0, 3.0]], [[0.0, 0.0, 0.0]]),
    (lambda x: x.prod(0), [[[0.0, 2.0], [4.0, 0.0]]], [[[4.0, 0.0], [0.0, 2.0]]]),
    (mg.nansum, [[math.nan, 1.0]], [[0.0, 1.0]]),
    (mg.nanmean, [[math.nan, 1.0, 3.0]], [[0.0, 0.5, 0.5]]),
    (lambda x: mg.logsumexp(x, 0), [[-math.inf, 1.0]], [[0.0, 1.0]]),
    (lambda x: mg.logsumexp(x, 0), [[-math.inf, -math.inf]], [[math.nan, math.nan]]),
]
