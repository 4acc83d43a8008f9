"""Losses with a margin: what is right must lie above what is wrong, or nearer, by so much."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.scope import where as module_path
from ..tensor import Tensor, make
from .activation import check_floats, logsigmoid, relu
from .arithmetic import minimum
from .classification import check_class_weight, check_weight_dtype
from .comparison import where
from .indexing import take_along_dim
from .loss import check_reduction, reduced, reduction_of, through_float32
from .record import Array, Index, checking, composite
from .reduction import sum
from .shape import unsqueeze

# One sample's scores: the right classes above the wrong ones, by a margin


def _rows(function: str, input: Tensor) -> tuple[int, int]:
    """The number of samples and of classes of an input (N, C), or (C,) for one sample."""
    shape = tuple(input.shape)
    if input.ndim > 2 or (shape and shape[-1] == 0):
        raise RuntimeError(
            f"{module_path()}{function}: expected a non-empty vector of scores, one for each class, or a matrix with a "
            f"row for each sample, but got shape {shape}"
        )
    check_floats(function, input)
    return (shape[0] if input.ndim == 2 else 1), (shape[-1] if shape else 1)


def _check_labels(function: str, target: Tensor, low: int, high: int) -> np.ndarray:
    if target.dtype != np.int64:
        raise RuntimeError(
            f"{module_path()}{function}: expected a target of int64, but found {target.dtype}: convert it with .long()"
        )
    return _checked(target._array, function, low, high)


@checking
def _checked(labels: np.ndarray, function: str, low: int, high: int) -> np.ndarray:
    if labels.size and (labels.min() < low or labels.max() >= high):
        raise RuntimeError(
            f"{module_path()}{function}: target out of range: its numbers must lie between {low} and {high - 1}, and "
            f"are from {labels.min()} to {labels.max()}"
        )
    return labels


@composite(public=("nn.functional.multi_margin_loss",))
@through_float32
def multi_margin_loss(
    input: Array,
    target: Index,
    p: int = 1,
    margin: float = 1.0,
    weight: Array = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """The sum over the wrong classes i of ``max(0, margin - input[target] + input[i]) ** p``, divided by their number.

    ``input`` has the shape (N, C) or (C,) for C classes, ``target`` the shape (N,) with classes. ``p`` is 1 or 2;
    ``weight`` multiplies the losses by a number for each class. The derivative where the margin is just kept is 0.
    ``reduction`` is "mean", "sum" or "none".

    Raises ValueError for another ``p``, RuntimeError for a class that there is not, or shapes that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
    """
    reduction = reduction_of("multi_margin_loss", size_average, reduce, reduction)
    if p not in (1, 2):
        raise ValueError(f"multi_margin_loss: only p == 1 and p == 2 are supported, got {p}")
    samples, count = _rows("multi_margin_loss", input)
    if target.ndim > 1 or target.numel() != samples:
        raise RuntimeError(
            f"{module_path()}multi_margin_loss: expected a target of size [{samples}], one class for each sample of an "
            f"input of shape {tuple(input.shape)}, but got {list(target.shape)}"
        )
    labels = _check_labels("multi_margin_loss", target, 0, count).reshape(samples, 1)
    scores = input.reshape(samples, count)
    excess = relu(scores - take_along_dim(scores, make(labels), 1) + margin)
    losses = where(make(labels == np.arange(count)), 0.0, excess if p == 1 else excess * excess)
    if weight is not None:
        if weight.ndim != 1:
            raise ValueError(f"multi_margin_loss: weight must be one-dimensional, got shape {tuple(weight.shape)}")
        check_class_weight("multi_margin_loss", weight, count)
        check_weight_dtype("multi_margin_loss", input, weight)
        losses = losses * weight[labels]
    return reduced((sum(losses, 1) / count).reshape(target.shape), reduction)


@composite(public=("nn.functional.multilabel_margin_loss",))
@through_float32
def multilabel_margin_loss(
    input: Array,
    target: Index,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """The sum over right classes j and wrong ones i of ``max(0, 1 - (input[j] - input[i]))``, divided by their number.

    ``input`` has the shape (N, C) or (C,) for C classes; ``target`` has the same shape and lists in each row the right
    classes, ended by -1. The derivative where the margin is just kept is 0. ``reduction`` is "mean", "sum" or "none".

    Raises RuntimeError for a class that there is not, or shapes that do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
    """
    reduction = reduction_of("multilabel_margin_loss", size_average, reduce, reduction)
    samples, count = _rows("multilabel_margin_loss", input)
    if target.shape != input.shape:
        raise RuntimeError(
            f"{module_path()}multilabel_margin_loss: inconsistent target size {list(target.shape)} for an input of "
            f"size {list(input.shape)}: they must be the same; a row with fewer classes is filled up with -1"
        )
    labels = _check_labels("multilabel_margin_loss", target, -1, count).reshape(samples, count)
    listed = np.logical_and.accumulate(labels >= 0, axis=1)
    wrong = np.ones((samples, count), bool)
    wrong[np.nonzero(listed)[0], labels[listed]] = False
    scores = input.reshape(samples, count)
    right = take_along_dim(scores, make(np.where(listed, labels, 0)), 1)
    excess = relu(1 - (unsqueeze(right, 2) - unsqueeze(scores, 1)))
    losses = where(make(listed[:, :, None] & wrong[:, None, :]), excess, 0.0)
    return reduced((sum(losses, (1, 2)) / count).reshape(target.shape[:-1]), reduction)


@composite(public=("nn.functional.soft_margin_loss",))
@through_float32
def soft_margin_loss(
    input: Array,
    target: Array,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """``log(1 + exp(-target * input))`` for targets of 1 and -1, accurate for every input.

    ``reduction`` is "mean", "sum" or "none".

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html
    """
    reduction = reduction_of("soft_margin_loss", size_average, reduce, reduction)
    return reduced(-logsigmoid(target * input), reduction)


# Pairs and triplets


def _not_below_0(input: Tensor) -> Tensor:
    """max(input, 0), with a derivative of 1 at 0: that of PyTorch's ``clamp_min``, not of ``relu``."""
    return where(input < 0, 0, input)


