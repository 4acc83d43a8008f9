"""Comparisons, logic, bits, and choosing between two tensors."""

from __future__ import annotations
