"""One captured run of a function: what it read, made and changed, and the program that does the same.

While a session is open, a few doors of the library are watched, each for the thread that captures:

    reading ``Tensor._array``        gives a capturing array, so that whoever uses a tensor is on the tape
    setting ``Tensor._array``        tells which tensors the run made, and which it gave other memory
    ``Tensor._grad``                 tells which gradients the run expects to find, and which it leaves behind
    an optimizer's update            its settings become numbers that are computed again in every run
    a module's call                  tells which modules must not change
    a generator's draws              become calls that draw again in every run; seeding it is refused
    arrays beside tensors            are read again in every run, and those that tensors are made of or indexed by

Everything else is the library as it is.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from ..autograd import memory
from ..autograd.modes import recording
from ..autograd.node import Leaf
from ..ops import creation, indexing, operands
from ..random import Generator
from ..random.stream import Stream
from ..tensor import Tensor, make
from .capture import CapturedArray, NotCapturable, Number, Tape, place_text

capturing: set[int] = set()  # the threads that capture a run
ARRAY, GRAD = Tensor.__dict__["_array"], Tensor.__dict__["_grad"]  # the slots, past every door
SEEDS = ("manual_seed", "seed", "set_state", "get_state", "initial_seed", "clone_state")
DRAWS = (
    "uniform", "normal", "normal_one_by_one", "log_normal", "cauchy", "geometric", "poisson", "bits", "integers",
    "permutation", "bernoulli", "exponential", "multinomial",
)  # fmt: skip


class Source:
    """A tensor from before the run: its array and its place in the graph, which later runs must find again."""

    def __init__(self, tensor: Tensor, captured: CapturedArray, array: Any) -> None:
        self.tensor, self.captured, self.array = tensor, captured, array
        self.edge = tensor._edge


class Update:
    """One call of an optimizer's update: the settings it was given; those that are floats as numbers of the tape."""

    def __init__(self, optimizer: Any, group: dict[str, Any], counts: tuple[Any, ...], params: list[Tensor]) -> None:
        self.optimizer, self.group, self.counts, self.params = optimizer, group, counts, params
        self.settings: tuple[Any, ...] = optimizer.settings(group, *counts)
        self.numbers: dict[int, Number] = {}
        self.before = plain(group)
        self._counted: list[tuple[np.ndarray, ...]] | None = None

    def settings_now(self) -> Any:
        """The settings of a step to be made now. None if the parameters would not be updated together any more."""
        if self._counted is None:  # where the counts are: that the state is still the same is asked before
            self._counted = list(zip(*map(self.optimizer.counts, self.params), strict=True))
        for arrays in self._counted:
            numbers = [array.item() for array in arrays]
            if numbers.count(numbers[0]) != len(numbers):
                return None
        return self.optimizer.settings(self.group, *[arrays[0][()] for arrays in self._counted])

    def fed(self, tape: Tape) -> list[Any]:
        """The settings, floats as numbers of the tape."""
        self.numbers = {i: Number(value, tape) for i, value in enumerate(self.settings) if value.__class__ is float}
        return [self.numbers.get(i, value) for i, value in enumerate(self.settings)]


class Draw:
    """A draw of a generator, as a function."""

    def __init__(self, generator: Any, name: str, function: Callable[..., Any]) -> None:
        self.generator, self.function, self.__name__ = generator, function, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(self.generator, *args, **kwargs)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Draw):
            return False
        return _stream(self.generator) is _stream(other.generator) and self.__name__ == other.__name__

    def __hash__(self) -> int:
        return hash((id(_stream(self.generator)), self.__name__))


