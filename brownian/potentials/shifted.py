"""A potential that stands elsewhere, or moves."""

from typing import NamedTuple

import numpy as np

from ..arguments import shortened
from ..compiled import allocating
from .definition import is_potential, known_minima, potential
from .driven import Driven
from .moments import ExactMoments, exact_moments
from .potential import (
    add_energy,
    add_force,
    add_laplacian,
    at,
    component_curvature,
    component_energy,
    component_force,
)
from .protocol import Protocol
from .protocols import Linear


@allocating
def _moved(x, offset):
    y = np.empty(x.shape)
    for d in range(x.shape[0]):
        shift = offset[min(d, offset.size - 1)]
        for i in range(x.shape[1]):
            y[d, i] = x[d, i] - shift
    return y


@potential
class Shifted(NamedTuple):
    """U(x - offset): a potential that stands elsewhere.

    Parameters
    ----------
    inner
        A potential.
    offset
        [L]; one number for every component, or one per component.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Shifted(bn.DoubleWell(2.0, 1.2), 0.5).energy([0.5])
    array([2.])
    """

    inner: tuple
    offset: np.ndarray

    def at(self, t, row):
        return Shifted(at(self.inner, t, row), self.offset)

    def component_energy(self, x, d, t):
        return component_energy(self.inner, x - self.offset[min(d, self.offset.size - 1)], d, t)

    def component_force(self, x, d, t):
        return component_force(self.inner, x - self.offset[min(d, self.offset.size - 1)], d, t)

    def component_curvature(self, x, d, t):
        return component_curvature(self.inner, x - self.offset[min(d, self.offset.size - 1)], d, t)

    def add_energy(self, x, t, u):
        add_energy(self.inner, _moved(x, self.offset), t, u)

    def add_force(self, x, t, f):
        add_force(self.inner, _moved(x, self.offset), t, f)

    def add_laplacian(self, x, t, u):
        add_laplacian(self.inner, _moved(x, self.offset), t, u)

    def minima(self, dimension):
        """The inner potential's, shifted."""
        return known_minima(self.inner, dimension) + self.offset

    def moments(self, kT, dimension):
        """The inner potential's, shifted."""
        mean, covariance = exact_moments(self.inner, kT, dimension)
        return ExactMoments(mean + self.offset, covariance)

    @property
    def confining(self):
        """As the inner potential."""
        return getattr(self.inner, "confining", None)

    @property
    def dimension(self):
        """As the inner potential's, or the number of offsets."""
        return getattr(self.inner, "dimension", None) or (self.offset.size if self.offset.size > 1 else None)


def Moving(inner, /, velocity=None, *, path=None):
    """A potential that moves as a whole, U(x - velocity t), or U(x - path(t)).

    Parameters
    ----------
    inner
        A potential.
    velocity
        [L/T]; one number for every component, or one per component.
    path
        In place of the velocity: a protocol of the offset [L].

    Examples
    --------
    >>> import brownian as bn
    >>> trap = bn.Moving(bn.Harmonic(2.1), velocity=0.5)
    >>> trap.energy([1.0], 2.0), trap.force([1.0], 0.0)
    (array([0.]), array([-2.1]))
    """
    if not is_potential(inner):
        raise TypeError(f"Moving: {shortened(inner)} is no potential")
    if (velocity is None) == (path is None):
        raise ValueError(
            f"Moving: velocity = {shortened(velocity)} and path = {shortened(path)}, but exactly one of them is needed"
        )
    protocol = Linear(np.zeros(np.shape(velocity)), velocity) if path is None else path
    if not isinstance(protocol, Protocol):
        raise TypeError(
            f"Moving: path = {shortened(path)}, but a protocol is needed, e.g. Sine(0.0, amplitude=0.5, period=2.0)"
        )
    if path is None and "center" in inner._fields:  # a potential that knows where it stands
        return Driven(inner, center=Linear(inner.center, velocity))
    return Driven(Shifted(inner, np.zeros(protocol.rows.shape[1:])), offset=protocol)
