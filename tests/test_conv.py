"""Convolutions where the generated tests do not look: blocks, memory, errors, compiled steps."""

import tracemalloc
from typing import Any

import numpy as np
import pytest

import microgradnp as mg
from microgradnp import nn
from microgradnp.ops import correlation

F = nn.functional


def random(*shape: int, dtype: Any = np.float64) -> np.ndarray:
    return np.random.default_rng(sum(shape)).uniform(-1, 1, shape).astype(dtype)


def result_and_gradients(function, *arrays):
    tensors: list[Any] = [mg.tensor(array, requires_grad=True) for array in arrays]
    out = function(*tensors)
    out.backward(mg.tensor(random(*out.shape)))
    return [out.detach().numpy(), *(tensor.grad.numpy() for tensor in tensors)]


BLOCKS = {
    "signals": (lambda x, w, b: F.conv1d(x, w, b, 2, 1), (5, 2, 11), (3, 2, 3), (3,)),
    "groups": (lambda x, w, b: F.conv1d(x, w, b, 1, "same", 1, 2), (5, 4, 6), (6, 2, 3), (6,)),
    "images": (lambda x, w, b: F.conv2d(x, w, b, 1, 1), (3, 2, 7, 9), (4, 2, 3, 3), (4,)),
    "pixels": (lambda x, w, b: F.conv2d(x, w, b, (2, 1), 1, (1, 2)), (3, 8, 7, 6), (2, 8, 3, 2), (2,)),
    "transposed": (lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1, 1), (3, 2, 4, 5), (2, 3, 3, 3), (3,)),
}


@pytest.mark.parametrize(
    "name, value",
    [
        ("COLUMNS", 1), ("COLUMNS", 100), ("COLUMNS", 500),
        ("_by_pixel", lambda *_: True), ("_by_pixel", lambda *_: False),
    ],
    ids=["column", "rows", "samples", "by pixel", "by channel"],
)  # fmt: skip
@pytest.mark.parametrize("case", BLOCKS)
def test_how_columns_are_copied_does_not_matter(case, name, value, monkeypatch):
    function, *shapes = BLOCKS[case]
    arrays = [random(*shape) for shape in shapes]
    expected = result_and_gradients(function, *arrays)
    monkeypatch.setattr(correlation, name, value)
    for one, other in zip(result_and_gradients(function, *arrays), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-13)


def test_a_large_image_takes_no_memory_for_all_its_windows(monkeypatch):
    monkeypatch.setattr(correlation, "COLUMNS", 2**14)
    x, w = mg.tensor(random(1, 8, 64, 64, dtype=np.float32)), mg.tensor(random(8, 8, 5, 5, dtype=np.float32))
    for tensor in (x, w):
        tensor.requires_grad_()
    tracemalloc.start()
    try:
        F.conv2d(x, w, padding=2).sum().backward()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10 * x.nbytes  # all windows would be 25 times as large as the image


def test_float16_is_added_up_in_float32():
    x, w = mg.full((1, 1, 2000), 0.1, dtype=mg.float16), mg.ones(1, 1, 2000, dtype=mg.float16)
    tenth = float(np.float16(0.1))
    assert F.conv1d(x, w).item() == np.float16(2000 * tenth)
    assert F.conv_transpose1d(x, w, stride=2)[0, 0, 2000].item() == np.float16(1000 * tenth)
    w.requires_grad_()
    F.conv1d(x, w, padding=1000).sum().backward()
    assert w.grad[0, 0, 1000].item() == np.float16(2000 * tenth)


def test_results_are_in_c_order_whatever_the_operands_are():
    x, w = mg.tensor(random(2, 5, 6, 3)).permute(0, 3, 2, 1), mg.tensor(random(3, 4, 3, 3)).transpose(0, 1)
    for out in (F.conv2d(x, w, padding=1), F.conv_transpose2d(x, w.transpose(0, 1), stride=2, padding=1)):
        assert out.is_contiguous()
        out.view(2, -1)


@pytest.mark.parametrize(
    "call, words",
    [
        (
            lambda net, x: net(x[:, :3]),
            ["Conv2d 'body.0'", "3 channels", "(2, 3, 8, 8)", "(6, 4, 3, 3)", "in_channels"],
        ),
        (lambda net, x: net(x[:, :, :2]), ["Conv2d 'body.0'", "reaches over 3", "(2, 4, 2, 8)", "padding"]),
        (lambda net, x: net(x[0, 0]), ["Conv2d 'body.0'", "4 dimensions", "(8, 8)"]),
        (lambda net, x: net(x.half()), ["Conv2d 'body.0'", "float16", "float32"]),
        (lambda net, x: net.up(x, (40, 9)), ["ConvTranspose2d", "(40, 9)", "[15, 15] to [16, 16]"]),
        (lambda net, x: F.conv2d(x, net.body[0].weight, groups=4), ["conv2d: ", "groups=4", "(6, 4, 3, 3)"]),
        (lambda net, x: F.conv2d(x, net.body[0].weight, mg.ones(4)), ["conv2d: ", "bias", "(6,)", "(4,)"]),
        (lambda net, x: F.conv2d(x, net.body[0].weight, stride=0), ["conv2d: ", "stride", "at least 1", "0"]),
        (lambda net, x: F.conv2d(x, net.body[0].weight, padding="full"), ["conv2d: ", "'full'", "'same'"]),
        (lambda net, x: nn.Conv2d(4, 6, 3, groups=4), ["Conv2d: ", "groups=4", "out_channels=6"]),
    ],
)
def test_errors_say_where_and_what(call, words):
    net: Any = nn.Module()
    net.body = nn.Sequential(nn.Conv2d(4, 6, 3), nn.ReLU())
    net.up = nn.ConvTranspose2d(4, 2, 3, 2, 1)
    net.forward = lambda x: net.body(x)
    with pytest.raises((RuntimeError, ValueError)) as error:
        call(net, mg.ones(2, 4, 8, 8))
    for word in words:
        assert word in str(error.value)


def test_a_compiled_step_is_the_eager_one_bit_for_bit():
    def losses(compiled):
        mg.manual_seed(0)
        body = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, padding_mode="reflect"), nn.ReLU(), nn.Conv2d(4, 6, 3, 2, "valid", groups=2),
            nn.Tanh(), nn.ConvTranspose2d(6, 1, 3, stride=2, output_padding=1),
        )  # fmt: skip
        optimizer = mg.optim.SGD(body.parameters(), lr=0.1, momentum=0.9)

        def step(x, y):
            loss = F.mse_loss(body(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        step = mg.compile(step) if compiled else step
        x = mg.tensor(random(3, 1, 8, 8, dtype=np.float32))
        return [step(x, x).item() for _ in range(5)], [p.detach().numpy().copy() for p in body.parameters()]

    (ours, parameters), (eager, expected) = losses(True), losses(False)
    assert ours == eager
    assert ours[-1] < ours[0]
    for one, other in zip(parameters, expected, strict=True):
        np.testing.assert_array_equal(one, other)
