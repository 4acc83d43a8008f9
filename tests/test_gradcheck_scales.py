"""Derivatives of right functions are found at any size, also beside elements of quite another, and near a border."""

import numpy as np
import pytest

import microgradnp as mg
from microgradnp.testing import gradcheck

FUNCTIONS = {
    "sqrt": mg.sqrt,
    "rsqrt": mg.rsqrt,
    "reciprocal": mg.reciprocal,
    "log": mg.log,
    "log1p": mg.log1p,
    "power": lambda x: x**1.5,
    "entropy": lambda x: x * mg.log(x),
    "exp": lambda x: mg.exp(-x),
    "tanh": mg.tanh,
    "logsumexp": lambda x: mg.logsumexp(x, 0),
}
SIZES = [(-12, 0), (-8, -6), (-8, 3), (-4, 0), (-2, -6), (4, -6), (4, 0), (8, -6), (8, 3)]  # of two elements, as powers


@pytest.mark.parametrize("domain", [None, (0, np.inf)], ids=["", "domain"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_sizes_of_elements_do_not_matter(name, domain):
    for powers in SIZES:
        x = mg.tensor([1.3 * 10.0 ** powers[0], 1.7 * 10.0 ** powers[1]], dtype=mg.float64, requires_grad=True)
        assert gradcheck(FUNCTIONS[name], x, domain=domain).compared, powers
