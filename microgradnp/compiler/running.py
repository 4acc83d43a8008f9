"""One captured run of a function, and what a replay would have to leave behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd import memory
from ..tensor import Tensor
from .arguments import Argument, Fresh, Kept, Static, differs, holders, mapped, shared
from .capture import NotCapturable
from .comparing import difference
from .guards import Guards
from .program import Block
from .session import GRAD, Session, Update


class Run:
    """One captured run of a function: its result, the program, and what it leaves behind.

    ``judge`` has the last word on it, while all of it can still be undone. ``tries`` counts the runs before it that it
    should have been like, and was not; ``repeats``, whether it is like the one before it.
    """

    tries, repeats = 0, False

    def __init__(
        self,
        function: Callable[..., Any],
        tensors: Sequence[Tensor],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        judge: Callable[[Run], None],
    ) -> None:
        session = Session(tensors)
        given = holders((args, kwargs))[1:]
        with session.open():
            result = function(*args, **kwargs)
            _check_holders(given, holders((args, kwargs))[1:])
            session.settle_rebound()
            fresh: list[Any] = []
            kept: list[Any] = []
            self.structure = self._outputs(session, result, fresh)
            self.grads = self._gradients(session, fresh, kept)
            self._note_survivors(session, fresh, kept)
            session.check_places()
            self.program = session.tape.finish(
                tuple(session.captured(tensor) for tensor in fresh), tuple(session.captured(tensor) for tensor in kept)
            )
            self._check_memory(session)
            self.updates = session.updates
            with session.pause():
                self._check_settings()
                judge(self)
            session.tape.give_back()
        self.result = result
        gradients = [GRAD.__get__(tensor, Tensor) for tensor in session.grads_set.values()]
        for tensor in fresh:
            if all(tensor is not grad for grad in gradients):
                tensor._array = np.copy(tensor._array)
        if written := session.written():
            memory.stamp(map(memory.writes_to, written), "a compiled step")
        others = [item for item in given if not isinstance(item, (Tensor, tuple, list, dict, str))]
        self.guards = Guards(function, session, tensors, others)

    def _outputs(self, session: Session, result: Any, fresh: list[Any]) -> Any:
        """The result with numbers in place of tensors: of ``fresh`` ones, or of arguments."""

        def place(item: Any) -> Any:
            if not isinstance(item, Tensor):
                return Static(item)
            if id(item) in session.arguments:
                return Argument(session.arguments[id(item)])
            if not session.made(item):
                return Static(item)
            self._cut(session, item)
            item._base = None  # its memory is its own, as after a replay
            return Fresh(_number(item, fresh))

        return mapped(result, place)

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

    def _gradients(self, session: Session, fresh: list[Any], kept: list[Any]) -> list[Any]:
        """For each tensor whose ``.grad`` the run has set: what it is to be afterwards."""
        indices, effects = session.arguments, []
        for key, tensor in session.grads_set.items():
            grad = GRAD.__get__(tensor, Tensor)
            target = Argument(indices[key]) if key in indices else Static(tensor)
            if id(grad) in indices:
                effects.append((target, Argument(indices[id(grad)])))
            elif grad is None or not session.made(grad):
                effects.append((target, Static(grad)))
            else:
                grad._edge = None
                effects.append((target, Fresh(_number(grad, fresh)) if key in indices else Kept(_number(grad, kept))))
        return effects

    def _note_survivors(self, session: Session, fresh: list[Any], kept: list[Any]) -> None:
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
                raise shared(source.array)

    def _check_settings(self) -> None:
        for update in self.updates:
            if update.optimizer.settings(update.group, *update.counts) != update.settings:
                raise NotCapturable(
                    f"compile: the settings of {type(update.optimizer).__name__} change inside the function after its "
                    "step (by a scheduler?), which a replay would not do: call scheduler.step() outside"
                )

    # What comes of it

    def check_survivors(self) -> None:
        """Raise if tensors that the run has made outlive it: only a first one makes its optimizer's state."""
        if self.survivors:
            raise NotCapturable(
                f"compile: a tensor of shape {self.survivors[0]} that the function makes outlives the call (in a list, "
                "an attribute or a closure): later calls would not make it anew. Return it instead"
            )

    def unlike(self, other: Run) -> str | None:
        """What the next run does otherwise; None if it does the same."""
        if text := difference(self.program, other.program):
            return text
        if text := differs(self.structure, other.structure):
            return f"it returns {text}"
        if text := differs(self.grads, other.grads):
            return f"it leaves as gradients {text}"
        if list(map(_who, self.updates)) != list(map(_who, other.updates)):
            return "the steps of other optimizers"
        if self.guards.settings != [update.settings for update in other.updates]:
            return "it changes the settings of an optimizer before the step"
        return None


def _number(item: Any, among: list[Any]) -> int:
    """The place of an object in a list, to which it is added if it is not there."""
    for i, other in enumerate(among):
        if other is item:
            return i
    among.append(item)
    return len(among) - 1


def _who(update: Update) -> tuple[Any, ...]:
    """Whose step an update is."""
    return id(update.optimizer), id(update.group), [id(p) for p in update.params]


def _check_holders(before: list[Any], after: list[Any]) -> None:
    if len(before) != len(after) or any(a is not b for a, b in zip(before, after, strict=True)):
        raise NotCapturable(
            "compile: the function changes a list or dict that it is given, which a replay would not do: return what "
            "it makes"
        )
