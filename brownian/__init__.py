"""Langevin dynamics, compiled: one energy drives the physics and the sampler.

Importing the package imports neither Numba nor h5py nor matplotlib; what is asked for is loaded when it is asked for.
"""

import importlib

from .version import __version__

_HOME = {
    "simulation": ("Simulation", "open_trajectory"),
    "dynamics": ("Langevin", "Overdamped"),
    "integrators": ("BAOAB", "GJ2", "GJF", "OBABO", "EulerMaruyama", "ExactOU", "Heun", "LeimkuhlerMatthews"),
    "potentials": (
        "Banana",
        "ConstantForce",
        "Cosine",
        "DoubleWell",
        "Free",
        "Funnel",
        "GaussianMixture",
        "Harmonic",
        "MuellerBrown",
        "Ring",
        "potential",
    ),
    "expressions": ("Expression",),
    "noise": ("Given",),
    "trajectory": ("Trajectory", "from_arrays", "repair"),
    "fdt": ("validate",),
    "units": ("Bead", "stokes_friction"),
    "schedule": ("logarithmic_times",),
    "report": ("Check", "Result", "Scenario"),
}
_HOME_OF = {name: module for module, names in _HOME.items() for name in names}
_MODULES = ("analysis", "cli", "fdt", "plotting", "theory", "trajectory", "units", "vectormath")
_ALIASES = {"open": "open_trajectory"}

__all__ = ["__version__", *_HOME_OF, *_MODULES, *_ALIASES]


def __getattr__(name):
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    target = _ALIASES.get(name, name)
    if target not in _HOME_OF:
        raise AttributeError(f"module 'brownian' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME_OF[target]}", __name__), target)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
