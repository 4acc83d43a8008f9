"""Dropout: setting random elements to zero during training."""

from __future__ import annotations
