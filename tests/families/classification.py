"""Losses of probabilities and classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import microgradnp as mg

F = mg.nn.functional
inf, nan = math.inf, math.nan

OPERANDS = {"share": ((3, 4), 0.1, 0.4), "shares": ((2, 3, 4), 0.1, 0.5), "scenes": ((2, 3, 2, 2), -3, 3)}
CONSTANTS = {
    "classes": np.array([3, 0, 2]),
    "ignoring": np.array([1, -100, 1]),
    "ignored": np.full(3, -100),
    "places": np.array([[0, 2, 1, 1], [2, -100, 0, 2]]),
    "pixels": np.array([[[0, 2], [1, 1]], [[2, 0], [0, 2]]]),
}


def _cross_entropy_of_classes(x: np.ndarray, chosen: np.ndarray, dim: int, reduction: str = "none") -> np.ndarray:
    losses = -np.where(chosen, x - np.log(np.exp(x).sum(dim, keepdims=True)), 0.0).sum(dim)
    return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[reduction]


REFERENCES = {
    "cross_entropy_of_bits": lambda p, target: -(target * np.log(p) + (1 - target) * np.log(1 - p)),
    "cross_entropy_of_classes": _cross_entropy_of_classes,
}

FUNCTIONS = """
F.cross_entropy(empty.T, empty.T * 1, label_smoothing=0.4, reduction="none"); F.cross_entropy(x[:0, :0], classes[:0], label_smoothing=0.3, reduction="none")
F.binary_cross_entropy(q, target); F.binary_cross_entropy(q, target, reduction="sum"); F.binary_cross_entropy(empty, empty)
F.binary_cross_entropy(q, target, weight=p.detach()); F.binary_cross_entropy(q, target, p.detach(), reduction="none")
F.binary_cross_entropy(q, mask.to(q.dtype)); F.binary_cross_entropy(q, target, row.detach())
F.binary_cross_entropy(q.half(), target.half()).detach()
F.binary_cross_entropy_with_logits(x, target); F.binary_cross_entropy_with_logits(x, target, reduction="none")
F.binary_cross_entropy_with_logits(x, target, weight=p.detach(), reduction="sum"); F.binary_cross_entropy_with_logits(x, mask.to(x.dtype))
F.binary_cross_entropy_with_logits(x, target, pos_weight=p.detach()[0]); F.binary_cross_entropy_with_logits(50 * x, mask.to(x.dtype))
F.binary_cross_entropy_with_logits(x, target, row.detach(), pos_weight=p.detach())
F.binary_cross_entropy_with_logits(x.half(), target.half()).detach()
F.binary_cross_entropy_with_logits(empty, empty)
F.kl_div(x, share, reduction="batchmean"); F.kl_div(x, share, reduction="sum"); F.kl_div(x, share, reduction="none")
F.kl_div(x, y, log_target=True, reduction="batchmean"); F.kl_div(x, y, reduction="none", log_target=True); F.kl_div(x, share[0], reduction="sum")
F.kl_div(s, s + 1, reduction="batchmean"); F.kl_div(x, -share, reduction="none").detach()
F.kl_div(x.half(), share.half(), reduction="sum").detach(); F.kl_div(x.log_softmax(1), y.softmax(1), reduction="batchmean")
F.nll_loss(x, classes); F.nll_loss(x, classes, reduction="sum"); F.nll_loss(x, classes, reduction="none"); F.nll_loss(x, ignoring)
F.nll_loss(x, classes, p.detach()[0]); F.nll_loss(x, classes, weight=p.detach()[0], ignore_index=2); F.nll_loss(x, ignoring, reduction="none")
F.nll_loss(x, ignored); F.nll_loss(x, ignored, reduction="sum"); F.nll_loss(v, three); F.nll_loss(v, classes[:1]).detach(); F.nll_loss(cube, places)
F.nll_loss(cube, places, p.detach()[0, :3]); F.nll_loss(cube, places, reduction="none"); F.nll_loss(scenes, pixels); F.nll_loss(v, three, reduction="none")
F.nll_loss(scenes, pixels, slopes.detach(), ignore_index=1, reduction="sum"); F.nll_loss(x, classes.to(torch.uint8))
F.nll_loss(x[:0], classes[:0]); F.nll_loss(x[:0], classes[:0], reduction="sum"); F.nll_loss(v, classes[:1], reduction="none").detach()
F.nll_loss(x.half(), classes).detach(); F.nll_loss(scenes[..., None], pixels[..., None]); F.nll_loss(scenes[..., :0], pixels[..., :0])
F.nll_loss(F.log_softmax(x, 1), classes); F.nll_loss(x[:, :3], ignoring, reduction="none")
F.cross_entropy(x, classes); F.cross_entropy(x, classes, reduction="sum"); F.cross_entropy(x, classes, reduction="none")
F.cross_entropy(x, classes, p.detach()[0]); F.cross_entropy(x, classes, weight=p.detach()[0], reduction="sum"); F.cross_entropy(x, ignoring)
F.cross_entropy(x, classes, ignore_index=3); F.cross_entropy(x, ignored); F.cross_entropy(x, ignored, reduction="sum"); F.cross_entropy(v, three)
F.cross_entropy(x, classes, label_smoothing=0.1); F.cross_entropy(x, ignoring, label_smoothing=0.3); F.cross_entropy(x, classes, label_smoothing=1.0)
F.cross_entropy(x, ignoring, p.detach()[0], label_smoothing=0.3); F.cross_entropy(x, classes, p.detach()[0], reduction="none", label_smoothing=0.3)
F.cross_entropy(x, ignoring, p.detach()[0], reduction="sum", label_smoothing=0.3); F.cross_entropy(x, ignored, label_smoothing=0.3)
F.cross_entropy(cube, places); F.cross_entropy(cube, places, slopes.detach(), label_smoothing=0.2); F.cross_entropy(cube, places, reduction="none")
F.cross_entropy(scenes, pixels); F.cross_entropy(scenes, pixels, reduction="none", label_smoothing=0.2); F.cross_entropy(300 * x, classes)
F.cross_entropy(x, share); F.cross_entropy(x, share, reduction="sum"); F.cross_entropy(x, share, reduction="none"); F.cross_entropy(x, share, p[0])
F.cross_entropy(x, share, p.detach()[0], label_smoothing=0.2); F.cross_entropy(cube, shares); F.cross_entropy(cube, shares, slopes, reduction="none")
F.cross_entropy(cube, shares, slopes, label_smoothing=0.4); F.cross_entropy(v, row); F.cross_entropy(v, row, p[0], reduction="none")
F.cross_entropy(x, F.one_hot(classes, 4) * 1.0); F.cross_entropy(x, y.softmax(1))
F.cross_entropy(x, classes, None, None, -100, None, "mean", 0.0); F.cross_entropy(x.half(), classes).detach(); F.cross_entropy(x[:0], classes[:0]); F.cross_entropy(x, classes.to(torch.uint8)); F.cross_entropy(x @ m @ m.T, classes)
F.cross_entropy(v, three, label_smoothing=0.2); F.cross_entropy(v, three, p.detach()[0]); F.cross_entropy(v, three, ignore_index=3)
F.cross_entropy(cube, shares, label_smoothing=0.1, reduction="sum"); F.cross_entropy(x, classes, label_smoothing=-0.5)
F.multilabel_soft_margin_loss(x, target); F.multilabel_soft_margin_loss(x, target, p.detach()); F.multilabel_soft_margin_loss(x, mask * 1.0)
F.multilabel_soft_margin_loss(x, target, row, reduction="none"); F.multilabel_soft_margin_loss(cube, shares, reduction="sum")
F.multilabel_soft_margin_loss(v, row)
F.multilabel_soft_margin_loss(x, n); F.multilabel_soft_margin_loss(50 * x, target); F.multilabel_soft_margin_loss(x.half(), target.half()).detach()
F.multilabel_soft_margin_loss(x, row)
"""

# PyTorch's second derivative of the cross entropy is off by 1e-7 near saturation.
FIRST_ORDER = """
F.binary_cross_entropy(1 - q / 5000, target); F.binary_cross_entropy(q / 5000, target)
F.binary_cross_entropy(torch.sigmoid(3 * x), target)
"""

SPECIAL = """
F.binary_cross_entropy_with_logits(z, z * 0 + 1, reduction="none"); F.binary_cross_entropy_with_logits(z, z * 0, reduction="none")
F.cross_entropy(a, torch.arange(8)); F.cross_entropy(a[3:, 3:], torch.arange(5), reduction="none"); F.nll_loss(a, torch.arange(8), reduction="none")
F.cross_entropy(b, torch.arange(8), ignore_index=0, reduction="sum"); F.kl_div(z, z * 0 + 1, reduction="none"); F.cross_entropy(a[:, 2:], torch.arange(8) % 6)
F.kl_div(z, z * 0 + 1, log_target=True, reduction="none"); F.multilabel_soft_margin_loss(z[3:], z[3:] * 0)
F.cross_entropy(a[4:, 2:], torch.arange(4) + 1, label_smoothing=0.2, reduction="none"); F.cross_entropy(a[4:, 2:], a[4:, 2:].detach() * 0 + 0.5)
"""

WARNS = """
F.binary_cross_entropy(q, target, None, False); F.binary_cross_entropy(q, target, reduce=False)
F.binary_cross_entropy_with_logits(x, target, None, False); F.binary_cross_entropy_with_logits(x, target, reduce=False)
F.kl_div(x, share); F.kl_div(x, share, False); F.kl_div(x, share, reduce=False); F.kl_div(x, y, log_target=True)
F.nll_loss(x, classes, None, False); F.nll_loss(x, classes, reduce=False)
F.cross_entropy(x, classes, None, False); F.cross_entropy(x, classes, reduce=False)
F.multilabel_soft_margin_loss(x, target, None, False); F.multilabel_soft_margin_loss(x, target, reduce=False)
"""

ERRORS = """
F.binary_cross_entropy(mask, mask); F.binary_cross_entropy(q, target, reduction="no"); F.binary_cross_entropy(x, target)
F.binary_cross_entropy(q, target[0]); F.binary_cross_entropy(q, x); F.binary_cross_entropy(q, target.double()); F.binary_cross_entropy(q, n)
F.binary_cross_entropy(q, target, torch.ones(5)); F.binary_cross_entropy(q, target, torch.ones(2, 3, 4)); F.binary_cross_entropy(q * float("nan"), target)
F.binary_cross_entropy_with_logits(x, target[0]); F.binary_cross_entropy_with_logits(x, target, reduction=None)
F.binary_cross_entropy_with_logits(n, n); F.binary_cross_entropy_with_logits(x, target, torch.ones(5))
F.binary_cross_entropy_with_logits(x, target, pos_weight=torch.ones(3)); F.kl_div(n, n); F.kl_div(x, share, reduction="max")
F.kl_div(x, torch.ones(5), reduction="sum"); F.nll_loss(x, classes + 1); F.nll_loss(x, classes - 1); F.nll_loss(x, classes * 1.0)
F.nll_loss(x, classes[:2]); F.nll_loss(x, three); F.nll_loss(s, three); F.nll_loss(v, classes); F.nll_loss(x, n); F.nll_loss(cube, classes)
F.nll_loss(cube, places[:, :2]); F.nll_loss(scenes, places); F.nll_loss(n, classes); F.nll_loss(x, classes, reduction="max"); F.nll_loss(x, x)
F.nll_loss(x, classes.int()); F.nll_loss(x, classes, torch.ones(3)); F.nll_loss(x, classes, torch.ones(4).double()); F.nll_loss(cube, places + 1)
F.nll_loss(x, classes, torch.ones(4, 1)); F.cross_entropy(x, classes + 1); F.cross_entropy(x, classes - 1); F.cross_entropy(x, classes * 1.0)
F.cross_entropy(x, classes[:2]); F.cross_entropy(x, three); F.cross_entropy(s, three); F.cross_entropy(v, classes); F.cross_entropy(x, n)
F.cross_entropy(cube, places[:, :2]); F.cross_entropy(cube, classes[:2]); F.cross_entropy(n, classes); F.cross_entropy(x, share[:2])
F.cross_entropy(x, classes, reduction="max"); F.cross_entropy(x, classes, label_smoothing=1.5); F.cross_entropy(x, share, label_smoothing=1.5)
F.cross_entropy(x, share, ignore_index=1); F.cross_entropy(x, classes, torch.ones(3)); F.cross_entropy(x, share, torch.ones(3))
F.cross_entropy(x, classes, torch.ones(4).double()); F.cross_entropy(x, share, torch.ones(1, 4)); F.cross_entropy(x, classes.int()); F.cross_entropy(x)
F.multilabel_soft_margin_loss(x, target, reduction="max"); F.multilabel_soft_margin_loss(s, s); F.multilabel_soft_margin_loss(n, n)
F.multilabel_soft_margin_loss(x, torch.ones(5)); F.cross_entropy(s, s.detach())
"""


def _bce(logits: Any, target: Any) -> Any:
    return F.binary_cross_entropy_with_logits(logits, target, reduction="sum")


CLASSES = mg.tensor([0, -100])

KINKS = [
    (F.binary_cross_entropy, [[0.0, 1.0], [1.0, 0.0]], [[-5e11, 5e11], [inf, -inf]]),
    (_bce, [[1000.0, -1000.0, 1000.0], [1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0], [-1000.0, 1000.0, -1000.0]]),
    (lambda x: F.cross_entropy(x, CLASSES), [[[1000.0, -1000.0], [nan, inf]]], [[[0.0, 0.0], [nan, nan]]]),
    (lambda x: F.cross_entropy(x, CLASSES), [[[-1000.0, 1000.0], [0.0, 9.0]]], [[[-1.0, 1.0], [0.0, 0.0]]]),
    (lambda x: F.cross_entropy(x, CLASSES[1:]), [[[1.0, 2.0]]], [[[0.0, 0.0]]]),
    # Where the target is 0 PyTorch's gradient of the target is nan.
    (lambda x, t: F.kl_div(x, t, reduction="sum"), [[-1.0, -1.0], [0.0, 1.0]], [[0.0, -1.0], [1.0, 2.0]]),
]
