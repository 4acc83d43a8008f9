"""Functions of functions, under PyTorch's names: a module as a function of its parameters and buffers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .tensor import Tensor

if TYPE_CHECKING:
    from .nn.module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Mapping[str, Tensor] | tuple[Mapping[str, Tensor], ...] | list[Mapping[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """``module(*args, **kwargs)`` with the tensors of a dict (or of several), by dotted names, in the place of its own.

    Afterwards the module is as it was; gradients go to the tensors that were given. With ``tie_weights`` what is given
    for one name of a shared parameter takes all its places. With ``strict`` every name must be given. ``args`` is a
    tuple, or the only argument.

    Raises RuntimeError for names that the module has no tensor for (or with ``strict`` too few), ValueError when the
    dicts share names or name a shared parameter twice with different tensors, TypeError for what is no tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html

    >>> import microgradnp
    >>> from microgradnp import nn
    >>> layer = nn.Linear(2, 1, bias=False)
    >>> microgradnp.func.functional_call(layer, {"weight": microgradnp.ones(1, 2)}, microgradnp.ones(2))
    tensor([2.])
    """
    given = _merged(parameter_and_buffer_dicts)
    places = {
        f"{path}.{name}" if path else name: (owner.__dict__, name)
        for path, owner in module.named_modules(remove_duplicate=False)
        for name in (*owner._parameters, *owner._buffers)
    }
    _check(module, given, places, strict)
    if tie_weights:
        given = _tied(given, places)
    before = [(*places[key], places[key][0][places[key][1]]) for key in given]
    try:
        for key, tensor in given.items():
            attributes, name = places[key]
            attributes[name] = tensor
        return module(*(() if args is None else args if isinstance(args, tuple) else (args,)), **(kwargs or {}))
    finally:
        for attributes, name, tensor in before:
            attributes[name] = tensor


def _merged(dicts: Any) -> dict[str, Any]:
    if isinstance(dicts, Mapping):
        return dict(dicts)
    if not isinstance(dicts, (tuple, list)) or not all(isinstance(part, Mapping) for part in dicts):
        raise ValueError(f"functional_call: expected a dict, or a list or tuple of dicts, but got {type(dicts)}")
    keys = [key for part in dicts for key in part]
    if repeated := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"functional_call: {repeated} appeared in multiple dictionaries: which one is meant?")
    return {key: tensor for part in dicts for key, tensor in part.items()}


def _check(module: Module, given: dict[str, Any], places: dict[str, Any], strict: bool) -> None:
    faults = {
        "Unexpected": [key for key in given if key not in places],
        "Missing": [key for key in places if strict and key not in given],
    }
    if any(faults.values()):
        lines = [f"{what} key(s): {', '.join(map(repr, keys))}." for what, keys in faults.items() if keys]
        raise RuntimeError(f"Error(s) in reparametrizing for {type(module).__name__}:\n\t" + "\n\t".join(lines))
    for key, tensor in given.items():
        if not isinstance(tensor, Tensor):
            raise TypeError(f"functional_call: {key!r} must be a Tensor, got {type(tensor).__name__}")


def _tied(given: dict[str, Any], places: dict[str, Any]) -> dict[str, Any]:
    """What is given, for every name of every tensor that has been named."""
    names: dict[int, list[str]] = {}
    for key, (attributes, name) in places.items():
        if attributes[name] is not None:
            names.setdefault(id(attributes[name]), []).append(key)
    tied = dict(given)
    for same in names.values():
        values = {id(given[key]): given[key] for key in same if key in given}
        if len(values) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(same)}, which are tied. Consider using "
                "tie_weights=False"
            )
        tied.update((key, value) for value in values.values() for key in same)
    return tied
