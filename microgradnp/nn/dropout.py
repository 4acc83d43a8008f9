"""Dropout layers: in training mode they set random elements, or whole channels, to zero; else they do nothing.

The random numbers are PyTorch's for the same seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from . import functional
from .module import Module


class _DropoutNd(Module):
    """``p`` is the probability of being dropped; ``inplace`` writes the result into the input."""

    function: Callable[..., Any]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(
                f"{type(self).__name__}: dropout probability has to be between 0 and 1, but got {p}: it is the part "
                "that is dropped"
            )
        self.p, self.inplace = p, inplace

    def forward(self, input: Tensor) -> Tensor:
        return self.function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """Each element is 0 with probability ``p``, and the others are divided by ``1 - p``.

    Raises ValueError for ``p`` outside [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html;
    Hinton et al., Improving neural networks by preventing co-adaptation of feature detectors, 2012, arXiv:1207.0580

    >>> import microgradnp
    >>> _ = microgradnp.manual_seed(0)
    >>> layer = microgradnp.nn.Dropout()
    >>> layer(microgradnp.ones(4))
    tensor([0., 0., 2., 0.])
    >>> layer.eval()(microgradnp.ones(4))
    tensor([1., 1., 1., 1.])
    """

    function = staticmethod(functional.dropout)  # type: ignore[attr-defined]


class Dropout1d(_DropoutNd):
    """Whole channels of an input (N, C, L) or (C, L) are 0 with probability ``p``, the others divided by ``1 - p``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html
    """

    function = staticmethod(functional.dropout1d)  # type: ignore[attr-defined]


class Dropout2d(_DropoutNd):
    """Whole channels of an input (N, C, H, W) are 0 with probability ``p``, the others divided by ``1 - p``.

    Three dimensions are taken for (N, C, L), with a warning; other numbers than three and four warn too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html;
    Tompson et al., Efficient object localization using convolutional networks, 2015, arXiv:1411.4280
    """

    function = staticmethod(functional.dropout2d)  # type: ignore[attr-defined]


class Dropout3d(_DropoutNd):
    """Whole channels of an input (N, C, D, H, W) or (C, D, H, W) are 0 with probability ``p``, the others divided.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html
    """

    function = staticmethod(functional.dropout3d)  # type: ignore[attr-defined]


class AlphaDropout(_DropoutNd):
    """Dropout for ``SELU``: elements are set to its lower limit, and all scaled and shifted to keep mean and variance.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html;
    Klambauer et al., Self-normalizing neural networks, 2017, arXiv:1706.02515
    """

    function = staticmethod(functional.alpha_dropout)  # type: ignore[attr-defined]


class FeatureAlphaDropout(_DropoutNd):
    """``AlphaDropout`` of whole channels: one decision for each place of the first two dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html
    """

    function = staticmethod(functional.feature_alpha_dropout)  # type: ignore[attr-defined]
