"""How a batch is made of the numbers of its samples; the same in the main process and in workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from operator import getitem
from typing import Any

from .dataset import IterableDataset, items_of


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
        samples = iter(self.dataset) if self.iterable else None

        def fetch(indices: Any) -> Any:
            if samples is None:
                return self.collate_fn((items_of if self.batched else getitem)(self.dataset, indices))
            if not self.batched:
                return self.collate_fn(next(samples))
            batch = list(islice(samples, len(indices)))
            if len(batch) < (len(indices) if self.drop_last else 1):
                raise StopIteration
            return self.collate_fn(batch)

        return fetch
