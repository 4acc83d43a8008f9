"""``gradcheck``: compares the gradients of a function with numeric derivatives, and decides: pass, fail, inconclusive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import numeric
from .numeric import Line
from .report import Finding, GradcheckError, Report, Worst
from .subject import Subject

observers: list[Callable[[Report], None]] = []  # called with every finished report
_mode = "full"


def default_mode() -> str:
    """The ``mode`` of a check that names none: "full", unless ``set_default_mode`` has said otherwise."""
    return _mode


def set_default_mode(mode: str) -> None:
    """Let checks that name no ``mode`` run in this one, "full" or "fast". The pytest plugin does, for --gradcheck."""
    global _mode
    if mode not in ("full", "fast"):
        raise ValueError(f"set_default_mode(): mode must be 'full' or 'fast', got {mode!r}")
    _mode = mode


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
    """Compare the gradients that ``fn`` gives with numeric derivatives."""
    rtol, atol = 1e-5 if rtol is None else rtol, 1e-8 if atol is None else atol
    subject = Subject(fn, inputs)
    run = subject.run()
    if not run.outputs:
        raise ValueError("gradcheck: no output requires grad: there is no derivative to check")
    report = Report(getattr(fn, "__name__", type(fn).__name__))
    analytic = _jacobian(run)
    f0 = subject.values(subject.points)
    lines = [line for i in range(len(subject.points)) for line in _lines(subject, i)]
    slopes = numeric.measure(lines, f0, np.finfo(np.float64).eps)
    scale = np.array([line.scale for line in lines])[:, None]
    tolerance = rtol * np.maximum(np.abs(analytic), np.abs(slopes.value)) + atol * np.abs(f0) / scale
    difference = np.abs(analytic - slopes.value)
    wrong = ~(difference <= tolerance + 4 * slopes.error)
    report.compared = int(analytic.size)
    if wrong.any():
        ratio = np.where(wrong, difference / tolerance, 0)
        line, output = np.unravel_index(np.argmax(ratio), ratio.shape)
        report.verdict = "fail"
        report.worst = Worst(
            1, subject.names[0], (int(line),), (int(output),), float(analytic[line, output]),
            float(slopes.value[line, output]), float(slopes.error[line, output]), float(tolerance[line, output]),
            float(ratio[line, output]),
        )  # fmt: skip
        report.findings.append(Finding("value", "the analytic and the numeric derivative differ"))
    for observer in observers:
        observer(report)
    if raise_exception and not report.ok:
        raise GradcheckError(report)
    return report


def gradgradcheck(fn: Callable[..., Any], inputs: Any, **options: Any) -> Report:
    """``gradcheck`` of order 2."""
    return gradcheck(fn, inputs, order=2, **options)


def _jacobian(run: Any) -> np.ndarray:
    columns = []
    for k, out in enumerate(run.outputs):
        for element in range(out._array.size):
            basis = np.zeros(out.shape, out.dtype)
            basis.reshape(-1)[element] = 1
            found = run.vjp([basis if j == k else None for j in range(len(run.outputs))])
            columns.append(
                np.concatenate(
                    [
                        np.zeros(x._array.size) if g is None else g._array.ravel()
                        for g, x in zip(found, run.inputs, strict=True)
                    ]
                )
            )
    return np.array(columns).T if columns else np.zeros((sum(x._array.size for x in run.inputs), 0))


def _lines(subject: Subject, which: int) -> list[Line]:
    point = subject.points[which]
    rms = float(np.sqrt(np.mean(point**2))) if point.size else 0.0
    return [_coordinate(subject, which, i, rms) for i in range(point.size)]


def _coordinate(subject: Subject, which: int, element: int, rms: float) -> Line:
    here = float(subject.points[which].reshape(-1)[element])

    def at(t: float) -> tuple[np.ndarray, float]:
        points = list(subject.points)
        moved = points[which] = np.array(points[which])
        there = moved.reshape(-1)[element] = here + t
        return subject.values(points), there - here

    return Line(at, max(abs(here), rms) or 1.0, abs(here))
