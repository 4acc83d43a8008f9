"""What a workload is: cases, each with its contestants, each a builder of a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Step = Callable[[], Any]  # does the work once, and returns the loss, or a tuple of the arrays that are to be compared
Builder = Callable[[], Step]  # starts from the same parameters as everybody's


@dataclass(frozen=True)
class Limit:
    """At most this ratio of medians is asked for; where several contestants are named, of the fastest of them."""

    contestants: tuple[str, ...]
    reference: str
    at_most: float


@dataclass(frozen=True)
class Case:
    """One thing that is measured, with everybody who does it. The first builder is what the others must agree with.

    ``tolerance`` is relative to the norm of each array that the first ``checked`` steps return. ``per`` divides the
    time of a step: a chain of 10,000 operations tells what one of them takes. With another ``unit`` than microseconds,
    what a step returns is the measurement itself, and there is nothing to agree about.
    """

    name: str
    builders: dict[str, Builder]
    tolerance: float
    limits: tuple[Limit, ...] = ()
    per: int = 1
    checked: int = 10
    unit: str = "µs"


@dataclass(frozen=True)
class Workload:
    """Cases that belong into one table. ``references`` are the contestants whose ratios are shown."""

    name: str
    title: str
    about: str
    references: tuple[str, ...]
    cases: Callable[[], Sequence[Case]]
