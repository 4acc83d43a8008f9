"""Layers that normalize channels over the batch, or over each sample alone, and keep running statistics."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..autograd.modes import no_grad
from ..autograd.scope import where as module_path
from ..ops.channels import batch_norm, instance_norm
from ..tensor import Tensor, make
from .module import Module
from .normalization import add_scales, reset_scales
from .parameter import Parameter, unfilled


class _NormBase(Module):
    """What batch and instance normalization share.

    weight and bias: (num_features,), in the beginning 1 and 0; without ``affine`` there is neither.
    running_mean, running_var: buffers of this shape, in the beginning 0 and 1, and num_batches_tracked: the number of
    batches seen; without ``track_running_stats`` there are none.
    """

    _version = 2
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any
    ranks: tuple[int, ...]  # how many dimensions an input may have
    shapes: str  # and which they are

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        add_scales(self, (num_features,), affine, affine and bias, device, dtype)
        for name in ("running_mean", "running_var"):
            values = unfilled(type(self).__name__, (num_features,), device, dtype).detach()
            self.register_buffer(name, values if track_running_stats else None)
        self.register_buffer("num_batches_tracked", make(np.zeros((), np.int64)) if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Running means of 0, variances of 1, and no batches seen."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weights of 1, biases of 0, and the running statistics of the beginning."""
        self.reset_running_stats()
        reset_scales(self)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim not in self.ranks:
            raise ValueError(
                f"{module_path() or type(self).__name__ + ': '}expected {' or '.join(f'{n}D' for n in self.ranks)} "
                f"input, {self.shapes}, got {input.ndim}D input of shape {tuple(input.shape)}"
            )

    def _upgrade_state(self, state: dict[str, Any], prefix: str, version: int | None) -> None:
        """States of before version 2, and those of other libraries, do not count batches."""
        if self.num_batches_tracked is not None and (version is None or version < 2):
            state.setdefault(f"{prefix}num_batches_tracked", self.num_batches_tracked.clone())

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_NormBase):
    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        momentum: Any = 0.0 if self.momentum is None else self.momentum
        follows = self.training and self.track_running_stats
        if follows and self.num_batches_tracked is not None:
            with no_grad():
                self.num_batches_tracked.add_(1)
                if self.momentum is None:  # the running statistics are the means over all batches
                    momentum = 1.0 / self.num_batches_tracked.double()
        tracked = follows or not self.training
        return batch_norm(
            input,
            self.running_mean if tracked else None,
            self.running_var if tracked else None,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """``(x - mean) / sqrt(variance + eps) * weight + bias``, for each channel of inputs (N, C) or (N, C, L).

    In training mode mean and variance are those of the batch, and the running ones move towards them by ``momentum``
    (None: they are the means over all batches), the variance with Bessel's correction. In evaluation mode they are the
    running ones; without ``track_running_stats`` always those of the batch.

    Raises ValueError for inputs of another number of dimensions, and for one value per channel in training mode;
    RuntimeError for another number of channels.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html;
    Ioffe & Szegedy 2015, arXiv:1502.03167

    >>> import microgradnp
    >>> layer = microgradnp.nn.BatchNorm1d(2)
    >>> layer(microgradnp.tensor([[1.0, 10.0], [3.0, 50.0]])).detach()
    tensor([[-1.0000, -1.0000],
            [ 1.0000,  1.0000]])
    >>> layer.running_mean
    tensor([0.2000, 3.0000])
    """

    ranks, shapes = (2, 3), "(N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    """``BatchNorm1d`` for inputs (N, C, H, W).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
    """

    ranks, shapes = (4,), "(N, C, H, W)"


class BatchNorm3d(_BatchNorm):
    """``BatchNorm1d`` for inputs (N, C, D, H, W).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html
    """

    ranks, shapes = (5,), "(N, C, D, H, W)"


class _InstanceNorm(_NormBase):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        alone, dim = input.ndim == self.ranks[0], input.ndim - self.ranks[0]  # one sample without a batch
        if input.shape[dim] != self.num_features:
            self._complain(input, dim)
        out = instance_norm(
            input.unsqueeze(0) if alone else input,  # type: ignore[attr-defined]
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum,
            self.eps,
        )
        return out.squeeze(0) if alone else out

    def _complain(self, input: Tensor, dim: int) -> None:
        text = (
            f"{module_path()}input's size at dim={dim} does not match num_features: the input has the shape "
            f"{tuple(input.shape)}, num_features is {self.num_features}"
        )
        if self.affine:
            raise ValueError(text)
        warnings.warn(f"{text}. Without affine=True it is not used", stacklevel=4)


class InstanceNorm1d(_InstanceNorm):
    """``BatchNorm1d``, but with mean and variance of each channel of each sample on its own: (N, C, L) or (C, L).

    Without ``affine`` there are no weights, without ``track_running_stats`` no running statistics, as by default.

    Raises ValueError for inputs of another number of dimensions, or one value per channel in training mode. Another
    number of channels raises ValueError with ``affine``, and warns without.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html;
    Ulyanov, Vedaldi & Lempitsky 2016, arXiv:1607.08022
    """

    ranks, shapes = (2, 3), "(N, C, L) or (C, L)"


class InstanceNorm2d(_InstanceNorm):
    """``InstanceNorm1d`` for inputs (N, C, H, W) or (C, H, W).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html
    """

    ranks, shapes = (3, 4), "(N, C, H, W) or (C, H, W)"


class InstanceNorm3d(_InstanceNorm):
    """``InstanceNorm1d`` for inputs (N, C, D, H, W) or (C, D, H, W).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.InstanceNorm3d.html
    """

    ranks, shapes = (4, 5), "(N, C, D, H, W) or (C, D, H, W)"
