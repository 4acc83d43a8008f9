"""``autograd.Function``: its place in the graph, its errors, and what it costs. Its semantics are PyTorch's: see
test_parity_function.py.
"""

import gc
import weakref

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import autograd, nn


def leaf(*values):
    return mg.tensor(list(values), dtype=mg.float64, requires_grad=True)


def values(tensor):
    return tensor.detach().tolist()


class Product(autograd.Function):
    @staticmethod
    def forward(ctx, x, y, scale=1.0):
        ctx.save_for_backward(x, y)
        ctx.scale = scale
        return x * y * scale

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * y * ctx.scale, g * x * ctx.scale, None


class SinCos(autograd.Function):
    """Two results, both saved."""

    @staticmethod
    def forward(ctx, x):
        sin, cos = x.sin(), x.cos()
        ctx.save_for_backward(sin, cos)
        return sin, cos

    @staticmethod
    def backward(ctx, g_sin, g_cos):
        sin, cos = ctx.saved_tensors
        return g_sin * cos - g_cos * sin


def test_every_order_of_several_results_that_refer_to_one_another():
    x = leaf(0.3, 1.1)
    ours, theirs = x, x
    for _ in range(2):
        sin, cos = SinCos.apply(ours)
        ours = sin * cos + cos * cos
        theirs = theirs.sin() * theirs.cos() + theirs.cos() * theirs.cos()
    for _ in range(4):
        (ours,) = autograd.grad(ours.sum(), x, create_graph=True)
        (theirs,) = autograd.grad(theirs.sum(), x, create_graph=True)
        assert values(ours) == pytest.approx(values(theirs), rel=1e-11)


def test_gradient_with_respect_to_a_saved_result_itself():
    x = leaf(0.3)
    sin, cos = SinCos.apply(x)
    (g,) = autograd.grad(sin, x, create_graph=True)  # cos
    assert [values(part) for part in autograd.grad(g, [sin, cos], allow_unused=True)] == [[0.0], [1.0]]


def test_only_the_asked_results_and_operands_run():
    x, y = leaf(2.0), leaf(3.0)
    z = Product.apply(x, y)
    (g,) = autograd.grad(z, y)
    assert values(g) == [2.0]
    assert x.grad is y.grad is None


def test_a_function_between_operations_in_a_module_is_named():
    class Layer(nn.Module):
        def forward(self, x):
            return Product.apply(x, x * 2)

    model = nn.Sequential(Layer())
    x = leaf(1.0) * 1
    y = model(x)
    x.add_(1)
    with pytest.raises(RuntimeError, match=r"Product in Layer '0': .*saved_tensors\[0\].*add_ .*_function\.py, line"):
        y.sum().backward()


