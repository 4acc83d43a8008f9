"""A variational autoencoder lays handwritten digits out on a plane, and draws new ones.

    python examples/vae.py [--seed N] [--epochs N] [--out DIR] [--quiet]

The data are the 1797 images of 8x8 pixels that come with scikit-learn; a fifth of them is kept for the test. The loss
is the negative evidence lower bound: what it costs, in nats and up to a constant, to describe an image by a point of
the plane, and by what the decoder misses of it. vae.png shows test images and their reconstructions, samples, where
the test images lie on the plane (the labels are only used for colours), and what the decoder draws on a walk over it.

Source: D. P. Kingma, M. Welling, "Auto-Encoding Variational Bayes", https://arxiv.org/abs/1312.6114
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

EPOCHS, BATCH, LEARNING_RATE, HIDDEN = 100, 64, 2e-3, 128
NOISE = 0.25  # the decoder's pixels are taken for the means of normal distributions with this deviation


class VAE(nn.Module):
    """Images (batch, 64) to what is rebuilt from their codes, and the means and log-variances (batch, 2) of these."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Linear(64, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 4)
        )
        self.decoder = nn.Sequential(
            nn.Linear(2, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, HIDDEN), nn.SiLU(), nn.Linear(HIDDEN, 64), nn.Sigmoid()
        )

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        mean, log_variance = self.encoder(images).chunk(2, dim=1)
        codes = mean + (log_variance / 2).exp() * torch.randn_like(mean)
        return self.decoder(codes), mean, log_variance

    def loss(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What the decoder misses, and the divergence of the codes from a normal distribution: nats per image."""
        rebuilt, mean, log_variance = self(images)
        missed = F.mse_loss(rebuilt, images, reduction="sum") / (2 * NOISE**2)
        divergence = 0.5 * (mean**2 + log_variance.exp() - log_variance - 1).sum()
        return missed / len(images), divergence / len(images)

    @torch.no_grad()
    def draw(self, codes: torch.Tensor) -> np.ndarray:
        """The images, (n, 8, 8), that these codes (n, 2) stand for."""
        return self.decoder(codes).reshape(-1, 8, 8).numpy()


def digits() -> list[Subset]:
    """Four fifths for training, one for the test; 64 pixels in a row, between 0 and 1."""
    pixels, labels = load_digits(return_X_y=True)
    images = torch.tensor(pixels / 16, dtype=torch.float32)
    return random_split(TensorDataset(images, torch.tensor(labels)), [0.8, 0.2])


def train(model: VAE, training: Subset, test: Subset, epochs: int, quiet: bool) -> None:
    loader = DataLoader(training, batch_size=BATCH, shuffle=True, drop_last=True)
    optimizer = optim.Adam(model.parameters(), lr=LEARNING_RATE)
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(loader))
    with trange(epochs, desc="training", unit=" epochs", disable=quiet) as progress:
        for epoch in progress:
            for images, _ in loader:
                missed, divergence = model.loss(images)
                optimizer.zero_grad()
                (missed + divergence).backward()
                optimizer.step()
                scheduler.step()
            if epoch % 10 == 9 or epoch + 1 == epochs:
                with torch.no_grad():
                    missed, divergence = (part.item() for part in model.loss(test[:][0]))
                progress.write(
                    f"epoch {epoch + 1:3}   nats per test image {missed + divergence:.2f}: "
                    f"{missed:.2f} missed, {divergence:.2f} for the code"
                )


def show(axes, image: np.ndarray) -> None:
    axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
    axes.set_axis_off()


@torch.no_grad()
def draw(model: VAE, test: Subset, path: Path) -> None:
    """Reconstructions and samples, the plane of codes, and a walk over it, side by side."""
    import matplotlib

    matplotlib.use("Agg")  # files only: no screen is needed
    import matplotlib.pyplot as plt

    images, labels = test[:]
    codes = model.encoder(images)[:, :2]
    figure = plt.figure(figsize=(12, 4.4), layout="constrained")
    parts = figure.subfigures(1, 3, width_ratios=(0.5, 1.2, 1))

    shown = [int((labels == digit).nonzero()[0]) for digit in range(10)]
    rows = (images[shown].reshape(-1, 8, 8).numpy(), model.draw(codes[shown]), model.draw(torch.randn(10, 2)))
    grid = parts[0].subplots(10, 3)
    for column, pictures in enumerate(rows):
        for axes, image in zip(grid[:, column], pictures, strict=True):
            show(axes, image)
    for axes, title in zip(grid[0], ("image", "rebuilt", "sample"), strict=True):
        axes.set_title(title)

    axes = parts[1].subplots()
    dots = axes.scatter(*codes.numpy().T, c=labels.numpy(), cmap="tab10", vmin=-0.5, vmax=9.5, s=16)
    axes.set(title="The codes of the test images", xlabel="first number", ylabel="second number", aspect="equal")
    axes.grid(alpha=0.3)
    parts[1].colorbar(dots, ax=axes, ticks=range(10), label="digit")

    steps = 2**0.5 * torch.erfinv(torch.linspace(-0.94, 0.94, 12))  # codes are equally likely between them
    walk = torch.cartesian_prod(steps.flip(0), steps).flip(1)
    tiles = np.pad(model.draw(walk), ((0, 0), (1, 1), (1, 1))).reshape(12, 12, 10, 10)
    axes = parts[2].subplots()
    axes.imshow(tiles.transpose(0, 2, 1, 3).reshape(120, 120), cmap="gray_r", vmin=0, vmax=1)
    axes.set(title="A walk over the plane", xlabel="first number", ylabel="second number", xticks=[], yticks=[])
    figure.savefig(path, dpi=130)
    plt.close(figure)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a variational autoencoder on handwritten digits.")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default 0)")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help=f"passes over the data (default {EPOCHS})")
    parser.add_argument("--out", type=Path, default=Path("."), metavar="DIR", help="folder for the picture")
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
    model = VAE()
    print(model.summary(test[:1][0]), end="\n\n")
    began = perf_counter()
    train(model, training, test, options.epochs, options.quiet)
    print(f"{options.epochs} epochs in {perf_counter() - began:.1f} s")
    picture = options.out / "vae.png"
    draw(model, test, picture)
    print(f"picture: {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
