"""Schedulers that are told the rates by functions of the user's."""

from __future__ import annotations

import types
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from ..optimizer import Optimizer
from .scheduler import LRScheduler, values_of

Function = Callable[[int], float]


class Functions(LRScheduler):
    """The base class: one function of the epoch for each group. Of those that are objects the attributes are saved."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Function | list[Function], last_epoch: int = -1) -> None:
        groups = len(optimizer.param_groups)
        self.lr_lambdas = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * groups
        if len(self.lr_lambdas) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(self.lr_lambdas)}")
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"lr_lambda should be a function, but got {type(function).__name__}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """A copy of everything but the optimizer and functions; of callable objects, their attributes."""
        state = {name: value for name, value in vars(self).items() if name not in ("optimizer", "lr_lambdas")}
        return deepcopy({**state, "lr_lambdas": [attributes(function) for function in self.lr_lambdas]})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a copy of what ``state_dict`` gave. The functions stay, and get the attributes that were saved."""
        state = deepcopy(state_dict)
        for function, saved in zip(self.lr_lambdas, state.pop("lr_lambdas"), strict=True):
            if saved is not None:
                vars(function).update(saved)
        vars(self).update(state)


class LambdaLR(Functions):
    """The rates are those of the beginning times ``lr_lambda(epoch)``; it may be a list, with one for each group.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html

    >>> import microgradnp
    >>> optimizer = microgradnp.optim.SGD([microgradnp.zeros(1, requires_grad=True)], lr=1.0)
    >>> scheduler = microgradnp.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 0.5**epoch)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[Any]:
        """The rates of the beginning, times what the functions say."""
        self._warn_outside_step()
        return [rate * function(self.last_epoch) for function, rate in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(Functions):
    """The rates are multiplied by ``lr_lambda(epoch)`` in each epoch; it may be a list, with one for each group.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
    """

    def get_lr(self) -> list[Any]:
        """The rates before, times what the functions say."""
        self._warn_outside_step()
        rates = values_of(self.optimizer, "lr")
        if self._is_initial:
            return rates
        return [rate * function(self.last_epoch) for function, rate in zip(self.lr_lambdas, rates, strict=True)]


def attributes(function: Any) -> dict[str, Any] | None:
    """What there is to save of a callable: the attributes of an object; None for a function."""
    plain = isinstance(function, types.FunctionType) or not hasattr(function, "__dict__")
    return None if plain else dict(vars(function))
