"""Files that are there as a whole, or as they were before."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress


def is_special(path: str) -> bool:
    """Whether a path names something that is no regular file, such as a pipe or ``/dev/null``: it is written to, and
    not replaced.
    """
    return os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode)


def write_atomically(path: str, write: Callable[[str], None]) -> None:
    """Let ``write`` make a file under another name in the same folder, and rename it once it is safe on the disk.

    It gets the permissions, and where that is allowed the owner, of the file that it replaces. If anything fails, that
    file is left, and the new one removed.
    """
    path = os.path.realpath(path)  # a symbolic link stays, and what it points to is replaced
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise RuntimeError(f"save: Parent directory {folder} does not exist.")
    if os.path.exists(path) and not os.access(path, os.W_OK):
        raise PermissionError(f"save: {path} may not be written to")
    temporary = os.path.join(folder, f".{secrets.token_hex(8)}.tmp")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))  # less what the umask takes away
    try:
        like = os.stat(path if os.path.exists(path) else temporary)
        write(temporary)
        _sync(temporary)
        os.chmod(temporary, stat.S_IMODE(like.st_mode))
        if hasattr(os, "chown"):
            with suppress(PermissionError):
                os.chown(temporary, like.st_uid, like.st_gid)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    if os.name == "posix":  # elsewhere a folder cannot be opened
        _sync(folder)


def _sync(path: str) -> None:
    """Wait until what was written to a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY if os.path.isdir(path) else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
