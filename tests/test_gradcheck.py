"""The gradient checker: what it compares, what it finds, what it refuses, and what it leaves as it was.

That it catches what is wrong and passes what is right is tested at length in test_gradcheck_selftest.py.
"""

import inspect
import subprocess
import sys

import numpy as np
import pytest

import microgradnp
from microgradnp.autograd import Function, grad
from microgradnp.testing import GradcheckError, check, gradcheck, gradgradcheck


def leaf(*values, dtype=np.float64):
    return microgradnp.tensor(np.array(values, dtype), requires_grad=True)


def leaves(*shapes, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=shape) for shape in shapes]
    return tuple(microgradnp.tensor(np.array(value, dtype), requires_grad=True) for value in values)


def function(backward, forward=lambda x: x * x * x, save=True):
    """A Function of one tensor; ``backward`` takes the gradient and the input."""

    class Rule(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, g):
            return backward(g, *ctx.saved_tensors)

    return Rule.apply


cube = function(lambda g, x: g * 3 * x * x)
X = leaf([0.5, -1.2, 2.0], [0.3, 0.9, -0.4])


def findings(fn, inputs=X, **options):
    """The kinds of what is found, which is wrong."""
    report = gradcheck(fn, inputs, raise_exception=False, **options)
    assert report.verdict == "fail" and len(str(report).splitlines()) <= 15
    return {finding.kind for finding in report.findings}


# What is compared


def test_a_right_gradient_passes_with_all_derivatives_compared():
    report = gradcheck(cube, X)
    assert report.ok and report.verdict == "pass" and report.compared == 36 and report.kinks == 0
    assert report.findings == [] and report.worst.ratio < 1e-2 and report.worst.error < report.worst.tolerance


def test_a_wrong_one_fails_and_the_worst_derivative_is_named():
    def backward(g, x):
        factor = np.ones((2, 3))
        factor[1, 2] = 1.0001
        return g * 3 * x * x * microgradnp.tensor(factor)

    with pytest.raises(GradcheckError) as raised:
        gradcheck(function(backward), X)
    worst = raised.value.report.worst
    assert (worst.order, worst.input, worst.index, worst.output) == (1, "x", (1, 2), (1, 2))
    assert worst.analytic == pytest.approx(0.48 * 1.0001) and worst.numeric == pytest.approx(0.48, rel=1e-9)
    assert worst.error < 1e-8 and worst.ratio == pytest.approx(10, rel=1e-2)
    assert isinstance(raised.value, AssertionError) and isinstance(raised.value, RuntimeError)
    assert str(raised.value).startswith("fail: Rule.apply")


def test_nested_inputs_and_outputs():
    def fn(x, pair, *, scale=2.0):
        a, named = pair
        return {"sum": x + a, "parts": [x * named["w"], (a.detach(), 3, microgradnp.arange(2))]}

    x, a, w = leaves((2,), (2,), (2,))
    assert gradcheck(fn, (x, [a, {"w": w}])).compared == 4 * 6
    report = gradcheck(
        lambda x, p: [x, x * 1.0 + p["w"] - 1e-3 * p["w"].detach()], (x, {"w": w}), raise_exception=False
    )
    assert (report.worst.input, report.worst.output) == ("p['w']", (1, report.worst.index[0]))


def test_only_what_requires_gradients_is_checked():
    x, y = leaves((3,), (3,))
    assert gradcheck(lambda x, y, n: x * y * n, (x, y.detach(), 3)).compared == 9
    assert gradcheck(lambda x, k: x[k], (x, microgradnp.tensor([0, 2]))).compared == 6
    assert gradcheck(lambda x: (x * 2, x.detach() * 2), x).compared == 9


@pytest.mark.parametrize("shape", [(0,), (2, 0, 3)])
def test_nothing_to_compare_in_empty_tensors(shape):
    report = gradcheck(microgradnp.sin, microgradnp.zeros(shape, requires_grad=True))
    assert report.ok and report.compared == 0 and report.worst is None
    assert gradcheck(microgradnp.sin, microgradnp.zeros(shape, requires_grad=True), mode="fast", order=2).ok


