"""What ``import microgradnp`` costs beside ``import numpy``, in processes that take turns, and what it must not
import.
"""

from __future__ import annotations

import subprocess
import sys
from statistics import median
from time import perf_counter

HEAVY = ("scipy", "graphviz", "pygraphviz", "hypothesis", "matplotlib", "tqdm", "torch", "numba")


def seconds(code: str) -> float:
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return perf_counter() - start


def main(rounds: int = 25) -> None:
    seconds("import microgradnp")  # compiles what is not compiled yet
    numpy, own = [], []
    for _ in range(rounds):
        numpy.append(seconds("import numpy"))
        own.append(seconds("import microgradnp"))
    extra = [b - a for a, b in zip(numpy, own, strict=True)]
    print(
        f"import numpy {median(numpy) * 1e3:.0f} ms, import microgradnp {median(own) * 1e3:.0f} ms: "
        f"{median(extra) * 1e3:+.0f} ms"
    )
    seconds(f"import sys, microgradnp; loaded = [m for m in {HEAVY} if m in sys.modules]; assert not loaded, loaded")


if __name__ == "__main__":
    main()
