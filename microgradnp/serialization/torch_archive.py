"""PyTorch's files, ``.pt`` and ``.pth``: a zip archive of a pickle, ``data.pkl``, and of the memory of its tensors.

The archive is not compressed: every record is a piece of the file, and is read, or mapped, where it stands. The pickle
is read by ``unpickling.py``, which executes nothing.
"""

from __future__ import annotations

import zipfile
from typing import Any

import numpy as np

from .errors import LoadError, damage
from .location import check_mapped
from .safetensors_format import warn_of_bfloat16, widened
from .source import Source
from .unpickling import Storage, Tensors, unpickled

LARGEST_PICKLE = 2**25  # bytes
HEADER = 30  # bytes before the name of a record, where its data begin


def is_archive(start: bytes) -> bool:
    """Whether a file that begins like this is a zip archive."""
    return start.startswith(b"PK\x03\x04")


def read(source: Source, map_location: Any) -> Any:
    """Load what an archive holds."""
    with damage("the archive"):
        archive = _Archive(source, map_location)
        out = unpickled(archive.data(), Tensors(archive.storage))
    warn_of_bfloat16(archive.widened)
    return out


class _Archive:
    """The records of an archive."""

    def __init__(self, source: Source, map_location: Any) -> None:
        self._source, self._map_location = source, map_location
        try:
            with zipfile.ZipFile(source.file) as archive:
                self._records = {info.filename: info for info in archive.infolist()}
        except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
            raise LoadError(f"load: the archive is damaged or truncated: {error}") from error
        name = next((name for name in self._records if name.endswith("/data.pkl") and name.count("/") == 1), None)
        if name is None:
            raise LoadError("load: a zip archive without data.pkl is no file of PyTorch's (for .npz use numpy.load)")
        self._folder = name.removesuffix("data.pkl")
        if self._folder + "constants.pkl" in self._records:
            raise LoadError(
                "load: the file is a TorchScript archive, a whole program: load it with torch.jit.load, and save its "
                "state_dict()"
            )
        self._left = source.size  # the bytes that records may have in all
        self._big = self._small("byteorder") == b"big"
        self._storages: dict[str, np.ndarray] = {}
        self.widened: list[str] = []

    def _place(self, name: str) -> tuple[int, int]:
        """Where in the file a record begins, and how many bytes it has."""
        info = self._records.get(self._folder + name)
        if info is None:
            raise LoadError(f"load: the archive is damaged: it has no record {name!r}")
        if info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1:
            raise LoadError(f"load: record {name!r} is compressed or encrypted, which PyTorch's files are not")
        head = self._source.read(info.header_offset, HEADER)
        if len(head) != HEADER or not is_archive(head):
            raise LoadError(f"load: the archive is damaged: record {name!r} is not where it should be")
        self._left -= info.file_size
        if self._left < 0:
            raise LoadError("load: the archive is damaged: its records overlap")
        name_length, extra_length = (int.from_bytes(head[i : i + 2], "little") for i in (26, 28))
        return info.header_offset + HEADER + name_length + extra_length, info.file_size

    def _small(self, name: str) -> bytes:
        return self._source.read(*self._place(name)) if self._folder + name in self._records else b""

    def data(self) -> bytes:
        """The pickle."""
        offset, size = self._place("data.pkl")
        if size > LARGEST_PICKLE:
            raise LoadError(f"load: data.pkl has {size} bytes, of which at most {LARGEST_PICKLE} are read")
        return self._source.read(offset, size)

    def storage(self, kind: Storage, key: str, location: str, count: int) -> np.ndarray:
        """The memory of tensors: the same array for the same key."""
        check_mapped(self._map_location, location)
        if key not in self._storages:
            offset, size = self._place(f"data/{key}")
            if count * kind.dtype.itemsize != size:
                raise LoadError(
                    f"load: the archive is damaged: {count} elements of {kind.name} are said to be in {size} bytes"
                )
            array = self._source.array(offset, (count,), kind.dtype.newbyteorder(">" if self._big else "<"))
            if kind.name == "bfloat16":
                self.widened.append(f"data/{key}")
                array = widened(array)
            self._storages[key] = array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
        return self._storages[key]
