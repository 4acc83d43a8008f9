"""Gather and scatter."""

import numpy as np

OPERANDS = {"few": ((3, 2), -3, 3), "many": ((3, 5), -3, 3), "eight": ((8,), -3, 3)}
CONSTANTS = {
    "at1": np.array([[0, 1], [2, 2], [1, 1]]),
    "at0": np.array([[0, 1, 2, 0], [2, 2, 2, 2]]),
    "at32": np.array([[3, 0], [2, 2], [1, 3]], np.int32),
    "spots": np.array([3, 1, 3, 3, 0, 1, 0, 3]),
    "below_at": np.array([[0], [2], [-1]]),
    "beyond_at": np.array([[0], [2], [9]]),
}

FUNCTIONS = """
torch.gather(x, 1, at1); x.gather(0, at0); torch.gather(x, -1, at32); torch.gather(s, 0, torch.tensor(0)); torch.gather(s, 0, torch.tensor([0, 0])); torch.gather(v, 0, torch.tensor(1))
torch.gather(x, 1, at1[:2]); torch.gather(x, 0, at1); torch.gather(x, 1, torch.zeros(0, 2, dtype=torch.int64)); torch.gather(n, 1, at1); torch.gather(input=x, dim=1, index=at1[:1])
cube.gather(2, torch.tensor([[[0, 3, 1], [1, 1, 1]]])); x.T.gather(0, at1.T); torch.gather(v, 0, spots); mask.gather(1, at1); torch.gather(x, 1, torch.zeros(0, dtype=torch.int64)).sum()
torch.scatter(x, 1, at1, few); x.scatter(0, at0, y.detach()); x.scatter(1, at1, y.detach()); torch.scatter(x, 1, at1, 5); torch.scatter(n, 1, at1, 1.5); x.scatter(1, at32, value=0.5)
torch.scatter(s, 0, torch.tensor(0), s * 2); torch.scatter(s, 0, torch.tensor([0]), v[:1]); torch.scatter(v, 0, torch.tensor(1), s); x.scatter(dim=1, index=at1[:2], src=few[:2])
torch.scatter(x, 1, torch.zeros(0, dtype=torch.int64), x.detach()); torch.scatter(n, 1, at1, n); x.T.scatter(0, at1.T, few.T); torch.scatter(mask, 1, at1, True); torch.scatter(v, 0, spots, eight)
torch.scatter_add(x, 1, at1, few); x.scatter_add(0, at0, y.detach()); x.scatter_add(0, at0, y[:2]); torch.scatter_add(s, 0, torch.tensor(0), s); torch.scatter_add(v, 0, spots, eight); n.scatter_add(1, at32, n)
torch.scatter_add(x, 1, torch.zeros(0, dtype=torch.int64), x.detach()); x.scatter_add(dim=-1, index=at1[1:], src=y[:2, :2]); torch.scatter_add(mask, 1, at1, mask)
torch.scatter(x.detach(), 1, at1, 2.0, reduce="multiply"); n.scatter(1, at1, 2, reduce="add")
torch.scatter_reduce(x, 1, at1, few, "sum"); x.scatter_reduce(0, at0, y[:2], "mean"); x.scatter_reduce(1, at1, few, "prod"); x.scatter_reduce(1, at1, few, "amax"); x.scatter_reduce(1, at1, few, "amin")
x.scatter_reduce(1, at1, few, "sum", include_self=False); x.scatter_reduce(0, at0, y[:2], "mean", include_self=False); x.scatter_reduce(1, at1, few, "prod", include_self=False)
x.scatter_reduce(1, at1, few, "amax", include_self=False); x.scatter_reduce(1, at1, few, "amin", include_self=False); torch.scatter_reduce(v, 0, spots, eight, "prod")
torch.scatter_reduce(v, 0, spots, eight, "mean"); torch.scatter_reduce(v, 0, spots, eight, "amax"); torch.scatter_reduce(v, 0, spots, eight, "sum", include_self=False)
torch.scatter_reduce(n, 1, at1, n, "mean"); torch.scatter_reduce(-n, 1, at1, n, "mean", include_self=False); n.scatter_reduce(1, at1, n, "prod"); n.scatter_reduce(1, at1, n, "amax", include_self=False)
n.scatter_reduce(1, at1, n, "sum"); torch.scatter_reduce(mask, 1, at1, mask, "sum"); torch.scatter_reduce(mask, 1, at1, ~mask, "prod"); torch.scatter_reduce(s, 0, torch.tensor(0), s, "prod")
torch.scatter_reduce(input=x, dim=1, index=at1, src=few, reduce="sum"); torch.scatter_reduce(mask, 1, at1, ~mask, "amax"); torch.scatter_reduce(v.detach(), 0, torch.zeros(0, dtype=torch.int64), v.detach(), "amax")
(x * 1).scatter_(1, at1, few); (x * 1).scatter_(1, at1, 2.5); (x * 1).scatter_add_(1, at1, few); (x * 1).scatter_reduce_(1, at1, few, "prod"); (n * 1).scatter_(1, at1, 7)
(x * 1).scatter_reduce_(1, at1, few, "amax", include_self=False)
torch.zeros(3, 4, dtype=x.dtype).scatter_(1, at1, few); torch.zeros(3, 4, dtype=x.dtype).scatter_add_(1, at1, few)
"""

