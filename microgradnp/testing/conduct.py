"""What a gradient owes beside the right value.

Each check does one thing to the function, on the float64 copies of a ``Subject`` and with one random cotangent ``v``
for each output, and returns what it has found wrong: a kind, and a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .. import random
from ..autograd import backward, gate, grad, memory
from ..tensor import Tensor, make
from .report import Finding
from .subject import Array, Run, Subject, flat, scattered

SAME = 1e-9  # how much two ways to the same gradient may differ by rounding, relative to the terms it is made of
ROUNDING = 64  # and in eps, relative to what the function's values can tell
DRAWS = 10  # how often a function that draws random numbers may give the same before that is no accident
LOUD = 2.0**20  # how much larger a cotangent is to show what is not linear


@contextmanager
def generator_kept() -> Iterator[None]:
    """Leave the global generator of random numbers as it was."""
    generator = random.default_generator
    twister, seed, spare = generator._twister, generator._seed, generator._spare
    state = None if twister is None else twister.get_state(legacy=False)
    try:
        yield
    finally:
        generator._seed, generator._spare, generator._twister = seed, spare, twister
        if twister is not None and state is not None:
            twister.set_state(state)


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


def random_like(out: Tensor, rng: Any) -> Array:
    """A random cotangent for an output: of both signs, none of them small, none a round number."""
    return np.asarray(spread(rng, 0.5, 1.5, out.shape), out._array.dtype)


def spread(rng: Any, low: float, high: float, shape: Any) -> Array:
    """Random numbers of both signs, of sizes between ``low`` and ``high``."""
    drawn = rng.uniform(-1, 1, shape)
    return np.copysign(low + (high - low) * np.abs(drawn), drawn)


def unharmed(subject: Subject, run: Run) -> list[Finding]:
    """The inputs are as they were before the call and the backward pass."""
    for i, (tensor, array) in enumerate(zip(run.given, subject.arrays, strict=True)):
        if not np.array_equal(tensor._array, array, equal_nan=array.dtype.kind in "fc"):
            name = subject.names[subject.checked.index(i)] if i in subject.checked else f"tensor {i} of the inputs"
            return [Finding("mutation", f"the call, or its backward pass, has changed the values of {name}")]
    return []


def deterministic(subject: Subject, run: Run, v: Sequence[Array], g: Array, tolerance: float) -> list[Finding]:
    """The same call again gives the same outputs and gradients, bit for bit (or within an absolute ``tolerance``).

    Few random choices often come out the same twice: what draws numbers is called more often.
    """
    for _ in range(DRAWS if draws(subject) else 1):
        if findings := different(subject, run, v, g, tolerance):
            return findings
    return []


def different(subject: Subject, run: Run, v: Sequence[Array], g: Array, tolerance: float) -> list[Finding]:
    """What one more call gives that is not the same."""
    again = subject.run()
    pairs = (
        ("outputs", flat([out._array for out in run.outputs]), flat([out._array for out in again.outputs])),
        ("gradients", g, again.gradient(v)),
    )
    for what, a, b in pairs:
        if a.shape == b.shape and (np.array_equal(a, b, equal_nan=True) or np.all(np.abs(a - b) <= tolerance)):
            continue
        by = f" (by up to {np.nanmax(np.abs(a - b)):.3g})" if a.shape == b.shape else ""
        text = (
            f"two calls with the same inputs gave different {what}{by}. Does it draw random numbers (dropout), or keep "
            "something between calls? Seed it inside, or switch to eval()"
        )
        return [Finding("nondeterministic", text)]
    return []


class Conduct:
    """The checks of one function, at one point.

    ``g`` is the gradient for the cotangents ``v``; ``size`` that of the terms it is made of, ``natural`` what the
    function's values can tell of it at all: arrays like ``g``. ``eps`` is the precision of the function.
    """

    def __init__(
        self, subject: Subject, run: Run, v: Sequence[Array], g: Array, size: Array, natural: Array, eps: float
    ) -> None:
        self.subject, self.run, self.v, self.g = subject, run, v, g
        self.tolerance = max(SAME, 100 * eps)  # relative to the terms
        size, natural = np.nan_to_num(size, posinf=0.0), np.nan_to_num(natural, posinf=0.0)
        self.allowed = self.tolerance * size + ROUNDING * eps * (natural + size.max(initial=0.0))

    def same(self, found: Array, expected: Array | None = None) -> bool:
        """Whether a gradient is ``expected``, by default the one that is known; nan and infinities included."""
        expected = self.g if expected is None else expected
        if np.array_equal(found, expected, equal_nan=True):
            return True
        finite = np.isfinite(found) & np.isfinite(expected)
        if not np.array_equal(found[~finite], expected[~finite], equal_nan=True):
            return False
        return bool((np.abs(found - expected) <= self.allowed)[finite].all())

    def findings(self) -> Iterator[Finding]:
        """All that is wrong."""
        yield from self.together()
        yield from self.loud()
        yield from self.recorded()
        yield from self.views()
        yield from self.accumulates()
        yield from self.cotangents_in_memory()
        yield from self.inputs_in_memory()
        yield from self.stale()
        yield from self.alone()
        yield from self.undefined()
        yield from unharmed(self.subject, self.run)

    def linear(self, found: Array, expected: Array) -> Iterator[Finding]:
        """A gradient is what it is by linearity in the cotangent, put together of its parts."""
        finite = np.isfinite(expected) & np.isfinite(found)
        off = np.where(finite, np.abs(expected - found) - self.allowed, -np.inf)
        if (off > 0).any():
            i = int(np.argmax(off))
            yield Finding(
                "nonlinear",
                f"the gradient is not linear in the gradient that comes in: for a random one it is {found[i]:.8g} "
                f"where the sum of its parts is {expected[i]:.8g}. Does backward multiply by grad_output, once?",
            )

    def loud(self) -> Iterator[Finding]:
        """A cotangent that is a million times larger, or smaller, gives a gradient that is."""
        for factor in (LOUD, 1 / LOUD):
            found = self.run.gradient([factor * array for array in self.v]) / factor
            if np.isfinite(found).all() and not self.same(found):
                text = f"a gradient that comes in {factor:g} times as large does not give one {factor:g} times as large"
                yield Finding("nonlinear", text)
                return

    def together(self) -> Iterator[Finding]:
        """In one backward pass through two calls, each gets its own gradient, from the values of its own call."""
        runs = (self.run, self.subject.run())
        self.subject.values(self.subject.moved(2.0**-10))  # and a third call
        seeds = [make(-array) for array in self.v] + [make(array) for array in self.v]
        outputs, inputs = [[t for run in runs for t in getattr(run, what)] for what in ("outputs", "inputs")]
        found = filled(grad(outputs, inputs, seeds, True, allow_unused=True), inputs)
        if not (self.same(-found[: self.g.size]) and self.same(found[self.g.size :])):
            text = (
                "the backward pass of a call gives another gradient when the function has been called again, or when "
                "both are in one graph: keep what belongs to a call in ctx, and return new memory each time"
            )
            yield Finding("state", text)

    def recorded(self) -> Iterator[Finding]:
        """Recorded for higher derivatives, the backward pass gives the same, and leaves the cotangents as they were."""
        given = [make(array.copy()).requires_grad_().clone() for array in self.v]  # no leaves: they may be written to
        try:
            found = self.run.vjp(given, create_graph=True)
        except RuntimeError:  # a backward in NumPy refuses what requires gradients: it may be right all the same
            given = [make(array.copy()) for array in self.v]
            found = self.run.vjp([t._array for t in given])
        if not all(np.array_equal(t._array, array) for t, array in zip(given, self.v, strict=True)):
            yield Finding("mutation", "the backward pass has changed the values of the gradient that came in")
        elif not self.same(filled(found, self.run.inputs)):
            yield Finding("recorded", "with create_graph=True the backward pass gives another gradient than without")
        arrays = [g._array for g in found if g is not None]
        others = [t._array for t in (*given, *self.run.given, *self.run.results)]
        for k, array in enumerate(arrays):
            if any(np.may_share_memory(array, other) for other in (*others, *arrays[:k])):
                yield Finding("aliasing", "a gradient shares its memory with another tensor of the call")
                return

    def views(self) -> Iterator[Finding]:
        """An output that shares memory with an input, or with another output, is a view that autograd knows."""
        for k, out in enumerate(self.run.outputs):
            for what, others in (("an input", self.run.given), ("another output", self.run.outputs[:k])):
                if any(_shared(out, other) for other in others):
                    text = (
                        f"an output shares its memory with {what}, and is no view that autograd knows: writing to one "
                        "changes the other. Return a copy (.clone()), or make it with a view operation"
                    )
                    yield Finding("aliasing", text)
                    return

    def accumulates(self) -> Iterator[Finding]:
        """Going backward twice adds up twice the gradient."""
        seeds = [make(array) for array in self.v]
        for _ in range(2):
            backward(self.run.outputs, seeds, retain_graph=True)
        if not self.same(filled([x._grad for x in self.run.inputs], self.run.inputs) / 2):
            yield Finding("accumulation", "two backward passes did not add up to twice the gradient of one")

    def cotangents_in_memory(self) -> Iterator[Finding]:
        """Cotangents that lie in memory in another way give the same gradient."""
        if not self.same(self.run.gradient([scattered(array) for array in self.v])):
            yield Finding("layout", "a gradient that comes in non-contiguous gives another gradient than its copy")
            return
        constant = [np.full(array.shape, 0.7, array.dtype) for array in self.v]
        broadcast = [np.broadcast_to(np.asarray(0.7, array.dtype), array.shape) for array in self.v]
        if not self.same(self.run.gradient(broadcast), self.run.gradient(constant)):
            yield Finding(
                "layout", "a gradient that comes in broadcast (with strides of 0) gives another than its copy"
            )

    def inputs_in_memory(self) -> Iterator[Finding]:
        """Inputs that lie in memory in another way give the same outputs and gradients, or raise."""
        layouts = (
            [scattered, np.asfortranarray] if max(point.ndim for point in self.subject.points) > 1 else [scattered]
        )
        for layout in layouts:
            try:
                run = self.subject.run_on([layout(point.copy()) for point in self.subject.points])
                found = run.gradient(self.v)
            except Exception:  # to refuse a layout is no wrong gradient
                continue
            values, own = (flat([out._array for out in r.outputs]) for r in (run, self.run))
            if not np.array_equal(values, own) and not np.allclose(values, own, SAME, 1e-300, equal_nan=True):
                if not draws(self.subject):  # random numbers may be given out in the order of the memory
                    yield Finding("layout", "non-contiguous inputs give other outputs than contiguous ones like them")
                    return
            elif not self.same(found):
                yield Finding("layout", "non-contiguous inputs get another gradient than contiguous ones like them")
                return

    def stale(self) -> Iterator[Finding]:
        """Changing an input or output after the call raises in the backward pass, or does not matter."""
        for what in ("inputs", "outputs"):
            run = self.subject.run()
            for tensor in getattr(run, what):
                if tensor._array.flags.writeable:  # else it is expanded
                    tensor._array[...] = tensor._array * -1.7 + 0.31
                    memory.wrote(tensor._array, "a gradient check")
            try:
                found = run.gradient(self.v)
            except RuntimeError:
                continue  # as it should, since something that was saved is no longer what it was
            if not self.same(found):
                text = (
                    f"changing the {what} in place after the call changed the gradient, and nothing was raised: save "
                    "tensors with ctx.save_for_backward(), not as attributes or arrays"
                )
                yield Finding("stale", text)
                return

    def alone(self) -> Iterator[Finding]:
        """Where only one of several inputs requires a gradient, it gets the same."""
        subject = self.subject
        if len(subject.checked) == 1:
            return
        parts = np.split(self.g, np.cumsum([point.size for point in subject.points])[:-1])
        for k, name in enumerate(subject.names[:4]):
            run = subject.run(only=k)
            if not any(out.requires_grad for out in run.outputs):
                found = np.zeros(parts[k].shape)
            else:
                found = filled([run.vjp(self.v)[k]], [run.inputs[k]])
            whole = [*parts[:k], found, *parts[k + 1 :]]
            if not self.same(np.concatenate(whole)):
                yield Finding("alone", f"{name} gets another gradient when it is the only input that requires one")
                return

    def undefined(self) -> Iterator[Finding]:
        """Where a gradient reaches only one of several outputs, that is as if those of the others were 0."""
        count = len(self.v)
        for k in range(count) if count > 1 else ():
            alone = [array if i == k else None for i, array in enumerate(self.v)]
            zeros = [array if i == k else np.zeros_like(array) for i, array in enumerate(self.v)]
            try:
                found = self.run.gradient(alone)
            except Exception as error:
                text = f"backward raises where a gradient reaches only output {k}: {type(error).__name__}: {error}"
                yield Finding("undefined", text)
                return
            if not self.same(found, self.run.gradient(zeros)):
                text = f"where a gradient reaches only output {k}, it is another than with zeros for the others"
                yield Finding("undefined", text)
                return


def filled(found: Sequence[Tensor | None], inputs: Sequence[Tensor]) -> Array:
    """Gradients as one flat array, with zeros for None."""
    return flat([np.zeros(x.shape) if g is None else g._array for g, x in zip(found, inputs, strict=True)])


def draws(subject: Subject) -> bool:
    """Whether a call draws from the global generator of random numbers, or sets it."""
    before = random.default_generator._bytes()
    random.default_generator.uniform(1)
    between = random.default_generator._bytes()
    subject.run()
    after = random.default_generator._bytes()
    return not np.array_equal(between, after) or np.array_equal(before, after)


def _shared(out: Tensor, other: Tensor) -> bool:
    """Whether two tensors share memory, and autograd does not know."""
    known = out is other or out._base is not None or other._base is not None
    return not known and out._array.size > 0 and np.may_share_memory(out._array, other._array)
