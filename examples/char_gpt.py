"""A small GPT learns to write, character by character, like Lewis Carroll.

    python examples/char_gpt.py [--seed N] [--steps N] [--out DIR] [--quiet]

The text is Alice's Adventures in Wonderland (1865), which is in the public domain: examples/data/alice.txt. Prints how
well the model predicts the last tenth of it, which it has not seen, and what it writes itself; char_gpt.png shows the
loss during training, and to which characters each head of the last layer attends.

The whole step is compiled: forward pass, backward pass, clipping and the optimizer's update are plain NumPy calls.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # these matrices are too small to share; NumPy reads it when imported

import numpy as np
from tqdm import trange

import microgradnp as mg
from microgradnp import nn, optim
from microgradnp.nn import functional as F

TEXT = Path(__file__).parent / "data" / "alice.txt"
LENGTH, BATCH = 64, 8  # characters that the model looks back on; pieces of text in a step
WIDTH, HEADS, LAYERS = 64, 4, 3
STEPS, LEARNING_RATE = 3000, 8e-3
START = "Alice "


class GPT(nn.Module):
    """Characters (batch, length) to scores of the next ones (batch, length, vocabulary)."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.characters = nn.Embedding(vocabulary, WIDTH)
        self.places = nn.Embedding(LENGTH, WIDTH)
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, 0.0, nn.GELU(approximate="tanh"), batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(layer, LAYERS, nn.LayerNorm(WIDTH), enable_nested_tensor=False)
        self.head = nn.Linear(WIDTH, vocabulary)
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(self, characters: mg.Tensor) -> mg.Tensor:
        length = characters.shape[1]
        x = self.characters(characters) + self.places(mg.arange(length))
        later = nn.Transformer.generate_square_subsequent_mask(length)
        return self.head(self.blocks(x, later, is_causal=True))

    def loss(self, characters: mg.Tensor, following: mg.Tensor) -> mg.Tensor:
        return F.cross_entropy(self(characters).flatten(0, 1), following.flatten())


class Text:
    """A text as numbers, one for each kind of character."""

    def __init__(self, text: str) -> None:
        self.kinds = sorted(set(text))
        numbers = mg.tensor(self.numbers(text))
        self.training, self.unseen = numbers[: len(text) * 9 // 10], numbers[len(text) * 9 // 10 :]

    def numbers(self, text: str) -> list[int]:
        return [self.kinds.index(character) for character in text]

    def pieces(self, numbers: mg.Tensor, starts: mg.Tensor) -> tuple[mg.Tensor, mg.Tensor]:
        """The pieces that begin at these places, and the same one character later."""
        places = starts[:, None] + mg.arange(LENGTH)
        return numbers[places], numbers[places + 1]


def train(model: GPT, text: Text, steps: int, quiet: bool) -> tuple[list[float], list[tuple[int, float]]]:
    """The loss of every step, and from time to time that of what the model has not seen."""
    optimizer = optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.99), weight_decay=0.1)
    schedule = optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=steps, pct_start=0.1, cycle_momentum=False
    )

    @mg.compile
    def step(characters: mg.Tensor, following: mg.Tensor) -> mg.Tensor:
        loss = model.loss(characters, following)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss

    losses, unseen = [], []
    with trange(steps, desc="training", unit=" steps", disable=quiet) as progress:
        for i in progress:
            starts = mg.randint(len(text.training) - LENGTH, (BATCH,))
            losses.append(step(*text.pieces(text.training, starts)).item())
            if i + 1 < steps:
                schedule.step()
            if i % 250 == 249 or i + 1 == steps:
                unseen.append((i + 1, evaluate(model, text)))
                progress.set_postfix(loss=f"{np.mean(losses[-100:]):.3f}", unseen=f"{unseen[-1][1]:.3f}")
    return losses, unseen


