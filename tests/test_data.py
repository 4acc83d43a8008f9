"""``utils.data``: what a loader gives, and that worker processes neither hang nor stay, whatever happens to them."""

from __future__ import annotations

import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.utils import data
from microgradnp.utils.data import DataLoader, pool

# From Python 3.12 on, forking warns when there are threads, such as those of BLAS; the tests of this file fork.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


# In this process


def test_tensors_in_batches():
    x, y = mg.arange(10.0).reshape(5, 2), mg.arange(5)
    batches = list(DataLoader(data.TensorDataset(x, y), batch_size=2))
    assert [(a.tolist(), b.tolist()) for a, b in batches] == [
        ([[0.0, 1.0], [2.0, 3.0]], [0, 1]), ([[4.0, 5.0], [6.0, 7.0]], [2, 3]), ([[8.0, 9.0]], [4])
    ]  # fmt: skip
    batches[0][0].zero_()
    assert x[0].tolist() == [0.0, 1.0]


def test_a_subclass_of_tensor_dataset_makes_its_own_samples():
    class Doubled(data.TensorDataset):
        def __getitem__(self, index):
            return tuple(2 * part for part in super().__getitem__(index))

    (batch,) = DataLoader(Doubled(mg.arange(3)), batch_size=3)
    assert batch[0].tolist() == [0, 2, 4]


def test_shuffles_are_pytorchs():
    mg.manual_seed(0)
    loader = DataLoader(range(8), batch_size=4, shuffle=True)
    epochs = [[batch.tolist() for batch in loader] for _ in range(2)]
    assert epochs == [[[2, 0, 5, 3], [1, 4, 7, 6]], [[0, 3, 7, 1], [6, 2, 5, 4]]]


def test_length_is_what_a_progress_bar_needs():
    loader = DataLoader(range(7), batch_size=3)
    assert len(loader) == len(iter(loader)) == len(list(loader)) == 3
    assert len(DataLoader(range(7), batch_size=3, drop_last=True)) == 2


def test_an_iterable_dataset_that_is_longer_than_it_says_is_reported():
    class Stream(data.IterableDataset):
        def __iter__(self):
            return iter(range(3))

        def __len__(self):
            return 2

    loader = DataLoader(Stream(), batch_size=None)
    assert list(loader) == [0, 1, 2]  # nobody has asked yet
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="reported to be 2"):
        list(loader)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": 3}, "timeout option needs num_workers > 0"),
        ({"persistent_workers": True}, "persistent_workers option needs num_workers > 0"),
        ({"num_workers": 1, "prefetch_factor": 0}, "positive, got 0"),
        ({"shuffle": True, "sampler": [1]}, "sampler option is mutually exclusive with shuffle"),
        ({"pin_memory_device": "cuda"}, "'cuda' is not there"),
    ],
    ids=str,
)
def test_arguments_without_effect_or_sense_raise(options, message):
    with pytest.raises(ValueError, match=message):
        DataLoader([1], **options)


def test_what_cannot_be_collated_says_what_to_do():
    with pytest.raises(TypeError, match=r"found <class 'NoneType'>; give a collate_fn"):
        next(iter(DataLoader([None])))
    with pytest.raises(RuntimeError, match=r"got sizes \[2, 1\]; give a collate_fn that pads"):
        data.default_collate([[1, 2], [3]])


def test_a_type_of_ones_own_can_be_collated():
    functions = {**data.collate.default_collate_fn_map, set: lambda batch, *, collate_fn_map: set.union(*batch)}
    batch = data.collate.collate([({1}, 2), ({3}, 4)], collate_fn_map=functions)
    assert batch[0] == {1, 3} and batch[1].tolist() == [2, 4]


def test_a_loader_pickles():
    loader = pickle.loads(pickle.dumps(DataLoader(range(4), batch_size=2)))
    assert [batch.tolist() for batch in loader] == [[0, 1], [2, 3]]


