"""The page of the docs, docs/benchmarks.md, and the table in README.md."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from . import plot, tables
from .contestants import CONTESTANTS, NUMPY
from .results import Results
from .workloads import WORKLOADS

START, END = "<!-- figures: written by python -m benchmarks --write-docs -->", "<!-- end of figures -->"

METHOD = """\
Written by `python -m benchmarks --write-docs`; `python -m benchmarks --help` shows how to choose workloads, contestants
and threads.

Before anybody is timed, all contestants of a case run from the same parameters, and must return the same losses (or the
same results and gradients) within a tolerance of their norms: 1e-12 for the XOR network, which is in float64, and 1e-5
to 1e-3 in float32. Then they run in turns, in one process, on {threads}, in an order that is drawn anew for each round;
a turn lasts 20 ms, or one step. A ratio is the median of the ratios of each round, so a change in the machine's speed
meets both sides; quartiles stand beside it. The microseconds are medians too: they are those of this machine, and the
ratios are what may be quoted. The time to compile is not counted. To import microgradnp makes glibc keep freed memory:
in one process, that helps everybody who allocates arrays through it, NumPy by hand too.

*NumPy by hand* is what a good NumPy programmer writes without a framework: gradients derived by hand, parameters
updated in place, in-place operators where they come naturally, no buffers kept from step to step for `out=`, which is
what compiling is for. JAX donates the memory of the state and is waited for; torch.compile compiles the loss and the
step of the optimizer; tinygrad compiles with clang.
"""


def write(results: Results, root: Path) -> None:
    """Write the page and its pictures under ``root``/docs, and the table of ``root``/README.md if it has the marks."""
    images = root / "docs" / "images"
    images.mkdir(parents=True, exist_ok=True)
    pictures = plot.draw(results, images)
    (root / "docs" / "benchmarks.md").write_text(page(results, pictures), encoding="utf-8")
    readme = root / "README.md"
    if readme.exists():
        readme.write_text(with_figures(readme.read_text(encoding="utf-8"), results), encoding="utf-8")


def page(results: Results, pictures: list[Path]) -> str:
    """The text of docs/benchmarks.md."""
    threads = results.machine["threads"]
    method = METHOD.format(threads="one thread" if threads == "1" else f"{threads} threads")
    parts = ["# Benchmarks", method, "## Where", _machine(results)]
    parts += [f"![{picture.stem}](images/{picture.name})" for picture in pictures]
    for name, workload in WORKLOADS.items():
        if results.of(name):
            parts += [f"## {workload.title}", workload.about, tables.markdown(tables.table(workload, results))]
            parts += [f"Left out: {line}." for line in tables.left_out(workload, results)]
    limits = tables.limits(results)
    if len(limits) > 1:
        parts += ["## What was aimed at", tables.markdown(limits)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _machine(results: Results) -> str:
    lines = [f"- {key}: {value}" for key, value in results.machine.items()]
    lines += [f"- absent: {CONTESTANTS[name].title} ({reason})" for name, reason in results.absent.items()]
    return "\n".join(lines)


def with_figures(readme: str, results: Results) -> str:
    """The text of README.md with the table between its marks, if it has them."""
    if START not in readme or END not in readme:
        return readme
    before, rest = readme.split(START, 1)
    return f"{before}{START}\n\n{tables.markdown(summary(results))}\n\n{END}{rest.split(END, 1)[1]}"


def summary(results: Results) -> tables.Rows:
    """For the workloads that are whole training steps: everybody's ratio to NumPy by hand."""
    cases = [case for name in WORKLOADS for case in results.of(name) if len(results.of(name)) == 1]
    cases = [case for case in cases if NUMPY in case.rounds]
    rows = [["time / NumPy by hand", *(WORKLOADS[case.workload].title for case in cases)]]
    for name, contestant in CONTESTANTS.items():
        own = [tables.ratio(median(case.ratios(name, NUMPY))) if name in case.rounds else "-" for case in cases]
        if set(own) != {"-"}:
            rows.append([contestant.title, *own])
    return rows
