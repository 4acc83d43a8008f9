"""Programs written for PyTorch print the same numbers with only the import changed; and what is stored is PyTorch's."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from porting import NAMES, PRECISIONS, difference, printed, stored

import microgradnp as mg

torch: Any = pytest.importorskip("torch")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Programs are small: threads would cost more than they give."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_program_prints_the_same(name: str, dtype: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch warns of what slows it down
        theirs = printed(name, torch, dtype)
    assert not difference(printed(name, mg, dtype), theirs, PRECISIONS[dtype])
    assert not difference(stored(name, dtype).read_text(), theirs, PRECISIONS[dtype])
