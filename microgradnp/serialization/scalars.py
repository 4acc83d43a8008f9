"""The types without parts that a file knows, by name."""

from __future__ import annotations

from typing import Any

# The arrays and numbers of NumPy: the kind and the size of a dtype.
NUMBERS = frozenset(
    ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
)  # fmt: skip
KEYS = frozenset((str, int, float, bool, type(None), bytes, tuple))  # what may be a key of a dict
FACTORIES: dict[str, Any] = {t.__name__: t for t in (int, float, bool, str, list, dict, set, tuple)}  # of a defaultdict
