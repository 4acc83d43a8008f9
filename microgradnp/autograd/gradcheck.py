"""PyTorch's ``gradcheck`` and ``gradgradcheck``: a face of ``microgradnp.testing``, which is loaded when called.

Source: https://docs.pytorch.org/docs/stable/autograd.html#numerical-gradient-checking
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..tensor import Tensor
    from ..testing.report import GradcheckError as GradcheckError

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


def gradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Check the gradients of ``func`` against numeric derivatives: True, or GradcheckError (False if not to raise).

    The arguments are PyTorch's, and so is what is returned and raised; how it is checked is told at
    ``microgradnp.testing.gradcheck``, which also gives a report. In particular:

    - ``eps``: by default steps are relative to the inputs. A number is the largest step that is taken, absolute, as in
      PyTorch; smaller ones are tried where that is not exact enough.
    - ``rtol``, ``atol``: by default 1e-5 of each derivative (PyTorch: 1e-3), and next to nothing absolute. A number is
      meant as in PyTorch: ``|analytic - numeric| <= atol + rtol * |derivative|``; the estimated error of the numeric
      value comes on top.
    - ``nondet_tol``: by how much outputs and gradients of two equal calls may differ.
    - ``check_undefined_grad``: whether backward must cope with outputs that no gradient has reached.
    - ``check_grad_dtypes``: whether a Function must return gradients in the types of its inputs; else they are
      converted, as the engine does.
    - ``fast_mode``: random directions; where they do not decide, the full Jacobian.
    - ``masked`` is about sparse tensors, which there are not: any value will do.
    - ``check_forward_ad``, ``check_batched_grad``, ``check_batched_forward_grad``: not supported.

    Inputs need not be float64: the reference always is. At a kink any value between the slopes of its sides is right.

    Raises ValueError if no input requires gradients, NotImplementedError for what is not supported, AssertionError for
    combinations that PyTorch refuses, GradcheckError (a RuntimeError) if a derivative is wrong, or cannot be told.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html

    >>> import microgradnp
    >>> x = microgradnp.tensor([0.5, -1.0], dtype=microgradnp.float64, requires_grad=True)
    >>> microgradnp.autograd.gradcheck(microgradnp.sin, (x,))
    True
    >>> microgradnp.autograd.gradcheck(lambda x: x.detach() * x, (x,), raise_exception=False)
    False
    """
    _expect(check_forward_ad or check_backward_ad, "at least one of check_forward_ad or check_backward_ad to be True")
    _expect(check_backward_ad or not check_batched_grad, "check_backward_ad to be True for check_batched_grad=True")
    _expect(check_forward_ad or not check_batched_forward_grad, "check_forward_ad to be True for batched forward grads")
    _refuse(
        check_forward_ad=check_forward_ad,
        check_batched_grad=check_batched_grad,
        check_batched_forward_grad=check_batched_forward_grad,
    )
    options = _options(eps, atol, rtol, nondet_tol, check_undefined_grad, check_grad_dtypes, fast_mode, orders=(1,))
    return _verdict(func, inputs, options, raise_exception)


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Tensor | Sequence[Any],
    grad_outputs: Tensor | Sequence[Tensor] | None = None,
    *,
    eps: float | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Check the second derivatives of ``func``: those of its gradient, by the inputs and by the cotangents.

    ``grad_outputs`` are the cotangents (those of them that require gradients are differentiated too), by default random
    ones, which ``gen_non_contig_grad_outputs`` makes non-contiguous. The other arguments as in ``gradcheck``;
    ``check_fwd_over_rev`` and ``check_batched_grad`` are not supported.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradgradcheck.html

    >>> import microgradnp
    >>> x = microgradnp.tensor([0.5, -1.0], dtype=microgradnp.float64, requires_grad=True)
    >>> microgradnp.autograd.gradgradcheck(microgradnp.sin, (x,))
    True
    """
    _expect(check_fwd_over_rev or check_rev_over_rev, "at least one of check_fwd_over_rev or check_rev_over_rev")
    _expect(check_rev_over_rev or not check_undefined_grad, "check_rev_over_rev to be True for check_undefined_grad")
    _expect(check_rev_over_rev or not check_batched_grad, "check_rev_over_rev to be True for check_batched_grad=True")
    _refuse(check_fwd_over_rev=check_fwd_over_rev, check_batched_grad=check_batched_grad)
    options = _options(
        eps,
        atol,
        rtol,
        nondet_tol,
        check_undefined_grad,
        check_grad_dtypes,
        fast_mode,
        orders=(2,),
        cotangents=None if grad_outputs is None else _sequence(grad_outputs),
        scattered=gen_non_contig_grad_outputs and grad_outputs is None,
    )
    return _verdict(func, inputs, options, raise_exception)


def _options(
    eps: float | None,
    atol: float | None,
    rtol: float | None,
    nondet_tol: float,
    check_undefined_grad: bool,
    check_grad_dtypes: bool,
    fast_mode: bool,
    **more: Any,
) -> Any:
    from ..testing.check import Options

    if rtol is not None:
        more["rtol"] = float(rtol)
    ignored = {"shape", *(() if check_undefined_grad else ("undefined",)), *(() if check_grad_dtypes else ("dtype",))}
    return Options(
        mode="fast" if fast_mode else "full",
        step=None if eps is None else float(eps),
        absolute=0.0 if atol is None else float(atol),
        same=nondet_tol,
        ignored=frozenset(ignored),
        constant=True,
        **more,
    )


def _verdict(func: Callable[..., Any], inputs: Any, options: Any, raise_exception: bool) -> bool:
    from ..testing.check import examine
    from ..testing.report import GradcheckError

    report = examine(func, _sequence(inputs), options)
    if raise_exception and not report.ok:
        raise GradcheckError(report)
    return report.ok


def _sequence(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, (tuple, list)) else (values,)


def _expect(condition: Any, what: str) -> None:
    if not condition:
        raise AssertionError(f"Expected {what}")


def _refuse(**asked: bool) -> None:
    for name, value in asked.items():
        if value:
            what = "batched gradients are" if "batched" in name else "forward-mode differentiation is"
            raise NotImplementedError(f"gradcheck: {name}=True is not supported: {what} not")


def __getattr__(name: str) -> Any:
    if name == "GradcheckError":  # of the checker, which is loaded when it is needed
        from ..testing.report import GradcheckError

        return GradcheckError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
