"""Wrong derivative rules: each is wrong in its own way, said in one line. A checker should let none of them pass.

Those here compute a wrong number (or a number wrongly) and need two lines each; what is wrong with those in
``misbehaving.py`` is how they behave.
"""

from __future__ import annotations

import numpy as np

from .case import Case, array, cast, numbers
from .misbehaving import MISBEHAVING


def centred(t, x):
    return x - t.mean(x, -1, keepdims=True)


def complex_product(t, a, b):
    return t.stack([a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]])


def sinc_slope(t, x):
    away = x + (x == 0)
    return t.where(x == 0, 0 * x, (t.cos(np.pi * x) - t.sinc(x)) / away)


def softmax(t, x):
    e = t.exp(x - t.amax(x, -1, keepdims=True))
    return e / t.sum(e, -1, keepdims=True)


def gelu_tanh_slope(t, x):
    inner = (2 / np.pi) ** 0.5 * (x + 0.044715 * x**3)
    slope = (2 / np.pi) ** 0.5 * (1 + 3 * 0.044715 * x**2)
    return 0.5 * (1 + t.tanh(inner)) + 0.5 * x * (1 - t.tanh(inner) ** 2) * slope


VALUES = [
    # A wrong formula
    Case(
        "scaled",
        "too large by a factor of 1 + 1e-4",
        [numbers(2, 3)],
        lambda t, x: t.exp(x),
        lambda t, g, x: g * t.exp(x) * (1 + 1e-4),
    ),
    Case(
        "log2",
        "forgets the factor that the base of the logarithm brings",
        [numbers(4, low=0.5)],
        lambda t, x: t.log2(x),
        lambda t, g, x: g / x,
    ),
    Case(
        "mean",
        "the gradient of a sum, for a mean",
        [numbers(2, 3)],
        lambda t, x: t.mean(x, 1),
        lambda t, g, x: g[:, None] + 0 * x,
    ),
    Case(
        "integer",
        "truncates its input to an integer on the way",
        [numbers(5, low=1.0, high=6.0)],
        lambda t, x: x * x,
        lambda t, g, x: g * 2 * t.trunc(x),
    ),
    Case(
        "approximate",
        "the derivative of GELU's tanh approximation, for the exact GELU",
        [numbers(6)],
        lambda t, x: 0.5 * x * (1 + t.erf(x * 0.5**0.5)),
        lambda t, g, x: g * gelu_tanh_slope(t, x),
    ),
    Case(
        "norm-eps",
        "forgets the epsilon under the root of a norm",
        [array(0.3, -0.4, 1.2)],
        lambda t, x: t.sqrt(t.sum(x * x) + 1e-3),
        lambda t, g, x: g * x / t.sqrt(t.sum(x * x)),
    ),
    Case(
        "layer-norm",
        "takes the standard deviation for a constant",
        [numbers(2, 4)],
        lambda t, x: centred(t, x) / t.sqrt(t.mean(centred(t, x) ** 2, -1, keepdims=True)),
        lambda t, g, x: centred(t, g) / t.sqrt(t.mean(centred(t, x) ** 2, -1, keepdims=True)),
    ),
    # Several inputs
    Case(
        "sign",
        "the wrong sign for one of two inputs",
        [numbers(3), numbers(3, seed=1)],
        lambda t, x, y: x - y,
        lambda t, g, x, y: (g, g),
    ),
    Case(
        "swapped",
        "swaps the gradients of two inputs of one shape",
        [numbers(3), numbers(3, seed=1)],
        lambda t, x, y: x * y,
        lambda t, g, x, y: (g * x, g * y),
    ),
    Case(
        "invented",
        "a gradient for an input that has no influence",
        [numbers(3), numbers(3, seed=1)],
        lambda t, x, y: t.sin(x) + 0 * y,
        lambda t, g, x, y: (g * t.cos(x), g),
    ),
    Case(
        "transposed",
        "multiplies by the Jacobian, not by its transpose",
        [numbers(3, 3), numbers(3, seed=1)],
        lambda t, a, x: a @ x,
        lambda t, g, a, x: (t.outer(g, x), a @ g),
    ),
    Case(
        "conjugate",
        "does not conjugate in a product of complex numbers",
        [numbers(2), numbers(2, seed=1)],
        lambda t, a, b: complex_product(t, a, b),
        lambda t, g, a, b: (complex_product(t, g, b), complex_product(t, g, a)),
    ),
    # Broadcasting and shapes
    Case(
        "first-row",
        "undoes broadcasting by taking the first row",
        [numbers(4, 3), numbers(1, 3, seed=1)],
        lambda t, x, w: x * w,
        lambda t, g, x, w: (g * w, (g * x)[:1]),
    ),
    Case(
        "not-undone",
        "does not undo broadcasting: PyTorch's engine sums silently, and nobody else does",
        [numbers(4, 3), numbers(1, 3, seed=1)],
        lambda t, x, w: x * w,
        lambda t, g, x, w: (g * w, g * x),
    ),
    Case(
        "wrong-axis",
        "undoes broadcasting along the wrong axis",
        [numbers(3, 3), numbers(3, seed=1)],
        lambda t, x, b: x + b,
        lambda t, g, x, b: (g, t.sum(g, 1)),
    ),
    Case(
        "no-axes",
        "wrong only for an input without axes",
        [array(0.7)[0]],
        lambda t, x: x**3,
        lambda t, g, x: g * 3 * x**2 if x.ndim else g * 3 * x,
    ),
    Case(
        "one-row",
        "wrong only for a batch of one",
        [numbers(1, 4)],
        lambda t, x: t.sum(t.sin(x), 0),
        lambda t, g, x: g * t.cos(x) * (1.0 if x.shape[0] > 1 else 0.5),
    ),
    Case(
        "blocks",
        "counts the first element of each further block of 64 twice",
        [numbers(130)],
        lambda t, x: t.tanh(x),
        lambda t, g, x: g * (1 - t.tanh(x) ** 2) * (1 + ((x == x[64]) | (x == x[128]))),
    ),
    Case(
        "padding",
        "cuts a padded gradient one element too early",
        [numbers(4)],
        lambda t, x: t.concatenate([0 * x[:1], x, 0 * x[:2]]),
        lambda t, g, x: g[:4],
    ),
    Case(
        "repeated-index",
        "overwrites, where an element was picked twice, and does not add",
        [numbers(3)],
        lambda t, x: t.stack([x[0], x[0], x[2]]),
        lambda t, g, x: t.stack([g[1], 0 * g[0], g[2]]),
    ),
    Case(
        "scan",
        "sums a cumulative sum's gradient from the wrong end",
        [numbers(4)],
        lambda t, x: t.cumsum(x, 0),
        lambda t, g, x: t.cumsum(g, 0),
    ),
    Case(
        "sort",
        "sorts the gradient where it should undo the sorting",
        [array(0.9, -1.0, 0.3, 2.0, -0.2)],
        lambda t, x: t.msort(x),
        lambda t, g, x: g[t.argsort(x)],
    ),
    # The cotangent
    Case(
        "ignores-cotangent",
        "ignores the gradient that arrives",
        [numbers(2, 2)],
        lambda t, x: t.exp(x),
        lambda t, g, x: t.exp(x),
    ),
    Case(
        "squares-cotangent",
        "squares the gradient that arrives",
        [numbers(2, 2)],
        lambda t, x: t.sin(x),
        lambda t, g, x: g * g * t.cos(x),
    ),
    Case(
        "clips-cotangent",
        "clips the gradient that arrives to [-10, 10]",
        [numbers(2, 2)],
        lambda t, x: t.sin(x),
        lambda t, g, x: t.clip(g, -10, 10) * t.cos(x),
    ),
    Case(
        "drops-small",
        "takes gradients that arrive for zero below 1e-4",
        [numbers(2, 2)],
        lambda t, x: t.sin(x),
        lambda t, g, x: t.where(abs(g) > 1e-4, g, 0 * g) * t.cos(x),
    ),
    Case(
        "adds-decay",
        "adds a weight decay of 1e-6 to the gradient",
        [numbers(2, 2)],
        lambda t, x: t.sin(x),
        lambda t, g, x: g * t.cos(x) + 1e-6 * x,
    ),
    Case(
        "softmax-ones",
        "a softmax that is right for gradients of ones alone",
        [numbers(2, 3)],
        lambda t, x: softmax(t, x),
        lambda t, g, x: softmax(t, x) * (g - t.mean(g, -1, keepdims=True)),
    ),
    # One element
    Case(
        "last-element",
        "drops the gradient of the last element",
        [numbers(6)],
        lambda t, x: x * x,
        lambda t, g, x: t.concatenate([(g * 2 * x)[:-1], 0 * x[-1:]]),
    ),
    Case(
        "small-among-large",
        "1 % off for one element, 1e6 times smaller than the others",
        [array(1e6, -2e6, 1.0, 3e6)],
        lambda t, x: abs(x) ** 1.5,
        lambda t, g, x: g * 1.5 * t.sign(x) * t.sqrt(abs(x)) * (1 + 0.01 * (x == 1)),
    ),
    Case(
        "small-leaf",
        "a small gradient doubled, beside an input with a large one",
        [numbers(64, low=20, high=40), numbers(3, seed=1)],
        lambda t, a, b: t.sum(a * a) + 1.6e-4 * t.sum(t.sin(b)),
        lambda t, g, a, b: (2 * g * a, 3.2e-4 * g * t.cos(b)),
    ),
    # Special points
    Case(
        "at-zero",
        "wrong at zero alone",
        [array(-0.7, 0.0, 1.3)],
        lambda t, x: t.sinc(x),
        lambda t, g, x: g * (sinc_slope(t, x) + (x == 0)),
    ),
    Case(
        "below-zero",
        "wrong for negative numbers near zero alone",
        [array(-0.5, -0.01, 0.4)],
        lambda t, x: t.where(x > 0, x, t.expm1(x)),
        lambda t, g, x: g * t.where(x > -0.05, 1 + 0 * x, t.exp(x)),
    ),
    Case(
        "kink",
        "at a kink, steeper than either side",
        [array(-0.5, 0.0, 0.4)],
        lambda t, x: abs(x),
        lambda t, g, x: g * (t.sign(x) + 3 * (x == 0)),
    ),
    Case(
        "ties",
        "gives each of several equal maxima the full gradient",
        [array([1.0, 3.0, 3.0], [2.0, -1.0, 0.0])],
        lambda t, x: t.amax(x, 1),
        lambda t, g, x: g[:, None] * (x == t.amax(x, 1)[:, None]),
    ),
    Case(
        "opposite-ends",
        "at a kink of two inputs each gradient is possible, and both together are not",
        [array(1.0, 0.4), array(-1.0, 0.3)],
        lambda t, x, y: abs(x + y),
        lambda t, g, x, y: (g * (t.sign(x + y) + (x + y == 0)), g * (t.sign(x + y) - 1.0 * (x + y == 0))),
    ),
    Case(
        "clamp",
        "lets the gradient through where the value was clamped",
        [array(-1.7, 0.4, 2.5)],
        lambda t, x: t.clip(x, -1, 1),
        lambda t, g, x: g,
    ),
    Case(
        "overflow",
        "nan far in the tail of a sigmoid",
        [array(-800.0, -1.0, 2.0)],
        lambda t, x: t.sigmoid(x),
        lambda t, g, x: g * t.exp(-x) / (1 + t.exp(-x)) ** 2,
    ),
    Case(
        "double-where",
        "nan from the branch that was not taken",
        [array(-0.5, 0.0, 4.0)],
        lambda t, x: t.where(x > 0, t.sqrt(x), 0 * x),
    ),
    # Scales
    Case(
        "tail",
        "nothing in the tails of tanh, where the slope is 1e-10",
        [array(12.0, -11.0)],
        lambda t, x: t.tanh(x),
        lambda t, g, x: g * t.where(abs(x) < 10, 1 - t.tanh(x) ** 2, 0 * x),
    ),
    Case(
        "behind-noise",
        "1 % off, for a function whose values have only eight digits",
        [numbers(3)],
        lambda t, x: (t.sin(x) + 1e8) - 1e8,
        lambda t, g, x: g * 1.01 * t.cos(x),
    ),
    Case(
        "huge",
        "0.1 % too large, for numbers of 1e12",
        [array(1e12, -3e12)],
        lambda t, x: x * x,
        lambda t, g, x: g * 2.002 * x,
    ),
    Case(
        "tiny",
        "nothing where the derivative is small",
        [array(1e-4, -2e-4)],
        lambda t, x: x**3,
        lambda t, g, x: g * 3 * t.where(abs(x) > 1e-3, x * x, 0 * x),
    ),
    # Types
    Case(
        "float32-inside",
        "computes in float32, for float64",
        [numbers(2, 3)],
        lambda t, x: t.exp(x),
        lambda t, g, x: cast(cast(g, t.float32) * t.exp(cast(x, t.float32)), t.float64),
    ),
    Case(
        "float32-overflow",
        "nan where float32 overflows, and right in float64",
        [array(-2.0, 100.0, dtype="float32")],
        lambda t, x: t.logaddexp(x, 0 * x),
        lambda t, g, x: g * t.exp(x) / (1 + t.exp(x)),
    ),
    Case(
        "float32-cancels",
        "loses its digits in float32, and is right in float64",
        [numbers(3).astype("float32")],
        lambda t, x: x * x,
        lambda t, g, x: g * 2 * ((x + 3e4) - 3e4),
    ),
    Case(
        "float64-outside",
        "gives float64 for float32",
        [numbers(2, 3).astype("float32")],
        lambda t, x: t.sin(x),
        lambda t, g, x: cast(g, t.float64) * t.cos(cast(x, t.float64)),
    ),
]

WRONG = [*VALUES, *MISBEHAVING]
