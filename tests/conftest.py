"""Hypothesis tries the same examples in every run, so that no change fails by the luck of another one's seed.

With TOCSIN_EXAMPLES set somebody looks for what is not known yet: as many examples, by chance.
"""

import os

from hypothesis import settings

settings.register_profile("same-again", derandomize=True)
settings.register_profile("exploring", derandomize=False)
settings.load_profile("exploring" if os.environ.get("TOCSIN_EXAMPLES") else "same-again")
