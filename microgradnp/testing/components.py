"""``check_op`` and ``check_module``: all that an operation or a module of one's own owes, from one sample of it.

Both derive further samples from the one given (``samples.py``, ``stateless.py``) and put each through ``gradcheck``.
"""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np

from ..autograd import Function
from ..dtypes import as_dtype
from ..nn import Module
from ..tensor import Tensor
from . import check
from .check import gradcheck
from .report import Finding, GradcheckError, Report
from .results import Results
from .samples import Call, Inputs, converted, outputs_and_cotangents, samples, wanted
from .stateless import Stateless
from .subject import name_of

DRAWS = (
    "{}: the module draws random numbers: check it after .eval(), or with check_module(..., seed=0), which seeds the "
    "generator before each call"
)

# Operations


def check_op(
    op: Any,
    *inputs: Any,
    dtypes: tuple[Any, ...] = ("float64", "float32"),
    raise_exception: bool = True,
    **options: Any,
) -> Results:
    """Check an operation of one's own, such as an ``autograd.Function``, in all ways that one sample of it allows.

    Args:
        op: a subclass of ``autograd.Function``, its ``apply``, or any function of tensors.
        inputs: its arguments. Those tensors that require gradients are differentiated.
        dtypes: what the floating tensors among ``inputs`` are converted to, one after the other.
        raise_exception: False returns the results also when a check did not pass.
        options: those of ``gradcheck`` but ``order``: mode, method, rtol, atol, kinks, domain, rng.

    These are the checks, by name:

    - "float64", "float32": the first derivatives, and the rest that ``gradcheck`` asks of a gradient.
    - "second order": unless ``backward`` refuses to be differentiated (``once_differentiable``).
    - "no dimensions": at the first element of each argument, if all arguments and the result have one shape.
    - "no elements": at the first 0 of the first dimension, if it is that of all arguments and the result.
    - "memory": the graph goes when its result goes.

    Returns: a ``Results``, which is a Report, with a Report for each of ``checks``, and ``notes`` on what was left out.

    Raises: GradcheckError if a check did not pass; ValueError if there is nothing to differentiate.

    >>> import microgradnp
    >>> class Cube(microgradnp.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x**3
    ...
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x**2 * grad_output
    >>> results = check_op(Cube, microgradnp.tensor([0.5, -1.0], requires_grad=True))
    >>> list(results.checks)
    ['float64', 'float32', 'second order', 'no dimensions', 'no elements', 'memory']
    """
    __tracebackhide__ = True  # pytest shows the line of the test, not those of this file
    if "order" in options:
        raise TypeError("check_op() takes no order: it checks the first, and the second if there is one")
    call = op.apply if isinstance(op, type) and issubclass(op, Function) else op
    results = Results(name_of(call))
    for sample in samples(call, inputs, [as_dtype(dtype, "check_op()") for dtype in dtypes], results.notes):
        own = {"order": sample.order, "raise_exception": False, **options}
        if sample.order == 2 and results.kinks and own.get("kinks", "subgradient") == "subgradient":
            own["kinks"] = "skip"
            results.notes.append("second order: not checked at kinks, for there the gradient jumps")
        # An error at the sample that was given is the user's to see; at one derived from it, it is a finding.
        run = _checked if results.checks else gradcheck
        results.add(sample.name, run(call, sample.inputs, **own))
    results.add("memory", _released(call, inputs))
    if raise_exception and not results.ok:
        raise GradcheckError(results)
    return results


def _checked(fn: Call, inputs: Inputs, **options: Any) -> Report:
    """``gradcheck``, with an error that ``fn`` or its backward pass raises as a finding."""
    try:
        return gradcheck(fn, inputs, **options)
    except Exception as error:
        return _report(fn, [Finding("error", f"{type(error).__name__}: {error}")])


def _report(fn: Call, findings: list[Finding]) -> Report:
    """The report of a check that compares no derivatives."""
    report = Report(name_of(fn), "fail" if findings else "pass", findings=findings)
    for observer in check.observers:
        observer(report)
    return report


