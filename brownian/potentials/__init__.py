"""Potentials U(x, t): energy, force, Laplacian, and what is known exactly of each."""

from .curvature import hessian, stiffest
from .definition import check_force, is_potential, potential
from .driven import Driven
from .linear import ConstantForce, Free, Gaussian, Harmonic, Quadratic, Rotation
from .mixture import GaussianMixture
from .moments import ExactMoments, exact_moments
from .protocols import Linear, Piecewise, Ramp, Sine, SquareWave
from .rings import Ring, Rings
from .shifted import Moving, Shifted
from .sums import Sum
from .surfaces import Banana, Funnel, MuellerBrown
from .targets import LogisticRegression, TwoMoons
from .wells import Cosine, DoubleWell, Rastrigin

REGISTRY = {
    cls.__name__: cls
    for cls in (
        Free,
        ConstantForce,
        Harmonic,
        DoubleWell,
        Cosine,
        Rastrigin,
        MuellerBrown,
        GaussianMixture,
        Ring,
        Rings,
        Banana,
        Funnel,
        TwoMoons,
        LogisticRegression,
        Quadratic,
        Rotation,
        Shifted,
        Sum,
    )
}

__all__ = [
    "REGISTRY",
    "Driven",
    "Gaussian",
    "Linear",
    "ExactMoments",
    "Moving",
    "Piecewise",
    "Ramp",
    "Sine",
    "SquareWave",
    "check_force",
    "exact_moments",
    "hessian",
    "is_potential",
    "potential",
    "stiffest",
    *REGISTRY,
]