@mg.no_grad()
def evaluate(model: GPT, text: Text) -> float:
    """The mean loss over what the model has not seen."""
    model.eval()
    starts = mg.arange(0, len(text.unseen) - LENGTH, LENGTH)
    loss = model.loss(*text.pieces(text.unseen, starts)).item()
    model.train()
    return loss


@mg.no_grad()
def write(model: GPT, text: Text, start: str, count: int, temperature: float = 0.7) -> str:
    """``start``, continued by ``count`` characters, each drawn from what the model expects."""
    model.eval()
    numbers = text.numbers(start)
    for _ in range(count):
        scores = model(mg.tensor([numbers[-LENGTH:]]))[0, -1]
        numbers.append(mg.multinomial(F.softmax(scores / temperature, dim=0), 1).item())
    model.train()
    return "".join(text.kinds[number] for number in numbers)


@mg.no_grad()
def attention(model: GPT, text: Text, sentence: str) -> np.ndarray:
    """The weights of the last layer's heads, (heads, length, length): a hook asks for what the layer leaves away."""
    layer = model.blocks.layers[-1]
    found: list[Any] = []

    def look(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        later = nn.Transformer.generate_square_subsequent_mask(len(sentence))
        found.append(module.forward(*args, attn_mask=later, average_attn_weights=False)[1])

    model.eval()
    with layer.self_attn.register_forward_pre_hook(look, with_kwargs=True):
        model(mg.tensor([text.numbers(sentence)]))
    model.train()
    return found[0][0].numpy()


def draw(losses: list[float], unseen: list[tuple[int, float]], sentence: str, weights: np.ndarray, path: Path) -> None:
    """The loss during training, beside a map of each head: a row for each character, with what it attends to."""
    import matplotlib

    matplotlib.use("Agg")  # files only: no screen is needed
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(13, 6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.4))
    axes = left.subplots()
    axes.plot(losses, color="#93c5fd", label="each step")
    axes.plot(*zip(*unseen, strict=True), color="#1d4ed8", marker="o", label="unseen text")
    axes.set(title="Loss during training", xlabel="step", ylabel="nats per character")
    axes.grid(alpha=0.3)
    axes.legend()
    letters = [{" ": "␣", "\n": "⏎"}.get(letter, letter) for letter in sentence]
    for head, (axes, image) in enumerate(zip(right.subplots(2, 2).flat, weights, strict=True)):
        axes.imshow(image, cmap="Blues", vmin=0, vmax=1)
        axes.set_xticks(range(len(letters)), letters, fontsize=6)
        axes.set_yticks(range(len(letters)), letters, fontsize=6)
        axes.set_title(f"head {head + 1}", fontsize=9)
    right.suptitle("What each character (row) attends to in the last layer")
    figure.savefig(path, dpi=130)
    plt.close(figure)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a small GPT on a book, and let it write.")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default 0)")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"training steps (default {STEPS})")
    parser.add_argument("--out", type=Path, default=Path("."), metavar="DIR", help="folder for the picture")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args(argv)
    if options.steps < 2:
        parser.error(f"--steps must be at least 2, got {options.steps}")
    return options


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    options.out.mkdir(parents=True, exist_ok=True)
    mg.manual_seed(options.seed)
    text = Text(TEXT.read_text(encoding="ascii"))
    model = GPT(len(text.kinds))
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{len(text.training)} characters of {len(text.kinds)} kinds; {count} parameters")
    began = perf_counter()
    losses, unseen = train(model, text, options.steps, options.quiet)
    print(
        f"{options.steps} steps in {perf_counter() - began:.0f} s; nats per character of unseen text: "
        f"{unseen[-1][1]:.3f} (knowing nothing: {math.log(len(text.kinds)):.3f})\n"
    )
    print(write(model, text, START, 500))
    sentence = "said the Mock Turtle"
    path = options.out / "char_gpt.png"
    draw(losses, unseen, sentence, attention(model, text, sentence), path)
    print(f"\npicture: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
