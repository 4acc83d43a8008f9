"""``DataLoader``: a dataset, an order, and a way to make batches."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.context import BaseContext
from typing import Any, Generic

from ...random import Generator
from .collate import default_collate, default_convert
from .dataset import IterableDataset, Sample
from .fetching import Fetching
from .iterators import ByWorkers, InProcess
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

_SETTLED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader(Generic[Sample]):
    """Batches of the samples of a dataset: iterate over it, once for each epoch.

    dataset: samples by number (``__getitem__`` and ``__len__``), or an ``IterableDataset``.
    batch_size: how many samples in a batch; None gives samples one by one, put through ``default_convert``.
    shuffle: random order, PyTorch's for the same seed. ``sampler`` is any other order, ``batch_sampler`` any way to
        choose the samples of each batch. With an IterableDataset there is only its own order.
    collate_fn: makes a batch of a list of samples (``default_collate``).
    drop_last: leave out the last batch if it is smaller.
    num_workers: how many processes make batches, ``prefetch_factor`` each (2) ahead of time; with 0 it is this one.
        Worker i runs with ``random``, ``numpy.random`` and this library seeded by ``base_seed + i``, where PyTorch's
        ``base_seed`` is drawn when a pass begins; it calls ``worker_init_fn(i)`` first. ``persistent_workers`` live on
        for the next pass. ``in_order=False`` gives batches as they arrive. ``multiprocessing_context`` is a start
        method or a context of ``multiprocessing``; if workers are not forked, dataset and functions must be picklable.
    timeout: how many seconds to wait for a batch of a worker; 0 is for ever.
    generator: draws the shuffle and ``base_seed`` in the place of the default one.
    pin_memory: there is no device to pin memory for; as in PyTorch then, True only gives a warning.

    An error in a worker is raised here, of the same type if one can be made of a text, with the worker's traceback. A
    worker that dies raises RuntimeError.

    Raises ValueError for arguments that exclude each other or are out of range. Warns of more workers than processors.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader

    >>> import microgradnp
    >>> from microgradnp.utils.data import DataLoader, TensorDataset
    >>> _ = microgradnp.manual_seed(0)
    >>> for x, y in DataLoader(TensorDataset(microgradnp.eye(3), microgradnp.arange(3)), batch_size=2, shuffle=True):
    ...     print(x.shape, y)
    Size([2, 3]) tensor([0, 2])
    Size([1, 3]) tensor([1])
    """

    _settled = False
    _announced: int | None = None  # what len() has said of an iterable dataset
    _iterator: ByWorkers | None = None  # whose workers persist

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[Any] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: str | BaseContext | None = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        if pin_memory_device:
            raise ValueError(f"DataLoader: pin_memory_device {pin_memory_device!r} is not there; leave it out")
        self.dataset, self.num_workers, self.timeout, self.generator = dataset, num_workers, timeout, generator
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers, self.in_order, self.pin_memory = persistent_workers, in_order, pin_memory
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        if isinstance(dataset, IterableDataset):
            _refuse_order(shuffle=shuffle or None, sampler=sampler, batch_sampler=batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError(
                "DataLoader: batch_sampler option is mutually exclusive with batch_size, shuffle, sampler and drop_last"
            )
        if batch_size is None and drop_last:
            raise ValueError("DataLoader: batch_size=None makes no batches, and is mutually exclusive with drop_last")
        if sampler is None:
            sampler = _order(dataset, bool(shuffle), generator)
        if batch_sampler is not None:
            batch_size = None
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last, self.sampler, self.batch_sampler = (
            batch_size,
            drop_last,
            sampler,
            batch_sampler,
        )
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self._settled = True

    def __setattr__(self, name: str, value: Any) -> None:
        if self._settled and name in _SETTLED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> BaseContext | None:
        """The context that workers are started in; None is the one that ``multiprocessing`` has by default."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: str | BaseContext | None) -> None:
        if context is not None and not self.num_workers:
            raise ValueError("DataLoader: multiprocessing_context can only be used with num_workers > 0")
        if isinstance(context, str):
            methods = multiprocessing.get_all_start_methods()
            if context not in methods:
                raise ValueError(
                    f"multiprocessing_context option should specify a valid start method in {methods!r}, but got "
                    f"multiprocessing_context={context!r}"
                )
            context = multiprocessing.get_context(context)
        if not isinstance(context, BaseContext | None):
            raise TypeError(
                "multiprocessing_context option should be a valid context object or a string specifying the start "
                f"method, but got multiprocessing_context={context}"
            )
        self._context = context

    @property
    def _index_sampler(self) -> Any:
        """What gives the numbers of a batch, or of a sample if there are no batches."""
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    @property
    def _fetching(self) -> Fetching:
        return Fetching(self.dataset, self.batch_sampler is not None, self.collate_fn, self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        if not self.num_workers:
            return InProcess(self)
        if not self.persistent_workers:
            return ByWorkers(self)
        if self._iterator is None or not self._iterator.running:
            self._iterator = ByWorkers(self)
        else:
            self._iterator.restart(self)
        return self._iterator

    def __len__(self) -> int:
        """How many batches a pass gives. Of an iterable dataset it is what follows from the dataset's own length."""
        if not isinstance(self.dataset, IterableDataset):
            return len(self._index_sampler)
        length = self._announced = len(self.dataset)  # type: ignore[arg-type]
        if self.batch_size is None:
            return length
        return (length + (0 if self.drop_last else self.batch_size - 1)) // self.batch_size


class _Endless(Sampler[None]):
    """No numbers, without end: an iterable dataset knows itself what comes next."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


def _order(dataset: Any, shuffle: bool, generator: Generator | None) -> Sampler[Any]:
    if isinstance(dataset, IterableDataset):
        return _Endless()
    return RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)


def _refuse_order(**options: Any) -> None:
    for name, value in options.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
            )


def _check_workers(num_workers: int, timeout: float, prefetch_factor: int | None, persistent_workers: bool) -> None:
    if num_workers < 0:
        raise ValueError("DataLoader: num_workers option should be non-negative; 0 makes batches in this process")
    if timeout < 0:
        raise ValueError("DataLoader: timeout option should be non-negative")
    needing = {
        "prefetch_factor": prefetch_factor is not None,
        "persistent_workers": persistent_workers,
        "timeout": timeout,
    }
    for name, given in needing.items():
        if given and not num_workers:
            raise ValueError(f"DataLoader: {name} option needs num_workers > 0")
    if prefetch_factor is not None and prefetch_factor < 1:
        raise ValueError(f"DataLoader: prefetch_factor option should be positive, got {prefetch_factor}")
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if num_workers > processors:
        warnings.warn(
            f"This DataLoader will create {num_workers} worker processes in total, which is more than the {processors} "
            "processors that there are for them: it may be slower than with fewer",
            stacklevel=3,
        )
