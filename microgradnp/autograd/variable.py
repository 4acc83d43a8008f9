"""``Variable``: what programs wrap tensors in that were written before tensors had gradients of their own."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


class _AnyTensor(type):
    """The type of a class whose instances are all tensors."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_AnyTensor):
    """``Variable(data, requires_grad=False)``: a tensor with the memory of another one, and with no history.

    Deprecated in PyTorch: say ``tensor(..., requires_grad=True)``. Raises TypeError if ``data`` is no tensor.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#variable-deprecated

    >>> import microgradnp
    >>> microgradnp.autograd.Variable(microgradnp.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """

    def __new__(cls, data: Any, requires_grad: bool = False) -> Tensor:  # type: ignore[misc]
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable: data has to be a tensor, not {type(data).__name__}: make one with tensor(data)")
        return data.detach().requires_grad_(requires_grad)
