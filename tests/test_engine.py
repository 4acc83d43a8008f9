"""The backward sweep: order, accumulation, what is freed, what is refused, and what it costs the garbage collector."""

import gc
import sys
import threading
import weakref

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import autograd

SECOND_TIME = "backward through the graph a second time"


def leaf(*values, **options):
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True, **options)


def values(tensor):
    return tensor.detach().tolist()


# Order and accumulation


def test_a_diamond_gathers_every_path_before_it_goes_on():
    x = leaf(3.0)
    a = x * 2
    b = a * a  # used twice, on two paths of different length
    c = (b + a).exp() * 0 + b
    c.sum().backward()
    assert values(x.grad) == [24.0]


def test_a_ladder_of_diamonds_takes_one_visit_for_each_node():
    x = leaf(1.0)
    visits = []
    y = x
    for _ in range(60):  # 2**60 paths
        y = y * 0.5 + y * 0.5
        y.register_hook(lambda g: visits.append(1))
    y.sum().backward()
    assert len(visits) == 60
    assert values(x.grad) == [1.0]


def test_an_operand_used_twice_in_one_operation_gets_both_gradients():
    x = leaf(3.0)
    (x * x).sum().backward()
    assert values(x.grad) == [6.0]


def test_gradients_accumulate_in_place_over_calls():
    x = leaf(1.0, 2.0)
    (x * 3).sum().backward()
    first = x.grad
    (x * 4).sum().backward()
    assert x.grad is first
    assert values(x.grad) == [7.0, 7.0]


def test_a_graph_may_be_built_from_tensors_made_in_any_order():
    late, early = leaf(2.0), leaf(5.0)
    middle = early * 2
    (late * middle).sum().backward()
    assert values(late.grad) == [10.0]
    assert values(early.grad) == [4.0]


def test_several_roots_are_one_sweep():
    x = leaf(2.0)
    y = x * 3
    autograd.backward([y.sum(), (y * y).sum()])
    assert values(x.grad) == [3.0 + 2 * 6 * 3]


def test_the_same_root_twice_counts_twice():
    x = leaf(2.0)
    y = (x * 3).sum()
    autograd.backward([y, y])
    assert values(x.grad) == [6.0]


def test_a_root_that_is_a_leaf():
    x = mg.tensor(2.0, requires_grad=True)
    x.backward()
    assert x.grad.item() == 1.0


# What is asked for


def test_grad_touches_no_grad_attribute_and_runs_no_rule_off_the_path():
    x, w = leaf(2.0), leaf(3.0)
    side = w.exp()
    reached = []
    side.register_hook(lambda g: reached.append("side"))
    y = (x * side).sum()
    (gx,) = autograd.grad(y, x)
    assert values(gx) == values(side)
    assert x.grad is w.grad is None
    assert reached == []


def test_a_pruned_sweep_frees_only_what_it_ran():
    x, w = leaf(2.0), leaf(3.0)
    side = w.exp()
    y = (x * side).sum()
    autograd.grad(y, x)
    side.sum().backward()
    assert values(w.grad) == pytest.approx([np.exp(3.0)])


def test_grad_of_a_result_in_the_middle():
    x = leaf(2.0)
    middle = x * x
    (g,) = autograd.grad((middle * 3).sum(), middle)
    assert values(g) == [3.0]
    middle.sum().backward()  # its own node did not run, so nothing of it was freed


def test_backward_into_chosen_inputs_only():
    x, w = leaf(2.0), leaf(3.0)
    middle = x * w
    (middle * w).sum().backward(inputs=[x, middle])
    assert values(x.grad) == [9.0]
    assert values(middle.grad) == [3.0]
    assert w.grad is None
    with pytest.raises(RuntimeError, match="cannot be empty"):
        (x * w).sum().backward(inputs=[])


def test_unused_inputs():
    x, unused = leaf(2.0), leaf(3.0)
    with pytest.raises(RuntimeError, match=r"inputs\[1\].*allow_unused=True"):
        autograd.grad(x.sum(), [x, unused])
    assert autograd.grad(x.sum(), [x, unused], allow_unused=True)[1] is None
    zeros = autograd.grad(x.sum(), [x, unused], materialize_grads=True)[1]
    assert values(zeros) == [0.0]
    with pytest.raises(RuntimeError, match="does not require grad"):
        autograd.grad(x.sum(), mg.ones(1))


