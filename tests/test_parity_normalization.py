"""Normalization layers, from PyTorch's state: outputs, running statistics, gradients, and gradients of those."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest

import microgradnp as mg

torch: Any = pytest.importorskip("torch")

LAYERS = [  # a layer, and the shape of an input
    ("BatchNorm1d(3)", (5, 3)),
    ("BatchNorm1d(3, eps=0.1, momentum=None)", (2, 3, 4)),
    ("BatchNorm1d(3, affine=False, momentum=0.7)", (4, 3)),
    ("BatchNorm1d(3, track_running_stats=False)", (2, 3, 2)),
    ("BatchNorm1d(3, momentum=0.0, bias=False)", (2, 3, 2)),
    ("BatchNorm2d(3)", (2, 3, 2, 4)),
    ("BatchNorm2d(3, 1e-3, 0.01, False, False)", (2, 3, 2, 2)),
    ("BatchNorm3d(2)", (2, 2, 1, 2, 3)),
    ("InstanceNorm1d(3)", (2, 3, 5)),
    ("InstanceNorm1d(3, affine=True, track_running_stats=True)", (3, 4)),
    ("InstanceNorm2d(3, affine=True, track_running_stats=True, momentum=0.3)", (2, 3, 2, 2)),
    ("InstanceNorm2d(3, affine=True, bias=False)", (3, 2, 4)),
    ("InstanceNorm3d(2, momentum=None, track_running_stats=True)", (2, 2, 2, 2, 1)),
    ("GroupNorm(2, 4)", (3, 4, 2, 2)),
    ("GroupNorm(1, 3, eps=0.1)", (2, 3)),
    ("GroupNorm(3, 3, affine=False)", (2, 3, 4)),
    ("GroupNorm(2, 4, bias=False)", (2, 4, 3)),
    ("LayerNorm(4)", (2, 3, 4)),
    ("LayerNorm([3, 4], eps=0.1, bias=False)", (2, 3, 4)),
    ("LayerNorm((4,), elementwise_affine=False)", (3, 4)),
    ("RMSNorm(4)", (2, 3, 4)),
    ("RMSNorm((3, 4), eps=0.1, elementwise_affine=False)", (2, 3, 4)),
    ("LocalResponseNorm(2)", (2, 4, 3)),
    ("LocalResponseNorm(3, 0.5, 0.6, 2.0)", (1, 4, 2, 2)),
]
layers = pytest.mark.parametrize(("made", "shape"), LAYERS, ids=[made for made, _ in LAYERS])


def both(made: str, seed: int = 0, double: bool = True) -> tuple[Any, Any]:
    """The layer in PyTorch with weights that are not 0 and 1, and here with the same state."""
    rng = np.random.default_rng(seed)
    theirs, ours = eval(f"torch.nn.{made}"), eval(f"mg.nn.{made}")
    with torch.no_grad():
        for tensor in theirs.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.from_numpy(rng.uniform(0.5, 2, tensor.shape)))
    ours.load_state_dict(theirs.state_dict())
    return (theirs.double(), ours.double()) if double else (theirs, ours)


def run(library: Any, layer: Any, shape: tuple[int, ...], dtype: Any, order: int) -> list[np.ndarray]:
    """Two calls, with gradients of a random combination of the results, to the given order; and the state."""
    rng = np.random.default_rng(1)
    results = []
    for _ in range(2):
        x = library.from_numpy(rng.normal(1, 2, shape).astype(dtype)).requires_grad_()
        y = layer(x)
        g = library.from_numpy(rng.normal(size=y.shape).astype(dtype)).requires_grad_()
        inputs = [x, *layer.parameters()]
        grads = library.autograd.grad(y, inputs, g, create_graph=order > 1)
        results += [y, *grads]
        if order > 1:
            weights = [library.from_numpy(rng.normal(size=grad.shape).astype(dtype)) for grad in grads]
            results += library.autograd.grad(grads, [*inputs, g], weights, allow_unused=True)
    return [np.zeros(0) if r is None else np.asarray(r.detach()) for r in (*results, *layer.state_dict().values())]


def assert_close(ours: list[np.ndarray], theirs: list[np.ndarray], tolerance: float) -> None:
    for o, t in zip(ours, theirs, strict=True):
        assert o.dtype == t.dtype
        if o.size != t.size:  # one of them has zeros where the other has no gradient
            assert not o.any() and not t.any()
        else:
            np.testing.assert_allclose(o, t, rtol=tolerance, atol=tolerance)


@layers
@pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])
def test_outputs_statistics_and_gradients_of_two_orders(made, shape, training):
    theirs, ours = both(made)
    results = [
        run(library, layer.train(training), shape, np.float64, 2) for library, layer in ((mg, ours), (torch, theirs))
    ]
    assert_close(*results, 1e-11)
    assert ours.extra_repr() == theirs.extra_repr()


@layers
def test_in_float32(made, shape):
    theirs, ours = both(made, double=False)
    assert_close(run(mg, ours, shape, np.float32, 1), run(torch, theirs, shape, np.float32, 1), 2e-5)


@pytest.mark.parametrize("made", [made for made, _ in LAYERS])
def test_a_new_layer_is_the_same(made):
    theirs, ours = eval(f"torch.nn.{made}"), eval(f"mg.nn.{made}")
    assert {k: v.tolist() for k, v in ours.state_dict().items()} == {
        k: v.tolist() for k, v in theirs.state_dict().items()
    }
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert ours.state_dict()._metadata == theirs.state_dict()._metadata
    assert repr(ours) == repr(theirs)


@pytest.mark.parametrize("made", ["BatchNorm2d(3)", "InstanceNorm2d(3)", "GroupNorm(3, 3)"])
@pytest.mark.parametrize("view", [lambda x: x.permute(3, 1, 0, 2), lambda x: x[:, :, ::2], lambda x: x[:0]])
def test_inputs_in_any_layout_and_empty_ones(made, view):
    theirs, ours = both(made)
    x = np.random.default_rng(2).normal(size=(2, 3, 4, 2))
    before = x.copy()
    for _ in range(2):
        a, b = (layer(view(library.from_numpy(x))) for library, layer in ((mg, ours), (torch, theirs)))
        np.testing.assert_allclose(np.asarray(a.detach()), b.detach().numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(
        *(
            np.concatenate([np.asarray(b.detach()).ravel() for b in layer.buffers()] or [[]])
            for layer in (ours, theirs)
        ),
        rtol=1e-12,
    )


CALLS = """
BatchNorm1d(3)(ones(2, 3, 4, 5))
BatchNorm1d(3)(ones(3))
BatchNorm2d(3)(ones(2, 3))
BatchNorm3d(3)(ones(2, 3, 4, 5))
BatchNorm1d(3)(ones(2, 4))
BatchNorm1d(3)(ones(1, 3))
BatchNorm1d(3).eval()(ones(1, 3))
BatchNorm1d(3)(ones(2, 3).double())
BatchNorm1d(3)(ones(2, 3).half())
BatchNorm1d(3).half()(ones(2, 3).half())
BatchNorm1d(2.5)
BatchNorm1d(-1)
BatchNorm1d(3, 1e-5, 0.1, True, True, None, None, False)
InstanceNorm1d(3)(ones(2, 3, 1))
InstanceNorm1d(3)(ones(2, 4, 2))
InstanceNorm1d(3, affine=True)(ones(2, 4, 2))
InstanceNorm1d(3, track_running_stats=True)(ones(2, 4, 2))
InstanceNorm2d(3)(ones(2, 3))
InstanceNorm2d(3)(ones(3, 4, 4))
GroupNorm(2, 3)
GroupNorm(3, 3)(ones(2, 4))
GroupNorm(0, 3)
LayerNorm(3)(ones(2, 4))
LayerNorm(3.5)
LayerNorm("ab")
LayerNorm(())
RMSNorm([2, 3])(ones(3))
LocalResponseNorm(2)(ones(2, 3))
"""


@pytest.mark.parametrize("call", CALLS.strip().splitlines())
def test_calls_that_are_refused_are_refused_alike(call):
    def outcome(library: Any) -> Any:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = eval(call, {**vars(library.nn), "ones": library.ones})
            except Exception as error:
                kinds = (ValueError, TypeError, RuntimeError)
                return next((kind for kind in kinds if isinstance(error, kind)), type(error))
            shown = repr(result) if isinstance(result, library.nn.Module) else tuple(result.shape)
            return shown, [w.category for w in caught]

    assert outcome(mg) == outcome(torch)


def test_a_state_of_before_batches_were_counted_loads():
    _, ours = both("BatchNorm1d(2)")
    old = torch.nn.BatchNorm1d(2).double().state_dict()
    del old["num_batches_tracked"]
    ours.load_state_dict(dict(old))
    old._metadata[""] = {"version": 1}
    ours.load_state_dict(copy.copy(old))
    old._metadata[""] = {"version": 2}
    with pytest.raises(RuntimeError, match="Missing key"):
        ours.load_state_dict(old)
