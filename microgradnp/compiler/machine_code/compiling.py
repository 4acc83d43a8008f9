"""Compiling a kernel, once for all processes: its source lies in a file, beside which Numba keeps the machine code."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

HEADER = """\
import numpy as np
from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from microgradnp.compiler.machine_code.elementary import (
    dot, exp_float32, exp_float64, largest_float32, largest_float64, log_float32, log_float64, smallest_float32,
    smallest_float64, tanh_float32, tanh_float64, total
)


@intrinsic
def pointer(typing_context, address):
    def code(context, builder, signature, arguments):
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.intp), code


@njit(cache=True, nogil=True, error_model="numpy")
"""


@cache
def compiled(source: str, arguments: int) -> Callable[..., Any]:
    """A kernel as a function of its table of addresses and so many arrays.

    Raises ImportError without Numba.
    """
    if importlib.util.find_spec("numba") is None:
        raise ImportError('compile: executor="numba" needs Numba: pip install "microgradnp[jit]"')
    text = f"# {_version_of_elementary()}\n{HEADER}{source}"
    name = f"microgradnp_kernel_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    path = directory() / f"{name}.py"
    if not path.exists() or path.read_text() != text:
        _write(path, text)
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # Numba finds cached code by it
    specification.loader.exec_module(module)
    return module.kernel


@cache
def _version_of_elementary() -> str:
    """What kernels call is compiled into them: another version of it makes other kernels."""
    return hashlib.sha256(Path(__file__).with_name("elementary.py").read_bytes()).hexdigest()[:16]


def directory() -> Path:
    """Where kernels are kept: in NUMBA_CACHE_DIR if that is set, else in the user's cache directory."""
    given = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME")
    home = Path(given) if given else Path.home() / ".cache"
    for place in (home / "microgradnp", Path(tempfile.gettempdir()) / "microgradnp"):
        try:
            place.mkdir(parents=True, exist_ok=True)
            if os.access(place, os.W_OK):
                return place
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="microgradnp"))


def _write(path: Path, text: str) -> None:
    """Whole or not at all: another process may read it at the same time."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, suffix=".py", delete=False) as file:
        file.write(text)
    os.replace(file.name, path)
