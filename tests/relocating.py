"""Programs whose parameters and state lie beside one another, so that one call can update them all: for tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from microgradnp.compiler.plan.cleaning import cleaned
from microgradnp.compiler.plan.merging import bundles
from microgradnp.compiler.plan.rewriting import Draft, fills
from microgradnp.compiler.program import Block, Program, Value, look


def relocate(program: Program, movable: Callable[[Block], bool]) -> tuple[Program, dict[Block, np.ndarray]]:
    """The program with memory from outside in other places, and the new array for the owner of each block that moved.

    Whoever held an old array must hold the new one instead before the program is run. ``movable`` tells whether that
    can be done for a block, of which ``block.array`` is the owner.
    """
    draft = Draft(program)
    moves: dict[Block, np.ndarray] = {}
    for group in bundles(cleaned(program)):
        for values in zip(*(strand.roles for strand in group), strict=True):
            blocks = [value.block for value in values]
            new = moves.keys().isdisjoint(blocks) and len(set(blocks)) == len(blocks)
            if new and all(_can_move(value) and movable(value.block) for value in values):
                moves |= _moved(draft, blocks)
    draft.calls += [draft.updated(call) for call in program.calls]
    relocated = draft.finish()
    homes = set(map(draft.home, moves))
    for value in relocated.values:
        if value.block in homes:
            value.sample = look(value.block.array, value)
    return relocated, moves


def _can_move(value: Value) -> bool:
    return value.block.kind == "outside" and value.contiguous and fills(value)


def _moved(draft: Draft, blocks: list[Block]) -> dict[Block, np.ndarray]:
    """Copies of what is in these blocks, in one; the draft will use them."""
    memory = np.empty(sum(block.nbytes for block in blocks), np.uint8)
    home, offset, moves = Block("outside", memory.nbytes, memory), 0, {}
    for block in blocks:
        old = block.array
        moves[block] = look(memory, Value(-1, home, old.shape, old.dtype, old.strides, offset))
        moves[block][...] = old
        draft.move(block, home, offset)
        offset += block.nbytes
    return moves
