"""Everything so far; it is being split into a file per family."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import microgradnp as mg

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


def _by_position(shape: tuple[int, ...], index: Any) -> np.ndarray:
    return np.arange(math.prod(shape)).reshape(shape)[index]


def _index_put(input: Any, index: Any, values: Any) -> np.ndarray:
    places = _by_position(input.shape, index)
    changed = dict(zip(places.reshape(-1), np.broadcast_to(values, places.shape).reshape(-1), strict=True))
    return np.array([changed.get(i, x) for i, x in enumerate(input.reshape(-1))]).reshape(input.shape)


def _scatter(input: Any, index: Any, shape: tuple[int, ...]) -> np.ndarray:
    places = _by_position(shape, index).reshape(-1)
    return np.bincount(places, np.broadcast_to(input, places.shape), math.prod(shape)).reshape(shape)


def _scatter_along_dim(input: Any, indices: Any, dim: int | None, shape: tuple[int, ...]) -> np.ndarray:
    if dim is None:
        return _scatter(input, np.unravel_index(indices, shape), shape)
    out = np.zeros(shape)
    for place in np.ndindex(input.shape):
        target = [0 if size == 1 else i for i, size in zip(place, shape, strict=True)]
        target[dim] = np.broadcast_to(indices, input.shape)[place]
        out[tuple(target)] += input[place]
    return out


def _sum_to(input: Any, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    for place in np.ndindex(input.shape):
        own = place[input.ndim - len(shape) :]
        out[tuple(0 if size == 1 else i for i, size in zip(own, shape, strict=True))] += input[place]
    return out


def _squared_error(input: Any, target: Any, reduction: str = "mean") -> Any:
    return {"none": np.asarray, "sum": np.sum, "mean": np.mean}[reduction]((input - target) ** 2)


REFERENCES = {  # for the operations that no NumPy function is
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.where(x > 0, x, 0.0),
    "logsigmoid": lambda x: -np.log(1 + np.exp(-x)),
    "cast": lambda x, dtype: np.array(x, dtype),
    "clone": lambda x: x,
    "in_c_order": lambda x: x,
    "overwrite": lambda x, other: np.broadcast_to(other, x.shape),
    "getitem": lambda x, index: x.reshape(-1)[_by_position(x.shape, index)],
    "scatter": _scatter,
    "index_put": _index_put,
    "scatter_along_dim": _scatter_along_dim,
    "sum_to": _sum_to,
    "squared_error": _squared_error,
    "cross_entropy_of_bits": lambda p, target: -(target * np.log(p) + (1 - target) * np.log(1 - p)),
    "linear": lambda x, weight, bias=0.0: np.tensordot(x, weight, (-1, -1)) + bias,
}


FUNCTIONS = """
torch.add(x, y); torch.add(x, row, alpha=2); torch.add(x, 2, alpha=0.5); x.add(s); x + y; x + 1; 2.5 + x; n + x; n + n
n + 1.5
torch.subtract(x, y); torch.sub(x, column, alpha=3); x.sub(s, alpha=2); x - y; x - 1; 2.5 - x; n - x; 3 - n
torch.mul(x, y); torch.multiply(x, row); x.mul(s); x.multiply(column); x * y; x * 3; 0.5 * x; mask * x; n * n; x * True
torch.div(x, p); torch.divide(x, p); torch.true_divide(x, s); x.div(p); x.divide(2); x.true_divide(p); x / p; x / 2
3 / p; n / 2
torch.pow(p, y); torch.pow(p, 3); torch.pow(2, x); torch.pow(p, -1.5); p.pow(s); p ** y; x ** 2; x ** 3; 2 ** x
2.5 ** x; n ** 2
torch.neg(x); torch.negative(x); x.neg(); x.negative(); -x; -n; torch.positive(x); x.positive(); +x; +n
torch.abs(x); torch.absolute(x); x.abs(); x.absolute(); abs(x); abs(n); torch.sign(x); x.sign(); n.sign()
torch.maximum(x, y); torch.minimum(x, y); x.maximum(row); x.minimum(column); torch.maximum(n, three); x.maximum(s)
torch.where(mask, x, y); torch.where(mask, x, 0.5); torch.where(mask, row, column); torch.where(x > 0, 1.0, x)
torch.where(mask, 1, n)
torch.where(mask, x, n); torch.where(mask, s, x); torch.where(mask, 1.0, 0.0); torch.where(mask, 1, 0.5)
torch.where(mask, True, False)
torch.where(mask, 1, 0); F.mse_loss(x, n)
torch.eq(x, y); torch.ne(x, y); torch.lt(x, y); torch.le(x, y); torch.gt(x, y); torch.ge(x, y); x.eq(1); x.ne(y)
x.lt(row)
x.le(s); x.gt(0); x.ge(0); x == x; x != y; x < y; x <= 1; x > n; x >= y; n == 5; 2 < x
torch.bitwise_and(n, 3); torch.bitwise_or(n, three); torch.bitwise_not(n); mask & (x > 0); mask | (n > 2); ~mask; ~n
n & 6
n | 1; mask.bitwise_and(mask); n.bitwise_or(n); n.bitwise_not(); True & mask; 1 | n
torch.exp(x); torch.log(p); torch.log1p(p); torch.sqrt(p); torch.tanh(x); torch.sigmoid(x); torch.relu(x); x.exp()
p.log()
p.log1p(); p.sqrt(); x.tanh(); x.sigmoid(); x.relu(); torch.exp(n); torch.log(three); torch.sigmoid(mask)
torch.relu(n)
F.relu(x); F.sigmoid(x); F.tanh(x); F.logsigmoid(x); torch.sigmoid(40 * x); F.logsigmoid(40 * x); torch.tanh(10 * x)
torch.sum(x); torch.sum(cube, (0, 2), True); x.sum(dim=1); x.sum(0, keepdim=True); x.sum(-1); n.sum(); mask.sum(0)
s.sum()
cube.sum([0, -1]); x.sum(dtype=torch.float64); n.sum(dtype=torch.float32); empty.sum(0); empty.sum(); x.sum(())
x.sum(dim=None)
torch.mean(x); torch.mean(cube, (0, 1)); x.mean(1); x.mean(0, True); x.mean(dim=-1, keepdim=True)
n.mean(dtype=torch.float32)
s.mean(); x.mean(dtype=torch.float64); cube.mean([0, 2])
torch.amax(x); torch.amax(cube, (0, 2)); x.amax(1); x.amax(0, keepdim=True); torch.amin(x, 0); x.amin(); n.amax(1)
cube.amin((-1, 0))
torch.max(x); torch.max(x, 0); torch.max(x, y); x.max(); x.max(1); x.max(dim=1, keepdim=True); n.max(0)
x.max(-1).values; s.max(0)
torch.min(x); torch.min(cube, 1); torch.min(x, row); x.min(); x.min(1)[1]; x.min(0, True); cube.min(-1).indices
torch.argmax(x); torch.argmax(x, 1); x.argmax(dim=0, keepdim=True); torch.argmin(cube, -1); x.argmin(); n.argmax()
x.argmin(0)
x.argmax(keepdim=True)
torch.all(mask); torch.all(mask, 1); torch.any(mask, dim=0); mask.all(); mask.any(1, keepdim=True); (x > 0).all(0)
n.any(); x.all()
cube.gt(0).any((0, 1))
torch.mm(x, m)
torch.reshape(x, (2, 6)); torch.reshape(x, (-1,)); x.reshape(4, 3); x.reshape((2, -1)); x.reshape(-1, 2); x.view(12)
x.view(2, 6)
x.view(-1, 3); x.view((6, 2)); x.view_as(cube[0]); x.T.reshape(12); x.reshape_as(cube[1]); s.reshape(1, 1)
empty.reshape(3, 0)
torch.permute(cube, (2, 0, 1)); cube.permute(1, -1, 0); cube.permute((0, 2, 1)); torch.transpose(x, 0, 1)
cube.transpose(-1, 0)
cube.swapaxes(0, 1); torch.swapaxes(cube, 0, 1); torch.swapdims(cube, 0, 1); x.subtract(y); cube.swapdims(1, 2); torch.t(x); x.t(); v.t(); x.T; cube.mT; s.t()
torch.broadcast_to(row, (3, 4)); torch.broadcast_to(column, (2, 3, 4)); row.expand(3, 4); column.expand(-1, 4)
one.expand(2, -1, 5)
s.expand(2); row.expand_as(x); column.expand((3, 4)); row.expand(2, 3, -1)
torch.unsqueeze(x, 0); x.unsqueeze(-1); x.unsqueeze(1); x.unsqueeze(-2); s.unsqueeze(0); torch.squeeze(one)
one.squeeze(0)
one.squeeze((0, 2)); x.squeeze(0); one.squeeze(-1); s.squeeze(); one.squeeze(dim=2)
torch.flatten(cube); torch.flatten(cube, 1); cube.flatten(0, 1); cube.flatten(start_dim=-2); s.flatten()
torch.ravel(cube); x.ravel()
x.T.flatten(); v.flatten()
torch.cat([x, y]); torch.cat((x, column), 1); torch.cat([x, y], dim=-1); torch.concat([x, x]); torch.concatenate([x, x]); torch.cat([n, x])
torch.cat([v])
torch.stack([x, y]); torch.stack((x, y), 1); torch.stack([s, s], dim=-1); torch.stack([row, row, v], -1)
torch.stack([n, n], 2)
x[1]; x[-1]; x[0, 2]; x[:, 1]; x[::2]; x[..., 1:3]; x[None]; x[:, None, 1]; x[k]; x[k, k]; x[:, k]; x[mask]; x[x > 0]
x[1:1]
x[[0, 2, 0]]; x[k, :2]; cube[:, k]; cube[0, k]; cube[..., 0]; cube[1, :, 1:]; x[three - 1]; x[k[:, None], k]
cube[:, mask]; x[0:2][1]
x[[0, 1], [1, 2]]; x[True]; x[None, ..., None]; v[mask[0]]; x[mask[:, 0]]; n[1]; s[...]; s[None]; cube[0, :, k]
x[-3:-1, -1]
torch.take_along_dim(x, along, 1); x[:, :3].take_along_dim(along.T, 0); x.take_along_dim(along, dim=-1)
torch.take_along_dim(x, along[:, :1], 0); torch.take_along_dim(row[None], along, 1)
torch.take_along_dim(x, k)
torch.matmul(x, m); x.matmul(m); x.mm(m); x @ m; v @ v; x @ v; v @ m; cube @ m; v @ batch; cube @ batch; batch @ cube
x @ batch
cube[:, None] @ batch; x.T @ x; cube @ v; empty @ x
F.linear(x, y); F.linear(x, y, v[:3]); F.linear(cube, y, v[:3]); F.linear(v, y); F.linear(v, y, v[1:]); F.linear(x, v)
torch.clone(x); x.clone(); n.clone(); mask.clone(); x.T.clone(); x.contiguous(); x.T.contiguous(); x.to(torch.float64)
x.to(torch.float32); x.to(torch.float16); x.to(y); n.to(x); x.to(torch.int64); x.to("cpu"); x.to("cpu", torch.float64)
x.to(dtype=torch.int32)
x.float(); x.double(); x.half(); x.long(); x.int(); x.short(); x.bool(); n.float(); n.double(); mask.int()
mask.float(); n.bool()
x.to(torch.float64, copy=True); x.to(torch.float64) * y; x.float() + y.double(); x.half().float(); n.to(torch.uint8)
mask.to(torch.int8)
F.mse_loss(x, y); F.mse_loss(x, y, reduction="sum"); F.mse_loss(x, y, reduction="none")
F.mse_loss(x, y, weight=p.detach())
F.mse_loss(x, y, weight=p.detach(), reduction="sum"); F.mse_loss(s, s * 2); F.mse_loss(empty, empty)
F.mse_loss(n * 1.0, x)
F.binary_cross_entropy(q, target); F.binary_cross_entropy(q, target, reduction="sum")
F.binary_cross_entropy(q, target, weight=p.detach())
F.binary_cross_entropy(q, target, p.detach(), reduction="none"); F.binary_cross_entropy(q, mask.to(q.dtype))
F.binary_cross_entropy_with_logits(x, target); F.binary_cross_entropy_with_logits(x, target, reduction="none")
F.binary_cross_entropy_with_logits(x, target, weight=p.detach(), reduction="sum")
F.binary_cross_entropy_with_logits(x, target, pos_weight=p.detach()[0])
F.binary_cross_entropy_with_logits(50 * x, mask.to(x.dtype))
(x * 1).add_(y); (x * 1).sub_(row, alpha=2); (x * 1).mul_(column); (x * 1).div_(p); (p * 1).pow_(2); (x * 1).neg_()
(x * 1).abs_()
(x * 1).sign_(); (x * 1).exp_(); (p * 1).log_(); (p * 1).log1p_(); (p * 1).sqrt_(); (x * 1).tanh_(); (x * 1).sigmoid_()
(x * 1).relu_()
(x * 1).copy_(row); (x * 1).fill_(2); (x * 1).zero_(); torch.fill_(x * 1, 2); torch.zero_(x * 1); (x * 1).subtract_(y); (x * 1)[0].mul_(y[0]); x.clone().T.add_(y.T); (x * 1).add_(n)
(x * 1).fill_(s)
[t.__setitem__(0, y[0]) or t for t in [x * 1]][0]
[t.__setitem__((slice(None), k), column) or t for t in [x * 1]][0][:, :2]
[t.__setitem__(mask, 0.5) or t for t in [x * 1]][0] * y; [t[0].__setitem__(1, s) or t for t in [x * 1]][0]
(n * 1).add_(2)
[t.__setitem__((0, slice(None), k), y[:, :3]) or t for t in [cube * 1]][0]
torch.zeros_like(x); torch.ones_like(x); torch.zeros_like(n); torch.ones_like(mask)
torch.zeros_like(x, dtype=torch.float64)
x.detach(); torch.tanh(x @ m + 1).sum() / p.mean(); (x * row - column).relu().mean(0); torch.exp(-x ** 2).sum(1).log()
"""

# PyTorch's second derivative of the cross entropy is off by 1e-7 near saturation.
FIRST_ORDER = """
F.binary_cross_entropy(1 - q / 5000, target); F.binary_cross_entropy(q / 5000, target); F.logsigmoid(20 * x)
F.binary_cross_entropy(torch.sigmoid(3 * x), target); torch.sigmoid(20 * x); torch.log1p(q / 5000)
"""

CREATION = """
torch.tensor(1); torch.tensor(1.5); torch.tensor(True); torch.tensor([]); torch.tensor([[1, 2], [3, 4]])
torch.tensor([1, 2.5])
torch.tensor([True, False]); torch.tensor([1, 2], dtype=torch.float64); torch.tensor([1.7, -1.7], dtype=torch.int64)
torch.tensor([True, 2]); torch.tensor((1, 2)); torch.tensor([[]]); torch.tensor(2**40); torch.tensor(np.arange(3))
torch.tensor(np.ones(2))
torch.tensor(np.float32(1)); torch.tensor([np.float64(1)]); torch.tensor([torch.tensor(1.0), torch.tensor(2.0)])
torch.tensor([0, 2], dtype=torch.bool)
torch.zeros(3); torch.zeros(2, 3); torch.zeros((2, 3)); torch.zeros([2]); torch.zeros(())
torch.zeros(2, dtype=torch.int32); torch.zeros(0)
torch.ones(3); torch.ones(2, 3, dtype=torch.bool); torch.ones((2,)); torch.empty(2, 3).shape
torch.empty(2, dtype=torch.float64).dtype
torch.full((2, 3), 1); torch.full((2,), 1.5); torch.full((2,), True); torch.full((), 3.0, dtype=torch.float64)
torch.full([2], 7, dtype=torch.int8)
torch.eye(3); torch.eye(2, 3); torch.eye(2, dtype=torch.int64); torch.arange(5); torch.arange(2, 5)
torch.arange(5, 2, -1); torch.arange(0, 1, 0.25)
torch.arange(3.0); torch.arange(0, 1, 0.1); torch.arange(1, 2, 0.3, dtype=torch.float64)
torch.arange(3, dtype=torch.float32); torch.arange(0)
torch.arange(1.5, 4); torch.linspace(0, 1, 5); torch.linspace(-3, 7, 4, dtype=torch.float64); torch.linspace(0, 1, 1)
torch.linspace(1, 2, 0)
torch.linspace(0, 1, 11); torch.linspace(3, -3, 100); torch.as_tensor([1.0]); torch.as_tensor(np.ones(2))
torch.as_tensor(np.ones(2), dtype=torch.float32)
torch.from_numpy(np.arange(3, dtype=np.int16)); torch.Tensor([1, 2]); torch.tensor([[1.0, 2.0]]).shape
torch.zeros(2, requires_grad=True).requires_grad
torch.zeros(2).dtype; torch.tensor(3).ndim; torch.zeros(2, 3).size(); torch.zeros(2, 3).size(1)
torch.zeros(2, 3).numel(); torch.zeros(2, 3).stride()
torch.promote_types(torch.int64, torch.float16); torch.zeros(2, 3).shape.numel(); torch.zeros(2, 3, 4).mT.shape[1:]
len(torch.zeros(4, 2))
torch.tensor([1, 2]).tolist(); torch.tensor(2.5).item(); float(torch.tensor(2)); bool(torch.tensor([0.0]))
int(torch.tensor(2.7))
[0, 1, 2][torch.tensor(1)]; torch.zeros(2).element_size(); torch.zeros(2).is_floating_point(); torch.zeros(2).dim()
torch.zeros(2, 0).fill_(1); torch.zeros(0, 3).mul_(2); torch.zeros(2, 3).T.is_contiguous()
f"{torch.tensor(1.23456):.2f}"
"""


SPECIAL = """
torch.exp(z); torch.log(z); torch.log1p(z); torch.sqrt(z); torch.tanh(z); torch.sigmoid(z); F.logsigmoid(z); -z; z**2
z**0; z**-1; z**3
2**z; 0**z; 1**z; (-1.0)**z; a + b; a * b; a / b; a - b; a ** b; torch.maximum(a, b); torch.minimum(a, b)
torch.where(a > b, a, b)
a == b; a != b; a < b; a >= b; z.amax(); z.amin(); z.argmax(); z.argmin(); z.max(0).values; z.min(0).values; z.sum()
z.mean()
z[1:].amax(); z[3:].amax(); z[3:].argmax(); z[1:].max(); z[1:].min(0).values; z.all(); z.any(); z.bool(); z.half()
z.relu()
F.mse_loss(z, z); F.binary_cross_entropy_with_logits(z, z * 0 + 1, reduction="none"); z[1:].abs(); z[1:].sign()
F.binary_cross_entropy_with_logits(z, z * 0, reduction="none"); (z > 0) ** z
"""


DEFAULT_DTYPE = """
torch.tensor(1.5); torch.tensor([1, 2.5]); torch.zeros(2); torch.eye(2); torch.full((2,), 1.5); torch.arange(3.0)
torch.arange(0, 1, 0.5)
torch.linspace(0, 1, 3); torch.tensor([1, 2]) / 2; torch.tensor([1, 2]) * 1.5; torch.exp(torch.tensor([1, 2]))
torch.tensor([True]) * 0.5
torch.tensor(1) + 0.5; torch.zeros(2, dtype=torch.float32) * 2.5; torch.Tensor([1])
torch.sigmoid(torch.tensor([True])); torch.empty(0)
torch.where(torch.tensor([True, False]), 1.0, 0.0); torch.tensor([1]).to(torch.float32) + 0.5
torch.nn.Linear(2, 3).weight.dtype
"""


MEETINGS = """
a + b; a - b; a * b; a / b; a ** b; torch.maximum(a, b); torch.where(mask, a, b); a == b; a < b
torch.cat([a, b]); torch.stack([a, b]); a & b; torch.exp(a * b)
"""

BEYOND = {  # what PyTorch refuses and NumPy does not: bool as numbers, and Python numbers where it wants tensors
    "bool": {"a - b", "2 - a", "a ** b", "a.abs()", "a.relu()", "a.argmax()", "a.argmin(0)", "a @ a"},
    "number": {"torch.maximum(a, b)"},
}
UNARY = """
-a; +a; ~a; a.abs(); a.exp(); a.sqrt(); a.sigmoid(); a.relu(); a.sum(); a.mean(); a.amax(); a.argmax(); a.clone()
a.max(0).values; a ** 2
a / 2; a.log1p(); torch.zeros_like(a); a.reshape(1, 2); a[0]; a.to(torch.int8); a.float(); a.bool(); a @ a
a.sum(dtype=torch.float64)
a.sum(dtype=torch.int64); a.sum(dtype=torch.float32); a.tanh(); a * True; 2 - a; a.argmin(0); a.min(); a.unsqueeze(0)
torch.cat([a, a])
"""


ERRORS = """
x + torch.ones(5); x * torch.ones(2, 4); torch.maximum(x, torch.ones(5)); torch.where(mask, x, torch.ones(5))
x == torch.ones(5)
x + "a"; x + None; x * [1, 2]; torch.add(x); torch.exp("a"); torch.exp(); torch.exp(2.0); x.exp(1); torch.relu(None)
torch.where(x, x)
mask - mask; -mask; torch.tensor([True]) - True; ~x; x & 1; x & x; mask & 1.5; n ** -1
x.sum(2); x.sum(-3); x.mean(5); x.amax(2); x.argmax(2); x.max(2); x.sum((0, 0)); x.sum((0, -2)); x.sum("a")
x.amax((0, 0)); s.sum(1)
n.mean(); mask.mean(); n.mean(0); empty.amax(); empty.argmax(); empty.max(); empty.amax(0); empty.max(0)
empty.argmax(0)
x.reshape(5); x.reshape(-1, 5); x.reshape(-1, -1); x.view(5); x.T.view(12); x.reshape(-2, 6); x.view("a")
x.reshape(1.5)
cube.permute(0, 1); cube.permute(0, 0, 1); cube.permute(0, 1, 3); torch.permute(x, (0,)); x.transpose(0, 2); cube.t()
s.transpose(0, 2)
x.expand(2, 2); x.expand(4); x.expand(3, -1, 4, 4); row.expand(-1, 4); torch.broadcast_to(x, (4,))
torch.broadcast_to(x, (2, 4)); s.expand(-1)
x.unsqueeze(3); x.unsqueeze(-4); x.squeeze(2); x.squeeze((0, 0)); x.flatten(2); x.flatten(1, 0); x.flatten(0, 5)
torch.cat([]); torch.cat([x, v]); torch.cat([x, m]); torch.cat([x, x], 2); torch.cat([x, 1]); torch.cat([s, s])
torch.cat(3)
torch.stack([]); torch.stack([x, v]); torch.stack([x, x], 4); torch.stack([x, None])
x[5]; x[0, 0, 0]; x[-4]; x[1.0]; x[s]; x[torch.tensor([5])]; x[torch.tensor([True, False])]; x[:, 4]; s[0]; x[k, k, k]
x[k, mask]
torch.take_along_dim(x, k, 0); torch.take_along_dim(x, x, 0); torch.take_along_dim(x, along, 2)
x @ x; x @ s; v @ x; cube @ x; x.mm(v); x.mm(cube); x @ 2; 2 @ x; torch.matmul(x, "a"); cube @ cube
x.double() @ x.float()
F.linear(x, m); F.linear(x, y, row); F.linear(s, y); x @ n
F.mse_loss(n, n); F.binary_cross_entropy(mask, mask); F.mse_loss(x, y, reduction="max"); F.mse_loss(x, torch.ones(5))
F.binary_cross_entropy(q, target, reduction="no")
F.binary_cross_entropy(x, target); F.binary_cross_entropy(q, target[0])
F.binary_cross_entropy_with_logits(x, target[0])
F.binary_cross_entropy_with_logits(x, target, reduction=None)
x.item(); mask.item(); float(x); int(empty); bool(x); bool(empty); len(s); list(s); x.tolist(1); x.to("mps")
x.to("nowhere"); x.to(dtype=3.5)
[0, 1][x]; [0, 1][s]; [0, 1][n]; x.numpy(); n.requires_grad_(); (x * 2).requires_grad_(False); iter(s)
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


