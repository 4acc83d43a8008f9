"""Hooks on tensors, on nodes, on several tensors at once and on what is saved."""

import gc
import weakref

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import autograd


def leaf(*values, **options):
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True, **options)


def values(tensor):
    return tensor.detach().tolist()


# Hooks on tensors


def test_a_hook_sees_the_whole_gradient_and_may_replace_it():
    x = leaf(1.0, 2.0)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(values(g)))
    y.register_hook(lambda g: g * 10)
    (y * 3 + y).sum().backward()
    assert seen == [[4.0, 4.0]]
    assert values(x.grad) == [80.0, 80.0]


def test_a_hook_on_a_leaf_runs_before_accumulation_and_can_be_removed():
    x = leaf(1.0)
    handle = x.register_hook(lambda g: g * 10)
    (x * 2).sum().backward()
    handle.remove()
    (x * 2).sum().backward()
    assert values(x.grad) == [22.0]


def test_a_hook_that_writes_into_its_gradient_harms_nobody_else():
    x, y = leaf(1.0), leaf(1.0)
    a, b = x * 1, y * 1
    a.register_hook(lambda g: g.mul_(100) and None)
    (a + b).sum().backward()  # the sum hands one array to both
    assert values(y.grad) == [1.0]


def test_a_hook_of_the_wrong_kind():
    x = leaf(1.0)
    y = x * 2
    y.register_hook(lambda g: mg.ones(3, dtype=mg.float64))
    with pytest.raises(RuntimeError, match="changed the size"):
        y.sum().backward()
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        mg.ones(1).register_hook(print)


def test_retain_grad_keeps_the_gradient_of_a_result():
    x = leaf(1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    (y * y).sum().backward()
    assert values(y.grad) == [4.0, 8.0]


def test_a_recorded_gradient_shares_no_memory_with_what_a_hook_saw_or_gave():
    x, kept = leaf(1.0, 2.0), []
    x.register_hook(lambda g: kept.append(g.detach()))
    given = mg.tensor([5.0, 5.0], dtype=mg.float64)
    x.register_hook(lambda g: given.detach())
    (x * x).sum().backward(create_graph=True)
    x.grad.zero_()
    assert values(kept[0]) == [2.0, 4.0]
    assert values(given) == [5.0, 5.0]


def test_a_hook_may_not_change_the_type():
    x = mg.tensor([1.0], requires_grad=True)
    x.register_hook(lambda g: g.double())
    with pytest.raises(RuntimeError, match="changed the type"):
        (x * 2).sum().backward()


def test_a_leaf_that_thaws_is_the_leaf_it_was():
    x = leaf(1.0)
    seen = []
    x.register_hook(lambda g: seen.append(values(g)))
    y = (x * 2).sum()
    x.requires_grad_(False)
    x.requires_grad_(True)
    y.backward()
    assert seen == [[2.0]]
    assert values(x.grad) == [2.0]


def test_a_retained_gradient_is_that_of_the_value_after_a_write():
    x = leaf(1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y[:1].mul_(3)
    y.sum().backward()
    assert values(y.grad) == [1.0, 1.0]
    assert values(x.grad) == [6.0, 2.0]


# Hooks on nodes


def test_a_hook_on_a_node_sees_every_gradient_and_none_is_shared():
    x, y = leaf(1.0), leaf(2.0)
    z = x + y
    seen = []
    z.grad_fn.register_hook(lambda inputs, outputs: seen.extend([*inputs, *outputs]))
    z.sum().backward()
    seen[0].zero_()
    assert values(seen[1]) == values(seen[2]) == values(x.grad) == values(y.grad) == [1.0]


def test_the_parts_of_an_operand_that_is_used_twice_are_told_apart():
    x, w = leaf(3.0), leaf(5.0)
    y = (x * w).reshape(1)
    z = y * y
    z.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 0, inputs[1] * 10))
    z.sum().backward()
    assert values(x.grad) == [15.0 * 10 * 5.0]


