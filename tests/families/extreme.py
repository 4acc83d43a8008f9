"""The largest and smallest elements, and where they stand."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

nan = math.nan

REFERENCES = {
    "one_along_dim": lambda x, indices, dim: np.take_along_axis(x, np.expand_dims(indices, dim), dim).squeeze(dim),
    "max_of_all": np.max,
    "min_of_all": np.min,
    "median_of_all": lambda x: np.sort(x, None)[(x.size - 1) // 2],
    "nanmedian_of_all": lambda x: np.sort(x, None)[(x.size - 1) // 2],
}

CONSTANTS = {"tied": np.array([[1, 3, 3, 0], [2, 2, 2, 2], [0, 5, 5, 5]])}

FUNCTIONS = """
cube.permute(2, 1, 0).amax(0).view(-1); cube.permute(2, 1, 0).amin((1,)).view(-1); cube.permute(2, 1, 0).max(0).values.view(-1)
torch.amax(x); torch.amax(cube, (0, 2)); x.amax(1); x.amax(0, keepdim=True); torch.amin(x, 0); x.amin(); n.amax(1)
cube.amin((-1, 0)); x.amax(()); x.amax(dim=None, keepdim=True); x.amin([0, 1], True); s.amax(0); s.amin(-1); empty.amax(1)
mask.amax(0); mask.amin(); (x * 0 + tied).amax(1); (x * 0 + tied).amin((0, 1)); x.half().amax(0); x.T.amax(0); s.amax((0,))
torch.max(x); torch.max(x, 0); torch.max(x, y); x.max(); x.max(1); x.max(dim=1, keepdim=True); n.max(0); x.max(other=y)
x.max(-1).values; s.max(0); s.max(); s.max(-1, True); mask.max(); mask.max(0); empty.max(1); x.max(row); x.T.max(0)
(x * 0 + tied).max(); (x * 0 + tied).max(1); (x * 0 + tied).max(0, True); x.max(n); cube.max(1); cube[:, ::2].max(1)
torch.min(x); torch.min(cube, 1); torch.min(x, row); x.min(); x.min(1)[1]; x.min(0, True); cube.min(-1).indices
(x * 0 + tied).min(); (x * 0 + tied).min(1); s.min(0); n.min(); n.min(0); x.min(other=y); x.half().min(); x.half().min(0)
torch.max(x, 0, out=(torch.zeros(4, dtype=x.dtype), torch.zeros(4, dtype=torch.int64))) if not x.requires_grad else x * 1
torch.argmax(x); torch.argmax(x, 1); x.argmax(dim=0, keepdim=True); torch.argmin(cube, -1); x.argmin(); n.argmax()
x.argmin(0); x.argmax(keepdim=True); s.argmax(); s.argmin(0); s.argmax(-1, True); tied.argmax(1); tied.argmin(0)
tied.argmax(); cube.argmax(1, True); empty.argmax(1); x.T.argmax(); x.argmax(dim=None); x.argmin(axis=0)
torch.aminmax(x); torch.aminmax(x, dim=0); x.aminmax(dim=-1, keepdim=True); n.aminmax(); mask.aminmax(); s.aminmax(dim=0)
x.aminmax(keepdim=True); x.aminmax().max; x.aminmax(dim=1).min; empty.aminmax(dim=1); (x * 0 + tied).aminmax(dim=1)
torch.max(x.detach(), 0, out=(torch.zeros(0, dtype=x.dtype), torch.zeros(0, dtype=torch.int64)))
torch.max(x.detach(), out=torch.zeros((), dtype=x.dtype)); torch.amax(x.detach(), 0, out=torch.zeros(4, dtype=x.dtype))
torch.aminmax(x.detach(), out=(torch.zeros(0, dtype=x.dtype), torch.zeros(0, dtype=x.dtype)))
"""

SPECIAL = """
z.amax(); z.amin(); z.argmax(); z.argmin(); z.max(0).values; z.min(0).values; z.max(); z.min(); z.max(0); z.min(0)
z[1:].amax(); z[3:].amax(); z[3:].argmax(); z[1:].max(); z[1:].min(0).values; z[1:].max(0); a.max(1); b.max(1); b.min(1)
b.amax(1); b.amin(0); a.max(); a.min(); z.aminmax(); b.aminmax(dim=1); b.argmax(1); b.argmin(1)
"""

UNARY = """
a.amax(); a.argmax(); a.max(0).values; a.argmin(0); a.min(); a.max(); a.max(0).indices; a.aminmax().min; a.amin(0)
a.argmax(keepdim=True)
"""
BEYOND = {"bool": {"a.argmax()", "a.argmin(0)", "a.argmax(keepdim=True)"}}

ERRORS = """
x.amax(2); x.argmax(2); x.max(2); x.amax((0, 0)); empty.amax(); empty.argmax(); empty.max(); empty.amax(0); empty.max(0)
empty.argmax(0); x.amax(True); x.argmax(True); x.max(True); x.max((0, 1)); x.argmax((0, 1)); x.max("a"); x.max(1.0)
x.max(keepdim=True); empty.min(); empty.min(0); empty.amin((0, 1)); empty.aminmax(); empty.aminmax(dim=0); x.aminmax(0)
x.aminmax(dim=(0, 1)); x.aminmax(dim=2); s.max(1); s.argmax(1); s.amax(1); torch.max(3); torch.argmax([1]); x.max(m)
torch.max(x, 0, out=torch.zeros(4)); x.argmin("a")
"""

PRINTED = """
torch.tensor([3.0, 1.0]).max(0); torch.tensor([[3, 1]]).min(1, True); torch.tensor([3.0, 1.0]).aminmax()
torch.tensor([3.0, 1.0]).sort(); torch.tensor([3.0, 1.0]).median(0); torch.tensor([3.0, 1.0]).cummax(0)
torch.tensor([3.0, 1.0]).topk(1); torch.tensor([3, 1]).mode(); torch.tensor([3.0, 1.0]).histogram(2)
torch.tensor([3.0, 1.0]).kthvalue(1); torch.tensor([3.0, 1.0]).nanmedian(0); torch.tensor([3.0, 1.0]).cummin(0)
"""

KINKS = [
    (mg.amax, [[3.0, 1.0, 3.0, 3.0]], [[1 / 3, 0.0, 1 / 3, 1 / 3]]),
    (mg.amin, [[1.0, 3.0, 1.0]], [[0.5, 0.0, 0.5]]),
    (mg.max, [[1.0, 1.0, 0.0]], [[0.5, 0.5, 0.0]]),
    (mg.max, [[nan, 1.0, nan]], [[0.5, 0.0, 0.5]]),
    (mg.min, [[1.0, nan, 1.0]], [[0.0, 1.0, 0.0]]),
    (mg.median, [[1.0, 1.0, 0.0]], [[0.5, 0.5, 0.0]]),
    (mg.median, [[nan, 1.0, nan]], [[0.5, 0.0, 0.5]]),
    (mg.nanmedian, [[nan, 1.0, nan, 1.0]], [[0.0, 0.5, 0.0, 0.5]]),
    (lambda x: mg.max(x, 0).values, [[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]),
    (lambda x: mg.min(x, 0).values, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]),
    (lambda x: mg.max(x, 0).values, [[1.0, nan, nan]], [[0.0, 1.0, 0.0]]),
    (lambda x: mg.aminmax(x).max, [[1.0, 1.0, 0.0]], [[0.5, 0.5, 0.0]]),
]
