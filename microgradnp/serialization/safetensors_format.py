"""Files in safetensors format: https://huggingface.co/docs/safetensors/index#format

The library ``safetensors`` writes them, and checks them before they are read: that the header is one, and that the
arrays which it describes fill the file. Arrays are then read one by one, each into memory of its own.

What is saved beside plain arrays stands under ``microgradnp`` in the header's texts, as JSON. A file without it is
another program's, and is loaded as the dict of tensors that it is.
"""

from __future__ import annotations

import json
import warnings
from typing import Any, BinaryIO

import numpy as np
from safetensors import SafetensorError, deserialize, safe_open
from safetensors.numpy import save as to_bytes
from safetensors.numpy import save_file

from .atomic import is_special, write_atomically
from .errors import LoadError, damage
from .reading import Reader, tensor_of
from .source import Source
from .writing import Writer

VERSION = 1
LARGEST_HEADER = 2**25  # bytes; what is made of them in memory takes up to 30 times as much

TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip


# Writing


def write(obj: Any, target: str | BinaryIO) -> None:
    """Save an object under a path, or to an open file."""
    writer = Writer()
    tree = writer.node(obj, ())
    arrays, facts = writer.laid_out()
    texts = _texts({"version": VERSION, "object": tree, "tensors": facts}, arrays)
    if isinstance(target, str) and not is_special(target):
        write_atomically(target, lambda path: _write_file(arrays, path, texts))
    elif isinstance(target, str):
        with open(target, "wb") as file:
            _write_all(file, to_bytes(arrays, texts))
    else:
        _write_all(target, to_bytes(arrays, texts))


def _texts(description: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, str]:
    """The texts of the header. That its tensors are named and shaped as PyTorch's, readers find under ``format``."""
    texts = {"format": "pt", "microgradnp": json.dumps(description, allow_nan=False, separators=(",", ":"))}
    size = len(json.dumps(texts)) + sum(120 + 4 * len(name) + 20 * array.ndim for name, array in arrays.items())
    if size > LARGEST_HEADER:
        raise ValueError(
            f"save: the description of what is saved takes {size} bytes, more than {LARGEST_HEADER}: put what is many "
            "(numbers, strings, bytes) into tensors or arrays, or into several files"
        )
    return texts


def _write_file(arrays: dict[str, np.ndarray], path: str, texts: dict[str, str]) -> None:
    try:
        save_file(arrays, path, texts)
    except SafetensorError as error:
        raise OSError(f"save: {path} could not be written: {error}") from error


def _write_all(file: BinaryIO, data: bytes) -> None:
    """Write to a file that may take less at a time than it is given, as unbuffered ones do."""
    rest = memoryview(data)
    while rest:
        written = file.write(rest)
        rest = rest[len(rest) if written is None else written :]


# Reading


def is_safetensors(start: bytes) -> bool:
    """Whether a file that begins like this may be one: after the length of its header comes an object of JSON."""
    return start[8:9] == b"{"


def read(source: Source, path: str | None) -> Any:
    """Load what a file holds; ``path`` is its name if it has one."""
    length = int.from_bytes(source.read(0, 8), "little")
    if length > min(LARGEST_HEADER, source.size - 8):
        limit = f"at most {LARGEST_HEADER} are read" if source.size - 8 > LARGEST_HEADER else "the file is truncated"
        raise LoadError(f"load: a header of {length} bytes in a file of {source.size}: {limit}")
    try:
        if path is None:
            deserialize(source.read(0, source.size))
        else:
            safe_open(path, framework="numpy").__exit__(None, None, None)
    except SafetensorError as error:
        raise LoadError(f"load: the file is no whole safetensors file: {error}") from error
    with damage("the header"):
        arrays = _Arrays(source, 8 + length, json.loads(source.read(8, length)))
        out = _described(arrays) if "microgradnp" in arrays.texts else arrays.plain()
    arrays.warn()
    return out


def _described(arrays: _Arrays) -> Any:
    description = json.loads(arrays.texts["microgradnp"])
    version = description["version"]
    if version != VERSION:
        raise LoadError(f"load: the file is of version {version!r}, this program reads version {VERSION}: update it")
    return Reader(arrays.read, description["tensors"]).object(description["object"])


class _Arrays:
    """The arrays of a file by name."""

    def __init__(self, source: Source, start: int, header: dict[str, Any]) -> None:
        self.texts: dict[str, str] = header.pop("__metadata__", None) or {}
        self._source, self._start, self._header = source, start, header
        self._widened: list[str] = []

    def read(self, name: str) -> np.ndarray:
        entry = self._header[name]
        if entry["dtype"] not in TYPES:
            raise LoadError(f"load: {name!r} is of type {entry['dtype']}, which NumPy does not have")
        offset = self._start + entry["data_offsets"][0]
        array = self._source.array(offset, tuple(entry["shape"]), np.dtype(TYPES[entry["dtype"]]))
        if entry["dtype"] == "BF16":
            self._widened.append(name)
            return widened(array)
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))

    def plain(self) -> dict[str, Any]:
        return {name: tensor_of(self.read(name), name) for name in self._header}

    def warn(self) -> None:
        warn_of_bfloat16(self._widened)


def widened(array: np.ndarray) -> np.ndarray:
    """float32 numbers from bfloat16, which is their first half."""
    wide = np.zeros((*array.shape, 2), "<u2")
    wide[..., 1] = array
    return wide.view("<f4").reshape(array.shape).astype(np.float32, copy=False)


def warn_of_bfloat16(names: list[str]) -> None:
    if names:
        some = ", ".join(names[:3]) + ", ..." * (len(names) > 3)
        warnings.warn(
            f"load: NumPy has no bfloat16: {len(names)} tensors ({some}) are loaded as float32, with the same values",
            stacklevel=5,
        )
