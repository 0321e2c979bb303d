"""Hypothesis tries the same examples in every run, so that no change fails by the luck of another one's seed.

With TOCSIN_EXAMPLES set somebody looks for what is not known yet: as many examples, by chance.
"""

import os

from hypothesis import HealthCheck, settings

# How long making the examples takes says how busy the machine is, not what the code does.
_BUSY = [HealthCheck.too_slow]
settings.register_profile("same-again", derandomize=True, suppress_health_check=_BUSY)
settings.register_profile("exploring", derandomize=False, suppress_health_check=_BUSY)
settings.load_profile("exploring" if os.environ.get("TOCSIN_EXAMPLES") else "same-again")
