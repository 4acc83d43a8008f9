"""Checkpoints: parts of a model that keep no intermediate results, and are computed again in the backward pass.

It is time for memory: Chen, Xu, Zhang & Guestrin, Training Deep Nets with Sublinear Memory Cost, 2016,
https://arxiv.org/abs/1604.06174

Source: https://docs.pytorch.org/docs/stable/checkpoint.html
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

from ..autograd import memory
from ..autograd.backward import backward
from ..autograd.engine import present_sweep
from ..autograd.function import Function
from ..autograd.graph import saved_tensors_hooks
from ..autograd.modes import enable_grad, fact, is_grad_enabled, no_grad
from ..autograd.node import Leaf
from ..random import fork_rng, get_rng_state, set_rng_state
from ..tensor import Tensor, edge_of, make

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn", "set_checkpoint_early_stop"]


class CheckpointError(RuntimeError):
    """A function has not done the same when it was computed again."""


def noop_context_fn() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """The default ``context_fn``: two managers that do nothing."""
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, of which only the arguments are kept: the backward pass computes it again.

    Gradients, to every order, are those of the function itself, as long as it does the same in both runs.

    Args:
        use_reentrant: False, which is recommended, keeps the graph and gives up the values in it. True computes
            without a graph: then some argument must require gradients, there are no keyword arguments, and only
            ``.backward()`` without ``inputs`` goes through it, once. None is True, with a warning.
        context_fn: gives two context managers, around the first run and the second. Only without ``use_reentrant``.
        determinism_check: "default" compares shapes and dtypes of what both runs save, "none" does not.
        debug: must be False: there is no log of operations to show.
        early_stop: stop the second run when everything has been computed that was saved. ``use_reentrant`` never does.
        preserve_rng_state: run with the same random numbers again.

    Raises:
        CheckpointError, a RuntimeError: the second run was different. RuntimeError: an argument was changed in place
        meanwhile.

    Source: https://docs.pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint

    >>> import microgradnp
    >>> x = microgradnp.ones(3, requires_grad=True)
    >>> checkpoint(lambda x: x.exp().log() * 2, x, use_reentrant=False).sum().backward()
    >>> x.grad
    tensor([2., 2., 2.])
    """
    if use_reentrant is None:
        use_reentrant = _warned("checkpoint")
    if debug:
        raise NotImplementedError("checkpoint: debug=True would show a log of operations, which is not kept")
    if not use_reentrant:
        return _Checkpoint.call(function, args, kwargs, context_fn, determinism_check, early_stop, preserve_rng_state)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not noop_context_fn:
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    if not any(isinstance(arg, Tensor) and arg.requires_grad for arg in args):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)
    out = _Reentrant.apply(function, preserve_rng_state, *args)
    for result in out if isinstance(out, tuple) else (out,):
        if isinstance(result, Tensor) and result.requires_grad:
            result.register_hook(_refuse_targets)
    return out


def _warned(name: str) -> bool:
    warnings.warn(
        f"microgradnp.utils.checkpoint.{name}: the use_reentrant parameter should be passed explicitly: "
        "use_reentrant=False is recommended, True is what you get now",
        stacklevel=3,
    )
    return True


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, *, preserve_rng_state: bool = True
) -> Any:
    """Apply the modules of a Sequential, or a list of functions, in ``segments`` parts; all but the last are
    checkpoints.

    Source: https://docs.pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.checkpoint_sequential
    """
    if use_reentrant is None:
        use_reentrant = _warned("checkpoint_sequential")
    steps: Sequence[Callable[[Any], Any]] = list(functions.children() if hasattr(functions, "children") else functions)

    def part(start: int, end: int) -> Callable[[Any], Any]:
        def run(input: Any) -> Any:
            for step in steps[start:end]:
                input = step(input)
            return input

        return run

    size, end = len(steps) // segments, 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        input = checkpoint(part(start, end), input, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state)
    return part(end, len(steps))(input)


