"""Plans and the NumPy executor: fewer calls, other memory, and the same bits as the captured calls one by one."""

from __future__ import annotations

import tracemalloc
from contextlib import ExitStack, contextmanager
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from relocating import relocate

from microgradnp.compiler import numpy_blocks, numpy_memory
from microgradnp.compiler.capture import Tape
from microgradnp.compiler.interpreter import interpret
from microgradnp.compiler.listing import program_text
from microgradnp.compiler.numpy_executor import build
from microgradnp.compiler.plan import plan, rephrasing
from microgradnp.compiler.plan.renewing import renewed
from microgradnp.compiler.plan.viewing import located

SHAPES = [(), (1,), (3,), (4,), (3, 4), (4, 3), (1, 4), (3, 1), (2, 3, 4)]
DTYPES = [np.float64, np.float32, np.int64, np.bool_]
UNARY = [np.negative, np.exp, np.tanh, np.sqrt, np.square, np.absolute, np.sign, np.sin, np.isfinite, np.positive]
BINARY = [np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.divide, np.less, np.equal, np.power, np.arctan2]
REDUCERS = [np.add.reduce, np.maximum.reduce, np.multiply.reduce, np.add.accumulate, np.sum, np.max, np.mean, np.any]
NUMBERS = [0, 1, 2, -1.5, 0.5, True, np.float32(0.3), np.float64(0.7)]


def numbers(shape, dtype, seed):
    """Numbers that do not overflow at once."""
    values = np.random.default_rng(seed).uniform(0.25, 2, shape)
    values = values * 4 if np.dtype(dtype).kind == "i" else values > 1 if dtype is np.bool_ else values
    return np.array(values, dtype)


