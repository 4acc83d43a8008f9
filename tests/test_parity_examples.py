"""The examples are programs for PyTorch: with its name in the imports they print the same numbers."""

import re
from pathlib import Path
from types import ModuleType

import pytest

import microgradnp as mg

torch = pytest.importorskip("torch")

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def threads():
    """The examples take one thread for products; afterwards there are as many as before."""
    before = [(library, library.get_num_threads()) for library in (torch, mg)]
    yield
    for library, number in before:
        library.set_num_threads(number)


def printed(source, monkeypatch, capsys, *arguments):
    """The numbers that a program prints while it trains; without pictures and the summary, which PyTorch lacks."""
    program = ModuleType("program")
    exec(source, vars(program))
    monkeypatch.setattr(program.nn.Module, "summary", lambda model, images: "", raising=False)
    for draw in {"draw", "draw_graph"} & vars(program).keys():
        monkeypatch.setattr(program, draw, lambda *arguments: None)
    assert program.main(["--quiet", *arguments]) == 0
    lines = re.findall(r"^(?:epoch|test accuracy|accuracy|compiled).*", capsys.readouterr().out, re.M)
    return [float(number) for line in lines for number in re.findall(r"(?<= )\d+\.\d+\b(?! s)", line)]


@pytest.mark.parametrize(
    ("name", "arguments", "count"),
    [
        ("digits_mlp", ("--epochs", "3"), 9),
        ("digits_cnn", ("--epochs", "2"), 7),
        ("vae", ("--epochs", "10"), 3),
        ("spiral", ("--steps", "100"), 3),
    ],
)
def test_examples_print_what_pytorch_prints(name, arguments, count, threads, monkeypatch, capsys, tmp_path):
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    translated = source.replace("import microgradnp as torch", "import torch").replace("from microgradnp", "from torch")
    translated = translated.replace(", optim, viz", ", optim").replace("torch.compile(step)", "step")
    assert "microgradnp" not in translated
    own = printed(source, monkeypatch, capsys, "--out", str(tmp_path), *arguments)
    assert len(own) == count
    assert own == pytest.approx(printed(translated, monkeypatch, capsys, "--out", str(tmp_path), *arguments), rel=1e-3)
