"""Bringing what stands along a dimension to one scale."""

from __future__ import annotations

import microgradnp as mg

F = mg.nn.functional

FUNCTIONS = """
F.normalize(x); F.normalize(x, dim=0); F.normalize(x, p=1.0); F.normalize(x, 3.0, 1); F.normalize(cube, dim=(1, 2))
F.normalize(x, float("inf")); F.normalize(x * 1e-3, eps=10.0); F.normalize(cube, dim=-1); F.normalize(v, dim=0); F.normalize(empty)
F.local_response_norm(cube, 2); F.local_response_norm(cube, 3, 0.5, 0.6, 2.0); F.local_response_norm(scenes, 5, alpha=0.3)
F.local_response_norm(cube, size=1, k=0.5); F.local_response_norm(cube[:0], 2); F.local_response_norm(scenes[..., None], 2, 1.0)
"""

SPECIAL = """
F.normalize(z[3:], dim=0); F.normalize(z, dim=0).detach()
"""

ERRORS = """
F.local_response_norm(x, 2); F.local_response_norm(cube, 0); F.local_response_norm(cube); F.normalize(v); F.normalize(n); F.normalize(x, dim=2)
"""

KINKS = [(lambda x: F.normalize(x, dim=0, eps=0.5), [[0.0, 0.0]], [[2.0, 2.0]])]
