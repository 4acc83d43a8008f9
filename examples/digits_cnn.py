"""A convolutional network reads handwritten digits: at least 98 of 100 that it has never seen.

    python examples/digits_cnn.py [--seed N] [--epochs N] [--out DIR] [--quiet]

The data are the 1797 images of 8x8 pixels that come with scikit-learn; a fifth of them is kept for the test. Writes
the weights, digits_cnn.pt, reads them back into a new network, and tests that one. digits_cnn.png shows the
training, which digits are taken for which, and the test images that the network finds hardest.
"""

import argparse
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from sklearn.datasets import load_digits
from tqdm import trange

import microgradnp as torch
from microgradnp import nn, optim
from microgradnp.nn import functional as F
from microgradnp.utils.data import DataLoader, Subset, TensorDataset, random_split

EPOCHS, BATCH, LEARNING_RATE = 15, 64, 0.01


def network() -> nn.Sequential:
    """Images (batch, 1, 8, 8) to scores (batch, 10)."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(64 * 2 * 2, 10),
    )


def digits() -> list[Subset]:
    """Four fifths for training, one for the test; pixels between 0 and 1."""
    pixels, labels = load_digits(return_X_y=True)
    images = torch.tensor(pixels / 16, dtype=torch.float32).reshape(-1, 1, 8, 8)
    return random_split(TensorDataset(images, torch.tensor(labels)), [0.8, 0.2])


def train(model: nn.Module, training: Subset, test: Subset, epochs: int, quiet: bool) -> np.ndarray:
    """The mean loss and the two accuracies (training, test) of every epoch: (epochs, 3)."""
    loader = DataLoader(training, batch_size=BATCH, shuffle=True)
    optimizer = optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, epochs=epochs, steps_per_epoch=len(loader))
    history = []
    with trange(epochs, desc="training", unit=" epochs", disable=quiet) as progress:
        for epoch in progress:
            model.train()
            loss_sum, right = 0.0, 0
            for images, labels in loader:
                scores = model(images)
                loss = F.cross_entropy(scores, labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
                loss_sum += loss.item() * len(labels)
                right += (scores.argmax(1) == labels).sum().item()
            scores, labels = predict(model, test)
            accuracy = (scores.argmax(1) == labels).float().mean().item()
            history.append((loss_sum / len(training), right / len(training), accuracy))
            progress.write("epoch {:2}   loss {:.4f}   accuracy {:7.2%}   test {:7.2%}".format(epoch + 1, *history[-1]))
    return np.array(history)


@torch.no_grad()
def predict(model: nn.Module, dataset: Subset) -> tuple[torch.Tensor, torch.Tensor]:
    """The scores (n, 10) that the model gives to a data set, and its labels (n,)."""
    model.eval()
    batches = [(model(images), labels) for images, labels in DataLoader(dataset, batch_size=256)]
    scores, labels = zip(*batches, strict=True)
    return torch.cat(scores), torch.cat(labels)


def confusions(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How often each digit (row) was taken for each (column)."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def draw(history: np.ndarray, counts: np.ndarray, test: Subset, scores: torch.Tensor, path: Path) -> None:
    """The accuracy during training, the confusions, and the test images that are the hardest."""
    import matplotlib

    matplotlib.use("Agg")  # files only: no screen is needed
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(12, 4.2), layout="constrained")
    parts = figure.subfigures(1, 3, width_ratios=(1.1, 1.1, 1))

    axes = parts[0].subplots()
    epochs = np.arange(1, len(history) + 1)
    axes.plot(epochs, 100 * history[:, 1], color="#93c5fd", marker="o", label="training")
    axes.plot(epochs, 100 * history[:, 2], color="#1d4ed8", marker="o", label="test")
    axes.set(title=f"Accuracy (test: {history[-1, 2]:.1%})", xlabel="epoch", ylabel="% right")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")

    axes = parts[1].subplots()
    axes.imshow(np.log1p(counts), cmap="Blues")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if row == column else "#b91c1c"
            axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=9)
    axes.set(title="What the test digits are read as", xlabel="read as", ylabel="digit")
    axes.set(xticks=range(10), yticks=range(10))

    probabilities = F.softmax(scores, dim=1).numpy()
    labels = np.array([label.item() for _, label in test])
    hardest = np.argsort(probabilities[np.arange(len(labels)), labels])
    for i, axes in zip(hardest, parts[2].subplots(3, 4).flat, strict=False):
        guess = probabilities[i].argmax()
        axes.imshow(test[i][0][0].numpy(), cmap="gray_r")
        axes.set_title(f"{guess} ({probabilities[i, guess]:.0%})", fontsize=10)
        axes.title.set_color("#15803d" if guess == labels[i] else "#b91c1c")
        axes.set_xlabel(f"is {labels[i]}", fontsize=9)
        axes.set(xticks=[], yticks=[])
    parts[2].suptitle("The hardest, and how sure the network is")
    figure.savefig(path, dpi=130)
    plt.close(figure)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a convolutional network on handwritten digits.")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default 0)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"passes over the data (default {EPOCHS})")
    parser.add_argument("--out", type=Path, default=Path("."), metavar="DIR", help="folder for what is written")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args(argv)
    if options.epochs < 1:
        parser.error(f"--epochs must be at least 1, got {options.epochs}")
    return options


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)  # these products are too small to share
    training, test = digits()
    model = network()
    print(model.summary(test[0][0].unsqueeze(0)), end="\n\n")

    began = perf_counter()
    history = train(model, training, test, options.epochs, options.quiet)
    print(f"{options.epochs} epochs in {perf_counter() - began:.1f} s")

    weights = options.out / "digits_cnn.pt"
    torch.save(model.state_dict(), weights)
    model = network()
    model.load_state_dict(torch.load(weights))

    scores, labels = predict(model, test)
    predicted = scores.argmax(1)
    right = (predicted == labels).sum().item()
    print(f"test accuracy, with the weights read back from {weights}: {right / len(test):.2%} ({right} of {len(test)})")
    for i in (predicted != labels).nonzero().flatten().tolist():
        print(f"  test image {i}: a {labels[i].item()}, read as {predicted[i].item()}")
    picture = options.out / "digits_cnn.png"
    draw(history, confusions(predicted.numpy(), labels.numpy()), test, scores, picture)
    print(f"picture: {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