def _released(call: Call, inputs: Inputs) -> Report:
    """Whether the graph of a call is freed by reference counting alone when its result is dropped."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        nodes = [weakref.ref(out.grad_fn) for out in outputs_and_cotangents(call, converted(inputs))[0]]
        alive = any(node() is not None for node in nodes)
    finally:
        if collecting:
            gc.enable()
    text = (
        "the graph outlives its result: something that it refers to refers to the result again, such as an attribute "
        "of ctx; keep tensors with ctx.save_for_backward()"
    )
    return _report(call, [Finding("memory", text)] if alive else [])


# Modules


def check_module(
    module: Any, *inputs: Any, seed: int | None = None, raise_exception: bool = True, **options: Any
) -> Results:
    """Check the gradients of a module in its parameters and inputs, in training and in evaluation mode.

    Everything runs on a deep copy in float64, and each of its calls begins with the state that the module has now: so
    running statistics that ``forward`` moves do not disturb the check, and the module stays as it is.

    Args:
        module: an ``nn.Module``. Its parameters that require gradients are differentiated; reports name them by path,
            as in ``parameters['encoder.0.weight']``.
        inputs: the arguments of a call. Those tensors that require gradients are differentiated too.
        seed: seeds the default generator before each call: so a module that draws random numbers can be checked.
        raise_exception: False returns the results also when a check did not pass.
        options: those of ``gradcheck``: order, mode, method, rtol, atol, kinks, domain, rng.

    A module in training mode is checked in both modes, once if they do the same; one in evaluation mode only in that.
    Parameters and inputs that no gradient reaches are named in the ``notes``, and inputs that are not checked.

    Returns: a ``Results``, which is a Report, with a Report for each of ``checks``: "training" and "evaluation", or
    "both modes".

    Raises: GradcheckError if a check did not pass; ValueError if there is nothing to differentiate.

    >>> import microgradnp
    >>> from microgradnp import nn
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> check_module(model, microgradnp.rand(4, 2)).verdict
    'pass'
    """
    __tracebackhide__ = True
    if not isinstance(module, Module):
        raise TypeError(
            f"check_module() checks an nn.Module, got {type(module).__name__}; for a function use check_op()"
        )
    if options.get("domain") is not None:
        options["domain"] = [*_intervals(options["domain"], len(inputs)), None]  # of the parameters
    results = Results(type(module).__name__)
    for mode, subject in _modes(module, inputs, seed).items():
        report = gradcheck(subject.call, subject.arguments, raise_exception=False, **options)
        report.reproducer = ""  # nothing that is pasted could know the module
        results.add(mode, report)
        if any(finding.kind == "nondeterministic" for finding in report.findings):
            results.notes.append(DRAWS.format(mode))
        unreached = [name for name, gradient in subject.gradients()[1].items() if gradient is None]
        if unreached:
            results.notes.append(f"{mode}: no gradient reaches {', '.join(unreached)}")
    constant = [str(i) for i, x in enumerate(inputs) if isinstance(x, Tensor) and not x.requires_grad]
    if constant:
        results.notes.append(f"not checked, for they require no gradient: the inputs {', '.join(constant)}")
    if raise_exception and not results.ok:
        raise GradcheckError(results)
    return results


def _intervals(domain: Any, count: int) -> list[Any]:
    """A domain for each input."""
    return [domain] * count if len(domain) == 2 and all(np.isscalar(end) for end in domain) else list(domain)


def _modes(module: Module, inputs: Inputs, seed: int | None) -> dict[str, Stateless]:
    """The module in each of its modes that is to be checked, by name. Raises ValueError if nothing can be."""
    evaluation = Stateless(module, inputs, False, seed)
    if not wanted(evaluation.arguments):
        raise ValueError("check_module(): neither an input nor a parameter requires gradients: nothing can be checked")
    if not module.training:
        return {"evaluation": evaluation}
    training = Stateless(module, inputs, True, seed)
    if _outcome(training) == _outcome(evaluation):
        return {"both modes": training}
    return {"training": training, "evaluation": evaluation}


def _outcome(subject: Stateless) -> list[Any]:
    """Results and gradients, to be compared bit for bit."""
    outputs, gradients = subject.gradients()
    return [t if t is None else (t.shape, t._array.tobytes()) for t in (*outputs, *gradients.values())]