def test_elements_that_are_not_finite_are_not_moved():
    x = leaf(1.0, -np.inf, 2.0)
    report = gradcheck(lambda x: microgradnp.softmax(x, 0), x)
    assert report.ok and report.compared == 6


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_every_type_is_compared_in_float64(mode, dtype):
    x, w = leaves((3, 4), (4, 2), dtype=dtype)
    assert gradcheck(lambda x, w: microgradnp.tanh(x @ w), (x, w), mode=mode, order=2).ok
    assert not gradcheck(lambda x: x * x + 2e-4 * x * x.detach(), x, mode=mode, raise_exception=False).ok


def test_a_function_that_needs_its_own_types():
    weight = microgradnp.tensor([[0.5, -1.0], [2.0, 0.3]])
    report = gradcheck(lambda x: microgradnp.sin(x) @ weight, leaf(0.4, 1.3, dtype=np.float32))
    assert report.ok and "float64" in report.remarks[0]
    assert not gradcheck(
        lambda x: (x * 2 - x.detach() * 0.1) @ weight, leaf(0.4, 1.3, dtype=np.float32), raise_exception=False
    ).ok


def test_a_function_that_asks_for_gradients_itself():
    def penalty(x):
        (g,) = grad((x**3).sum(), x, create_graph=True)
        return (g * g).sum()

    assert gradcheck(penalty, leaf(0.5, -1.0), order=2).ok


# Orders


def test_the_second_order():
    detached = function(lambda g, x: g * 3 * (x * x).detach())
    assert gradcheck(detached, X).ok
    report = gradgradcheck(detached, X, raise_exception=False)
    assert report.verdict == "fail" and report.worst.order == 2
    assert gradgradcheck(cube, X).compared == 36 + 6 * 12


def test_a_second_order_that_is_lost_altogether():
    constant = function(lambda g, x: microgradnp.tensor(3 * g.detach().numpy() * x.detach().numpy() ** 2))
    report = gradgradcheck(constant, X, raise_exception=False)
    assert report.verdict == "fail" and "missing" in {finding.kind for finding in report.findings}


# Modes and methods


def test_fast_mode_falls_back_to_explain():
    assert gradcheck(cube, X, mode="fast").mode == "fast"
    report = gradcheck(function(lambda g, x: g * 3.001 * x * x), X, mode="fast", raise_exception=False)
    assert report.mode == "full" and report.worst.index is not None and "by a factor of 1.00033" in str(report)
    assert gradcheck(microgradnp.relu, leaf(0.0, 1.0), mode="fast").mode == "full"  # a kink


def test_fast_mode_needs_few_evaluations():
    calls = []

    def fn(x):
        calls.append(1)
        return microgradnp.sin(x)

    gradcheck(fn, leaves((20, 30))[0], mode="fast")
    assert len(calls) < 30


def test_fast_mode_alone_judges_what_is_large():
    (x,) = leaves((60, 50))
    report = gradcheck(function(lambda g, x: g * 3.001 * x * x), x, mode="fast", raise_exception=False)
    assert report.verdict == "fail" and report.mode == "fast" and report.worst.index is None
    assert "along a random direction" in str(report) and "was not looked at" in str(report)
    report = gradcheck(microgradnp.relu, leaf(*([0.0] * 3000)), mode="fast", raise_exception=False)
    assert report.verdict == "inconclusive"


def test_the_default_mode(monkeypatch):
    monkeypatch.setattr(check, "_mode", "full")
    assert check.default_mode() == "full"
    check.set_default_mode("fast")
    assert gradcheck(cube, X).mode == "fast" and gradcheck(cube, X, mode="full").mode == "full"
    with pytest.raises(ValueError, match="mode must be one of 'full', 'fast', got 'slow'"):
        check.set_default_mode("slow")


