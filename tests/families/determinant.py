"""Determinants, and their derivatives, which do not need an inverse."""

from __future__ import annotations

import numpy as np

import microgradnp as mg


def _cofactors(a: np.ndarray) -> np.ndarray:
    out = np.zeros_like(a)
    for *batch, i, j in np.ndindex(a.shape):
        minor = np.delete(np.delete(a[tuple(batch)], i, 0), j, 1)
        out[(*batch, i, j)] = (-1) ** (i + j) * np.linalg.det(minor)
    return out


def _cofactors_along(a: np.ndarray, direction: np.ndarray) -> np.ndarray:
    h = 1.0  # the cofactors are a polynomial of degree 2 at most: the central difference is exact
    return (_cofactors(a + h * direction) - _cofactors(a - h * direction)) / (2 * h)


REFERENCES = {
    "cofactors": _cofactors,
    "cofactors_along": _cofactors_along,
    "inverse_or_infinite": np.linalg.inv,
    "logabsdet": lambda a: np.linalg.slogdet(a)[1],
    "sign_of_det": lambda a: np.linalg.slogdet(a)[0],
}

KINKS = [
    (mg.det, [[[0.0, 0.0], [0.0, 0.0]]], [[[0.0, 0.0], [0.0, 0.0]]]),
    (
        lambda x: mg.autograd.grad(mg.det(x), x, create_graph=True)[0] * mg.tensor([[1.0, 2.0], [3.0, 4.0]]),
        [[[0.0, 0.0], [0.0, 0.0]]],
        [[[4.0, -3.0], [-2.0, 1.0]]],
    ),
    (mg.logdet, [[[-1.0, 0.0], [0.0, 1.0]]], [[[0.0, 0.0], [0.0, 0.0]]]),
]

FUNCTIONS = """
(a33.detach() * 0).logdet()
torch.det(a33 + torch.eye(3)); (a33 - torch.eye(3)).det(); torch.linalg.det(a233 + torch.eye(3)); torch.det(a33[:2, :2] + torch.eye(2)); torch.det(a33[:1, :1] + 1); torch.linalg.det(x[:0, :0])
torch.det(a233[:0] + torch.eye(3)); torch.det(a33.T + torch.eye(3)); torch.det(a233[None] - torch.eye(3)); torch.linalg.det(a33 @ a33.T + torch.eye(3)); torch.det(torch.diag_embed(p[0]))
torch.slogdet(a33 + torch.eye(3)).logabsdet; torch.slogdet(a33 + torch.eye(3)); (a33 - torch.eye(3)).slogdet(); torch.linalg.slogdet(a233 + torch.eye(3)); torch.linalg.slogdet(x[:0, :0])
torch.linalg.slogdet(a233[:0] * 1); torch.linalg.slogdet(a233[:, None] - torch.eye(3)).sign; torch.linalg.slogdet(a33.T - torch.eye(3))[1]
torch.logdet(a33 + torch.eye(3)); (a233 + torch.eye(3)).logdet(); torch.logdet(-a33 @ a33.T - torch.eye(3)); torch.logdet(a33[:0, :0])
"""

# PyTorch's determinant of a singular matrix has an accurate first gradient only.
FIRST_ORDER = """
torch.det(a33.double() + sing3); torch.det((a33.double() * 0 + 1) * sing3); torch.det(u3.double()[:, None] * w3.double() + 0 * a33); torch.det(a33 * 0); torch.linalg.det(a233 * 0)
"""

SPECIAL = "torch.linalg.det(a[:3, :3] * 0 + 1)"

ERRORS = """
torch.linalg.det(x); torch.det(v); torch.det(n[:, :3]); torch.det(a33.half()); torch.slogdet(x); torch.linalg.slogdet(v); torch.logdet(x); torch.linalg.slogdet(n[:, :3]); torch.det(2)
"""
