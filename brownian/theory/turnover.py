"""Escape at any friction in Mel'nikov and Meshkov's approximation: from energy diffusion to Kramers' formula."""

import numpy as np
from numpy.polynomial import legendre
from scipy.optimize import brentq

from .checks import finite, positive, single
from .escape import kramers_rate
from .quadrature import GRID, NODES, WEIGHTS, panels, reduced, refine, rounding

_VALUES_TO_SERIES = np.linalg.inv(legendre.legvander(NODES, NODES.size - 1))
_SMOOTH = 1e-13
# panels on [0, pi/2], ever finer towards pi/2
_ANGLES = np.concatenate([np.pi / 2.0 - np.pi / 2.0 * 0.5 ** np.arange(48), [np.pi / 2.0]])


def _curvature(u, name, x, distance):
    """Return u''(x) by spectral differentiation on an interval that is short enough, and check that u'(x) = 0."""
    radius = distance / 2.0
    while radius > 1e-6 * distance:
        series = _VALUES_TO_SERIES @ (u(x + radius * NODES) - u(np.array([x]))[0])
        if np.max(np.abs(series[-3:])) <= _SMOOTH * np.max(np.abs(series)):
            break
        radius /= 1.5
    else:
        raise ValueError(f"energy must be smooth at {name} = {x}")
    slope, curvature = (legendre.legval(0.0, legendre.legder(series, n)) / radius**n for n in (1, 2))
    if not abs(slope) <= 1e-4 * distance * abs(curvature):
        raise ValueError(
            f"{name} must be where the force vanishes, got U'({x}) = {slope} kT per unit length (|top - well| = "
            f"{distance:g})"
        )
    return float(curvature)


def _valley(u, well, top):
    """Integral of sqrt(u(top) - u) over the well, from the turning point to the top."""
    side = np.sign(well - top)
    height = u(np.array([top]))[0]
    for k in range(40):
        x = well + side * abs(well - top) * np.linspace(0.0, 2.0**k, GRID)
        above = np.flatnonzero(u(x) > height)
        if above.size:
            break
    else:
        raise ValueError(f"energy must rise above U(top) beyond the well, seen from top = {top}")
    turning = brentq(lambda x: u(np.array([x]))[0] - height, x[above[0] - 1], x[above[0]], xtol=1e-300, rtol=1e-15)
    if np.any(u(np.linspace(turning, top, GRID)[1:-1]) > height):
        raise ValueError(f"top must be the highest point between the well and top = {top}")

    def integrand(s):
        # x = turning point + length s^2 takes the square root out of the turning point
        depth = np.maximum(height - u(turning + (top - turning) * s**2), 0.0)
        return (np.sqrt(depth) * s)[None]

    edges = np.linspace(0.0, 1.0, 17)
    scale = np.sum(integrand(panels(edges)[0])[0] @ WEIGHTS) / 32.0
    edges = refine(integrand, edges, rounding(lambda s: u(turning + (top - turning) * s**2)), np.array([1e-13 * scale]))
    s, half = panels(edges)
    return float(2.0 * abs(top - turning) * np.sum(half[:, 0] * (integrand(s)[0] @ WEIGHTS)))


def _depopulation(loss):
    """Y(D) = exp[(1/2 pi) int dy ln(1 - e^{-D (1/4 + y^2)}) / (1/4 + y^2)], with y = tan(angle)/2."""
    angle, half = panels(_ANGLES)
    value = np.log(-np.expm1(-loss / (4.0 * np.cos(angle) ** 2)))
    return float(np.exp(2.0 / np.pi * np.sum(half[:, 0] * (value @ WEIGHTS))))


def _checked(energy, well, top, mass, friction, kT):
    well, top = finite(well=well, top=top)
    mass, friction, kT = positive(mass=mass, friction=friction, kT=kT)
    single(well=well, top=top, mass=mass, friction=friction, kT=kT)
    u = reduced(energy, kT)
    bottom, summit = u(np.array([well, top]))
    if not summit > bottom:
        raise ValueError(
            f"top must be higher than the well at {well:g}, got U(top) - U(well) = {(summit - bottom) * kT}"
        )
    return u, float(summit - bottom)


