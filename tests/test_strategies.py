"""The strategies of ``microgradnp.testing``: what they draw is what they say, and shrinks to what can be read."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import microgradnp as mg
from microgradnp.dtypes import SUPPORTED
from microgradnp.tensor import Tensor
from microgradnp.testing import GradcheckError, assert_grads
from microgradnp.testing.strategies import (
    LAYOUTS,
    away_from,
    axes,
    broadcastable,
    cotangents,
    dtypes,
    float_dtypes,
    indices,
    laid_out,
    layouts,
    positive,
    shapes,
    spaced,
    tensors,
    within,
)

many = settings(max_examples=15)
EVERY = tuple(LAYOUTS)


def array_of(tensor: Tensor) -> np.ndarray:
    return tensor.detach().numpy()


def simplest(strategy: Any, condition: Any = lambda drawn: True) -> Any:
    return find(strategy, condition, settings=settings(max_examples=500, phases=tuple(Phase)))


def drawn(strategy: Any, count: int = 150) -> list[Any]:
    """Some examples of a strategy."""
    found = []

    @settings(max_examples=count)
    @given(strategy)
    def draw(example: Any) -> None:
        found.append(example)

    draw()
    return found


# Numbers


@many
@given(st.lists(within(-1.5, 2.0), min_size=100, max_size=100))
def test_within_an_interval(numbers: list[float]) -> None:
    assert all(-1.5 < x < 2.0 for x in numbers)


@many
@given(st.lists(positive(), min_size=100, max_size=100))
def test_positive(numbers: list[float]) -> None:
    assert all(0.0 < x < 4.0 for x in numbers)


@many
@given(st.lists(away_from(0, 1.3, clearance=0.3), min_size=100, max_size=100))
def test_away_from_points(numbers: list[float]) -> None:
    assert all(abs(x) >= 0.3 and abs(x - 1.3) >= 0.3 and abs(x) < 4 for x in numbers)


@many
@given(broadcastable(3, elements=spaced(0.5), dtype=float_dtypes(), layouts=("C", "F", "negative")))
def test_spaced_numbers_of_a_whole_group(group: tuple[Tensor, ...]) -> None:
    numbers = sorted(itertools.chain(*(np.ravel(array_of(t).astype(float)) for t in group)))
    assert all(b - a >= 0.5 for a, b in itertools.pairwise(numbers))
    assert all(abs(x) <= 0.5 * len(numbers) for x in numbers)


@given(tensors(shape=(4,), elements=spaced(0.125, low=1.0)))
def test_spaced_numbers_begin_where_they_should(x: Tensor) -> None:
    assert sorted(x.tolist()) == [1.0, 1.125, 1.25, 1.375]


@pytest.mark.parametrize("elements", [within(-4, 4), within(0, 1), within(-1, 1), positive(), away_from(0), None])
@many
@given(data=st.data())
def test_the_grid_is_exact_in_every_floating_dtype(elements: Any, data: st.DataObject) -> None:
    """So a failing example in float16 fails at the same numbers in float64."""
    x = data.draw(tensors(elements=elements, dtype=mg.float64))
    for d in (np.float16, np.float32):
        assert np.array_equal(array_of(x).astype(d).astype(np.float64), array_of(x))


def test_magnitudes_are_bounded() -> None:
    for strategy in (tensors(), tensors(dtype=dtypes()), broadcastable(2, elements=away_from(0))):
        assert_every(
            strategy, lambda drawn: all(np.abs(array_of(t).astype(float)).max(initial=0) <= 4 for t in as_group(drawn))
        )


def as_group(drawn: Any) -> tuple[Tensor, ...]:
    return drawn if isinstance(drawn, tuple) else (drawn,)


def assert_every(strategy: Any, condition: Any) -> None:
    @many
    @given(strategy)
    def test(drawn: Any) -> None:
        assert condition(drawn)

    test()


def test_numbers_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="low must be less than high"):
        within(1, 1)
    with pytest.raises(ValueError, match="both finite"):
        within(0, math.inf)
    with pytest.raises(ValueError, match="lower clearance or widen the interval"):
        away_from(0, low=-1, high=1, clearance=2)
    with pytest.raises(ValueError, match="gap must be positive"):
        spaced(0)


# Types, shapes, layouts


def test_shapes_without_dimensions_and_without_elements_are_drawn() -> None:
    assert simplest(shapes()) == ()
    assert 0 in simplest(shapes(), lambda shape: 0 in shape)
    assert simplest(tensors(), lambda t: t.numel() == 0).numel() == 0
    assert simplest(shapes(min_dims=2, min_side=1)) == (1, 1)


def test_every_dtype_is_drawn() -> None:
    assert {t.dtype for t in drawn(tensors(dtype=dtypes(), shape=(2,)))} == SUPPORTED
    assert simplest(float_dtypes()) == mg.float64


IS = {
    "C": lambda a: a.flags.c_contiguous and a.flags.writeable,
    "F": lambda a: a.flags.f_contiguous and a.flags.writeable,
    "strided": lambda a: a.base is not None and all(abs(s) >= 3 * a.itemsize for s in a.strides) and a.flags.writeable,
    "negative": lambda a: all(s < 0 for s in a.strides) and a.flags.writeable,
    "readonly": lambda a: not a.flags.writeable,
    "expanded": lambda a: a.ndim == 0 or a.shape[0] == 0 or (a.strides[0] == 0 and not a.flags.writeable),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@many
@given(data=st.data())
def test_layouts_are_what_they_say(layout: str, data: st.DataObject) -> None:
    x = data.draw(tensors(layouts=(layout,), dtype=dtypes()))
    assert IS[layout](x._array) or (x.numel() == 0 and layout != "readonly")


@many
@given(tensors(dtype=dtypes(), layouts=EVERY))
def test_a_layout_holds_the_values_that_it_was_given(x: Tensor) -> None:
    for layout in set(LAYOUTS) - {"expanded"}:
        again = laid_out(array_of(x), dtype=x.dtype, layout=layout)
        assert again.dtype == x.dtype
        assert np.array_equal(array_of(again), array_of(x))
        assert not np.shares_memory(array_of(again), array_of(x))


def test_strided_memory_is_surrounded_by_what_would_be_noticed() -> None:
    around = laid_out([1.0, 2.0], layout="strided")._array.base
    assert np.isnan(around).sum() == 4


def test_the_expanded_layout_repeats_its_first_item() -> None:
    assert laid_out([[1.0, 2.0], [3.0, 4.0]], layout="expanded").tolist() == [[1.0, 2.0], [1.0, 2.0]]


def test_unknown_layouts_are_named() -> None:
    with pytest.raises(ValueError, match="'Fortran' is no layout; there are 'C', 'F'"):
        laid_out([1.0], layout="Fortran")
    with pytest.raises(ValueError, match="'G' is no layout"):
        layouts("G")
    with pytest.raises(ValueError, match="'G' is no layout"):
        tensors(layouts=("C", "G"))
    assert simplest(layouts()) == "C"


# Tensors


@many
@given(tensors(dtype=dtypes()), tensors(requires_grad=False))
def test_floating_tensors_require_gradients_unless_told_otherwise(x: Tensor, y: Tensor) -> None:
    assert type(x) is Tensor
    assert x.is_leaf
    assert x.requires_grad == (x.dtype.kind == "f")
    assert not y.requires_grad


@many
@given(broadcastable(3, dtype=st.shared(float_dtypes()), min_side=1))
def test_groups_broadcast_and_may_share_a_dtype(group: tuple[Tensor, ...]) -> None:
    np.broadcast_shapes(*(t.shape for t in group))
    assert len(group) == 3
    assert len({t.dtype for t in group}) == 1
    assert all(t.numel() > 0 for t in group)


def test_groups_do_broadcast() -> None:
    shapes = [(a.shape, b.shape) for a, b in drawn(broadcastable(2))]
    assert any(len(one) > len(other) > 0 and np.prod(one) > 3 for one, other in shapes)
    assert any(0 in one or 0 in other for one, other in shapes)
    assert any(one == other != () for one, other in shapes)


@many
@given(tensors(dtype=float_dtypes()), st.data())
def test_cotangents_fit_the_output(x: Tensor, data: st.DataObject) -> None:
    g, pair = data.draw(cotangents(x)), data.draw(cotangents((x, x.sum())))
    assert (g.shape, g.dtype, g.requires_grad) == (x.shape, x.dtype, False)
    assert np.all(array_of(g) != 0)
    assert pair[1].shape == ()


# What tensors are called with


@many
@given(tensors(), st.data())
def test_axes_are_accepted_by_reductions(x: Tensor, data: st.DataObject) -> None:
    dim = data.draw(axes(x.ndim))
    assert x.sum(dim).numel() <= max(x.numel(), 1) or 0 in x.shape


def test_every_kind_of_axis_is_drawn() -> None:
    assert simplest(axes(2)) is None
    found = drawn(axes(3))
    assert {None, 0, 1, 2, -1, -2, -3} <= set(found)
    several = [dim for dim in found if isinstance(dim, tuple)]
    assert {len(dim) for dim in several} == {1, 2, 3}
    assert any(min(dim) < 0 for dim in several)
    assert set(drawn(axes(0))) == {None, 0, -1}


@many
@given(tensors(), st.data())
def test_indices_select_what_they_do_in_numpy(x: Tensor, data: st.DataObject) -> None:
    index = data.draw(indices(x.shape))
    assert np.array_equal(array_of(x[index]), array_of(x)[index])


def test_every_kind_of_index_is_drawn() -> None:
    found = drawn(indices((3, 4)))
    parts = [part for index in found for part in (index if isinstance(index, tuple) else (index,))]
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    assert any(part is None for part in parts)
    assert any(part is ... for part in parts)
    assert any(isinstance(part, int) and part < 0 for part in parts)
    assert any(isinstance(part, slice) and part.step == 2 for part in parts)
    assert any(array.dtype == bool and array.shape == (3, 4) for array in arrays)
    assert any(array.dtype == bool and array.shape == (3,) for array in arrays)
    assert any(array.dtype != bool and len(set(array % 3)) < len(array) for array in arrays)
    assert any(isinstance(index, tuple) and ... in index[:-1] for index in drawn(basic((3, 4))))


def basic(shape: tuple[int, ...]) -> Any:
    return indices(shape, kinds=["basic"])


def test_kinds_of_index_can_be_chosen() -> None:
    assert not any(isinstance(part, np.ndarray) for index in drawn(basic((3, 4)), 50) for part in np.atleast_1d(index))
    assert all(index.dtype == bool for index in drawn(indices((3, 4), kinds=["mask"]), 50))


# How examples look


def shown(strategy: Any, condition: Any) -> str:
    """What Hypothesis prints of the simplest example for which ``condition`` fails."""

    @settings(max_examples=500, phases=(Phase.generate, Phase.shrink))
    @given(strategy)
    def test(x: Any) -> None:
        assert condition(x)

    with pytest.raises(AssertionError) as failure:
        test()
    return "\n".join(failure.value.__notes__)


def test_examples_shrink_to_what_can_be_read() -> None:
    assert "x=laid_out([0.0, 1.0])," in shown(tensors(), lambda x: len(set(x.reshape(-1).tolist())) < 2)
    assert "x=laid_out([], shape=(0, 0))," in shown(tensors(shape=shapes(min_dims=2)), lambda x: x.numel())
    assert "x=(laid_out(0.0), laid_out(0.0))," in shown(broadcastable(2), lambda x: False)
    assert "x=laid_out([0.5])," in shown(tensors(), lambda x: np.all(array_of(x) % 1 == 0) or x.ndim == 0)


def test_examples_show_dtype_and_layout_when_they_matter() -> None:
    assert "x=laid_out(0.0, dtype='float16')," in shown(tensors(dtype=float_dtypes()), lambda x: x.dtype != mg.float16)
    assert "x=laid_out([0.0, 0.0], layout='strided')," in shown(
        tensors(), lambda x: x.is_contiguous() or x.stride(0) < 0 or x.ndim != 1
    )
    assert "x=laid_out(0.0, requires_grad=False)," in shown(tensors(requires_grad=False), lambda x: False)


@many
@given(tensors(dtype=dtypes(), layouts=EVERY))
def test_what_is_printed_makes_the_tensor_again(x: Tensor) -> None:
    text = pretty(x)
    again = eval(text, {"laid_out": laid_out, "array": np.array})
    assert (again.dtype, again.requires_grad) == (x.dtype, x.requires_grad)
    assert np.array_equal(array_of(again), array_of(x))
    assert again.stride() == x.stride() or x.numel() < 2


def pretty(x: Any) -> str:
    printed: list[str] = []
    x._repr_pretty_(SimpleNamespace(text=printed.append), False)
    return "".join(printed)


def test_writing_to_a_tensor_does_not_change_how_it_was_drawn() -> None:
    x = laid_out([1.0, 2.0], requires_grad=False)
    x.zero_()
    assert pretty(x) == "laid_out([1.0, 2.0], requires_grad=False)"


# assert_grads


class Cube(mg.autograd.Function):
    """Its gradient is wrong above 2."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return g * x * x * mg.where(x > 2, 3.001, 3.0)


