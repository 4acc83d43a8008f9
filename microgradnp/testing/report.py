"""What a check has found: ``Report``, and its text of at most fifteen lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Worst:
    """The derivative that agrees least: of element ``output`` of the result by element ``index`` of ``input``.

    ``order`` is 1, or 2 for the derivative of a gradient. ``ratio`` is the difference in units of the tolerance.
    """

    order: int
    input: str | int
    index: tuple[int, ...]
    output: Any
    analytic: float
    numeric: float
    error: float
    tolerance: float
    ratio: float


@dataclass(frozen=True)
class Finding:
    """Something that is wrong, beside or instead of a value: what kind, and a sentence."""

    kind: str
    text: str


@dataclass
class Report:
    """The result of a gradient check. ``str(report)`` tells it in at most fifteen lines."""

    name: str
    verdict: str = "pass"
    worst: Worst | None = None
    findings: list[Finding] = field(default_factory=list)
    compared: int = 0
    kinks: int = 0
    neighbours: list[str] = field(default_factory=list)
    reproducer: str = ""

    @property
    def ok(self) -> bool:
        """Whether the check has passed."""
        return self.verdict == "pass"

    def __str__(self) -> str:
        lines = [f"{self.verdict}: {self.name}: {self.compared} derivatives compared, {self.kinks} at kinks"]
        if self.worst is not None:
            w = self.worst
            lines.append(
                f"  d output{w.output} / d {w.input}{list(w.index)}: analytic {w.analytic!r}, numeric {w.numeric!r} "
                f"(estimated error {w.error:.1e}, tolerance {w.tolerance:.1e})"
            )
        lines += [f"  {finding.kind}: {finding.text}" for finding in self.findings]
        return "\n".join(lines[:15])


class GradcheckError(AssertionError, RuntimeError):
    """A gradient check did not pass. ``report`` says how. (PyTorch's is a RuntimeError: so is this.)"""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report
