"""Activation functions as modules: the functions of the same names, with their arguments kept."""

from __future__ import annotations

import warnings
from typing import Any

from ..ops.activation import relu
from ..ops.creation import empty
from ..tensor import Tensor
from . import functional as F
from .declared import declared, shown
from .init import constant_
from .module import Module
from .parameter import Parameter

# Rectifiers and other pieces of straight lines


@declared
class ReLU(Module):
    """max(x, 0), elementwise; ``inplace`` writes the result into the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
    """

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return input.relu_() if self.inplace else relu(input)  # type: ignore[attr-defined]


@declared
class LeakyReLU(Module):
    """x where it is positive, else ``negative_slope * x``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
    """

    negative_slope: float = 1e-2
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)


@declared
class PReLU(Module):
    """x where it is positive, else ``weight * x``; the slopes are a parameter.

    weight: (num_parameters,), filled with ``init``: one slope for all elements, or one for each channel (dimension 1).

    Raises RuntimeError for an input with other channels.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html
    """

    num_parameters: int = 1
    init: float = 0.25
    device: Any = None
    dtype: Any = None

    def prepare(self) -> None:
        factory = {name: vars(self).pop(name) for name in ("device", "dtype")}
        self.weight = Parameter(empty(self.num_parameters, **factory))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Fill the slopes with ``init``."""
        constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return shown(self, "num_parameters")


@declared
class RReLU(Module):
    """x where it is positive, else ``slope * x``: in training with random slopes, uniform in [lower, upper).

    They are PyTorch's for the same seed. In evaluation mode all slopes are ``(lower + upper) / 2``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.RReLU.html
    """

    lower: float = 1.0 / 8
    upper: float = 1.0 / 3
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


@declared
class Threshold(Module):
    """x where it is greater than ``threshold``, else ``value``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html
    """

    threshold: float
    value: float
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)


@declared
class Hardtanh(Module):
    """x kept between ``min_val`` and ``max_val``. ``min_value`` and ``max_value`` are old names of these, and warn.

    Raises AssertionError when ``min_val`` is not smaller than ``max_val``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
    """

    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False
    min_value: float | None = None
    max_value: float | None = None

    def prepare(self) -> None:
        for old, new in (("min_value", "min_val"), ("max_value", "max_val")):
            value = vars(self).pop(old)
            if value is not None:
                text = f"keyword argument `{old}` is deprecated and rename to `{new}`"
                warnings.warn(text, FutureWarning, stacklevel=3)
                setattr(self, new, value)
        if self.min_val >= self.max_val:
            raise AssertionError(
                f"Hardtanh: min_val must be smaller than max_val, got {self.min_val} and {self.max_val}"
            )

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return shown(self, "min_val", "max_val", *["inplace"] * self.inplace)


class ReLU6(Hardtanh):
    """x kept between 0 and 6, elementwise. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html"""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


@declared
class Hardsigmoid(Module):
    """``(x + 3) / 6`` kept between 0 and 1, elementwise.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
    """

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


@declared
class Hardswish(Module):
    """``x * hardsigmoid(x)``, elementwise.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html
    """

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


@declared
class Hardshrink(Module):
    """0 where x lies between ``-lambd`` and ``lambd``, else x.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html
    """

    lambd: float = 0.5

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


@declared
class Softshrink(Module):
    """x brought nearer to 0 by ``lambd``, and 0 from there on.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softshrink.html
    """

    lambd: float = 0.5

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


# Smooth ones


@declared
class Sigmoid(Module):
    """1 / (1 + exp(-x)), elementwise. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html"""

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


@declared
class Tanh(Module):
    """tanh(x), elementwise. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html"""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


@declared
class Tanhshrink(Module):
    """``x - tanh(x)``, elementwise. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html"""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


@declared
class Softsign(Module):
    """``x / (1 + |x|)``, elementwise. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html"""

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


@declared
class LogSigmoid(Module):
    """log(sigmoid(x)), accurate for large negative x.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


@declared
class Softplus(Module):
    """``log(1 + exp(beta * x)) / beta``, and x itself where ``beta * x`` is greater than ``threshold``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
    """

    beta: float = 1.0
    threshold: float = 20.0

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


@declared
class ELU(Module):
    """x where it is positive, else ``alpha * (exp(x) - 1)``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html
    """

    alpha: float = 1.0
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)


@declared
class SELU(Module):
    """``ELU`` with the scales that keep mean 0 and variance 1 from layer to layer.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html
    """

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


@declared
class CELU(Module):
    """x where it is positive, else ``alpha * (exp(x / alpha) - 1)``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html
    """

    alpha: float = 1.0
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)


@declared
class GELU(Module):
    """x times the probability that a standard normal number is smaller; ``approximate="tanh"`` takes tanh for it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html

    >>> import microgradnp
    >>> microgradnp.nn.GELU()(microgradnp.tensor([-1.0, 0.0, 1.0]))
    tensor([-0.1587,  0.0000,  0.8413])
    """

    approximate: str = "none"

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)


@declared
class SiLU(Module):
    """``x * sigmoid(x)``, also called swish.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html
    """

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


@declared
class Mish(Module):
    """``x * tanh(log(1 + exp(x)))``, elementwise.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html
    """

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


# Along a dimension


@declared
class GLU(Module):
    """The first half of x along ``dim``, times the sigmoid of the second half.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html
    """

    dim: int = -1

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)


@declared
class Softmax(Module):
    """exp(x), divided by its sum along ``dim``: positive numbers that sum to 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html

    >>> import microgradnp
    >>> microgradnp.nn.Softmax(dim=0)(microgradnp.tensor([0.0, 0.0]))
    tensor([0.5000, 0.5000])
    """

    dim: int | None = None

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim, _stacklevel=5)


@declared
class Softmin(Module):
    """The softmax of -x along ``dim``. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmin.html"""

    dim: int | None = None

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim, _stacklevel=5)


@declared
class LogSoftmax(Module):
    """log(softmax(x)) along ``dim``, accurate for every x.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
    """

    dim: int | None = None

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim, _stacklevel=5)


class Softmax2d(Module):
    """The softmax over the channels of (N, C, H, W) or (C, H, W), at every place.

    Raises ValueError for another number of dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, but got shape {tuple(input.shape)}")
        return F.softmax(input, -3)
