"""The worker processes of a loader, as the main process sees them.

Each has a pipe of its own, on which it takes turns with nobody: so the death of one leaves no lock behind that others
wait for, and shows as the end of its pipe.
"""

from __future__ import annotations

import os
import signal
import time
import weakref
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from .messages import receive
from .worker import Job, run

GRACE = 5.0  # seconds for what a worker has begun when it is to stop
_GLANCE = 1.0  # seconds between looks whether workers live, in case that others hold the dead one's pipe open


class Pool:
    """Running worker processes. They end with the pool, at the latest when Python does."""

    def __init__(self, context: Any, job: Job) -> None:
        self._pipes: list[Connection] = []
        self._processes: list[Any] = []
        self.stop = weakref.finalize(self, _stop, os.getpid(), self._pipes, self._processes)
        for number in range(job.num_workers):
            self._start(context, job, number)

    def _start(self, context: Any, job: Job, number: int) -> None:
        here, there = context.Pipe()
        inherited = [*self._pipes, here] if context.get_start_method() == "fork" else []
        process = context.Process(target=run, args=(there, inherited, job, number), daemon=True)
        try:
            process.start()
        except Exception as error:
            self.stop()
            here.close()
            error.add_note(
                "DataLoader: where workers are not forked, dataset, collate_fn, worker_init_fn and what they refer to "
                "must be picklable: functions and classes at the top of a module, no lambdas. Or give "
                'multiprocessing_context="fork".'
            )
            raise
        finally:
            there.close()
        self._pipes.append(here)
        self._processes.append(process)

    def send(self, worker: int, task: Any) -> None:
        """Send a worker something to do."""
        try:
            self._pipes[worker].send(task)
        except OSError:
            raise self._death(worker) from None

    def receive(self, timeout: float = 0) -> tuple[int, Any] | None:
        """A worker and its answer, as soon as there is one; None if there is none within ``timeout`` seconds, if any.

        Raises RuntimeError when a worker has died.
        """
        end = time.monotonic() + timeout if timeout else float("inf")
        while not (ready := wait(self._pipes, min(_GLANCE, max(end - time.monotonic(), 0)))):
            for worker, process in enumerate(self._processes):
                if not process.is_alive():
                    raise self._death(worker)
            if time.monotonic() >= end:
                return None
        worker = self._pipes.index(ready[0])  # type: ignore[arg-type]
        try:
            return worker, receive(self._pipes[worker])
        except (EOFError, OSError):
            raise self._death(worker) from None

    def _death(self, worker: int) -> RuntimeError:
        process = self._processes[worker]
        process.join(_GLANCE)
        reason = f"exit code {process.exitcode}"
        killer = next((s.name for s in signal.Signals if s == -(process.exitcode or 0)), None)
        if killer:
            reason += f", {killer}" + ("; was memory exhausted?" if killer == "SIGKILL" else "")
        return RuntimeError(f"DataLoader worker (pid(s) {process.pid}) exited unexpectedly: worker {worker}, {reason}")


def _stop(owner: int, pipes: list[Connection], processes: list[Any]) -> None:
    """Let workers end, and those that do not within ``GRACE`` be ended. What they still send is thrown away."""
    if os.getpid() != owner:  # in a forked process, which has no right to it
        return
    end = time.monotonic() + GRACE
    for pipe in pipes:
        with suppress(OSError):
            pipe.send(None)
    speaking = list(pipes)
    while speaking and (left := end - time.monotonic()) > 0 and any(process.is_alive() for process in processes):
        for pipe in wait(speaking, min(_GLANCE, left)):
            try:
                pipe.recv_bytes()  # type: ignore[union-attr]
            except (EOFError, OSError):
                speaking.remove(pipe)  # type: ignore[arg-type]
    for process in processes:
        process.join(max(end - time.monotonic(), 0))
        if process.is_alive():
            process.kill()
            process.join()
    for pipe in pipes:
        pipe.close()
