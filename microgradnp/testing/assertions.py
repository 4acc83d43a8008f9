"""``assert_grads``: everything that a function's gradients owe, in one line of a test."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from .check import gradcheck
from .report import GradcheckError, Report


def assert_grads(fn: Callable[..., Any], *inputs: Any, order: int = 2, **options: Any) -> Report:
    """Check the derivatives of ``fn(*inputs)``, of the first and the second order, and what else a gradient owes.

    In a property test (``microgradnp.testing.strategies``) Hypothesis is told how close each example comes to failing
    (``hypothesis.target``), and so looks for worse ones, and how many examples lay at kinks or were inconclusive
    (``hypothesis.event``; pytest shows both with ``--hypothesis-show-statistics``).

    Args:
        fn: any function of ``inputs`` whose result is a tensor, or a tuple, list or dict of tensors.
        inputs: tensors, of which those that require gradients are checked, and whatever else ``fn`` takes.
        order: 1 for functions that can be differentiated only once.
        options: those of ``gradcheck``.

    Returns: the report.

    Raises: GradcheckError, an AssertionError, if a derivative is wrong, or cannot be told to be right; ValueError if
    there is nothing to check.

    >>> import microgradnp
    >>> x = microgradnp.tensor([0.5, -1.0], requires_grad=True)
    >>> assert_grads(microgradnp.tanh, x).verdict
    'pass'
    """
    try:
        report = gradcheck(fn, inputs, order=order, **options)
    except GradcheckError as failure:
        _tell_hypothesis(failure.report)
        raise
    _tell_hypothesis(report)
    return report


def _tell_hypothesis(report: Report) -> None:
    """Say how this example went, if it is one of a property test: without importing Hypothesis."""
    hypothesis = sys.modules.get("hypothesis")
    if hypothesis is None or not hypothesis.currently_in_test_context():
        return
    if report.worst is not None and not math.isnan(report.worst.ratio):
        ratio = min(float(report.worst.ratio), sys.float_info.max)  # it must be finite
        with suppress(hypothesis.errors.InvalidArgument):  # the second check of one function in one example
            hypothesis.target(ratio, label=f"error / tolerance of {report.name}")
    if report.verdict == "inconclusive":
        hypothesis.event(f"inconclusive: {report.name}")
    if report.kinks:
        hypothesis.event(f"at kinks: {report.name}")
