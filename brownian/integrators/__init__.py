"""Integrators: how a step is taken, and what each scheme states about itself."""

from .baoab import BAOAB, GJ2, GJF
from .euler_maruyama import EulerMaruyama
from .exact_ou import ExactOU
from .integrator import Facts, Integrator
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
        ExactOU,
        ColoredHeun,
        MemoryBAOAB,
    )
}

__all__ = ["REGISTRY", "Facts", "Integrator", *REGISTRY]
