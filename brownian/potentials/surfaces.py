"""Potentials that couple components: Mueller-Brown, a ring, a banana, a funnel."""

import math
from typing import NamedTuple

import numpy as np

from .. import vectormath
from ..compiled import allocating
from .definition import potential, require_positive

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
    box = ((-2.5, 1.8), (-1.2, 3.0))  # holds all but e^-60 of the Boltzmann weight up to kT = 30 scale

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

    def draw(self, normals, uniforms, kT):
        """Positions from the Boltzmann distribution: a direction from normals, the radius by its distribution."""
        dimension, width = normals.shape[1], math.sqrt(kT / self.stiffness)
        r = np.linspace(max(0.0, self.radius - 12.0 * width), self.radius + (12.0 + 2.0 * dimension) * width, 20001)
        weight = r ** (dimension - 1) * np.exp(-0.5 * ((r - self.radius) / width) ** 2)
        total = np.concatenate([[0.0], np.cumsum((weight[1:] + weight[:-1]) / 2.0)])
        length = np.interp(uniforms[:, 0], total / total[-1], r)
        return normals * (length / np.linalg.norm(normals, axis=1))[:, np.newaxis]


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

    def draw(self, normals, uniforms, kT):
        """Positions from the Boltzmann distribution, exactly (integrating out x_d leaves a shifted Gaussian of x_0)."""
        heat, others = kT / self.scale, normals.shape[1] - 1
        x = normals.copy()
        x[:, 0] = self.width * math.sqrt(heat) * normals[:, 0] + 0.5 * self.width**2 * others * (heat - 1.0)
        x[:, 1:] *= math.sqrt(heat) * np.exp(0.5 * x[:, :1])
        return x
