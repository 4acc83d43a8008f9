"""Tensors that belong to a module: parameters, which are trained."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd.inference import used
from ..copying import rebuild
from ..devices import check_device
from ..tensor import Tensor, array_from, make


class Parameter(Tensor):
    """A tensor that a module registers as its parameter when it is assigned as an attribute.

    It shares the memory of ``data`` when that is a tensor, and requires gradients unless told otherwise.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html

    >>> import microgradnp
    >>> microgradnp.nn.Parameter(microgradnp.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        array = data._array if isinstance(data, Tensor) else array_from(() if data is None else data)
        out = make(array, cls)
        if used.ever and isinstance(data, Tensor):
            out._inference = data.is_inference()
        return out.requires_grad_(requires_grad)  # type: ignore[return-value]

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """A parameter with memory of its own. As in PyTorch it starts without a gradient."""
        attributes = deepcopy(self.__dict__, memo)
        return rebuild(type(self), self._array.copy("K"), self.requires_grad, attributes)  # type: ignore[return-value]


def unfilled(layer: str, shape: Iterable[int], device: Any = None, dtype: Any = None) -> Parameter:
    """A parameter of a new layer, whose values are still to be drawn."""
    check_device(device, layer)
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(dtype, layer)
    shape = tuple(shape)
    for size in shape:
        if not hasattr(size, "__index__"):
            raise TypeError(f"{layer}: sizes must be ints, got {size!r} of type {type(size).__name__}")
        if size < 0:
            raise RuntimeError(f"{layer}: sizes must not be negative, got a parameter of shape {shape}")
    return Parameter(make(np.empty(shape, wanted)))
