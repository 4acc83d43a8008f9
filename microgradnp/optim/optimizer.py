"""What all optimizers share: groups of parameters with their settings, and the state kept for each parameter."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from numbers import Real
from operator import is_
from typing import Any, ClassVar

import numpy as np

from ..autograd import memory
from ..autograd.modes import enable_grad
from ..autograd.quiet import restore, silence
from ..dtypes import get_default_dtype
from ..nn.module import clear_grad
from ..tensor import Tensor, make
from .hooks import Hooked, register_optimizer_step_post_hook, register_optimizer_step_pre_hook

__all__ = ["Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]


class Optimizer(Hooked):
    """The base class: a subclass passes its default settings and defines ``settings`` and ``update``.

    A step has a host part, in Python numbers (``settings``), and an array part, in NumPy calls that write in place.
    What changes from step to step in the host part (a step count) is ``counted``: it lies in the state of each
    parameter, as a tensor of one number. Parameters that agree in all of it are updated together.

    Source: https://docs.pytorch.org/docs/stable/optim.html
    """

    settings_follow_from_group = False  # and from nothing else, so that a compiled step need not ask for them each time
    counted: ClassVar[dict[str, float]] = {}  # the numbers that each parameter's state begins with

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, (Tensor, np.ndarray)) or hasattr(params, "named_parameters"):
            hint = "put it into a list" if isinstance(params, (Tensor, np.ndarray)) else "pass its .parameters()"
            raise TypeError(
                f"params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"{type(params).__name__}: {hint}"
            )
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self._hooks = defaultdict(dict)
        self._batches: dict[tuple[Tensor, int], Batch] = {}  # by the first parameter in them, and how many they are
        groups = list(params)
        for group in groups if groups and isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)
        if not any(group["params"] for group in self.param_groups):
            raise ValueError(
                f"{type(self).__name__}: optimizer got an empty parameter list: was an iterator (such as "
                f"model.parameters()) used up before, or are the layers in a plain Python list?"
            )

    # Groups

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with settings of their own, ``{"params": [...], "lr": 0.01}``; others are the defaults.

        Raises TypeError for what is not a Tensor, ValueError for non-leaf, repeated or already added parameters and for
        bad settings. Nothing is added then.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group).__name__}")
        names, params = _split(param_group["params"])
        self._check_params(params)
        group = {**self.defaults, **param_group, "params": params}
        if names:
            group["param_names"] = names
        if any(("param_names" in other) != ("param_names" in group) for other in self.param_groups):
            raise ValueError(
                "all optimizer param groups should be with/without names: this one differs from those before it"
            )
        self.check_settings(group)
        self.param_groups.append(group)

    def _check_params(self, params: list[Any]) -> None:
        places = {
            id(p): f"in parameter group {i}" for i, group in enumerate(self.param_groups) for p in group["params"]
        }
        for i, p in enumerate(params):
            if not isinstance(p, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but params[{i}] is {type(p).__name__}")
            if not p.is_leaf:
                raise ValueError(
                    f"can't optimize a non-leaf Tensor: params[{i}], of shape {tuple(p.shape)}, is the result of an "
                    f"operation; pass the tensor it was computed from, or .detach().requires_grad_() it"
                )
            if id(p) in places:
                raise ValueError(
                    f"optimizer contains a parameter group with duplicate parameters: params[{i}], of shape "
                    f"{tuple(p.shape)}, is also {places[id(p)]}, and would be updated twice"
                )
            places[id(p)] = f"params[{i}]"

    def check_settings(self, group: dict[str, Any]) -> None:
        """Raise for settings that make no sense; a subclass checks its own."""
        if "lr" in group:
            self.require(group, "lr", "learning rate")
        if group.get("differentiable"):
            raise NotImplementedError(
                f"{type(self).__name__}: differentiable=True is not supported: a step is never recorded"
            )
        if group.get("capturable"):
            raise NotImplementedError(
                f"{type(self).__name__}: capturable=True is for CUDA graphs, and there is no CUDA here; compile() "
                "captures every step as it is"
            )
        if group.get("fused") and group.get("foreach"):
            raise RuntimeError("`fused` and `foreach` cannot be `True` together.")

    def require_betas(self, group: dict[str, Any]) -> None:
        """Raise unless ``betas`` are two numbers from 0 to 1, without 1."""
        for i, beta in enumerate(group["betas"]):
            if not 0 <= float(beta) < 1:
                raise ValueError(f"Invalid beta parameter at index {i}: {float(beta)}; it must be in [0, 1)")

    def require(
        self, group: dict[str, Any], name: str, called: str = "", least: float = 0.0, most: float = math.inf
    ) -> None:
        """Raise TypeError unless a setting is a number, ValueError unless it is finite and in ``least`` to ``most``."""
        value = group[name]
        if not isinstance(value, (Real, Tensor)):
            raise TypeError(f"{type(self).__name__}: {name} must be a number, got {type(value).__name__}")
        if isinstance(value, Tensor) and value.numel() != 1:
            raise ValueError(f"Tensor {name} must be 1-element, got one of shape {tuple(value.shape)}")
        if not (math.isfinite(number := float(value)) and least <= number <= most):
            limits = f" and at least {least:g}" if least > -math.inf else ""
            limits += f" and at most {most:g}" if most < math.inf else ""
            raise ValueError(f"Invalid {called or f'{name} value'}: {number}; it must be finite{limits}")

    # Steps

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for group in self.param_groups:
            if set_to_none:
                for p in group["params"]:
                    p._grad = None
            else:
                for p in group["params"]:
                    clear_grad(p, set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient. ``closure`` computes the loss anew; its value is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        quiet = silence()
        try:
            self._update()
        finally:
            restore(quiet)
        return loss

    def _update(self) -> None:
        """The host part for all groups, which may refuse a setting, and only then the array part."""
        parts = []
        for group in self.param_groups:
            for counts, params in self.alike([p for p in group["params"] if p._grad is not None]):
                parts.append((params, self.settings(group, *counts)))
        for params, settings in parts:
            self._stamp(params)
            self.apply(params, settings)

    def alike(self, params: list[Tensor]) -> list[tuple[tuple[Any, ...], Batch]]:
        """Parameters that are updated together, for they have one dtype and agree in what is counted.

        With each list what is counted, in the order of ``counted``, as NumPy scalars.
        """
        counts = [self.counts(p) for p in params] if self.counted else []
        agreed = not counts or len({tuple(map(np.ndarray.item, arrays)) for arrays in counts}) == 1
        if params and agreed and (batch := self._batch(params)).one_dtype:
            return [(tuple([array[()] for array in counts[0]]) if counts else (), batch)]
        found: dict[Any, tuple[tuple[Any, ...], list[Tensor]]] = {}
        for p, arrays in zip(params, counts or [[]] * len(params), strict=True):
            key = (p._array.dtype, *[array.item() for array in arrays])
            if key not in found:
                found[key] = tuple([array[()] for array in arrays]), []
            found[key][1].append(p)
        return [(counts, self._batch(together)) for counts, together in found.values()]

    def _batch(self, params: list[Tensor]) -> Batch:
        """Parameters that are updated together as a Batch: the one of the step before, if their arrays are the same."""
        if isinstance(params, Batch):
            return params
        key = params[0], len(params)
        batch, arrays = self._batches.get(key), [p._array for p in params]
        if batch is not None and same([*params, *arrays], batch.known):
            return batch
        batch = Batch(params, arrays)
        if arrays[0].__class__ is np.ndarray:  # and not of a step that is being captured
            self._batches[key] = batch
            for key, other in [*self._batches.items()]:
                if not same([p._array for p in other], other.arrays):  # which nobody else may need any more
                    del self._batches[key]
        return batch

    def counts(self, p: Tensor) -> list[np.ndarray]:
        """What is counted of a parameter: the 0-d arrays in its state, or those that a state begins with."""
        state = self.state.get(p)
        if state and self.counted:
            return [state[name]._array for name in self.counted]
        return [np.array(number, get_default_dtype()) for number in self.counted.values()]

    def rate(self, group: dict[str, Any]) -> float:
        """The learning rate of a group, as a number. ValueError if it has become negative, nan or infinite."""
        rate = float(group["lr"])
        if not 0 <= rate < math.inf:
            self.require(group, "lr", "learning rate")
        return rate

    def settings(self, group: dict[str, Any], *counts: Any) -> tuple[Any, ...]:
        """The host part of a step: what is counted, as it is after the step, then what ``update`` takes.

        It is worked out in Python from the group, and from what is counted as it is before the step; it changes
        nothing. Floats may be different in every step; ``update`` only passes them on to NumPy. What it branches on is
        of another type: a bool, or None in place of a number that plays no part. (A compiled step computes the floats
        anew, and is captured anew when anything else changes.)
        """
        raise NotImplementedError

    def apply(self, params: list[Tensor], settings: Sequence[Any]) -> None:
        """Write down what is counted, and update."""
        if not self.counted:
            self.update(params, *settings)
            return
        n = len(self.counted)
        for name, number in zip(self.counted, settings[:n], strict=True):
            counted = as_array(number, get_default_dtype())
            for p in params:
                state = self.state[p]
                if name not in state:
                    state[name] = make(np.copy(counted))
                    continue
                array = state[name]._array
                if array.dtype is not counted.dtype:
                    counted = as_array(number, array.dtype)
                array[...] = counted
        self.update(params, *settings[n:])

    def update(self, params: list[Tensor], *settings: Any) -> None:
        """The array part of a step: change the arrays of ``params``, all with gradients and of one dtype, in place."""
        raise NotImplementedError

    def _stamp(self, params: list[Tensor]) -> None:
        """Note the writes to come: a graph that had saved one of these parameters must not be used any more."""
        memory.stamp(self._batch(params).writes, type(self).__name__ + ".step")

    # State

    def state_dict(self) -> dict[str, Any]:
        """Settings and state, parameters replaced by numbers. Everything is copied: later steps do not change it."""
        self._call_hooks("before state_dict")
        numbers = {id(p): i for i, p in enumerate(self._params())}
        groups = [
            {**_without_params(group), "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]
        saved = deepcopy({"state": {numbers[id(p)]: s for p, s in self.state.items()}, "param_groups": groups})
        return self._call_hooks("after state_dict", saved)

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over a copy of settings and state. NumPy arrays, or tensors of another library, will do.

        Raises ValueError, and changes nothing, when the groups do not match or a setting makes no sense.
        """
        state_dict = self._call_hooks("before load_state_dict", dict(state_dict))
        saved = state_dict["param_groups"]
        theirs, mine = ([len(group["params"]) for group in groups] for groups in (saved, self.param_groups))
        if theirs != mine:
            raise ValueError(
                f"{type(self).__name__}: loaded state dict has parameter groups of sizes {theirs}, this optimizer has "
                f"{mine}"
            )
        groups = [
            {**own, **deepcopy(_without_params(group))} for own, group in zip(self.param_groups, saved, strict=True)
        ]
        for group in groups:
            self.check_settings(group)
        by_number = dict(zip((n for group in saved for n in group["params"]), self._params(), strict=True))
        state = {}
        for number, values in state_dict["state"].items():
            if number not in by_number:
                raise ValueError(
                    f"{type(self).__name__}: loaded state dict has state for parameter {number}, which is in no group"
                )
            p = by_number[number]
            state[p] = {name: self._loaded(p, f"{name!r} of parameter {number}", name, v) for name, v in values.items()}
        for own, group in zip(self.param_groups, groups, strict=True):
            own.update(group)
        self.state = defaultdict(dict, state)
        self._call_hooks("after load_state_dict")

    def _loaded(self, p: Tensor, what: str, name: Any, value: Any) -> Any:
        """A copy of a value of the state. Tensors, nested too, get their parameter's dtype; not the step."""
        if isinstance(value, dict):
            return {key: self._loaded(p, what, key, item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self._loaded(p, what, None, item) for item in value)
        if not isinstance(value, Tensor) and not hasattr(value, "__array__"):
            return make(np.array(value, get_default_dtype())) if name in self.counted else deepcopy(value)
        array = value._array.copy() if isinstance(value, Tensor) else np.asarray(value).copy()
        if not self.fits(p, array):
            raise ValueError(f"loaded state {what} has shape {array.shape}, the parameter has shape {tuple(p.shape)}")
        return make(array if name == "step" or not p.is_floating_point() else array.astype(p.dtype, copy=False))

    def fits(self, p: Tensor, array: Any) -> bool:
        """Whether an array of this shape can be in the state of a parameter; a subclass knows."""
        return True

    def _params(self) -> Iterable[Tensor]:
        return (p for group in self.param_groups for p in group["params"])

    def __getstate__(self) -> dict[str, Any]:
        # Batches know this process's memory: a copy makes its own. Hooks stay with the optimizer, as PyTorch's.
        return {**self.__dict__, "_batches": {}, "_hooks": defaultdict(dict)}

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            settings = sorted(_without_params(group).items())
            text += f"\nParameter Group {i}\n" + "".join(f"    {name}: {value}\n" for name, value in settings)
        return text + ")"


class Batch(list[Tensor]):
    """Parameters that are updated together, and what steps find out about them, once for as long as their arrays are
    the same.
    """

    __slots__ = ("arrays", "blocks", "known", "numbers", "one_dtype", "writes")

    def __init__(self, params: list[Tensor], arrays: list[Any]) -> None:
        super().__init__(params)
        self.arrays, self.known = arrays, [*params, *arrays]
        self.one_dtype = len({array.dtype for array in arrays}) == 1
        self.writes = [memory.writes_to(array) for array in arrays]
        self.numbers: tuple[Any, list[Any]] = (), []  # what ``as_arrays`` was last given, and what it made of it
        self.blocks: dict[tuple[str, ...], tuple[list[Any], list[Any]]] = {}  # for ``Elementwise.each``


def same(some: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether two sequences hold the same objects."""
    return len(some) == len(others) and all(map(is_, some, others))


def as_array(number: Any, dtype: Any) -> Any:
    """A number from ``settings`` as a 0-d array, which spares NumPy a conversion wherever it is used."""
    return np.array(number, dtype) if number.__class__ is float else number.as_dtype(dtype)  # in a compiled step


def as_arrays(params: list[Tensor], *numbers: Any) -> list[Any]:
    """Numbers from ``settings`` as 0-d arrays of the dtype of the parameters; None stays None."""
    if isinstance(params, Batch) and params.numbers[0] == numbers:
        return params.numbers[1]
    dtype = params[0]._array.dtype
    arrays = [None if number is None else as_array(number, dtype) for number in numbers]
    if isinstance(params, Batch):
        params.numbers = numbers, arrays
    return arrays


def _split(given: Any) -> tuple[list[str], list[Any]]:
    """The names and the parameters of a group: names come from ``named_parameters()``, else there are none."""
    if isinstance(given, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
            "will change between runs. Please use a list instead."
        )
    given = [given] if isinstance(given, Tensor) else list(given)
    named = [isinstance(item, tuple) for item in given]
    if any(named) and not all(named):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    return ([name for name, _ in given], [p for _, p in given]) if any(named) else ([], given)


def _without_params(group: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in group.items() if name != "params"}
