"""Timing contestants against each other."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

Step = Callable[[], float]


def compare(contestants: dict[str, Step], rounds: int, steps: int) -> dict[str, list[float]]:
    """For each contestant its microseconds per step, round by round; within a round each has one turn of ``steps``."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, step in contestants.items():
            start = perf_counter()
            for _ in range(steps):
                step()
            times[name].append((perf_counter() - start) / steps * 1e6)
    return times


def table(times: dict[str, list[float]], reference: str) -> str:
    """Medians, and the median of each round's ratios to the reference, to microgradnp and to torch."""
    others = [other for other in times if other in (reference, "microgradnp", "torch eager")]
    lines = [f"{'':16} {'microseconds':>12}" + "".join(f"{f'/ {other}':>17}" for other in others)]
    for name, own in times.items():
        ratios = [_ratio(own, times[other]) for other in others]
        lines.append(f"{name:16} {median(own):12.1f}" + "".join(f"{ratio:17.2f}" for ratio in ratios))
    return "\n".join(lines)


def _ratio(own: list[float], other: list[float]) -> float:
    return median(a / b for a, b in zip(own, other, strict=True))
