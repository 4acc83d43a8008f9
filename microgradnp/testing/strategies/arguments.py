"""What tensors are called with: dimensions, and indices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy


def axes(ndim: int) -> SearchStrategy[int | tuple[int, ...] | None]:
    """What ``dim`` may be for a tensor of ``ndim`` dimensions: None, one of them, or several; also from the end.

    >>> from hypothesis import find
    >>> find(axes(3), lambda dim: isinstance(dim, int)) in (-3, -2, -1, 0, 1, 2)
    True
    """
    sides = max(ndim, 1)  # as in PyTorch, 0 and -1 are good for a tensor without dimensions
    single = st.integers(-sides, sides - 1)
    several = hnp.valid_tuple_axes(ndim, min_size=1) if ndim else st.nothing()
    return st.one_of(st.none(), single, several)


@st.composite
def indices(draw: Any, shape: tuple[int, ...], *, kinds: Sequence[str] = ("basic", "integers", "mask")) -> Any:
    """What may stand in brackets after a tensor of this shape. Like PyTorch, it has no slices of negative step.

    Args:
        shape: the shape of the tensor.
        kinds: some of "basic" (integers, slices, ``...``, None), "integers" (arrays of them, often with duplicates,
            among basic ones) and "mask" (an array of bools for the first dimensions).

    >>> from hypothesis import find
    >>> find(indices((4, 3)), lambda index: isinstance(index, int)) in (-4, -3, -2, -1, 0, 1, 2, 3)
    True
    """
    kind = draw(st.sampled_from(kinds))
    if kind == "mask":
        covered = draw(st.integers(0, len(shape)))
        return draw(hnp.arrays(bool, shape[:covered], elements=st.booleans(), fill=st.nothing()))
    length = draw(st.integers(1, 3)) if kind == "integers" else None  # of all its arrays: they broadcast
    leading = draw(st.integers(0, len(shape)))
    trailing = draw(st.integers(0, len(shape) - leading))
    index = [draw(_entry(side, length)) for side in shape[:leading]]
    if trailing or draw(st.booleans()):
        index += [..., *(draw(_entry(side, length)) for side in shape[len(shape) - trailing :])]
    for position in draw(st.sets(st.integers(0, len(index)), max_size=2)):
        index.insert(position, None)
    return index[0] if len(index) == 1 else tuple(index)


@lru_cache(maxsize=1000)
def _entry(side: int, length: int | None) -> SearchStrategy[Any]:
    """What may select from one dimension: a slice, an integer, an array of ``length`` integers."""
    bound = st.none() | st.integers(-side, side)
    sliced = st.builds(slice, bound, bound, st.none() | st.integers(1, 2))
    if side == 0:
        return sliced
    one = st.integers(-side, side - 1)
    if length is None:
        return st.one_of(sliced, one)
    return st.one_of(sliced, hnp.arrays(np.int64, (length,), elements=one, fill=st.nothing()))
