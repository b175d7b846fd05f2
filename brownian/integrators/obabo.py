"""The splitting O B A B O."""

import math
from typing import NamedTuple

import numpy as np

from ..compiled import fma
from ..dynamics import Langevin
from .integrator import Facts, Integrator, load_phase, store_phase, two_normals
from .moves import MOVE_FORCE_FINISH


class OBABOKernel(NamedTuple):
    """v = decay v + spread xi_0; v += kick F; x += drift v; v += kick F(x); v = decay v + spread xi_1."""

    kick: np.ndarray
    drift: np.ndarray
    decay: np.ndarray
    spread: np.ndarray

    order = MOVE_FORCE_FINISH
    keeps_noise = False
    load, store, normals = load_phase, store_phase, two_normals

    def coefficients(self, d):
        return self.kick[d], self.drift[d], self.decay[d], self.spread[d]

    def move(self, c, q, f, xi):
        kick, drift, decay, spread = c
        x, v = q
        v = fma(spread, xi[0], decay * v)  # O
        v = fma(kick, f, v)  # B
        return fma(drift, v, x), v  # A

    def finish(self, c, q, f, xi):
        kick, _, decay, spread = c
        x, v = q
        v = fma(kick, f, v)  # B
        return x, fma(spread, xi[1], decay * v)  # O

    def exchange_move(self, mass, c, q, f, xi, after):
        cooled = fma(c[3], xi[0], c[2] * q[1])
        kicked = 0.5 * mass * (after[1] - cooled) * (after[1] + cooled)
        return 0.5 * mass * (cooled - q[1]) * (cooled + q[1]), kicked

    def exchange_finish(self, mass, c, q, f, xi, after):
        kicked = fma(c[0], f, q[1])
        return 0.5 * mass * (after[1] - kicked) * (after[1] + kicked), 0.5 * mass * (kicked - q[1]) * (kicked + q[1])


class OBABO(Integrator):
    """Langevin dynamics by the splitting O(dt/2) B(dt/2) A(dt) B(dt/2) O(dt/2) (Bussi and Parrinello).

    Order: weak 2.  Forces per step: 1.  Normals per step and coordinate: 2.  Stable: dt < 2 / Omega.
    The velocity on the step is exactly Maxwellian for linear forces; k <x^2> / kT = 1 / (1 - (Omega dt)^2 / 4).
    Diffusion and drift are both too large by (a/2) coth(a/2), a = gamma dt.
    Source: Bussi, Parrinello, Phys. Rev. E 75, 056707 (2007).
    """

    facts = {Langevin: Facts(weak_order=2, stationary_order=2, strong_order=1, forces=1, normals=2)}

    def kernel(self, dynamics, dt, dimension, potential):
        a = dynamics.components("friction", dimension) / dynamics.mass * dt
        spread = np.sqrt(dynamics.components("kT", dimension) / dynamics.mass * -np.expm1(-a))
        kick = np.full(dimension, dt / (2.0 * dynamics.mass))
        return OBABOKernel(kick, np.full(dimension, float(dt)), np.exp(-a / 2.0), spread)

    def stability_limit(self, dynamics, curvature):
        """2 / Omega."""
        return 2.0 * math.sqrt(dynamics.mass / curvature) if curvature > 0.0 else math.inf
