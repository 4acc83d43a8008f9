"""Who competes, and why somebody cannot."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

NUMPY, EAGER, COMPILED, NUMBA = "numpy", "microgradnp", "compiled", "compiled-numba"
TORCH, TORCH_COMPILE, JAX = "torch", "torch-compile", "jax"
MYGRAD, AUTOGRAD, TINYGRAD = "mygrad", "autograd", "tinygrad"


@dataclass(frozen=True)
class Contestant:
    title: str
    modules: tuple[str, ...]
    obstacle: Callable[[], str] = str  # what else stands in the way; the empty string is nothing


def _no_compile() -> str:
    import microgradnp

    there = callable(getattr(microgradnp, "compile", None))
    return "" if there else "this microgradnp has no compile()"


def _no_clang() -> str:
    return "" if shutil.which("clang") else "it compiles with clang, which is not on the PATH"


CONTESTANTS = {
    NUMPY: Contestant("NumPy by hand", ("numpy",)),
    EAGER: Contestant("microgradnp", ("microgradnp",)),
    COMPILED: Contestant("microgradnp compiled (NumPy)", ("microgradnp",), _no_compile),
    NUMBA: Contestant("microgradnp compiled (Numba)", ("microgradnp", "numba"), _no_compile),
    TORCH: Contestant("torch eager", ("torch",)),
    TORCH_COMPILE: Contestant("torch.compile", ("torch",)),
    JAX: Contestant("JAX jit", ("jax",)),
    MYGRAD: Contestant("MyGrad", ("mygrad",)),
    AUTOGRAD: Contestant("HIPS autograd", ("autograd",)),
    TINYGRAD: Contestant("tinygrad", ("tinygrad",), _no_clang),
}


@cache
def absent(name: str) -> str:
    """Why this contestant cannot take part, or the empty string."""
    contestant = CONTESTANTS[name]
    for module in contestant.modules:
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed"
    return contestant.obstacle()


def framework(module: str) -> Any:
    """The imported module, set up to run on as many threads as asked for, and in float64 where asked for."""
    imported = importlib.import_module(module)
    if module == "torch":
        from .threads import count

        imported.set_num_threads(count())
    if module == "jax":
        imported.config.update("jax_enable_x64", True)
    return imported


def compiled(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A training step as the contestants called COMPILED and NUMBA run it; as it is for all others."""
    if name not in (COMPILED, NUMBA):
        return function
    import microgradnp

    executor = {"executor": "numba"} if name == NUMBA else {}
    return microgradnp.compile(function, **executor)  # type: ignore[attr-defined]
