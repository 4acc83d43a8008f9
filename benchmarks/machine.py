"""Where and with what was measured."""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import PackageNotFoundError, version

from . import threads

PACKAGES = ("numpy", "scipy", "numba", "torch", "jax", "mygrad", "autograd", "tinygrad")


def describe() -> dict[str, str]:
    """What belongs beside figures, as texts."""
    import microgradnp

    described = {
        "date": datetime.date.today().isoformat(),
        "processor": f"{processor()} ({platform.machine()}), {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "threads": str(threads.count()),
        "load": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "Python": platform.python_version(),
        "microgradnp": microgradnp.__version__,
        "BLAS": blas(),
    }
    for package in PACKAGES:
        try:
            described[package] = version(package)
        except PackageNotFoundError:
            continue
    return described


def processor() -> str:
    """Its name, as Linux knows it, or as Python does."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "an unknown processor"


def blas() -> str:
    """The one that NumPy was built with."""
    import numpy as np

    found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[index]
    return f"{found['name']} {found['version']}"