@pytest.mark.slow
def test_importing_the_package_does_not_import_it():
    code = "import microgradnp, sys; print('microgradnp.utils.data' in sys.modules, 'multiprocessing' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False False\n"


# With workers


class Arrays(data.Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, i):
        return mg.full((2, 3), i + 0.5), {"array": np.full(2, i, np.float32), "name": str(i)}


def test_workers_send_batches_in_order_that_belong_to_the_main_process():
    ours, theirs = (list(DataLoader(Arrays(), batch_size=2, num_workers=n)) for n in (2, 0))
    for (x, rest), (expected, others) in zip(ours, theirs, strict=True):
        assert x.tolist() == expected.tolist() and x.dtype == expected.dtype
        assert rest["array"].tolist() == others["array"].tolist() and rest["name"] == others["name"]
        x.requires_grad_().mul(2).sum().backward()
        x.detach().zero_()
        rest["array"].add_(1)


class Failing(data.Dataset):
    """Sample 3 does something else."""

    def __init__(self, act, n=6):
        self.act, self.n = act, n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return self.act() if i == 3 else i


def fail(error):
    raise error


def test_an_error_in_a_worker_is_raised_with_its_traceback_and_the_loop_may_go_on():
    batches, seen = iter(DataLoader(Failing(lambda: fail(KeyError("three"))), num_workers=1)), []
    with pytest.raises(KeyError, match=r"(?s)Caught KeyError in DataLoader worker process 0\.\n.*in fail\n.*'three'"):
        while True:
            seen.append(next(batches).item())
    assert seen == [0, 1, 2]
    assert [batch.item() for batch in batches] == [4, 5]


class Fussy(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


def local_error():
    class Local(Exception):
        pass

    return Local("own")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("act", "kind", "text"),
    [
        (lambda: fail(ValueError("own")), ValueError, "Caught ValueError in DataLoader worker process .*own"),
        (lambda: fail(Fussy("own", 2)), RuntimeError, "Caught Fussy .*own"),
        (lambda: fail(local_error()), RuntimeError, "Caught Local .*own"),
        (lambda: fail(StopIteration("own")), RuntimeError, "Caught StopIteration .*own"),
        (lambda: fail(UnicodeDecodeError("utf8", b"", 0, 1, "own")), RuntimeError, "Caught UnicodeDecodeError .*own"),
        (lambda: lambda: 0, (TypeError, AttributeError, pickle.PicklingError), "must be picklable"),
        (lambda: os._exit(7), RuntimeError, r"worker \(pid\(s\) \d+\) exited unexpectedly: worker \d, exit code 7"),
        (lambda: sys.exit(8), RuntimeError, "exited unexpectedly: worker ., exit code 8"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), RuntimeError, "exit code -9, SIGKILL; was memory exhausted"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), RuntimeError, "exit code -15, SIGTERM"),
    ],
)
@pytest.mark.parametrize("num_workers", [1, 2])
def test_whatever_happens_in_a_worker_is_raised(num_workers, act, kind, text):
    with pytest.raises(kind, match=f"(?s){text}"):
        list(DataLoader(Failing(act), None, num_workers=num_workers))
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_a_worker_that_is_killed_while_nothing_is_asked_for():
    batches = iter(DataLoader(range(100), num_workers=2))
    next(batches)
    os.kill(multiprocessing.active_children()[0].pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match="SIGKILL"):
        list(batches)
    assert list(batches) == []


@pytest.mark.slow
def test_a_function_that_fails_at_the_start():
    loader = DataLoader(range(3), num_workers=1, worker_init_fn=lambda i: fail(OSError(f"no file for {i}")))
    with pytest.raises(OSError, match="no file for 0"):
        next(iter(loader))

    class Closed(data.IterableDataset):
        def __iter__(self):
            raise OSError("closed")

    with pytest.raises(OSError, match="closed"):
        next(iter(DataLoader(Closed(), num_workers=1)))


