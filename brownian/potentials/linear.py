"""Linear forces: no force, a constant one, a harmonic trap."""

from typing import NamedTuple

import numpy as np

from .definition import cast_field, potential, require_positive
from .moments import ExactMoments


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

    def moments(self, kT, dimension):
        """Of the Boltzmann distribution."""
        variance = np.broadcast_to(kT / self.stiffness, (dimension,))
        return ExactMoments(np.broadcast_to(self.center, (dimension,)), np.diag(variance))

    def draw(self, normals, uniforms, kT):
        """Positions from the Boltzmann distribution."""
        return self.center + np.sqrt(kT / self.stiffness) * normals


@potential
class Quadratic(NamedTuple):
    """A harmonic trap that couples components: U = (x - c)^T K (x - c) / 2.

    Parameters
    ----------
    stiffness
        K [E/L^2], symmetric with positive eigenvalues, shape (dimension, dimension).
    center
        c [L]; one number, or one per component.

    Boltzmann: the covariance of x is kT K^-1.

    Examples
    --------
    >>> import brownian as bn
    >>> gyrator = bn.Quadratic([[2.1, 0.9], [0.9, 2.1]])
    >>> gyrator.energy([[1.0, 1.0]]), gyrator.force([[1.0, 0.0]])
    (array([3.]), array([[-2.1, -0.9]]))
    """

    stiffness: np.ndarray
    center: np.ndarray = 0.0

    confining = True

    def check(self):
        shape = self.stiffness.shape
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError(f"Quadratic: stiffness of shape {shape}, but (dimension, dimension) is needed")
        if not np.array_equal(self.stiffness, self.stiffness.T):
            raise ValueError(f"Quadratic: stiffness = {self.stiffness.tolist()}, but it must be symmetric")
        lowest = float(np.linalg.eigvalsh(self.stiffness)[0])
        if not lowest > 0.0:
            raise ValueError(f"Quadratic: stiffness has the eigenvalue {lowest:.6g}, but all must be positive")
        if self.center.size not in (1, shape[0]):
            raise ValueError(f"Quadratic: {self.center.size} components of the center for {shape[0]} dimensions")

    def add_energy(self, x, t, u):
        for d in range(x.shape[0]):
            for e in range(x.shape[0]):
                k = 0.5 * self.stiffness[d, e]
                a, b = self.center[min(d, self.center.size - 1)], self.center[min(e, self.center.size - 1)]
                for i in range(x.shape[1]):
                    u[i] += k * (x[d, i] - a) * (x[e, i] - b)

    def add_force(self, x, t, f):
        for d in range(x.shape[0]):
            for e in range(x.shape[0]):
                k, b = self.stiffness[d, e], self.center[min(e, self.center.size - 1)]
                for i in range(x.shape[1]):
                    f[d, i] -= k * (x[e, i] - b)

    def add_laplacian(self, x, t, u):
        for d in range(x.shape[0]):
            for i in range(x.shape[1]):
                u[i] += self.stiffness[d, d]

    @property
    def dimension(self):
        """Number of components."""
        return len(self.stiffness)

    def minima(self, dimension):
        """The center."""
        return np.broadcast_to(self.center, (1, dimension)).copy()

    def moments(self, kT, dimension):
        """Of the Boltzmann distribution."""
        inverse = np.linalg.inv(self.stiffness)
        return ExactMoments(np.broadcast_to(self.center, (dimension,)), kT * (inverse + inverse.T) / 2.0)

    def draw(self, normals, uniforms, kT):
        """Positions from the Boltzmann distribution."""
        root = np.linalg.cholesky(self.stiffness)
        return self.center + np.sqrt(kT) * np.linalg.solve(root.T, normals.T).T


def Gaussian(mean, covariance, scale=1.0):
    """A Gaussian as an energy: U = scale (x - mean)^T covariance^-1 (x - mean) / 2, a ``Quadratic`` trap.

    Parameters
    ----------
    mean
        [L]; one number, or one per component.
    covariance
        At kT = scale [L^2], symmetric with positive eigenvalues, shape (dimension, dimension).
    scale
        Energy [E], positive.

    Raises
    ------
    TypeError, ValueError
        for what is no such covariance, or shapes that don't agree.

    Examples
    --------
    >>> import brownian as bn
    >>> u = bn.Gaussian([1.0, 0.0], [[2.0, 0.5], [0.5, 1.0]])
    >>> u.energy([[1.0, 0.0], [2.0, 0.0]]).round(6), bn.exact_moments(u).covariance.round(12).tolist()
    (array([0.      , 0.285714]), [[2.0, 0.5], [0.5, 1.0]])
    """
    matrix, center, factor = (
        cast_field("Gaussian", name, kind, value)
        for name, kind, value in (
            ("covariance", np.ndarray, covariance),
            ("mean", np.ndarray, mean),
            ("scale", float, scale),
        )
    )
    if not factor > 0.0:
        raise ValueError(f"Gaussian: scale = {scale!r}, but it must be positive")
    matrix = np.atleast_2d(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"Gaussian: covariance of shape {np.shape(covariance)}, but (dimension, dimension) is needed")
    if not np.abs(matrix - matrix.T).max() <= 1e-12 * np.abs(matrix).max():  # rounding of a product
        raise ValueError(f"Gaussian: covariance = {matrix.tolist()}, but it must be symmetric")
    matrix = (matrix + matrix.T) / 2.0
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    if not lowest > 0.0:
        raise ValueError(f"Gaussian: covariance has the eigenvalue {lowest:.6g}, but all must be positive")
    if center.shape not in ((1,), matrix.shape[:1]):
        raise ValueError(f"Gaussian: mean of shape {center.shape} for {len(matrix)} dimensions of covariance")
    inverse = np.linalg.inv(matrix)
    return Quadratic(factor * (inverse + inverse.T) / 2.0, center)


@potential
class Rotation(NamedTuple):
    """A force without energy in the plane: F = strength (-y, x), which does work 2 strength times the area enclosed.

    Parameters
    ----------
    strength
        eps [E/L^2]; positive turns from x to y.

    With ``Harmonic`` the curl trap: positions keep Boltzmann's distribution, and heat flows.
    Source: Sekimoto, Stochastic Energetics (Springer, 2010).

    Examples
    --------
    >>> import brownian as bn
    >>> bn.Rotation(0.8).force([[1.0, 0.0], [0.0, 1.0]])
    array([[ 0. ,  0.8],
           [-0.8,  0. ]])
    """

    strength: float

    dimension = 2
    confining = False

    def add_force(self, x, t, f):
        for i in range(x.shape[1]):
            f[0, i] -= self.strength * x[1, i]
            f[1, i] += self.strength * x[0, i]
