"""Hypothesis profiles: ``ci`` (the default) repeats itself and fails fast; ``dev`` explores, and shrinks failures."""

import os

from hypothesis import Phase, settings

# No deadline: one example runs all samples of an operation, and machines differ.
settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
settings.register_profile("dev", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
