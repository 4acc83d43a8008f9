"""The reference of the operations is what their records say."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

from test_operations import public_functions

from microgradnp.ops.record import OPERATIONS

ROOT = Path(__file__).parents[1]


@cache
def tool() -> Any:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "tools" / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_are_fresh() -> None:
    assert [str(path.relative_to(ROOT)) for path in tool().stale()] == [], "run python tools/reference.py"


def test_every_public_function_has_an_entry() -> None:
    found = [entry.function for entry in tool().entries()]
    missing = [name for name, f in public_functions().items() if getattr(f, "form_of", f) not in found]
    assert missing == []


def test_an_entry_says_what_its_record_says() -> None:
    [entry] = [entry for entry in tool().entries() if entry.record is OPERATIONS["abs"]]
    text = tool().text_of(entry)
    for fact in (
        "### `abs(input, *, out=None)`", "`absolute`", "`Tensor.abs_`", "`np.absolute`", "differentiable in `input`",
        "the derivative jumps at 0", "(https://docs.pytorch.org/",
    ):  # fmt: skip
        assert fact in text


def test_a_stale_page_is_noticed(monkeypatch: Any, capsys: Any) -> None:
    pages = tool().pages()
    monkeypatch.setattr(tool(), "pages", lambda: {**pages, "reduction.md": "old"})
    monkeypatch.setattr("sys.argv", ["reference.py", "--check"])
    assert tool().main() == 1
    assert "reduction.md is stale" in capsys.readouterr().out
