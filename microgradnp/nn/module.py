"""``Module``: the base class of everything with parameters.

Parameters, buffers and submodules are plain entries of the instance's ``__dict__``, so that reading one costs what reading
an attribute costs; ``_registered`` remembers, in order of definition, which names they are and of which kind.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np

from ..autograd import memory
from ..autograd.quiet import restore, silence
from ..autograd.scope import Scope
from ..autograd.scope import current as scope
from ..tensor import Tensor, make
from .parameter import Parameter

PARAMETER, BUFFER, MODULE = "parameter", "buffer", "module"


class IncompatibleKeys(namedtuple("IncompatibleKeys", ("missing_keys", "unexpected_keys"))):
    """What ``load_state_dict`` returns: the keys it missed, and those it had no use for."""

    def __repr__(self) -> str:
        return super().__repr__() if any(self) else "<All keys matched successfully>"


class _Entries(MutableMapping[str, Any]):
    """The registered attributes of one kind, as PyTorch's ``_parameters``, ``_buffers`` and ``_modules`` show them."""

    def __init__(self, module: Module, kind: str) -> None:
        self._module, self._kind = module, kind

    def __getitem__(self, name: str) -> Any:
        if self._module._registered.get(name) != self._kind:
            raise KeyError(name)
        return self._module.__dict__[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._module._registered[name] = self._kind
        self._module.__dict__[name] = value

    def __delitem__(self, name: str) -> None:
        self[name]
        delattr(self._module, name)

    def __iter__(self) -> Iterator[str]:
        return (name for name, kind in list(self._module._registered.items()) if kind == self._kind)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Hooks:
    """The hooks of one module; most modules have none, and then no such object."""

    def __init__(self) -> None:
        self.before: dict[int, tuple[Callable[..., Any], bool]] = {}
        self.after: dict[int, tuple[Callable[..., Any], bool]] = {}


class Module:
    """The base class of all neural network modules: it registers the parameters and modules assigned to it.

    Subclass it, assign parameters and modules in ``__init__`` (after ``super().__init__()``), and write ``forward``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
    """

    training: bool
    _registered: dict[str, str]
    _scope: Scope | None = None
    _hooks: _Hooks | None = None

    def __init__(self) -> None:
        self.__dict__.update(training=True, _registered={}, _transient=set())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines its own."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # Calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        outer = scope.get()
        here = self._scope
        if here is None or here.parent is not outer:
            here = self.__dict__["_scope"] = Scope(self, outer)
        loud = silence() if outer is None else None
        token = scope.set(here)
        try:
            return self.forward(*args, **kwargs) if self._hooks is None else self._call_hooked(args, kwargs)
        finally:
            scope.reset(token)
            if outer is None:
                restore(loud)

    def _call_hooked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        hooks = self._hooks
        assert hooks is not None
        for hook, with_kwargs in list(hooks.before.values()):
            changed = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if changed is not None and with_kwargs:
                args, kwargs = changed
            elif changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        result = self.forward(*args, **kwargs)
        for hook, with_kwargs in list(hooks.after.values()):
            changed = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
            result = result if changed is None else changed
        return result

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Any:
        """Call ``hook(module, args)`` before every forward pass; what it returns, if not None, replaces the arguments.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        return self._register("before", hook, prepend, with_kwargs)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> Any:
        """Call ``hook(module, args, output)`` after every forward pass; what it returns, if not None, replaces the output.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        return self._register("after", hook, prepend, with_kwargs)

    def _register(self, when: str, hook: Callable[..., Any], prepend: bool, with_kwargs: bool) -> Any:
        from ..autograd.backward import RemovableHandle

        if self._hooks is None:
            self.__dict__["_hooks"] = _Hooks()
        hooks = getattr(self._hooks, when)
        others = dict(hooks) if prepend else {}
        handle = RemovableHandle(hooks, (hook, with_kwargs))
        for key in others:  # put them behind the new one
            hooks[key] = hooks.pop(key)
        return handle

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
        registered = self.__dict__.get("_registered")
        kind = PARAMETER if isinstance(value, Parameter) else MODULE if isinstance(value, Module) else None
        if registered is None:
            if kind is not None:
                raise AttributeError(
                    f"cannot assign {kind} '{name}' before Module.__init__() call: call super().__init__() first in "
                    f"{type(self).__name__}.__init__"
                )
        elif kind is not None:
            self._check_name(name, kind, replacing=True)
            registered[name] = kind
        elif registered.get(name) == BUFFER and isinstance(value, Tensor):
            pass
        elif name in registered and value is not None:
            raise TypeError(
                f"cannot assign '{type(value).__name__}' as {registered[name]} '{name}' of {type(self).__name__} "
                f"({self._expected(registered[name])} or None expected)"
            )
        if kind is None and isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
        else:
            self.__dict__[name] = value

    @staticmethod
    def _expected(kind: str) -> str:
        return {PARAMETER: "nn.Parameter", MODULE: "nn.Module", BUFFER: "Tensor"}[kind]

    def __delattr__(self, name: str) -> None:
        if name not in self.__dict__:
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")
        self._registered.pop(name, None)
        self._transient.discard(name)
        del self.__dict__[name]

    def _check_name(self, name: str, kind: str, replacing: bool = False) -> None:
        if "_registered" not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string, got {type(name).__name__}")
        if "." in name or name == "":
            raise KeyError(f'{kind} name can\'t contain "." and can\'t be empty string "", got {name!r}')
        if hasattr(type(self), name) and name not in self._registered and callable(getattr(type(self), name)):
            raise KeyError(
                f"attribute '{name}' already exists: it is a method of {type(self).__name__}; choose another name"
            )
        if not replacing and name in self.__dict__ and name not in self._registered:
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under ``name``; None reserves the name."""
        self._check_name(name, PARAMETER)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' (nn.Parameter or None required)"
            )
        if param is not None and not param.is_leaf:
            raise ValueError(f"cannot assign non-leaf Tensor to parameter '{name}': it is the result of an operation")
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is part of the module's state but is not trained; ``persistent`` ones go to ``state_dict``."""
        self._check_name(name, BUFFER)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (Tensor or None required)"
            )
        self._buffers[name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule under ``name``."""
        self._check_name(name, MODULE)
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._modules[name] = module

    register_module = add_module

    # Looking around

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct submodules with their names."""
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Module]:
        """The direct submodules."""
        return (module for _, module in self.named_children())

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module (named ``prefix``) and all modules within, depth first, with dotted names; a shared one once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)

    def modules(self) -> Iterator[Module]:
        """This module and all modules within."""
        return (module for _, module in self.named_modules())

    def _named_members(
        self, kind: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, value in _Entries(module, kind).items():
                if value is None or id(value) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(value))
                yield f"{path}.{name}" if path else name, value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with their dotted names, in order of definition; a shared one once."""
        return self._named_members(PARAMETER, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, for an optimizer."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with their dotted names."""
        return self._named_members(BUFFER, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The module of a dotted name. Raises AttributeError when there is none."""
        module: Any = self
        for name in target.split(".") if target else ():
            child = module.__dict__.get(name)
            if not isinstance(child, Module):
                raise AttributeError(f"{type(module).__name__} has no submodule '{name}' (looking for '{target}')")
            module = child
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter of a dotted name. Raises AttributeError when there is none."""
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if module._registered.get(name) != PARAMETER:
            raise AttributeError(f"{type(module).__name__} has no parameter '{name}'")
        return module.__dict__[name]

    # Changing all of it

    def apply(self, fn: Callable[[Module], None]) -> Module:
        """Call ``fn`` on every module within, children first, then on this one; returns this module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Module:
        """Put this module and all within into training mode (or, with False, evaluation mode)."""
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, got {mode!r}")
        for module in self.modules():
            module.__dict__["training"] = mode
        return self

    def eval(self) -> Module:
        """Evaluation mode: ``train(False)``, without calling ``train`` (a subclass may use that name otherwise)."""
        return Module.train(self, False)

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Switch gradients of all parameters on or off."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for parameter in self.parameters():
            clear_grad(parameter, set_to_none)

    def _convert(self, dtype: Any) -> Module:
        for module in self.modules():
            for name, value in (*module._parameters.items(), *module._buffers.items()):
                if value is not None and value.is_floating_point():
                    value.data = make(value._array.astype(dtype))
                    if value._grad is not None:
                        value._grad = make(value._grad._array.astype(dtype))
        return self

    def float(self) -> Module:
        """Convert all floating point parameters and buffers to float32."""
        return self._convert(np.float32)

    def double(self) -> Module:
        """Convert all floating point parameters and buffers to float64."""
        return self._convert(np.float64)

    def half(self) -> Module:
        """Convert all floating point parameters and buffers to float16."""
        return self._convert(np.float16)

    def to(self, *target: Any, dtype: Any = None, device: Any = None) -> Module:
        """Convert all floating point parameters and buffers to a dtype. The only device is "cpu"."""
        probe = make(np.zeros(0, np.float32)).to(*target, dtype=dtype, device=device)  # type: ignore[attr-defined]
        if not probe.is_floating_point():
            raise TypeError(f"Module.to() only accepts floating point dtypes, got {probe.dtype}")
        names_a_dtype = dtype is not None or any(not isinstance(t, str) for t in target)
        return self._convert(probe.dtype) if names_a_dtype else self

    # State

    def state_dict(
        self, *, destination: dict[str, Tensor] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Tensor]:
        """All parameters and persistent buffers by dotted name. They share memory with the module: copy to keep."""
        state = {} if destination is None else destination
        for path, module in self.named_modules(remove_duplicate=False):
            for name, kind in module._registered.items():
                value = module.__dict__[name]
                if kind == MODULE or value is None or name in module._transient:
                    continue
                state[f"{prefix}{path}.{name}" if path else prefix + name] = value if keep_vars else value.detach()
        return state

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy values into the parameters and buffers of the same names.

        With ``strict`` every key must match. Raises RuntimeError that lists every missing, unexpected and misshaped key at
        once; the module is then unchanged.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict).__name__}")
        if assign:
            raise NotImplementedError("load_state_dict(assign=True) is not supported: values are always copied")
        own = self.state_dict(keep_vars=True)
        missing = [key for key in own if key not in state_dict]
        unexpected = [key for key in state_dict if key not in own]
        values = {key: _array_of(key, state_dict[key]) for key in own if key in state_dict}
        faults = [
            f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, the shape in current "
            f"model is {own[key]._array.shape}."
            for key, value in values.items()
            if value.shape != own[key]._array.shape
        ]
        if strict and unexpected:
            faults.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}.")
        if strict and missing:
            faults.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}.")
        if faults:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(faults))
        for key, value in values.items():
            np.copyto(own[key]._array, value, casting="unsafe")
            memory.wrote(own[key]._array, "load_state_dict")
        return IncompatibleKeys(missing, unexpected)

    # Showing

    def extra_repr(self) -> str:
        """What the printed form shows between the parentheses; a subclass returns its arguments."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {_indented(repr(module))}" for name, module in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"

    def __dir__(self) -> list[str]:
        return sorted(name for name in {*super().__dir__(), *self._registered} if not name[0].isdigit())

    def __getstate__(self) -> dict[str, Any]:
        # The scope belongs to this object and to the call it was in: a copy makes its own.
        return {name: value for name, value in self.__dict__.items() if name != "_scope"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


def clear_grad(tensor: Tensor, set_to_none: bool) -> None:
    """Forget the gradient of a tensor, or fill it with zeros."""
    if set_to_none or tensor._grad is None:
        tensor._grad = None
    else:
        tensor._grad = tensor._grad.detach()
        tensor._grad._array[...] = 0
        memory.wrote(tensor._grad._array, "zero_grad")


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _array_of(key: str, value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        return value._array
    if isinstance(value, np.ndarray):
        return value
    raise TypeError(f"load_state_dict: '{key}' must be a Tensor, got {type(value).__name__}")
