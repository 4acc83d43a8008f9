"""Linear algebra: inverses, determinants, decompositions, norms."""

from __future__ import annotations