PRINTED = """
torch.tensor(1); torch.tensor(1.0); torch.tensor(True); torch.tensor(1.23456789); torch.tensor([])
torch.tensor([1.0, 2.0]); torch.tensor([1, -20])
torch.tensor([True, False]); torch.tensor([[1.5, -2.25], [0.0, 100.0]]); torch.tensor([1.0], dtype=torch.float64)
torch.zeros(2, 0)
torch.zeros(0, dtype=torch.int64); torch.zeros(2, 0, dtype=torch.float64); torch.tensor([1], dtype=torch.int32)
torch.zeros(3, dtype=torch.uint8)
torch.tensor([float("nan"), -float("inf")]); torch.tensor([float("nan"), 1.0, -float("inf")])
torch.tensor([float("inf"), 1.5, -0.0])
torch.tensor([1e-5, 1.0]); torch.tensor([1e9, 1.5]); torch.tensor([1e9, 1.0]); torch.tensor([1e5, 1.0])
torch.tensor([999.0, 1.0]); torch.tensor(1e10)
torch.tensor([1e-5, float("nan")]); torch.tensor([0.00009]); torch.tensor([0.0001, 0.09]); torch.tensor(-0.0)
torch.tensor([0.0, 0.0]); torch.tensor(1e-8)
torch.arange(30); torch.arange(30.0); torch.arange(30.0) / 7; torch.arange(1001); torch.arange(1001.0) / 3
torch.arange(1000)
torch.arange(24).reshape(2, 3, 4); torch.arange(24.0).reshape(2, 3, 4) / 7; torch.zeros(40, 40)
torch.arange(2000).reshape(2, 1000)
torch.arange(4096.0).reshape(8, 8, 8, 8); torch.zeros(2, 2, 2, 2); torch.arange(2000).reshape(1000, 2) > 5
torch.arange(60).reshape(2, 30) / 7
torch.tensor([1.0], requires_grad=True); torch.tensor([1.0], requires_grad=True) * 2
torch.ones(2, 3, requires_grad=True).sum()
torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
torch.ones(2, 3, dtype=torch.float64, requires_grad=True).relu()
torch.arange(12.0, dtype=torch.float64).requires_grad_() / 7
torch.arange(10.0, dtype=torch.float64).requires_grad_() * 1.5
torch.arange(10.0).requires_grad_().exp(); torch.arange(9.0).requires_grad_().reshape(3, 3).exp()
torch.tensor([[-1e-7, 0.5]])
torch.tensor([0.1, 0.2], dtype=torch.float16); torch.tensor([100000, -7]); torch.tensor([[True], [False]])
torch.ones(3).bool().sum()
torch.ones(1, 1); torch.ones(3, 1); torch.full((2, 2), 7.25); torch.tensor(3, dtype=torch.int8)
torch.nn.Parameter(torch.ones(2))
[torch.arange(float(n)).requires_grad_() * 1.5 for n in range(1, 40)]
[torch.arange(float(n), requires_grad=True) for n in range(1, 40)]
[torch.arange(n * n).reshape(n, n) * 10**n for n in range(1, 12)]
[torch.arange(float(n)) / 10**n for n in range(1, 12)]
torch.zeros(1001, 0); torch.zeros(3, 0, 2); torch.linspace(-1, 1, 9); torch.tensor([123456.0, 1.5])
torch.tensor([12345678.0, 0.1])
torch.zeros(2, 3).shape; torch.zeros(0, 7).shape; torch.zeros(()).shape; torch.zeros(2, 3).size()
torch.zeros(2, 3).shape[:1]
"""