def test_the_complex_step():
    assert gradcheck(lambda x: microgradnp.exp(x) * microgradnp.sin(x), X, method="complex").ok
    wrong = function(lambda g, x: g * 3.0000001 * x * x)
    assert not gradcheck(wrong, X, method="complex", rtol=1e-9, raise_exception=False).ok
    with pytest.raises(ValueError, match=r"method='complex'.*analytic"):
        gradcheck(abs, X, method="complex")
    with pytest.raises(ValueError, match="method='complex'"):
        gradcheck(lambda x: microgradnp.tensor(x._array.astype(float)) * x, X, method="complex")
    with pytest.raises(NotImplementedError, match="order 1"):
        gradgradcheck(cube, X, method="complex")


# Kinks, jumps, domains


def test_kinks():
    x = leaf(0.0, 1.0, -1.0)
    report = gradcheck(microgradnp.relu, x)
    assert report.ok and report.kinks == 1 and report.compared == 9
    assert gradcheck(microgradnp.relu, x, kinks="skip").compared == 8
    report = gradcheck(microgradnp.relu, x, kinks="error", raise_exception=False)
    assert report.verdict == "fail" and "kink" in str(report)
    outside = function(lambda g, x: g * microgradnp.where(x == 0, 1.5, 1.0 * (x > 0)), microgradnp.relu)
    report = gradcheck(outside, x, raise_exception=False)
    assert report.verdict == "fail" and "slopes 0 and 1 on its sides" in str(report)
    assert gradcheck(outside, x, kinks="skip").ok


def test_all_at_kinks_and_skipped_is_not_a_pass():
    report = gradcheck(abs, leaf(0.0).reshape(()).detach().requires_grad_(), kinks="skip", raise_exception=False)
    assert report.verdict == "inconclusive" and "nothing was compared" in str(report)


def test_a_jump_is_inconclusive():
    with pytest.raises(GradcheckError, match=r"^inconclusive: .*\n(.*\n)*.*the function jumps here") as raised:
        gradcheck(lambda x: x + (x >= 0.5), leaf(0.5, 2.0))
    assert raised.value.report.verdict == "inconclusive"


def test_noise_is_inconclusive():
    def fn(x):  # of the value alone, so the same in each call
        return microgradnp.sin(x) + microgradnp.tensor(1e-4 * np.modf(x.detach().numpy() * 1e12)[0])

    report = gradcheck(fn, leaf(0.5, 2.0), raise_exception=False)
    assert report.verdict == "inconclusive" and "not exact enough" in str(report)


def test_slopes_without_bound():
    assert gradcheck(microgradnp.sqrt, leaf(0.0, 1.0, 1e-8)).ok
    zero = function(lambda g, x: microgradnp.where(x == 0, 0.0, g * 0.5 / microgradnp.sqrt(x)), microgradnp.sqrt)
    assert gradcheck(zero, leaf(0.0, 1.0), raise_exception=False).verdict == "inconclusive"


def test_a_nan_is_wrong_and_the_usual_cause_is_named():
    report = gradcheck(
        lambda x: microgradnp.where(x > 0, microgradnp.sqrt(x), 0 * x), leaf(-1.0, 1.0), raise_exception=False
    )
    assert report.verdict == "fail" and "where()" in str(report)


def test_domains_are_not_left():
    seen = []

    def fn(x, y):
        seen.append((x.detach().numpy().copy(), y.detach().numpy().copy()))
        return microgradnp.sqrt(x) * y

    x, y = leaf(1e-12, 0.5, 1.0), leaf(0.0, 1.0, 2.0)
    for domain in ([(0, 1), None], [(0, 1), (0, 2)]):
        seen.clear()
        for mode in ("full", "fast"):
            assert gradcheck(fn, (x, y), domain=domain, mode=mode).ok
        assert all((a >= 0).all() and (a <= 1).all() for a, _ in seen)
        assert any((b < 0).any() for _, b in seen) == (domain[1] is None)
    with pytest.raises(ValueError, match=r"input y has values outside its domain \[0, 1\]"):
        gradcheck(fn, (x, y), domain=(0, 1))
    with pytest.raises(ValueError, match="a list of 2 intervals"):
        gradcheck(fn, (x, y), domain=[(0, 1)])
    with pytest.raises(ValueError, match="low < high"):
        gradcheck(fn, (x, y), domain=(2, 1))


