"""PyTorch's paths of import: ``from microgradnp.nn.modules.module import Module``, ``nn.modules.batchnorm``."""

import sys
from importlib import import_module
from typing import Any

from . import module, utils

__all__ = ["module", "utils"]

PLACES = {  # of PyTorch's files: those that have a counterpart here
    **{name: name for name in (
        "activation", "batchnorm", "container", "conv", "distance", "dropout", "flatten", "fold", "linear", "loss",
        "normalization", "padding", "pooling", "transformer", "upsampling",
    )},
    "instancenorm": "batchnorm", "pixelshuffle": "shuffling", "rnn": "recurrent", "sparse": "embedding",
}  # fmt: skip

for _name, _place in PLACES.items():
    globals()[_name] = sys.modules[f"{__name__}.{_name}"] = import_module(f"..{_place}", __name__)


def __getattr__(name: str) -> Any:
    """The layers themselves are there too."""
    nn = import_module("..", __name__)
    if name not in nn.__all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(nn, name)
