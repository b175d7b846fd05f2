"""Separable potentials with several minima: the quartic double well, the washboard, and Rastrigin's bowl."""

import math
from typing import NamedTuple

import numpy as np

from .. import vectormath
from .definition import potential, require_positive


def _product(points, dimension):
    return np.stack(np.meshgrid(*[points] * dimension, indexing="ij"), axis=-1).reshape(-1, dimension)


@potential
class DoubleWell(NamedTuple):
    """The quartic double well: U = sum_d barrier ((x_d / width)^2 - 1)^2 - tilt x_d.

    Parameters
    ----------
    barrier
        Height of the barrier at x = 0 [E], positive (without tilt).
    width
        Distance of the minima from the barrier [L], positive (without tilt).
    tilt
        A constant force [E/L].

    Without tilt: minima at +-width with curvature 8 barrier / width^2, curvature -4 barrier / width^2 on the barrier.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.DoubleWell(barrier=2.0, width=1.2).energy([0.0, 1.2])
    array([2., 0.])
    """

    barrier: float
    width: float
    tilt: float = 0.0

    confining = True

    def check(self):
        require_positive(self, "barrier", "width")

    def component_energy(self, x, d, t):
        w = x * (1.0 / self.width)
        y = w * w - 1.0
        return self.barrier * y * y - self.tilt * x

    def component_force(self, x, d, t):
        w = x * (1.0 / self.width)
        return (-4.0 * self.barrier / self.width) * w * (w * w - 1.0) + self.tilt

    def component_curvature(self, x, d, t):
        w = x * (1.0 / self.width)
        return (4.0 * self.barrier / (self.width * self.width)) * (3.0 * w * w - 1.0)

    def stationary_points(self):
        """Real roots of U' in one dimension, ascending: minimum, barrier, minimum (or one minimum at large tilt)."""
        roots = np.roots([4.0 * self.barrier / self.width**4, 0.0, -4.0 * self.barrier / self.width**2, -self.tilt])
        return np.sort(roots[np.abs(roots.imag) < 1e-9 * self.width].real)

    def minima(self, dimension):
        """All minima, shape (number, dimension); in more than four dimensions only those along the diagonal."""
        points = self.stationary_points()[::2]
        return _product(points, dimension) if dimension <= 4 else np.repeat(points[:, np.newaxis], dimension, axis=1)


@potential
class Cosine(NamedTuple):
    """The washboard: U = sum_d amplitude cos(2 pi x_d / period) - tilt x_d.

    Parameters
    ----------
    amplitude
        Half of the corrugation [E], positive.
    period
        Distance of neighbouring minima [L], positive.
    tilt
        A constant force [E/L]; above 2 pi amplitude / period no minimum is left.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Cosine(amplitude=1.1, period=2.0).energy([0.0, 1.0])
    array([ 1.1, -1.1])
    """

    amplitude: float
    period: float
    tilt: float = 0.0

    confining = False

    def check(self):
        require_positive(self, "amplitude", "period")

    def component_energy(self, x, d, t):
        return self.amplitude * vectormath.cos((2.0 * math.pi / self.period) * x) - self.tilt * x

    def component_force(self, x, d, t):
        k = 2.0 * math.pi / self.period
        return self.amplitude * k * vectormath.sin(k * x) + self.tilt

    def component_curvature(self, x, d, t):
        k = 2.0 * math.pi / self.period
        return -self.amplitude * k * k * vectormath.cos(k * x)

    def minima(self, dimension):
        """The minimum nearest to half a period, or that point where the tilt leaves none."""
        slope = self.tilt * self.period / (2.0 * math.pi * self.amplitude)
        shift = math.asin(slope) * self.period / (2.0 * math.pi) if abs(slope) < 1.0 else 0.0
        return np.full((1, dimension), self.period / 2.0 + shift)


@potential
class Rastrigin(NamedTuple):
    """A corrugated bowl: U = sum_d stiffness x_d^2 / 2 + amplitude (1 - cos(2 pi x_d / spacing)).

    Parameters
    ----------
    amplitude
        Half of the corrugation [E], positive.
    stiffness
        Curvature of the bowl [E/L^2], positive.
    spacing
        Distance of neighbouring minima, but for the slope of the bowl [L], positive.

    With the values by default the function of Rastrigin, Systems of Extreme Control (Nauka, Moscow, 1974).

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Rastrigin().energy([[0.0, 0.0], [1.0, 0.5]])
    array([ 0.  , 21.25])
    """

    amplitude: float = 10.0
    stiffness: float = 2.0
    spacing: float = 1.0

    confining = True

    def check(self):
        require_positive(self, "amplitude", "stiffness", "spacing")

    def component_energy(self, x, d, t):
        half = vectormath.sin((math.pi / self.spacing) * x)
        return 0.5 * self.stiffness * x * x + 2.0 * self.amplitude * half * half

    def component_force(self, x, d, t):
        k = 2.0 * math.pi / self.spacing
        return -self.stiffness * x - self.amplitude * k * vectormath.sin(k * x)

    def component_curvature(self, x, d, t):
        k = 2.0 * math.pi / self.spacing
        return self.stiffness + self.amplitude * k * k * vectormath.cos(k * x)

    def minima(self, dimension):
        """The deepest one."""
        return np.zeros((1, dimension))
