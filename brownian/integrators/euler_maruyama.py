"""The Euler-Maruyama scheme, in both forms."""

import math
from typing import NamedTuple

import numpy as np

from ..compiled import fma
from ..dynamics import Langevin, Overdamped
from .integrator import (
    Facts,
    Integrator,
    exchange_along_path,
    load_phase,
    load_position,
    one_normal,
    rates,
    store_phase,
    store_position,
)
from .moves import FORCE_MOVE


class OverdampedEulerKernel(NamedTuple):
    """x += tau F + spread xi."""

    tau: np.ndarray
    spread: np.ndarray

    order = FORCE_MOVE
    keeps_noise = False
    load, store, normals, exchange = load_position, store_position, one_normal, exchange_along_path

    def coefficients(self, d):
        return self.tau[d], self.spread[d]

    def move(self, c, q, f, xi):
        tau, spread = c
        return (fma(spread, xi[0], fma(tau, f, q[0])),)


class LangevinEulerKernel(NamedTuple):
    """x += dt v; v += kick F - drag v + spread xi, all from the state before the step."""

    dt: np.ndarray
    kick: np.ndarray
    drag: np.ndarray
    spread: np.ndarray

    order = FORCE_MOVE
    keeps_noise = False
    load, store, normals = load_phase, store_phase, one_normal

    def coefficients(self, d):
        return self.dt[d], self.kick[d], self.drag[d], self.spread[d]

    def move(self, c, q, f, xi):
        dt, kick, drag, spread = c
        x, v = q
        return fma(dt, v, x), fma(spread, xi[0], fma(kick, f, fma(-drag, v, v)))

    def exchange(self, mass, c, f, g, x, v, x_new, v_new):
        # the force of the bath is what is left of m dv without F dt; heat is its Stratonovich product with v
        given = 0.5 * mass * c[1] * f * (v + v_new)
        return 0.5 * mass * (v_new - v) * (v_new + v) - given, given


class EulerMaruyama(Integrator):
    """The Euler-Maruyama scheme.

    Overdamped: x' = x + tau F + sqrt(2 tau kT) xi, tau = dt / lambda; the unadjusted Langevin algorithm of machine
    learning.  k <x^2> / kT = 1 / (1 - k tau / 2), stable for k tau < 2.
    Underdamped: x' = x + dt v, v' = v + dt (F - lambda v) / m + sqrt(2 lambda kT dt) xi / m; a negative control, stable
    only for dt < gamma / Omega^2.
    Order: weak 1, strong 1 (additive noise).  Forces per step: 1.  Normals per step and coordinate: 1.
    Source: Kloeden, Platen, Numerical Solution of Stochastic Differential Equations (1992), ch. 10.
    """

    facts = {
        form: Facts(weak_order=1, stationary_order=1, strong_order=1, forces=1, normals=1)
        for form in (Overdamped, Langevin)
    }

    def kernel(self, dynamics, dt, dimension, potential):
        friction, kT = dynamics.components("friction", dimension), dynamics.components("kT", dimension)
        if isinstance(dynamics, Overdamped):
            tau = dt / friction
            return OverdampedEulerKernel(tau, np.sqrt(2.0 * tau * kT))
        kick = np.full(dimension, dt / dynamics.mass)
        drag, spread = friction * dt / dynamics.mass, np.sqrt(2.0 * friction * kT * dt) / dynamics.mass
        return LangevinEulerKernel(np.full(dimension, float(dt)), kick, drag, spread)

    def stability_limit(self, dynamics, curvature):
        """Overdamped: 2 lambda / k.  Underdamped: (Omega dt)^2 < a and (Omega dt)^2 + 4 > 2 a, a = gamma dt."""
        if isinstance(dynamics, Overdamped):
            return 2.0 * float(np.min(dynamics.friction)) / curvature if curvature > 0.0 else math.inf
        omega2, limits = max(curvature, 0.0) / dynamics.mass, []
        for gamma in rates(dynamics):
            root = gamma * gamma - 4.0 * omega2
            limits.append(gamma / omega2 if omega2 > 0.0 else math.inf)
            if root >= 0.0 and gamma > 0.0:
                limits.append(4.0 / (gamma + math.sqrt(root)))
        return float(min(limits))
