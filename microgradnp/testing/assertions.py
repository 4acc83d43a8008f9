"""``assert_grads``: a function's derivatives of the first and second order, in one line of a test."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .check import gradcheck
from .report import GradcheckError, Report


def assert_grads(fn: Callable[..., Any], *inputs: Any, order: int = 2, **options: Any) -> Report:
    """Check the derivatives of ``fn(*inputs)`` of all orders up to ``order`` by finite differences.

    In a property test (``microgradnp.testing.strategies``) Hypothesis is told how close each example comes to failing
    (``hypothesis.target``), and so looks for worse ones, and how many examples lay at kinks or were inconclusive
    (``hypothesis.event``; pytest shows both with ``--hypothesis-show-statistics``).

    Args:
        fn: takes ``inputs``, returns a tensor, or a tuple, list or dict of them.
        inputs: tensors, of which those that require gradients are checked, and whatever else ``fn`` takes.
        order: 1 for functions that can be differentiated only once.
        options: those of ``gradcheck``.

    Returns: the report of the highest order.

    Raises: GradcheckError, an AssertionError, if a derivative is wrong, or cannot be told to be right; ValueError if
    there is nothing to check.

    >>> import microgradnp
    >>> x = microgradnp.tensor([0.5, -1.0], requires_grad=True)
    >>> assert_grads(microgradnp.tanh, x).verdict
    'pass'
    """
    if order < 1:
        raise ValueError(f"assert_grads(): order must be 1 or more, got {order}")
    for n in range(1, order):
        _checked(fn, inputs, n, options)
    return _checked(fn, inputs, order, options)


def _checked(fn: Callable[..., Any], inputs: tuple[Any, ...], order: int, options: dict[str, Any]) -> Report:
    name = f"{getattr(fn, '__name__', type(fn).__name__)}, order {order}"
    try:
        report = gradcheck(fn, inputs, order=order, **options)
    except GradcheckError as failure:
        _tell_hypothesis(name, failure.report)
        raise
    _tell_hypothesis(name, report)
    return report


def _tell_hypothesis(name: str, report: Report) -> None:
    """Say how this example went, if it is one of a property test: without importing Hypothesis."""
    hypothesis = sys.modules.get("hypothesis")
    if hypothesis is None or not hypothesis.currently_in_test_context():
        return
    if report.worst is not None and not math.isnan(report.worst.ratio):
        with suppress(hypothesis.errors.InvalidArgument):  # the second check of one function in one example
            hypothesis.target(min(float(report.worst.ratio), sys.float_info.max), label=f"error / tolerance of {name}")
    if report.verdict == "inconclusive":
        hypothesis.event(f"inconclusive: {name}")
    if report.kinks:
        hypothesis.event(f"at kinks: {name}")
