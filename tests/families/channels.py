"""Normalization of channels."""

from __future__ import annotations

import numpy as np

OPERANDS = {"mean3": ((3,), -2, 2), "var3": ((3,), 0.5, 2), "images": ((2, 3, 2, 2), -3, 3)}


def _channels(x):
    """The axes of a channel, and a function that makes one value for each broadcast."""
    return (0, *range(2, x.ndim)), lambda values: values.reshape(-1, *(1,) * (x.ndim - 2))


def _mean(x):
    return x.mean(_channels(x)[0], keepdims=True)


def _weighted(x, weight, bias=None):
    beside = _channels(x)[1]
    return x * beside(weight) + (0.0 if bias is None else beside(bias))


REFERENCES = {
    "centered_channels": lambda x: x - _mean(x),
    "channels_scaled_to_one": lambda x, eps: x / np.sqrt(_mean(x * x) + eps),
    "weighted_channels": _weighted,
}

FUNCTIONS = """
F.batch_norm(x, None, None, training=True); F.batch_norm(x, None, None, row, v, True, 0.1, 0.1); F.batch_norm(cube, None, None, mean3, var3, True)
F.batch_norm(images, None, None, var3, training=True); F.batch_norm(x, row.detach(), (v * v).detach(), row, v)
F.batch_norm(cube, mean3.detach(), var3.detach()); F.batch_norm(images, mean3.detach(), var3.detach(), var3, mean3, eps=0.1)
F.batch_norm(cube.permute(2, 1, 0), None, None, mean3, training=True); F.batch_norm(cube[:, :, ::2], None, None, var3, mean3, True)
F.instance_norm(cube); F.instance_norm(images, None, None, var3, mean3, eps=0.1)
F.instance_norm(images, mean3.detach(), var3.detach(), mean3, use_input_stats=False)
F.group_norm(images, 1); F.group_norm(images, 3, mean3, var3); F.group_norm(x, 2, row, v, 0.1); F.group_norm(cube.mT, 2, row)
F.batch_norm(empty, None, None, training=True); F.batch_norm(empty, mean3.detach(), var3.detach(), mean3, var3)
F.instance_norm(cube[:0]); F.group_norm(empty, 3)
F.batch_norm(x.half(), None, None, row.half(), v.half(), True).detach(); F.instance_norm(cube.half()).detach()
F.group_norm(x.half(), 2, row.float()).detach()
"""

# The second derivative raises in PyTorch.
FIRST_ORDER = """
F.batch_norm(images, None, None, None, mean3, training=True, eps=0.5)
"""

CREATION = """
[i := torch.linspace(-1, 3, 24).view(2, 3, 2, 2), a := torch.zeros(3), b := torch.ones(3), F.batch_norm(i, a, b, training=True)][1:]
[i := torch.linspace(-1, 3, 24).view(6, 4), a := torch.zeros(4), b := torch.ones(4), F.batch_norm(i, a, b, training=True, momentum=0.3)][1:]
[i := torch.linspace(-1, 3, 24).view(2, 3, 4), a := torch.zeros(3), b := torch.ones(3), F.instance_norm(i, a, b, momentum=0.7)][1:]
[i := torch.zeros(0, 3), a := torch.zeros(3), b := torch.ones(3), F.batch_norm(i, a, b, training=True)][1:]
"""

ERRORS = """
F.batch_norm(x, None, None); F.batch_norm(x, v.detach(), None); F.batch_norm(x, mean3.detach(), row.detach()); F.batch_norm(x, None, None, mean3, training=True)
F.batch_norm(x, None, None, row.double(), training=True); F.batch_norm(x.double(), v.detach(), v.detach()); F.batch_norm(x, v, v); F.batch_norm(v, v, v)
F.batch_norm(x[:1], None, None, training=True); F.batch_norm(n, None, None, training=True); F.batch_norm(x)
F.batch_norm(x, None, row.detach(), training=True); F.batch_norm(x, None, None, training=True, eps=0.0); F.batch_norm(x, v.detach(), v.detach(), eps=-1.0)
F.instance_norm(x); F.instance_norm(cube[:, :, :1]); F.instance_norm(cube, use_input_stats=False); F.instance_norm(cube, v.detach(), v.detach())
F.instance_norm(v); F.instance_norm(cube, weight=row); F.instance_norm(n); F.batch_norm(x, v.detach(), v.detach(), momentum=None, training=True)
F.group_norm(x, 3); F.group_norm(x, -1); F.group_norm(x, 2.0); F.group_norm(v, 1)
F.group_norm(x[:1], 4); F.group_norm(x, 2, mean3); F.group_norm(x, 2, row.double()); F.group_norm(n, 2)
"""