_early_stop: bool | None = None  # what set_checkpoint_early_stop has set


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Inside the block ``early_stop`` is this for all checkpoints without ``use_reentrant``.

    Source: https://docs.pytorch.org/docs/stable/checkpoint.html#torch.utils.checkpoint.set_checkpoint_early_stop
    """
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


@contextmanager
def _random_state(state: Tensor | None) -> Iterator[None]:
    """Draw from ``state`` on inside the block, unless it is None."""
    if state is None:
        yield
        return
    with fork_rng():
        set_rng_state(state)
        yield


# With the graph, and without the values in it


class _Argument:
    """A tensor that the function was given: its array, as hooks around the checkpoint keep it, and its edge."""

    def __init__(self, tensor: Tensor) -> None:
        saving = fact("saving")
        self.array, self.edge, self.unpack = tensor._array, edge_of(tensor), None
        if isinstance(saving, tuple):  # within another checkpoint
            pack, self.unpack = saving
            self.array = pack(self.array)

    def tensor(self, time: int) -> Tensor:
        """The tensor as it was at ``time``."""
        array = self.array if self.unpack is None else self.unpack(self.array)
        if self.unpack is None and (writes := memory.writes_since(array, time)):
            raise RuntimeError(
                "checkpoint: one of the variables needed for gradient computation has been modified by an inplace "
                f"operation: an argument of shape {tuple(array.shape)} was changed by {writes.describe()}, and the "
                "function cannot be computed again"
            )
        if isinstance(self.edge, Leaf) and (leaf := self.edge.tensor()) is not None and leaf._array is array:
            return leaf
        out = make(array)
        out._edge = self.edge
        return out


class _Saved:
    """Stands for one array that the graph would have saved; holds it when it has been computed again."""

    __slots__ = ("__weakref__", "about", "value")

    def __init__(self, about: tuple[Any, Any]) -> None:
        self.about = about
        self.value: Tensor | None = None


class _Enough(Exception):
    """Everything has been computed that is needed."""


class _Checkpoint:
    """One call of a function: how to repeat it, and what it has saved."""

    def __init__(self, repeat: Callable[..., Any], args: Sequence[Any], check: bool, early_stop: bool) -> None:
        self.repeat, self.check, self.early_stop = repeat, check, early_stop
        self.args = [_Argument(arg) if isinstance(arg, Tensor) else arg for arg in args]
        self.time = memory.tick()
        self.saved: list[weakref.ref[_Saved]] = []

    @classmethod
    def call(
        cls, function: Any, args: Any, kwargs: Any, context_fn: Any, check: str, early_stop: bool, preserve: bool
    ) -> Any:
        if check not in ("default", "none"):
            raise ValueError(f"determinism_check should be one of ['default', 'none'], but got {check}")
        first, second = context_fn()
        if not is_grad_enabled():
            with first:
                return function(*args, **kwargs)
        state = get_rng_state() if preserve else None

        def repeat(*args: Any) -> None:
            with _random_state(state), second:
                function(*args, **kwargs)

        one = cls(repeat, args, check == "default", early_stop if _early_stop is None else _early_stop)
        with saved_tensors_hooks(one.pack, one.unpack), first:
            return function(*args, **kwargs)

    def pack(self, tensor: Tensor) -> _Saved:
        saved = _Saved((tensor.shape, tensor.dtype))
        self.saved.append(weakref.ref(saved))
        return saved

    def unpack(self, saved: _Saved) -> Tensor:
        if saved.value is None:
            self._compute_again()
        value, saved.value = saved.value, None  # another backward pass computes it anew
        return value  # type: ignore[return-value]

    def _compute_again(self) -> None:
        count = 0

        def take(tensor: Tensor) -> Tensor:
            nonlocal count
            if count == len(self.saved):
                raise CheckpointError("checkpoint: more was saved when the function was computed again than before")
            saved = self.saved[count]()
            count += 1
            if saved is not None:
                about = (tensor.shape, tensor.dtype)
                if self.check and about != saved.about:
                    raise CheckpointError(
                        f"checkpoint: computed again, the function has saved a {about[1]} tensor of shape "
                        f"{tuple(about[0])} as number {count}; before it was {saved.about[1]} of shape "
                        f"{tuple(saved.about[0])}"
                    )
                saved.value = tensor
            if self.early_stop and count == len(self.saved):
                raise _Enough
            return tensor

        args = [arg.tensor(self.time) if isinstance(arg, _Argument) else arg for arg in self.args]
        with suppress(_Enough), saved_tensors_hooks(take, lambda tensor: tensor), enable_grad():
            self.repeat(*args)
        if count != len(self.saved):
            raise CheckpointError(
                "checkpoint: A different number of tensors was saved during the original forward and recomputation: "
                f"{len(self.saved)} and {count}"
            )


# Without the graph


class _Reentrant(Function):
    """Computes without a graph; its backward pass computes with one, and goes backward through that."""

    @staticmethod
    def forward(ctx: Any, function: Any, preserve: bool, *args: Any) -> Any:
        ctx.function, ctx.state = function, get_rng_state() if preserve else None
        ctx.args = [None if isinstance(arg, Tensor) else arg for arg in args]
        ctx.places = [i for i, arg in enumerate(args) if isinstance(arg, Tensor)]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        with no_grad():
            return function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        args = list(ctx.args)
        for i, tensor in zip(ctx.places, ctx.saved_tensors, strict=True):
            args[i] = tensor.detach().requires_grad_(tensor.requires_grad)
        with _random_state(ctx.state), enable_grad():
            results = ctx.function(*args)
        results = results if isinstance(results, tuple) else (results,)
        pairs = [(r, g) for r, g in zip(results, grads, strict=True) if isinstance(r, Tensor) and r.requires_grad]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([r for r, _ in pairs], [g for _, g in pairs])
        return (None, None, *(arg.grad if isinstance(arg, Tensor) else None for arg in args))


def _refuse_targets(_: Tensor) -> None:
    """A hook: parameters get their gradients in ``.grad``, so a sweep that is to leave it alone must not come here."""
    if present_sweep().wanted is not None:
        raise RuntimeError(
            "When use_reentrant=True, checkpoint is incompatible with autograd.grad() or passing an `inputs` parameter "
            "to .backward(). Set use_reentrant=False, or call .backward() without `inputs`."
        )
