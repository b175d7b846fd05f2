"""The way from spins to continuous variables and back: Hubbard's and Stratonovich's Gaussian integral as an energy."""

from typing import NamedTuple

import numpy as np

from .. import vectormath
from ..potentials.definition import potential


@potential
class Relaxation(NamedTuple):
    """U = x^T P x / 2 - sum_i ln 2 cosh(x_i + h_i), P = A^-1: at kT = 1 a mixture over all spins s of normals.

    Given s, with the Boltzmann weights of E = -s^T W s / 2 - h . s at kT = 1 and A = W + d 1, x is normal with the mean
    A s and the covariance A; given x, spins are independent, with <s_i> = tanh(x_i + h_i).  So E[tanh(x_i + h_i)] =
    <s_i>, E[x] = A <s>, Cov(x) = A + A Cov(s) A.

    Parameters
    ----------
    precision
        P, symmetric with positive eigenvalues, shape (units, units).
    biases
        h, shape (units,).

    Sources: Hubbard, Phys. Rev. Lett. 3, 77 (1959); Zhang, Sutton, Storkey, Ghahramani, NIPS (2012).

    Examples
    --------
    >>> from brownian.machines import Relaxation
    >>> Relaxation([[2.0]], [0.3]).force([[0.0]])        # tanh(0.3)
    array([[0.29131261]])
    """

    precision: np.ndarray
    biases: np.ndarray

    def check(self):
        """Raise for shapes that do not fit, and a precision without a Gaussian."""
        shape = self.precision.shape
        if len(shape) != 2 or shape[0] != shape[1] or self.biases.shape != shape[:1]:
            raise ValueError(
                f"Relaxation: precision of shape {shape} and biases of shape {self.biases.shape}, but (units, units) "
                "and (units,) are needed"
            )
        if np.abs(self.precision - self.precision.T).max() > 1e-12 * np.abs(self.precision).max():
            raise ValueError(f"Relaxation: precision = {self.precision.tolist()}, but it must be symmetric")
        lowest = float(np.linalg.eigvalsh(self.precision)[0])
        if not lowest > 0.0:
            raise ValueError(f"Relaxation: precision has the eigenvalue {lowest:.6g}, but all must be positive")

    @property
    def dimension(self):
        """Number of units."""
        return len(self.biases)

    @property
    def confining(self):
        """Whether a Boltzmann law exists."""
        return True

    @property
    def covariance(self):
        """A = P^-1."""
        return np.linalg.inv(self.precision)

    def add_energy(self, x, t, u):
        """Add U."""
        for d in range(x.shape[0]):
            for e in range(x.shape[0]):
                k = 0.25 * (self.precision[d, e] + self.precision[e, d])
                for i in range(x.shape[1]):
                    u[i] += k * x[d, i] * x[e, i]
            for i in range(x.shape[1]):
                size = abs(x[d, i] + self.biases[d])
                u[i] -= size + vectormath.log1p(vectormath.exp(-2.0 * size))

    def add_force(self, x, t, f):
        """Add -grad U."""
        for d in range(x.shape[0]):
            for e in range(x.shape[0]):
                k = 0.5 * (self.precision[d, e] + self.precision[e, d])
                for i in range(x.shape[1]):
                    f[d, i] -= k * x[e, i]
            for i in range(x.shape[1]):
                f[d, i] += vectormath.tanh(x[d, i] + self.biases[d])

    def add_laplacian(self, x, t, u):
        """Add the Laplacian of U."""
        for d in range(x.shape[0]):
            for i in range(x.shape[1]):
                bend = vectormath.tanh(x[d, i] + self.biases[d])
                u[i] += self.precision[d, d] - (1.0 - bend * bend)

    def spins(self, x):
        """Expected spins given x, tanh(x_i + h_i); shape (..., units)."""
        return np.tanh(np.asarray(x) + self.biases)
