"""Hypothesis profiles: ``ci`` (the default) repeats itself and fails fast; ``dev`` explores, and shrinks failures.

And ``mode``, how closely the tests of many operations look at derivatives.
"""

import os

import pytest
from hypothesis import Phase, settings

import microgradnp

# No deadline: one example runs all samples of an operation, and machines differ.
settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
settings.register_profile("dev", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Each test has its own random numbers, and they do not depend on the tests that ran before."""
    microgradnp.manual_seed(0)


@pytest.fixture(scope="session")
def mode(request: pytest.FixtureRequest) -> str:
    """Of gradient checks: in random directions; with ``--gradcheck=full``, or EXAMPLES, of every derivative."""
    return request.config.getoption("--gradcheck", None) or ("full" if "EXAMPLES" in os.environ else "fast")
