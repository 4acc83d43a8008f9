"""``compile``: a function whose calls, once captured, are replayed without the framework."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd import memory
from ..autograd.modes import recording
from ..autograd.node import Leaf
from ..tensor import Tensor, make
from . import interpreter
from .capture import NotCapturable
from .comparing import difference
from .guards import Guards
from .program import Block, Program
from .session import GRAD, Session

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

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        key, tensors = _signature(args, kwargs)
        for replay in self._replays.get(key, ()):
            if replay.holds():
                return replay(tensors)
        return self._capture(key, tensors, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__dict__["_function"], name)  # of a module: parameters(), state_dict()

    def graph(self) -> str:
        """What has been captured, as text: every variant with its NumPy calls."""
        replays = [replay for found in self._replays.values() for replay in found]
        if not replays:
            return "nothing captured yet: it takes two calls"
        return "\n\n".join(f"variant {i}\n{replay.text()}" for i, replay in enumerate(replays))

    def _capture(self, key: Any, tensors: list[Tensor], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not isinstance(recording.get(), bool):  # anomaly detection, inference, hooks on what is saved
            return self._function(*args, **kwargs)
        waiting = self._waiting.setdefault(key, [])
        before = next((run for run in waiting if run.guards.broken() is None), None)
        with _capturing:
            run = Run(self._function, tensors, args, kwargs)
        if before is None:
            if len(waiting) >= RUNS * self._limit:
                raise NotCapturable(
                    f"compile: no two calls of {self._name} meet the same surroundings: {waiting[-1].guards.broken()}"
                )
            waiting.append(run)
            return run.result
        waiting.remove(before)
        text = difference(before.program, run.program)
        if text is None:
            self._add(key, run)
        elif before.tries + 1 >= RUNS:
            raise NotCapturable(
                f"compile: two calls of {self._name} do not do the same, and a replay would freeze it: {text}"
            )
        else:
            run.tries = before.tries + 1
            waiting.append(run)
        return run.result

    def _add(self, key: Any, run: Run) -> None:
        found = self._replays.setdefault(key, [])
        if sum(map(len, self._replays.values())) >= self._limit:
            why = found[-1].guards.broken() if found else None
            raise NotCapturable(
                f"compile: {self._name} has been captured for {self._limit} variants of its arguments and surroundings "
                f"already{f' (the last one does not hold because {why})' if why else ''}: make what changes a tensor "
                "argument of one shape, or raise variants="
            )
        found.append(Replay(run, self._executor))

    @property
    def _name(self) -> str:
        return getattr(self._function, "__qualname__", type(self._function).__name__)


class Run:
    """One captured run of a function: its result, the program, and what it leaves behind.

    ``tries`` counts the runs before it that it should have been like, and was not.
    """

    tries = 0

    def __init__(
        self, function: Callable[..., Any], tensors: Sequence[Tensor], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        session = Session(tensors)
        indices = {id(tensor): i for i, tensor in enumerate(tensors)}
        with session.open():
            result = function(*args, **kwargs)
            session.settle_rebound()
            fresh: list[Any] = []
            kept: list[Any] = []
            self.structure = self._outputs(session, result, indices, fresh)
            self.grads = self._gradients(session, indices, fresh, kept)
            self._check_survivors(session, fresh, kept)
            self.program = session.tape.finish(
                tuple(session.captured(tensor) for tensor in fresh), tuple(session.captured(tensor) for tensor in kept)
            )
            self._check_memory(session)
            session.tape.give_back()
        self.result = result
        self.updates = session.updates
        self._check_settings(session)
        self.guards = Guards(function, session, tensors)

    def _outputs(self, session: Session, result: Any, indices: dict[int, int], fresh: list[Any]) -> Any:
        """The result with numbers in place of tensors: of ``fresh`` ones, or negative, of arguments."""

        def place(item: Any) -> Any:
            if not isinstance(item, Tensor):
                return Static(item)
            if id(item) in indices:
                return Argument(indices[id(item)])
            if not session.made(item):
                return Static(item)
            self._cut(session, item)
            if all(item is not other for other in fresh):
                fresh.append(item)
            return Fresh(next(i for i, other in enumerate(fresh) if other is item))

        return _mapped(result, place)

    def _cut(self, session: Session, tensor: Tensor) -> None:
        """A returned tensor leaves its graph, which must have served its purpose."""
        if tensor._edge is None:
            return
        if not (session.grads_set or session.grads_found or session.updates):
            raise NotCapturable(
                "compile: the function returns a tensor that requires a gradient, and goes back through no graph "
                "itself: a replay records none. Call backward() inside, call it under no_grad(), or return .detach()"
            )
        tensor._edge = None

    def _gradients(self, session: Session, indices: dict[int, int], fresh: list[Any], kept: list[Any]) -> list[Any]:
        """For each tensor whose ``.grad`` the run has set: what it is to be afterwards."""
        effects = []
        for key, tensor in session.grads_set.items():
            grad = GRAD.__get__(tensor, Tensor)
            target = Argument(indices[key]) if key in indices else Static(tensor)
            if grad is None or not session.made(grad):
                effects.append((target, Static(grad)))
                continue
            grad._edge = None
            into = fresh if key in indices else kept
            into.append(grad)
            effects.append((target, (Fresh if key in indices else Kept)(len(into) - 1)))
        return effects

    def _check_survivors(self, session: Session, fresh: list[Any], kept: list[Any]) -> None:
        """Note tensors that outlive the run without being its results: the next run must not make such."""
        self.survivors = [tuple(tensor.shape) for tensor in session.survivors((*fresh, *kept))]

    def _check_memory(self, session: Session) -> None:
        """What is written to must be reachable by one way only."""
        written = {value.block for call in self.program.calls for value in call.writes}
        blocks: dict[int, Block] = {}
        for source in session.sources.values():
            block = source.captured.value.block
            other = blocks.setdefault(id(memory.owner_of(source.array)), block)
            if other is not block and not written.isdisjoint((block, other)):
                raise NotCapturable(
                    f"compile: an argument of shape {tuple(source.array.shape)} shares memory with a tensor that the "
                    "function changes: pass a .clone() of it"
                )

    def _check_settings(self, session: Session) -> None:
        for update in session.updates:
            with_now = update.optimizer.settings(update.group)
            if with_now != update.settings:
                raise NotCapturable(
                    f"compile: the settings of {type(update.optimizer).__name__} change inside the function after its "
                    "step (by a scheduler?), which a replay would not do: call scheduler.step() outside"
                )


class Static:
    """Something that is the same after every run."""

    def __init__(self, item: Any) -> None:
        self.item = item


class Fresh(int):
    """The number of a fresh output."""


class Kept(int):
    """The number of a kept output."""


class Argument(int):
    """The number of a tensor argument."""


class Replay:
    """A captured program, made to run, with what it leaves behind."""

    def __init__(self, run: Run, executor: str) -> None:
        if run.survivors:
            raise NotCapturable(
                f"compile: a tensor of shape {run.survivors[0]} that the function makes outlives the call (in a list, "
                "an attribute or a closure): later calls would not make it anew. Return it instead"
            )
        self.guards = run.guards
        self.holds = lambda broken=run.guards.broken: broken() is None
        self.program = run.program
        self._run = build(run.program, executor)
        self._structure, self._grads = run.structure, run.grads
        self._kept = [make(array) for array in self._run.kept]
        self._numbers = [
            [(i, array.array) for i, number in update.numbers.items() for array in number.arrays.values()]
            for update in run.updates
        ]
        self._fed = [update.settings for update in run.updates]
        blocks = {value.block for call in run.program.calls for value in call.writes if value.block.kind == "outside"}
        self._written = [memory.writes_to(block.array) for block in blocks]

    def __call__(self, tensors: list[Tensor]) -> Any:
        settings = self.guards.settings()
        if settings != self._fed:
            self._feed(settings)
        fresh = self._run([tensor._array for tensor in tensors])
        if self._written:
            memory.stamp(self._written, "a compiled step")
        made = [make(array) for array in fresh]
        for target, grad in self._grads:
            tensor = target.item if target.__class__ is Static else tensors[target]
            tensor._grad = (
                grad.item if grad.__class__ is Static else (self._kept if grad.__class__ is Kept else made)[grad]
            )
        return _filled(self._structure, tensors, made)

    def _feed(self, settings: list[tuple[Any, ...]]) -> None:
        for numbers, values in zip(self._numbers, settings, strict=True):
            for i, array in numbers:
                array[...] = values[i]
        self._fed = settings

    def text(self) -> str:
        from .listing import program_text

        return program_text(self.program)


def build(program: Program, executor: str) -> Any:
    """The program, planned and made to run by an executor."""
    if executor == "reference":
        return interpreter.build(program)
    from .plan import plan

    if executor == "numba":
        from . import machine_code as chosen
    else:
        from . import numpy_executor as chosen
    return chosen.build(plan(program))


# Arguments and results


def _signature(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, list[Tensor]]:
    """What of a call's arguments a captured program depends on, and the tensors among them."""
    tensors: list[Tensor] = []
    if not args and not kwargs:
        return recording.get(), tensors
    return (recording.get(), _key(args, tensors), _key(kwargs, tensors)), tensors


