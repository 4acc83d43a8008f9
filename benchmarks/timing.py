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
    """Medians, and for every pair with the reference and with microgradnp the median of the ratios of each round."""
    lines = [f"{'':16} {'microseconds':>12} {f'/ {reference}':>16} {'/ microgradnp':>14}"]
    for name, own in times.items():
        ratios = [_ratio(own, times[other]) for other in (reference, "microgradnp")]
        lines.append(f"{name:16} {median(own):12.1f} {ratios[0]:16.2f} {ratios[1]:14.2f}")
    return "\n".join(lines)


def _ratio(own: list[float], other: list[float]) -> float:
    return median(a / b for a, b in zip(own, other, strict=True))
