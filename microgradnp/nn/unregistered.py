"""Layers in plain lists, tuples and dictionaries of a module, where no optimizer and no state dict finds them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from .parameter import Parameter

PLAIN = (list, tuple, dict)
FEW = 3  # a list of layers has one among its first items; the rest of a list of anything else need not be looked at

_told: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()  # by module: the attributes that were warned of


def warn_of_plain_containers(places: list[tuple[str, Any]], kinds: tuple[type, ...]) -> None:
    """Warn, once, of each attribute that holds what is of these kinds, and that none of the modules has registered.

    ``places`` are a module and all within, with their names.
    """
    suspects = [
        (path, module, name, value)
        for path, module in places
        for name, value in module.__dict__.items()
        if value.__class__ in PLAIN and value and name != "_registered" and any(_found(value, kinds))
    ]
    if not suspects:
        return
    known = {id(module) for _, module in places}
    known.update(id(p) for _, module in places for p in module._parameters.values())
    for path, module, name, value in suspects:
        lost = next((item for item in _found(value, kinds) if id(item) not in known), None)
        if lost is None or name in _told.get(module, ()):
            continue
        _told.setdefault(module, set()).add(name)
        container, kind = ("dict", "Dict") if isinstance(value, dict) else (type(value).__name__, "List")
        what = "Parameter" if isinstance(lost, Parameter) else "Module"
        warnings.warn(
            f"{type(module).__name__}: the attribute '{path}{'.' if path else ''}{name}' is a plain {container}, so "
            f"the {what.lower()}s in it are not registered: they are neither trained nor saved. Make it an "
            f"nn.{what}{kind}, or filter this warning if that is meant",
            UserWarning,
            stacklevel=_level_of_the_caller(),
        )


def _level_of_the_caller() -> int:
    """How far up the first function outside the library is, from the one that warns."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("microgradnp."):
        level, frame = level + 1, frame.f_back
    return level


def _found(container: Any, kinds: tuple[type, ...]) -> Iterator[Any]:
    """What is of these kinds among the first items of a container, and of containers in it."""
    for item in islice(container.values() if container.__class__ is dict else container, FEW):
        if isinstance(item, kinds):
            yield item
        elif item.__class__ in PLAIN and item:
            yield from _found(item, kinds)
