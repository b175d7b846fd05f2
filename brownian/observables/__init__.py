"""Averages that are taken while a run goes on, so that ensembles too large to be stored can be measured."""

from .averages import Histogram, Moments, Populations
from .lagged import Autocorrelation, MeanSquaredDisplacement
from .watch import OBSERVABLES, Watch, observed

__all__ = [
    "OBSERVABLES",
    "Autocorrelation",
    "Histogram",
    "MeanSquaredDisplacement",
    "Moments",
    "Populations",
    "Watch",
    "observed",
]