def test_a_wrong_gradient_is_found_and_its_example_is_simple() -> None:
    text = shown(tensors(), lambda x: is_right(Cube.apply, x, order=1))
    assert "x=laid_out(3.0)," in text


def is_right(fn: Any, *inputs: Any, **options: Any) -> bool:
    try:
        assert_grads(fn, *inputs, **options)
    except GradcheckError:
        return False
    return True


def test_what_it_returns_and_raises() -> None:
    assert assert_grads(Cube.apply, laid_out([1.0, -2.0])).ok
    with pytest.raises(GradcheckError, match="fail") as failure:
        assert_grads(Cube.apply, laid_out([1.0, 3.0]))
    assert failure.value.report.worst.index == (1,)
    with pytest.raises(ValueError, match="requires_grad"):
        assert_grads(mg.sin, mg.tensor([1.0]))
    assert assert_grads(Cube.apply, laid_out([3.0]), rtol=1e-2).ok


class Once(mg.autograd.Function):
    """It can be differentiated only once."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    @mg.autograd.function.once_differentiable
    def backward(ctx: Any, g: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return g * x * x * 3


def test_the_order_can_be_limited() -> None:
    assert assert_grads(Once.apply, laid_out([1.0, -2.0]), order=1).ok
    with pytest.raises((RuntimeError, GradcheckError)):
        assert_grads(Once.apply, laid_out([1.0, -2.0]))


@settings(max_examples=5)
@given(tensors(elements=away_from(0)), tensors(shape=(2, 3), elements=spaced()), broadcastable(2, elements=spaced()))
def test_points_are_good_by_construction(x: Tensor, rows: Tensor, pair: tuple[Tensor, Tensor]) -> None:
    assert_grads(mg.abs, x, kinks="error", mode="fast")
    assert_grads(mg.maximum, *pair, kinks="error", mode="fast")
    for fn in (mg.sort, mg.max, mg.median):
        assert_grads(lambda t, fn=fn: fn(t, 1)[0], rows, kinks="error", mode="fast")


def test_hypothesis_is_told_how_close_examples_come_to_failing() -> None:
    targets, events = [], []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hypothesis, "target", lambda value, label: targets.append((value, label)))
        patch.setattr(hypothesis, "event", events.append)
        assert_grads(mg.tanh, laid_out([0.5]))
        assert targets == []  # no property test is running

        @settings(max_examples=3)
        @given(tensors(shape=(2,)))
        def test(x: Tensor) -> None:
            assert_grads(mg.tanh, x)
            assert_grads(mg.abs, mg.zeros(1, requires_grad=True), order=1)

        test()
    assert {label for _, label in targets} == {"error / tolerance of tanh", "error / tolerance of abs"}
    assert all(0 <= value < 1 for value, _ in targets)
    assert set(events) == {"at kinks: abs"}


@settings(max_examples=3)
@given(tensors(shape=(2,)))
def test_a_function_may_be_checked_twice_in_one_example(x: Tensor) -> None:
    assert_grads(mg.tanh, x)
    assert_grads(mg.tanh, x)


def test_nothing_imports_hypothesis_but_the_strategies() -> None:
    program = (
        "import sys, microgradnp\n"
        "from microgradnp.testing import assert_grads\n"
        "assert_grads(microgradnp.tanh, microgradnp.ones(2, requires_grad=True))\n"
        "assert 'hypothesis' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