@pytest.mark.slow
def test_more_than_a_pipe_holds_in_both_directions():
    numbers = list(range(200_000))  # of which a batch of indices and a batch of samples are megabytes
    loader = DataLoader(numbers, batch_size=100_000, num_workers=2, prefetch_factor=3)
    for _ in range(2):
        assert [batch.sum().item() for batch in loader] == [4999950000, 14999950000]


@pytest.fixture
def patience(monkeypatch):
    """Time enough for workers that stop by themselves, so that none is killed only because the machine is busy."""
    monkeypatch.setattr(pool, "GRACE", 60)


def workers_of(batches):
    """The processes of an iterator."""
    return list(batches._pool._processes)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"persistent_workers": True}], ids=str)
def test_an_iterator_that_is_dropped_stops_its_workers(options, patience):
    for _ in range(3):
        loader = DataLoader([mg.zeros(10**6)] * 50, num_workers=2, **options)
        batches = iter(loader)
        next(batches)
        processes = workers_of(batches)
        del batches, loader
        assert [process.exitcode for process in processes] == [0, 0]


@pytest.mark.slow
def test_a_worker_that_is_stopped_leaves_what_it_has_not_begun(patience):
    made = multiprocessing.Value("i", 0)

    class Counted(data.Dataset):
        def __len__(self):
            return 200

        def __getitem__(self, i):
            time.sleep(0.02)
            made.value += 1
            return i

    batches = iter(DataLoader(Counted(), num_workers=1, prefetch_factor=200))
    next(batches)
    (process,) = workers_of(batches)
    del batches
    assert process.exitcode == 0 and made.value < 200


@pytest.mark.slow
def test_a_worker_that_does_not_stop_is_stopped(monkeypatch):
    monkeypatch.setattr(pool, "GRACE", 0.2)
    batches = iter(DataLoader(Failing(lambda: time.sleep(600)), num_workers=1, prefetch_factor=4))
    next(batches)
    time.sleep(0.2)
    del batches
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_a_batch_that_takes_too_long():
    batches = iter(DataLoader(Failing(lambda: time.sleep(1) or 3, 4), num_workers=1, timeout=0.3))
    assert [next(batches).item() for _ in range(3)] == [0, 1, 2]
    with pytest.raises(RuntimeError, match=r"timed out after 0\.3 seconds, waiting for worker 0"):
        next(batches)
    time.sleep(1)
    assert next(batches).item() == 3


@pytest.mark.slow
def test_workers_that_persist():
    class Where(data.Dataset):
        def __len__(self):
            return 40

        def __getitem__(self, i):
            return i, os.getpid()

    loader = DataLoader(Where(), num_workers=2, persistent_workers=True)
    next(iter(loader))  # left in the middle
    passes = [[(i.item(), pid.item()) for i, pid in loader] for _ in range(2)]
    assert [i for i, _ in passes[0]] == [i for i, _ in passes[1]] == list(range(40))
    assert len({pid for numbers in passes for _, pid in numbers}) == 2
    os.kill(passes[0][0][1], signal.SIGKILL)
    with pytest.raises(RuntimeError, match="SIGKILL"):
        list(loader)
    assert [i.item() for i, _ in loader] == list(range(40))  # by new workers


@pytest.mark.slow
def test_iterable_datasets_of_workers_that_persist_begin_anew():
    class Stream(data.IterableDataset):
        def __iter__(self):
            info = data.get_worker_info()
            return iter(range(info.id, 20, info.num_workers))

    loader = DataLoader(Stream(), 3, num_workers=2, persistent_workers=True)
    next(iter(loader))
    for _ in range(2):
        assert sorted(number for batch in loader for number in batch.tolist()) == list(range(20))


@pytest.mark.slow
def test_out_of_order_the_slow_one_comes_last():
    loader = DataLoader(Failing(lambda: time.sleep(0.5) or 3), num_workers=2, in_order=False)
    batches = [batch.item() for batch in loader]
    assert sorted(batches) == list(range(6)) and batches[-1] == 3


