"""Operations that run along a dimension: cumulative sums, products and extremes."""

from __future__ import annotations
