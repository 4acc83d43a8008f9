"""The bytes of a file: read where they are wanted, or mapped."""

from __future__ import annotations

import mmap
import os
from typing import Any, BinaryIO

import numpy as np

from .errors import LoadError


class Source:
    """An open file that arrays are read from, each into memory of its own.

    With ``mapped`` they are maps of the file instead: read when they are first used, and copied when they are written.
    """

    def __init__(self, file: BinaryIO, mapped: bool = False) -> None:
        self.file, self.mapped = file, mapped
        self.size = file.seek(0, os.SEEK_END)

    def read(self, offset: int, count: int) -> bytes:
        """Bytes from ``offset`` on: ``count`` of them, or what there is."""
        self.file.seek(offset)
        return self.file.read(max(0, min(count, self.size - offset)))

    def array(self, offset: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> np.ndarray:
        """An array in C order, whose elements begin at ``offset``."""
        count = 1
        for size in shape:
            count *= size
        if offset < 0 or count < 0 or offset + count * dtype.itemsize > self.size:
            raise LoadError(f"load: the file ends before byte {offset + count * dtype.itemsize}: it is truncated")
        if self.mapped and count and offset % dtype.itemsize == 0:
            start = offset - offset % mmap.ALLOCATIONGRANULARITY
            length = offset - start + count * dtype.itemsize
            view = mmap.mmap(self.file.fileno(), length, access=mmap.ACCESS_COPY, offset=start)
            return np.frombuffer(view, dtype, count, offset - start).reshape(shape)
        out = np.empty(shape, dtype)
        self.file.seek(offset)
        if self.file.readinto(out.reshape(-1).view(np.uint8)) != out.nbytes:  # type: ignore[attr-defined]
            raise LoadError("load: the file was changed while it was read")
        return out
