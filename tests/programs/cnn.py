"""A CNN with BatchNorm and Dropout: schedules, early stopping, the best weights kept, training resumed from a file."""

import os
import tempfile

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset


def shapes(count):
    """Crosses, squares and stripes somewhere in a noisy picture."""
    images, labels = 0.3 * torch.randn(count, 1, 10, 10), torch.randint(0, 3, (count,))
    for image, label in zip(images, labels):
        row, column = torch.randint(0, 6, (2,)).tolist()
        patch = image[0, row : row + 5, column : column + 5]
        if label == 0:
            patch[2] += 1
            patch[:, 2] += 1
        elif label == 1:
            patch[[0, -1]] += 1
            patch[:, [0, -1]] += 1
        else:
            patch[::2] += 1
    return TensorDataset(images, labels)


class CNN(nn.Module):
    def __init__(self, dropout=0.25):
        super().__init__()
        self.features = nn.Sequential(self._block(1, 6), self._block(6, 12))
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(12 * 2 * 2, 16),
            nn.BatchNorm1d(16),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(16, 3),
        )

    @staticmethod
    def _block(in_channels, out_channels):
        return nn.Sequential(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, padding="same", bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Dropout2d(0.1),
        )

    def forward(self, x):
        return self.classifier(self.features(x))


class EarlyStopping:
    def __init__(self, patience=2, min_delta=0.0):
        self.patience, self.min_delta, self.counter = patience, min_delta, 0
        self.best_loss = float("inf")
        self.should_stop = False

    def __call__(self, loss):
        improved = loss < self.best_loss - self.min_delta
        self.best_loss = min(loss, self.best_loss)
        self.counter = 0 if improved else self.counter + 1
        self.should_stop = self.counter >= self.patience
        return improved


def run_epoch(model, loader, criterion, optimizer=None, scheduler=None):
    model.train(optimizer is not None)
    total, correct, count = 0.0, 0, 0
    with torch.set_grad_enabled(optimizer is not None):
        for inputs, targets in loader:
            outputs = model(inputs)
            loss = criterion(outputs, targets)
            if optimizer is not None:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if scheduler is not None:
                    scheduler.step()
            total += loss.item() * inputs.size(0)
            correct += (outputs.argmax(1) == targets).sum().item()
            count += inputs.size(0)
    return total / count, correct / count


def train(path, train_loader, valid_loader, epochs, resume=False):
    model = CNN()
    criterion = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 1.0, 1.5]))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3, nesterov=True)
    scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=0)
    start, stopper = 0, EarlyStopping()
    if resume:
        checkpoint = torch.load(path, weights_only=True)
        model.load_state_dict(checkpoint["model_state_dict"])
        optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
        scheduler.load_state_dict(checkpoint["scheduler_state_dict"])
        torch.set_rng_state(checkpoint["rng_state"])
        start = checkpoint["epoch"] + 1
    for epoch in range(start, epochs):
        loss, accuracy = run_epoch(model, train_loader, criterion, optimizer)
        valid_loss, valid_accuracy = run_epoch(model, valid_loader, criterion)
        scheduler.step(valid_loss)
        print(
            f"Epoch {epoch}: train {loss:.9f} ({accuracy:.3f}) valid {valid_loss:.9f} ({valid_accuracy:.3f})", end=" "
        )
        print("lr", optimizer.param_groups[0]["lr"])
        if stopper(valid_loss) or epoch == start:
            torch.save(
                {
                    "epoch": epoch,
                    "model_state_dict": model.state_dict(),
                    "optimizer_state_dict": optimizer.state_dict(),
                    "scheduler_state_dict": scheduler.state_dict(),
                    "rng_state": torch.get_rng_state(),
                    "loss": valid_loss,
                },
                path,
            )
        if stopper.should_stop:
            print("Early stopping")
            break
    return model


def main():
    torch.manual_seed(0)
    train_loader = DataLoader(shapes(48), batch_size=16, shuffle=True)
    valid_loader = DataLoader(shapes(24), batch_size=24)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "checkpoint.pth")
        train(path, train_loader, valid_loader, 3)
        model = train(path, train_loader, valid_loader, 6, resume=True)
    state = model.state_dict()
    print([name for name in state if "running" in name], state["features.0.1.num_batches_tracked"])
    print({k: round(v.double().norm().item(), 4) for k, v in state.items() if "classifier" in k})

    model = CNN(dropout=0)
    print(model.load_state_dict({k: v for k, v in state.items() if "features" in k}, strict=False))
    for parameter in model.features.parameters():
        parameter.requires_grad = False
    optimizer = torch.optim.AdamW(filter(lambda p: p.requires_grad, model.parameters()), lr=1e-3)
    scheduler = OneCycleLR(optimizer, max_lr=0.01, steps_per_epoch=len(train_loader), epochs=2)
    for epoch in range(2):
        loss, _ = run_epoch(model, train_loader, F.cross_entropy, optimizer, scheduler)
        print(f"fine-tuning {epoch}: {loss:.9f} lr {scheduler.get_last_lr()[0]:.9f}")
    print([CosineAnnealingLR(optimizer, T_max=5, eta_min=1e-4).get_last_lr() for _ in range(2)])


if __name__ == "__main__":
    main()
