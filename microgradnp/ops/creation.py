"""Making tensors: from data, filled with a number, evenly spaced, and windows of signals.

The arguments that all of them share (``dtype``, ``device``, ``requires_grad``, ``out``, ...) are handled in
``options.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..autograd import memory
from ..devices import check_device, contiguous_format, is_contiguous_format, preserve_format
from ..random.rounding import fused, fused_each
from ..tensor import Tensor, array_from, make
from .options import arranged, dtype_or_default, number, one_size, shape_of, sizes_from, whole
from .record import factory

# From data


@factory(options=True)
def tensor(data: Any, *, dtype: Any = None) -> Any:
    """A new tensor with a copy of ``data``: a number, nested lists of numbers, a NumPy array or a tensor.

    Python floats become the default floating point type (float32); a NumPy array keeps its dtype.

    Raises TypeError or ValueError for data that are no array of numbers, RuntimeError for an integer tensor that is to
    require gradients.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html

    >>> import microgradnp
    >>> microgradnp.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    return array_from(data, dtype)


@factory()
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """``data`` as a tensor, without a copy where none is needed: a tensor as it is, a NumPy array by its memory.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
    """
    check_device(device, "as_tensor()")
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)  # type: ignore[attr-defined]
    wanted = None if dtype is None else dtypes.as_dtype(dtype, "as_tensor()")
    if isinstance(data, np.ndarray) and (wanted is None or wanted == data.dtype):
        return from_numpy(data)
    return make(array_from(data, wanted))


@factory()
def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool | None = None
) -> Tensor:
    """``obj`` as a tensor: on its memory if it has any (a tensor, a NumPy array, a buffer), unless ``copy`` is True.

    Raises ValueError when ``copy`` is False and a copy would be needed.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.asarray.html
    """
    check_device(device, "asarray()")
    wanted = None if dtype is None else dtypes.as_dtype(dtype, "asarray()")
    if isinstance(obj, (bytes, bytearray, memoryview)):
        obj = np.frombuffer(obj, dtype_or_default(wanted))
    has_memory = isinstance(obj, (Tensor, np.ndarray))
    if copy is False and not (has_memory and (wanted is None or wanted == obj.dtype)):
        what = f"a tensor of {obj.dtype} into {wanted}" if has_memory else "an arbitrary sequence into a tensor"
        raise ValueError(f"asarray(): can't alias {what}: leave out copy=False")
    made = as_tensor(obj, wanted) if has_memory else make(array_from(obj, wanted))
    if copy and has_memory and made._array is (obj._array if isinstance(obj, Tensor) else obj):
        made = made.clone()  # type: ignore[attr-defined]
    elif copy and isinstance(obj, np.ndarray):
        made = make(made._array.copy())
    if requires_grad is None or made.requires_grad == requires_grad:
        return made
    return made.detach().requires_grad_(requires_grad)


@factory()
def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor that shares the memory of a NumPy array.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__}); for lists use microgradnp.tensor(...)")
    dtypes.as_dtype(ndarray.dtype, "from_numpy()")
    if not ndarray.dtype.isnative:
        raise ValueError(
            "from_numpy(): the array's byte order is not this machine's; use .astype(dtype.newbyteorder('='))"
        )
    memory.share(ndarray)
    return make(np.asarray(ndarray))  # no subclass: np.matrix means another * and sum


@factory(options=True)
def scalar_tensor(s: Any, *, dtype: Any = None) -> Any:
    """A number as a tensor without dimensions, of the default floating point type unless ``dtype`` is given.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.scalar_tensor.html
    """
    return array_from(number(s, "scalar_tensor()", "s"), dtype_or_default(dtype))


# Filled


@factory(options=True, out=True)
def zeros(*size: Any, dtype: Any = None) -> Any:
    """A tensor of zeros. Source: https://docs.pytorch.org/docs/stable/generated/torch.zeros.html"""
    return np.zeros(sizes_from(size, "zeros()"), dtype_or_default(dtype))


@factory(options=True, out=True)
def ones(*size: Any, dtype: Any = None) -> Any:
    """A tensor of ones. Source: https://docs.pytorch.org/docs/stable/generated/torch.ones.html"""
    return np.ones(sizes_from(size, "ones()"), dtype_or_default(dtype))


@factory(options=True, out=True)
def empty(*size: Any, dtype: Any = None, memory_format: Any = contiguous_format) -> Any:
    """A tensor whose values are whatever the memory held.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.empty.html
    """
    if not is_contiguous_format(memory_format, "empty()"):
        raise RuntimeError("empty(): memory_format must be contiguous_format: there is no order to preserve")
    return np.empty(sizes_from(size, "empty()"), dtype_or_default(dtype))


def _strided(size: Any, stride: Any, dtype: Any, name: str) -> Any:
    shape, steps = shape_of(size, name), shape_of(stride, name)
    if len(shape) != len(steps):
        raise RuntimeError(
            f"{name}: dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(steps)})"
        )
    reach = 1 + sum((n - 1) * step for n, step in zip(shape, steps, strict=True)) if math.prod(shape) else 0
    flat = np.empty(reach, dtype)
    return np.lib.stride_tricks.as_strided(flat, shape, [step * flat.itemsize for step in steps])


