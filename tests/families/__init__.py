"""What the tests cannot read from the records: references, and expressions that both libraries evaluate.

A file for each file of ``microgradnp/ops``. Each may define, in the form that ``common.py`` shows,

    REFERENCES    for an operation that no NumPy function is: what its value should be, in NumPy or SciPy
    KINKS         gradients at kinks and singular points: function, arguments, expected gradients
    OPERANDS      names for expressions: the shape of a random array, and the interval of its values
    CONSTANTS     names for expressions: an array (integers, masks, indices)
    FUNCTIONS     expressions whose values and gradients, to the second order, must be PyTorch's
    FIRST_ORDER   the same, for values and first gradients only, with the reason in a comment
    WARNS         as FIRST_ORDER, but both libraries warn (UserWarning)
    INEXACT       as FUNCTIONS, where PyTorch's own numbers are right to 8 digits only, with the reason in a comment
    CREATION      expressions without gradients
    SPECIAL       expressions of ``z`` (or ``a`` and ``b``), which hold infinities, nans and zeros
    MEETINGS      expressions of ``a`` and ``b``, for which every pair of dtypes, ranks and Python numbers is tried
    UNARY         expressions of ``a``, for which every dtype is tried
    BEYOND        what PyTorch refuses in MEETINGS and UNARY, and this library does not
    DEFAULT_DTYPE expressions evaluated with another default dtype
    ERRORS        expressions that raise, with PyTorch's type of error
    REFUSED       calls of functions and methods that always raise: of types and devices that do not exist here
    PRINTED       expressions whose printed form must be PyTorch's

Expressions stand in one text, separated by semicolons and line ends.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

FAMILIES = {info.name: importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)}


def merged(name: str) -> dict[str, Any]:
    """The dictionaries of this name, of all families, in one."""
    merged: dict[str, Any] = {}
    for family in FAMILIES.values():
        for key, value in getattr(family, name, {}).items():
            assert key not in merged, f"{family.__name__}.{name} defines {key!r} again"
            merged[key] = value
    return merged


def listed(name: str) -> list[Any]:
    """The lists of this name, of all families, in one."""
    return [item for family in FAMILIES.values() for item in getattr(family, name, [])]


def text(name: str) -> str:
    """The texts of this name, of all families, in one."""
    return "\n".join(getattr(family, name, "") for family in FAMILIES.values())


def expressions(name: str) -> dict[str, str]:
    """The expressions in the texts of this name, of all families: by an id that begins with the family's name."""
    found: dict[str, str] = {}
    for short, family in FAMILIES.items():
        for expression in getattr(family, name, "").replace("\n", ";").split(";"):
            if expression.strip():
                found[f"{short}: {expression.strip()}"] = expression.strip()
    return found
