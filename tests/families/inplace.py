"""Writing into tensors."""

from __future__ import annotations

import numpy as np

REFERENCES = {
    "overwrite": lambda x, other: np.broadcast_to(other, x.shape),
}

FUNCTIONS = """
(x * 1).copy_(row); (x * 1).fill_(2); (x * 1).zero_(); torch.fill_(x * 1, 2); torch.zero_(x * 1)
(x * 1).fill_(s)
[t.__setitem__(0, y[0]) or t for t in [x * 1]][0]
[t.__setitem__((slice(None), k), column) or t for t in [x * 1]][0][:, :2]
[t.__setitem__(mask, 0.5) or t for t in [x * 1]][0] * y; [t[0].__setitem__(1, s) or t for t in [x * 1]][0]
[t.__setitem__((0, slice(None), k), y[:, :3]) or t for t in [cube * 1]][0]
"""
