"""``gradcheck``: are the gradients of a function those that its values have? Pass, fail, or inconclusive.

For one function, of order 1 or 2:

    the function in float64     subject.py      evaluated, and differentiated by the engine
    its slopes                  numeric.py      with estimates of their errors
    one compared with the other here            each derivative on its own
    everything else             conduct.py      what a gradient owes beside its value
    what came of it             report.py
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..autograd.quiet import restore, silence
from ..tensor import make
from . import compare, ties
from .compare import FAIL, INCONCLUSIVE, PASS, Comparison
from .conduct import Conduct, deterministic, filled, generator_kept, random_like, repairs_seen, unharmed
from .described import explained, located, neighbours, undecided
from .lines import confine, sizes
from .numeric import first_step
from .precision import Precision, coarse_gradient, coarse_values, own_precision
from .report import Finding, GradcheckError, Report
from .reproduce import reproducer
from .subject import Array, Gradient, Run, Subject, flat, name_of

observers: list[Callable[[Report], None]] = []  # called with every finished report
_mode = "full"


def default_mode() -> str:
    """The ``mode`` of a check that names none: "full", unless ``set_default_mode`` has said otherwise."""
    return _mode


def set_default_mode(mode: str) -> None:
    """Let checks that name no ``mode`` run in this one, "full" or "fast": what the pytest plugin's --gradcheck does."""
    global _mode
    _mode = _one_of("mode", mode, ("full", "fast"))


@dataclass(frozen=True)
class Options:
    """How to check. Beyond what ``gradcheck`` takes: ``orders``, the orders to check; ``step``, the largest absolute
    step; ``absolute``, a tolerance in units of the derivatives; ``same``, how much two equal calls may differ;
    ``ignored``, the kinds of findings that do not count; ``cotangents``, those of order 2, or if they are ``scattered``
    in memory; ``constant``, whether a function without gradients passes if it is constant.
    """

    orders: tuple[int, ...] = (1,)
    mode: str = "full"
    method: str = "richardson"
    rtol: float = 1e-5
    atol: float = 1e-10
    kinks: str = "subgradient"
    domain: Any = None
    rng: Any = 0
    step: float | None = None
    absolute: float = 0.0
    same: float = 0.0
    ignored: frozenset[str] = frozenset()
    cotangents: tuple[Any, ...] | None = None
    scattered: bool = False
    constant: bool = False


