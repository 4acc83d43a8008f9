"""How each checker judges a case, with its own defaults: a ``Verdict``, or None where it has no such function."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .case import Case


@dataclass(frozen=True)
class Verdict:
    """``passed``, and in a few words why not; both empty where the case cannot be said in the checker's language."""

    passed: bool | None
    reason: str = ""


def microgradnp(case: Case) -> Verdict:
    """``microgradnp.testing.gradcheck``; for order 2 ``gradgradcheck`` as well."""
    import microgradnp as t
    from microgradnp.testing import gradcheck, gradgradcheck

    fn = case.function(t)
    for check in (gradcheck, gradgradcheck)[: case.order]:
        try:
            report = check(fn, case.tensors(t), raise_exception=False)
        except ValueError as error:
            return Verdict(False, f"refused: {_first_line(error)}")
        if not report.ok:
            kinds = dict.fromkeys(finding.kind for finding in report.findings)
            return Verdict(False, ": ".join(filter(None, [report.verdict, ", ".join(kinds)])))
    return Verdict(True)


def torch(case: Case) -> Verdict:
    """``torch.autograd.gradcheck``; for order 2 ``gradgradcheck`` as well."""
    import torch as t

    fn = case.function(t)
    for check in (t.autograd.gradcheck, t.autograd.gradgradcheck)[: case.order]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check(fn, case.tensors(t))
        except Exception as error:
            return Verdict(False, f"{type(error).__name__}: {_first_line(error)}")
    return Verdict(True)


def jax(case: Case) -> Verdict:
    """``jax.test_util.check_grads`` in reverse mode, with float64 enabled."""
    from .jax_twins import check

    if isinstance(case.jax, str):
        return Verdict(None, case.jax)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check(case)
    except Exception as error:
        return Verdict(False, f"{type(error).__name__}: {_first_line(error)}")
    return Verdict(True)


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), "")[:120]


CONTESTANTS: dict[str, Callable[[Case], Verdict]] = {"microgradnp": microgradnp, "torch": torch, "jax": jax}


def installed() -> dict[str, str]:
    """The versions of those that can be asked."""
    from importlib import import_module, metadata

    versions: dict[str, Any] = {}
    for name in CONTESTANTS:
        try:
            import_module(name)
        except ModuleNotFoundError:
            continue
        versions[name] = metadata.version(name)
    return versions
