"""Distances and similarities between vectors."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

OPERANDS = {
    "pts": ((4, 3), -2, 2), "pts2": ((2, 3), -2, 2), "pts3": ((2, 4, 3), -2, 2), "pts27": ((27, 2), -2, 2),
}  # fmt: skip

REFERENCES = {
    "distances": lambda a, b, p: np.linalg.vector_norm(a[..., :, None, :] - b[..., None, :, :], ord=p, axis=-1),
}

KINKS = [
    (lambda x, p=p: mg.cdist(x, x.detach(), p=p), [[[1.0, 2.0]]], [[[0.0, 0.0]]])
    for p in (0, 0.5, 1, 1.5, 2, 3, math.inf)
] + [
    (lambda x, p=p: mg.nn.functional.pdist(x, p), [[[1.0, 2.0], [1.0, 2.0]]], [[[0.0, 0.0], [0.0, 0.0]]])
    for p in (1, 2, 3)
]
KINKS += [  # so is the gradient's own, in the direction of the other point as well
    (
        lambda x, p=p: mg.autograd.grad(mg.cdist(x, x.detach(), p=p).sum(), x, create_graph=True)[0],
        [[[1.0, 2.0]]],
        [[[0.0, 0.0]]],
    )
    for p in (1.5, 2, 3)
]

# PyTorch has no second derivatives of cdist and pdist.
FIRST_ORDER = """
torch.cdist(pts, pts2); torch.cdist(pts, pts2, p=1); torch.cdist(pts, pts2, p=3); torch.cdist(pts, pts2, 1.5); torch.cdist(pts, pts2, p=0.5)
torch.cdist(pts, pts2, p=float("inf")); torch.cdist(pts, pts2, p=0); torch.cdist(pts3, pts2); torch.cdist(pts3, pts3[:, :2]); torch.cdist(pts3[:, None], pts3)
torch.cdist(pts, pts, p=1.5); torch.cdist(pts, pts2.detach() * 0); torch.cdist(pts[:0].detach(), pts2.detach()); torch.cdist(pts[:, :0].detach(), pts2[:, :0].detach()); torch.cdist(pts.detach(), pts2[:0].detach())
torch.cdist(pts, pts[[0, 0, 1]]); torch.cdist(pts, pts[[0, 0, 1]], p=1); torch.cdist(pts, pts[[0, 0, 1]], p=float("inf")); torch.cdist(pts, pts[[0, 0, 1]], p=3)
torch.cdist(pts, pts2, compute_mode="donot_use_mm_for_euclid_dist"); torch.cdist(pts, pts2, compute_mode="use_mm_for_euclid_dist"); torch.cdist(pts.T.contiguous().T, pts2)
torch.cdist(torch.tensor([[0.0, 1, 1]]).to(pts.dtype) * pts.abs().ceil() / pts.abs().ceil(), pts2 * 0, p=float("inf"))
torch.cdist(pts27.double(), pts[:, :2].double()); torch.cdist(pts27, pts27[:3], compute_mode="donot_use_mm_for_euclid_dist"); torch.cdist(pts27, 1 + pts27[:3], p=1)
F.pdist(pts); torch.pdist(pts); F.pdist(pts, 1); F.pdist(pts, p=3); F.pdist(pts, p=0); F.pdist(pts, p=float("inf")); F.pdist(pts, 1.5); F.pdist(pts[:1].detach()); F.pdist(pts[[0, 0, 1]])
F.pdist(pts[:0].detach()); F.pdist(pts[:, :0].detach())
"""

FUNCTIONS = """
F.pairwise_distance(pts, pts.flip(0)); torch.pairwise_distance(pts, pts[:1]); F.pairwise_distance(x, v); F.pairwise_distance(x, y, p=1); F.pairwise_distance(x, y, 3, keepdim=True)
F.pairwise_distance(x, y, p=float("inf")); F.pairwise_distance(x, y, eps=0.5); F.pairwise_distance(v, row); F.pairwise_distance(cube, x); F.pairwise_distance(n, n + 1); F.pairwise_distance(x, x)
F.pairwise_distance(x[:0], v)
F.cosine_similarity(x, y); torch.cosine_similarity(x, y, dim=0); F.cosine_similarity(x, v); F.cosine_similarity(x, y, -1, 5.0); F.cosine_similarity(cube, x, dim=2); F.cosine_similarity(v, row, dim=0)
F.cosine_similarity(cube[:, None], batch.mT, dim=-1); F.cosine_similarity(x, n); F.cosine_similarity(1e-9 * x, y); F.cosine_similarity(x.detach().half(), y.detach().half())
"""

SPECIAL = """
torch.cdist(a, b); torch.cdist(a, b, p=1); torch.cdist(a, b, p=0); F.pairwise_distance(a, b); F.cosine_similarity(a, b)
"""

ERRORS = """
torch.cdist(x, v); torch.cdist(x, pts); torch.cdist(x, y.double()); torch.cdist(n, n); torch.cdist(x, y, p=-1); torch.cdist(x, y, compute_mode="foo"); torch.cdist(x, 2); torch.cdist(x.half(), y.half())
torch.cdist(cube, pts3[:1, :, [0, 0, 0, 0]].expand(3, 4, 4)); F.pdist(v); F.pdist(n); F.pdist(x, p=-1); F.pdist(x.half()); F.cosine_similarity(n, n); F.cosine_similarity(x, y, dim=2); F.cosine_similarity(x, w3)
F.pairwise_distance(x, w3); F.cosine_similarity(mask, mask); F.pairwise_distance(x, 2)
"""
