"""Exact means and covariances over the Boltzmann distribution of a potential."""

from typing import NamedTuple

import numpy as np

from ..arguments import components
from ..theory.checks import positive, single
from ..theory.plane import boltzmann_average_2d
from ..theory.weight import Weight
from .affine import affine_force
from .definition import dimension_of, energy, is_potential, named, without_energy
from .potential import by_component
from .timing import depends_on_time

_EMPTY = 45.0  # kT above the minimum: e^-45 does not show any more


class ExactMoments(NamedTuple):
    """Mean [L], shape (dimension,), and covariance [L^2], shape (dimension, dimension)."""

    mean: np.ndarray
    covariance: np.ndarray


def exact_moments(potential, kT=1.0, dimension=None):
    """Mean and covariance of positions in equilibrium, p = e^(-U/kT) / Z, without sampling.

    Parameters
    ----------
    potential
        At rest.  Taken are, in this order: its own closed form (``moments``), that of a linear force, quadrature along
        each axis (potentials by component, or in one dimension), quadrature in the plane.
    kT
        Thermal energy [E].
    dimension
        Number of components, where the potential does not have one of its own.

    Returns
    -------
    ExactMoments
        ``mean`` [L] and ``covariance`` [L^2]; to about eight digits where they come from quadrature.

    Raises
    ------
    TypeError
        for what is no potential, or a force without energy.
    ValueError
        where parameters move, the potential does not confine, or nothing exact is known: a coupled potential without
        closed form in more than two dimensions.

    Notes
    -----
    Source: L. D. Landau, E. M. Lifshitz, Statistical Physics I, section 28.

    Examples
    --------
    >>> import brownian as bn
    >>> mean, covariance = bn.exact_moments(bn.Banana(width=10.0, bend=0.03))
    >>> mean, covariance.round(6).tolist()
    (array([0., 0.]), [[100.0, 0.0], [0.0, 19.0]])
    >>> print(f"{bn.exact_moments(bn.DoubleWell(2.0, 1.2), kT=0.9, dimension=1).covariance[0, 0]:.10f}")
    1.2393967489
    """
    if not is_potential(potential):
        raise TypeError(f"exact_moments: {potential!r} is no potential")
    name, kT = named(potential), float(single(kT=positive(kT=kT)))
    score = without_energy(potential)
    if score is not None:
        raise TypeError(f"exact_moments: {score.__name__} gives a force only, and what it leads to is not Boltzmann's")
    if depends_on_time(potential):
        raise ValueError(f"exact_moments: parameters of {name} move with time; give the potential of one time")
    dimension = _dimension(potential, dimension)
    known = potential.moments(kT, dimension) if hasattr(potential, "moments") else None
    if known is None:
        known = _of_linear_force(potential, kT, dimension)
    if known is not None:
        return ExactMoments(*(np.array(part, dtype=np.float64) for part in known))
    if getattr(potential, "confining", None) is False:
        raise ValueError(f"exact_moments: {name} does not confine: it has no stationary positions")
    if dimension == 1 or by_component(potential):
        return _along_axes(potential, kT, dimension)
    if dimension == 2:
        return _in_plane(potential, kT)
    raise ValueError(
        f"exact_moments: no closed form is known for {name} in {dimension} dimensions at kT = {kT}, and quadrature "
        "goes up to two"
    )


def _dimension(potential, dimension):
    own = dimension_of(potential)
    if dimension is None and own is None:
        raise ValueError(f"exact_moments: {named(potential)} can be used in any dimension; give dimension")
    dimension = own if dimension is None else dimension
    components("exact_moments: dimension", dimension)
    if own not in (None, dimension):
        raise ValueError(f"exact_moments: dimension = {dimension}, but {named(potential)} lives in {own} dimensions")
    return int(dimension)


def _of_linear_force(potential, kT, dimension):
    linear = affine_force(potential, dimension)
    if linear is None:
        return None
    stiffness, force = linear
    if not np.linalg.eigvalsh((stiffness + stiffness.T) / 2.0)[0] > 0.0:
        raise ValueError(f"exact_moments: {named(potential)} does not confine: it has no stationary positions")
    inverse = np.linalg.inv(stiffness)
    return ExactMoments(inverse @ force, kT * (inverse + inverse.T) / 2.0)


def _along_axes(potential, kT, dimension):
    def along(axis):
        def u(x):
            points = np.zeros((np.size(x), dimension))
            points[:, axis] = np.ravel(x)
            return energy(potential, points).reshape(np.shape(x))

        return u

    values = []
    for axis in range(dimension):
        weight = Weight(along(axis), kT, None, None)
        mean = weight.average(lambda x: x)
        values.append((mean, weight.average(lambda x, mean=mean: (x - mean) ** 2)))
    mean, variance = np.array(values).T
    return ExactMoments(mean, np.diag(variance))


def _in_plane(potential, kT):
    def u(x, y):
        return energy(potential, np.stack([np.ravel(x), np.ravel(y)], axis=1)).reshape(np.shape(x))

    return of_plane(u, kT, box_of(potential, u, kT))


def of_plane(u, kT, box, place=lambda x, y: (x, y)):
    """Moments of the two coordinates ``place(x, y)`` for the energy u(x, y) in a box."""
    found = {}

    def kept(x, y):  # the averages ask for it on the same grids
        if np.shape(x) not in found:
            found[np.shape(x)] = u(x, y)
        return found[np.shape(x)]

    def average(f):
        return boltzmann_average_2d(lambda x, y: f(*place(x, y)), kept, kT=kT, box=box, tolerance=1e-8)

    a, b = average(lambda x, y: x), average(lambda x, y: y)
    across = average(lambda x, y: (x - a) * (y - b))
    return ExactMoments(
        np.array([a, b]),
        np.array([[average(lambda x, y: (x - a) ** 2), across], [across, average(lambda x, y: (y - b) ** 2)]]),
    )


def box_of(potential, u, kT):
    """A rectangle that holds all of the weight: the potential's own, or one found on coarse grids around the origin."""
    own, half = getattr(potential, "box", None), 1.0
    found = _within(u, kT, own) if own else None
    while found is None:
        found = _within(u, kT, ((-half, half), (-half, half)))
        half *= 1.5
        if half > 2.0**40:
            raise ValueError(f"exact_moments: {named(potential)} does not confine at kT = {kT}")
    while True:
        smaller = _within(u, kT, found)
        if smaller is None or np.prod(np.ptp(smaller, axis=1)) > 0.25 * np.prod(np.ptp(found, axis=1)):
            return found
        found = smaller


def _within(u, kT, box):
    """The part of a box outside of which the weight does not show; None where it reaches the box's edge."""
    x, y = (np.linspace(low, high, 201) for low, high in box)
    value = u(*np.meshgrid(x, y, indexing="ij"))
    inside = value < np.nanmin(value) + _EMPTY * kT
    if inside[0].any() or inside[-1].any() or inside[:, 0].any() or inside[:, -1].any():
        return None
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return (x[rows[0] - 1], x[rows[-1] + 1]), (y[columns[0] - 1], y[columns[-1] + 1])
