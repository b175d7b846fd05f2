"""Targets of machine learning: two moons, and the posterior of a logistic regression."""

from typing import NamedTuple

import numpy as np

from .. import vectormath
from ..compiled import fma, inlined
from .curvature import hessian
from .definition import potential, require_positive
from .mixture import exp_of_negative
from .moments import of_plane


@potential
class TwoMoons(NamedTuple):
    """Two crescents in the plane: U = scale [(|x| - radius)^2 / (2 width^2) - log(e^(-(x_0 - offset)^2 / (2 spread^2))
    + e^(-(x_0 + offset)^2 / (2 spread^2)))].

    Parameters
    ----------
    radius
        Of the circle that the moons lie on [L], positive.
    width
        Their thickness [L], positive.
    offset
        The place of their centers along x_0 [L], positive.
    spread
        How far they extend along x_0 [L], positive.
    scale
        Energy [E], positive.

    The force of the first term is not defined at the origin; zero is given there.
    Source: Rezende, Mohamed, ICML 2015 (arXiv:1505.05770), table 1, potential 1.

    Examples
    --------
    >>> import brownian as bn
    >>> bn.TwoMoons().energy([[2.0, 0.0], [0.0, 0.0]]).round(6)
    array([-0.      , 17.362408])
    """

    radius: float = 2.0
    width: float = 0.4
    offset: float = 2.0
    spread: float = 0.6
    scale: float = 1.0

    dimension = 2
    confining = True

    def check(self):
        require_positive(self, "radius", "width", "offset", "spread", "scale")

    def add_energy(self, x, t, u):
        thin, narrow = 1.0 / self.width, 1.0 / (self.spread * self.spread)
        for i in range(x.shape[1]):
            y = thin * (vectormath.sqrt(x[0, i] * x[0, i] + x[1, i] * x[1, i]) - self.radius)
            size = abs(x[0, i])
            z = size - self.offset
            other = vectormath.log1p(exp_of_negative(-2.0 * narrow * self.offset * size))
            u[i] += self.scale * (0.5 * y * y + 0.5 * narrow * z * z - other)

    def add_force(self, x, t, f):
        scale, thin, narrow = self.scale, 1.0 / (self.width * self.width), 1.0 / (self.spread * self.spread)
        for i in range(x.shape[1]):
            r = vectormath.sqrt(x[0, i] * x[0, i] + x[1, i] * x[1, i])
            radial = thin * (self.radius - r) / max(r, 1e-300)
            turn = vectormath.tanh(narrow * self.offset * x[0, i])
            f[0, i] += scale * (radial * x[0, i] + narrow * (self.offset * turn - x[0, i]))
            f[1, i] += scale * radial * x[1, i]

    def add_laplacian(self, x, t, u):
        thin, narrow = 1.0 / (self.width * self.width), 1.0 / (self.spread * self.spread)
        for i in range(x.shape[1]):
            r = vectormath.sqrt(x[0, i] * x[0, i] + x[1, i] * x[1, i])
            turn = vectormath.tanh(narrow * self.offset * x[0, i])
            slope = narrow * self.offset
            u[i] += self.scale * (
                thin * (2.0 - self.radius / max(r, 1e-300)) + narrow - slope * slope * (1.0 - turn * turn)
            )

    def minima(self, dimension=2):
        """Reached downhill from four points on the circle."""
        from scipy.optimize import minimize

        starts = self.radius * np.array([[0.9, 0.4], [0.9, -0.4], [-0.9, 0.4], [-0.9, -0.4]])
        found = []
        for start in starts:
            x = minimize(lambda x: self.energy(x[None])[0], start, jac=lambda x: -self.force(x[None])[0]).x
            for _ in range(3):  # Newton's steps
                x = x + np.linalg.solve(hessian(self, x), self.force(x[None])[0])
            found.append(x)
        return np.unique(np.round(np.array(found) / self.radius, 9), axis=0) * self.radius

    def moments(self, kT, dimension):
        """By quadrature in polar coordinates, where the energy is smooth."""

        def place(r, angle):
            return r * np.cos(angle), r * np.sin(angle)

        def u(r, angle):
            x = np.stack(place(r, angle), axis=-1).reshape(-1, 2)
            return self.energy(x).reshape(np.shape(r)) - kT * np.log(r)

        farthest = max(self.radius, self.offset) + 12.0 * self.width * np.sqrt(kT / self.scale)
        return of_plane(u, kT, ((0.0, farthest), (0.0, 2.0 * np.pi)), place)


