"""A typical program in PyTorch's idiom: a type checker must find no mistake in it, and every type to be as asserted.

``tests/test_stubs.py`` has pyright read it, and runs it: what the stubs say must also be so.
"""

from collections.abc import Iterator
from typing import Any, assert_type

import numpy as np

import microgradnp as torch
import microgradnp.nn.functional as F
from microgradnp import Tensor, nn, optim, return_types


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
    assert_type(first, Tensor)
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


class Scaled(torch.autograd.Function):
    """x * factor, with a gradient of its own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.factor = factor
        return x * factor

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        assert x.shape == grad_output.shape
        return grad_output * ctx.factor, None


def custom_function(x: Tensor) -> None:
    leaf = x.detach().requires_grad_()
    heard: list[Tensor] = []
    with leaf.register_hook(heard.append):
        Scaled.apply(leaf, 3.0).sum().backward()
    assert leaf.grad is not None
    assert torch.equal(leaf.grad, torch.full_like(leaf, 3.0)) and len(heard) == 1
    leaf.register_post_accumulate_grad_hook(lambda t: None)
    model = Net(width=2)
    handle = model.register_forward_hook(lambda module, args, output: output * 2)
    assert_type(model(torch.ones(1, 2)).shape, Any)
    handle.remove()


def without_graph(model: nn.Module, x: Tensor) -> None:
    with torch.inference_mode():
        assert not model(x).requires_grad
        assert_type(x.is_inference(), bool)
    with torch.set_grad_enabled(False):
        assert not torch.is_grad_enabled()
    assert_type(torch.is_inference_mode_enabled(), bool)


def several_results(x: Tensor) -> None:
    ordered = torch.sort(x, dim=1, descending=True)
    assert_type(ordered.values, Tensor)
    largest, places = x.topk(1, dim=-1)
    assert_type(largest - places, Tensor)
    assert_type(torch.aminmax(x, dim=0).max, Tensor)
    assert_type(torch.median(x, axis=0).indices, Tensor)
    assert_type(x.median(), Tensor)
    assert_type(torch.kthvalue(x, 1).values, Tensor)
    assert_type(x.mode(), return_types.mode)
    assert_type(torch.cummax(x, 0).indices, Tensor)
    assert_type(torch.std_mean(x, dim=(0, 1), correction=0), tuple[Tensor, Tensor])
    assert_type(torch.frexp(x).mantissa, Tensor)
    assert_type(torch.histogram(x, 4, range=(0.0, 4.0)).bin_edges, Tensor)
    assert_type(torch.linalg.slogdet(x).logabsdet, Tensor)
    assert_type(torch.unique(x), Tensor)
    values, counts = x.unique(return_counts=True)
    assert_type(values[counts > 1], Tensor)
    assert_type(x.nonzero(), Tensor)
    assert_type(x.nonzero(as_tuple=True), tuple[Tensor, ...])
    assert_type(torch.where(x > 0), tuple[Tensor, ...])
    assert_type(x.split([1, 1], dim=1), tuple[Tensor, ...])
    upper, lower = torch.chunk(x, 2)
    assert_type(torch.meshgrid(upper[0], lower[0], indexing="ij"), tuple[Tensor, ...])
    assert_type([row.sum() for row in x.unbind()], list[Tensor])
    assert_type(torch.atleast_1d(x, lower), tuple[Tensor, ...])
    assert_type(torch.atleast_2d(x), Tensor)
    assert_type(torch.gradient(x, spacing=2.0, dim=0), tuple[Tensor, ...])


def factories() -> None:
    generator = torch.Generator().manual_seed(0)
    options: Any = {"dtype": torch.float64, "device": "cpu"}
    assert_type(torch.randint(6, (2,), generator=generator, dtype=torch.int32), Tensor)
    assert_type(torch.randint(1, 7, (2, 2), rng=np.random.default_rng(0), requires_grad=False), Tensor)
    assert_type(torch.rand(2, 3, generator=generator, dtype=torch.float64, requires_grad=True), Tensor)
    assert_type(torch.zeros(2, layout=torch.strided, device=torch.device("cpu")), Tensor)
    assert_type(torch.full((2, 2), 0.5, **options), Tensor)
    assert_type(torch.linspace(0, 1, 5, out=torch.empty(5)), Tensor)
    assert_type(torch.eye(2).new_zeros((3,), dtype=torch.int64), Tensor)
    assert_type(torch.ones_like(torch.eye(2), memory_format=torch.preserve_format), Tensor)
    assert_type(torch.normal(0.0, 1.0, (2,), generator=generator).device, torch.device)
    assert_type(torch.arange(0, 1, 0.25).layout, torch.layout)
    assert_type(torch.FloatTensor([1, 2]), Tensor)
    assert isinstance(torch.ones(2), torch.FloatTensor)
    assert_type(torch.tensor([1.0]).type(), str)
    assert_type(torch.tensor([1.0]).type(torch.float64), Tensor)
    assert_type(torch.finfo(torch.float32).eps, float)


def more_functions(x: Tensor, array: np.ndarray) -> None:
    out = torch.empty(2, 2)
    assert_type(torch.clamp(x, min=0.0, max=1), Tensor)
    assert_type(torch.clamp_min(x, 0.5).clamp_max(2), Tensor)
    assert_type(torch.div(x, 2, rounding_mode="floor"), Tensor)
    assert_type(torch.float_power(2, x), Tensor)
    assert_type(torch.lerp(x, array, 0.5), Tensor)
    assert_type(torch.exp(x, out=out), Tensor)
    assert_type(torch.addmm(x, x, x, beta=0.5, alpha=2, out=out), Tensor)
    assert_type(torch.cumsum(x, axis=1), Tensor)
    assert_type(torch.logsumexp(x, dim=(0, 1), keepdim=True), Tensor)
    assert_type(torch.quantile(x, 0.5, dim=0, interpolation="nearest"), Tensor)
    assert_type(torch.var(x, dim=0, unbiased=False), Tensor)
    assert_type(torch.norm(x, p=1, dim=1), Tensor)
    assert_type(torch.einsum("ij,kj->ik", x, x), Tensor)
    assert_type(torch.tensordot(x, x, dims=([1], [0])), Tensor)
    assert_type(x.gather(1, torch.tensor([[0], [1]])), Tensor)
    assert_type(x.scatter(0, torch.tensor([[0, 1]]), 1.0), Tensor)
    assert_type(x.index_fill(0, torch.tensor([0]), 2.0).masked_fill(x > 1, 0), Tensor)
    assert_type(torch.zeros(size=(2,)) + torch.zeros(np.int64(2)), Tensor)
    assert_type(x.reshape(shape=(4,)).view(size=(2, 2)).permute(dims=(1, 0)), Tensor)
    assert_type(x.view(torch.int32).to(torch.float64, True), Tensor)
    assert_type(torch.index_select(x, axis=0, index=torch.tensor([0])), Tensor)
    assert_type(torch.sum(torch.flip(x, [0]), dim=[0, 1]), Tensor)
    assert_type(torch.roll(x, 1, dims=0).flip(0).rot90(), Tensor)
    assert_type(x.unflatten(0, (1, 2)).flatten(), Tensor)
    assert_type(torch.allclose(x, x, atol=1e-3), bool)
    assert_type(x.tile(2, 1).repeat(1, 2).movedim(0, 1), Tensor)
    assert_type(x.triu().diagonal().diag_embed(), Tensor)
    assert_type(torch.bernoulli(torch.full((2,), 0.5)), Tensor)
    assert_type(torch.broadcast_shapes((2, 1), 3), torch.Size)
    assert_type(torch.erf_(x.clone()).clamp_(min=0).masked_fill_(x > 2, 0.0), Tensor)
    assert_type(x.clone().lerp_(x, 0.5).addcmul_(x, x, value=2).t_(), Tensor)


def layers(x: Tensor) -> None:
    target = torch.tensor([0, 1])
    assert_type(F.cross_entropy(x, target, label_smoothing=0.1), Tensor)
    assert_type(F.softmax(x, dim=1), Tensor)
    assert_type(F.nll_loss(F.log_softmax(x, -1), target, reduction="none"), Tensor)
    assert_type(F.gelu(x, approximate="tanh") + F.leaky_relu(x, 0.1), Tensor)
    assert_type(F.pad(x, (1, 1), mode="constant", value=0.0), Tensor)
    assert_type(F.one_hot(target, num_classes=3), Tensor)
    assert_type(F.dropout(x, p=0.2, training=False), Tensor)
    assert_type(F.normalize(x, dim=-1), Tensor)
    assert_type(F.huber_loss(x, torch.zeros_like(x), delta=0.5), Tensor)
    assert_type(F.embedding(target, x), Tensor)


def linear_algebra(x: Tensor, array: np.ndarray) -> None:
    assert_type(torch.linalg.inv(x) @ torch.linalg.solve(x, array), Tensor)
    assert_type(torch.linalg.norm(x, ord="fro", dim=(0, 1)), Tensor)
    assert_type(torch.linalg.vector_norm(x, ord=1, dim=0, keepdim=True), Tensor)
    assert_type(torch.linalg.matrix_power(x, 2).det(), Tensor)
    assert_type(torch.linalg.cholesky(x @ x.T + torch.eye(2)), Tensor)
    assert_type(torch.linalg.multi_dot([x, x, x]), Tensor)
    assert_type(torch.linalg.det(x, out=torch.empty(())), Tensor)
    try:
        torch.linalg.inv(torch.zeros(2, 2))
    except torch.linalg.LinAlgError as error:
        assert_type(str(error), str)


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
    for read in (functions, more_functions, linear_algebra, numpy_functions):
        read(x, array)
    for read in (attributes, methods, several_results, layers, custom_function):
        read(x.clone())
    without_graph(Net(width=2), x)
    factories()
    for write in (indexing, in_place):
        write(x.clone())


if __name__ == "__main__":
    main()