class Machine:
    """A tape, and what has been computed on it so far."""

    def __init__(self, draw):
        self.draw, self.tape, self.pool, self.memory, self.given, self.fed = draw, Tape(), [], [], [], []
        self.seed = 0

    def new(self, shape=None, dtype=None):
        self.seed += 1
        shape = self.one(SHAPES) if shape is None else shape
        return numbers(shape, self.one(DTYPES[:3]) if dtype is None else dtype, self.seed)

    def one(self, items):
        return self.draw(st.sampled_from(items))

    def yes(self):
        return self.draw(st.booleans())

    def any(self, condition=lambda a: True):
        found = [a for a in self.pool if condition(a)]
        return self.one(found) if found else self.add(self.tape.constant(self.new((3, 4), np.float64)))

    def add(self, array):
        self.pool.append(array)
        return array

    # Where arrays come from

    def begin(self):
        for _ in range(self.draw(st.integers(1, 3))):
            array = self.new()
            self.memory.append(array)
            self.add(self.tape.outside(array))
            if array.ndim == 2 and self.yes():
                self.add(self.tape.outside(array[-1:].T))
        for i in range(self.draw(st.integers(0, 2))):
            array = self.given[0] if self.given and self.yes() else self.new()
            array = array[::2] if array.ndim and self.yes() else array
            self.given.append(array)
            self.add(self.tape.argument(array, i))
        self.add(self.tape.constant(self.new()))
        self.fed.append(self.new((), self.one(DTYPES[:2])))
        self.add(self.tape.fed(self.fed[-1]))

    # What is computed

    def step(self):
        kinds = [self.unary, self.binary, self.binary, self.reduced, self.viewed, self.indexed, self.written]
        self.one([*kinds, self.inplace, self.inplace, self.multiplied, self.joined, self.copied, self.odd])()

    def unary(self):
        self.add(self.one(UNARY)(self.any(lambda a: a.dtype != np.bool_)))

    def binary(self):
        a = self.any(lambda a: a.dtype != np.bool_)
        b = self.one([self.one(NUMBERS), self.any(lambda b: b.dtype != np.bool_ and fit(a, b))])
        pair = (a, b) if self.yes() else (b, a)
        function = self.one(BINARY)
        if function is np.power and "int" in f"{a.dtype}{getattr(b, 'dtype', type(b))}":
            function = np.add  # integers to negative powers
        self.add(function(*pair))

    def inplace(self):
        target = self.any(lambda a: a.dtype.kind == "f" and writable(a))
        if not writable(target):
            return
        if self.yes():
            self.one([np.exp, np.negative, np.tanh])(self.any(lambda a: form(a) == form(target)), out=target)
            return
        other = self.any(lambda b: b.dtype == target.dtype and fits_into(b, target))
        if other.dtype == target.dtype and fits_into(other, target):
            self.one([np.add, np.multiply, np.subtract])(target, other, out=target)

    def reduced(self):
        a = self.any(lambda a: a.ndim)
        if a.ndim:
            function, axis = self.one(REDUCERS), self.draw(st.integers(0, a.ndim - 1))
            self.add(function(a, axis) if self.yes() else function(a, axis=-1))

    def viewed(self):
        a = self.any(lambda a: a.ndim)
        if a.ndim:
            self.add(self.one([
                lambda: a.T, lambda: a[-1:], lambda: a[..., ::-1], lambda: a.reshape(-1), lambda: a[0],
                lambda: np.broadcast_to(a, (2, *a.shape)), lambda: a[None], lambda: a.reshape(*a.shape[::-1]),
            ])())  # fmt: skip

    def indexed(self):
        a = self.any(lambda a: a.ndim)
        if a.ndim and len(a.array):
            i = np.array([0, len(a.array) - 1, 0])
            self.add(a[i] if self.yes() else np.take(a, i[:2], axis=0))

    def written(self):
        target = self.any(lambda a: a.ndim and writable(a))
        if target.ndim and writable(target):
            source = self.any(lambda b: b.shape in ((), target.shape[1:]))
            if source.shape in ((), target.shape[1:]):
                index = self.one([0, slice(0, 1), ..., np.array([0])])
                if self.yes():
                    target[index] = source
                elif source.dtype == target.dtype:
                    np.copyto(target, source)

    def multiplied(self):
        a = self.any(lambda a: a.ndim == 2 and a.dtype.kind == "f")
        b = self.any(lambda b: b.ndim in (1, 2) and b.dtype == a.dtype and b.shape[0] == a.shape[-1])
        if a.ndim == 2 and b.ndim and a.dtype == b.dtype and a.shape[1] == b.shape[0]:
            self.add(self.one([np.dot, np.matmul])(a, b))
        if a.ndim == 2:
            self.add(np.einsum("ij->i", a) if self.yes() else np.vdot(a, a))

    def joined(self):
        a = self.any(lambda a: a.ndim)
        if a.ndim:
            self.add(
                np.concatenate([a, self.any(lambda b: b.shape == a.shape)], -1) if self.yes() else np.stack((a, a))
            )

    def copied(self):
        a = self.any()
        self.add(self.one([
            lambda: np.copy(a), lambda: a.astype(a.dtype), lambda: a.astype(np.float32),
        ])())  # fmt: skip

    def odd(self):
        a = self.any(lambda a: a.ndim and a.dtype.kind == "f")
        if a.dtype.kind != "f" or not a.ndim:
            return
        plain = self.new(a.shape, a.dtype)
        self.one([
            lambda: self.add(np.where(np.less(a, 1), a, self.one([0.0, 1.5]))),
            lambda: self.add(np.where(np.less(a, 1), self.one([0.0, -0.0, a]), np.negative(a))),
            lambda: self.pool.extend(np.divmod(a, 0.75)),
            lambda: self.add(np.zeros_like(a)),
            lambda: self.add(np.argmax(a, -1)),
            lambda: self.add(np.sort(a, axis=-1)),
            lambda: (np.add.at(plain, np.array([0, 0]), a[0]), self.add(np.add(a, plain))),
            lambda: self.add(np.add(a, a, out=plain)),
            lambda: self.add(np.clip(a, 0.5, 1.0)),
        ])()  # fmt: skip

    def finish(self):
        some = st.lists(st.sampled_from(self.pool), max_size=3)
        return self.tape.finish(tuple(self.draw(some)), tuple(self.draw(some)))


def form(a):
    return a.shape, a.dtype


def fit(a, b):
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return False
    return True


def fits_into(a, b):
    return fit(a, b) and np.broadcast_shapes(a.shape, b.shape) == b.shape


def writable(a):
    """Whether a program may write to an array: not where the tape or NumPy forbids it, or an element is there twice."""
    return isinstance(a.array, np.ndarray) and a.flags.writeable and 0 not in a.strides and a.value.block.kind != "fed"


def bits(arrays):
    return [(np.shape(array), np.asarray(array).dtype, np.asarray(array).tobytes()) for array in arrays]


