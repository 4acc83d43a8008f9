"""Changing the type of a tensor, copying it, and sharing its memory with other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import memory
from ..devices import DeviceError, check_device, contiguous_format, is_contiguous_format, preserve_format
from ..devices import device as Device
from ..tensor import Tensor, legacy, make, tensor_method
from .face import publish
from .record import Array, c_order, composite, derivatives, factory, operation


def _cast_back(g, input_dtype) -> Any:  # with a result type: a lambda would send type checkers in circles
    return cast(g, input_dtype)


@operation(
    public=(), opaque=True,
    samples=lambda make: [(make(3, 4), np.dtype("float32")), (make(0, 2), np.dtype("float64"))],
)  # fmt: skip
@derivatives(input=_cast_back)
def cast(input: Array, dtype: Any) -> Array:
    """The same values as numbers of another type, in the order of the operand; in C order if it is expanded."""
    return input.astype(dtype, order="C" if 0 in input.strides else "K")


@operation(methods=("clone",), samples=lambda make: [(make(3, 4),), (make(),), (make(0, 2),)])
@derivatives(input=lambda g: g)
def clone(input: Array, *, memory_format: Any = preserve_format) -> Array:
    """The same values in memory of their own; the gradient passes through.

    With ``memory_format=contiguous_format`` they lie in C order, else in the operand's.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.clone.html
    """
    copied = np.positive(input) if input.dtype.kind != "b" else np.logical_or(input, False)
    if memory_format is not preserve_format and is_contiguous_format(memory_format, "clone()"):
        return c_order(copied)
    return copied


@operation(public=(), label="contiguous", samples=lambda make: [(make(3, 4),), (make(),), (make(0, 2),)])
@derivatives(input=lambda g: g)
def in_c_order(input: Array) -> Array:
    """The same values, in C order."""
    return c_order(np.positive(input) if input.dtype.kind != "b" else np.logical_or(input, False))


@composite(methods=("contiguous",), public=())
def contiguous(input: Array, memory_format: Any = contiguous_format) -> Array:
    """The tensor itself when its elements lie in C order, else a copy in which they do.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.contiguous.html
    """
    if input.is_contiguous(memory_format):
        return input
    if memory_format is preserve_format:
        raise RuntimeError("contiguous(): preserve_format is no order to bring the elements into; leave it away")
    return in_c_order(input)


# To another type


@composite(methods=("to",), public=())
def to(
    input: Array, *target: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False, copy: bool = False,
    memory_format: Any = preserve_format,
) -> Array:  # fmt: skip
    """The tensor as another dtype; itself when nothing changes and ``copy`` is not set.

    ``to(dtype, non_blocking=False, copy=False)``, ``to(device, dtype=None, non_blocking=False, copy=False)`` or
    ``to(other, non_blocking=False, copy=False)``. The only device is "cpu", where nothing ever blocks. A floating point
    number becomes an integer by leaving its fraction away; one that the type cannot hold becomes what it becomes in
    PyTorch on x86-64. Gradients pass between floating point types.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html
    """
    rest = list(target)
    if rest and (isinstance(rest[0], (str, Device, int)) or rest[0] is None) and not isinstance(rest[0], bool):
        device = _only("device", rest.pop(0), device)
        if rest and not isinstance(rest[0], bool):
            dtype = _only("dtype", rest.pop(0), dtype)
    elif rest and not isinstance(rest[0], bool):
        first = rest.pop(0)
        dtype = _only("dtype", first.dtype if isinstance(first, Tensor) else first, dtype)
    if len(rest) > 2 or not all(isinstance(value, bool) for value in rest):
        raise TypeError(
            "to(): expected (dtype, non_blocking, copy), (device, dtype, non_blocking, copy) or (other, non_blocking, "
            f"copy), got {', '.join(type(value).__name__ for value in target)}"
        )
    copy = rest[1] if len(rest) > 1 else copy
    check_device(device, "to()")
    return _as(input, input.dtype if dtype is None else dtypes.as_dtype(dtype, "to()"), copy, memory_format, "to()")


def _only(name: str, value: Any, given: Any) -> Any:
    if given is not None:
        raise TypeError(f"to(): argument '{name}' was given twice")
    return value


def _as(input: Tensor, dtype: Any, copy: bool, memory_format: Any, function: str) -> Tensor:
    in_order = memory_format is not preserve_format and is_contiguous_format(memory_format, function)
    if dtype == input.dtype:
        return clone(input, memory_format=memory_format or preserve_format) if copy else input
    result = cast(input, dtype) if dtype.kind == "f" else make(dtypes.converted(input._array, dtype))
    return contiguous(result) if in_order else result


@composite(methods=("type_as",), public=())
def type_as(input: Array, other: Array) -> Array:
    """The tensor in the dtype of another. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.type_as.html"""
    return _as(input, other.dtype, False, None, "type_as()")


TYPED = {  # PyTorch's old names of types
    "FloatTensor": dtypes.float32, "DoubleTensor": dtypes.float64, "HalfTensor": dtypes.float16,
    "LongTensor": dtypes.int64, "IntTensor": dtypes.int32, "ShortTensor": dtypes.int16, "CharTensor": dtypes.int8,
    "ByteTensor": dtypes.uint8, "BoolTensor": dtypes.bool_,
}  # fmt: skip


@composite(methods=("type",), public=())
def type_(input: Array, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The tensor in another dtype; without one, the old name of its own, ``"torch.FloatTensor"``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.type.html
    """
    if dtype is None:
        return "torch." + next(name for name, known in TYPED.items() if known == input.dtype)
    if isinstance(dtype, str):
        known = TYPED.get(dtype.removeprefix("torch."))
        if known is None or not dtype.startswith("torch."):
            raise ValueError(f"type(): invalid type: {dtype!r}; it is a dtype, or a name such as 'torch.FloatTensor'")
        dtype = known
    if isinstance(dtype, TypedTensor):
        dtype = dtype.dtype
    return _as(input, dtypes.as_dtype(dtype, "type()"), False, None, "type()")


