"""Batches of sequences that are not all of one length: padded, packed, and apart.

A packed batch holds the rows that there are, step by step: of the longest sequence first, and of those that are still
there. ``abc`` and ``x`` are packed as ``axbc``, with the batch sizes 2, 1, 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Self

import numpy as np

from ... import dtypes
from ...autograd.scope import where as module_path
from ...ops.joining import cat, stack
from ...ops.recurrence import Ragged
from ...tensor import Tensor, make

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Fields):
    """A packed batch: made by ``pack_padded_sequence`` and ``pack_sequence``, and taken by all recurrent modules.

    ``data`` holds the rows, (total, ...), ``batch_sizes`` how many belong to each step. ``sorted_indices`` tells which
    sequence of the original batch stands in each place, ``unsorted_indices`` is its inverse; both are None for a batch
    that was sorted.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
    """

    __slots__ = ()

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> Self:  # fmt: skip
        if batch_sizes is None:
            if not isinstance(data, (list, tuple)) or len(data) != 2:
                raise AssertionError("PackedSequence: expected data and batch_sizes, or a pair of them")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """The same with ``data.to(...)`` for its data: itself, if that changes nothing."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._replace(data=data)

    def cpu(self) -> Self:
        """Itself: there is no other device."""
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> Self:
        """Raises a RuntimeError (an AssertionError, as in PyTorch without CUDA): the only device is "cpu"."""
        return self._replace(data=self.data.cuda(*args, **kwargs))  # type: ignore[attr-defined]

    def double(self) -> Self:
        """The same with data of float64."""
        return self.to(dtypes.float64)

    def float(self) -> Self:
        """The same with data of float32."""
        return self.to(dtypes.float32)

    def half(self) -> Self:
        """The same with data of float16."""
        return self.to(dtypes.float16)

    def long(self) -> Self:
        """The same with data of int64."""
        return self.to(dtypes.int64)

    def int(self) -> Self:
        """The same with data of int32."""
        return self.to(dtypes.int32)

    def short(self) -> Self:
        """The same with data of int16."""
        return self.to(dtypes.int16)

    def char(self) -> Self:
        """The same with data of int8."""
        return self.to(dtypes.int8)

    def byte(self) -> Self:
        """The same with data of uint8."""
        return self.to(dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """False."""
        return False

    def is_pinned(self) -> bool:
        """False."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes one; None for None.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.invert_permutation.html

    >>> import microgradnp
    >>> invert_permutation(microgradnp.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    inverse = np.empty_like(permutation._array)
    inverse[permutation._array] = np.arange(len(inverse))
    return make(inverse)


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch, (T, N, ...), or (N, T, ...) with ``batch_first``, of sequences of the given lengths.

    ``lengths`` is a tensor or a list. They must not increase, unless ``enforce_sorted`` is False: then the sequences
    are sorted, and ``sorted_indices`` tells how. Raises RuntimeError for lengths that are not sorted, below 1, longer
    than the batch, or not as many as there are sequences.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html

    >>> import microgradnp
    >>> packed = pack_padded_sequence(microgradnp.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 3, 2]), tensor([2, 1]))
    """
    given = np.asarray(lengths._array if isinstance(lengths, Tensor) else lengths).astype(np.int64)
    batch: Any = input.transpose(0, 1) if batch_first else input  # type: ignore[attr-defined]
    _check_lengths(given, batch)
    order = None
    if not enforce_sorted:
        order = make(np.argsort(-given, stable=True))
        given, batch = given[order._array], batch.index_select(1, order)
    elif (given[1:] > given[:-1]).any():
        raise RuntimeError(
            f"{module_path()}pack_padded_sequence: lengths must be sorted in decreasing order when enforce_sorted is "
            f"True, got {given.tolist()}; with enforce_sorted=False they are sorted for you"
        )
    sizes = (given[:, None] > np.arange(given[0])).sum(0)
    return PackedSequence(Ragged(sizes).packed(batch), make(sizes), order)


def _check_lengths(lengths: np.ndarray, batch: Any) -> None:
    if batch.ndim < 2:
        raise IndexError(f"pack_padded_sequence: expected a batch of shape (T, N, ...), got {tuple(batch.shape)}")
    if lengths.shape != (batch.shape[1],):
        raise RuntimeError(
            f"{module_path()}pack_padded_sequence: expected a length for each of {batch.shape[1]} sequences, got "
            f"lengths of shape {lengths.shape}; is batch_first right?"
        )
    if not lengths.size or lengths.min() <= 0 or lengths.max() > batch.shape[0]:
        raise RuntimeError(
            f"{module_path()}pack_padded_sequence: lengths must lie between 1 and the {batch.shape[0]} steps of the "
            f"batch, got {lengths.tolist()}"
        )


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Undo ``pack_padded_sequence``: the padded batch, (T, N, ...) or (N, T, ...), and the lengths of its sequences.

    With ``total_length`` it is padded to so many steps. Raises ValueError when the longest sequence is longer.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
    """
    longest = sequence.batch_sizes.shape[0]
    if total_length is not None and total_length < longest:
        raise ValueError(
            f"{module_path()}pad_packed_sequence: expected total_length to be at least the length of the longest "
            f"sequence, but got total_length={total_length} and a sequence of {longest}"
        )
    ragged = Ragged(sequence.batch_sizes._array, total_length or 0)
    padded, lengths = ragged.padded(sequence.data, value=padding_value), make(ragged.lengths)
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices]
    return padded.transpose(0, 1) if batch_first else padded, lengths


def pad_sequence(
    sequences: Tensor | Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Sequences (L, ...) of different lengths as one batch, (T, N, ...), or (N, T, ...) with ``batch_first``.

    The shorter ones are filled up with ``padding_value``, on the "right" or the "left". Raises RuntimeError when there
    is no sequence, or when more than their lengths differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html

    >>> import microgradnp
    >>> pad_sequence([microgradnp.tensor([1, 2]), microgradnp.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    given: list[Any] = list(sequences)
    if not given:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"pad_sequence: expected padding_side to be one of left or right, but got {padding_side}")
    for i, tensor in enumerate(given):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"pad_sequence: expected Tensor as element {i}, but got {type(tensor).__name__}")
        if not tensor.ndim or tensor.shape[1:] != given[0].shape[1:]:
            raise RuntimeError(
                f"{module_path()}pad_sequence: sequences may differ in their first size only, got shapes "
                f"{tuple(given[0].shape)} and {tuple(tensor.shape)}"
            )
    longest = max(tensor.shape[0] for tensor in given)
    padded = []
    for tensor in given:
        missing = (longest - tensor.shape[0], *tensor.shape[1:])
        parts = [tensor.to(given[0].dtype), make(np.full(missing, padding_value).astype(given[0].dtype))]
        padded.append(cat(parts if padding_side == "right" else parts[::-1]))
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch, each by itself. (PyTorch's function also leaves its argument transposed.)

    Raises ValueError unless there are as many lengths as sequences.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html
    """
    batch: Any = padded_sequences if batch_first else padded_sequences.transpose(0, 1)  # type: ignore[attr-defined]
    if len(lengths) != len(batch):
        raise ValueError(
            f"unpad_sequence: got {len(lengths)} lengths for {len(batch)} sequences; is batch_first right?"
        )
    return [batch[i, : int(length)].clone() for i, length in enumerate(lengths)]  # type: ignore[arg-type]


def pack_sequence(sequences: list[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (L, ...) of different lengths, sorted as for ``pack_padded_sequence``.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html
    """
    lengths = [sequence.shape[0] for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed batch, each by itself, in their original order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
