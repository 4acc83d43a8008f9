"""Mixed precision, switched off: what programs that would use a GPU ask for, and do without where there is none.

``device_type="cuda"`` is switched off with a warning, as in a PyTorch that finds no GPU; ``enabled=False`` without one.
On the CPU nothing is computed in a precision other than its operands', so that switching it on there is refused.

Source: https://docs.pytorch.org/docs/stable/amp.html
"""

from __future__ import annotations

import warnings
from contextlib import ContextDecorator
from typing import Any

from .devices import device

__all__ = ["GradScaler", "autocast"]


class autocast(ContextDecorator):
    """A context, or a decorator, in which everything is computed as it is elsewhere.

    Raises ValueError if ``device_type`` is no text, and RuntimeError for an unknown one, and for "cpu" if ``enabled``.
    ``dtype`` and ``cache_enabled`` say nothing about a context that is switched off.

    >>> import microgradnp
    >>> with microgradnp.autocast("cuda", enabled=microgradnp.cuda.is_available()):
    ...     microgradnp.ones(1, 2) @ microgradnp.ones(2, 1)
    tensor([[2.]])
    """

    def __init__(
        self, device_type: str, dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"autocast: device_type must be a name such as 'cuda', got {device_type!r}")
        if enabled:
            switch_off("autocast", device(device_type).type)

    def __enter__(self) -> autocast:
        return self

    def __exit__(self, *error: Any) -> None:
        pass


class GradScaler:
    """Losses as they are, and steps of optimizers: gradients in float32 need no scale.

    Raises RuntimeError for "cpu" if ``enabled``. The numbers say nothing about a scaler that is switched off.
    """

    def __init__(
        self, device: str = "cuda", init_scale: float = 2.0**16, growth_factor: float = 2.0,
        backoff_factor: float = 0.5, growth_interval: int = 2000, enabled: bool = True,
    ) -> None:  # fmt: skip
        if enabled:
            switch_off("GradScaler", device)

    def is_enabled(self) -> bool:
        """Always False."""
        return False

    def get_scale(self) -> float:
        """Always 1.0."""
        return 1.0

    def scale(self, outputs: Any) -> Any:
        """``outputs`` themselves."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Nothing: gradients have no scale."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """``optimizer.step(*args, **kwargs)``."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Nothing: there is no scale."""

    def state_dict(self) -> dict[str, Any]:
        """Always empty."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Nothing: a checkpoint written with a GPU is welcome."""


def switch_off(name: str, device_type: str) -> None:
    """Warn that there is no GPU, or refuse what is asked of the CPU."""
    if device_type == "cpu":
        raise RuntimeError(
            f"{name}: on the CPU everything is computed in the precision of its operands, there is no bfloat16: "
            "pass enabled=False, or convert the model with .half()"
        )
    if device_type == "cuda":
        warnings.warn(f"{name}: CUDA is not available. It is switched off.", UserWarning, stacklevel=3)
