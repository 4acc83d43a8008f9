"""Hooks around the forward and the backward pass of a module."""

import pytest
from modules import values

import microgradnp as mg
from microgradnp import nn


def test_forward_hooks_replace_arguments_and_output_until_they_are_removed():
    double = nn.Sequential()
    handles = [
        double.register_forward_pre_hook(lambda module, args: args[0] + 1),
        double.register_forward_hook(lambda module, args, output: output * 10),
        double.register_forward_hook(lambda module, args, output: output + 1, prepend=True),
    ]
    assert double(mg.tensor(1.0)).item() == 30
    for handle, result in zip(handles, (20, 2, 1), strict=True):
        handle.remove()
        assert double(mg.tensor(1.0)).item() == result


def test_hooks_with_keywords_and_after_errors():
    seen = []
    linear = nn.Linear(2, 1)
    linear.register_forward_hook(lambda *given: seen.append("only after success"))
    linear.register_forward_pre_hook(lambda module, args, kwargs: seen.append(kwargs), with_kwargs=True)
    linear.register_forward_hook(lambda *given: seen.append(given[-1]), always_call=True)
    with pytest.raises(RuntimeError, match="input has 3 features"):
        linear(input=mg.ones(3))
    assert list(seen[0]) == ["input"] and seen[1] is None
    linear.register_forward_hook(lambda *given: [][1], always_call=True)
    with pytest.warns(UserWarning, match="always_call"), pytest.raises(RuntimeError, match="input has 3 features"):
        linear(mg.ones(3))
    seen.clear()
    with pytest.raises(IndexError):
        linear(mg.ones(2))
    assert len(seen) == 3  # each hook once, although the last one raises


def test_backward_hooks_get_all_gradients_at_once_and_may_replace_them():
    class Both(nn.Module):
        def forward(self, a, b, c):
            return a * b, a * c

    both, seen = Both(), []
    both.register_full_backward_pre_hook(lambda module, grads: (grads[0] * 2, grads[1]))
    both.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append((grad_input, grad_output)))
    both.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 10, *grad_input[1:]))
    a, b = mg.tensor([2.0], requires_grad=True), mg.tensor([3.0], requires_grad=True)
    first, second = both(a, b, 5)
    (first + second).sum().backward()
    (grad_input, grad_output), *more = seen
    assert not more
    assert [values(g) for g in grad_output] == [[2.0], [1.0]]
    assert [values(g) for g in grad_input[:2]] == [[11.0], [4.0]] and grad_input[2] is None
    assert (values(a.grad), values(b.grad)) == ([110.0], [4.0])


def test_backward_hooks_are_called_in_every_sweep_and_only_for_what_it_reaches():
    linear, seen = nn.Linear(2, 2), []
    linear.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(values(grad_output[0])))
    x = mg.ones(1, 2, requires_grad=True)
    out = linear(x)
    for factor in (1.0, 2.0):
        (out * factor).sum().backward(retain_graph=True)
    mg.autograd.grad(out.sum(), out)  # ends at the output: the module is not reached
    mg.autograd.grad(out.sum(), x)
    assert seen == [[[1.0, 1.0]], [[2.0, 2.0]], [[1.0, 1.0]]]
    with mg.no_grad():
        assert not linear(x).requires_grad


def test_backward_hooks_leave_no_trace_where_nothing_is_recorded():
    identity, x = nn.Sequential(), mg.ones(1, requires_grad=True)
    identity.register_full_backward_hook(lambda module, grad_input, grad_output: None)
    with mg.no_grad():
        assert identity(x) is x
    assert identity(x.detach()).grad_fn is None


def test_gradients_that_come_round_the_output_pass_the_backward_hooks_by():
    class Keeps(nn.Module):
        def forward(self, x):
            self.inner = x * 3
            return self.inner * 2

    keeps, seen = Keeps(), []
    keeps.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(values(grad_input[0])))
    x = mg.ones(1, requires_grad=True)
    for use, gradients in ((keeps(x), [[6.0]]), (keeps.inner, [[6.0]])):
        use.sum().backward(retain_graph=True)
        assert seen == gradients


def test_backward_hooks_see_zeros_for_unused_inputs_and_may_write_to_what_they_see():
    class First(nn.Module):
        def forward(self, a, b):
            return a * 2

    first, seen = First(), []
    first.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(values(grad_input[1])))
    first.register_full_backward_hook(lambda module, grad_input, grad_output: [grad_output[0].fill_(100), None][1])
    a, b, c = (mg.ones(2, requires_grad=True) for _ in range(3))
    (first(a, b) + c).sum().backward(inputs=[a, c])
    assert seen == [[0.0, 0.0]]
    assert (values(a.grad), b.grad, values(c.grad)) == ([2.0, 2.0], None, [1.0, 1.0])


@pytest.mark.parametrize("write", [lambda t: t.mul_(3), lambda t: t.relu_(), lambda t: t[:, 0].mul_(2)])
def test_a_module_with_backward_hooks_may_be_followed_by_writes_in_place(write):
    results = []
    for hooked in (False, True):
        mg.manual_seed(0)
        linear, x = nn.Linear(2, 2), mg.ones(3, 2, requires_grad=True)
        if hooked:
            linear.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        out = linear(x)
        write(out)
        (out * out).sum().backward()
        results.append((values(x.grad), values(linear.weight.grad)))
    assert results[0] == results[1]


def test_a_module_with_backward_hooks_may_write_to_its_input():
    results = []
    for hooked in (False, True):
        relu = nn.ReLU(inplace=True)
        if hooked:
            relu.register_full_backward_hook(lambda module, grad_input, grad_output: None)
        x = mg.tensor([-1.0, 2.0], requires_grad=True)
        h = x * 1
        out = relu(h)
        (h * 3 + out).sum().backward()
        results.append((values(h), values(x.grad)))
    assert results[0] == results[1] == ([0.0, 2.0], [0.0, 4.0])


BAD_RESULTS = [
    ((1, 2), RuntimeError, "returned an invalid number of grad_input, got 2, but expected 1"),
    (mg.ones(3), RuntimeError, r"changed the size of a gradient: \(3,\), must be \(1, 2\)"),
    ((3,), TypeError, "must return Tensors or None, got int"),
]


@pytest.mark.parametrize(("result", "error", "text"), BAD_RESULTS, ids=["count", "shape", "type"])
def test_a_backward_hook_that_returns_nonsense(result, error, text):
    linear = nn.Linear(2, 1)
    linear.register_full_backward_hook(lambda module, grad_input, grad_output: result)
    with pytest.raises(error, match=text):
        linear(mg.ones(1, 2, requires_grad=True)).sum().backward()


def test_a_backward_hook_without_inputs_to_differentiate_warns():
    linear, seen = nn.Linear(2, 1), []
    linear.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(grad_input))
    with pytest.warns(UserWarning, match="no inputs require gradients"):
        linear(mg.ones(1, 2)).sum().backward()
    assert seen == [(None,)]
    with pytest.warns(UserWarning, match="should be a Tensor or a tuple of Tensors but received <class 'list'>"):
        hooked = nn.Sequential()
        hooked.register_full_backward_hook(lambda *_: None)
        hooked([mg.ones(1)])
