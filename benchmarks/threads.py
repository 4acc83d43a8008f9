"""How many threads everybody has. To be called before NumPy and the frameworks are imported: they read it then."""

from __future__ import annotations

import os

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "NPROC", "CPU_COUNT")


def limit(threads: int) -> None:
    """Tell every library, and the operating system: a thread pool that does not listen finds no second core."""
    for variable in VARIABLES:
        os.environ[variable] = str(threads)
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])


def count() -> int:
    return int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
