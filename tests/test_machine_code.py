"""Kernels: the same numbers, to rounding, as the captured calls one by one.

Most programs are tested with kernels that Python runs, which needs no compiler; a few with Numba itself.
"""

from __future__ import annotations

import ctypes
from contextlib import ExitStack, contextmanager, suppress
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_compile import LAYERS, LOSSES, Apply, batches, sgd, twins
from test_plan import Machine, like, numbers

import microgradnp as mg
from microgradnp import nn
from microgradnp.compiler.capture import Tape
from microgradnp.compiler.interpreter import interpret
from microgradnp.compiler.machine_code import build, compiling, contractions, executor, formulas, rows
from microgradnp.compiler.plan import plan
from microgradnp.compiler.plan.functions import side_by_side


def some(array, begin, step, count):
    return array[begin + step * np.arange(count)].astype(np.float64)


IN_PYTHON = {
    f"{name}_{dtype}": getattr(np, name) for name in ("exp", "log", "tanh") for dtype in ("float32", "float64")
}
IN_PYTHON |= {
    "total": lambda *given: some(*given).sum(),
    "dot": lambda a, i, step, b, j, other, count: some(a, i, step, count) @ some(b, j, other, count),
}
for dtype in ("float32", "float64"):
    IN_PYTHON |= {f"{name}_{dtype}": getattr(np, name) for name in ("exp", "log", "tanh")}
    IN_PYTHON[f"largest_{dtype}"] = lambda *given: some(*given).max()
    IN_PYTHON[f"smallest_{dtype}"] = lambda *given: some(*given).min()


def in_python(source, arguments):
    """A kernel that is run by Python."""

    def carray(address, shape, dtype):
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        return np.ndarray(shape, dtype, (ctypes.c_char * size).from_address(int(address)))

    namespace = {"np": np, "carray": carray, "pointer": int, **IN_PYTHON}
    exec(source, namespace)

    def kernel(*given):
        with np.errstate(all="ignore"):
            namespace["kernel"](*given)

    return kernel


@contextmanager
def python_kernels():
    with mock.patch.object(executor, "compiled", in_python):
        yield


def check_same_numbers(machine, program, runs=2):
    """Run a program call by call, and as machine code, on the same memory with other numbers in it each time."""
    run = build(plan(program))
    for number in range(runs):
        given = [like(array, number * 10 + i) for i, array in enumerate(machine.given)]
        for i, array in enumerate((*machine.memory, *machine.fed)):
            array[...] = numbers(array.shape, array.dtype.type, 100 * number + i)
        before = [array.copy() for array in machine.memory]
        copies = [like(array, number * 10 + i) for i, array in enumerate(machine.given)]
        fresh, kept = interpret(program, copies)
        expected = [np.array(array) for array in (*fresh, *kept, *machine.memory, *copies)]
        for array, old in zip(machine.memory, before, strict=True):
            array[...] = old
        result = [*run(given), *run.kept, *machine.memory, *given]
        for one, other in zip(result, expected, strict=True):
            assert (one.shape, one.dtype) == (other.shape, other.dtype)
            assert_close(one, other)


def assert_close(one, other):
    """Equal to rounding, relative to the norm of the array."""
    if other.dtype.kind != "f":
        np.testing.assert_array_equal(one, other)
        return
    finite = np.isfinite(other)
    np.testing.assert_array_equal(np.where(finite, 0, one), np.where(finite, 0, other))
    scale = np.linalg.norm(np.where(finite, other, 0).astype(np.float64)) + 1e-30
    error = np.linalg.norm(np.where(finite, one, 0).astype(np.float64) - np.where(finite, other, 0))
    assert error <= scale * (1e-11 if other.dtype == np.float64 else 1e-5), (one, other)


def random_program(data, steps):
    machine = Machine(data.draw)
    with np.errstate(all="ignore"):
        machine.begin()
        for _ in range(data.draw(st.integers(1, steps))):
            machine.step()
        return machine, machine.finish()


@settings(max_examples=40)
@given(data=st.data())
def test_random_programs(data):
    machine, program = random_program(data, 15)
    with np.errstate(all="ignore"), python_kernels():
        check_same_numbers(machine, program)


@settings(max_examples=40)
@given(data=st.data(), large=st.sampled_from([2, 6]), small=st.sampled_from([1, 4096]))
def test_random_programs_row_by_row(data, large, small):
    limits = {(rows, "LARGE"): large, (rows, "LONG"): 1, (contractions, "SMALL"): small, (contractions, "SEVERAL"): 2}
    with ExitStack() as stack:
        for (module, name), limit in limits.items():
            stack.enter_context(mock.patch.object(module, name, limit))
        machine, program = random_program(data, 15)
        with np.errstate(all="ignore"), python_kernels():
            check_same_numbers(machine, program)