def gradcheck(
    fn: Callable[..., Any],
    inputs: Any,
    *,
    order: int = 1,
    mode: str | None = None,
    method: str = "richardson",
    rtol: float | None = None,
    atol: float | None = None,
    kinks: str = "subgradient",
    domain: Any = None,
    rng: Any = 0,
    raise_exception: bool = True,
) -> Report:
    """Compare the gradients of a function with numeric derivatives, and look at everything else a gradient owes.

    Every derivative of every output by every input gets a verdict: it is right if it agrees with the numeric value
    within the tolerance, wrong if it differs by more than that and four estimated errors of the numeric value, and
    undecided if that error is too large to tell. The check has failed if something is wrong, and is inconclusive if
    something is undecided.

    The numeric values are central differences of ``fn`` on float64 copies of the inputs, whatever their types, with
    steps relative to each input, extrapolated; where that is not exact enough, with smaller and larger ones. The
    gradient in the inputs' own types is then compared with that in float64. At a kink, any value between the slopes on
    its two sides is right, and for several elements together any generalised gradient. And a gradient shall be linear
    in the gradient that comes in, the same in every call, for every layout in memory and for inputs that require it
    alone; it shall leave what it was given unharmed, share no memory, and notice when what it has saved was changed.

    Args:
        fn: a function of tensors (and other arguments) that returns a tensor, or nested tuples, lists and dicts of
            them. Those of floating point that require gradients are checked.
        inputs: its arguments: a tensor, or a sequence of anything; the tensors in it may be nested. Those of floating
            point that require gradients are differentiated. Everything runs on copies.
        order: 1; or 2, to check the derivatives of the gradient as well.
        mode: "full" compares the whole Jacobian, "fast" random directions, which costs a few evaluations for each input
            of whatever size (and misses what is small beside the rest); where these do not decide it goes on with the
            Jacobian. By default what ``pytest --gradcheck`` says, else "full".
        method: "richardson"; or "complex", for functions that are analytic and run on complex numbers: exact to the
            last digits, and wrong for abs(), norms and comparisons.
        rtol: the relative tolerance, 1e-5 by default.
        atol: the tolerance for derivatives near 0, in units of |output| / |input|, 1e-10 by default.
        kinks: "subgradient" to accept what lies between the slopes, "skip" to leave kinks out, "error" to fail.
        domain: where the function may be evaluated: an interval (low, high) for all inputs, or a list with an interval
            or None for each argument.
        rng: a seed, or a NumPy Generator, for directions and gradients that come in. No global generator is touched.
        raise_exception: whether to raise if the check has not passed.

    Returns:
        A ``Report``: ``ok``, ``verdict``, ``worst``, ``findings``, and a text of at most fifteen lines.

    Raises:
        GradcheckError: the check has failed or is inconclusive. It is an AssertionError; its ``report`` says more.
        ValueError: there is nothing to check: no input or no output requires gradients; an option is none.
        NotImplementedError: ``method="complex"`` for order 2.

    Sources: https://docs.pytorch.org/docs/stable/notes/gradcheck.html for the idea of the fast mode; those of the
    numeric derivatives are in ``numeric.py``.

    >>> import microgradnp
    >>> from microgradnp.testing import gradcheck
    >>> x = microgradnp.tensor([0.5, -1.0, 2.0], requires_grad=True)
    >>> gradcheck(lambda x: x.exp() * x, x).compared
    9
    >>> report = gradcheck(lambda x: x.exp() * x.detach(), x, raise_exception=False)
    >>> report.verdict, report.worst.index, report.findings[0].text
    ('fail', (1,), '3 of 9 derivatives are wrong')
    """
    if order not in (1, 2):
        raise ValueError(f"gradcheck: order must be 1 or 2, got {order!r}")
    options = Options(
        orders=(1, 2)[:order],
        mode=_one_of("mode", default_mode() if mode is None else mode, ("full", "fast")),
        method=_one_of("method", method, ("richardson", "complex")),
        rtol=1e-5 if rtol is None else float(rtol),
        atol=1e-10 if atol is None else float(atol),
        kinks=_one_of("kinks", kinks, ("subgradient", "skip", "error")),
        domain=domain,
        rng=rng,
    )
    if method == "complex" and order == 2:
        raise NotImplementedError(
            "gradcheck: method='complex' is of order 1: gradients are not computed of complex numbers"
        )
    report = examine(fn, inputs, options)
    if raise_exception and not report.ok:
        raise GradcheckError(report)
    return report


def gradgradcheck(fn: Callable[..., Any], inputs: Any, **options: Any) -> Report:
    """``gradcheck`` with ``order=2``: the derivatives, and those of the gradients.

    >>> import microgradnp
    >>> from microgradnp.testing import gradgradcheck
    >>> x = microgradnp.tensor([0.5, -1.0], requires_grad=True)
    >>> gradgradcheck(microgradnp.sin, x).verdict
    'pass'
    """
    return gradcheck(fn, inputs, **{**options, "order": 2})


