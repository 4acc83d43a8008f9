"""Functions of one element: exponentials, roots, and the activation functions."""

from __future__ import annotations

import numpy as np

from .arithmetic import POSITIVE
from .record import Array, derivatives, operation


@operation(np.exp, methods=("exp", "exp_"), elementwise=True, out=True, floats=True)
@derivatives(input=lambda g, out: g * out)
def exp(input: Array) -> Array:
    """The exponential e ** input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.exp.html
    """
    return np.exp(input)


@operation(np.log, methods=("log", "log_"), elementwise=True, out=True, floats=True, domain=POSITIVE)
@derivatives(input=lambda g, input: g / input)
def log(input: Array) -> Array:
    """The natural logarithm: -inf at 0, nan below.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.log.html
    """
    return np.log(input)


@operation(np.log1p, methods=("log1p", "log1p_"), elementwise=True, out=True, floats=True, domain=(-0.9, 3.0))
@derivatives(input=lambda g, input: g / (input + 1))
def log1p(input: Array) -> Array:
    """log(1 + input), accurate near 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.log1p.html
    """
    return np.log1p(input)


@operation(np.sqrt, methods=("sqrt", "sqrt_"), elementwise=True, out=True, floats=True, domain=POSITIVE)
@derivatives(input=lambda g, out: g / (out + out))
def sqrt(input: Array) -> Array:
    """The square root: nan below 0. Its derivative at 0 is inf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sqrt.html
    """
    return np.sqrt(input)


@operation(
    np.tanh, methods=("tanh", "tanh_"), public=("tanh", "tanh_", "nn.functional.tanh"),
    elementwise=True, out=True, floats=True,
)  # fmt: skip
@derivatives(input=lambda g, out: g - g * (out * out))
def tanh(input: Array) -> Array:
    """The hyperbolic tangent.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tanh.html
    """
    return np.tanh(input)


# A 0-d array of the right type spares NumPy the conversion of a Python number, a third of the cost on small arrays.
ONE = {dtype: np.array(1, dtype) for dtype in (np.dtype("float16"), np.dtype("float32"), np.dtype("float64"))}


@operation(
    methods=("sigmoid", "sigmoid_"), public=("sigmoid", "sigmoid_", "nn.functional.sigmoid"),
    elementwise=True, out=True, floats=True,
)  # fmt: skip
@derivatives(input=lambda g, out: g * (out * (1 - out)))
def sigmoid(input: Array) -> Array:
    """The logistic function 1 / (1 + exp(-input)), accurate for every input: where exp overflows the result is 0.

    (Through tanh it would be faster for large arrays, but (1 + tanh(x / 2)) / 2 cancels for negative x: 0 for x = -20
    in float32, where the truth is 2e-9.)

    Source: https://docs.pytorch.org/docs/stable/generated/torch.sigmoid.html
    """
    if not input.ndim:
        return 1 / (1 + np.exp(-input))
    one = ONE[input.dtype]
    out = np.negative(input)
    np.exp(out, out)
    np.add(out, one, out)
    return np.true_divide(one, out, out)
