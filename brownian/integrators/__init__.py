"""Integrators: how a step is taken, and what each scheme states about itself."""

from ..colored import ActiveForce, ColoredNoise, GeneralizedLangevin
from ..dynamics import Langevin, Overdamped
from .baoab import BAOAB, GJ2, GJF
from .euler_maruyama import EulerMaruyama
from .exact_ou import ExactOU
from .integrator import Facts, Integrator
from .mala import MALA
from .memory import ColoredHeun, MemoryBAOAB
from .obabo import OBABO
from .overdamped import Heun, LeimkuhlerMatthews

REGISTRY = {
    cls.__name__: cls
    for cls in (
        GJF,
        BAOAB,
        GJ2,
        OBABO,
        EulerMaruyama,
        LeimkuhlerMatthews,
        Heun,
        MALA,
        ExactOU,
        ColoredHeun,
        MemoryBAOAB,
    )
}

_DEFAULTS = {
    Langevin: GJF,
    Overdamped: EulerMaruyama,
    GeneralizedLangevin: MemoryBAOAB,
    ColoredNoise: ColoredHeun,
    ActiveForce: ColoredHeun,
}


def default_for(dynamics):
    """The integrator of a form of the dynamics where none is asked for."""
    return next(cls() for form, cls in _DEFAULTS.items() if isinstance(dynamics, form))


__all__ = ["REGISTRY", "Facts", "Integrator", "default_for", *REGISTRY]
