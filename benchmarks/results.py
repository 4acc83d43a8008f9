"""What was measured, as it goes into the JSON file, and the statistics of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median, quantiles


@dataclass
class CaseResult:
    """The measurements of a case: for each contestant one per round, all in the same rounds."""

    workload: str
    name: str
    unit: str
    rounds: dict[str, list[float]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)  # who could not do it, and why

    def ratios(self, contestant: str, reference: str) -> list[float]:
        """Round by round: a change in the machine's speed meets both alike."""
        return [a / b for a, b in zip(self.rounds[contestant], self.rounds[reference], strict=True)]

    def ratio(self, contestant: str, reference: str) -> float:
        return median(self.ratios(contestant, reference))


@dataclass
class Results:
    """A run of the suite."""

    machine: dict[str, str]
    cases: list[CaseResult] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)

    def of(self, workload: str) -> list[CaseResult]:
        return [case for case in self.cases if case.workload == workload]

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @staticmethod
    def load(path: Path) -> Results:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Results(content["machine"], [CaseResult(**case) for case in content["cases"]], content["absent"])


def quartiles(values: list[float]) -> tuple[float, float]:
    """The first and the third."""
    if len(values) == 1:
        return values[0], values[0]
    first, _, third = quantiles(values, n=4, method="inclusive")
    return first, third
