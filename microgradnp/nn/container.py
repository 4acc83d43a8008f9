"""Modules that hold other modules: one after the other, as a list, as a dictionary."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from .module import Module, indented
from .tree import MODULE


class _Modules(Module):
    """What ``Sequential`` and ``ModuleList`` share: a list of modules, named "0", "1" and so on."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __len__(self) -> int:
        return len(self._modules)

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._of(list(self._modules.items())[index])
        return self._modules[self._name(index)]

    def _of(self, named: list[tuple[str, Module]]) -> Any:
        """Another one of some of its modules."""
        make: Any = type(self)
        return make([module for _, module in named])

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

    def append(self, module: Module) -> Any:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add several modules at the end."""
        if not isinstance(modules, Iterable):
            name = type(self).__name__
            raise TypeError(f"{name}.extend should be called with an iterable, but got {type(modules).__name__}")
        for module in list(modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Any:
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


class Sequential(_Modules):
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
        own = self.__dict__
        for name, kind in self._registered.items():
            if kind == MODULE:
                input = own[name](input)
        return input

    def _of(self, named: list[tuple[str, Module]]) -> Any:
        return type(self)(OrderedDict(named))  # which keeps the names

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


class ModuleList(_Modules):
    """A list of modules: ``ModuleList([a, b])``. What it holds is registered, which in a plain list it would not be.

    It is no layer: a module that has one says in its ``forward`` how its modules are called.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html

    >>> from microgradnp import nn
    >>> layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    >>> len(layers), len(list(layers.parameters()))
    (3, 6)
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        return self.extend(modules)

    def __repr__(self) -> str:
        """As of every module, but equal ones that follow one another are shown once."""
        runs: list[tuple[int, int, str]] = []  # the first and the last, and what both look like
        for i, shown in enumerate(map(repr, self)):
            if runs and runs[-1][2] == shown:
                runs[-1] = (runs[-1][0], i, shown)
            else:
                runs.append((i, i, shown))
        lines = [
            f"({first}): {shown}" if first == last else f"({first}-{last}): {last - first + 1} x {shown}"
            for first, last, shown in runs
        ]
        return f"{self._get_name()}(" + "".join(f"\n  {indented(line)}" for line in lines) + ("\n)" if lines else ")")


class ModuleDict(Module):
    """A dictionary of modules: ``ModuleDict({"a": a})``, or from pairs. What it holds is registered under its keys.

    Keys are strings without a dot. It is no layer: a module that has one says in its ``forward`` what is called.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html

    >>> from microgradnp import nn
    >>> heads = nn.ModuleDict({"mean": nn.Linear(4, 1), "scale": nn.Linear(4, 1)})
    >>> list(heads.state_dict())
    ['mean.weight', 'mean.bias', 'scale.weight', 'scale.bias']
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Take all modules out."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Take a module out. Raises KeyError when there is none of this key."""
        module = self[key]
        del self[key]
        return module

    def keys(self) -> KeysView[str]:
        """The keys, in order of insertion."""
        return self._modules.keys()

    def items(self) -> ItemsView[str, Any]:
        """The keys with their modules, in order of insertion."""
        return self._modules.items()

    def values(self) -> ValuesView[Any]:
        """The modules, in order of insertion."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Add the modules of a mapping, or of an iterable of pairs of key and module, in their order."""
        for key, module in pairs_of(modules, "ModuleDict"):
            self[key] = module


def pairs_of(items: Any, container: str) -> list[tuple[str, Any]]:
    """The keys and values of a mapping, or of an iterable of pairs."""
    if isinstance(items, (Mapping, Module)):
        return list(items.items())  # type: ignore[union-attr]
    if not isinstance(items, Iterable):
        raise TypeError(
            f"{container}.update should be called with an iterable of key/value pairs, but got {type(items).__name__}"
        )
    pairs: list[tuple[str, Any]] = []
    for i, pair in enumerate(items):
        if not isinstance(pair, Iterable):
            kind = type(pair).__name__
            raise TypeError(f"{container} update sequence element #{i} should be Iterable; is {kind}")
        pair = tuple(pair)
        if len(pair) != 2:
            raise ValueError(f"{container} update sequence element #{i} has length {len(pair)}; 2 is required")
        pairs.append(pair)
    return pairs
