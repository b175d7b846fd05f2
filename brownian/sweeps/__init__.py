"""Sweeps: a scenario or a function at many parameters, many times each, on any executor; whole again after any kill.

Every job, one combination of parameters and one replica, is a folder with one JSON file that is there whole or not at
all.  What is there is not computed again.
"""

from ..lazy import lazily

__getattr__, __dir__, __all__ = lazily(
    __name__, {"sweeping": ("sweep",), "found": ("Sweep",), "jobs": ("Job", "seed_of")}
)
