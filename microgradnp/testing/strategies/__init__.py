"""Hypothesis strategies for tensors, and for what is called on them: property tests of derivatives in five lines.

>>> from hypothesis import given, settings
>>> from microgradnp.testing import assert_grads
>>> from microgradnp.testing.strategies import broadcastable
>>> @settings(max_examples=5, deadline=None)
... @given(broadcastable(2))
... def test_product(operands):
...     assert_grads(lambda a, b: a * b, *operands)
>>> test_product()

What a test draws is a good point *by construction*: a function with a kink at 0 is given ``elements=away_from(0)``, one
that sorts ``elements=spaced()``, a logarithm ``elements=positive()``. Nothing is drawn and then thrown away.

Numbers lie on a coarse grid of dyadic fractions, so that they are exact in float16 and in float32, and failing
examples are short: ``laid_out([0.5, -1.0], layout='strided')`` is how Hypothesis prints a tensor drawn here, and what
makes it again when pasted.

Hypothesis is needed for this module alone (``pip install hypothesis``).
Source of the idea: https://hypothesis.readthedocs.io/en/latest/reference/strategies.html#numpy
"""

from .arguments import axes, indices
from .layouts import LAYOUTS, laid_out, layouts
from .numbers import away_from, positive, spaced, within
from .tensors import broadcastable, cotangents, dtypes, float_dtypes, shapes, tensors

__all__ = [
    "LAYOUTS", "away_from", "axes", "broadcastable", "cotangents", "dtypes", "float_dtypes", "indices", "laid_out",
    "layouts", "positive", "shapes", "spaced", "tensors", "within",
]  # fmt: skip
