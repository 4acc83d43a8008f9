"""``check_op`` and ``check_module``: all that an operation or a module of one's own owes, from one sample of it.

Both derive further samples from the one given (``samples.py``, ``stateless.py``) and put each through ``gradcheck``.
What can be asked only of a custom ``Function`` (what its ``backward`` returned before the engine fitted it) is asked
besides.
"""

from __future__ import annotations

import gc
import inspect
import weakref
from typing import Any

import numpy as np

from ..autograd import Function, grad
from ..dtypes import as_dtype
from ..tensor import Tensor
from .check import gradcheck
from .report import Finding, GradcheckError, Report
from .results import Results
from .samples import Call, Inputs, converted, name_of, outputs_and_cotangents, samples, wanted
from .stateless import Stateless

DRAWS = (
    "in {} mode the module draws random numbers: check it after .eval(), or with check_module(..., seed=0), which "
    "seeds the generator before each call"
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
    - "'x' alone": by one argument, while the others require no gradient; "result 0 alone": of one of several results.
    - "what backward returns", of a Function: gradients that have the shape and dtype of their argument, before the
      engine sums and converts them.
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
    ['float64', 'float32', 'second order', 'no dimensions', 'no elements', 'what backward returns', 'memory']
    """
    if "order" in options:
        raise TypeError("check_op() takes no order: it checks the first, and the second if there is one")
    function = _function_of(op)
    call = op if function is None else _call_of(function)
    dtypes = tuple(as_dtype(dtype, "check_op()") for dtype in dtypes)
    results = Results(name_of(call))
    for sample in samples(call, inputs, list(dtypes), results.notes):
        check = _checked if results.checks else gradcheck  # an error at the sample that was given is the user's to see
        results.add(sample.name, check(sample.fn, sample.inputs, order=sample.order, raise_exception=False, **options))
    if function is not None:
        results.add("what backward returns", _returned(function, [converted(inputs, dtype) for dtype in dtypes]))
    results.add("memory", _released(call, inputs))
    return _concluded(results, raise_exception)


def _concluded(results: Results, raise_exception: bool) -> Results:
    if raise_exception and not results.ok:
        raise GradcheckError(results)
    return results


def _checked(fn: Call, inputs: Inputs, **options: Any) -> Report:
    """``gradcheck``, with an error that ``fn`` or its backward pass raises as a finding."""
    try:
        return gradcheck(fn, inputs, **options)
    except Exception as error:
        return _report(name_of(fn), [Finding("error", f"{type(error).__name__}: {error}")])


def _report(name: str, findings: list[Finding]) -> Report:
    return Report(name, "fail" if findings else "pass", findings=findings)


# What only a Function can be asked


def _function_of(op: Any) -> type[Function] | None:
    """The Function that ``op`` is, or is the ``apply`` of."""
    owner = op.__self__ if inspect.ismethod(op) and op.__name__ == "apply" else op
    return owner if isinstance(owner, type) and issubclass(owner, Function) else None


def _call_of(function: type[Function]) -> Call:
    """``function.apply`` under the function's name, with the parameters of its ``forward``: so reports name them."""

    def call(*args: Any) -> Any:
        return function.apply(*args)

    call.__name__ = call.__qualname__ = function.__name__
    call.__signature__ = inspect.Signature(_parameters(function))  # type: ignore[attr-defined]
    return call


def _parameters(function: type[Function]) -> list[inspect.Parameter]:
    """Those of ``forward``, without ``ctx``."""
    takes_ctx = function.setup_context is Function.setup_context
    return list(inspect.signature(function.forward).parameters.values())[takes_ctx:]


def _returned(function: type[Function], given: list[Inputs]) -> Report:
    """Compare what ``backward`` returns with the arguments, before the engine sums and converts it."""
    found: dict[str, str] = {}
    for inputs in given:
        returned: list[Any] = []
        outputs, cotangents = outputs_and_cotangents(_spying(function, returned).apply, inputs)
        grad(outputs, wanted(inputs), [v.detach() for v in cotangents], allow_unused=True)
        for i, (x, g) in enumerate(zip(inputs, returned, strict=False)):
            if isinstance(g, Tensor) and isinstance(x, Tensor) and x.requires_grad:
                found |= _unfit(_argument(function, i), x, g)
    return _report(function.__name__, [Finding(kind, text) for kind, text in found.items()])


def _argument(function: type[Function], position: int) -> str:
    parameters = _parameters(function)[: position + 1]
    named = len(parameters) > position and parameters[-1].kind is not inspect.Parameter.VAR_POSITIONAL
    return parameters[-1].name if named else f"argument {position}"


def _unfit(name: str, x: Tensor, g: Tensor) -> dict[str, str]:
    """What is wrong with ``g`` as the gradient of ``x``, by kind."""
    found = {}
    if g.shape != x.shape:
        found["shape"] = (
            f"backward returned a gradient of shape {tuple(g.shape)} for {name} of shape {tuple(x.shape)}: the engine "
            "sums it, but return it summed, over the dimensions along which the argument was broadcast"
        )
    if g.dtype != x.dtype:
        found["dtype"] = (
            f"backward returned a gradient of {g.dtype} for {name} of {x.dtype}: the engine converts it, but something "
            "in it was computed in the wrong precision (a NumPy array or scalar of another dtype?)"
        )
    return found


def _spying(function: type[Function], returned: list[Any]) -> type[Function]:
    """A Function that does the same, and notes what ``backward`` returned last."""
    derivative = function.derivative()

    def backward(ctx: Any, *gradients: Any) -> Any:
        result = derivative(ctx, *gradients)
        returned[:] = result if isinstance(result, tuple) else (result,)
        return result

    return type(function.__name__, (function,), {"backward": staticmethod(backward), "vjp": staticmethod(Function.vjp)})


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
    return _report(name_of(call), [Finding("memory", text)] if alive else [])


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
    Parameters and inputs that no gradient reaches are named in the ``notes``.

    Returns: a ``Results``, which is a Report, with a Report for each of ``checks``: "training", "evaluation".

    Raises: GradcheckError if a check did not pass; ValueError if there is nothing to differentiate.

    >>> import microgradnp
    >>> from microgradnp import nn
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    >>> check_module(model, microgradnp.rand(4, 2)).verdict
    'pass'
    """
    inputs = converted(inputs, np.float64)
    modes = (True, False) if module.training else (False,)
    subjects = [Stateless(module, training, seed) for training in modes]
    results = Results(type(module).__name__)
    for subject in subjects[:1] if _do_the_same(subjects, inputs) else subjects:
        report = gradcheck(subject.call, (inputs, subject.parameters), raise_exception=False, **options)
        results.add(subject.mode, report)
        if any(finding.kind == "nondeterministic" for finding in report.findings):
            results.notes.append(DRAWS.format(subject.mode))
    unreached = [name for name, gradient in subjects[0].gradients(inputs)[1].items() if gradient is None]
    if unreached:
        results.notes.append(f"no gradient reaches {', '.join(unreached)}")
    return _concluded(results, raise_exception)


def _do_the_same(subjects: list[Stateless], inputs: Inputs) -> bool:
    """Whether results and gradients in all modes are the same, bit for bit."""
    runs = []
    for subject in subjects:
        outputs, gradients = subject.gradients(inputs)
        runs.append([t if t is None else (t.shape, t._array.tobytes()) for t in (*outputs, *gradients.values())])
    return all(run == runs[0] for run in runs)
