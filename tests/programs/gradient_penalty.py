"""Double backward: WGAN-GP, a Hessian by rows, Hessian-vector products, and a physics-informed network."""

import math

import torch
from torch import autograd, nn


class Critic(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(1, 6, 3, padding=1),
            norm,
            nn.SiLU(),
            nn.Conv1d(6, 6, 3, stride=2, padding=1),
            nn.Softplus(),
            nn.Flatten(),
            nn.Linear(24, 1),
        )

    def forward(self, x):
        return self.net(x).squeeze(1)


def gradient_penalty(critic, real, fake):
    mixing = torch.rand(real.size(0), 1, 1, device=real.device)
    between = (mixing * real + (1 - mixing) * fake).requires_grad_(True)
    scores = critic(between)
    (slopes,) = autograd.grad(
        outputs=scores, inputs=between, grad_outputs=torch.ones_like(scores), create_graph=True, retain_graph=True
    )
    return ((slopes.flatten(1).norm(2, dim=1) - 1) ** 2).mean()


def wgan_gp(norm):
    generator = nn.Sequential(nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 8), nn.Unflatten(1, (1, 8)))
    critic = Critic(norm)
    opt_g = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
    opt_d = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
    for i in range(8):
        phase = torch.rand(16, 1) * 2 * math.pi
        real = torch.sin(phase + torch.arange(8) * 0.7).unsqueeze(1)
        fake = generator(torch.randn(16, 3))
        opt_d.zero_grad()
        penalty = gradient_penalty(critic, real, fake.detach())
        d_loss = -critic(real).mean() + critic(fake.detach()).mean() + 10 * penalty
        d_loss.backward()
        opt_d.step()
        if i % 2 == 1:
            opt_g.zero_grad()
            g_loss = -critic(generator(torch.randn(16, 3))).mean()
            g_loss.backward()
            opt_g.step()
            print(f"[{i}] D {d_loss.item():.9f} GP {penalty.item():.9f} G {g_loss.item():.9f}")


def curvature():
    def f(x):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    x = torch.tensor([0.5, -0.3, 0.8], requires_grad=True)
    (g,) = autograd.grad(f(x), x, create_graph=True)
    rows = [autograd.grad(g[i], x, retain_graph=True)[0] for i in range(3)]
    print(torch.stack(rows).tolist())
    v = torch.tensor([1.0, 0.0, -1.0])
    (hv,) = autograd.grad(g, x, grad_outputs=v)
    print(hv.tolist())
    y = x
    for order in range(1, 4):
        (y,) = autograd.grad((y * y.sin()).sum(), x, create_graph=True)
        print(order, y.tolist())


def physics():
    """u'' = -u with u(0) = 0 and u'(0) = 1, from collocation points."""
    net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.NAdam(net.parameters(), lr=5e-3)
    for step in range(20):
        t = torch.linspace(0, 2, 21).unsqueeze(1).requires_grad_()
        u = net(t)
        du = autograd.grad(u.sum(), t, create_graph=True)[0]
        ddu = autograd.grad(du, t, torch.ones_like(du), create_graph=True)[0]
        loss = (ddu + u).square().mean() + u[0].square().sum() + (du[0] - 1).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 5 == 4:
            print(f"step {step}: residual {loss.item():.9f}")


def main():
    torch.manual_seed(0)
    wgan_gp(nn.GroupNorm(2, 6))
    wgan_gp(nn.InstanceNorm1d(6, affine=True))
    curvature()
    physics()


if __name__ == "__main__":
    main()
