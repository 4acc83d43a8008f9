"""The names that the expressions of all families use, and expressions of operations from several of them."""

from __future__ import annotations

import numpy as np

OPERANDS = {  # what the names in an expression stand for: a shape, and the interval of its values
    "x": ((3, 4), -3, 3), "y": ((3, 4), -3, 3), "p": ((3, 4), 0.2, 3), "q": ((3, 4), 0.1, 0.9),
    "target": ((3, 4), 0.1, 0.9), "row": ((4,), -3, 3), "column": ((3, 1), -3, 3), "s": ((), 0.5, 3),
    "v": ((4,), -3, 3), "cube": ((2, 3, 4), -3, 3), "batch": ((2, 4, 3), -3, 3), "m": ((4, 2), -3, 3),
    "one": ((1, 3, 1), -3, 3), "empty": ((0, 3), 0, 1),
}  # fmt: skip
CONSTANTS = {
    "mask": np.array([[True, False, True, False], [False, False, True, True], [True, True, False, True]]),
    "n": np.array([[3, -1, 0, 2], [5, 5, -7, 1], [2, -2, 9, 4]]),
    "k": np.array([2, 0, 2]),
    "along": np.array([[0, 1], [2, 2], [2, 0]]),
    "three": np.array(3),
}

FUNCTIONS = """
x.detach(); torch.tanh(x @ m / 9 + 1).sum() / p.mean(); (x * row - column).relu().mean(0)
"""

DEFAULT_DTYPE = """
torch.tensor(1.5); torch.tensor([1, 2.5]); torch.zeros(2); torch.eye(2); torch.full((2,), 1.5); torch.arange(3.0)
torch.arange(0, 1, 0.5)
torch.linspace(0, 1, 3); torch.tensor([1, 2]) / 2; torch.tensor([1, 2]) * 1.5
torch.tensor([True]) * 0.5
torch.tensor(1) + 0.5; torch.zeros(2, dtype=torch.float32) * 2.5; torch.Tensor([1])
torch.empty(0)
torch.where(torch.tensor([True, False]), 1.0, 0.0); torch.tensor([1]).to(torch.float32) + 0.5
torch.nn.Linear(2, 3).weight.dtype
"""

UNARY = """
torch.zeros_like(a); a.reshape(1, 2); a[0];
a.unsqueeze(0)
torch.cat([a, a])
"""
