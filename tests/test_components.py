"""check_op and check_module: what is right passes, and each mistake is found by the check that is there for it."""

import gc

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.autograd import Function
from microgradnp.autograd.function import once_differentiable
from microgradnp.testing import GradcheckError, Report, check, check_module, check_op
from microgradnp.testing.results import Results


def sample(*shape, requires_grad=True, dtype=mg.float64):
    values = np.random.default_rng(len(shape)).uniform(0.5, 2.0, shape)
    return mg.tensor(values, dtype=dtype, requires_grad=requires_grad)


def failing(results):
    return {name for name, report in results.checks.items() if not report.ok}


def kinds(results):
    return {finding.kind for finding in results.findings}


# Operations


class Scale(Function):
    """x * w, with x of shape (n, k) and w of shape (k,)."""

    @staticmethod
    def forward(ctx, x, w, power=1):
        ctx.save_for_backward(x, w)
        return x * w

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, (g * x).sum(0), None


class SinCos(Function):
    """Two results of one argument; written without ctx in forward."""

    @staticmethod
    def forward(x):
        return x.sin(), x.cos()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g, h):
        (x,) = ctx.saved_tensors
        return g * x.cos() - h * x.sin()


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return 2 * g * ctx.saved_tensors[0]


ELEMENTWISE = ["float64", "float32", "second order", "no dimensions", "no elements"]


@pytest.mark.parametrize(
    ("op", "inputs", "checks"),
    [
        (Square, (sample(3),), [*ELEMENTWISE, "memory"]),
        (Square.apply, (sample(),), ["float64", "float32", "second order", "memory"]),
        (Square, (sample(0, 2),), ["float64", "float32", "second order", "memory"]),
        (
            Scale,
            (sample(4, 3), sample(3), 2),
            ["float64", "float32", "second order", "memory"],
        ),
        (Scale, (sample(4, 3), sample(3, requires_grad=False)), ["float64", "float32", "second order", "memory"]),
        (SinCos, (sample(2),), [*ELEMENTWISE, "memory"]),
        (mg.atan2, (sample(3), sample(3)), [*ELEMENTWISE, "memory"]),
    ],
)
def test_a_right_operation_passes_every_check_that_its_shapes_allow(op, inputs, checks):
    results = check_op(op, *inputs)
    assert list(results.checks) == checks
    assert results.verdict == "pass"
    assert results.notes == []
    assert results.compared == sum(report.compared for report in results.checks.values())


class WrongFactor(Square):
    @staticmethod
    def backward(ctx, g):
        return 2.001 * g * ctx.saved_tensors[0]


class WrongSecondOrder(Square):
    @staticmethod
    def backward(ctx, g):
        return 2 * g * ctx.saved_tensors[0].detach()


class Constant64(Square):
    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0] * mg.full(g.shape, 2.0, dtype=mg.float64)


class NotWithoutDimensions(Square):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * g * x if x.ndim else g * x


class NotWithoutElements(Square):
    @staticmethod
    def backward(ctx, g):
        return 2 * g * ctx.saved_tensors[0] / g.max() * g.max()


class OnlyTogether(Scale):
    """Leaves the second gradient out unless both are wanted."""

    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return (g * w, (g * x).sum(0) * ctx.needs_input_grad[0], None)


class BothOrNone(SinCos):
    """Forgets that only one of its results may be used."""

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(ctx, g, h):
        (x,) = ctx.saved_tensors
        return None if g is None or h is None else g * x.cos() - h * x.sin()


class NotSummed(Scale):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, g * x, None


class KeepsItsResult(Square):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.result = x * x
        return ctx.result


