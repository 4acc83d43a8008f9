"""``Module``: the base class of everything with parameters."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import memory
from ..autograd.hooks import RemovableHandle
from ..autograd.quiet import restore, silence
from ..autograd.scope import Scope, current
from ..devices import DeviceError
from ..tensor import Tensor, make
from . import state
from .hooks import EVERYWHERE, ForwardHook, Hooks
from .tree import Tree

if TYPE_CHECKING:
    from .summary import Summary

# Bound once: each of them is one call of C, in every call of every module.
_running, _enter, _leave = current.get, current.set, current.reset


class Module(Tree):
    """The base class of all neural network modules: it registers the parameters and modules assigned to it.

    Subclass it, assign parameters and modules in ``__init__`` (after ``super().__init__()``), and write ``forward``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html

    >>> import microgradnp
    >>> from microgradnp import nn
    >>> class Scale(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = nn.Parameter(microgradnp.tensor([2.0]))
    ...
    ...     def forward(self, x):
    ...         return x * self.factor
    >>> Scale()(microgradnp.ones(2))
    tensor([2., 2.], grad_fn=<MulBackward0>)
    """

    training: bool
    _scope: Scope | None = None
    _hooks: Hooks | None = None
    _version = 1  # of the layout of the state dict

    def __init__(self) -> None:
        super().__init__()
        self.training = True

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; every subclass defines its own."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    # Calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        outer = _running()
        here = self._scope
        if here is None or here.parent is not outer:
            here = self.__dict__["_scope"] = Scope(self, outer)
        loud = silence() if outer is None else None
        token = _enter(here)
        try:
            if self._hooks is not None:
                return self._hooks.call(self, args, kwargs)
            if kwargs:
                return self.forward(*args, **kwargs)
            return self.forward(args[0]) if len(args) == 1 else self.forward(*args)  # the first is a faster call
        finally:
            _leave(token)
            if outer is None:
                restore(loud)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before every forward pass; what it returns, if not None, replaces the arguments.

        With ``with_kwargs`` it is ``hook(module, args, kwargs)``, and returns both or None. ``prepend`` puts it before
        the hooks that are there. ``remove()`` of the result takes the hook away.
        """
        return self._add_hook("before", ForwardHook(hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after every forward pass; what it returns, if not None, is the output.

        With ``with_kwargs`` it is ``hook(module, args, kwargs, output)``. With ``always_call`` it runs even if the
        forward pass raised; the output is then None.
        """
        return self._add_hook("after", ForwardHook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when the gradients of the output, a tuple, are complete.

        What it returns, if not None, replaces them.
        """
        return self._add_hook("before_backward", hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the gradients of the positional arguments are complete.

        Both are tuples, with None for what is no tensor. What the hook returns, if not None, replaces ``grad_input``.
        The output must be a tensor or a tuple of tensors. When no argument requires gradients, ``grad_input`` is all
        None, and a warning says so.
        """
        return self._add_hook("after_backward", hook, prepend)

    def _add_hook(self, kind: str, hook: Any, prepend: bool = False) -> RemovableHandle:
        if self._hooks is None or self._hooks is EVERYWHERE:
            self._hooks = Hooks()
        return self._hooks.add(kind, hook, prepend)

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
        self.training = mode
        for module in self.children():
            _switch(module, mode)
        return self

    def eval(self) -> Module:
        """Evaluation mode: ``train(False)``, also where a subclass uses the name ``train`` for something else."""
        _switch(self, False)
        return self

    def requires_grad_(self, requires_grad: bool = True) -> Module:
        """Switch gradients of all parameters on or off."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for parameter in self.parameters():
            clear_grad(parameter, set_to_none)

    def _apply(self, fn: Callable[[Tensor], Tensor]) -> Module:
        """Replace what every parameter, gradient and buffer holds by what ``fn`` makes of it; ties stay ties."""
        converted: dict[Tensor, Tensor] = {}
        for module in self.modules():
            for parameter in module._parameters.values():
                for tensor in (parameter, parameter._grad) if parameter is not None else ():
                    if tensor is not None and (changed := fn(data := tensor.data)) is not data:
                        tensor.data = changed
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    if buffer not in converted:
                        converted[buffer] = fn(buffer)
                    module._buffers[name] = converted[buffer]
        return self

    def _convert(self, dtype: Any) -> Module:
        return self._apply(lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor)  # type: ignore[attr-defined]

    def type(self, dst_type: Any) -> Module:
        """Convert all parameters and buffers, those of integers too, to a dtype, or a name such as "FloatTensor"."""
        return self._apply(lambda tensor: tensor.type(dst_type))  # type: ignore[attr-defined]

    def float(self) -> Module:
        """Convert all floating point parameters and buffers to float32."""
        return self._convert(np.dtype(np.float32))

    def double(self) -> Module:
        """Convert all floating point parameters and buffers to float64."""
        return self._convert(np.dtype(np.float64))

    def half(self) -> Module:
        """Convert all floating point parameters and buffers to float16."""
        return self._convert(np.dtype(np.float16))

    def cpu(self) -> Module:
        """The module itself: there is no other device."""
        return self

    def cuda(self, device: Any = None) -> Module:
        """Raises DeviceError, an AssertionError as in a PyTorch without CUDA: the only device is "cpu"."""
        raise DeviceError(f"{type(self).__name__}.cuda(): device 'cuda' is not there; the only device is 'cpu'")

    def to(self, *target: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False) -> Module:
        """Convert all floating point parameters and buffers to a dtype, or that of a tensor. The only device is "cpu".

        ``non_blocking`` has no meaning for it.
        """
        float32, float64 = (
            make(np.zeros(0, probe)).to(*target, dtype=dtype, device=device).dtype  # type: ignore[attr-defined]
            for probe in (np.float32, np.float64)
        )
        if float32 != float64:  # both are as they were: no dtype was named
            return self
        if float32.kind != "f":
            raise TypeError(f"nn.Module.to only accepts floating point dtypes, but got desired dtype={float32}")
        return self._convert(float32)

    # State

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """All parameters and persistent buffers by dotted name, in PyTorch's order.

        They share memory with the module: copy what is to be kept. With ``keep_vars`` they are the parameters
        themselves, else detached. What a module's own ``get_extra_state`` returns is there as ``_extra_state``.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()  # type: ignore[attr-defined]
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata  # type: ignore[attr-defined]
        for hook in self._hooks_of("before_saving"):
            hook(self, prefix, keep_vars)
        for name, tensor in state.own_tensors(self):
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if hasattr(self, "get_extra_state"):
            destination[prefix + state.EXTRA] = self.get_extra_state()  # type: ignore[attr-defined]
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._hooks_of("after_saving"):
            if hook(self, destination, prefix, metadata) is not None:
                raise RuntimeError("state_dict post-hook must return None: it changes the dictionary that it is given")
        return destination

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Copy values into the parameters and buffers of the same names; NumPy arrays will do.

        With ``strict`` the keys must be exactly those of ``state_dict()``. With ``assign`` the tensors are not copied
        but take the place of the module's own. Returns ``missing_keys`` and ``unexpected_keys``.

        Raises RuntimeError that lists every missing, unexpected and misshaped key at once; nothing has changed then.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
        """
        return state.load(self, state_dict, strict, assign)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` reads the module."""
        return self._add_hook("before_saving", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` when ``state_dict`` has read the module.

        It may change the dictionary, and must return None.
        """
        return self._add_hook("after_saving", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call a hook before ``load_state_dict`` looks at the state: it may change it, and add to the lists.

        It is ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)``.
        """
        return self._add_hook("before_loading", hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` when the state is loaded, before missing keys become an error.

        It may change the lists ``missing_keys`` and ``unexpected_keys``, and must return None.
        """
        return self._add_hook("after_loading", hook)

    def _hooks_of(self, kind: str) -> list[Callable[..., Any]]:
        return [hook for _, hook in self._hooks.of(kind)] if self._hooks is not None else []

    def _upgrade_state(self, state: dict[str, Any], prefix: str, version: int | None) -> None:
        """Bring a state that was saved by an older version of the module to its form of today, in place."""

    # Showing

    def extra_repr(self) -> str:
        """What the printed form shows between the parentheses; a subclass returns its arguments."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        if not children and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return f"{self._get_name()}(\n  " + "\n  ".join(lines + children) + "\n)"

    def summary(self, *inputs: Any, **kwargs: Any) -> Summary:
        """A table of the layers: the shapes of what they return, parameters, multiply-adds and memory.

        One forward pass of these inputs is run in evaluation mode, without gradients, and leaves module, inputs and
        random numbers as they were. The numbers are attributes of the result too: ``total_params``,
        ``trainable_params``, ``param_bytes``, ``mult_adds``, ``activation_bytes``, and for each module ``rows``.
        Multiply-adds are those of products of matrices, convolutions and recurrent layers. Activations are what modules
        return, in new memory. A shared parameter counts once.

        >>> import microgradnp
        >>> from microgradnp import nn
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
        >>> model.summary(microgradnp.zeros(3, 4))
        Layer        Output  Parameters  Multiply-adds  Activations
        -----------------------------------------------------------
        Sequential   (3, 2)           -              -            -
          0: Linear  (3, 8)          40             96         96 B
          1: ReLU    (3, 8)           -              -         96 B
          2: Linear  (3, 2)          18             48         24 B
        -----------------------------------------------------------
        Parameters: 58, of which 58 are trained; 232 B
        Multiply-adds: 144
        Activations: 216 B
        """
        from .summary import summarize

        return summarize(self, inputs, kwargs)

    def __dir__(self) -> list[str]:
        return sorted(name for name in super().__dir__() if not name[0].isdigit())

    # Copying

    def __getstate__(self) -> dict[str, Any]:
        # The scope belongs to this object and to the call it was in: a copy makes its own.
        return {name: value for name, value in self.__dict__.items() if name != "_scope"}

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        self.__dict__.update(attributes)
        self.__dict__.update(_registered=dict(self._registered), _transient=set(self._transient))


def _switch(module: Module, mode: bool) -> None:
    """``module.train(mode)``, unless its class uses that name for something else, such as ``train(X, y)``."""
    if _takes_mode(module.train):
        module.train(mode)
    else:
        Module.train(module, mode)


def _takes_mode(train: Any) -> bool:
    """Whether a method is called as ``train(mode)``: the first argument is ``mode`` or a bool, others are optional."""
    if getattr(train, "__func__", None) is Module.train:
        return True
    if not callable(train):
        return False
    first, *others = inspect.signature(train).parameters.values() or (None,)
    if first is None or any(p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in others):
        return False
    return first.name == "mode" or isinstance(first.default, bool) or first.kind is first.VAR_POSITIONAL


def clear_grad(tensor: Tensor, set_to_none: bool) -> None:
    """Forget the gradient of a tensor, or fill it with zeros."""
    if set_to_none or tensor._grad is None:
        tensor._grad = None
        return
    if tensor._grad.requires_grad:
        tensor._grad = tensor._grad.detach()
    tensor._grad._array[...] = 0
    memory.wrote(tensor._grad._array, "zero_grad")


def indented(text: str) -> str:
    """A printed form as part of another: its further lines move to the right."""
    return text.replace("\n", "\n  ")
