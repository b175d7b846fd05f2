"""The Metropolis-adjusted Langevin algorithm."""

from typing import NamedTuple

import numpy as np

from ..compiled import fma
from ..dynamics import Overdamped
from ..potentials.definition import without_energy
from ..potentials.timing import depends_on_time
from .integrator import Facts, Integrator, load_position, one_normal, store_position
from .moves import METROPOLIS
from .overdamped import tau_and_spread


class MALAKernel(NamedTuple):
    """y = x + tau F + spread xi, accepted with the chance that makes Boltzmann's distribution stationary."""

    tau: np.ndarray
    spread: np.ndarray
    beta: float

    order = METROPOLIS
    deciding = 2
    keeps_noise = False
    load, store, normals = load_position, store_position, one_normal

    def coefficients(self, d):
        return self.tau[d], self.spread[d], 1.0 / self.spread[d]

    def propose(self, c, x, f, xi):
        return fma(c[1], xi, fma(c[0], f, x))

    def log_ratio(self, c, x, y, g, xi):
        back = fma(-c[0], g, x - y) * c[2]
        return 0.5 * (xi - back) * (xi + back)


class MALA(Integrator):
    """The Metropolis-adjusted Langevin algorithm: a step of Euler-Maruyama from x to y, accepted or not.

    The probability to accept it is::

        min(1, exp(-(U(y) - U(x)) / kT) q(x|y) / q(y|x)),   q(y|x) ~ exp(-|y - x - tau F(x)|^2 / 4 tau kT).

    Samples Boltzmann's distribution exactly at any dt; the path is not that of the dynamics where moves are rejected.
    For a Gaussian of variance kT / k in each of d components, the logarithm of the ratio is (k tau / 4)
    (k x^2 - k y^2) / kT; at best about 57 % of the moves are accepted (d large, tau ~ d^(-1/3)).
    ``trajectory.acceptance`` has what was accepted.  Forces and energies per step: 1.  Normals: 1, and 2 per particle.
    Needs a potential with an energy that does not depend on time, and one positive kT.
    Source: Roberts, Tweedie, Bernoulli 2, 341 (1996); Roberts, Rosenthal, J. R. Stat. Soc. B 60, 255 (1998).
    """

    deciding = MALAKernel.deciding
    facts = {Overdamped: Facts(weak_order=1, stationary_order=float("inf"), strong_order=0.5, forces=1, normals=1)}

    def kernel(self, dynamics, dt, dimension, potential):
        tau, spread = tau_and_spread(dynamics, dt, dimension)
        kT = dynamics.components("kT", dimension)
        if not (np.all(kT > 0.0) and np.all(kT == kT[0])):
            raise ValueError(f"{self} needs one positive kT for all components, got {dynamics.kT!r}")
        score = without_energy(potential)
        if score is not None:
            raise TypeError(f"{self} needs an energy to accept moves by, and {score.__name__} gives a force only")
        if depends_on_time(potential):
            raise ValueError(f"{self} needs a potential that does not depend on time")
        return MALAKernel(tau, spread, 1.0 / float(kT[0]))
