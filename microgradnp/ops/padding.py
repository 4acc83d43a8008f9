"""Padding a tensor at its edges."""

from __future__ import annotations
