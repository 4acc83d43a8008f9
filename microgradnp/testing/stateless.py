"""A module as a function of its inputs and parameters, without memory: what ``check_module`` differentiates."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np

from ..autograd import grad
from ..random import fork_rng, manual_seed
from ..tensor import Tensor
from .samples import Inputs, converted, leaf, outputs_and_cotangents, wanted
from .subject import Subject


class Stateless:
    """A deep copy of a module in float64 that begins each call with the state it had first.

    ``call(*inputs, parameters)`` calls it with these inputs, and with other tensors in the place of its parameters that
    require gradients: a dict by path, such as ``parameters``. With a ``seed`` the default generator begins there, and
    is as it was afterwards.
    """

    def __init__(self, module: Any, inputs: Inputs, training: bool, seed: int | None) -> None:
        self.inputs = converted(inputs, np.float64)
        self.module = copy.deepcopy(module).double()
        (self.module.train if training else self.module.eval)()
        self.seed = seed
        trained = {name: p for name, p in self.module.named_parameters() if p.requires_grad}
        self.parameters = {name: leaf(p._array, True) for name, p in trained.items()}
        paths = {id(p): name for name, p in trained.items()}
        self.places = [  # a shared parameter has several
            (owner.__dict__, attribute, paths[id(p)])
            for owner in self.module.modules()
            for attribute, p in owner._parameters.items()
            if id(p) in paths
        ]
        self.state = [(owner.__dict__, _snapshot(owner)) for owner in self.module.modules()]

        def call(*arguments: Any) -> Any:
            return self._called(arguments[:-1], arguments[-1])

        call.__name__ = type(module).__name__
        call.__signature__ = _signature(module, len(inputs))  # type: ignore[attr-defined]
        self.call = call

    @property
    def arguments(self) -> Inputs:
        """Those of ``call``."""
        return (*self.inputs, self.parameters)

    def _called(self, inputs: Inputs, parameters: dict[str, Tensor]) -> Any:
        for attributes, first in self.state:
            attributes.clear()
            attributes.update(_copied(first))
        for attributes, attribute, path in self.places:
            attributes[attribute] = parameters[path]
        if self.seed is None:
            return self.module(*inputs)
        with fork_rng():
            manual_seed(self.seed)
            return self.module(*inputs)

    def gradients(self) -> tuple[list[Tensor], dict[str, Tensor | None]]:
        """The results of a call, and by name the gradient of each input and parameter; None where none arrives."""
        arguments = converted(self.arguments)
        outputs, cotangents = outputs_and_cotangents(self.call, arguments)
        found = grad(outputs, wanted(arguments), [v.detach() for v in cotangents], allow_unused=True)
        return outputs, dict(zip(Subject(self.call, arguments).names, found, strict=True))


def _signature(module: Any, count: int) -> inspect.Signature:
    """The parameters of ``forward`` that are given, by their names, and ``parameters``: so reports name them."""
    given = list(inspect.signature(module.forward).parameters.values())[:count]
    names = [parameter.name for parameter in given if parameter.kind is not parameter.VAR_POSITIONAL]
    if len(names) < count or "parameters" in names:
        names = [f"input{i}" for i in range(count)]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind) for name in (*names, "parameters")])


def _snapshot(owner: Any) -> dict[str, Any]:
    return _copied(owner.__dict__)


def _copied(state: dict[str, Any]) -> dict[str, Any]:
    """A module's attributes: buffers, lists, dicts and sets copied, all else as it is."""
    kinds = state["_registered"]
    copies = {
        name: value.clone() if isinstance(value, Tensor) else copy.copy(value)
        for name, value in state.items()
        if kinds.get(name) == "buffer" or isinstance(value, (dict, list, set))
    }
    return {**state, **copies}
