"""Ways to fill a new parameter, with the numbers that PyTorch draws for the same seed.

Every function changes its tensor in place, outside of any graph, and returns it; ``generator`` is drawn from in the
place of the default one.

Source: https://docs.pytorch.org/docs/stable/nn.init.html
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ..autograd.modes import no_grad
from ..ops.comparison import where
from ..ops.creation import empty_like
from ..ops.creation import eye as identity
from ..ops.sampling import randperm
from ..random import Generator
from ..tensor import Tensor, make

_LINEAR = ("linear", *(f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)))
GAINS = dict.fromkeys((*_LINEAR, "sigmoid"), 1.0) | {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 0.75}


@no_grad()
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with uniform random numbers from [a, b)."""
    return tensor.uniform_(a, b, generator=generator)  # type: ignore[attr-defined]


@no_grad()
def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with random numbers from the normal distribution.

    >>> import microgradnp
    >>> _ = microgradnp.manual_seed(0)
    >>> microgradnp.nn.init.normal_(microgradnp.empty(2), std=0.5)
    tensor([ 0.7705, -0.1467])
    """
    return tensor.normal_(mean, std, generator=generator)  # type: ignore[attr-defined]


@no_grad()
def trunc_normal_(
    tensor: Any,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Any:
    """Fill with random numbers from the normal distribution, those outside of [a, b] drawn again.

    Where less than 0.3 of the distribution lies in [a, b], they are drawn from the uniform distribution there instead,
    and kept with a probability in proportion to the normal density (rejection sampling). Warns when ``mean`` is more
    than two ``std`` away from [a, b].
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. The distribution of values may be "
            "incorrect.",
            stacklevel=3,
        )
    # All are drawn again in every round, as PyTorch does, and those to be replaced are.
    candidates = empty_like(tensor)
    if _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std) > 0.3:
        low, high = (tensor.dtype.type(bound) for bound in (a, b))  # as which they are compared
        tensor.normal_(mean, std, generator=generator)
        while (rejected := (tensor < low) | (tensor > high)).any():
            tensor.copy_(where(rejected, candidates.normal_(mean, std, generator=generator), tensor))
        return tensor
    chances = empty_like(tensor)
    log_peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2

    def unlikely(values: Any) -> Any:
        log_density = ((values - mean) / std) ** 2 * -0.5 - log_peak
        return chances.uniform_(generator=generator).log_() > log_density

    rejected = unlikely(tensor.uniform_(a, b, generator=generator))
    while rejected.any():
        tensor.copy_(where(rejected, candidates.uniform_(a, b, generator=generator), tensor))
        rejected = rejected & unlikely(candidates)
    return tensor


def _normal_cdf(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


@no_grad()
def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number."""
    return tensor.fill_(val)  # type: ignore[attr-defined]


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


@no_grad()
def eye_(tensor: Any) -> Any:
    """Fill a matrix with the identity: ones on its diagonal, zeros elsewhere."""
    if tensor.ndim != 2:
        raise ValueError(f"eye_: Only tensors with 2 dimensions are supported, got shape {tuple(tensor.shape)}")
    return tensor.copy_(identity(*tensor.shape, dtype=tensor.dtype))


@no_grad()
def dirac_(tensor: Any, groups: int = 1) -> Any:
    """Fill the weight of a convolution, (out, in, ...), so that it passes its first channels on, in each group.

    >>> import microgradnp
    >>> microgradnp.nn.init.dirac_(microgradnp.empty(3, 2, 3))[1]
    tensor([[0., 0., 0.],
            [0., 1., 0.]])
    """
    shape = tuple(tensor.shape)
    if len(shape) not in (3, 4, 5):
        raise ValueError(f"dirac_: Only tensors with 3, 4, or 5 dimensions are supported, got shape {shape}")
    if shape[0] % groups:
        raise ValueError(f"dirac_: dim 0 must be divisible by groups, got shape {shape} and groups={groups}")
    tensor.zero_()
    size = shape[0] // groups
    channels = np.arange(min(size, shape[1]))
    center = tuple(n // 2 for n in shape[2:])
    for group in range(groups):
        tensor[(group * size + channels, channels, *center)] = 1
    return tensor


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity asks the standard deviation of weights before it to be scaled.

    ``param`` is the negative slope of "leaky_relu", 0.01 by default. Raises ValueError for an unknown nonlinearity.

    >>> from microgradnp import nn
    >>> nn.init.calculate_gain("leaky_relu", 1)
    1.0
    """
    if nonlinearity == "leaky_relu":
        if isinstance(param, bool) or not isinstance(param, (int, float, type(None))):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}; use one of leaky_relu, {', '.join(GAINS)}")
    return GAINS[nonlinearity]