def check_same_bits(machine, program, transformed, runs=3):
    """Run both on the same memory, several times, with other numbers in it each time."""
    run, handed_out = build(transformed), []
    for number in range(runs):
        given = [like(array, number * 10 + i) for i, array in enumerate(machine.given)]
        for i, array in enumerate((*machine.memory, *machine.fed)):
            array[...] = numbers(array.shape, array.dtype.type, 100 * number + i)
        before = [array.copy() for array in machine.memory]
        copies = [like(array, number * 10 + i) for i, array in enumerate(machine.given)]
        fresh, kept = map(bits, interpret(program, copies))
        after = bits(machine.memory)
        for array, old in zip(machine.memory, before, strict=True):
            array[...] = old
        result = run(given)
        assert (bits(result), bits(run.kept)) == (fresh, kept), run.source
        assert bits(machine.memory) == after, run.source
        assert bits(given) == bits(copies), run.source
        assert all(type(array) is np.ndarray for array in (*result, *run.kept))
        everything = (*machine.memory, *machine.given, *given, *run.kept, *handed_out)
        for i, array in enumerate(result):
            assert not any(np.shares_memory(array, other) for other in (*everything, *result[:i]))
            array[...] = 0  # the caller may do what he likes with it
        handed_out += result


@contextmanager
def as_if_large(bytes):
    """Treat smaller arrays as if they were large."""
    with ExitStack() as changed:
        if bytes is not None:
            changed.enter_context(mock.patch.object(numpy_blocks, "LARGE", bytes))
            changed.enter_context(mock.patch.object(numpy_blocks, "BLOCK", 4 * 8))
            changed.enter_context(mock.patch.object(rephrasing, "BRANCHING", bytes))
        yield


def like(array, seed):
    """Another array with the same strides."""
    new = np.lib.stride_tricks.as_strided(np.empty(array.size * 8, array.dtype), array.shape, array.strides)
    new[...] = numbers(array.shape, array.dtype.type, seed)
    return new


@pytest.mark.parametrize("large", [None, 1], ids=["as it is", "as if all arrays were large"])
@settings(max_examples=60)
@given(data=st.data())
def test_random_programs_give_the_same_bits(large, data):
    machine = Machine(data.draw)
    with np.errstate(all="ignore"), as_if_large(large):
        machine.begin()
        for _ in range(data.draw(st.integers(1, 12))):
            machine.step()
        program = machine.finish()
        check_same_bits(machine, program, renewed(located(program)))
        check_same_bits(machine, program, plan(program))


# Each transformation, where it does something and where it must not


def names(program):
    return [call.function.__name__ for call in program.calls]


def array(*shape, seed=0, dtype=np.float64):
    return numbers(shape, dtype, seed)


def test_common_calls_are_made_once():
    tape = Tape()
    x = tape.outside(array(3))
    program = tape.finish((np.add(np.exp(x), np.exp(x)),))
    assert names(plan(program)) == ["exp", "add"]


def test_calls_are_not_common_when_their_operand_is_written_to_in_between():
    tape = Tape()
    x = tape.outside(array(3))
    first = np.exp(x)
    np.add(x, 1.0, out=x)
    program = tape.finish((first, np.exp(x)))
    assert names(plan(program)) == ["exp", "add", "exp"]


@pytest.mark.parametrize("written", [0, 1])
def test_calls_are_not_common_when_a_result_is_written_to(written):
    tape = Tape()
    x = tape.outside(array(3))
    results = np.exp(x), np.exp(x)
    results[written][0] = 7.0
    assert names(plan(tape.finish(results))) == ["exp", "exp", "setitem"]


def test_zeros_of_different_signs_are_different_operands():
    tape = Tape()
    x = tape.outside(array(3))
    program = tape.finish((np.arctan2(0.0, x), np.arctan2(-0.0, x)))
    assert names(plan(program)) == ["arctan2", "arctan2"]


def draw_again(x):
    """A function of which the plan knows nothing."""
    return np.random.default_rng().normal(size=x.shape)


def test_unknown_functions_are_called_each_time():
    tape = Tape()
    x = tape.outside(array(3))
    program = tape.finish((tape.call(draw_again, (x,), {}), tape.call(draw_again, (x,), {})))
    tape.call(draw_again, (x,), {})
    assert names(plan(program)) == ["draw_again"] * 3
    one, other = build(plan(program))(())
    assert np.all(one != other)


