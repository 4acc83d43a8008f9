"""What surprises in compiled functions: each as a test that passes, listed in docs/compile.md."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.compiler import NotCapturable

PAGE = Path(__file__).parent.parent / "docs" / "compile.md"


def calls(function: Any, count: int, *args: Any) -> list[Any]:
    return [function(*args) for _ in range(count)]


def test_python_runs_only_while_capturing():
    said = []

    @mg.compile
    def f(x):
        said.append("hello")
        return x * 2

    calls(f, 5, mg.ones(2))
    assert said == ["hello", "hello"]


def test_the_first_calls_are_slower_and_real():
    total = mg.zeros(())
    f = mg.compile(lambda x: total.add_(x))
    calls(f, 4, mg.tensor(1.0))
    assert total.item() == 4.0


def test_gradients_are_overwritten_by_the_next_call():
    w = mg.ones(2, requires_grad=True)

    @mg.compile
    def f(x):
        w.grad = None
        (w * x).sum().backward()

    for _ in range(3):
        f(mg.ones(2))
    kept, copied = w.grad, w.grad.clone()
    f(mg.full((2,), 5.0))
    assert kept.tolist() == [5.0, 5.0]
    assert copied.tolist() == [1.0, 1.0]


def test_results_have_no_graph():
    w = mg.ones(2, requires_grad=True)

    @mg.compile
    def f(x):
        loss = (w * x).sum()
        loss.backward()
        return loss

    assert [loss.requires_grad for loss in calls(f, 3, mg.ones(2))] == [False, False, False]


def test_what_is_found_at_second_hand_is_frozen():
    settings, factors = {"factor": 2.0}, [2.0]
    f = mg.compile(lambda x: x * settings["factor"])
    g = mg.compile(lambda x: x * factors[0])
    calls(f, 2, mg.ones(1))
    calls(g, 2, mg.ones(1))
    settings["factor"] = factors[0] = 3.0
    assert f(mg.ones(1)).item() == 3.0  # its name stands in the function
    assert g(mg.ones(1)).item() == 2.0


def test_what_changes_only_later_is_frozen():
    count = [0]

    @mg.compile
    def f(x):
        count[0] += 1
        return x * 10 if count[0] > 100 else x

    assert {y.item() for y in calls(f, 200, mg.ones(1))} == {1.0}
    assert count == [2]


def test_constants_made_inside_are_frozen():
    f = mg.compile(lambda x: x + mg.arange(2.0))
    calls(f, 3, mg.ones(2))
    assert "arange" not in f.graph()


def test_the_time_is_a_constant_and_refused():
    f = mg.compile(lambda x: x * time.perf_counter())
    with pytest.raises(NotCapturable, match="do not do the same"):
        calls(f, 4, mg.ones(1))


def test_numpys_own_random_numbers_are_refused():
    rng = np.random.default_rng(0)
    f = mg.compile(lambda x: x * rng.random())
    with pytest.raises(NotCapturable, match="do not do the same"):
        calls(f, 4, mg.ones(1))


def test_arrays_beside_tensors_are_read_again():
    mask = np.array([1.0, 0.0], np.float32)
    f = mg.compile(lambda x: x * mask)
    assert calls(f, 3, mg.ones(2))[-1].tolist() == [1.0, 0.0]
    mask[1] = 7.0
    assert f(mg.ones(2)).tolist() == [1.0, 7.0]


def test_a_compiled_module_is_no_part_of_a_module():
    class Outer(mg.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = mg.compile(mg.nn.Linear(2, 2))

    assert list(Outer().parameters()) == []


def test_numbers_from_arrays_are_frozen():
    scales = np.array([2.0, 3.0])
    f, g = mg.compile(lambda x: x * scales[1]), mg.compile(lambda x: x * (scales + 1))
    calls(f, 2, mg.ones(1, dtype=mg.float64))
    with pytest.raises(NotCapturable, match="another tensor of shape"):  # a new array in each call
        calls(g, 4, mg.ones(1, dtype=mg.float64))
    scales[1] = 5.0
    assert f(mg.ones(1, dtype=mg.float64)).item() == 3.0


def test_tensors_that_are_given_other_memory_keep_their_own():
    w = mg.ones(2)
    alias = w.detach()

    @mg.compile
    def f():
        w.data = w.data * 2

    calls(f, 3)
    assert w.tolist() == [8.0, 8.0]
    assert alias.tolist() == [8.0, 8.0]  # it would be [1.0, 1.0]


def test_a_graph_that_holds_a_gradient_is_stale_after_the_next_call():
    w, v = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)

    @mg.compile
    def f(x):
        w.grad = None
        (w * x).sum().backward()

    calls(f, 3, mg.ones(2))
    product = (v * w.grad).sum()
    f(mg.ones(2))
    with pytest.raises(RuntimeError, match="a compiled step"):
        product.backward()


def test_settings_that_are_set_inside_are_frozen_as_what_is_outside():
    w = mg.zeros(1, requires_grad=True)
    optimizer = mg.optim.SGD([w], lr=1.0)

    @mg.compile
    def f():
        optimizer.param_groups[0]["lr"] = 0.5
        w.grad = mg.ones(1)
        optimizer.step()

    calls(f, 3)
    optimizer.param_groups[0]["lr"] = 2.0
    before = w.item()
    f()
    assert w.item() == before - 2.0  # that nobody sets it to 0.5 is not seen


def test_every_shape_is_captured_for_itself():
    f = mg.compile(lambda x: x.sum(), variants=3)
    for n in (1, 2, 3):
        calls(f, 3, mg.ones(n))
    assert f.graph().count("variant") == 3
    with pytest.raises(NotCapturable, match="captured for 3 variants"):
        calls(f, 2, mg.ones(4))


def test_numbers_as_arguments_are_captured_for_themselves():
    f = mg.compile(lambda x, k: x * k)
    for k in (1, 2, 3):
        calls(f, 2, mg.ones(1), k)
    assert f.graph().count("variant") == 3
    g = mg.compile(lambda x, k: x * k)
    for k in (1, 2, 3):
        calls(g, 2, mg.ones(1), mg.tensor(float(k)))
    assert g.graph().count("variant") == 1


def test_hooks_run_only_while_capturing():
    norms = []
    w = mg.ones(2, requires_grad=True)
    w.register_hook(lambda g: norms.append("seen") or g * 2)

    @mg.compile
    def f(x):
        w.grad = None
        (w * x).sum().backward()

    calls(f, 5, mg.ones(2))
    assert len(norms) == 2
    assert w.grad.tolist() == [2.0, 2.0]  # what they do to the gradient is captured


def test_printing_inside_shows_no_values(capsys):
    f = mg.compile(lambda x: print(x * 2))
    calls(f, 4, mg.ones(2))
    assert capsys.readouterr().out.count("CapturedArray") == 2


def test_a_replay_that_fails_keeps_what_it_wrote():
    total = mg.zeros(())
    table = mg.arange(3.0)

    @mg.compile
    def f(k):
        total.add_(1)
        return mg.nn.functional.embedding(k, table.reshape(3, 1))

    calls(f, 3, mg.tensor([0]))
    with pytest.raises(IndexError):
        f(mg.tensor([3]))
    assert total.item() == 4.0


def test_anomaly_detection_and_inference_mode_run_the_function_itself():
    said = []

    @mg.compile
    def f(x):
        said.append("hello")
        return x * 2

    with mg.inference_mode():
        calls(f, 4, mg.ones(2))
    assert len(said) == 4


def test_the_page_lists_every_footgun():
    listed = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    here = {name for name in globals() if name.startswith("test_") and name != "test_the_page_lists_every_footgun"}
    assert listed == here
