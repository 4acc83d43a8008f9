"""The package as a whole: what importing it brings along, which way imports run, and what the README promises."""

import ast
import doctest
import subprocess
import sys
from pathlib import Path

import pytest

import microgradnp

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "microgradnp"

# Each part may import the parts before it, and itself; only the package's face imports everything.
# fmt: off
LAYERS = [
    {"dtypes", "devices", "settings", "random", "allocation"},
    {
        "autograd.hooks", "autograd.inference", "autograd.memory", "autograd.modes", "autograd.node", "autograd.quiet",
        "autograd.scope",
    },
    {"tensor"},
    {"amp", "printing", "copying", "autograd", "return_types"},
    {"ops"},
    {"linalg", "cuda", "accelerator", "backends", "func", "utils"},
    {"nn"},
    {"optim"},
    {"compiler", "serialization", "viz"},
    {"testing"},
]
# fmt: on


def layer_of(module):
    names = [".".join(module[:n]) for n in (2, 1)]
    return next(i for name in names for i, layer in enumerate(LAYERS) if name in layer)


def imports_of(path):
    """What a file imports from the package when it is loaded, as parts of dotted names (not inside functions)."""
    module = path.relative_to(PACKAGE).with_suffix("").parts
    module = module[:-1] if module[-1] == "__init__" else module
    here = module if path.name == "__init__.py" else module[:-1]
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1] + tuple((node.module or "").split(".") if node.module else ())
            for alias in node.names:
                target = (*base, alias.name)
                exists = (PACKAGE.joinpath(*target).with_suffix(".py")).exists() or PACKAGE.joinpath(*target).is_dir()
                yield module, target if exists else base


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    if path == PACKAGE / "__init__.py":
        return
    for module, target in imports_of(path):
        assert layer_of(target) <= layer_of(module), f"{'.'.join(module)} imports {'.'.join(target)}"


def test_importing_the_package_brings_nothing_heavy_along():
    heavy = [
        "scipy",
        "graphviz",
        "pygraphviz",
        "hypothesis",
        "matplotlib",
        "tqdm",
        "torch",
        "numba",
        "numpy.random",
        "safetensors",
        "threadpoolctl",
        "einops",
        "microgradnp.viz.render",
    ]
    code = f"import sys, microgradnp; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("page", ["README.md", "docs/compile.md", "docs/porting.md"])
def test_the_examples_in_a_page_run(page):
    failures, tests = doctest.testfile(str(ROOT / page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert tests > 10
    assert failures == 0


def test_the_two_commands_of_the_readme_are_what_is_tested():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert '\npip install -e ".[examples]" && python examples/xor.py\n' in readme
    assert '\npip install -e ".[test]" && pytest\n' in readme


def test_every_name_of_the_package_is_there():
    for name in (
        "Tensor",
        "tensor",
        "manual_seed",
        "no_grad",
        "nn",
        "optim",
        "autograd",
        "float32",
        "viz",
        "compile",
        "inf",
        "pi",
    ):
        assert hasattr(microgradnp, name), name