def energy_loss(energy, *, well, top, mass, friction, kT):
    """Energy lost on one turn through a well at the height of the barrier: Delta = (lambda/m) S/kT.

    S = 2 int sqrt(2 m (U_top - U)) dx over the well is the action of the turn.  Delta << 1 is energy diffusion,
    Delta >> 1 moderate to high friction.

    Parameters
    ----------
    energy : callable
        U(x) [E], array -> array.
    well, top : float
        Positions of the minimum and of the barrier's top [L].
    mass, friction, kT : float
        m [M], lambda [M/T] and thermal energy [E], > 0.

    Returns
    -------
    Delta : float
        In units of kT, proportional to friction.

    Raises
    ------
    ValueError
        If a parameter is out of its range, the top is not the highest point between it and the well, or the energy does
        not rise above it beyond the well.

    Notes
    -----
    Source: V. I. Mel'nikov, S. V. Meshkov, J. Chem. Phys. 85, 1018 (1986).

    Examples
    --------
    >>> def energy(x):
    ...     return 2.0 * ((x / 1.2) ** 2 - 1) ** 2
    >>> print(f"{energy_loss(energy, well=-1.2, top=0.0, mass=1.3, friction=0.7, kT=0.9):.10f}")
    3.0870867276
    """
    u, _ = _checked(energy, well, top, mass, friction, kT)
    return float(2.0 * friction * np.sqrt(2.0 / (mass * kT))) * _valley(u, well, top)


def melnikov_meshkov_rate(energy, *, well, top, mass, friction, kT, other_well=None):
    """Mel'nikov and Meshkov's rate of escape at any friction, k = k_Kramers Y(D1) Y(D2) / Y(D1 + D2).

    ln Y(D) = (1/2 pi) int dy ln(1 - e^{-D (1/4 + y^2)}) / (1/4 + y^2), D the `energy_loss` of each well; without a well
    behind the barrier k = k_Kramers Y(D1).  An approximation, good to about kT/E_b: the exact rate is
    `klein_kramers_rate`.

    Parameters
    ----------
    energy : callable
        U(x) [E], array -> array, smooth at the well and at the top.
    well, top : float
        Positions of the minimum that is left and of the barrier's top [L].
    mass, friction, kT : float
        m [M], lambda [M/T] and thermal energy [E], > 0.
    other_well : float, optional
        Position of the minimum behind the barrier, from which the particle may come back [L].

    Returns
    -------
    rate : float
        [1/T].

    Raises
    ------
    ValueError
        If a parameter is out of its range, the positions are not those of minima and of the barrier between them, or
        the energy does not rise above the top beyond a well.

    Notes
    -----
    Source: V. I. Mel'nikov, S. V. Meshkov, J. Chem. Phys. 85, 1018 (1986).

    Examples
    --------
    >>> def energy(x):
    ...     return 2.0 * ((x / 1.2) ** 2 - 1) ** 2
    >>> print(f"{melnikov_meshkov_rate(energy, well=-1.2, top=0, mass=1.3, friction=0.7, kT=0.9, other_well=1.2):.10f}")
    0.0281888953
    """
    u, barrier = _checked(energy, well, top, mass, friction, kT)
    distance = abs(top - well)
    bottom, summit = _curvature(u, "well", well, distance), _curvature(u, "top", top, distance)
    if not (bottom > 0.0 and summit < 0.0):
        raise ValueError(f"well must be a minimum and top a maximum, got U'' = {bottom * kT} and {summit * kT}")
    shape = {"barrier": barrier * kT, "well_curvature": bottom * kT, "barrier_curvature": -summit * kT}
    rate = float(kramers_rate(**shape, friction=friction, kT=kT, mass=mass))
    words = {"top": top, "mass": mass, "friction": friction, "kT": kT}
    loss = energy_loss(energy, well=well, **words)
    if other_well is None:
        return rate * _depopulation(loss)
    other_well = single(other_well=finite(other_well=other_well))
    if not (other_well - top) * (well - top) < 0.0:
        raise ValueError(f"other_well must lie behind the top, seen from the well, got {other_well}")
    behind = energy_loss(energy, well=other_well, **words)
    return rate * _depopulation(loss) * _depopulation(behind) / _depopulation(loss + behind)
