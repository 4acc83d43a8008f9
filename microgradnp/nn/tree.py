"""What a module consists of: a tree of named parameters, buffers and submodules.

They are plain entries of the instance's ``__dict__``, so that reading one costs what reading an attribute costs;
``_registered`` remembers, in order of definition, which names they are and of which kind.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, MutableMapping
from typing import Any

from ..tensor import Tensor
from .parameter import Parameter
from .registration import ACCEPTED, BUFFER, HIDABLE, MODULE, NEEDED, PARAMETER, through_hooks
from .unregistered import warn_of_plain_containers

_changes = 0


def changes() -> int:
    """How often an attribute of any module has been set or deleted: while it is the same, no module has changed."""
    return _changes


def note_change() -> None:
    """Tell that something has been set or deleted that decides on what a module does."""
    global _changes
    _changes += 1


class _Entries(MutableMapping[str, Any]):
    """The registered attributes of one kind, as PyTorch's ``_parameters``, ``_buffers`` and ``_modules`` show them."""

    def __init__(self, module: Tree, kind: str) -> None:
        self._module, self._kind = module, kind

    def __getitem__(self, name: str) -> Any:
        if self._module._registered.get(name) != self._kind:
            raise KeyError(name)
        return self._module.__dict__[name]

    def __setitem__(self, name: str, value: Any) -> None:
        if name not in self:  # what had the name before is forgotten, and the new entry comes last
            self._module._forget(name)
        note_change()
        self._module._registered[name] = self._kind
        self._module.__dict__[name] = value

    def __delitem__(self, name: str) -> None:
        self[name]
        self._module._forget(name)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, kind in self._module._registered.items() if kind == self._kind])

    def __len__(self) -> int:
        return sum(kind == self._kind for kind in self._module._registered.values())

    def __repr__(self) -> str:
        return repr(dict(self))


