"""Three arms of a spiral, wound around one another, and a small network that tells them apart.

    python examples/spiral.py [--seed N] [--steps N] [--out DIR] [--quiet]

The training step is compiled: its NumPy calls are captured once, and then made without the framework. To show what that
changes, the network is trained twice from the same start, as it stands and compiled: the losses are the same bit for
bit, the times are not. spiral.png shows how the network divides the plane, from its start to its end.
"""

import argparse
import sys
from copy import deepcopy
from pathlib import Path
from time import perf_counter

import numpy as np
from tqdm import trange

import microgradnp as torch
from microgradnp import nn, optim
from microgradnp.nn import functional as F

STEPS, LEARNING_RATE, ARMS, POINTS, NOISE = 2000, 0.01, 3, 120, 0.2
COLOURS = np.array([[220, 38, 38], [22, 163, 74], [37, 99, 235]]) / 255  # of the arms: red, green, blue


def spiral() -> tuple[torch.Tensor, torch.Tensor]:
    """Points in the plane, (360, 2), and the arm on which each of them lies."""
    arms = torch.arange(ARMS).repeat_interleave(POINTS)
    radius = torch.linspace(0.05, 1, POINTS).repeat(ARMS)
    angle = 7 * radius + 2 * torch.pi / ARMS * arms + NOISE * torch.randn(ARMS * POINTS)
    return torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1), arms


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, ARMS))


def train(
    model: nn.Module, points: torch.Tensor, arms: torch.Tensor, steps: int, compiled: bool, quiet: bool
) -> tuple[list[float], dict[int, nn.Module]]:
    """The loss of every step, and what the model was like after some of them."""
    optimizer = optim.Adam(model.parameters(), lr=LEARNING_RATE)

    def step(points: torch.Tensor, arms: torch.Tensor) -> torch.Tensor:
        loss = F.cross_entropy(model(points), arms)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    if compiled:
        step = torch.compile(step)
    losses, kept = [], {0: deepcopy(model)}
    with trange(steps, desc="compiled" if compiled else "as it stands", unit=" steps", disable=quiet) as progress:
        for i in progress:
            losses.append(step(points, arms).item())
            if i + 1 in (steps // 40, steps // 20, steps):
                kept[i + 1] = deepcopy(model)
            if i % 100 == 99:
                progress.set_postfix(loss=f"{losses[-1]:.4f}", refresh=False)
    return losses, kept


@torch.no_grad()
def accuracy(model: nn.Module, points: torch.Tensor, arms: torch.Tensor) -> float:
    return (model(points).argmax(1) == arms).float().mean().item()


@torch.no_grad()
def surface(model: nn.Module, axis: np.ndarray) -> np.ndarray:
    """A colour for each point of a square, (n, n, 3): those of the arms, mixed as the model finds each likely."""
    square = np.stack(np.meshgrid(axis, axis), axis=-1)
    shares = F.softmax(model(torch.tensor(square, dtype=torch.float32)), dim=-1).numpy()
    return 1 - 0.5 * (1 - shares @ COLOURS)  # half way to white, so that the points stand out


def draw(kept: dict[int, nn.Module], points: torch.Tensor, arms: torch.Tensor, path: Path) -> None:
    """How the model divides the plane, at each of the moments that were kept."""
    import matplotlib

    matplotlib.use("Agg")  # files only: no screen is needed
    import matplotlib.pyplot as plt

    axis = np.linspace(-1.2, 1.2, 241)
    figure, row = plt.subplots(1, len(kept), figsize=(3.1 * len(kept), 3.5), layout="constrained")
    for axes, (step, model) in zip(row, kept.items(), strict=True):
        axes.imshow(surface(model, axis), extent=(-1.2, 1.2, -1.2, 1.2), origin="lower")
        axes.scatter(*points.numpy().T, s=14, c=COLOURS[arms.numpy()], edgecolors="white", linewidths=0.5)
        moment = f"after {step} steps" if step else "at the start"
        axes.set_title(f"{moment}: {accuracy(model, points, arms):.0%}")
        axes.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=130)
    plt.close(figure)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a network to tell the arms of a spiral apart.")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default 0)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"training steps (default {STEPS})")
    parser.add_argument("--out", type=Path, default=Path("."), metavar="DIR", help="folder for the picture")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    options = parser.parse_args(argv)
    if options.steps < 1:
        parser.error(f"--steps must be at least 1, got {options.steps}")
    return options


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)  # these products are too small to share
    points, arms = spiral()
    new_points, new_arms = spiral()
    start = network()
    print(start.summary(points), end="\n\n")

    results = {}
    for compiled in (False, True):
        model = deepcopy(start)
        began = perf_counter()
        results[compiled], kept = train(model, points, arms, options.steps, compiled, options.quiet)
        seconds = perf_counter() - began
        print(f"{'compiled:' if compiled else 'as it stands:':13} {options.steps} steps in {seconds:.2f} s, ", end="")
        print(f"loss {results[compiled][-1]:.6f}")
    print(f"the losses of all steps are the same bit for bit: {'yes' if results[True] == results[False] else 'no'}")
    print(
        f"accuracy: {accuracy(model, points, arms):.1%}; with new points: {accuracy(model, new_points, new_arms):.1%}"
    )
    picture = options.out / "spiral.png"
    draw(kept, points, arms, picture)
    print(f"picture: {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
