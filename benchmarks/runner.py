"""Building the contestants of a case, checking that they agree, and timing them in turns."""

from __future__ import annotations

import gc
import random
import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil
from time import perf_counter

import numpy as np

from . import agreement
from .contestants import absent
from .results import CaseResult
from .workload import Builder, Case, Step, Workload


@dataclass(frozen=True)
class Effort:
    """How long to measure a case: until there are ``rounds``, or ``seconds`` are over (but at least three rounds)."""

    rounds: int = 40
    seconds: float = 3.0
    turn: float = 0.02  # how long a contestant has its turn, in seconds; at least one step
    clock: Callable[[], float] = perf_counter  # or process_time: what the work costs, whoever else is at work

    least = 3


def measure(workload: Workload, case: Case, contestants: Iterable[str], effort: Effort) -> CaseResult:
    """Measure one case. Raises Disagreement when a contestant computes something else than the first one."""
    result = CaseResult(workload.name, case.name, case.unit)
    wanted = {name: case.builders[name] for name in case.builders if name in contestants and not absent(name)}
    steps = _build(case, wanted, result)
    samples = {name: _sampler(step, case, effort) for name, step in steps.items()}
    result.rounds = {name: [] for name in samples}
    gc.collect()
    gc.freeze()  # so that what other contestants have imported does not weigh on the garbage collector
    start, order, shuffle = perf_counter(), list(samples), random.Random(0).shuffle
    for done in range(effort.rounds):
        if done >= effort.least and perf_counter() - start > effort.seconds:
            break
        shuffle(order)  # nobody has always the same predecessor, whose arrays are in the cache
        for name in order:
            result.rounds[name].append(samples[name]())
    gc.unfreeze()
    return result


def _build(case: Case, builders: dict[str, Builder], result: CaseResult) -> dict[str, Step]:
    """The steps of those who can do it, after a first run of each that shows that they agree."""
    steps: dict[str, Step] = {}
    expected: list[np.ndarray] = []
    for name, build in builders.items():
        try:
            steps[name], own = _first_run(case, build)
        except Exception as problem:  # whatever a framework may raise: the others go on without it
            result.left_out[name] = _in_a_line(problem)
            continue
        expected = expected or own
        agreement.check(case, name, own, expected)
    return steps


def _in_a_line(problem: Exception) -> str:
    """Its first line, without the directories of this machine."""
    return re.sub(r"(/[^/\s:]+)+/", "", f"{type(problem).__name__}: {problem}".splitlines()[0])[:200]


def _first_run(case: Case, build: Builder) -> tuple[Step, list[np.ndarray]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what other frameworks say about themselves
        step = build()
        return step, agreement.trace(case, step) if case.unit == "µs" else []


def _sampler(step: Step, case: Case, effort: Effort) -> Callable[[], float]:
    """What gives one measurement: the step itself, or the time of as many steps as a turn has room for."""
    if case.unit != "µs":
        return step
    clock = effort.clock
    once = _seconds(step, 1, clock)
    if once > effort.turn:
        return lambda: _seconds(step, 1, clock) / case.per * 1e6
    count = ceil(effort.turn / min(once, _seconds(step, 5, clock)))

    def sample() -> float:
        step()  # does not count: it finds again what the predecessor has displaced from the caches
        return _seconds(step, count, clock) / case.per * 1e6

    return sample


def _seconds(step: Step, count: int, clock: Callable[[], float]) -> float:
    """The time of one step among ``count``."""
    start = clock()
    for _ in range(count):
        step()
    return (clock() - start) / count
