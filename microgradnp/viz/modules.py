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

    A module has one frame, however often it was called: where ``named_modules`` of the outermost module has its name.
    One that is registered nowhere gets its frame inside the module that called it. A frame is made when first needed.
    """

    def __init__(self, model: Any, scopes: Iterable[Scope | None]) -> None:
        self.outermost: list[Frame] = []
        self._frames: dict[tuple[int, str], Frame] = {}
        self._running: dict[Scope | None, Frame | None] = {None: None}
        # By id: which module has it, and under which name. The modules are kept, and so are the ids.
        self._modules: dict[int, tuple[Any, str]] = {}
        self._members: dict[int, tuple[Any, str]] = {}  # parameters and buffers
        self._kinds: dict[tuple[int, str], str] = {}
        self._around: dict[int, Frame | None] = {}  # the frame around each module that is in no other one
        for top in _outermost(model, scopes):
            self._enter(top, None)

    def _enter(self, top: Any, around: Frame | None) -> None:
        self._around[id(top)] = around
        for path, module in top.named_modules():
            self._modules.setdefault(id(module), (top, path))
            self._kinds[id(top), path] = type(module).__name__
        for path, tensor in (*top.named_parameters(), *top.named_buffers()):
            self._members.setdefault(id(tensor), (top, path))

    def running(self, scope: Scope | None) -> Frame | None:
        """The frame of the innermost module that was running; None outside every module."""
        if scope not in self._running:
            frame = None
            for module in scope.chain() if scope is not None else ():
                if id(module) not in self._modules:
                    self._enter(module, frame)
                frame = self._frame(*self._modules[id(module)])
            self._running[scope] = frame
        return self._running[scope]

    def owner(self, tensor: Any) -> tuple[str, Frame | None]:
        """The dotted name of a parameter or buffer and its module's frame; ("", None) for any other tensor."""
        if id(tensor) not in self._members:
            return "", None
        top, path = self._members[id(tensor)]
        return path, self._frame(top, path.rpartition(".")[0])

    def _frame(self, top: Any, path: str) -> Frame:
        key = (id(top), path)
        if key not in self._frames:
            outer, _, name = path.rpartition(".")
            around = self._frame(top, outer) if path else self._around[id(top)]
            label = f"{name} ({self._kinds[key]})" if path else self._kinds[key]
            self._frames[key] = frame = Frame(label, around)
            (around.inner if around else self.outermost).append(frame)
        return self._frames[key]


def _outermost(model: Any, scopes: Iterable[Scope | None]) -> list[Any]:
    """``model`` and the outermost module of every scope, without those that another one of them contains."""
    tops = {} if model is None else {id(model): model}
    for scope in dict.fromkeys(scopes):
        for module in scope.chain()[:1] if scope is not None else ():
            tops.setdefault(id(module), module)
    contained = {id(module) for top in tops.values() for _, module in top.named_modules() if module is not top}
    return [top for key, top in tops.items() if key not in contained]