def test_a_function_may_raise_outside_its_domain():
    def fn(x):
        if (x.detach().numpy() < 0).any():
            raise ValueError("negative")
        return microgradnp.sqrt(x) * x

    assert gradcheck(fn, leaf(1e-9, 1.0)).ok


# Conduct


def keeping(ctx_or_class):
    """A cube that keeps its input elsewhere than it should."""

    class Rule(Function):
        @staticmethod
        def forward(ctx, x):
            (ctx if ctx_or_class == "ctx" else Rule).x = x if ctx_or_class == "ctx" else x.clone()
            return x * x * x

        @staticmethod
        def backward(ctx, g):
            x = (ctx if ctx_or_class == "ctx" else Rule).x
            return g * 3 * x * x

    return Rule.apply


def writing(what):
    class Rule(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x.clone())
            out = x * x * x
            if what == "input":
                x._array *= 1.5
            return out

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            result = g * 3 * x * x
            if what == "gradient":
                g._array *= 2
            return result

    return Rule.apply


@pytest.mark.parametrize("mode", ["full", "fast"])
@pytest.mark.parametrize(
    ("kind", "fn"),
    [
        ("value", function(lambda g, x: g * 3.0003 * x * x)),
        ("nonlinear", function(lambda g, x: g * g * 3 * x * x)),
        ("nonlinear", function(lambda g, x: g * abs(g) * 3 * x * x)),
        ("nonlinear", function(lambda g, x: microgradnp.clip(g, -10, 10) * 3 * x * x)),
        ("layout", function(lambda g, x: g * 3 * x * x * (1 if g._array.flags.c_contiguous else 2))),
        ("layout", function(lambda g, x: g * 3 * x * x * (1 if x._array.flags.c_contiguous else 2))),
        ("precision", function(lambda g, x: (g * 3 * x * x).float().double())),
        ("dtype", function(lambda g, x: (g * 3 * x * x).float())),
        ("shape", function(lambda g, x: (g * 3 * x * x).reshape(1, 2, 3))),
        ("mutation", writing("input")),
        ("mutation", writing("gradient")),
        ("stale", keeping("ctx")),
        ("state", keeping("class")),
        ("aliasing", function(lambda g, x: g, lambda x: x.detach())),
        ("nondeterministic", lambda x: microgradnp.nn.functional.dropout(x, 0.5)),
    ],
)  # fmt: skip
def test_conduct(kind, fn, mode):
    assert kind in findings(fn, mode=mode)


def test_dropout_is_called_nondeterministic_and_nothing_else():
    report = gradcheck(microgradnp.nn.functional.dropout, X, raise_exception=False)
    assert [finding.kind for finding in report.findings] == ["nondeterministic"] and report.worst is None
    assert str(report).startswith("fail: dropout") and "eval()" in str(report)


def test_random_numbers_that_often_come_out_the_same_are_found():
    for seed in range(40):  # one coin each: any two calls agree half of the time
        microgradnp.manual_seed(seed)
        report = gradcheck(microgradnp.nn.functional.dropout, leaves((1,)), raise_exception=False)
        assert [finding.kind for finding in report.findings] == ["nondeterministic"]


def test_an_input_without_a_gradient_is_missing():
    assert "missing" in findings(lambda x, y: x * y.detach(), leaves((3,), (3,)))
    assert gradcheck(lambda x, y: x * 2, leaves((3,), (3,))).ok


def test_another_gradient_where_one_input_alone_requires_it():
    class Product(Function):
        @staticmethod
        def forward(ctx, x, y):
            ctx.save_for_backward(x, y)
            return x * y

        @staticmethod
        def backward(ctx, g):
            x, y = ctx.saved_tensors
            return (g * y, g * x) if ctx.needs_input_grad[0] else (g * y, g)

    report = gradcheck(Product.apply, leaves((3,), (3,)), raise_exception=False)
    assert [finding.kind for finding in report.findings] == ["alone"] and "y gets another" in str(report)


def test_an_output_whose_gradient_is_undefined():
    class Pair(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, a, b):
            return 2 * a + 3 * b

    assert findings(Pair.apply) == {"undefined"}
    assert not microgradnp.autograd.gradcheck(Pair.apply, X, raise_exception=False)
    assert microgradnp.autograd.gradcheck(Pair.apply, X, check_undefined_grad=False)


