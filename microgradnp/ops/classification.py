"""Losses for classification: of probabilities, of classes, of sets of classes."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..tensor import Tensor, make
from .activation import check_floats, logsigmoid
from .comparison import where
from .indexing import take_along_dim
from .loss import reduced, reduction_of, through_float32
from .record import Array, Index, checking, composite, derivatives, operation
from .reduction import mean, sum
from .shape import squeeze
from .softmax import less_the_largest, log_softmax, softmax_along

# Probabilities


def _probabilities(make: Any) -> list[tuple[Any, ...]]:
    return [(make(4, 1), make(4, 1)), (make(3), make(3))]


@operation(public=(), samples=_probabilities, domain=(0.1, 0.9), label="binary_cross_entropy")
@derivatives(
    input=lambda g, input, target: g * ((input - target) / np.maximum(input * (1 - input), 1e-12)),
    target=lambda g, input: g * (np.log(1 - input) - np.log(input)),
)
def cross_entropy_of_bits(input: Array, target: Array) -> Array:
    """-(target * log(input) + (1 - target) * log(1 - input)), elementwise, logarithms not below -100."""
    return (target - 1) * _log_of(1 - input) - target * _log_of(input)


def _log_of(probability):
    return np.maximum(np.log(probability), -100.0)


@composite(public=("nn.functional.binary_cross_entropy",))
@through_float32
def binary_cross_entropy(
    input: Array,
    target: Array,
    weight: Array = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """The cross entropy between probabilities ``input`` and ``target`` in [0, 1], of one shape.

    -(target * log(input) + (1 - target) * log(1 - input)), where logarithms are not taken below -100, times ``weight``;
    ``reduction`` is "mean", "sum" or "none". Raises ValueError when the shapes differ, RuntimeError when an input lies
    outside [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
    """
    reduction = reduction_of("binary_cross_entropy", size_average, reduce, reduction)
    if input.shape != target.shape:
        raise ValueError(
            f"{module_path()}binary_cross_entropy: Using a target size ({tuple(target.shape)}) that is different to "
            f"the input size ({tuple(input.shape)}); they must be the same, as by target.reshape({tuple(input.shape)})"
        )
    check_floats("binary_cross_entropy", input)
    if target.dtype != input.dtype:
        raise RuntimeError(
            f"{module_path()}binary_cross_entropy: found a target of {target.dtype} but expected {input.dtype}, as the "
            "input: convert it with .to(input.dtype)"
        )
    _check_probabilities("input", input._array)
    _check_probabilities("target", target._array)
    losses = cross_entropy_of_bits(input, target)
    if weight is not None:
        losses = _weighted_to(input, losses, weight)
    return reduced(losses, reduction)


def _weighted_to(input: Tensor, losses: Tensor, weight: Tensor) -> Tensor:
    """The losses times weights that are broadcast to them, and not they to the weights."""
    weighted = losses * weight
    if weighted.shape != input.shape:
        raise RuntimeError(
            f"{module_path()}binary_cross_entropy: a weight of shape {tuple(weight.shape)} cannot be broadcast to the "
            f"input's {tuple(input.shape)}"
        )
    return weighted


@checking
def _check_probabilities(name: str, values: np.ndarray) -> np.ndarray:
    if not ((values >= 0) & (values <= 1)).all():
        raise RuntimeError(
            f"{module_path()}binary_cross_entropy: all elements of {name} should be between 0 and 1, got values from "
            f"{values.min()} to {values.max()}; apply a sigmoid first, or use binary_cross_entropy_with_logits"
        )
    return values


@composite(public=("nn.functional.binary_cross_entropy_with_logits",))
@through_float32
def binary_cross_entropy_with_logits(
    input: Array,
    target: Array,
    weight: Array = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Array = None,
) -> Array:
    """The cross entropy between ``sigmoid(input)`` and ``target``, accurate for every input.

    -(pos_weight * target * log sigmoid(input) + (1 - target) * log(1 - sigmoid(input))), times ``weight``;
    ``reduction`` is "mean", "sum" or "none". Raises ValueError when the shapes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
    """
    reduction = reduction_of("binary_cross_entropy_with_logits", size_average, reduce, reduction)
    if input.shape != target.shape:
        raise ValueError(
            f"{module_path()}binary_cross_entropy_with_logits: Target size ({tuple(target.shape)}) must be the same as "
            f"input size ({tuple(input.shape)}), for example by target.reshape({tuple(input.shape)})"
        )
    positive = logsigmoid(input) if pos_weight is None else logsigmoid(input) * ((pos_weight - 1) * target + 1)
    losses = (1 - target) * input - positive
    return reduced(losses if weight is None else losses * weight, reduction)


@composite(public=("nn.functional.kl_div",))
@through_float32
def kl_div(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Array:
    """The divergence of Kullback and Leibler: ``target * (log(target) - input)``, elementwise, with ``input`` in logs.

    With ``log_target`` the target is given in logarithms too. Where ``target`` is 0 so is the loss. ``reduction`` is
    "batchmean" (the sum divided by the first size: the divergence), "sum", "none", or "mean", which divides by the
    number of all elements, and warns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
    """
    by_batch = reduction == "batchmean" and size_average is None and reduce is None
    chosen = "sum" if by_batch else reduction_of("kl_div", size_average, reduce, reduction)
    if chosen == "mean":
        warnings.warn(
            "kl_div: reduction='mean' divides the total loss by both the batch size and the support size; 'batchmean' "
            "divides only by the batch size, and aligns with the KL math definition.",
            stacklevel=4,
        )
    check_floats("kl_div", input)
    check_floats("kl_div", target)
    if log_target:
        losses = target.exp() * (target - input)
    else:
        some = where(target == 0, 1.0, target)  # its logarithm is 0 then, and not -inf
        losses = target * some.log() - target * input
    total = reduced(losses, chosen)
    return total / input.shape[0] if by_batch and input.ndim else total


# One class of several


def _class_dim(function: str, input: Tensor, target: Tensor) -> int:
    """The dimension of the classes; a target of another shape than the input without it is refused."""
    shape, given = input._array.shape, target._array.shape
    if not shape:
        raise ValueError(f"{module_path()}{function}: expected an input of 1 or more dimensions, got 0")
    if len(shape) == 1:
        if target.ndim > 1 or target.numel() != 1:
            raise ValueError(
                f"{module_path()}{function}: for an input of 1 dimension, one for each class, the target must have "
                f"size 1, but got {tuple(target.shape)}"
            )
        return 0
    wanted = (shape[0], *shape[2:])
    if not given or given[0] != wanted[0]:
        raise ValueError(
            f"{module_path()}{function}: expected input batch_size ({wanted[0]}) to match target batch_size "
            f"({given[0] if given else 0}): for an input of shape {tuple(input.shape)} the target has shape {wanted}"
        )
    if given != wanted:
        raise RuntimeError(
            f"{module_path()}{function}: expected target size {list(wanted)}, got {list(given)}: an input of shape "
            f"{tuple(input.shape)} holds one score for each class in dimension 1, and the target one class for each of "
            "the other dimensions"
        )
    return 1


def _ignored(function: str, classes: np.ndarray, count: int, ignore_index: int) -> np.ndarray | None:
    """Where the target is to be ignored, None for nowhere; what is no class is refused anywhere else."""
    if classes.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"{module_path()}{function}: expected target dtype to be int64 or uint8, but got {classes.dtype}: convert "
            "it with .long()"
        )
    if isinstance(classes, np.ndarray) and not 0 <= ignore_index < count and _are_classes(classes, count):
        return None
    ignored = np.equal(_checked_classes(classes, function, count, ignore_index), ignore_index)
    return None if isinstance(ignored, np.ndarray) and not ignored.any() else ignored  # else it is not known


UNSIGNED = {np.dtype(np.int64): np.dtype(np.uint64), np.dtype(np.uint8): np.dtype(np.uint8)}


def _are_classes(numbers: np.ndarray, count: int) -> bool:
    """Whether all lie between 0 and ``count``: as unsigned numbers negative ones are large."""
    return not numbers.size or bool(np.maximum.reduce(numbers.view(UNSIGNED[numbers.dtype]), axis=None) < count)


@checking
def _checked_classes(classes: np.ndarray, function: str, count: int, ignore_index: int) -> np.ndarray:
    if not _are_classes(classes, count):
        wrong = classes[((classes < 0) | (classes >= count)) & (classes != ignore_index)]
        if wrong.size:
            raise IndexError(
                f"{module_path()}{function}: Target {wrong[0]} is out of bounds: with {count} classes it must lie "
                f"between 0 and {count - 1}"
            )
    return classes


def check_class_weight(function: str, weight: Tensor, count: int) -> None:
    if tuple(weight.shape) != (count,):
        raise RuntimeError(
            f"{module_path()}{function}: weight should be defined for all {count} classes, so of shape ({count},), but "
            f"got shape {tuple(weight.shape)}"
        )


def check_weight_dtype(function: str, input: Tensor, weight: Tensor) -> None:
    if weight.dtype != input.dtype:
        raise RuntimeError(
            f"{module_path()}{function}: expected a weight of {input.dtype}, as the input, but found {weight.dtype}"
        )


def _by_class(weight: Tensor, ndim: int) -> Any:
    """One number for each class, in the shape in which it is broadcast to a whole input."""
    return weight.reshape((-1, *(1,) * (ndim - 2)))  # type: ignore[attr-defined]


def _samples_of_classes(make: Any) -> list[tuple[Any, ...]]:
    pixels = np.array([[[0, 2], [1, 1]]]) == np.arange(3).reshape(3, 1, 1)
    return [
        (make(3, 4), np.eye(4, dtype=bool)[[3, 0, 3]], 1),
        (make(3), np.eye(3, dtype=bool)[1], 0),
        (make(3, 2, 2), pixels, 0),
        (make(3, 4), np.eye(4, dtype=bool)[[3, 0, 3]], 1, "mean"),
        (make(3, 2, 2), pixels, 0, "sum"),
    ]


def _softmax_less_the_chosen(g, input, chosen, dim, reduction):
    shares = softmax_along(input, dim)
    slopes = np.where(chosen, shares - 1, shares)
    if reduction == "none":
        return slopes * np.expand_dims(g, dim)
    return slopes * (g / math.prod(slopes.shape[:dim] + slopes.shape[dim + 1 :]) if reduction == "mean" else g)


@operation(public=(), label="cross_entropy", samples=_samples_of_classes)
@derivatives(input=_softmax_less_the_chosen)
def cross_entropy_of_classes(input: Array, chosen: Index, dim: int, reduction: str = "none") -> Array:
    """``-log_softmax(input)`` where ``chosen``, a mask with one place along ``dim``, is true; then averaged or summed.

    One step, and one array to keep, for what would be six in every training loop.
    """
    scores = less_the_largest(input, dim)
    picked = np.add.reduce(np.where(chosen, scores, 0.0), axis=dim)
    losses = np.log(np.add.reduce(np.exp(scores, scores), axis=dim)) - picked
    if reduction == "none":
        return losses
    whole = _sum(losses)
    return whole / losses.size if reduction == "mean" else whole


_sum = sum.operation.forward  # type: ignore[attr-defined]


def _of_classes(
    function: str,
    scores: Tensor,
    target: Tensor,
    weight: Any,
    ignore_index: int,
    reduction: str,
    smoothing: float = 0.0,
) -> Tensor:
    """The loss of scores, or for "nll_loss" of log probabilities; ``smoothing`` is the part that all classes share."""
    dim = _class_dim(function, scores, target)
    shape = scores._array.shape
    count, before, after = shape[dim], shape[:dim], shape[dim + 1 :]
    classes = target._array.reshape(before + after)
    ignored = _ignored(function, classes, count, ignore_index)
    kept = classes.astype(np.int64) if ignored is None else np.where(ignored, 0, classes).astype(np.int64)
    places = kept.reshape((*before, 1, *after))
    logs: Any = scores if function == "nll_loss" else log_softmax(scores, dim) if smoothing else None
    if logs is not None:
        losses = -squeeze(take_along_dim(logs, make(places), dim), dim)
    else:
        numbers = np.arange(count).reshape((count, *(1,) * len(after)))
        together = reduction if weight is None and ignored is None else "none"
        losses = cross_entropy_of_classes(scores, make(places == numbers), dim, together)
        if together != "none":
            return losses
    share: Any = None
    if weight is not None:
        check_class_weight(function, weight, count)
        check_weight_dtype(function, scores, weight)
        share = weight[kept]
        losses = losses * share
    if smoothing:
        spread = logs if weight is None else logs * _by_class(weight, scores.ndim)
        losses = losses * (1 - smoothing) - sum(spread, dim) * (smoothing / (count or 1))
    if ignored is not None:
        losses = where(make(ignored), 0.0, losses)
        share = None if share is None else where(make(ignored), 0.0, share)
    if reduction != "mean":
        return reduced(losses, reduction)
    if share is not None:
        return sum(losses) / sum(share)
    counted: Any = classes.size if ignored is None else make(np.copy(np.add.reduce(~ignored, None, losses.dtype)))
    return sum(losses) / counted


@composite(public=("nn.functional.nll_loss",))
@through_float32
def nll_loss(
    input: Array,
    target: Index,
    weight: Array = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """The negative log likelihood: ``-input[n, target[n]]``, for an input of log probabilities.

    ``input`` has the shape (N, C), (C,) or (N, C, d1, ...) for C classes, ``target`` that without C, with classes as
    int64 or uint8. ``weight`` has a number for each class; the mean is the weighted one. Places where the target is
    ``ignore_index`` count for nothing, and the mean of none is nan. ``reduction`` is "mean", "sum" or "none".

    Raises IndexError for a class that there is not, ValueError or RuntimeError for a target of another shape.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
    """
    reduction = reduction_of("nll_loss", size_average, reduce, reduction)
    check_floats("nll_loss", input)
    return _of_classes("nll_loss", input, target, weight, ignore_index, reduction)


@composite(public=("nn.functional.cross_entropy",))
@through_float32
def cross_entropy(
    input: Array,
    target: Index,
    weight: Array = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Array:
    """The cross entropy between ``softmax(input)`` over the classes and a target, accurate for every input.

    ``input`` has the shape (N, C), (C,) or (N, C, d1, ...) for C classes. ``target`` is either classes (int64 or uint8)
    in the shape without C, or probabilities in the same shape as ``input``. ``weight`` has a number for each class;
    with classes the mean is the weighted one. Places where the target is ``ignore_index`` count for nothing, and the
    mean of none is nan. ``label_smoothing`` mixes the target with that much of the uniform distribution. ``reduction``
    is "mean", "sum" or "none".

    Raises IndexError for a class that there is not, ValueError or RuntimeError for a target of another shape.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html

    >>> import microgradnp
    >>> scores = microgradnp.tensor([[2.0, 0.0], [0.0, 0.0]])
    >>> microgradnp.nn.functional.cross_entropy(scores, microgradnp.tensor([0, 1]), reduction="none")
    tensor([0.1269, 0.6931])
    """
    reduction = reduction_of("cross_entropy", size_average, reduce, reduction)
    if label_smoothing > 1:
        raise RuntimeError(f"cross_entropy: label_smoothing must be between 0.0 and 1.0, got {label_smoothing}")
    check_floats("cross_entropy", input)
    smoothing = max(label_smoothing, 0.0)
    if input.shape == target.shape:
        return _of_probabilities(input, target, weight, ignore_index, reduction, smoothing)
    return _of_classes("cross_entropy", input, target, weight, ignore_index, reduction, smoothing)


def _of_probabilities(
    input: Tensor, target: Tensor, weight: Any, ignore_index: int, reduction: str, smoothing: float
) -> Tensor:
    """``cross_entropy`` with a probability for every class."""
    if target.dtype.kind != "f":
        raise RuntimeError(
            f"{module_path()}cross_entropy: expected floating point probabilities in a target of the input's shape "
            f"{tuple(input.shape)}, got {target.dtype}; classes have that shape without the dimension of the classes"
        )
    if ignore_index >= 0:
        raise RuntimeError("cross_entropy: ignore_index is not supported for a target of probabilities")
    if not input.ndim:
        raise IndexError("cross_entropy: expected an input of 1 or more dimensions, got 0")
    dim = min(1, input.ndim - 1)
    count = input.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / (count or 1)
    logs = log_softmax(input, dim)
    if weight is not None:
        check_class_weight("cross_entropy", weight, count)
        logs = logs * _by_class(weight, input.ndim)
    return reduced(-sum(logs * target, dim), reduction)


# Several classes at once


@composite(public=("nn.functional.multilabel_soft_margin_loss",))
@through_float32
def multilabel_soft_margin_loss(
    input: Array,
    target: Array,
    weight: Array = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """-(target * log sigmoid(input) + (1 - target) * log(1 - sigmoid(input))), averaged over the last dimension.

    ``weight`` is broadcast to the input. ``reduction`` is "mean", "sum" or "none".

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html
    """
    reduction = reduction_of("multilabel_soft_margin_loss", size_average, reduce, reduction)
    if not input.ndim:
        raise IndexError("multilabel_soft_margin_loss: expected an input of 1 or more dimensions, got 0")
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    return reduced(mean(losses if weight is None else losses * weight, -1), reduction)