def test_two_kept_outputs_stay_two():
    tape = Tape()
    x = tape.outside(array(3))
    run = build(plan(tape.finish((), (np.exp(x), np.exp(x)))))
    run(())
    assert not np.shares_memory(*run.kept)


def test_constants_are_folded_unless_written_to():
    tape = Tape()
    x, fixed = tape.outside(array(3)), array(3, seed=1)
    c = tape.constant(fixed)
    assert names(plan(tape.finish((np.add(x, np.exp(np.negative(c))),)))) == ["add"]
    changing = np.negative(c)
    changing[0] = 1.0
    assert "negative" in names(plan(tape.finish((changing + x,))))


def test_constants_in_another_order_of_axes_are_folded():
    tape = Tape()
    c = tape.constant(array(2, 3, 4).transpose(1, 0, 2))
    program = tape.finish((np.add(tape.outside(array(4)), np.exp(np.negative(c))),))
    assert names(plan(program)) == ["add"]
    np.testing.assert_array_equal(interpret(plan(program))[0][0], interpret(program)[0][0])


def test_a_constant_that_is_written_to_is_renewed_in_every_run():
    tape = Tape()
    x, plain = tape.outside(array(3)), np.zeros(3)
    total = np.add(plain, x, out=tape.constant(plain))
    run = build(plan(tape.finish((total,))))
    assert bits(run(())) == bits(run(()))


def test_a_constant_that_is_kept_is_not_the_constant_itself():
    tape = Tape()
    c = tape.constant(array(3))
    run = build(plan(tape.finish((np.exp(tape.outside(array(3, seed=1)) + c),), (c,))))
    expected = bits(run(()))
    run.kept[0][...] = np.nan
    assert bits(run(())) == expected
    assert bits(run.kept) == bits([array(3)])


def test_copies_are_left_out():
    tape = Tape()
    x = tape.outside(array(3, 4))
    program = tape.finish((np.exp(np.copy(np.sin(x)).T), np.copy(x).astype(np.float64)[0] + 1.0))
    assert names(plan(program)) == ["sin", "transpose", "exp", "getitem", "add"]


@pytest.mark.parametrize("written", ["original", "copy"])
def test_copies_stay_when_one_is_written_to(written):
    tape = Tape()
    x = tape.outside(array(3))
    original = np.sin(x)
    copy = np.copy(original)
    {"original": original, "copy": copy}[written][0] = 5.0
    assert "copy" in names(plan(tape.finish((original + copy,))))


def test_an_element_of_what_changes_is_not_read_block_after_block():
    memory = array(4, 10)
    tape = Tape()
    x = tape.outside(memory)
    scaled = np.multiply(x, x[:1, :1].reshape(()))
    np.add(x, 1.0, out=x)
    program = tape.finish((np.multiply(scaled, x),))
    memory[...] = array(4, 10)
    expected = bits(interpret(program)[0])
    memory[...] = array(4, 10)
    with as_if_large(1):
        assert bits(build(plan(program))(())) == expected


def test_new_memory_has_its_axes_in_their_order():
    """A view of it is one only then, and what is written to the view is seen."""
    tape = Tape()
    made = np.exp(tape.outside(array(3, 4)).T)
    view = made.T.reshape(-1)
    np.add(view, 1.0, out=view)
    program = tape.finish((made.T,))
    assert bits(build(plan(program))(())) == bits(interpret(program)[0])


def two_copies_of_which_one_changes(x):
    y = np.exp(x)
    one, other = np.copy(y), np.copy(y)
    np.add(other, 1.0, out=other)
    return one * 2.0, other


def copy_of_a_copy_of_what_changes(x):
    copy = np.copy(np.copy(x))
    np.add(x, 1.0, out=x)
    return copy, copy * 2.0


@pytest.mark.parametrize("function", [two_copies_of_which_one_changes, copy_of_a_copy_of_what_changes])
def test_copies_stay_when_another_that_is_left_out_is_written_to(function):
    memory = array(3)
    tape = Tape()
    program = tape.finish(function(tape.outside(memory)))
    memory[...] = array(3)
    expected = bits(interpret(program)[0])
    memory[...] = array(3)
    assert bits(build(plan(program))(())) == expected


