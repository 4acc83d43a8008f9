"""Memory that NumPy, or another library, can write to between forward and backward: the right gradient, or an error."""

import gc
import mmap
import subprocess
import sys

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import autograd
from microgradnp.autograd import memory

MODIFIED = "modified by an inplace operation"


def leaf(*values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def values(tensor):
    return tensor.tolist()


@pytest.fixture(autouse=True)
def everything_is_forgotten():
    others = dict(memory.lent)  # what other tests' modules hold on to is none of ours
    memory.lent.clear()
    foreign = dict(memory._foreign)
    yield
    if memory.lent or memory._foreign != foreign:
        gc.collect()  # what an exception's frames hold on to
    assert (memory.lent, memory._foreign) == ({}, foreign)
    memory.lent.update(others)


# Memory that comes from outside: what is saved is a copy

INTO = {
    "from_numpy": mg.from_numpy,
    "as_tensor": mg.as_tensor,
    "a view of it": lambda array: mg.from_numpy(array[:]),
    "a view of the tensor": lambda array: mg.from_numpy(array).reshape(2, 1).T[0],
    "detach": lambda array: mg.from_numpy(array).detach(),
    "data": lambda array: mg.from_numpy(array).data,
    "through torch's way back": lambda array: mg.from_numpy(mg.from_numpy(array).numpy()),
    "from_dlpack": mg.from_dlpack,
    "frombuffer": lambda array: mg.frombuffer(array, dtype=mg.float64),
    "asarray": mg.asarray,
    "PyTorch's memory": lambda array: mg.from_numpy(_foreign(array)),
    "assigned to .data": lambda array: _assigned(mg.zeros(2, dtype=mg.float64), array),
}


def _foreign(array):
    torch = pytest.importorskip("torch")
    return torch.from_numpy(array)[:].numpy()


def _assigned(tensor, array):
    tensor.data = mg.from_numpy(array)
    return tensor


@pytest.mark.parametrize("into", INTO.values(), ids=INTO)
def test_a_shared_operand_changed_after_the_forward_pass(into):
    array, w = np.array([2.0, 3.0]), leaf(1.0, 1.0)
    y = (into(array) * w).sum()
    array[:] = 100.0
    y.backward()
    assert values(w.grad) == [2.0, 3.0]


@pytest.mark.parametrize("into", INTO.values(), ids=INTO)
def test_a_shared_leaf_changed_after_the_forward_pass(into):
    array = np.array([2.0, 3.0])
    x = into(array).requires_grad_()
    y = (x * x).sum()
    array[:] = 100.0
    y.backward()
    assert values(x.grad) == [4.0, 6.0]


def test_memory_shared_before_and_after_requires_grad():
    x = mg.zeros(2, dtype=mg.float64)
    array = x.numpy()
    array[:] = [2.0, 3.0]
    x.requires_grad_()
    y = (x * x).sum()
    array[:] = 100.0
    y.backward()
    assert values(x.grad) == [4.0, 6.0]


def test_operands_in_a_list():
    array, w = np.array([2.0, 3.0]), leaf(1.0, 1.0)
    y = mg.einsum("i,i->", mg.from_numpy(array), w)
    z = mg.stack([mg.from_numpy(array), w]).prod(0).sum()
    array[:] = 100.0
    (y + z).backward()
    assert values(w.grad) == [4.0, 6.0]


def test_masks_and_indices():
    x, mask, index = leaf(1.0, 2.0), np.array([True, False]), np.array([1, 1])
    shared_mask, shared_index = mg.from_numpy(mask), mg.from_numpy(index)
    y = mg.where(shared_mask, x, 0.0).sum() + x[shared_mask].sum() + x[shared_index].sum()
    y = y + x[mask].sum() + x[index].sum() + mg.take_along_dim(x, shared_index, 0).sum()
    mask[:], index[:] = False, 0
    y.backward()
    assert values(x.grad) == [3.0, 6.0]


def test_second_derivatives():
    array, w = np.array([2.0, 3.0]), leaf(1.0, 1.0)
    x = mg.from_numpy(array)
    (first,) = autograd.grad((x * w**3).sum(), w, create_graph=True)
    array[:] = 100.0
    (second,) = autograd.grad(first.sum(), w)
    assert values(second) == [12.0, 18.0]


def test_a_graph_that_is_kept_is_compared_each_time():
    w = leaf(1.0, 1.0)
    y = (w * w).sum()
    array = w.detach().numpy()
    y.backward(retain_graph=True)
    array[:] = 5.0
    with pytest.raises(RuntimeError, match=MODIFIED):
        y.backward(retain_graph=True)
    array[:] = 1.0
    with pytest.raises(RuntimeError, match=MODIFIED):  # noted once, noted for good
        y.backward()
    assert values(w.grad) == [2.0, 2.0]


@pytest.mark.parametrize(
    "buffer",
    [
        lambda: np.frombuffer(bytearray(np.array([2.0, 3.0]).tobytes())),
        lambda: np.frombuffer(memoryview(bytearray(np.array([2.0, 3.0]).tobytes()))),
        lambda: _mapped([2.0, 3.0]),
        lambda: np.array([[2.0, 3.0], [0.0, 0.0]])[0].T,
        lambda: np.lib.stride_tricks.as_strided(np.array([2.0, 0.0, 3.0]), (2,), (16,)),
        lambda: np.array([2.0, 3.0]).view(np.recarray).view(np.ndarray),
    ],
    ids=["bytearray", "memoryview", "mmap", "view", "as_strided", "subclass"],
)
def test_memory_that_numpy_does_not_own(buffer):
    array, w = buffer(), leaf(1.0, 1.0)
    y = (mg.from_numpy(array) * w).sum()
    array[:] = 100.0
    y.backward()
    assert values(w.grad) == [2.0, 3.0]


def _mapped(numbers):
    block = mmap.mmap(-1, 8 * len(numbers))
    array = np.frombuffer(block, np.float64)
    array[:] = numbers
    return array


def test_a_memory_map_on_disk(tmp_path):
    array, w = np.memmap(tmp_path / "numbers", np.float64, "w+", shape=(2,)), leaf(1.0, 1.0)
    array[:] = [2.0, 3.0]
    y = (mg.from_numpy(array) * w).sum()
    np.memmap(tmp_path / "numbers", np.float64, "r+")[:] = 100.0  # by another map of the same file
    assert array[0] == 100.0
    y.backward()
    assert values(w.grad) == [2.0, 3.0]


def test_one_buffer_that_two_arrays_look_into():
    buffer, w = bytearray(np.array([2.0, 3.0]).tobytes()), leaf(1.0, 1.0)
    one, other = mg.from_numpy(np.frombuffer(buffer)), mg.from_numpy(np.frombuffer(buffer))
    y = (one * w).sum()
    other.mul_(100.0)
    assert values(one) == [200.0, 300.0]
    y.backward()
    assert values(w.grad) == [2.0, 3.0]


def test_read_only_memory_that_somebody_else_can_write_to():
    array, w = np.array([2.0, 3.0]), leaf(1.0, 1.0)
    fixed = array.view()
    fixed.flags.writeable = False
    y = (mg.from_numpy(fixed) * w).sum()
    array[:] = 100.0
    y.backward()
    assert values(w.grad) == [2.0, 3.0]


def test_a_function_of_ones_own():
    class Product(autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx, g):
            a, b = ctx.saved_tensors
            return g * b, g * a

    array, w = np.array([2.0, 3.0]), leaf(1.0, 1.0)
    y = Product.apply(mg.from_numpy(array), w).sum()
    array[:] = 100.0
    y.backward()
    assert values(w.grad) == [2.0, 3.0]
    z = Product.apply(w, w).sum()
    w.detach().numpy()[:] = 5.0
    with pytest.raises(RuntimeError, match=MODIFIED):
        z.backward()


# Memory that goes outside: what was saved before is compared, what is saved later is copied

OUT = {
    "detach().numpy()": lambda t: t.detach().numpy(),
    "numpy(force=True)": lambda t: t.numpy(force=True),
    "np.asarray": lambda t: np.asarray(t.detach()),
    "np.array(copy=None)": lambda t: np.array(t.detach(), copy=None),
    "data": lambda t: np.asarray(t.data),
    "a view of the tensor": lambda t: t.detach().reshape(2, 1).numpy()[:, 0],
    "a view of the array": lambda t: t.detach().numpy()[None].T[:, 0],
    "a memoryview": lambda t: np.frombuffer(memoryview(t.detach().numpy())),
    "DLPack": lambda t: np.from_dlpack(t.detach()),
    "PyTorch": lambda t: _foreign(t.detach().numpy()),
    "and back again": lambda t: mg.from_numpy(t.detach().numpy()).numpy(),
    "no_grad": lambda t: _unrecorded(t).numpy(),
}
if not np.from_dlpack(np.zeros(1)).flags.writeable:  # NumPy before 2.1, which writes to nothing that comes this way
    del OUT["DLPack"]


def _unrecorded(tensor):
    with mg.no_grad():
        return tensor.reshape(2)


@pytest.mark.parametrize("out", OUT.values(), ids=OUT)
def test_what_was_saved_before_it_was_lent_and_changed_is_refused(out):
    x = leaf(1.0, 2.0)
    y = x.exp()
    z = (y * y).sum()
    out(y)[:] = 100.0  # the array is gone at once: its end is noticed
    with pytest.raises(RuntimeError, match=MODIFIED) as error:
        z.backward()
    assert "test_sharing.py, line" in str(error.value)
    assert x.grad is None


@pytest.mark.parametrize("out", OUT.values(), ids=OUT)
def test_what_was_saved_before_it_was_lent_and_is_being_changed_is_refused(out):
    x = leaf(1.0, 2.0)
    y = x.exp()
    z = (y * y).sum()
    array = out(y)
    array[1] = 100.0
    with pytest.raises(RuntimeError, match=MODIFIED):
        z.backward()


@pytest.mark.parametrize("out", OUT.values(), ids=OUT)
def test_what_is_saved_while_it_is_lent_is_what_it_was_then(out):
    x = leaf(1.0, 2.0)
    y = x * 1
    array = out(y)
    array[:] = [3.0, 4.0]
    z = (y * y).sum()
    array[:] = 100.0
    z.backward()
    assert values(x.grad) == [6.0, 8.0]


@pytest.mark.parametrize("out", OUT.values(), ids=OUT)
def test_what_was_lent_and_not_changed_is_as_good_as_ever(out):
    x = leaf(1.0, 2.0)
    y = x * 1
    z = (y * y).sum()
    array = out(y)
    z.backward(retain_graph=True)
    assert list(array.reshape(-1)) == [1.0, 2.0]
    del array
    z.backward()
    assert values(x.grad) == [4.0, 8.0]


def test_what_was_lent_and_given_back_is_nobodys_business():
    x = leaf(1.0, 2.0)
    x.detach().numpy()[:] = [3.0, 4.0]
    assert not memory.lent
    y = (x * x).sum()
    assert np.shares_memory(y.grad_fn.edges()[0]._saved_input, x._array)
    y.backward()
    assert values(x.grad) == [6.0, 8.0]


def test_a_saved_result():
    x = leaf(1.0, 2.0)
    y = x.exp()
    y.detach().numpy()[0] = 100.0
    with pytest.raises(RuntimeError, match="its result"):
        y.sum().backward()


def test_a_result_that_was_lent_and_dies_before_the_array():
    x = leaf(1.0, 2.0)
    y = x.exp()
    array, z = y.detach().numpy(), (y * 2).sum()
    del y
    array[:] = 100.0
    with pytest.raises(RuntimeError, match="its result"):
        z.backward()


def test_writes_of_both_kinds():
    x = leaf(1.0, 2.0)
    y = x * 1
    array = y.detach().numpy()
    y.mul_(2.0)
    z = (y * y).sum()
    array[:] = 100.0
    z.backward(retain_graph=True)
    assert values(x.grad) == [8.0, 16.0]
    y.mul_(0.0)  # of which the copies know nothing either
    z.backward()
    assert values(x.grad) == [16.0, 32.0]


def test_a_write_of_our_own_is_named_though_the_memory_is_lent():
    x = leaf(1.0, 2.0)
    y = x.exp()
    z = (y * y).sum()
    array = y.detach().numpy()
    y.mul_(2.0)
    with pytest.raises(RuntimeError, match=r"mul_ \("):
        z.backward()
    assert array[0] == pytest.approx(2 * np.e)


def test_a_tensor_made_of_what_was_lent_is_known_to_be_the_same_memory():
    x = leaf(1.0, 2.0)
    y = x.exp()
    alias = mg.from_numpy(y.detach().numpy())
    alias.mul_(2.0)
    assert y._version == alias._version == 1
    with pytest.raises(RuntimeError, match=r"mul_ \("):
        y.sum().backward()


def test_a_write_of_our_own_is_counted_once():
    x = mg.ones(2)
    array = x.detach().numpy()
    x.add_(1)
    del array
    assert x._version == 1


def test_an_optimizer_that_steps_on_a_lent_parameter():
    w = leaf(1.0, 2.0)
    array, optimizer = w.detach().numpy(), mg.optim.SGD([w], lr=0.5)
    for _ in range(3):
        optimizer.zero_grad()
        (w * w * w).sum().backward()
        optimizer.step()
        array[1] = 2.0
    assert values(w)[1] == 2.0
    assert values(w.grad)[1] == 12.0


def test_a_nan_that_stays_is_no_change():
    x = leaf(float("nan"), 2.0)
    y = (x * x).sum()
    array = x.detach().numpy()
    y.backward()
    assert values(x.grad)[1] == 4.0
    assert np.isnan(array[0])


def test_a_copy_is_nobody_elses():
    x = mg.zeros(2)
    for copy in (np.array(x), np.asarray(x, np.float64), np.array(x, copy=True), x.tolist()):
        assert not memory.lent
        del copy
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, np.float64, copy=False)


