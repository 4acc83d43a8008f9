"""The type stubs: they are fresh, they say what is there, and a type checker finds mistakes and nothing else."""

import ast
import importlib
import importlib.util
import inspect
import json
import os
import runpy
import subprocess
import sys
import types
from functools import cache
from pathlib import Path

import pytest

import microgradnp
from microgradnp import Tensor
from microgradnp.ops.face import PUBLIC

ROOT = Path(__file__).parents[1]
TYPING = ROOT / "tests" / "typing"
TOOL = ROOT / "tools" / "stubs.py"


@cache
def tool():
    spec = importlib.util.spec_from_file_location("stubs", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def stub(path):
    return ast.parse((ROOT / "microgradnp" / path).read_text(encoding="utf-8")).body


def defined(body):
    """The names that statements of a stub define or export, each with the statements that do."""
    names = {}
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                names.setdefault(name, []).append(node)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.ImportFrom(names=[ast.alias(asname=str(name))]):
                names.setdefault(name, []).append(node)
    return names


def stub_of_face(path):
    """The stub of the module at a path within the package; "" is the package itself."""
    module = ROOT / "microgradnp" / path.replace(".", "/")
    return stub(module / "__init__.pyi" if module.is_dir() else module.with_suffix(".pyi"))


def members():
    [tensor] = [node for node in stub("tensor.pyi") if isinstance(node, ast.ClassDef) and node.name == "Tensor"]
    return defined(tensor.body)


def is_special(name):
    return name.startswith("__") and name.endswith("__")


# Fresh


def test_the_stubs_are_fresh():
    assert tool().check() == ""


def test_they_are_the_same_in_every_process():
    """Under another hash seed, and through the command that people type."""
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, TOOL, "--check"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "The stubs are fresh.\n"), done.stdout + done.stderr


def test_a_stale_stub_is_noticed(monkeypatch, capsys):
    fresh = tool().stub_of
    monkeypatch.setattr(tool(), "stub_of", lambda module: "x: int\n" * 100 + fresh(module))
    monkeypatch.setattr(sys, "argv", ["stubs.py", "--check"])
    assert tool().main() == 1
    text = capsys.readouterr().out
    assert "+x: int" in text
    assert "run python tools/stubs.py" in text
    assert len(text.splitlines()) < 200


# Complete


def test_every_attribute_of_tensor_is_in_the_stub():
    public = {name for name in dir(Tensor) if not name.startswith("_")}
    operators = {name for name, value in vars(Tensor).items() if is_special(name) and callable(value)}
    assert public | operators <= members().keys()


def test_every_attribute_in_the_stub_is_there():
    assert [name for name in members() if not hasattr(Tensor, name)] == []


def test_every_name_of_the_package_is_in_its_stub():
    names = {name for name, value in vars(microgradnp).items() if not isinstance(value, types.ModuleType)}
    assert {name for name in names if not name.startswith("_")} <= defined(stub("__init__.pyi")).keys()


@pytest.mark.parametrize("path", sorted(PUBLIC))
def test_every_path_that_a_record_names_is_a_module_with_a_stub(path):
    module = importlib.import_module(f"microgradnp.{path}".rstrip("."))
    assert PUBLIC[path].keys() <= vars(module).keys() & defined(stub_of_face(path)).keys()


@pytest.mark.parametrize("path", sorted(PUBLIC))
def test_every_name_in_a_stub_is_there(path):
    module = importlib.import_module(f"microgradnp.{path}".rstrip("."))
    assert [name for name in defined(stub_of_face(path)) if not hasattr(module, name)] == []


# Right


def shape_of(parameters):
    return [(parameter.name, parameter.kind) for parameter in parameters]


def stub_shape(node):
    """The names and kinds of the parameters of a function in a stub."""
    a, p = node.args, inspect.Parameter
    groups = [(a.posonlyargs, p.POSITIONAL_ONLY), (a.args, p.POSITIONAL_OR_KEYWORD), ([a.vararg], p.VAR_POSITIONAL),
              (a.kwonlyargs, p.KEYWORD_ONLY), ([a.kwarg], p.VAR_KEYWORD)]  # fmt: skip
    return [(arg.arg, kind) for args, kind in groups for arg in args if arg is not None]


def named_in_source(shape):
    """Without the parameters that every operation has for the asking."""
    return [(name, kind) for name, kind in shape if name not in ("out", "axis", "keepdims")]


def live_shape(function):
    form_of = getattr(function, "form_of", None)
    reflected = form_of is not None and list(inspect.signature(function).parameters) == ["self", "other"]
    return shape_of(inspect.signature(function if reflected else form_of or function).parameters.values())


