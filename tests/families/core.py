"""Everything so far; it is being split into a file per family."""

from __future__ import annotations

import math

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


REFERENCES = {  # for the operations that no NumPy function is
    "overwrite": lambda x, other: np.broadcast_to(other, x.shape),
}


FUNCTIONS = """
(x * 1).copy_(row); (x * 1).fill_(2); (x * 1).zero_(); torch.fill_(x * 1, 2); torch.zero_(x * 1)
(x * 1).fill_(s)
[t.__setitem__(0, y[0]) or t for t in [x * 1]][0]
[t.__setitem__((slice(None), k), column) or t for t in [x * 1]][0][:, :2]
[t.__setitem__(mask, 0.5) or t for t in [x * 1]][0] * y; [t[0].__setitem__(1, s) or t for t in [x * 1]][0]
[t.__setitem__((0, slice(None), k), y[:, :3]) or t for t in [cube * 1]][0]
torch.zeros_like(x); torch.ones_like(x); torch.zeros_like(n); torch.ones_like(mask)
torch.zeros_like(x, dtype=torch.float64)
x.detach(); torch.tanh(x @ m + 1).sum() / p.mean(); (x * row - column).relu().mean(0)
"""

# PyTorch's second derivative of the cross entropy is off by 1e-7 near saturation.
FIRST_ORDER = """
"""



SPECIAL = """
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


MEETINGS = """
torch.cat([a, b]); torch.stack([a, b])
"""

BEYOND = {  # what PyTorch refuses and NumPy does not: bool as numbers, and Python numbers where it wants tensors
    "bool": {"a.argmax()", "a.argmin(0)"},
    "number": {"torch.maximum(a, b)"},
}
UNARY = """
torch.zeros_like(a); a.reshape(1, 2); a[0];
a.unsqueeze(0)
torch.cat([a, a])
"""


ERRORS = """
torch.tensor("a"); torch.tensor([[1], [1, 2]]); torch.tensor([None]); torch.tensor({}); torch.tensor(object())
torch.tensor([1], requires_grad=True)
torch.tensor([1], dtype="nope"); torch.zeros(-1); torch.zeros("a"); torch.zeros(1.5); torch.ones(2, "a")
torch.full((2,), "a"); torch.full(2, 1)
torch.arange(5, 2); torch.arange(0, 5, 0); torch.arange(0, 5, -1); torch.arange("a"); torch.linspace(0, 1, -1)
torch.linspace(0, 1); torch.eye(-1)
torch.from_numpy([1]); torch.from_numpy(3.0); torch.from_numpy(np.array(["a"]))
torch.from_numpy(np.array([1j]).astype("O")); torch.as_tensor("a")
torch.zeros_like(3); torch.promote_types(1, 2); torch.randint(5, 2, (3,)); torch.randint(0, (3,)); torch.randperm(-1)
torch.rand(-1)
"""


inf, nan = math.inf, math.nan

KINKS = [
]
