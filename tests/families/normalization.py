"""Bringing what stands along a dimension to one scale."""

from __future__ import annotations

import numpy as np

import microgradnp as mg

F = mg.nn.functional

REFERENCES = {
    "centered": lambda x: x - x.mean(-1, keepdims=True),
    "scaled_to_one": lambda x, eps: x / np.sqrt((x * x).mean(-1, keepdims=True) + eps),
    "weighted_and_shifted": lambda x, weight, bias=0.0: x * weight + bias,
}

FUNCTIONS = """
F.normalize(x); F.normalize(x, dim=0); F.normalize(x, p=1.0); F.normalize(x, 3.0, 1); F.normalize(cube, dim=(1, 2))
F.normalize(x, float("inf")); F.normalize(x * 1e-3, eps=10.0); F.normalize(cube, dim=-1); F.normalize(v, dim=0); F.normalize(empty)
F.local_response_norm(cube, 2); F.local_response_norm(cube, 3, 0.5, 0.6, 2.0); F.local_response_norm(scenes, 5, alpha=0.3)
F.layer_norm(x, (4,)); F.layer_norm(x, [4], row); F.layer_norm(x, (4,), row, v); F.layer_norm(x, (4,), bias=v).detach(); F.layer_norm(v, (4,), v)
F.layer_norm(cube, (3, 4), x, y); F.layer_norm(cube, (4,), row, v, 0.5); F.layer_norm(cube, cube.shape, eps=0.1); F.layer_norm(empty, (3,))
F.layer_norm(x.T, (3,)); F.layer_norm(cube.permute(1, 2, 0), (4, 2), m); F.layer_norm(x * 0 + 1, (4,), row, v, eps=1.0)
F.rms_norm(x, (4,)); F.rms_norm(x, [4], row); F.rms_norm(cube, (3, 4), x); F.rms_norm(cube, (4,), row, 0.5); F.rms_norm(x, (4,), eps=0.1)
torch.rms_norm(x, (4,), row); F.rms_norm(empty, (3,)); F.rms_norm(x.T, (3,)); F.rms_norm(x.float(), (4,)).detach()
F.layer_norm(x.half(), (4,)).detach(); F.layer_norm(x.half(), (4,), row.half(), v.half()).detach(); F.rms_norm(x.half(), (4,)).detach()
F.layer_norm(x.half(), (4,), row.float(), v.float()).detach()
F.local_response_norm(cube, size=1, k=0.5); F.local_response_norm(cube[:0], 2); F.local_response_norm(scenes[..., None], 2, 1.0)
"""

SPECIAL = """
F.normalize(z[3:], dim=0); F.normalize(z, dim=0).detach()
"""

ERRORS = """
F.layer_norm(x, (3,)); F.layer_norm(x, 4); F.layer_norm(x, ()); F.layer_norm(x, (2, 3, 4)); F.layer_norm(x, (4,), column); F.layer_norm(n, (4,))
F.layer_norm(x, (4,), row, x); F.layer_norm(x, (4,), row.double()); F.layer_norm(x.double(), (4,), row); F.layer_norm(x, 4.0); F.layer_norm([1.0], (1,))
F.layer_norm(x, None); F.layer_norm(s, ()); F.rms_norm(x, (3,)); F.rms_norm(x, ()); F.rms_norm(x, (4,), column); F.rms_norm(n, (4,)); F.rms_norm(x, 4); F.rms_norm(v, (3, 4))
F.layer_norm(x)
F.local_response_norm(x, 2); F.local_response_norm(cube, 0); F.local_response_norm(cube); F.normalize(v); F.normalize(n); F.normalize(x, dim=2)
"""

KINKS = [(lambda x: F.normalize(x, dim=0, eps=0.5), [[0.0, 0.0]], [[2.0, 2.0]])]
