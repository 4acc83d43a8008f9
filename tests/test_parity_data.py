"""``utils.data`` beside PyTorch's: the same program with the same outcome, the random stream left at the same place."""

from __future__ import annotations

import itertools
import random
import warnings
from collections import OrderedDict, UserDict, UserList, namedtuple
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

import microgradnp as mg

torch: Any = pytest.importorskip("torch")

LIBRARIES = (torch, mg)
Point = namedtuple("Point", ["x", "y"])


def plain(value: Any) -> Any:
    """A result as something that compares: its types and values."""
    if isinstance(value, (torch.Tensor, mg.Tensor)):
        return str(value.dtype).removeprefix("torch."), tuple(value.shape), value.tolist()
    if isinstance(value, np.ndarray):
        return "ndarray", str(value.dtype), value.tolist()
    if isinstance(value, (dict, UserDict, MappingProxyType)):
        return type(value).__name__, {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, UserList)):
        return type(value).__name__, [plain(item) for item in value]
    return type(value).__name__, str(value)


def outcome(library: Any, source: str) -> tuple[Any, Any, list[str]]:
    """What an expression gives, or the type of its error; the number that is drawn next; the categories of warnings."""
    data = library.utils.data
    names = {"t": library, "data": data, "np": np, "itertools": itertools, "Point": Point, "OrderedDict": OrderedDict}
    names |= {"UserDict": UserDict, "UserList": UserList, "MappingProxyType": MappingProxyType}
    names |= {"gen": library.Generator().manual_seed(11), "__name__": "program"} | datasets(library)
    library.manual_seed(7)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        *first, last = source.split("; ")
        try:
            exec("\n".join(first), names)
            result = plain(eval(last, names))
        except Exception as error:
            result = next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
    state = library.randint(2**31, (2,)).tolist(), library.randint(2**31, (1,), generator=names["gen"]).tolist()
    return result, state, [w.category.__name__ for w in caught]


def datasets(library: Any) -> dict[str, Any]:
    """Datasets of each library, under names for programs."""
    data = library.utils.data

    class Squares(data.Dataset):
        def __init__(self, n: int = 7) -> None:
            self.n = n

        def __len__(self) -> int:
            return self.n

        def __getitem__(self, i: int) -> Any:
            if not 0 <= i < self.n:
                raise IndexError(i)
            return i * i

    class Many(Squares):
        def __getitems__(self, indices: Any) -> Any:
            return [-self[i] for i in indices]

    class Wrong(Squares):
        def __getitems__(self, indices: Any) -> Any:
            return [0]

    class Stream(data.IterableDataset):
        def __init__(self, n: int = 7) -> None:
            self.n = n

        def __iter__(self) -> Any:
            return iter(range(self.n))

    class Sized(Stream):
        def __len__(self) -> int:
            return self.n - 3

    class Greedy(data.Sampler):  # it draws when a pass begins, not when its first number is asked for
        def __iter__(self) -> Any:
            return iter(library.randperm(5).tolist())

        def __len__(self) -> int:
            return 5

    class Half(data.Subset):
        def __getitem__(self, i: int) -> Any:
            return self.dataset[i] / 2

    pair = data.TensorDataset(library.arange(5), library.arange(10.0).reshape(5, 2))
    return {"Squares": Squares, "Many": Many, "Wrong": Wrong, "Stream": Stream, "Sized": Sized, "Greedy": Greedy,
            "Half": Half, "pair": pair, "load": data.DataLoader}  # fmt: skip


def assert_same(source: str) -> None:
    theirs, ours = (outcome(library, source) for library in LIBRARIES)
    assert ours == theirs, f"{source}\nmicrogradnp: {ours}\nPyTorch:     {theirs}"


