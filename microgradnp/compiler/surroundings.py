"""What a function finds by name: the variables around it, of which a captured run has used the values."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any


class Surroundings:
    """The variables that a function uses from its closure and its module, and the attributes of the object it is of.

    What it finds at second hand (in a list, in an object that is no module, in what other functions use) is not among
    them.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        owner = getattr(function, "__self__", None)
        plain = getattr(function, "__func__", function)
        self._cells: list[tuple[str, Any, Any]] = []
        self._names: list[tuple[str, dict[str, Any], Any]] = []
        if isinstance(plain, FunctionType):
            cells = zip(plain.__code__.co_freevars, plain.__closure__ or (), strict=True)
            self._cells = [(name, cell, cell.cell_contents) for name, cell in cells if _is_filled(cell)]
            namespace = plain.__globals__
            used = [name for name in _names(plain.__code__) if name in namespace]
            self._names = [(name, namespace, namespace[name]) for name in used if not _is_fixed(namespace[name])]
        if owner is not None and hasattr(owner, "__dict__") and not hasattr(owner, "_registered"):  # no module
            self._names += [(name, vars(owner), value) for name, value in vars(owner).items()]

    def changed(self) -> str | None:
        """The name of a variable that has another value now; None if all are as they were."""
        for name, cell, value in self._cells:
            if cell.cell_contents is not value and not _equal(cell.cell_contents, value):
                return name
        for name, namespace, value in self._names:
            now = namespace.get(name)
            if now is not value and not _equal(now, value):
                return name
        return None


def _equal(a: Any, b: Any) -> bool:
    """Whether two objects mean the same: numbers, texts and the like may be equal without being one object."""
    return type(a) is type(b) and isinstance(a, (int, float, str, bytes)) and a == b


def _names(code: CodeType) -> Iterator[str]:
    """The names that a function, and those defined within it, look up in their module."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _is_fixed(value: Any) -> bool:
    """Modules, classes and functions: nobody gives such a name another meaning between two steps."""
    return isinstance(value, ModuleType) or inspect.isclass(value) or inspect.isroutine(value)
