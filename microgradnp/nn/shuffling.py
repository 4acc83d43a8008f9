"""Rearranging channels and places, as modules."""

from __future__ import annotations

from ..tensor import Tensor
from . import functional as F
from .declared import declared
from .module import Module


@declared
class PixelShuffle(Module):
    """From channels to pixels: (..., C * r², H, W) to (..., C, H * r, W * r), where r is ``upscale_factor``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelShuffle.html
    """

    upscale_factor: int

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)


@declared
class PixelUnshuffle(Module):
    """From pixels to channels: (..., C, H * r, W * r) to (..., C * r², H, W), where r is ``downscale_factor``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.PixelUnshuffle.html
    """

    downscale_factor: int

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)


@declared
class ChannelShuffle(Module):
    """The channels (dimension 1) of ``groups`` groups in turn: a, b, c, d of 2 groups become a, c, b, d.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
    """

    groups: int

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)
