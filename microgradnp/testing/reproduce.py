"""The lines that show a failure again: imports, inputs of a few numbers, the call.

The inputs are written out where they are few. Else smaller ones are tried, each in the same check, until one fails in
the same way: the neighbourhood of the worst element, constant arrays, random ones with their seed.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from ..tensor import Tensor, make
from .subject import Array, leaves, with_leaves

FEW = 8  # numbers that are written out
SOURCE = 7  # lines of a function's source that are


def reproducer(fn: Any, inputs: Any, options: Any, report: Any, verdict: Callable[[Any], str]) -> str:
    """Python source that fails likewise. ``verdict`` tells what the same check says of other inputs."""
    given = (inputs,) if isinstance(inputs, (Tensor, dict)) else tuple(inputs)
    written = next(_candidates(given, report, verdict), None)
    if written is None:
        return ""
    head, name = _function(fn)
    letters = "xyz"[: len(written)]
    if len(letters) == len(written):
        values, written = [f"{letter} = {source}" for letter, source in zip(letters, written, strict=True)], [*letters]
    else:
        values = []
    imports, call = _call(name, f"({', '.join(written)}{',' if len(written) == 1 else ''})", options)
    head = [line for line in head if line not in ("import numpy as np", "import microgradnp")]
    return "\n".join(["import numpy as np", "import microgradnp", *imports, *head, *values, call])


# The inputs


def _candidates(given: tuple[Any, ...], report: Any, verdict: Callable[[Any], str]) -> Iterator[list[str]]:
    """The inputs as source: as they are, or others that fail likewise."""
    arrays = [tensor.detach()._array for _, tensor in leaves(given)]
    if sum(array.size for array in arrays) <= FEW:
        literal = [(array, _literal(array)) for array in arrays]
        yield from _written(given, literal)
        return
    for make_one in (_neighbourhood, _constant, _seeded):
        others = [make_one(array, report) for array in arrays]
        tensors = [
            make(array).requires_grad_(tensor.requires_grad)
            for (array, _), (_, tensor) in zip(others, leaves(given), strict=True)
        ]
        try:
            if verdict(with_leaves(given, iter(tensors))) == report.verdict:
                yield from _written(given, others)
                return
        except Exception:  # other inputs may not do for the function at all
            continue


def _written(given: tuple[Any, ...], arrays: list[tuple[Array, str]]) -> Iterator[list[str]]:
    """Each argument as source, if all of them can be."""
    tensors = iter(
        f"microgradnp.tensor({source}{', requires_grad=True' if tensor.requires_grad else ''})"
        for (_, source), (_, tensor) in zip(arrays, leaves(given), strict=True)
    )
    try:
        yield [_expression(value, tensors) for value in given]
    except ValueError:  # an argument that has no source
        return


def _expression(value: Any, tensors: Iterator[str]) -> str:
    if isinstance(value, Tensor):
        return next(tensors)
    if type(value) in (tuple, list):
        items = ", ".join(_expression(item, tensors) for item in value)
        return f"[{items}]" if type(value) is list else f"({items}{',' if len(value) == 1 else ''})"
    if type(value) is dict:
        return "{" + ", ".join(f"{key!r}: {_expression(item, tensors)}" for key, item in value.items()) + "}"
    if value is None or (type(value) in (bool, int, float, str) and value == value):
        return repr(value)
    raise ValueError(value)


def _literal(array: Array) -> str:
    numbers = repr(array.tolist()) if array.dtype != np.float32 else _short(array)
    shape = f".reshape{array.shape}" if array.size == 0 else ""
    return f'np.array({numbers}, dtype="{array.dtype}"){shape}'.replace("inf", "np.inf").replace("nan", "np.nan")


def _short(array: Array) -> str:
    """The numbers of a float32 array with the digits that they have."""
    return str([_short(part) for part in array]).replace("'", "") if array.ndim else str(array[()])


def _neighbourhood(array: Array, report: Any) -> tuple[Array, str]:
    """The worst element and the one after it, of every array that is like the worst."""
    index = report.worst.index if report.worst is not None else None
    index = index if index is not None and len(index) == array.ndim else (0,) * array.ndim
    starts = [min(i, max(n - 2, 0)) for i, n in zip(index, array.shape, strict=True)]
    part = array[tuple(slice(start, start + (2 if array.ndim < 3 else 1)) for start in starts)]
    return part, _literal(part)


def _constant(array: Array, report: Any) -> tuple[Array, str]:
    """The worst element everywhere."""
    index = report.worst.index if report.worst is not None else None
    fits = (
        index is not None and len(index) == array.ndim and all(i < n for i, n in zip(index, array.shape, strict=True))
    )
    value = (array[index] if fits else array.reshape(-1)[0]).item() if array.size else 0
    return np.full(array.shape, value, array.dtype), f'np.full({array.shape}, {value!r}, dtype="{array.dtype}")'


def _seeded(array: Array, report: Any) -> tuple[Array, str]:
    """Random numbers of the same mean and spread."""
    if array.dtype.kind != "f":
        return _constant(array, report)
    mean, spread = float(f"{np.mean(array):.3g}"), float(f"{np.std(array):.3g}")
    source = f'np.random.default_rng(0).normal({mean}, {spread}, {array.shape}).astype("{array.dtype}")'
    return np.random.default_rng(0).normal(mean, spread, array.shape).astype(array.dtype), source


# The call


def _call(name: str, inputs: str, options: Any) -> tuple[list[str], str]:
    """Its imports, and the call."""
    if options.constant:  # it came through PyTorch's face
        function = "gradcheck" if options.orders == (1,) else "gradgradcheck"
        changed = {"eps": options.step, "atol": options.absolute or None}
        changed |= {"rtol": None if options.rtol == 1e-5 else options.rtol, "fast_mode": options.mode == "fast" or None}
        more = "".join(f", {key}={value!r}" for key, value in changed.items() if value is not None)
        return [], f"microgradnp.autograd.{function}({name}, {inputs}{more})"
    defaults = {"mode": "full", "method": "richardson", "rtol": 1e-5, "atol": 1e-10, "kinks": "subgradient"}
    more = "".join(
        f", {key}={value!r}" for key in (*defaults, "domain") if (value := getattr(options, key)) != defaults.get(key)
    )
    order = f", order={max(options.orders)}" if max(options.orders) > 1 else ""
    rng = f", rng={options.rng!r}" if isinstance(options.rng, int) and options.rng else ""
    return ["from microgradnp.testing import gradcheck"], f"gradcheck({name}, {inputs}{order}{more}{rng})"


# The function


def _function(fn: Any) -> tuple[list[str], str]:
    """Lines that provide the function, and its name in them."""
    return _public(fn) or _imported(fn) or _copied(fn) or ([f"# fn: {_described(fn)}"], "fn")


def _public(fn: Any) -> tuple[list[str], str] | None:
    """A function of this package."""
    name = getattr(fn, "__name__", "").lstrip("_")
    for path in ("", "nn.functional", "linalg"):
        place: Any = sys.modules["microgradnp"]
        for part in filter(None, path.split(".")):
            place = getattr(place, part)
        if name and getattr(place, name, None) is fn:
            return [], ".".join(filter(None, ("microgradnp", path, name)))
    return None


def _imported(fn: Any) -> tuple[list[str], str] | None:
    """What can be imported by its name: a function, or a method of a class (``Square.apply``)."""
    owner = getattr(fn, "__self__", None)
    base = owner if isinstance(owner, type) else fn
    suffix = f".{fn.__name__}" if base is owner else ""
    module, name = getattr(base, "__module__", None), getattr(base, "__qualname__", None)
    if not module or not name or "<" in name or module == "__main__":
        return None
    place: Any = sys.modules.get(module)
    for part in name.split("."):
        place = getattr(place, part, None)
    found = getattr(place, fn.__name__, None) == fn if suffix else place is fn
    return ([f"from {module} import {name.split('.')[0]}"], name + suffix) if found else None


def _copied(fn: Any) -> tuple[list[str], str] | None:
    """A short function that is written out, with the imports of what it uses."""
    code = getattr(fn, "__code__", None)
    if code is None or code.co_freevars:
        return None
    try:
        source = textwrap.dedent(inspect.getsource(fn))
        tree = ast.parse(source.strip())
    except (OSError, TypeError, SyntaxError):  # no source, or a part of a longer expression
        return None
    if fn.__name__ == "<lambda>":
        found = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
        text = [f"fn = {ast.unparse(found[0])}"] if len(found) == 1 else []
        name = "fn"
    else:
        text, name = source.rstrip().splitlines(), fn.__name__
    imports = [_import_of(key, fn.__globals__[key]) for key in code.co_names if key in fn.__globals__]
    if not 0 < len(text) <= SOURCE or not all(imports):
        return None
    return [*map(str, imports), *text], name


def _import_of(name: str, value: Any) -> str | None:
    if isinstance(value, ModuleType):
        return f"import {value.__name__}" + (f" as {name}" if value.__name__ != name else "")
    found = _imported(value) if callable(value) else None
    return found[0][0] if found and found[1] == name else None


def _described(fn: Any) -> str:
    """Where the function is, for a reader who has to provide it."""
    code = getattr(fn, "__code__", None)
    place = f", {code.co_filename}, line {code.co_firstlineno}" if code is not None else ""
    return f"the function that was checked ({getattr(fn, '__qualname__', type(fn).__name__)}{place})"