def test_hooks_on_nodes_cost_nothing_after_they_are_removed():
    x = leaf(1.0)
    y = x * 2
    handles = [y.grad_fn.register_hook(print), y.grad_fn.register_prehook(print), y.register_hook(print)]
    for handle in handles:
        handle.remove()
    y.sum().backward()
    assert values(x.grad) == [2.0]


def test_a_hook_on_a_node_that_fails_leaves_a_usable_state():
    x = leaf(2.0)
    y = x * x
    handle = y.grad_fn.register_hook(lambda inputs, outputs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        y.backward(retain_graph=True)
    handle.remove()
    y.backward()
    assert values(x.grad) == [4.0]


def test_what_a_node_keeps_for_its_user():
    y = leaf(1.0) * 2
    y.grad_fn.metadata["mine"] = 1
    assert y.grad_fn.metadata == {"mine": 1}
    assert isinstance(y.grad_fn, autograd.graph.Node)


# Several tensors at once


def test_gradients_of_several_tensors_in_a_sweep_that_fails_are_forgotten():
    x, y = leaf(1.0), leaf(2.0)
    seen = []
    a, b = x * 2, y * 3
    fail = a.register_hook(lambda g: 1 / 0)
    autograd.graph.register_multi_grad_hook((a, b), seen.append)
    with pytest.raises(ZeroDivisionError):
        (a + b).sum().backward()
    fail.remove()
    (a * 1).sum().backward()
    assert [g if g is None else values(g) for g in seen[0]] == [[1.0], None]


def test_gradients_of_several_tensors_one_of_which_is_below_another():
    x = leaf(1.0)
    a = x * 2
    b = a * 3
    seen = []
    autograd.graph.register_multi_grad_hook((b, x, a), lambda gradients: seen.append([values(g) for g in gradients]))
    (a * b).sum().backward()
    assert seen == [[[2.0], [24.0], [12.0]]]


def test_gradients_of_several_tensors_of_which_not_all_are_asked_for():
    x, y = leaf(1.0), leaf(2.0)
    seen = []
    autograd.graph.register_multi_grad_hook((x, y), seen.append)
    autograd.grad((x * y).sum(), x)
    assert [g if g is None else values(g) for g in seen[0]] == [[2.0], None]


# Saved tensors


def test_what_a_hook_packs_does_not_keep_the_array():
    x = leaf(*range(100))
    with autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), lambda v: mg.tensor(v, dtype=mg.float64)):
        y = x.exp()
        z = y.sum()
    kept, node = weakref.ref(y._array), y.grad_fn
    del y
    assert kept() is None
    z.backward(retain_graph=True)
    assert node._saved_out is None  # packed again
    z.backward()
    assert values(x.grad) == pytest.approx(list(2 * np.exp(np.arange(100.0))))
    with pytest.raises(RuntimeError, match="a second time"):
        z.backward()


def test_what_is_unpacked_must_fit():
    x = leaf(1.0, 2.0)
    with autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t[:1]):
        y = x.exp()
    with pytest.raises(RuntimeError, match=r"unpack_hook returned a float64 tensor of shape \(1,\) .* \(2,\)"):
        y.sum().backward()


def test_hooks_on_saved_tensors_may_be_forbidden():
    with (
        autograd.graph.disable_saved_tensors_hooks("not in here"),
        pytest.raises(RuntimeError, match="not in here"),
        autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t),
    ):
        pass


def test_a_graph_with_hooks_is_freed_without_a_garbage_collector():
    def step():
        x = leaf(2.0)
        y = x * x
        y.register_hook(lambda g: g)
        y.retain_grad()
        y.grad_fn.register_hook(lambda inputs, outputs: inputs)
        y.grad_fn.register_prehook(lambda outputs: outputs)
        x.register_post_accumulate_grad_hook(lambda p: None)
        autograd.graph.register_multi_grad_hook((x, y), lambda gradients: None)
        y.sum().backward()

    step()
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(200):
            step()
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()
