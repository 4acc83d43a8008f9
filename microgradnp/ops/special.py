"""Special functions: erf, gamma and their kin. SciPy computes them; it is imported at the first call."""

from __future__ import annotations
