"""Freed memory is kept for the next array.

glibc's ``malloc`` gives a large block back to the system as soon as it is freed, and takes the next one from there: its
pages are then mapped and cleared one by one when they are first written to. For arrays of some megabytes that costs
more than the arithmetic, and a training step frees and makes the same arrays again and again. But ``malloc`` adapts.
Once a block has been freed, blocks of up to its size are taken from the heap, and twice that much of the heap is kept
when it is free; it does so for blocks of up to 32 MB. So one block of that size is made and freed here. None of its
pages is ever touched.

Who sets MALLOC_MMAP_THRESHOLD_ or MALLOC_TRIM_THRESHOLD_ in the environment has decided otherwise: then ``malloc`` does
not adapt. With other allocators this does nothing.

Source: https://man7.org/linux/man-pages/man3/mallopt.3.html, M_MMAP_THRESHOLD.
"""

import numpy as np

LARGEST = 2**25 - 2**16  # with malloc's own bytes, and NumPy's, still below 32 MB


def keep_freed_memory() -> None:
    """Let ``malloc`` keep freed blocks of up to 32 MB, instead of returning them to the system."""
    np.empty(LARGEST, np.uint8)
