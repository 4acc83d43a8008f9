"""Special functions: of the normal distribution, of the gamma function's kin, and Bessel's.

Their values are SciPy's, which is imported when one of them is first used.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd.modes import recording
from ..tensor import Tensor
from .arithmetic import POSITIVE, add, check_kind, in_both_forms, sub
from .elementary import xlogy
from .record import Array, composite, derivatives, operation
from .trigonometric import REAL

HALF = np.dtype("float16")


def _scipy(name: str, *operands: Any) -> Any:
    """A function of scipy.special, in the dtype of its operands: it knows nothing of half precision."""
    import scipy.special

    dtype = next(operand.dtype for operand in operands if hasattr(operand, "dtype"))
    wide = np.float32 if dtype == HALF else dtype
    return np.asarray(getattr(scipy.special, name)(*(np.asarray(operand, wide) for operand in operands)), dtype)


# The error function


@operation("scipy.special.erf", **in_both_forms("erf"), **REAL, opaque=True)
@derivatives(input=lambda g, input: g * (np.exp(-(input * input)) * (2 / math.sqrt(math.pi))))
def erf(input: Array) -> Array:
    """The error function, 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to ``input``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.erf.html
    """
    return _scipy("erf", input)


@operation("scipy.special.erfc", **in_both_forms("erfc"), **REAL, opaque=True)
@derivatives(input=lambda g, input: -g * (np.exp(-(input * input)) * (2 / math.sqrt(math.pi))))
def erfc(input: Array) -> Array:
    """``1 - erf(input)``, accurate where that is nearly 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.erfc.html
    """
    return _scipy("erfc", input)


@operation(
    "scipy.special.erfinv", methods=("erfinv", "erfinv_"), public=("erfinv",), **REAL, opaque=True,
    domain=(-0.9, 0.9),
)  # fmt: skip
@derivatives(input=lambda g, out: g * (np.exp(out * out) * (math.sqrt(math.pi) / 2)))
def erfinv(input: Array) -> Array:
    """The inverse of the error function: -inf at -1, inf at 1, nan outside.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.erfinv.html
    """
    return _scipy("erfinv", input)


# The gamma function


@operation(
    "scipy.special.gammaln", methods=("lgamma", "lgamma_"), public=("lgamma",), **REAL, opaque=True, domain=POSITIVE,
)  # fmt: skip
@derivatives(input=lambda g, input: g * digamma(input))
def lgamma(input: Array) -> Array:
    """The logarithm of the absolute value of the gamma function: inf at 0 and at negative integers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.lgamma.html
    """
    return np.where(np.isinf(input), np.absolute(input), _scipy("gammaln", input))


@operation(
    "scipy.special.digamma", "scipy.special.psi", methods=("digamma", "digamma_"), public=("digamma",), **REAL,
    opaque=True, domain=POSITIVE,
)  # fmt: skip
@derivatives(input=lambda g, input: g * derivative_of_digamma(input, 1))
def digamma(input: Array) -> Array:
    """The derivative of ``lgamma``: -inf at 0, nan at negative integers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.digamma.html
    """
    return _scipy("digamma", input)


def _orders(make: Any) -> list[tuple[Any, ...]]:
    return [(make(2, 3), 1), (make(2), 2), (make(), 1), (make(0, 2), 3)]


def _further_of_digamma(g: Any, input: Any, n: int) -> Any:
    return g * derivative_of_digamma(input, n + 1)


@operation(
    public=(), label="polygamma", elementwise=True, floats=True, opaque=True, domain=(0.5, 3.0), samples=_orders,
)  # fmt: skip
@derivatives(input=_further_of_digamma)
def derivative_of_digamma(input: Array, n: int) -> Array:
    """The n-th derivative of digamma, n above 0: (-1)**(n+1) n! times the sum over k of 1 / (input + k)**(n+1)."""
    zeta = np.where(input == -np.inf, input.dtype.type(np.nan), _scipy("zeta", n + 1, input))
    return zeta * ((-1.0) ** (n + 1) * float(math.factorial(n)))


@composite(public=("polygamma",), out=True)
def polygamma(n: int, input: Array) -> Array:
    """The n-th derivative of the digamma function; of order 0, that function itself.

    Raises RuntimeError for a negative order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.polygamma.html
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"polygamma(): argument 'n' (position 1) must be int, not {type(n).__name__}")
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return derivative_of_digamma(input, int(n)) if n else digamma(input)