DATASETS = """
len(pair), pair[3], pair[-1], pair[[0, 2]], pair[1:3]
data.TensorDataset(t.ones(2), t.ones(3))
data.TensorDataset(t.ones(2))[2]
data.TensorDataset(t.tensor(1.0))
data.TensorDataset()[0]
len(data.TensorDataset())
data.Dataset()[0]
len(data.Dataset())
iter(data.IterableDataset())
list(Stream() + Stream(2))
list(Squares() + Squares(2))
[(Squares() + Squares(2))[i] for i in (0, 6, 7, 8, -1, -2, -9)]
(Squares() + Squares(2))[9]
(Squares() + Squares(2))[-10]
data.ConcatDataset(iter([Squares(2), range(3)])).cumulative_sizes
data.ConcatDataset([])
data.ConcatDataset([Stream()])
len(data.ChainDataset([Sized(), Sized(4)]))
len(data.ChainDataset([Stream()]))
list(data.ChainDataset([Stream(), Squares()]))
data.StackDataset(Squares(), range(7))[2]
data.StackDataset(a=Squares(), b=range(7))[2]
data.StackDataset(Squares(), Many(), range(7)).__getitems__([2, 4])
data.StackDataset(a=Many(), b=range(7)).__getitems__([2, 4])
data.StackDataset(Wrong()).__getitems__([2, 4])
data.StackDataset(a=Wrong()).__getitems__([2, 4])
data.StackDataset(Squares(), range(6))
data.StackDataset(a=Squares(), b=range(6))
data.StackDataset(Squares(), b=range(6))
data.StackDataset()
len(data.StackDataset(pair, range(5)))
data.Subset(pair, [3, 1])[0], data.Subset(pair, [3, 1])[-1], len(data.Subset(pair, [3, 1]))
data.Subset(pair, [3, 1])[[0, 1]]
data.Subset(Many(), [3, 1, 2]).__getitems__([2, 0])
data.Subset(Squares(), [3, 1, 2]).__getitems__([2, 0])
Half(Squares(), [1, 2])
[list(part) for part in data.random_split(range(10), [3, 7])]
[list(part) for part in data.random_split(range(10), [3, 7], generator=gen)]
[list(part) for part in data.random_split(range(10), (0.3, 0.3, 0.4), gen)]
[list(part) for part in data.random_split(range(11), [0.5, 0.25, 0.25])]
[part.indices for part in data.random_split(range(2), [0.9, 0.1])]
[part.indices for part in data.random_split(range(3), [0.25] * 4)]
data.random_split(range(10), [3, 6])
data.random_split(range(10), [1.5, -0.5])
data.random_split(range(10), [0.5, 0.4])
[part.indices for part in data.random_split(range(1), [1])]
[part.indices for part in data.random_split(range(0), [])]
[part.indices for part in data.random_split(range(3), [1, 2, 0], None)]
"""

SAMPLERS = """
list(data.SequentialSampler(range(4))), len(data.SequentialSampler(range(4)))
list(data.RandomSampler(range(10)))
list(data.RandomSampler(range(10), generator=gen))
list(data.RandomSampler(range(10), num_samples=25, generator=gen))
list(data.RandomSampler(range(10), num_samples=3, generator=gen))
list(data.RandomSampler(range(10), True, 70))
list(data.RandomSampler(range(10), True, 64, gen))
list(data.RandomSampler(range(10), True, generator=gen))
len(data.RandomSampler(range(10), num_samples=3)), data.RandomSampler(range(10), num_samples=3).num_samples
s = data.RandomSampler(range(10)); list(s), list(s)
s = iter(data.RandomSampler(range(10))); next(s)
s = iter(data.RandomSampler(range(10), generator=gen)); [next(s) for _ in range(10)]
data.RandomSampler([])
data.RandomSampler(range(3), 1)
data.RandomSampler(range(3), num_samples=0)
data.RandomSampler(range(3), num_samples=2.0)
data.RandomSampler(range(3), num_samples=-1)
list(data.SubsetRandomSampler([5, 3, 9])), len(data.SubsetRandomSampler([5, 3, 9]))
list(data.SubsetRandomSampler("abc", gen))
list(data.SubsetRandomSampler([]))
list(data.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5))
list(data.WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5, False, gen))
list(data.WeightedRandomSampler(t.tensor([1, 2]), 3, replacement=True)), len(data.WeightedRandomSampler([1], 3))
list(data.WeightedRandomSampler(np.array([1.0, 0.0], np.float32), 3))
list(data.WeightedRandomSampler([1.0], 3, False))
data.WeightedRandomSampler([[1.0]], 3)
data.WeightedRandomSampler([1.0], 0)
data.WeightedRandomSampler([1.0], True)
data.WeightedRandomSampler([1.0], 1, 1)
list(data.BatchSampler(range(7), 3, False)), len(data.BatchSampler(range(7), 3, False))
list(data.BatchSampler(range(7), 3, True)), len(data.BatchSampler(range(7), 3, True))
list(data.BatchSampler(iter("abcd"), 2, True))
list(data.BatchSampler(data.RandomSampler(range(6), generator=gen), 3, False))
list(data.BatchSampler(data.RandomSampler(range(6), generator=gen), 3, True))
list(data.BatchSampler([], 3, False))
len(data.BatchSampler(iter([]), 3, False))
data.BatchSampler(range(7), 0, False)
data.BatchSampler(range(7), True, False)
data.BatchSampler(range(7), 2.0, False)
data.BatchSampler(range(7), 2, 1)
iter(data.Sampler())
"""

