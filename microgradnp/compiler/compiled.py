"""``compile``: a function whose calls, once captured, are replayed without the framework."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from ..autograd.modes import recording
from ..tensor import Tensor
from .arguments import signature
from .capture import NotCapturable
from .replaying import Replay
from .running import Run
from .session import capturing

EXECUTORS = ("numpy", "numba", "reference")  # the last one is slow, and there for tests
RUNS = 3  # one of so many must do what the one before did: a first step makes its optimizer's state
_capturing = threading.RLock()  # the doors of the library are watched for one run at a time


def compile(
    model: Callable[..., Any] | None = None, *, executor: str = "numpy", variants: int = 8, disable: bool = False
) -> Any:
    """A function that does what ``model`` does, faster: its NumPy calls, captured, are made without the framework.

    ``model`` is a function, or a module, that takes tensors and makes a whole step: forward pass, backward pass and the
    optimizer's update, or only what needs no gradient afterwards. It is captured in its first two calls, which also
    carry it out; from the third call on it is replayed. With ``executor="numba"`` (``pip install "microgradnp[jit]"``)
    the replay is machine code. Without ``model`` it is a decorator; with ``disable`` it gives ``model`` back.

    It is captured anew when the shapes, dtypes or other arguments, the grad mode, the memory of a parameter, or an
    attribute of a module changes, up to ``variants`` times. Settings of optimizers, such as the learning rate, are read
    again in every call, and random numbers drawn again. Returned tensors are new memory in each call, and have no
    graph; the gradients that it leaves in ``.grad`` are overwritten by the next call.

    Raises, in the calls that capture, ``compiler.NotCapturable`` (a RuntimeError) with file and line for what a replay
    could not repeat: a Python branch on a value, ``.item()``, a shape that depends on values, a constant that differs
    between two calls, a tensor that outlives the call, a graph that is needed afterwards. The model is then as it was
    before the call. Raises ValueError for an unknown executor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.compile.html

    >>> import microgradnp
    >>> w = microgradnp.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = microgradnp.optim.SGD([w], lr=0.1)
    >>> @microgradnp.compile
    ... def step(x):
    ...     loss = (w * x).square().sum()
    ...     optimizer.zero_grad()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> for _ in range(5):
    ...     loss = step(microgradnp.ones(2))
    >>> print(f"{loss.item():.4f}")
    0.8389
    """
    if executor not in EXECUTORS:
        raise ValueError(f"compile: executor must be one of {', '.join(map(repr, EXECUTORS))}, got {executor!r}")
    if variants < 1:
        raise ValueError(f"compile: variants must be at least 1, got {variants}")
    if model is None:
        return functools.partial(compile, executor=executor, variants=variants, disable=disable)
    if not callable(model):
        raise TypeError(f"compile: expected a function or a module, got {type(model).__name__}")
    return model if disable else Compiled(model, executor, variants)


class Compiled:
    """What ``compile`` returns: call it as the function itself."""

    def __init__(self, function: Callable[..., Any], executor: str, limit: int) -> None:
        functools.update_wrapper(self, function, updated=())
        self._function, self._executor, self._limit = function, executor, limit
        self._replays: dict[Any, list[Replay]] = {}  # by the kinds of arguments
        self._waiting: dict[Any, list[Run]] = {}  # captured runs, for another that does the same
        self._lock = threading.RLock()  # a replay computes in memory of its own
        self._attribute = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if capturing and threading.get_ident() in capturing:  # part of another compiled function
            return self._function(*args, **kwargs)
        key, tensors = signature(args, kwargs)
        with self._lock:
            for replay in self._replays.get(key, ()):
                if replay.guards.hold(tensors):
                    return replay.again(tensors)
        if not isinstance(recording.get(), bool):  # anomaly detection, inference, hooks on what is saved
            return self._function(*args, **kwargs)
        if not _capturing.acquire(blocking=False):  # another thread captures
            return self._function(*args, **kwargs)
        try:
            return self._capture(key, tensors, args, kwargs)
        finally:
            _capturing.release()

    # As the function or module itself

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__dict__["_function"], name)  # of a module: parameters(), state_dict()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _OWN or name.startswith("__"):
            object.__setattr__(self, name, value)
        else:
            setattr(self._function, name, value)

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: each object has a compiled function of its own."""
        if instance is None or not self._attribute or not isinstance(self._function, FunctionType):
            return self
        bound = Compiled(MethodType(self._function, instance), self._executor, self._limit)
        vars(instance)[self._attribute] = bound
        return bound

    def __reduce__(self) -> Any:
        """A copy captures anew: what is captured works on the memory of the original."""
        return Compiled, (self._function, self._executor, self._limit)

    def graph(self) -> str:
        """What has been captured, as text: every variant with its NumPy calls."""
        replays = [replay for found in self._replays.values() for replay in found]
        if not replays:
            return "nothing captured yet: it takes two calls"
        return "\n\n".join(f"variant {i}\n{replay.text()}" for i, replay in enumerate(replays))

    # Capturing

    def _capture(self, key: Any, tensors: list[Tensor], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        waiting = self._waiting.setdefault(key, [])
        before = next((run for run in waiting if run.guards.broken(tensors) is None), None)
        run = Run(self._function, tensors, args, kwargs, lambda run: self._judge(run, before, key, tensors))
        if before is not None:
            waiting.remove(before)
        if run.repeats:
            with self._lock:
                self._replays.setdefault(key, []).append(Replay(run, self._executor))
        else:
            waiting.append(run)
        return run.result

    def _judge(self, run: Run, before: Run | None, key: Any, tensors: list[Tensor]) -> None:
        """Find out whether a run repeats the one before it. Raises NotCapturable, while all can still be undone, where
        no replay can come of it.
        """
        waiting = self._waiting[key]
        if before is None:
            if len(waiting) >= RUNS * self._limit:
                why = waiting[-1].guards.broken(tensors)
                raise NotCapturable(f"compile: no two calls of {self._name} meet the same surroundings: {why}")
            return
        text = before.unlike(run)
        if text is None:
            run.check_survivors()
            self._check_limit(key, tensors)
            run.repeats = True
        elif before.tries + 1 >= RUNS:
            raise NotCapturable(
                f"compile: two calls of {self._name} do not do the same, and a replay would freeze it: {text}"
            )
        run.tries = before.tries + 1

    def _check_limit(self, key: Any, tensors: list[Tensor]) -> None:
        if sum(map(len, self._replays.values())) < self._limit:
            return
        found = self._replays.get(key)
        why = found[-1].guards.broken(tensors) if found else None
        raise NotCapturable(
            f"compile: {self._name} has been captured for {self._limit} variants of its arguments and surroundings "
            f"already{f' (the last one does not hold because {why})' if why else ''}: make what changes a tensor "
            "argument of one shape, or raise variants="
        )

    @property
    def _name(self) -> str:
        return getattr(self._function, "__qualname__", type(self._function).__name__)


_OWN = frozenset({"_function", "_executor", "_limit", "_replays", "_waiting", "_lock", "_attribute"})
