"""Padding layers: more elements at both ends of the last one, two or three dimensions.

``padding`` is an int, or two for each dimension, from the last one back: (left, right), (left, right, top, bottom), or
(left, right, top, bottom, front, back). Negative numbers take elements away.
"""

from __future__ import annotations

from typing import Any

from ..ops.padding import pad
from ..tensor import Tensor
from .declared import declared, shown
from .module import Module


@declared
class _Pad(Module):
    padding: Any

    mode = "constant"
    dims = 1

    def prepare(self) -> None:
        given = self.padding
        self.padding = tuple(given) if isinstance(given, (tuple, list)) else (given,) * (2 * self.dims)

    def forward(self, input: Tensor) -> Tensor:
        return pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return str(self.padding)


@declared
class _ConstantPad(_Pad):
    value: float

    def forward(self, input: Tensor) -> Tensor:
        return pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return shown(self, "padding", "value")


class _ZeroPad(_Pad):
    value = 0.0


class _CircularPad(_Pad):
    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (self.dims + 1, self.dims + 2):
            raise ValueError(
                f"{type(self).__name__}: expected {self.dims + 1} dimensions, or {self.dims + 2} with a batch, got an "
                f"input of shape {tuple(input.shape)}"
            )
        return super().forward(input)


class ZeroPad1d(_ZeroPad):
    """Zeros at both ends of the last dimension, of inputs with any more.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad1d.html
    """


class ZeroPad2d(_ZeroPad):
    """Zeros at both ends of the last two dimensions, of inputs with any more.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad2d.html

    >>> import microgradnp
    >>> microgradnp.nn.ZeroPad2d((1, 0, 0, 1))(microgradnp.ones(1, 1, 2))
    tensor([[[0., 1., 1.],
             [0., 0., 0.]]])
    """

    dims = 2


class ZeroPad3d(_ZeroPad):
    """Zeros at both ends of the last three dimensions, of inputs with any more.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ZeroPad3d.html
    """

    dims = 3


class ConstantPad1d(_ConstantPad):
    """``value`` at both ends of the last dimension, of inputs with any more.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad1d.html
    """


class ConstantPad2d(_ConstantPad):
    """``value`` at both ends of the last two dimensions, of inputs with any more.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad2d.html
    """

    dims = 2


class ConstantPad3d(_ConstantPad):
    """``value`` at both ends of the last three dimensions, of inputs with any more.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ConstantPad3d.html
    """

    dims = 3


class ReflectionPad1d(_Pad):
    """The input mirrored at both ends, which are not repeated: (C, L) or (N, C, L).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad1d.html
    """

    mode = "reflect"


class ReflectionPad2d(_Pad):
    """The input mirrored at both ends, which are not repeated: (C, H, W) or (N, C, H, W).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad2d.html
    """

    mode = "reflect"
    dims = 2


class ReflectionPad3d(_Pad):
    """The input mirrored at both ends, which are not repeated: (C, D, H, W) or (N, C, D, H, W).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReflectionPad3d.html
    """

    mode = "reflect"
    dims = 3


class ReplicationPad1d(_Pad):
    """The elements at both ends repeated: (C, L) or (N, C, L).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad1d.html
    """

    mode = "replicate"


class ReplicationPad2d(_Pad):
    """The elements at both ends repeated: (C, H, W) or (N, C, H, W).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad2d.html
    """

    mode = "replicate"
    dims = 2


class ReplicationPad3d(_Pad):
    """The elements at both ends repeated: (C, D, H, W) or (N, C, D, H, W).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReplicationPad3d.html
    """

    mode = "replicate"
    dims = 3


class CircularPad1d(_CircularPad):
    """After either end the input from the other end on, at most once around: (C, L) or (N, C, L).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad1d.html
    """


class CircularPad2d(_CircularPad):
    """After either end the input from the other end on, at most once around: (C, H, W) or (N, C, H, W).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad2d.html
    """

    dims = 2


class CircularPad3d(_CircularPad):
    """After either end the input from the other end on, at most once around: (C, D, H, W) or (N, C, D, H, W).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CircularPad3d.html
    """

    dims = 3