@pytest.mark.slow
def test_loaders_side_by_side_and_in_threads(patience):
    first = DataLoader(range(30), num_workers=2, persistent_workers=True)
    running = iter(first)
    next(running)
    second = iter(DataLoader(range(30), num_workers=2))  # forked with the ends of the first one's pipes
    next(second)
    processes = workers_of(running)
    del first, running
    assert [process.exitcode for process in processes] == [0, 0]
    assert sum(1 for _ in second) == 29
    counts = []
    threads = [threading.Thread(target=lambda: counts.append(len(list(DataLoader(range(9), num_workers=2)))))
               for _ in range(3)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [9, 9, 9]


@pytest.mark.slow
def test_a_process_forked_in_the_middle_of_a_draw_can_draw():
    drawing, enough = threading.Event(), threading.Event()

    def draw():
        with mg.default_generator._lock:
            drawing.set()
            enough.wait()

    threading.Thread(target=draw).start()
    drawing.wait()
    threading.Timer(0.2, enough.set).start()
    process = multiprocessing.get_context("fork").Process(target=mg.manual_seed, args=(1,), daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode == 0


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="descriptors are counted in /proc")
def test_nothing_is_left_open():
    def descriptors():
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    list(DataLoader(range(4), num_workers=2))
    before = descriptors()
    for _ in range(5):
        list(DataLoader(range(4), num_workers=2))
        next(iter(DataLoader(range(4), num_workers=2)))
    assert descriptors() == before


@pytest.mark.slow
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_that_are_not_forked(method):
    loader = DataLoader(Arrays(), batch_size=2, num_workers=1, multiprocessing_context=method)
    assert [x[:, 0, 0].tolist() for x, _ in loader] == [[0.5, 1.5], [2.5, 3.5], [4.5]]
    for context in (method, multiprocessing.get_context(method)):
        loader = DataLoader(Failing(lambda: 0), num_workers=1, multiprocessing_context=context)
        with pytest.raises((AttributeError, TypeError, pickle.PicklingError)) as caught:
            iter(loader)
        assert "must be picklable" in caught.value.__notes__[0]
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_more_workers_than_processors_warn():
    with pytest.warns(UserWarning, match="will create 999 worker processes"):
        DataLoader([1], num_workers=999)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DataLoader([1], num_workers=1)


# Processes that end

PROGRAM = """
import os, signal, sys, time
from microgradnp.utils.data import DataLoader, Dataset

class Pids(Dataset):
    def __len__(self):
        return 1000

    def __getitem__(self, i):
        time.sleep(0.01)
        return os.getpid()

batches = iter(DataLoader(Pids(), num_workers=2))
print(*{next(batches).item() for _ in range(8)}, flush=True)
"""

ENDS = {
    "at the end of the program": ("", 0, ""),
    "by an error": ("raise ValueError('own')", 1, "ValueError: own"),
    "by sys.exit": ("sys.exit(3)", 3, ""),
    "by a signal": ("os.kill(os.getpid(), signal.SIGKILL)", -9, ""),
    "by Ctrl-C": ("os.killpg(0, signal.SIGINT); list(batches)", -2, "KeyboardInterrupt"),
    "in a cycle": ("cycle = [batches]; cycle.append(cycle); del batches", 0, ""),
}


def lives(pid):
    """Whether a process runs; one that has ended may still be on the list."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(("end", "code", "error"), ENDS.values(), ids=ENDS)
def test_workers_end_with_the_program(end, code, error):
    program = [sys.executable, "-c", PROGRAM + end]
    done = subprocess.run(program, capture_output=True, text=True, start_new_session=True, timeout=60)
    assert done.returncode == code
    assert done.stderr.strip().endswith(error) and ("Traceback" in done.stderr) == bool(error)
    assert done.stderr.count("Traceback") <= 1  # none of a worker's
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2
    for _ in range(6000):
        if not any(map(lives, pids)):
            return
        time.sleep(0.01)
    raise AssertionError("workers live on")
