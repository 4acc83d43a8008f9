"""Layers that change the size of signals, images and volumes."""

from __future__ import annotations

from typing import Any

from ..ops.interpolation import interpolate
from ..tensor import Tensor
from .declared import declared, shown
from .module import Module


class _Upsample(Module):
    """What is not an argument of a class is one of its attributes."""

    size: Any
    scale_factor: Any
    mode: Any = "nearest"
    align_corners: Any = None
    recompute_scale_factor: Any = None

    def prepare(self) -> None:
        factor = self.scale_factor
        if isinstance(factor, tuple):
            self.scale_factor = tuple([float(one) for one in factor])
        else:
            self.scale_factor = float(factor) if factor else None

    def forward(self, input: Tensor) -> Tensor:
        return interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor
        )

    def extra_repr(self) -> str:
        return shown(self, "size" if self.scale_factor is None else "scale_factor", "mode")


@declared
class Upsample(_Upsample):
    """The input (N, C, ...) in another size, given as ``size`` or by ``scale_factor``.

    ``mode`` is "nearest", "nearest-exact", "linear", "bilinear", "trilinear" or "area"; it is all explained in
    ``nn.functional.interpolate``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Upsample.html

    >>> import microgradnp
    >>> microgradnp.nn.Upsample(scale_factor=2)(microgradnp.tensor([[[1.0, 2.0]]]))
    tensor([[[1., 1., 2., 2.]]])
    """

    size: int | tuple[int, ...] | None = None
    scale_factor: float | tuple[float, ...] | None = None
    mode: str = "nearest"
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None


@declared
class UpsamplingNearest2d(_Upsample):
    """``Upsample`` of images (N, C, H, W) with mode "nearest".

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingNearest2d.html
    """

    size: int | tuple[int, ...] | None = None
    scale_factor: float | tuple[float, ...] | None = None


@declared
class UpsamplingBilinear2d(_Upsample):
    """``Upsample`` of images (N, C, H, W) with mode "bilinear" and ``align_corners``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.UpsamplingBilinear2d.html
    """

    size: int | tuple[int, ...] | None = None
    scale_factor: float | tuple[float, ...] | None = None

    mode = "bilinear"
    align_corners = True