# Saved values


@pytest.mark.parametrize("again", [lambda y, x: y.backward(), lambda y, x: autograd.grad(y, x)])
def test_a_second_backward_needs_retain_graph(again):
    x = leaf(2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert values(x.grad) == [8.0]
    with pytest.raises(RuntimeError, match=SECOND_TIME):
        again(y, x)


def test_what_saved_nothing_may_go_backward_again():
    x = leaf(2.0)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    assert values(x.grad) == [2.0]


def test_saved_arrays_go_as_the_sweep_passes():
    x = leaf(*range(1000))
    y = x.exp()
    saved = weakref.ref(y._array)
    z = y.sum()
    del y
    assert saved() is not None
    z.backward()
    assert saved() is None


def test_nothing_is_saved_that_no_wanted_rule_reads():
    x, constant = leaf(*range(1000)), mg.ones(1000, dtype=mg.float64)
    y = x + constant
    kept = weakref.ref(constant._array)
    del constant
    assert kept() is None
    z = y * 2.0
    middle = weakref.ref(y._array)
    del y
    assert middle() is None
    z.sum().backward()


def test_no_node_keeps_a_tensor_that_is_not_a_leaf():
    x = leaf(1.0)
    y = x.exp()
    kept = weakref.ref(y)
    z = y * y
    del y
    assert kept() is None
    z.sum().backward()


# Second derivatives


def test_create_graph_records_the_backward_pass():
    x = leaf(2.0)
    y = (x**3).sum()
    (first,) = autograd.grad(y, x, create_graph=True)
    (second,) = autograd.grad(first.sum(), x, create_graph=True)
    (third,) = autograd.grad(second.sum(), x)
    assert [values(g) for g in (first, second, third)] == [[12.0], [12.0], [6.0]]
    assert not third.requires_grad


def test_backward_with_create_graph_leaves_a_differentiable_grad():
    x = leaf(2.0)
    (x**3).sum().backward(create_graph=True)
    penalty = (x.grad * x.grad).sum()
    (g,) = autograd.grad(penalty, x)
    assert values(g) == [2 * 12 * 12.0]


def test_gradients_with_respect_to_the_cotangent():
    x, v = leaf(2.0), leaf(5.0)
    (g,) = autograd.grad(x * x, x, v, create_graph=True)
    (back,) = autograd.grad(g.sum(), v)
    assert values(back) == [4.0]


# Gradients belong to whoever receives them


def test_no_gradient_shares_memory_with_another_the_seed_or_a_value():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    seed = mg.tensor([1.0, 1.0], dtype=mg.float64)
    z = x + y
    z.retain_grad()
    out = z.reshape(2, 1).reshape(2)
    out.backward(seed)
    arrays = [t._array for t in (x, y, x.grad, y.grad, z.grad, seed, out)]
    shared = [(i, j) for i in range(len(arrays)) for j in range(i) if np.shares_memory(arrays[i], arrays[j])]
    assert shared == []
    assert all(t.grad._array.flags.writeable for t in (x, y))


def test_an_input_asked_for_twice_gets_two_gradients():
    x = leaf(1.0)
    first, second = autograd.grad((x * 2).sum(), [x, x])
    assert not np.shares_memory(first._array, second._array)


# Errors leave a usable state


def test_an_exception_inside_backward_leaves_a_usable_state():
    x = leaf(2.0)
    y = x * 3
    fail = y.register_hook(lambda g: 1 / 0)
    z, before = y.sum(), np.geterr()
    with pytest.raises(ZeroDivisionError):
        z.backward()
    assert x.grad is None
    assert mg.is_grad_enabled()
    assert np.geterr() == before
    fail.remove()
    (x * 3).sum().backward()
    assert values(x.grad) == [3.0]


def test_errors_of_backward_say_what_to_do():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError, match=r"only for scalar outputs.*shape \(2,\)"):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        mg.ones(1).sum().backward()
    with pytest.raises(RuntimeError, match=r"gradient has shape \(3,\).*\(2,\)"):
        (x * 2).backward(mg.ones(3, dtype=mg.float64))
    with pytest.raises(TypeError, match="must be a Tensor"):
        (x * 2).backward([1.0, 1.0])
    with pytest.raises(RuntimeError, match="floating point"):
        mg.tensor([1, 2], requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf variables"):
        (x * 2).requires_grad_(False)


def test_the_floating_point_state_of_numpy_is_left_alone():
    x = mg.tensor([0.0, -1.0], requires_grad=True)
    with np.errstate(all="raise"):
        before = np.geterr()
        x.log().sum().backward()
        assert np.geterr() == before
    assert values(x.grad) == [np.inf, -1.0]


# Size


@pytest.mark.parametrize("length", [50_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_a_long_chain_at_the_default_recursion_limit(length):
    assert sys.getrecursionlimit() <= 1000  # Python's default
    x = leaf(1.0)
    y = x
    for _ in range(length):
        y = y + 1.0
    y.sum().backward()
    assert values(x.grad) == [1.0]
    del y  # and freeing it is no recursion either


@pytest.mark.parametrize("operation", [lambda t: t * t, lambda t: t.tanh(), lambda t: t + 1.0, lambda t: t.reshape(-1)])
def test_at_most_two_objects_for_the_garbage_collector_per_operation(operation):
    x = leaf(1.0, 2.0)
    results = [operation(x)]
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(1000):
        results.append(operation(results[-1]))
    gc.collect()
    assert len(gc.get_objects()) - before <= 2 * 1000 + 10


def test_no_cycles_training_leaves_the_object_count_flat_without_a_garbage_collector():
    model = mg.nn.Sequential(mg.nn.Linear(2, 4), mg.nn.Sigmoid(), mg.nn.Linear(4, 1), mg.nn.Sigmoid())
    optimizer = mg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    loss, x, y = mg.nn.MSELoss(), mg.rand(4, 2), mg.rand(4, 1)

    def step():
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()

    for _ in range(10):
        step()
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(20_000):
            step()
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


def test_threads_share_parameters_but_not_sweeps():
    w = leaf(2.0)
    results = [None] * 4

    def work(i):
        total = 0.0
        for _ in range(200):
            (g,) = autograd.grad((w**3 * (i + 1)).sum(), w)
            total += g.item()
        results[i] = total

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200 * 12.0 * (i + 1) for i in range(4)]


def test_shapes_that_do_not_broadcast_are_named_with_their_operation():
    with pytest.raises(
        RuntimeError, match=r"add: The size of tensor a \(3\) must match .* b \(4\).*\(2, 3\) and \(2, 4\)"
    ):
        mg.ones(2, 3) + mg.ones(2, 4)


# What an adversarial review found: each of these once gave another number, silently


def test_a_root_that_does_not_lead_to_an_input_adds_nothing():
    x, y = leaf(1.0), leaf(2.0)
    seeds = [mg.ones(1, dtype=mg.float64)] * 3
    autograd.backward([x, x * 3, y * 2], seeds, inputs=[y])
    assert x.grad is None
    assert values(y.grad) == [2.0]


def test_a_leaf_frozen_after_the_forward_pass_collects_nothing():
    x = leaf(1.0)
    y = (x * 2).sum()
    x.requires_grad_(False)
    y.backward()
    assert x.grad is None


def test_subclasses_of_ndarray_do_not_bring_their_own_arithmetic():
    x = mg.tensor([[1.0, 1.0], [1.0, 1.0]], dtype=mg.float64, requires_grad=True)
    matrix = np.array([[1.0, 2.0], [3.0, 4.0]]).view(np.matrix)
    (x * matrix).sum().backward()
    assert values(x.grad) == [[1.0, 2.0], [3.0, 4.0]]
    with pytest.raises(TypeError, match="masked"):
        x * np.ma.masked_array([1.0, 2.0], [True, False])
