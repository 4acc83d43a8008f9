"""Types and devices: names, limits, conversions, and where this library differs from PyTorch."""

from __future__ import annotations

import copy
import itertools
import pickle
from typing import Any

import numpy as np
import pytest

import microgradnp as mg

DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")


def test_dtypes_are_numpys_under_pytorchs_names() -> None:
    """A deliberate difference: rules, NumPy code and users speak of one kind of dtype."""
    assert mg.float32 == np.float32
    assert mg.tensor([1.0]).dtype is mg.float32
    assert (mg.half, mg.float, mg.double) == (mg.float16, mg.float32, mg.float64)
    assert (mg.short, mg.int, mg.long, mg.bool) == (mg.int16, mg.int32, mg.int64, mg.bool_)
    assert mg.zeros(2, dtype="float64").dtype == mg.zeros(2, dtype=np.float64).dtype == mg.float64
    assert (mg.zeros(1, dtype=float).dtype, mg.zeros(1, dtype=int).dtype) == (mg.float64, mg.int64)
    assert mg.zeros(1, dtype=bool).dtype == mg.bool_


@pytest.mark.parametrize("name", ["bfloat16", "complex64", "cfloat", "uint16"])
def test_dtypes_that_do_not_exist_say_so(name: str) -> None:
    assert not hasattr(mg, name)
    with pytest.raises(AttributeError, match=f"microgradnp has no {name}"):
        getattr(mg, name)
    for convert in ("bfloat16", "cfloat", "cdouble", "chalf"):
        with pytest.raises(TypeError, match="are not supported"):
            getattr(mg.ones(2), convert)()


def test_float64_is_not_none() -> None:
    """NumPy says ``np.dtype("float64") == None``, so that ``dtype in (None, ...)`` is a trap."""
    single = np.ones(2, np.float32)
    for convert in (mg.as_tensor, mg.tensor, mg.asarray):
        assert convert(single, dtype=mg.float64).dtype == mg.float64
    assert mg.as_tensor(mg.from_numpy(single), dtype=mg.float64).dtype == mg.float64


@pytest.mark.parametrize("value", [None, "nope", np.complex64, 3, object, "U3", np.uint32])
def test_what_is_no_dtype_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="not a supported dtype"):
        mg.dtypes.as_dtype(value)


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_finfo_holds_python_numbers(name: str) -> None:
    found, numpys = mg.finfo(getattr(mg, name)), np.finfo(name)
    for attribute in ("eps", "max", "min", "tiny", "smallest_normal"):
        assert type(getattr(found, attribute)) is float  # NumPy's scalars would turn float32 into float64
        assert getattr(found, attribute) == float(getattr(numpys, attribute))
    assert (found.bits, found.dtype) == (numpys.bits, name)


# Devices


def test_device_is_a_value() -> None:
    cpu = mg.device("cpu")
    assert cpu == mg.zeros(1).device == mg.device(cpu) == mg.device(type="cpu")
    assert {cpu: 1}[mg.device("cpu")] == 1
    assert cpu != mg.device("cpu:0")
    assert pickle.loads(pickle.dumps(mg.device("cuda:1"))) == mg.device("cuda", 1)
    assert copy.deepcopy(cpu) == cpu
    for constant in (mg.strided, mg.contiguous_format, mg.preserve_format):
        assert pickle.loads(pickle.dumps(constant)) is constant is copy.deepcopy(constant)
    with pytest.raises(AttributeError, match="cannot be changed"):
        cpu.type = "cuda"


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "mps", "meta", "xpu", 0])
def test_other_devices_are_refused(device: Any) -> None:
    for run in (
        lambda: mg.ones(2).to(device),
        lambda: mg.ones(2).to(device=device),
        lambda: mg.Tensor(2, device=device),
    ):
        with pytest.raises(RuntimeError, match=r"is not there|accelerator"):
            run()


def test_a_program_that_asks_for_the_best_device_gets_the_cpu() -> None:
    device = mg.device("cuda" if mg.cuda.is_available() else "cpu")
    assert mg.ones(2).to(device).device == device


