"""The pytest plugin of microgradnp: a ``gradcheck`` fixture, a marker of that name, ``--gradcheck``, and a summary.

It stands beside the package and not in it: pytest loads its plugins in every run, also in projects that never
differentiate anything, and a module of the package would bring NumPy along. What a test needs is imported when it runs.

    @pytest.mark.gradcheck(mode="fast", rtol=1e-6)
    def test_mine(gradcheck):
        gradcheck(my_op, microgradnp.randn(3, requires_grad=True))

Options come from the call, else from the marker (the nearest one, where a test, its class and its module have one),
else the mode from ``--gradcheck``. The summary counts every check of the run, also those made without the fixture.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from math import isfinite
from typing import Any

import pytest

OPTIONS = ("order", "mode", "method", "rtol", "atol", "kinks", "domain", "rng")  # of microgradnp.testing.gradcheck
MARKER = f"gradcheck({', '.join(f'{name}=...' for name in OPTIONS)}): options of the gradcheck fixture (microgradnp)"
SHOWN = 5  # names of inconclusive tests in the summary


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("microgradnp").addoption(
        "--gradcheck",
        choices=("fast", "full"),
        default=None,
        help="how microgradnp checks gradients where a test does not say: full (the default; every derivative) or fast "
        "(in random directions)",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    config.pluginmanager.register(Recorder(config.getoption("--gradcheck")), "microgradnp_recorder")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marked_options(item)


def marked_options(item: Any) -> dict[str, Any]:
    """The options of a test's markers. Raises UsageError for what ``gradcheck`` does not take."""
    options: dict[str, Any] = {}
    for marker in item.iter_markers("gradcheck"):  # from the test outwards
        unknown = [repr(name) for name in marker.kwargs if name not in OPTIONS]
        if marker.args or unknown:
            wrong = (
                f"unknown option {', '.join(unknown)}"
                if unknown
                else f"options have names, {marker.args[0]!r} has none"
            )
            raise pytest.UsageError(f"{item.nodeid}: marker gradcheck: {wrong} (it takes {', '.join(OPTIONS)})")
        options = {**marker.kwargs, **options}
    return options


@pytest.fixture
def gradcheck(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``gradcheck(fn, *inputs, **options)``: microgradnp.testing.gradcheck with the options of the test's markers.

    Raises GradcheckError when a derivative is wrong, or none could be found to compare it with; returns the Report.
    """
    options = marked_options(request.node)
    check = import_module("microgradnp.testing").gradcheck

    def checked(fn: Callable[..., Any], *inputs: Any, **own: Any) -> Any:
        __tracebackhide__ = True
        return check(fn, inputs, **{**options, **own})

    return checked


class Recorder:
    """Hears of every check, and notes it on the report of its test: such notes come through from xdist's workers."""

    def __init__(self, mode: str | None) -> None:
        self.mode = mode
        self.checker: Any = None  # microgradnp.testing.check, once there is something to hear
        self.heard: list[Any] = []
        self.total = Tally()

    def listen(self) -> None:
        self.checker = import_module("microgradnp.testing.check")
        self.checker.observers.append(self.heard.append)
        if self.mode is not None:
            self.before = self.checker.default_mode()
            self.checker.set_default_mode(self.mode)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        uses_it = "microgradnp" in sys.modules or "gradcheck" in getattr(item, "fixturenames", ())
        if self.checker is None and uses_it:
            self.listen()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Iterator[None]:
        report = yield
        if self.heard:
            tally = Tally()
            for checked in self.heard:
                tally.add(report.nodeid, checked)
            if report.passed:  # it was a test of something that fails
                tally.expected, tally.failed = tally.failed, 0
            report.gradcheck = vars(tally)
            self.heard.clear()
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        if hasattr(report, "gradcheck"):
            self.total.join(Tally(**report.gradcheck))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.total.checks:
            terminalreporter.section(f"gradient checks ({self.mode or 'full'})")
            for line in self.total.lines():
                terminalreporter.line(line)

    def pytest_unconfigure(self) -> None:
        if self.checker is not None:
            self.checker.observers.remove(self.heard.append)
            if self.mode is not None:
                self.checker.set_default_mode(self.before)


@dataclass
class Tally:
    """What the summary says, of one test or of all. Plain values, for they travel between processes."""

    checks: int = 0
    derivatives: int = 0
    failed: int = 0
    expected: int = 0  # those failures that did not fail their test
    inconclusive: list[str] = field(default_factory=list)  # a test as often as it had one
    worst: float = 0.0  # error / tolerance, of checks that passed
    where: str = ""

    def add(self, test: str, report: Any) -> None:
        """Count one Report."""
        worst = report.worst if report.verdict == "pass" else None
        found = Tally(1, report.compared, failed=int(report.verdict == "fail"))
        if report.verdict == "inconclusive":
            found.inconclusive = [test]
        if worst is not None and isfinite(worst.ratio):
            found.worst, found.where = float(worst.ratio), f"{test} ({worst.place()})"
        self.join(found)

    def join(self, other: Tally) -> None:
        self.checks += other.checks
        self.derivatives += other.derivatives
        self.failed += other.failed
        self.expected += other.expected
        self.inconclusive = self.inconclusive + other.inconclusive
        if other.where and other.worst >= self.worst:
            self.worst, self.where = other.worst, other.where

    def lines(self) -> Iterator[str]:
        counts = {
            "passed": self.checks - self.failed - self.expected - len(self.inconclusive),
            "failed": self.failed,
            "failed as expected": self.expected,
            "inconclusive": len(self.inconclusive),
        }
        verdicts = ", ".join(f"{n} {verdict}" for verdict, n in counts.items() if n or verdict == "passed")
        yield f"{self.checks} check{'s' * (self.checks != 1)} of {self.derivatives} derivatives: {verdicts}"
        if self.where:
            yield f"worst error/tolerance of those that passed: {self.worst:.2g} in {self.where}"
        tests = list(dict.fromkeys(self.inconclusive))
        if tests:
            more = f", and {len(tests) - SHOWN} more" if len(tests) > SHOWN else ""
            yield f"inconclusive: {', '.join(tests[:SHOWN])}{more}"
