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
    """The threads that NumPy's BLAS takes for products of matrices; all other operations run in the thread that calls
    them.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.get_num_threads.html
    """
    return max((library.num_threads for library in _blas()), default=1)


def set_num_threads(num: builtins.int) -> None:
    """Let NumPy's BLAS take this many threads for products of matrices.

    Raises RuntimeError for what is no positive int, and where BLAS is one whose threads cannot be set.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_num_threads.html
    """
    if not isinstance(num, int) or isinstance(num, builtins.bool):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(num).__name__}")
    if num < 1:
        raise RuntimeError(f"set_num_threads: the number of threads must be positive, got {num}")
    libraries = _blas()
    if not libraries and num != 1:
        raise RuntimeError("set_num_threads: the threads of this BLAS can only be set in the environment")
    for library in libraries:
        library.set_num_threads(num)


def _blas() -> list[Any]:
    """The BLAS libraries of this process whose threads can be set."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas").lib_controllers


_matmul_precision = "highest"


def get_float32_matmul_precision() -> str:
    """What ``set_float32_matmul_precision`` was last given; "highest" at first.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.get_float32_matmul_precision.html
    """
    return _matmul_precision


def set_float32_matmul_precision(precision: str) -> None:
    """Say how precise products of float32 matrices must be at least: "highest", "high" or "medium". They always are
    computed in float32, so nothing changes.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_float32_matmul_precision.html
    """
    global _matmul_precision
    if precision not in ("highest", "high", "medium"):
        raise ValueError(f"set_float32_matmul_precision: 'highest', 'high' or 'medium', got {precision!r}")
    _matmul_precision = precision


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