@composite(public=("nn.functional.hinge_embedding_loss",))
@through_float32
def hinge_embedding_loss(
    input: Array,
    target: Array,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """For a distance: ``input`` where ``target`` is 1, and ``max(0, margin - input)`` where it is -1.

    The derivative where the margin is just kept is -1. ``reduction`` is "mean", "sum" or "none".

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html
    """
    reduction = reduction_of("hinge_embedding_loss", size_average, reduce, reduction)
    apart, near = where(target != 1, _not_below_0(margin - input), 0), where(target != -1, input, 0)
    return reduced(apart + near, reduction)


@composite(public=("nn.functional.margin_ranking_loss",))
@through_float32
def margin_ranking_loss(
    input1: Array,
    input2: Array,
    target: Array,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """``max(0, -target * (input1 - input2) + margin)``: ``target`` is 1 where ``input1`` should be larger, else -1.

    The derivative where the margin is just kept is that of the straight line. ``reduction`` is "mean", "sum" or "none".

    Raises RuntimeError when the numbers of dimensions differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html
    """
    reduction = reduction_of("margin_ranking_loss", size_average, reduce, reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            f"{module_path()}margin_ranking_loss: all tensors should have the same number of dimensions, but got "
            f"input1 {tuple(input1.shape)}, input2 {tuple(input2.shape)} and target {tuple(target.shape)}"
        )
    return reduced(_not_below_0(-target * (input1 - input2) + margin), reduction)


@composite(public=("nn.functional.cosine_embedding_loss",))
@through_float32
def cosine_embedding_loss(
    input1: Array,
    input2: Array,
    target: Array,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """``1 - cos(input1, input2)`` where ``target`` is 1, and ``max(0, cos(input1, input2) - margin)`` where it is -1.

    The inputs are vectors and the target a number, or matrices and a vector. 1e-12 is added to squared lengths.
    ``reduction`` is "mean", "sum" or "none".

    Raises RuntimeError for other numbers of dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html
    """
    reduction = reduction_of("cosine_embedding_loss", size_average, reduce, reduction)
    if target.ndim > 1 or not input1.ndim == input2.ndim == target.ndim + 1:
        raise RuntimeError(
            f"{module_path()}cosine_embedding_loss: expected vectors and a target without dimensions, or matrices and "
            f"a vector as target, but got input1 {tuple(input1.shape)}, input2 {tuple(input2.shape)} and target "
            f"{tuple(target.shape)}"
        )
    length1, length2 = sum(input1 * input1, -1) + 1e-12, sum(input2 * input2, -1) + 1e-12
    cosine = sum(input1 * input2, -1) / (length1 * length2).sqrt()
    losses = where(target == 1, 1 - cosine, 0.0) + where(target == -1, _not_below_0(cosine - margin), 0.0)
    return reduced(losses, reduction)


@composite(public=("nn.functional.triplet_margin_loss",))
@through_float32
def triplet_margin_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Array:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)``, with the p-norm's distance d (and its ``eps``).

    With ``swap`` the positive's distance to the negative is taken where that is smaller than the anchor's. The
    derivative where the margin is just kept is that of the straight line. ``reduction`` is "mean", "sum" or "none".

    Raises ValueError when ``margin`` is not positive, RuntimeError when the numbers of dimensions differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html
    """
    reduction = reduction_of("triplet_margin_loss", size_average, reduce, reduction)

    from .distance import pairwise_distance

    def distance(one: Tensor, other: Tensor) -> Any:
        return pairwise_distance(one, other, p, eps)

    return reduced(_of_triplets("triplet_margin_loss", anchor, positive, negative, distance, margin, swap), reduction)


@composite(public=("nn.functional.triplet_margin_with_distance_loss",))
@through_float32
def triplet_margin_with_distance_loss(
    anchor: Array,
    positive: Array,
    negative: Array,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Array:
    """``triplet_margin_loss`` with any function of two tensors for the distance; by default ``pairwise_distance``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html
    """
    function = "triplet_margin_with_distance_loss"
    check_reduction(reduction, function)
    from .distance import pairwise_distance

    distance = pairwise_distance if distance_function is None else distance_function
    return reduced(_of_triplets(function, anchor, positive, negative, distance, margin, swap), reduction)


def _of_triplets(
    function: str, anchor: Tensor, positive: Tensor, negative: Tensor, distance: Any, margin: float, swap: bool
) -> Tensor:
    if margin <= 0:
        raise ValueError(f"{function}: margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            f"{module_path()}{function}: the tensors are expected to have the same number of dimensions, but got "
            f"anchor {tuple(anchor.shape)}, positive {tuple(positive.shape)} and negative {tuple(negative.shape)}"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return _not_below_0(near - far + margin)
