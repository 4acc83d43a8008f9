"""Chains of NumPy calls on large arrays, block by block: what one call writes is still in the cache for the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

BLOCK = 1 << 16  # elements: 256 kB of float32


def in_blocks(compute: Callable[[Any, Any], Any], input: Any) -> Any:
    """``compute(input, None)``, which gives an array of its own of the same shape and dtype, elementwise.

    ``compute(block, out)`` writes into ``out`` unless that is None. Arrays that are large and in C order are computed
    block by block; what is being captured never is: a tape of calls is the better, the shorter it is.
    """
    if input.__class__ is not np.ndarray or input.size <= BLOCK or not input.flags.c_contiguous:
        return compute(input, None)
    out = np.empty(input.shape, input.dtype)
    flat, flat_out = input.reshape(-1), out.reshape(-1)
    for start in range(0, input.size, BLOCK):
        compute(flat[start : start + BLOCK], flat_out[start : start + BLOCK])
    return out