@potential
class LogisticRegression(NamedTuple):
    """Minus the log posterior of a logistic regression, but for a constant: with z_n = features_n . x,
    U = scale [sum_n (log(1 + e^(z_n)) - labels_n z_n) + sum_d x_d^2 / (2 prior_d^2)].

    Parameters
    ----------
    features
        Shape (observations, dimension); a column of ones makes an intercept.
    labels
        0 or 1, shape (observations,).
    prior
        Standard deviation of the Gaussian prior, positive; one number, or one per coefficient.
    scale
        Energy [E], positive: at kT = scale the density is the posterior.

    Examples
    --------
    >>> import brownian as bn
    >>> u = bn.LogisticRegression([[1.0, 0.5], [1.0, -1.5], [1.0, 2.0]], labels=[1, 0, 1], prior=2.0)
    >>> u.energy([[0.0, 0.0]]).round(6), u.force([[0.0, 0.0]])
    (array([2.079442]), array([[0.5, 2. ]]))
    """

    features: np.ndarray
    labels: np.ndarray
    prior: np.ndarray = 1.0
    scale: float = 1.0

    confining = True

    def check(self):
        require_positive(self, "prior", "scale")
        if self.features.ndim != 2 or not self.features.size:
            raise ValueError(
                f"LogisticRegression: features of shape {self.features.shape}, but (observations, dimension) is needed"
            )
        if self.labels.shape != self.features.shape[:1]:
            raise ValueError(
                f"LogisticRegression: labels of shape {self.labels.shape}, but one for each of "
                f"{len(self.features)} rows of features is needed"
            )
        wrong = self.labels[(self.labels != 0.0) & (self.labels != 1.0)]
        if wrong.size:
            raise ValueError(f"LogisticRegression: labels contain {wrong[0]:g}, but each must be 0 or 1")
        if self.prior.shape not in ((1,), self.features.shape[1:]):
            raise ValueError(
                f"LogisticRegression: prior of shape {self.prior.shape}, but 1 or {self.features.shape[1]} are needed"
            )

    @property
    def dimension(self):
        """Number of coefficients."""
        return self.features.shape[1]

    def add_energy(self, x, t, u):
        z = np.empty(x.shape[1])
        for n in range(self.features.shape[0]):
            _against(self, x, n, z)
            for i in range(x.shape[1]):
                u[i] += self.scale * (max(z[i], 0.0) + vectormath.log1p(exp_of_negative(-abs(z[i]))))
        for d in range(x.shape[0]):
            narrow = _narrow(self, d)
            for i in range(x.shape[1]):
                u[i] += 0.5 * narrow * x[d, i] * x[d, i]

    def add_force(self, x, t, f):
        z = np.empty(x.shape[1])
        for d in range(x.shape[0]):
            narrow = _narrow(self, d)
            for i in range(x.shape[1]):
                f[d, i] -= narrow * x[d, i]
        for n in range(self.features.shape[0]):
            _against(self, x, n, z)
            towards = self.scale * (2.0 * self.labels[n] - 1.0)
            for i in range(x.shape[1]):
                e = exp_of_negative(-abs(z[i]))
                z[i] = towards * ((1.0 if z[i] >= 0.0 else e) / (1.0 + e))
            for d in range(x.shape[0]):
                feature = self.features[n, d]
                for i in range(x.shape[1]):
                    f[d, i] = fma(feature, z[i], f[d, i])

    def add_laplacian(self, x, t, u):
        z = np.empty(x.shape[1])
        for d in range(x.shape[0]):
            for i in range(x.shape[1]):
                u[i] += _narrow(self, d)
        for n in range(self.features.shape[0]):
            square = 0.0
            for d in range(x.shape[0]):
                square += self.features[n, d] * self.features[n, d]
            _against(self, x, n, z)
            for i in range(x.shape[1]):
                e = exp_of_negative(-abs(z[i]))
                u[i] += self.scale * square * e / ((1.0 + e) * (1.0 + e))

    def minima(self, dimension):
        """The one minimum, where the posterior is largest; by Newton's method."""
        from scipy.optimize import minimize
        from scipy.special import expit

        x, y, narrow = self.features, self.labels, np.broadcast_to(self.prior**-2.0, (dimension,))

        def energy(c):
            return np.logaddexp(0.0, (1.0 - 2.0 * y) * (x @ c)).sum() + 0.5 * narrow @ c**2

        def gradient(c):
            return x.T @ (expit(x @ c) - y) + narrow * c

        def curvature(c):
            p = expit(x @ c)
            return (x.T * (p * (1.0 - p))) @ x + np.diag(narrow)

        c = minimize(energy, np.zeros(dimension), jac=gradient, hess=curvature, method="trust-exact").x
        for _ in range(2):  # from where its last digits no longer show in the energy
            c = c - np.linalg.solve(curvature(c), gradient(c))
        return c[np.newaxis]


@inlined
def _narrow(self, d):
    prior = self.prior[min(d, self.prior.size - 1)]
    return self.scale / (prior * prior)


@inlined
def _against(self, x, n, z):
    # z of an observation, with the sign that makes it speak against the label
    sign = 1.0 - 2.0 * self.labels[n]
    for i in range(x.shape[1]):
        z[i] = 0.0
    for d in range(x.shape[0]):
        feature = sign * self.features[n, d]
        for i in range(x.shape[1]):
            z[i] = fma(feature, x[d, i], z[i])
