"""``[]``, and what all reading and writing by index is made of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

CONSTANTS = {
    "k32": np.array([2, 0, 2], np.int32),
    "row_mask": np.array([True, False, True]),
    "plane_mask": np.array([[True, False, True], [False, False, True]]),
    "bytes01": np.array([1, 0, 1], np.uint8),
    "no": np.zeros(0, np.int64),
}


def _by_position(shape: tuple[int, ...], index: Any) -> np.ndarray:
    return np.arange(math.prod(shape)).reshape(shape)[index]


def _put_at(input: Any, index: Any, values: Any) -> np.ndarray:
    places = _by_position(input.shape, index)
    changed = dict(zip(places.reshape(-1), np.broadcast_to(values, places.shape).reshape(-1), strict=True))
    return np.array([changed.get(i, x) for i, x in enumerate(input.reshape(-1))]).reshape(input.shape)


def _add_at(input: Any, index: Any, shape: tuple[int, ...]) -> np.ndarray:
    places = _by_position(shape, index)
    return np.bincount(places.reshape(-1), np.broadcast_to(input, places.shape).reshape(-1), math.prod(shape)).reshape(
        shape
    )


def _scatter_along_dim(input: Any, indices: Any, dim: int | None, shape: tuple[int, ...]) -> np.ndarray:
    if dim is None:
        return _add_at(input, np.unravel_index(indices, shape), shape)
    out = np.zeros(shape)
    for place in np.ndindex(input.shape):
        target = [0 if size == 1 else i for i, size in zip(place, shape, strict=True)]
        target[dim] = np.broadcast_to(indices, input.shape)[place]
        out[tuple(target)] += input[place]
    return out


REFERENCES = {
    "getitem": lambda x, index: x.reshape(-1)[_by_position(x.shape, index)],
    "add_at": _add_at,
    "put_at": _put_at,
    "scatter_along_dim": _scatter_along_dim,
    "take_along_dim": lambda x, indices, dim=None: np.take_along_axis(x, indices, dim),
}

FUNCTIONS = """
x[1]; x[-1]; x[0, 2]; x[:, 1]; x[::2]; x[..., 1:3]; x[None]; x[:, None, 1]; x[k]; x[k, k]; x[:, k]; x[mask]; x[x > 0]; x[1:1]
x[[0, 2, 0]]; x[k, :2]; cube[:, k]; cube[0, k]; cube[..., 0]; cube[1, :, 1:]; x[three - 1]; x[k[:, None], k]; cube[:, mask]; x[0:2][1]
x[[0, 1], [1, 2]]; x[True]; x[None, ..., None]; v[mask[0]]; x[mask[:, 0]]; n[1]; s[...]; s[None]; cube[0, :, k]; x[-3:-1, -1]
x[False]; x[torch.tensor(True)]; x[torch.tensor(False)]; x[None, True]; x[True, None]; x[True, k]; x[k, True]; x[:, True, k]; x[k[:1], False]; x[k[:, None], False]
x[torch.tensor(True), k]; s[True]; s[False]; s[torch.tensor(True)]; s[()]; x[()]; x[..., ...]; x[..., 0, ...]; v[0]; v[..., 0]; s[None, None]
cube[:, 0, None, k]; cube[k % 2, :, 0]; cube[k % 2, None, k]; cube[:, k, None, k]; cube[None, k % 2, 0]; cube[:, k, ..., k]; cube[k % 2, ..., k]
cube[1, k]; cube[1, k, k]; cube[1, :, k[:, None]]; cube[k % 2, 1]; cube[k % 2, 1, k]; cube[k % 2, 1:, k]; cube[0, 1:, k]; cube[:, 1, k]
cube[k[:, None] % 2, :, k]; cube[0, ..., k]; cube[..., k, 1]; cube[..., 1, k]; cube[..., k, 1:]; cube[None, :, k, None, 1]; cube[-1, row_mask]
cube[row_mask[:2]]; cube[plane_mask]; cube[plane_mask, 1]; cube[plane_mask, k]; cube[plane_mask, :2]; cube[:, mask[:, 0], 1]; cube[:, mask][0]
cube[:, row_mask, k[:2]]; cube[0, mask]; x[row_mask, 1:]; x[:, mask[0]]; x[row_mask, mask[0]] if False else x[row_mask, k[:2]]; x[~mask]
x[k32]; x[:, k32]; x[k32, k]; x[torch.tensor(1, dtype=torch.uint8)]; x[no]; x[:, no]; x[no, no]; x[no[:, None], k]; x[[]]; x[[], 1]
x[np.array([0, 2])]; x[np.int64(1)]; x[np.array(1)]; x[three - 2:]; x[torch.tensor([1]):]; x[np.array([True, False, True])]; x[range(2)]
x[(0, 1),]; x[[True, False, True]]; x[[0, 2], :2]; x[(k, k)]; x[(0, slice(None))]
x[[1, True]]; x[2:1]; x[-100:100]; x[5:]; x[:, -1:]; x[1:, ::3]; empty[:, 1]; empty[0:0]; empty[no]; x.T[k]; x.T[1:, k]; x[::2][:, ::2][1]
x[-k - 1]; x[-k - 1, k]; x[three - three, k]; x[k, :, None]; x[:, k, None]; x[None, k]; x[k][k]; x[k] * x[k]; x[k, k] * x[1, 1]; n[k]; n[mask]
mask[k]; mask[mask]; x[torch.tensor([[0, 1], [2, 0]])]; x[..., torch.tensor([[0, 1], [2, 0]])]; x[:, torch.tensor([[0, 1], [2, 0]]), None]
torch.take_along_dim(x, along, 1); x[:, :3].take_along_dim(along.T, 0); x.take_along_dim(along, dim=-1); torch.take_along_dim(x, k)
torch.take_along_dim(x, along[:, :1], 0); torch.take_along_dim(row[None], along, 1); torch.take_along_dim(x, along[:1], 1)
torch.take_along_dim(x, x.argmax(1, keepdim=True), 1); torch.take_along_dim(x, x.argsort(1), 1); torch.take_along_dim(x, -along, 1)
torch.take_along_dim(empty, no[:, None], 1); x.take_along_dim(indices=along, dim=1); n.take_along_dim(along, 1)
"""

CREATION = """
[t for t in [torch.zeros(3, 4)] for u in [t[1:, 0].fill_(2)]][0]; [t for t in [torch.zeros(3, 4)] for u in [t[None, ..., 1].fill_(2)]][0]
[t for t in [torch.zeros(3, 4)] for u in [t[torch.tensor(1)].fill_(2)]][0]; [t for t in [torch.zeros(3, 4)] for u in [t[torch.tensor([1])].fill_(2)]][0]
[t for t in [torch.zeros(3, 4)] for u in [t[True].fill_(2)]][0]; [t for t in [torch.zeros(3, 4)] for u in [t[()].fill_(2)]][0]
torch.zeros(2, 3, 4)[:, [0, 1]].stride(); torch.zeros(3, 4).T[[0, 1]].stride()
"""

WARNS = """
x[bytes01]; x[:, bytes01.repeat(2)[:4]]; x[[[0, 1], [1, 2]]]; x[[0, slice(None)]]; x[[k, k]]; x[[torch.tensor(0), torch.tensor(1)]]; x[[0, None]]; x[[1, ...]]
"""

ERRORS = """
torch.take_along_dim(x, torch.zeros(2, 3, dtype=torch.int64), 1)
x[k, False]; x[False, k]; x[5]; x[0, 0, 0]; x[-4]; x[1.0]; x[s]; x[torch.tensor([5])]; x[torch.tensor([True, False])]; x[:, 4]; s[0]; x[k, k, k]; x[k, mask]
x[::-1]; x[::0]; x["a"]; x[1.5:]; x[{1}]; x[torch.tensor(1.0)]; x[torch.tensor([1], dtype=torch.int8)]; x[torch.tensor([1], dtype=torch.int16)]
x[:, torch.tensor([5])]; x[k, torch.tensor([0, 1])]; s[torch.tensor([True])]; x[:, torch.tensor([[True]])]; x[0, ..., 0, 0]; x[..., 0, 0, 0]
x[object()]; x[None, 5]; x[k, 7]; x[7, k]; x[mask, 0]; x[row_mask, k]; s[k]; s[:]; s[1:]; x[torch.tensor([-4])]; x[no, 9]
torch.take_along_dim(x, k, 0); torch.take_along_dim(x, x, 0); torch.take_along_dim(x, along, 2); torch.take_along_dim(x, along.int(), 1)
"""

UNARY = """
a[[1, 1, 0]]; a[None, 1]; a[torch.tensor([True, False])]; a.take_along_dim(torch.tensor([1, 1]), 0); torch.tensor([1.0, 2.0])[a if a.dtype in (torch.int32, torch.int64, torch.bool) else a.long()]; torch.tensor([1.0, 2.0]).take_along_dim(a, 0)
"""
