"""Images as the columns of their windows, and back."""

from __future__ import annotations

from ..ops.folding import fold, unfold
from ..ops.sliding import Sizes
from ..tensor import Tensor
from .declared import declared
from .module import Module


@declared
class Unfold(Module):
    """The windows that slide over an image, as columns: (N, C, H, W) or (C, H, W) to (..., C * elements, windows).

    The arguments are those of ``nn.functional.unfold``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Unfold.html
    """

    kernel_size: Sizes
    dilation: Sizes = 1
    padding: Sizes = 0
    stride: Sizes = 1

    def forward(self, input: Tensor) -> Tensor:
        return unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)


@declared
class Fold(Module):
    """Columns added up to the image that they are windows of: (N, C * elements, windows) to (N, C, *output_size).

    The arguments are those of ``nn.functional.fold``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Fold.html
    """

    output_size: Sizes
    kernel_size: Sizes
    dilation: Sizes = 1
    padding: Sizes = 0
    stride: Sizes = 1

    def forward(self, input: Tensor) -> Tensor:
        return fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)
