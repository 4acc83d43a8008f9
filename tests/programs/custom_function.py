"""Operations of one's own: Functions with saved tensors, other arguments, several results, and estimated gradients."""

import torch
from torch import nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class Affine(Function):
    """x @ w.T + b, where b may be missing; nothing is computed that nobody asks for."""

    @staticmethod
    def forward(ctx, x, w, b=None):
        ctx.save_for_backward(x, w)
        y = x @ w.t()
        return y if b is None else y + b

    @staticmethod
    def backward(ctx, grad):
        x, w = ctx.saved_tensors
        needs_x, needs_w, needs_b = (*ctx.needs_input_grad, False)[:3]
        return (
            grad @ w if needs_x else None,
            grad.t().matmul(x) if needs_w else None,
            grad.sum(dim=0) if needs_b else None,
        )[: len(ctx.needs_input_grad)]


class Swish(Function):
    @staticmethod
    def forward(x, beta):
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.beta = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)
        return grad * (s + ctx.beta * x * s * (1 - s)), None


class Quantize(Function):
    """Rounds to a grid; the gradient passes straight through inside of [-1, 1]."""

    @staticmethod
    def forward(ctx, x, levels):
        ctx.save_for_backward(x.abs() <= 1)
        return torch.round(x.clamp(-1, 1) * levels) / levels

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        (inside,) = ctx.saved_tensors
        return grad.masked_fill(~inside, 0.0), None


class MinMax(Function):
    """Two results; the places are not differentiable."""

    @staticmethod
    def forward(ctx, x):
        low, high = x.min(dim=1), x.max(dim=1)
        ctx.save_for_backward(low.indices, high.indices)
        ctx.shape = x.shape
        ctx.mark_non_differentiable(low.indices, high.indices)
        return low.values, high.values, low.indices, high.indices

    @staticmethod
    def backward(ctx, grad_low, grad_high, *_):
        low, high = ctx.saved_tensors
        grad = grad_low.new_zeros(ctx.shape)
        grad.scatter_add_(1, low[:, None], grad_low[:, None])
        grad.scatter_add_(1, high[:, None], grad_high[:, None])
        return grad


class Layer(nn.Module):
    def __init__(self, inputs, outputs, bias=True):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        if bias:
            self.bias = nn.Parameter(torch.zeros(outputs))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.orthogonal_(self.weight, gain=nn.init.calculate_gain("tanh"))

    def forward(self, x):
        if self.bias is None:
            return Affine.apply(x, self.weight)
        return Affine.apply(x, self.weight, self.bias)

    def extra_repr(self):
        return f"{self.weight.size(1)} -> {self.weight.size(0)}, bias={self.bias is not None}"


def main():
    torch.manual_seed(0)
    x = torch.randn(6, 4, dtype=torch.double, requires_grad=True)
    w = torch.randn(3, 4, dtype=torch.double, requires_grad=True)
    print(torch.autograd.gradcheck(Affine.apply, (x, w), eps=1e-6, atol=1e-4))
    print(torch.autograd.gradgradcheck(lambda v: Swish.apply(v, 1.5), x))
    print(torch.autograd.gradcheck(lambda v: MinMax.apply(v)[:2], x))

    torch.manual_seed(1)
    net = nn.Sequential(Layer(4, 16), nn.LayerNorm(16), Layer(16, 4, bias=False))
    print(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    data, scale = torch.randn(32, 4), torch.ones(4, requires_grad=True)
    for step in range(12):
        optimizer.zero_grad()
        hidden = Swish.apply(net(data), 1.0)
        coded = Quantize.apply(hidden * scale, 8)
        low, high, _, where = MinMax.apply(coded)
        loss = (coded - data).pow(2).mean() + 0.01 * (high - low).mean()
        loss.backward()
        optimizer.step()
        print(step, loss.item(), coded.detach().unique().numel(), where.sum().item())
    print(scale.grad.tolist(), type(loss.grad_fn).__name__, coded.grad_fn is not None)


if __name__ == "__main__":
    main()