def _one_of(what: str, value: Any, choices: tuple[str, ...]) -> Any:
    if value not in choices:
        raise ValueError(f"gradcheck: {what} must be one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def examine(fn: Callable[..., Any], inputs: Any, options: Options) -> Report:
    """Check as the options say, and tell the observers. Nothing of the caller's is changed."""
    report = _examine(fn, inputs, options)
    if not report.ok:
        report.reproducer = reproducer(fn, inputs, options, report, lambda other: _examine(fn, other, options).verdict)
    for observer in observers:
        observer(report)
    return report


def _examine(fn: Callable[..., Any], inputs: Any, options: Options) -> Report:
    report = Report(name_of(fn), mode=options.mode)
    rng = options.rng if isinstance(options.rng, np.random.Generator) else np.random.default_rng(options.rng)
    quiet = silence()
    try:
        with generator_kept():
            Check(fn, inputs, options, report, rng).run()
    finally:
        restore(quiet)
    return report


class Check:
    """One check, while it runs."""

    def __init__(self, fn: Callable[..., Any], inputs: Any, options: Options, report: Report, rng: Any) -> None:
        self.fn, self.inputs, self.options, self.report, self.rng = fn, inputs, options, report, rng
        self.subject, self.first = self.reference(fn, inputs)
        confine(self.subject, options.domain)

    def reference(self, fn: Callable[..., Any], inputs: Any) -> tuple[Subject, Run]:
        """The function in float64, or where it does not run in that, in the types of its inputs."""
        subject = Subject(fn, inputs)
        try:
            return subject, subject.run()
        except Exception as error:
            own = Subject(fn, inputs, dtype=None)
            if all(a.dtype == b.dtype for a, b in zip(own.arrays, subject.arrays, strict=True)):
                raise
            run = own.run()
            reason = str(error).splitlines()[0][:80] if str(error) else type(error).__name__
            self.report.remarks.append(f"does not run in float64, so it was checked in its own types: {reason}")
            return own, run

    def run(self) -> None:
        """All orders, until something is wrong."""
        if not self.first.outputs:
            self.without_gradient()
            return
        if 1 in self.options.orders:
            findings: list[Finding] = []
            with repairs_seen(findings):
                self.order(1, self.subject, self.first)
            self.conclude(findings)
        if 2 in self.options.orders and self.report.verdict != "fail":
            second = self.second()
            self.order(2, second, second.run())

    def without_gradient(self) -> None:
        """No output requires gradients: a refusal, or where that is asked for a look at whether it depends on them."""
        if not self.options.constant:
            raise ValueError("gradcheck: no output of the function requires gradients: there is no derivative to check")
        subject = Subject(self.fn, self.inputs, everything=True)
        run = subject.run()
        if run.outputs:
            self.report.mode = "full"
            f0 = flat([out._array for out in run.outputs])
            precision = Precision(subject.eps, self.options.rtol, self.options.atol, self.options.absolute)
            self.note(
                compare.full(subject, run, f0, precision, self.options), subject, run, 1, [None] * len(run.inputs)
            )
            self.conclude([])

    def second(self) -> Subject:
        """The gradient as a function of the inputs and the cotangents."""
        subject = self.subject
        arguments, _ = subject.arguments([point.copy() for point in subject.points], True)
        given = self.options.cotangents
        if given is None:
            given = [make(array).requires_grad_() for array in self.cotangents(self.first)]
        else:
            given = [
                v.detach().to(out.dtype).requires_grad_(v.requires_grad)
                for v, out in zip(given, self.first.outputs, strict=True)
            ]
        second = Subject(Gradient(subject), (*arguments, list(given)), None, everything=True)
        second.names[len(subject.names) :] = [f"grad_outputs[{k}]" for k, v in enumerate(given) if v.requires_grad]
        second.names[: len(subject.names)] = subject.names
        second.low[: len(subject.low)], second.high[: len(subject.high)] = subject.low, subject.high
        if self.options.scattered:
            second.scattered = frozenset(second.checked[len(subject.checked) :])
        return second

    def cotangents(self, run: Run) -> list[Array]:
        """A random cotangent for each output."""
        return [random_like(out, self.rng) for out in run.outputs]

    def order(self, order: int, subject: Subject, run: Run) -> None:
        """The values of the derivatives of one order; for the first also everything else."""
        v = self.cotangents(run)
        found = run.vjp(v)
        g = filled(found, run.inputs)
        if order == 1:
            wrong = unharmed(subject, run) or deterministic(subject, run, v, g, self.options.same)
            if wrong:  # then nothing else can be told
                self.conclude(wrong)
                return
        f0, precision = self.values(subject, run)
        comparison = self.compare(subject, run, v, g, f0, precision)
        self.note(comparison, subject, run, order, found)
        self.conclude(self.conduct(subject, run, v, g, f0, comparison, precision.eps) if order == 1 else [])

    def values(self, subject: Subject, run: Run) -> tuple[Array, Precision]:
        """The values at the point, and how precise they are."""
        recorded = flat([out._array for out in run.outputs])
        try:
            f0 = subject.values(subject.points)
        except Exception:  # it needs a recorded call: it may ask for gradients itself
            f0, subject.recorded = recorded, True
        if not np.array_equal(f0, recorded, equal_nan=True):
            f0, subject.recorded = recorded, True
        eps = max([subject.eps, *(float(np.finfo(out._array.dtype).eps) for out in run.outputs)])
        self.coarse = coarse_values(subject, f0)
        if self.coarse is not None:
            eps = max(eps, float(np.finfo(self.coarse).eps))
        absolute = self.options.absolute + self.options.same / first_step(eps)  # the noise that is allowed, in a slope
        return f0, Precision(eps, self.options.rtol, self.options.atol, absolute)

    def compare(
        self,
        subject: Subject,
        run: Run,
        v: list[Array],
        g: Array,
        f0: Array,
        precision: Precision,
    ) -> Comparison:
        """The derivatives beside their numeric values, in the mode that was asked for if it is enough to decide."""
        if self.report.mode == "fast" and self.options.method == "richardson":
            comparison = compare.fast(subject, run, v, g, f0, precision, self.options, self.rng)
            entries = g.size * f0.size
            if (comparison.verdict == PASS).all():
                return comparison
            if entries > compare.LARGE:
                self.report.remarks.append(f"the Jacobian, with {entries} entries, was not looked at")
                return comparison
            self.report.remarks.append("random directions were not enough to decide: this is the full Jacobian")
        self.report.mode = "full"
        comparison = compare.full(subject, run, f0, precision, self.options)
        if (comparison.verdict == FAIL).any() and ties.uncover(subject, comparison, f0, precision.eps, self.rng):
            comparison.judge()
        return comparison

    def note(self, comparison: Comparison, subject: Subject, run: Run, order: int, found: list[Any]) -> None:
        """Take the derivatives into the report."""
        report, verdicts = self.report, comparison.verdict
        report.compared += comparison.compared
        report.kinks += comparison.kinks
        worst = located(comparison, subject, run, order, self.report.mode)
        if (verdicts == FAIL).any():
            report.verdict = "fail"
            report.findings.append(Finding("value", explained(comparison, order)))
            lost = [name for name, d in zip(subject.names, found, strict=True) if d is None]
            if worst is not None and worst.input in lost:
                text = f"{worst.input} gets no gradient (None), and the function depends on it"
                report.findings.append(Finding("missing", text))
        elif (verdicts == INCONCLUSIVE).any() or (verdicts.size and not comparison.compared):
            report.verdict = "inconclusive"
            report.remarks.append(undecided(comparison))
        if worst is not None and (report.worst is None or not report.ok or worst.ratio > report.worst.ratio):
            report.worst = worst
            report.neighbours = [] if report.ok else neighbours(comparison, subject, run, order)

    def conduct(
        self, subject: Subject, run: Run, v: list[Array], g: Array, f0: Array, comparison: Comparison, eps: float
    ) -> list[Finding]:
        """Everything that a gradient owes beside its value."""
        weights = np.abs(flat(v))
        scale = np.concatenate([sizes(point).reshape(-1) for point in subject.points])
        natural = (weights @ np.abs(f0)) / scale
        if np.abs(f0).max(initial=0.0) <= 1e3 * eps * scale.max(initial=0.0):  # all that is left may be rounding
            natural += weights.sum()
        size, found, expected = self.combined(subject, run, v, g, comparison)
        conduct = Conduct(subject, run, v, g, size, natural, eps)
        findings = [*conduct.linear(found, expected), *conduct.findings()]
        if self.options.kinks == "subgradient" and self.report.mode == "full":
            findings += ties.together(subject, run, comparison, self.rng)
        if self.coarse is None:
            findings += coarse_gradient(run, g, natural + size.max(initial=0.0))
        own = Subject(subject.fn, self.inputs, dtype=None)
        if any(a.dtype != b.dtype for a, b in zip(own.arrays, subject.arrays, strict=True)):
            findings += own_precision(own, subject, run, size + 0.1 * natural, self.rng)
        return findings

    def combined(
        self, subject: Subject, run: Run, v: list[Array], g: Array, comparison: Comparison
    ) -> tuple[Array, Array, Array]:
        """The size of the terms of a gradient, a gradient, and what that is by linearity: from its parts."""
        if self.report.mode == "full":
            size, expected, weights = np.abs(g), g.copy(), flat(v)
            size[comparison.rows] = np.abs(comparison.analytic) @ np.abs(weights)
            expected[comparison.rows] = comparison.analytic @ weights
            return size, g, expected
        w = self.cotangents(run)
        other = run.gradient(w)
        found = run.gradient([0.5 * a - 3 * b for a, b in zip(v, w, strict=True)])
        return 0.5 * np.abs(g) + 3 * np.abs(other), found, 0.5 * g - 3 * other

    def conclude(self, findings: list[Finding]) -> None:
        """Take findings into the verdict, those that count."""
        counted = [finding for finding in findings if finding.kind not in self.options.ignored]
        self.report.findings += counted
        if counted:
            self.report.verdict = "fail"
