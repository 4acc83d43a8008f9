"""Joining tensors into one, and splitting one into several."""

from __future__ import annotations
