"""Schedulers that raise and lower the rates, and the momentum against them."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any, Literal

from ..optimizer import Optimizer
from .functions import attributes
from .scheduler import LRScheduler, check_optimizer, per_group, set_value

MODES = ("triangular", "triangular2", "exp_range")


class Cycles(LRScheduler):
    """The base class: what it takes to change the momentum, which is ``betas[0]`` for Adam and its kin."""

    cycle_momentum: bool
    use_beta1: bool

    def _begin_momentum(self, base: list[Any], most: list[Any], first: bool) -> None:
        """Note the least and the largest momentum in the groups, and begin with the largest."""
        if not {"momentum", "betas"} & self.optimizer.defaults.keys():
            raise ValueError(
                f"{type(self).__name__}: {type(self.optimizer).__name__} has no momentum or beta1 to be changed: pass "
                "cycle_momentum=False"
            )
        self.use_beta1 = "betas" in self.optimizer.defaults
        for group, low, high in zip(self.optimizer.param_groups, base, most, strict=True) if first else ():
            self._set_momentum(group, high)
            group["max_momentum"], group["base_momentum"] = high, low

    def _set_momentum(self, group: dict[str, Any], momentum: Any) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(Cycles):
    """The rates go from ``base_lr`` to ``max_lr`` in ``step_size_up`` steps and back in ``step_size_down``; and again.

    How far up they go is scaled by ``mode``: "triangular" 1, "triangular2" half as far in each cycle, "exp_range"
    gamma^step; or by ``scale_fn`` of the cycle or of the step, as ``scale_mode`` ("cycle", "iterations") says. The
    momentum goes down from ``max_momentum`` to ``base_momentum`` while the rates go up.

    Raises ValueError for an unknown mode, for lists that do not have one value for each group, and for an optimizer
    without momentum.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html; Smith, Cyclical
    learning rates for training neural networks, 2015.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: Literal["triangular", "triangular2", "exp_range"] = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: Literal["cycle", "iterations"] = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = check_optimizer(optimizer)
        if mode not in MODES and scale_fn is None:
            raise ValueError(f"CyclicLR: mode must be one of {', '.join(MODES)}, or a scale_fn be given; got {mode!r}")
        base_lrs = per_group("base_lr", optimizer, base_lr)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        for group, rate in zip(optimizer.param_groups, base_lrs, strict=True) if last_epoch == -1 else ():
            set_value(group, "lr", rate)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up) + float(down)
        self.step_ratio = float(step_size_up) / self.total_size
        self.mode, self.gamma, self._scale_fn_custom = mode, gamma, scale_fn
        self.scale_mode = scale_mode if scale_fn is not None else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums = per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = per_group("max_momentum", optimizer, max_momentum)
            self._begin_momentum(self.base_momentums, self.max_momentums, last_epoch == -1)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """By how much the way up is scaled in cycle, or step, ``x``."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        return {"triangular": 1.0, "triangular2": 1 / 2.0 ** (x - 1), "exp_range": self.gamma**x}[self.mode]

    def get_lr(self) -> list[Any]:
        """The rates of this step; the momentum is set."""
        self._warn_outside_step()
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        part = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            limits = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
            for group, low, high in limits:
                self._set_momentum(group, high - (high - low) * part * scale)
        return [low + (high - low) * part * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """A copy of everything but the optimizer and ``scale_fn``; of a callable object, its attributes."""
        state = {name: value for name, value in vars(self).items() if name not in ("optimizer", "_scale_fn_custom")}
        function = self._scale_fn_custom
        return deepcopy({**state, "_scale_fn_custom": None if function is None else attributes(function)})

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a copy of what ``state_dict`` gave. ``scale_fn`` stays, and gets the attributes that were saved."""
        state = deepcopy(state_dict)
        if (saved := state.pop("_scale_fn_custom")) is not None:
            vars(self._scale_fn_custom).update(saved)
        vars(self).update(state)


class OneCycleLR(Cycles):
    """The rates rise to ``max_lr`` in the first ``pct_start`` of all steps, and then fall far below the beginning.

    They go from max_lr / div_factor up, then down to max_lr / div_factor / final_div_factor; with ``three_phase`` first
    as slowly as up to where they began. ``anneal_strategy``: along a cosine ("cos") or a line ("linear"). The momentum
    goes down from ``max_momentum`` to ``base_momentum`` while the rates go up, and up again.

    ``total_steps``, or ``epochs * steps_per_epoch``, is how often ``step`` will be called; ValueError when it is called
    more often, when neither is given, for counts that are no positive integers, a ``pct_start`` that is no float in
    [0, 1], an unknown strategy, and an optimizer without momentum.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html; Smith and Topin,
    Super-convergence: very fast training of neural networks using large learning rates, 2017.

    >>> import microgradnp
    >>> optimizer = microgradnp.optim.SGD([microgradnp.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = microgradnp.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr(), optimizer.param_groups[0]["momentum"]
    ([1.0], 0.85)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: Literal["cos", "linear"] = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        self.optimizer = check_optimizer(optimizer)
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        if not (isinstance(pct_start, float) and 0 <= pct_start <= 1):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        self._schedule_phases = _phases(pct_start * self.total_steps, self.total_steps, three_phase)
        self._anneal_func_type = anneal_strategy
        max_lrs = per_group("max_lr", optimizer, max_lr)
        for group, most in zip(optimizer.param_groups, max_lrs, strict=True) if last_epoch == -1 else ():
            group["initial_lr"], group["max_lr"] = most / div_factor, most
            group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            limits = (
                per_group("base_momentum", optimizer, base_momentum),
                per_group("max_momentum", optimizer, max_momentum),
            )
            self._begin_momentum(*limits, last_epoch == -1)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of this step; the momentum is set."""
        self._warn_outside_step()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        start, phase = 0.0, self._schedule_phases[0]
        for following in self._schedule_phases[1:]:
            if step <= phase["end_step"]:
                break
            start, phase = phase["end_step"], following
        part = (step - start) / (phase["end_step"] - start)
        for group in self.optimizer.param_groups if self.cycle_momentum else ():
            momentum = self._between(group[phase["start_momentum"]], group[phase["end_momentum"]], part)
            self._set_momentum(group, momentum)
        groups = self.optimizer.param_groups
        return [self._between(group[phase["start_lr"]], group[phase["end_lr"]], part) for group in groups]

    def _between(self, start: Any, end: Any, part: float) -> Any:
        if self._anneal_func_type == "linear":
            return (end - start) * part + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)


def _total(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """The number of steps, however it is given."""
    if total_steps is not None:
        given = {"total_steps": total_steps}
    elif epochs is not None and steps_per_epoch is not None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    else:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value}")
    return math.prod(given.values())


def _phases(rising: float, total: int, three: bool) -> list[dict[str, Any]]:
    """Where each phase ends, and between what the rates and the momentum go, by names of the groups' settings."""
    ends = [rising - 1, 2 * rising - 2, total - 1] if three else [rising - 1, total - 1]
    rates = ["initial_lr", "max_lr", "initial_lr", "min_lr"] if three else ["initial_lr", "max_lr", "min_lr"]
    momenta = ["max_momentum", "base_momentum", "max_momentum", "max_momentum"]
    return [
        {
            "end_step": end, "start_lr": rates[i], "end_lr": rates[i + 1],
            "start_momentum": momenta[i], "end_momentum": momenta[i + 1],
        }
        for i, end in enumerate(ends)
    ]  # fmt: skip
