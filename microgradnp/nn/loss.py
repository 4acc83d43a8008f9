"""Loss functions as modules; those with a margin are in ``margin.py``.

``reduction`` is "mean", "sum" or "none" (one loss for each element). ``size_average`` and ``reduce`` are what PyTorch
had before it: they still work, with a warning. Weights are buffers.
"""

from __future__ import annotations

import warnings
from dataclasses import KW_ONLY
from typing import Any

from ..ops.loss import REDUCTIONS, reduction_of, squared_error
from ..tensor import Tensor
from . import functional as F
from .declared import declared
from .module import Module


class _Reducing(Module):
    reduction: str
    reductions = REDUCTIONS

    def prepare(self) -> None:
        own = vars(self)
        before = own.pop("size_average", None), own.pop("reduce", None)
        if before != (None, None) or self.reduction not in self.reductions:
            self.reduction = reduction_of(type(self).__name__, *before, self.reduction, stacklevel=4)
        for name in ("weight", "pos_weight"):
            if name in own:
                self.register_buffer(name, own.pop(name))

    def extra_repr(self) -> str:
        return ""


@declared
class _Loss(_Reducing):
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


@declared
class _WeightedLoss(_Reducing):
    weight: Tensor | None = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


# Of numbers


@declared
class L1Loss(_Loss):
    """The mean of |input - target|, for ``input`` and ``target`` of one shape.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


@declared
class MSELoss(_Loss):
    """The mean of (input - target)², for ``input`` and ``target`` of one shape.

    Warns (UserWarning) when the shapes differ, as they are then broadcast: (4, 1) against (4,) gives (4, 4).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html

    >>> import microgradnp
    >>> loss = microgradnp.nn.MSELoss()
    >>> loss(microgradnp.tensor([1.0, 2.0]), microgradnp.tensor([1.0, 4.0]))
    tensor(2.)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return squared_error(input, target, self.reduction)


@declared
class SmoothL1Loss(_Loss):
    """The mean of d² / (2 beta) where d = |input - target| is less than ``beta``, and of d - beta / 2 elsewhere.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
    """

    beta: float = 1.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


@declared
class HuberLoss(_Reducing):
    """The mean of d² / 2 where d = |input - target| is less than ``delta``, and of delta * (d - delta / 2) elsewhere.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
    """

    reduction: str = "mean"
    delta: float = 1.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


@declared
class PoissonNLLLoss(_Loss):
    """The mean of rate - target * log(rate): the negative log likelihood of counts for Poisson distributions.

    ``input`` is log(rate), or without ``log_input`` the rate, to which ``eps`` is added under the logarithm. With
    ``full`` log(target!) is added, by Stirling's approximation, for targets greater than 1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html
    """

    log_input: bool = True
    full: bool = False
    size_average: bool | None = None
    eps: float = 1e-8
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)


@declared
class GaussianNLLLoss(_Reducing):
    """The negative log likelihood for normal distributions: the mean of (log(var) + (input - target)² / var) / 2.

    ``var`` has the shape of ``input``, or the last size is 1 or missing, or it is a number; it is not taken below
    ``eps``. With ``full`` log(2 pi) / 2 is added.

    Raises ValueError for another shape, or a negative ``var``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
    """

    _: KW_ONLY
    full: bool = False
    eps: float = 1e-6
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


# Of probabilities and classes


@declared
class BCELoss(_WeightedLoss):
    """The mean of -weight * (target * log(input) + (1 - target) * log(1 - input)), logarithms not below -100.

    ``input`` holds probabilities and ``target`` numbers in [0, 1], in one shape; ``weight`` is broadcast to it.

    Raises ValueError when the shapes differ, RuntimeError for an input outside [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


@declared
class BCEWithLogitsLoss(_WeightedLoss):
    """The ``BCELoss`` of ``sigmoid(input)``, accurate for every input; ``pos_weight`` multiplies the first term.

    ``input`` holds any numbers and ``target`` numbers in [0, 1], in one shape; the weights are broadcast to it.

    Raises ValueError when the shapes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html

    >>> import microgradnp
    >>> loss = microgradnp.nn.BCEWithLogitsLoss()
    >>> loss(microgradnp.tensor([0.0, 1000.0]), microgradnp.tensor([1.0, 1.0]))
    tensor(0.3466)
    """

    pos_weight: Tensor | None = None

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


@declared
class KLDivLoss(_Loss):
    """The mean of target * (log(target) - input): the Kullback-Leibler divergence of ``exp(input)`` from ``target``.

    ``input`` holds logarithms of probabilities, and with ``log_target`` so does ``target``. ``reduction`` may also be
    "batchmean", the sum over the size of dimension 0, which is what the divergence is defined as; "mean" warns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
    """

    log_target: bool = False

    reductions = (*REDUCTIONS, "batchmean")

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


@declared
class NLLLoss(_WeightedLoss):
    """The mean of -weight[target] * input[target]: ``input`` (N, C, ...) are logarithms of probabilities of C classes.

    ``target`` (N, ...) are the numbers of classes, int64; where it is ``ignore_index`` nothing counts. ``weight`` (C,)
    has a number for each class, and the mean is the sum over that of the weights.

    Raises IndexError for a class that is not there.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
    """

    weight: Tensor | None = None
    size_average: bool | None = None
    ignore_index: int = -100
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class NLLLoss2d(NLLLoss):
    """The former name of ``NLLLoss`` for images; it warns. Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html"""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn("NLLLoss2d has been deprecated: use NLLLoss instead", FutureWarning, stacklevel=2)
        super().__init__(*args, **kwargs)


@declared
class CrossEntropyLoss(_WeightedLoss):
    """The ``NLLLoss`` of ``log_softmax(input)``: ``input`` (N, C, ...) are any numbers, one for each of C classes.

    ``target`` (N, ...) are the numbers of classes, int64; or (N, C, ...) their probabilities. ``label_smoothing`` is
    the part of the target that is spread evenly over all classes. The rest as in ``NLLLoss``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html

    >>> import microgradnp
    >>> loss = microgradnp.nn.CrossEntropyLoss()
    >>> loss(microgradnp.tensor([[0.0, 0.0], [0.0, 100.0]]), microgradnp.tensor([0, 1]))
    tensor(0.3466)
    """

    weight: Tensor | None = None
    size_average: bool | None = None
    ignore_index: int = -100
    reduce: bool | None = None
    reduction: str = "mean"
    label_smoothing: float = 0.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )  # fmt: skip


@declared
class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The mean over classes of the ``BCEWithLogitsLoss``, for ``target`` of zeros and ones: (N, C) or (C,).

    ``weight`` (C,) has a number for each class.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


@declared
class SoftMarginLoss(_Loss):
    """The mean of log(1 + exp(-target * input)), for ``target`` of 1 and -1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)
