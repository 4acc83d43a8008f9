"""Settings that PyTorch's programs make. What cannot be set here is refused, not ignored."""

from __future__ import annotations

import builtins
from typing import Any

from .devices import CPU, check_device, device

_deterministic = False


def use_deterministic_algorithms(mode: builtins.bool, *, warn_only: builtins.bool = False) -> None:
    """Ask for algorithms that give the same numbers in every run. All of them do here, with False too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html
    """
    global _deterministic
    for name, value in (("mode", mode), ("warn_only", warn_only)):
        if not isinstance(value, builtins.bool):
            raise TypeError(
                f"use_deterministic_algorithms(): argument {name!r} must be bool, not {type(value).__name__}"
            )
    _deterministic = mode


def are_deterministic_algorithms_enabled() -> builtins.bool:
    """What ``use_deterministic_algorithms`` was last given; False at first.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.are_deterministic_algorithms_enabled.html
    """
    return _deterministic


def get_num_threads() -> builtins.int:
    """1: operations run in the thread that calls them. Products of matrices are left to NumPy's BLAS, which has threads
    of its own.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.get_num_threads.html
    """
    return 1


def set_num_threads(num: builtins.int) -> None:
    """Accepts 1, and raises RuntimeError for any other number; BLAS keeps its threads.

    How many these are can only be said before NumPy is imported, in the environment: OPENBLAS_NUM_THREADS=1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_num_threads.html
    """
    if not isinstance(num, int) or isinstance(num, builtins.bool):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(num).__name__}")
    if num != 1:
        raise RuntimeError(
            f"set_num_threads: operations run in 1 thread, not {num}; for NumPy's products set OPENBLAS_NUM_THREADS "
            "(or what another BLAS reads) in the environment, before Python starts"
        )


def get_default_device() -> device:
    """The device of new tensors: the CPU.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.get_default_device.html
    """
    return CPU


def set_default_device(device: Any) -> None:
    """Accepts the CPU, or None; any other device raises, for it is not there.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_default_device.html
    """
    check_device(device, "set_default_device")
