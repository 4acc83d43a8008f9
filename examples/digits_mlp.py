"""The shortest way from images to a network that reads them: handwritten digits, and two layers.

    python examples/digits_mlp.py [--seed N] [--epochs N] [--out DIR] [--quiet]

The data are the 1797 images of 8x8 pixels that come with scikit-learn; a fifth of them is kept for the test. Writes
digits_mlp_graph.png, the computation graph of the loss, and digits_mlp.png: the training, some test images with what
is read in them, and which pixels speak for each digit: the gradients of the scores by the pixels.
"""

import argparse
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from sklearn.datasets import load_digits
from tqdm import trange

import microgradnp as torch
from microgradnp import nn, optim, viz
from microgradnp.utils.data import DataLoader, Subset, TensorDataset, random_split

EPOCHS, BATCH, LEARNING_RATE, HIDDEN = 20, 32, 3e-3, 64


def digits() -> list[Subset]:
    """Four fifths for training, one for the test; 64 pixels in a row, between 0 and 1."""
    pixels, labels = load_digits(return_X_y=True)
    images = torch.tensor(pixels / 16, dtype=torch.float32)
    return random_split(TensorDataset(images, torch.tensor(labels)), [0.8, 0.2])


def train(model: nn.Module, training: Subset, test: Subset, epochs: int, quiet: bool) -> np.ndarray:
    """The mean loss and the two accuracies (training, test) of every epoch: (epochs, 3)."""
    loader = DataLoader(training, batch_size=BATCH, shuffle=True)
    loss_function = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=LEARNING_RATE)
    history = []
    with trange(epochs, desc="training", unit=" epochs", disable=quiet) as progress:
        for epoch in progress:
            loss_sum, right = 0.0, 0
            for images, labels in loader:
                scores = model(images)
                loss = loss_function(scores, labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                loss_sum += loss.item() * len(labels)
                right += (scores.argmax(1) == labels).sum().item()
            history.append((loss_sum / len(training), right / len(training), accuracy(model, test)))
            progress.write("epoch {:2}   loss {:.4f}   accuracy {:7.2%}   test {:7.2%}".format(epoch + 1, *history[-1]))
    return np.array(history)


@torch.no_grad()
def accuracy(model: nn.Module, dataset: Subset) -> float:
    """Which part of a data set is read right."""
    images, labels = dataset[:]
    return (model(images).argmax(1) == labels).float().mean().item()


def draw_graph(model: nn.Module, training: Subset, path: Path) -> None:
    """The computation graph of the loss, with the gradients of one batch."""
    images, labels = training[:BATCH]
    model.zero_grad()
    loss = nn.CrossEntropyLoss()(model(images), labels)
    loss.backward()
    viz.graph(loss, model=model, inputs={"images": images, "labels": labels}).save(path)


def evidence(model: nn.Module, dataset: Subset) -> np.ndarray:
    """How much each pixel speaks for each digit, (10, 8, 8): the gradient of its log-probability, averaged."""
    images, labels = dataset[:]
    images = images.clone().requires_grad_()
    scores = torch.log_softmax(model(images), dim=1)
    (slopes,) = torch.autograd.grad(scores[torch.arange(len(labels)), labels].sum(), images)
    return np.stack([slopes[labels == digit].mean(0).reshape(8, 8).numpy() for digit in range(10)])


def draw(model: nn.Module, history: np.ndarray, test: Subset, path: Path) -> None:
    """The accuracy during training, some test images with what is read in them, and the evidence for each digit."""
    import matplotlib

    matplotlib.use("Agg")  # files only: no screen is needed
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(12, 4.2), layout="constrained")
    parts = figure.subfigures(1, 3, width_ratios=(1.1, 1, 0.65))

    axes = parts[0].subplots()
    epochs = np.arange(1, len(history) + 1)
    axes.plot(epochs, 100 * history[:, 1], color="#93c5fd", marker="o", label="training")
    axes.plot(epochs, 100 * history[:, 2], color="#1d4ed8", marker="o", label="test")
    axes.set(title=f"Accuracy (test: {history[-1, 2]:.1%})", xlabel="epoch", ylabel="% right")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")

    images, labels = test[:20]
    for axes, image, label, guess in zip(
        parts[1].subplots(4, 5).flat, images, labels.tolist(), model(images).argmax(1).tolist(), strict=True
    ):
        axes.imshow(image.reshape(8, 8).numpy(), cmap="gray_r")
        axes.set_title(guess, color="#15803d" if guess == label else "#b91c1c", fontsize=11)
        axes.set_axis_off()
    parts[1].suptitle("Test images, and what they are read as")

    maps = evidence(model, test)
    for digit, axes in enumerate(parts[2].subplots(5, 2).flat):
        strongest = np.abs(maps[digit]).max()
        axes.imshow(maps[digit], cmap="RdBu_r", vmin=-strongest, vmax=strongest)
        axes.set_title(digit, fontsize=9)
        axes.set_axis_off()
    parts[2].suptitle("Ink for (red) and against")
    figure.savefig(path, dpi=130)
    plt.close(figure)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a perceptron on handwritten digits.")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default 0)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"passes over the data (default {EPOCHS})")
    parser.add_argument("--out", type=Path, default=Path("."), metavar="DIR", help="folder for the pictures")
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
    model = nn.Sequential(nn.Linear(64, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 10))
    print(model.summary(test[:1][0]), end="\n\n")

    began = perf_counter()
    history = train(model, training, test, options.epochs, options.quiet)
    print(f"{options.epochs} epochs in {perf_counter() - began:.1f} s; test accuracy {accuracy(model, test):.2%}")

    graph, picture = options.out / "digits_mlp_graph.png", options.out / "digits_mlp.png"
    draw_graph(model, training, graph)
    draw(model, history, test, picture)
    print(f"pictures: {graph}, {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
