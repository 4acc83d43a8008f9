"""The operations beside PyTorch's own: the same expressions, evaluated by both libraries on the same numbers."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from inspect import isfunction
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from families import FAMILIES, expressions, merged, text

import microgradnp as mg
from microgradnp.ops.face import PUBLIC
from microgradnp.ops.record import OPERATIONS
from microgradnp.tensor import Tensor

torch: Any = pytest.importorskip("torch")

OPERANDS, CONSTANTS = merged("OPERANDS"), merged("CONSTANTS")
BEYOND: dict[str, set[str]] = {}
for _kind in ("bool", "number"):
    BEYOND[_kind] = {e for family in FAMILIES.values() for e in getattr(family, "BEYOND", {}).get(_kind, ())}


def evaluating(name: str) -> Any:
    """Run a test on each expression that the families have under this name."""
    found = expressions(name)
    return pytest.mark.parametrize("expression", found.values(), ids=found.keys())


class Library:
    """One of the two libraries, and how arrays enter and leave it."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module

    def tensor(self, array: np.ndarray, requires_grad: bool = False) -> Any:
        return self.module.from_numpy(array.copy()).requires_grad_(requires_grad)

    def evaluate(self, expression: str, **names: Any) -> Any:
        return eval(expression, {"torch": self.module, "F": self.module.nn.functional, "np": np, **names})

    def results(self, expression: str, arrays: dict[str, np.ndarray], order: int) -> Iterator[tuple[str, Any]]:
        """The values of an expression, then gradients with random cotangents up to an order."""
        floats = {name: array for name, array in arrays.items() if array.dtype.kind == "f"}
        names = {name: self.tensor(array, name in floats) for name, array in arrays.items()}
        leaves = [names[name] for name in floats]
        value = self.evaluate(expression, **names)
        results = list(value) if isinstance(value, tuple) else [value]
        yield "value", results
        rng = np.random.default_rng(1)
        for i in range(1, order + 1 if any(map(requires_grad, results)) else 1):
            # The zeros reach every leaf: whether a zero gradient counts as recorded is not what is compared here.
            total = sum((leaf * 0).sum() for leaf in leaves)
            for r in results:
                cotangent = self.tensor(np.asarray(rng.uniform(-2, 2, tuple(r.shape)), numpy_dtype(r)))
                total = total + (r * cotangent).sum()
            # The last one as users do it, without a graph: on arrays.
            results = self.module.autograd.grad(total, leaves, create_graph=i < order)
            yield f"gradient of order {i}", results


ours, theirs = Library(mg), Library(torch)


def requires_grad(result: Any) -> bool:
    """Of a tensor, whether it does; a Python value does not."""
    return getattr(result, "requires_grad", False)


def numpy_dtype(tensor: Any) -> np.dtype[Any]:
    return np.dtype(str(tensor.dtype).removeprefix("torch."))


def draw(expression: str, dtype: Any) -> dict[str, np.ndarray]:
    """Numbers for the names in an expression."""
    rng = np.random.default_rng(0)
    used = {node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)}
    arrays = {name: np.asarray(rng.uniform(low, high, shape), dtype) for name, (shape, low, high) in OPERANDS.items()}
    return {name: array for name, array in (arrays | CONSTANTS).items() if name in used}


def assert_same(one: Any, other: Any, what: str, tolerance: float) -> None:
    """Our tensor (or Python value) one and PyTorch's other have the same type, shape, dtype and values."""
    if not isinstance(other, torch.Tensor):
        assert one == other or str(one) == str(other).removeprefix("torch."), what
        return
    assert type(one) is Tensor, what
    assert tuple(one.shape) == tuple(other.shape), what
    assert one.dtype == numpy_dtype(other), what
    a, b = one.detach().numpy(), other.detach().clone().numpy()
    scale = np.abs(b[np.isfinite(b)]).max(initial=1e-3)
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale, err_msg=what)


@evaluating("FUNCTIONS")
def test_values_and_gradients(expression: str) -> None:
    compare(expression, 2)


