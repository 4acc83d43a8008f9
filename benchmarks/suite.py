"""A run of the suite: all chosen workloads, with all chosen contestants that are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from . import machine, tables
from .agreement import Disagreement
from .contestants import CONTESTANTS, absent
from .results import Results
from .runner import Effort, measure
from .workloads import WORKLOADS

__all__ = [
    "CONTESTANTS", "WORKLOADS", "Disagreement", "Effort", "Results", "Unknown", "choose", "listing", "report", "run",
]  # fmt: skip


class Unknown(Exception):
    """A name that is none."""


def choose(what: str, known: Iterable[str], only: Sequence[str] | None, without: Sequence[str] = ()) -> list[str]:
    """Those of the known names that are asked for, in their own order. Raises Unknown for other names."""
    known = list(known)
    for name in (*(only or ()), *without):
        if name not in known:
            raise Unknown(f"there is no {what} {name!r}: there are {', '.join(known)}")
    return [name for name in known if (not only or name in only) and name not in without]


def report(results: Results) -> str:
    """All tables of a run, as text."""
    texts = [tables.heading(results)]
    texts += [tables.workload_text(WORKLOADS[name], results) for name in WORKLOADS if results.of(name)]
    return "\n\n".join([*texts, tables.limits_text(results)])


def run(
    workloads: Sequence[str], contestants: Sequence[str], effort: Effort, show: Callable[[str], object] = print
) -> Results:
    """Measure; ``show`` is called with the text of each table when it is ready.

    Raises Disagreement when a contestant computes something else than the first of its case.
    """
    missing = {name: absent(name) for name in contestants if absent(name)}
    results = Results(machine.describe() | {"clock": effort.clock.__name__}, absent=missing)
    show(tables.heading(results))
    for name in workloads:
        workload = WORKLOADS[name]
        results.cases += [measure(workload, case, contestants, effort) for case in workload.cases()]
        show("\n" + tables.workload_text(workload, results))
    show("\n" + tables.limits_text(results))
    return results


def listing() -> str:
    """The workloads and contestants by the names that the command line takes."""
    lines = ["workloads:", *(f"  {name:16} {workload.title}" for name, workload in WORKLOADS.items())]
    lines += ["contestants:"]
    for name, contestant in CONTESTANTS.items():
        reason = absent(name)
        lines.append(f"  {name:16} {contestant.title}" + (f" (absent: {reason})" if reason else ""))
    return "\n".join(lines)