COLLATING = """
[t.ones(2), t.zeros(2)]
(t.ones(2), t.zeros(2))
[t.ones(2), t.zeros(3)]
[t.ones(2, dtype=t.float64), t.zeros(2)]
[t.tensor(1), t.tensor(2)]
[np.ones(2), np.zeros(2)]
[np.ones(2, np.float32), np.zeros(2, np.float32)]
[np.array(1), np.array(2)]
[np.array([True, False])]
[np.array(["a"]), np.array(["b"])]
[np.array([None])]
[np.float32(1), np.float32(2)]
[np.float64(1), np.float64(2)]
[np.int32(1)]
[np.bool_(True)]
[1, 2]
[1, 2.5]
[1.5, 2]
[True, False]
[1.5]
["a", "b"]
[b"a", b"b"]
[None, None]
[{1, 2}]
[...]
[]
[(1, 2.0), (3, 4.0)]
[[1, 2.0], [3, 4.0]]
[[1, 2], [3]]
[(), ()]
[Point(1, "a"), Point(2, "b")]
[{"a": 1, "b": [1.0, "x"]}, {"a": 2, "b": [2.0, "y"]}]
[{"a": 1, "b": 2}, {"a": 1}]
[{"a": 1}, {"a": 1, "b": 2}]
[OrderedDict(a=1), OrderedDict(a=2)]
[UserDict(a=1), UserDict(a=2)]
[MappingProxyType({"a": 1}), MappingProxyType({"a": 2})]
[UserList([1, 2]), UserList([3, 4])]
[range(2), range(2)]
[(t.ones(1), {"k": (np.ones(2, np.float32), "s", 3)}), (t.zeros(1), {"k": (np.zeros(2, np.float32), "t", 4)})]
"""

LOADERS = """
list(load(pair)), len(load(pair))
list(load(pair, 2)), len(load(pair, 2))
list(load(pair, 2, drop_last=True)), len(load(pair, 2, drop_last=True))
list(load(pair, 2, True)), len(load(pair, 2, True))
list(load(pair, 2, shuffle=True, generator=gen))
d = load(pair, 2, True); list(d), list(d)
d = load(pair, 2, True, generator=gen); list(d), list(d)
i = iter(load(pair, 2, True)); t.rand(1), list(i)
i = iter(load(pair, 2, True)); next(i), t.rand(1), next(i)
i = iter(load(pair, 2, True, generator=gen)); next(i), t.rand(1, generator=gen), next(i)
i = iter(load(range(9), 2)); len(i), iter(i) is i, next(i)
i = iter(load(range(3), 2)); list(i), next(i, "end")
list(load(data.random_split(pair, [3, 2])[0], 2))
list(load(data.Subset(data.Subset(pair, [4, 3, -4]), [2, 0]), 2))
list(load(data.Subset(pair, t.tensor([4, 0])), 2)), list(load(pair, 2, sampler=t.tensor([4, 0])))
list(load(pair, 2, sampler=[True, -1])), list(load(pair, batch_sampler=[(0, 1), []]))
list(load(pair, 2, sampler=[0, 5]))
list(load(data.Subset(pair, [0]), 2, sampler=[1]))
list(load(data.TensorDataset(t.ones(2, 0), t.ones(2, dtype=t.bool)), 2))
list(load(data.TensorDataset(t.ones(2, 3).t(), t.ones(3, 3).half()), 3))
[b[0].requires_grad for b in load(data.TensorDataset(t.ones(2, requires_grad=True)), 2)]
list(load(pair, None)), len(load(pair, None))
list(load(pair, None, True))
list(load([np.ones(2), (1, np.zeros(1))], None))
list(load(pair, sampler=[3, 1])), len(load(pair, sampler=[3, 1]))
list(load(pair, 2, sampler=data.SubsetRandomSampler([3, 1, 0], gen)))
list(load(range(5), 2, sampler=Greedy()))
i = iter(load(range(5), 2, sampler=Greedy())); t.rand(1), list(i)
list(load(pair, batch_sampler=[[3, 1], [0]])), len(load(pair, batch_sampler=[[3, 1], [0]]))
list(load(range(6), batch_sampler=data.BatchSampler(data.RandomSampler(range(6)), 4, True)))
list(load(range(4), 2, collate_fn=sum))
list(load(range(4), None, collate_fn=str))
list(load(Squares(), 3)), list(load(Many(), 3)), list(load(Many(), None))
list(load({"a": 1, "b": 2}, sampler=["b", "a"]))
list(load({"a": 1, "b": 2}))
list(load([1, 2.5, "x"], 2))
list(load(Squares(), sampler=[1, 9]))
list(load(Stream(), 3)), list(load(Stream(), 3, drop_last=True)), list(load(Stream(), None))
list(load(Stream(0), 3)), list(load(Stream(), 7)), list(load(Stream(), 7, drop_last=True))
len(load(Stream(), 3))
d = load(Sized(), 3); len(d), list(d)
d = load(Sized(), 3, drop_last=True); len(d)
d = load(Sized()); len(d), list(d)
d = load(Sized(), None); len(d), list(d)
len(iter(load(Stream(), 3)))
load(Stream(), shuffle=True)
list(load(Stream(2), shuffle=False))
load(Stream(), sampler=[1])
load(Stream(), batch_sampler=[[1]])
load(pair, shuffle=True, sampler=[1])
load(pair, 2, batch_sampler=[[1]])
load(pair, batch_sampler=[[1]], shuffle=True)
load(pair, batch_sampler=[[1]], drop_last=True)
load(pair, batch_sampler=[[1]], sampler=[1])
load(pair, None, drop_last=True)
load(pair, 0)
load(pair, -1)
load(pair, 1.5)
load(pair, num_workers=-1)
load(pair, timeout=-1)
load(pair, prefetch_factor=2)
load(pair, num_workers=1, prefetch_factor=-1)
load(pair, persistent_workers=True)
load(pair, multiprocessing_context="fork")
load(pair, num_workers=1, multiprocessing_context="knife")
load(pair, num_workers=1, multiprocessing_context=3)
load([], shuffle=True)
list(load([])), len(load([]))
d = load(pair, 2); d.batch_size = 3
d = load(pair, 2); d.dataset = 3
d = load(pair, 2); d.collate_fn = len; d.timeout = 3; d.collate_fn([1, 2])
d = load(pair, 2, True); d.batch_size, d.drop_last, d.num_workers, d.timeout
d = load(pair, 2, True); d.prefetch_factor, d.pin_memory, d.in_order
d = load(pair, batch_sampler=[[1]]); d.batch_size, d.drop_last, d.batch_sampler, d.persistent_workers
d = load(pair, 2, num_workers=1); d.prefetch_factor, type(d.sampler).__name__, type(d.batch_sampler).__name__
d = load(pair, None); d.batch_sampler, d.collate_fn is data.default_convert
list(load(range(2), pin_memory=True))
data.get_worker_info()
list(load[int](range(2))), len(data.StackDataset[int](range(2)))
load(range(3), unknown=1)
"""