@evaluating("FIRST_ORDER")
def test_values_and_first_gradients(expression: str) -> None:
    compare(expression, 1)


@evaluating("WARNS")
def test_warnings(expression: str) -> None:
    torch.set_warn_always(True)
    try:
        for library in (ours, theirs):
            with pytest.warns(UserWarning):
                list(library.results(expression, draw(expression, np.float64), 0))
        with pytest.warns(UserWarning):
            compare(expression, 1)
    finally:
        torch.set_warn_always(False)


@evaluating("INEXACT")
def test_values_and_gradients_where_pytorch_is_inexact(expression: str) -> None:
    compare(expression, 2, double=1e-8)


def compare(expression: str, order: int, double: float = 1e-10) -> None:
    """Both libraries' values, dtypes and gradients: in float64 up to an order, in float32 to the first."""
    for dtype, tolerance, highest in ((np.float64, double, order), (np.float32, 1e-5, 1)):
        arrays = draw(expression, dtype)
        pairs = zip(ours.results(expression, arrays, highest), theirs.results(expression, arrays, highest), strict=True)
        for (what, mine), (_, yours) in pairs:
            assert len(mine) == len(yours)
            assert what != "value" or list(map(requires_grad, mine)) == list(map(requires_grad, yours))
            for one, other in zip(mine, yours, strict=True):
                loose = {torch.float16: 2e-3, torch.float32: 1e-5}.get(getattr(other, "dtype", None), tolerance)
                assert_same(one, other, f"{what} of {expression} in {np.dtype(dtype)}", loose)


@evaluating("SPECIAL")
def test_infinities_nans_and_zeros(expression: str) -> None:
    z = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 2.5])
    a, b = np.meshgrid(z, z)
    arrays = {name: array for name, array in {"z": z, "a": a, "b": b}.items() if re.search(rf"\b{name}\b", expression)}
    for (what, mine), (_, yours) in zip(
        ours.results(expression, arrays, 1), theirs.results(expression, arrays, 1), strict=True
    ):
        for one, other in zip(mine, yours, strict=True):
            assert_same(one, other, f"{what} of {expression}", 1e-10)


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_default_dtype(dtype: str) -> None:
    try:
        mg.set_default_dtype(getattr(mg, dtype))
        torch.set_default_dtype(getattr(torch, dtype))
        for expression in expressions("DEFAULT_DTYPE").values():
            one, other = ours.evaluate(expression), theirs.evaluate(expression)
            assert_same(one, other, expression, 1e-3)
            assert str(one) == str(other).replace("torch.", "") or dtype == "float16", expression
    finally:
        mg.set_default_dtype(mg.float32)
        torch.set_default_dtype(torch.float32)


@evaluating("CREATION")
def test_creation_and_attributes(expression: str) -> None:
    assert_same(ours.evaluate(expression), theirs.evaluate(expression), expression, 1e-7)


# Promotion: the dtype in which operands meet

DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
RANKS = (np.array([1, 0]), np.array(1))  # tensors with dimensions count for more than those without
NUMBERS = (True, 1, 1.5)
REFUSED = "refused"


def outcome_of(library: Library, expression: str, arrays: dict[str, Any]) -> Any:
    """The dtype, shape and values of a result, or that it was refused."""
    names = {k: library.tensor(v) if isinstance(v, np.ndarray) else v for k, v in arrays.items()}
    try:
        result = library.evaluate(expression, **names)
    except (RuntimeError, TypeError, ValueError):
        return REFUSED
    return numpy_dtype(result), tuple(result.shape), np.asarray(result.detach().numpy(), np.float64)


def assert_same_outcome(expression: str, arrays: dict[str, Any], kinds: set[str]) -> None:
    one, two = (outcome_of(library, expression, arrays) for library in (ours, theirs))
    beyond = {kind for kind in kinds if expression in BEYOND.get(kind, ())}
    if beyond and (two == REFUSED or kinds <= {"bool", "number"}):
        return
    assert one[:2] == two[:2], f"{expression} of {arrays}: {one}, PyTorch has {two}"
    if two != REFUSED:
        np.testing.assert_allclose(
            one[2], two[2], rtol=2e-3 if two[0] == np.float16 else 1e-6, err_msg=f"{expression} of {arrays}"
        )


