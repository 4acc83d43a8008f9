"""What workers send to the main process: batches, and what else there may be to tell."""

from __future__ import annotations

import pickle
import traceback
from multiprocessing.connection import Connection
from typing import Any

import numpy as np


def send(connection: Connection, value: Any) -> None:
    """Send what can be pickled. The memory of arrays goes beside the pickle, without being copied into it.

    Raises what pickle raises, before anything has been sent.
    """
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    blocks = [buffer.raw() for buffer in buffers]
    connection.send((head, [block.nbytes for block in blocks]))
    for block in blocks:
        connection.send_bytes(block)


def receive(connection: Connection) -> Any:
    """What ``send`` has sent at the other end. Raises EOFError or OSError when that end is no more."""
    head, sizes = connection.recv()
    blocks = [np.empty(size, np.uint8) for size in sizes]  # which belong to the arrays from now on
    for block in blocks:
        connection.recv_bytes_into(block.data)
    return pickle.loads(head, buffers=blocks)


class Ended:
    """The answer of a worker whose iterable dataset has come to its end."""


class Failure:
    """The answer of a worker in which something has been raised: the type of the error, and its traceback as text."""

    def __init__(self, error: Exception, worker: int) -> None:
        text = "".join(traceback.format_exception(error))
        self.text = f"Caught {type(error).__name__} in DataLoader worker process {worker}.\nOriginal {text}"
        self.kind = type(error) if _found_by_name(type(error)) else RuntimeError

    def error(self) -> Exception:
        """An error of the same type if one can be made of a text. (StopIteration would only end the loop.)"""
        if issubclass(self.kind, StopIteration):
            return RuntimeError(self.text)
        try:
            return self.kind(_Verbatim(self.text) if issubclass(self.kind, KeyError) else self.text)
        except Exception:
            return RuntimeError(self.text)


class _Verbatim(str):
    """A text that KeyError, which shows the ``repr`` of its argument, shows as it is."""

    def __repr__(self) -> str:
        return str(self)


def _found_by_name(kind: type) -> bool:
    """Whether pickle finds a class by its name; not so if it has been defined within a function."""
    try:
        pickle.dumps(kind)
    except Exception:
        return False
    return True
