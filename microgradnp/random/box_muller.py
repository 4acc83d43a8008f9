"""The transform of Box and Muller (1958): two uniform numbers in, two independent standard normal samples out.

The samples are ``sqrt(-2 log(1 - u)) * (cos, sin)(2 pi v)``. torch has two layouts of uniforms and samples.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 16  # uniforms that torch's kernels turn into as many samples at once


def by_pairs(unit: NDArray[np.float64]) -> list[float]:
    """Turn uniforms, an angle and a radius in turn, into samples, a cosine and a sine in turn."""
    samples = []
    # For a few pairs only: the libm that torch calls, rather than NumPy's vector functions, which differ in last bits.
    for angle, depth in unit.reshape(-1, 2).tolist():
        radius, theta = math.sqrt(-2.0 * math.log1p(-depth)), 2.0 * math.pi * angle
        samples += [radius * math.cos(theta), radius * math.sin(theta)]
    return samples


def by_blocks(unit: NDArray[Any]) -> NDArray[Any]:
    """Turn blocks of 16 uniforms, 8 for radii and 8 for angles, into blocks of samples, 8 cosines and 8 sines."""
    depth, angle = unit.reshape(-1, 2, BLOCK // 2).swapaxes(0, 1)
    radius, theta = np.sqrt(-2.0 * np.log(1.0 - depth)), 2.0 * math.pi * angle
    return np.stack([radius * np.cos(theta), radius * np.sin(theta)], axis=1).ravel()
