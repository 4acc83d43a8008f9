"""Dropout: setting random elements, or whole channels, to zero during training.

The random numbers are those that PyTorch draws for the same seed: one for each element, or for each channel.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from .. import random as rng
from ..autograd.scope import where as module_path
from ..tensor import Tensor, make
from .inplace import write
from .record import Array, composite

SELU_FLOOR = 1.7580993408473766  # selu approaches its negative for -inf: what alpha dropout sets elements to


def _check_probability(function: str, p: float, error: type[Exception] = ValueError) -> None:
    if not 0 <= p <= 1:
        raise error(
            f"{module_path()}{function}: dropout probability has to be between 0 and 1, but got {p}: it is the part "
            "that is dropped"
        )


def _drop(
    function: str,
    input: Tensor,
    p: float,
    training: bool,
    inplace: bool,
    leading: int | None = None,
    alpha: bool = False,
) -> Tensor:
    """The input with random elements dropped; with ``leading``, all that lies within one place of these dimensions.

    Outside training, and where nothing can be dropped, it is the input itself, and no random number is drawn.
    """
    if not training or p == 0 or not input.numel():
        return input
    if p == 1:
        scale, shift = make(np.zeros((), input.dtype)), None
    else:
        scale, shift = _noise(function, input, p, leading, alpha)

    def compute(x: Tensor) -> Tensor:
        return x * scale if shift is None else x * scale + shift

    return write(input, f"{function}_", compute) if inplace else compute(input)


def _noise(function: str, input: Tensor, p: float, leading: int | None, alpha: bool) -> tuple[Tensor, Tensor | None]:
    """What the input is multiplied by, and what is added to it, so that its mean and variance stay what they were."""
    if input.dtype.kind != "f":
        raise RuntimeError(
            f"{module_path()}{function}: what is kept is a float and cannot be cast to {input.dtype}: convert the "
            "input first, as with .float()"
        )
    if leading is not None:
        shape = tuple(input.shape)
        if input.ndim < leading:
            raise RuntimeError(
                f"{module_path()}{function}: feature dropout requires at least {leading} dimensions in the input, with "
                f"the channels in the last of them, got shape {shape}"
            )
        shape = shape[:leading] + (1,) * (input.ndim - leading)
        kept = rng.default_generator.bernoulli(1 - p, shape, input.dtype)
    else:
        kept = _kept_as_in_memory(input, p)
    if not alpha:
        return make(kept / (1 - p)), None
    scale = 1 / math.sqrt((SELU_FLOOR**2 * p + 1) * (1 - p))
    return make(kept * scale), make((kept - 1) * (SELU_FLOOR * scale) + SELU_FLOOR * scale * p)


def _kept_as_in_memory(input: Tensor, p: float) -> np.ndarray:
    """Ones and zeros for the elements in the order in which they lie in memory, which is how PyTorch fills a tensor."""
    order = _outermost_first(input._array.strides)
    kept = rng.default_generator.bernoulli(1 - p, tuple(input.shape[dim] for dim in order), input.dtype)
    return kept.transpose(np.argsort(order))


def _outermost_first(strides: tuple[int, ...]) -> list[int]:
    """The dimensions by falling stride. One without a stride (expanded) is passed over, and stays where it is."""
    order = list(reversed(range(len(strides))))
    for place in range(1, len(order)):
        for other in reversed(range(place)):
            inner, outer = strides[order[other]], strides[order[place]]
            if inner and outer and inner < outer:
                break
            if inner and outer and inner > outer:
                order[other], order[place] = order[place], order[other]
                place = other
    return order[::-1]


# torch.nn.functional


@composite(public=("nn.functional.dropout",))
def _dropout(input: Array, p: float = 0.5, training: bool = True, inplace: bool = False) -> Array:
    """Each element set to 0 with probability ``p``, and the others divided by ``1 - p``, while ``training``.

    The random numbers come from the default generator, as PyTorch draws them. Raises ValueError for ``p`` outside
    [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
    """
    _check_probability("dropout", p)
    return _drop("dropout", input, p, training, inplace)


@composite(public=("nn.functional.alpha_dropout",))
def _alpha_dropout(input: Array, p: float = 0.5, training: bool = False, inplace: bool = False) -> Array:
    """Dropout for ``selu``: elements set to its lower limit, and all scaled and shifted to keep mean and variance.

    Raises ValueError for ``p`` outside [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
    """
    _check_probability("alpha_dropout", p)
    return _drop("alpha_dropout", input, p, training, inplace, alpha=True)


@composite(public=("nn.functional.feature_alpha_dropout",))
def _feature_alpha_dropout(input: Array, p: float = 0.5, training: bool = False, inplace: bool = False) -> Array:
    """``alpha_dropout`` of whole channels: one decision for each place of the first two dimensions.

    Raises ValueError for ``p`` outside [0, 1], RuntimeError for an input of less than two dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html
    """
    _check_probability("feature_alpha_dropout", p)
    return _drop("feature_alpha_dropout", input, p, training, inplace, leading=2, alpha=True)


@composite(public=("nn.functional.dropout1d",))
def dropout1d(input: Array, p: float = 0.5, training: bool = True, inplace: bool = False) -> Array:
    """Whole channels of an input (N, C, L) or (C, L) set to 0 with probability ``p``, the others divided by ``1 - p``.

    Raises ValueError for ``p`` outside [0, 1], RuntimeError for another number of dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html
    """
    _check_probability("dropout1d", p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"{module_path()}dropout1d: expected an input of 2 or 3 dimensions, (C, L) or (N, C, L), got {input.ndim}; "
            "for an input (N, C) use dropout"
        )
    return _drop("dropout1d", input, p, training, inplace, leading=input.ndim - 1)


@composite(public=("nn.functional.dropout2d",))
def dropout2d(input: Array, p: float = 0.5, training: bool = True, inplace: bool = False) -> Array:
    """Whole channels of an input (N, C, H, W) set to 0 with probability ``p``, the others divided by ``1 - p``.

    Other numbers of dimensions warn; 3 are taken for (N, C, L), not for (C, H, W). Raises ValueError for ``p`` outside
    [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
    """
    _check_probability("dropout2d", p)
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: received an input of 3 dimensions, which is taken for (N, C, L), as by dropout1d: this is how "
            "it has always been, although (C, H, W) may be meant. Use dropout1d, or unsqueeze(0) for one sample.",
            stacklevel=3,
        )
    elif input.ndim != 4:
        _warn_of_dimensions("dropout2d", input, "(N, C, H, W)")
    return _drop("dropout2d", input, p, training, inplace, leading=2)


@composite(public=("nn.functional.dropout3d",))
def dropout3d(input: Array, p: float = 0.5, training: bool = True, inplace: bool = False) -> Array:
    """Whole channels of an input (N, C, D, H, W) or (C, D, H, W) set to 0 with probability ``p``, others scaled.

    Other numbers of dimensions warn, and are taken for one sample. Raises ValueError for ``p`` outside [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html
    """
    _check_probability("dropout3d", p)
    if input.ndim not in (4, 5):
        _warn_of_dimensions("dropout3d", input, "(N, C, D, H, W) or (C, D, H, W)")
    return _drop("dropout3d", input, p, training, inplace, leading=2 if input.ndim == 5 else 1)


def _warn_of_dimensions(function: str, input: Tensor, wanted: str) -> None:
    warnings.warn(
        f"{function}: received a {input.ndim}-D input to {function}, which is deprecated and will result in an error "
        f"in a future release: give {wanted}, or use dropout for elements",
        stacklevel=4,
    )


# torch


@composite(public=("dropout", "dropout_"))
def dropout(input: Array, p: float, train: bool) -> Array:
    """Each element set to 0 with probability ``p``, and the others divided by ``1 - p``, while ``train``.

    Raises RuntimeError for ``p`` outside [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
    """
    _check_probability("dropout", p, RuntimeError)
    return _drop("dropout", input, p, train, False)


@composite(public=("alpha_dropout", "alpha_dropout_"))
def alpha_dropout(input: Array, p: float, train: bool) -> Array:
    """Dropout for ``selu``; see ``nn.functional.alpha_dropout``. Raises RuntimeError for ``p`` outside [0, 1].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
    """
    _check_probability("alpha_dropout", p, RuntimeError)
    return _drop("alpha_dropout", input, p, train, False, alpha=True)


@composite(public=("feature_dropout", "feature_dropout_"))
def feature_dropout(input: Array, p: float, train: bool) -> Array:
    """Dropout of whole channels: one decision for each place of the first two dimensions.

    Raises RuntimeError for ``p`` outside [0, 1], or an input of less than two dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
    """
    _check_probability("feature_dropout", p, RuntimeError)
    return _drop("feature_dropout", input, p, train, False, leading=2)


@composite(public=("feature_alpha_dropout", "feature_alpha_dropout_"))
def feature_alpha_dropout(input: Array, p: float, train: bool) -> Array:
    """``alpha_dropout`` of whole channels: one decision for each place of the first two dimensions.

    Raises RuntimeError for ``p`` outside [0, 1], or an input of less than two dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html
    """
    _check_probability("feature_alpha_dropout", p, RuntimeError)
    return _drop("feature_alpha_dropout", input, p, train, False, leading=2, alpha=True)