@pytest.mark.parametrize(
    ("op", "inputs", "found"),
    [
        (WrongFactor, (sample(3),), {"float64", "float32", "second order", "no dimensions"}),
        (WrongSecondOrder, (sample(3),), {"second order"}),
        (NotWithoutDimensions, (sample(3),), {"no dimensions"}),
        (NotWithoutElements, (sample(3),), {"no elements"}),
        (OnlyTogether, (sample(4, 3), sample(3)), {"float64", "float32", "second order"}),
        (BothOrNone, (sample(2),), set(ELEMENTWISE[:4])),
        (NotSummed, (sample(4, 3), sample(3)), {"float64", "float32", "second order"}),
        (KeepsItsResult, (sample(3),), {"memory"}),
    ],
)
def test_each_mistake_is_found(op, inputs, found):
    results = check_op(op, *inputs, raise_exception=False)
    assert results.verdict == "fail"
    assert failing(results) == found
    with pytest.raises(GradcheckError, match=f"^fail: {op.__name__}.apply, ") as error:
        check_op(op, *inputs)
    assert isinstance(error.value, AssertionError)
    assert failing(error.value.report) == failing(results)


def test_a_gradient_of_another_dtype_is_found():
    results = check_op(Constant64, sample(3), raise_exception=False)
    assert failing(results) == {"float32"}
    assert "dtype" in kinds(results)
    assert check_op(Constant64, sample(3), dtypes=("float64",)).ok


def test_a_gradient_of_another_shape_is_found_though_the_engine_sums_it():
    results = check_op(NotSummed, sample(4, 3), sample(3), raise_exception=False)
    assert kinds(results) == {"shape"}


class Once(Square):
    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        return 2 * g * ctx.saved_tensors[0]


class InNumPy(Square):
    @staticmethod
    def backward(ctx, g):
        return mg.tensor(2 * g.numpy() * ctx.saved_tensors[0].detach().numpy())


@pytest.mark.parametrize(("op", "says"), [(Once, "marked once_differentiable"), (InNumPy, "can't call numpy()")])
def test_a_backward_may_refuse_to_be_differentiated(op, says):
    results = check_op(op, sample(3))
    assert "second order" not in results.checks
    (note,) = results.notes
    assert note.startswith("second order: not checked")
    assert says in note
    assert note in str(results)


def test_at_kinks_there_is_no_second_order():
    x = mg.tensor([0.0, -1.0, 2.0], dtype=mg.float64, requires_grad=True)
    results = check_op(mg.relu, x)
    assert results.checks["second order"].verdict == "pass"
    assert results.checks["no dimensions"].kinks == 1
    assert results.notes == ["second order: not checked at kinks, for there the gradient jumps"]
    assert failing(check_op(mg.relu, x, kinks="error", raise_exception=False)) >= {"float64", "second order"}


def test_an_error_at_the_sample_is_raised_and_one_at_a_derived_sample_is_a_finding():
    class Raises(Square):
        @staticmethod
        def backward(ctx, g):
            if g.ndim == 0:
                raise IndexError("needs a dimension")
            return 2 * g * ctx.saved_tensors[0]

    results = check_op(Raises, sample(3), raise_exception=False)
    assert failing(results) == {"no dimensions"}
    assert "IndexError: needs a dimension" in str(results)
    with pytest.raises(IndexError, match="needs a dimension"):
        check_op(Raises, sample())


def test_a_shape_that_forward_refuses_is_not_checked():
    class NeedsDimensions(Square):
        @staticmethod
        def forward(ctx, x):
            if x.ndim == 0 or len(x) == 0:
                raise ValueError("nothing there")
            return Square.forward(ctx, x)

    assert list(check_op(NeedsDimensions, sample(3)).checks) == ["float64", "float32", "second order", "memory"]


def test_options_reach_every_check():
    assert not check_op(WrongFactor, sample(3), raise_exception=False).ok
    assert check_op(WrongFactor, sample(3), rtol=1e-2, mode="fast").ok
    with pytest.raises(TypeError, match="takes no order"):
        check_op(Square, sample(3), order=2)
    with pytest.raises(ValueError, match="requires_grad=True"):
        check_op(Square, sample(3, requires_grad=False))