class Tree:
    """The half of ``Module`` that registers what is assigned to it, and finds it again."""

    _registered: dict[str, str]
    _transient: set[str]  # the buffers that do not go into state_dict

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in NEEDED & vars(cls).keys():
            if not callable(getattr(cls, name)):
                raise _taken(name, cls.__bases__[0], "method")

    def __init__(self) -> None:
        self.__dict__.update(_registered={}, _transient=set())

    # Registering

    @property
    def _parameters(self) -> _Entries:
        return _Entries(self, PARAMETER)

    @property
    def _buffers(self) -> _Entries:
        return _Entries(self, BUFFER)

    @property
    def _modules(self) -> _Entries:
        return _Entries(self, MODULE)

    def __setattr__(self, name: str, value: Any) -> None:
        note_change()
        kind = PARAMETER if isinstance(value, Parameter) else MODULE if isinstance(value, Tree) else None
        before = self.__dict__.get("_registered", {}).get(name)
        if kind is not None and (before != PARAMETER or kind == PARAMETER):
            self._check_name(name, kind)
            self._add(name, kind, value)
        elif before is None:
            if name in NEEDED and not callable(value):
                raise _taken(name, type(self), "method")
            object.__setattr__(self, name, value)
        elif value is None or (before == BUFFER and isinstance(value, Tensor)):
            self.__dict__[name] = through_hooks(self, before, name, value) if before == BUFFER else value
        else:
            role = "child module" if before == MODULE else before
            raise TypeError(
                f"cannot assign '{type(value).__name__}' as {role} '{name}' of {type(self).__name__} "
                f"({ACCEPTED[before]} or None expected)"
            )

    def __delattr__(self, name: str) -> None:
        note_change()
        if name in self.__dict__.get("_registered", ()):
            self._forget(name)
        else:
            object.__delattr__(self, name)

    def _forget(self, name: str) -> None:
        note_change()
        self._registered.pop(name, None)
        self._transient.discard(name)
        self.__dict__.pop(name, None)

    def _check_name(self, name: Any, kind: str) -> None:
        """Raise for a name that no parameter, buffer or module can have."""
        if "_registered" not in self.__dict__:
            raise AttributeError(
                f"cannot assign {kind} before Module.__init__() call: {type(self).__name__}.__init__ must call "
                f"super().__init__() before it assigns '{name}'"
            )
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {type(name).__name__}")
        if "." in name:
            raise KeyError(f'{kind} name cannot contain ".", got: {name}')
        if name == "":
            raise KeyError(f'{kind} name cannot be empty string ""')
        hidden = getattr(type(self), name, None)
        if (inspect.isroutine(hidden) and name not in HIDABLE) or hasattr(hidden, "__set__"):
            raise _taken(name, type(self), "method" if inspect.isroutine(hidden) else "property")

    def _register(self, name: str, kind: str, value: Any) -> None:
        self._check_name(name, kind)
        if self._registered.get(name) != kind and hasattr(self, name) and name not in HIDABLE:
            raise KeyError(f"attribute '{name}' already exists")
        self._add(name, kind, value)

    def _add(self, name: str, kind: str, value: Any) -> None:
        if kind == PARAMETER and value is not None and not value.is_leaf:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}': it is the result of an operation. To express "
                f"'{name}' as a function of another Tensor, compute the value in the forward() method."
            )
        if kind == MODULE and value is not None and _holds(value, self):
            raise ValueError(
                f"cannot assign module '{name}' of {type(self).__name__}: this {type(value).__name__} is the module "
                "itself, or holds it, and a module cannot be inside itself"
            )
        _Entries(self, kind)[name] = through_hooks(self, kind, name, value)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under ``name``; None reserves the name."""
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' (nn.Parameter or None required)"
            )
        self._register(name, PARAMETER, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the module but is not trained; ``persistent`` ones go into ``state_dict``."""
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (Tensor or None required)"
            )
        self._register(name, BUFFER, tensor)
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Tree | None) -> None:
        """Add a submodule under ``name``."""
        if module is not None and not isinstance(module, Tree):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._register(name, MODULE, module)

    def register_module(self, name: str, module: Tree | None) -> None:
        """Another name for ``add_module``."""
        self.add_module(name, module)

    # Looking around

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The direct submodules with their names; a shared one once."""
        seen: set[Tree] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Any]:
        """The direct submodules; a shared one once."""
        return (module for _, module in self.named_children())

    def named_modules(
        self, memo: set[Tree] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Any]]:
        """This module (named ``prefix``) and all modules within, depth first, with dotted names; a shared one once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, kind in list(self._registered.items()):
            if kind == MODULE and (module := self.__dict__.get(name)) is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Any]:
        """This module and all modules within."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def _places(self, prefix: str, recurse: bool, remove_duplicate: bool) -> list[tuple[str, Any]]:
        """The modules to look for tensors in, with their names."""
        return (
            list(self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)) if recurse else [(prefix, self)]
        )

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their dotted names, in order of definition; a shared one once.

        Warns (UserWarning) of parameters and layers in plain lists, tuples and dictionaries, which are not among them.
        """
        places = self._places(prefix, recurse, remove_duplicate)
        if recurse:
            warn_of_plain_containers(places, (Parameter, Tree))
        return _named_tensors(places, PARAMETER, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, for an optimizer; ``recurse=False`` leaves out those of submodules."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their dotted names, in order of definition; a shared one once."""
        return _named_tensors(self._places(prefix, recurse, remove_duplicate), BUFFER, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers; ``recurse=False`` leaves out those of submodules."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Any:
        """The module of a dotted name; "" is this one. Raises AttributeError when there is none."""
        module: Any = self
        for name in target.split(".") if target else ():
            module = _attribute(module, name, Tree, "an nn.Module", target)
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name. Raises AttributeError when there is none."""
        path, _, name = target.rpartition(".")
        return _attribute(self.get_submodule(path), name, Parameter, "an nn.Parameter", target)

    def get_buffer(self, target: str) -> Tensor:
        """The buffer of a dotted name. Raises AttributeError when there is none."""
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if name not in owner._buffers:
            _attribute(owner, name, (), "a buffer", target)
        return owner._buffers[name]

    def set_submodule(self, target: str, module: Any, strict: bool = False) -> None:
        """Put a module in the place of a dotted name; with ``strict`` there must be one already."""
        if not target:
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Tree):
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        owner = self.get_submodule(path)
        if strict or hasattr(owner, name):
            _attribute(owner, name, Tree, "an nn.Module", target)
        setattr(owner, name, module)


def _named_tensors(places: list[tuple[str, Any]], kind: str, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
    seen: set[Tensor] = set()
    for path, module in places:
        for name, its_kind in list(module._registered.items()):
            tensor = module.__dict__[name] if its_kind == kind else None
            if tensor is None or tensor in seen:
                continue
            if remove_duplicate:
                seen.add(tensor)
            yield f"{path}.{name}" if path else name, tensor


def _taken(name: str, cls: type, what: str) -> KeyError:
    return KeyError(f"attribute '{name}' already exists: it is a {what} of {cls.__name__}; choose another name")


def _holds(module: Any, wanted: Tree) -> bool:
    """Whether a module is, or has somewhere within, another one."""
    return module is wanted or any(_holds(child, wanted) for child in module._modules.values() if child is not None)


def _attribute(module: Any, name: str, kind: Any, described: str, target: str) -> Any:
    """An attribute that must be there and be of a kind."""
    if not hasattr(module, name):
        raise AttributeError(f"{type(module).__name__} has no attribute `{name}` (looking for `{target}`)")
    value = getattr(module, name)
    if not isinstance(value, kind):
        raise AttributeError(f"`{name}` is not {described} (looking for `{target}`)")
    return value
