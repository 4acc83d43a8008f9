"""What a check has found: ``Report``, and its text of at most fifteen lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import wrap
from typing import Any

LINES = 15  # that a report may have
WIDTH = 118  # that a line of its text may have
INDENT = "      "


@dataclass(frozen=True)
class Worst:
    """The derivative that agrees least: of element ``output`` of what comes out by element ``index`` of ``input``.

    ``order`` is 1, or 2 for a derivative of a gradient; ``input`` a name, with ``index`` None for a random direction;
    ``output`` the index, after the position where several tensors come out, None for a random combination of all. In
    ``analytic`` is what the backward pass gives, in ``numeric`` what the function's values say, ``error`` is the
    estimated error of that, ``ratio`` the difference in units of the ``tolerance``.
    """

    order: int
    input: str | int
    index: tuple[int, ...] | None
    output: tuple[Any, ...] | None
    analytic: float
    numeric: float
    error: float
    tolerance: float
    ratio: float

    def place(self) -> str:
        """Which derivative it is: ``d out[1] / d x[0, 2]``."""
        out = "a combination of the outputs" if self.output is None else f"out{_subscript(self.output)}"
        at = f"{self.input} along a random direction" if self.index is None else f"{self.input}{_subscript(self.index)}"
        return f"d {out} / d {at}"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong: its ``kind``, one word, and a ``text``.

    The kinds: value, missing, nonlinear, accumulation, state, stale, mutation, aliasing, layout, shape, dtype,
    precision, recorded, alone, undefined, nondeterministic.
    """

    kind: str
    text: str


@dataclass
class Report:
    """The result of a gradient check; ``str(report)`` tells it in at most fifteen lines.

    ``verdict`` is "pass", "fail" or "inconclusive"; ``worst``, the derivative that agrees least, if any was compared;
    ``findings``, what is wrong; ``compared``, how many derivatives were compared, and ``kinks``, how many of all lay at
    kinks; ``mode``, how it was done in the end; ``remarks``, ``neighbours`` and ``reproducer``, texts.
    """

    name: str
    verdict: str = "pass"
    worst: Worst | None = None
    findings: list[Finding] = field(default_factory=list)
    compared: int = 0
    kinks: int = 0
    mode: str = "full"
    remarks: list[str] = field(default_factory=list)
    neighbours: list[str] = field(default_factory=list)
    reproducer: str = ""

    @property
    def ok(self) -> bool:
        """Whether the check has passed."""
        return self.verdict == "pass"

    def __str__(self) -> str:
        kinks = f", {self.kinks} at kinks" if self.kinks else ""
        head = [f"{self.verdict}: {self.name} ({self.mode} mode, {self.compared} derivatives compared{kinks})"]
        code = [f"    {line}" for line in self.reproducer.splitlines()]
        code = ["to see it again:", *code] if code else []
        values = self.worst is not None and not self._value_is_right()
        body = self._value() if values else []
        body += [f"  {finding.kind}: {finding.text}" for finding in self.findings if finding.kind != "value"]
        body += [f"  {remark}" for remark in self.remarks]
        body = [part for line in body for part in wrap(line, WIDTH, subsequent_indent=INDENT)]
        room = LINES - len(head) - len(code)
        if len(body) > room:
            body = [*body[: room - 1], f"  ... and {len(body) - room + 1} lines more"]
        elif values:
            body += self.neighbours[: room - len(body)]
        return "\n".join(head + body + code)

    def _value_is_right(self) -> bool:
        return self.ok or (bool(self.findings) and all(finding.kind != "value" for finding in self.findings))

    def _value(self) -> list[str]:
        """The worst derivative."""
        w = self.worst
        assert w is not None
        lines = [
            f"  {w.place()}{'' if w.order == 1 else f' (order {w.order})'}:",
            f"    analytic {w.analytic:.12g} (the backward pass)",
            f"    numeric  {w.numeric:.12g} (differences of values), estimated error {w.error:.1e}",
            f"    tolerance {w.tolerance:.1e}, exceeded {w.ratio:.3g} times",
        ]
        if not w.ratio > 1:
            lines[-1] = f"    tolerance {w.tolerance:.1e}"
        return lines + [f"  {finding.text}" for finding in self.findings if finding.kind == "value"]


class GradcheckError(AssertionError, RuntimeError):
    """A gradient check has failed, or could not decide. ``report`` is the whole ``Report``, its text the message.

    It is an AssertionError, as a test wants it, and a RuntimeError, as PyTorch's is.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


def _subscript(index: tuple[Any, ...]) -> str:
    return f"[{', '.join(map(repr, index))}]" if index else ""
