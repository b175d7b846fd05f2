"""Rings and shells: one, and several."""

import math
from typing import NamedTuple

import numpy as np

from .. import vectormath
from ..compiled import allocating
from ..theory.weight import Weight
from .definition import potential, require_positive
from .mixture import exp_of_negative
from .moments import ExactMoments


@allocating
def _distance(x):
    r = np.zeros(x.shape[1])
    for d in range(x.shape[0]):
        for i in range(x.shape[1]):
            r[i] += x[d, i] * x[d, i]
    for i in range(x.shape[1]):
        r[i] = math.sqrt(r[i])
    return r


@potential
class Ring(NamedTuple):
    """A ring (2-d), a shell (3-d and more): U = stiffness (|x| - radius)^2 / 2.

    Parameters
    ----------
    stiffness
        Radial curvature [E/L^2], positive.
    radius
        Where the energy is lowest [L], positive.

    The force is not defined at the origin; zero is given there.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Ring(stiffness=2.0, radius=1.5).force([[3.0, 0.0], [0.0, 0.5]])
    array([[-3.,  0.],
           [ 0.,  2.]])
    """

    stiffness: float
    radius: float

    confining = True

    def check(self):
        require_positive(self, "stiffness", "radius")

    def add_energy(self, x, t, u):
        r = _distance(x)
        for i in range(x.shape[1]):
            u[i] += 0.5 * self.stiffness * (r[i] - self.radius) * (r[i] - self.radius)

    def add_force(self, x, t, f):
        r = _distance(x)
        stiffness, radius = self.stiffness, self.radius
        for i in range(x.shape[1]):
            r[i] = -stiffness * (r[i] - radius) / max(r[i], 1e-300)
        for d in range(x.shape[0]):
            for i in range(x.shape[1]):
                f[d, i] += r[i] * x[d, i]

    def add_laplacian(self, x, t, u):
        r = _distance(x)
        for i in range(x.shape[1]):
            u[i] += self.stiffness * (1.0 + (x.shape[0] - 1) * (1.0 - self.radius / max(r[i], 1e-300)))

    def minima(self, dimension):
        """One point of the ring stands for all."""
        return self.radius * np.eye(dimension)[:1]

    def _radius(self, kT, dimension):
        return _law_of_radius(self, kT, dimension, self.radius, self.radius, math.sqrt(kT / self.stiffness))

    def moments(self, kT, dimension):
        """By quadrature over the radius."""
        return _radial_moments(self._radius(kT, dimension), dimension)

    def draw(self, normals, uniforms, kT):
        """Positions from the Boltzmann distribution: a direction from normals, the radius by its distribution."""
        return _in_all_directions(normals, _radii(self._radius(kT, normals.shape[1]), uniforms[:, 0]))


