"""Langevin dynamics, compiled: one energy drives the physics and the sampler.

Importing the package imports neither Numba nor h5py nor matplotlib; what is asked for is loaded when it is asked for.
"""

from .lazy import lazily
from .version import __version__ as __version__

_HOME = {
    "simulation": ("Simulation", "open_trajectory"),
    "annealing": ("Annealing",),
    "tempering": ("Tempering",),
    "dynamics": ("Langevin", "Overdamped"),
    "colored": ("ActiveForce", "ColoredNoise", "GeneralizedLangevin"),
    "integrators": (
        "BAOAB",
        "GJ2",
        "GJF",
        "OBABO",
        "ColoredHeun",
        "EulerMaruyama",
        "ExactOU",
        "Heun",
        "LeimkuhlerMatthews",
        "MALA",
        "MemoryBAOAB",
    ),
    "potentials": (
        "Banana",
        "ConstantForce",
        "Cosine",
        "DoubleWell",
        "Driven",
        "Free",
        "Funnel",
        "Gaussian",
        "GaussianMixture",
        "Harmonic",
        "Linear",
        "LogisticRegression",
        "Moving",
        "MuellerBrown",
        "Piecewise",
        "Quadratic",
        "Ramp",
        "Rastrigin",
        "Ring",
        "Rings",
        "Rotation",
        "Shifted",
        "Sine",
        "SquareWave",
        "TwoMoons",
        "exact_moments",
        "potential",
    ),
    "expressions": ("Expression",),
    "noise": ("Given",),
    "observables": (
        "Autocorrelation",
        "Histogram",
        "MeanSquaredDisplacement",
        "Moments",
        "Populations",
    ),
    "levels": ("DiscreteLevels",),
    "trajectory": ("Trajectory", "from_arrays", "repair"),
    "stops": ("CrossLevel", "EnterBall", "EnterBox", "LeaveInterval"),
    "fdt": ("validate",),
    "verification": ("verify",),
    "units": ("Bead", "stokes_friction"),
    "schedule": ("logarithmic_times",),
    "sampling": ("Samples", "draw", "sample"),
    "report": ("Check", "Result", "Scenario"),
}
_MODULES = ("analysis", "cli", "datasets", "fdt", "plotting", "sampling", "theory", "trajectory", "units", "vectormath")

__getattr__, __dir__, __all__ = lazily(__name__, _HOME, _MODULES, {"open": "open_trajectory"})
