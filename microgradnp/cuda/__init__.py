"""What programs ask of CUDA, and what they tell it whether it is there or not. It is not: there is only the CPU.

What needs a GPU raises ``DeviceError``, which is an AssertionError as in a PyTorch built without CUDA.

Source: https://docs.pytorch.org/docs/stable/cuda.html
"""

from __future__ import annotations

from typing import Any, NoReturn

from ..devices import DeviceError
from . import amp as amp


def is_available() -> bool:
    """Always False: ``device("cuda" if microgradnp.cuda.is_available() else "cpu")`` is the CPU."""
    return False


def device_count() -> int:
    """Always 0."""
    return 0


def is_initialized() -> bool:
    """Always False."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Always False."""
    return False


def manual_seed(seed: int) -> None:
    """Seeds the generator of a GPU: there is none."""


def manual_seed_all(seed: int) -> None:
    """Seeds the generators of all GPUs: there is none."""


def empty_cache() -> None:
    """Frees memory of GPUs that is not in use: there is none."""


def memory_allocated(device: Any = None) -> int:
    """Always 0: no memory of a GPU is in use."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated

_NEED_A_GPU = frozenset((
    "current_device", "current_stream", "default_stream", "device", "get_device_capability", "get_device_name",
    "get_device_properties", "get_rng_state", "init", "mem_get_info", "reset_peak_memory_stats", "set_device",
    "set_rng_state", "stream", "synchronize", "Event", "Stream",
))  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _NEED_A_GPU:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def needs_a_gpu(*args: Any, **kwargs: Any) -> NoReturn:
        raise DeviceError(f"cuda.{name}: device 'cuda' is not there; ask cuda.is_available() before")

    return needs_a_gpu