class TypedTensor(type):
    """The class of ``FloatTensor``, ``LongTensor`` and their kin: PyTorch's old constructors, one for each dtype.

    No object is made of such a class: what it makes are Tensors, and ``isinstance`` tells those of its dtype.

    Source: https://docs.pytorch.org/docs/stable/tensors.html
    """

    dtype: Any

    def __call__(cls, *data: Any, device: Any = None) -> Tensor:
        check_device(device, f"{cls.__name__}()")
        return legacy(Tensor, data, cls.dtype)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and instance.dtype == cls.dtype


for _name, _dtype in TYPED.items():
    publish(TypedTensor(_name, (), {"dtype": _dtype, "__doc__": f"Makes tensors of {_dtype}."}), (), (), (_name,))


def _converter(name: str, dtype: Any) -> None:
    def convert(self: Tensor, memory_format: Any = preserve_format) -> Tensor:
        return _as(self, dtype, False, memory_format, f"{name}()")

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"The tensor as {dtype}; itself when it is that already."
    setattr(Tensor, name, convert)


for _name, _dtype in (
    ("float", dtypes.float32), ("double", dtypes.float64), ("half", dtypes.float16), ("long", dtypes.int64),
    ("int", dtypes.int32), ("short", dtypes.int16), ("char", dtypes.int8), ("byte", dtypes.uint8),
    ("bool", dtypes.bool_),
):  # fmt: skip
    _converter(_name, _dtype)


def _unsupported(name: str, what: str) -> None:
    def convert(self: Tensor, memory_format: Any = preserve_format) -> Tensor:
        raise TypeError(f"{name}(): {what} are not supported: NumPy has no such type, or no rules are written for it")

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"Raises TypeError: {what} are not supported."
    setattr(Tensor, name, convert)


for _name, _what in (
    ("bfloat16", "bfloat16 numbers"), ("cfloat", "complex numbers"), ("cdouble", "complex numbers"),
    ("chalf", "complex numbers"),
):  # fmt: skip
    _unsupported(_name, _what)


# To another device


@composite(methods=("cpu",), public=())
def cpu(input: Array, memory_format: Any = preserve_format) -> Array:
    """The tensor itself: there is no other device."""
    is_contiguous_format(memory_format, "cpu()")
    return input


