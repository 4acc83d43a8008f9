"""What programs ask before they choose a device. There is only the CPU.

Source: https://docs.pytorch.org/docs/stable/cuda.html
"""

from __future__ import annotations


def is_available() -> bool:
    """Always False: ``device("cuda" if microgradnp.cuda.is_available() else "cpu")`` is the CPU."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0


def is_initialized() -> bool:
    """Always False."""
    return False