def _key(item: Any, tensors: list[Tensor]) -> Any:
    if isinstance(item, Tensor):
        known = next((i for i, tensor in enumerate(tensors) if tensor is item), None)
        if known is not None:
            return known
        tensors.append(item)
        array, edge = item._array, item._edge
        return array.shape, array.dtype, array.strides, edge is None or isinstance(edge, Leaf), edge is None
    if isinstance(item, (tuple, list)):
        return (type(item), *[_key(part, tensors) for part in item])
    if isinstance(item, dict):
        return (dict, *[(name, _key(part, tensors)) for name, part in item.items()])
    if isinstance(item, (int, float, str, bool, bytes, type(None), np.dtype)):
        return type(item), item
    if isinstance(item, np.ndarray):
        raise NotCapturable("compile: an argument is a NumPy array, whose values would be frozen: pass a tensor")
    return type(item), id(item)


def _mapped(structure: Any, function: Callable[[Any], Any]) -> Any:
    """A nested tuple, list or dict with ``function`` applied to everything in it."""
    if isinstance(structure, (tuple, list)):
        items = [_mapped(item, function) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    if isinstance(structure, dict):
        return {key: _mapped(item, function) for key, item in structure.items()}
    return function(structure)


def _filled(structure: Any, tensors: list[Tensor], made: list[Tensor]) -> Any:
    kind = structure.__class__
    if kind is Fresh:
        return made[structure]
    if kind is Static:
        return structure.item
    if kind is Argument:
        return tensors[structure]
    return _mapped(structure, lambda item: _filled(item, tensors, made))
