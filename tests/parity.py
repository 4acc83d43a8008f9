"""Short programs that run under microgradnp and under PyTorch, and must do the same.

A program is Python source. It finds the library as ``t``, ``L(1.0, 2.0)`` as a float64 leaf and ``C(1.0, 2.0)`` as a
float64 constant, and puts what is to be compared into ``r``: values, dtypes, whether gradients are required; or it must
raise an error of the same type, and in any case give warnings of the same categories.
"""

import warnings

import numpy as np
import pytest

import microgradnp as mg

# ``fn(forward, backward)`` makes a Function of two functions.
CUSTOM = """
def fn(forward, backward=None, setup=None):
    body = {"forward": staticmethod(forward)}
    if backward: body["backward"] = staticmethod(backward)
    if setup: body["setup_context"] = staticmethod(setup)
    return type("Fn", (autograd.Function,), body)
double = lambda ctx, x: x * 2
class Cube(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3
    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * 3 * x**2
class Exp(autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y
    @staticmethod
    def backward(ctx, g):
        y, = ctx.saved_tensors
        return g * y
class Scale(autograd.Function):
    @staticmethod
    def forward(x, k=2):
        return x * k
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.k, ctx.shape, ctx.time = inputs[1], inputs[0].shape, 7
    @staticmethod
    def backward(ctx, g):
        return g * ctx.k, None
"""


def outcome(library, source):
    """What a program gives: its result in plain Python, or the type of its error; and its warnings."""

    def leaf(*values):
        return library.tensor(list(values), dtype=library.float64, requires_grad=True)

    def constant(*values):
        return library.tensor(list(values), dtype=library.float64)

    names = {"t": library, "L": leaf, "C": constant, "autograd": library.autograd, "__name__": "program"}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(source, names)
            result = plain(names.get("r"))
        except Exception as error:
            result = type(error).__name__
    return result, [warning.category.__name__ for warning in caught]


def plain(value):
    """A result that the two libraries can be compared in."""
    if hasattr(value, "requires_grad") and hasattr(value, "tolist"):
        return (
            str(value.dtype).removeprefix("torch."), tuple(value.shape), value.requires_grad, value.detach().tolist()
        )  # fmt: skip
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else type(value).__name__


def same(a, b):
    """Equality, but for the rounding of float64, and with nan equal to nan."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float):
        return bool(np.isclose(a, b, rtol=1e-12, atol=0, equal_nan=True))
    return a == b


def check(source, warnings=True):
    """Assert that a program does the same in both libraries."""
    torch = pytest.importorskip("torch")
    ours, theirs = outcome(mg, source), outcome(torch, source)
    if not warnings:
        ours, theirs = ours[0], theirs[0]
    assert same(ours, theirs), f"{source}\nmicrogradnp: {ours}\nPyTorch:     {theirs}"


def programs(text):
    """The programs of a text, one after another with empty lines between; a comment line at its head names one."""
    sources = [part.strip() for part in text.strip().split("\n\n")]
    return [pytest.param(source, id=source.splitlines()[0].removeprefix("# ")) for source in sources]
