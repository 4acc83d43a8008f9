"""``nn.init`` beside PyTorch's: the same numbers for the same seed, the stream left at the same place."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import microgradnp as mg

torch: Any = pytest.importorskip("torch")

LIBRARIES = (torch, mg)


def outcome(library: Any, fill: Any, tensor: Any) -> tuple[Any, list[str]]:
    """What a filled tensor holds and the next number of the stream, or the type of the error; and the warnings."""
    library.manual_seed(5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            filled = fill(library.nn.init, tensor(library))
            result: Any = (np.asarray(filled.detach()), filled.requires_grad, library.randint(10**6, (3,)).tolist())
        except Exception as error:
            result = type(error).__name__
    return result, [f"{w.category.__name__}: {w.message}" for w in caught]


def assert_same(fill: Any, tensor: Any, rtol: float = 0, atol: float = 0) -> None:
    (theirs, their_warnings), (ours, our_warnings) = (outcome(library, fill, tensor) for library in LIBRARIES)
    assert our_warnings == their_warnings
    if isinstance(theirs, str) or isinstance(ours, str):
        assert ours == theirs
        return
    assert (ours[0].dtype, ours[0].shape) == (theirs[0].dtype, theirs[0].shape)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=rtol, atol=atol)
    assert ours[1:] == theirs[1:]


def empty(*shape: int, dtype: str = "float32") -> Any:
    return lambda library: library.nn.Parameter(library.zeros(shape, dtype=getattr(library, dtype)))


RANDOM = [
    lambda init, w: init.uniform_(w, -1, 2),
    lambda init, w: init.normal_(w, 1, 0.1),
    lambda init, w: init.trunc_normal_(w),
    lambda init, w: init.trunc_normal_(w, std=0.02),
    lambda init, w: init.trunc_normal_(w, 0.1, 2.0, -0.9, 1.3),
    lambda init, w: init.trunc_normal_(w, 0.1, 2.0, -0.3, 0.4),  # from here on by rejection of uniform numbers
    lambda init, w: init.trunc_normal_(w, 0.0, 1.0, 1.5, 4.0),
    lambda init, w: init.trunc_normal_(w, 5.0, 1.0, -1.0, 1.0),  # warns
    lambda init, w: init.xavier_uniform_(w, gain=init.calculate_gain("tanh")),
    lambda init, w: init.xavier_normal_(w, 0.5),
    lambda init, w: init.kaiming_uniform_(w, mode="fan_out", nonlinearity="relu"),
    lambda init, w: init.kaiming_normal_(w, a=0.3),
    lambda init, w: init.orthogonal_(w),
    lambda init, w: init.orthogonal_(w, gain=-2.5),
    lambda init, w: init.sparse_(w, 0.35, std=0.5),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(20, 3), (3, 5), (4, 4), (1, 3)], ids=str)
@pytest.mark.parametrize("fill", RANDOM)
def test_random_numbers_are_pytorchs(fill, shape, dtype):
    tolerance = 2e-6 if dtype == "float32" else 1e-14
    assert_same(fill, empty(*shape, dtype=dtype), tolerance, tolerance)


@pytest.mark.parametrize("shape", [(4, 3, 2), (2, 3, 2, 2), (5, 1, 1, 2, 2)], ids=str)
@pytest.mark.parametrize("fill", RANDOM[-7:-1])
def test_weights_of_convolutions(fill, shape):
    assert_same(fill, empty(*shape, dtype="float64"), 1e-14, 1e-14)


@pytest.mark.parametrize("fill", RANDOM)
def test_in_the_order_of_memory(fill):
    assert_same(fill, lambda library: library.zeros(5, 4, dtype=library.float64).t(), 1e-14, 1e-14)
    assert_same(fill, lambda library: library.zeros(6, 8, dtype=library.float64)[::2, 1::2], 1e-14, 1e-14)


EXACT = """
init.eye_(zeros(3, 5))
init.eye_(zeros(5, 3))
init.eye_(zeros(0, 3))
init.eye_(zeros(3))
init.eye_(zeros(2, 2, dtype="int64").detach())
init.dirac_(zeros(3, 4, 5))
init.dirac_(zeros(6, 2, 4), groups=3)
init.dirac_(zeros(2, 3, 3, 2), 2)
init.dirac_(zeros(4, 2, 3, 1, 2))
init.dirac_(zeros(4, 2, 3), 3)
init.dirac_(zeros(4, 2, 3), 0)
init.dirac_(zeros(4, 2))
init.dirac_(zeros(1, 1, 1, 1, 1, 1))
init.dirac_(zeros(0, 2, 3))
init.ones_(zeros(2, 3))
init.zeros_(zeros(2, 3))
init.constant_(zeros(2, 3), 0.3)
init.constant_(zeros(2, 3, dtype="float16"), 0.3)
init.orthogonal_(zeros(3))
init.orthogonal_(zeros(0, 3))
init.orthogonal_(zeros(3, 2, dtype="float16"))
init.orthogonal_(zeros(3, 2, dtype="int64"))
init.sparse_(zeros(3), 0.5)
init.sparse_(zeros(3, 2, 1), 0.5)
init.sparse_(zeros(4, 3), 0.0, std=0.0)
init.sparse_(zeros(4, 3), 1.0)
init.sparse_(zeros(0, 3), 0.5)
init.trunc_normal_(zeros(0, 3))
init.trunc_normal_(zeros(3), std=0)
init.trunc_normal_(zeros(3), a=2, b=-2)
init.trunc_normal_(zeros(3, dtype="int64"))
init.uniform_(zeros(3), 1, 0)
init.normal_(zeros(3), std=-1)
init.xavier_uniform_(zeros(3))
init.xavier_normal_(zeros(3))
init.kaiming_uniform_(zeros(3))
init.kaiming_normal_(zeros(0, 3))
init.kaiming_uniform_(zeros(0, 3))
init.kaiming_normal_(zeros(2, 3), mode="fan")
init.kaiming_normal_(zeros(2, 3), nonlinearity="gelu")
init.kaiming_normal_(zeros(2, 3), a=True)
init.uniform(zeros(3), -1, 2)
init.constant(zeros(3), 0.3)
init.eye(zeros(3, 2))
init.dirac(zeros(3, 2, 3))
init.xavier_uniform(zeros(3, 2))
init.kaiming_uniform(zeros(3, 2), 0.1)
"""


@pytest.mark.parametrize("expression", EXACT.strip().splitlines())
def test_fills_errors_and_warnings(expression):
    class Zeros:
        def __init__(self, library: Any) -> None:
            self.library = library

        def __call__(self, *shape: int, dtype: str = "float32") -> Any:
            zeros = self.library.zeros(shape, dtype=getattr(self.library, dtype))
            return zeros.requires_grad_(dtype.startswith("float"))

    assert_same(lambda init, zeros: eval(expression, {"init": init, "zeros": zeros}), Zeros)


@pytest.mark.parametrize("name", ["normal", "xavier_normal", "kaiming_normal", "orthogonal"])
def test_names_of_old(name):
    assert_same(lambda init, w: getattr(init, name)(w), empty(3, 2, dtype="float64"), 1e-14, 1e-14)


@pytest.mark.parametrize("fill", [f"{kind}_" for kind in (
    "uniform", "normal", "trunc_normal", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal",
    "orthogonal",
)] + ["sparse_"])  # fmt: skip
def test_a_generator_is_drawn_from(fill):
    def with_generator(init: Any, w: Any) -> Any:
        library = mg if init is mg.nn.init else torch
        generator = library.Generator().manual_seed(9)
        sparsity = (0.4,) if fill == "sparse_" else ()
        getattr(init, fill)(w, *sparsity, generator=generator)
        return getattr(init, fill)(w, *sparsity, generator=generator)

    assert_same(with_generator, empty(5, 4, dtype="float64"), 1e-14, 1e-14)


@pytest.mark.parametrize("nonlinearity", ["linear", "conv1d", "conv_transpose3d", "sigmoid", "tanh", "relu", "selu",
                                          "leaky_relu", "gelu", ""])  # fmt: skip
@pytest.mark.parametrize("param", [None, 1, 0.2, True, "0.2"])
def test_gains(nonlinearity, param):
    def gain(library: Any) -> Any:
        try:
            return library.nn.init.calculate_gain(nonlinearity, param)
        except ValueError:
            return "ValueError"

    assert gain(mg) == gain(torch)


def test_every_name_is_there():
    assert [name for name in torch.nn.init.__all__ if not hasattr(mg.nn.init, name)] == []