def test_a_copy_that_is_kept_is_not_memory_from_outside():
    tape = Tape()
    x = tape.outside(memory := array(3))
    run = build(plan(tape.finish((), (np.copy(x),))))
    run(())
    assert not np.shares_memory(run.kept[0], memory)


def test_dead_calls_are_left_out_but_writes_to_the_outside_are_not():
    tape = Tape()
    x, y = tape.outside(array(3)), tape.argument(array(3), 0)
    unused = np.exp(x)
    unused[0] = 1.0
    np.add(x, 1.0, out=x)
    y[1] = 2.0
    assert names(plan(tape.finish())) == ["add", "setitem"]


def test_numbers_become_arrays_of_the_dtype_that_numpy_computes_in():
    tape = Tape()
    x, i = tape.outside(array(3, dtype=np.float32)), tape.outside(array(3, dtype=np.int64))
    np.subtract(1, x), np.multiply(i, 2.5), np.less(i, 2**70), np.add(x, np.float64(0.1))
    results = tuple(tape.program.values[-4:])
    tape.program.fresh = results
    first, second, third, fourth = plan(tape.program).calls
    assert (first.args[0].dtype, second.args[1].dtype, fourth.args[1].dtype) == (np.float32, np.float64, np.float64)
    assert third.args[1] == 2**70


def test_overwriting_makes_new_values_that_take_the_same_place():
    tape = Tape()
    x = tape.outside(array(3, 4))
    y = np.negative(x)
    np.exp(y, out=y)
    np.add(y, 1.0, out=y)
    planned = plan(tape.finish((np.add.reduce(y, axis=0),)))
    assert not any(call.writes for call in planned.calls)
    assert build(planned).source.split("return")[0].count("(x_1, x_1)") == 1  # exp, in place


def test_a_view_of_what_was_before_keeps_a_value_from_being_renamed():
    tape = Tape()
    y = np.negative(tape.outside(array(3, 4)))
    row = y[0]
    np.exp(y, out=y)
    planned = plan(tape.finish((row + 1.0,)))
    assert any(call.writes for call in planned.calls)


def test_views_of_memory_that_is_not_numpys_are_in_its_block():
    tape = Tape()
    x = tape.outside(np.frombuffer(bytearray(96)).reshape(3, 4))
    x.T[0] = 1.0
    (view,) = [call for call in plan(tape.finish((x + 1.0,))).calls if call.function is np.transpose]
    assert view.results[0].block is x.value.block


# Updates of many parameters


FORMULAS = {
    "sgd": lambda p, g, s, rate: np.subtract(p, np.multiply(g, rate), out=p),
    "decay": lambda p, g, s, rate: np.subtract(p, np.multiply(np.add(g, p * 0.01), rate), out=p),
    "momentum": lambda p, g, s, rate: (
        np.multiply(s, 0.9, out=s), np.add(s, g, out=s), np.subtract(p, np.multiply(s, rate), out=p)
    ),
    "adaptive": lambda p, g, s, rate: (
        np.multiply(s, 0.99, out=s), np.add(s, np.square(g) * 0.01, out=s),
        np.subtract(p, np.divide(np.multiply(g, rate), np.sqrt(s) + 1e-8), out=p),
    ),
}  # fmt: skip


def training(shapes, formula, dtype=np.float64, kept=False):
    """A program that updates parameters, the memory that it updates, and its rate."""
    tape = Tape()
    memory = [numbers(shape, dtype, seed) for seed, shape in enumerate([*shapes, *shapes])]
    captured = [tape.outside(each) for each in memory]
    parameters, states = captured[: len(shapes)], captured[len(shapes) :]
    rate = tape.fed(np.array(0.1, dtype))
    loss, grads = 0.0, []
    for p in parameters:
        grads.append(np.copy(np.multiply(np.tanh(p), 2.0)))
        loss = loss + np.add.reduce(p, axis=None)
    tape.update = 0
    for p, g, s in zip(parameters, grads, states, strict=True):
        FORMULAS[formula](p, g, s, rate)
    tape.update = -1
    return tape.finish((loss,), tuple(grads) if kept else ()), memory


