"""Run the benchmarks: ``python -m benchmarks [--rounds N] [--steps N]``.

All contestants run in one process, in turns, on one thread, so that a change in the machine's speed meets all of them
alike: quote the ratios, not the microseconds.
"""

import argparse
import os
import platform

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when NumPy is imported, which is below

import numpy as np  # noqa: E402

from . import chain, xor  # noqa: E402
from .timing import compare, table  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="How fast microgradnp is, in microseconds."
    )
    parser.add_argument("--rounds", type=int, default=40, help="how often every contestant has its turn (default 40)")
    parser.add_argument("--steps", type=int, default=300, help="training steps in one turn (default 300)")
    options = parser.parse_args()
    contestants = xor.contestants()
    xor.check_same_losses(contestants)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}, one thread")
    print("one training step of the XOR network (2-4-1, 4 samples, float64, mean squared error, SGD)\n")
    print(table(compare(contestants, options.rounds, options.steps), reference="NumPy by hand"))
    print(f"\na chain of {chain.LENGTH:,} operations on one number, forward and backward\n")
    print(table(compare(chain.contestants(), options.rounds, 1), reference="microgradnp"))
    print(f"\none operation among {chain.LONG:,} costs {chain.growth():.2f} times as much as among {chain.LENGTH:,}")


if __name__ == "__main__":
    main()
