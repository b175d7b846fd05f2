"""Schemes for dynamics with memory: coloured forces in Heun's scheme, and the splitting B A O A B with O in all
modes.
"""

import math
from typing import NamedTuple

import numpy as np

from ..colored import ActiveForce, ColoredNoise, GeneralizedLangevin
from ..compiled import fma
from ..theory.ou import affine_ou
from .integrator import Facts, Integrator, exchange_along_path
from .moves import HEUN, MEMORY


class ColoredHeunKernel(NamedTuple):
    """Heun's scheme with the exact joint law of a coloured force at the end of a step and of its integral over it."""

    tau: np.ndarray
    half_tau: np.ndarray
    spread: np.ndarray
    push: np.ndarray
    push_spread: np.ndarray
    decay: np.ndarray
    with_push: np.ndarray
    apart: np.ndarray

    order = HEUN
    keeps_noise = False
    exchange = exchange_along_path

    def coefficients(self, d):
        pushes = self.push[d], self.push_spread[d], self.decay[d], self.with_push[d], self.apart[d]
        return self.tau[d], self.half_tau[d], self.spread[d], *pushes

    def load(self, s, kept, d, i):
        return s[0, d, i], s[1, d, i]

    def store(self, s, kept, d, i, q):
        s[0, d, i], s[1, d, i] = q[0], q[1]

    def normals(self, z, n, d, i):
        return np.float64(z[n, 0, d, i]), np.float64(z[n, 1, d, i]), np.float64(z[n, 2, d, i])

    def predict(self, c, q, f, xi):
        noise = fma(c[4], xi[1], fma(c[3], q[1], c[2] * xi[0]))
        return fma(c[0], f, q[0]) + noise

    def correct(self, c, q, f, g, xi):
        noise = fma(c[4], xi[1], fma(c[3], q[1], c[2] * xi[0]))
        return fma(c[1], f + g, q[0]) + noise, fma(c[7], xi[2], fma(c[6], xi[1], c[5] * q[1]))


class ColoredHeun(Integrator):
    """Heun's scheme with coloured noise: y = x + tau F(x) + n, x' = x + tau (F(x) + F(y)) / 2 + n.

    n = (1/lambda) int_0^dt f ds + sqrt(2 tau kT) xi, the integral of the force f and its end drawn from their exact
    joint law, for any ratio of dt and correlation time; exact for a free particle.
    Order: weak 2.  Forces per step: 2.  Normals per step and coordinate: 3.  Stable: k tau < 2.
    Source: Honeycutt, Phys. Rev. A 45, 600 (1992); Gillespie, Phys. Rev. E 54, 2084 (1996) (the exact update).
    """

    facts = {
        form: Facts(weak_order=2, stationary_order=2, strong_order=1, forces=2, normals=3)
        for form in (ColoredNoise, ActiveForce)
    }

    def kernel(self, dynamics, dt, dimension, potential):
        friction, white = dynamics.components("friction", dimension), dynamics.components("white", dimension)
        tau, force = dt / friction, dynamics.components("force", dimension)
        # (integral, end) of f' = -f / time + noise, per unit of its standard deviation
        step, _, covariance = affine_ou(
            [[0.0, 1.0], [0.0, -1.0 / dynamics.time]], [0.0, 0.0], [[0.0, 0.0], [0.0, 2.0 / dynamics.time]], dt
        )
        first = math.sqrt(covariance[0, 0])
        along = covariance[0, 1] / first
        apart = math.sqrt(max(covariance[1, 1] - along * along, 0.0))
        ones = np.ones(dimension)
        return ColoredHeunKernel(
            tau, tau / 2.0, np.sqrt(2.0 * tau * white), step[0, 1] / friction, first * force / friction,
            step[1, 1] * ones, along * force, apart * force,
        )  # fmt: skip

    def stability_limit(self, dynamics, curvature):
        """2 lambda / k."""
        return 2.0 * float(np.min(dynamics.friction)) / curvature if curvature > 0.0 else math.inf


class MemoryKernel(NamedTuple):
    """v += kick F; x += drift v; (v, z) = matrix (v, z) + spread xi; x += drift v; v += kick F(x)."""

    kick: float
    drift: float
    matrix: np.ndarray
    spread: np.ndarray
    strength: np.ndarray

    order = MEMORY
    keeps_noise = False

    def mix(self, s, z, n, new):
        """O, in all modes at once: new[r] = sum_c M[r, c] (v, z)_c + sqrt(kT) sum_c L[r, c] xi_c."""
        modes = self.matrix.shape[0]
        for d in range(s.shape[1]):
            for r in range(modes):
                for i in range(s.shape[2]):
                    new[r, d, i] = 0.0
                for c in range(modes):
                    m, noise = self.matrix[r, c], self.strength[d] * self.spread[r, c]
                    for i in range(s.shape[2]):
                        new[r, d, i] = fma(noise, np.float64(z[n, c, d, i]), fma(m, s[1 + c, d, i], new[r, d, i]))


class MemoryBAOAB(Integrator):
    """Langevin dynamics with memory by B(dt/2) A(dt/2) O(dt) A(dt/2) B(dt/2), O the exact flow of (v, z_1 ... z_n).

    Order: weak 2.  Forces per step: 1.  Normals per step and coordinate: 1 + modes.  Stable: dt < 2 / Omega.
    Maxwell's distribution and the memory's are exactly stationary under O; for a free particle every correlation on the
    step is exact.
    Source: Baczewski, Bond, J. Chem. Phys. 139, 044107 (2013); Leimkuhler, Sachs, SIAM J. Sci. Comput. 44, A364 (2022).
    """

    facts = {GeneralizedLangevin: Facts(weak_order=2, stationary_order=2, strong_order=1, forces=1, normals=1)}

    def facts_for(self, dynamics):
        known = super().facts_for(dynamics)
        return Facts(known.weak_order, known.stationary_order, known.strong_order, 1, 1 + len(dynamics.times))

    def kernel(self, dynamics, dt, dimension, potential):
        drift = dynamics.drift()[1:, 1:]
        noise = np.zeros_like(drift)
        noise[0, 0] = 2.0 * dynamics.friction / dynamics.mass**2
        for k, (lam, tau) in enumerate(zip(dynamics.frictions, dynamics.times, strict=True)):
            noise[1 + k, 1 + k] = 2.0 * lam / tau**2
        step, _, covariance = affine_ou(drift, np.zeros(len(drift)), noise, dt)
        return MemoryKernel(
            dt / (2.0 * dynamics.mass), dt / 2.0, np.ascontiguousarray(step), _root(covariance),
            np.sqrt(dynamics.components("kT", dimension)),
        )  # fmt: skip

    def stability_limit(self, dynamics, curvature):
        """2 / Omega."""
        return 2.0 * math.sqrt(dynamics.mass / curvature) if curvature > 0.0 else math.inf


def _root(covariance):
    """L with L L^T the covariance, which may be singular to rounding; its scales may be far apart."""
    scale = np.sqrt(np.diag(covariance))
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    return np.ascontiguousarray(scale[:, np.newaxis] * vectors * np.sqrt(np.maximum(values, 0.0)))