@evaluating("MEETINGS")
def test_promotion(expression: str) -> None:
    """Every pair of dtypes, with dimensions and without, and Python numbers on either side."""
    operands: list[tuple[set[str], Any]] = [({d}, value.astype(d)) for value in RANKS for d in DTYPES]
    operands += [({"number", type(n).__name__}, n) for n in NUMBERS]
    for (kinds, a), (others, b) in itertools.product(operands, repeat=2):
        if "number" not in kinds & others:
            assert_same_outcome(expression, {"a": a, "b": b, "mask": np.array([True, False])}, kinds | others)


def test_promote_types() -> None:
    for one, two in itertools.product(DTYPES, repeat=2):
        expected = torch.promote_types(getattr(torch, one), getattr(torch, two))
        assert str(mg.promote_types(np.dtype(one), np.dtype(two))) == str(expected).removeprefix("torch.")


@evaluating("UNARY")
def test_every_dtype(expression: str) -> None:
    for dtype in DTYPES:
        assert_same_outcome(expression, {"a": np.array([1, 0]).astype(dtype)}, {dtype})


# Errors

OWN_ERRORS = {torch.linalg.LinAlgError: mg.linalg.LinAlgError}  # of each library


@evaluating("REFUSED")
def test_what_always_raises_says_why(expression: str) -> None:
    names = {k: ours.tensor(a) for k, a in draw(expression, np.float32).items()}
    with pytest.raises((TypeError, RuntimeError), match=r"not supported|is not there|not implemented"):
        ours.evaluate(expression, **names)


@evaluating("ERRORS")
def test_errors_have_pytorchs_types(expression: str) -> None:
    arrays = draw(expression, np.float32)
    names = lambda library: {k: library.tensor(a, a.dtype == np.float32) for k, a in arrays.items()}  # noqa: E731
    with pytest.raises(Exception) as expected:
        theirs.evaluate(expression, **names(theirs))
    with pytest.raises(OWN_ERRORS.get(expected.type, expected.type)):
        ours.evaluate(expression, **names(ours))


# Printing


@evaluating("PRINTED")
def test_printing(expression: str) -> None:
    """The only difference is that a dtype, and a shape, are printed without ``torch.``."""
    printed = repr(theirs.evaluate(expression)).replace("torch.", "")
    assert repr(ours.evaluate(expression)) == printed


# Completeness


RANDOM = {"rand", "randn", "randint", "randperm", "normal_", "uniform_"}  # these have tests of their own


def spellings() -> dict[str, str]:
    """What must stand in some expression: every public function and every method, but for in-place forms and operators.

    The in-place form of an operation is tested with its record; that of a composite must be written out.
    """
    records = {record.public for record in OPERATIONS.values()}
    found = {f"torch.{name}": function for name, function in PUBLIC[""].items()}
    found |= {f"F.{name}": function for name, function in PUBLIC["nn.functional"].items()}
    found |= {f"torch.linalg.{name}": function for name, function in PUBLIC["linalg"].items() if isfunction(function)}
    found |= {f".{name}": function for name, function in vars(Tensor).items() if is_from_operations(name, function)}
    return {
        spelling: name for spelling, function in found.items()
        if (name := spelling.rpartition(".")[2]) not in RANDOM and getattr(function, "form_of", None) not in records
    }  # fmt: skip


def is_from_operations(name: str, function: Any) -> bool:
    return getattr(function, "__module__", "").startswith("microgradnp.ops.") and not name.startswith("_")


def test_every_public_function_and_method_is_compared() -> None:
    compared = "".join(map(text, ("FUNCTIONS", "INEXACT", "FIRST_ORDER", "CREATION", "WARNS", "REFUSED")))
    missing = [spelling for spelling in spellings() if not re.search(rf"{re.escape(spelling)}\(", compared)]
    assert missing == []
