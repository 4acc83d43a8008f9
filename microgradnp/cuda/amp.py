"""Old names of ``microgradnp.amp``, for "cuda"."""

from __future__ import annotations

import warnings
from typing import Any

from .. import amp
from ..dtypes import float16

__all__ = ["GradScaler", "autocast"]


class autocast(amp.autocast):
    """``amp.autocast("cuda", ...)``. Deprecated, and warns so."""

    def __init__(self, enabled: bool = True, dtype: Any = float16, cache_enabled: bool = True) -> None:
        warn_of_old_name("autocast")
        super().__init__("cuda", dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """``amp.GradScaler("cuda", ...)``. Deprecated, and warns so."""

    def __init__(
        self, init_scale: float = 2.0**16, growth_factor: float = 2.0, backoff_factor: float = 0.5,
        growth_interval: int = 2000, enabled: bool = True,
    ) -> None:  # fmt: skip
        warn_of_old_name("GradScaler")
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


def warn_of_old_name(name: str) -> None:
    message = f"cuda.amp.{name}(...) is deprecated: say amp.{name}('cuda', ...)"
    warnings.warn(message, FutureWarning, stacklevel=3)
