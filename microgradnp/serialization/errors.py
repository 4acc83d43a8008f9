"""What is raised for a file that cannot be read, and for an object that cannot be saved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pickle import UnpicklingError

from ..devices import DeviceError

Path = tuple[object, ...]  # the keys that lead from the object that is saved to a place within it


class LoadError(RuntimeError, UnpicklingError, EOFError):
    """A file is damaged, truncated, of another kind, or holds what is not read.

    For such files PyTorch raises one or the other of the types that it derives from.
    """


# What reading damaged bytes can run into.
_DAMAGE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RuntimeError)


@contextmanager
def damage(what: str) -> Iterator[None]:
    """Turn what goes wrong within the block into a LoadError."""
    try:
        yield
    except (LoadError, DeviceError):
        raise
    except _DAMAGE as error:
        raise LoadError(f"load: {what} is damaged: {type(error).__name__}: {str(error)[:300]}") from error


def place(path: Path) -> str:
    """A place in the object that is saved, as a program would write it: ``checkpoint['model'][3]``."""
    return "checkpoint" + "".join(f"[{key!r}]" for key in path)


def refuse(path: Path, obj: object, remedy: str) -> TypeError:
    """The error that says where an object is that cannot be saved, and what to save instead."""
    kind = type(obj)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return TypeError(f"save: {place(path)} is a {name}, which cannot be saved: {remedy}")
