"""Who wrote to which memory, and when: so that a value changed between forward and backward is never used unnoticed.

One clock stamps both graph nodes and in-place writes. An array that a node saved is stale exactly when its memory was
written to after the node was made. NumPy itself knows which arrays share memory (a view's ``base``), so a write through
any view, alias or ``detach`` of a tensor is seen by everything that saved that memory, and a graph that no write has
followed (every ordinary training step) is cleared with one comparison of two integers.

Source of the idea: PyTorch's version counters,
https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-correctness-checks
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Iterable
from typing import Any

tick = itertools.count(1).__next__  # the clock: every call gives a later time


class Writes:
    """The in-place writes to one block of memory: how many, when the last one was, and who did it from which line."""

    __slots__ = ("code", "count", "line", "operation", "owner", "time")

    def __init__(self, owner: weakref.ref[Any]) -> None:
        self.owner = owner
        self.time = 0
        self.count = 0
        self.operation = ""
        self.code: Any = None
        self.line = 0

    def describe(self) -> str:
        """For an error: ``mul_ (train.py, line 12)``."""
        place = f" ({self.code.co_filename}, line {self.line})" if self.code is not None else ""
        return f"{self.operation}{place}"


_writes: dict[int, Writes] = {}  # by the id of the memory's owner, for as long as the owner lives
last_write = 0  # the time of the latest write to any memory


def owner_of(array: Any) -> Any:
    """The object whose memory ``array`` looks into: NumPy's chain of ``base`` to its end."""
    base = getattr(array, "base", None)
    while base is not None:
        array = base
        base = getattr(array, "base", None)
    return array


def writes_to(array: Any) -> Writes:
    """The entry for the memory of ``array``, made on first use. An optimizer keeps it from step to step."""
    owner = owner_of(array)
    writes = _writes.get(id(owner))
    if writes is None:
        writes = _writes[id(owner)] = Writes(_reference(owner))
    return writes


def wrote(array: Any, operation: str) -> None:
    """Note that ``operation`` has written to the memory of ``array``, and from which line. Call it after the write."""
    writes = writes_to(array)
    stamp((writes,), operation)
    frame = _caller()
    writes.code, writes.line = (frame.f_code, frame.f_lineno) if frame is not None else (None, 0)


def stamp(written: Iterable[Writes], operation: str) -> None:
    """Note one write by ``operation`` to each of these blocks of memory, now."""
    global last_write
    now = last_write = tick()
    for writes in written:
        writes.operation, writes.code = operation, None
        writes.count += 1
        writes.time = now


def writes_since(array: Any, time: int) -> Writes | None:
    """The writes to the memory of ``array``, if the last of them came after ``time``."""
    writes = _writes.get(id(owner_of(array)))
    return writes if writes is not None and writes.time > time else None


def version(array: Any) -> int:
    """How many in-place writes the memory of ``array`` has seen."""
    writes = _writes.get(id(owner_of(array)))
    return writes.count if writes is not None else 0


def _reference(owner: Any) -> weakref.ref[Any]:
    """A weak reference that forgets the owner's writes when it dies, before its id can be given to another object."""
    key = id(owner)
    try:
        return weakref.ref(owner, lambda _: _writes.pop(key, None))
    except TypeError:  # bytes and the like: they cannot be watched, so keep them alive and their id theirs
        return lambda: owner  # type: ignore[return-value]


def _caller() -> Any:
    """The innermost frame outside this package, and outside the library that runs its decorators: the user's line."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("microgradnp", "contextlib"):
        frame = frame.f_back
    return frame
