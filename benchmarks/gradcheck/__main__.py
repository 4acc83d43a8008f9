"""Write docs/gradient-checking-scores.md: ``python -m benchmarks.gradcheck``.

Every checker that is installed judges every case, with its own defaults. With ``--print`` the page is only printed.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Sequence
from datetime import date
from importlib import metadata
from pathlib import Path

from .case import Case
from .compositions import COMPOSITIONS, spoiled
from .contestants import CONTESTANTS, Verdict, installed
from .hard import HARD
from .wrong import WRONG

PAGE = Path(__file__).parents[2] / "docs" / "gradient-checking-scores.md"

INTRODUCTION = """\
# What gradient checkers catch

A gradient checker can be wrong in two ways: it lets a wrong derivative pass, or it rejects a right one. Here are
{wrong} wrong derivative rules and {hard} right but hard functions, and how three checkers judge them **with their
default settings**. Each case is written once, in PyTorch's language, and every checker is given the same text and the
same numbers ([benchmarks/gradcheck](../benchmarks/gradcheck)).

{total}

The random functions are {random} compositions of four to twelve operations each, at points where they are
differentiable; of their wrong twins one element of the gradient is 1 % too large (those without gradients have none).

Made with {versions}.
To write this page anew: `pip install -e .[test] torch jax`, then `python -m benchmarks.gradcheck`. A test holds
microgradnp's column (`tests/test_gradcheck_selftest.py`).

## How to read it

The lists were made while microgradnp's checker was developed, and it was improved until it judged them rightly: its
column is what it was built for. Those of PyTorch and JAX show what their defaults leave open, not how good they are:
both have arguments for many of these cases (tolerances, steps, `check_batched_grad`, `order`), and some cases are
beyond what they set out to check.

- **microgradnp** (`microgradnp.testing.gradcheck`): Richardson extrapolation with steps relative to each input, an
  error estimate for every derivative, a relative tolerance of 1e-5, one-sided slopes at kinks, a reference in float64
  for inputs of any precision; and the conduct of the rule: memory, state, layouts, linearity, types.
- **PyTorch** (`torch.autograd.gradcheck`): central differences with a step of 1e-6 for every element, `rtol=1e-3`,
  `atol=1e-5`; that the backward pass gives the same bits twice, and zeros for zeros. Its documentation asks for inputs
  of double precision; cases in float32 and float16 are here all the same, because users have them.
- **JAX** (`jax.test_util.check_grads`, `modes=["rev"]`, float64 enabled): central differences with a step of 1e-4
  along one random direction, a tolerance of 1e-5 for float64 and wider ones for smaller types.
- Where a case is about the second derivative, the check of order 2 is run as well (`gradgradcheck`, `order=2`).
- *Caught* is what the user gets to see as an error, a refusal to check included. *Both* means that the checker rejects
  the wrong rule, and the same function with right derivatives just as well: not counted as caught. A dash: the case
  cannot be said in JAX (the reasons are at the end).
"""

ABSENT = "-"  # where a case cannot be said in a checker's language


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gradcheck", description=__doc__)
    parser.add_argument("--print", action="store_true", help="print the page, and do not write it")
    options = parser.parse_args()
    text = page()
    if not options.print:
        PAGE.write_text(text, encoding="utf-8")
    print(text)


def page() -> str:
    versions = installed()
    wrong = {case.name: {who: on_wrong(who, case) for who in versions} for case in WRONG}
    hard = {case.name: {who: on_hard(who, case) for who in versions} for case in HARD}
    return "\n".join(
        [
            INTRODUCTION.format(
                wrong=len(WRONG),
                hard=len(HARD),
                random=len(COMPOSITIONS),
                total=totals(versions, wrong, hard),
                versions=made_with(versions),
            ),
            "## Wrong derivative rules\n",
            table(versions, WRONG, wrong, "what is wrong"),
            "\n## Right but hard functions\n",
            table(versions, HARD, hard, "what is hard"),
            "\nWhy JAX has no such case:\n",
            *(f"- {reason}: {names}" for reason, names in reasons().items()),
            "",
        ]
    )


def on_wrong(who: str, case: Case) -> str:
    verdict = CONTESTANTS[who](case)
    if verdict.passed is not False:
        return word(verdict, "missed", "")
    sibling = case.sibling()
    return "caught" if sibling is None or CONTESTANTS[who](sibling).passed else "*both*"


def on_hard(who: str, case: Case) -> str:
    return word(CONTESTANTS[who](case), "passes", "**fails**")


def word(verdict: Verdict, passed: str, failed: str) -> str:
    return ABSENT if verdict.passed is None else passed if verdict.passed else failed


def totals(versions: dict[str, str], wrong: dict[str, dict[str, str]], hard: dict[str, dict[str, str]]) -> str:
    rows = [
        "| checker | wrong rules caught | hard functions passed | random functions passed | their wrong twins caught |",
        "|---|---|---|---|---|",
    ]
    for who in versions:
        lists = f"{score(wrong, who, 'caught')} | {score(hard, who, 'passes')}"
        rows.append(f"| {who} | {lists} | {passed(who, COMPOSITIONS)} | {caught(who)} |")
    return "\n".join(rows)


def passed(who: str, cases: Sequence[Case]) -> str:
    return f"{sum(bool(CONTESTANTS[who](case).passed) for case in cases)} of {len(cases)}"


def caught(who: str) -> str:
    """How many of the random functions with one wrong element are caught, where they can be said."""
    twins = [twin for case in COMPOSITIONS if (twin := spoiled(case, 1.01)) is not None]
    verdicts = [CONTESTANTS[who](twin).passed for twin in twins]
    return ABSENT if None in verdicts else f"{verdicts.count(False)} of {len(verdicts)}"


def score(results: dict[str, dict[str, str]], who: str, good: str) -> str:
    words = [row[who] for row in results.values() if row[who] != ABSENT]
    return f"{words.count(good)} of {len(words)}"


def table(versions: dict[str, str], cases: Sequence[Case], results: dict[str, dict[str, str]], what: str) -> str:
    rows = [f"| case | {what} | {' | '.join(versions)} |", "|---" * (2 + len(versions)) + "|"]
    for case in cases:
        inputs = {x.dtype.name for x in case.inputs} - {"float64", "int64"}
        order = ["order 2"] if case.order == 2 else []
        notes = f" ({', '.join([*sorted(inputs), *order])})" if inputs or order else ""
        rows.append(f"| {case.name} | {case.why}{notes} | {' | '.join(results[case.name].values())} |")
    return "\n".join(rows)


def reasons() -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for case in (*WRONG, *HARD):
        if isinstance(case.jax, str):
            found.setdefault(case.jax, []).append(case.name)
    return {reason: ", ".join(names) for reason, names in found.items()}


def made_with(versions: dict[str, str]) -> str:
    parts = [f"{who} {version}" for who, version in versions.items()]
    return ", ".join(
        [*parts, f"NumPy {metadata.version('numpy')}", f"Python {platform.python_version()}", f"{date.today()}"]
    )


if __name__ == "__main__":
    main()
