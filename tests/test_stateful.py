"""Random programs: operations, views, writes in place and behind the library's back, and backward passes in any order.

Each program is run by the library, by the reference engine and, where it is installed, by PyTorch, statement by
statement. After each, everything must be equal: values, whether gradients are wanted, and gradients. A statement may be
refused, by an exception and with nothing changed; but what PyTorch computes may be refused only for the reasons in
``REFUSED_HERE``. Never may there be another number.
"""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
import reference_engine as reference
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import microgradnp as mg

try:
    import torch
except ImportError:
    torch = None

REFUSED_HERE = {
    "whoever was given an array that shares its memory": "PyTorch does not notice, and gives a wrong gradient",
    "single memory location": "PyTorch writes by arrays to expanded tensors, and says that this is deprecated",
    "does not require grad": "a view made under no_grad is a constant; PyTorch gives it a .grad of its own",
}
REFUSED_ANYWHERE = (  # where there is no PyTorch to ask: what it refuses too
    "modified by an inplace operation", "leaf Variable", "no_grad mode", "single memory location", "broadcast",
    "a second time", "does not require grad", "matmul",
)  # fmt: skip
LARGEST = 1e4  # programs whose numbers grow beyond this end


class Library:
    """The library, or PyTorch: they are called alike."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.no_grad = module.no_grad

    def tensor(self, values: np.ndarray) -> Any:
        return self.module.tensor(values)

    def from_numpy(self, values: np.ndarray) -> tuple[Any, np.ndarray]:
        array = values.copy()
        return self.module.from_numpy(array), array

    def backward(self, root: Any, leaves: list[Any], retain_graph: bool) -> None:
        root.backward(retain_graph=retain_graph)

    def grad(self, root: Any, leaf: Any) -> Any:
        return self.module.autograd.grad(root, leaf, create_graph=True, allow_unused=True)[0]

    Refused = RuntimeError


class Reference:
    """The reference engine."""

    no_grad = staticmethod(reference.no_grad)
    tensor = staticmethod(reference.tensor)
    from_numpy = staticmethod(reference.from_numpy)
    grad = staticmethod(reference.grad)
    Refused = reference.Refused

    def backward(self, root: Any, leaves: list[Any], retain_graph: bool) -> None:
        reference.LEAVES[:] = leaves
        root.backward()


class World:
    """The tensors and arrays of one program, as one library has them."""

    def __init__(self, library: Any) -> None:
        self.library = library
        self.tensors: list[Any] = []
        self.leaves: list[Any] = []
        self.arrays: list[Any] = []
        self.values = itertools.count(1)

    def numbers(self, *shape: int) -> np.ndarray:
        """Numbers that the program has not used before."""
        n = next(self.values)
        return np.asarray(np.sin(np.arange(n, n + int(np.prod(shape)), dtype=float).reshape(shape) * 1.7) + 0.1)

    def pick(self, n: int) -> Any:
        return self.tensors[n % len(self.tensors)]

    def keep(self, tensor: Any) -> None:
        self.tensors.append(tensor)

    def make_leaf(self, tensor: Any) -> None:
        self.leaves.append(tensor.requires_grad_())
        self.keep(tensor)


# Statements: each takes a world and three numbers

SHAPES = ((3,), (2, 3), ())


def new_leaf(w: World, a: int, b: int, c: int) -> None:
    w.make_leaf(w.library.tensor(w.numbers(*SHAPES[a % 3])))


def new_constant(w: World, a: int, b: int, c: int) -> None:
    w.keep(w.library.tensor(w.numbers(*SHAPES[a % 3])))


def new_shared(w: World, a: int, b: int, c: int) -> None:
    tensor, array = w.library.from_numpy(w.numbers(*SHAPES[a % 3]))
    w.arrays.append(array)
    w.make_leaf(tensor) if b % 2 else w.keep(tensor)


def leaf_on_the_same_memory(w: World, a: int, b: int, c: int) -> None:
    t = w.pick(a).detach()
    array = t.numpy()
    if not any(step == 0 and size > 1 for step, size in zip(array.strides, tuple(t.shape), strict=True)):
        w.make_leaf(t)  # the reference engine has one number for each position


UNARY = (
    lambda t: t.sin(), lambda t: t.tanh(), lambda t: t * t, lambda t: t + 0.5, lambda t: t * 0.5, lambda t: t.clone(),
    lambda t: t.sum(), lambda t: t + t, lambda t: t.sum(0), lambda t: t[[0, 1, 0]], lambda t: t[:, [0, 1]],
)  # fmt: skip


def _product(t: Any, o: Any) -> Any:
    return t @ o if 0 < len(o.shape) < 3 and len(t.shape) < 3 else t + o


BINARY = (
    lambda t, o: t * o, lambda t, o: t + o, lambda t, o: (t * o).sin(), lambda t, o: t * o + t, _product,
    lambda t, o: _product(t, o.T) if len(o.shape) == 2 else _product(o, t),
)  # fmt: skip


def unary(w: World, a: int, b: int, c: int) -> None:
    w.keep(UNARY[b % len(UNARY)](w.pick(a)))


def binary(w: World, a: int, b: int, c: int) -> None:
    w.keep(BINARY[c % len(BINARY)](w.pick(a), w.pick(b)))


def detached(w: World, a: int, b: int, c: int) -> None:
    w.keep(w.pick(a).detach())


VIEWS = {  # by the number of dimensions
    0: (lambda t: t.unsqueeze(0), lambda t: t.expand(3)),
    1: (
        lambda t: t[0], lambda t: t[1:], lambda t: t[:2], lambda t: t[::2], lambda t: t.unsqueeze(1), lambda t: t[None],
        lambda t: t.expand(2, *t.shape), lambda t: t.squeeze(),
    ),
    2: (
        lambda t: t[0], lambda t: t[-1], lambda t: t[:, 1:], lambda t: t.T, lambda t: t[:, 0], lambda t: t[1:],
        lambda t: t.squeeze(), lambda t: t.T[0],
    ),
}  # fmt: skip


def view(w: World, a: int, b: int, c: int) -> None:
    t = w.pick(a)
    ways = VIEWS.get(len(t.shape), (lambda t: t[0],))
    w.keep(ways[b % len(ways)](t))


WRITES = (
    lambda t: t.sin_(), lambda t: t.tanh_(), lambda t: t.mul_(0.5), lambda t: t.add_(1.0), lambda t: t.fill_(0.7),
    lambda t: t.mul_(t), lambda t: t.copy_(t * 2.0),
)  # fmt: skip
WRITES_OF = (lambda t, o: t.add_(o), lambda t, o: t.mul_(o), lambda t, o: t.copy_(o), lambda t, o: t.add_(o * 0.5))


def write(w: World, a: int, b: int, c: int) -> None:
    WRITES[b % len(WRITES)](w.pick(a))


def write_of(w: World, a: int, b: int, c: int) -> None:
    WRITES_OF[c % len(WRITES_OF)](w.pick(a), w.pick(b))


INDICES = (
    0, slice(1, None), slice(None, None, 2), slice(None), (slice(None), 0), (slice(None), slice(1, None)), [1, 0],
    (slice(None), [1]),
)  # fmt: skip


def write_item(w: World, a: int, b: int, c: int) -> None:
    w.pick(a)[INDICES[c % len(INDICES)]] = w.pick(b) if b % 3 else 0.3


def turn_in_place(w: World, a: int, b: int, c: int) -> None:
    t = w.pick(a)
    (t.t_() if len(t.shape) == 2 else t.squeeze_()) if b % 2 else t.unsqueeze_(0)


def write_behind(w: World, a: int, b: int, c: int) -> None:
    t = w.pick(a)
    t.detach().numpy()[...] = w.numbers(*t.shape)


def keep_array(w: World, a: int, b: int, c: int) -> None:
    w.arrays.append(w.pick(a).detach().numpy())


def write_kept(w: World, a: int, b: int, c: int) -> None:
    w.arrays[a % len(w.arrays)][...] = w.numbers()


def drop_array(w: World, a: int, b: int, c: int) -> None:
    del w.arrays[a % len(w.arrays)]


def drop_tensor(w: World, a: int, b: int, c: int) -> None:
    if len(w.tensors) > 2:
        del w.tensors[a % len(w.tensors)]


def _scalar(w: World, t: Any) -> Any:
    """A loss in which every element counts differently."""
    return (t * w.library.tensor(np.arange(1.0, 1 + int(np.prod(t.shape))).reshape(t.shape))).sum()


def backward(w: World, a: int, b: int, c: int) -> None:
    w.library.backward(_scalar(w, w.pick(a)), w.leaves, retain_graph=True)


def last_backward(w: World, a: int, b: int, c: int) -> None:
    w.library.backward(_scalar(w, w.pick(a)), w.leaves, retain_graph=False)


def backward_of_kept_graph(w: World, a: int, b: int, c: int) -> None:
    if not w.pick(a).shape:
        w.library.backward(w.pick(a), w.leaves, retain_graph=True)


def second_order(w: World, a: int, b: int, c: int) -> None:
    leaf = w.leaves[b % len(w.leaves)]
    g = w.library.grad(_scalar(w, w.pick(a)), leaf)
    w.keep(leaf * 0.0 if g is None else g + leaf * 0.0)


def clear_grad(w: World, a: int, b: int, c: int) -> None:
    w.leaves[a % len(w.leaves)].grad = None


ALWAYS = (new_leaf, new_constant, new_shared)
ON_ARRAYS = (write_kept, drop_array)
ON_LEAVES = (second_order, clear_grad)
BEHIND = (write_behind, write_kept)  # of which PyTorch knows nothing
ALSO_UNRECORDED = (unary, binary, view, write, write_of, write_item)
STATEMENTS = (
    *ALWAYS, leaf_on_the_same_memory, unary, unary, binary, binary, binary, detached, view, view, view, write, write,
    write_of, write_of, write_item, write_item, turn_in_place, write_behind, keep_array, write_kept, drop_array,
    drop_tensor, backward, backward, backward, last_backward, backward_of_kept_graph, second_order, clear_grad,
)  # fmt: skip

small = st.integers(0, 11)
statements = st.tuples(st.sampled_from(STATEMENTS), small, small, small, st.sampled_from((True, True, True, False)))
programs = st.lists(statements, min_size=5, max_size=30)


# Running them


class Run:
    """One program in all libraries."""

    def __init__(self) -> None:
        self.ours, self.reference = World(Library(mg)), World(Reference())
        self.torch = World(Library(torch)) if torch is not None else None
        self.count: Counter[str] = Counter()
        self.history: list[str] = []

    def run(self, program: Any) -> Counter[str]:
        for world in self._worlds():
            new_leaf(world, 0, 0, 0)
            new_leaf(world, 1, 0, 0)
        for statement, a, b, c, recorded in program:
            if (statement in ON_ARRAYS and not self.ours.arrays) or (statement in ON_LEAVES and not self.ours.leaves):
                continue
            recorded = recorded or statement not in ALSO_UNRECORDED
            self.history.append(f"{statement.__name__}({a}, {b}, {c}){'' if recorded else ' under no_grad'}")
            if not self._step(statement, (a, b, c), recorded):
                break
            if self._largest() > LARGEST:
                break
        return self.count

    def _worlds(self) -> list[World]:
        return [world for world in (self.ours, self.reference, self.torch) if world is not None]

    def _largest(self) -> float:
        values = [np.abs(t.tolist()).max(initial=0.0) for t in self.reference.tensors]
        values += [np.abs(t.grad).max(initial=0.0) for t in self.reference.leaves if t.grad is not None]
        return max(values)

    def _step(self, statement: Any, numbers: tuple[int, ...], recorded: bool) -> bool:
        """Run a statement everywhere and compare. False ends the program."""
        tensors = len(self.ours.tensors)
        error = self._do(self.ours, statement, numbers, recorded)
        theirs = self._do(self.torch, statement, numbers, recorded) if self.torch is not None else None
        if error is None:
            self.count["ran"] += 1
            refused = self._do(self.reference, statement, numbers, recorded)
            assert refused is None, self._report(f"ran here, but must be refused: {refused}")
            self._compare(self.ours, self.reference)
            if statement in BEHIND:
                self.torch = None
            if theirs is not None:
                self.count["refused by PyTorch alone"] += 1
                self.torch = None
            if self.torch is not None:
                self._compare(self.ours, self.torch)
                self.count["agreed with PyTorch"] += 1
            return True
        self.count["refused"] += 1
        self._excuse(error, theirs)
        del self.ours.tensors[tensors:]
        self._compare(self.ours, self.reference)  # nothing has changed
        if self.torch is not None and (theirs is None or statement in (backward, last_backward)):
            self.torch = None
        self.ours.values = itertools.count(next(self.reference.values))
        self.reference.values = itertools.count(next(self.reference.values))
        for world in self._worlds():
            world.values = itertools.count(1000 + len(self.history) * 10)
        return True

    @staticmethod
    def _do(world: World, statement: Any, numbers: tuple[int, ...], recorded: bool) -> str | None:
        """Run a statement in one world; what it says if it refuses."""
        try:
            if recorded:
                statement(world, *numbers)
            else:
                with world.library.no_grad():
                    statement(world, *numbers)
        except (world.library.Refused, IndexError) as error:
            return f"{type(error).__name__}: {error}"
        return None

    def _excuse(self, error: str, theirs: str | None) -> None:
        if theirs is None and any(reason in error for reason in REFUSED_HERE):
            self.count["refused here alone"] += 1
        elif self.torch is not None:
            assert theirs is not None, self._report(f"PyTorch does it, and here: {error}")
        else:
            known = error.startswith("IndexError") or re.search("|".join(REFUSED_ANYWHERE), error)
            assert known, self._report(error)

    def _compare(self, one: World, other: World) -> None:
        for kind in ("tensors", "leaves"):
            for i, (mine, yours) in enumerate(zip(getattr(one, kind), getattr(other, kind), strict=True)):
                what = f"{kind}[{i}]"
                assert tuple(mine.shape) == tuple(yours.shape), self._report(f"the shape of {what}")
                self._same(mine.detach().tolist(), yours.detach().tolist(), what)
                if other is self.reference and not (yours.origin and yours.origin[0].writes != yours.origin[1]):
                    assert _wanted(mine) == yours.requires_grad, self._report(f"requires_grad of {what}")
                if kind == "leaves":
                    theirs = _grad(yours)
                    if theirs is None and other is self.reference and mine.grad is not None:
                        theirs = np.zeros(mine.shape)  # which does not tell "not used" from "written over"
                    self._same(_grad(mine), theirs, f"the gradient of {what}")

    def _same(self, mine: Any, yours: Any, what: str) -> None:
        if mine is None or yours is None:
            assert mine is None and yours is None, self._report(f"{what}: {mine}, expected {yours}")
            return
        error = np.abs(np.asarray(mine) - np.asarray(yours)).max(initial=0.0)
        scale = max(1.0, np.abs(yours).max(initial=0.0))
        assert error <= 1e-9 * scale, self._report(f"{what} is {mine}, expected {yours}")

    def _report(self, what: str) -> str:
        return "\n".join([what, "after", *self.history])


def _wanted(tensor: mg.Tensor) -> bool | str:
    try:
        return tensor.requires_grad
    except RuntimeError as error:  # a view made under no_grad, whose base was written to
        return str(error)


def _grad(leaf: Any) -> Any:
    return None if leaf.grad is None else leaf.grad.tolist()


TOTAL: Counter[str] = Counter()


@pytest.mark.filterwarnings("ignore:Use of index_put_")
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(programs)
def test_programs(program):
    TOTAL.update(Run().run(program))


def test_most_statements_have_run():
    ran = TOTAL["ran"]
    assert ran > 1000
    assert TOTAL["refused"] < ran / 2
    if torch is not None:
        assert TOTAL["agreed with PyTorch"] > ran / 4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Use of index_put_")
@seed(int(os.environ.get("PROGRAMS_SEED", "0")))
@settings(
    max_examples=int(os.environ.get("PROGRAMS", "2000")),
    derandomize=False,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(programs)
def test_many_programs(program):
    Run().run(program)