inf, nan = math.inf, math.nan

KINKS = [
    (mg.relu, [[-1.0, 0.0, 2.0]], [[0.0, 0.0, 1.0]]),
    (mg.abs, [[-2.0, 0.0, 2.0]], [[-1.0, 0.0, 1.0]]),
    (mg.sign, [[-2.0, 0.0, 2.0]], [[0.0, 0.0, 0.0]]),
    (mg.maximum, [[1.0, 2.0, 1.0], [1.0, 1.0, 2.0]], [[0.5, 1.0, 0.0], [0.5, 0.0, 1.0]]),
    (mg.minimum, [[1.0, 2.0, 1.0], [1.0, 1.0, 2.0]], [[0.5, 0.0, 1.0], [0.5, 1.0, 0.0]]),
    (mg.maximum, [[nan, 1.0], [1.0, nan]], [[1.0, 1.0], [1.0, 1.0]]),
    (mg.minimum, [[nan, 1.0], [1.0, nan]], [[1.0, 1.0], [1.0, 1.0]]),
    (mg.amax, [[3.0, 1.0, 3.0, 3.0]], [[1 / 3, 0.0, 1 / 3, 1 / 3]]),
    (mg.amin, [[1.0, 3.0, 1.0]], [[0.5, 0.0, 0.5]]),
    (mg.max, [[1.0, 1.0, 0.0]], [[0.5, 0.5, 0.0]]),
    (lambda x: mg.max(x, 0).values, [[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]),
    (lambda x: mg.min(x, 0).values, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]]),
    (lambda x: mg.max(x, 0).values, [[1.0, nan, nan]], [[0.0, 1.0, 0.0]]),
    (lambda x: x**0, [[0.0, 2.0, -1.0]], [[0.0, 0.0, 0.0]]),
    (lambda x: x**0.5, [[0.0]], [[inf]]),
    (lambda x: x**2, [[0.0, -3.0]], [[0.0, -6.0]]),
    (lambda y: 0**y, [[0.0, 2.0, -1.0]], [[0.0, 0.0, -inf]]),
    (lambda y: 0.0**y, [[0.0, 2.0]], [[0.0, 0.0]]),
    (mg.pow, [[0.0, 0.0], [0.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]),
    (mg.sqrt, [[0.0, 4.0]], [[inf, 0.25]]),
    (mg.log, [[0.0]], [[inf]]),
    (mg.div, [[1.0, 0.0], [0.0, 0.0]], [[inf, inf], [-inf, nan]]),
    (mg.nn.functional.binary_cross_entropy, [[0.0, 1.0], [1.0, 0.0]], [[-5e11, 5e11], [inf, -inf]]),
    (mg.nn.functional.logsigmoid, [[0.0, -1000.0, 1000.0]], [[0.5, 1.0, 0.0]]),
    (mg.sigmoid, [[0.0, -1000.0, 1000.0]], [[0.25, 0.0, 0.0]]),
]
