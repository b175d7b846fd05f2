"""Energies whose parameters can be learnt: polynomials, bumps, mixtures, networks, and your own."""

from .basis import BasisEnergy
from .batches import parameter_gradient
from .definition import energy_model
from .mixture import MixtureEnergy
from .network import NetworkEnergy
from .polynomial import PolynomialEnergy

MODELS = {cls.__name__: cls for cls in (PolynomialEnergy, BasisEnergy, MixtureEnergy, NetworkEnergy)}

__all__ = ["MODELS", "energy_model", "parameter_gradient", *MODELS]
