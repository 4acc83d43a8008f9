"""Convolutional layers beside PyTorch's: from its state dict, or from the same seed."""

import warnings

import numpy as np
import pytest

import microgradnp as mg

torch = pytest.importorskip("torch")

LAYERS = """
Conv1d(4, 6, 3)
Conv1d(4, 6, 2, stride=2, padding=1, dilation=2, groups=2, bias=False)
Conv1d(4, 4, 3, padding="same", groups=4, padding_mode="circular")
Conv1d(4, 2, 4, padding="same", dilation=3)
Conv1d(4, 2, 3, padding=(2,), padding_mode="reflect")
Conv2d(4, 6, 3)
Conv2d(4, 6, (3, 2), (2, 1), (0, 2), (1, 2), groups=2)
Conv2d(4, 8, 3, padding=1, groups=4, bias=False)
Conv2d(4, 6, 1, stride=3)
Conv2d(4, 2, (2, 3), padding="same", dilation=(2, 1))
Conv2d(4, 2, 3, padding="valid", padding_mode="reflect")
Conv2d(4, 2, (4, 3), padding="same", padding_mode="replicate")
Conv2d(4, 2, 3, stride=2, padding=(2, 1), padding_mode="circular")
Conv2d(4, 2, [3, 3], padding=[2, 1], padding_mode="reflect")
ConvTranspose1d(4, 6, 3)
ConvTranspose1d(4, 6, 3, 3, 1, 2, 2, False, 2)
ConvTranspose2d(4, 6, 3)
ConvTranspose2d(4, 2, 4, stride=2, padding=1)
ConvTranspose2d(4, 6, (3, 2), (1, 3), (1, 0), (0, 1), groups=2, bias=False, dilation=(2, 1))
""".strip().splitlines()

REFUSED = """
Conv2d(4, 6, 3, groups=0)
Conv2d(4, 6, 3, groups=4)
Conv2d(4, 6, 3, groups=3)
Conv2d(4, 6, 3, padding="full")
Conv2d(4, 6, 3, padding="same", stride=(1, 2))
Conv2d(4, 6, 3, padding_mode="edge")
ConvTranspose2d(4, 6, 3, padding_mode="reflect")
Conv2d(4.0, 6, 3)
Conv2d(4, 6, 3.0)
Conv2d(4, 6, -1)
Conv2d(4, 6, 3, dtype=library.int64)
Conv2d(4, 6, 3, device="cuda")
Conv2d(4, 6, 3, output_padding=1)
Conv1d(4, 6, 3, 1, 0, 1, 1, True, "zeros", None, None, 0)
Conv2d(4, 6, (3,))(image)
Conv2d(4, 6, 3, stride=0)(image)
Conv2d(3, 6, 3)(image)
Conv2d(4, 6, 7)(image)
Conv2d(4, 6, 3)(image[0, 0])
Conv2d(4, 6, 3, padding=5, padding_mode="reflect")(image)
Conv2d(4, 6, 3)(image.double())
ConvTranspose2d(4, 6, 3, 2)(image, output_size=(13, 12))
ConvTranspose2d(4, 6, 3, 2)(image, output_size=(10, 12))
ConvTranspose2d(4, 6, 3, 2)(image, output_size=(12,))
ConvTranspose2d(4, 6, 3, 2)(image[0], output_size=(1, 6, 12, 12))
ConvTranspose1d(4, 6, 3, 2)(image[:, :, 0], output_size=11)
ConvTranspose1d(4, 6, 3, output_padding=1)(image[:, :, 0])
""".strip().splitlines()

SIZES = """
ConvTranspose2d(4, 6, 3, 2)(image, (11, 12))
ConvTranspose2d(4, 6, 3, 2)(image, output_size=[2, 6, 12, 11])
ConvTranspose2d(4, 6, 3, (2, 3), 1, dilation=2)(image[0], (6, 12, 16))
ConvTranspose1d(4, 6, 3, 2, output_padding=1)(image[:, :, 0], (11,))
""".strip().splitlines()


def layer(library, text):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel")  # which only PyTorch minds
        return eval(f"library.nn.{text}", {"library": library, "image": library.ones(2, 4, 5, 5)})


def values(library, module, x, order):
    """The output, and the gradients of input and parameters up to an order, with random cotangents."""
    x = library.tensor(x, requires_grad=True)
    leaves = [x, *module.parameters()]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel")
        results = [module(x)]
    yield results[0]
    rng = np.random.default_rng(1)
    for _ in range(order):
        total = sum(0 * (leaf * leaf).sum() for leaf in leaves)  # so that every gradient has one of its own
        for result in results:
            cotangent = rng.uniform(-1, 1, tuple(result.shape)).astype(result.detach().numpy().dtype)
            total = total + (result * library.tensor(cotangent)).sum()
        results = library.autograd.grad(total, leaves, create_graph=True)
        yield from results


@pytest.mark.parametrize("text", LAYERS)
def test_outputs_and_gradients(text):
    theirs, ours = layer(torch, text), layer(mg, text)
    ours.load_state_dict({name: mg.tensor(value.numpy()) for name, value in theirs.state_dict().items()})
    assert repr(ours) == repr(theirs)
    x = np.random.default_rng(0).uniform(-1, 1, (2, 4, 9) if "1d" in text else (2, 4, 6, 7)).astype(np.float32)
    assert_same(ours, theirs, x, 1, 2e-5)
    assert_same(ours.double(), theirs.double(), x.astype(float), 2, 1e-12)
    assert_same(ours, theirs, x[0].astype(float), 1, 1e-12)


def assert_same(ours, theirs, x, order, tolerance):
    for one, other in zip(values(mg, ours, x, order), values(torch, theirs, x, order), strict=True):
        a, b = one.detach().numpy(), other.detach().numpy()
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("text", LAYERS)
def test_the_same_seed_draws_the_same_parameters(text):
    states = []
    for library in (mg, torch):
        library.manual_seed(3)
        states.append(layer(library, text).state_dict())
    assert list(states[0]) == list(states[1])
    for name in states[0]:
        np.testing.assert_array_equal(states[0][name].numpy(), states[1][name].numpy(), err_msg=name)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text):
    with pytest.raises(Exception) as expected:
        layer(torch, text)
    with pytest.raises(expected.type):
        layer(mg, text)


@pytest.mark.parametrize("text", SIZES)
def test_the_size_of_a_transposed_convolution_can_be_asked_for(text):
    torch.manual_seed(0)
    expected = layer(torch, text).detach().numpy()
    mg.manual_seed(0)
    np.testing.assert_allclose(layer(mg, text).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
