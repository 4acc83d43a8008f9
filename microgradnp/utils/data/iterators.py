"""One pass over a loader: in this process, or by workers.

What is drawn from the random stream, and when, is what PyTorch draws: a seed for workers when a pass begins, even if
there are none; the seed of a shuffle when the first numbers are asked for.
"""

from __future__ import annotations

import itertools
import multiprocessing
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .messages import Ended, Failure
from .pool import Pool
from .sampler import new_seed
from .worker import AGAIN, Job

if TYPE_CHECKING:
    from .dataloader import DataLoader


class LoaderIterator:
    """What both have in common: the numbers of the samples, and counting the batches."""

    def __init__(self, loader: DataLoader) -> None:
        self._fetching, self._sampler = loader._fetching, loader._index_sampler
        self._begin(loader)
        self._base_seed = new_seed(loader.generator)
        if loader.pin_memory:
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be "
                "used.",
                stacklevel=4,
            )

    def _begin(self, loader: DataLoader) -> None:
        self._indices = iter(self._sampler)
        self._announced, self._given = loader._announced, 0

    def __iter__(self) -> LoaderIterator:
        return self

    def __len__(self) -> int:
        return len(self._sampler)  # type: ignore[arg-type]

    def __next__(self) -> Any:
        batch = self._next()
        self._given += 1
        if self._announced is not None and self._given > self._announced:
            warnings.warn(
                f"Length of IterableDataset {self._fetching.dataset} was reported to be {self._announced} (when "
                f"accessing len(dataloader)), but {self._given} samples have been fetched. With workers, each goes "
                "through all of the dataset unless it asks get_worker_info() for its share.",
                stacklevel=2,
            )
        return batch

    def _next(self) -> Any:
        raise NotImplementedError


class InProcess(LoaderIterator):
    """Batches are made here, when they are asked for."""

    def __init__(self, loader: DataLoader) -> None:
        super().__init__(loader)
        self._fetch = self._fetching.begin()

    def _next(self) -> Any:
        return self._fetch(next(self._indices))


class ByWorkers(LoaderIterator):
    """Batches are made by workers, ahead of time, and given in order.

    A *place* is the number of a batch in this order. Places are counted on from pass to pass, so that an answer from an
    earlier pass, which was not waited for, is known by its place.
    """

    def __init__(self, loader: DataLoader) -> None:
        super().__init__(loader)
        self._in_order, self._persistent, self._timeout = loader.in_order, loader.persistent_workers, loader.timeout
        self._ahead = loader.prefetch_factor * loader.num_workers  # type: ignore[operator]
        job = Job(self._fetching, loader.num_workers, self._base_seed, loader.worker_init_fn)
        self._pool: Pool | None = Pool(loader.multiprocessing_context or multiprocessing.get_context(), job)
        self._places = itertools.count()
        self._start(loader)

    @property
    def running(self) -> bool:
        """Whether there are workers for another pass."""
        return self._pool is not None

    def restart(self, loader: DataLoader) -> None:
        """Begin another pass with the same workers."""
        for worker in range(loader.num_workers):
            self._send(worker, AGAIN)
        self._start(loader)

    def _start(self, loader: DataLoader) -> None:
        self._begin(loader)
        self._workers = loader.num_workers
        self._going = set(range(self._workers))  # those whose dataset has not ended
        self._turns = itertools.cycle(range(self._workers))
        self._due: dict[int, int] = {}  # places that are to be given, in order, and the workers that make them
        self._arrived: dict[int, Any] = {}
        for _ in range(self._ahead):
            self._assign()

    def _next(self) -> Any:
        while self._due:
            place = next(iter(self._due if self._in_order else self._arrived), None)
            if place is not None and place in self._arrived:
                return self._give(place)
            self._receive()
        if not self._persistent:
            self._stop()
        raise StopIteration

    def _give(self, place: int) -> Any:
        del self._due[place]
        batch = self._arrived.pop(place)
        self._assign()
        if isinstance(batch, Failure):
            raise batch.error()
        return batch

    def _assign(self) -> None:
        """Send the next numbers to the worker whose turn it is; not in order, to one with less than its share to do."""
        try:
            indices = next(self._indices)
        except StopIteration:
            return
        for worker in itertools.islice(self._turns, self._workers):
            if worker in self._going and (self._in_order or self._load(worker) < self._ahead // len(self._going)):
                place = next(self._places)
                self._due[place] = worker
                self._send(worker, (place, indices))
                return

    def _load(self, worker: int) -> int:
        return list(self._due.values()).count(worker)

    def _receive(self) -> None:
        with self._unbroken() as pool:
            answer = pool.receive(self._timeout)
        if answer is None:
            worker = next(iter(self._due.values()))
            raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds, waiting for worker {worker}")
        worker, (place, batch) = answer
        if place not in self._due:  # of an earlier pass
            return
        if isinstance(batch, Ended):
            self._going.discard(worker)
            self._due = {p: w for p, w in self._due.items() if w != worker or p in self._arrived}
            self._assign()
        else:
            self._arrived[place] = batch

    def _send(self, worker: int, task: Any) -> None:
        with self._unbroken() as pool:
            pool.send(worker, task)

    @contextmanager
    def _unbroken(self) -> Iterator[Any]:
        """The pool, for an exchange. If that is interrupted nobody knows what is left in the pipes: the pool ends."""
        try:
            yield self._pool
        except BaseException:
            self._stop()
            raise

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.stop()
            self._pool = None
            self._due.clear()
