"""Potentials that couple components: Mueller-Brown, a banana, a funnel."""

import math
from typing import NamedTuple

import numpy as np

from .. import vectormath
from .definition import potential, require_positive
from .moments import ExactMoments

_TERMS = (
    (-200.0, -1.0, 0.0, -10.0, 1.0, 0.0),
    (-100.0, -1.0, 0.0, -10.0, 0.0, 0.5),
    (-170.0, -6.5, 11.0, -6.5, -0.5, 1.5),
    (15.0, 0.7, 0.6, 0.7, -1.0, 1.0),
)


@potential
class MuellerBrown(NamedTuple):
    """The Mueller-Brown surface: U = scale sum_k A_k exp(a_k X^2 + b_k X Y + c_k Y^2), X = x - x_k, Y = y - y_k.

    Parameters
    ----------
    scale
        Factor of the energy [E]; with 1, the deepest minimum is -146.6995 and the barrier from it 106.03.

    Three minima and two saddles in two dimensions.  Source: Mueller, Brown, Theor. Chim. Acta 53, 75 (1979).

    Examples
    --------
    >>> import brownian as bn
    >>> bn.MuellerBrown().energy([[-0.558224, 1.441726]]).round(4)
    array([-146.6995])
    """

    scale: float = 1.0

    dimension = 2
    confining = True
    box = ((-3.8, 1.9), (-1.8, 3.8))  # outside, the energy is 45 kT above the lowest up to kT = 30 scale

    def check(self):
        require_positive(self, "scale")

    def add_energy(self, x, t, u):
        for i in range(x.shape[1]):
            total = 0.0
            for k in range(4):
                height, a, b, c, x0, y0 = _TERMS[k]
                p, q = x[0, i] - x0, x[1, i] - y0
                total += height * vectormath.exp(a * p * p + b * p * q + c * q * q)
            u[i] += self.scale * total

    def add_force(self, x, t, f):
        scale = self.scale
        for i in range(x.shape[1]):
            fx, fy = 0.0, 0.0
            for k in range(4):
                height, a, b, c, x0, y0 = _TERMS[k]
                p, q = x[0, i] - x0, x[1, i] - y0
                e = height * vectormath.exp(a * p * p + b * p * q + c * q * q)
                fx -= e * (2.0 * a * p + b * q)
                fy -= e * (b * p + 2.0 * c * q)
            f[0, i] += scale * fx
            f[1, i] += scale * fy

    def add_laplacian(self, x, t, u):
        for i in range(x.shape[1]):
            total = 0.0
            for k in range(4):
                height, a, b, c, x0, y0 = _TERMS[k]
                p, q = x[0, i] - x0, x[1, i] - y0
                gx, gy = 2.0 * a * p + b * q, b * p + 2.0 * c * q
                total += (
                    height * vectormath.exp(a * p * p + b * p * q + c * q * q) * (gx * gx + gy * gy + 2.0 * (a + c))
                )
            u[i] += self.scale * total

    def minima(self, dimension=2):
        """The three minima, deepest first."""
        return np.array([[-0.5582236346, 1.4417258418], [0.6234994049, 0.0280377585], [-0.0500108230, 0.4666941050]])

    def saddles(self):
        """The two saddles, lower first."""
        return np.array([[0.2124865820, 0.2929883250], [-0.8220015587, 0.6243128028]])


