"""Loading the state of a module: everything is checked before anything changes.

Source: https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import memory
from ..tensor import Tensor, make
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

EXTRA = "_extra_state"  # the key of what a module's own ``get_extra_state`` returns


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ("missing_keys", "unexpected_keys"))):
    """What ``load_state_dict`` returns: the keys that it missed, and those that it had no use for."""

    __slots__ = ()

    def __repr__(self) -> str:
        return super().__repr__() if any(self) else "<All keys matched successfully>"

    __str__ = __repr__


def own_tensors(module: Module) -> Iterator[tuple[str, Tensor]]:
    """The parameters and then the persistent buffers of a module, without those of its submodules."""
    for name, tensor in (*module._parameters.items(), *module._buffers.items()):
        if tensor is not None and name not in module._transient:
            yield name, tensor


def load(module: Module, state: Mapping[str, Any], strict: bool, assign: bool) -> _IncompatibleKeys:
    """What ``Module.load_state_dict`` does."""
    if not isinstance(state, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state)}.")
    places = {
        f"{path}.{name}" if path else name: (owner, name)
        for path, owner in module.named_modules(remove_duplicate=False)
        for name in (*dict(own_tensors(owner)), *((EXTRA,) if hasattr(owner, "set_extra_state") else ()))
    }
    missing = [key for key in places if key not in state]
    unexpected = [key for key in state if key not in places]
    values, faults = _fitting(places, state)
    if strict and unexpected:
        faults.insert(0, f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. ")
    if strict and missing:
        faults.insert(0, f"Missing key(s) in state_dict: {_quoted(missing)}. ")
    if faults:
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(faults))
    for key, value in values.items():
        _put(*places[key], value, assign)
    return _IncompatibleKeys(missing, unexpected)


def _fitting(places: dict[str, Any], state: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values of ``state`` that have a place, tensors among them as Tensors; and what is wrong with others."""
    values: dict[str, Any] = {}
    faults = []
    for key, (owner, name) in places.items():
        if key not in state:
            continue
        value = values[key] = state[key]
        if name == EXTRA:
            continue
        shape = getattr(owner, name).shape
        if not isinstance(value, Tensor):
            value = values[key] = _tensor_like(value)
        if value is None:
            faults.append(
                f'While copying the parameter named "{key}", expected Tensor or Tensor-like object from checkpoint but '
                f"received {type(state[key])}"
            )
        elif value.shape != shape:
            faults.append(
                f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, the shape in "
                f"current model is {shape}."
            )
    return values, faults


def _tensor_like(value: Any) -> Tensor | None:
    """A NumPy array, or a tensor of another library, as a Tensor on the same memory; None for anything else."""
    if not hasattr(value, "__array__"):
        return None
    array = np.asarray(value)
    return make(array) if array.dtype.kind in "biuf" else None


def _put(owner: Module, name: str, value: Any, assign: bool) -> None:
    if name == EXTRA:
        owner.set_extra_state(value)  # type: ignore[attr-defined]
        return
    own = getattr(owner, name)
    if not assign:
        np.copyto(own._array, value._array, casting="unsafe")
        memory.wrote(own._array, "load_state_dict")
    elif isinstance(own, Parameter):
        setattr(owner, name, Parameter(value, own.requires_grad))
    else:
        setattr(owner, name, value)


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)