@settings(max_examples=40)
@given(
    shapes=st.lists(st.sampled_from([(3,), (2, 3), (1,), (4, 1), (), (5, 2)]), min_size=1, max_size=4),
    formula=st.sampled_from(list(FORMULAS)),
    kept=st.booleans(),
    movable=st.sampled_from([lambda block: True, lambda block: block.nbytes > 24, lambda block: False]),
)
def test_merged_updates_give_the_same_bits(shapes, formula, kept, movable):
    program, memory = training(shapes, formula, kept=kept)
    relocated, moves = relocate(program, movable)
    by_owner = {id(block.array): array for block, array in moves.items()}
    moved = [by_owner.get(id(each), each) for each in memory]
    assert bits(moved) == bits(memory)
    run = build(plan(relocated))
    for number in range(3):
        before = [numbers(each.shape, each.dtype.type, number + i) for i, each in enumerate(memory)]
        outcomes = []
        for arrays, execute in (
            (memory, lambda: interpret(program)),
            (moved, lambda: interpret(plan(relocated))),
            (moved, lambda: (run(()), run.kept)),
        ):
            for each, old in zip(arrays, before, strict=True):
                each[...] = old
            fresh, kept_arrays = execute()
            outcomes.append((bits(fresh), bits(kept_arrays), bits(arrays)))
        assert outcomes[0] == outcomes[1] == outcomes[2], run.source


@pytest.mark.parametrize(("formula", "calls"), [("sgd", 2), ("decay", 4), ("momentum", 4), ("adaptive", 9)])
def test_updates_become_one_when_parameters_can_move(formula, calls):
    program, _ = training([(3,), (2, 3), (4, 1)], formula, kept=True)
    planned = plan(relocate(program, lambda block: True)[0])
    assert len([call for call in planned.calls if call.update == 0]) == calls
    assert "[...]" not in build(planned).source  # the gradients are computed where they are joined


def test_without_moving_only_what_is_made_in_the_run_is_merged():
    program, _ = training([(3,), (2, 3), (4, 1)], "sgd")
    planned = names(plan(program))
    assert (planned.count("side_by_side"), planned.count("subtract")) == (1, 3)


def test_large_updates_are_not_merged():
    program, _ = training([(100, 100), (100, 101)], "sgd")
    assert not relocate(program, lambda block: True)[1]


def test_updates_that_differ_are_not_merged():
    tape = Tape()
    p, q = tape.outside(array(3)), tape.outside(array(4))
    tape.update = 0
    np.subtract(p, np.multiply(np.exp(p), 0.5), out=p)
    np.subtract(q, np.multiply(np.exp(q), 0.25), out=q)
    assert not relocate(tape.finish(), lambda block: True)[1]


def test_parameters_that_share_memory_are_not_moved():
    tape = Tape()
    memory = array(6)
    p, q = tape.outside(memory[:4]), tape.outside(memory[2:])
    tape.update = 0
    for each in (p, q):
        np.subtract(each, np.multiply(np.exp(each), 0.5), out=each)
    assert not relocate(tape.finish(), lambda block: True)[1]


def test_updates_with_a_number_that_changes_in_between_are_not_merged():
    tape = Tape()
    p, q, t = tape.outside(array(3)), tape.outside(array(4)), tape.outside(np.array(1.0))
    tape.update = 0
    np.subtract(p, np.multiply(np.exp(p), t), out=p)
    np.add(t, 1.0, out=t)
    np.subtract(q, np.multiply(np.exp(q), t), out=q)
    assert not relocate(tape.finish(), lambda block: True)[1]


def test_parameters_in_another_order_are_not_moved():
    tape = Tape()
    tape.update = 0
    for p in (tape.outside(np.asfortranarray(array(3, 2))), tape.outside(array(4))):
        np.multiply(p, 0.5, out=p)
    assert not relocate(tape.finish(), lambda block: True)[1]


# NumPy's executor


def both_ways(function, *arrays):
    """What a function of captured arrays gives, interpreted and executed; and the executor's source."""
    tape = Tape()
    program = tape.finish((function(*map(tape.outside, arrays)),))
    run = build(plan(program))
    return bits(interpret(program)[0]), bits(run(())), run.source


def test_large_arrays_are_treated_block_by_block():
    x = array(300, 1001)
    expected, found, source = both_ways(lambda x: np.add.reduce(1.0 / (1.0 + np.exp(np.negative(x))), axis=0), x)
    assert found == expected
    assert source.count("for ") == 1


