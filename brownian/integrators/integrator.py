"""What every integrator states about itself."""

import functools
import math
from dataclasses import dataclass

import numpy as np

from ..arguments import a_dynamics, checked, numbers
from ..compiled import inlined
from ..theory.checks import single


@dataclass(frozen=True)
class Facts:
    """Data of a scheme for one form of the dynamics.

    weak_order: of averages at a fixed time; stationary_order: of stationary averages of positions; strong_order: of a
    path on a given Brownian motion; forces, normals: per step (normals per coordinate).
    """

    weak_order: float
    stationary_order: float
    strong_order: float
    forces: int
    normals: int


class Integrator:
    """A way to take a step: ``facts[dynamics]``, ``kernel(...)`` and ``stability_limit(...)``.

    Integrators have no parameters; mass, friction and kT come from the dynamics.
    """

    facts: dict = {}
    deciding = 0  # further components of the noise, by which moves are accepted

    def __init_subclass__(cls):
        if "stability_limit" in vars(cls):
            cls.stability_limit = _checked(cls.stability_limit)

    def __repr__(self):
        return f"{type(self).__name__}()"

    def __eq__(self, other):
        return type(self) is type(other)

    def __hash__(self):
        return hash(type(self))

    def facts_for(self, dynamics):
        """The facts of this scheme for a form of the dynamics; TypeError if it does not integrate that form."""
        try:
            return self.facts[type(dynamics)]
        except KeyError:
            forms = " or ".join(form.__name__ for form in self.facts)
            raise TypeError(f"{self} integrates {forms}, not {type(dynamics).__name__}") from None

    def kernel(self, dynamics, dt, dimension, potential):
        """The compiled scheme: a NamedTuple of coefficients, one value per component."""
        raise TypeError(f"{self} has no kernel")

    def stability_limit(self, dynamics, curvature):
        """Largest stable dt [T] for a linear force of this curvature [E/L^2], over all components."""
        return math.inf


def _one(name, value):
    numbers(name, value)
    single(**{name: value})


def _checked(stability_limit):
    """The same for dynamics that are integrated, and one curvature."""

    @checked(dynamics=a_dynamics, curvature=_one)
    @functools.wraps(stability_limit)
    def call(self, dynamics, curvature):
        self.facts_for(dynamics)
        return stability_limit(self, dynamics, curvature)

    return call


def rates(dynamics):
    """Gamma = friction / mass of each component [1/T]."""
    return np.atleast_1d(np.asarray(dynamics.friction, dtype=np.float64)) / dynamics.mass


@inlined
def load_position(self, s, kept, d, i):
    """Q = (x,)."""
    return (s[0, d, i],)


@inlined
def store_position(self, s, kept, d, i, q):
    """Q = (x,)."""
    s[0, d, i] = q[0]


@inlined
def load_phase(self, s, kept, d, i):
    """Q = (x, v)."""
    return s[0, d, i], s[1, d, i]


@inlined
def store_phase(self, s, kept, d, i, q):
    """Q = (x, v)."""
    s[0, d, i], s[1, d, i] = q[0], q[1]


@inlined
def one_normal(self, z, n, d, i):
    """Xi = (first,)."""
    return (np.float64(z[n, 0, d, i]),)


@inlined
def two_normals(self, z, n, d, i):
    """Xi = (first, second)."""
    return np.float64(z[n, 0, d, i]), np.float64(z[n, 1, d, i])


@inlined
def exchange_along_path(self, mass, c, f, g, x, v, x_new, v_new):
    """Overdamped: what the force gives along the path goes to the bath, Q = -(f + g) dx / 2 (Stratonovich)."""
    heat = -0.5 * (f + g) * (x_new - x)
    return heat, -heat