# The products of torch divide, and its second derivative is not that of a product where there are zeros.
FIRST_ORDER = """
torch.scatter_reduce(v * 0, 0, spots, eight, "prod"); torch.scatter_reduce(v, 0, spots, eight * (eight > 0), "prod"); torch.scatter_reduce(v * 0, 0, spots, eight * 0, "amax")
torch.scatter_reduce(v * 0 + 1, 0, spots, eight * 0 + 1, "amin"); torch.scatter_reduce(v, 0, spots, eight.round(), "amax", include_self=False)
"""

WARNS = """
torch.scatter(x.detach(), 1, at1, y.detach(), reduce="add"); n.scatter(1, at1, n, reduce="multiply"); (n * 1).scatter_(1, at1, n, reduce="add")
"""

ERRORS = """
torch.gather(x, 1, below_at); torch.gather(x, 1, beyond_at); torch.gather(x, 0, k); torch.gather(x, 1, torch.zeros(4, 1, dtype=torch.int64)); torch.gather(x, 2, at1); torch.gather(x, 1, few)
torch.scatter(x, 1, at1, s); torch.scatter(x, 1, at1, x[:2]); torch.scatter(x, 1, at1, n); torch.scatter(x, 1, -at1, 1.5); torch.scatter(x, 1, at1 + 9, 1.5); torch.scatter(x, 1, at1, 2.0, reduce="max")
torch.scatter(x, 1, few, x); torch.scatter(n.int(), 1, at1, 2**40); torch.scatter(x, 1, at1); torch.scatter_add(x, 1, at1, 1.0); torch.scatter_add(x, 1, at1, x.double()); torch.scatter_add(x, 1, -at1, x)
torch.scatter_reduce(x, 1, at1, x, "foo"); torch.scatter_reduce(mask, 1, at1, mask, "mean"); torch.scatter(x, 2, at1, x); (x * 1).scatter_(1, at1, n); x.scatter_(1, at1, x)
"""

UNARY = """
a.gather(0, torch.tensor([1, 1, 0])); a.scatter(0, torch.tensor([1]), 1); a.scatter(0, torch.tensor([1, 0]), a); a.scatter_add(0, torch.tensor([0, 0]), a); torch.tensor([1.0, 2.0]).gather(0, a)
a.scatter_reduce(0, torch.tensor([0, 0]), a, "sum"); a.scatter_reduce(0, torch.tensor([0, 0]), a, "prod"); a.scatter_reduce(0, torch.tensor([0, 0]), a, "amax"); a.scatter_reduce(0, torch.tensor([0, 0]), a, "amin")
a.scatter_reduce(0, torch.tensor([0, 0]), a, "mean"); a.scatter_reduce(0, torch.tensor([0, 0]), a, "mean", include_self=False); a.scatter(0, torch.tensor([1]), 2, reduce="multiply"); torch.tensor([1.0, 2.0]).scatter(0, a, 5.0)
"""
