"""Checking gradients: the checker, and what is built on it.

gradcheck, gradgradcheck   compare a function's gradients with numeric derivatives: a ``Report`` with three verdicts
assert_grads               the same as an assertion, at home in hypothesis tests; ``strategies`` draws its inputs
assert_close               two results are equal but for rounding: PyTorch's ``torch.testing.assert_close``
check_op, check_module     for an ``autograd.Function`` or an operation, and for an ``nn.Module``
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from .check import gradcheck, gradgradcheck
from .report import Finding, GradcheckError, Report, Worst

if _TYPE_CHECKING:
    from . import strategies
    from .assertions import assert_grads
    from .closeness import assert_close
    from .components import check_module, check_op

__all__ = [
    "Finding", "GradcheckError", "Report", "Worst", "assert_close", "assert_grads", "check_module", "check_op",
    "gradcheck", "gradgradcheck", "strategies",
]  # fmt: skip

_ON_DEMAND = {
    "assert_close": "closeness",
    "assert_grads": "assertions",
    "check_op": "components",
    "check_module": "components",
}


def __getattr__(name: str) -> object:
    if name == "strategies":  # which needs hypothesis
        return _import_module(f"{__name__}.strategies")
    if name in _ON_DEMAND:
        return getattr(_import_module(f"{__name__}.{_ON_DEMAND[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
