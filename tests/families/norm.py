"""Norms of vectors and matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import microgradnp as mg

inf, nan = math.inf, math.nan


def _vector_norm(input: Any, ord: float = 2, dim: Any = None, keepdim: bool = False) -> Any:
    return np.linalg.vector_norm(input, ord=ord, axis=dim if input.ndim else None, keepdims=keepdim)


REFERENCES = {"vector_norm_of": _vector_norm}

FUNCTIONS = """
torch.linalg.vector_norm(cube.permute(2, 1, 0), dim=0).view(-1); torch.linalg.vector_norm(cube.permute(2, 1, 0), 1, dim=0).view(-1)
torch.norm(x); torch.norm(x, 2, 1); torch.norm(x, p=2, dim=[0, 1], keepdim=True); torch.norm(x, dim=0); torch.norm(x, "fro", (0, 1))
torch.norm(x, float("inf"), dim=-1); x.norm(); x.norm(2, dtype=torch.float64); x.norm(1, 0, True, torch.float64); x.norm(p="fro")
torch.norm(x, "fro", dim=0); torch.norm(x, None, 0); x.norm(3); x.norm(0); x.norm(0.5); x.norm(-1, 1); x.norm(-float("inf"))
cube.norm(dim=(0, 2)); s.norm(); s.norm(1, 0); x.detach().half().norm(); (x.detach().half() * 100).norm(); empty.norm(); empty.norm(2, 0); cube.norm("fro")
x.norm(1, (0, 1)); x.norm(float("inf"), (0, 1)); x.T.norm(dim=0); x.norm(p=4, dim=1); x.norm(2.5, 0); x.norm(dim=())
torch.linalg.vector_norm(x); torch.linalg.vector_norm(x, 1); torch.linalg.vector_norm(x, 0); torch.linalg.vector_norm(x, 3, 1)
torch.linalg.vector_norm(x, float("inf")); torch.linalg.vector_norm(x, -float("inf"), 0); torch.linalg.vector_norm(x, -1, 1, True)
torch.linalg.vector_norm(x, 0.5, (0, 1)); torch.linalg.vector_norm(x, 2.5, dim=0); torch.linalg.vector_norm(cube, 3, (0, -1), True)
torch.linalg.vector_norm(x, 4); torch.linalg.vector_norm(x, 1.5); torch.linalg.vector_norm(x, -2.5); torch.linalg.vector_norm(s, 2)
torch.linalg.vector_norm(x, dtype=torch.float64); torch.linalg.vector_norm(x, 3, (0, 1), True, dtype=torch.float64); torch.linalg.vector_norm(x, dim=())
torch.linalg.vector_norm(empty, float("inf"), 1) if False else torch.linalg.vector_norm(empty, 1, 0); torch.linalg.vector_norm(x.detach().half(), 3)
torch.linalg.vector_norm(x * 0 + n.sign(), float("inf"), 1); torch.linalg.vector_norm(x * 0 + tied, -float("inf")); torch.linalg.vector_norm(empty, 0.5)
torch.linalg.vector_norm(x, True); torch.linalg.vector_norm(x, 5); torch.linalg.vector_norm(x, 2, 0); torch.linalg.vector_norm(x, -3, 0)
torch.linalg.matrix_norm(x); torch.linalg.matrix_norm(cube); torch.linalg.matrix_norm(x, 1); torch.linalg.matrix_norm(x, -1)
torch.linalg.matrix_norm(x, float("inf")); torch.linalg.matrix_norm(cube, -float("inf"), (0, 2), True); torch.linalg.matrix_norm(x, dtype=torch.float64)
torch.linalg.matrix_norm(cube, 1, dim=(0, -1), keepdim=True); torch.linalg.matrix_norm(cube, float("inf"), (2, 0)); torch.linalg.matrix_norm(x, "fro", (-2, -1), True)
torch.linalg.matrix_norm(no_columns.detach(), 1); torch.linalg.matrix_norm(empty.detach(), float("inf")); torch.linalg.matrix_norm(x * 0 + n.sign(), 1)
torch.linalg.norm(x); torch.linalg.norm(cube); torch.linalg.norm(v, 0); torch.linalg.norm(v, 3); torch.linalg.norm(x, 1); torch.linalg.norm(x, "fro")
torch.linalg.norm(x, 3, 0); torch.linalg.norm(x, float("inf"), (1, 0)); torch.linalg.norm(x, 1, (0,)); torch.linalg.norm(x, keepdim=True)
torch.linalg.norm(cube, dim=(0, 1), keepdim=True); torch.linalg.norm(v, keepdim=True); torch.linalg.norm(s); torch.linalg.norm(x, 1, keepdim=True)
torch.linalg.norm(x, float("inf"), 0, dtype=torch.float64); torch.linalg.norm(empty, 1); torch.linalg.norm(cube, -1, (1, 2))
torch.dist(x, y); torch.dist(x, y, 1); torch.dist(x, row, 3); x.dist(y); x.dist(y, p=float("inf")); torch.dist(x, n); torch.dist(x.detach(), y.detach(), 0)
torch.renorm(x, 2, 0, 5); torch.renorm(x, 1, 1, 2.5); x.renorm(p=2, dim=0, maxnorm=1); x.renorm(float("inf"), -1, 1.5); cube.renorm(2, 1, 3)
torch.renorm(x, 0.5, 0, 5); x.renorm(3, 1, 0); (x * 1).renorm_(2, 0, 2.0); x.renorm(2, 0, 1000)
torch.norm(x.detach(), 2, 0, out=torch.zeros(4, dtype=x.dtype)); torch.linalg.norm(x.detach(), out=torch.zeros((), dtype=x.dtype))
torch.norm_except_dim(cube); torch.norm_except_dim(x, 2, 1); torch.norm_except_dim(cube, 3, -2); torch.norm_except_dim(cube, 1, dim=-1); torch.norm_except_dim(v)
"""

# PyTorch's second derivatives of these norms where an element is 0 are nan.
FIRST_ORDER = """
(x * 1e-5).half().norm(dim=1)
torch.linalg.vector_norm(x * mask, 0.5); torch.linalg.vector_norm(x * mask, 1.5); torch.linalg.vector_norm(x * mask, -1, 1)
torch.linalg.vector_norm(x * 0); torch.linalg.vector_norm(x * 0, 3, 0); torch.linalg.vector_norm(x * 0, 0.5); torch.norm(x * 0, dim=1)
torch.dist(x, x); torch.linalg.vector_norm(x * mask, 2.5); torch.linalg.vector_norm(x * 0, float("inf")); x.dist(x, 3)
"""

SPECIAL = """
z[3:].norm(); z[1:].norm(); z.norm(); z.norm(3); z[1:].norm(3); z[[1, 2, 5, 6, 7]].norm(0.5); z[1:].norm(-1); z.norm(float("inf")); z.norm(1)
a.renorm(2, 0, 1.0); b[:, 3:].renorm(2, 0, 1.0); b.renorm(1, 1, 1.0)
z[1:].norm(float("inf")); z[1:].norm(-float("inf")); z[3:].norm(-float("inf")); z[1:].norm(1.5); b[:, 3:].norm(dim=1); b[:, 3:].norm(2.5, 0); b[3:].norm(2.5, 0)
"""

UNARY = "a.norm(); torch.linalg.vector_norm(a, 1); torch.linalg.norm(a); a.dist(a); a.norm(float('inf'))"

ERRORS = """
n.norm(); torch.linalg.vector_norm(n); torch.linalg.norm(n); torch.norm(n, dtype=torch.float32); x.norm(dtype=torch.int64)
x.double().norm(dtype=torch.float32); torch.linalg.vector_norm(x, dtype=torch.float16); x.norm("x"); torch.norm(cube, "fro", (0, 1, 2)) if False else x.norm("y")
empty.norm(float("inf")); empty.norm(float("inf"), 0); empty.norm(-1); torch.linalg.vector_norm(empty, -1); torch.linalg.vector_norm(x, "fro")
torch.linalg.vector_norm(x, 2, (0, 0)); torch.linalg.vector_norm(x, 2, 3); torch.linalg.vector_norm(x, None); x.norm(2, 5); x.norm(2, (0, 0))
torch.linalg.norm(cube, 2); torch.linalg.norm(x, 3); torch.linalg.norm(x, "fro", 0); torch.linalg.norm(s, 1); torch.linalg.norm(cube, 1, (0, 1, 2))
torch.linalg.norm(x, dim=()); torch.linalg.norm(v, "fro"); torch.linalg.norm(v, 2, (0, 1)); torch.linalg.norm(x, "a"); torch.linalg.norm(n, 1)
torch.linalg.matrix_norm(v); torch.linalg.matrix_norm(x, 3); torch.linalg.matrix_norm(x, "x"); torch.linalg.matrix_norm(x, dim=(0, 0)); torch.linalg.matrix_norm(n)
torch.linalg.matrix_norm(cube, dim=(0, 1, 2)); torch.linalg.matrix_norm(x, None); torch.linalg.matrix_norm(x, 0); torch.norm(x, "nuc", dim=0)
x.renorm(0, 0, 5); x.renorm(2, 0, -5); v.renorm(2, 0, 5); n.renorm(2, 0, 5); x.renorm(2, 2, 5); torch.dist(n, n); torch.dist(x, torch.ones(5))
"""

KINKS = [
    (mg.norm, [[0.0, 0.0]], [[0.0, 0.0]]),
    (mg.norm, [[0.0, -4.0]], [[0.0, -1.0]]),
    (lambda x: mg.norm(x, inf), [[2.0, -2.0, 1.0]], [[0.5, -0.5, 0.0]]),
    (lambda x: mg.norm(x, -inf), [[2.0, -2.0, 1.0]], [[0.0, 0.0, 1.0]]),
    (lambda x: mg.norm(x, 1), [[2.0, 0.0, -1.0]], [[1.0, 0.0, -1.0]]),
    (lambda x: mg.norm(x, 3), [[0.0, 0.0]], [[0.0, 0.0]]),
    (lambda x: mg.norm(x, 0.5), [[0.0, 0.0]], [[0.0, 0.0]]),
    (lambda x: mg.norm(x, 0), [[0.0, 2.0]], [[0.0, 0.0]]),
    (mg.ops.norm.vector_norm_of, [[0.0, 0.0]], [[0.0, 0.0]]),
]
