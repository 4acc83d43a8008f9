"""Loading the state of a module: everything is checked before anything changes.

Source: https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html
"""

from __future__ import annotations

from collections import OrderedDict, namedtuple
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


def load(module: Module, state_dict: Mapping[str, Any], strict: bool, assign: bool) -> _IncompatibleKeys:
    """What ``Module.load_state_dict`` does."""
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
    keys, faults = _IncompatibleKeys([], []), []
    modules = list(module.named_modules(remove_duplicate=False))
    state = _prepared(modules, state_dict, strict, keys, faults)
    places = _places(modules)
    keys.missing_keys.extend(key for key in places if key not in state)
    keys.unexpected_keys.extend(key for key in state if key not in places)
    values, misfits = _fitting(places, state)
    faults += misfits
    found = [(*places[key], value) for key, value in values.items()]
    if not faults and not (strict and any(keys)):
        _put_all(module, found, assign, keys)
    elif not faults and any(owner._hooks_of("after_loading") for _, owner in modules):
        before = [(owner, name, _current(owner, name, assign)) for owner, name, _ in found]
        _put_all(module, found, assign, keys)
        if any(keys):  # no hook has pardoned them
            for owner, name, value in before:
                _put_back(owner, name, value, assign)
    if strict:
        faults = [
            f"{what} key(s) in state_dict: {', '.join(map(_quoted, wrong))}. "
            for what, wrong in (("Missing", keys.missing_keys), ("Unexpected", keys.unexpected_keys))
            if wrong
        ] + faults
    if faults:
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(faults))
    return keys


def _prepared(
    modules: list[tuple[str, Module]], state_dict: Mapping[str, Any], strict: bool, keys: Any, faults: list[str]
) -> dict[str, Any]:
    """A copy of the state, as the modules and the hooks before loading leave it."""
    metadata, state = getattr(state_dict, "_metadata", {}), OrderedDict(state_dict)
    for path, owner in modules:
        prefix, known = f"{path}." if path else "", metadata.get(path, {})
        owner._upgrade_state(state, prefix, known.get("version"))
        for hook in owner._hooks_of("before_loading"):
            hook(owner, state, prefix, known, strict, keys.missing_keys, keys.unexpected_keys, faults)
    return state


def _places(modules: list[tuple[str, Module]]) -> dict[str, tuple[Module, str]]:
    """The modules and attributes that a state has values for, by their keys."""
    return {
        f"{path}.{name}" if path else name: (owner, name)
        for path, owner in modules
        for name in (*dict(own_tensors(owner)), *((EXTRA,) if hasattr(owner, "set_extra_state") else ()))
    }


def _put_all(module: Module, found: list[tuple[Module, str, Any]], assign: bool, keys: _IncompatibleKeys) -> None:
    for owner, name, value in found:
        _put(owner, name, value, assign)
    module.apply(lambda owner: _after_loading(owner, keys))


def _after_loading(module: Module, keys: _IncompatibleKeys) -> None:
    for hook in module._hooks_of("after_loading"):
        if hook(module, keys) is not None:
            raise AssertionError(
                "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new values: "
                "change missing_keys and unexpected_keys in place"
            )


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


def _current(owner: Any, name: str, assign: bool) -> Any:
    """What is needed to undo ``_put``."""
    if name == EXTRA:
        return owner.get_extra_state()
    return getattr(owner, name) if assign else getattr(owner, name).detach().clone()


def _put_back(owner: Module, name: str, value: Any, assign: bool) -> None:
    if assign and name != EXTRA:
        setattr(owner, name, value)
    else:
        _put(owner, name, value, False)


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


def _quoted(key: str) -> str:
    return f'"{key}"'
