"""LBFGS with a closure: Rosenbrock's valley, logistic regression, and waves that are continued."""

import torch
from torch import nn, optim


class Forecaster(nn.Module):
    """Two cells, step by step; after the sequence it goes on with what it has predicted itself."""

    def __init__(self, width=8):
        super(Forecaster, self).__init__()
        self.width = width
        self.first, self.second = nn.LSTMCell(1, width), nn.LSTMCell(width, width)
        self.linear = nn.Linear(width, 1)

    def forward(self, values, future=0):
        states = [None, None]
        predicted = []
        for x in [*values.split(1, dim=1), *[None] * future]:
            states[0] = self.first(predicted[-1] if x is None else x, states[0])
            states[1] = self.second(states[0][0], states[1])
            predicted.append(self.linear(states[1][0]))
        return torch.cat(predicted, dim=1)


def rosenbrock(line_search):
    xy = torch.tensor([-1.2, 1.0], requires_grad=True)
    optimizer = optim.LBFGS([xy], lr=1 if line_search else 1e-3, max_iter=5, line_search_fn=line_search)
    calls = 0

    def closure():
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        x, y = xy
        loss = (1 - x) ** 2 + 100 * (y - x**2) ** 2
        loss.backward()
        return loss

    for _ in range(4):
        loss = optimizer.step(closure)
        print(f"{line_search}: {loss.item():.9f} after {calls} calls, at ({xy[0]:.3f}, {xy[1]:.3f})")


def logistic_regression():
    x = torch.randn(40, 5)
    y = (x @ torch.tensor([1.0, -2.0, 0.0, 0.5, 0.0]) + 0.3 * torch.randn(40) > 0).to(x.dtype)
    model = nn.Linear(5, 1)
    nn.init.zeros_(model.weight)
    optimizer = torch.optim.LBFGS(
        model.parameters(), lr=0.8, max_iter=4, history_size=3, tolerance_grad=1e-5, line_search_fn="strong_wolfe"
    )
    criterion = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([1.5]))

    def closure():
        if torch.is_grad_enabled():
            optimizer.zero_grad()
        loss = criterion(model(x).squeeze(-1), y) + 1e-2 * model.weight.pow(2).sum()
        if loss.requires_grad:
            loss.backward()
        return loss

    for epoch in range(2):
        loss = optimizer.step(closure)
        with torch.no_grad():
            print(f"epoch {epoch}: {loss.item():.7f} -> {closure().item():.7f}")
    accuracy = ((model(x).squeeze() > 0) == y.bool()).float().mean()
    state = optimizer.state[model.weight]
    print(f"accuracy {accuracy:.4f}, iterations {state['n_iter']}, evaluations {state['func_evals']}")


def forecast():
    phases = torch.randint(-20, 20, (5, 1))
    waves = torch.sin((torch.arange(30) + phases) / 4.0).double()
    model = Forecaster().double()
    criterion = nn.MSELoss()
    optimizer = optim.LBFGS(model.parameters(), lr=0.8, max_iter=4)
    for epoch in range(2):
        losses = []

        def closure(losses=losses):
            optimizer.zero_grad()
            loss = criterion(model(waves[1:, :-1]), waves[1:, 1:])
            loss.backward()
            losses.append(loss.item())
            return loss

        optimizer.step(closure)
        with torch.no_grad():
            predicted = model(waves[:1, :20], future=9)
            error = criterion(predicted, waves[:1, 1:])
        print(f"forecast {epoch}:", losses, "test", error.item(), predicted.numpy()[0, -1].item())


def main():
    torch.manual_seed(0)
    rosenbrock(None)
    rosenbrock("strong_wolfe")
    logistic_regression()
    forecast()


if __name__ == "__main__":
    main()
