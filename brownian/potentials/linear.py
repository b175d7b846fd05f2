"""Linear forces: no force, a constant one, a harmonic trap."""

from typing import NamedTuple

import numpy as np

from .definition import potential, require_positive


@potential
class Free(NamedTuple):
    """No force: U = 0, in any dimension.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Free().force([[1.0, 2.0]])
    array([[0., 0.]])
    """

    confining = False

    def component_energy(self, x, d, t):
        return 0.0 * x

    def component_force(self, x, d, t):
        return 0.0 * x

    def component_curvature(self, x, d, t):
        return 0.0 * x

    def minima(self, dimension):
        """The origin stands for all points."""
        return np.zeros((1, dimension))


@potential
class ConstantForce(NamedTuple):
    """A constant force: U = -f.x.

    Parameters
    ----------
    value
        f [E/L]; one number for every component, or one per component.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.ConstantForce([0.5, -1.0]).energy([[2.0, 3.0]])
    array([2.])
    """

    value: np.ndarray

    confining = False

    def component_energy(self, x, d, t):
        return -self.value[min(d, self.value.size - 1)] * x

    def component_force(self, x, d, t):
        return self.value[min(d, self.value.size - 1)] + 0.0 * x

    def component_curvature(self, x, d, t):
        return 0.0 * x

    @property
    def dimension(self):
        """Number of components, or None."""
        return self.value.size if self.value.size > 1 else None


@potential
class Harmonic(NamedTuple):
    """A harmonic trap: U = sum_d k_d (x_d - c_d)^2 / 2.

    Parameters
    ----------
    stiffness
        k [E/L^2], positive; one number (isotropic), or one per axis.
    center
        c [L]; one number, or one per axis.

    Boltzmann: <(x - c)^2> = kT / k per axis.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Harmonic(2.0).energy([3.0])
    array([9.])
    >>> bn.Harmonic([2.0, 4.0], center=[0.0, 1.0]).force([[1.0, 2.0]])
    array([[-2., -4.]])
    """

    stiffness: np.ndarray
    center: np.ndarray = 0.0

    confining = True

    def check(self):
        require_positive(self, "stiffness")
        sizes = {self.stiffness.size, self.center.size} - {1}
        if len(sizes) > 1:
            raise ValueError(
                f"Harmonic: {self.stiffness.size} stiffnesses, but {self.center.size} components of the center"
            )

    def component_energy(self, x, d, t):
        y = x - self.center[min(d, self.center.size - 1)]
        return 0.5 * self.stiffness[min(d, self.stiffness.size - 1)] * y * y

    def component_force(self, x, d, t):
        return -self.stiffness[min(d, self.stiffness.size - 1)] * (x - self.center[min(d, self.center.size - 1)])

    def component_curvature(self, x, d, t):
        return self.stiffness[min(d, self.stiffness.size - 1)] + 0.0 * x

    @property
    def dimension(self):
        """Number of axes where parameters are given per axis, or None."""
        return max(self.stiffness.size, self.center.size) if max(self.stiffness.size, self.center.size) > 1 else None

    def minima(self, dimension):
        """The center."""
        return np.broadcast_to(self.center, (1, dimension)).copy()
