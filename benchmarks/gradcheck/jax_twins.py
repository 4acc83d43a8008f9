"""The cases in JAX: the same text, with NumPy's functions; and by hand what is written otherwise there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
from jax.test_util import check_grads

from .case import Case

jax.config.update("jax_enable_x64", True)


class Namespace(SimpleNamespace):
    """What the cases call: PyTorch's names, and for the rest what NumPy, SciPy and neural networks call it."""

    def __getattr__(self, name: str) -> Any:
        for module in (jnp, jax.nn, jax.scipy.special):
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(name)


def cross_entropy(x: Any, labels: Any) -> Any:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x, 1), labels[:, None], 1))


t = Namespace(
    msort=lambda x: jnp.sort(x, 0),
    lgamma=jax.scipy.special.gammaln,
    tensor=jnp.asarray,
    nn=SimpleNamespace(functional=SimpleNamespace(cross_entropy=cross_entropy)),
)


def check(case: Case) -> None:
    """``check_grads`` on the floating inputs; the others are constants of the function."""
    fn = twin(case)
    floating = [i for i, x in enumerate(case.inputs) if x.dtype.kind == "f"]

    def of_floating(*xs: Any) -> Any:
        given = dict(zip(floating, xs, strict=True))
        return fn(*(given.get(i, jnp.asarray(x)) for i, x in enumerate(case.inputs)))

    check_grads(of_floating, tuple(jnp.asarray(case.inputs[i]) for i in floating), case.order, modes=["rev"])


def twin(case: Case) -> Any:
    """The case's function."""
    if case.jax is not None:
        return case.jax
    if case.name in TWINS:
        return TWINS[case.name]
    forward, backward = case.forward, case.backward
    assert forward is not None, f"{case.name} has neither a twin in JAX nor a reason for having none"
    if backward is None:
        return lambda *xs: forward(t, *xs)
    return rule(lambda *xs: forward(t, *xs), lambda g, *xs: backward(t, g, *xs))


def rule(forward: Any, backward: Any) -> Any:
    """``custom_vjp``, that saves the inputs."""
    fn = jax.custom_vjp(forward)

    def derive(xs: Any, g: Any) -> Any:
        found = backward(g, *xs)
        return found if isinstance(found, tuple) else (found,)

    fn.defvjp(lambda *xs: (forward(*xs), xs), derive)
    return fn


def detached_output() -> Any:
    fn = jax.custom_vjp(jnp.exp)
    fn.defvjp(lambda x: (jnp.exp(x), jax.lax.stop_gradient(jnp.exp(x))), lambda out, g: (g * out,))
    return fn


def wrong_second() -> Any:
    slope = rule(lambda g, x: g * jnp.cos(x), lambda h, g, x: (h * jnp.cos(x), -0.5 * h * g * jnp.sin(x)))
    return rule(jnp.sin, slope)


TWINS = {
    "second-output": rule(lambda x: (jnp.sin(x), jnp.cos(x)), lambda g, x: g[0] * jnp.cos(x)),
    "cut": lambda x: jax.lax.stop_gradient(jnp.sin(x)),
    "detached-output": detached_output(),
    "detached-cotangent": rule(jnp.sin, lambda g, x: jax.lax.stop_gradient(g) * jnp.cos(x)),
    "gradient-inside": lambda x: jnp.sum(jax.grad(lambda y: jnp.sum(y**3))(x) ** 2),
    "mixed": rule(lambda x, w: x * w, lambda g, x, w: (g * jax.lax.stop_gradient(w), g * x)),
    "wrong-second": wrong_second(),
}
