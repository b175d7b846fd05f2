"""Averages over the Boltzmann distribution of a two-dimensional energy, on a tensor grid."""

import numpy as np

from .checks import evaluated, finite, positive, single
from .quadrature import WEIGHTS, panels, weighted

_NODES_AT_MOST = 2048


def _box(box):
    box = finite(box=box)
    if np.shape(box) != (2, 2) or not np.all(box[:, 0] < box[:, 1]):
        raise ValueError(f"box must be ((x0, x1), (y0, y1)) with x0 < x1 and y0 < y1, got {box!r}")
    return box


def _integrals(f, energy, kT, box, divisions):
    """Least energy, int w and int f w with w = e^{-(U - least)/kT}, on divisions x divisions panels."""
    (x, hx), (y, hy) = (panels(np.linspace(low, high, divisions + 1)) for low, high in box)
    x, wx, y, wy = x.ravel(), (hx * WEIGHTS).ravel(), y.ravel(), (hy * WEIGHTS).ravel()
    x, y = np.meshgrid(x, y, indexing="ij")
    value = evaluated((x, y), energy=energy)
    if np.any(np.isnan(value)) or not np.isfinite(value.min()):
        raise ValueError(f"energy must be finite or +inf in the box, got a minimum of {value.min()}")
    density = np.exp((value.min() - value) / kT)
    moment = weighted((x, y), density, f)
    return value.min(), wx @ density @ wy, wx @ moment @ wy, wx @ np.abs(moment) @ wy


def boltzmann_average_2d(f, energy, *, kT, box, tolerance=1e-10):
    """<f(x, y)> = int f e^{-U(x, y)/kT} dx dy / Z over a box.

    Gauss-Legendre panels on a tensor grid, doubled until Z and the average stand still.

    Parameters
    ----------
    f : callable
        Arrays (x, y) -> array of their shape, smooth.
    energy : callable
        U [E], arrays (x, y) -> array of their shape; +inf is allowed.
    kT : float
        Thermal energy [E], > 0.
    box : array_like, shape (2, 2)
        ((x0, x1), (y0, y1)) [L]: large enough to leave nothing out, or one period.
    tolerance : float, optional
        Relative change, of Z and of the average, at which the doubling stops.

    Returns
    -------
    average : float
        In the unit of f.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the energy is NaN, or a grid of 2048 x 2048 nodes does not suffice.

    Notes
    -----
    Source: L. D. Landau, E. M. Lifshitz, Statistical Physics I, section 28.

    Examples
    --------
    >>> def energy(x, y):
    ...     return 2.1 * (x**2 + y**2) / 2 + 0.9 * x * y
    >>> print(f"{boltzmann_average_2d(lambda x, y: x * y, energy, kT=0.8, box=((-7, 7), (-7, 7))):.10f}")
    -0.2000000000
    """
    kT, tolerance = positive(kT=kT, tolerance=tolerance)
    single(kT=kT, tolerance=tolerance)
    box = _box(box)
    divisions, before = 4, None
    while 16 * divisions <= _NODES_AT_MOST:
        least, mass, moment, size = _integrals(f, energy, kT, box, divisions)
        if before is not None:
            growth = np.exp((before[0] - least) / kT)
            settled = abs(mass - before[1] / growth) <= tolerance * mass
            if settled and abs(moment - before[2] / growth) <= tolerance * size:
                return float(moment / mass)
        before = least, mass, moment
        divisions *= 2
    raise ValueError(f"box must be smaller or the energy smoother: {_NODES_AT_MOST} nodes a side do not suffice")
