"""A typical program in PyTorch's idiom: a type checker must find no mistake in it, and every type to be as asserted.

``tests/test_stubs.py`` has pyright read it, and runs it: what the stubs say must also be so.
"""

from collections.abc import Iterator
from typing import Any, assert_type

import numpy as np

import microgradnp as torch
import microgradnp.nn.functional as F
from microgradnp import Tensor, nn, optim


class Net(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(2, width)
        self.body = nn.Sequential(nn.Tanh(), nn.Linear(width, 1))
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.hidden(x)) + torch.tanh(self.hidden(x))
        return self.body(x) * self.scale


def train(steps: int) -> list[float]:
    torch.manual_seed(0)
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    model = Net(width=4)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    criterion = nn.MSELoss()
    losses: list[float] = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        prediction = model(x)
    assert float(F.mse_loss(prediction, y)) < 1
    return losses


def parameters(model: nn.Module) -> None:
    assert_type(model.parameters(), Iterator[nn.Parameter])
    for name, parameter in model.named_parameters():
        assert_type(name, str)
        assert_type(parameter.requires_grad_(False), nn.Parameter)
        assert_type(parameter.grad, Tensor | None)
    assert_type(nn.Linear(2, 4).weight, nn.Parameter)


def gradients() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = (x**2).sum()
    y.backward()
    assert_type(x.grad, Tensor | None)
    assert x.grad is not None
    with torch.no_grad():
        x -= 0.1 * x.grad
    assert_type(x, Tensor)
    x.grad = None
    assert_type(y.requires_grad, bool)
    assert_type(y.is_leaf, bool)
    assert y.grad_fn is not None
    assert_type(y.grad_fn.name(), str)
    (first,) = torch.autograd.grad(x**3, x, torch.ones_like(x), create_graph=True)
    assert_type(first, Tensor | None)
    handle = y.register_hook(lambda g: g * 2)
    handle.remove()


@torch.no_grad()
def operators(x: Tensor, array: np.ndarray) -> None:
    assert_type(x + 1, Tensor)
    assert_type(1 - x, Tensor)
    assert_type(2.0 * x / array, Tensor)
    assert_type(x @ x.T, Tensor)
    assert_type(-x, Tensor)
    assert_type(x**2, Tensor)
    assert_type(2**x, Tensor)
    assert_type(abs(x), Tensor)
    assert_type(x == 0, Tensor)
    assert_type(x != x, Tensor)
    assert_type((x > 0) & ~(x >= 1.5), Tensor)
    assert_type(np.float32(2) * x, Tensor)


def attributes(x: Tensor) -> None:
    assert_type(x.shape, torch.Size)
    assert_type(x.shape[0], int)
    assert_type(x.shape[1:], torch.Size)
    assert_type(x.shape.numel(), int)
    assert_type(x.size(), torch.Size)
    assert_type(x.size(0), int)
    assert_type(x.stride(), tuple[int, ...])
    assert_type(x.dim() + x.ndim + x.numel() + len(x), int)
    assert_type(x.dtype, np.dtype[Any])
    assert_type(x.T.mT, Tensor)
    assert_type(x.sum().item(), float | int | bool)
    assert_type(float(x.sum()), float)
    assert_type(x.detach().numpy(), np.ndarray)
    assert_type([row for row in x], list[Tensor])  # noqa: C416 (a list is not what its type is asserted for)
    x.data = x.data.clone()
    x.requires_grad = True


def indexing(x: Tensor) -> None:
    rows = torch.tensor([0, 1])
    assert_type(x[0], Tensor)
    assert_type(x[0, 1:], Tensor)
    assert_type(x[..., None, ::2], Tensor)
    assert_type(x[rows, [0, 1]], Tensor)
    assert_type(x[x > 0], Tensor)
    assert_type(x[np.array([True, False])], Tensor)
    x[0, 0] = 1.0
    x[x < 0] = 0
    x[1] = x[0]


def in_place(x: Tensor) -> None:
    assert_type(x.add_(1, alpha=2).mul_(x).zero_(), Tensor)
    assert_type(x.uniform_(-1, 1).clone().copy_(x), Tensor)
    x += 1
    x *= x
    x /= 2.0
    assert_type(x, Tensor)
    with torch.no_grad():
        assert_type(nn.Parameter(x).fill_(0.5), nn.Parameter)


def methods(x: Tensor) -> None:
    assert_type(x.sum(), Tensor)
    assert_type(x.mean(dim=(0, 1), keepdim=True), Tensor)
    assert_type(x.exp().log().sigmoid(), Tensor)
    assert_type(x.reshape(-1).view(2, -1).permute(1, 0), Tensor)
    assert_type(x.float().to(torch.float64).to("cpu"), Tensor)
    assert_type(x.max(), Tensor)
    assert_type(x.max(x * 2), Tensor)
    values, indices = x.max(dim=1)
    assert_type(values, Tensor)
    assert_type(indices, Tensor)
    assert_type(x.min(0).values.squeeze(), Tensor)


def functions(x: Tensor, array: np.ndarray) -> None:
    assert_type(torch.exp(x), Tensor)
    assert_type(torch.matmul(array, x.T), Tensor)
    assert_type(torch.add(x, 1, alpha=2), Tensor)
    assert_type(torch.where(x > 0, x, 0.0), Tensor)
    assert_type(torch.cat([x, x], dim=1), Tensor)
    assert_type(torch.stack((x, x)), Tensor)
    assert_type(torch.sum(x, 0), Tensor)
    assert_type(torch.max(x, 1).indices, Tensor)
    assert_type(torch.maximum(0.0, x), Tensor)
    assert_type(torch.zeros(2, 3, dtype=torch.int), Tensor)
    assert_type(torch.randn((2, 3)), Tensor)
    assert_type(torch.randint(0, 10, (2,)), Tensor)
    assert_type(torch.arange(3.0), Tensor)
    assert_type(F.binary_cross_entropy(x.sigmoid(), x.sigmoid(), reduction="sum"), Tensor)
    assert_type(torch.promote_types(torch.float32, torch.int64), np.dtype[Any])
    assert_type(torch.zeros(2, dtype=torch.bool).to(torch.float), Tensor)


def numpy_functions(x: Tensor, array: np.ndarray) -> None:
    """NumPy's own stubs say what its functions return: an array, or nothing definite. They must take a Tensor."""
    for result in (np.exp(x), np.add(x, array), np.maximum(x, 0), np.sum(x, axis=0), np.matmul(x, x.T)):
        assert isinstance(result, Tensor)
    assert isinstance(np.where(array > 0, x, 0.0), Tensor)
    assert_type(x * array, Tensor)
    assert_type(np.asarray(x.detach()).ndim, int)


def main() -> None:
    losses = train(steps=5)
    assert len(losses) == 5
    parameters(Net(width=2))
    gradients()
    x, array = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2), np.float32)
    operators(x, array)
    for read in (functions, numpy_functions):
        read(x, array)
    for read in (attributes, methods):
        read(x.clone())
    for write in (indexing, in_place):
        write(x.clone())


if __name__ == "__main__":
    main()
