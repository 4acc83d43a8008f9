"""Einstein sums, and the products that are one of them."""

from __future__ import annotations
