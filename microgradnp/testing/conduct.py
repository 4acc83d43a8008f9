"""What a gradient owes beside the right value.

Each check returns findings: a kind, and a sentence that says what was done and what came of it. All run on the float64
copies of a ``Subject``, with one random cotangent ``v`` for each output and the gradient that belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np

from .. import random
from ..autograd import backward, gate, no_grad
from ..tensor import Tensor, make
from .report import Finding
from .subject import Array, Run, Subject, flat

Cotangents: TypeAlias = list[Array]

OWN = 64  # by how many eps a gradient in its own precision may differ
SAME = 1e-9  # how much two ways to the same gradient may differ by rounding, relative


def same(a: Array, b: Array, tolerance: float = 0.0) -> bool:
    """Whether two gradients are equal, nan to nan; with a tolerance, relative to each element (and a little to all)."""
    if a.shape != b.shape:
        return False
    if np.array_equal(a, b, equal_nan=True):
        return True
    finite = np.isfinite(a) & np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    a, b = a[finite], b[finite]
    size = np.maximum(np.abs(a), np.abs(b))
    return bool(np.all(np.abs(a - b) <= tolerance * (size + 1e-4 * size.max(initial=0.0))))


@contextmanager
def generator_kept() -> Iterator[None]:
    """Leave the global generator of random numbers as it was."""
    generator = random.default_generator
    twister, seed, spare = generator._twister, generator._seed, generator._spare
    state = None if twister is None else twister.get_state(legacy=False)
    try:
        yield
    finally:
        generator._seed, generator._spare = seed, spare
        if twister is None or state is None:
            generator._twister = None
        else:
            twister.set_state(state)
            generator._twister = twister


@contextmanager
def repairs_seen(findings: list[Finding]) -> Iterator[None]:
    """Note which gradients of a Function the engine has to fit to their operands."""
    told: list[Any] = []
    token = gate.repairs.set(told)
    try:
        yield
    finally:
        gate.repairs.reset(token)
        for name, index, shape, dtype, own_shape, own_dtype in told:
            for kind, found, own in (("shape", shape, own_shape), ("dtype", dtype.name, own_dtype.name)):
                if found != own and not any(finding.kind == kind for finding in findings):
                    text = f"{name} returned a gradient of {kind} {found} for its input {index}, whose {kind} is {own}"
                    findings.append(Finding(kind, text))


def deterministic(subject: Subject, run: Run, v: Cotangents, g: Array, tolerance: float = 0.0) -> list[Finding]:
    """The same call again gives the same outputs and gradients, bit for bit (or within an absolute ``tolerance``)."""
    again = subject.run()
    for what, a, b in (
        ("outputs", flat([out._array for out in run.outputs]), flat([out._array for out in again.outputs])),
        ("gradients", g, again.gradient(v)),
    ):
        with np.errstate(all="ignore"):
            if a.shape != b.shape or not (same(a, b) or bool(np.all(np.abs(a - b) <= tolerance))):
                difference = float(np.nanmax(np.abs(a - b), initial=0.0)) if a.shape == b.shape else np.nan
                text = (
                    f"two calls with the same inputs gave different {what} (by up to {difference:.3g}). Does it draw "
                    "random numbers (dropout), or keep something between calls? Seed it inside, or switch to eval()"
                )
                return [Finding("nondeterministic", text)]
    return []


def unharmed(subject: Subject, run: Run) -> list[Finding]:
    """The inputs are as they were before the call and the backward pass."""
    before = list(subject.arrays)
    for i, (tensor, array) in enumerate(zip(run.given, before, strict=True)):
        if not np.array_equal(tensor._array, array, equal_nan=array.dtype.kind in "fc"):
            name = subject.names[subject.checked.index(i)] if i in subject.checked else f"the tensor number {i}"
            return [Finding("mutation", f"the call, or its backward pass, has changed the values of {name}")]
    return []


def own_state(run: Run, v: Cotangents, g: Array) -> list[Finding]:
    """The backward pass of a call gives the same after the function has been called for other values."""
    if same(run.gradient(v), g):
        return []
    text = (
        "the backward pass of a call gave another gradient after the function had been called with other values: keep "
        "what belongs to a call in ctx"
    )
    return [Finding("state", text)]


def recorded(run: Run, v: Cotangents, g: Array, tolerance: float) -> list[Finding]:
    """Recorded for higher derivatives, the backward pass gives the same, and leaves the cotangents as they were."""
    given = [make(array.copy()) for array in v]
    found = run.vjp(given, create_graph=True)
    findings = []
    if not all(np.array_equal(t._array, array) for t, array in zip(given, v, strict=True)):
        findings.append(Finding("mutation", "the backward pass has changed the values of the gradient it was given"))
    plain = flat([np.zeros(x.shape) if d is None else d._array for d, x in zip(found, run.inputs, strict=True)])
    if not findings and not same(plain, g, tolerance):
        text = "with create_graph=True the backward pass gives another gradient than without"
        findings.append(Finding("recorded", text))
    memory = [t._array for t in (*given, *run.given, *run.results)]
    arrays = [g._array for g in found if g is not None]
    for k, array in enumerate(arrays):
        if any(np.may_share_memory(array, other) for other in (*memory, *arrays[:k])):
            findings.append(Finding("aliasing", "a gradient shares its memory with another tensor of the call"))
            break
    return findings


def aliasing(run: Run) -> list[Finding]:
    """An output that shares memory with an input is a view that autograd knows."""
    for out in run.outputs:
        for x in run.given:
            if out is not x and out._base is None and np.may_share_memory(out._array, x._array) and out._array.size:
                text = (
                    "an output shares its memory with an input and is no view that autograd knows: writing to one "
                    "changes the other. Return a copy (.clone()), or make it with a view operation"
                )
                return [Finding("aliasing", text)]
    return []


def linear(g: Array, expected: Array, size: Array, same: float = SAME) -> list[Finding]:
    """The gradient is linear in the cotangent: put together of parts it is as ``expected``, relative to ``size``."""
    finite = np.isfinite(expected) & np.isfinite(g)
    off = np.abs(expected - g)[finite] > same * size[finite] + 1e-300
    if not off.any():
        return []
    i = int(np.flatnonzero(finite)[np.argmax(off)])
    text = (
        f"the gradient is not linear in the gradient that comes in: for a random one it is {g[i]:.6g} where the sum of "
        f"its parts is {expected[i]:.6g} (element {i} of all). Does backward multiply by grad_output, once?"
    )
    return [Finding("nonlinear", text)]


def accumulates(run: Run, v: Cotangents, g: Array, tolerance: float) -> list[Finding]:
    """Going backward twice adds up twice the gradient, and a graph for higher derivatives gives the same."""
    seeds = [make(array) for array in v]
    outputs = list(run.outputs)
    for _ in range(2):
        backward(outputs, seeds, retain_graph=True)
    twice = flat([np.zeros(x.shape) if x._grad is None else x._grad._array for x in run.inputs])
    if not same(twice, 2 * g, tolerance):
        return [Finding("accumulation", "two backward passes did not add up to twice the gradient of one")]
    return []


def layouts(subject: Subject, run: Run, v: Cotangents, g: Array, tolerance: float) -> list[Finding]:
    """Inputs and cotangents that lie in memory in another way give the same gradient."""
    strided = [scattered(array) for array in v]
    if not same(run.gradient(strided), g, tolerance):
        return [Finding("layout", "a non-contiguous gradient that comes in gives another gradient than a copy of it")]
    constant = [np.full(array.shape, 0.7, array.dtype) for array in v]
    broadcast = [np.broadcast_to(np.asarray(0.7, array.dtype), array.shape) for array in v]
    if not same(run.gradient(constant), run.gradient(broadcast), tolerance):
        return [Finding("layout", "a gradient that comes in broadcast (with strides of 0) is not used as its values")]
    other = subject.run_on([scattered(point) for point in subject.points])
    outputs = [flat([out._array for out in r.outputs]) for r in (run, other)]
    if not same(*outputs, tolerance):
        return [Finding("layout", "non-contiguous inputs give other outputs than contiguous ones of the same values")]
    if not (same(other.gradient(v), g, tolerance) and same(other.gradient(strided), g, tolerance)):
        return [Finding("layout", "non-contiguous inputs get another gradient than contiguous ones of the same values")]
    return []


def scattered(array: Array) -> Array:
    """The same values, otherwise in memory: the dimensions in reverse order, every second place, from the end."""
    if array.ndim == 0 or array.size == 0:
        return array.copy()
    turned = array.T
    room = np.empty((*turned.shape[:-1], 2 * turned.shape[-1]), array.dtype)
    view = room[..., ::-2]
    view[...] = turned
    return view.T


def stale(subject: Subject, v: Cotangents, g: Array, tolerance: float) -> list[Finding]:
    """Changing an input or output after the call raises in the backward pass, or does not matter."""
    for what in ("inputs", "outputs"):
        run = subject.run()
        with no_grad():
            for tensor in getattr(run, what):
                tensor.detach().mul_(-1.7).add_(0.31)  # type: ignore[attr-defined]
        try:
            found = run.gradient(v)
        except RuntimeError:
            continue  # as it should, since something that was saved is no longer what it was
        if not same(found, g, tolerance):
            text = (
                f"changing the {what} in place after the call changed the gradient, and nothing was raised: save "
                "tensors with ctx.save_for_backward(), not as attributes or arrays"
            )
            return [Finding("stale", text)]
    return []


def coarse_type(values: Array) -> Any:
    """The coarsest type whose numbers all these values are, float16 or float32; None for float64."""
    finite = values[np.isfinite(values) & (values != 0)]
    for dtype in (np.float16, np.float32):
        if finite.size and np.array_equal(finite.astype(dtype), finite):
            return dtype
    return None


def precise(run: Run, g: Array) -> list[Finding]:
    """The gradient of a random float64 cotangent has the precision of float64."""
    dtype = coarse_type(g)
    if dtype is None or any(out._array.dtype != np.float64 for out in run.outputs):
        return []
    text = (
        f"all elements of a gradient in float64 are numbers of {np.dtype(dtype).name}: the backward pass works in a "
        "lower precision than the forward pass"
    )
    return [Finding("dtype", text)]


def own_precision(own: Subject, subject: Subject, run: Run, size: Array, rng: Any) -> list[Finding]:
    """In the inputs' own types the gradient is that of float64, as far as their precision lets it.

    ``size`` is that of the terms of each element of the gradient.
    """
    findings: list[Finding] = []
    with repairs_seen(findings):
        mine = own.run()
        v = [random_like(out, rng) for out in mine.outputs]
        g = mine.gradient(v)
    wide = [array.astype(out._array.dtype) for array, out in zip(v, run.outputs, strict=True)]
    reference = run.gradient(wide)
    eps = max(own.eps, *(float(np.finfo(out._array.dtype).eps) for out in mine.outputs))
    moved = np.abs(subject.run(subject.moved(eps)).gradient(wide) - reference)
    start = 0
    for name, point, dtype in zip(own.names, own.points, own.dtypes, strict=True):
        part = slice(start, start := start + point.size)
        if not point.size:
            continue
        terms, change = np.nan_to_num(size[part], posinf=0.0), np.nan_to_num(moved[part], posinf=0.0)
        tolerance = OWN * eps * (terms + 1e-3 * terms.max()) + 16 * change.max()
        tiny = float(np.finfo(dtype).smallest_normal)
        wrong = np.isfinite(reference[part]) & ~(np.abs(g[part] - reference[part]) <= tolerance + tiny)
        if wrong.any() and all(np.isfinite(out._array).all() for out in mine.outputs):
            i = int(np.flatnonzero(wrong)[0])
            index = ", ".join(map(str, np.unravel_index(i, point.shape)))
            text = (
                f"in {dtype.name} the gradient of {name}[{index}] is {g[part][i]:.8g}, where float64 gives "
                f"{reference[part][i]:.8g}: more than rounding"
            )
            return [*findings, Finding("dtype", text)]
    return findings


def random_like(out: Tensor, rng: Any) -> Array:
    """A random cotangent for an output: of both signs, none of them small, none a round number."""
    drawn = rng.uniform(0.5, 1.5, out.shape) * rng.choice([-1.0, 1.0], out.shape)
    return np.asarray(drawn).astype(out._array.dtype)
