"""What a function finds by name: the variables around it, of which a captured run has used the values."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from ..nn.module import Module
from ..tensor import Tensor
from .arguments import value_key

# What these keep is no variable of the user's.
_LIBRARIES = frozenset({"microgradnp", "numpy"}) | (sys.stdlib_module_names - {"test", "__main__"})


class Surroundings:
    """The variables that a function, and those that it calls by name, use: of their closures and files, attributes of
    objects and entries of dicts whose names stand in their code, and all attributes of the object it belongs to.

    ``modules`` are those that are found on the way. What lies in a list, or is asked for by a computed name, is not
    among the variables.
    """

    def __init__(self, function: Callable[..., Any], modules: Iterable[Any], arguments: Iterable[Any] = ()) -> None:
        self.modules: dict[int, Any] = {}
        self._cells: list[tuple[str, Any, Any]] = []
        self._entries: list[tuple[str, dict[str, Any], Any]] = []
        self._defaults: list[tuple[FunctionType, Any, Any]] = []
        self._seen: set[tuple[int, int]] = set()
        self._alive: list[Any] = []  # so that no id in ``_seen`` is given to another object
        owner = getattr(function, "__self__", function)
        if _is_an_object(owner):
            self._entries += [(name, vars(owner), value) for name, value in vars(owner).items()]
        self._look(function, frozenset())
        for module in modules:
            self._look(module, frozenset())
        names = _names_in(getattr(function, "__func__", function))
        for argument in arguments:
            self._look(argument, names)

    @property
    def variables(self) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
        """For each variable its name, the condition that it still means the same, and the objects which that names."""
        for name, cell, value in self._cells:
            yield name, "({1}.cell_contents is {0} or {2}({1}.cell_contents, {0}))", (value, cell, same)
        for name, namespace, value in self._entries:
            condition = "({1}.get({3}) is {0} or {2}({1}.get({3}), {0}))"
            yield str(name), condition, (value, namespace, same, name)
        for function, positional, by_name in self._defaults:
            condition = "{0}.__defaults__ is {1} and {0}.__kwdefaults__ is {2}"
            yield f"{function.__name__}.__defaults__", condition, (function, positional, by_name)

    def _look(self, item: Any, names: frozenset[str]) -> None:
        """Take in what ``item``, found by a function that uses these names, means to it."""
        key = id(item), hash(names)
        partial = isinstance(item, functools.partial)
        if key in self._seen or isinstance(item, Tensor) or (_is_of_a_library(item) and not partial):
            return
        self._seen.add(key)
        self._alive.append(item)
        if isinstance(item, FunctionType):
            self._look_into(item)
        elif partial:
            for part in (item.func, *item.args, *item.keywords.values()):
                self._look(part, names)
        elif isinstance(item, MethodType):
            self._look(item.__self__, names | _names_in(item.__func__))
            self._look(item.__func__, names)
        elif isinstance(item, Module):
            for module in item.modules():
                self.modules[id(module)] = module
                self._look_at_class(module, names | {"forward"})
        elif isinstance(item, dict):
            self._look_for(item, names)
        elif isinstance(item, type):
            self._look_at_class(item, names)
        elif isinstance(item, ModuleType) or _is_an_object(item):
            self._look_for(vars(item), names | {"__wrapped__"})
            self._look_at_class(item, names | {"__call__"})

    def _look_into(self, function: FunctionType) -> None:
        names = _names_in(function)
        if function.__defaults__ or function.__kwdefaults__:
            self._defaults.append((function, function.__defaults__, function.__kwdefaults__))
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            if _is_filled(cell):
                self._cells.append((name, cell, cell.cell_contents))
                self._look(cell.cell_contents, names)
        self._look_for(function.__globals__, frozenset(_names(function.__code__, texts=False)))

    def _look_for(self, namespace: dict[Any, Any], names: frozenset[str]) -> None:
        for name in names:
            if name in namespace:
                if not _is_fixed(namespace[name]):
                    self._entries.append((name, namespace, namespace[name]))
                self._look(namespace[name], names)

    def _look_at_class(self, item: Any, names: frozenset[str]) -> None:
        """What an object's class holds under these names, and under those that its methods among them ask for."""
        kinds = [kind for kind in _class_of(item).__mro__ if not _is_of_a_library(kind)]
        waiting, done = list(names), set()
        while waiting:
            name = waiting.pop()
            kind = next((kind for kind in kinds if name in vars(kind)), None)
            if name in done or kind is None:
                continue
            done.add(name)
            value = vars(kind)[name]
            self._entries.append((name, vars(kind), value))  # type: ignore[arg-type]
            method = getattr(value, "__func__", getattr(value, "fget", None) or value)
            if isinstance(method, FunctionType):
                self._look(method, frozenset())
                found = _names_in(method)
                waiting += found
                if not isinstance(item, (Module, type)):
                    self._look_for(vars(item), found)


def _class_of(item: Any) -> type:
    return item if isinstance(item, type) else type(item)


def same(a: Any, b: Any) -> bool:
    """Whether two objects mean the same."""
    return a is b or (type(a) is type(b) and not isinstance(a, (Tensor, dict)) and value_key(a) == value_key(b))


def _names_in(function: Any) -> frozenset[str]:
    code = getattr(function, "__code__", None)
    return frozenset(_names(code)) if code is not None else frozenset()


def _names(code: CodeType, texts: bool = True) -> Iterator[str]:
    """The names that a function, and those defined within it, look up, and the texts by which they may."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant, texts)
        elif texts and isinstance(constant, str):
            yield constant


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _is_of_a_library(item: Any) -> bool:
    if isinstance(item, Module) and not isinstance(item, type):
        return False
    of = item.__name__ if isinstance(item, ModuleType) else getattr(item, "__module__", None)
    return isinstance(of, str) and of.partition(".")[0] in _LIBRARIES


def _is_an_object(item: Any) -> bool:
    """Something of a class of the user's, with attributes."""
    return (
        hasattr(item, "__dict__")
        and not isinstance(item, (type, ModuleType, Module, Tensor))
        and not inspect.isroutine(item)
        and not _is_of_a_library(item)
    )


def _is_fixed(value: Any) -> bool:
    """Modules and classes: nobody gives such a name another meaning between two steps."""
    return isinstance(value, ModuleType) or inspect.isclass(value) or inspect.isbuiltin(value)
