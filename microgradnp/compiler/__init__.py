"""Turning a step into a list of NumPy calls."""

from .capture import CapturedArray, NotCapturable, Tape

__all__ = ["CapturedArray", "NotCapturable", "Tape"]
