"""Potentials U(x, t): energy, force, Laplacian, and what is known exactly of each."""

from .definition import check_force, hessian, is_potential, potential, stiffest
from .driven import Driven
from .linear import ConstantForce, Free, Harmonic, Quadratic, Rotation
from .mixture import GaussianMixture
from .protocols import Linear, Piecewise, Ramp, Sine, SquareWave
from .shifted import Moving, Shifted
from .sums import Sum
from .surfaces import Banana, Funnel, MuellerBrown, Ring
from .wells import Cosine, DoubleWell

REGISTRY = {
    cls.__name__: cls
    for cls in (
        Free,
        ConstantForce,
        Harmonic,
        DoubleWell,
        Cosine,
        MuellerBrown,
        GaussianMixture,
        Ring,
        Banana,
        Funnel,
        Quadratic,
        Rotation,
        Shifted,
        Sum,
    )
}

__all__ = [
    "REGISTRY",
    "Driven",
    "Linear",
    "Moving",
    "Piecewise",
    "Ramp",
    "Sine",
    "SquareWave",
    "check_force",
    "hessian",
    "is_potential",
    "potential",
    "stiffest",
    *REGISTRY,
]
