"""Reading and writing along a dimension by index tensors, and by masks."""

from __future__ import annotations