@factory(options=True)
def empty_strided(size: Any, stride: Any, *, dtype: Any = None) -> Any:
    """``empty`` with the given steps, in elements, along each dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.empty_strided.html
    """
    return _strided(size, stride, dtype_or_default(dtype), "empty_strided()")


def _filled(shape: tuple[int, ...], value: Any, dtype: Any, name: str) -> Any:
    dtypes.check_range(value, dtype)
    if isinstance(value, float) and math.isnan(value) and dtype.kind in "iu":
        raise RuntimeError(f"{name}: value cannot be converted to type {dtype} without overflow: {value}")
    with np.errstate(all="ignore"):
        element = np.array(value).astype(dtype)
    if dtype.kind == "f" and math.isinf(element) and not math.isinf(value):
        raise RuntimeError(f"{name}: value cannot be converted to type {dtype} without overflow: {value}")
    out = np.empty(shape, dtype)
    out.fill(element)
    return out


@factory(options=True, out=True)
def full(size: Any, fill_value: Any, *, dtype: Any = None) -> Any:
    """A tensor filled with one number, whose type it takes.

    Raises RuntimeError when an integer ``dtype`` cannot hold the number.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.full.html
    """
    shape, value = shape_of(size, "full()"), number(fill_value, "full()", "fill_value")
    return _filled(shape, value, dtypes.number_dtype(value) if dtype is None else dtype, "full()")


@factory(options=True, out=True)
def eye(n: int, m: int | None = None, *, dtype: Any = None) -> Any:
    """Ones on the diagonal of an n x m matrix, zeros elsewhere.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.eye.html
    """
    return np.eye(one_size(n, "eye()"), None if m is None else one_size(m, "eye()"), dtype=dtype_or_default(dtype))


# Evenly spaced


