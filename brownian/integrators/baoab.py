"""The BAOAB family: BAOAB, GJF and GJ2 are one kernel; two numbers per component differ.

B(h/2) A(h/2) O A(h/2) B(h/2) with an effective step h and a velocity factor c in O.
"""

import math
from typing import NamedTuple

import numpy as np

from ..compiled import fma
from ..dynamics import Langevin
from .integrator import Facts, Integrator, load_phase, one_normal, rates, store_phase
from .moves import MOVE_FORCE_FINISH


class BAOABKernel(NamedTuple):
    """v += kick F; x += drift v; v = decay v + spread xi (v_half); x += drift v; v += kick F(x)."""

    kick: np.ndarray
    drift: np.ndarray
    decay: np.ndarray
    spread: np.ndarray

    order = MOVE_FORCE_FINISH
    keeps_noise = False
    load, store, normals = load_phase, store_phase, one_normal

    def coefficients(self, d):
        return self.kick[d], self.drift[d], self.decay[d], self.spread[d]

    def move(self, c, q, f, xi):
        kick, drift, decay, spread = c
        x, v = q
        v = fma(kick, f, v)  # B
        x = fma(drift, v, x)  # A
        v = fma(spread, xi[0], decay * v)  # O
        return fma(drift, v, x), v  # A

    def finish(self, c, q, f, xi):
        x, v = q
        return x, fma(c[0], f, v)  # B

    def exchange_move(self, mass, c, q, f, xi, after):
        before = fma(c[0], f, q[1])
        return 0.5 * mass * (after[1] - before) * (after[1] + before), 0.5 * mass * (before - q[1]) * (before + q[1])

    def exchange_finish(self, mass, c, q, f, xi, after):
        return 0.0, 0.5 * mass * (after[1] - q[1]) * (after[1] + q[1])


def _kernel(dynamics, dimension, step, decay, one_minus_square):
    spread = np.sqrt(dynamics.components("kT", dimension) / dynamics.mass * one_minus_square)
    return BAOABKernel(step / (2.0 * dynamics.mass), step / 2.0, decay, spread)


class _Family(Integrator):
    facts = {Langevin: Facts(weak_order=2, stationary_order=2, strong_order=1, forces=1, normals=1)}

    def stability_limit(self, dynamics, curvature):
        """2 / Omega."""
        return 2.0 * math.sqrt(dynamics.mass / curvature) if curvature > 0.0 else math.inf


class GJF(_Family):
    """Langevin dynamics by the scheme of Gronbech-Jensen and Farago (GJ-I): BAOAB with c = (1 - a/2) / (1 + a/2).

    a = gamma dt.  Order: weak 2.  Forces per step: 1.  Normals per step and coordinate: 1.  Stable: dt < 2 / Omega.
    Exact at any dt, for linear forces: the Boltzmann distribution, diffusion, drift.  ``v_half`` (just after the noise)
    is exactly Maxwellian; the velocity on the step has m <v^2> / kT = 1 - (Omega dt)^2 / 4.
    Source: Gronbech-Jensen, Farago, Mol. Phys. 111, 983 (2013), eqs. 20-21.
    """

    def kernel(self, dynamics, dt, dimension, potential):
        half = dynamics.components("friction", dimension) / dynamics.mass * dt / 2.0
        step = np.full(dimension, float(dt))
        return _kernel(dynamics, dimension, step, (1.0 - half) / (1.0 + half), 4.0 * half / (1.0 + half) ** 2)


class BAOAB(_Family):
    """Langevin dynamics by the splitting B(dt/2) A(dt/2) O(dt) A(dt/2) B(dt/2), c = exp(-gamma dt).

    Order: weak 2 (4 for averages of positions at high friction).  Forces per step: 1.  Normals: 1.
    Stable: dt < 2 / Omega.  Exact at any dt, for linear forces: the Boltzmann distribution of positions; for a free
    particle: the velocity autocorrelation.  Diffusion and drift are both too large by (a/2) coth(a/2), a = gamma dt.
    Source: Leimkuhler, Matthews, Appl. Math. Res. eXpress 2013, 34 (2013).
    """

    def kernel(self, dynamics, dt, dimension, potential):
        a = dynamics.components("friction", dimension) / dynamics.mass * dt
        return _kernel(dynamics, dimension, np.full(dimension, float(dt)), np.exp(-a), -np.expm1(-2.0 * a))


class GJ2(_Family):
    """Langevin dynamics by GJ-II: BAOAB with c = exp(-gamma dt) and the time rescaled, h = dt sqrt(tanh(a/2) / (a/2)).

    Order: weak 2.  Forces per step: 1.  Normals: 1.  Stable: (Omega dt)^2 < 2 a coth(a/2), a = gamma dt.
    Exact at any dt, for linear forces: the Boltzmann distribution, diffusion, drift; free velocity autocorrelation.
    For m -> 0 at fixed dt it becomes the Leimkuhler-Matthews scheme.
    Source: Sivak, Chodera, Crooks, J. Phys. Chem. B 118, 6466 (2014); Gronbech-Jensen, Mol. Phys. 118, e1662506 (2020).
    """

    def kernel(self, dynamics, dt, dimension, potential):
        a = dynamics.components("friction", dimension) / dynamics.mass * dt
        half = np.maximum(a / 2.0, 1e-12)  # tanh(y) / y = 1 to rounding there
        step = dt * np.sqrt(np.tanh(half) / half)
        return _kernel(dynamics, dimension, step, np.exp(-a), -np.expm1(-2.0 * a))

    def stability_limit(self, dynamics, curvature):
        """Solution of (Omega dt)^2 = 2 a coth(a/2)."""
        if curvature <= 0.0:
            return math.inf
        # (2 dt / gamma) tanh(gamma dt / 2) = 4 / Omega^2; its left side grows with dt, and less with larger gamma
        gamma, target = float(rates(dynamics).min()), 4.0 * dynamics.mass / curvature
        if gamma == 0.0:
            return math.sqrt(target)
        low, high = math.sqrt(target), math.sqrt(target) + target * gamma
        for _ in range(200):
            middle = 0.5 * (low + high)
            low, high = (
                (middle, high) if 2.0 * middle / gamma * math.tanh(gamma * middle / 2.0) < target else (low, middle)
            )
        return low