# Refusals


def test_nothing_vacuous_passes():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(microgradnp.sin, X.detach())
    with pytest.raises(ValueError, match="no output of the function requires gradients"):
        gradcheck(microgradnp.argmax, X)
    with pytest.raises(ValueError, match="no output"):
        gradcheck(lambda x: x.detach() * 2, X)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"order": 3}, "order must be 1 or 2, got 3"),
        ({"mode": "quick"}, "mode must be one of 'full', 'fast', got 'quick'"),
        ({"method": "forward"}, "method must be one of"),
        ({"kinks": "ignore"}, "kinks must be one of 'subgradient', 'skip', 'error'"),
    ],
)
def test_options_are_checked(options, text):
    with pytest.raises(ValueError, match=text):
        gradcheck(cube, X, **options)


def test_errors_of_the_function_are_its_own():
    def fn(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        gradcheck(fn, X)


# What is left as it was


def test_nothing_of_the_callers_is_changed():
    calls = []
    x = leaf(0.5, 2.0)
    x.grad = microgradnp.tensor([7.0, 8.0], dtype=microgradnp.float64)
    x.register_hook(calls.append)
    y = (x * 1.0).detach().requires_grad_()
    microgradnp.manual_seed(3)
    before, numpy_before = microgradnp.get_rng_state(), np.random.get_state()[1].copy()
    values = x.detach().numpy().copy()

    def fn(x, y):
        microgradnp.randn(3)
        return x * y

    assert gradcheck(fn, (x, y), order=2).ok
    assert not gradcheck(function(lambda g, x: g), x, raise_exception=False).ok
    assert (microgradnp.get_rng_state() == before).all()
    assert (np.random.get_state()[1] == numpy_before).all()
    assert x.grad.tolist() == [7.0, 8.0] and y.grad is None and calls == [] and x.requires_grad
    assert (x.detach().numpy() == values).all()


def test_the_random_generator_is_private_and_can_be_given():
    drawn = []

    def fn(x):
        drawn.append(x.detach().numpy().copy())
        return microgradnp.sin(x)

    runs = []
    for rng in (0, 0, 1, np.random.default_rng(1)):
        drawn.clear()
        gradcheck(fn, X, mode="fast", rng=rng)
        runs.append(np.array(drawn))
    assert np.array_equal(runs[0], runs[1]) and not np.array_equal(runs[0], runs[2])
    assert np.array_equal(runs[2], runs[3])


def test_observers_hear_of_every_finished_report(monkeypatch):
    heard = []
    monkeypatch.setattr(check, "observers", [heard.append])
    gradcheck(cube, X)
    gradcheck(microgradnp.relu, leaf(-1.0), mode="fast")
    gradcheck(function(lambda g, x: g), X, raise_exception=False)
    microgradnp.autograd.gradcheck(cube, X)
    assert [report.verdict for report in heard] == ["pass", "pass", "fail", "pass"]


# The text


def wrong_sine(x):
    return microgradnp.sin(x) + 1e-3 * x.detach()


def ran(report):
    """The error that the lines of a report raise when they are run."""
    assert len(str(report).splitlines()) <= 15
    lines = str(report).split("to see it again:\n")[1]
    with pytest.raises(GradcheckError) as raised:
        exec(inspect.cleandoc(lines), {"fn": wrong_sine})
    return raised.value.report


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,), (2, 2), (12, 15), (3, 4, 5)])
def test_a_report_can_be_seen_again(shape, dtype):
    (x,) = leaves(shape, dtype=dtype)
    for fn in (wrong_sine, lambda x: microgradnp.sin(x) * x.detach()):
        report = gradcheck(fn, x, raise_exception=False, mode="fast")
        again = ran(report)
        assert again.verdict == report.verdict == "fail"
        assert {finding.kind for finding in again.findings} >= {"value"}
        assert len(str(report)) < 3000


