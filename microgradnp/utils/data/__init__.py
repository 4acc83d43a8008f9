"""Datasets, samplers and loaders, in PyTorch's layout.

* ``dataset.py``: where samples come from
* ``sampler.py``: in which order
* ``collate.py``: how samples become a batch; ``fetching.py``: and how a batch is made of their numbers
* ``dataloader.py``: all of this together, with its arguments
* ``iterators.py``: one pass over a loader, in this process or by workers
* ``pool.py``: worker processes seen from the main process; ``worker.py``: what runs in them; ``messages.py``: what they
  send each other

Source: https://docs.pytorch.org/docs/stable/data.html
"""

from .collate import default_collate, default_convert
from .dataloader import DataLoader
from .dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from .sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from .worker import get_worker_info

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "IterableDataset", "RandomSampler",
    "Sampler", "SequentialSampler", "StackDataset", "Subset", "SubsetRandomSampler", "TensorDataset",
    "WeightedRandomSampler", "default_collate", "default_convert", "get_worker_info", "random_split",
]  # fmt: skip
