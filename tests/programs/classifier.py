"""A perceptron learns three interleaved spirals: a training loop with mini-batches, a schedule, and metrics."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

CLASSES = 3


def spirals(per_class, noise=0.15):
    xs, ys = [], []
    for label in range(CLASSES):
        radius = torch.linspace(0.1, 1.0, per_class)
        angle = radius * 4 + 2 * math.pi * label / CLASSES + noise * torch.randn(per_class)
        xs.append(torch.stack([radius * torch.cos(angle), radius * torch.sin(angle)], dim=1))
        ys.append(torch.full((per_class,), label, dtype=torch.long))
    return TensorDataset(torch.cat(xs), torch.cat(ys))


class Net(nn.Module):
    def __init__(self, hidden=32):
        super(Net, self).__init__()
        self.hidden1 = nn.Linear(2, hidden)
        self.hidden2 = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(p=0.1)
        self.output = nn.Linear(hidden, CLASSES)

    def forward(self, x):
        x = F.relu(self.hidden1(x))
        x = self.dropout(F.relu(self.hidden2(x)))
        return F.log_softmax(self.output(x), dim=-1)


def train(model, device, loader, optimizer):
    model.train()
    losses = []
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        loss = F.nll_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def evaluate(model, device, loader):
    model.eval()
    loss, correct = 0.0, 0
    confusion = torch.zeros(CLASSES, CLASSES, dtype=torch.int64)
    with torch.no_grad():
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            scores = model(x)
            loss += F.nll_loss(scores, y, reduction="sum").item()
            predicted = scores.argmax(dim=1)
            correct += (predicted == y).sum().item()
            for actual, guess in zip(y, predicted):
                confusion[actual.item(), guess] += 1
    total = len(loader.dataset)
    print("test loss %.9f, accuracy %d/%d (%.1f%%)" % (loss / total, correct, total, 100.0 * correct / total))
    precision = confusion.diag() / confusion.sum(0).clamp(min=1)
    recall = confusion.diag().float() / confusion.sum(1)
    f1 = 2 * precision * recall / (precision + recall).clamp(min=1e-12)
    print(
        "precision",
        [round(value, 6) for value in precision.tolist()],
        "recall",
        recall.cpu().numpy(),
        f"f1 {f1.mean():.6f}",
    )
    print(confusion)


def main():
    torch.manual_seed(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    print("device:", device)
    train_loader = DataLoader(spirals(64), batch_size=32, shuffle=True)
    test_loader = DataLoader(spirals(20), batch_size=25)
    model = Net().to(device)
    print(model)
    print("parameters:", sum(p.numel() for p in model.parameters() if p.requires_grad))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    scheduler = StepLR(optimizer, step_size=3, gamma=0.7)
    for epoch in range(1, 7):
        losses = train(model, device, train_loader, optimizer)
        print(
            f"epoch {epoch}: {len(losses)} batches, {losses[0]:.9f} -> {losses[-1]:.9f}, lr {scheduler.get_last_lr()}"
        )
        scheduler.step()
    evaluate(model, device, test_loader)
    probability, label = torch.exp(model(torch.tensor([[0.5, 0.5]], device=device))).topk(2, dim=-1)
    print(label.tolist(), probability.tolist())


if __name__ == "__main__":
    main()
