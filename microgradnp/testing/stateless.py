"""A module as a function of its inputs and parameters, without memory: what ``check_module`` differentiates."""

from __future__ import annotations

import copy
from typing import Any

from ..autograd import grad
from ..random import fork_rng, manual_seed
from ..tensor import Tensor
from .samples import Inputs, converted, leaf, outputs_and_cotangents
from .subject import leaves


class Stateless:
    """A deep copy of a module in float64 that begins each call with the state it had first.

    ``call(inputs, parameters)`` calls it with these arguments, and with these tensors in the place of its parameters
    that require gradients (``parameters``, by path). With a ``seed`` the default generator begins there, and is as it
    was afterwards.
    """

    def __init__(self, module: Any, training: bool, seed: int | None) -> None:
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

        def call(inputs: Inputs, parameters: dict[str, Tensor]) -> Any:  # reports name what these are called
            return self._called(inputs, parameters)

        call.__name__ = type(module).__name__
        self.call = call

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

    def gradients(self, inputs: Inputs) -> tuple[list[Tensor], dict[str, Tensor | None]]:
        """The results of a call, and by name the gradient of each input and parameter; None where none arrives."""
        inputs, parameters = converted((inputs, self.parameters))
        outputs, cotangents = outputs_and_cotangents(self.call, (inputs, parameters))
        given = {f"inputs{''.join(f'[{key!r}]' for key in path)}": x for path, x in leaves(inputs) if x.requires_grad}
        sources = given | {f"parameters[{path!r}]": p for path, p in parameters.items()}
        found = grad(outputs, list(sources.values()), [v.detach() for v in cotangents], allow_unused=True)
        return outputs, dict(zip(sources, found, strict=True))


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
