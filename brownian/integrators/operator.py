"""Exact stationary averages of an overdamped scheme at finite dt, in one dimension, without random numbers.

One step maps the law of the state by a linear operator.  On Chebyshev nodes in x and Gauss-Hermite nodes in the step's
normals, with the positions after the step taken from the kernel itself, it is a matrix; its left eigenvector of
eigenvalue 1 is the scheme's own stationary law, bias included.
"""

import math

import numpy as np

from ..caching import compiled_for
from ..dynamics import Overdamped
from .scheme import begin, step


def _one_step(kernel, potential, s, work, first, z, dt):
    begin(kernel, potential, s, work, first, 0, 0.0)
    step(kernel, potential, s, work, z, 0, 0.0, dt)


def _interpolation(x, count, low, high):
    """Rows of the interpolation matrix from Chebyshev nodes (descending) to the points x, clipped to [low, high]."""
    u = np.clip((2.0 * x - low - high) / (high - low), -1.0, 1.0)
    angles = np.pi * (np.arange(count) + 0.5) / count
    transform = 2.0 / count * np.cos(np.outer(np.arange(count), angles))
    transform[0] /= 2.0
    return np.cos(np.outer(np.arccos(u), np.arange(count))) @ transform


class StationaryLaw:
    """The stationary law of an overdamped scheme for a one-dimensional potential.

    Parameters
    ----------
    integrator, dynamics, dt, potential
        The scheme as a ``Simulation`` takes it.
    low, high
        Interval of positions that holds the law (beyond it less than about 1e-12 of the weight) [L].
    nodes, draws
        Nodes in x, and in each normal (a kept one is a second coordinate of the state).

    Raises
    ------
    TypeError
        for Langevin dynamics: at low friction the operator needs too many nodes in v.

    Converges to about 1e-10 with the default nodes for a double well of a few kT.

    Examples
    --------
    >>> import brownian as bn
    >>> from brownian.integrators.operator import StationaryLaw
    >>> law = StationaryLaw(bn.EulerMaruyama(), bn.Overdamped(friction=0.7, kT=0.9), 0.028,
    ...                     bn.DoubleWell(barrier=2.0, width=1.2), -3.2, 3.2)
    >>> print(f"{law.average(lambda x: x**2):.9f}")
    1.189389775
    """

    def __init__(self, integrator, dynamics, dt, potential, low, high, nodes=80, draws=24):
        """Build the matrix and solve for its left eigenvector."""
        if not isinstance(dynamics, Overdamped):
            raise TypeError(f"StationaryLaw needs Overdamped dynamics, got {type(dynamics).__name__}")
        kernel, normals = integrator.kernel(dynamics, dt, 1, potential), integrator.facts_for(dynamics).normals
        xi, chance = np.polynomial.hermite_e.hermegauss(draws)
        chance = chance / math.sqrt(2.0 * math.pi)
        kept = xi if kernel.keeps_noise else np.zeros(1)
        angles = np.pi * (np.arange(nodes) + 0.5) / nodes
        self.x = (low + high) / 2.0 + (high - low) / 2.0 * np.cos(angles)
        start, first, drawn = (grid.ravel() for grid in np.meshgrid(self.x, kept, xi, indexing="ij"))
        s, shape = start.reshape(1, 1, -1).copy(), (1, normals, 1, start.size)
        work = np.zeros((3, 1, start.size))
        run = compiled_for(_one_step, kernel, potential)
        run(kernel, potential, s, work, first.reshape(shape).copy(), drawn.reshape(shape).copy(), float(dt))
        rows = _interpolation(s[0, 0], nodes, low, high).reshape(-1, draws, nodes)
        if kernel.keeps_noise:  # the noise of the step, at its own node, is what is kept
            matrix = (rows * chance[:, np.newaxis]).transpose(0, 2, 1).reshape(nodes * draws, nodes * draws)
        else:
            matrix = np.einsum("skx,k->sx", rows, chance)
        system = matrix.T - np.eye(len(matrix))
        system[-1] = 1.0
        weights = np.linalg.solve(system, np.r_[np.zeros(len(matrix) - 1), 1.0])
        self.weights = weights.reshape(nodes, -1).sum(axis=1)

    def average(self, f):
        """Stationary average of f(x), f taking an array."""
        return float(self.weights @ f(self.x))
