"""Distances and similarities between vectors."""

from __future__ import annotations
