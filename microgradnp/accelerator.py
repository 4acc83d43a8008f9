"""What programs ask before they choose a device, whichever kind there may be. There is only the CPU.

Source: https://docs.pytorch.org/docs/stable/accelerator.html
"""

from __future__ import annotations

from .cuda import device_count as device_count
from .cuda import is_available as is_available


def current_accelerator(check_available: bool = False) -> None:
    """Always None: there is no accelerator.

    >>> import microgradnp
    >>> device = microgradnp.accelerator.current_accelerator() or microgradnp.device("cpu")
    """
