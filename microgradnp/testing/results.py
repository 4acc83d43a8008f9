"""``Results``: what several checks of one operation or module have found."""

from __future__ import annotations

from dataclasses import dataclass, field

from .report import LINES, Report


@dataclass
class Results(Report):
    """The report of several checks together.

    ``checks`` are their reports by name; ``notes`` say what was not checked, and why. ``compared`` and ``kinks`` are
    sums, ``findings`` those of all, ``worst`` is the worst of all, and the verdict is "pass" if that of each is.
    """

    checks: dict[str, Report] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, report: Report) -> None:
        """Take in the report of one check."""
        self.checks[name] = report
        self.compared += report.compared
        self.kinks += report.kinks
        self.findings += report.findings
        verdicts = [check.verdict for check in self.checks.values()]
        self.verdict = next(verdict for verdict in ("fail", "inconclusive", "pass") if verdict in verdicts)
        if report.worst is not None and (self.worst is None or not report.worst.ratio <= self.worst.ratio):
            self.worst = report.worst

    def __str__(self) -> str:
        names = [name for name, check in self.checks.items() if check.verdict == self.verdict]
        if self.ok:
            worst = "" if self.worst is None else f", worst error/tolerance {self.worst.ratio:.2g}"
            lines = [
                f"pass: {self.name} ({self.compared} derivatives compared{worst})",
                f"  checked: {', '.join(names)}",
            ]
        else:
            also = f"; also: {', '.join(names[1:])}" if names[1:] else ""
            lines = [f"{self.verdict}: {self.name}, {names[0]}{also}", *str(self.checks[names[0]]).splitlines()[1:]]
        notes = [f"  note: {note}" for note in self.notes]
        return "\n".join([lines[0], *notes[: LINES - len(lines)], *lines[1:]])
