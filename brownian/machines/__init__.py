"""Boltzmann machines: binary units that act on each other, sampled, and summed over exactly where they are few."""

from .annealing import AnnealedEstimate
from .exact import ExactMachine
from .gaussian import GaussianBinaryMachine
from .relaxation import Relaxation
from .restricted import RestrictedBoltzmannMachine
from .sampling import GibbsSamples
from .visible import BoltzmannMachine

__all__ = [
    "AnnealedEstimate",
    "BoltzmannMachine",
    "ExactMachine",
    "GaussianBinaryMachine",
    "GibbsSamples",
    "Relaxation",
    "RestrictedBoltzmannMachine",
]
