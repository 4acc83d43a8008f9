"""Turning a step into a list of NumPy calls, and replaying it: what is behind ``compile``."""

from .capture import NotCapturable
from .compiled import Compiled, compile

__all__ = ["Compiled", "NotCapturable", "compile"]
