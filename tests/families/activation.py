"""Activation functions."""

from __future__ import annotations

import math

import numpy as np

import microgradnp as mg

F = mg.nn.functional
inf, nan = math.inf, math.nan

OPERANDS = {"slopes": ((3,), 0.1, 0.9), "slope": ((1,), 0.1, 0.9), "even": ((3, 6), -3, 3)}


def _exponential_unit(x: np.ndarray, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> np.ndarray:
    return scale * np.where(x > 0, x, alpha * (np.exp(input_scale * x) - 1))


def _smooth_rectifier(x: np.ndarray, beta: float = 1.0, threshold: float = 20.0) -> np.ndarray:
    return np.where(x * beta > threshold, x, np.log(1 + np.exp(beta * x)) / beta)


def _normal_cdf(x: np.ndarray) -> np.ndarray:
    return np.array([math.erfc(-e / math.sqrt(2)) / 2 for e in x.reshape(-1)]).reshape(x.shape)


REFERENCES = {
    "relu": lambda x: np.where(x > 0, x, 0.0),
    "zeroed": lambda x, mask: np.where(mask, 0.0, x),
    "logsigmoid": lambda x: -np.log(1 + np.exp(-x)),
    "exponential_unit": _exponential_unit,
    "smooth_rectifier": _smooth_rectifier,
    "normal_cdf": _normal_cdf,
    "normal_cdf_by_tanh": lambda x: (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2,
}

FUNCTIONS = """
F.logsigmoid(cube.permute(2, 1, 0)).view(-1)
torch.relu(x); x.relu(); torch.relu(n); F.relu(x); F.relu(n); F.relu(x * 1, inplace=True); F.relu_(x * 1)
(x * 1).relu_(); torch.relu_(x * 1); F.relu(empty); F.relu(s)
F.leaky_relu(x); F.leaky_relu(x, 0.3); F.leaky_relu(x, negative_slope=-0.5); F.leaky_relu(x * 1, 0.3, True)
F.leaky_relu_(x * 1, 0.3); F.leaky_relu(x.T); F.leaky_relu(s); F.leaky_relu(empty)
torch.prelu(cube, slopes); F.prelu(cube, slope); cube.prelu(slopes); F.prelu(x, row); F.prelu(v, slope); F.prelu(s, slope)
F.prelu(x, s); F.prelu(x.T, slopes); F.prelu(cube.transpose(1, 2), row); torch.prelu(x, weight=slope)
F.rrelu(x); F.rrelu(x, 0.2, 0.4); torch.rrelu(x); F.rrelu(x * 1, 0.2, 0.4, inplace=True); F.rrelu_(x * 1); torch.rrelu_(x * 1)
[torch.manual_seed(3), F.rrelu(x, training=True)][1]; [torch.manual_seed(3), F.rrelu(x * 1, 0.1, 0.9, True, True)][1]
[torch.manual_seed(3), torch.rrelu(x, 0.1, 0.9, True), torch.rand(2)][1]; [torch.manual_seed(3), torch.rrelu(x, 0.1, 0.9, True), torch.rand(2)][2]
[torch.manual_seed(3), F.rrelu_(cube * 1, training=True)][1]; [torch.manual_seed(3), F.rrelu(cube.transpose(0, 2), training=True)][1]
[torch.manual_seed(3), F.rrelu(x, 0.3, 0.3, True), torch.rand(2)][1]
F.threshold(x, 0.5, 7); torch.threshold(x, -1, -2.5); F.threshold(x * 1, 0.5, 7, True); F.threshold_(x * 1, 0.5, 7)
torch.threshold_(x * 1, 0.5, 7); F.threshold(n, 1, 7); F.threshold(n, 0.5, 7.9); F.threshold(x, threshold=0.1, value=0)
F.hardtanh(x); F.hardtanh(x, -0.5, 2); F.hardtanh(x, min_val=0, max_val=1); F.hardtanh(x * 1, -2, 2, True); F.hardtanh_(x * 1)
F.hardtanh(n); F.hardtanh(n, -2, 3); F.hardtanh(x, 1, 1); F.hardtanh_(n * 1, 0, 2)
F.relu6(3 * x); F.relu6(x * 3, inplace=True); F.relu6(n); F.relu6(2 * s)
F.hardsigmoid(2 * x).detach(); F.hardsigmoid(x * 1, True).detach(); F.hardswish(x * 2); F.hardswish(x * 1, inplace=True)
F.hardshrink(x); F.hardshrink(x, 1); torch.hardshrink(x, lambd=0.1); x.hardshrink(); x.hardshrink(1.5); F.hardshrink(x, 0)
F.hardshrink(x, -1); F.softshrink(x); F.softshrink(x, 1.5); F.softshrink(x, lambd=0); F.tanhshrink(x); F.tanhshrink(n)
F.elu(x); F.elu(x, 0.5); F.elu(x, alpha=2); F.elu(x * 1, 2, True); F.elu_(x * 1); F.elu_(x * 1, 0.5); F.elu(x, -0.5); F.elu(s)
F.selu(x); torch.selu(x); F.selu(x * 1, inplace=True); F.selu_(x * 1); torch.selu_(x * 1)
F.celu(x); F.celu(x, 0.5); torch.celu(x, alpha=2); F.celu(x * 1, 2, True); F.celu_(x * 1); torch.celu_(x * 1, 0.5)
F.gelu(x); F.gelu(x, approximate="tanh"); F.gelu(x, approximate="none"); F.gelu(4 * x); F.gelu(4 * x, approximate="tanh")
F.gelu(x.T); F.gelu(empty); F.silu(x); F.silu(5 * x); F.silu(x * 1, inplace=True); F.mish(x); F.mish(5 * x); F.mish(x * 1, True)
F.softplus(x); F.softplus(x, 2); F.softplus(x, beta=0.5, threshold=1); F.softplus(20 * x); F.softplus(x, -1); F.softplus(s)
F.softsign(x); F.softsign(n); F.softsign(s); F.logsigmoid(x); F.logsigmoid(40 * x); F.logsigmoid(x.T); F.logsigmoid(empty)
F.glu(x); F.glu(even); F.glu(cube, 0); F.glu(cube, dim=-1); F.glu(even.T, 0); F.glu(empty[:, :2], 1); F.glu(20 * x)
F.gelu(F.silu(F.elu(x) * row)).sum(0); F.mish(x @ m).mean(); F.softplus(F.softsign(x)) * F.hardtanh(y)
"""

# In float16 a step of a chain may round once more than PyTorch's single kernel: what is compared is the result.
CREATION = """
F.gelu(torch.tensor([-3.0, 0.1, 2.0]).half()); F.silu(torch.tensor([-3.0, 0.1, 2.0]).half())
F.elu(torch.tensor([-3.0, 0.1, 2.0]).half(), 2); F.mish(torch.tensor([-3.0, 0.1, 2.0]).half())
F.softplus(torch.tensor([-3.0, 0.1, 2.0]).half()); F.hardswish(torch.tensor([-2.0, 0.1, 2.0]).half())
F.prelu(torch.tensor([-2.0, 0.1, 2.0]).half(), torch.tensor([0.3]).half()); F.glu(torch.tensor([-2.0, 0.1]).half())
F.leaky_relu(torch.tensor([-2.0, 0.1, 2.0]).half(), 0.3); F.selu(torch.tensor([-2.0, 0.1, 2.0]).half())
F.hardtanh(torch.tensor([0, 1, 9], dtype=torch.uint8), 0, 6); F.relu6(torch.tensor([-2, 1, 9], dtype=torch.int16))
"""

# Far in its tail PyTorch computes 1 + erf(x) by a difference: here the gradient is nearer to the truth.
FIRST_ORDER = """
F.logsigmoid(20 * x); F.softplus(200 * x); F.silu(200 * x); F.elu(200 * x); F.selu(200 * x); F.celu(200 * x, 2)
"""

SPECIAL = """
z.relu(); F.leaky_relu(z[1:]); F.relu6(z[1:]); F.hardtanh(z[1:]); F.hardshrink(z[1:]); F.softshrink(z[1:]); F.threshold(z[1:], 1, 5); F.softplus(z)
F.logsigmoid(z); F.silu(z); F.gelu(z); F.gelu(z, approximate="tanh"); F.mish(z); F.softsign(z); F.tanhshrink(z); F.glu(z)
F.elu(z).detach(); F.selu(z).detach(); F.celu(z).detach(); F.hardswish(z).detach(); F.hardsigmoid(z).detach()
F.elu(z[1:], 2); F.selu(z[1:]); F.celu(z[1:], 2); F.hardswish(z[1:]); F.rrelu(z[1:]); F.prelu(z, z[5:6])
F.prelu(z, z[5:6] * float("inf")); F.prelu(z[1:], z[7:])
"""

UNARY = """
a.relu(); F.relu(a); F.leaky_relu(a); F.elu(a); F.selu(a); F.celu(a); F.gelu(a); F.silu(a); F.mish(a); F.softplus(a)
F.softsign(a); F.hardtanh(a); F.relu6(a); F.hardsigmoid(a); F.hardswish(a); F.hardshrink(a); F.softshrink(a); F.tanhshrink(a)
F.threshold(a, 0, 1); F.glu(a); F.logsigmoid(a); F.rrelu(a); F.prelu(a, a[:1]); F.gelu(a, approximate="tanh")
"""

ERRORS = """
F.relu(mask); mask.relu_(); F.threshold(mask, 0, 1); F.softsign(mask); F.tanhshrink(mask)
torch.relu(None); F.relu("a"); F.leaky_relu(3.0); F.leaky_relu(n); F.leaky_relu_(x); F.relu(x, inplace=True); F.elu_(x)
F.prelu(x, slopes); F.prelu(x, x); F.prelu(x, 0.5); F.prelu(x, slope.double()); F.prelu(v, v); F.prelu(s, v); F.prelu(n, slope)
F.rrelu(x, 0.5, 0.1); F.rrelu(x, 0.5, 0.1, True); F.rrelu(x, -1, float("inf"), True); F.rrelu(n); F.threshold(x); F.threshold(x, 1)
F.hardtanh(x, 2, 1); F.hardtanh(mask); F.relu6(mask); F.hardtanh(n.to(torch.uint8)); F.softshrink(x, -1); F.softshrink(n)
F.hardshrink(n); F.celu(x, 0); F.celu(x, alpha=0.0); F.elu(n); F.gelu(x, approximate="bad"); F.gelu(x, "tanh"); F.gelu(n)
F.silu(n); F.mish(n); F.softplus(n); F.hardsigmoid(n); F.hardswish(n); F.logsigmoid(n); F.glu(x, 2); F.glu(s); F.glu(even[:, :3])
F.glu(x, 0); F.glu(n); F.glu(x[None], -4); F.selu(n); F.celu(n); F.softplus("a"); F.gelu(); F.hardswish_(x)
"""

KINKS = [
    (mg.relu, [[-1.0, 0.0, 2.0]], [[0.0, 0.0, 1.0]]),
    (F.relu6, [[-1.0, 0.0, 3.0, 6.0, 7.0]], [[0.0, 0.0, 1.0, 0.0, 0.0]]),
    (lambda x: F.leaky_relu(x, 0.1), [[-1.0, 0.0, 2.0]], [[0.1, 0.1, 1.0]]),
    (F.prelu, [[0.0], [0.25]], [[0.25], [0.0]]),
    (F.rrelu, [[-1.0, 0.0, 2.0]], [[11 / 48, 11 / 48, 1.0]]),
    (lambda x: F.threshold(x, 1.0, 5.0), [[0.0, 1.0, 2.0]], [[0.0, 0.0, 1.0]]),
    (F.hardtanh, [[-2.0, -1.0, 0.0, 1.0, 2.0]], [[0.0, 0.0, 1.0, 0.0, 0.0]]),
    (F.hardsigmoid, [[-4.0, -3.0, 0.0, 3.0, 4.0]], [[0.0, 0.0, 1 / 6, 0.0, 0.0]]),
    (F.hardswish, [[-4.0, -3.0, 0.0, 1.5, 3.0, 4.0]], [[0.0, 0.0, 0.5, 1.0, 1.0, 1.0]]),
    (F.hardshrink, [[-1.0, -0.5, 0.0, 0.5, 1.0]], [[1.0, 0.0, 0.0, 0.0, 1.0]]),
    (F.softshrink, [[-1.0, -0.5, 0.0, 0.5, 1.0]], [[1.0, 0.0, 0.0, 0.0, 1.0]]),
    (lambda x: F.elu(x, 2.0), [[-1000.0, 0.0, -0.0, 1000.0]], [[0.0, 2.0, 2.0, 1.0]]),
    (lambda x: F.celu(x, 2.0), [[0.0, 1.0]], [[1.0, 1.0]]),
    (F.selu, [[0.0, -inf, 1.0]], [[1.6732632423543772 * 1.0507009873554805, 0.0, 1.0507009873554805]]),
    (F.softplus, [[0.0, -1000.0, 1000.0]], [[0.5, 0.0, 1.0]]),
    (F.logsigmoid, [[0.0, -1000.0, 1000.0]], [[0.5, 1.0, 0.0]]),
    (F.silu, [[0.0, -1000.0, 1000.0]], [[0.5, 0.0, 1.0]]),
    (F.mish, [[-1000.0, 1000.0]], [[0.0, 1.0]]),
    (F.gelu, [[0.0, -1000.0, 1000.0]], [[0.5, 0.0, 1.0]]),
    (F.softsign, [[0.0, 1.0]], [[1.0, 0.25]]),
]
