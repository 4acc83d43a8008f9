"""Modules that hold other modules."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

from .module import Module
from .tree import MODULE


class Sequential(Module):
    """Modules called one after the other: ``Sequential(a, b)`` or ``Sequential(OrderedDict(first=a, second=b))``.

    It is also a list of them: index, slice, ``append``, ``insert``, ``pop``, ``del``, ``+``, ``*``. All of these share
    the modules, and so their parameters.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html

    >>> from microgradnp import nn
    >>> nn.Sequential(nn.Linear(2, 4), nn.Sigmoid())
    Sequential(
      (0): Linear(in_features=2, out_features=4, bias=True)
      (1): Sigmoid()
    )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        named = args[0].items() if len(args) == 1 and isinstance(args[0], OrderedDict) else enumerate(args)
        for name, module in named:
            self.add_module(str(name), module)

    def forward(self, input: Any) -> Any:
        """The output of the last module; each takes the output of the one before it."""
        for name, kind in self._registered.items():
            if kind == MODULE:
                input = self.__dict__[name](input)
        return input

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __len__(self) -> int:
        return len(self._modules)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return type(self)(OrderedDict(list(self._modules.items())[index]))
        return self._modules[self._name(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._name(index), module)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._modules)[index] if isinstance(index, slice) else [self._name(index)]
        for name in names:
            delattr(self, name)
        self._renumber(list(self))

    def _name(self, index: int) -> str:
        names = list(self._modules)
        if not -len(names) <= operator.index(index) < len(names):
            raise IndexError(f"index {index} is out of range: this {type(self).__name__} has {len(names)} modules")
        return names[index]

    def _renumber(self, modules: list[Module]) -> None:
        """Hold these modules, under the names "0", "1" and so on."""
        self._modules.clear()
        self.extend(modules)

    def append(self, module: Module) -> Sequential:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, sequential: Iterable[Module]) -> Sequential:
        """Add several modules at the end."""
        for module in sequential:
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Sequential:
        """Add a module before the one at ``index``; the names become numbers again."""
        if not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        modules = list(self)
        if not -len(modules) <= index <= len(modules):
            raise IndexError(f"Index out of range: {index}; this {type(self).__name__} has {len(modules)} modules")
        modules.insert(index, module)
        self._renumber(modules)
        return self

    def pop(self, key: int | slice) -> Any:
        """Take a module, or those of a slice, out; the names become numbers again."""
        taken = self[key]
        del self[key]
        return taken

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *_modules_of(other))

    def __iadd__(self, other: Sequential) -> Sequential:
        return self.extend(_modules_of(other))

    def __mul__(self, other: int) -> Sequential:
        return Sequential(*list(self) * _times(other))

    __rmul__ = __mul__

    def __imul__(self, other: int) -> Sequential:
        return self.extend(list(self) * (_times(other) - 1))


def _modules_of(other: Any) -> Sequential:
    if not isinstance(other, Sequential):
        raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
    return other


def _times(factor: Any) -> int:
    if not isinstance(factor, int):
        raise TypeError(f"unsupported operand type(s) for *: a Sequential is multiplied by an int, got {type(factor)}")
    if factor <= 0:
        raise ValueError(f"Non-positive multiplication factor {factor} for a Sequential")
    return factor
