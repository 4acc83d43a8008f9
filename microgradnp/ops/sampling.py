"""Random numbers: PyTorch's own for the same seed."""

from __future__ import annotations
