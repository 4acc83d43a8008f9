"""Programs written for PyTorch, with only the import changed: running them, and comparing what they print."""

from __future__ import annotations

import io
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parent / "programs"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "conftest")
PRECISIONS = {"float64": 1e-6, "float32": 1e-4}  # relative, of what is printed

FRACTION = re.compile(r"-?(?:\d+\.\d*(?:e[+-]?\d+)?|\d+e[+-]?\d+)")


def ported(source: str) -> str:
    """The text of a program, its imports changed."""
    return "\n".join(map(ported_line, source.split("\n")))


def ported_line(line: str) -> str:
    if line.lstrip().startswith("import "):  # perhaps of several modules
        line = re.sub(r"\btorch(?=\s*(,|$))", "microgradnp as torch", line)
        return re.sub(r"\btorch(?=\.)", "microgradnp", line)
    return re.sub(r"^(\s*from )torch\b", r"\1microgradnp", line)


def printed(name: str, library: Any, dtype: str) -> str:
    """What a program prints in a library in which ``dtype`` is the default one."""
    path = FOLDER / f"{name}.py"
    source = path.read_text()
    if library.__name__ != "torch":
        source = ported(source)
    module = ModuleType(f"program_{name}")
    before, out = library.get_default_dtype(), io.StringIO()
    library.set_default_dtype(getattr(library, dtype))
    sys.modules[module.__name__] = module  # where dataclasses look for it
    try:
        with redirect_stdout(out):
            exec(compile(source, path, "exec"), vars(module))
            module.main()
    finally:
        del sys.modules[module.__name__]
        library.set_default_dtype(before)
    return out.getvalue().replace("torch.", "")  # nothing is printed with torch. before it: docs/differences.md


def stored(name: str, dtype: str) -> Path:
    """The file with what PyTorch printed."""
    return FOLDER / "expected" / f"{name}.{dtype}.txt"


def difference(ours: str, theirs: str, tolerance: float) -> str:
    """Where two outputs part: words and whole numbers are the same, other numbers to a relative tolerance; or ''."""
    for number, (our, their) in enumerate(zip(ours.splitlines(), theirs.splitlines(), strict=False), 1):
        pairs = zip(FRACTION.findall(our), FRACTION.findall(their), strict=False)
        close = all(abs(float(a) - float(b)) <= tolerance * abs(float(b)) + last_place(b) for a, b in pairs)
        if not close or FRACTION.sub("#", our) != FRACTION.sub("#", their):
            return f"line {number}\nmicrogradnp: {our}\nPyTorch:     {their}"
    if len(ours.splitlines()) != len(theirs.splitlines()):
        return f"{len(ours.splitlines())} lines, and PyTorch {len(theirs.splitlines())}"
    return ""


def last_place(number: str) -> float:
    """What the last digit of a printed number counts: rounding may go either way."""
    digits, _, exponent = number.partition("e")
    return 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))


if __name__ == "__main__":  # with PyTorch: python tests/porting.py [NAME ...] stores what it prints
    import torch

    for program in sys.argv[1:] or NAMES:
        for precision in PRECISIONS:
            stored(program, precision).write_text(printed(program, torch, precision))
