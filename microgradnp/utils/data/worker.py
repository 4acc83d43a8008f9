"""What runs in a worker process: it makes one batch after another of the numbers that it is sent.

A thread listens to the main process meanwhile. So a worker always takes what it is sent, learns at once that it is to
stop, and does not outlive a main process that has died.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from queue import SimpleQueue
from typing import Any

import numpy as np

from ...random import manual_seed
from .fetching import Fetching
from .messages import Ended, Failure, send

AGAIN = "again"  # what a worker is sent, in the place of numbers, before those of a new pass


@dataclass(frozen=True)
class WorkerInfo:
    """Of a worker: its number, how many there are, its seed, and its copy of the dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


@dataclass(frozen=True)
class Job:
    """What the workers of a loader have in common."""

    fetching: Fetching
    num_workers: int
    base_seed: int
    init_fn: Callable[[int], None] | None


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process its ``id``, ``num_workers``, ``seed`` and ``dataset``; None in the main process.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info
    """
    return _info


def run(pipe: Connection, others: Iterable[Connection], job: Job, number: int) -> None:
    """Be worker ``number`` until the main process sends None.

    ``others`` are ends of pipes that a forked process has inherited. They are closed, for as long as anybody has them
    open the processes at the other ends cannot tell whether the main process is still there.
    """
    for other in others:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process, which stops its workers then
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    tasks: SimpleQueue[Any] = SimpleQueue()
    stopped = threading.Event()
    threading.Thread(target=_listen, args=(pipe, tasks, stopped), daemon=True).start()
    _introduce(job, number)
    fetch = _begin(job, number, job.init_fn)
    while (task := tasks.get()) is not None and not stopped.is_set():
        if task == AGAIN:
            fetch = _begin(job, number)
        else:
            place, indices = task
            _send(pipe, place, _answer(job, number, fetch, indices), number)


def _introduce(job: Job, number: int) -> None:
    """Tell the process which worker it is, and seed all generators, each differently in each worker."""
    global _info
    seed = job.base_seed + number
    _info = WorkerInfo(number, job.num_workers, seed, job.fetching.dataset)
    random.seed(seed)
    manual_seed(seed)
    entropy = [number, job.base_seed % 2**32, job.base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(entropy).generate_state(4))


def _listen(pipe: Connection, tasks: SimpleQueue[Any], stopped: threading.Event) -> None:
    """Pass on what the main process sends, up to the None at its end. If it dies before, so does this process."""
    try:
        while (task := pipe.recv()) is not None:
            tasks.put(task)
    except (EOFError, OSError):
        os._exit(1)
    stopped.set()
    tasks.put(None)


def _begin(job: Job, number: int, init_fn: Callable[[int], None] | None = None) -> Callable[[Any], Any]:
    """A function that makes batches; if it cannot be had, one that raises the reason."""
    try:
        if init_fn is not None:
            init_fn(number)
        return job.fetching.begin()
    except Exception as error:
        reason = error

    def fetch(indices: Any) -> Any:
        raise reason

    return fetch


def _answer(job: Job, number: int, fetch: Callable[[Any], Any], indices: Any) -> Any:
    try:
        return fetch(indices)
    except Exception as error:
        ended = job.fetching.iterable and isinstance(error, StopIteration)
        return Ended() if ended else Failure(error, number)


def _send(pipe: Connection, place: int, answer: Any, number: int) -> None:
    try:
        send(pipe, (place, answer))
    except Exception as error:  # of pickle's: had the main process died, so would this one have
        error.add_note("What a worker makes of its samples is sent to the main process, so it must be picklable.")
        send(pipe, (place, Failure(error, number)))
