"""How samples become a batch: tensors are stacked, and within containers what stands in one place.

Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any, TypeAlias

import numpy as np

from ... import dtypes
from ...ops.creation import as_tensor, tensor
from ...ops.joining import stack
from ...tensor import Tensor

CollateMap: TypeAlias = dict[Any, Callable[..., Any]]

_TEXT = "SUaO"  # kinds of NumPy arrays that no tensor can hold


def default_collate(batch: Any) -> Any:
    """A list of samples as one batch: what a loader does unless it is given a ``collate_fn``.

    ============================  ==================================================
    samples                       batch
    ============================  ==================================================
    tensors, NumPy arrays         a tensor with one dimension more, the first
    NumPy numbers                 a tensor of their dtype
    floats; ints; bools           a tensor of float64; int64; bool
    strings, bytes                the list itself
    mappings                      a mapping of the same type, of batches
    named tuples                  a named tuple of batches
    tuples and other sequences    a list of batches (a sequence of the same type)
    ============================  ==================================================

    Raises TypeError for anything else, RuntimeError for tensors or sequences of different sizes.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_collate

    >>> from microgradnp.utils.data import default_collate
    >>> default_collate([(1.5, {"word": "a"}), (2.5, {"word": "b"})])
    [tensor([1.5000, 2.5000], dtype=float64), {'word': ['a', 'b']}]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    """``default_collate`` with functions of one's own: for a type (or a tuple of types), what becomes of its instances.

    Each is called as ``function(batch, collate_fn_map=collate_fn_map)``.
    """
    first = batch[0]
    function = _function_for(first, collate_fn_map or {})
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)

    def together(samples: Any) -> Any:
        return collate(samples, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like_mapping(first, {key: together([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*map(together, zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError(
                f"default_collate: each element in list of batch should be of equal size, got sizes "
                f"{[len(sample) for sample in batch]}; give a collate_fn that pads them"
            )
        return _like_sequence(first, map(together, zip(*batch, strict=True)))
    raise _not_collatable(type(first))


def _function_for(sample: Any, functions: CollateMap) -> Callable[..., Any] | None:
    if type(sample) in functions:
        return functions[type(sample)]
    return next((function for kind, function in functions.items() if isinstance(sample, kind)), None)


def _like_mapping(model: Mapping[Any, Any], items: dict[Any, Any]) -> Any:
    """A mapping of the type of ``model``, with its other attributes if it can be copied; if all fails a dict."""
    try:
        if isinstance(model, MutableMapping):
            clone = copy.copy(model)
            clone.update(items)
            return clone
        return type(model)(items)  # type: ignore[call-arg]
    except TypeError:
        return items


def _like_sequence(model: Sequence[Any], items: Iterable[Any]) -> Any:
    """A sequence of the type of ``model``, likewise; of a tuple, and if all fails, a list."""
    items = list(items)
    try:
        if isinstance(model, tuple):
            return items
        if isinstance(model, MutableSequence):
            clone = copy.copy(model)
            for i, item in enumerate(items):
                clone[i] = item
            return clone
        return type(model)(items)  # type: ignore[call-arg]
    except TypeError:
        return items


def _not_collatable(kind: Any) -> TypeError:
    return TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}; give a "
        "collate_fn for it"
    )


def _stacked(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    return stack(tuple(batch))


def _stacked_arrays(batch: Any, *, collate_fn_map: CollateMap | None = None) -> Any:
    if batch[0].dtype.kind in _TEXT:
        raise _not_collatable(batch[0].dtype)
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


default_collate_fn_map: CollateMap = {
    Tensor: _stacked,
    np.ndarray: _stacked_arrays,
    (np.bool_, np.number, np.object_): lambda batch, *, collate_fn_map=None: as_tensor(list(batch)),
    float: lambda batch, *, collate_fn_map=None: tensor(list(batch), dtype=dtypes.float64),
    int: lambda batch, *, collate_fn_map=None: tensor(list(batch)),
    (str, bytes): lambda batch, *, collate_fn_map=None: batch,
}
"""What ``default_collate`` does with which types; it may be added to."""


def default_convert(data: Any) -> Any:
    """One sample with its NumPy arrays and numbers made tensors, within containers too; all else stays as it is.

    It is what a loader does with samples that it does not batch (``batch_size=None``). Tuples become lists.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.default_convert

    >>> import numpy as np
    >>> from microgradnp.utils.data import default_convert
    >>> default_convert({"x": np.zeros(2), "n": 3})
    {'x': tensor([0., 0.], dtype=float64), 'n': 3}
    """
    if isinstance(data, (np.ndarray, np.generic)):
        return data if data.dtype.kind in _TEXT else as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, map(default_convert, data))
    return data
