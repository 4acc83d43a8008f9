"""Weights and checkpoints on disk: ``save`` and ``load``.

Source: https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import io
import os
import pickle
from typing import Any

from . import safetensors_format, torch_archive
from .errors import LoadError
from .location import check_location, check_mapped
from .source import Source

__all__ = ["LoadError", "load", "save"]


def save(
    obj: Any,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Save an object to a file, in safetensors format: tensors as arrays that every reader of the format finds, and
    whatever they stand in as a description in the header.

    The file is written under another name and then renamed: a failure leaves what was there before. Tensors that
    share memory are saved once, and share it again when loaded. Gradients and hooks are not saved.

    Args:
        obj: a tensor or NumPy array, number, string, bytes, None, dtype, device, Size; or a dict, list, tuple or set
            of such things: state dicts of modules, optimizers and schedulers, states of generators, checkpoints.
        f: a path, of any ending, or a file that is open for writing bytes.
        pickle_module, pickle_protocol: PyTorch's; no pickle is written, so the protocol makes no difference, and
            another module is refused.

    Raises:
        TypeError: there is something in ``obj`` that cannot be saved; it says where, and what to save instead.
        RuntimeError: the folder does not exist.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.save.html

    >>> import io
    >>> import microgradnp
    >>> file = io.BytesIO()
    >>> save({"epoch": 3, "weight": microgradnp.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> load(file)
    {'epoch': 3, 'weight': tensor([1., 1.])}
    """
    if pickle_module is not pickle:
        raise ValueError("save: no pickle is written, and so no pickle_module can be chosen")
    if not _use_new_zipfile_serialization:
        raise ValueError("save: PyTorch's formats are read, not written: leave _use_new_zipfile_serialization out")
    if isinstance(f, (str, os.PathLike)):
        safetensors_format.write(obj, os.fsdecode(f))
    elif hasattr(f, "write"):
        safetensors_format.write(obj, f)
    else:
        raise AttributeError(
            f"save: expected 'f' to be string, path, or a file-like object with a 'write' attribute, got {f!r}"
        )


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
) -> Any:
    """Load what ``save`` has saved, a file in safetensors format of another program, or a ``.pt`` file of PyTorch.

    Nothing in a file is ever executed. Of PyTorch's files tensors are read, and what they stand in: state dicts and
    checkpoints, but no modules. bfloat16, which NumPy does not have, becomes float32, with a warning.

    Args:
        f: a path, or a file that is open for reading bytes; such a one is read to its end.
        map_location: "cpu" or what amounts to it: all tensors come there. PyTorch's files with tensors of other
            devices need it, as in PyTorch.
        pickle_module: PyTorch's; refused, for no pickle is executed.
        weights_only: True or False, with no difference: nothing but weights is ever loaded.
        mmap: with True, and a path, tensors are read from the file only when they are used. The file must then not
            be changed, but for being replaced by ``save``.

    Raises:
        LoadError: the file is damaged, of another kind, or has something in it that is not loaded. It is a
            RuntimeError and a pickle.UnpicklingError.
        FileNotFoundError: there is no file.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.load.html
    """
    if pickle_module is not None:
        raise ValueError("load: nothing in a file is executed, and so no pickle_module can be chosen")
    for name, value in (("weights_only", weights_only), ("mmap", mmap)):
        if value is not None and not isinstance(value, bool):
            raise TypeError(f"load: {name} must be True, False or None, got {value!r}")
    check_location(map_location)
    if isinstance(f, (str, os.PathLike)):
        path = os.fsdecode(f)
        with open(path, "rb") as file:
            return _load(Source(file, bool(mmap)), path, map_location)
    if mmap:
        raise ValueError("load: f must be a file path in order to use the mmap argument")
    if not hasattr(f, "read"):
        raise AttributeError(f"load: expected 'f' to be string, path, or a file-like object with a 'read', got {f!r}")
    data = f.read()
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(f"load: the file gives {type(data).__name__}, not bytes: open it with mode 'rb'")
    return _load(Source(io.BytesIO(data)), None, map_location)


def _load(source: Source, path: str | None, map_location: Any) -> Any:
    start = source.read(0, 512)
    if torch_archive.is_archive(start):
        return torch_archive.read(source, map_location)
    if safetensors_format.is_safetensors(start):
        check_mapped(map_location, "cpu")
        return safetensors_format.read(source, path)
    raise LoadError(f"load: {path or 'the file'} is not loaded: {_foreign(start)}")


def _foreign(start: bytes) -> str:
    """What kind of file begins like this, and what to do with it."""
    if not start:
        return "it is empty"
    if start[257:262] == b"ustar" or start.startswith(b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."):
        return "it is in the format of PyTorch before 1.6: load it with PyTorch, and torch.save it again"
    for mark, kind in _MARKS.items():
        if start.startswith(mark):
            return kind
    return "it is neither a safetensors file nor a .pt file of PyTorch, or it is damaged"


_MARKS = {
    b"version https://git-lfs": "it is a pointer of Git LFS, not the file itself: fetch that with 'git lfs pull'",
    b"\x93NUMPY": "it is an array of NumPy's: use numpy.load",
    b"\x89HDF": "it is an HDF5 file: use h5py",
    b"\x1f\x8b": "it is compressed by gzip: unpack it first",
    b"\x80": "it is a pickle, and to load a pickle is to execute it",
    b"<": "it is a web page: the download went wrong",
}
