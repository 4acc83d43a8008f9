"""Run the benchmarks: ``python -m benchmarks``, with ``--help`` for the options.

All contestants of a case run in one process, in turns, on one thread, so that a change in the machine's speed meets
them all alike: quote the ratios, not the microseconds.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import perf_counter, process_time

from . import threads

ROOT = Path(__file__).parent.parent


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").split("\n\n")[1])
    add = parser.add_argument
    add("--workloads", nargs="+", metavar="NAME", help="only these (--list shows the names)")
    add("--contestants", nargs="+", metavar="NAME", help="only these")
    add("--without", nargs="+", metavar="NAME", default=[], help="not these contestants")
    add("--threads", type=int, default=1, help="how many threads and cores everybody has (default 1)")
    add("--rounds", type=int, default=40, help="how often everybody has a turn, at most (default 40)")
    add(
        "--seconds",
        type=float,
        default=3,
        help="how long a case is measured, at most, but for three rounds (default 3)",
    )
    add("--cpu-time", action="store_true", help="measure processor time: for a machine on which others are at work")
    add("--json", type=Path, metavar="FILE", help="write all measurements there")
    add("--read", type=Path, metavar="FILE", help="measure nothing: take the measurements from there")
    add("--write-docs", nargs="?", type=Path, const=ROOT, metavar="DIRECTORY",
        help="write docs/benchmarks.md, its pictures, and the table in README.md (needs matplotlib)")  # fmt: skip
    add("--list", action="store_true", help="show workloads and contestants, and who is absent, and why")
    return parser.parse_args()


def main() -> None:
    asked = options()
    threads.limit(asked.threads)
    from . import suite  # after the limit: NumPy reads it when it is imported

    try:
        if asked.list:
            print(suite.listing())
            return
        if asked.read:
            results = suite.Results.load(asked.read)
            print(suite.report(results))
        else:
            results = suite.run(
                suite.choose("workload", suite.WORKLOADS, asked.workloads),
                suite.choose("contestant", suite.CONTESTANTS, asked.contestants, asked.without),
                suite.Effort(asked.rounds, asked.seconds, clock=process_time if asked.cpu_time else perf_counter),
            )
    except (suite.Unknown, suite.Disagreement) as problem:
        sys.exit(str(problem))
    if asked.json:
        results.save(asked.json)
    if asked.write_docs:
        from . import page

        page.write(results, asked.write_docs)


if __name__ == "__main__":
    main()
