"""Learning to learn sines (MAML): inner steps by hand and through functional_call; learned rates; unrolled momentum."""

import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call


class Sine(nn.Module):
    def __init__(self, hidden=20):
        super().__init__()
        self.l1 = nn.Linear(1, hidden)
        self.l2 = nn.Linear(hidden, hidden)
        self.l3 = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.l3(F.softplus(self.l2(torch.tanh(self.l1(x)))))


def sample_task():
    amplitude = torch.empty(1).uniform_(0.1, 5.0)
    phase = torch.rand(1) * math.pi

    def draw(count):
        x = torch.rand(count, 1) * 10 - 5
        return x, amplitude * torch.sin(x + phase)

    return draw


def adapt(model, support, rates, steps=2):
    x, y = support
    params = dict(model.named_parameters())
    for _ in range(steps):
        loss = F.mse_loss(functional_call(model, params, (x,)), y)
        grads = torch.autograd.grad(loss, params.values(), create_graph=True)
        params = {name: p - rates[name.replace(".", "_")] * g for (name, p), g in zip(params.items(), grads)}
    return params


def meta_train():
    model = Sine()
    rates = nn.ParameterDict(
        {n.replace(".", "_"): nn.Parameter(torch.tensor(0.02)) for n, _ in model.named_parameters()}
    )
    meta = torch.optim.AdamW([*model.parameters(), *rates.parameters()], lr=1e-3, weight_decay=0.0, amsgrad=True)
    for iteration in range(6):
        meta.zero_grad()
        total = 0.0
        for _ in range(3):
            draw = sample_task()
            fast = adapt(model, draw(8), rates)
            x, y = draw(8)
            total = total + F.mse_loss(functional_call(model, fast, (x,)), y)
        (total / 3).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        meta.step()
        print(f"iteration {iteration}: {total.item() / 3:.9f} rate {rates['l3_weight'].item():.9f}")
    return model


def first_order(model):
    """Reptile: train a copy, and move towards it."""
    for iteration in range(3):
        learner = copy.deepcopy(model)
        optimizer = torch.optim.SGD(learner.parameters(), lr=0.01)
        x, y = sample_task()(10)
        for _ in range(3):
            optimizer.zero_grad()
            loss = F.smooth_l1_loss(learner(x), y)
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            for p, q in zip(model.parameters(), learner.parameters()):
                p.lerp_(q, 0.5)
        print(f"reptile {iteration}: {loss.item():.9f} {model.l2.weight.norm().item():.9f}")


def hyperparameters():
    """The gradient of a validation loss in the rate and the momentum of ten unrolled steps."""
    x, y = torch.randn(12, 3), torch.randn(12)
    log_lr = torch.tensor(-3.0, requires_grad=True)
    momentum = torch.tensor(0.5, requires_grad=True)
    outer = torch.optim.Adam([{"params": [log_lr], "lr": 0.1}, {"params": [momentum]}], lr=0.01)
    for epoch in range(3):
        w, velocity = torch.zeros(3, requires_grad=True), torch.zeros(3)
        for _ in range(10):
            (g,) = torch.autograd.grad((x[:8] @ w - y[:8]).pow(2).mean(), w, create_graph=True)
            velocity = momentum * velocity + g
            w = w - log_lr.exp() * velocity
        loss = (x[8:] @ w - y[8:]).pow(2).mean()
        outer.zero_grad()
        loss.backward()
        print(f"outer {epoch}: {loss.item():.9f} {log_lr.grad.item():.9f} {momentum.grad.item():.9f}")
        outer.step()


def main():
    torch.manual_seed(42)
    model = meta_train()
    first_order(model)
    hyperparameters()


if __name__ == "__main__":
    main()
