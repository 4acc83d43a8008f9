"""Questions about a tensor: its type, its layout in memory, what of PyTorch's kinds of tensors it is.

The answers are Python values; there is nothing to differentiate.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import memory
from ..devices import strided
from ..tensor import Tensor
from .record import factory


def _tensor(input: Any, function: str) -> Tensor:
    if not isinstance(input, Tensor):
        raise TypeError(f"{function}(): argument 'input' must be Tensor, not {type(input).__name__}")
    return input


@factory()
def is_tensor(obj: Any) -> bool:
    """Whether ``obj`` is a Tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.is_tensor.html"""
    return isinstance(obj, Tensor)


@factory()
def is_storage(obj: Any) -> bool:
    """Always False: there are no storage objects; ``untyped_storage`` does not exist here.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.is_storage.html
    """
    return False


@factory(methods=("is_floating_point",))
def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floating point numbers.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.is_floating_point.html
    """
    return _tensor(input, "is_floating_point")._array.dtype.kind == "f"


@factory(methods=("is_complex",))
def is_complex(input: Tensor) -> bool:
    """Always False: complex numbers are not supported.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.is_complex.html
    """
    return _tensor(input, "is_complex")._array.dtype.kind == "c"


@factory(methods=("is_signed",))
def is_signed(input: Tensor) -> bool:
    """Whether the type has negative numbers: all but uint8 and bool do.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.is_signed.html
    """
    return _tensor(input, "is_signed")._array.dtype.kind in "if"


@factory(methods=("is_nonzero",))
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero. Raises RuntimeError if there is not exactly one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.is_nonzero.html
    """
    return bool(_tensor(input, "is_nonzero"))


@factory(methods=("numel", "nelement"))
def numel(input: Tensor) -> int:
    """The number of elements. Source: https://docs.pytorch.org/docs/stable/generated/torch.numel.html"""
    return _tensor(input, "numel")._array.size


@factory(methods=("is_same_size",))
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether two tensors have the same shape.

    Source: https://docs.pytorch.org/docs/stable/tensors.html
    """
    return _tensor(input, "is_same_size").shape == _tensor(other, "is_same_size").shape


@factory(methods=("is_conj",))
def is_conj(input: Tensor) -> bool:
    """Always False: complex numbers are not supported.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.is_conj.html
    """
    return _tensor(input, "is_conj") is None


@factory(methods=("is_neg",))
def is_neg(input: Tensor) -> bool:
    """Always False: a negative is computed at once.

    Source: https://docs.pytorch.org/docs/stable/tensors.html
    """
    return _tensor(input, "is_neg") is None


@factory()
def typename(obj: Any) -> str:
    """The name of a tensor's old type, or of any object's class.

    Source: https://docs.pytorch.org/docs/stable/torch.html
    """
    if isinstance(obj, Tensor):
        return obj.type()  # type: ignore[attr-defined]
    kind = obj if isinstance(obj, type) else type(obj)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


@factory()
def result_type(tensor1: Any, tensor2: Any) -> np.dtype[Any]:
    """The dtype in which two tensors or Python numbers meet in an operation.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.result_type.html
    """
    ranks: list[Any] = [None, None, None]
    for value in (tensor1, tensor2):
        if isinstance(value, Tensor):
            rank, dtype = (0 if value.ndim else 1), value.dtype
        elif isinstance(value, (bool, int, float)):
            rank, dtype = 2, dtypes.number_dtype(value)
        else:
            raise TypeError(f"result_type(): expected Tensors or numbers, got {type(value).__name__}")
        ranks[rank] = dtype if ranks[rank] is None else dtypes.promote_types(ranks[rank], dtype)
    return dtypes.result_type_of(*ranks)


# Methods


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    setattr(Tensor, function.__name__, function)
    return function


@_method
def ndimension(self: Tensor) -> int:
    """The number of dimensions."""
    return self._array.ndim


@_method
def data_ptr(self: Tensor) -> int:
    """The address of the first element in memory; 0 if there is none."""
    return self._array.__array_interface__["data"][0] if self._array.size else 0


@_method
def storage_offset(self: Tensor) -> int:
    """How many elements lie in memory before the first: of the memory's owner, as NumPy knows it."""
    if not self._array.size:
        return 0
    low, _ = np.lib.array_utils.byte_bounds(memory.owner_of(self._array))
    return (self._array.__array_interface__["data"][0] - low) // self._array.itemsize


@factory(methods=("get_device",))
def get_device(input: Tensor) -> int:
    """The number of the device: -1, the CPU.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.get_device.html
    """
    _tensor(input, "get_device")
    return -1


@factory()
def detach(input: Tensor) -> Tensor:
    """The same memory as a tensor outside the graph: ``input.detach()``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.detach.html
    """
    return _tensor(input, "detach").detach()


@_method
def is_pinned(self: Tensor, device: Any = None) -> bool:
    """Always False: there is no other device that memory could be pinned for."""
    return False


@_method
def is_shared(self: Tensor) -> bool:
    """Always False: memory is not shared between processes."""
    return False


@_method
def dim_order(self: Tensor) -> tuple[int, ...]:
    """The dimensions from that of the widest step in memory to that of the narrowest."""
    steps = self.stride()
    return tuple(sorted(range(self.ndim), key=lambda i: -steps[i]))


@_method
def conj(self: Tensor) -> Tensor:
    """The tensor itself: its elements are real."""
    return self


@_method
def resolve_conj(self: Tensor) -> Tensor:
    """The tensor itself: its elements are real."""
    return self


@_method
def resolve_neg(self: Tensor) -> Tensor:
    """The tensor itself: a negative is computed at once."""
    return self


def _property(name: str, result: str, text: str, value: Callable[[Tensor], Any]) -> None:
    value.__annotations__["return"] = result  # for the stubs
    setattr(Tensor, name, property(value, doc=text))


def _imag(self: Tensor) -> Tensor:
    raise RuntimeError("imag is not implemented for tensors with non-complex dtypes")


_property("itemsize", "int", "The bytes of one element.", lambda self: self._array.itemsize)
_property("nbytes", "int", "The bytes of all elements.", lambda self: self._array.nbytes)
_property("layout", "layout", "How its elements are found in memory: ``strided``.", lambda self: strided)
_property("is_cpu", "bool", "Always True.", lambda self: True)
_property("real", "Tensor", "The tensor itself: its elements are real.", lambda self: self)
_property("imag", "Tensor", "Raises RuntimeError: complex numbers are not supported.", _imag)
for _name in (
    "is_cuda", "is_ipu", "is_maia", "is_meta", "is_mkldnn", "is_mps", "is_mtia", "is_nested", "is_quantized",
    "is_sparse", "is_sparse_csr", "is_vulkan", "is_xla", "is_xpu",
):  # fmt: skip
    _property(_name, "bool", "Always False: there are no such tensors here.", lambda self: False)
