"""Derivative rules that compute the right number, if asked once, alone, and with plain arrays; and no number at all."""

from __future__ import annotations

import itertools
from typing import Any

from .case import Case, array, cast, numbers, rule

PURE = "a JAX function cannot write to its arrays"
ALIAS = "JAX's arrays do not share memory that can be written to"
LAYOUT = "JAX's arrays have no memory layout"
STATE = "a JAX function has no state"
NONE = "JAX asks each rule for all gradients"


def sine(t: Any, backward: Any) -> Any:
    """The sine, with ``backward(ctx, g, x)``."""

    class Sine(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return t.sin(x)

        @staticmethod
        def backward(ctx, g):
            return backward(ctx, g, *ctx.saved_tensors)

    return Sine.apply


def mutates_input(t: Any) -> Any:
    class Relu(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.data.clamp_(min=0).clone()

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * (x > 0)

    return Relu.apply


def mutates_cotangent(t: Any) -> Any:
    return sine(t, lambda ctx, g, x: g.mul_(t.cos(x)))


def aliases_input(t: Any) -> Any:
    class Identity(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.detach()

        @staticmethod
        def backward(ctx, g):
            return g

    return Identity.apply


def reuses_buffer(t: Any) -> Any:
    buffer = t.zeros(3, dtype=t.float64)
    return sine(t, lambda ctx, g, x: buffer.copy_(g * t.cos(x)).detach())


def overwrites_result(t: Any) -> Any:
    class Exp(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out = t.exp(x)
            ctx.save_for_backward(out)
            return out

        @staticmethod
        def backward(ctx, g):
            (out,) = ctx.saved_tensors
            return out.data.mul_(g).clone()

    return Exp.apply


def shares_results(t: Any) -> Any:
    class Twice(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out = 2 * x
            return out, out.detach()

        @staticmethod
        def backward(ctx, g, h):
            return 2 * (g + h)

    return Twice.apply


def stale(t: Any) -> Any:
    class Square(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.x

    return Square.apply


def last_call(t: Any) -> Any:
    class Square(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            Square.x = x.clone()
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * 2 * Square.x

    return Square.apply


def counts(t: Any) -> Any:
    calls = itertools.count()
    return sine(t, lambda ctx, g, x: g * t.cos(x) * (1 - 1e-3 * next(calls)))


def random(t: Any) -> Any:
    return sine(t, lambda ctx, g, x: g * t.cos(x) * (1 + 1e-6 * (t.rand(()) - 0.5)))


def only_once(t: Any) -> Any:
    def backward(ctx, g, x):
        used, ctx.used = getattr(ctx, "used", False), True
        return 0 * g if used else g * t.cos(x)

    return sine(t, backward)


def missing(t: Any) -> Any:
    class Product(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x)
            return x * w

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return None, g * x

    return Product.apply


def one_of_two(t: Any) -> Any:
    class Product(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            return g * w, g * x if ctx.needs_input_grad[0] else g * w

    return Product.apply


def second_output(t: Any) -> Any:
    class SinCos(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return t.sin(x), t.cos(x)

        @staticmethod
        def backward(ctx, g, h):
            (x,) = ctx.saved_tensors
            return g * t.cos(x)

    return SinCos.apply


def cut(t: Any) -> Any:
    class Sine(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out = t.sin(x)
            ctx.mark_non_differentiable(out)
            return out

        @staticmethod
        def backward(ctx, g):
            raise AssertionError("no gradient arrives here")

    return Sine.apply


def unused_result(t: Any) -> Any:
    class SinCos(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(x)
            return t.sin(x), t.cos(x)

        @staticmethod
        def backward(ctx, g, h):
            (x,) = ctx.saved_tensors
            return None if g is None or h is None else g * t.cos(x) - h * t.sin(x)

    return SinCos.apply


def writes_grad(t: Any) -> Any:
    def backward(ctx, g, x):
        found = g * t.cos(x)
        x.grad = found.detach().clone() if x.grad is None else x.grad + found.detach()
        return found

    return sine(t, backward)


def row_major(t: Any, x: Any) -> Any:
    """The elements of a matrix in the order of the memory, as if it were contiguous."""
    rows, columns = x.shape
    return t.as_strided(x, (rows, columns), (columns, 1))


def contiguous_cotangent(t: Any) -> Any:
    return sine(t, lambda ctx, g, x: row_major(t, g) * t.cos(x))


def contiguous_input(t: Any) -> Any:
    return sine(t, lambda ctx, g, x: g * t.cos(row_major(t, x)))


def detached_output(t: Any) -> Any:
    class Exp(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.out = t.exp(x)
            return ctx.out.clone()

        @staticmethod
        def backward(ctx, g):
            return g * ctx.out

    return Exp.apply


def detached_cotangent(t: Any) -> Any:
    return sine(t, lambda ctx, g, x: g.detach() * t.cos(x))


def mixed(t: Any) -> Any:
    class Product(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, w):
            ctx.save_for_backward(x, w)
            return x * w

        @staticmethod
        def backward(ctx, g):
            x, w = ctx.saved_tensors
            return g * w.detach(), g * x

    return Product.apply


def other_when_recorded(t: Any) -> Any:
    return sine(t, lambda ctx, g, x: g * t.cos(x) * (1.5 if t.is_grad_enabled() else 1.0))


def wrong_second(t: Any) -> Any:
    slope = rule(t, lambda t, g, x: g * t.cos(x), lambda t, h, g, x: (h * t.cos(x), -0.5 * h * g * t.sin(x)))
    return sine(t, lambda ctx, g, x: slope.apply(g, x))


MISBEHAVING = [
    # Memory
    Case("mutates-input", "clamps its input in place", [array(-0.6, 0.3, 1.2)], build=mutates_input, jax=PURE),
    Case(
        "mutates-cotangent",
        "scales the gradient that arrives in place",
        [numbers(3)],
        build=mutates_cotangent,
        jax=PURE,
    ),
    Case(
        "aliases-input",
        "its result is its input's own memory, and nothing knows",
        [numbers(3)],
        build=aliases_input,
        jax=ALIAS,
    ),
    Case(
        "overwrites-result",
        "uses its result's memory for the gradient",
        [numbers(3)],
        build=overwrites_result,
        jax=PURE,
    ),
    Case(
        "shares-results",
        "two results in the same memory, and nothing knows",
        [numbers(3)],
        build=shares_results,
        jax=ALIAS,
    ),
    Case("reuses-buffer", "writes every gradient into the same memory", [numbers(3)], build=reuses_buffer, jax=ALIAS),
    Case(
        "stale",
        "keeps its input by reference, so that a later write to it goes unnoticed",
        [numbers(3)],
        build=stale,
        jax=PURE,
    ),
    # State
    Case(
        "last-call",
        "keeps its input for all calls in one place: the last call wins",
        [numbers(3)],
        build=last_call,
        jax=STATE,
    ),
    Case("counts", "gives a little less at each call", [numbers(3)], build=counts, jax=STATE),
    Case("random", "a random factor of 1 ± 5e-7", [numbers(3)], build=random, jax=STATE),
    Case("only-once", "zeros when the same graph is asked again", [numbers(3)], build=only_once, jax=STATE),
    # What is not there
    Case(
        "writes-grad", "adds the gradient to the input's .grad itself, too", [numbers(3)], build=writes_grad, jax=STATE
    ),
    Case("missing", "no gradient for one of its inputs", [numbers(3), numbers(3, seed=1)], build=missing, jax=NONE),
    Case("second-output", "forgets the second of its results", [numbers(3)], build=second_output),
    Case(
        "unused-result",
        "no gradient at all where only one of its results is used",
        [numbers(3)],
        build=unused_result,
        jax="JAX gives zeros for results that are not used",
    ),
    Case("cut", "says that its result cannot be differentiated", [numbers(3)], build=cut),
    Case(
        "nothing-to-check",
        "results of integers only: no derivative exists that could be checked",
        [numbers(3)],
        lambda t, x: cast(x, t.int32),
    ),
    Case(
        "one-of-two",
        "the wrong gradient where only the second input wants one",
        [numbers(3), numbers(3, seed=1)],
        build=one_of_two,
        jax=NONE,
    ),
    # Layouts
    Case(
        "contiguous-cotangent",
        "wrong where the gradient that arrives is not contiguous",
        [numbers(2, 3)],
        build=contiguous_cotangent,
        jax=LAYOUT,
    ),
    Case(
        "contiguous-input",
        "wrong where its input is not contiguous",
        [numbers(2, 3)],
        build=contiguous_input,
        jax=LAYOUT,
    ),
    # Second derivatives
    Case(
        "detached-output",
        "its second derivative misses a result that was saved outside the graph",
        [numbers(3)],
        build=detached_output,
        order=2,
    ),
    Case(
        "detached-cotangent",
        "its second derivative forgets the gradient that arrives",
        [numbers(3)],
        build=detached_cotangent,
        order=2,
    ),
    Case(
        "mixed",
        "its second derivative by two inputs is missing in one order, and there in the other",
        [numbers(3), numbers(3, seed=1)],
        build=mixed,
        order=2,
    ),
    Case(
        "other-when-recorded",
        "1.5 times too large where it is itself recorded (create_graph=True)",
        [numbers(3)],
        build=other_when_recorded,
        jax="JAX does not tell a rule that it is being differentiated",
        order=2,
    ),
    Case(
        "wrong-second",
        "right, and the second derivative only half of what it should be",
        [numbers(3)],
        build=wrong_second,
        order=2,
    ),
]