def test_nothing_of_the_users_is_changed():
    x = sample(3, dtype=mg.float32)
    x.grad = mg.ones(3)
    state = mg.get_rng_state().tolist(), str(np.random.get_state())
    check_op(Square, x)
    assert x.grad.tolist() == [1, 1, 1]
    assert x.dtype == mg.float32
    assert (mg.get_rng_state().tolist(), str(np.random.get_state())) == state
    assert gc.isenabled()


def test_every_check_is_observed(monkeypatch):
    heard = []
    monkeypatch.setattr(check, "observers", [heard.append])
    results = check_op(Square, sample(3))
    assert sum(report.compared for report in heard) == results.compared
    assert len(heard) == len(results.checks)


# Modules


class Centred(nn.Module):
    """Subtracts the mean of the batch, or in evaluation the running mean, and scales: BatchNorm's way with buffers."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(mg.tensor([1.0, 2.0, 3.0]))
        self.register_buffer("mean", mg.tensor([0.5, 0.0, -0.5]))
        self.calls = 0

    def forward(self, x):
        mean = self.mean
        if self.training:
            mean = x.mean(0)
            self.mean.mul_(0.9).add_(0.1 * mean.detach())
            self.calls += 1
        return (x - mean) * self.scale * (1 + self.calls)


class Dropping(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 3)

    def forward(self, x):
        return nn.functional.dropout(self.linear(x), 0.5, self.training)


def mlp():
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))


def test_a_right_module_passes_and_is_checked_once_if_its_modes_agree():
    results = check_module(mlp(), sample(2, 2))
    assert list(results.checks) == ["both modes"]
    assert results.verdict == "pass"
    assert results.compared == 2 * (6 + 3 + 3 + 1 + 4)
    assert results.notes == []


def test_both_modes_are_checked_where_they_differ_and_buffers_stay():
    module = Centred()
    results = check_module(module, sample(4, 3))
    assert list(results.checks) == ["training", "evaluation"]
    assert module.mean.tolist() == [0.5, 0.0, -0.5]
    assert module.calls == 0
    assert module.training
    assert module.scale.dtype == mg.float32
    assert module.scale.grad is None
    assert list(check_module(module.eval(), sample(4, 3)).checks) == ["evaluation"]


def test_every_call_begins_with_the_same_state():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("calls", mg.zeros(1))
            self.seen = []

        def forward(self, x):
            self.calls.add_(1)
            self.seen.append(x)
            return x * self.calls * len(self.seen)

    module = Counting()
    assert check_module(module, sample(2)).ok
    assert module.calls.item() == 0
    assert module.seen == []


class WrongProduct(nn.Module):
    def __init__(self, op):
        super().__init__()
        self.op, self.weight = op, nn.Parameter(mg.tensor([1.0, 2.0, 3.0]))

    def forward(self, x):
        return self.op(x, self.weight)


class WrongWeight(Scale):
    @staticmethod
    def backward(ctx, g):
        x, w = ctx.saved_tensors
        return g * w, 1.001 * (g * x).sum(0), None


def test_the_parameter_whose_gradient_is_wrong_is_named_by_its_path():
    model = nn.Sequential(nn.Linear(3, 3), WrongProduct(WrongWeight.apply))
    with pytest.raises(GradcheckError, match=r"parameters\['1\.weight'\]") as error:
        check_module(model, sample(2, 3, requires_grad=False))
    assert error.value.report.worst.input == "parameters['1.weight']"


def test_random_modules_are_called_nondeterministic_with_two_ways_out():
    results = check_module(Dropping(), sample(2, 2), raise_exception=False)
    assert failing(results) == {"training"}
    assert kinds(results) == {"nondeterministic"}
    assert "check it after .eval(), or with check_module(..., seed=0)" in str(results)
    assert list(check_module(Dropping(), sample(2, 2), seed=0).checks) == ["training", "evaluation"]
    assert check_module(Dropping().eval(), sample(2, 2)).ok
    module, state = Dropping(), mg.get_rng_state().tolist()
    check_module(module, sample(2, 2), seed=0)
    assert mg.get_rng_state().tolist() == state


def test_what_no_gradient_reaches_is_named():
    class Unused(nn.Module):
        def __init__(self):
            super().__init__()
            self.used, self.head = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x, y):
            return self.used(x)

    results = check_module(Unused(), sample(3, 2), sample(3, requires_grad=False))
    assert results.ok
    assert results.notes == [
        "both modes: no gradient reaches parameters['head.weight'], parameters['head.bias']",
        "not checked, for they require no gradient: the inputs 1",
    ]


def test_a_detached_parameter_fails():
    class Detached(nn.Linear):
        def forward(self, x):
            return x @ self.weight.detach().T + self.bias

    results = check_module(Detached(2, 2), sample(3, 2), raise_exception=False)
    assert results.verdict == "fail"
    assert "parameters['weight']" in str(results)


def test_shared_and_frozen_parameters():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.frozen = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)
            self.second.weight = self.first.weight
            self.frozen.requires_grad_(False)

        def forward(self, x):
            return self.frozen(self.second(self.first(x).tanh()))

    results = check_module(Tied(), sample(1, 2), order=2)
    assert results.ok
    assert results.notes == []


def test_nested_inputs_are_checked():
    class Pair(nn.Module):
        def forward(self, x, state):
            return x * state["hidden"], state["cell"].tanh()

    results = check_module(Pair(), sample(2), {"hidden": sample(2), "cell": sample(3)})
    assert results.compared == (2 + 3) * (2 + 2 + 3)


def test_inputs_are_named_as_forward_names_them():
    class Named(nn.Module):
        def forward(self, left, right):
            return WrongWeight.apply(left, right)

    class Unnamed(nn.Module):
        def forward(self, *parameters):
            return WrongWeight.apply(*parameters)

    for kind, name in ((Named, "right"), (Unnamed, "input1")):
        results = check_module(kind(), sample(2, 3), sample(3), raise_exception=False)
        assert results.worst.input == name


def test_a_domain_is_that_of_the_inputs():
    class Root(nn.Linear):
        def forward(self, x):
            assert (x >= 0).all()
            return super().forward(x.sqrt())

    x = mg.tensor([[1e-12, 1.0]], dtype=mg.float64, requires_grad=True)
    for domain in ((0, 2), [(0, 2)]):
        assert check_module(Root(2, 1), x, domain=domain).ok


def test_what_cannot_be_checked_is_refused():
    with pytest.raises(ValueError, match="nothing can be checked"):
        check_module(nn.Tanh(), sample(2, requires_grad=False))
    with pytest.raises(TypeError, match=r"use check_op\(\)"):
        check_module(mg.tanh, sample(2))


# The text


@pytest.mark.parametrize("op", [WrongFactor, KeepsItsResult, Once])
def test_the_text_has_at_most_fifteen_lines(op):
    text = str(check_op(op, sample(3), raise_exception=False))
    assert len(text.splitlines()) <= 15
    assert text.startswith(f"pass: {op.__name__}.apply (" if op is Once else f"fail: {op.__name__}.apply, ")


def test_a_failure_counts_more_than_what_is_inconclusive():
    results = Results("both")
    for verdict in ("pass", "inconclusive", "fail", "pass"):
        results.add(verdict, Report(verdict, verdict))
    assert results.verdict == "fail"
    assert str(results).startswith("fail: both, fail")


def test_results_are_as_bad_as_the_worst_check():
    results = check_op(lambda x: (x >= 1.0) * 1.0 + x, mg.tensor([1.0, 0.5], requires_grad=True), raise_exception=False)
    assert results.verdict == "inconclusive"
    with pytest.raises(GradcheckError, match=r"^inconclusive"):
        check_op(lambda x: (x >= 1.0) * 1.0 + x, mg.tensor([1.0, 0.5], requires_grad=True))