def assert_right(nodes, name, live, of_method=False):
    """The parameters of a function in a stub are the live ones; written by hand, its overloads have some."""
    live, by_hand = named_in_source(live), name in tool().OVERLOADS or f"Tensor.{name}" in tool().OVERLOADS
    for node in nodes:
        assert node.args.posonlyargs + node.args.args or not of_method
        found = named_in_source(stub_shape(node))[of_method:]  # the first is self, whatever its name
        if by_hand or node is not nodes[0]:
            assert {parameter for parameter, _ in found} <= {parameter for parameter, _ in live} | {"tensor"}, name
        else:
            assert found == live[of_method:], name


@pytest.mark.parametrize("name", [name for name in members() if inspect.isroutine(getattr(Tensor, name))])
def test_methods_have_the_parameters_that_the_stub_says(name):
    assert_right(members()[name], name, live_shape(getattr(Tensor, name)), of_method=True)


@pytest.mark.parametrize("path", sorted(PUBLIC))
def test_functions_have_the_parameters_that_the_stub_says(path):
    module = importlib.import_module(f"microgradnp.{path}".rstrip("."))
    for name, nodes in defined(stub_of_face(path)).items():
        if isinstance(nodes[0], ast.FunctionDef):
            assert_right(nodes, name, live_shape(getattr(module, name)))


@pytest.mark.parametrize("path", sorted(PUBLIC))
def test_functions_take_the_options_that_the_stub_says(path):
    """``out``, and what PyTorch's factories share."""
    module = importlib.import_module(f"microgradnp.{path}".rstrip("."))
    for name, function in PUBLIC[path].items():
        if not inspect.isfunction(function):
            continue
        [record, takes_out] = [getattr(function, fact, None) for fact in ("operation", "takes_out")]
        options = {
            n for n, kind in live_shape(function) if n in ("out", "dtype", "device", "layout", "generator", "rng")
        }
        options |= {"out"} if takes_out or (record and record.out) else set()
        for node in defined(stub_of_face(path))[name]:
            found = {parameter for parameter, _ in stub_shape(node)} if isinstance(node, ast.FunctionDef) else options
            assert options <= found, f"{module.__name__}.{name}"
            assert "out" not in found or not name.endswith("_"), f"{module.__name__}.{name} is in place"


def test_the_typical_program_runs():
    runpy.run_path(str(TYPING / "program.py"))["main"]()


# Pyright


def pyright(path, files):
    """The errors that pyright finds in so many files: the names of these, and lines. None where there is no pyright."""
    command = [sys.executable, "-m", "pyright"]
    if importlib.util.find_spec("pyright") is None or subprocess.run([*command, "--version"]).returncode:
        return None
    command += ["--outputjson", "--pythonpath", sys.executable, str(path)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}  # a file outside the repository finds the package too
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] == files
    return [
        (Path(d["file"]).name, d["range"]["start"]["line"] + 1, d["message"])
        for d in found["generalDiagnostics"]
        if d["severity"] == "error"
    ]


@pytest.fixture(scope="module")
def errors():
    found = pyright(TYPING, 2)
    if found is None:
        pytest.skip("needs pyright")
    return found


def test_pyright_finds_no_mistake_in_the_typical_program(errors):
    assert [error for error in errors if error[0] == "program.py"] == []


def test_pyright_finds_the_mistakes_and_no_others(errors):
    lines = (TYPING / "mistakes.py").read_text(encoding="utf-8").splitlines()
    marked = {number for number, line in enumerate(lines, 1) if "# error:" in line}
    assert {line for name, line, _ in errors if name == "mistakes.py"} == marked


NAMED_FROM = 'uniform_(**{"from"', 'random_(**{"from"'  # Python's keyword, and no name that a stub can have


@pytest.mark.slow
def test_pyright_finds_no_mistake_in_what_both_libraries_evaluate(tmp_path):
    """The stubs take every expression of the tests of parity."""
    from families import expressions, merged

    operands = sorted({*merged("OPERANDS"), *merged("CONSTANTS"), "a", "b", "z"})
    lines = [
        "import math", "import numpy as np", "import microgradnp as torch", "import microgradnp.nn.functional as F",
        "from microgradnp import Tensor", "mg = library = torch",
        f"def expressions({', '.join(f'{name}: Tensor' for name in operands)}) -> None:",
    ]  # fmt: skip
    for kind in ("FUNCTIONS", "FIRST_ORDER", "INEXACT", "CREATION", "SPECIAL", "PRINTED"):
        lines += [f"    _ = {text}" for text in expressions(kind).values() if not any(n in text for n in NAMED_FROM)]
    path = tmp_path / "expressions.py"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = pyright(path, 1)
    if found is None:
        pytest.skip("needs pyright")
    assert [(lines[line - 1].strip(), message) for _, line, message in found] == []
