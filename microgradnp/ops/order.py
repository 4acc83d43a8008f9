"""Operations that order elements: sorting, medians, quantiles, unique elements, searching."""

from __future__ import annotations
