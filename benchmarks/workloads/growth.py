"""How the time of a step grows with the size of what is computed."""

from __future__ import annotations

from ..contestants import COMPILED, EAGER, JAX, NUMBA, NUMPY, TORCH
from ..workload import Case, Workload
from . import chain
from .mlp import Perceptron

WIDTHS = (16, 64, 256, 1024)
DEPTHS = (1, 4, 16, 64)
BATCHES = (1, 16, 256, 2048)
LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
CONTESTANTS = (NUMPY, EAGER, COMPILED, NUMBA, TORCH, JAX)
LONGEST_OF_ALL = 10_000  # longer chains are for those whose seconds tell something about microgradnp


def perceptron(name: str, sizes: tuple[int, ...], batch: int) -> Case:
    builders = Perceptron(sizes, batch).builders()
    return Case(name, {each: builders[each] for each in CONTESTANTS}, tolerance=1e-4, checked=3)


def long_chain(length: int) -> Case:
    builders = chain.builders(length)
    names = (NUMPY, EAGER, TORCH) if length <= LONGEST_OF_ALL else (EAGER,)
    return Case(f"length {length:,}", {each: builders[each] for each in names}, tolerance=1e-3, per=length, checked=1)


def cases() -> list[Case]:
    found = [perceptron(f"width {width:,}", (64, width, width, 10), 128) for width in WIDTHS]
    found += [perceptron(f"depth {depth}", (64, *[64] * depth, 10), 128) for depth in DEPTHS]
    found += [perceptron(f"batch {batch:,}", (64, 64, 64, 10), batch) for batch in BATCHES]
    return found + [long_chain(length) for length in LENGTHS]


WORKLOAD = Workload(
    "growth",
    "Growth with width, depth, batch and length",
    "A training step of perceptrons as above: 64-width-width-10 with batch 128, hidden layers of 64 with batch 128, "
    "and 64-64-64-10; and one operation in a chain of that length.",
    (NUMPY,),
    cases,
)
