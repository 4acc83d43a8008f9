"""``[]`` on tensors: reading, writing and arithmetic by index, beside PyTorch on indices drawn at random."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import microgradnp as mg

SHAPES = [(2, 3, 2), (3, 2), (4,), (2, 3, 2, 3), (), (3, 1, 2), (0, 3), (2, 2, 2)]


@st.composite
def indexed(draw: Any) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """A shape, and an index of up to all of its dimensions: of every kind, in every order."""
    shape = draw(st.sampled_from(SHAPES))
    common = draw(st.sampled_from([(2,), (3,), (2, 1), (1, 2), (), (2, 2), (0,)]))  # what most arrays broadcast to
    left, items = list(shape), []
    for kind in draw(
        st.lists(st.sampled_from(["none", "bool", "dots", *["int", "slice", "mask"] * 2, *["array"] * 4]))
    ):
        if kind == "none":
            items.append(None)
        elif kind == "bool":
            items.append(draw(st.sampled_from([True, True, False, np.array(True), np.array(False)])))
        elif kind == "dots" and Ellipsis not in [item for item in items if not isinstance(item, (list, np.ndarray))]:
            items.append(Ellipsis)
            del left[: draw(st.integers(0, len(left)))]
        elif left and kind not in ("none", "bool", "dots"):
            items.append(draw(_along(kind, left, common)))
    return shape, tuple(items)


def _along(kind: str, left: list[int], common: tuple[int, ...]) -> st.SearchStrategy[Any]:
    size = left.pop(0)
    if kind == "int":
        return st.integers(-size, max(size - 1, 0))
    if kind == "slice":
        bounds = st.none() | st.integers(-4, 4)
        return st.builds(slice, bounds, bounds, st.sampled_from([None, 1, 2]))
    if kind == "mask":
        shape = (size, left.pop(0)) if left and size != 2 else (size,)
        count = int(np.prod(shape))
        return st.lists(st.booleans(), min_size=count, max_size=count).map(lambda m: np.array(m, bool).reshape(shape))
    shape = common if size else (0,)
    count = int(np.prod(shape))
    places = st.lists(st.integers(-size, max(size - 1, 0)), min_size=count, max_size=count)
    arrays = places.map(lambda p: np.array(p, np.int64).reshape(shape))
    return arrays | arrays.map(lambda a: a.astype(np.int32)) | arrays.filter(lambda a: a.ndim).map(lambda a: a.tolist())


def _read(m: Any, x: Any, index: Any) -> Any:
    return x[index]


def _write(m: Any, x: Any, index: Any) -> Any:
    changed = x * 1
    changed[index] = x[index] * 3
    return changed


def _write_a_number(m: Any, x: Any, index: Any) -> Any:
    changed = x * 1
    changed[index] = 2.5
    return changed


def _add_in_place(m: Any, x: Any, index: Any) -> Any:
    changed = x * 1
    changed[index] += 1.5  # once, where indices repeat
    changed[index] *= 2
    return changed


def _results(m: Any, action: Any, array: np.ndarray, index: tuple[Any, ...]) -> Any:
    """The value and the gradients of the first two orders; or the type of the error."""
    x = m.from_numpy(array.copy()).requires_grad_()
    items = tuple(m.from_numpy(item.copy()) if isinstance(item, np.ndarray) else item for item in index)
    try:
        value = action(m, x, items)
        weights = m.from_numpy(np.resize(np.linspace(-1, 2, 7), tuple(value.shape)))
        (first,) = m.autograd.grad((value * value * weights).sum() + (x * 0).sum(), x, create_graph=True)
        (second,) = m.autograd.grad((first * first).sum() + (x * 0).sum(), x)
    except (IndexError, RuntimeError, TypeError, ValueError) as error:
        return type(error)
    return [tensor.detach().numpy() for tensor in (value, first, second)]


@pytest.mark.parametrize("action", [_read, _write, _write_a_number, _add_in_place])
@settings(max_examples=100, deadline=None)
@given(drawn=indexed(), seed=st.integers(0, 2**32 - 1))
def test_any_index_does_what_it_does_in_pytorch(action: Any, drawn: Any, seed: int) -> None:
    torch = pytest.importorskip("torch")
    shape, index = drawn
    array = np.asarray(np.random.default_rng(seed).uniform(-2, 2, shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lists that are to be tuples
        ours, theirs = (_results(m, action, array, index) for m in (mg, torch))
    if isinstance(theirs, type) or isinstance(ours, type):
        assert ours is theirs, f"{index}: {ours}, PyTorch has {theirs}"
        return
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == other.shape, f"{index}: {one.shape}, PyTorch has {other.shape}"
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12, err_msg=str(index))


def test_an_index_that_is_changed_later_is_the_one_that_was_used() -> None:
    x = mg.arange(4.0).requires_grad_()
    for index in (mg.tensor([0, 0, 2]), np.array([0, 0, 2])):
        taken = x[index]
        index[:] = 3
        (gradient,) = mg.autograd.grad(taken.sum(), x)
        assert gradient.tolist() == [2, 0, 1, 0]
    mask = mg.tensor([True, False, False, True])
    taken = x[mask]
    mask[:] = True
    assert mg.autograd.grad(taken.sum(), x)[0].tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize(
    "function",
    [
        lambda x, i: x.index_select(0, i),
        lambda x, i: x.take(i),
        lambda x, i: mg.index_add(x * 0, 0, i, x[:3]),
        lambda x, i: x.scatter_add(0, i, x[:3]),
        lambda x, i: x.gather(0, i),
        lambda x, i: mg.nn.functional.embedding(i, x[:, None]),
    ],
)
def test_gathering_and_scattering_copy_their_index(function: Any) -> None:
    x = mg.arange(1.0, 5.0).requires_grad_()
    index = mg.tensor([0, 0, 2])
    out = function(x, index)
    expected = mg.autograd.grad(out.sum(), x, retain_graph=True)[0].tolist()
    index[:] = 3
    assert mg.autograd.grad(out.sum(), x)[0].tolist() == expected


def test_errors_name_the_dimension_and_its_size() -> None:
    x = mg.zeros(2, 3)
    with pytest.raises(IndexError, match="index 5 is out of bounds for dimension 0 with size 2"):
        x[5]
    with pytest.raises(IndexError, match="index 7 is out of bounds for dimension 1 with size 3"):
        x[:, mg.tensor([0, 7])]
    with pytest.raises(IndexError, match="too many indices for tensor of dimension 2"):
        x[0, 0, 0]
    with pytest.raises(IndexError, match="index 7 is out of bounds for dimension 1 with size 3"):
        x[0, mg.tensor([0, 7])]
    with pytest.raises(IndexError, match=r"mask \[3\] does not match .* \[2, 3\]"):
        x[mg.tensor([True, False, True])]
    with pytest.raises(ValueError, match="greater than zero"):
        x[::-1]


def test_half_precision_gathers_its_gradient_in_single() -> None:
    x = mg.ones(1, dtype=mg.float16, requires_grad=True)
    (x[np.zeros(4096, np.int64)]).backward(mg.ones(4096, dtype=mg.float16))
    assert x.grad.item() == 4096  # added up in float16 it stops at 2048


def test_gradients_where_pytorch_has_none_or_another() -> None:
    x = mg.arange(4.0).requires_grad_()
    (gradient,) = mg.autograd.grad(x.narrow_copy(0, -2, 1).sum(), x)
    assert gradient.tolist() == [0, 0, 1, 0]  # for a negative start PyTorch gives zeros
    index = mg.tensor([1, 1])
    out = mg.scatter(x, 0, index, 3, reduce="multiply")
    assert mg.autograd.grad(out.sum(), x)[0].tolist() == [1, 9, 1, 1]  # PyTorch has no derivative of it
    base = mg.arange(6.0).requires_grad_()
    window = (base * 1)[::2].as_strided((3,), (1,))  # reads between the elements of its tensor
    assert mg.autograd.grad(window.sum(), base)[0].tolist() == [1, 1, 1, 0, 0, 0]
    with pytest.raises(NotImplementedError, match="sparse"):
        mg.gather(x, 0, index, sparse_grad=True)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, k, at: (
            x.tril() + mg.nn.functional.pad(x, (1, 1))[:, 1:-1] + mg.nn.functional.pad(x, (1, 1), "reflect")[:, 2:]
        ),
        lambda x, k, at: x[k] + x[0, k][:, None] + mg.nn.functional.embedding(k, x) + x.masked_fill(at > 0, 1.0),
        lambda x, k, at: x.gather(1, at).scatter(1, at, x).scatter_add(1, at, x),
        lambda x, k, at: x.diagonal() + x.unfold(1, 2, 1).sum((1, 2)) + x.diag_embed().sum((0, 1)),
        lambda x, k, at: mg.cat([*x.split(2, 1), x.flip(0).roll(1, 0)], 1).repeat(2, 1).repeat_interleave(2, 0),
        lambda x, k, at: mg.stack(mg.meshgrid(x[0], x.take(k), indexing="xy")).movedim(0, 1).expand(2, 3, 2, 3),
    ],
)
def test_indexing_is_captured(function: Any) -> None:
    k, at = mg.tensor([0, 2, 1]), mg.tensor([[0, 1, 1], [2, 2, 0], [1, 0, 2]])

    def gradient(x: Any) -> Any:
        out = function(x, k, at)
        return mg.autograd.grad((out * out).sum(), x)[0]

    x = mg.arange(9.0).reshape(3, 3).clone().requires_grad_()
    compiled = mg.compile(gradient, executor="reference")
    for _ in range(4):
        x.data.copy_(x.data * -0.5 + 1)
        np.testing.assert_array_equal(compiled(x).numpy(), gradient(x).numpy())
    assert compiled.graph().startswith("variant 0")