def test_calls_on_arrays_that_overlap_are_not_made_block_by_block():
    memory = array(100_100)
    tape = Tape()
    x, y = tape.outside(memory[:100_000]), tape.outside(memory[100:])
    np.multiply(x, 1.5, out=x)
    np.add(y, 1.0, out=y)
    assert "for " not in build(plan(tape.finish())).source


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32])
def test_where_is_made_of_bits(dtype):
    x, y = array(50, 41, dtype=dtype), array(50, 41, seed=1, dtype=dtype)
    if np.dtype(dtype).kind == "f":
        x[0, :4] = np.nan, np.inf, -0.0, -np.inf
    for choices in ((0, x), (x, 0), (x, y), (-1, x), (x, x[0, 0]), (y, -0.0)):
        if dtype is np.int32 and isinstance(choices[1], float):
            continue
        expected, found, source = both_ways(lambda x, y: np.where(x < y, *choices) * 1, x, y)  # noqa: B023
        assert found == expected
        assert "where" not in source


def test_small_or_broadcast_choices_are_left_to_where():
    for shape, other in (((3, 4), (3, 4)), ((50, 41), (41,))):
        assert "where" in both_ways(lambda x, y: np.where(x < y, x, y), array(*shape), array(*other, seed=1))[2]


@pytest.mark.parametrize("function", [np.sum, np.prod, np.max, np.min])
@pytest.mark.parametrize("options", [{}, {"axis": 1}, {"axis": (0, 1), "keepdims": True}, {"axis": -1, "initial": 2.0}])
def test_reductions_are_made_by_ufuncs(function, options):
    expected, found, source = both_ways(lambda x: function(np.exp(x), **options), array(3, 4))
    assert found == expected
    assert ("_reduce(" in source) == ("initial" not in options)


def test_a_view_that_begins_where_an_index_says():
    tape = Tape()
    x, i = tape.outside(array(4, 3)), tape.outside(where := np.array([2, 0]))
    run = build(plan(tape.finish((x[i[0]] + 1.0,))))
    for place in (1, 3, 0):
        where[0] = place
        assert bits(run(())) == bits([array(4, 3)[place] + 1.0])


@pytest.mark.skipif(np.__version__ < "2.1", reason="NumPy 2.0's add.reduce itself makes an array for its buffer")
def test_nothing_is_allocated_but_what_is_returned():
    program, _ = training([(30, 20), (20,)], "momentum")
    run = build(plan(program))
    run(())
    tracemalloc.start()
    try:
        for _ in range(3):
            run(())
            tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        run(())
        assert tracemalloc.get_traced_memory()[1] - before < 1500  # bytes; the smallest temporary array is 4800
    finally:
        tracemalloc.stop()


def test_what_is_kept_has_memory_that_nothing_else_is_ever_in():
    tape = Tape()
    x = tape.outside(array(5))
    passing = np.add.reduce(np.sin(np.exp(x)), axis=0)
    kept = np.cos(x)
    program = plan(tape.finish((np.add.reduce(np.tan(x) * passing, axis=0),), (kept,)))
    fixed = {call.results[0].block for call in program.calls}
    offsets, _ = numpy_memory.places(program, fixed)
    place = offsets[program.kept[0].block]
    assert list(offsets.values()).count(place) == 1
    assert len(set(offsets.values())) < len(offsets)  # others do share


@pytest.mark.parametrize(("seen", "shared"), [(lambda y: y, True), (lambda y: y.T, False)])
def test_a_result_takes_the_place_of_an_operand_of_the_same_form(seen, shared):
    tape = Tape()
    y = np.exp(tape.outside(array(4, 4)))
    z = np.add(y, seen(y))
    program = plan(tape.finish((np.add.reduce(z, axis=0),)))
    fixed = {call.results[0].block for call in program.calls if call.function in (np.exp, np.add)}
    offsets, _ = numpy_memory.places(program, fixed)
    assert (len(set(offsets.values())) == 1) == shared


def test_the_listing_tells_what_is_computed_where():
    tape = Tape()
    x = tape.outside(array(3, 4))
    np.subtract(x, np.exp(x) * 0.5, out=x)
    text = program_text(tape.finish((np.add.reduce(x, axis=0),)))
    assert "v0 is memory that lives on, float64[3, 4]" in text
    assert "v1 = exp(v0)" in text
    assert "v0 <- subtract(v0, v2)" in text
    assert "= add.reduce(v0, axis=0)" in text
    assert "test_plan.py:" in text
    assert text.endswith("return v3")