@potential
class Rings(NamedTuple):
    """Concentric rings (2-d) or shells: U = -scale log sum_k w_k exp(-(|x| - r_k)^2 / (2 width^2)).

    Parameters
    ----------
    radii
        r_k [L], positive.
    width
        Standard deviation across a ring at kT = scale [L], positive.
    weights
        w_k, positive: the density on the ridge of each ring; one per ring, or 1 for equal ones.
    scale
        Energy [E], positive.

    The share of a ring grows with its circumference.  The force is not defined at the origin; zero is given there.

    Examples
    --------
    >>> import brownian as bn
    >>> u = bn.Rings([1.0, 3.0], width=0.2)
    >>> u.force([[0.0, 1.2], [0.0, 2.9]]).round(9)
    array([[ 0. , -5. ],
           [ 0. ,  2.5]])
    """

    radii: np.ndarray
    width: float
    weights: np.ndarray = 1.0
    scale: float = 1.0

    confining = True

    def check(self):
        require_positive(self, "radii", "width", "weights", "scale")
        if self.radii.ndim != 1 or self.weights.shape not in ((1,), self.radii.shape):
            raise ValueError(
                f"Rings: radii of shape {self.radii.shape} and weights of shape {self.weights.shape}, but one row of "
                "radii and 1 weight or as many are needed"
            )

    def add_energy(self, x, t, u):
        r = _distance(x)
        total, top, _, _ = _ring_sums(self, r)
        for i in range(r.size):
            u[i] -= self.scale * (vectormath.log(total[i]) + top[i])

    def add_force(self, x, t, f):
        r = _distance(x)
        total, _, slope, _ = _ring_sums(self, r)
        for i in range(r.size):
            r[i] = self.scale * slope[i] / (total[i] * max(r[i], 1e-300))
        for d in range(x.shape[0]):
            for i in range(r.size):
                f[d, i] += r[i] * x[d, i]

    def add_laplacian(self, x, t, u):
        r = _distance(x)
        total, _, slope, square = _ring_sums(self, r)
        narrow = 1.0 / (self.width * self.width)
        for i in range(r.size):
            mean = slope[i] / total[i]
            curvature = narrow + mean * mean - square[i] / total[i]
            u[i] += self.scale * (curvature - (x.shape[0] - 1) * mean / max(r[i], 1e-300))

    def minima(self, dimension):
        """One point of each ring, followed downhill."""
        from scipy.optimize import minimize_scalar

        along = np.eye(dimension)[:1]
        lowest = [
            minimize_scalar(
                lambda r: self.energy(r * along)[0],
                bounds=(max(0.0, r - self.width), r + self.width),
                method="bounded",
                options={"xatol": 1e-9 * self.width},
            ).x
            for r in self.radii
        ]
        force = np.abs(self.force(np.array(lowest)[:, np.newaxis] * along)[:, 0])
        inside = force < 1e-3 * self.scale / self.width  # a ring hidden by a stronger neighbour has no minimum
        return np.array(lowest)[inside, np.newaxis] * along

    def _radius(self, kT, dimension):
        width = self.width * math.sqrt(kT / self.scale)
        return _law_of_radius(self, kT, dimension, self.radii.min(), self.radii.max(), max(width, self.width))

    def moments(self, kT, dimension):
        """By quadrature over the radius."""
        return _radial_moments(self._radius(kT, dimension), dimension)

    def draw(self, normals, uniforms, kT):
        """Positions from the Boltzmann distribution: a direction from normals, the radius by its distribution."""
        return _in_all_directions(normals, _radii(self._radius(kT, normals.shape[1]), uniforms[:, 0]))


@allocating
def _ring_sums(self, r):
    # of the weights e^(exponent - top), top, and of weight times (r_k - r) / width^2, and times its square
    top, narrow = np.full(r.size, -np.inf), 1.0 / (self.width * self.width)
    total, slope, square = np.zeros(r.size), np.zeros(r.size), np.zeros(r.size)
    for k in range(self.radii.size):
        radius, log = self.radii[k], math.log(self.weights[min(k, self.weights.size - 1)])
        for i in range(r.size):
            y = radius - r[i]
            top[i] = max(top[i], log - 0.5 * narrow * y * y)
    for k in range(self.radii.size):
        radius, log = self.radii[k], math.log(self.weights[min(k, self.weights.size - 1)])
        for i in range(r.size):
            y = radius - r[i]
            weight, pull = exp_of_negative((log - 0.5 * narrow * y * y) - top[i]), narrow * y
            total[i] += weight
            slope[i] += weight * pull
            square[i] += weight * pull * pull
    return total, top, slope, square


def _law_of_radius(self, kT, dimension, least, largest, width):
    """The weight r^(dimension - 1) e^(-U(r)/kT)."""

    def u(r):
        with np.errstate(divide="ignore"):
            surface = (dimension - 1) * np.log(r) if dimension > 1 else 0.0
        return self.energy(np.ravel(r)).reshape(np.shape(r)) - kT * surface

    return Weight(u, kT, None, (max(0.0, least - 12.0 * width), largest + (12.0 + 2.0 * dimension) * width))


def _radial_moments(weight, dimension):
    square = weight.average(lambda r: r * r)
    return ExactMoments(np.zeros(dimension), np.eye(dimension) * square / dimension)


def _radii(weight, uniforms):
    """The inverse of the distribution, linear between points so close that it does not show: millions are asked for."""
    cells = weight.edges[:-1, np.newaxis] + np.diff(weight.edges)[:, np.newaxis] * (np.arange(64) / 64.0)
    r = np.append(cells.ravel(), weight.edges[-1])
    return np.interp(uniforms, weight.probability(r), r)


def _in_all_directions(normals, radius):
    return normals * (radius / np.linalg.norm(normals, axis=1))[:, np.newaxis]
