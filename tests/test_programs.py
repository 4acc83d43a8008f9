"""Programs written for PyTorch print what PyTorch printed, with only the import changed: docs/porting.md."""

from __future__ import annotations

import pytest
from porting import FOLDER, NAMES, PRECISIONS, difference, ported, printed, stored

import microgradnp as mg

QUICK = ("classifier", "custom_function", "hooks", "dqn")
CASES = [
    pytest.param(name, dtype, marks=() if name in QUICK and dtype == "float64" else pytest.mark.slow)
    for name in NAMES
    for dtype in PRECISIONS
]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_a_program_prints_what_pytorch_printed(name: str, dtype: str) -> None:
    assert not difference(printed(name, mg, dtype), stored(name, dtype).read_text(), PRECISIONS[dtype])


@pytest.mark.parametrize("name", NAMES)
def test_only_imports_are_changed(name: str) -> None:
    before = (FOLDER / f"{name}.py").read_text().splitlines()
    after = ported("\n".join(before)).splitlines()
    assert all(a == b or a.lstrip().startswith(("import ", "from ")) for a, b in zip(before, after, strict=True))
    assert after.count("import microgradnp as torch") == 1 and not any("from torch" in line for line in after)


@pytest.mark.parametrize(
    "before",
    [
        "x.dtype.is_floating_point",
        "mg.compile(model, mode='max-autotune')",
        "mg.autocast('cpu')",
        "mg.bfloat16",
        "x.to('cuda')",
        "mg.channels_last",
        "mg.nn.DataParallel(model)",
        "mg.save(model, 'model.pt')",
        "mg.distributions.Categorical(x)",
        "mg.autograd.functional.hessian",
        "mg.func.vmap",
    ],
)
def test_what_has_to_be_changed_raises(before: str) -> None:
    """The table of docs/porting.md."""
    with pytest.raises((AttributeError, TypeError, RuntimeError)):
        eval(before, {"mg": mg, "model": mg.nn.Linear(2, 2), "x": mg.ones(2)})


def test_every_program_is_on_the_page() -> None:
    page = (FOLDER.parents[1] / "docs" / "porting.md").read_text()
    assert [name for name in NAMES if f"[{name}](../tests/programs/{name}.py)" not in page] == []


def test_outputs_that_differ_are_told_apart() -> None:
    text = "step 3: loss 0.500000000, accuracy 1.2e+01%\nlabels [1, 2]\n"
    assert not difference(text, text, 1e-6)
    assert not difference(text.replace("0.500000000", "0.500000300"), text, 1e-6)
    assert not difference("0.1235", "0.1234", 1e-9), "rounded the other way"
    for old, new in (
        ("0.500000000", "0.500002000"),
        ("1.2e", "1.4e"),
        ("[1,", "[3,"),
        ("step", "Step"),
        ("3:", "3.0:"),
    ):
        assert difference(text.replace(old, new), text, 1e-6)
    assert difference(text + "one more\n", text, 1e-6) and difference("", text, 1e-6)
