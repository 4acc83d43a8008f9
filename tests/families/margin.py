"""Losses with a margin."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

F = mg.nn.functional
inf, nan = math.inf, math.nan

CONSTANTS = {
    "signs": np.array([[1, -1, 1, 1], [-1, -1, 1, -1], [1, 1, -1, 1]]),
    "labels": np.array([[3, 0, -1, 1], [-1, 2, 0, 1], [1, 2, 3, 0]]),
    "twice": np.array([[0, 0, -1, -1], [1, 1, 1, -1], [2, 2, 2, 2]]),
}

FUNCTIONS = """
F.soft_margin_loss(x, signs * 1.0); F.soft_margin_loss(x, signs); F.soft_margin_loss(x, signs * 1.0, reduction="sum")
F.soft_margin_loss(x, signs * 1.0, reduction="none"); F.soft_margin_loss(x, signs[0] * 1.0)
F.soft_margin_loss(x.half(), signs.half()).detach()
F.hinge_embedding_loss(x, signs); F.hinge_embedding_loss(x, signs, 2.0); F.hinge_embedding_loss(x, signs * 1.0, reduction="none")
F.hinge_embedding_loss(x, signs, reduction="sum"); F.hinge_embedding_loss(x, n); F.hinge_embedding_loss(x, signs[0])
F.hinge_embedding_loss(x.half(), signs).detach()
F.margin_ranking_loss(x, y, signs); F.margin_ranking_loss(x, y, signs, 0.5); F.margin_ranking_loss(x, y, signs * 1.0, reduction="none")
F.margin_ranking_loss(x, y, signs, reduction="sum"); F.margin_ranking_loss(x, y[:1], signs); F.margin_ranking_loss(v, row, signs[0], margin=-1.0)
F.margin_ranking_loss(x.half(), y.half(), signs).detach()
F.cosine_embedding_loss(x, y, signs[:, 0]); F.cosine_embedding_loss(x, y, signs[:, 0], 0.3); F.cosine_embedding_loss(v, row, signs[0, 0])
F.cosine_embedding_loss(x, y, signs[:, 1] * 1.0, reduction="none"); F.cosine_embedding_loss(x, y, signs[:, 1], -0.5, reduction="sum")
F.cosine_embedding_loss(x, y[:1], signs[:, 0]); F.cosine_embedding_loss(x, y, n[:, 0])
F.cosine_embedding_loss(x.half(), y.half(), signs[:, 0]).detach()
F.triplet_margin_loss(x, y, p); F.triplet_margin_loss(x, y, p, 2.0, 1); F.triplet_margin_loss(x, y, p, margin=5.0, swap=True)
F.triplet_margin_loss(x, y, p, 3.0, reduction="none"); F.triplet_margin_loss(x, y, p, p=3.0, reduction="sum"); F.triplet_margin_loss(v, row, p[0])
F.triplet_margin_loss(x, y[:1], p, 9.0); F.triplet_margin_loss(x, y, p, eps=0.1)
F.triplet_margin_with_distance_loss(x, y, p); F.triplet_margin_with_distance_loss(x, y, p, margin=4.0, swap=True, reduction="none")
F.triplet_margin_with_distance_loss(x, y, p, distance_function=lambda u, w: ((u - w) ** 2).sum(1), reduction="sum")
F.triplet_margin_with_distance_loss(x, y, p, distance_function=lambda u, w: 1 - (u * w).mean(1), margin=0.5, swap=True)
"""

# PyTorch has no second derivative of these.
FIRST_ORDER = """
F.multi_margin_loss(x, classes); F.multi_margin_loss(x, classes, 2); F.multi_margin_loss(x, classes, 1, 0.5, p.detach()[0])
F.multi_margin_loss(x, classes, p=2, margin=2.0, weight=p.detach()[0], reduction="none"); F.multi_margin_loss(x, classes, reduction="sum")
F.multi_margin_loss(v, three); F.multi_margin_loss(v, classes[:1], reduction="none"); F.multi_margin_loss(v, three, reduction="none")
F.multi_margin_loss(x, classes, margin=-5.0); F.multi_margin_loss(s, three * 0)
F.multilabel_margin_loss(x, labels); F.multilabel_margin_loss(x, labels, reduction="sum"); F.multilabel_margin_loss(x, labels, reduction="none")
F.multilabel_margin_loss(x, twice, reduction="none"); F.multilabel_margin_loss(v, labels[0]); F.multilabel_margin_loss(v, labels[2], reduction="none")
F.multilabel_margin_loss(x, labels * 0 - 1); F.multilabel_margin_loss(s, three * 0)
"""

SPECIAL = """
F.margin_ranking_loss(z, z * 0, z * 0 + 1, reduction="none").detach(); F.hinge_embedding_loss(z[3:], z[3:] * 0 - 1, reduction="none")
F.soft_margin_loss(z[3:], z[3:].detach() * 0 + 1, reduction="none")
"""

WARNS = """
F.soft_margin_loss(x, signs * 1.0, False); F.soft_margin_loss(x, signs * 1.0, reduce=False)
F.hinge_embedding_loss(x, signs, 1.0, False); F.hinge_embedding_loss(x, signs, reduce=False)
F.margin_ranking_loss(x, y, signs, 0, False); F.margin_ranking_loss(x, y, signs, reduce=False)
F.cosine_embedding_loss(x, y, signs[:, 0], 0, False); F.cosine_embedding_loss(x, y, signs[:, 0], reduce=False)
F.triplet_margin_loss(x, y, p, 1.0, 2, 1e-6, False, False); F.triplet_margin_loss(x, y, p, reduce=False)
F.multi_margin_loss(x, classes, 1, 1.0, None, False); F.multi_margin_loss(x, classes, reduce=False)
F.multilabel_margin_loss(x, labels, False); F.multilabel_margin_loss(x, labels, reduce=False)
"""

ERRORS = """
F.soft_margin_loss(x, y, reduction="max"); F.soft_margin_loss(n, n); F.soft_margin_loss(x, torch.ones(5)); F.soft_margin_loss(x)
F.hinge_embedding_loss(x, torch.ones(5)); F.hinge_embedding_loss(x, signs, reduction="max")
F.margin_ranking_loss(x, y, signs[0]); F.margin_ranking_loss(x, y[0], signs); F.margin_ranking_loss(x, y, s); F.margin_ranking_loss(x, y)
F.margin_ranking_loss(x, y, signs, reduction="max"); F.margin_ranking_loss(x, y, torch.ones(1, 5)); F.cosine_embedding_loss(x, y, row)
F.cosine_embedding_loss(x, y, signs); F.cosine_embedding_loss(x, y, s); F.cosine_embedding_loss(v, row, row); F.cosine_embedding_loss(cube, cube, k)
F.cosine_embedding_loss(x, y, k, reduction="max"); F.cosine_embedding_loss(x, y[0], k); F.triplet_margin_loss(x, y, p, -1.0)
F.triplet_margin_loss(x, y, p, margin=0); F.triplet_margin_loss(x, y[0], p); F.triplet_margin_loss(x, y[:2], p)
F.triplet_margin_loss(x, y, p, reduction="max"); F.triplet_margin_with_distance_loss(x, y, p, margin=-1)
F.triplet_margin_with_distance_loss(x, y[0], p); F.triplet_margin_with_distance_loss(x, y, p, 2.0)
F.triplet_margin_with_distance_loss(x, y, p, reduction="max"); F.multi_margin_loss(x, classes, 3); F.multi_margin_loss(x, classes + 1)
F.multi_margin_loss(x, classes - 1); F.multi_margin_loss(x, classes[:2]); F.multi_margin_loss(x, n); F.multi_margin_loss(cube, classes[:2])
F.multi_margin_loss(x, classes * 1.0); F.multi_margin_loss(x, classes.int()); F.multi_margin_loss(x, classes, weight=torch.ones(3))
F.multi_margin_loss(x, classes, weight=torch.ones(4).double()); F.multi_margin_loss(x, classes, weight=torch.ones(1, 4)); F.multi_margin_loss(n, classes)
F.multi_margin_loss(x[:, :0], classes); F.multi_margin_loss(x, classes, reduction="max"); F.multi_margin_loss(v, classes)
F.multilabel_margin_loss(x, labels[0]); F.multilabel_margin_loss(x, labels[:, :2]); F.multilabel_margin_loss(x, labels + 1)
F.multilabel_margin_loss(x, labels - 1); F.multilabel_margin_loss(x, labels * 1.0); F.multilabel_margin_loss(x, labels.int())
F.multilabel_margin_loss(cube, cube.long() * 0); F.multilabel_margin_loss(x[:, :0], labels[:, :0]); F.multilabel_margin_loss(x, labels, reduction="max")
F.multilabel_margin_loss(n, labels)
"""

ONE, FIRST = mg.tensor([[1.0, 1.0]], dtype=mg.float64), mg.tensor([0])

KINKS = [
    (lambda x: F.hinge_embedding_loss(x, -ONE[0], reduction="sum"), [[1.0, 2.0]], [[-1.0, 0.0]]),
    (
        lambda x, y: F.margin_ranking_loss(x, y, ONE[0], reduction="sum"),
        [[1.0, 2.0], [1.0, 1.0]],
        [[-1.0, 0.0], [1.0, 0.0]],
    ),
    (lambda x: F.multi_margin_loss(x, FIRST, reduction="sum"), [[[1.0, 0.0]]], [[[0.0, 0.0]]]),
    (lambda x: F.multilabel_margin_loss(x, mg.tensor([[0, -1]])), [[[1.0, 0.0]]], [[[0.0, 0.0]]]),
    (lambda x: F.soft_margin_loss(x, ONE[0], reduction="sum"), [[1000.0, -1000.0]], [[0.0, -1.0]]),
    (
        lambda a, b, c: F.triplet_margin_loss(a, b, c, eps=0.0),
        [[[0.0, 0.0]], [[0.0, 0.0]], [[1.0, 0.0]]],
        [[[1.0, 0.0]], [[0.0, 0.0]], [[-1.0, 0.0]]],
    ),
]