# Conversions


@pytest.mark.parametrize(("source", "target"), list(itertools.product(DTYPES, repeat=2)))
def test_conversions_are_pytorchs(source: str, target: str) -> None:
    """Also of what the target cannot hold: nan, infinities, and numbers beyond its range; and without a warning."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    wide = [rng.uniform(-high, high, 50) for high in (2.0, 600.0, 7e4, 5e9, 1e19)]
    edges = [np.nan, np.inf, -np.inf, -0.0, 0.5, -0.5, 2.0**31, 2.0**31 - 1, -(2.0**31) - 1, 2.0**63, 1e300, 255.9, -1]
    with np.errstate(all="ignore"):
        values = np.concatenate([*wide, edges]).astype(source)
    theirs = torch.from_numpy(values.copy()).to(getattr(torch, target)).numpy()
    for ours in (
        mg.from_numpy(values).to(getattr(mg, target)),
        mg.tensor(values, dtype=getattr(mg, target)),
    ):
        assert ours.dtype == target
        np.testing.assert_array_equal(ours.numpy(), theirs)


def test_conversions_keep_the_graph_between_floats_only() -> None:
    x = mg.ones(2, requires_grad=True)
    assert x.double().half().float().requires_grad
    assert not x.long().float().requires_grad
    (gradient,) = mg.autograd.grad((x.double() * mg.tensor([2.0, 3.0], dtype=mg.float64)).sum(), x)
    assert gradient.dtype == mg.float32
    assert gradient.tolist() == [2.0, 3.0]


def test_to_copies_when_asked() -> None:
    x = mg.ones(2, 3)
    assert x.to(mg.float32) is x
    assert x.to("cpu") is x
    assert x.to(mg.float32, copy=True)._array is not x._array
    assert not np.shares_memory(x.to(mg.float32, False, True).numpy(), x.numpy())
    assert x.T.contiguous() is not x.T
    assert x.contiguous() is x


def test_numbers_that_a_type_cannot_hold() -> None:
    """A Python number wraps beside a tensor of a narrow type, and is refused where a tensor is made of it."""
    byte = mg.tensor([1, 250], dtype=mg.uint8)
    assert (byte + 300).tolist() == [45, 38]
    assert (byte - 2).tolist() == [255, 248]
    assert (mg.tensor([1], dtype=mg.int8) * 2**40).tolist() == [0]
    for make in (lambda: mg.tensor(300, dtype=mg.uint8), lambda: mg.tensor([1e20], dtype=mg.int64)):
        with pytest.raises(RuntimeError, match="without overflow"):
            make()
    assert mg.tensor(-1, dtype=mg.uint8).item() == 255


def test_default_dtype() -> None:
    try:
        mg.set_default_dtype(mg.float64)
        assert mg.tensor(1.5).dtype == mg.Tensor([1]).dtype == mg.get_default_dtype() == mg.float64
        assert (mg.tensor([1.0]) * 2.0).dtype == mg.float64
        assert mg.where(mg.tensor([True]), 0.0, mg.tensor([1.0])).dtype == mg.float64  # NumPy's float64 == None
        assert mg.tensor([1]).float().dtype == mg.float32
    finally:
        mg.set_default_dtype(mg.float32)


# Into and out of other libraries


def test_array_follows_numpys_rules_of_copies() -> None:
    x = mg.tensor([1.0, 2.0])
    assert np.shares_memory(np.asarray(x), x.numpy())
    assert np.shares_memory(np.asarray(x, copy=False), x.numpy())
    assert not np.shares_memory(np.array(x, copy=True), x.numpy())
    assert np.asarray(x, dtype=np.int32).dtype == np.int32
    assert np.shares_memory(np.asarray(x, dtype="float32"), x.numpy())
    with pytest.raises(ValueError, match=r"[Cc]opy"):
        np.asarray(x, dtype=np.float64, copy=False)
    for run in (lambda: np.asarray(x * x.requires_grad_()), lambda: np.array(x), lambda: x.__array__()):
        with pytest.raises(RuntimeError, match=r"Use tensor\.detach\(\)\.numpy\(\) instead"):
            run()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 2), (3,), (2, 3)])
def test_dlpack_both_ways_with_numpy(dtype: str, shape: tuple[int, ...]) -> None:
    x = mg.zeros(shape, dtype=dtype)
    array = np.from_dlpack(x)
    assert (array.dtype, array.shape) == (x.dtype, shape)
    if not array.flags.writeable:
        pytest.skip("this NumPy imports as read-only, and exports nothing that is")
    back = mg.from_dlpack(array)
    assert (back.dtype, back.shape) == (x.dtype, x.shape)
    if x.numel():
        assert np.shares_memory(array, x.numpy())
        assert back.data_ptr() == x.data_ptr()
        assert mg.from_dlpack(array, copy=True).data_ptr() != x.data_ptr()


def test_dlpack_with_torch() -> None:
    torch = pytest.importorskip("torch")
    x = mg.arange(6.0).reshape(2, 3).T
    theirs = torch.from_dlpack(x)
    assert theirs.tolist() == x.tolist()
    theirs[0, 0] = 7.0
    assert x[0, 0].item() == 7.0
    ours = mg.from_dlpack(theirs)
    assert (ours.stride(), ours.data_ptr()) == (theirs.stride(), theirs.data_ptr())
    ours[1, 1] = -1.0
    assert theirs[1, 1].item() == -1.0
    assert mg.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(theirs)).tolist() == x.tolist()
    with pytest.raises(BufferError):
        mg.from_dlpack(theirs.requires_grad_())
    with pytest.raises(TypeError, match=r"dtype"):
        mg.from_dlpack(torch.zeros(2, dtype=torch.complex64))


def test_dlpack_refuses_what_would_lose_a_gradient() -> None:
    x = mg.ones(2, requires_grad=True)
    for run in (lambda: np.from_dlpack(x), lambda: mg.from_dlpack(x * 2), lambda: x.__dlpack__()):
        with pytest.raises(BufferError, match="require gradient"):
            run()
    with pytest.raises(BufferError, match="not there"):
        mg.ones(2).__dlpack__(dl_device=(2, 0))


@pytest.mark.parametrize("lend", ["frombuffer", "from_dlpack", "__dlpack__", "__array__"])
def test_memory_shared_with_others_and_changed_gives_no_wrong_gradient(lend: str) -> None:
    w = mg.ones(3, requires_grad=True)
    if lend == "frombuffer":
        array = np.arange(1.0, 4.0)
        x = mg.frombuffer(array, dtype=mg.float64)
    elif lend == "from_dlpack":
        array = np.arange(1.0, 4.0)
        x = mg.from_dlpack(array)
    else:
        x = mg.arange(1.0, 4.0)
        array = np.from_dlpack(x) if lend == "__dlpack__" else np.asarray(x)
    out = (w * x).sum()
    if array.flags.writeable:
        array[...] = 100.0
    try:
        out.backward()
    except RuntimeError:
        return
    assert w.grad.tolist() == [1.0, 2.0, 3.0]


def test_frombuffer_of_bytes_cannot_be_written_to() -> None:
    x = mg.frombuffer(b"abcd", dtype=mg.uint8)
    assert x.tolist() == [97, 98, 99, 100]
    with pytest.raises(RuntimeError, match="read-only"):
        x.add_(1)
    assert x.tolist() == [97, 98, 99, 100]


# The shape


def test_size_is_a_tuple_with_extras() -> None:
    size, four = mg.zeros(2, 3).shape, (4,)
    made = [size + four, four + size, size * 2, 2 * size, size[1:]]
    assert made == [(2, 3, 4), (4, 2, 3), (2, 3, 2, 3), (2, 3, 2, 3), (3,)]
    assert all(type(one) is mg.Size for one in made)
    assert pickle.loads(pickle.dumps(size)) == size
    assert type(copy.deepcopy(size)) is mg.Size
    assert repr(size) == "Size([2, 3])"
    with pytest.raises(TypeError, match="item 1 is 'float'"):
        mg.Size([1, 2.5])