def test_a_report_of_other_options_can_be_seen_again():
    x, w = leaves((3,), (30, 3))
    fn = lambda x, pair: microgradnp.relu(pair[0] @ x) * pair[1]["scale"] * x.detach()[0]  # noqa: E731
    report = gradcheck(fn, (x, [w, {"scale": 2.0}]), order=2, rtol=1e-4, kinks="error", rng=3, raise_exception=False)
    assert ran(report).verdict == "fail"
    with pytest.raises(RuntimeError) as raised:
        microgradnp.autograd.gradcheck(wrong_sine, (x,), eps=1e-4, atol=1e-5, rtol=1e-6)
    assert "eps=0.0001, atol=1e-05, rtol=1e-06" in str(raised.value)
    ran(raised.value.report)


def test_neighbours_and_numbers_in_the_text():
    text = str(gradcheck(wrong_sine, leaf(np.pi / 2, 0.0, 0.1), raise_exception=False))
    assert "d out[0] / d x[0]" in text and "(the backward pass)" in text and "(differences of values)" in text
    assert "beside it, d out[0] / d x[1]: analytic 0, numeric 0 (right)" in text
    assert "3 of 9 derivatives are wrong" in text


# PyTorch's face


def test_torchs_face_returns_and_raises_as_torchs_does():
    autograd = microgradnp.autograd
    assert autograd.gradcheck(cube, (X,)) is True and autograd.gradgradcheck(cube, X) is True
    wrong = function(lambda g, x: g * 3.1 * x * x)
    assert autograd.gradcheck(wrong, X, raise_exception=False) is False
    with pytest.raises(RuntimeError, match="fail: Rule"):
        autograd.gradcheck(wrong, X)
    from microgradnp.autograd.gradcheck import GradcheckError as Same

    assert Same is GradcheckError and callable(autograd.gradcheck)


def test_tolerances_and_steps_are_those_given():
    off = function(lambda g, x: g * 3.0003 * x * x)
    autograd = microgradnp.autograd
    assert not autograd.gradcheck(off, X, raise_exception=False)
    assert autograd.gradcheck(off, X, rtol=1e-3)
    assert autograd.gradcheck(off, X, atol=1e-2)
    seen = []

    def fn(x):
        seen.append(x.detach().numpy().copy())
        return microgradnp.sin(x)

    assert autograd.gradcheck(fn, leaf(1e4), eps=1e-2)
    steps = [distance for x in seen if 0 < (distance := abs(x[0] - 1e4)) < 5]  # further away only its precision is seen
    assert len(steps) >= 4 and max(steps) <= 1e-2


def test_undifferentiable_outputs_as_torch_has_it():
    autograd = microgradnp.autograd
    assert autograd.gradcheck(microgradnp.argmax, X) is True
    assert autograd.gradcheck(lambda x: microgradnp.round(x.detach()), leaf(0.3, 1.8)) is True
    assert autograd.gradcheck(lambda x: x.detach() * 2, X, raise_exception=False) is False
    with pytest.raises(ValueError, match="at least one input"):
        autograd.gradcheck(cube, X.detach())


def test_nondeterminism_within_a_tolerance():
    rng = np.random.default_rng(0)

    def fn(x):
        return x * (1 + 1e-12 * rng.uniform())

    assert not microgradnp.autograd.gradcheck(fn, X, raise_exception=False)
    assert microgradnp.autograd.gradcheck(fn, X, nondet_tol=1e-10)


def test_dtypes_of_a_functions_gradients():
    short = function(lambda g, x: (g * 2).float(), lambda x: x * 2)
    values = leaf(0.5, 2.0, dtype=np.float32)
    wide = function(lambda g, x: (g * 2).double(), lambda x: x * 2)
    assert microgradnp.autograd.gradcheck(wide, values)
    assert not microgradnp.autograd.gradcheck(wide, values, check_grad_dtypes=True, raise_exception=False)
    assert not microgradnp.autograd.gradcheck(short, X, check_grad_dtypes=True, raise_exception=False)