def test_the_array_is_the_tensors_memory():
    for x in (mg.zeros(2, 3), mg.zeros(()), mg.zeros(0, 3), mg.zeros(4, 4)[::2].T, mg.zeros(2, dtype=mg.float16)):
        array = x.numpy()
        assert type(array) is np.ndarray
        assert (array.shape, array.dtype) == (x.shape, x.dtype)
        assert array.size == 0 or (array.strides == x._array.strides and np.shares_memory(array, x._array))
        array[...] = 7.0
        assert (x == 7.0).all()
    assert mg.tensor([True, False]).numpy().dtype == bool


def test_memory_that_is_lent_may_outlive_the_tensor():
    array = mg.ones(2).numpy()
    gc.collect()
    assert list(array) == [1.0, 1.0]


def test_what_shares_nothing_pays_nothing():
    x = leaf(1.0, 2.0)
    assert not memory.lent
    y = (x * x).sum().grad_fn.edges()[0]
    assert y._saved_input is x._array


def test_a_number_that_nobody_saved_is_not_copied():
    x = mg.ones(1000)
    array = x.numpy()
    (loan,) = next(iter(memory.lent.values()))
    assert loan.before is None
    del loan
    other = x.detach().numpy()  # here two tensors refer to the memory: one of them might be a node
    assert next(iter(memory.lent.values()))[-1].before is not None
    del array, other


def test_lending_leaves_nothing_behind():
    x = leaf(1.0, 2.0)
    gc.collect()
    gc.disable()
    try:
        count = len(gc.get_objects())
        for _ in range(1000):
            x.detach().numpy()
            mg.from_numpy(np.zeros(2))
        assert len(gc.get_objects()) - count < 50
    finally:
        gc.enable()


def test_arrays_that_live_to_the_end_of_the_program_are_quiet():
    program = (
        "import microgradnp as mg; x = mg.ones(2, requires_grad=True); y = x * x; a = x.detach().numpy(); a[:] = 3"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
