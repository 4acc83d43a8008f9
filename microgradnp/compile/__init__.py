"""Turning a step into a list of NumPy calls."""

from .capture import CapturedArray, Tape, capturing

__all__ = ["CapturedArray", "Tape", "capturing"]
