"""Keeping gradients small: what goes between ``loss.backward()`` and ``optimizer.step()``.

No value is read, so that these functions may stand in a compiled step (but for ``error_if_nonfinite``). PyTorch has two
implementations of each, which ``foreach`` chooses between; there is one here, so that it changes nothing.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from types import GeneratorType
from typing import Any, TypeAlias

import numpy as np

from ...autograd import memory
from ...autograd.modes import no_grad
from ...ops.creation import tensor
from ...ops.inplace import write
from ...ops.joining import stack
from ...ops.norm import vector_norm
from ...tensor import Tensor, make

Tensors: TypeAlias = Tensor | Iterable[Tensor]


@no_grad()
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of all elements of all tensors, as of one vector: a tensor without dimensions.

    ``norm_type`` is any number, or "inf". Raises RuntimeError, with ``error_if_nonfinite``, for a norm of nan or inf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html
    """
    order = float(norm_type)
    norms = [vector_norm(t, order) for t in _listed(tensors)]
    if not norms:
        return tensor(0.0)
    total = vector_norm(stack(norms), order)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(
            f"The total norm of order {order} for gradients from `parameters` is {total.item()}, so it cannot be "
            f"clipped. Without error_if_nonfinite=True they are scaled all the same"
        )
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Multiply the gradients of ``parameters``, in place, by max_norm / (total_norm + 1e-6), or by 1 if that is more.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grads_with_norm_.html
    """
    if not isinstance(total_norm, Tensor):
        raise TypeError(f"clip_grads_with_norm_: total_norm must be a Tensor, got {type(total_norm).__name__}")
    factor = (float(max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    _in_place(_gradients(parameters), np.multiply, factor._array)


@no_grad()
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients, in place, by one factor, so that their norm as of one vector is at most ``max_norm``.

    Returns the norm that they had. ``norm_type`` is any number, or "inf". Raises RuntimeError, with
    ``error_if_nonfinite``, for a norm of nan or inf; the gradients are then unchanged.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html

    >>> import microgradnp
    >>> w = microgradnp.nn.Parameter(microgradnp.zeros(2))
    >>> w.grad = microgradnp.tensor([3.0, 4.0])
    >>> microgradnp.nn.utils.clip_grad_norm_([w], max_norm=1.0)
    tensor(5.)
    >>> w.grad
    tensor([0.6000, 0.8000])
    """
    given = _listed(parameters)
    if not given and isinstance(parameters, GeneratorType):
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3)
    total = get_total_norm(_gradients(given), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(given, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The name of old of ``clip_grad_norm_``; it warns."""
    warnings.warn(
        "`nn.utils.clip_grad_norm` is now deprecated in favor of `nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Bring every element of every gradient, in place, into [-clip_value, clip_value].

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
    """
    bound = float(clip_value)
    gradients = _gradients(parameters)
    _in_place(gradients, np.maximum, -bound)
    _in_place(gradients, np.minimum, bound)


def _listed(tensors: Tensors) -> list[Any]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Any]:
    return [p.grad for p in _listed(parameters) if p.grad is not None]


def _in_place(gradients: list[Any], function: np.ufunc, other: Any) -> None:
    """Replace the values of gradients by ``function`` of them and ``other``, without memory for results."""
    with np.errstate(all="ignore"):
        for gradient in gradients:
            array = gradient._array
            if array.flags.c_contiguous:
                function(array, other, out=array)
            else:  # its elements might share memory, which this refuses
                write(gradient, "clip_grad", lambda before: make(function(before._array, other)))
    memory.stamp([memory.writes_to(gradient._array) for gradient in gradients], "clip_grad")