def fans(tensor: Tensor) -> tuple[int, int]:
    """The number of inputs and of outputs of one unit of a weight of shape (out, in, ...)."""
    shape = tensor._array.shape
    if len(shape) < 2:
        raise ValueError(
            f"Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, got shape {shape}"
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


_calculate_fan_in_and_fan_out = fans  # PyTorch's name, which many layers of users know


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """gain / sqrt(fan), where fan is the number of inputs ("fan_in") or outputs ("fan_out")."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    return calculate_gain(nonlinearity, a) / math.sqrt(fans(tensor)[mode == "fan_out"])


def _is_empty(tensor: Tensor) -> bool:
    if tensor.numel() == 0:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return tensor.numel() == 0


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Uniform in ±gain * sqrt(3 / fan). He et al., Delving deep into rectifiers, 2015."""
    if _is_empty(tensor):
        return tensor
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Normal with std gain / sqrt(fan). He et al., Delving deep into rectifiers, 2015."""
    if _is_empty(tensor):
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Uniform in ±gain * sqrt(6 / (fan_in + fan_out)). Glorot & Bengio, Understanding the difficulty, 2010."""
    bound = math.sqrt(3.0) * (gain * math.sqrt(2.0 / sum(fans(tensor))))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normal with std gain * sqrt(2 / (fan_in + fan_out)). Glorot & Bengio, Understanding the difficulty, 2010."""
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / sum(fans(tensor))), generator)


@no_grad()
def orthogonal_(tensor: Any, gain: float = 1, generator: Generator | None = None) -> Any:
    """Fill with ``gain`` times a matrix with orthonormal rows or columns, whichever are fewer.

    Dimensions after the first are flattened into one. The matrix is the Q of a decomposition QR of normal random
    numbers, with the signs that make it uniformly distributed.

    Source: Saxe et al., Exact solutions to the nonlinear dynamics of learning in deep linear neural networks, 2013;
    Mezzadri, How to generate random matrices from the classical compact groups, 2007.

    >>> import microgradnp
    >>> w = microgradnp.nn.init.orthogonal_(microgradnp.empty(2, 3))
    >>> microgradnp.allclose(w @ w.T, microgradnp.eye(2), atol=1e-6)
    True
    """
    shape = tuple(tensor.shape)
    if len(shape) < 2:
        raise ValueError(f"orthogonal_: Only tensors with 2 or more dimensions are supported, got shape {shape}")
    if tensor.numel() == 0:
        return tensor
    if tensor.dtype.kind != "f" or tensor.dtype.itemsize < 4:
        raise NotImplementedError(
            f"orthogonal_: not implemented for {tensor.dtype}; fill a float32 tensor, and convert"
        )
    normals = tensor.new_empty((shape[0], tensor.numel() // shape[0])).normal_(0, 1, generator=generator)._array
    wide = normals.shape[0] < normals.shape[1]
    q, r = np.linalg.qr(normals.T if wide else normals)
    q = q * np.sign(np.diagonal(r))
    return tensor.copy_(make((q.T if wide else q).reshape(shape))).mul_(gain)


@no_grad()
def sparse_(tensor: Any, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Any:
    """Fill a matrix with normal random numbers, and in each column a fraction ``sparsity`` of zeros.

    As in PyTorch the places of the zeros come from the default generator, whatever ``generator`` is.

    Source: Martens, Deep learning via Hessian-free optimization, 2010.
    """
    if tensor.ndim != 2:
        raise ValueError(f"sparse_: Only tensors with 2 dimensions are supported, got shape {tuple(tensor.shape)}")
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    tensor.normal_(0, std, generator=generator)
    for column in range(columns):
        tensor[randperm(rows)[:zeros], column] = 0
    return tensor


def _deprecated(fill: Callable[..., Any]) -> Callable[..., Any]:
    """A function under its name of old, without the underscore, which warns."""
    name = fill.__name__

    @wraps(fill)
    def deprecated(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(
            f"`nn.init.{name[:-1]}` is now deprecated in favor of `nn.init.{name}`.", FutureWarning, stacklevel=2
        )
        return fill(*args, **kwargs)

    deprecated.__doc__ = f"The name of old of ``{name}``; it warns."
    return deprecated


uniform, normal, constant, eye, dirac = map(_deprecated, (uniform_, normal_, constant_, eye_, dirac_))
xavier_uniform, xavier_normal = map(_deprecated, (xavier_uniform_, xavier_normal_))
kaiming_uniform, kaiming_normal = map(_deprecated, (kaiming_uniform_, kaiming_normal_))
orthogonal, sparse = map(_deprecated, (orthogonal_, sparse_))
