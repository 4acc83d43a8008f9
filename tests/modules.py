"""A module that several tests use."""

import microgradnp as mg
from microgradnp import nn


def values(tensor):
    return tensor.detach().tolist()


class Block(nn.Module):
    """A layer with a parameter and a buffer of its own."""

    def __init__(self, size=2):
        super().__init__()
        self.linear = nn.Linear(size, size)
        self.scale = nn.Parameter(mg.ones(size))
        self.register_buffer("count", mg.zeros(1, dtype=mg.int64))

    def forward(self, x):
        return self.linear(x) * self.scale
