"""Sums of potentials: what ``a + b`` makes."""

from typing import NamedTuple

import numpy as np

from .curvature import hessian, length_scale
from .definition import dimension_of, is_potential, known_minima, potential, without_energy
from .potential import (
    add_energy,
    add_force,
    add_laplacian,
    at,
    component_curvature,
    component_energy,
    component_force,
)


def add(first, second):
    """U_1 + U_2."""
    for term in (first, second):
        if not is_potential(term):
            raise TypeError(
                f"{term!r} is no potential: only potentials can be added (decorate a class with @potential)"
            )
    dimensions = {dimension_of(first), dimension_of(second)} - {None}
    if len(dimensions) > 1:
        raise ValueError(f"potentials of {sorted(dimensions)} dimensions can't be added")
    return Sum(first, second)


@potential
class Sum(NamedTuple):
    """U = U_1 + U_2; by component where both terms are.

    Examples
    --------
    >>> import brownian as bn
    >>> (bn.Ring(stiffness=2.0, radius=1.5) + bn.ConstantForce(0.5)).force([[1.5, 0.0]])
    array([[0.5, 0.5]])
    >>> (bn.Harmonic(2.0) + bn.ConstantForce(0.5)).force([1.0])
    array([-1.5])
    """

    first: tuple
    second: tuple

    def at(self, t, row):
        return Sum(at(self.first, t, row), at(self.second, t, row))

    def component_energy(self, x, d, t):
        return component_energy(self.first, x, d, t) + component_energy(self.second, x, d, t)

    def component_force(self, x, d, t):
        return component_force(self.first, x, d, t) + component_force(self.second, x, d, t)

    def component_curvature(self, x, d, t):
        return component_curvature(self.first, x, d, t) + component_curvature(self.second, x, d, t)

    def add_energy(self, x, t, u):
        add_energy(self.first, x, t, u)
        add_energy(self.second, x, t, u)

    def add_force(self, x, t, f):
        add_force(self.first, x, t, f)
        add_force(self.second, x, t, f)

    def add_laplacian(self, x, t, u):
        add_laplacian(self.first, x, t, u)
        add_laplacian(self.second, x, t, u)

    def terms(self):
        """All terms, nested sums opened."""
        inner = [part.terms() if isinstance(part, Sum) else [part] for part in self]
        return [term for part in inner for term in part]

    def minima(self, dimension):
        """Local minima reached downhill from the origin and the terms' own minima, shape (number, dimension)."""
        from scipy.optimize import minimize

        if without_energy(self) is not None:
            return np.zeros((0, dimension))
        starts = [np.zeros(dimension), *(point for term in self.terms() for point in known_minima(term, dimension))]
        starts = np.array(starts[:16])
        length = float(np.abs(starts).max()) or length_scale(self, dimension)
        # off a symmetric point, which may be a saddle of the sum
        starts = starts / length + 1e-3 * np.cos(np.arange(1.0, dimension + 1.0))
        scale = float(np.abs(self.force(length * starts)).max()) * length or 1.0
        found = [
            minimize(
                lambda y: self.energy(length * y[None])[0] / scale,
                y,
                jac=lambda y: -self.force(length * y[None])[0] * length / scale,
                tol=1e-9,
            )
            for y in starts
        ]
        flat = -1e-3 * scale / length**2
        points = [
            r.x
            for r in found
            if np.abs(r.jac).max() < 1e-4 and np.linalg.eigvalsh(hessian(self, length * r.x)).min() > flat
        ]
        return length * np.unique(np.round(points, 7), axis=0) if points else np.zeros((0, dimension))

    @property
    def confining(self):
        """Whether one of the terms confines (the others may undo it)."""
        return any(getattr(term, "confining", False) for term in self.terms())

    @property
    def dimension(self):
        """The dimension of the terms that have one, or None."""
        return next((dimension_of(term) for term in self.terms() if dimension_of(term)), None)