@potential
class Banana(NamedTuple):
    """A bent Gaussian in two dimensions: U = scale [x^2 / (2 width^2) + (y - bend (x^2 - width^2))^2 / 2].

    Parameters
    ----------
    width
        Standard deviation of x at kT = scale [L], positive.
    bend
        Curvature of the ridge [1/L].
    scale
        Energy [E], positive.

    At kT = scale: var x = width^2, <y> = 0, var y = 1 + 2 bend^2 width^4.
    Source: Haario, Saksman, Tamminen, Comput. Stat. 14, 375 (1999).

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Banana().energy([[10.0, 1.0]])
    array([1.])
    """

    width: float = 10.0
    bend: float = 0.03
    scale: float = 1.0

    dimension = 2
    confining = True

    def check(self):
        require_positive(self, "width", "scale")

    def add_energy(self, x, t, u):
        for i in range(x.shape[1]):
            p = x[0, i] * (1.0 / self.width)
            q = x[1, i] - self.bend * (x[0, i] * x[0, i] - self.width * self.width)
            u[i] += 0.5 * self.scale * (p * p + q * q)

    def add_force(self, x, t, f):
        scale, bend, square = self.scale, self.bend, self.width * self.width
        narrow = 1.0 / square
        for i in range(x.shape[1]):
            q = x[1, i] - bend * (x[0, i] * x[0, i] - square)
            f[0, i] -= scale * (x[0, i] * narrow - 2.0 * bend * x[0, i] * q)
            f[1, i] -= scale * q

    def add_laplacian(self, x, t, u):
        for i in range(x.shape[1]):
            q = x[1, i] - self.bend * (x[0, i] * x[0, i] - self.width * self.width)
            slope = 2.0 * self.bend * x[0, i]
            u[i] += self.scale * (1.0 / (self.width * self.width) - 2.0 * self.bend * q + slope * slope + 1.0)

    def minima(self, dimension=2):
        """The one minimum."""
        return np.array([[0.0, -self.bend * self.width**2]])

    def moments(self, kT, dimension):
        """Of the Boltzmann distribution."""
        heat, square = kT / self.scale, self.width**2
        variances = square * heat, 2.0 * (self.bend * square * heat) ** 2 + heat
        return ExactMoments(np.array([0.0, self.bend * square * (heat - 1.0)]), np.diag(variances))

    def draw(self, normals, uniforms, kT):
        """Positions from the Boltzmann distribution, exactly."""
        spread = math.sqrt(kT / self.scale)
        x = self.width * spread * normals[:, 0]
        return np.stack([x, self.bend * (x * x - self.width**2) + spread * normals[:, 1]], axis=1)


@potential
class Funnel(NamedTuple):
    """Neal's funnel: U = scale [x_0^2 / (2 width^2) + sum_{d > 0} (x_d^2 exp(-x_0) + x_0) / 2].

    Parameters
    ----------
    width
        Standard deviation of x_0 at kT = scale, positive.
    scale
        Energy [E], positive.

    At kT = scale: x_0 ~ N(0, width^2) and x_d ~ N(0, exp(x_0)) for d > 0.
    Source: Neal, Ann. Stat. 31, 705 (2003).

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Funnel().energy([[3.0, 0.0]])
    array([2.])
    """

    width: float = 3.0
    scale: float = 1.0

    confining = True

    def check(self):
        require_positive(self, "width", "scale")

    def add_energy(self, x, t, u):
        scale, narrow = self.scale, 1.0 / (self.width * self.width)
        for i in range(x.shape[1]):
            u[i] += 0.5 * scale * x[0, i] * (x[0, i] * narrow + (x.shape[0] - 1))
        for d in range(1, x.shape[0]):
            for i in range(x.shape[1]):
                u[i] += 0.5 * scale * x[d, i] * x[d, i] * vectormath.exp(-x[0, i])

    def add_force(self, x, t, f):
        scale, narrow = self.scale, 1.0 / (self.width * self.width)
        for i in range(x.shape[1]):
            f[0, i] -= scale * (x[0, i] * narrow + 0.5 * (x.shape[0] - 1))
        for d in range(1, x.shape[0]):
            for i in range(x.shape[1]):
                e = scale * vectormath.exp(-x[0, i])
                f[0, i] += 0.5 * e * x[d, i] * x[d, i]
                f[d, i] -= e * x[d, i]

    def add_laplacian(self, x, t, u):
        scale, narrow = self.scale, 1.0 / (self.width * self.width)
        for i in range(x.shape[1]):
            u[i] += scale * (narrow + (x.shape[0] - 1) * vectormath.exp(-x[0, i]))
        for d in range(1, x.shape[0]):
            for i in range(x.shape[1]):
                u[i] += 0.5 * scale * x[d, i] * x[d, i] * vectormath.exp(-x[0, i])

    def minima(self, dimension):
        """The one minimum."""
        return np.eye(dimension)[:1] * (-0.5 * (dimension - 1) * self.width**2)

    def _first(self, heat, dimension):  # mean and variance of x_0, the others integrated out
        return 0.5 * self.width**2 * (dimension - 1) * (heat - 1.0), self.width**2 * heat

    def moments(self, kT, dimension):
        """Of the Boltzmann distribution."""
        heat = kT / self.scale
        mean, variance = self._first(heat, dimension)
        others = heat * math.exp(mean + 0.5 * variance)
        return ExactMoments(mean * np.eye(dimension)[0], np.diag([variance, *[others] * (dimension - 1)]))

    def draw(self, normals, uniforms, kT):
        """Positions from the Boltzmann distribution, exactly (integrating out x_d leaves a shifted Gaussian of x_0)."""
        heat = kT / self.scale
        mean, variance = self._first(heat, normals.shape[1])
        x = normals.copy()
        x[:, 0] = mean + math.sqrt(variance) * normals[:, 0]
        x[:, 1:] *= math.sqrt(heat) * np.exp(0.5 * x[:, :1])
        return x