def test_cotangents_of_the_second_order():
    autograd = microgradnp.autograd
    v = leaves((2, 3), seed=4)[0]
    assert autograd.gradgradcheck(cube, X, v) and autograd.gradgradcheck(cube, (X,), (v.detach(),))
    strides = []
    rule = function(lambda g, x: strides.append(g.is_contiguous()) or g * 3 * x * x)
    assert autograd.gradgradcheck(rule, X, gen_non_contig_grad_outputs=True) and not any(strides)


@pytest.mark.parametrize(
    "options",
    [
        {"check_forward_ad": True},
        {"check_batched_grad": True},
        {"check_forward_ad": True, "check_batched_forward_grad": True},
    ],
)
def test_what_is_not_there_is_not_ignored(options):
    with pytest.raises(NotImplementedError, match="is not supported"):
        microgradnp.autograd.gradcheck(cube, X, **options)


def test_combinations_that_torch_refuses():
    autograd = microgradnp.autograd
    for options in ({"check_backward_ad": False}, {"check_batched_forward_grad": True}):
        with pytest.raises(AssertionError, match="Expected"):
            autograd.gradcheck(cube, X, **options)
    with pytest.raises(AssertionError, match="Expected at least one"):
        autograd.gradgradcheck(cube, X, check_rev_over_rev=False)
    with pytest.raises(NotImplementedError):
        autograd.gradgradcheck(cube, X, check_fwd_over_rev=True)


PROGRAMS = [
    "gradcheck(t.sin, (x,))",
    "gradcheck(t.matmul, (x, w), eps=1e-6, atol=1e-4)",
    "gradcheck(lambda a, b: (a @ b, a.sum()), [x, w], fast_mode=True)",
    "gradcheck(lambda a: a * 2 + a.detach(), x, raise_exception=False)",
    "gradcheck(lambda a: a * 2 + a.detach(), x)",
    "gradcheck(lambda a: a.detach(), x)",
    "gradcheck(lambda a: (10 * a.detach()).long(), x)",
    "gradcheck(lambda a: t.nn.functional.dropout(a, 0.5), x, raise_exception=False)",
    "gradcheck(t.sin, x.detach())",
    "gradcheck(t.sin, (t.zeros(0, dtype=t.float64, requires_grad=True),))",
    "gradcheck(t.sin, x, check_backward_ad=False)",
    "gradcheck(t.sin, x, check_undefined_grad=False, check_grad_dtypes=True, nondet_tol=1e-8, masked=False)",
    "gradgradcheck(t.sin, (x,))",
    "gradgradcheck(t.matmul, (x, w), gen_non_contig_grad_outputs=True, fast_mode=True)",
    "gradgradcheck(lambda a: a**3, x, t.ones(2, 3, dtype=t.float64, requires_grad=True), atol=1e-4)",
    "gradgradcheck(lambda a: (a * a.detach()).sum(), x, raise_exception=False)",
    "gradcheck(lambda a, k: a[k], (x, t.tensor([0, 1, 1])))",
]


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_written_for_torch(program):
    torch = pytest.importorskip("torch")

    def outcome(t):
        t.manual_seed(0)
        values = np.random.default_rng(0).normal(size=(2, 3)), np.random.default_rng(1).normal(size=(3, 2))
        x, w = (t.tensor(value.tolist(), dtype=t.float64, requires_grad=True) for value in values)
        names = {"t": t, "x": x, "w": w, "gradcheck": t.autograd.gradcheck, "gradgradcheck": t.autograd.gradgradcheck}
        try:
            return eval(program, names)
        except Exception as error:
            return next(kind for kind in (ValueError, RuntimeError, AssertionError) if isinstance(error, kind))

    assert outcome(microgradnp) == outcome(torch)


def test_signatures_have_torchs_names():
    torch = pytest.importorskip("torch")
    for name in ("gradcheck", "gradgradcheck"):
        ours, theirs = (inspect.signature(getattr(t.autograd, name)).parameters for t in (microgradnp, torch))
        assert [(p.name, p.kind) for p in ours.values()] == [(p.name, p.kind) for p in theirs.values()]


def test_it_is_loaded_when_it_is_called():
    code = "import sys, microgradnp; microgradnp.autograd.gradcheck; print('microgradnp.testing' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
