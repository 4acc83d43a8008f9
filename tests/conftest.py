"""Hypothesis profiles: ``ci`` repeats itself exactly (the default), ``dev`` looks for new examples at every run."""

import os

from hypothesis import HealthCheck, settings

# The time limits are off because a test loops over an operation's samples, and machines differ.
settings.register_profile("ci", derandomize=True, deadline=None, database=None)
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
