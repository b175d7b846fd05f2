"""Gaussian bumps on given centers as an energy."""

from typing import NamedTuple

import numpy as np

from .. import vectormath
from ..compiled import allocating
from ..potentials.definition import require_positive
from ..potentials.linear import Harmonic
from ..potentials.potential import add_energy, add_force, add_laplacian
from .definition import energy_model
from .linear import add_feature, check_trap, set_to_trap


@energy_model
class BasisEnergy(NamedTuple):
    """U = sum_d stiffness_d (x_d - center_d)^2 / 2 + sum_k h_k exp(-|x - c_k|^2 / (2 w_k^2)).

    Parameters
    ----------
    centers
        c_k [L], shape (functions, dimension).
    widths
        w_k [L], positive; one number, or one per function.
    heights
        h_k [E], shape (functions,); negative ones are pits.  Learnt.
    stiffness
        Curvature of the trap [E/L^2], positive; one number, or one per component.
    center
        Where the trap is lowest [L]; one number, or one per component.

    U is linear in what is learnt, so that the exact and the score matching losses are convex.

    Examples
    --------
    >>> from brownian.models import BasisEnergy
    >>> model = BasisEnergy(centers=[[-1.0], [1.0]], widths=0.6, heights=[-2.0, -3.0], stiffness=0.5)
    >>> model.energy([-1.0, 1.0]).round(4)
    array([-1.7616, -2.7577])
    """

    centers: np.ndarray
    widths: np.ndarray
    heights: np.ndarray
    stiffness: np.ndarray
    center: np.ndarray = 0.0

    learned = ("heights",)
    confining = True

    def check(self):
        require_positive(self, "widths")
        if self.centers.ndim != 2:
            raise ValueError(
                f"BasisEnergy: centers of shape {self.centers.shape}, but (functions, dimension) is needed"
            )
        if self.heights.shape != self.centers.shape[:1]:
            raise ValueError(
                f"BasisEnergy: heights of shape {self.heights.shape}, but one for each of {len(self.centers)} "
                "centers is needed"
            )
        if self.widths.shape not in ((1,), self.heights.shape):
            raise ValueError(
                f"BasisEnergy: widths of shape {self.widths.shape}, but 1 or {len(self.centers)} are needed"
            )
        check_trap(self)

    @property
    def dimension(self):
        """Of the positions."""
        return self.centers.shape[1]

    def add_energy(self, x, t, u):
        add_energy(Harmonic(self.stiffness, self.center), x, t, u)
        g = np.empty(x.shape[1])
        for k in range(self.heights.size):
            _bump(self, k, x, g)
            for i in range(x.shape[1]):
                u[i] += self.heights[k] * g[i]

    def add_force(self, x, t, f):
        add_force(Harmonic(self.stiffness, self.center), x, t, f)
        g = np.empty(x.shape[1])
        for k in range(self.heights.size):
            slope = self.heights[k] * _bump(self, k, x, g)
            for d in range(x.shape[0]):
                for i in range(x.shape[1]):
                    f[d, i] += slope * g[i] * (x[d, i] - self.centers[k, d])

    def add_laplacian(self, x, t, u):
        add_laplacian(Harmonic(self.stiffness, self.center), x, t, u)
        g = np.empty(x.shape[1])
        for k in range(self.heights.size):
            narrow = _bump(self, k, x, g)
            for d in range(x.shape[0]):
                for i in range(x.shape[1]):
                    y = x[d, i] - self.centers[k, d]
                    u[i] += self.heights[k] * narrow * g[i] * (narrow * y * y - 1.0)

    def add_gradient(self, x, v, w, jet, out):
        set_to_trap(self.stiffness, self.center, x, v, jet)
        y = np.zeros((3, x.shape[1]))
        for k in range(self.heights.size):
            narrow = _bump(self, k, x, y[0])
            if w.shape[0] > 1:
                _along(self, k, narrow, x, v, y)
            out[k] += add_feature(self.heights[k], y, w, jet)


@allocating
def _bump(self, k, x, g):
    """g[i] = the k-th function at lane i; returns 1 / w_k^2."""
    width = self.widths[min(k, self.widths.size - 1)]
    narrow = 1.0 / (width * width)
    g[:] = 0.0
    for d in range(x.shape[0]):
        for i in range(x.shape[1]):
            y = x[d, i] - self.centers[k, d]
            g[i] += y * y
    for i in range(x.shape[1]):
        g[i] = vectormath.exp(-0.5 * narrow * g[i])
    return narrow


@allocating
def _along(self, k, narrow, x, v, y):
    """y[1], y[2]: first and second derivative along v of the k-th function, which is y[0]."""
    y[1], y[2] = 0.0, 0.0
    for d in range(x.shape[0]):
        for i in range(x.shape[1]):
            y[1, i] -= narrow * v[d, i] * (x[d, i] - self.centers[k, d])
            y[2, i] -= narrow * v[d, i] * v[d, i]
    for i in range(x.shape[1]):
        y[2, i] = (y[1, i] * y[1, i] + y[2, i]) * y[0, i]
        y[1, i] *= y[0, i]