@pytest.mark.parametrize("source", (DATASETS + SAMPLERS + LOADERS).split("\n")[1:-1])
def test_what_programs_do(source):
    assert_same(source)


@pytest.mark.parametrize("batch", COLLATING.strip().splitlines())
def test_what_becomes_of_samples(batch):
    assert_same(f"data.default_collate({batch})")
    assert_same(f"data.default_convert({batch})")
    assert_same(f"list(data.DataLoader({batch}, batch_size=2))")


# With workers


class Draws:
    """Samples that tell what the generators of their process are drawing."""

    def __init__(self, library: Any) -> None:
        self.library = library

    def __len__(self) -> int:
        return 10

    def __getitem__(self, i: int) -> Any:
        info = self.library.utils.data.get_worker_info()
        numbers = self.library.rand(1).item(), random.random(), float(np.random.rand())
        return i, *numbers, info.id, info.num_workers, info.seed, float(info.dataset is self)


def shares(library: Any) -> Any:
    """An iterable dataset of which each worker has its share."""

    class Shares(library.utils.data.IterableDataset):
        def __init__(self, n: int) -> None:
            self.n = n

        def __iter__(self) -> Any:
            info = library.utils.data.get_worker_info()
            return iter(range(info.id, self.n, info.num_workers))

    return Shares


WORKERS = [
    {"num_workers": 2},
    {"num_workers": 1, "prefetch_factor": 1, "drop_last": True},
    {"num_workers": 2, "persistent_workers": True, "prefetch_factor": 3},
    {"num_workers": 2, "batch_size": None},
]


@pytest.mark.parametrize("options", WORKERS, ids=str)
def test_workers_draw_and_share_as_pytorchs(options):
    def epochs(library: Any) -> Any:
        library.manual_seed(3)
        generator = library.Generator().manual_seed(5)
        data, given = library.utils.data, {"batch_size": 3, **options}
        shuffled = data.DataLoader(Draws(library), shuffle=True, **given)
        first = [plain(list(shuffled)), library.rand(1).item(), plain(list(shuffled)), library.rand(1).item()]
        begun = iter(data.DataLoader(Draws(library), shuffle=True, generator=generator, **given))
        first += [library.rand(1, generator=generator).item(), plain(list(begun))]
        streamed = data.DataLoader(shares(library)(11), **given)
        return [*first, plain(list(streamed)), plain(list(streamed)), library.rand(1).item()]

    theirs, ours = map(epochs, LIBRARIES)
    assert ours == theirs