@factory(options=True, out=True)
def arange(start: Any = None, end: Any = None, step: Any = 1, *, dtype: Any = None) -> Any:
    """The numbers from ``start`` (or 0) in steps up to, but without, ``end``; int64 when all arguments are integers.

    Floating point numbers are rounded as PyTorch rounds them on one thread.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.arange.html

    >>> import microgradnp
    >>> microgradnp.arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    if start is None and end is None:
        raise TypeError("arange() missing 1 required positional argument: 'end'")
    if end is None:
        start, end = 0, start
    start, end, step = (
        number(value, "arange()", name)
        for name, value in (("start", 0 if start is None else start), ("end", end), ("step", step))
    )
    if step == 0:
        raise RuntimeError("arange(): step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"arange(): unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(
            f"arange(): upper bound and lower bound inconsistent with step sign: {start}, {end}, step {step}"
        )
    integers = all(isinstance(value, int) for value in (start, end, step))
    if dtype is None:
        dtype = dtypes.int64 if integers else dtypes.get_default_dtype()
    if dtype.kind == "b":
        raise NotImplementedError("arange(): not implemented for bool")
    count = -((start - end) // step) if integers else math.ceil((end - start) / step)
    if dtype.kind == "f":
        return _ramp(float(start), float(step), count, dtype)
    first, by = int(start), int(step)
    if by == 0:
        raise ValueError(f"arange(): step must be nonzero, and {step} as {dtype} is 0")
    return (first + np.arange(count) * by).astype(dtype)


def _ramp(start: float, step: float, count: int, dtype: Any) -> Any:
    """``start + i * step``: by vectors of 32 bytes from a rounded first number each, the last ones one by one."""
    width, i = 32 // dtype.itemsize, np.arange(count)
    within = np.where(i < count // (2 * width) * (2 * width), i % width, 0)
    base = fused((i - within).astype(np.float64), step, start).astype(dtype).astype(np.float64)
    return fused_each(within.astype(np.float64), step, base).astype(dtype)


def _spaced(name: str, start: Any, end: Any, steps: Any, dtype: Any) -> Any:
    """Evenly spaced numbers, from each end to the middle."""
    start, end, count = number(start, name, "start"), number(end, name, "end"), whole(steps, name, "steps")
    if count < 0:
        raise RuntimeError(f"{name}: number of steps must be non-negative, got {count}")
    if dtype.kind == "b":
        raise NotImplementedError(f"{name}: not implemented for bool")
    if count == 1:
        return np.array([start]).astype(dtype)
    i = np.arange(count)
    if dtype.kind != "f":
        step = (float(end) - float(start)) / max(count - 1, 1)
        return np.where(i < count // 2, int(start) + step * i, int(end) - step * (count - 1 - i)).astype(dtype)
    work = np.dtype(np.float32) if dtype.itemsize < 4 else dtype
    first, last = work.type(start), work.type(end)
    with np.errstate(all="ignore"):
        step = (last - first) / work.type(max(count - 1, 1))
        up, down = fused(i.astype(work), step, first), fused((count - 1 - i).astype(work), -step, last)
    return np.where(i < count // 2, up, down).astype(dtype)


@factory(options=True, out=True)
def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None) -> Any:
    """``steps`` numbers, evenly spaced from ``start`` to ``end``, both included.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linspace.html
    """
    return _spaced("linspace()", start, end, steps, dtype_or_default(dtype))


@factory(options=True, out=True)
def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None) -> Any:
    """``base`` to the power of ``steps`` numbers, evenly spaced from ``start`` to ``end``, both included.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logspace.html
    """
    wanted = dtype_or_default(dtype)
    work = (
        wanted if wanted.kind == "f" and wanted.itemsize > 2 else np.dtype(np.float32 if wanted.kind == "f" else float)
    )
    exponents = _spaced("logspace()", start, end, steps, work)
    return np.power(work.type(number(base, "logspace()", "base")), exponents).astype(wanted)


# Like another tensor


def array_of(input: Any, name: str) -> Any:
    """The array of an argument that must be a tensor."""
    if not isinstance(input, Tensor):
        raise TypeError(f"{name}: argument 'input' must be Tensor, not {type(input).__name__}")
    return input._array


def like(input: Any, name: str, memory_format: Any, make_array: Callable[[tuple[int, ...]], Any]) -> Any:
    """An array of the shape of a tensor, laid out as ``memory_format`` says."""
    array = array_of(input, name)
    return make_array(array.shape) if is_contiguous_format(memory_format, name) else arranged(array, make_array)


@factory(np.zeros_like, options=True)
def zeros_like(input: Any, *, dtype: Any = None, memory_format: Any = preserve_format) -> Any:
    """Zeros of the shape and dtype of another tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.zeros_like.html
    """
    wanted = array_of(input, "zeros_like()").dtype if dtype is None else dtype
    return like(input, "zeros_like()", memory_format, lambda shape: np.zeros(shape, wanted))


@factory(np.ones_like, options=True)
def ones_like(input: Any, *, dtype: Any = None, memory_format: Any = preserve_format) -> Any:
    """Ones of the shape and dtype of another tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ones_like.html
    """
    wanted = array_of(input, "ones_like()").dtype if dtype is None else dtype
    return like(input, "ones_like()", memory_format, lambda shape: np.ones(shape, wanted))


@factory(np.empty_like, options=True)
def empty_like(input: Any, *, dtype: Any = None, memory_format: Any = preserve_format) -> Any:
    """``empty`` of the shape and dtype of another tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.empty_like.html
    """
    wanted = array_of(input, "empty_like()").dtype if dtype is None else dtype
    return like(input, "empty_like()", memory_format, lambda shape: np.empty(shape, wanted))


@factory(np.full_like, options=True)
def full_like(input: Any, fill_value: Any, *, dtype: Any = None, memory_format: Any = preserve_format) -> Any:
    """A tensor of the shape and dtype of another, filled with one number.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.full_like.html
    """
    value = number(fill_value, "full_like()", "fill_value")
    wanted = array_of(input, "full_like()").dtype if dtype is None else dtype
    return like(input, "full_like()", memory_format, lambda shape: _filled(shape, value, wanted, "full_like()"))


@factory(methods=("new_zeros",), public=(), options=True)
def new_zeros(self: Any, *size: Any, dtype: Any = None) -> Any:
    """Zeros of the dtype of this tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_zeros.html"""
    return np.zeros(sizes_from(size, "new_zeros()"), self.dtype if dtype is None else dtype)


@factory(methods=("new_ones",), public=(), options=True)
def new_ones(self: Any, *size: Any, dtype: Any = None) -> Any:
    """Ones of the dtype of this tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_ones.html"""
    return np.ones(sizes_from(size, "new_ones()"), self.dtype if dtype is None else dtype)


@factory(methods=("new_empty",), public=(), options=True)
def new_empty(self: Any, *size: Any, dtype: Any = None) -> Any:
    """``empty`` of the dtype of this tensor. Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_empty.html"""
    return np.empty(sizes_from(size, "new_empty()"), self.dtype if dtype is None else dtype)


@factory(methods=("new_empty_strided",), public=(), options=True)
def new_empty_strided(self: Any, size: Any, stride: Any, *, dtype: Any = None) -> Any:
    """``empty_strided`` of the dtype of this tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_empty_strided.html
    """
    return _strided(size, stride, self.dtype if dtype is None else dtype, "new_empty_strided()")


@factory(methods=("new_full",), public=(), options=True)
def new_full(self: Any, size: Any, fill_value: Any, *, dtype: Any = None) -> Any:
    """A tensor of the dtype of this one, filled with one number.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_full.html
    """
    value = number(fill_value, "new_full()", "fill_value")
    return _filled(shape_of(size, "new_full()"), value, self.dtype if dtype is None else dtype, "new_full()")


@factory(methods=("new_tensor",), public=(), options=True)
def new_tensor(self: Any, data: Any, *, dtype: Any = None) -> Any:
    """A new tensor with a copy of ``data``, of the dtype of this one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.new_tensor.html
    """
    return array_from(data, self.dtype if dtype is None else dtype)
