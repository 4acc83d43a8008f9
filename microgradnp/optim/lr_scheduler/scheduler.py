"""What all schedulers share: they count epochs, and set the rates of an optimizer's groups."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

from ...tensor import Tensor
from ..optimizer import Optimizer


class LRScheduler:
    """The base class: a subclass defines ``get_lr()``, the rates of all groups in epoch ``last_epoch``.

    It may work them out from the rates before (``group["lr"]``), so that several schedulers act together, or from
    ``base_lrs``, those of the beginning. ``_is_initial`` tells that this is the first time, when a scheduler is made.
    Rates are numbers of the optimizer's groups; a rate that is a tensor is filled.

    Raises TypeError for what is no optimizer, KeyError for a ``last_epoch`` where the groups have no ``initial_lr``:
    load the optimizer's state first.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LRScheduler.html
    """

    _is_initial = False
    _get_lr_called_within_step = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = check_optimizer(optimizer)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: 'initial_lr' is not in param_groups[{i}], so there is nothing to go on "
                    f"from in epoch {last_epoch}: load the optimizer's state first, or begin with last_epoch=-1"
                )
        self.base_lrs = values_of(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        if "_scheduled_step" not in vars(optimizer):
            optimizer._opt_called = False
            optimizer._scheduled_step = vars(optimizer).get("step")
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the rates of the first epoch."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_last_lr(self) -> list[Any]:
        """The rates that this scheduler has set last, one for each group."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """The rates of epoch ``last_epoch``, one for each group."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr()")

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch, or to ``epoch`` (deprecated). Call it after the optimizer's step."""
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warn_about_epoch()
        self._update_lr(epoch)

    def _check_order(self) -> None:
        if vars(self.optimizer).get("step") is not self.optimizer._scheduled_step:
            text = (
                "optimizer.step has been replaced since the scheduler was made, so nobody knows whether it was called"
            )
        elif not self.optimizer._opt_called:
            text = "this is a call of lr_scheduler.step() before optimizer.step(), which skips the first learning rate"
        else:
            return
        warnings.warn(f"{text}: call optimizer.step() first, then lr_scheduler.step()", UserWarning, stacklevel=3)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Set the rates of the next epoch; of a given one by the closed form, if there is one."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed = getattr(self, "_get_closed_form_lr", None) if epoch is not None else None
        self._set(closed() if closed is not None else self._rates())

    def _rates(self) -> list[Any]:
        self._get_lr_called_within_step = True
        try:
            return self.get_lr()
        finally:
            self._get_lr_called_within_step = False

    def _set(self, rates: list[Any]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_value(group, "lr", rate)
        self._last_lr = values_of(self.optimizer, "lr")

    def _warn_outside_step(self) -> None:
        """For ``get_lr``: what it works out from the rates before is of use only within ``step``."""
        if not self._get_lr_called_within_step:
            warnings.warn(
                "get_lr() works out the rates of the next epoch: to learn those that have been set, call get_last_lr()",
                UserWarning,
                stacklevel=3,
            )

    # State

    def state_dict(self) -> dict[str, Any]:
        """A copy of everything but the optimizer."""
        return deepcopy({name: value for name, value in vars(self).items() if name != "optimizer"})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a copy of what ``state_dict`` gave. (The rates are in the optimizer's state.)"""
        vars(self).update(deepcopy(state_dict))


class _LRScheduler(LRScheduler):
    """The former name of ``LRScheduler``."""


def check_optimizer(optimizer: Any) -> Optimizer:
    """Raise TypeError unless it is one."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def copied(value: Any) -> Any:
    """A number; if it is a tensor, in memory of its own."""
    return value.detach().clone() if isinstance(value, Tensor) else value


def values_of(optimizer: Optimizer, name: str) -> list[Any]:
    """A setting of all groups."""
    return [copied(group[name]) for group in optimizer.param_groups]


def set_value(group: dict[str, Any], name: str, value: Any) -> None:
    """Change a setting of a group. A tensor is filled, since others may hold it too."""
    if isinstance(group[name], Tensor):
        group[name].fill_(float(value))
    else:
        group[name] = value


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """An argument that is given for each group, or one for all."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [copied(value) for _ in range(groups)]
    if len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups: there are {groups} groups, and {len(value)} "
            "values"
        )
    return [copied(item) for item in value]


def warn_about_epoch() -> None:
    """Warn, on behalf of the caller's caller, that an epoch was given."""
    warnings.warn(
        "the epoch parameter of scheduler.step() is deprecated: step() goes to the next epoch",
        UserWarning,
        stacklevel=3,
    )
