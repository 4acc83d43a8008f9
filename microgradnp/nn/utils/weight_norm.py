"""Weight normalization by a hook: a weight as a length times a direction.

Source: Salimans & Kingma, Weight normalization: a simple reparameterization to accelerate training of deep neural
networks, 2016.
"""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from ...ops.norm import norm_except_dim
from ..module import Module
from ..parameter import Parameter

AnyModule = TypeVar("AnyModule", bound=Module)


class WeightNorm:
    """The hook: before each forward pass it computes the weight anew from ``<name>_g`` and ``<name>_v``."""

    def __init__(self, name: str, dim: int) -> None:
        self.name, self.dim = name, dim

    def compute_weight(self, module: Module) -> Any:
        length, direction = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return direction * (length / norm_except_dim(direction, 2, self.dim))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: AnyModule, name: str = "weight", dim: int | None = 0) -> AnyModule:
    """Replace a parameter w by two, ``<name>_g`` and ``<name>_v``, such that w = g * v / |v|; returns the module.

    There is a length g for each index of the dimension ``dim`` (of a weight of shape (out, in) and ``dim=0``: of shape
    (out, 1)), or one for all of w if it is None. At first v is w. The weight is a plain attribute then, computed before
    every forward pass. As in PyTorch a FutureWarning says that parametrizations are to take the place of this.

    Raises RuntimeError when the parameter has been replaced already, AttributeError when there is none of this name.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html
    """
    warnings.warn(
        "`nn.utils.weight_norm` is deprecated in favor of `nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    if _key_of_hook(module, name) is not None:
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook = WeightNorm(name, -1 if dim is None else dim)
    weight = getattr(module, name)
    length = norm_except_dim(weight.detach(), 2, hook.dim)
    del module._parameters[name]
    module.register_parameter(name + "_g", Parameter(length))
    module.register_parameter(name + "_v", Parameter(weight.data))
    hook(module, ())
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: AnyModule, name: str = "weight") -> AnyModule:
    """Make a parameter again of what ``weight_norm`` has taken apart; returns the module.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.remove_weight_norm.html
    """
    key = _key_of_hook(module, name)
    if key is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    hooks: Any = module._hooks
    weight = hooks.before.pop(key).function.compute_weight(module)
    for part in (name, name + "_g", name + "_v"):
        delattr(module, part)
    setattr(module, name, Parameter(weight.data))
    return module


def _key_of_hook(module: Module, name: str) -> int | None:
    """Under which key a module keeps its hook for a weight, if it has one."""
    hooks = module._hooks.before if module._hooks is not None else {}
    found = (k for k, hook in hooks.items() if isinstance(hook.function, WeightNorm) and hook.function.name == name)
    return next(found, None)
