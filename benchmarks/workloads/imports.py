"""What it costs to import a framework, in time and memory: a fresh process for each measurement."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

from ..contestants import AUTOGRAD, EAGER, JAX, MYGRAD, NUMPY, TINYGRAD, TORCH
from ..workload import Builder, Case, Step, Workload

STATEMENTS = {
    NUMPY: "import numpy",
    EAGER: "import microgradnp, microgradnp.nn, microgradnp.optim",
    TORCH: "import torch",
    JAX: "import jax, jax.numpy",
    MYGRAD: "import mygrad",
    AUTOGRAD: "import autograd, autograd.numpy",
    TINYGRAD: "import tinygrad",
}

TIME = """
from time import perf_counter
start = perf_counter()
{statement}
print((perf_counter() - start) * 1e3)
"""

MEMORY = """
{statement}
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1e3)
"""


def build(program: str) -> Step:
    """Runs once before it counts: then the modules are compiled, and in the system's memory."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}

    def measure() -> float:
        command = [sys.executable, "-c", program]
        return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)

    measure()
    return measure


def builders(template: str) -> dict[str, Builder]:
    return {name: partial(build, template.format(statement=line)) for name, line in STATEMENTS.items()}


def cases() -> list[Case]:
    found = [Case("import time", builders(TIME), tolerance=0, unit="ms")]
    if os.path.exists("/proc/self/status"):
        found.append(Case("memory after import", builders(MEMORY), tolerance=0, unit="MB"))
    return found


WORKLOAD = Workload(
    "imports",
    "Import, in a fresh process",
    "The time of the import statement, and the resident memory of the process after it. microgradnp is imported with "
    "nn and optim; who needs NumPy imports it.",
    (NUMPY,),
    cases,
)
