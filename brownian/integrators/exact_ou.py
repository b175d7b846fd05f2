"""The exact step for linear forces (Ornstein-Uhlenbeck), in both forms."""

from typing import NamedTuple

import numpy as np

from ..compiled import fma
from ..dynamics import Langevin, Overdamped
from ..potentials.affine import separate_force
from ..potentials.definition import named
from ..theory.ou import affine_ou
from .integrator import (
    Facts,
    Integrator,
    exchange_along_path,
    load_phase,
    load_position,
    one_normal,
    store_phase,
    store_position,
    two_normals,
)
from .moves import NO_FORCE


class OverdampedOUKernel(NamedTuple):
    """x = decay x + shift + spread xi."""

    decay: np.ndarray
    shift: np.ndarray
    spread: np.ndarray

    order = NO_FORCE
    keeps_noise = False
    load, store, normals, exchange = load_position, store_position, one_normal, exchange_along_path

    def coefficients(self, d):
        return self.decay[d], self.shift[d], self.spread[d]

    def move(self, c, q, f, xi):
        decay, shift, spread = c
        return (fma(spread, xi[0], fma(decay, q[0], shift)),)


class LangevinOUKernel(NamedTuple):
    """(x, v) = M (x, v) + shift + L (xi_0, xi_1), L lower triangular with L L^T the covariance of the step."""

    matrix: np.ndarray
    shift: np.ndarray
    spread: np.ndarray

    order = NO_FORCE
    keeps_noise = False
    load, store, normals = load_phase, store_phase, two_normals

    def coefficients(self, d):
        m, b, n = self.matrix, self.shift, self.spread
        return m[d, 0, 0], m[d, 0, 1], m[d, 1, 0], m[d, 1, 1], b[d, 0], b[d, 1], n[d, 0, 0], n[d, 1, 0], n[d, 1, 1]

    def move(self, c, q, f, xi):
        xx, xv, vx, vv, bx, bv, nxx, nvx, nvv = c
        x, v = q
        return (
            fma(nxx, xi[0], fma(xv, v, fma(xx, x, bx))),
            fma(nvv, xi[1], fma(nvx, xi[0], fma(vv, v, fma(vx, x, bv)))),
        )

    def exchange(self, mass, c, f, g, x, v, x_new, v_new):
        # the exact flow: all change of energy is heat; along dx the trapezoid is exact for a linear force
        given = 0.5 * (f + g) * (x_new - x)
        return 0.5 * mass * (v_new - v) * (v_new + v) - given, given


class ExactOU(Integrator):
    """The exact law of a step, for forces F_d = f_d - k_d x_d without coupling between components and without t.

    Order: exact in law.  Forces per step: 0.  Normals per step and coordinate: 1 (overdamped), 2 (underdamped).
    Stable at any dt (k > 0).  Source: Uhlenbeck, Ornstein, Phys. Rev. 36, 823 (1930).
    """

    facts = {
        Overdamped: Facts(weak_order=np.inf, stationary_order=np.inf, strong_order=np.inf, forces=0, normals=1),
        Langevin: Facts(weak_order=np.inf, stationary_order=np.inf, strong_order=np.inf, forces=0, normals=2),
    }

    def kernel(self, dynamics, dt, dimension, potential):
        stiffness, constant = linear_force(potential, dimension)
        friction, kT = dynamics.components("friction", dimension), dynamics.components("kT", dimension)
        if isinstance(dynamics, Overdamped):
            steps = [
                affine_ou([[-k / lam]], [f / lam], [[2.0 * T / lam]], dt)
                for k, f, lam, T in zip(stiffness, constant, friction, kT, strict=True)
            ]
            return OverdampedOUKernel(*(np.array([float(s[part].squeeze()) for s in steps]) for part in (0, 1)),
                                      np.sqrt([s[2][0, 0] for s in steps]))  # fmt: skip
        m = dynamics.mass
        steps = [
            affine_ou([[0.0, 1.0], [-k / m, -lam / m]], [0.0, f / m], [[0.0, 0.0], [0.0, 2.0 * lam * T / m**2]], dt)
            for k, f, lam, T in zip(stiffness, constant, friction, kT, strict=True)
        ]
        spread = np.array([_lower_root(s[2]) for s in steps])
        return LangevinOUKernel(np.array([s[0] for s in steps]), np.array([s[1] for s in steps]), spread)


def _lower_root(covariance):
    # Cholesky by hand: the covariance may vanish (kT = 0) and its entries differ by dt^2
    (xx, xv), (_, vv) = covariance
    if xx <= 0.0:
        return np.array([[0.0, 0.0], [0.0, np.sqrt(max(vv, 0.0))]])
    first = np.sqrt(xx)
    return np.array([[first, 0.0], [xv / first, np.sqrt(max(vv - xv * xv / xx, 0.0))]])


def linear_force(potential, dimension):
    """Stiffness k_d [E/L^2] and constant f_d [E/L] of a force F_d = f_d - k_d x_d.

    Raises
    ------
    ValueError
        if the force is not of this form (probed at random points on all scales), or changes with time.
    """
    separate = separate_force(potential, dimension)
    if separate is None:
        raise ValueError(
            "ExactOU needs a force F_d = f_d - k_d x_d for each component, without coupling and independent of time; "
            f"that of {named(potential)} is not"
        )
    return separate
