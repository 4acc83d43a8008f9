"""Samplers: in which order the samples of a dataset come, with PyTorch's shuffles for the same seed."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from ... import dtypes
from ... import random as rng_module
from ...ops.creation import as_tensor
from ...ops.sampling import multinomial
from ...random import Generator

Choice = TypeVar("Choice", covariant=True)

_AT_ONCE = 32  # numbers with replacement are drawn so many at a time


class Sampler(Generic[Choice]):
    """An order of samples: a subclass defines ``__iter__``, which gives their numbers, and mostly ``__len__``.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Sampler
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__}: subclasses of Sampler should implement __iter__")


class SequentialSampler(Sampler[int]):
    """0, 1, 2, ... up to the length of ``data_source``.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.SequentialSampler
    """

    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """The numbers of ``data_source`` in random order, or with ``replacement`` each drawn from all.

    ``num_samples`` is how many, by default the length of ``data_source``; without replacement one permutation follows
    upon the other. Without a ``generator``, each pass has its own, whose seed comes from the default one.

    Raises TypeError or ValueError unless ``replacement`` is a bool and ``num_samples`` a positive int.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler

    >>> import microgradnp
    >>> from microgradnp.utils.data import RandomSampler
    >>> _ = microgradnp.manual_seed(0)
    >>> list(RandomSampler(range(5)))
    [1, 3, 4, 2, 0]
    """

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        self._num_samples = num_samples
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                f"num_samples should be a positive integer value, but got num_samples={self.num_samples} (by default "
                "the length of the dataset)"
            )

    @property
    def num_samples(self) -> int:
        """How many numbers a pass gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n, total = len(self.data_source), self.num_samples
        generator = self.generator
        if generator is None:
            generator = Generator().manual_seed(new_seed())
        if self.replacement:
            for start in range(0, total, _AT_ONCE):
                yield from generator.integers(0, n, min(_AT_ONCE, total - start)).tolist()
            return
        for _ in range(total // n):
            yield from generator.permutation(n).tolist()
        yield from generator.permutation(n).tolist()[: total % n]  # drawn even if none of it is needed, as by PyTorch

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The elements of ``indices`` in random order.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.SubsetRandomSampler
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def __iter__(self) -> Iterator[int]:
        source = rng_module.source(self.generator, None, "SubsetRandomSampler")
        for i in source.permutation(len(self.indices)).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """``num_samples`` numbers drawn in proportion to their ``weights``, which need not add up to 1.

    Raises ValueError unless ``num_samples`` is a positive int, ``replacement`` a bool, ``weights`` one-dimensional.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler

    >>> from microgradnp.utils.data import WeightedRandomSampler
    >>> list(WeightedRandomSampler([0.0, 3.0, 0.0], 4))
    [1, 1, 1, 1]
    """

    def __init__(
        self, weights: Any, num_samples: int, replacement: bool = True, generator: Generator | None = None
    ) -> None:
        _check_positive(num_samples, "num_samples")
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights: Any = as_tensor(weights, dtype=dtypes.float64)
        if self.weights.ndim != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self) -> Iterator[int]:
        drawn = multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """What ``sampler`` gives, in lists of ``batch_size``; the last may be shorter, or with ``drop_last`` is left out.

    Raises ValueError unless ``batch_size`` is a positive int and ``drop_last`` a bool.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.BatchSampler

    >>> from microgradnp.utils.data import BatchSampler
    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        _check_positive(batch_size, "batch_size")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[Any]]:
        samples = iter(self.sampler)
        least = self.batch_size if self.drop_last else 1
        while len(batch := list(itertools.islice(samples, self.batch_size))) >= least:
            yield batch

    def __len__(self) -> int:
        samples: Any = self.sampler
        return (len(samples) + (0 if self.drop_last else self.batch_size - 1)) // self.batch_size


def new_seed(generator: Generator | None = None) -> int:
    """A seed drawn from a generator, by default the default one, as PyTorch's loaders and samplers draw theirs."""
    return int(rng_module.source(generator, None, "DataLoader").bits((), dtypes.int64))


def _check_positive(value: Any, name: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")
