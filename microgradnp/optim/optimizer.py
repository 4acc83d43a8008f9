"""What all optimizers share: groups of parameters with their settings, and the state kept for each parameter."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ..autograd import memory
from ..autograd.modes import enable_grad, no_grad
from ..nn.module import clear_grad
from ..tensor import Tensor, make


class Optimizer:
    """The base class: a subclass passes its default settings and defines ``update``.

    A step has a host part, in Python numbers (``settings``), and an array part, in NumPy calls that write in place.

    Source: https://docs.pytorch.org/docs/stable/optim.html
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, (Tensor, np.ndarray)):
            raise TypeError(
                f"params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"{type(params).__name__}: put it into a list"
            )
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self._writes: dict[Tensor, tuple[Any, memory.Writes]] = {}
        groups = list(params)
        if not groups:
            raise ValueError(
                f"{type(self).__name__}: optimizer got an empty parameter list: was an iterator (such as "
                f"model.parameters()) used up before, or are the layers in a plain Python list?"
            )
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with settings of their own, ``{"params": [...], "lr": 0.01}``; others are the defaults.

        Raises TypeError for what is not a Tensor, ValueError for non-leaf, repeated or already added parameters and for bad
        settings. Nothing is added then.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        given = param_group["params"]
        if isinstance(given, set):
            raise TypeError("optimizer parameters need to be organized in ordered collections, but a set has no order")
        params = [given] if isinstance(given, Tensor) else list(given)
        names = None
        if params and isinstance(params[0], tuple):  # named_parameters()
            names, params = (list(column) for column in zip(*params, strict=True))
        self._check_params(params)
        group = {**self.defaults, **param_group, "params": params}
        if names is not None:
            group["param_names"] = names
        self.check_settings(group)
        self.param_groups.append(group)

    def _check_params(self, params: list[Any]) -> None:
        seen = {id(p): "another parameter group" for group in self.param_groups for p in group["params"]}
        for i, p in enumerate(params):
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but params[{i}] is {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(
                    f"can't optimize a non-leaf Tensor: params[{i}], of shape {tuple(p.shape)}, is the result of an "
                    f"operation; pass the tensor it was computed from, or .detach().requires_grad_() it"
                )
            if id(p) in seen:
                raise ValueError(
                    f"optimizer contains a parameter group with duplicate parameters: params[{i}], of shape "
                    f"{tuple(p.shape)}, is also {seen[id(p)]}, and would be updated twice"
                )
            seen[id(p)] = f"params[{i}]"

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise ValueError for settings that make no sense; a subclass checks its own."""
        self.require(group, "lr")

    def require(self, group: dict[str, Any], name: str) -> None:
        """Raise ValueError unless a setting is a finite number that is not negative."""
        value = group[name]
        if not 0.0 <= value < math.inf:
            raise ValueError(f"{type(self).__name__}: Invalid {name} value: {value}; it must be a finite number >= 0")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                else:
                    clear_grad(p, set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. ``closure`` computes the loss anew; its value is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.update([p for p in group["params"] if p._grad is not None], *self.settings(group))
        self._stamp()
        return loss

    def settings(self, group: dict[str, Any]) -> tuple[Any, ...]:
        """The host part of a step: the Python numbers that ``update`` takes."""
        raise NotImplementedError

    def update(self, params: list[Tensor], *settings: Any) -> None:
        """The array part of a step: change the arrays of ``params``, which all have gradients, in place."""
        raise NotImplementedError

    def _stamp(self) -> None:
        """Note the writes: a graph that had saved one of these parameters must not be used any more."""
        written = []
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is not None:
                    array, writes = self._writes.get(p, (None, None))
                    if array is not p._array:
                        writes = memory.writes_to(p._array)
                        self._writes[p] = (p._array, writes)
                    written.append(writes)
        memory.stamp(written, type(self).__name__ + ".step")

    def state_dict(self) -> dict[str, Any]:
        """Settings and state, parameters replaced by numbers. The tensors are copies: later steps do not change them."""
        numbers = {id(p): i for i, p in enumerate(self._params())}
        groups = [{**group, "params": [numbers[id(p)] for p in group["params"]]} for group in self.param_groups]
        return {"state": {numbers[id(p)]: _copied(s) for p, s in self.state.items() if s}, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over settings and state from ``state_dict``, copying them.

        Raises ValueError, and changes nothing, when the groups do not match.
        """
        saved = state_dict["param_groups"]
        if [len(group["params"]) for group in saved] != [len(group["params"]) for group in self.param_groups]:
            raise ValueError(
                f"{type(self).__name__}: loaded state dict has groups of {[len(g['params']) for g in saved]} parameters, this "
                f"optimizer has {[len(g['params']) for g in self.param_groups]}"
            )
        by_number = dict(zip((n for group in saved for n in group["params"]), self._params(), strict=True))
        state = {by_number[number]: _copied(values) for number, values in state_dict["state"].items()}
        for mine, theirs in zip(self.param_groups, saved, strict=True):
            mine.update({name: value for name, value in theirs.items() if name != "params"})
        self.state = defaultdict(dict, state)

    def _params(self) -> Iterable[Tensor]:
        return (p for group in self.param_groups for p in group["params"])

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name not in ("params", "param_names")]
        return "\n".join([*lines, ")"])


def _copied(state: dict[str, Any]) -> dict[str, Any]:
    return {name: make(value._array.copy()) if isinstance(value, Tensor) else value for name, value in state.items()}