def test_numpy_inside_a_function():
    class Sort(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.order = np.argsort(x.detach().numpy())
            return mg.from_numpy(x.detach().numpy()[ctx.order])

        @staticmethod
        def backward(ctx, g):
            out = np.empty(len(ctx.order))
            out[ctx.order] = g.numpy()
            return mg.from_numpy(out)

    x = leaf(3.0, 1.0, 2.0)
    (Sort.apply(x) * mg.tensor([1.0, 10.0, 100.0], dtype=mg.float64)).sum().backward()
    assert values(x.grad) == [100.0, 1.0, 10.0]


def test_memory_that_others_can_write_to_is_copied_when_saved():
    array = np.array([2.0, 3.0])
    x = leaf(1.0, 1.0)
    y = Product.apply(x, mg.from_numpy(array)).sum()
    array[:] = 100
    y.backward()
    assert values(x.grad) == [2.0, 3.0]


def test_returned_gradients_are_not_shared():
    kept = []

    class Same(autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            kept.append(g)
            return g, g

    x, y = leaf(1.0), leaf(2.0)
    Same.apply(x, y).sum().backward()
    x.grad.zero_()
    kept[0].fill_(7)
    assert values(y.grad) == [1.0]


def test_a_context_may_have_attributes_of_any_name():
    class Busy(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            for name in [
                "time",
                "shape",
                "dtype",
                "hooks",
                "scope",
                "edges",
                "name",
                "results",
                "kept",
                "ctx",
                "inputs",
            ]:
                setattr(ctx, name, name)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            assert (ctx.time, ctx.hooks, ctx.edges, ctx.kept, ctx.name) == ("time", "hooks", "edges", "kept", "name")
            return g * 2

    x = leaf(1.0)
    (Busy.apply(x) * 3).sum().backward()
    assert values(x.grad) == [6.0]


def test_saved_arrays_go_as_the_sweep_passes():
    x = leaf(*range(1000))
    middle = x * 2
    y = Product.apply(middle, middle).sum()
    kept = weakref.ref(middle._array)
    del middle
    assert kept() is not None
    y.backward()
    assert kept() is None


def test_once_differentiable_refuses_to_drop_a_derivative_silently():
    class Square(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @autograd.function.once_differentiable
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0]

    x = leaf(3.0)
    assert values(autograd.grad(Square.apply(x), x)[0]) == [6.0]
    (g,) = autograd.grad(Square.apply(x), x, create_graph=True)
    for again in (lambda: autograd.grad(g, x, allow_unused=True), lambda: g.backward()):
        with pytest.raises(RuntimeError, match=r"twice.*once_differentiable"):
            again()


def test_errors_name_the_function():
    class Bad(autograd.Function):
        @staticmethod
        def forward(ctx, x, k):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return answers[0]

    x = leaf(1.0, 2.0)
    answers = [None]
    for answers[0], match in (
        (mg.ones(2), r"function BadBackward returned an incorrect number of gradients \(expected 2, got 1\)"),
        ((mg.ones(2), mg.ones(2)), "BadBackward returned a gradient different than None at position 2"),
        ((mg.ones(3), None), r"Function BadBackward returned an invalid gradient at index 0 - got \[3\] .* \[2\]"),
        (("x", None), "BadBackward: expected a Tensor or None as gradient 0, but got str"),
    ):
        with pytest.raises(RuntimeError, match=match):
            Bad.apply(x, 3).sum().backward()
        assert x.grad is None
    with pytest.raises(RuntimeError, match=r"Bad\.apply"), pytest.warns(DeprecationWarning, match=r"Bad\.apply"):
        Bad()(x)
    with pytest.raises(NotImplementedError, match="forward-mode"):
        autograd.function.FunctionCtx(()).save_for_forward(x)


def test_an_error_in_forward_or_backward_leaves_a_usable_state():
    class Fails(autograd.Function):
        @staticmethod
        def forward(ctx, x, now):
            return 1 / 0 if now else x * 2

        @staticmethod
        def backward(ctx, g):
            return 1 / 0, None

    x = leaf(1.0)
    with pytest.raises(ZeroDivisionError):
        Fails.apply(x, True)
    assert mg.is_grad_enabled()
    with pytest.raises(ZeroDivisionError):
        Fails.apply(x, False).backward()
    assert mg.is_grad_enabled() and x.grad is None


def test_a_long_chain_of_functions_needs_no_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(5_000):
        y, _unused = SinCos.apply(y)
    y.sum().backward()
    assert x.grad is not None
    del y, _unused


def test_no_cycles_repeated_use_leaves_the_object_count_flat_without_a_garbage_collector():
    class InPlace(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.exp_()
            ctx.mark_dirty(x)
            ctx.save_for_backward(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    def step():
        x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
        sin, cos = SinCos.apply(Product.apply(x, y))
        z = InPlace.apply(sin * cos)
        z.sum().backward(create_graph=True)
        x.grad.sum().backward()
        SinCos.apply(x)  # a graph that no sweep has passed

    for _ in range(5):
        step()
    gc.collect()
    gc.disable()
    try:
        before = len(gc.get_objects())
        for _ in range(300):
            step()
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


def test_a_picture_of_a_graph_with_a_function():
    nodes = []
    x, y = leaf(1.0), leaf(2.0)
    z = Product.apply(x, y) * 2
    seen = [z.grad_fn]
    for node in seen:
        nodes.append(node.name())
        seen += [edge for edge, _ in node.next_functions if edge is not None]
    assert nodes == ["MulBackward0", "ProductBackward", "AccumulateGrad", "AccumulateGrad"]


def test_a_picture_shows_each_result_once_and_no_gate():
    from microgradnp.viz.collect import collect

    sin, cos = SinCos.apply(leaf(1.0))
    steps = collect([sin * cos]).steps
    assert [(step.label, [use.value.kind for use in step.operands]) for step in steps] == [
        ("SinCos", ["leaf"]), ("SinCos", ["leaf"]), ("mul", ["result", "result"]),
    ]  # fmt: skip
