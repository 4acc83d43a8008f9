"""Tools around tensors, under PyTorch's names."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING

from . import dlpack as dlpack

if _TYPE_CHECKING:
    from . import checkpoint as checkpoint
    from . import data as data

_ON_DEMAND = ("checkpoint", "data")  # submodules that are imported when first used


def __getattr__(name: str) -> object:
    if name in _ON_DEMAND:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
