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

from . import xor  # noqa: E402
from .timing import compare, table  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="The XOR training step, in microseconds.")
    parser.add_argument("--rounds", type=int, default=40, help="how often every contestant has its turn (default 40)")
    parser.add_argument("--steps", type=int, default=300, help="training steps in one turn (default 300)")
    options = parser.parse_args()
    contestants = xor.contestants()
    xor.check_same_losses(contestants)
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}, one thread")
    print("one training step of the XOR network (2-4-1, 4 samples, float64, mean squared error, SGD)\n")
    print(table(compare(contestants, options.rounds, options.steps), reference="NumPy by hand"))


if __name__ == "__main__":
    main()
