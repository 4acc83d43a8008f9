"""Who wrote to which memory, and when: so that a value changed between forward and backward is never used unnoticed.

One clock stamps both graph nodes and in-place writes. An array that a node saved is stale exactly when its memory was
written to after the node was made. NumPy itself knows which arrays share memory (a view's ``base``), so a write through
any view, alias or ``detach`` of a tensor is seen by everything that saved that memory, and a graph that no write has
followed (every ordinary training step) is cleared with one comparison of two integers.

Memory that others can write to gets no stamp when they do. A block that came from outside (``share``), or that an
array outside looks into (``lend``), is therefore copied when a node saves it; and what a node had saved before it was
lent is compared, when it is used, with what it was at that moment. Where nothing is shared this costs one look at an
empty dictionary.

Source of the idea: PyTorch's version counters,
https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-correctness-checks
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Iterable
from sys import getrefcount
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy import ndarray

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
last_write = 0  # the time of the latest write to any memory, or loan of memory that may have been saved before
lent: dict[int, list[Loan]] = {}  # the memory that others can write to, by the id of its owner


def owner_of(array: Any) -> Any:
    """The object whose memory ``array`` looks into: NumPy's chain of ``base`` to its end."""
    base = first = array
    while base is not None:
        array = base
        base = getattr(array, "base", None)
    return array if array.__class__ is ndarray else _foreign_owner(first)


def _foreign_owner(array: Any) -> Any:
    """The same where the chain leaves NumPy: it goes on behind a memoryview, and ends at the last object that a weak
    reference can watch.
    """
    owner = array
    while array is not None:
        if type(array).__weakrefoffset__:
            owner = array
        array = array.obj if isinstance(array, memoryview) else getattr(array, "base", None)
    return owner


def address_of(array: Any) -> int:
    """The memory address of the first element. (``base`` of a capturing array is the array that it stands for.)"""
    plain = array if array.__class__ is ndarray else array.base
    return plain.__array_interface__["data"][0]


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
    key = id(owner_of(array))
    writes = _writes.get(key)
    if lent and (writes is None or writes.time <= time):
        for loan in tuple(lent.get(key, ())):
            if loan.time > time:
                loan.check()
        writes = _writes.get(key)
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
    except TypeError:  # a NumPy scalar: it cannot be watched, so keep it alive and its id its own
        return lambda: owner  # type: ignore[return-value]


def _caller() -> Any:
    """The innermost frame outside this package, and outside the library that runs its decorators: the user's line."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("microgradnp", "contextlib"):
        frame = frame.f_back
    return frame


# Memory that others can write to


class Loan:
    """One array given to NumPy or another library, which may write to it for as long as it, or a view of it, lives.

    ``before`` is what the memory held, if a node may have saved it by then: to be told whether it has changed.
    """

    __slots__ = ("array", "before", "code", "line", "reference", "time")

    def __init__(self, array: ndarray, saved: bool) -> None:
        self.array = array
        self.time = 0
        self.before: ndarray | None = None
        if saved:
            global last_write
            self.before = array.copy()
            self.time = last_write = tick()
            frame = _caller()
            self.code, self.line = (frame.f_code, frame.f_lineno) if frame is not None else (None, 0)

    def check(self) -> None:
        """If the memory has been changed since, note that as a write: what was saved before is stale."""
        bits = f"u{self.array.itemsize}"  # by which a nan equals itself
        if self.before is None or np.array_equal(self.array.view(bits), self.before.view(bits)):
            return
        self.before = None  # once noted, it is noted for every node that is older than the loan
        writes = writes_to(self.array)
        if writes.time > self.time:
            return  # a write of our own, which has made them stale already
        stamp((writes,), "whoever was given an array that shares its memory")
        writes.code, writes.line = self.code, self.line

    def end(self, _: Any) -> None:
        """The array is gone: nobody outside can write to the memory any more."""
        if sys.is_finalizing():  # nor will anybody go backward
            return
        key = id(owner_of(self.array))
        loans = lent[key]
        loans.remove(self)
        if not loans and key not in _foreign:
            del lent[key]
        self.check()


def lend(array: Any) -> Any:
    """An array on the same memory, to be given to those who may write to it: by ``numpy()``, ``__array__``, DLPack.

    Call it wherever an array leaves the library, with the tensor's ``_array`` itself. The memory counts as lent until
    the array, and all that NumPy has made of it, is gone.
    """
    saved = getrefcount(array) > _UNSAVED or array.base is not None
    if array.__class__ is not ndarray:
        return array
    given = np.asarray(memoryview(array))  # NumPy's views of it refer to it, and not to ``array``
    if given.flags.writeable:
        loan = Loan(array, saved)
        lent.setdefault(id(owner_of(array)), []).append(loan)
        loan.reference = weakref.ref(given, loan.end)
    return given


def share(array: Any) -> None:
    """Note that an array that is about to become a tensor belongs to somebody else, who may write to it at any time.

    Call it wherever memory enters the library: in ``from_numpy``, ``from_dlpack``, ``frombuffer``.
    """
    owner = owner_of(array)
    key = id(owner)
    if key not in lent:  # else it is known, or was lent by us and is coming back, still on loan
        lent[key] = []
        _foreign[key] = weakref.ref(owner, lambda _: (lent.pop(key, None), _foreign.pop(key, None)))


def keep(value: Any) -> Any:
    """An array (or a tuple of them) that is to be kept until the backward pass: copied if others can write to it.

    Call it, if ``lent`` is not empty, on whatever a graph node saves.
    """
    if value.__class__ is tuple:
        return tuple([keep(item) for item in value])
    return np.array(value) if isinstance(value, ndarray) and id(owner_of(value)) in lent else value


_foreign: dict[int, weakref.ref[Any]] = {}  # the owners of memory that is not ours


def _references_when_unsaved() -> int:
    """What ``lend`` counts for an array that only its tensor holds: asked of this Python, not assumed."""

    def lend(array: Any) -> int:
        return getrefcount(array)

    holder = SimpleNamespace(array=np.empty(0))
    return lend(holder.array)


_UNSAVED = _references_when_unsaved()