@pytest.mark.slow
@settings(max_examples=6)
@given(data=st.data())
def test_random_programs_compiled(data):
    pytest.importorskip("numba")
    machine, program = random_program(data, 40)
    with np.errstate(all="ignore"):
        check_same_numbers(machine, program)


def program_of(function, *arrays):
    """What a function of capturing arrays does, as a machine with a program."""
    tape = Tape()
    captured = [tape.outside(array) for array in arrays]
    result = function(*captured)
    program = tape.finish(tuple(result) if isinstance(result, tuple) else (result,))
    run = build(plan(program))
    return run, interpret(program)[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_chain_is_one_kernel_that_stores_only_its_result(dtype):
    x, y = numbers((3, 4), dtype, 0), numbers((4,), dtype, 1)
    sources = []

    def noting(source, arguments):
        sources.append(source)
        return in_python(source, arguments)

    with mock.patch.object(executor, "compiled", noting):
        run, expected = program_of(lambda x, y: np.exp(np.negative(np.add(x, y))) * 2.0, x, y)
        (result,) = run([])
    assert_close(result, expected[0])
    assert result.dtype == dtype
    assert len(sources) == 1
    assert sources[0].count("] = ") == 1


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.maximum(x, np.where(np.less(x, 1), np.nan, x)),
        lambda x: np.minimum.reduce(np.where(np.less(x, 1), np.nan, x), 1),
        lambda x: np.divide(x, np.subtract(x, x)),
        lambda x: np.sign(np.subtract(x, 1)),
        lambda x: np.add.reduce(x, axis=(0, 1)),
        lambda x: np.multiply.reduce(x, axis=None, keepdims=True),
        lambda x: np.maximum.reduce(x, axis=0, keepdims=True),
        lambda x: (np.dot(x.T, x), np.dot(x, np.copy(x[0])), np.vdot(x, x)),
        lambda x: np.copy(x.T).reshape(-1)[::-1],
        lambda x: np.power(x, 2) + np.sqrt(x) * np.tanh(x),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions(function, dtype):
    with np.errstate(all="ignore"), python_kernels():
        run, expected = program_of(function, numbers((3, 4), dtype, 0))
        for one, other in zip(run([]), expected, strict=True):
            assert one.dtype == other.dtype
            assert_close(one, np.asarray(other))


def normalized_rows(x, g):
    """Layer normalization and its derivatives: means, products and sums of rows, and sums over all rows."""
    centred = x - np.einsum("...i->...", x)[..., None] / x.shape[-1]
    scale = 1 / np.sqrt(np.vecdot(centred, centred)[..., None] / x.shape[-1] + 1e-5)
    normal = centred * scale
    along = np.vecdot(g, centred)[..., None] * (scale * scale / -x.shape[-1])
    return (centred * along + g) * scale, np.einsum("ij,ij->j", g, normal), np.dot(np.ones_like(x)[:, 0], g)


def softened_rows(x, g):
    exps = np.exp(x - np.maximum.reduce(x, axis=1, keepdims=True, initial=-np.inf))
    out = exps / np.add.reduce(exps, axis=1, keepdims=True)
    return out, out * (g - np.add.reduce(g * out, axis=1, keepdims=True)), np.add.reduce(out, axis=None)


@pytest.mark.parametrize("function", [normalized_rows, softened_rows])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_arrays_are_gone_through_once_row_by_row(function, dtype):
    sources = []

    def noting(source, arguments):
        sources.append(source)
        return in_python(source, arguments)

    x, g = numbers((90, 60), dtype, 0), numbers((90, 60), dtype, 1)
    with np.errstate(all="ignore"), mock.patch.object(executor, "compiled", noting):
        run, expected = program_of(function, x, g)
        results = run([])
    for one, other in zip(results, expected, strict=True):
        assert_close(one, np.asarray(other))
    (source,) = sources
    assert source.count("for r in range(90)") == 1
    assert "scratch" in source  # what nobody reads afterwards has room for one row


def test_many_summands_are_added_up_in_double_precision():
    x = np.ones((300, 50), np.float32)
    x[0, 0] = 2**24  # from which on float32 does not know odd numbers
    with python_kernels():
        run, _ = program_of(lambda x: np.add.reduce(np.negative(x), axis=None), x)
        np.testing.assert_allclose(run([])[0], -(2**24) - 14999, rtol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["exp", "log", "tanh"])
def test_functions_of_machine_code_are_right_to_two_units_of_the_last_place(name, dtype):
    numba = pytest.importorskip("numba")
    from microgradnp.compiler.machine_code import elementary

    function = getattr(elementary, f"{name}_{np.dtype(dtype).name}")

    @numba.njit(error_model="numpy")
    def along(x, out):
        for i in range(len(x)):
            out[i] = function(x[i])

    rng = np.random.default_rng(0)
    x = rng.normal(size=20000) * rng.choice([1e-30, 1e-4, 0.1, 1, 30, 400], size=20000)
    edges = [
        0.0,
        -0.0,
        np.inf,
        -np.inf,
        np.nan,
        1e-40,
        1e-310,
        -1,
        -87,
        -88,
        -103.9,
        -105,
        88.7,
        88.8,
        709.7,
        709.8,
        -745,
    ]
    x = np.concatenate([np.abs(x) if name == "log" else x, edges]).astype(dtype)
    out = np.empty_like(x)
    along(x, out)
    with np.errstate(all="ignore"):
        exact = getattr(np, name)(x.astype(np.longdouble))
        rounded = exact.astype(dtype)
        finite = np.isfinite(rounded)
        error = np.abs(out[finite] - exact[finite]) / np.spacing(np.abs(rounded[finite]))
    assert error.max() <= 2
    np.testing.assert_array_equal(out[~finite], rounded[~finite])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extremes_of_machine_code_notice_nan(dtype):
    pytest.importorskip("numba")
    from microgradnp.compiler.machine_code import elementary

    largest, smallest = (getattr(elementary, f"{name}_{np.dtype(dtype).name}") for name in ("largest", "smallest"))
    for x in ([3, -5, 2], [-3, -1, -2], [0.0, -np.inf, np.inf], [1, np.nan, 2], [-1, -np.nan, 5]):
        x = np.array(x, dtype)
        np.testing.assert_array_equal([largest(x, 0, 1, 3), smallest(x, 0, 1, 3)], [np.max(x), np.min(x)])


def written_then_transposed(x):
    np.add(x, 1, out=x)
    return np.multiply(x.T, 2)


def read_then_shifted(x):
    y = np.multiply(x[1:], 2)
    np.add(x[:-1], 1, out=x[:-1])
    return y * x[1:]


def shifted_then_read(x):
    np.add(x[:-1], 1, out=x[1:])
    return np.multiply(x[:-1], 2)


@pytest.mark.parametrize("function", [written_then_transposed, read_then_shifted, shifted_then_read])
def test_calls_that_meet_at_other_elements_are_loops_of_their_own(function):
    x = numbers((4, 4), np.float64, 0)
    before = x.copy()
    with python_kernels():
        tape = Tape()
        program = tape.finish((function(tape.outside(x)),))
        run = build(plan(program))
        x[...] = before
        expected, _ = interpret(program)
        after = x.copy()
        x[...] = before
        assert_close(run([])[0], expected[0])
    np.testing.assert_array_equal(x, after)


def read_before_its_place_is_taken(x):
    y = np.exp(x)
    return np.einsum("ij->j", y), np.negative(x)  # which joins the first loop, before the sums


def part_of_a_whole_in_another_loop(x):
    y, z = np.exp(x), np.negative(x)
    return np.tanh(y.tape.call(side_by_side, (y, z.T), {}))


def made_anew_and_read(x):
    y = np.dot(x, np.sort(x, 0).T)
    return y, np.add.reduce(np.multiply(y, 2), 0)


def made_anew_in_another_order(x):
    return np.exp(np.tile(x, (1, 8)).T + 1.0).T


def copied_from_more_axes(x):
    y = np.exp(x[0])
    np.copyto(y, x[1:2])
    return np.multiply(y, 2)


@pytest.mark.parametrize(
    "function",
    [
        read_before_its_place_is_taken,
        part_of_a_whole_in_another_loop,
        made_anew_and_read,
        made_anew_in_another_order,
        copied_from_more_axes,
    ],
)
def test_what_others_read_is_there(function):
    x = numbers((30, 5), np.float64, 0)
    with python_kernels():
        run, expected = program_of(function, x)
        for one, other in zip(run([]), expected, strict=True):
            assert_close(one, np.asarray(other))


def test_arguments_may_go_backwards():
    x = numbers((3, 4), np.float64, 0)
    with python_kernels():
        tape = Tape()
        run = build(plan(tape.finish((np.negative(np.exp(tape.argument(x[::-1], 0))),))))
        (result,) = run([x[::-1]])
    assert_close(result, -np.exp(x[::-1]))


def test_arrays_of_no_elements():
    x, y = numbers((0, 4), np.float64, 0), numbers((4, 3), np.float64, 0)
    with python_kernels():
        run, expected = program_of(
            lambda x, y: (np.exp(x) * x[..., :1], np.dot(np.exp(x), y), np.add.reduce(x, 0)), x, y
        )
        for one, other in zip(run([]), expected, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_dtypes_that_kernels_do_not_know_are_left_to_numpy(dtype):
    def reduced(x):
        return np.maximum.reduce(x, 1) + np.add.reduce(x, 0)[:3] + np.einsum("ij,ij->i", x, x)

    with mock.patch.object(executor, "compiled", None):
        run, expected = program_of(reduced, numbers((3, 40), dtype, 0))
        np.testing.assert_array_equal(run([])[0], expected[0])


EDGES = [0, -1, 1, 2.5, -2.5, 0.3, np.inf, -np.inf, np.nan, 3e38, 1e-40, -7, 255, 2**63 - 1, -(2**63)]


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["bool", "int8", "int32", "int64", "uint8", "float32", "float64"])
def test_numba_computes_what_numpy_does(dtype):
    pytest.importorskip("numba")
    with np.errstate(all="ignore"):
        wide = np.array(EDGES, np.float64)
        x = wide.astype(dtype) if dtype[0] == "f" else np.array([int(e) for e in wide if abs(e) < 1e30]).astype(dtype)
        x, y = (np.ascontiguousarray(each) for each in np.meshgrid(x, x))
        functions = []
        for function in sorted(formulas.FUNCTIONS, key=lambda function: function.__name__):
            with suppress(TypeError, ValueError):
                function(*(x, y)[: function.nin])
                functions.append(function)
        run, expected = program_of(lambda *given: tuple(f(*given[: f.nin]) for f in functions), x, y)
        for function, one, other in zip(functions, run([]), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12 if other.dtype == np.float64 else 1e-6, err_msg=function)


def test_what_is_not_known_is_called():
    with python_kernels():
        x = numbers((3, 4), np.float64, 0)
        run, expected = program_of(lambda x: np.sort(x * 2 + 1, axis=1) * np.cumsum(x - 1, 1), x)
        assert_close(run([])[0], expected[0])
    assert "sort" in run.source
    assert "cumsum" in run.source


def test_numba_trains_as_the_function_does():
    pytest.importorskip("numba")

    def training():
        mg.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 4), nn.Sigmoid(), nn.Linear(4, 1), nn.Sigmoid()).double()
        optimizer = mg.optim.SGD(model.parameters(), lr=0.5, momentum=0.9)

        def step(x, y):
            loss = nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return model, step

    x = mg.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], dtype=mg.float64)
    y = mg.tensor([[0.0], [1.0], [1.0], [0.0]], dtype=mg.float64)
    (model, eager), (other, step) = training(), training()
    step = mg.compile(step, executor="numba")
    for _ in range(50):
        assert_close(step(x, y).detach().numpy(), eager(x, y).detach().numpy())
    for p, q in zip(model.parameters(), other.parameters(), strict=True):
        assert_close(q.detach().numpy(), p.detach().numpy())


@pytest.mark.slow
@pytest.mark.parametrize("loss, dtype", [("own", np.float64), ("bce", np.float32)])
def test_numba_trains_every_layer_as_the_function_does(loss, dtype):
    pytest.importorskip("numba")

    def layers():
        found = [nn.Linear(3, 4)]
        for function in LAYERS.values():
            found += [Apply(function), nn.Linear(4, 4)]
        return [*found, nn.Linear(4, 2)]

    options = {"momentum": 0.9, "weight_decay": 0.01, "nesterov": True}
    eager, _, step = twins("numba", layers, LOSSES[loss], sgd(**options), np.dtype(dtype))
    data = batches(8, (5, 3), dtype)
    results = []
    for run in (eager.step, step):
        mg.manual_seed(0)
        results.append([run(x, y).detach().numpy() for x, y in data])
    for one, other in zip(*results, strict=True):
        assert_close(other, one)


def test_without_numba_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(compiling.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r'pip install "microgradnp\[jit\]"'):
        compiling.compiled.__wrapped__("def kernel(table):\n    pass\n", 0)


def test_kernels_are_kept_for_other_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert compiling.directory() == tmp_path / "microgradnp"
