"""Operations that move elements: flips, rolls, triangles, diagonals."""

from __future__ import annotations