@composite(methods=("cuda",), public=())
def cuda(input: Array, device: Any = None, non_blocking: bool = False, memory_format: Any = preserve_format) -> Array:
    """Raises a RuntimeError (an AssertionError, as in PyTorch without CUDA): the only device is "cpu"."""
    raise DeviceError("cuda(): device 'cuda' is not there; the only device is 'cpu'")


# To and from other libraries


@tensor_method
def __dlpack__(
    self: Tensor, *, stream: Any = -1, max_version: Any = None, dl_device: Any = None, copy: bool | None = None
) -> Any:
    """The tensor's memory for another library, by the DLPack protocol. Raises BufferError if it requires gradients.

    Source: https://data-apis.org/array-api/latest/API_specification/generated/array_api.array.__dlpack__.html
    """
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if stream not in (None, -1):
        raise AssertionError(f"stream should be None on cpu, got {stream!r}")
    if dl_device is not None and tuple(dl_device) != (1, 0):
        raise BufferError(f"__dlpack__(): device {tuple(dl_device)} is not there; the only one is (1, 0), the CPU")
    if copy:
        return _exported(self._array.copy(), max_version)
    return _exported(memory.lend(self._array), max_version)


def _exported(array: Any, max_version: Any) -> Any:
    try:
        return array.__dlpack__(max_version=max_version)
    except TypeError:  # NumPy 2.0 knows no versions
        return array.__dlpack__()


@tensor_method
def __dlpack_device__(self: Tensor) -> tuple[int, int]:
    """Where the memory is, by the DLPack protocol: (1, 0), the CPU."""
    return 1, 0


class _Capsule:
    """A DLPack capsule that was made by ``to_dlpack``, as an object that hands it out."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **_: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return 1, 0


@factory(public=("from_dlpack", "utils.dlpack.from_dlpack"))
def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor on the memory of another library's array, by the DLPack protocol; with ``copy=True`` on its own.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.from_dlpack.html

    >>> import numpy as np, microgradnp
    >>> microgradnp.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    check_device(device, "from_dlpack()")
    if type(ext_tensor).__name__ == "PyCapsule":
        ext_tensor = _Capsule(ext_tensor)
    if not hasattr(ext_tensor, "__dlpack__"):
        raise RuntimeError(f"from_dlpack(): expected an array with __dlpack__, got {type(ext_tensor).__name__}")
    array = np.from_dlpack(ext_tensor)
    dtypes.as_dtype(array.dtype, "from_dlpack()")
    if copy:
        return make(array.copy())
    memory.share(array)
    return make(array)


@factory(public=("utils.dlpack.to_dlpack",))
def to_dlpack(tensor: Tensor) -> Any:
    """A DLPack capsule on the tensor's memory, which can be consumed once.

    Source: https://docs.pytorch.org/docs/stable/dlpack.html
    """
    return tensor.__dlpack__()  # type: ignore[attr-defined]


@factory()
def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A tensor of one dimension on the memory of an object such as bytes, from ``offset`` bytes on.

    ``count`` is the number of its elements, by default as many as there are. Raises ValueError for sizes that do not
    fit. Memory that cannot be written to gives a tensor that cannot, either.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.frombuffer.html
    """
    wanted = dtypes.as_dtype(dtype, "frombuffer()")
    try:
        length = memoryview(buffer).nbytes
    except TypeError:
        raise ValueError(
            f"frombuffer(): object does not implement Python buffer protocol: {type(buffer).__name__}"
        ) from None
    if length == 0 or count == 0 or count < -1:
        raise ValueError(f"frombuffer(): both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"frombuffer(): offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} "
            "bytes) minus 1"
        )
    size = wanted.itemsize
    if count < 0 and (length - offset) % size:
        raise ValueError(
            f"frombuffer(): buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple "
            f"of element size ({size})"
        )
    if count * size > length - offset:
        raise ValueError(
            f"frombuffer(): requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be "
            f"greater than actual buffer length ({length} bytes)"
        )
    array = np.frombuffer(buffer, wanted, count, offset)
    memory.share(array)
    return make(array).requires_grad_(requires_grad)