@composite(methods=("polygamma", "polygamma_"), public=())
def _polygamma(self: Array, n: int) -> Array:
    """The n-th derivative of the digamma function, at this tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.polygamma.html
    """
    return polygamma(n, self)


@composite(methods=("mvlgamma", "mvlgamma_"), public=("mvlgamma",), out=True)
def mvlgamma(input: Array, p: int) -> Array:
    """The logarithm of the multivariate gamma function of dimension ``p``.

    It is p (p - 1) / 4 log(pi) + the sum of lgamma(input - i / 2) for i below p; inputs should exceed (p - 1) / 2.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.mvlgamma.html
    """
    if isinstance(p, bool) or not isinstance(p, (int, np.integer)):
        raise TypeError(f"mvlgamma(): argument 'p' (position 2) must be int, not {type(p).__name__}")
    if p < 1:
        raise RuntimeError(f"mvlgamma: p has to be greater than or equal to 1, got {p}")
    total = lgamma(input)
    for i in range(1, p):
        total = add(total, lgamma(sub(input, i / 2)))
    return add(total, p * (p - 1) / 4 * math.log(math.pi))


def _density(g, input, other):
    """The gamma density of ``other`` with shape ``input``: exp((a - 1) log x - x - lgamma(a))."""
    return g * np.exp(xlogy(input - 1, other) - other - lgamma(np.ones_like(g) * input))


def _shapes_of_two(make: Any) -> list[tuple[Any, ...]]:
    return [(make(2, 3), make(3)), (make(), make(2)), (make(3, 1), make(2)), (make(0, 2), make(2))]


@operation(
    public=(), label="igamma", elementwise=True, opaque=True, domain=(0.5, 3.0), samples=_shapes_of_two,
)  # fmt: skip
@derivatives(other=_density)
def lower_gamma(input: Array, other: Array) -> Array:
    """The regularized lower incomplete gamma function."""
    check_kind("igamma", "f", input, other)
    return _scipy("gammainc", input, other)


@operation(
    public=(), label="igammac", elementwise=True, opaque=True, domain=(0.5, 3.0), samples=_shapes_of_two,
)  # fmt: skip
@derivatives(other=lambda g, input, other: -_density(g, input, other))
def upper_gamma(input: Array, other: Array) -> Array:
    """The regularized upper incomplete gamma function."""
    check_kind("igammac", "f", input, other)
    return _scipy("gammaincc", input, other)


def _check_no_gradient(function: str, input: Any) -> None:
    if isinstance(input, Tensor) and input.requires_grad and recording.get():
        raise NotImplementedError(
            f"the derivative for '{function}: input' is not implemented: give {function} an input.detach()"
        )


@composite("scipy.special.gammainc", methods=("igamma", "igamma_"), public=("igamma",), out=True)
def igamma(input: Array, other: Array) -> Array:
    """The regularized lower incomplete gamma function: the gamma distribution of shape ``input`` up to ``other``.

    It has a derivative with respect to ``other``. With respect to ``input`` none is implemented: when that requires
    gradients NotImplementedError is raised.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.igamma.html
    """
    out = lower_gamma(input, other)
    _check_no_gradient("igamma", input)
    return out


@composite("scipy.special.gammaincc", methods=("igammac", "igammac_"), public=("igammac",), out=True)
def igammac(input: Array, other: Array) -> Array:
    """``1 - igamma(input, other)``, accurate where that is nearly 0. It has no derivative with respect to ``input``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.igammac.html
    """
    out = upper_gamma(input, other)
    _check_no_gradient("igammac", input)
    return out


# Bessel functions


@operation(np.i0, "scipy.special.i0", **in_both_forms("i0"), **REAL, opaque=True)
@derivatives(input=lambda g, input: g * modified_bessel(input, 1))
def i0(input: Array) -> Array:
    """The modified Bessel function of the first kind, of order 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.i0.html
    """
    return _scipy("i0", input)


def _further_of_bessel(g: Any, input: Any, order: int) -> Any:
    return g * (0.5 * (modified_bessel(input, abs(order - 1)) + modified_bessel(input, order + 1)))


@operation(public=(), label="iv", elementwise=True, floats=True, opaque=True, samples=_orders)
@derivatives(input=_further_of_bessel)
def modified_bessel(input: Array, order: int) -> Array:
    """The modified Bessel function of the first kind, of an integer order."""
    return _scipy("i0" if order == 0 else "i1", input) if order < 2 else _scipy("iv", float(order), input)
