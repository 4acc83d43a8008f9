"""Which module an operation ran in and which one owns a parameter: the nested frames of a picture."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..autograd.scope import Scope


@dataclass(slots=True, eq=False)
class Frame:
    """The frame around a module: what is written on it, the frame around it, and the frames inside."""

    label: str
    outer: Frame | None = None
    inner: list[Frame] = field(default_factory=list)


class Modules:
    """Finds the frame of an operation's scope, and the name and the frame of a parameter or buffer.

    A module has one frame, however often it was called: where ``named_modules`` of the outermost module has its name. One
    that is registered nowhere gets its frame inside the module that called it. Frames are made when first asked for.
    """

    def __init__(self, model: Any, scopes: Iterable[Scope | None]) -> None:
        self.outermost: list[Frame] = []
        self._frames: dict[Any, Frame] = {}
        self._running: dict[Scope | None, Frame | None] = {None: None}
        self._places: dict[int, tuple[Any, str]] = {}  # by id of a module: the outermost module, and its name therein
        self._members: dict[int, tuple[Any, str]] = {}  # likewise for parameters and buffers
        self._kinds: dict[tuple[int, str], str] = {}
        for top in _outermost(model, scopes):
            for path, module in top.named_modules():
                self._places.setdefault(id(module), (top, path))
                self._kinds[id(top), path] = type(module).__name__
            for path, tensor in (*top.named_parameters(), *top.named_buffers()):
                self._members.setdefault(id(tensor), (top, path))

    def running(self, scope: Scope | None) -> Frame | None:
        """The frame of the innermost module that was running; None outside every module."""
        if scope not in self._running:
            frame = None
            for module in scope.chain():  # type: ignore[union-attr]
                frame = self._frame_of(module, frame)
            self._running[scope] = frame
        return self._running[scope]

    def owner(self, tensor: Any) -> tuple[str, Frame | None]:
        """The dotted name of a parameter or buffer and its module's frame; ("", None) for any other tensor."""
        if id(tensor) not in self._members:
            return "", None
        top, path = self._members[id(tensor)]
        return path, self._frame_at(top, path.rpartition(".")[0])

    def _frame_of(self, module: Any, caller: Frame | None) -> Frame:
        if id(module) in self._places:
            return self._frame_at(*self._places[id(module)])
        return self._make((caller, id(module)), type(module).__name__, caller)

    def _frame_at(self, top: Any, path: str) -> Frame:
        key = (id(top), path)
        if key in self._frames:
            return self._frames[key]
        outer, _, name = path.rpartition(".")
        kind = self._kinds[key]
        return self._make(key, f"{name} ({kind})" if path else kind, self._frame_at(top, outer) if path else None)

    def _make(self, key: Any, label: str, outer: Frame | None) -> Frame:
        if key not in self._frames:
            self._frames[key] = frame = Frame(label, outer)
            (outer.inner if outer else self.outermost).append(frame)
        return self._frames[key]


def _outermost(model: Any, scopes: Iterable[Scope | None]) -> list[Any]:
    """``model`` and the outermost module of every scope, without those that another one of them contains."""
    tops = {} if model is None else {id(model): model}
    for scope in dict.fromkeys(scopes):
        for module in scope.chain()[:1] if scope is not None else ():
            tops.setdefault(id(module), module)
    contained = {id(module) for top in tops.values() for _, module in top.named_modules() if module is not top}
    return [top for key, top in tops.items() if key not in contained]
