"""Right but hard functions: the derivatives are the framework's own, or right by hand. A checker should pass all."""

from __future__ import annotations

from typing import Any

import numpy as np

from .case import Case, array, numbers
from .misbehaving import NONE, PURE, STATE


def hilbert(n: int) -> Any:
    """A matrix that is nearly singular: its condition is 5e5 for n = 5."""
    return 1.0 / (np.arange(n)[:, None] + np.arange(n)[None, :] + 1)


def wilkinson(t: Any, x: Any) -> Any:
    product = x - 1
    for root in range(2, 11):
        product = product * (x - root)
    return product


def chain(t: Any, x: Any) -> Any:
    for _ in range(300):
        x = t.sin(x) + 0.5 * x
    return x


def safe_root(t: Any, x: Any) -> Any:
    safe = t.where(x > 0, x, 1 + 0 * x)
    return t.where(x > 0, t.sqrt(safe), 0 * x)


def dropped(t: Any) -> Any:
    def fn(x: Any) -> Any:
        t.manual_seed(7)
        return t.nn.functional.dropout(t.sin(x), 0.4)

    return fn


def once(t: Any) -> Any:
    class Sine(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return t.sin(x)

        @staticmethod
        @t.autograd.function.once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * t.cos(x)

    return Sine.apply


def written_to(t: Any) -> Any:
    def fn(x: Any) -> Any:
        y = t.sin(x)
        y[1:].mul_(3.0)
        y.add_(x)
        return y.exp_()

    return fn


def gradient_penalty(t: Any) -> Any:
    def fn(x: Any) -> Any:
        with t.enable_grad():
            inside = x if x.requires_grad else x.detach().requires_grad_()
            (slope,) = t.autograd.grad(t.sum(inside**3), inside, create_graph=True)
        return t.sum(slope * slope)

    return fn


def in_place(t: Any) -> Any:
    class Exp(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.exp_()
            ctx.mark_dirty(x)
            ctx.save_for_backward(x)
            return x

        @staticmethod
        def backward(ctx, g):
            (out,) = ctx.saved_tensors
            return g * out

    return lambda x: Exp.apply(x.clone())


def wants(t: Any) -> Any:
    class Product(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(w if ctx.needs_input_grad[0] else None, x if ctx.needs_input_grad[1] else None)
            return x * w

        @staticmethod
        def backward(ctx, g):
            w, x = ctx.saved_tensors
            return None if w is None else g * w, None if x is None else g * x

    return Product.apply


def memory(t: Any) -> Any:
    seen: dict[tuple[float, ...], Any] = {}

    class Sine(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.key = tuple(x.detach().reshape(-1).tolist())
            seen.setdefault(ctx.key, t.cos(x))
            return t.sin(x)

        @staticmethod
        def backward(ctx, g):
            return g * seen[ctx.key]

    return Sine.apply


HARD = [
    # Kinks and ties
    Case("relu-at-0", "a kink at 0", [array(-1.0, 0.0, 2.0)], lambda t, x: t.relu(x)),
    Case("abs-at-0", "a kink at 0, and 1e-12 beside it", [array(0.0, 1e-12, -0.5)], lambda t, x: abs(x)),
    Case("hinge", "1e-9 beside a kink at 1", [array(1 + 1e-9, 1 - 1e-9, 0.3)], lambda t, x: t.relu(1 - x)),
    Case(
        "amax-ties",
        "equal maxima share the gradient",
        [array([1.0, 3.0, 3.0], [2.0, 2.0, 2.0])],
        lambda t, x: t.amax(x, 1),
    ),
    Case(
        "maximum-ties",
        "equal operands share the gradient",
        [array(1.0, 2.0, 3.0), array(1.0, 0.0, 4.0)],
        lambda t, x, y: t.maximum(x, y),
    ),
    Case("clamp-at-bounds", "kinks at both bounds", [array(-1.0, 0.2, 1.0, 5.0)], lambda t, x: t.clip(x, -1, 1)),
    Case(
        "norm-at-0",
        "a cone: no derivative at its tip, where 0 is a subgradient",
        [array([0.0, 0.0, 0.0], [3.0, 4.0, 0.0])],
        lambda t, x: t.linalg.norm(x, axis=1),
        jax="JAX's own derivative is nan there",
    ),
    Case("relu6-at-6", "the upper kink, whose inner slope is 6", [array(1.0, 0.5)], lambda t, x: t.clip(6 * x, 0, 6)),
    Case(
        "median-ties",
        "of three equal numbers one gets the whole gradient, though no one alone changes the median",
        [array(0.5, 2.0, 0.5, 0.5, -1.0)],
        lambda t, x: t.median(x),
        jax="JAX's median shares the gradient",
    ),
    # Scales
    Case("square-1e12", "numbers of 1e12", [array(1e12, -3e12)], lambda t, x: x * x),
    Case("cube-1e-8", "numbers of 1e-8", [array(1e-8, -2e-8)], lambda t, x: x**3),
    Case(
        "sqrt-1e-8",
        "1e-8 from the edge of the domain, beside a number of 1",
        [array(1e-8, 1.0)],
        lambda t, x: t.sqrt(x),
    ),
    Case("log-1e-300", "1e-300 from the edge of the domain", [array(1e-300, 2e-300)], lambda t, x: t.log(x)),
    Case("exp-700", "near overflow", [array(700.0, -700.0, 1.0)], lambda t, x: t.exp(x)),
    Case("mixed-scales", "1e-6 and 1e6 in one tensor", [array(1e-6, 1.0, 1e6)], lambda t, x: x * t.sqrt(x)),
    Case(
        "mixed-sum",
        "numbers of 1e-3 to 1e3, of which one sum is made",
        [array(1e-3, 1.0, 1e3)],
        lambda t, x: t.sum(x * t.sqrt(x), 0),
    ),
    Case(
        "narrow-bump",
        "a bump 1e-4 wide around 1",
        [array(1.00003, 0.99995, 1.0)],
        lambda t, x: t.exp(-(((x - 1) * 1e4) ** 2)),
    ),
    Case("fast-sine", "600 oscillations from 0 to x", [array(3.7, -2.9)], lambda t, x: t.sin(1000 * x)),
    # Edges, tails and saturation
    Case(
        "arccos-at-edge",
        "1e-10 from the edge of the domain",
        [array(1 - 1e-10, 1e-10 - 1, 0.2)],
        lambda t, x: t.arccos(x),
    ),
    Case("log1p-at-edge", "1e-7 from the edge of the domain", [array(-1 + 1e-7, 1e-12)], lambda t, x: t.log1p(x)),
    Case("tanh-tails", "slopes of 1e-10 to 1e-17", [array(12.0, -16.0, 20.0)], lambda t, x: t.tanh(x)),
    Case("sigmoid-saturated", "slopes of 1e-22 and 1e-300", [array(-50.0, 40.0, -690.0)], lambda t, x: t.sigmoid(x)),
    Case("erf-tails", "slopes of 1e-11 to 1e-39", [array(5.0, -9.5, 0.1)], lambda t, x: t.erf(x)),
    Case(
        "logsumexp-1e3",
        "inputs of ±1e3",
        [array([1e3, -1e3, 999.0], [-1e3, -1e3, -1e3])],
        lambda t, x: t.logsumexp(x, 1),
    ),
    Case(
        "softmax-masked",
        "-inf in the places that are masked",
        [numbers(2, 3)],
        lambda t, x: t.softmax(t.where(t.tensor([True, False, True]), x, -np.inf), 1),
    ),
    Case(
        "xlogy-at-0",
        "0 log y is 0, with the slope log y",
        [array(0.0, 0.5), array(0.3, 2.0)],
        lambda t, x, y: t.xlogy(x, y),
    ),
    Case("sqrt-at-0", "an infinite slope at the edge of the domain", [array(0.0, 4.0)], lambda t, x: t.sqrt(x)),
    Case(
        "power-at-0",
        "0 to the power of y is 0, and so is its slope",
        [array(0.0, 2.0), array(2.0, 0.5)],
        lambda t, x, y: x**y,
    ),
    Case(
        "arctan2-cut",
        "1e-9 beside the jump from π to -π",
        [array(1e-9, -1e-9, 1.0), array(-1.0, -1.0, 0.0)],
        lambda t, y, x: t.arctan2(y, x),
    ),
    Case("double-where", "a root that is 0 below 0, done right", [array(-0.5, 4.0, 1e-3)], safe_root),
    Case("lgamma-poles", "1e-3 beside the poles at -1 and 0", [array(1e-3, -0.999, 30.0)], lambda t, x: t.lgamma(x)),
    # Linear algebra
    Case("det-singular", "a determinant of 4e-12", [hilbert(5)], lambda t, a: t.linalg.det(a)),
    Case("inverse-ill", "a condition number of 2e4", [hilbert(4)], lambda t, a: t.linalg.inv(a)),
    Case("solve-ill", "a condition number of 2e4", [hilbert(4), numbers(4)], lambda t, a, b: t.linalg.solve(a, b)),
    Case(
        "cholesky",
        "the factor of a matrix with a condition number of 4e6",
        [hilbert(3)],
        lambda t, a: t.linalg.cholesky(a @ a.T),
    ),
    Case("logdet", "a determinant of 3e-14 on the way", [hilbert(4)], lambda t, a: t.linalg.slogdet(a @ a.T)[1]),
    Case(
        "prod-zeros", "one zero in a row, and two", [array([0.0, 2.0, 3.0], [0.0, 0.0, 1.5])], lambda t, x: t.prod(x, 1)
    ),
    Case("cumprod-zeros", "zeros on the way", [array(1.5, 0.0, 2.0, 0.0, 3.0)], lambda t, x: t.cumprod(x, 0)),
    # Cancellation and long ways
    Case("variance-1e6", "a variance of 1 around a mean of 1e6", [1e6 + numbers(6)], lambda t, x: t.var(x, 0)),
    Case("wilkinson", "a polynomial with roots at 1 to 10", [array(1.0001, 5.5, 9.9)], wilkinson),
    Case("chain", "600 operations, one after the other", [array(0.1, 2.3)], chain),
    Case("cancelled", "1e8 is added, and subtracted again", [numbers(3)], lambda t, x: (t.sin(x) + 1e8) - 1e8),
    # What is sorted and picked
    Case("sort", "gaps of 1e-6", [array(1.0, 1.000001, -0.5, 0.999999)], lambda t, x: t.msort(x)),
    Case("median", "one element of five", [array(0.4, -2.0, 1.1, 0.41, 3.0)], lambda t, x: t.median(x)),
    Case("max-indices", "a second result that has no derivative", [numbers(2, 3)], lambda t, x: t.max(x, 1)),
    Case(
        "integer-labels",
        "an input of integers, and logits of ±50",
        [array([50.0, -50.0, 0.0], [1.0, 2.0, 3.0]), array(0, 2, dtype="int64")],
        lambda t, x, labels: t.nn.functional.cross_entropy(x, labels),
    ),
    Case("round", "the derivative is zero everywhere", [array(0.2, 1.7, -3.4)], lambda t, x: t.round(x)),
    Case("floor-plus", "constant but for one part", [array(0.2, 1.7, -3.4)], lambda t, x: t.floor(x) + 1e-3 * x),
    Case("unused", "an input without influence", [numbers(3), numbers(2, seed=1)], lambda t, x, y: t.sin(x)),
    # Types, layouts and shapes
    Case(
        "float32",
        "single precision",
        [numbers(2, 3).astype("float32"), numbers(3, 2, seed=1).astype("float32")],
        lambda t, x, w: t.tanh(x @ w),
    ),
    Case(
        "float32-1e5",
        "single precision, numbers of 1e5",
        [array(1e5, 3e5, dtype="float32")],
        lambda t, x: x * t.sqrt(x),
    ),
    Case("float16", "half precision", [array(0.5, -1.3, 2.0, dtype="float16")], lambda t, x: t.sigmoid(x) * x),
    Case("transposed", "an input in Fortran's order", [numbers(3, 2).T], lambda t, x: t.exp(x) * x),
    Case(
        "expanded",
        "an input that is expanded: one element in many places",
        [numbers(3)],
        lambda t, x: t.sin(t.broadcast_to(x, (4, 3))),
    ),
    Case(
        "no-axes",
        "no axes, broadcast against a matrix and a column",
        [array(0.7)[0], numbers(2, 3), numbers(2, 1, seed=1)],
        lambda t, a, b, c: a * b / (3 + c),
    ),
    Case(
        "empty",
        "one input without elements",
        [numbers(0, 3), numbers(2, 3)],
        lambda t, x, y: t.concatenate([x, t.sin(y)]),
    ),
    Case("view", "a result that is a view of the input", [numbers(2, 3)], lambda t, x: x.T),
    # How it is written
    Case(
        "hands-on",
        "hands the same gradient to two inputs",
        [numbers(3), numbers(3, seed=1)],
        lambda t, x, y: x + y,
        lambda t, g, x, y: (g, g),
    ),
    Case(
        "turned-back",
        "a rule whose gradient is a view of the one that arrives",
        [numbers(2, 3)],
        lambda t, x: 2 * x.T,
        lambda t, g, x: (2 * g).T,
    ),
    Case("in-place", "a rule that writes to its input, and says so", [numbers(4)], build=in_place, jax=PURE),
    Case(
        "wants", "a rule that computes only what is asked for", [numbers(3), numbers(3, seed=1)], build=wants, jax=NONE
    ),
    Case(
        "memory",
        "a rule that keeps a table of what it has seen, and uses it rightly",
        [numbers(3)],
        build=memory,
        jax=STATE,
    ),
    Case("once", "a rule that can be differentiated once", [numbers(3)], build=once, jax="JAX has no such mark"),
    Case("dropout", "random, from a seed of its own", [numbers(3, 4)], build=dropped, jax=STATE),
    Case(
        "written-to",
        "intermediate results are changed in place",
        [numbers(4)],
        build=written_to,
        jax=PURE,
    ),
    Case("gradient-inside", "takes a gradient itself", [numbers(3)], build=gradient_penalty),
    # Second derivatives
    Case(
        "logsumexp-twice",
        "second derivative, at ±1e2",
        [array(100.0, -100.0, 99.0)],
        lambda t, x: t.logsumexp(x, 0),
        order=2,
    ),
    Case(
        "relu-squared-twice",
        "second derivative with a jump at 0",
        [array(-1.0, 0.0, 2.0)],
        lambda t, x: t.relu(x) * t.relu(x),
        order=2,
    ),
    Case(
        "softplus-twice",
        "second derivative in the tails",
        [array(-30.0, 0.1, 25.0)],
        lambda t, x: t.logaddexp(x, 0 * x),
        order=2,
    ),
    Case(
        "sigmoid-twice",
        "second derivative where the first is 1e-18, and at 0 where the second is 0",
        [array(40.0, -41.0, 0.0)],
        lambda t, x: t.sigmoid(x),
        order=2,
    ),
    Case(
        "cumprod-twice",
        "second derivative with a zero on the way",
        [array(1.5, 0.0, 2.0, -0.7)],
        lambda t, x: t.cumprod(x, 0),
        order=2,
    ),
    Case(
        "inverse-twice",
        "second derivative of an inverse with a condition number of 5e2",
        [hilbert(3)],
        lambda t, a: t.linalg.inv(a),
        order=2,
    ),
]
