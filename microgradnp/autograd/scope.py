"""Which module is running: the chain of module calls at this moment, so that graphs and errors can name it.

Autograd knows nothing of ``nn``: a module is any object that pushes itself here. A graph node keeps the innermost
scope, and a readable path such as ``encoder.0.linear`` is worked out only when something is drawn or an error is
raised.
"""

from __future__ import annotations

import itertools
import weakref
from contextvars import ContextVar
from typing import Any


class Scope:
    """One module call inside another. The module is held weakly: a module may keep its own output, and hence this."""

    __slots__ = ("module", "parent")

    def __init__(self, module: Any, parent: Scope | None) -> None:
        self.module = weakref.ref(module)
        self.parent = parent

    def chain(self) -> list[Any]:
        """The modules that were running, outermost first; those that no longer exist are left out."""
        modules, scope = [], self
        while scope is not None:
            modules.append(scope.module())
            scope = scope.parent
        return [module for module in reversed(modules) if module is not None]

    def path(self) -> str:
        """The dotted name of the innermost module within the outermost, by the way that the calls took."""
        chain = self.chain()
        names = [name_within(outer, inner) for outer, inner in itertools.pairwise(chain)]
        return ".".join(name for name in names if name)

    def describe(self) -> str:
        """What an error says: ``Linear 'encoder.0'``, or only ``Linear`` for the outermost module."""
        chain = self.chain()
        if not chain:
            return ""
        path, kind = self.path(), type(chain[-1]).__name__
        return f"{kind} '{path}'" if path else kind


current: ContextVar[Scope | None] = ContextVar("microgradnp.scope", default=None)


def name_within(root: Any, module: Any) -> str:
    for name, candidate in root.named_modules():
        if candidate is module:
            return name
    return ""


def where() -> str:
    """The prefix for an error raised now: ``"Linear 'head': "``, or nothing outside every module."""
    scope = current.get()
    described = scope.describe() if scope is not None else ""
    return f"{described}: " if described else ""
