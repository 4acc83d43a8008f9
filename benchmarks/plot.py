"""The pictures: ratios, and growth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from .contestants import (
    AUTOGRAD,
    COMPILED,
    CONTESTANTS,
    EAGER,
    JAX,
    MYGRAD,
    NUMBA,
    NUMPY,
    TINYGRAD,
    TORCH,
    TORCH_COMPILE,
)
from .results import CaseResult, Results, quartiles
from .workloads import WORKLOADS

OURS = (EAGER, COMPILED, NUMBA)
COLUMNS = 3  # of panels, so that a picture can be read in the width of a page
COLOURS = {
    NUMPY: "#555555", EAGER: "#d1495b", COMPILED: "#e08e45", NUMBA: "#8f2d56", TORCH: "#2a6f97",
    TORCH_COMPILE: "#61a5c2", JAX: "#2c7a4b", MYGRAD: "#8a8a3c", AUTOGRAD: "#7b6d8d", TINYGRAD: "#9a8c98",
}  # fmt: skip


def draw(results: Results, directory: Path) -> list[Path]:
    """Write the pictures for which there are measurements; returns their paths."""
    pictures = {"benchmarks": _steps, "benchmarks-operations": _operations, "benchmarks-growth": _growth}
    written = []
    for name, paint in pictures.items():
        figure = paint(results)
        if figure is not None:
            figure.savefig(directory / f"{name}.png", dpi=150)
            written.append(directory / f"{name}.png")
    return written


def _steps(results: Results) -> Any:
    """For each workload of one case, everybody's ratio to NumPy by hand."""
    cases = [found[0] for name in WORKLOADS if len(found := results.of(name)) == 1 and NUMPY in found[0].rounds]
    if not cases:
        return None
    names = [name for name in CONTESTANTS if any(name in case.rounds for case in cases)]
    figure, axes = _figure(len(cases), width=3.6, height=0.9 + 0.3 * len(names), sharey=True)
    for axis, case in zip(axes, cases, strict=True):
        for row, name in enumerate(names):
            if name in case.rounds:
                _bar(axis, row, case, name, NUMPY)
        axis.set_title(_wrapped(WORKLOADS[case.workload].title), fontsize=9)
        _ratio_axis(axis, "time / NumPy by hand")
    axes[0].set_yticks(range(len(names)), [CONTESTANTS[name].title for name in names])
    axes[0].invert_yaxis()
    return figure


def _bar(axis: Any, row: float, case: CaseResult, name: str, reference: str) -> None:
    """From 1 to the ratio, with the quartiles and the number."""
    value, (low, high) = case.ratio(name, reference), quartiles(case.ratios(name, reference))
    axis.barh(row, value - 1, left=1, height=0.6, color=COLOURS[name], alpha=1.0 if name in OURS else 0.6)
    axis.plot([low, high], [row, row], color="black", linewidth=1)
    axis.annotate(
        f"{value:.2f}", (max(value, high, 1), row), (4, 0), textcoords="offset points", va="center", fontsize=8
    )


def _operations(results: Results) -> Any:
    """For each single operation, a point for each contestant's ratio to torch eager."""
    cases = [case for case in results.of("operations") if TORCH in case.rounds]
    if not cases:
        return None
    figure, (axis,) = _figure(1, width=7.5, height=0.8 + 0.32 * len(cases))
    names = [name for name in CONTESTANTS if name != TORCH and any(name in case.rounds for case in cases)]
    for name in names:
        rows = [row for row, case in enumerate(cases) if name in case.rounds]
        shift = 0.12 * (names.index(name) - (len(names) - 1) / 2)
        values = [cases[row].ratio(name, TORCH) for row in rows]
        axis.plot(values, [row + shift for row in rows], "o", color=COLOURS[name], label=CONTESTANTS[name].title)
    axis.set_yticks(range(len(cases)), [case.name for case in cases])
    axis.invert_yaxis()
    axis.legend(fontsize=8)
    axis.set_title(_wrapped(WORKLOADS["operations"].title, 80), fontsize=10)
    _ratio_axis(axis, "time / torch eager")
    return figure


def _growth(results: Results) -> Any:
    """A panel for each thing that grows, named by the first word of its cases."""
    panels: dict[str, list[CaseResult]] = {}
    for case in results.of("growth"):
        panels.setdefault(case.name.split()[0], []).append(case)
    if not panels:
        return None
    figure, axes = _figure(len(panels), width=3.2, height=3.4)
    for axis, (what, cases) in zip(axes, panels.items(), strict=True):
        for name in CONTESTANTS:
            measured = [case for case in cases if name in case.rounds]
            sizes = [int(case.name.split()[1].replace(",", "")) for case in measured]
            times = [median(case.rounds[name]) for case in measured]
            if measured:
                axis.plot(sizes, times, "o-", color=COLOURS[name], label=CONTESTANTS[name].title)
        axis.set_xlabel(what)
        axis.set_ylabel("µs")
        axis.grid(True, alpha=0.3)
        _logarithmic(axis.xaxis, subs=(1,))
        _logarithmic(axis.yaxis, subs=(1, 3))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(COLOURS), fontsize=8)
    return figure


def _figure(panels: int, width: float, height: float, sharey: bool = False) -> tuple[Any, Sequence[Any]]:
    from matplotlib.figure import Figure

    columns, rows = min(panels, COLUMNS), -(-panels // COLUMNS)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharey=sharey).ravel()
    for unused in axes[panels:]:
        unused.remove()
    return figure, axes[:panels]


def _ratio_axis(axis: Any, label: str) -> None:
    _logarithmic(axis.xaxis, subs=(1, 2, 5))
    axis.axvline(1, color="black", linewidth=0.8)
    axis.margins(x=0.18)
    axis.set_xlabel(label)
    axis.spines[["top", "right"]].set_visible(False)


def _logarithmic(axis: Any, subs: tuple[int, ...]) -> None:
    """With plain numbers at these multiples of the powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    axis.set_major_locator(LogLocator(subs=subs))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}" if value < 1e6 else f"{value / 1e6:g}M"))
    axis.set_minor_formatter(NullFormatter())


def _wrapped(title: str, width: int = 40) -> str:
    from textwrap import fill

    return fill(title, width)
