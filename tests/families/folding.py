"""Unfolding and folding."""

from __future__ import annotations

from typing import Any

import numpy as np

from .sliding import each_window


def _unfold_windows(input: np.ndarray, windows: Any) -> np.ndarray:
    sizes, counts = [one.size for one in windows], [one.count for one in windows]
    out = np.zeros((*input.shape[: input.ndim - len(windows)], *sizes, *counts))
    for result, elements in each_window(input.shape, windows):
        for number, place in elements:
            out[(..., *np.unravel_index(number, sizes), *result[1:])] = input[place]
    return out


def _fold_windows(input: np.ndarray, windows: Any, shape: tuple[int, ...]) -> np.ndarray:
    out = np.zeros(shape)
    for result, elements in each_window(shape, windows):
        for number, place in elements:
            out[place] += input[(..., *np.unravel_index(number, [one.size for one in windows]), *result[1:])]
    return out


REFERENCES = {"unfold_windows": _unfold_windows, "fold_windows": _fold_windows}

OPERANDS = {"picture": ((2, 2, 4, 5), -3, 3), "columns": ((2, 12, 20), -3, 3), "blocks": ((2, 8, 6), -3, 3)}

FUNCTIONS = """
F.unfold(picture, 2); F.unfold(picture[0], 2); F.unfold(picture, (2, 3), stride=(2, 1)); F.unfold(picture, 3, 1, 1, 2); F.unfold(picture, (2, 3), dilation=2, padding=(1, 2)); F.unfold(picture, 2, padding=3); F.unfold(picture[:0], 2); F.unfold(picture.transpose(2, 3), 4)
F.fold(columns, (5, 6), 2); F.fold(columns[0], output_size=(5, 6), kernel_size=2); F.fold(columns, (8, 10), (2, 2), stride=2); F.fold(columns, (5, 5), (3, 2), 1, (1, 0)); F.fold(columns[:0], (5, 6), 2); F.fold(columns, (6, 7), 2, dilation=2); F.fold(F.unfold(picture, 2), (4, 5), 2)
F.fold(blocks, (2, 3), (2, 2), padding=1, stride=(2, 1), dilation=(1, 2)); F.fold(columns.transpose(1, 2), (5, 4), (2, 2))
"""

CREATION = """
F.unfold(torch.arange(9).reshape(1, 3, 3) > 4, 2); F.fold(torch.arange(16).reshape(4, 4) > 12, 3, 2); F.unfold(torch.arange(9.0).reshape(1, 3, 3).half(), 2)
"""

ERRORS = """
F.unfold(picture[0, 0], 2); F.unfold(picture, (2,)); F.unfold(picture, (2, 3, 4)); F.unfold(picture, 0); F.unfold(picture, 2, 0); F.unfold(picture, 2, 1, -1); F.unfold(picture, 2, 1, 0, 0); F.unfold(picture, 9); F.unfold(picture[:, :0], 2); F.unfold(picture.long(), 2); F.unfold(picture, 2.0)
F.unfold(picture[:, :, :0], 2); F.fold(columns[0, 0], (5, 6), 2); F.fold(columns, (5,), 2); F.fold(columns, 5, 2); F.fold(columns, (5, 7), 2); F.fold(columns, (5, 6), (2, 5)); F.fold(columns[:, :0], (5, 6), 2); F.fold(columns, (5, 6), 0); F.fold(columns, (0, 6), 2); F.fold(columns, (5, 6), 2, 0)
F.fold(columns, (5, 6), 2, 1, -1); F.fold(columns, (5, 6), 2, 1, 0, 0); F.fold(columns.long(), (5, 6), 2); F.fold(columns, (1, 1), 2); F.fold(columns, (5, 6, 7), 2); F.fold(columns, (-5, 6), 2)
"""