class Session:
    """Captures one run of a function. ``run`` carries it out; afterwards the session tells what it has seen."""

    def __init__(self, arguments: Sequence[Tensor]) -> None:
        self.tape = Tape()
        self.sources: dict[int, Source] = {}
        self.modules: dict[int, Any] = {}
        self.updates: list[Update] = []
        self.grads_found: dict[int, tuple[Tensor, Any]] = {}  # what the run expected to find
        self.grads_set: dict[int, Tensor] = {}
        self.rebound: dict[int, Tensor] = {}
        self._made: dict[int, weakref.ref[Tensor]] = {}
        self._thread = threading.get_ident()
        self._paused = 0
        self._undo: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._found: dict[int, tuple[Tensor, Any]] = {}  # every gradient as it was
        self._states: list[tuple[Any, Any]] = []
        self._mode = recording.get()
        self._optimizers: dict[int, tuple[Any, dict[Any, dict[str, Any]]]] = {}  # with their state as it was
        self.tape.before_writing = self._remember
        self.arguments = {id(tensor): i for i, tensor in enumerate(arguments)}
        for i, tensor in enumerate(arguments):
            array = ARRAY.__get__(tensor, Tensor)
            if tensor._edge is not None and tensor._edge.hooks is not None:
                raise NotCapturable(
                    f"compile: an argument of shape {tuple(array.shape)} has hooks, which a replay would not run: "
                    "register them on a tensor that is made inside, or pass .detach().requires_grad_()"
                )
            self._add_source(tensor, array, self.tape.argument(array, i))

    # Watching

    @contextmanager
    def open(self) -> Iterator[None]:
        """Watch the doors. If the run fails, everything is as it was before."""
        from ..nn.module import Module
        from ..optim.optimizer import Optimizer

        with ExitStack() as doors:
            capturing.add(self._thread)
            doors.callback(capturing.discard, self._thread)
            for owner, name, watched in (
                (Tensor, "_array", property(self._read_array, self._set_array)),
                (Tensor, "_grad", property(self._read_grad, self._set_grad)),
                (Optimizer, "_update", self._watched_update(Optimizer._update)),
                (Module, "__call__", self._watched_call(Module.__call__)),
                *((Generator, name, self._watched_draw(name, getattr(Generator, name))) for name in DRAWS),
                *((Stream, name, self._watched_seed(name, getattr(Stream, name))) for name in SEEDS),
                (operands, "_as_tensor", self._watched_as_tensor(operands._as_tensor)),
                (creation, "array_from", self._watched_array_from(creation.array_from)),
                (indexing, "_plain_item", self._watched_item(indexing._plain_item)),
                (Tensor, "__setitem__", self._watched_setting(Tensor.__setitem__)),
            ):
                doors.callback(setattr, owner, name, vars(owner)[name])
                setattr(owner, name, watched)
            try:
                yield
            except BaseException:
                with self.pause():
                    self._roll_back()
                raise
            finally:
                with self.pause():
                    self._release()

    def _mine(self) -> bool:
        return not self._paused and threading.get_ident() == self._thread

    @contextmanager
    def pause(self) -> Iterator[None]:
        self._paused += 1
        try:
            yield
        finally:
            self._paused -= 1

    def _read_array(self, tensor: Tensor) -> Any:
        array = ARRAY.__get__(tensor, Tensor)
        if array.__class__ is CapturedArray or not self._mine():
            return array
        key = id(tensor)
        if key in self._made:
            return self._captured_from(array)
        if key not in self.sources:
            self._add_source(tensor, array, self.tape.outside(array))
        return self.sources[key].captured

    def _captured_from(self, array: Any) -> CapturedArray:
        """For an array that the run made without the tape, or that somebody else may write to."""
        if isinstance(array, np.ndarray) and id(memory.owner_of(array)) in memory.lent:
            return self.tape.outside(array)
        return self.tape.constant(array)

    def _add_source(self, tensor: Tensor, array: Any, captured: CapturedArray) -> None:
        source = self.sources[id(tensor)] = Source(tensor, captured, array)
        if source.edge is not None and not isinstance(source.edge, Leaf):
            raise NotCapturable(
                f"{place_text()}: a tensor of shape {tuple(array.shape)} comes from operations recorded outside the "
                f"compiled function ({source.edge.name()}), which a replay could not go back through: compute it "
                "inside, or .detach() it"
            )

    def _set_array(self, tensor: Tensor, array: Any) -> None:
        if self._mine() and id(tensor) not in self._made:
            try:
                self._read_array(tensor)
                self.rebound[id(tensor)] = tensor
            except AttributeError:  # it had none: it is new
                key = id(tensor)
                self._made[key] = weakref.ref(tensor, lambda _: self._made.pop(key, None))
        ARRAY.__set__(tensor, array)

    def _read_grad(self, tensor: Tensor) -> Any:
        grad = GRAD.__get__(tensor, Tensor)
        if self._mine() and id(tensor) not in self._made and id(tensor) not in self._found:
            self.grads_found[id(tensor)] = self._found[id(tensor)] = (tensor, grad)
        return grad

    def _set_grad(self, tensor: Tensor, grad: Any) -> None:
        if self._mine() and id(tensor) not in self._made:
            try:
                before = GRAD.__get__(tensor, Tensor)
            except AttributeError:  # it is new
                GRAD.__set__(tensor, grad)
                return
            self._found.setdefault(id(tensor), (tensor, before))
            self.grads_set[id(tensor)] = tensor
        GRAD.__set__(tensor, grad)

    def _watched_update(self, update_all: Callable[..., Any]) -> Callable[..., Any]:
        def watched(optimizer: Any) -> None:
            if not self._mine():
                return update_all(optimizer)
            if optimizer.counted and any(optimizer is update.optimizer for update in self.updates):
                raise NotCapturable(
                    f"{place_text()}: a second step of {type(optimizer).__name__} depends on what the first counts, "
                    "and a replay works out all numbers before it begins: compile a function that makes one step"
                )
            groups = [(group, [p for p in group["params"] if p._grad is not None]) for group in optimizer.param_groups]
            with self.pause():
                self._optimizers.setdefault(id(optimizer), (optimizer, {p: {**s} for p, s in optimizer.state.items()}))
                updates = [
                    Update(optimizer, group, counts, [*params])
                    for group, ps in groups
                    for counts, params in optimizer.alike(ps)
                ]
            for update in updates:
                self.tape.update = len(self.updates)
                self.updates.append(update)
                try:
                    optimizer.apply(update.params, update.fed(self.tape))
                finally:
                    self.tape.update = -1
            return None

        return watched

    def _watched_call(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(module: Any, *args: Any, **kwargs: Any) -> Any:
            if self._mine():
                self.modules.setdefault(id(module), module)
            return call(module, *args, **kwargs)

        return watched

    def _watched_draw(self, name: str, draw: Callable[..., Any]) -> Callable[..., Any]:
        def watched(generator: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._mine():
                return draw(generator, *args, **kwargs)
            with self.pause():
                stream = _stream(generator)
                if all(stream is not known for known, _ in self._states):
                    self._states.append(
                        (stream, stream.get_state() if stream is generator else stream.bit_generator.state)
                    )
                return self.tape.call(Draw(generator, name, draw), args, kwargs)

        return watched

    def _watched_seed(self, name: str, seed: Callable[..., Any]) -> Callable[..., Any]:
        def watched(generator: Any, *args: Any, **kwargs: Any) -> Any:
            if self._mine():
                raise NotCapturable(
                    f"{place_text()}: {name}() inside a compiled function would not be repeated by a replay: call it "
                    "outside"
                )
            return seed(generator, *args, **kwargs)

        return watched

    def _watched_as_tensor(self, as_tensor: Callable[..., Any]) -> Callable[..., Any]:
        def watched(function: str, value: Any) -> Any:
            if self._is_beside(value):
                as_tensor(function, value[:0] if value.ndim else value)  # for its checks
                value = self.tape.outside(value)
            return as_tensor(function, value)

        return watched

    def _watched_array_from(self, array_from: Callable[..., Any]) -> Callable[..., Any]:
        def watched(data: Any, dtype: Any = None) -> Any:
            if not (self._is_beside(data) and data.size):
                return array_from(data, dtype)
            return self.tape.call(array_from, (self.tape.beside(data), dtype), {})

        return watched

    def _watched_item(self, plain_item: Callable[..., Any]) -> Callable[..., Any]:
        def watched(item: Any) -> Any:
            if self._is_beside(item) and item.dtype.kind in "iu" and item.ndim:
                plain_item(item)  # for its checks
                item = self.tape.beside(item)
            return plain_item(item)

        return watched

    def _watched_setting(self, setitem: Callable[..., Any]) -> Callable[..., Any]:
        def watched(tensor: Any, index: Any, value: Any) -> None:
            if self._is_beside(value):
                value = make(self.tape.beside(value).astype(tensor.dtype))
            return setitem(tensor, index, value)

        return watched

    def _is_beside(self, item: Any) -> bool:
        """Whether it is a plain array that the function uses."""
        return isinstance(item, np.ndarray) and self._mine() and type(item) is np.ndarray and item.dtype.isnative

    # Undoing a run that failed

    def _remember(self, array: np.ndarray) -> None:
        """Called before memory from outside is written to."""
        owner = memory.owner_of(array)
        if isinstance(owner, np.ndarray) and id(owner) not in self._undo:
            self._undo[id(owner)] = (owner, owner.copy())

    def _roll_back(self) -> None:
        for owner, before in self._undo.values():
            np.copyto(owner, before)
        for tensor, grad in self._found.values():
            GRAD.__set__(tensor, grad)
        for source in self.sources.values():
            source.tensor._edge = source.edge
        for update in self.updates:
            update.group.update(update.before)
        for optimizer, state in self._optimizers.values():
            for p in [p for p in optimizer.state if p not in state]:
                del optimizer.state[p]
            for p, before in state.items():
                optimizer.state[p].clear()
                optimizer.state[p].update(before)
        recording.set(self._mode)
        for stream, state in self._states:
            if isinstance(stream, np.random.Generator):
                stream.bit_generator.state = state
            else:
                stream.set_state(state)

    def _release(self) -> None:
        """Give every tensor a plain array again."""
        for tensor in [*self.rebound.values(), *(r() for r in tuple(self._made.values()))]:
            if tensor is None:
                continue
            array = ARRAY.__get__(tensor, Tensor)
            if id(tensor) in self.rebound:
                ARRAY.__set__(tensor, self.sources[id(tensor)].array)
            elif isinstance(array, CapturedArray):
                ARRAY.__set__(tensor, np.asarray(array.array))

    # What the run did

    def made(self, tensor: Tensor) -> bool:
        return id(tensor) in self._made

    def written(self) -> list[Any]:
        """The memory from before the run that it has written to."""
        return [*[owner for owner, _ in self._undo.values()], *self.tape.arguments_written()]

    def survivors(self, results: Iterable[Tensor]) -> list[Tensor]:
        """Tensors that the run made and that are still there, besides those that are known."""
        known = {id(tensor) for tensor in results}
        if self._living(known):
            gc.collect()  # they may only wait for it
        return self._living(known)

    def _living(self, known: set[int]) -> list[Tensor]:
        made = [reference() for reference in tuple(self._made.values())]
        return [tensor for tensor in made if tensor is not None and id(tensor) not in known]

    def settle_rebound(self) -> None:
        """Tensors that were given other memory get its contents in their own, where the next run looks for them."""
        changed = [(self.sources[key], self._read_array(tensor)) for key, tensor in self.rebound.items()]
        changed = [(source, now) for source, now in changed if now is not source.captured]
        blocks = [now.value.block for _, now in changed]
        for source, now in changed:
            shared = now.value.block.kind not in ("own", "constant") or blocks.count(now.value.block) > 1
            whole = getattr(memory.owner_of(source.array), "nbytes", -1) == source.array.nbytes
            if shared or not whole or id(source.tensor) in self.arguments:
                raise NotCapturable(
                    f"compile: the function makes a tensor of shape {tuple(source.array.shape)} from outside look into "
                    "other memory, which it, or what it looked into before, shares with another: a replay only writes "
                    "to memory. Use copy_() or another in-place operation"
                )
            if now.shape != source.captured.shape or now.dtype != source.captured.dtype:
                raise NotCapturable(
                    f"compile: the function turns a tensor of shape {tuple(source.array.shape)} and type "
                    f"{source.array.dtype} from outside into one of shape {tuple(now.shape)} and type {now.dtype}, so "
                    "that the next run would not find what this one found"
                )
            self.tape.call(np.copyto, (source.captured, now), {})

    def check_places(self) -> None:
        """Raise where a tensor from outside has come to another place in the graph, or the grad mode has changed."""
        for source in self.sources.values():
            edge, given = source.tensor._edge, id(source.tensor) in self.arguments
            if edge is not source.edge and (given or not (edge is None or isinstance(edge, Leaf))):
                what = "an argument" if given else "a tensor from outside"
                raise NotCapturable(
                    f"compile: the function changes whether {what} of shape {tuple(source.array.shape)} requires a "
                    "gradient, or writes the result of recorded operations into it, which a replay would not do: "
                    "change it outside, and write under no_grad()"
                )
        if recording.get() is not self._mode:
            raise NotCapturable(
                "compile: the function leaves another grad mode behind, which a replay would not: set it in a `with`"
            )

    def captured(self, tensor: Tensor) -> CapturedArray:
        """What a tensor holds at the end of the run."""
        return self._read_array(tensor)


def _stream(generator: Any) -> Any:
    """What a generator draws from: itself, or the NumPy generator that it borrows."""
    return getattr(generator, "_rng", generator)


def plain(group: dict[str, Any]) -> dict[str, Any]:
    """The settings of a parameter group."""
    return {name: value for name, value in group.items() if name not in ("params", "param_names")}
