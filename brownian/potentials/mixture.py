"""A mixture of Gaussians as an energy."""

import math
from typing import NamedTuple

import numpy as np

from .. import vectormath
from ..compiled import allocating
from .definition import potential, require_positive


@potential
class GaussianMixture(NamedTuple):
    """U = -scale log sum_k w_k N(x; mean_k, width_k^2 1): at kT = scale the density is the mixture itself.

    Parameters
    ----------
    means
        Centers [L], shape (components, dimension).
    widths
        Standard deviations [L], positive; one number, or one per component.
    weights
        Positive; one per component, or 1 for equal ones; they are normalised.
    scale
        Energy [E], positive.

    Examples
    --------
    >>> import brownian as bn
    >>> u = bn.GaussianMixture(means=[[-2.0, 0.0], [2.0, 0.0]], widths=0.5)
    >>> u.force([[0.0, 1.0]])
    array([[ 0., -4.]])
    """

    means: np.ndarray
    widths: np.ndarray
    weights: np.ndarray = 1.0
    scale: float = 1.0

    confining = True

    def check(self):
        require_positive(self, "widths", "weights", "scale")
        if self.means.ndim != 2:
            raise ValueError(
                f"GaussianMixture: means of shape {self.means.shape}, but (components, dimension) is needed"
            )
        for name in ("widths", "weights"):
            if getattr(self, name).shape not in ((1,), self.means.shape[:1]):
                raise ValueError(
                    f"GaussianMixture: {name} of shape {getattr(self, name).shape}, "
                    f"but 1 or {len(self.means)} are needed"
                )

    @property
    def dimension(self):
        """Dimension of the means."""
        return self.means.shape[1]

    def add_energy(self, x, t, u):
        e, top = _exponents(self, x)
        total = np.zeros(x.shape[1])
        for k in range(e.shape[0]):
            for i in range(x.shape[1]):
                total[i] += vectormath.exp(e[k, i] - top[i])
        norm = _log_norm(self, x.shape[0])
        for i in range(x.shape[1]):
            u[i] -= self.scale * (vectormath.log(total[i]) + top[i] - norm)

    def add_force(self, x, t, f):
        e, top = _exponents(self, x)
        total, pull = np.zeros(x.shape[1]), np.zeros(x.shape)
        for k in range(e.shape[0]):
            width = self.widths[min(k, self.widths.size - 1)]
            narrow = 1.0 / (width * width)
            for i in range(x.shape[1]):
                e[k, i] = vectormath.exp(e[k, i] - top[i])
                total[i] += e[k, i]
            for d in range(x.shape[0]):
                mean = self.means[k, d]
                for i in range(x.shape[1]):
                    pull[d, i] += e[k, i] * narrow * (mean - x[d, i])
        for i in range(x.shape[1]):
            total[i] = self.scale / total[i]
        for d in range(x.shape[0]):
            for i in range(x.shape[1]):
                f[d, i] += total[i] * pull[d, i]

    def add_laplacian(self, x, t, u):
        # with responsibilities r_k and pulls g_k = (mean_k - x) / width_k^2:
        # laplacian = scale [sum r_k (dimension / width_k^2 - |g_k|^2) + |sum r_k g_k|^2]
        e, top = _exponents(self, x)
        total, direct, pull = np.zeros(x.shape[1]), np.zeros(x.shape[1]), np.zeros(x.shape)
        for k in range(e.shape[0]):
            width = self.widths[min(k, self.widths.size - 1)]
            narrow = 1.0 / (width * width)
            for i in range(x.shape[1]):
                weight = vectormath.exp(e[k, i] - top[i])
                total[i] += weight
                direct[i] += weight * x.shape[0] * narrow
                for d in range(x.shape[0]):
                    g = narrow * (self.means[k, d] - x[d, i])
                    direct[i] -= weight * g * g
                    pull[d, i] += weight * g
        for i in range(x.shape[1]):
            u[i] += self.scale * direct[i] / total[i]
            for d in range(x.shape[0]):
                u[i] += self.scale * (pull[d, i] / total[i]) * (pull[d, i] / total[i])

    def minima(self, dimension):
        """Each mean, followed downhill."""
        from scipy.optimize import minimize

        points = [
            minimize(lambda x: self.energy(x[None])[0], m, jac=lambda x: -self.force(x[None])[0]).x for m in self.means
        ]
        return np.unique(np.round(points, 7), axis=0)

    def draw(self, normals, uniforms, kT):
        """Positions from the mixture, exactly; only at kT = scale, where it is the Boltzmann distribution."""
        if abs(kT / self.scale - 1.0) > 1e-12:
            raise ValueError(f"GaussianMixture: drawn exactly only at kT = scale = {self.scale}, not at kT = {kT}")
        weights = np.broadcast_to(self.weights, len(self.means))
        k = np.searchsorted(np.cumsum(weights / weights.sum())[:-1], uniforms[:, 0], side="right")
        return self.means[k] + np.broadcast_to(self.widths, len(self.means))[k, np.newaxis] * normals


@allocating
def _log_norm(self, dimension):
    total = 0.0
    for k in range(self.means.shape[0]):
        total += self.weights[min(k, self.weights.size - 1)]
    return math.log(total) + 0.5 * dimension * math.log(2.0 * math.pi)


@allocating
def _exponents(self, x):
    # e[k, i]: log of the k-th term; top[i]: the largest; sums in rows, so that lanes are the innermost loop
    components, lanes = self.means.shape[0], x.shape[1]
    e, top = np.empty((components, lanes)), np.full(lanes, -np.inf)
    for k in range(components):
        width = self.widths[min(k, self.widths.size - 1)]
        offset = math.log(self.weights[min(k, self.weights.size - 1)]) - x.shape[0] * math.log(width)
        half = 0.5 / (width * width)
        for i in range(lanes):
            e[k, i] = offset
        for d in range(x.shape[0]):
            mean = self.means[k, d]
            for i in range(lanes):
                y = x[d, i] - mean
                e[k, i] -= half * y * y
        for i in range(lanes):
            top[i] = max(top[i], e[k, i])
    return e, top
