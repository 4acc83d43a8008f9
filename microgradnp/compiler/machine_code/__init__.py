"""Running a program as machine code, with Numba."""

from .executor import build

__all__ = ["build"]
