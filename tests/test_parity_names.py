"""Every public function of PyTorch is here, or docs/left-out.md says why not."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from inspect import ismodule
from pathlib import Path
from typing import Any

import pytest

import microgradnp as mg

torch: Any = pytest.importorskip("torch")

PATHS = ("", "Tensor", "nn.functional", "linalg", "autograd", "autograd.graph", "random")
PAGE = Path(__file__).parents[1] / "docs" / "left-out.md"


def at(library: Any, path: str) -> Any:
    for name in path.split(".") if path else ():
        library = getattr(library, name)
    return library


def public(path: str) -> list[str]:
    """The names that can be called: those that PyTorch itself lists, or else all that it did not import from others."""
    place = at(torch, path)
    names = getattr(place, "__all__", None) if path else None
    return [name for name in names or dir(place) if not name.startswith("_") and is_own(getattr(place, name))]


def is_own(value: Any) -> bool:
    if not callable(value) or ismodule(value) or value is torch.Tensor:
        return False
    return (getattr(value, "__module__", None) or "torch").startswith("torch")


def missing(path: str) -> list[str]:
    """Where PyTorch has a function, a module of the same name does not count."""
    return [name for name in public(path) if ismodule(getattr(at(mg, path), name, mg))]


def left_out() -> list[str]:
    """The names on the page: those in the first column of its tables."""
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize("path", PATHS)
def test_every_public_function_is_here_or_on_the_page(path: str) -> None:
    unexplained = [name for name in missing(path) if not any(fnmatchcase(name, entry) for entry in left_out())]
    assert unexplained == []


def test_every_name_on_the_page_is_missing() -> None:
    """A name that has come, or that PyTorch does not have, is not left out."""
    names = {name for path in PATHS for name in missing(path)}
    assert [entry for entry in left_out() if not any(fnmatchcase(name, entry) for name in names)] == []


def test_no_name_is_on_the_page_twice() -> None:
    assert sorted(left_out()) == sorted(set(left_out()))
