"""Linear algebra, under PyTorch's names: every operation whose record puts it here."""

from .ops.face import public_names as _public_names

globals().update(_public_names("linalg"))

__all__ = sorted(_public_names("linalg"))  # pyright: ignore[reportUnsupportedDunderAll]
