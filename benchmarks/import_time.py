"""What ``import microgradnp`` costs beside ``import numpy``: fresh processes in turns, from compiled files."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from statistics import median
from time import perf_counter


def seconds(module: str, cache: str) -> float:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = perf_counter()
    subprocess.run([sys.executable, "-c", f"import {module}"], env=environment, check=True)
    return perf_counter() - start


def main(rounds: int = 25) -> None:
    numpy, own = [], []
    with tempfile.TemporaryDirectory() as cache:
        seconds("microgradnp", cache)  # compiles everything
        for _ in range(rounds):
            numpy.append(seconds("numpy", cache))
            own.append(seconds("microgradnp", cache))
    extra = median(b - a for a, b in zip(numpy, own, strict=True))
    print(f"import numpy: {median(numpy) * 1e3:.0f} ms; import microgradnp: {extra * 1e3:+.0f} ms")


if __name__ == "__main__":
    main()
