"""Printing: options, random tensors beside PyTorch's, and what has no counterpart there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import microgradnp as mg


@pytest.fixture(autouse=True)
def _default_options() -> Iterator[None]:
    yield
    mg.set_printoptions(profile="default")


def test_options() -> None:
    t = mg.tensor([[1.23456, -2.0], [1000.5, 3.0]])
    mg.set_printoptions(precision=2)
    assert str(t) == "tensor([[   1.23,   -2.00],\n        [1000.50,    3.00]])"
    mg.set_printoptions(sci_mode=True)
    assert str(t[0]) == "tensor([ 1.23e+00, -2.00e+00])"
    mg.set_printoptions()  # what is not given stays, but for sci_mode
    assert str(t[0]) == "tensor([ 1.23, -2.00])"
    mg.set_printoptions(profile="default", threshold=3, edgeitems=1)
    assert str(mg.arange(4)) == "tensor([0,  ..., 3])"
    mg.set_printoptions(profile="full")
    assert "..." not in str(mg.zeros(1001))
    mg.set_printoptions(profile="default", linewidth=20)
    assert str(mg.arange(6)) == "tensor([0, 1, 2, 3,\n        4, 5])"


@pytest.mark.parametrize(
    "options", [{"profile": "huge"}, {"precision": -1}, {"linewidth": "wide"}, {"threshold": True}]
)
def test_unknown_options_are_refused_and_change_nothing(options: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        mg.set_printoptions(**{"edgeitems": 1, **options})
    assert str(mg.zeros(2000)) == "tensor([0., 0., 0.,  ..., 0., 0., 0.])"


def test_parameters_and_facts() -> None:
    weight = mg.nn.Parameter(mg.ones(2, dtype=mg.float64))
    assert repr(weight) == "Parameter containing:\ntensor([1., 1.], dtype=float64, requires_grad=True)"
    marked = type("Marked", (mg.Tensor,), {})([[1.0, 2.0], [3.0, 4.0]])
    assert repr(marked) == "Marked([[1., 2.],\n        [3., 4.]])"
    assert repr(mg.zeros(2, 0, dtype=mg.int32)) == "tensor([], size=(2, 0), dtype=int32)"


# Beside PyTorch


def array(rng: np.random.Generator) -> np.ndarray:
    """An array of random shape, dtype and kind of values: normal, whole, mixed in size, zeros, nans and infinities."""
    ndim = int(rng.integers(0, 5))
    sides = (1500, 50, 14, 8) if rng.random() < 0.1 else (60, 9, 5, 4)
    shape = tuple(int(n) for n in rng.integers(rng.random() > 0.15, sides[max(ndim - 1, 0)], ndim))
    kinds = [
        rng.normal(size=shape) * 10.0 ** rng.integers(-6, 9),
        10.0 ** rng.uniform(-5, 5, shape) * rng.choice([-1, 1], shape),
        rng.integers(-1000, 1000, shape),
        rng.choice([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf, 2.5, 1e-5, 100.0], shape),
        rng.choice([0.0, -0.0, np.nan, np.inf, -np.inf], shape),
        np.round(rng.normal(size=shape) * 10.0 ** rng.integers(0, 5), int(rng.integers(0, 3))),
    ]
    values = kinds[rng.integers(len(kinds))]
    dtype = np.dtype(rng.choice(["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]))
    if dtype.kind != "f":
        values = np.nan_to_num(values, nan=0, posinf=3, neginf=-2) % 100
    with np.errstate(all="ignore"):
        return np.asarray(values).astype(dtype)


OPTIONS: list[dict[str, Any]] = [
    {}, {"precision": 0}, {"precision": 7}, {"linewidth": 30}, {"linewidth": 140}, {"threshold": 20, "edgeitems": 2},
    {"sci_mode": True}, {"sci_mode": False}, {"profile": "short"}, {"profile": "full", "linewidth": 60},
    {"threshold": 5, "edgeitems": 1, "precision": 2},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_random_tensors_print_as_in_pytorch(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(len(str(options)))
    try:
        for library in (torch, mg):
            library.set_printoptions(**options)
        for _ in range(60):
            values = array(rng)
            graph = int(rng.integers(0, 3)) if values.dtype.kind == "f" else 0
            printed = []
            for library in (torch, mg):
                tensor = library.from_numpy(values.copy())
                if graph:
                    tensor.requires_grad_()
                if values.ndim > 1:
                    tensor = tensor.detach().transpose(0, 1) if graph == 0 else tensor
                printed.append(repr(tensor * 1 if graph == 2 else tensor))
            assert printed[1] == printed[0].replace("torch.", "")
    finally:
        torch.set_printoptions(profile="default")
