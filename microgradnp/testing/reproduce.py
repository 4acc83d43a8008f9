"""The lines that show a failure again."""

from __future__ import annotations

from typing import Any


def reproducer(fn: Any, inputs: Any, options: Any, report: Any) -> str:
    """Python source that runs as it stands and fails likewise."""
    return ""
