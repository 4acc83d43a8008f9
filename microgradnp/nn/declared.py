"""Modules that are declared by their arguments.

    @declared
    class LeakyReLU(Module):
        negative_slope: float = 1e-2
        inplace: bool = False

        def forward(self, input: Tensor) -> Tensor:
            return leaky_relu(input, self.negative_slope, self.inplace)

takes these arguments, in this order, and keeps them as attributes; what follows ``_: KW_ONLY`` is taken by name only.
The printed form shows them all, but ``inplace`` only when it is True. ``prepare``, if there is one, ends it all.
"""

from __future__ import annotations

import inspect
from typing import Any, TypeVar, dataclass_transform

from .module import Module

T = TypeVar("T", bound=type[Module])

_SELF = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)


@dataclass_transform()
def declared(cls: T) -> T:
    """Give a module a constructor that takes its annotated attributes, after those that only its base has."""
    own, inherited = _annotated(cls), getattr(cls, "_arguments", {})
    arguments = {name: inherited[name] for name in inherited if name not in own} | own
    cls._arguments = arguments  # type: ignore[attr-defined]
    signature = inspect.Signature(sorted(arguments.values(), key=lambda parameter: parameter.kind))

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        try:
            given = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}(): {error}") from None
        given.apply_defaults()
        vars(self).update(given.arguments)
        if hasattr(cls, "prepare"):
            self.prepare()

    __init__.__signature__ = signature.replace(parameters=[_SELF, *signature.parameters.values()])  # type: ignore[attr-defined]
    cls.__init__ = __init__
    if cls.extra_repr is Module.extra_repr:
        cls.extra_repr = _shown
    return cls


def _annotated(cls: type) -> dict[str, inspect.Parameter]:
    """The annotated attributes as parameters; their defaults are taken away from the class."""
    parameters, kind = {}, inspect.Parameter.POSITIONAL_OR_KEYWORD
    for name, annotation in inspect.get_annotations(cls).items():
        if annotation == "KW_ONLY":  # as in dataclasses
            kind = inspect.Parameter.KEYWORD_ONLY
            continue
        default = cls.__dict__.get(name, inspect.Parameter.empty)
        if name in cls.__dict__:
            delattr(cls, name)
        parameters[name] = inspect.Parameter(name, kind, default=default, annotation=annotation)
    return parameters


def _shown(self: Any) -> str:
    return shown(self, *[name for name in self._arguments if name != "inplace" or self.inplace])


def shown(module: Module, *names: str) -> str:
    """What the printed form shows: these attributes with their values."""
    return ", ".join(f"{name}={getattr(module, name)!r}" for name in names)
