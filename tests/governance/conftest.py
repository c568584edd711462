"""How Hypothesis runs here."""

from __future__ import annotations

from hypothesis import settings

# The first example of a test reads standards and imports; on a busy machine any example may be slow. Time is not what
# these laws are about.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
