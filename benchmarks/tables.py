"""The results as tables, in text and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .contestants import CONTESTANTS
from .results import CaseResult, Results, quartiles
from .workload import Case, Limit, Workload
from .workloads import WORKLOADS

Rows = list[list[str]]  # the first is the heading


def number(value: float) -> str:
    """Three digits, or all of those before the point."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.3g}"


def ratio(value: float) -> str:
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}"


def table(workload: Workload, results: Results) -> Rows:
    """A case has a row for each contestant; of several cases, each has a row."""
    cases = results.of(workload.name)
    return _contestants_in_rows(workload, cases[0]) if len(cases) == 1 else _cases_in_rows(workload, cases)


def _contestants_in_rows(workload: Workload, case: CaseResult) -> Rows:
    references = [name for name in workload.references if name in case.rounds]
    rows = [["", case.unit, "quartiles", *(f"/ {CONTESTANTS[name].title}" for name in references)]]
    for name, values in case.rounds.items():
        row = [CONTESTANTS[name].title, number(median(values)), _spread(values, number)]
        for reference in references:
            own = case.ratios(name, reference)
            row.append("1" if name == reference else f"{ratio(median(own))} ({_spread(own, ratio)})")
        rows.append(row)
    return rows


def _cases_in_rows(workload: Workload, cases: Sequence[CaseResult]) -> Rows:
    names = [name for name in CONTESTANTS if any(name in case.rounds for case in cases)]
    rows = [["", *(CONTESTANTS[name].title for name in names)]]
    rows += [
        [f"{case.name}, {case.unit}", *(_cell(case, name, workload.references[0]) for name in names)] for case in cases
    ]
    return rows


def _cell(case: CaseResult, name: str, reference: str) -> str:
    """The median, and its ratio to the reference."""
    if name not in case.rounds:
        return "-"
    shown = number(median(case.rounds[name]))
    if name == reference or reference not in case.rounds:
        return shown
    return f"{shown} ({ratio(case.ratio(name, reference))})"


def _spread(values: list[float], form: object) -> str:
    low, high = quartiles(values)
    return f"{form(low)} to {form(high)}"  # type: ignore[operator]


def left_out(workload: Workload, results: Results) -> list[str]:
    """A line for each contestant that is there but could not do it, and each reason."""
    reasons: dict[str, list[str]] = {}
    for case in results.of(workload.name):
        for name, reason in case.left_out.items():
            reasons.setdefault(f"{CONTESTANTS[name].title}: {reason}", []).append(case.name)
    every = len(results.of(workload.name))
    return [f"{'all' if len(cases) == every else ', '.join(cases)}: {text}" for text, cases in reasons.items()]


def limits(results: Results) -> Rows:
    """What is asked for, and what was reached, for all cases that were measured."""
    rows = [["", "", "at most", "measured", "reached"]]
    for workload in WORKLOADS.values():
        measured = {case.name: case for case in results.of(workload.name)}
        for case in workload.cases():
            if case.name in measured:
                rows += [_limit_row(case, limit, measured[case.name]) for limit in case.limits]
    return rows


def _limit_row(case: Case, limit: Limit, result: CaseResult) -> list[str]:
    what = (
        " or ".join(CONTESTANTS[name].title for name in limit.contestants) + " / " + CONTESTANTS[limit.reference].title
    )
    asked = [case.name, what, f"{limit.at_most:g}"]
    candidates = [name for name in limit.contestants if name in result.rounds and limit.reference in result.rounds]
    if not candidates:
        return [*asked, "-", "not measured"]
    best = min((result.ratios(name, limit.reference) for name in candidates), key=median)
    return [*asked, f"{ratio(median(best))} ({_spread(best, ratio)})", "yes" if median(best) <= limit.at_most else "no"]


def heading(results: Results) -> str:
    lines = [", ".join(f"{key} {value}" for key, value in results.machine.items())]
    lines += [f"({CONTESTANTS[name].title} is absent: {reason})" for name, reason in results.absent.items()]
    return "\n".join(lines)


def workload_text(workload: Workload, results: Results) -> str:
    lines = [f"{workload.name}: {workload.title}", text(table(workload, results))]
    return "\n".join(lines + [f"(left out: {line})" for line in left_out(workload, results)])


def limits_text(results: Results) -> str:
    rows = limits(results)
    return text(rows) if len(rows) > 1 else ""


def text(rows: Rows) -> str:
    """In columns: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)


def markdown(rows: Rows) -> str:
    head, *body = rows
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ruler, *body))
