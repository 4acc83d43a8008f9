"""How a batch is made of the numbers of its samples; the same in the main process and in workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from operator import getitem
from typing import Any

from .collate import default_collate
from .dataset import IterableDataset, Subset, TensorDataset, items_of


@dataclass(frozen=True)
class Fetching:
    """A dataset, and what becomes of its samples. ``batched`` says whether there are several in a batch."""

    dataset: Any
    batched: bool
    collate_fn: Callable[[Any], Any]
    drop_last: bool

    @property
    def iterable(self) -> bool:
        """Whether samples come one after another; else by number."""
        return isinstance(self.dataset, IterableDataset)

    def begin(self) -> Callable[[Any], Any]:
        """For one pass, a function from numbers (one number, unless ``batched``) to a batch.

        Of an iterable dataset it takes as many samples as there are numbers; it raises StopIteration after the last.
        """
        if self.iterable:
            return partial(self._next, iter(self.dataset))
        if self.batched and self.collate_fn is default_collate and self._of_tensors():
            return self._gathered
        return self._by_number

    def _by_number(self, indices: Any) -> Any:
        return self.collate_fn((items_of if self.batched else getitem)(self.dataset, indices))

    def _next(self, samples: Iterator[Any], indices: Any) -> Any:
        if not self.batched:
            return self.collate_fn(next(samples))
        batch = list(islice(samples, len(indices)))
        if len(batch) < (len(indices) if self.drop_last else 1):
            raise StopIteration
        return self.collate_fn(batch)

    # Taking rows out of tensors and stacking them again takes ten times as long as indexing the tensors once.

    def _of_tensors(self) -> bool:
        """Whether the dataset is a TensorDataset, or a subset of one, of which no subclass makes anything else."""
        dataset = self.dataset
        while type(dataset) is Subset:
            dataset = dataset.dataset
        return type(dataset) is TensorDataset

    def _gathered(self, indices: Any) -> Any:
        dataset, rows = self.dataset, indices
        while type(dataset) is Subset:
            rows, dataset = [dataset.indices[i] for i in rows], dataset.dataset
        if not all(type(row) is int for row in rows):
            return self._by_number(indices)
        return [tensor[list(rows)] for tensor in dataset.tensors]
