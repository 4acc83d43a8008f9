"""Rounding, remainders and clamping."""

from __future__ import annotations
