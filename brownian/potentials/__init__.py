"""Potentials U(x, t): energy, force, Laplacian, and what is known exactly of each."""

from .definition import check_force, hessian, is_potential, potential, stiffest
from .linear import ConstantForce, Free, Harmonic
from .mixture import GaussianMixture
from .sums import SeparableSum, Sum
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
        Sum,
        SeparableSum,
    )
}

__all__ = ["REGISTRY", "check_force", "hessian", "is_potential", "potential", "stiffest", *REGISTRY]
