"""Overdamped schemes of higher order: Leimkuhler-Matthews and stochastic Heun."""

from typing import NamedTuple

import numpy as np

from ..compiled import fma
from ..dynamics import Overdamped
from .integrator import Facts, Integrator, exchange_along_path, load_position, one_normal, store_position
from .moves import FORCE_MOVE, HEUN


class LeimkuhlerMatthewsKernel(NamedTuple):
    """x += tau F + half_spread (xi_n + xi_n+1); the noise of the step is kept for the next."""

    tau: np.ndarray
    half_spread: np.ndarray

    order = FORCE_MOVE
    keeps_noise = True
    normals, exchange = one_normal, exchange_along_path

    def coefficients(self, d):
        return self.tau[d], self.half_spread[d]

    def load(self, s, kept, d, i):
        return s[0, d, i], kept[d, i]

    def store(self, s, kept, d, i, q):
        s[0, d, i], kept[d, i] = q[0], q[1]

    def move(self, c, q, f, xi):
        tau, half_spread = c
        x, previous = q
        return fma(half_spread, previous + xi[0], fma(tau, f, x)), xi[0]


class HeunKernel(NamedTuple):
    """y = x + tau F(x) + spread xi; x += tau (F(x) + F(y)) / 2 + spread xi."""

    tau: np.ndarray
    half_tau: np.ndarray
    spread: np.ndarray

    order = HEUN
    keeps_noise = False
    load, store, normals, exchange = load_position, store_position, one_normal, exchange_along_path

    def coefficients(self, d):
        return self.tau[d], self.half_tau[d], self.spread[d]

    def predict(self, c, q, f, xi):
        return fma(c[2], xi[0], fma(c[0], f, q[0]))

    def correct(self, c, q, f, g, xi):
        return (fma(c[2], xi[0], fma(c[1], f + g, q[0])),)


def tau_and_spread(dynamics, dt, dimension):
    """Tau = dt / lambda and sqrt(2 tau kT), per component."""
    tau = dt / dynamics.components("friction", dimension)
    return tau, np.sqrt(2.0 * tau * dynamics.components("kT", dimension))


class _Explicit(Integrator):
    def stability_limit(self, dynamics, curvature):
        """2 lambda / k."""
        return 2.0 * float(np.min(dynamics.friction)) / curvature if curvature > 0.0 else float("inf")


class LeimkuhlerMatthews(_Explicit):
    """The scheme of Leimkuhler and Matthews: x' = x + tau F + sqrt(2 tau kT) (xi_n + xi_n+1) / 2.

    The limit of BAOAB at high friction.  Order of stationary averages: 2 (exact for linear forces); weak order 1 at
    fixed times; the mean squared displacement of a free particle is 2 D (t - dt/2), since the noise of a step is
    correlated with the next.  Forces per step: 1.  Normals: 1 (the last one is kept).  Stable: k tau < 2.
    Source: Leimkuhler, Matthews, Appl. Math. Res. eXpress 2013, 34 (2013).
    """

    facts = {Overdamped: Facts(weak_order=1, stationary_order=2, strong_order=0.5, forces=1, normals=1)}

    def kernel(self, dynamics, dt, dimension, potential):
        tau, spread = tau_and_spread(dynamics, dt, dimension)
        return LeimkuhlerMatthewsKernel(tau, spread / 2.0)


class Heun(_Explicit):
    """The stochastic Heun scheme: y = x + tau F(x) + s xi, x' = x + tau (F(x) + F(y)) / 2 + s xi, s = sqrt(2 tau kT).

    Order: weak 2, strong 1 (additive noise): the scheme for dynamics.  k <x^2> / kT = 1 - (k tau)^2 / 4 + ...
    Forces per step: 2.  Normals: 1.  Stable: k tau < 2.
    Source: Honeycutt, Phys. Rev. A 45, 600 (1992).
    """

    facts = {Overdamped: Facts(weak_order=2, stationary_order=2, strong_order=1, forces=2, normals=1)}

    def kernel(self, dynamics, dt, dimension, potential):
        tau, spread = tau_and_spread(dynamics, dt, dimension)
        return HeunKernel(tau, tau / 2.0, spread)
