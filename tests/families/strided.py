"""Diagonals and windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def _places(shape: tuple[int, ...], size: tuple[int, ...], start: Any, steps: Any) -> np.ndarray:
    places = np.zeros(size, int)
    for index in np.ndindex(size):
        at = np.array(start) + sum((i * np.array(step) for i, step in zip(index, steps, strict=True)), start=0)
        places[index] = np.ravel_multi_index(tuple(at), shape)
    return places


def _add_strided(input: Any, shape: tuple[int, ...], start: Any, steps: Any) -> np.ndarray:
    places = _places(shape, input.shape, start, steps)
    return np.bincount(places.reshape(-1), input.reshape(-1), math.prod(shape)).reshape(shape)


REFERENCES = {
    "strided": lambda x, size, start, steps: x.reshape(-1)[_places(x.shape, size, start, steps)],
    "add_strided": _add_strided,
}

FUNCTIONS = """
torch.diagonal(x); torch.diagonal(x, 9); torch.diagonal(x, -9); torch.diagonal(cube, 0, 0, 2); x.diagonal(1); x.diagonal(-2)
cube.diagonal(-1, dim1=-1, dim2=0); cube.diagonal(offset=1, dim1=1, dim2=2); x.T.diagonal(1); torch.linalg.diagonal(cube); n.diagonal()
torch.linalg.diagonal(cube, offset=-1, dim1=0, dim2=1); empty.diagonal(); x[::2, 1:].diagonal(1)
torch.diag(v); torch.diag(v, 1); torch.diag(v, -2); torch.diag(x); x.diag(-1); torch.diag(x, 9); v.diag(diagonal=1); torch.diag(n)
torch.diag_embed(x); torch.diag_embed(v, 1); torch.diag_embed(x, -1, 0, 2); x.diag_embed(offset=1, dim1=-1, dim2=0); torch.diag_embed(empty)
torch.diagflat(x[:2]); torch.diagflat(s, 1); v.diagflat(-1); torch.diagflat(n[:1])
x.unfold(1, 2, 1); x.unfold(0, 2, 2); x.unfold(-1, 3, 2); cube.unfold(1, 2, 1).unfold(2, 2, 2); x.unfold(1, 0, 1); s.unfold(0, 1, 1)
v.unfold(0, 4, 1); v.unfold(dimension=0, size=2, step=3); x.T.unfold(0, 2, 1); x[:, ::2].unfold(0, 2, 1); x.unfold(1, 2, 1) * x.unfold(1, 2, 1)
torch.as_strided(x, (2, 2), (1, 2)); x.as_strided((2, 2), (1, 2), 1); x.as_strided((2,), (0,)); x.as_strided((3, 3), (1, 1), 2)
x.as_strided((0, 2), (1, 1), 500); (x * 1)[1:].as_strided((2, 2), (1, 2)); x.T.as_strided((2, 3), (1, 4)); x.T.as_strided((3,), (5,)) * 2
(x * 1)[:, 1:3].as_strided((2, 2), (4, 1)); x.as_strided(size=(), stride=(), storage_offset=3); x.as_strided((2, 2, 2), (1, 1, 1))
"""

CREATION = """
torch.zeros(2, 3, 4).diagonal(dim1=-1, dim2=0, offset=-1).stride(); torch.zeros(3, 4).unfold(-1, 3, 2).stride()
[t for t in [torch.zeros(3, 4)] for u in [t.diagonal(1).fill_(2)]][0]; [t for t in [torch.zeros(3, 4)] for u in [t.unfold(1, 2, 2)[0].fill_(2)]][0]
[t for t in [torch.zeros(3, 4)] for u in [t.as_strided((3,), (5,), 1).fill_(2)]][0]; [t for t in [torch.zeros(3, 4)] for u in [t.diag().fill_(2)]][0]
[t for t in [torch.zeros(3, 4)] for u in [t[1:].as_strided((2,), (1,), 0).fill_(2)]][0]; torch.zeros(3, 4).as_strided((2, 2), (1, 2)).stride()
"""

ERRORS = """
torch.diagonal(cube, 0, 1, 1); torch.diagonal(v); x.diagonal(0, 0, 2); torch.diag(cube); torch.diag(s); torch.diag_embed(x, 0, 1, 1)
torch.diag_embed(s); torch.diag_embed(x, 0, 0, 5); torch.linalg.diagonal(v)
x.unfold(1, 5, 1); x.unfold(1, 2, 0); x.unfold(1, -1, 1); s.unfold(0, 2, 1); x.unfold(2, 1, 1)
x.as_strided((2, 20), (1, 2)); x.as_strided((2, 2), (1,)); x.as_strided((2, 2), (-1, 1)); x.as_strided((2, 2), (1, 1), -1); x.as_strided((2, -2), (1, 1))
"""

UNARY = """
a.diag(); a.diag_embed(1); a.diagflat(); a.unfold(0, 1, 1); a.as_strided((2, 2), (0, 1)); a.reshape(1, 2).diagonal()
"""
