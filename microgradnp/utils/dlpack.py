"""DLPack, under PyTorch's names: memory shared with other libraries."""

from ..ops.face import public_names as _public_names

globals().update(_public_names("utils.dlpack"))

__all__ = sorted(_public_names("utils.dlpack"))  # pyright: ignore[reportUnsupportedDunderAll]
