"""Hypothesis profiles: ``ci`` repeats itself exactly and fails fast (the default); ``dev`` explores, and shrinks failures."""

import os

from hypothesis import Phase, settings

# No deadline: one example runs all samples of an operation, and machines differ.
settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)
settings.register_profile("dev", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
